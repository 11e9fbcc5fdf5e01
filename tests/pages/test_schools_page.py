"""The page of a school beside schools like it: for its head, and for those who may see tables, of waves that are over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from survey.admission import add_user
from survey.config import Settings
from survey.database import Engine
from survey.export.store import ALL_OF_IT, Chosen
from survey.export.study import StudyTables
from survey.fieldwork.publishing import publish_folder
from survey.findings import sentences
from survey.findings.standing import SchoolStanding
from survey.jobs.sweeping import forget_everything
from survey.pages.office import results as pages
from survey.results.school import school_page
from survey.results.working import ResultsDesk
from tests.classroom.in_app import Class
from tests.findings.pretended import PLANNED, study
from tests.jobs.pieces import jobs_that
from tests.pages.small_study import PARENT, PUPIL, STUDY
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in
from tests.pages.test_results_pages import page_tables, researcher, tables, worked

__all__ = ["researcher", "tables", "worked"]

PAGE = "/office/studies/small-notes/results/schools"


@pytest.fixture
def standing(tables: StudyTables, worked: Callable[..., None]) -> SchoolStanding:
    """What was found of Ash Primary in the first wave, which is over."""
    one = replace(tables.findings.standings[0], school="s1", wave="w1")
    assert one.own is not None
    assert one.like is not None
    worked(replace(tables, findings=replace(tables.findings, wave="w1", standings=(one,))))
    return one


def test_who_sees_tables_chooses_a_school_and_reads_what_was_found(
    researcher: StrictClient, standing: SchoolStanding
) -> None:
    root = look_at(researcher.get(f"{PAGE}?school=s1"))
    assert heading(root) == "Ash Primary beside schools like it"
    assert " ".join(sentences.of_standing(standing).split()) in words(root).replace("\N{NO-BREAK SPACE}", " ")
    ((_, row),) = page_tables(root)
    assert standing.own is not None
    assert row[:3] == ("Joy in music", f"{standing.own.n:,}", f"{standing.own.mean:.2f}")
    assert [one.get("value") for one in root.iter("option")] == ["s1", "s2", "s3", "s4"]
    other = words(look_at(researcher.get(f"{PAGE}?school=s2")))
    assert "no one there has finished a questionnaire with a scale of the plan" in other
    for asked in ("school=s9", "school=s1&wave=w9", "school=s1&wave=w2"):
        assert researcher.get(f"{PAGE}?{asked}").status_code == 404, f"{asked}: unknown, or still open"


def test_the_page_of_a_school_begins_with_the_answer(standing: SchoolStanding, tables: StudyTables) -> None:
    def moved(gap: float | None, title: str) -> SchoolStanding:
        """The same standing, so many standard deviations higher; None: hidden."""
        outcome = replace(standing.outcome, title=title)
        if gap is None or standing.own is None or standing.own.model is None or standing.like is None:
            return replace(standing, outcome=outcome, own=None, like=None, hidden="Hidden.")
        assert standing.like.model is not None
        assert standing.like.sd is not None
        there = standing.like.model.difference + gap * standing.like.sd
        own = replace(standing.own, model=replace(standing.own.model, difference=there))
        return replace(standing, outcome=outcome, own=own)

    def short(*standings: SchoolStanding) -> tuple[str, ...]:
        findings = replace(tables.findings, standings=standings)
        return school_page(findings, study(PLANNED), "s1").short

    hidden = f"hidden: fewer than {tables.findings.threshold} people, or a figure that would give so few away."
    assert short(
        moved(9, "Joy"), moved(9, "Calm"), moved(-9, "Going on"), moved(0, "Skills"), moved(None, "Reading")
    ) == (
        "Possibly higher than in schools like it: Joy and Calm.",
        "Possibly lower than in schools like it: Going on.",
        "No clear difference in the other scale.",
        f"1 scale is {hidden}",
    )
    assert short(moved(0, "Joy"), moved(0, "Calm")) == ("No clear difference in 2 scales.",)
    assert short(moved(None, "Joy"), moved(None, "Calm")) == (f"2 scales are {hidden}",)
    alone = replace(moved(0, "Joy"), like=None, schools=0)
    assert short(alone) == ("Fewer than 4 schools like it can be shown beside it.",)


def test_a_study_without_schools_says_where_they_come_from(app: Flask, engine: Engine, tmp_path: Path) -> None:
    (folder := tmp_path / "study").mkdir()
    for name, text in (("study", STUDY), ("pupil", PUPIL), ("parent", PARENT)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_folder(engine, folder, datetime.now(UTC))
    client = strict_client(app)
    sign_in(client, add_user(engine, "ann@example.org", ["researcher"]), "ann@example.org")
    choose(client, OWN)
    root = look_at(client.get(PAGE))
    assert heading(root) == "One school"
    assert "There are no schools in this study yet. They appear here as soon as a roster is imported." in words(root)


def test_only_the_waves_that_are_shown_are_worked_out(
    researcher: StrictClient, tables: StudyTables, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Chosen] = []

    def work(chosen: Chosen) -> StudyTables:
        asked.append(chosen)
        return replace(tables, findings=replace(tables.findings, wave=chosen.until or "w1"))

    def look(*addresses: str) -> list[Chosen]:
        forget_everything(settings)
        asked.clear()
        desk = ResultsDesk(jobs_that(work, engine, settings))
        monkeypatch.setattr(pages, "desk", lambda jobs: desk)
        for address in addresses:
            assert researcher.get(address).status_code == 200
        return asked

    monkeypatch.setattr(pages, "PATIENCE", 30.0)
    assert look(f"{PAGE}?school=s1") == [Chosen("w1")]
    everything = PAGE.removesuffix("/schools")
    assert look(everything, f"{PAGE}?school=s1") == [ALL_OF_IT], "no one has finished anything in the second wave"


def test_a_coordinator_sees_their_own_school_and_no_other(tmp_path: Path) -> None:
    robins = Class(tmp_path)
    robins.app.config["RESULTS_PATIENCE"] = 30.0
    coordinator = robins.teacher()
    root = look_at(coordinator.get(PAGE))
    assert heading(root) == "Ash Primary beside schools like it"
    assert not list(root.iter("select")), "there is nothing to choose"
    assert "No one has finished a questionnaire" in words(root) or "Nothing is known of this school" in words(root)
    assert coordinator.get(f"{PAGE}?school=s2").status_code == 404
    assert coordinator.get("/office/studies/small-notes/results").status_code in (403, 404)
