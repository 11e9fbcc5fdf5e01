"""What import-linter cannot see: the drawing people read is the one enforced, and kinds stay private."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "survey"
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "tools"}


def test_the_drawing_in_contributing_is_the_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawing = re.search(r"import each other:\n\n((?:    .+\n)+)", text)
    assert drawing
    assert [line.strip() for line in drawing[1].splitlines()] == layers


def test_every_contract_is_a_sentence() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in config["tool"]["importlinter"]["contracts"]:
        assert len(contract["name"].split()) >= 5, contract["name"]
        assert contract["name"][0].isupper()


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in PACKAGE.rglob("*.py") if path.stem in VAGUE or path.parent.name in VAGUE] == []


def asked_kinds(source: str) -> Iterator[int]:
    """Yield the lines that compare a question's `kind`, or match on it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            asked = [node.subject]
        else:
            continue
        if any(_is_kind_of_question(part) for part in asked):
            yield node.lineno


def _is_kind_of_question(node: ast.expr) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr != "kind":
        return False
    owner = node.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in {"question", "q", "item"}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("if question.kind == 'faces': pass", [1]),
        ("x = 1\nmatch part.question.kind:\n    case 'faces': pass", [2]),
        ("found = [q for q in all if q.kind in ('rating', 'faces')]", [1]),
        ("if fact.kind == 'number': pass", []),
        ("template = f'{question.kind}.html'", []),
    ],
)
def test_asking_for_the_kind_is_seen(source: str, lines: list[int]) -> None:
    assert list(asked_kinds(source)) == lines


@pytest.mark.slow
def test_nothing_outside_kinds_asks_which_kind_a_question_is() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if "kinds" not in path.relative_to(PACKAGE).parts
        for line in asked_kinds(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_name_of_a_class_has_one_meaning_in_the_whole_house() -> None:
    where: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {name: places for name, places in where.items() if len(places) > 1} == {}
