"""YAML text → a tree of nodes that know their places.

Every scalar stays the text the author wrote (``no`` is not false, ``1.0`` is not a number): the schema decides
the type. Anchors, aliases, tags and several documents in one file are refused, because they make a file say more
than a reader of it sees. Nothing here raises for what a file holds: all faults become problems.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from survey.definition.quotes import begins_anew
from survey.definition.syntax import BREAK, explain, still_open
from survey.problems import MOST_PROBLEMS, Problem, quoted, shortened

LARGEST = 1_000_000
"""A definition file has at most this many bytes; a large real questionnaire has 40,000."""

DEEPEST = 30
"""Lists and mappings stand at most this deep in each other; conditions inside conditions need the most."""

MOST_NODES = 200_000

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Scalar:
    """A text with its place (line and column count from 1). `plain` tells that it has no quotes."""

    text: str
    line: int
    column: int
    plain: bool = True


@dataclass
class ListNode:
    """A list with the place where it begins."""

    items: list[Node]
    line: int
    column: int


@dataclass
class MapNode:
    """A mapping, key by key in the author's order, with the place where it begins.

    `again` are keys that stood there for the second time, with their values: they count for nothing, but were written.
    """

    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    line: int = 1
    column: int = 1
    again: list[tuple[Scalar, Node]] = field(default_factory=list)


Node = Scalar | ListNode | MapNode
Plain = str | list["Plain"] | dict[str, "Plain"]


def plain(node: Node) -> Plain:
    """Return the tree without places: dicts, lists and texts."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.values.items()}


def node_at(root: Node, path: tuple[str | int, ...]) -> Node:
    """Return the node at a path of keys and positions, or the deepest one on the way that exists."""
    node = root
    for step in path:
        if isinstance(node, MapNode) and str(step) in node.values:
            node = node.values[str(step)]
        elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
        else:
            return node
    return node


def place_of(root: Node, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Return line and column of what lies at a path: of the value where it is a scalar, else of its key."""
    node = root
    place = (root.line, root.column)
    for step in path:
        if isinstance(node, MapNode) and str(step) in node.values:
            key = node.keys[str(step)]
            node = node.values[str(step)]
            here = node if isinstance(node, Scalar) and (node.text or not node.plain) else key
            place = (here.line, here.column)
        elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
            place = (node.line, node.column)
        else:
            break
    return place


def key_place(root: Node, path: tuple[str | int, ...], key: str) -> tuple[int, int]:
    """Return line and column of a key of the mapping at a path; of the mapping where it lacks the key."""
    node = node_at(root, path)
    here: Node = node.keys.get(key, node) if isinstance(node, MapNode) else node
    return here.line, here.column


@dataclass
class Source:
    """A file that was read: its tree, where it could be read at all, and what is wrong with it."""

    path: str
    root: Node | None
    problems: list[Problem]


def read_source(path: Path) -> Source:
    """Read one YAML file; whatever it holds, return a Source rather than raise."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        return _refused(str(path), f"this file cannot be read: {reason}. Please check that it is there and is a file")
    return parse_source(data, str(path))


def parse_source(data: bytes, path: str) -> Source:
    """Parse the bytes of one YAML file named `path`."""
    text, fault = _decode(data)
    if fault:
        return _refused(path, fault)
    strange = _control_character(text)
    if strange:
        line, column, name = strange
        message = f"there is an invisible control character ({name}) here. Please delete it"
        return Source(path, None, [Problem(path, line, column, message)])
    return _Composer(path, text).compose()


def _refused(path: str, message: str) -> Source:
    return Source(path, None, [Problem(path, 1, 1, message)])


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text and an empty fault, or an empty text and the fault in words."""
    if len(data) > LARGEST:
        return "", f"this file is larger than {LARGEST:,} bytes. Please split it into smaller questionnaires"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", "this file is saved as UTF-16. Please save it as UTF-8"
    if b"\0" in data:
        return "", "this is not a text file. Questionnaires are text, saved as UTF-8. Please choose another file"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", f"line {line} has a character that is not UTF-8. Please save the file as UTF-8"
    if not text.strip("\ufeff \t\r\n"):
        return "", "this file is empty. Please write a questionnaire or a study in it, or delete it"
    return text, ""


def _control_character(text: str) -> tuple[int, int, str] | None:
    line, column = 1, 1
    # Nearly every file has none: look once, fast, before counting places.
    if text.isprintable() or not any(_forbidden(c) for c in set(text)):
        return None
    for char in text:
        if _forbidden(char):
            return line, column, f"U+{ord(char):04X}"
        line, column = (line + 1, 1) if char == "\n" else (line, column + 1)
    return None


def _forbidden(char: str) -> bool:
    if char in "\t\n\r\x85":
        return False
    # A byte order mark inside a file is as invisible as a control character, and as surprising.
    return unicodedata.category(char) in ("Cc", "Cs") or char in "\ufeff\ufffe\uffff"


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _TooMuch(Exception):
    """The composer stops here: what follows would only repeat the fault."""


class _Composer:
    """Turns parser events into nodes, noting every fault on the way."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.problems: list[Problem] = []
        self.nodes = 0

    def compose(self) -> Source:
        """Return the tree of the only document and all problems."""
        root: Node | None = None
        try:
            events = yaml.parse(self.text, Loader=_Loader)
            root = self._documents(events)
        except yaml.MarkedYAMLError as error:
            problem = explain(self.path, self.text, error)
            self.problems += [problem] if problem not in self.problems else []
            root = None
        except yaml.YAMLError:
            self.problems.append(Problem(self.path, 1, 1, "this file cannot be read as YAML. Please check it"))
            root = None
        except _TooMuch:
            root = None
        if root is None and not self.problems:
            message = "this file has nothing in it but comments. Please write a questionnaire or a study in it"
            self.problems.append(Problem(self.path, 1, 1, message))
        return Source(self.path, root, self.problems)

    def _documents(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fault(
                        event,
                        "a line of three dashes starts a second document here. A file can have "
                        "only one. Please remove the line, or make two files",
                    )
                    raise _TooMuch
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 0)
        if isinstance(root, Scalar) and root.plain and not root.text:
            return None
        return root

    def _fault(self, event: yaml.Event, message: str) -> None:
        if len(self.problems) > MOST_PROBLEMS:
            raise _TooMuch
        self.problems.append(Problem(self.path, *_place(event), message))

    def _node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        self._refuse_specials(event)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._fault(event, f"this file has more than {MOST_NODES:,} values. Please split it into smaller files")
            raise _TooMuch
        if depth > DEEPEST:
            self._fault(event, f"lists are nested more than {DEEPEST} deep here. Please write it more simply")
            raise _TooMuch
        line, column = _place(event)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_swallowed_lines(event)
            return Scalar(event.value, line, column, plain=not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(self._items(events, depth), line, column)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, depth, MapNode(line=line, column=column))
        assert isinstance(event, yaml.AliasEvent)
        return Scalar(f"*{event.anchor}", line, column)

    def _refuse_swallowed_lines(self, event: yaml.ScalarEvent) -> None:
        """A quote left open can end at the next one without any fault of YAML's: then it holds keys and dashes."""
        start, end = event.start_mark, event.end_mark
        if not event.style or event.style not in "\"'" or start is None or end is None or end.line == start.line:
            return
        if begins_anew(self.lines[start.line + 1 :]):
            self._fault(event, still_open(event.style))

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return BREAK.split(self.text)

    def _refuse_specials(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._fault(
                event,
                f"'*{shortened(event.anchor or '')}' refers to text in another place. Questionnaires do not use "
                "that. Please write the text out, or put it in quotes if it is part of your text",
            )
            return
        if event.anchor is not None:
            self._fault(
                event,
                f"'&{shortened(event.anchor)}' gives a name to a part of the file. Questionnaires do not use that. "
                "Please remove it, or put it in quotes if it is part of your text",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._fault(
                event,
                "a word that begins with '!' is a tag of YAML. Questionnaires do not use tags. "
                "Please remove it, or put it in quotes if it is part of your text",
            )

    def _items(self, events: Iterator[yaml.Event], depth: int) -> list[Node]:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            assert isinstance(event, yaml.NodeEvent)
            items.append(self._node(event, events, depth + 1))
        return items

    def _mapping(self, events: Iterator[yaml.Event], depth: int, node: MapNode) -> MapNode:
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            assert isinstance(event, yaml.NodeEvent)
            key = self._node(event, events, depth + 1)
            value_event = next(events)
            assert isinstance(value_event, yaml.NodeEvent)
            value = self._node(value_event, events, depth + 1)
            self._add(node, key, value, event)
        self._refuse_repetitions(node)
        return node

    def _refuse_repetitions(self, node: MapNode) -> None:
        """Keys that stand there twice: several together were copied, or lack the dash that makes them another item."""
        if not node.again:
            return
        if len(self.problems) > MOST_PROBLEMS:
            raise _TooMuch
        begins = next(iter(node.keys))
        runs: list[list[Scalar]] = []
        for key, _ in node.again:
            if not runs or key.text == begins:
                runs.append([])
            runs[-1].append(key)
        for keys in runs:
            first = node.keys[keys[0].text]
            names = quoted([shortened(key.text) for key in keys])
            dash = f", or write a dash before '{begins}' if it starts something new" if keys[0].text == begins else ""
            self.problems.append(
                Problem(
                    self.path,
                    keys[0].line,
                    keys[0].column,
                    f"{names} {'is' if len(keys) == 1 else 'are'} here for the second time; the first is on line "
                    f"{first.line}, column {first.column}. A key can be used only once. Please remove one{dash}",
                )
            )

    def _add(self, node: MapNode, key: Node, value: Node, event: yaml.Event) -> None:
        if not isinstance(key, Scalar):
            self._fault(
                event,
                "there is a list or a group in brackets where a key is expected. If this is a "
                "sentence that begins "
                "with a bracket or a brace, please put the whole sentence in quotes",
            )
            return
        if key.text in node.keys:
            node.again.append((key, value))
            return
        if len(key.text) > 200:
            self._fault(event, "this key is very long. If it is a sentence with a colon in it, please put it in quotes")
            return
        node.keys[key.text] = key
        node.values[key.text] = value
