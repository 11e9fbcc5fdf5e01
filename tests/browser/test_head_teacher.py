"""The walk of a head teacher, who has a printed link and no account: the school on one page, what a class said, and the
school beside schools like it, with answers of eight schools and results worked out as for everyone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from survey.classroom.sessions import end
from survey.database import Engine, session
from survey.fieldwork import Study
from survey.fieldwork.publications import current
from survey.fieldwork.publishing import publish_folder
from survey.responses import PastResponse, PastSave
from tests.browser.accessibility import every_check
from tests.browser.hand import press, tap
from tests.classroom.in_app import Class
from tests.classroom.test_class_said import LIKES, all_answer
from tests.filled import add_responses, keep_school
from tests.pages.small_study import SCHOOLS, STUDY

pytestmark = pytest.mark.slow

MORE = """
disclosure: {threshold: 3}
school_facts:
  - {fact: size, title: Number of pupils, kind: number}
plan:
  outcomes: [pupil.enjoyment]
  comparison: {programme: programme, matched_on: [size]}
"""

SIZES = {"s1": 300, "s2": 310, "s3": 290, "s4": 900, "s5": 320, "s6": 280, "s7": 330, "s8": 270}
"""Dogwood (s4) is the one school that is unlike Ash (s1)."""

LIKE_ASH = sorted(set(SIZES) - {"s1", "s4"})

LIKED = {
    "s1": [3, 4, 4, 5, 5, 5, 4, 3, 5, 4],
    "s4": [1] * 10,
    **{code: [2, 3, 3, 4, 2, 3, 4, 1, 5, 3 + number % 2] for number, code in enumerate(LIKE_ASH)},
}
"""What ten children of each school answered to both questions in the first wave, which is over."""


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    """A class of six at Ash Primary, in a study with a plan and eight schools, all of which answered in its first wave."""
    it = Class(tmp_path)
    (tmp_path / "study" / "study.yaml").write_text(STUDY + MORE, encoding="utf-8")
    publish_folder(it.engine, tmp_path / "study", datetime.now(UTC))
    _others_answered(it.engine, it.now.study_id)
    it.app.config["RESULTS_PATIENCE"] = 60.0
    return it


def _others_answered(engine: Engine, study_id: int) -> None:
    titles = {code: title for code, (title, *_) in SCHOOLS.items()}
    with session(engine) as db:
        study = db.get_one(Study, study_id)
        schools = {}
        for number, (code, size) in enumerate(SIZES.items()):
            arm = "comparison" if number % 2 else "programme"
            school = keep_school(db, study, code, title=titles.get(code, f"School {number + 1}"), arm=arm)
            school.facts = {"size": size}
            schools[code] = school.id
        first = next(wave.id for wave in study.waves if wave.code == "w1")
    at = datetime(2025, 11, 3, 10, tzinfo=UTC)
    sha256 = current(engine, study_id)["pupil"]
    add_responses(
        engine,
        [
            PastResponse(
                study_id=study_id,
                wave_id=first,
                questionnaire="pupil",
                sha256=sha256,
                started_at=at,
                ended_at=at,
                school_id=schools[code],
                saves=[PastSave("one", {"sing_enjoy": liked, "play_enjoy": liked}, at)],
            )
            for code, answers in LIKED.items()
            for liked in answers
        ],
    )


def test_a_head_reads_how_the_school_stands_what_a_class_said_and_how_others_answered(
    robins: Any, serve: Callable[[Any], str], page: Page
) -> None:
    all_answer(robins, *[LIKES] * 6)
    end(robins.engine, robins.id, robins.act)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{serve(robins.app)}{robins.teacher_link()}")
    press(page.get_by_role("main").get_by_role("button"))
    press(page.get_by_role("link", name="Overview"))
    expect(page.get_by_role("main")).to_contain_text("Pupils")

    press(page.get_by_role("link", name="Class sessions"))
    press(page.get_by_role("link", name="What Robins, Ash Primary, said"))
    expect(page.get_by_role("heading", level=1)).to_have_text("What Robins said")

    press(page.get_by_role("link", name="One school"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Ash Primary beside schools like it")
    # The small study has six answers of its own: three at Ash, two at Birch, one at Cedar, all of them 4 and 5.
    ash = [*LIKED["s1"], *[4.5] * 3]
    others = [*(liked for code in LIKE_ASH for liked in LIKED[code]), *[4.5] * 3]
    higher = "Possibly higher than in schools like it: Enjoyment of music."
    expect(page.get_by_role("heading", level=2)).to_have_text(higher)
    tap(page.get_by_text("In sentences"))
    said = page.get_by_role("main").inner_text()
    assert f"Enjoyment of music: {mean(ash):.2f} on average (13 pupils)" in said
    assert f"{mean(others):.2f} in 6 schools like it (63)" in said, "Dogwood is left out: it is three times as large"
    assert page.locator(".picture:visible").count() == 1
    assert every_check(page, smallest_target=44) == []
    assert page.get_by_role("link", name="What we found").count() == 0, "the study's tables are not a coordinator's"
