"""What the office says about the day: before it, when it is near, and after it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from survey.audit import PROGRAM
from survey.database import session
from survey.fieldwork import study_by_code
from survey.retention import certificate, delete_study, empty_files
from tests.pages.strict import heading, look_at, words
from tests.pages.visitors import ADMINISTRATOR, LEAD, RESEARCHER, Visitors
from tests.retention.field import THE_DAY

PAGE = "/office/studies/small-notes/retention"


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    return Visitors(tmp_path_factory.mktemp("retention"))


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    monkeypatch.setattr("survey.pages.office.retention.datetime", Then)


def test_the_page_says_when_what_goes_and_what_stays(visitors: Visitors) -> None:
    root = look_at(visitors.browser(RESEARCHER).get(PAGE))
    assert heading(root) == "Data deletion"
    said = words(root)
    assert "31 August 2100" in said
    assert "Backups are deleted after35 days" in said
    assert "Responses17" in said
    overview = words(look_at(visitors.browser(LEAD).get("/office/studies/small-notes")))
    assert "The data of this study will be deleted on 31 August 2100: data deletion." in overview
    assert "will be deleted in" not in overview


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (31, None),
        (30, "will be deleted in 30 days, on 31 August 2100"),
        (1, "will be deleted in 1 day, on"),
        (0, "are due to be deleted. The day was 31 August 2100"),
        (-9, "are due to be deleted"),
    ],
)
def test_from_thirty_days_before_every_page_of_the_study_warns(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch, days: int, says: str | None
) -> None:
    at(THE_DAY - timedelta(days=days), monkeypatch)
    for page in ("", "/retention", "/audit"):
        said = words(look_at(visitors.browser(LEAD).get(f"/office/studies/small-notes{page}")))
        assert ("deleted in" in said or "are due" in said) == (says is not None)
        assert says is None or says in said


def test_before_there_is_no_certificate(visitors: Visitors) -> None:
    reply = visitors.browser(LEAD).get(f"{PAGE}/certificate")
    assert reply.location == PAGE


def test_afterwards_the_certificate_can_be_printed(tmp_path_factory: pytest.TempPathFactory) -> None:
    visitors = Visitors(tmp_path_factory.mktemp("after"))
    delete_study(visitors.engine, "small-notes", THE_DAY, PROGRAM)
    empty_files(visitors.engine, THE_DAY)
    for who in (LEAD, RESEARCHER, ADMINISTRATOR):
        root = look_at(visitors.browser(who).get(f"{PAGE}/certificate"))
        said = words(root)
        assert heading(root) == "Certificate of deletion"
        assert "Numbersmall-notes-21000830-230000" in said
        assert "ByChorus, automatically" in said
        assert "No backup holds the data from5 October 2100" in said
        assert "Responses170" in said, "seventeen before, none after"
        assert "Deleted31 August 2100, 00:00 (Europe/London)" in said
        assert "nothing that was deleted" in said
    with session(visitors.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        made = certificate(visitors.engine, study.id)
    assert made is not None
    root = look_at(visitors.browser(LEAD).get("/office/studies/small-notes"))
    assert "were deleted on 31 August 2100" in words(root)
    assert "were deleted on" in words(look_at(visitors.browser(LEAD).get(PAGE)))
