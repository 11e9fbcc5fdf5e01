"""A function takes at most six things: what travels together has a name of its own, such as SavedPage or Act."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MOST = 6

COMMANDS = {"command", "argument", "option"}
"""Decorators of Click: the parameters of a command are what is typed behind it, and no one in the program calls it."""

MORE: set[str] = set()
"""Functions that take more, as FILE NAME. The list may become shorter, never longer."""


def with_too_many(source: str) -> Iterator[str]:
    """Yield the functions of a module that take more than MOST, commands apart."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or any(map(_is_click, node.decorator_list)):
            continue
        taken = node.args
        named = [one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]
        several = [one for one in (taken.vararg, taken.kwarg) if one is not None]
        if len([name for name in named if name not in ("self", "cls")]) + len(several) > MOST:
            yield node.name


def _is_click(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in COMMANDS


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def six(a, b, c, *, d, e, f): pass", []),
        ("def seven(a, b, c, *, d, e, f, g): pass", ["seven"]),
        ("def open_ended(a, b, c, d, e, *rest, **others): pass", ["open_ended"]),
        ("class Thing:\n    def six(self, a, b, c, d, e, f): pass", []),
        ("class Thing:\n    def __init__(self, a, b, c, d, e, f, g): pass", ["__init__"]),
        ("@main.command()\ndef typed(a, b, c, d, e, f, g): pass", []),
        ("@click.option('--g')\ndef typed(a, b, c, d, e, f, g): pass", []),
        ("@cache\ndef kept(a, b, c, d, e, f, g): pass", ["kept"]),
    ],
)
def test_functions_that_take_too_much_are_seen(source: str, found: list[str]) -> None:
    assert list(with_too_many(source)) == found


def test_no_function_takes_more_than_six_things() -> None:
    files = (path for room in ("survey", "bench", "migrations") for path in (ROOT / room).rglob("*.py"))
    found = {f"{path.relative_to(ROOT)} {name}" for path in files for name in with_too_many(path.read_text("utf-8"))}
    assert found == MORE
