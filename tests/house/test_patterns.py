"""No pattern takes for ever: one that repeats what may itself repeat tries every way of cutting a text up.

Such a pattern in an address of forty letters kept a server busy until it was killed.
"""

from __future__ import annotations

import ast
import importlib
import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)


def parts(element: tuple[Any, Any]) -> list[Any]:
    """Return the patterns inside an element of a parsed pattern."""
    kind, value = element
    if kind in REPEATS:
        return [value[2]]
    if kind is sre.SUBPATTERN:
        return [value[3]]
    if kind is sre.BRANCH:
        return list(value[1])
    if kind in (sre.ASSERT, sre.ASSERT_NOT):
        return [value[1]]
    return []


def may_be_one_repeat(pattern: Any) -> bool:
    """Return whether a pattern can be matched by an endless repeat in it, with nothing else of it taken."""
    elements = list(pattern)
    for at, element in enumerate(elements):
        others = parser.SubPattern(pattern.state, elements[:at] + elements[at + 1 :])
        if others.getwidth()[0]:
            continue
        if element[0] in REPEATS and element[1][1] is sre.MAXREPEAT:
            return True
        if element[0] is not sre.ASSERT_NOT and any(may_be_one_repeat(part) for part in parts(element)):
            return True
    return False


def endless(pattern: Any) -> bool:
    """Return whether a pattern endlessly repeats what may be one endless repeat."""
    return any(
        (element[0] in REPEATS and element[1][1] is sre.MAXREPEAT and may_be_one_repeat(element[1][2]))
        or any(endless(part) for part in parts(element))
        for element in pattern
    )


def written() -> Iterator[tuple[str, str]]:
    """Yield where a pattern is written and the pattern: those in calls of `re`, and those that a module keeps compiled."""
    for path in sorted((ROOT / "survey").rglob("*.py")):
        here = path.relative_to(ROOT)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and is_of_re(node.func)]
        for call in calls:
            if isinstance(call.args[0], ast.Constant):
                yield f"{here}:{call.lineno}", call.args[0].value
        if any(not isinstance(call.args[0], ast.Constant) for call in calls):
            module = importlib.import_module(".".join(here.with_suffix("").parts).removesuffix(".__init__"))
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    yield f"{here}: {name}", value.pattern


def is_of_re(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re"


def test_no_pattern_tries_every_way_of_cutting_a_text_up() -> None:
    found = dict(written())
    assert len(found) > 100
    assert {where: text for where, text in found.items() if endless(parser.parse(text))} == {}


@pytest.mark.parametrize("text", [r"/(?:[\w.~-]+/?)*x", r"(?:a|b+)*", r"(a*)*", r"(?:\s*,?)+$", r"(?:(?:ab)+)+"])
def test_patterns_that_do_are_found(text: str) -> None:
    assert endless(parser.parse(text))


@pytest.mark.parametrize("text", [r"/(?:\w+(?:/\w+)*/?)?", r"(?:,a+)*", r"(?:a+){3}", r"(?:ab|cd)*", r"a*b*"])
def test_patterns_that_do_not_are_left_alone(text: str) -> None:
    assert not endless(parser.parse(text))
