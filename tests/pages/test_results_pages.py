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
from survey.export.sink import CannotExport
from survey.export.store import ALL_OF_IT, Chosen
from survey.export.study import StudyTables
from survey.jobs.state import state_of
from survey.jobs.sweeping import forget_everything
from survey.pages.office import results as pages
from survey.pages.statics import FOLDER
from survey.results import working
from survey.results.found import found
from survey.results.scales import scale_sections
from survey.results.working import FRESH, ResultsDesk, WorkedOut
from tests.findings.pretended import PLANNED, found_tables, of_group, study
from tests.jobs.pieces import jobs_that, someone_answers, someone_withdraws, until
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
def worked(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings, tables: StudyTables
) -> Callable[..., None]:
    """worked(tables) lets the pages show these results of the small study; worked(None) that there are none."""

    def put(found: StudyTables | None = tables, fault: str = "") -> None:
        def work(chosen: Chosen) -> StudyTables | None:
            if fault:
                raise CannotExport(fault)
            return of_group(chosen.group) if chosen.group else found

        forget_everything(settings)
        desk = ResultsDesk(jobs_that(work, engine, settings))
        monkeypatch.setattr(pages, "desk", lambda jobs: desk)
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


def test_a_group_is_chosen_without_a_script_and_stays_chosen(
    researcher: StrictClient, worked: Callable[..., None]
) -> None:
    worked()
    root = look_at(researcher.get(f"{PAGE}/scales"))
    choices = [(one.get("value"), "".join(one.itertext()).strip()) for one in root.iter("option")]
    assert choices == [
        ("", "Everyone"),
        ("arm=programme", "Programme schools"),
        ("arm=comparison", "Comparison schools"),
        ("sex=f", "Girl"),
        ("sex=m", "Boy"),
        ("sen=no", "Special needs: no"),
        ("sen=yes", "Special needs: yes"),
    ]
    assert [one.get("method") for one in root.iter("form") if one.get("class") == "choose-group"] == ["get"]
    reply = researcher.get(f"{PAGE}/scales?group=sex%3Df&wave=w1")
    root = look_at(reply)
    assert [one.get("value") for one in root.iter("option") if one.get("selected") is not None] == ["sex=f"]
    assert "Girl only, and exploratory" in words(root)
    # To other scales, waves and pages of results the group goes along.
    links = [one.get("href") or "" for one in root.iter("a")]
    assert all("group=sex%3Df" in link for link in links if link.startswith(PAGE)), links
    there = researcher.get(f"{PAGE}?group=sex%3Df")
    assert "This page is about everyone." in words(look_at(there))
    assert researcher.get(f"{PAGE}/scales?group=sex%3Dx").status_code == 404
    assert researcher.get(f"{PAGE}/scales?group=shoes%3D7").status_code == 404


def test_the_figures_of_a_group_are_those_of_its_analysis(
    researcher: StrictClient, worked: Callable[..., None], tables: StudyTables
) -> None:
    worked()
    girls = of_group("sex=f")
    outcome = next(one for one in girls.findings.outcomes if one.id == "sample.joy")
    root = look_at(researcher.get(f"{PAGE}/scales/sample.joy?group=sex%3Df"))
    figures = [figure for part in scale_sections(girls, None, outcome) for figure in part.figures]
    assert page_tables(root) == [[figure.table.headings, *figure.table.rows] for figure in figures]
    everyone = look_at(researcher.get(f"{PAGE}/scales/sample.joy"))
    assert page_tables(root)[0] != page_tables(everyone)[0]
    assert [e.text for e in root.iter("h2")] == ["The arms side by side", "Each year in the programme"]


def test_the_picture_of_a_group_says_whom_it_is_about(researcher: StrictClient, worked: Callable[..., None]) -> None:
    worked()
    reply = researcher.get(f"{PAGE}/pictures/sample.joy/waves.svg?group=sex%3Df")
    assert reply.headers["Content-Disposition"].endswith("small-notes-w2-sex-f-waves.svg")
    assert "Autumn 2025. Girl." in reply.text
    assert "Girl." not in researcher.get(f"{PAGE}/pictures/sample.joy/waves.svg").text
    # What we found is about everyone, whatever was chosen on another page.
    whole = researcher.get(f"{PAGE}/pictures/found/question-1-differences-points.svg")
    same = researcher.get(f"{PAGE}/pictures/found/question-1-differences-points.svg?group=sex%3Df")
    assert whole.data == same.data


def test_the_methods_are_a_page_to_print(researcher: StrictClient, worked: Callable[..., None]) -> None:
    worked()
    reply = researcher.get(f"{PAGE}/methods")
    root = look_at(reply)
    assert heading(root) == "Methods"
    headings = [e.text for e in root.iter("h2")]
    assert headings[0] == "Design"
    assert headings[-1].startswith("Annex: ")
    assert "How much do you sing?" in words(root)
    assert "<script" not in reply.text
    worked(None)
    assert "No one has finished a questionnaire" in words(look_at(researcher.get(f"{PAGE}/methods")))


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
    researcher: StrictClient,
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    settings: Settings,
    worked: Callable[..., None],
) -> None:
    worked(None)
    root = look_at(researcher.get(PAGE))
    assert "No one has finished a questionnaire of this study yet" in words(root)
    for name, title in (("scales", "Scales"), ("questions", "Questions"), ("methods", "Methods")):
        root = look_at(researcher.get(f"{PAGE}/{name}"))
        assert heading(root) == title
        (here,) = [one for one in root.iter("a") if one.get("aria-current") == "page"]
        assert here.get("href") == f"{PAGE}/{name}", "the menu says where one is"
    worked(None, fault="The text 12 is missing in the database. Please restore a backup.")
    assert "Please restore a backup." in words(look_at(researcher.get(PAGE)))
    ready = threading.Event()

    def work(chosen: Chosen) -> StudyTables | None:
        ready.wait(30)
        return None

    forget_everything(settings)
    slow = ResultsDesk(jobs_that(work, engine, settings))
    monkeypatch.setattr(pages, "desk", lambda jobs: slow)
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
def desk_of(made: list[Chosen], engine: Engine, settings: Settings) -> ResultsDesk:
    def work(chosen: Chosen) -> StudyTables | None:
        made.append(chosen)
        return None

    return ResultsDesk(jobs_that(work, engine, settings))


def results(desk: ResultsDesk, chosen: Chosen, now: datetime) -> WorkedOut:
    found = desk.results("small-notes", chosen, now, 30)
    assert isinstance(found, WorkedOut)
    return found


def test_results_are_worked_out_once_for_each_wave_and_group_and_for_all_processes(
    engine: Engine, settings: Settings, study: None
) -> None:
    made: list[Chosen] = []
    desk, now = desk_of(made, engine, settings), datetime.now(UTC)
    first = results(desk, ALL_OF_IT, now)
    assert results(desk, ALL_OF_IT, now + timedelta(days=9)) is first
    assert results(desk, Chosen("w1"), now) is not first
    assert results(desk, Chosen("w1", "sex=f"), now) is not first
    another_process = desk_of(made, engine, settings)
    assert results(another_process, ALL_OF_IT, now) == first
    assert made == [ALL_OF_IT, Chosen("w1"), Chosen("w1", "sex=f")]


def test_results_from_which_someone_is_gone_are_never_shown_again(
    engine: Engine, settings: Settings, study: None
) -> None:
    made: list[Chosen] = []
    desk, now = desk_of(made, engine, settings), datetime.now(UTC)
    first = results(desk, ALL_OF_IT, now)
    someone_withdraws(engine)
    assert results(desk, ALL_OF_IT, now).state == state_of(engine, "small-notes") != first.state
    assert made == [ALL_OF_IT, ALL_OF_IT]


def test_new_answers_are_added_after_a_while_and_older_results_are_shown_meanwhile(
    engine: Engine, settings: Settings, study: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Chosen] = []
    desk, now = desk_of(made, engine, settings), datetime.now(UTC)
    first = results(desk, ALL_OF_IT, now)
    someone_answers(engine)
    assert results(desk, ALL_OF_IT, now + FRESH / 2) is first
    monkeypatch.setattr(working, "FRESH", timedelta(0))
    assert results(desk, ALL_OF_IT, datetime.now(UTC)) is first
    until(lambda: results(desk, ALL_OF_IT, datetime.now(UTC)) is not first)
    assert results(desk, ALL_OF_IT, datetime.now(UTC)).state == state_of(engine, "small-notes")
    assert made == [ALL_OF_IT, ALL_OF_IT]


def test_the_state_of_a_study_changes_with_its_answers_and_not_with_downloads(
    researcher: StrictClient, engine: Engine, study: None
) -> None:
    before = state_of(engine, "small-notes")
    assert researcher.get("/office/studies/small-notes/data.tables").status_code in (200, 404)
    researcher.get("/office/studies/small-notes/data.csv")
    assert state_of(engine, "small-notes") == before
    assert before.responses == 17
