"""What is public has a caller in the program: what only tests call is kept, read and mended for nothing."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "survey"

PLAIN = {
    "property",
    "cached_property",
    "classmethod",
    "staticmethod",
    "dataclass",
    "contextmanager",
    "cache",
    "lru_cache",
}
"""Decorators that register nothing. A function with any other one has a caller: Flask, Click, pydantic."""

CALLED_BY_LIBRARIES = {
    "find_role": "Flask-Security",
    "process_bind_param": "SQLAlchemy",
    "process_formdata": "WTForms",
    "process_result_value": "SQLAlchemy",
    "wrap_formdata": "WTForms",
}

Definition = ast.FunctionDef | ast.ClassDef


class _Names(ast.NodeVisitor):
    """The public definitions of one module, and how often each name is used in it outside its own definition."""

    def __init__(self) -> None:
        self.defined: list[str] = []
        self.used: Counter[str] = Counter()
        self._inside: list[str] = []

    def _definition(self, node: Definition) -> None:
        local = any(name.islower() for name in self._inside)
        if not node.name.startswith("_") and not local and not any(map(_registers, node.decorator_list)):
            self.defined.append(node.name)
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    visit_FunctionDef = visit_ClassDef = _definition

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        # To import is not to call; but under another name a call is no longer seen.
        self.used.update(alias.name for alias in node.names if alias.asname not in (None, alias.name))

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id not in self._inside:
            self.used[node.id] += 1

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.used[node.attr] += 1
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value.isidentifier():
            self.used[node.value] += 1


def _registers(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name not in PLAIN


def without_caller(sources: dict[str, str], templates: str = "") -> Iterator[str]:
    """Yield the public functions, methods and classes of these modules that nothing in them or the templates names."""
    defined: list[tuple[str, str]] = []
    used = Counter(re.findall(r"\w+", templates))
    for place, source in sources.items():
        names = _Names()
        names.visit(ast.parse(source))
        defined += [(place, name) for name in names.defined]
        used += names.used
    yield from (f"{place}: {name}" for place, name in defined if not used[name])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def lone(): pass", ["a: lone"]),
        ("def used(): pass\nused()", []),
        ("def lone(): return lone()", ["a: lone"]),
        ("def lone(): pass\n__all__ = ['lone']", ["a: lone"]),
        ("class Thing:\n    @property\n    def colour(self): pass\nThing", ["a: colour"]),
        ("@app.get('/')\ndef page(): pass", []),
        ("def told(): pass", []),
        ("def _own(): pass", []),
    ],
)
def test_what_has_no_caller_is_seen(source: str, found: list[str]) -> None:
    assert list(without_caller({"a": source}, "{{ told() }}")) == found


def test_everything_public_has_a_caller() -> None:
    sources = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    templates = "\n".join(
        path.read_text(encoding="utf-8") for ending in ("html", "txt", "xml") for path in PACKAGE.rglob(f"*.{ending}")
    )
    found = [
        place
        for place in without_caller(sources, templates)
        # The class of a kind is found by its module. WTForms calls what is named after a field.
        if not place.startswith("kinds/") and not place.rpartition(" ")[2].startswith("validate_")
    ]
    assert {place.rpartition(" ")[2] for place in found} <= set(CALLED_BY_LIBRARIES), found
