"""The sheet Fieldwork: the study of every outcome, counted from the list of its people."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from survey.database import Engine, open_engine, upgrade
from survey.export.store import export
from survey.export.study import ExportChoice
from survey.progress import TITLES, Outcome
from survey.responses.reading import count
from tests.export.sample import FULL, Response, rows, source, workbook
from tests.progress.every_outcome import CODE, NOW, PUPILS, SCHOOLS, make

pytestmark = pytest.mark.one_engine


@dataclass(frozen=True)
class Study:
    engine: Engine
    id: int

    def sheet(self, waves: list[str] | None = None) -> list[dict[str, Any]]:
        return rows(self.book(waves), "Fieldwork")

    def book(self, waves: list[str] | None = None) -> openpyxl.Workbook:
        out = io.BytesIO()
        export(CODE, self.engine, "xlsx", out, NOW, ExportChoice(waves))
        return openpyxl.load_workbook(io.BytesIO(out.getvalue()))


@pytest.fixture
def study(database_url: str, tmp_path: Path) -> Iterator[Study]:
    engine = open_engine(database_url)
    upgrade(engine)
    yield Study(engine, make(engine, tmp_path / "study"))
    engine.dispose()


def outcomes(row: dict[str, Any]) -> dict[Outcome, int]:
    """Return the outcomes of a row, those that there are."""
    return {outcome: row[title.lower()] for outcome, title in TITLES.items() if row[title.lower()]}


def test_every_outcome_is_counted_where_it_happened(study: Study) -> None:
    found = [row for row in study.sheet() if row["wave"] == "w2" and row["questionnaire"] == "pupil"]
    (whole,) = [row for row in found if row["level"] == "wave"]
    assert outcomes(whole) == Counter(pupil.outcome for pupil in PUPILS)
    assert whole["asked"] == len(PUPILS)
    schools = {row["school"]: row for row in found if row["level"] == "school"}
    classes = {(row["school"], row["class"]): row for row in found if row["level"] == "class"}
    assert set(schools) == {"s1", "s2", "s3"}
    for code, row in schools.items():
        assert outcomes(row) == Counter(pupil.outcome for pupil in PUPILS if pupil.school == code)
        assert (row["school_title"], row["arm"], row["programme"]) == SCHOOLS[code]
    for (code, room), row in classes.items():
        there = [pupil.outcome for pupil in PUPILS if (pupil.school, pupil.school_class) == (code, room)]
        assert outcomes(row) == Counter(there)
        assert row["asked"] == len(there)
    assert set(classes) == {("s1", "4a"), ("s1", "4b"), ("s2", "4x"), ("s3", "4y")}


def test_rates_are_of_those_who_could_be_asked(study: Study) -> None:
    whole = next(row for row in study.sheet() if (row["level"], row["wave"]) == ("wave", "w2"))
    gone = sum(pupil.outcome in (Outcome.LEFT, Outcome.MOVED) for pupil in PUPILS)
    finished = sum(pupil.outcome is Outcome.FINISHED for pupil in PUPILS)
    assert whole["could be asked"] == len(PUPILS) - gone
    assert whole["response rate"] == finished / (len(PUPILS) - gone)
    started = (Outcome.FINISHED, Outcome.STOPPED, Outcome.UNDER_WAY)
    assert whole["started"] == sum(pupil.outcome in started for pupil in PUPILS)


def test_rates_are_shown_in_per_cent(study: Study) -> None:
    page = study.book()["Fieldwork"]
    place = next(cell.column for cell in page[1] if cell.value == "response rate")
    assert page.cell(2, place).number_format == "0.0%"


def test_no_response_is_lost_between_the_lists_and_the_links(study: Study) -> None:
    """Finished ones are as many as the database has: of those asked, by links, and of people no longer on the list."""
    book = study.book()
    finished = Counter[tuple[str, str]]()
    for row in rows(book, "Fieldwork"):
        if row["level"] in ("wave", "link", "not on the list"):
            finished[row["questionnaire"], row["wave"]] += row["finished"]
    counted = {(row["questionnaire"], row["wave"]): row["finished"] for row in rows(book, "Counts")}
    assert {key: number for key, number in finished.items() if number} == {k: n for k, n in counted.items() if n}
    assert sum(row["responses"] for row in rows(book, "Counts")) == sum(
        count(study.engine, study.id, name) for name in ("pupil", "parent")
    )
    assert {row["level"] for row in rows(book, "Fieldwork")} == {"wave", "school", "class", "link", "not on the list"}


def test_by_a_link_no_one_knows_how_many_were_asked(study: Study) -> None:
    links = [row for row in study.sheet() if row["level"] in ("link", "not on the list")]
    assert {row["questionnaire"] for row in links} == {"pupil", "parent"}
    assert all(row["asked"] is row["could be asked"] is row["response rate"] is None for row in links)


def test_only_the_chosen_waves_are_told(study: Study) -> None:
    assert {row["wave"] for row in study.sheet()} >= {"w1", "w2"}
    assert {row["wave"] for row in study.sheet(["w1"])} == {"w1"}


def test_a_picture_shows_the_waves_and_only_outcomes_there_are(study: Study) -> None:
    (chart,) = study.book()["Fieldwork"]._charts
    assert chart.grouping == "percentStacked"
    names = [series.tx.v for series in chart.series]
    happened = {pupil.outcome for pupil in PUPILS} | {Outcome.NO_PART}
    assert names == [title.lower() for outcome, title in TITLES.items() if outcome in happened]
    (chart,) = study.book(["w1"])["Fieldwork"]._charts
    assert [series.tx.v for series in chart.series] == [TITLES[Outcome.NO_PART].lower()]


def test_no_code_of_a_participant_and_no_title_of_a_class_stands_there(study: Study) -> None:
    said = " ".join(str(cell) for row in study.sheet() for cell in row.values())
    assert not any(pupil.code in said for pupil in PUPILS)
    assert "Class 4" not in said


def test_where_no_one_was_asked_the_sheet_has_a_header_only() -> None:
    assert rows(workbook(source(Response("r1", FULL))), "Fieldwork") == []
