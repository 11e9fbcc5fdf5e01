"""What a model found wrong, in the author's words: place, fault, rule, fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from survey.definition.cursor import Cursor
from survey.definition.model import Fault, Path
from survey.definition.source import ListNode, MapNode, Node, Scalar
from survey.kinds import KINDS
from survey.problems import amount, did_you_mean, nearest, quoted, shortened

Meant = Mapping[tuple[Path, str], str]
"""Where a mapping stands, and a key it lacks -> the key that stands there in its place, misspelt."""


def meant_keys(errors: Sequence[Mapping[str, Any]], top: Cursor) -> Meant:
    """Return the keys that are there under another name, of all that pydantic calls unknown or missing."""
    found: dict[tuple[Path, str], str] = {}
    for error in errors:
        here = top.at_error(error["loc"])
        if error["type"] == "extra_forbidden" and here.above is not None:
            key = nearest(str(here.at[-1]), _still_possible(here.above))
            if key is not None:
                found.setdefault((here.above.at, key), str(here.at[-1]))
        elif error["type"] in ("union_tag_invalid", "union_tag_not_found"):
            for key in _OF_EVERY_KIND:
                other = _other_name(key, here)
                if other is not None:
                    found.setdefault((here.at, key), other)
    return found


def _other_name(key: str, here: Cursor) -> str | None:
    if key in here.keys:
        return None
    return nearest(key, [name for name in here.keys if name not in _KEYS_OF_ANY_KIND])


def faults_of(errors: Sequence[Mapping[str, Any]], top: Cursor, meant: Meant) -> list[Fault]:
    """Turn pydantic's errors about the plain data of a file, which begins at `top`, into faults."""
    faults: list[Fault] = []
    for error in errors:
        here = top.at_error(error["loc"])
        if error["type"] == "missing" and (here.at, str(error["loc"][-1])) in meant:
            continue
        faults += _faults(error, here)
    return faults


def _faults(error: Mapping[str, Any], here: Cursor) -> list[Fault]:
    kind = error["type"]
    if kind == "missing":
        return [_missing(str(error["loc"][-1]), here)]
    if kind == "extra_forbidden":
        return [_unknown_key(here)]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _which_kind(here)
    if error["loc"][-1] == "[key]":
        name = f"this key of {here.above.name}" if here.above else "this key"
        return [Fault(here.at, _value_message(error, name, f"'{shortened(str(here.at[-1]))}'"), key=True)]
    return [Fault(here.at, _value_message(error, here.name, _shown(here.node)))]


def _missing(key: str, here: Cursor) -> Fault:
    what = "wording" if key == "ask" else f"'{key}'"
    fix = "Please add:"
    if key == "kind":
        fix = f"Kinds are {quoted(here.kinds)}. Please add:"
    return Fault(here.at, f"{here.owner} has no {what}. Every {here.noun} needs '{key}'. {fix} {key}: …")


def _unknown_key(here: Cursor) -> Fault:
    whole, key = here.above, str(here.at[-1])
    assert whole is not None
    known = _still_possible(whole)
    hint = did_you_mean(key, known) or f" Please remove it. {whole.noun.capitalize()} can also have {quoted(known)}"
    return Fault(here.at, f"{whole.owner} has the unknown key '{shortened(key)}'.{hint}", key=True)


def _still_possible(here: Cursor) -> list[str]:
    return [key for key in here.known_keys if key not in here.keys]


_OF_EVERY_KIND = ("question", "ask", "kind")


def _which_kind(here: Cursor) -> list[Fault]:
    node = here.node
    if not isinstance(node, MapNode):
        message = (
            "a question or a grid is expected here. Please write its keys one below the "
            "other, starting with: - question: …"
        )
        return [Fault(here.at, message)]
    # Without a kind nothing else of the question was looked at; what every kind needs is told at once.
    faults = [_absent(key, here) for key in _OF_EVERY_KIND if key not in node.keys]
    kind = node.values.get("kind")
    if kind is None:
        return faults
    word = kind.text if isinstance(kind, Scalar) else ""
    hint = did_you_mean(word, here.kinds) or f" Kinds are {quoted(here.kinds)}."
    message = f"{here.subject} has the unknown kind '{shortened(word)}'.{hint}"
    return [*faults, Fault((*here.at, "kind"), message)]


def _absent(key: str, here: Cursor) -> Fault:
    """Say that a key is missing, or that it is there by another name."""
    other = _other_name(key, here)
    if other is None:
        return _missing(key, here)
    message = f"{here.owner} has the unknown key '{shortened(other)}'. Did you mean '{key}'?"
    return Fault((*here.at, other), message, key=True)


_KEYS_OF_ANY_KIND = frozenset(
    field.alias or name for kind in KINDS.values() for name, field in kind.model_fields.items() if not field.exclude
)


_Say = Callable[[Mapping[str, Any], str], str]


def _bound(words: str, key: str) -> _Say:
    return lambda error, shown: f"is {shown}. It must be {words} {_plain(error['ctx'][key])}. Please change it"


def _plain(bound: Any) -> Any:
    """Return a bound as authors write it: 0 rather than 0.0."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


_MESSAGES: dict[str, _Say] = {
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "literal_error": lambda error, shown: f"is {shown}. It can be {_choices(error)}." + _near(error),
    "string_too_short": lambda error, shown: "is empty. Please write it, or remove the line",
    "string_type": lambda error, shown: (
        f"must be a text, but is {shown}. Please write a text, in quotes if it begins with a brace or a bracket"
    ),
    "too_short": lambda error, shown: (
        f"has {_count(error['ctx']['actual_length'])}. It needs at least {error['ctx']['min_length']}. Please add more"
    ),
    "too_long": lambda error, shown: f"has more than {_count(error['ctx']['max_length'])}. Please remove some",
    "value_error": lambda error, shown: f"({shown}) {error['ctx']['error']}",
}

_EXPECTED = {
    "int": "a whole number, such as 3",
    "float": "a number, such as 0.5",
    "decimal": "a number, such as 0.5",
    "finite": "a number, such as 0.5",
    "bool": "yes or no",
    "list": "a list: lines that begin with '- '",
    "dict": "keys and values: lines such as 'key: value'",
    "model": "keys and values: lines such as 'key: value'",
    "date": "a date, such as 2025-09-15",
}


def _value_message(error: Mapping[str, Any], name: str, shown: str) -> str:
    kind = error["type"]
    if kind in _MESSAGES:
        return f"{name} {_MESSAGES[kind](error, shown)}"
    expected = _EXPECTED.get(kind.split("_")[0])
    if expected:
        return f"{name} is {shown}. It must be {expected}. Please change it"
    return f"{name} is {shown}, which cannot be used here. Please see docs/questionnaires.md for what can"


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"'{shortened(node.text)}'"
    return "a list" if isinstance(node, ListNode) else "a group of keys"


def _choices(error: Mapping[str, Any]) -> str:
    return str(error["ctx"]["expected"])


def _near(error: Mapping[str, Any]) -> str:
    words = [word.strip("' ") for word in _choices(error).replace(" or ", ", ").split(",")]
    return did_you_mean(str(error["input"]), words) or " Please choose one"


def _count(number: int) -> str:
    return "nothing in it" if number == 0 else amount(number, "entry", "entries")
