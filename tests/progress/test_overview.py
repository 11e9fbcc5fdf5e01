"""The overview: each audience by itself, who needs attention, what to do next; and to each role what it may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from survey.export.store import ALL_OF_IT
from survey.findings.answers import answers
from survey.pages.office import results
from survey.results.working import ResultsDesk, WorkedOut
from tests.findings.pretended import found_tables
from tests.jobs.pieces import jobs_that, settings_in
from tests.pages.strict import StrictClient, look_at, words
from tests.progress.conftest import Field
from tests.progress.every_outcome import CODE
from tests.progress.test_page import rows

PAGE = f"/office/studies/{CODE}"

pytestmark = pytest.mark.one_engine


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, field: Field, tmp_path: Path) -> ResultsDesk:
    """A desk on which nothing is kept yet, and which has the results of a made-up study when it is asked."""
    tables = found_tables()
    desk = ResultsDesk(jobs_that(lambda until: tables, field.engine, settings_in(tmp_path)))
    monkeypatch.setattr(results, "desk", lambda jobs: desk)
    return desk


def test_a_lead_sees_rates_by_audience_who_needs_attention_and_what_to_do(
    enter: Callable[..., StrictClient], desk: ResultsDesk
) -> None:
    root = look_at(enter("lead").get(PAGE))
    said = words(root)
    assert "Autumn 2026 Open 2 November to 18 December 2026: 28 days left" in said
    assert "Pupils 8 % 4 of 48 finished" in said
    assert "3 schools need attention" in said
    table = rows_without_caption(root)
    assert [row[0] for row in table[1:]] == [
        "Ash Primary no one has finished for two weeks",
        "Cedar Primary no one has started",
        "Birch Primary no one has finished for two weeks",
    ]
    assert table[1][1:] == ["33", "3", "9.1 %"]
    # One step is the button; the others are links or done.
    buttons = [e for e in root.iter("a") if e.get("class") == "btn"]
    assert ["".join(e.itertext()) for e in buttons] == ["Record information sheets"]


def rows_without_caption(root: Element) -> list[list[str]]:
    (table,) = list(root.iter("table"))
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]
        for row in table.iter("tr")
    ]


def test_a_researcher_is_led_to_the_reminders(enter: Callable[..., StrictClient], desk: ResultsDesk) -> None:
    root = look_at(enter("researcher").get(PAGE))
    said = words(root)
    assert "Before the next wave" not in said
    (button,) = [e for e in root.iter("a") if e.get("class") == "btn"]
    assert "".join(button.itertext()) == "Get reminder list"
    assert (button.get("href") or "").endswith("/progress#reminders")


def test_a_coordinator_sees_own_school_its_classes_and_no_finding(
    enter: Callable[..., StrictClient], field: Field, desk: ResultsDesk
) -> None:
    assert isinstance(desk.results(CODE, ALL_OF_IT, datetime.now(UTC), 30), WorkedOut)
    root = look_at(enter("coordinator", school="s1").get(PAGE))
    said = words(root)
    assert "Pupils 9 % 3 of 33 finished" in said
    assert {row[0].split(" no one")[0] for row in rows_without_caption(root)[1:]} == {"Class 4a", "Class 4b"}
    for hidden in ("Birch", "Cedar", "Programme schools", "What we found", "Downloads"):
        assert hidden not in said
    (button,) = [e for e in root.iter("a") if e.get("class") == "btn"]
    assert "".join(button.itertext()) == "Start a class session"


def test_the_newest_finding_is_shown_once_it_was_worked_out_and_never_worked_out_for_this_page(
    enter: Callable[..., StrictClient], desk: ResultsDesk
) -> None:
    researcher = enter("researcher")
    first = next(answers(found_tables().findings))
    before = words(look_at(researcher.get(PAGE)))
    assert first.short[0] not in before.replace("\N{NO-BREAK SPACE}", " ")
    assert desk.kept(CODE) is None, "looking at the overview works nothing out"
    assert isinstance(desk.results(CODE, ALL_OF_IT, datetime.now(UTC), 30), WorkedOut)
    after = words(look_at(researcher.get(PAGE))).replace("\N{NO-BREAK SPACE}", " ")
    assert " ".join(first.short[0].split()) in after
    assert first.how_sure in after


def test_a_researcher_who_may_not_see_tables_sees_who_answered_and_no_finding(
    enter: Callable[..., StrictClient], desk: ResultsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from survey.pages.office import overview

    assert isinstance(desk.results(CODE, ALL_OF_IT, datetime.now(UTC), 30), WorkedOut)
    monkeypatch.setattr(overview, "sees_tables", lambda study: False)
    said = words(look_at(enter("researcher").get(PAGE)))
    assert "Pupils 8 % 4 of 48 finished" in said
    assert "See what we found" not in said


def test_sections_lead_where_they_say(enter: Callable[..., StrictClient], desk: ResultsDesk) -> None:
    lead = enter("lead")
    root = look_at(lead.get(PAGE))
    for link in root.iter("a"):
        address = (link.get("href") or "").partition("#")[0]
        if address.startswith(PAGE) and "data." not in address:
            assert lead.get(address).status_code in (200, 202), address
    assert rows(look_at(lead.get(f"{PAGE}/progress?wave=w2")), "response rates")
