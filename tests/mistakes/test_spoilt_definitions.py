"""A study with one mistake at random: its author hears where it is, and not more than a person can import.

    CHORUS_SPOILT=2000 CHORUS_SEED=3 .venv/bin/pytest -q -s tests/mistakes/test_spoilt_definitions.py

spoils as many and prints which ways there were; the suite makes some, the same ones each time.
"""

import collections
import os
import pathlib
import shutil

import pytest

from survey.definition import reading
from survey.definition.checking import check
from survey.problems import Problem, errors
from tests.mistakes.spoiling import Spoiler, Spoilt

pytestmark = pytest.mark.slow

TESTS = pathlib.Path(__file__).parents[1]
STUDIES = {"shipped": TESTS.parent / "questionnaires", "rules": TESTS / "scales" / "rules"}
"""The shipped study, and one whose scales have every rule there is."""
SPOILT = int(os.environ.get("CHORUS_SPOILT", "160"))
SEED = int(os.environ.get("CHORUS_SEED", "7"))
MOST_MESSAGES = 8
"""So many for one mistake, in all files together."""


@pytest.fixture(params=STUDIES)
def study(request):
    """The folder of a study."""
    return STUDIES[request.param]


@pytest.fixture
def folder(study, tmp_path, monkeypatch):
    """A copy of the study. Questionnaires whose files have not changed are not read again."""
    known = {}
    read = reading.read_questionnaire

    def read_once(path):
        texts = tuple((file, file.read_bytes()) for file in [path, *reading.translation_files(path)])
        if texts not in known:
            known.clear() if len(known) > 50 else None
            known[texts] = read(path)
        return known[texts]

    folder = tmp_path / "study"
    shutil.copytree(study, folder)
    monkeypatch.setattr(reading, "read_questionnaire", read_once)
    return folder


def fault_of(spoilt: Spoilt, problems: list[Problem], usual: set[Problem]) -> str | None:
    """What is wrong with the messages about a spoilt study, None for nothing."""
    told = [problem for problem in problems if problem not in usual]
    near = [
        problem
        for problem in errors(told)
        if problem.file == spoilt.file and any(abs(problem.line - line) <= 1 for line in spoilt.lines)
    ]
    if not near:
        return "no error near the mistake"
    return f"{len(told)} messages" if len(told) > MOST_MESSAGES else None


def test_one_mistake_is_told_where_it_is_and_in_few_messages(study, folder):
    usual = set(check(folder))
    spoiler = Spoiler(study, SEED)
    faults: list[str] = []
    kinds = collections.Counter()
    for _ in range(SPOILT):
        spoilt = spoiler.spoil()
        original = (folder / spoilt.file).read_bytes()
        (folder / spoilt.file).write_text(spoilt.text, encoding="utf-8")
        try:
            problems = check(folder)
            wrong = fault_of(spoilt, problems, usual)
        except Exception as error:
            problems, wrong = [], f"{type(error).__name__}: {error}"
        (folder / spoilt.file).write_bytes(original)
        kinds[spoilt.way] += 1
        if wrong:
            told = [f"  {problem}".replace(f"{folder}/", "")[:200] for problem in problems if problem not in usual][:12]
            faults.append(
                "\n".join([f"{wrong}: {spoilt.way}: {spoilt.file} {sorted(spoilt.lines)[:4]} {spoilt.what}", *told])
            )
    print("\n", len(faults), "of", SPOILT, dict(kinds))
    assert not faults, "\n\n".join(faults[:40])
    assert len(kinds) > 20
