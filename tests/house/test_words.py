"""Pages, messages, commands and documents use the words of docs/glossary.md, and none of those people stumble over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

INSTEAD = {
    r"some ?body|who(m|so)?ever|thereof|thereby|wherein": "a person, people, the participant",
    r"(take|takes|taken|taking|took) (it |them )?in\b": "import",
    r"(throw|throws|thrown|throwing|threw) (it |them )?away": "delete",
    r"what became of": "response rates; answered, not started, in progress",
    r"stands? under": "is listed under",
    r"an own\b": "your own, their own",
    r"is none of|are none of": "is not one of",
    r"from elsewhere": "from another system",
    r"key(ed|ing)? (a|the|this) (paper|form)|papers? keyed": "enter a form",
    r"settled?\b": "resolve, resolved",
    r"ledger": "the record of decisions",
    r"whom to (ask|talk)": "who to ask, who to talk to",
    r"pretended": "made-up",
    r"key (m|0|1|what)\b|keying": "type, enter",
    r"(took|take) [\w ]+ away": "download; remove (a role)",
    r"sp(eaks|oke) of": "names, mentions",
    r"list of this wave|this wave.s list": "roster",
    r"(is|are) not there": "does not exist; there is no …",
    r"may be given (again|several)": "can be repeated",
    r"turn them round": "swap them",
    r"vouch": "confirm",
    r"afresh|anew\b": "again",
    r"behind (its|the) (colon|dot|bar)": "after",
    r"demonstration": "demo",
}
"""Words not to use, as a regular expression, and what to say instead."""

_NOT_FOR_PEOPLE = re.compile(r"^[\w./{}%:=<>-]*$|^\s*(SELECT|CREATE|INSERT|UPDATE|DELETE) ")


def said_in_python(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts that a module shows to people: its strings, and the help of its commands; no other docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        shown = any(
            ast.unparse(one).split("(")[0].endswith((".command", ".group"))
            for one in getattr(node, "decorator_list", ())
        )
        for line in body:
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and not (shown and line is body[0]):
                silent.add(id(line.value))
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or id(node) in silent:
            continue
        if not _NOT_FOR_PEOPLE.match(node.value):
            yield node.lineno, node.value


def said_in_a_template(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what a template says, line by line, without its instructions and the names in its tags."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{[^}]*\}\}|<[^>]*>",
        lambda m: "\n" * m[0].count("\n"),
        path.read_text(encoding="utf-8"),
        flags=re.S,
    )
    yield from enumerate(text.splitlines(), 1)


def said_in_a_document(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a document that are not code."""
    text = re.sub(
        r"^```.*?^```$|`[^`\n]*`",
        lambda m: "\n" * m[0].count("\n"),
        path.read_text(encoding="utf-8"),
        flags=re.M | re.S,
    )
    yield from enumerate(text.splitlines(), 1)


def said_in_translations(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the English sentences of a translation."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith(("msgstr", "#")):
            yield number, line


PLACES = [
    (said_in_python, sorted((ROOT / "survey").rglob("*.py"))),
    (said_in_a_template, sorted((ROOT / "survey").rglob("*.html"))),
    (said_in_a_document, [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]),
    (said_in_translations, [ROOT / "survey" / "translations" / "cy.po"]),
]
# The glossary tells what the code calls things that pages call otherwise.
ALLOWED = {"docs/glossary.md": ("ledger", "keying"), "survey/definition/advice/wording.py": ("nobody",)}


@pytest.fixture(scope="module")
def said() -> list[tuple[str, int, str]]:
    """Return everything said to people: file, line and text."""
    return [
        (str(path.relative_to(ROOT)), line, text)
        for said_in, paths in PLACES
        for path in paths
        for line, text in said_in(path)
    ]


@pytest.mark.parametrize("wrong", INSTEAD)
def test_nobody_stumbles_over(wrong: str, said: list[tuple[str, int, str]]) -> None:
    pattern = re.compile(rf"\b(?:{wrong})", re.I)
    found = [
        f"{path}:{line}: “{match[0]}”; say {INSTEAD[wrong]}"
        for path, line, text in said
        if (match := pattern.search(text)) and match[0].lower() not in ALLOWED.get(path, ())
    ]
    assert found == []
