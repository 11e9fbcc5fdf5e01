"""What a model found wrong, in the author's words: place, fault, rule, fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from survey.definition.model import Fault, Path
from survey.definition.questionnaire import GRID_KINDS, Grid
from survey.definition.source import ListNode, MapNode, Node, Scalar, node_at
from survey.kinds import KINDS
from survey.problems import did_you_mean, quoted, shortened

_NAMES = {
    "questions": ("question", "grid"),
    "statements": ("question",),
    "pages": ("page",),
    "scales": ("scale",),
    "arms": ("arm",),
    "programmes": ("programme",),
    "waves": ("wave",),
    "facts": ("fact",),
}
"""Lists whose items have a name: the key of the list -> the key of the name."""

NAMED_LISTS = frozenset((*_NAMES, "fieldwork"))
"""Lists from which one item can be taken out without making the rest wrong."""

_PARTS = {
    "lines": "line",
    "items": "item",
    "options": "option",
    "fieldwork": "fieldwork",
    "bands": "band",
}
"""Lists whose items are counted: the key of the list -> what one item is called."""

_SECTIONS = frozenset(
    (
        "assent",
        "consent",
        "reader",
        "transform",
        "plan",
        "comparison",
        "pretend",
        "missing",
        "retention",
        "access",
        "disclosure",
    )
)
"""Groups of keys that have no name but their own key."""


def subject(root: Node, at: Path) -> str:
    """Return what stands at a path, as an author would call it: option 2 of question 'sing_shy'."""
    words: list[str] = []
    above = ""
    for n, step in enumerate(at):
        if isinstance(step, int):
            named = _named(node_at(root, at[: n + 1]), step, above)
            # A named thing needs no whereabouts; a counted one is counted within something.
            words = [named] if named else [*words, *_counted(step, above)]
            continue
        words += _section(step, n, at)
        above = step if above != "bands" else above
    return " of ".join(reversed(words[-2:]))


def _named(node: Node, step: int, above: str) -> str:
    for name in _NAMES.get(above, ()):
        value = node.values.get(name) if isinstance(node, MapNode) else None
        if isinstance(value, Scalar) and value.text:
            return f"{name} '{shortened(value.text)}'"
    return f"{_NAMES[above][0]} {step + 1}" if above in _NAMES else ""


def _counted(step: int, above: str) -> list[str]:
    return [f"{_PARTS[above]} {step + 1}"] if above in _PARTS else []


def _section(step: str, n: int, at: Path) -> list[str]:
    if n == 1 and at[0] == "options":
        return [f"option list '{shortened(step)}'"]
    return [f"'{step}'"] if step in _SECTIONS else []


def noun(root: Node, at: Path) -> str:
    """Return what kind of thing stands at a path: question, scale, option."""
    words = subject(root, at)
    return words.split(" ")[0].strip("'") if words else _whole(root)


def _whole(root: Node) -> str:
    if isinstance(root, MapNode) and "study" in root.keys and "pages" not in root.keys:
        return "study"
    return "questionnaire"


def faults_of(errors: Sequence[Mapping[str, Any]], root: Node, model: type[BaseModel]) -> list[Fault]:
    """Turn pydantic's errors about the plain data of `root` into faults."""
    faults = []
    suggested = {step for error in errors for step in _suggestion(error, root, model)}
    for error in errors:
        at = resolve(root, error["loc"])
        if error["type"] == "missing" and (at, str(error["loc"][-1])) in suggested:
            continue
        faults += _faults(error, at, root, model)
    return faults


def _suggestion(error: Mapping[str, Any], root: Node, model: type[BaseModel]) -> set[tuple[Path, str]]:
    """Return the missing key that an unknown key was probably meant to be."""
    if error["type"] != "extra_forbidden":
        return set()
    at = resolve(root, error["loc"])[:-1]
    hint = did_you_mean(str(error["loc"][-1]), keys_at(model, root, at))
    return {(at, hint.split("'")[1])} if hint else set()


def resolve(root: Node, loc: Sequence[str | int]) -> Path:
    """Return the part of pydantic's location that exists in the file: it also names kinds of union."""
    node = root
    at: list[str | int] = []
    for step in loc:
        if isinstance(node, MapNode) and str(step) in node.values:
            node = node.values[str(step)]
            at.append(str(step))
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            at.append(step)
    return tuple(at)


def _faults(error: Mapping[str, Any], at: Path, root: Node, model: type[BaseModel]) -> list[Fault]:
    kind = error["type"]
    if kind == "missing":
        return [_missing(str(error["loc"][-1]), at, root)]
    if kind == "extra_forbidden":
        return [_unknown_key(str(error["loc"][-1]), at, root, model)]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _which_kind(at, root)
    node = node_at(root, at)
    name = _key_name(at, root)
    return [Fault(at, _value_message(kind, error, name, node))]


def _key_name(at: Path, root: Node) -> str:
    keys = [step for step in at if isinstance(step, str)]
    if not keys:
        return f"this {_whole(root)}"
    whose = subject(root, at[:-1] if isinstance(at[-1], str) else at)
    last = keys[-1]
    if isinstance(at[-1], int):
        return whose or f"item {at[-1] + 1} of '{last}'"
    return f"'{last}' of {whose}" if whose else f"'{last}'"


def _missing(key: str, at: Path, root: Node) -> Fault:
    whose = subject(root, at) or f"this {_whole(root)}"
    thing = noun(root, at)
    what = "wording" if key == "ask" else f"'{key}'"
    fix = "Please add:"
    if key == "kind":
        names = GRID_KINDS if _is_grid(root, at) else tuple(KINDS)
        fix = f"Kinds are {quoted(names)}. Please add:"
    return Fault(at, f"{whose} has no {what}. Every {thing} needs '{key}'. {fix} {key}: …")


def _is_grid(root: Node, at: Path) -> bool:
    node = node_at(root, at)
    return isinstance(node, MapNode) and "grid" in node.keys


def _unknown_key(key: str, at: Path, root: Node, model: type[BaseModel]) -> Fault:
    whole = at[:-1]
    known = [k for k in keys_at(model, root, whole) if k not in _present(root, whole)]
    whose = subject(root, whole) or f"this {_whole(root)}"
    hint = did_you_mean(key, known) or f" {noun(root, whole).capitalize()} can still have {quoted(known)}."
    return Fault(at, f"{whose} has the unknown key '{shortened(key)}'.{hint}", key=True)


def _present(root: Node, at: Path) -> set[str]:
    node = node_at(root, at)
    return set(node.keys) if isinstance(node, MapNode) else set()


def _which_kind(at: Path, root: Node) -> list[Fault]:
    node = node_at(root, at)
    if not isinstance(node, MapNode):
        message = (
            "a question or a grid is expected here. Please write its keys below each other, "
            "beginning with: - question: …"
        )
        return [Fault(at, message)]
    # Without a kind nothing else of the question was looked at; what every kind needs is told at once.
    faults = [_missing(key, at, root) for key in ("question", "ask") if key not in node.keys]
    if "kind" not in node.keys:
        return [*faults, _missing("kind", at, root)]
    kind = node.values["kind"]
    word = kind.text if isinstance(kind, Scalar) else ""
    hint = did_you_mean(word, KINDS) or f" Kinds are {quoted(KINDS)}."
    return [*faults, Fault((*at, "kind"), f"{subject(root, at)} is of the unknown kind '{shortened(word)}'.{hint}")]


_Say = Callable[[Mapping[str, Any], str], str]


def _bound(words: str, key: str) -> _Say:
    return lambda error, shown: f"is {shown}. It must be {words} {error['ctx'][key]}. Please change it"


_MESSAGES: dict[str, _Say] = {
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "literal_error": lambda error, shown: f"is {shown}. It can be {_choices(error)}." + _near(error),
    "string_too_short": lambda error, shown: "is empty. Please write it, or remove the line",
    "string_type": lambda error, shown: (
        f"takes a text, but {shown} stands here. Please write a text; one that begins with a brace "
        "or a bracket "
        "goes in quotes"
    ),
    "too_short": lambda error, shown: (
        f"has {_count(error['ctx']['actual_length'])}. It needs at least {error['ctx']['min_length']}. Please add more"
    ),
    "too_long": lambda error, shown: f"has more than {_count(error['ctx']['max_length'])}. Please take some out",
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


def _value_message(kind: str, error: Mapping[str, Any], name: str, node: Node) -> str:
    shown = _shown(node)
    if kind in _MESSAGES:
        return f"{name} {_MESSAGES[kind](error, shown)}"
    expected = _EXPECTED.get(kind.split("_")[0])
    if expected:
        return f"{name} is {shown}. It takes {expected}. Please write it like that"
    return f"{name} is {shown}, which cannot be used here. Please see docs/questionnaires.md for what it takes"


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
    return "nothing in it" if number == 0 else f"{number} {'entry' if number == 1 else 'entries'}"


def keys_at(model: type[BaseModel], root: Node, at: Path) -> list[str]:
    """Return the keys that the mapping at a path can have."""
    annotation: Any = model
    node = root
    for step in at:
        annotation = _below(_narrow(annotation, node), step)
        node = node_at(node, (step,))
    found = _narrow(annotation, node)
    if not (isinstance(found, type) and issubclass(found, BaseModel)):
        return []
    # Fields that are filled in by the definition are no keys: those are excluded from dumps.
    return [field.alias or name for name, field in found.model_fields.items() if not field.exclude]


def _below(annotation: Any, step: str | int) -> Any:
    """Return the type of what lies one step below."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if (field.alias or name) == step:
                return field.annotation
        return None
    parts = get_args(annotation)
    return parts[-1] if parts else None


def _narrow(annotation: Any, node: Node) -> Any:
    """Of several possible types, return the one that fits what the author wrote."""
    members = [member for member in _members(annotation) if _fits(member, node)]
    if len(members) < 2:
        return members[0] if members else None
    kind = node.values.get("kind") if isinstance(node, MapNode) else None
    if isinstance(node, MapNode) and "grid" in node.keys:
        return Grid
    return KINDS.get(kind.text) if isinstance(kind, Scalar) else None


def _members(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for part in get_args(annotation) for member in _members(part)]
    return [annotation]


def _fits(annotation: Any, node: Node) -> bool:
    if isinstance(node, ListNode):
        return get_origin(annotation) is list
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return is_model or get_origin(annotation) is dict
