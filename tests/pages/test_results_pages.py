"""The pages of results: what is worked out is what they show, to those who may see tables, and nothing else."""

from __future__ import annotations

import struct
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from survey.admission import add_user
from survey.config import Settings
from survey.database import Engine
from survey.export.state import StudyState, state_of
from survey.export.study import StudyTables
from survey.pages.office import results as pages
from survey.pages.statics import FOLDER
from survey.results.found import found
from survey.results.working import FRESH, ResultsDesk, WorkedOut
from tests.findings.pretended import PLANNED, found_tables, study
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in

PAGE = "/office/studies/small-notes/results"
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables() -> StudyTables:
    return found_tables()


@pytest.fixture
def researcher(app: Flask, engine: Engine, study: None, settings: Settings) -> StrictClient:
    client = strict_client(app)
    sign_in(client, add_user(engine, "ann@example.org", ["researcher"]), "ann@example.org")
    choose(client, OWN)
    return client


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch, engine: Engine, tables: StudyTables) -> Callable[..., None]:
    """worked(tables) lets the pages show these results of the small study; worked(None) that there are none."""

    def put(found: StudyTables | None = tables, fault: str = "") -> None:
        def work(study: str, until: str | None, now: datetime) -> WorkedOut:
            return WorkedOut(found, now, state_of(engine, study), fault)

        desk = ResultsDesk(work, lambda code: state_of(engine, code))
        monkeypatch.setattr(pages, "desk", lambda engine: desk)
        monkeypatch.setattr(pages, "PATIENCE", 30.0)

    return put


def page_tables(root: ET.Element) -> list[list[tuple[str, ...]]]:
    """Every table of a page: its headings and rows."""
    return [
        [tuple("".join(cell.itertext()).strip() for cell in row) for row in table.iter("tr")]
        for table in root.iter("table")
    ]


def test_what_we_found_shows_every_answer_and_every_number_once(
    researcher: StrictClient, worked: Callable[..., None], tables: StudyTables
) -> None:
    worked()
    sections = found(tables, study(PLANNED), None)
    reply = researcher.get(PAGE)
    root = look_at(reply)
    assert heading(root) == "What we found"
    said = words(root).replace("\N{NO-BREAK SPACE}", " ")
    place = 0
    for part in sections:
        for sentence in (part.answer.question, *part.answer.short, part.answer.how_sure, *part.answer.told):
            assert " ".join(sentence.split()) in said
        here = said.index(part.answer.short[0], place)
        assert here > place, "answers come in the order of the evaluation"
        place = here
    # Shares of questionnaires have tables of items only where answers are in the database: here are none.
    figures = [figure for part in sections for figure in part.figures]
    assert page_tables(root) == [[figure.table.headings, *figure.table.rows] for figure in figures]
    pictures = [one for one in root.iter() if str(one.tag).endswith("svg") and "picture" in (one.get("class") or "")]
    assert len(pictures) == 2 * sum(figure.picture is not None for figure in figures)
    assert "style=" not in reply.text
    assert "<script" not in reply.text
    assert "/office/studies/small-notes/results?wave=w1" in reply.text


def test_scales_are_listed_and_each_is_shown_in_full(
    researcher: StrictClient, worked: Callable[..., None], tables: StudyTables
) -> None:
    worked()
    listed = look_at(researcher.get(f"{PAGE}/scales"))
    for outcome in tables.findings.outcomes:
        assert outcome.title in words(listed)
    root = look_at(researcher.get(f"{PAGE}/scales/sample.joy"))
    assert heading(root) == "Joy in music"
    assert [e.text for e in root.iter("h2")] == [
        "The arms side by side",
        "Change",
        "Each year in the programme",
        "Subgroups",
    ]
    assert researcher.get(f"{PAGE}/scales/sample.nothing").status_code == 404
    assert researcher.get(PAGE, query_string={"wave": "w9"}).status_code == 404


def test_a_picture_is_sent_as_a_file_with_its_title_its_source_and_its_looks(
    researcher: StrictClient, worked: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worked()
    reply = researcher.get(f"{PAGE}/pictures/found/question-1-differences-points.svg")
    assert reply.mimetype == "image/svg+xml"
    assert reply.headers["Content-Disposition"].endswith("small-notes-w2-question-1-differences-points.svg")
    said = ["".join(one.itertext()) for one in ET.fromstring(reply.data).iter("{http://www.w3.org/2000/svg}text")]
    assert said[0] == "Joy in music: programme schools beside comparison schools, Autumn 2025"
    assert any(one.startswith("Small notes. Autumn 2025.") for one in said)
    assert ".picture .grid" in reply.text
    assert researcher.get(f"{PAGE}/pictures/found/no-such.svg").status_code == 404
    if list((FOLDER / "fonts").glob("*.woff")):
        dots = researcher.get(f"{PAGE}/pictures/found/question-1-differences-points.png")
        assert dots.mimetype == "image/png"
        wide, high = struct.unpack(">II", dots.data[16:24])
        (_, _, width, height) = (float(n) for n in ET.fromstring(reply.data).attrib["viewBox"].split())
        assert (wide, high) == (2 * width, 2 * height)
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    none = researcher.get(f"{PAGE}/pictures/found/question-1-differences-points.png")
    assert none.status_code == 409
    assert "Please download the SVG" in words(look_at(none))


def test_results_that_are_not_ready_are_said_to_come_and_what_is_missing_is_said(
    researcher: StrictClient, monkeypatch: pytest.MonkeyPatch, engine: Engine, worked: Callable[..., None]
) -> None:
    worked(None)
    root = look_at(researcher.get(PAGE))
    assert "Nobody has finished a questionnaire of this study yet" in words(root)
    worked(None, fault="The text 12 is missing in the database. Please restore a backup.")
    assert "Please restore a backup." in words(look_at(researcher.get(PAGE)))
    ready = threading.Event()

    def work(study: str, until: str | None, now: datetime) -> WorkedOut:
        ready.wait(30)
        return WorkedOut(None, now, state_of(engine, study))

    slow = ResultsDesk(work, lambda code: state_of(engine, code))
    monkeypatch.setattr(pages, "desk", lambda engine: slow)
    monkeypatch.setattr(pages, "PATIENCE", 0.01)
    reply = researcher.get(f"{PAGE}/scales")
    assert reply.status_code == 202
    assert heading(look_at(reply)) == "The results are being worked out"
    assert 'http-equiv="refresh"' in reply.text
    ready.set()


def test_the_small_study_is_worked_out_from_its_database(researcher: StrictClient) -> None:
    """Its seventeen answers are too few for any figure, and the pages say so."""
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    reply = researcher.get(PAGE)
    while reply.status_code == 202 and datetime.now(UTC) < deadline:
        reply = researcher.get(PAGE)
    root = look_at(reply)
    assert "There is nothing to compare in this wave yet." in words(root)
    scale = look_at(researcher.get(f"{PAGE}/scales/pupil.enjoyment"))
    assert "hidden" in words(scale)
    root = look_at(researcher.get(f"{PAGE}/questions"))
    assert heading(root) == "Every question"
    assert "hidden" in words(root)


# ── keeping results ──
STATE = StudyState("sha", 5, 0, 10, 40)


def desk_of(made: list[str | None], states: list[StudyState]) -> ResultsDesk:
    def work(study: str, until: str | None, now: datetime) -> WorkedOut:
        made.append(until)
        return WorkedOut(None, now, states[-1])

    return ResultsDesk(work, lambda code: states[-1])


def test_results_are_worked_out_once_and_kept_for_each_wave() -> None:
    made: list[str | None] = []
    desk = desk_of(made, [STATE])
    first = desk.results("s", None, NOW, 30)
    assert desk.results("s", None, NOW + timedelta(days=9), 30) is first
    assert desk.results("s", "w1", NOW, 30) is not first
    assert made == [None, "w1"]


@pytest.mark.parametrize(
    "later",
    [
        StudyState("sha", 6, 0, 10, 40),  # something was done
        StudyState("sha", 5, 1, 10, 41),  # someone withdrew
        StudyState("sha", 5, 0, 9, 40),  # a response is gone
        StudyState("new", 5, 0, 10, 40),  # the study says something else
    ],
)
def test_results_from_which_someone_is_gone_are_never_shown_again(later: StudyState) -> None:
    made: list[str | None] = []
    states = [STATE]
    desk = desk_of(made, states)
    first = desk.results("s", None, NOW, 30)
    states.append(later)
    again = desk.results("s", None, NOW, 30)
    assert again is not first
    assert len(made) == 2


def test_new_answers_are_added_after_a_while_and_older_results_are_shown_meanwhile() -> None:
    made: list[str | None] = []
    states = [STATE]
    desk = desk_of(made, states)
    first = desk.results("s", None, NOW, 30)
    states.append(StudyState("sha", 5, 0, 12, 47))
    assert desk.results("s", None, NOW + FRESH / 2, 30) is first
    assert desk.results("s", None, NOW + FRESH, 30) is first
    deadline = datetime.now(UTC) + timedelta(seconds=30)
    while desk.results("s", None, NOW + FRESH, 30) is first and datetime.now(UTC) < deadline:
        pass
    assert made == [None, None]


def test_the_state_of_a_study_changes_with_its_answers_and_not_with_downloads(
    researcher: StrictClient, engine: Engine, study: None
) -> None:
    before = state_of(engine, "small-notes")
    assert researcher.get("/office/studies/small-notes/data.tables").status_code in (200, 404)
    researcher.get("/office/studies/small-notes/data.csv")
    assert state_of(engine, "small-notes") == before
    assert before.responses == 17
