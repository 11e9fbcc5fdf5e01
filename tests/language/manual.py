"""Write docs/questionnaires.md from the chapters in this folder and from the kinds' own examples.

`python -m tests.language` writes it; a test asserts that it is current.
"""

from __future__ import annotations

import ast
import inspect
import pathlib
import textwrap
from collections.abc import Iterable

from pydantic import BaseModel

from survey.definition.conditions import COMPARISONS, CONNECTIVES
from survey.definition.free_text import FreeText, TextReader
from survey.definition.parts import Assent, Grid, Line, Page, Statement
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules.names import RESERVED
from survey.definition.scale import Band, NormGroup, Norms, Scale, ScaleItem, Transform
from survey.definition.study import (
    Access,
    Arm,
    Comparison,
    Disclosure,
    Fact,
    Fieldwork,
    MissingCodes,
    Plan,
    Pretend,
    PretendMissing,
    ProgrammeDefinition,
    Retention,
    StudyDefinition,
    WaveDefinition,
)
from survey.kinds import KINDS
from survey.options import Option, Optioned
from survey.question import Question

HERE = pathlib.Path(__file__).parent
MANUAL = HERE.parents[1] / "docs" / "questionnaires.md"

OPENING = """Each example below is also a test, so it works. `survey preview PATH` shows the pages of a folder or of one \
questionnaire while you write: every page in every language, again after each save, with everything that is wrong and \
where. `survey check PATH` says the same in a terminal, and `survey schema questionnaire` (or `study`, or `translation`) writes a JSON Schema for completion in \
your editor."""

PARTS: dict[str, tuple[type[BaseModel], ...]] = {
    "In a questionnaire": (
        Questionnaire,
        Assent,
        Line,
        FreeText,
        TextReader,
        Page,
        Grid,
        Statement,
        Option,
        Scale,
        ScaleItem,
        Transform,
        Band,
        Norms,
        NormGroup,
    ),
    "In study.yaml": (
        StudyDefinition,
        Arm,
        ProgrammeDefinition,
        WaveDefinition,
        Fact,
        Fieldwork,
        Disclosure,
        Retention,
        Access,
        MissingCodes,
        Plan,
        Comparison,
        Pretend,
        PretendMissing,
    ),
}


def manual() -> str:
    """Return the whole manual as Markdown."""
    parts = [
        "# Questionnaires and studies",
        "<!-- Written by `python -m tests.language` from tests/language and survey/kinds. Please change those. -->",
        OPENING,
    ]
    for chapter in sorted(HERE.glob("test_[0-9]*.py")):
        parts += _chapter(ast.parse(chapter.read_text(encoding="utf-8")))
    parts += _kinds()
    parts += _keys()
    parts += _names()
    return "\n\n".join(parts) + "\n"


def _chapter(module: ast.Module) -> list[str]:
    title, _, text = (ast.get_docstring(module) or "").partition("\n")
    parts = [f"## {title}", _flowing(text)]
    for node in module.body:
        words = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and words:
            heading = node.name.removeprefix("test_").replace("_", " ").capitalize()
            parts += [f"### {heading}", _flowing(words), *_example(node), *_told(node)]
    return [part for part in parts if part]


def _flowing(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def _example(function: ast.FunctionDef) -> list[str]:
    for node in function.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "example":
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return [_yaml(value.value)]
    return []


def _told(function: ast.FunctionDef) -> list[str]:
    """Return what the test says the checker tells about the example."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == "told(example)":
            messages = ast.literal_eval(node.comparators[0])
            return ["The checker says:", "\n".join(["```text", *messages, "```"])] if messages else []
    return []


def _yaml(text: str) -> str:
    return f"```yaml\n{textwrap.dedent(text).strip()}\n```"


def _kinds() -> list[str]:
    parts = ["## Kinds of question", "Every kind has the keys of all questions:", _table(Question, skip=["id", "kind"])]
    parts += ["Kinds with options also have:", _table(Optioned, skip=Question.model_fields)]
    for name, kind in KINDS.items():
        base = Optioned if issubclass(kind, Optioned) else Question
        own = [key for key in kind.model_fields if key not in base.model_fields]
        parts += [f"### {name}", _flowing(inspect.getdoc(kind) or ""), _yaml(kind.example)]
        if own:
            parts += ["Keys of its own:", _table(kind, skip=base.model_fields)]
        columns = kind.model_validate(_plain(kind.example)).columns()
        if columns:
            names = ", ".join(f"`{column.name}`" for column in columns)
            parts.append(f"In a data file: {names}.")
    return parts


def _plain(example: str) -> object:
    from survey.definition.source import parse_source, plain

    root = parse_source(example.encode(), "example").root
    assert root is not None
    return plain(root)


def _keys() -> list[str]:
    parts = ["## All keys"]
    for title, models in PARTS.items():
        parts.append(f"### {title}")
        for model in models:
            first = (inspect.getdoc(model) or "").split("\n")[0]
            parts += [f"**{_title(model)}.** {first}", _table(model)]
    return parts


def _title(model: type[BaseModel]) -> str:
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in model.__name__).strip()
    return words.capitalize()


def _table(model: type[BaseModel], *, skip: Iterable[str] = ()) -> str:
    rows = ["| key | what it says | |", "| --- | --- | --- |"]
    left_out = {"kind"} if issubclass(model, Question) else set()
    for name, field in model.model_fields.items():
        if field.exclude or name in {*skip, *left_out}:
            continue
        needed = "needed" if field.is_required() else ""
        rows.append(f"| `{field.alias or name}` | {(field.description or '').replace('|', chr(92) + '|')} | {needed} |")
    return "\n".join(rows)


def _names() -> list[str]:
    by_keeper: dict[str, list[str]] = {}
    for word, keeper in RESERVED.items():
        by_keeper.setdefault(keeper, []).append(word)
    rows = ["| kept by | words |", "| --- | --- |"]
    rows += [
        f"| {keeper} | {', '.join(f'`{word}`' for word in sorted(words))} |" for keeper, words in by_keeper.items()
    ]
    return [
        "## Words that cannot be names",
        "Names of questions, scales and facts become columns. These words are taken:",
        "\n".join(rows),
        f"In conditions, {', '.join(f'`{word}`' for word in (*CONNECTIVES, *COMPARISONS))} have meanings of their own.",
    ]
