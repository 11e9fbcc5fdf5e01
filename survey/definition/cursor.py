"""A place in a definition's file: what stands there, what an author would call it, and which keys it can have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from survey.definition.model import Path
from survey.definition.parts import GRID_KINDS, Grid
from survey.definition.source import ListNode, MapNode, Node, Scalar
from survey.kinds import KINDS
from survey.problems import shortened

_NAMES: Final = {
    "questions": ("question", "grid"),
    "statements": ("question",),
    "pages": ("page",),
    "scales": ("scale",),
    "arms": ("arm",),
    "programmes": ("programme",),
    "waves": ("wave",),
    "facts": ("fact",),
    "school_facts": ("fact",),
    "shares": ("share",),
}
"""Lists whose items have a name: the key of the list -> the key of the name."""

NAMED_LISTS: Final = frozenset((*_NAMES, "fieldwork"))
"""Lists from which one item can be taken out without making the rest wrong."""

_PARTS: Final = {
    "lines": "line",
    "items": "item",
    "options": "option",
    "fieldwork": "fieldwork",
    "bands": "band",
    "groups": "norm group",
    "consent": "consent",
    "roster_outcomes": "outcome",
    "exposure": "exposure",
    "not_asked": "group",
    "start_up": "amount",
    "each_year": "amount",
}
"""Lists whose items are counted: the key of the list -> what one item is called."""

_SECTIONS: Final = frozenset(
    (
        "assent",
        "consent",
        "sheet",
        "late",
        "linkage",
        "reader",
        "about",
        "free_text",
        "transform",
        "norms",
        "plan",
        "comparison",
        "exposure",
        "costs",
        "pretend",
        "missing",
        "retention",
        "access",
        "disclosure",
    )
)
"""Groups of keys that have no name but their own key."""


@dataclass(frozen=True)
class Cursor:
    """One place of a file: `node` stands there, at the path `at` from the top; `expected` is the type that fits.

    A cursor remembers the places below it: after the tree has changed, begin at the top with a new one.
    """

    node: Node
    expected: Any
    at: Path = ()
    above: Cursor | None = None
    _seen: dict[str | int, Cursor | None] = field(default_factory=dict, repr=False)

    def below(self, step: str | int) -> Cursor | None:
        """Return the place one step further down, or None where the file has nothing there."""
        if step not in self._seen:
            self._seen[step] = self._look_below(step)
        return self._seen[step]

    def _look_below(self, step: str | int) -> Cursor | None:
        if isinstance(self.node, MapNode) and str(step) in self.node.values:
            key = str(step)
            return Cursor(self.node.values[key], self._expected_below(key), (*self.at, key), self)
        if isinstance(self.node, ListNode) and isinstance(step, int) and 0 <= step < len(self.node.items):
            return Cursor(self.node.items[step], self._expected_below(step), (*self.at, step), self)
        return None

    def to(self, path: Sequence[str | int]) -> Cursor:
        """Return the place at a path, or the deepest one on the way that the file has."""
        here = self
        for step in path:
            further = here.below(step)
            if further is None:
                return here
            here = further
        return here

    def at_error(self, loc: Sequence[str | int]) -> Cursor:
        """Return the place of one of pydantic's errors, or the deepest one on the way that the file has.

        Pydantic's location also names which member of a union it tried; that is no step of the file, even where a
        key happens to be called the same.
        """
        here = self
        named = False
        for step in loc:
            if not named and step in here._tags:
                named = True
                continue
            further = here.below(step)
            if further is None:
                return here
            here, named = further, False
        return here

    @cached_property
    def _tags(self) -> set[str]:
        """The names of the members where pydantic chooses one by its name."""
        return {mark.tag for _, marks in _tagged(self.expected, ()) for mark in marks if isinstance(mark, Tag)}

    def _expected_below(self, step: str | int) -> Any:
        """Return the type of what lies one step below."""
        found = self._type
        if isinstance(found, type) and issubclass(found, BaseModel):
            for name, key in found.model_fields.items():
                if (key.alias or name) == step:
                    return key.annotation
            return None
        parts = get_args(found)
        return parts[-1] if parts else None

    @cached_property
    def _type(self) -> Any:
        """Of several possible types, the one that fits what the author wrote."""
        members = [member for member in _members(self.expected) if _fits(member, self.node)]
        if len(members) < 2:
            return members[0] if members else None
        if self.is_grid:
            return Grid
        kind = self.node.values.get("kind") if isinstance(self.node, MapNode) else None
        return KINDS.get(kind.text) if isinstance(kind, Scalar) else None

    @cached_property
    def known_keys(self) -> list[str]:
        """The keys that what stands here can have; none where it takes no keys of the language."""
        if not (isinstance(self._type, type) and issubclass(self._type, BaseModel)):
            return []
        # Fields that are filled in by the definition are no keys: those are excluded from dumps.
        return [key.alias or name for name, key in self._type.model_fields.items() if not key.exclude]

    @property
    def keys(self) -> Collection[str]:
        """The keys that stand here."""
        return self.node.keys.keys() if isinstance(self.node, MapNode) else ()

    @property
    def is_grid(self) -> bool:
        """Whether this is meant as a grid rather than as a question: only grids have statements."""
        return "grid" in self.keys or ("statements" in self.keys and "question" not in self.keys)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that what stands here can be of."""
        return GRID_KINDS if self.is_grid else tuple(KINDS)

    @property
    def names(self) -> set[str]:
        """The names of all that this is a part of: of questions, scales, option lists, and keys at the top."""
        if self.above is None:
            return set()
        found = self.above.names
        if isinstance(self.at[-1], int):
            values = [self.node.values.get(key) for key in _NAMES.get(self._list, ()) if isinstance(self.node, MapNode)]
            return found | {value.text for value in values if isinstance(value, Scalar)}
        return found | {self.at[-1]} if len(self.at) == 1 or self.at[:-1] == ("options",) else found

    @cached_property
    def subject(self) -> str:
        """What stands here, as an author would call it: option 2 of question 'sing_shy'. Empty at the top."""
        return " of ".join(reversed(self._words[-2:]))

    @cached_property
    def _words(self) -> list[str]:
        if self.above is None:
            return []
        step = self.at[-1]
        if isinstance(step, int):
            # A named thing needs no whereabouts; a counted one is counted within something.
            named = self._named(step)
            return [named] if named else [*self.above._words, *self._counted(step)]
        return [*self.above._words, *self._section(step)]

    @property
    def _list(self) -> str:
        """The key of the list that this is an item of; lists of options and bands lie one key further up."""
        keys = [step for step in self.at if isinstance(step, str)]
        named = len(keys) > 1 and (keys[-2] == "bands" or keys[:-1] == ["options"])
        return keys[-2] if named else keys[-1] if keys else ""

    def _named(self, step: int) -> str:
        names = _NAMES.get(self._list, ())
        for name in names:
            value = self.node.values.get(name) if isinstance(self.node, MapNode) else None
            if isinstance(value, Scalar) and value.text:
                return f"{name} '{shortened(value.text)}'"
        if self._list == "statements" and self.above and self.above.above:
            return f"statement {step + 1} of {self.above.above.subject}"
        return f"{'grid' if self.is_grid else names[0]} {step + 1}" if names else ""

    def _counted(self, step: int) -> list[str]:
        return [f"{_PARTS[self._list]} {step + 1}"] if self._list in _PARTS else []

    def _section(self, step: str) -> list[str]:
        if len(self.at) == 2 and self.at[0] == "options":
            return [f"option list '{shortened(step)}'"]
        return [f"'{step}'"] if step in _SECTIONS else []

    @property
    def whole(self) -> str:
        """What kind of file this is in."""
        top = self
        while top.above is not None:
            top = top.above
        return "study" if "study" in top.keys and "pages" not in top.keys else "questionnaire"

    @property
    def owner(self) -> str:
        """What stands here, or the file where that has no name of its own."""
        return self.subject or f"this {self.whole}"

    @property
    def noun(self) -> str:
        """What kind of thing stands here: question, scale, option."""
        if self.above is not None and isinstance(self.at[-1], int) and self._list in _NAMES:
            return "grid" if self.is_grid else _NAMES[self._list][0]
        return self.subject.split(" ", 1)[0].strip("'") if self.subject else self.whole

    @property
    def name(self) -> str:
        """What stands here by its key: 'order' of grid 'views'."""
        keys = [step for step in self.at if isinstance(step, str)]
        if not keys or self.above is None:
            return f"this {self.whole}"
        whose = self.above.subject if isinstance(self.at[-1], str) else self.subject
        if isinstance(self.at[-1], int):
            return whose or f"item {self.at[-1] + 1} of '{keys[-1]}'"
        return f"'{keys[-1]}' of {whose}" if whose else f"'{keys[-1]}'"


def _members(annotation: Any) -> list[Any]:
    return [member for member, _ in _tagged(annotation, ())]


def _tagged(annotation: Any, marks: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield every member of a union with what marks it."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _tagged(inner, (*marks, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _tagged(part, marks)
    else:
        yield annotation, marks


def _fits(annotation: Any, node: Node) -> bool:
    if isinstance(node, ListNode):
        return get_origin(annotation) is list
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return is_model or get_origin(annotation) is dict
