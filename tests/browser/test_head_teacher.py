"""The walk of a head teacher, who has a printed link and no account: the school on one page, what a class said, and the
school beside schools like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from survey.classroom.sessions import end
from survey.jobs.state import StudyState
from survey.pages.office import results
from survey.results.working import WorkedOut
from tests.browser.accessibility import every_check
from tests.classroom.test_class_said import LIKES, all_answer, robins
from tests.findings.pretended import found_tables

__all__ = ["robins"]

pytestmark = pytest.mark.slow


class Desk:
    """Results of the first wave, worked out beforehand, in which one of the schools is Ash Primary."""

    def __init__(self) -> None:
        tables = found_tables()
        ash = [replace(one, school="s1", wave="w1") for one in tables.findings.standings[:1]]
        findings = replace(tables.findings, wave="w1", standings=tuple(ash))
        self._found = WorkedOut(replace(tables, findings=findings), datetime.now(UTC), StudyState("", 0, 0, 0, 0))

    def results(self, *_: object) -> WorkedOut:
        return self._found


def test_a_head_reads_how_the_school_stands_what_a_class_said_and_how_others_answered(
    robins: Any, serve: Callable[[Any], str], page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "desk", lambda jobs: Desk())
    all_answer(robins, *[LIKES] * 6)
    end(robins.engine, robins.id, robins.act)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{serve(robins.app)}{robins.teacher_link()}")
    page.get_by_role("main").get_by_role("button").click()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("main")).to_contain_text("Pupils")

    page.get_by_role("link", name="Class sessions").click()
    page.get_by_role("link", name="What Robins, Ash Primary, said").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What Robins said")

    page.get_by_role("link", name="One school").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ash Primary beside schools like it")
    assert "in 6 schools like it" in page.get_by_role("main").inner_text()
    assert page.locator(".picture:visible").count() == 1
    assert every_check(page, smallest_target=44) == []
    assert page.get_by_role("link", name="What we found").count() == 0, "the study's tables are not a coordinator's"
