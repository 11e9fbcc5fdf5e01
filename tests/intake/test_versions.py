"""Rows of one version are held against that version: what only another one has may be missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.database import Engine
from tests.intake.cases import QUESTIONS, ROW, exported, imported, publish_as_before, questionnaire, started

pytestmark = pytest.mark.slow

FEWER = QUESTIONS["coffee"].replace("{code: 2, label: Espresso}", "{code: 4, label: Filter}")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Both versions are published, as an older Chorus allowed: option 2 is gone, and 4 is new."""
    made = started(f"sqlite:///{tmp_path}/case.sqlite", tmp_path / "study")
    publish_as_before(made, tmp_path / "study", questionnaire(2, coffee=FEWER))
    yield made
    made.dispose()


LATER = {name: value for name, value in ROW.items() if name != "coffee_2"} | {"version": 2, "coffee_4": 1}


def test_rows_of_a_later_version_need_no_column_of_an_earlier_one(engine: Engine) -> None:
    taken = imported(engine, LATER, LATER | {"response": "k2"})
    assert (taken.problems, taken.added) == ((), 2)
    assert {(row["version"], row["coffee_4"], row["coffee_2"]) for row in exported(engine)} == {("2", "1", "-4")}


def test_rows_of_an_earlier_version_need_no_column_of_a_later_one(engine: Engine) -> None:
    assert imported(engine, ROW | {"version": 1}).added == 1


def test_a_column_that_the_rows_do_need_is_told_with_their_version(engine: Engine) -> None:
    lacking = {name: value for name, value in LATER.items() if name != "coffee_4"}
    (problem,) = imported(engine, lacking).problems
    assert problem.message == "The column 'coffee_4' is missing: the answer to 'coffee' needs all of them."
    (problem,) = imported(engine, lacking, ROW | {"version": 1}).problems
    assert problem.message == "The column 'coffee_4' is missing: the answer to 'coffee' in version 2 needs all of them."


def test_a_file_of_both_versions_comes_back_as_it_went_out(engine: Engine, tmp_path: Path) -> None:
    imported(engine, LATER)
    imported(engine, ROW | {"version": 1, "response": "k2"})
    other = started(f"sqlite:///{tmp_path}/other.sqlite", tmp_path / "other")
    publish_as_before(other, tmp_path / "other", questionnaire(2, coffee=FEWER))
    rows = exported(engine)
    assert imported(other, *rows).added == 2
    alike = [{name: value for name, value in row.items() if name != "response"} for row in rows]
    again = [{name: value for name, value in row.items() if name != "response"} for row in exported(other)]
    assert sorted(again, key=str) == sorted(alike, key=str)
    other.dispose()


def test_rows_that_do_not_say_their_version_are_not_read_as_the_newest_where_it_means_something_else(
    engine: Engine,
) -> None:
    """Cello was 2 in version 1; read as version 2, which came later, it would be someone's viola."""
    (problem,) = imported(engine, ROW, ROW | {"response": "k2"}).problems
    assert problem.message == (
        "Versions 1 and 2 of 'drinks' give different meanings to 'coffee'. "
        "Please add a column 'version' that says which version each row is from."
    )
    first, second = ROW | {"version": 1}, ROW | {"response": "k2", "version": ""}
    (problem,) = imported(engine, first, second, second | {"response": "k3"}).problems
    assert (problem.row, problem.header) == (3, "version")
    assert problem.message == (
        "Versions 1 and 2 of 'drinks' give different meanings to 'coffee'. "
        "Please write here which of them this row is from. (Such cells in this column: 2, the last in row 4.)"
    )
    assert imported(engine, first, second | {"version": 1}).added == 2


def test_where_versions_mean_the_same_the_newest_is_taken(engine: Engine) -> None:
    assert imported(engine, {"response": "k1", "instrument": 2, "coffee": ""}).problems
    assert imported(engine, {"response": "k1", "instrument": 2}).added == 1


def test_a_version_further_back_can_differ_as_well(engine: Engine, tmp_path: Path) -> None:
    publish_as_before(engine, tmp_path / "study", questionnaire(3, coffee=FEWER))
    (problem,) = imported(engine, ROW).problems
    assert problem.message.startswith("Versions 1, 2 and 3 of 'drinks' give different meanings to 'coffee'.")
