"""Spoils the shipped study: one mistake in one file, of a kind that people make, and the lines where it lies.

The files are changed as text, at places that their YAML says: so that each spoilt file looks like what an author
would have saved, comments and layout included.
"""

from __future__ import annotations

import pathlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import yaml

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Spoilt:
    """One file with one mistake. An error is to be told within one line of one of `lines` (from 1)."""

    file: str
    text: str
    lines: frozenset[int]
    what: str
    way: str = ""


@dataclass(frozen=True)
class Entry:
    """A key and its value in a file, or an item of a list (key None), with the path and the mapping or list it is in."""

    path: Path
    key: yaml.ScalarNode | None
    value: yaml.Node
    within: yaml.Node

    @property
    def name(self) -> str:
        return str(self.path[-1])

    @property
    def line(self) -> int:
        return (self.key or self.value).start_mark.line + 1


class NotHere(Exception):
    """This kind of mistake cannot be made in this file."""


class File:
    """One file of the study and everything in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.root = yaml.compose(text, Loader=yaml.SafeLoader)
        self.entries = list(_entries(self.root, ()))

    @property
    def questionnaire(self) -> bool:
        return self.name != "study.yaml" and not self.translation

    @property
    def translation(self) -> bool:
        return self.name.count(".") == 2

    def line_at(self, index: int) -> int:
        """The line, from 1, of a position in the text."""
        return self.text.count("\n", 0, index) + 1

    def replaced(self, node: yaml.Node, new: str) -> str:
        """The text with other words in the place of a node."""
        return self.text[: node.start_mark.index] + new + self.text[node.end_mark.index :]

    def raw(self, node: yaml.Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]


def _entries(node: yaml.Node, at: Path) -> Iterator[Entry]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield Entry((*at, key.value), key, value, node)
            yield from _entries(value, (*at, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for n, item in enumerate(node.value):
            yield Entry((*at, n), None, item, node)
            yield from _entries(item, (*at, n))


def scalar(entry: Entry) -> bool:
    """Whether the value is a text on one line."""
    value = entry.value
    return (
        isinstance(value, yaml.ScalarNode)
        and value.start_mark.line == value.end_mark.line
        and value.style not in ("|", ">")
    )


Spoil = Callable[["Spoiler", File], Spoilt]
_WAYS: list[Spoil] = []


def way(spoil: Spoil) -> Spoil:
    """Note a way to spoil a file."""
    _WAYS.append(spoil)
    return spoil


class Spoiler:
    """Makes mistakes at random, the same ones for the same seed."""

    def __init__(self, folder: pathlib.Path, seed: int) -> None:
        self.files = [File(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
        self.random = random.Random(seed)

    def spoil(self) -> Spoilt:
        """Return the next spoilt file."""
        while True:
            make = self.random.choice(_WAYS)
            try:
                spoilt = make(self, self.random.choice(self.files))
            except NotHere:
                continue
            if spoilt.text != next(file.text for file in self.files if file.name == spoilt.file):
                return replace(spoilt, way=make.__name__)

    def pick(self, file: File, fits: Callable[[Entry], bool]) -> Entry:
        """Choose one of the entries that fit."""
        found = [entry for entry in file.entries if fits(entry)]
        if not found:
            raise NotHere
        return self.random.choice(found)

    def typo(self, word: str) -> str:
        """Misspell a word: a letter left out, doubled, changed, or two turned round."""
        while True:
            at = self.random.randrange(1, len(word)) if len(word) > 1 else 0
            letter = self.random.choice("aeioustrnl")
            made = self.random.choice(
                [
                    word[:at] + word[at + 1 :],
                    word[:at] + word[at] + word[at:],
                    word[:at] + letter + word[at + 1 :],
                    word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at else word + letter,
                    word + "s",
                ]
            )
            if made not in (word, "") and re.fullmatch(r"[\w.-]+", made) and made[-1] not in ".-":
                return made

    def times_written(self, word: str) -> int:
        """How often a name stands in the study as a word of its own, but for where it is given."""
        inside = re.compile(rf"\{{\s*(roster\.)?{re.escape(word)}\s*\|")
        count = 0
        for entry in (entry for file in self.files for entry in file.entries):
            if entry.name in NAMES and entry.path[0] != "fieldwork":
                continue
            words = [entry.key.value] if entry.key else []
            if isinstance(entry.value, yaml.ScalarNode):
                count += len(inside.findall(entry.value.value))
                words.append(entry.value.value)
            count += sum(word in (text, *text.split(".", 1)) for text in words)
        return count


def lines_of(file: File, entry: Entry) -> frozenset[int]:
    return frozenset({entry.line})


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────
NEEDED = {
    "question": ("question", "kind", "ask"),
    "grid": ("grid", "kind", "ask", "options", "statements"),
    "page": ("page",),
    "scale": ("scale", "title", "items", "score", "direction"),
    "code": ("code", "label"),
    "fact": ("fact", "title", "kind"),
    "wave": ("wave", "title", "opens", "closes"),
    "arm": ("arm", "title"),
    "audience": ("audience", "waves"),
}
"""Keys that a mapping needs, by the key it is known by."""
TOP = (
    "version",
    "title",
    "audience",
    "reader",
    "languages",
    "pages",
    "arms",
    "waves",
    "fieldwork",
    "retention",
    "access",
)


def _needed(entry: Entry) -> bool:
    if entry.key is None or not isinstance(entry.within, yaml.MappingNode):
        return False
    keys = [key.value for key, _ in entry.within.value]
    if len(entry.path) == 1:
        return entry.name in TOP
    return any(known in keys and entry.name in needed for known, needed in NEEDED.items())


def _cut(file: File, entry: Entry) -> tuple[str, frozenset[int]]:
    """The text without an entry, and the lines where it misses."""
    assert entry.key is not None
    start, end = entry.key.start_mark.index, entry.value.end_mark.index
    first = entry.within.start_mark.line + 1
    if entry.within.flow_style:
        rest = re.match(r"\s*,\s*", file.text[end:])
        before = re.search(r",\s*$", file.text[:start])
        if rest:
            end += rest.end()
        elif before:
            start = before.start()
        return file.text[:start] + file.text[end:], frozenset({first, entry.line})
    line_start = file.text.rfind("\n", 0, start) + 1
    line_end = file.text.find("\n", max(start, end - 1)) + 1 or len(file.text)
    lead = file.text[line_start:start]
    if "-" in lead:
        # The dash stays, before the next key.
        following = file.text[line_end:]
        if not following.startswith(" " * len(lead)) or following[len(lead)] in "- #\n":
            raise NotHere
        text = file.text[:line_start] + lead + following[len(lead) :]
    else:
        text = file.text[:line_start] + file.text[line_end:]
    return text, frozenset({first, entry.line})


@way
def drop_a_key(spoiler: Spoiler, file: File) -> Spoilt:
    if file.translation:
        raise NotHere
    entry = spoiler.pick(file, _needed)
    text, lines = _cut(file, entry)
    return Spoilt(file.name, text, lines, f"{entry.path} dropped")


@way
def double_a_key(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e))
    assert entry.key is not None
    written = file.text[entry.key.start_mark.index : entry.value.end_mark.index]
    if entry.within.flow_style:
        text = file.text[: entry.value.end_mark.index] + f", {written}" + file.text[entry.value.end_mark.index :]
        return Spoilt(file.name, text, frozenset({entry.line}), f"{entry.path} doubled")
    line_end = file.text.find("\n", entry.value.end_mark.index - 1) + 1
    text = file.text[:line_end] + " " * entry.key.start_mark.column + written + "\n" + file.text[line_end:]
    return Spoilt(file.name, text, frozenset({entry.line + 1}), f"{entry.path} doubled")


def _free_key(file: File, entry: Entry) -> bool:
    """Whether a key is of the language rather than a name that the author chose."""
    if entry.key is None or not entry.name.isidentifier():
        return False
    if file.translation:
        return entry.path[0] != "free_text" or len(entry.path) == 1
    return not any(
        step in ("when", "codes", "effects", "texts", "schools", "bands", "table", "recode", "for")
        for step in entry.path[:-1]
    )


@way
def misspell_a_key(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: _free_key(file, e) and e.path[:-1] != ("options",))
    assert entry.key is not None
    siblings = {e.name for e in file.entries if e.path[:-1] == entry.path[:-1]}
    wrong = spoiler.typo(entry.name)
    if wrong in siblings or wrong in ("no", "min", "max"):
        raise NotHere
    return Spoilt(file.name, file.replaced(entry.key, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def no_space_after_the_colon(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e) and not e.within.flow_style)
    assert entry.key is not None
    text = file.text[: entry.key.end_mark.index + 1] + file.text[entry.value.start_mark.index :]
    return Spoilt(file.name, text, frozenset({entry.line}), f"{entry.path} without a space")


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────
WRONG_TYPES = {
    "version": ["[1]", "one", "1.5", "{a: b}"],
    "code": ["one", "[1]", "-1", "1.5"],
    "ask": ["[a, b]", "{a: b}"],
    "label": ["[a, b]", "{a: b}"],
    "hint": ["[a, b]"],
    "title": ["[a, b]", "{a: b}"],
    "kind": ["[rating]", "ratings", "sentence"],
    "score": ["average", "[mean]", "1"],
    "reverse": ["perhaps", "[yes]"],
    "required": ["perhaps", "[yes]"],
    "dont_know": ["perhaps"],
    "round": ["many", "-1", "99"],
    "weight": ["0", "-1", "heavy"],
    "not_shown": ["blank", "[0]"],
    "sd": ["0", "wide"],
    "needs": ["most", "all", "0 of 3", "200%"],
    "audience": ["children", "[pupil]"],
    "opens": ["2025-02-30", "soon", "01/09/2025"],
    "closes": ["2025-13-01", "[2025-12-01]"],
    "delete_on": ["2019-01-01", "never"],
    "age": ["three", "200", "[8]"],
    "order": ["random"],
    "changes": ["sometimes"],
    "min": ["few", "[0]"],
    "max": ["many"],
    "questionnaire": ["[pupil]"],
    "time_zone": ["Europe/Londn", "London"],
    "threshold": ["1", "few"],
    "basis": ["opt"],
    "decided_by": ["teacher"],
    "face": ["smile-3", "feel-9"],
    "picture": ["violn", "nothing.gif"],
    "correction": ["tukey"],
    "clusters": ["class"],
    "reviewed": ["perhaps"],
    "language": ["kymraeg", "xx-yy"],
    "seed": ["today"],
    "precision": ["year"],
}


@way
def give_a_wrong_value(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and e.name in WRONG_TYPES and scalar(e))
    if file.translation and entry.name not in (
        "reviewed",
        "language",
        "questionnaire",
        "ask",
        "label",
        "title",
        "hint",
    ):
        raise NotHere
    wrong = spoiler.random.choice(WRONG_TYPES[entry.name])
    return Spoilt(file.name, file.replaced(entry.value, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def put_a_text_for_a_list(spoiler: Spoiler, file: File) -> Spoilt:
    if file.translation:
        raise NotHere
    entry = spoiler.pick(
        file,
        lambda e: (
            e.key is not None
            and isinstance(e.value, yaml.SequenceNode)
            and bool(e.value.flow_style)
            and e.name not in ("options", "languages", "contains")
            and "when" not in e.path
        ),
    )
    return Spoilt(file.name, file.replaced(entry.value, "several"), lines_of(file, entry), f"{entry.path} → a text")


@way
def empty_a_value(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e))
    return Spoilt(file.name, file.replaced(entry.value, ""), lines_of(file, entry), f"{entry.path} emptied")


def _number(entry: Entry) -> bool:
    return scalar(entry) and bool(re.fullmatch(r"-?\d+(\.\d+)?", entry.value.value)) and "texts" not in entry.path


@way
def write_a_number_oddly(spoiler: Spoiler, file: File) -> Spoilt:
    if file.translation:
        raise NotHere
    entry = spoiler.pick(file, lambda e: _number(e) and "label" not in e.path)
    # Within a list a comma makes two numbers, which may be right.
    wrong = spoiler.random.choice(
        ["9" * 400, "1e400", "1_0", "0x10", "\N{ARABIC-INDIC DIGIT THREE}", "ten", "1,5", "NaN"]
    )
    if wrong == "1,5" and entry.key is None:
        raise NotHere
    return Spoilt(file.name, file.replaced(entry.value, wrong), lines_of(file, entry), f"{entry.path} → {wrong[:9]}")


@way
def nest_too_deeply(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e))
    depth = spoiler.random.choice([35, 400])
    opened, closed = spoiler.random.choice([("[", "]"), ("{a: ", "}")])
    text = file.replaced(entry.value, opened * depth + "x" + closed * depth)
    return Spoilt(file.name, text, lines_of(file, entry), f"{entry.path} nested {depth} deep")


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────
def _reference(file: File, entry: Entry) -> bool:
    at = [step for step in entry.path if isinstance(step, str)]
    if file.translation or not scalar(entry):
        return False
    if file.questionnaire:
        item = at[:2] == ["scales", "items"] and (at[-1] in ("items", "item"))
        return item or (at[-1] == "options" and entry.key is not None and at[0] == "pages")
    places = (["fieldwork", "waves"], ["fieldwork", "questionnaire"], ["plan", "outcomes"], ["plan", "subgroups"])
    return at in places or (
        at[:2] in (["plan", "exposure"], ["access", "tables"], ["plan", "comparison"]) and at[-1] != "between"
    )


@way
def misspell_a_reference(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: _reference(file, e))
    wrong = spoiler.typo(entry.value.value)
    return Spoilt(file.name, file.replaced(entry.value, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def misspell_a_condition(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: len(e.path) > 1 and e.path[-2] == "when" and e.key is not None)
    assert entry.key is not None
    wrong = spoiler.typo(entry.name)
    if wrong == entry.name or "." in entry.name:
        raise NotHere
    return Spoilt(file.name, file.replaced(entry.key, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def count_an_answer_that_there_is_not(spoiler: Spoiler, file: File) -> Spoilt:
    """A recode or a count names an answer that the question does not have."""
    entry = spoiler.pick(file, lambda e: "scales" in e.path and bool({"recode", "counts"} & set(e.path[:-1])))
    node = entry.key or entry.value
    return Spoilt(file.name, file.replaced(node, "17"), lines_of(file, entry), f"{entry.path} → 17")


@way
def leave_an_answer_out_of_a_recode(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: "scales" in e.path and "recode" in e.path[:-1])
    text, lines = _cut(file, entry)
    return Spoilt(file.name, text, lines, f"{entry.path} left out")


@way
def make_a_scale_of_itself(spoiler: Spoiler, file: File) -> Spoilt:
    """By way of a scale that it is made of, or directly."""
    names = {
        e.value.value for e in file.entries if e.path[:1] == ("scales",) and e.name == "scale" and len(e.path) == 3
    }
    entry = spoiler.pick(file, lambda e: _reference(file, e) and scalar(e) and e.value.value in names)
    if entry.path[0] != "scales":
        raise NotHere
    of = next(e for e in file.entries if e.path == ("scales", entry.path[1], "scale"))
    text = file.replaced(entry.value, of.value.value)
    return Spoilt(file.name, text, frozenset({entry.line}), f"{entry.path} → {of.value.value}")


@way
def give_norms_by_something_else(spoiler: Spoiler, file: File) -> Spoilt:
    """A fact that the roster does not have, or a value that it cannot have."""
    entry = spoiler.pick(file, lambda e: len(e.path) > 1 and e.path[-2] == "for" and e.key is not None)
    assert entry.key is not None
    node, wrong = spoiler.random.choice([(entry.key, "height"), (entry.value, "banjo")])
    return Spoilt(file.name, file.replaced(node, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def ask_for_an_impossible_answer(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file, lambda e: "when" in e.path and scalar(e) and e.name != "answered" and "not" not in e.path
    )
    return Spoilt(file.name, file.replaced(entry.value, "banjo"), lines_of(file, entry), f"{entry.path} → banjo")


NAMES = ("question", "scale", "fact", "wave", "arm", "grid", "page", "questionnaire", "study")
"""Keys that give a name."""


@way
def misspell_a_name(spoiler: Spoiler, file: File) -> Spoilt:
    """A name is changed where it is given; all that speak of it still use the old one."""
    entry = spoiler.pick(
        file,
        lambda e: (
            (e.key is not None and e.name in NAMES[:5] and scalar(e) and len(e.path) > 1 and e.path[0] != "fieldwork")
            or e.path[:-1] == ("options",)
        ),
    )
    if file.translation:
        raise NotHere
    node = entry.key if entry.path[:-1] == ("options",) else entry.value
    assert isinstance(node, yaml.ScalarNode)
    old = node.value
    wrong = spoiler.typo(old)
    # With fewer than two uses no one can tell whether the name or its use is wrong.
    if (
        spoiler.times_written(old) < 2 + (entry.path[:-1] == ("options",))
        or spoiler.times_written(wrong)
        or old in ("programme", "comparison")
    ):
        raise NotHere
    return Spoilt(
        file.name, file.replaced(node, wrong), frozenset({node.start_mark.line + 1}), f"{entry.path} → {wrong}"
    )


@way
def change_a_code(spoiler: Spoiler, file: File) -> Spoilt:
    """An option gets the code of the one before it."""
    entry = spoiler.pick(file, lambda e: e.name == "code" and file.questionnaire and scalar(e))
    siblings = [e for e in file.entries if e.name == "code" and e.path[:-2] == entry.path[:-2]]
    other = spoiler.random.choice(siblings)
    if other.path == entry.path:
        raise NotHere
    text = file.replaced(entry.value, other.value.value)
    return Spoilt(file.name, text, frozenset({entry.line, other.line}), f"{entry.path} → {other.value.value}")


@way
def capital_or_space_in_a_name(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file, lambda e: e.key is not None and e.name in ("question", "scale", "fact", "grid", "page") and scalar(e)
    )
    if len(entry.path) == 1 or file.translation:
        raise NotHere
    old = entry.value.value
    wrong = spoiler.random.choice(
        [old.capitalize(), old.replace("_", " ", 1) if "_" in old else old + " x", "1" + old, old + "é"]
    )
    text = file.replaced(entry.value, wrong)
    return Spoilt(file.name, text, lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def name_the_wrong_audience(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file, lambda e: e.name == "audience" and file.name == "study.yaml" and e.path[0] == "fieldwork"
    )
    wrong = spoiler.random.choice([who for who in ("pupil", "parent", "staff") if who != entry.value.value])
    return Spoilt(file.name, file.replaced(entry.value, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")


@way
def turn_dates_round(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.name == "opens" and file.name == "study.yaml")
    closes = next(e for e in file.entries if e.path == (*entry.path[:-1], "closes"))
    text = file.text[: entry.value.start_mark.index] + closes.value.value
    text += file.text[entry.value.end_mark.index : closes.value.start_mark.index] + entry.value.value
    text += file.text[closes.value.end_mark.index :]
    return Spoilt(file.name, text, frozenset({entry.line, closes.line}), f"{entry.path} and closes turned round")


# ── blocks ────────────────────────────────────────────────────────────────────────────────────────────────
@way
def copy_a_block(spoiler: Spoiler, file: File) -> Spoilt:
    """An item of a list stands there twice: a page, a question, a scale, a wave, an option."""
    if file.translation:
        raise NotHere
    entry = spoiler.pick(
        file, lambda e: e.key is None and isinstance(e.value, yaml.MappingNode) and not e.within.flow_style
    )
    items = entry.within.value
    n = int(entry.path[-1])
    start = file.text.rfind("\n", 0, entry.value.start_mark.index) + 1
    if n + 1 < len(items):
        end = file.text.rfind("\n", 0, items[n + 1].start_mark.index) + 1
    else:
        end = file.text.rfind("\n", 0, entry.value.end_mark.index) + 1 or len(file.text)
        if end <= start:
            end = file.text.find("\n", start) + 1
    block = file.text[start:end]
    first = file.line_at(end)
    text = file.text[:end] + block + file.text[end:]
    return Spoilt(file.name, text, frozenset(range(first, first + block.count("\n"))), f"{entry.path} copied")


@way
def copy_a_line(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file, lambda e: e.key is not None and scalar(e) and not e.within.flow_style and e.key.start_mark.column > 0
    )
    lines = file.text.split("\n")
    at = entry.line - 1
    if lines[at].lstrip().startswith("- ") and entry.name not in ("question", "page", "scale"):
        raise NotHere  # a dash begins another item with one key in it, which may be all that it needs
    lines.insert(at, lines[at])
    return Spoilt(file.name, "\n".join(lines), frozenset({at + 1, at + 2}), f"line {at + 1} copied")


@way
def move_a_question_down(spoiler: Spoiler, file: File) -> Spoilt:
    """A question that a condition looks at is asked after it."""
    if not file.questionnaire:
        raise NotHere
    used = spoiler.pick(file, lambda e: len(e.path) > 1 and e.path[-2] == "when" and "." not in e.name)
    asked = next(
        (e for e in file.entries if e.name == "question" and e.value.value == used.name and "statements" not in e.path),
        None,
    )
    if asked is None or used.path[:2] == asked.path[:2]:
        raise NotHere
    pages = next(e for e in file.entries if e.path == ("pages",)).value.value
    page = pages[int(asked.path[1])]
    start = file.text.rfind("\n", 0, page.start_mark.index) + 1
    following = int(asked.path[1]) + 1
    end = file.text.rfind("\n", 0, pages[following].start_mark.index) + 1
    last = file.text.find("\nscales:") + 1
    if last <= end:
        raise NotHere
    block = file.text[start:end]
    text = file.text[:start] + file.text[end:last] + block + file.text[last:]
    moved = text.count("\n", 0, start + last - end) + 1
    lines = {used.line - block.count("\n")} | set(range(moved, moved + block.count("\n")))
    return Spoilt(file.name, text, frozenset(lines), f"page {asked.path[1]} moved to the end")


# ── layout ────────────────────────────────────────────────────────────────────────────────────────────────
def _layout_line(spoiler: Spoiler, file: File) -> tuple[list[str], int]:
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e) and not e.within.flow_style)
    return file.text.split("\n"), entry.line - 1


@way
def indent_wrongly(spoiler: Spoiler, file: File) -> Spoilt:
    lines, at = _layout_line(spoiler, file)
    by = spoiler.random.choice([-1, 1, 2, 3])
    if any(e.line < at + 1 <= e.value.end_mark.line + 1 and not scalar(e) for e in file.entries if _block_text(e)):
        raise NotHere  # further in, it is one more line of the text above, which may say what it likes
    indent = len(lines[at]) - len(lines[at].lstrip(" "))
    if indent + by < 0:
        raise NotHere
    lines[at] = " " * (indent + by) + lines[at].lstrip(" ")
    text = "\n".join(lines)
    try:
        if yaml.safe_load(text) == yaml.safe_load(file.text):
            raise NotHere  # the only line of its block may stand anywhere
    except yaml.YAMLError:
        pass
    return Spoilt(file.name, text, frozenset({at, at + 1, at + 2}), f"line {at + 1} indented by {by:+}")


def _block_text(entry: Entry) -> bool:
    return isinstance(entry.value, yaml.ScalarNode) and entry.value.style in ("|", ">")


@way
def use_a_tab(spoiler: Spoiler, file: File) -> Spoilt:
    lines, at = _layout_line(spoiler, file)
    if not lines[at].startswith("  "):
        raise NotHere
    lines[at] = "\t" + lines[at].lstrip(" ")
    return Spoilt(file.name, "\n".join(lines), frozenset({at + 1}), f"line {at + 1} with a tab")


@way
def put_a_colon_into_a_sentence(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file,
        lambda e: (
            e.key is not None and scalar(e) and not e.value.style and " " in e.value.value and not e.within.flow_style
        ),
    )
    text = file.replaced(entry.value, entry.value.value.replace(" ", ": ", 1))
    return Spoilt(file.name, text, lines_of(file, entry), f"{entry.path} with a colon")


@way
def leave_a_quote_open(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, scalar)
    quote = spoiler.random.choice("\"'")
    words = entry.value.value.replace(quote, "")
    text = file.replaced(entry.value, quote + words)
    return Spoilt(file.name, text, frozenset({entry.value.start_mark.line + 1}), f"{entry.path} with an open quote")


@way
def leave_a_bracket_open(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file,
        lambda e: (
            isinstance(e.value, yaml.CollectionNode)
            and bool(e.value.flow_style)
            and e.value.start_mark.line == e.value.end_mark.line
        ),
    )
    end = entry.value.end_mark.index - 1
    text = file.text[:end] + file.text[end + 1 :]
    return Spoilt(file.name, text, frozenset({entry.value.start_mark.line + 1}), f"{entry.path} left open")


@way
def forget_a_dash(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(
        file, lambda e: e.key is None and isinstance(e.value, yaml.MappingNode) and not e.within.flow_style
    )
    at = entry.value.start_mark.index
    before = file.text.rfind("-", 0, at)
    text = file.text[:before] + " " + file.text[before + 1 :]
    return Spoilt(file.name, text, frozenset({entry.line}), f"{entry.path} without its dash")


ODD = [
    "\N{ZERO WIDTH SPACE}",
    "\N{NO-BREAK SPACE}",
    "\N{CYRILLIC SMALL LETTER A}",
    "\N{COMBINING ACUTE ACCENT}",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\ufeff",
    "\x07",
]


@way
def put_an_odd_character_into_a_key(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: _free_key(file, e) and e.path[:-1] != ("options",))
    assert entry.key is not None
    odd = spoiler.random.choice(ODD)
    at = spoiler.random.randrange(1, len(entry.name) + 1)
    text = file.replaced(entry.key, entry.name[:at] + odd + entry.name[at:])
    return Spoilt(file.name, text, lines_of(file, entry), f"{entry.path} with U+{ord(odd):04X}")


@way
def put_an_odd_character_into_a_name(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and e.name in ("question", "scale", "fact") and scalar(e))
    if file.translation:
        raise NotHere
    odd = spoiler.random.choice(ODD)
    text = file.replaced(entry.value, entry.value.value + odd)
    if odd == "\N{NO-BREAK SPACE}":
        raise NotHere
    return Spoilt(file.name, text, lines_of(file, entry), f"{entry.path} with U+{ord(odd):04X}")


@way
def use_a_wide_colon(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e) and not e.within.flow_style)
    assert entry.key is not None
    end = entry.key.end_mark.index
    text = file.text[:end] + "\N{FULLWIDTH COLON}" + file.text[end + 1 :]
    return Spoilt(file.name, text, frozenset({entry.line}), f"{entry.path} with a wide colon")


@way
def open_a_brace_in_a_wording(spoiler: Spoiler, file: File) -> Spoilt:
    entry = spoiler.pick(file, lambda e: e.name in ("ask", "hint", "thanks") and scalar(e))
    brace = spoiler.random.choice(["{", "}", "{name}", "{no one|x}"])
    words = f"{entry.value.value} {brace}".replace('"', "")
    text = file.replaced(entry.value, f'"{words}"')
    return Spoilt(file.name, text, lines_of(file, entry), f"{entry.path} with {brace}")


# ── translations ──────────────────────────────────────────────────────────────────────────────────────────
@way
def leave_out_a_translation(spoiler: Spoiler, file: File) -> Spoilt:
    if not file.translation:
        raise NotHere
    entry = spoiler.pick(file, lambda e: e.key is not None and scalar(e) and e.path[0] not in ("reviewed",))
    text, lines = _cut(file, entry)
    # The place is the thing it belongs to; for a whole file, its beginning.
    owner = [e.line for e in file.entries if e.path == entry.path[:-1] and e.key is not None]
    return Spoilt(file.name, text, lines | frozenset(owner or [1]), f"{entry.path} left out")


@way
def misspell_a_name_in_a_translation(spoiler: Spoiler, file: File) -> Spoilt:
    if not file.translation:
        raise NotHere
    entry = spoiler.pick(file, lambda e: len(e.path) == 2 and e.path[0] in ("questions", "options", "pages", "grids"))
    assert entry.key is not None
    wrong = spoiler.typo(entry.name)
    if spoiler.times_written(wrong):
        raise NotHere
    return Spoilt(file.name, file.replaced(entry.key, wrong), lines_of(file, entry), f"{entry.path} → {wrong}")
