"""A wrong file, or a wrong folder, and beside it exactly what its author hears."""

import pathlib

import pytest

from survey.definition.checking import check
from survey.kinds import KINDS
from survey.problems import Problem, quoted

HERE = pathlib.Path(__file__).parent
MISTAKES = sorted(HERE.glob("*.txt"))


def heard(target: pathlib.Path) -> list[str]:
    """Every message about a file or a folder, with file names as they are in the folder."""
    base = target if target.is_dir() else target.parent
    return [str(problem).removeprefix(f"{base}/") for problem in check(target)]


def told(expected: pathlib.Path) -> list[str]:
    """The lines of a message file; ALL-KINDS stands for the kinds there are, so that a new kind changes no mistake."""
    return expected.read_text(encoding="utf-8").replace("ALL-KINDS", quoted(KINDS)).splitlines()


@pytest.mark.parametrize("expected", MISTAKES, ids=lambda path: path.stem)
def test_the_author_hears_exactly_this(expected):
    folder = expected.with_suffix("")
    target = folder if folder.is_dir() else expected.with_suffix(".yaml")
    assert heard(target) == told(expected)


def test_every_mistake_is_told_and_every_message_belongs_to_a_mistake():
    wrong = {path.stem for path in HERE.glob("*.yaml")} | {path.name for path in HERE.iterdir() if path.is_dir()}
    assert wrong - {"__pycache__"} == {path.stem for path in MISTAKES}
    assert len(MISTAKES) >= 60
    assert all(path.read_text(encoding="utf-8").strip() for path in MISTAKES)


@pytest.mark.parametrize("expected", MISTAKES, ids=lambda path: path.stem)
def test_messages_are_the_authors_words(expected):
    """Nothing of the libraries' wording gets through, and each message says what to do."""
    for line in expected.read_text(encoding="utf-8").splitlines():
        for foreign in (
            "Input should",
            "validation",
            "pydantic",
            "Extra inputs",
            "NoneType",
            "expected <",
            "Traceback",
        ):
            assert foreign not in line
        fixes = ("Please ", "Did you mean", "Children cannot be asked this way", "Faces are feel-1 to")
        assert any(fix in line for fix in fixes) or "please " in line, line


def test_a_problem_is_written_as_editors_understand_it():
    assert str(Problem("a.yaml", 3, 9, "wrong")) == "a.yaml:3:9: wrong"
    assert str(Problem("a.yaml", 3, 9, "long", advice=True)) == "a.yaml:3:9: advice: long"
