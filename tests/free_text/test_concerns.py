"""Concerns: raised with the save, read by one named person, gone with the answers; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from survey.audit import Actor, entries
from survey.database import Engine, open_engine, read, session, upgrade, write
from survey.definition.bundle import Bundle
from survey.definition.questionnaire import Questionnaire
from survey.fieldwork import current, study_by_code, text_of
from survey.intake import with_saves
from survey.journey import Journey
from survey.responses import PastResponse, SavedPage, begin, save, stop
from survey.responses.concerns import Concern, concerns, due_after, mark, overdue, reads, told, untold
from tests.filled import add_responses
from tests.free_text.study import NOW, SAM, make_study

ACTOR = Actor("account", SAM)
TEXT = "sometimes someone hits me"


@dataclass
class Site:
    engine: Engine
    study_id: int
    sha256: str
    questionnaire: Questionnaire
    response: str
    sequence: int = 0

    def types(self, key: str, text: str, *, at: datetime = NOW, correct: bool = False) -> str:
        """Save a page as the pages do."""
        answers = {key: text}
        self.sequence += not correct
        flagged = self.questionnaire.flagged(answers)
        return save(
            self.engine,
            self.response,
            SavedPage(1, self.sequence, key, answers, now=at, flagged=flagged),
            correct=correct,
        ).outcome

    @property
    def concerns(self) -> list[Concern]:
        with read(self.engine) as connection:
            return list(concerns(connection, reads(connection, SAM)))

    def mark(self, id: int, state: str, email: str = SAM) -> bool:
        with write(self.engine) as connection:
            return mark(connection, id, state, email, ACTOR, NOW)  # type: ignore[arg-type]


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    engine = open_engine(database_url)
    upgrade(engine)
    doors = make_study(engine, tmp_path / "study")
    with session(engine) as db:
        study = study_by_code(db, "listening")
        assert study is not None
        study_id = study.id
    sha256 = current(engine, study_id)["pupil"]
    text = text_of(engine, sha256)
    assert text is not None
    ticket = begin(engine, doors["pupil"].door.id, "en", sha256, NOW)
    yield Site(engine, study_id, sha256, Bundle.parse(text), ticket.response)
    engine.dispose()


def test_a_flagged_text_waits_for_its_reader(site: Site) -> None:
    site.types("more", TEXT)
    (one,) = site.concerns
    assert (one.text, one.participant, one.school, one.school_class) == (TEXT, "p1", "Ash Primary", "Class 4a")
    assert (one.study, one.questionnaire, one.wave, one.state) == ("Listening", "pupil", "Spring 2026", "open")
    assert one.at == NOW


def test_other_texts_do_not_and_no_answer_but_a_text_does(site: Site) -> None:
    site.types("more", "I like the big drum")
    save(
        site.engine,
        site.response,
        SavedPage(1, 2, "sings", {"sings": 1}, now=NOW, flagged=site.questionnaire.flagged({"sings": 1})),
    )
    assert site.concerns == []


def test_what_stands_behind_something_else_is_read_too_and_own_words_count(site: Site) -> None:
    site.types("instrument.other", "in THE blue room")
    assert [one.text for one in site.concerns] == ["in THE blue room"]


def test_the_same_save_again_raises_nothing_more(site: Site) -> None:
    site.types("more", TEXT)
    assert site.types("more", TEXT, correct=True) == "repeated"
    assert len(site.concerns) == 1


def test_a_newer_text_takes_the_place_of_one_that_nobody_has_seen(site: Site) -> None:
    site.types("more", TEXT)
    site.types("more", "my dad hits me")
    assert [one.text for one in site.concerns] == ["my dad hits me"]


def test_a_newer_text_after_someone_looked_is_a_new_concern(site: Site) -> None:
    site.types("more", TEXT)
    site.mark(site.concerns[0].id, "seen")
    site.types("more", TEXT)
    assert len(site.concerns) == 1
    site.types("more", "I am scared")
    assert [(one.text, one.state) for one in site.concerns] == [("I am scared", "open"), (TEXT, "seen")]


def test_words_taken_out_again_are_still_read(site: Site) -> None:
    site.types("more", TEXT)
    site.types("more", "nothing")
    assert [one.text for one in site.concerns] == [TEXT]


def test_seen_and_passed_on_are_written_down_once_without_the_text(site: Site) -> None:
    site.types("more", TEXT)
    (one,) = site.concerns
    assert site.mark(one.id, "seen")
    assert not site.mark(one.id, "seen")
    assert site.mark(one.id, "passed on")
    assert not site.mark(one.id, "seen")
    (one,) = site.concerns
    assert (one.state, one.seen_by, one.passed_on_by, one.seen_at) == ("passed on", SAM, SAM, NOW)
    noted = [entry for entry in entries(site.engine) if "flagged" in entry.what]
    assert [entry.what for entry in noted] == ["passed on a flagged text", "marked a flagged text as seen"]
    assert all(entry.details == {"concern": one.id} for entry in noted)
    assert not any(TEXT in str(entry) for entry in entries(site.engine))


@pytest.mark.parametrize("email", ["else@example.org", ""])
def test_nobody_else_reads_or_marks(site: Site, email: str) -> None:
    site.types("more", TEXT)
    with read(site.engine) as connection:
        assert reads(connection, email) == []
    with pytest.raises(LookupError):
        site.mark(site.concerns[0].id, "seen", email)
    with pytest.raises(LookupError):
        site.mark(999, "seen")


def test_withdrawing_takes_the_text_back(site: Site) -> None:
    site.types("more", TEXT)
    stop(site.engine, site.response, False, NOW)
    (one,) = site.concerns
    assert one.text is None
    assert not one.overdue(NOW + timedelta(days=30))


def test_overdue_after_two_working_days(site: Site) -> None:
    """Typed on a Friday; Monday and Tuesday are two working days, and Wednesday is too late."""
    site.types("more", TEXT)
    tuesday = datetime(2026, 3, 31, 22, 59, tzinfo=UTC)
    assert overdue(site.engine, site.study_id, tuesday) == 0
    assert overdue(site.engine, site.study_id, tuesday + timedelta(minutes=1)) == 1
    site.mark(site.concerns[0].id, "seen")
    assert overdue(site.engine, site.study_id, tuesday + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    ("typed", "days", "due"),
    [
        ("2026-03-25T23:59+00:00", 1, "2026-03-27T00:00+00:00"),
        ("2026-03-28T10:00+00:00", 1, "2026-03-31T00:00+01:00"),
        ("2026-03-27T10:00+00:00", 5, "2026-04-04T00:00+01:00"),
    ],
)
def test_working_days(typed: str, days: int, due: str) -> None:
    zone = ZoneInfo("Europe/London")
    assert due_after(datetime.fromisoformat(typed), days, zone) == datetime.fromisoformat(due)


def test_answers_from_elsewhere_are_looked_through_too(site: Site) -> None:
    past = PastResponse(
        study_id=site.study_id,
        wave_id=1,
        questionnaire=site.questionnaire.id,
        sha256=site.sha256,
        started_at=NOW,
        ended_at=NOW,
    )
    add_responses(site.engine, [with_saves(Journey(site.questionnaire), {"sings": 1, "more": TEXT}, past)])
    assert [found.text for found in site.concerns] == [TEXT]


def test_each_is_told_once(site: Site) -> None:
    site.types("more", TEXT)
    with write(site.engine) as connection:
        waiting = untold(connection)
        assert list(waiting) == ["Sam@example.org"]
        told(connection, waiting["Sam@example.org"], NOW)
        assert untold(connection) == {}
