"""A tree → a model, with every fault found at once.

A model either fits or does not; an author wants to hear everything. So what does not fit is reported and taken
out, and the rules between the parts are then tried on what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from survey.definition.cursor import NAMED_LISTS, Cursor
from survey.definition.messages import Meant, faults_of, meant_keys
from survey.definition.model import Fault, Path
from survey.definition.source import ListNode, MapNode, Node, Scalar, key_place, node_at, place_of, plain
from survey.problems import ALSO, FIRST, MOST_PROBLEMS, Problem, listed, shortened

Model = TypeVar("Model", bound=BaseModel)

_ROUNDS = 12


@dataclass
class Bound(Generic[Model]):
    """What came of a tree: a model of the parts that fit, the tree of just these parts, and the problems.

    `guessed` are the keys at the top that were missing or wrong and got a stand-in; `hurt` are the names of all that
    something was taken out of.
    """

    model: Model | None
    root: Node
    problems: list[Problem] = field(default_factory=list)
    guessed: set[str] = field(default_factory=set)
    hurt: set[str] = field(default_factory=set)


def locate(fault: Fault, root: Node, path: str) -> Problem:
    """Turn a fault's path within a tree into line and column."""
    line, column = _place(root, fault.at, fault.key)
    message = fault.message
    if fault.first is not None:
        there = _place(root, fault.first, fault.key)
        where = f"line {there[0]}" if there[0] != line else f"line {there[0]}, column {there[1]}"
        message = message.replace(FIRST, where)
    if fault.also:
        lines = sorted({_place(root, at, fault.key)[0] for at in fault.also} - {line}) or [line]
        message = message.replace(ALSO, f"line{'s' if len(lines) > 1 else ''} {listed(lines)}")
    return Problem(path, line, column, message, fault.advice, fault.about)


def _place(root: Node, at: Path, key: bool) -> tuple[int, int]:
    return key_place(root, at[:-1], str(at[-1])) if key and at else place_of(root, at)


def bind(root: Node, model: type[Model], path: str, stand_ins: Mapping[str, Any]) -> Bound[Model]:
    """Fit the tree of the file `path` to a model.

    `stand_ins` are values for keys at the top without which nothing else could be looked at. The tree is changed:
    parts that do not fit are taken out of it.
    """
    bound: Bound[Model] = Bound(None, root)
    if not isinstance(root, MapNode):
        message = "this file does not have keys and values. Please start with a line such as 'title: …'"
        bound.problems.append(Problem(path, root.line, root.column, message))
        return bound
    empty = _Empty(root, path)
    empty.take_out(Cursor(root, model))
    bound.problems += empty.problems
    bound.hurt |= empty.hurt
    for turn in range(_ROUNDS):
        data = plain(root)
        assert isinstance(data, dict)
        try:
            bound.model = model.model_validate({**{key: stand_ins[key] for key in bound.guessed}, **data})
            return bound
        except ValidationError as error:
            errors = error.errors(include_url=False)
        top = Cursor(root, model)
        if turn == 0:
            told = [e for e in errors[: MOST_PROBLEMS + 1] if not empty.explains(e, top)]
            meant = meant_keys(told, top)
            bound.problems += [locate(fault, root, path) for fault in faults_of(told, top, meant)]
            if meant:
                # Read as it was meant: what follows from a misspelt key alone would be told for nothing.
                _rename(root, meant)
                continue
        bound.hurt |= {name for error in errors for name in top.at_error(error["loc"]).names}
        bound.guessed |= _prune(top, errors)
        if not bound.guessed <= set(stand_ins):
            return bound
    return bound


def _rename(root: MapNode, meant: Meant) -> None:
    for (at, key), other in meant.items():
        node = node_at(root, at)
        if isinstance(node, MapNode) and other in node.keys and key not in node.keys:
            node.keys = {key if name == other else name: place for name, place in node.keys.items()}
            node.values = {key if name == other else name: value for name, value in node.values.items()}


class _Empty:
    """Takes keys and list items with nothing in them out of a tree, and says so for each."""

    def __init__(self, root: Node, path: str) -> None:
        self.root = root
        self.path = path
        self.problems: list[Problem] = []
        self.taken: set[tuple[Path, str]] = set()
        self.hurt: set[str] = set()

    def take_out(self, here: Cursor) -> None:
        """Go through everything below a place."""
        empty: list[str | int] = []
        for step, child in _children(here.node):
            if isinstance(child, Scalar) and not child.text.strip():
                self._tell(here, step)
                empty.append(step)
                self.hurt |= here.names
            elif not isinstance(child, Scalar):
                below = here.below(step)
                assert below is not None
                self.take_out(below)
        # Nothing is taken out before all were seen: until then positions are those of the file.
        _remove_all(here.node, empty)

    def _tell(self, here: Cursor, step: str | int) -> None:
        if len(self.problems) > MOST_PROBLEMS:
            return
        if isinstance(step, int):
            message = "this item of a list is empty. Please write it, or remove the dash"
        else:
            whose = here.subject
            name = f"'{shortened(step)}' of {whose}" if whose else f"'{shortened(step)}'"
            message = f"{name} has nothing after its colon. Please write it, or remove the line"
            if " " in step:
                message = (
                    f"'{shortened(step)}' has no colon and no value. Inside braces, a comma "
                    "ends a text. If this "
                    "belongs to the text before it, please put the whole text in quotes"
                )
            self.taken.add((here.at, step))
        fault = Fault((*here.at, step), message, key=isinstance(step, str))
        self.problems.append(locate(fault, self.root, self.path))

    def explains(self, error: Mapping[str, Any], top: Cursor) -> bool:
        """Tell whether a missing key is one that was taken out, which has been said."""
        key = str(error["loc"][-1]) if error["loc"] else ""
        return error["type"] == "missing" and (top.at_error(error["loc"]).at, key) in self.taken


def _children(node: Node) -> list[tuple[str | int, Node]]:
    if isinstance(node, MapNode):
        return list(node.values.items())
    return list(enumerate(node.items)) if isinstance(node, ListNode) else []


def _prune(top: Cursor, errors: Sequence[Mapping[str, Any]]) -> set[str]:
    """Take out what does not fit; return the keys at the top that are missing.

    A required key that is taken out is missing in the next round, and takes the item that needs it along.
    """
    paths = set()
    missing = set()
    for error in errors:
        at = top.at_error(error["loc"]).at
        if error["type"] != "extra_forbidden":
            at = _named_thing(at, whole=error["type"] in ("missing", "too_short"))
        if at:
            paths.add(at)
        else:
            missing.add(str(error["loc"][0]))
    # The deepest and last first, so that positions stay right while items are taken out.
    for path in sorted(paths, key=lambda path: [(isinstance(step, int), step) for step in path], reverse=True):
        _remove(node_at(top.node, path[:-1]), path[-1])
    return missing


def _named_thing(at: Path, *, whole: bool) -> Path:
    """Return the path of what has to go when something at a path does not fit.

    That is the key itself; with `whole`, the question, scale or other named thing it belongs to. A part of a list
    without names (an option, an item) is never taken out alone: the rest would look complete.
    """
    named = 0
    for n, step in enumerate(at):
        if not isinstance(step, int):
            continue
        if at[n - 1] not in NAMED_LISTS:
            whole = True
            break
        named = n + 1
    if not whole:
        return at
    return at[: named or (2 if at[:1] == ("options",) else 1)]


def _remove_all(parent: Node, steps: Sequence[str | int]) -> None:
    """Take many out at once: one by one, those behind would move up each time."""
    if isinstance(parent, ListNode):
        gone = set(steps)
        parent.items = [item for at, item in enumerate(parent.items) if at not in gone]
        return
    for step in steps:
        _remove(parent, step)


def _remove(parent: Node, step: str | int) -> None:
    if isinstance(parent, ListNode) and isinstance(step, int) and step < len(parent.items):
        del parent.items[step]
    elif isinstance(parent, MapNode) and str(step) in parent.values:
        del parent.values[str(step)]
        del parent.keys[str(step)]
