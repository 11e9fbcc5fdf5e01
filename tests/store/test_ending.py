"""Assent, finish and stop: each once, and what someone deletes is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from survey.database import Engine, read, write
from survey.responses import Done, SavedPage, SaveKey, Ticket, assent, finish, load, save, speak, stop
from survey.responses.tables import save as log
from tests.store.field import NOW, Field

LATER = NOW + timedelta(minutes=5)


def saves(engine: Engine) -> int:
    with read(engine) as connection:
        return connection.scalar(select(func.count()).select_from(log)) or 0


def answer(engine: Engine, ticket: Ticket) -> None:
    save(engine, ticket.response, SavedPage(1, 1, "singing", {"why": "my secret", "sing": 4}, now=NOW, ms=9))


def test_a_yes_is_kept_once(engine: Engine, ticket: Ticket) -> None:
    assert assent(engine, ticket.response, True, NOW).outcome == "new"
    again = assent(engine, ticket.response, True, LATER)
    assert again.outcome == "repeated"
    assert again.snapshot == load(engine, ticket.response)
    assert again.snapshot is not None
    assert (again.snapshot.assent, again.snapshot.state) == (True, "started")


def test_after_a_no_nothing_is_stored(engine: Engine, ticket: Ticket) -> None:
    assert assent(engine, ticket.response, False, NOW).outcome == "new"
    assert assent(engine, ticket.response, False, LATER).outcome == "repeated"
    assert assent(engine, ticket.response, True, LATER).outcome == "refused"
    assert finish(engine, ticket.response, 1, 1, NOW).outcome == "refused"
    assert stop(engine, ticket.response, True, NOW).outcome == "refused"
    answer(engine, ticket)
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.assent, snapshot.answers) == ("declined", False, {})
    assert saves(engine) == 0


def test_a_no_after_answers_throws_them_away(engine: Engine, ticket: Ticket) -> None:
    assent(engine, ticket.response, True, NOW)
    answer(engine, ticket)
    assert assent(engine, ticket.response, False, NOW).outcome == "new"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.answers, snapshot.stamps, snapshot.screens) == ("declined", {}, {}, {})
    assert saves(engine) == 0


def test_the_first_finish_stands(engine: Engine, ticket: Ticket) -> None:
    answer(engine, ticket)
    first = finish(engine, ticket.response, 1, 2, NOW)
    second = finish(engine, ticket.response, 1, 9, LATER)
    assert (first.outcome, second.outcome) == ("new", "repeated")
    assert first.snapshot == second.snapshot == load(engine, ticket.response)
    assert first.snapshot is not None
    assert (first.snapshot.finished_at, first.snapshot.end) == (NOW, (1, 2))
    assert speak(engine, ticket.response, "cy", LATER).outcome == "refused"
    assert assent(engine, ticket.response, False, LATER).outcome == "refused"
    assert stop(engine, ticket.response, True, LATER).outcome == "refused"


@pytest.mark.parametrize(("epoch", "sequence"), [(2, 1), (0, 1), (1, 0), (1, 10**12)])
def test_a_finish_under_a_key_nobody_was_given_is_refused(
    engine: Engine, ticket: Ticket, epoch: int, sequence: int
) -> None:
    assert finish(engine, ticket.response, epoch, sequence, NOW).outcome == "refused"
    assert load(engine, ticket.response) is not None


@pytest.mark.one_engine
def test_what_is_refused_or_repeated_comes_with_the_response_as_it_is(engine: Engine, ticket: Ticket) -> None:
    """The page that is shown then is made from it."""
    answer(engine, ticket)
    assert finish(engine, ticket.response, 1, 10**12, NOW) == Done("refused", load(engine, ticket.response))
    stop(engine, ticket.response, True, NOW)
    stopped = load(engine, ticket.response)
    assert stop(engine, ticket.response, True, LATER) == Done("repeated", stopped)
    assert finish(engine, ticket.response, 1, 9, LATER) == Done("refused", stopped)
    assert speak(engine, ticket.response, "cy", LATER) == Done("refused", stopped)
    late = save(engine, ticket.response, SavedPage(1, 8, "playing", {"play": 1}, LATER))
    assert (late.outcome, late.sequence, late.snapshot) == ("refused", 8, stopped)
    stop(engine, ticket.response, False, LATER)
    gone = load(engine, ticket.response)
    assert stop(engine, ticket.response, False, LATER) == Done("repeated", gone)
    assert stop(engine, ticket.response, True, LATER) == Done("refused", gone)


def test_stopping_keeps_the_answers_and_takes_no_more(engine: Engine, ticket: Ticket) -> None:
    answer(engine, ticket)
    assert stop(engine, ticket.response, True, NOW).outcome == "new"
    assert stop(engine, ticket.response, True, LATER).outcome == "repeated"
    assert save(engine, ticket.response, SavedPage(1, 2, "playing", {"play": 1}, now=NOW)).outcome == "refused"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.answers) == ("stopped", {"why": "my secret", "sing": 4})


def test_a_stop_from_a_device_lets_its_earlier_saves_in(engine: Engine, ticket: Ticket) -> None:
    stop(engine, ticket.response, True, NOW, SaveKey(epoch=1, sequence=5))
    assert save(engine, ticket.response, SavedPage(1, 4, "playing", {"play": 1}, now=NOW)).outcome == "new"
    assert save(engine, ticket.response, SavedPage(1, 5, "playing", {"play": 2}, now=NOW)).outcome == "refused"


@pytest.mark.parametrize("before", ["started", "finished", "stopped"])
def test_throwing_away_leaves_nothing(engine: Engine, ticket: Ticket, before: str) -> None:
    answer(engine, ticket)
    if before == "finished":
        finish(engine, ticket.response, 1, 2, NOW)
    if before == "stopped":
        stop(engine, ticket.response, True, NOW)
    assert stop(engine, ticket.response, False, NOW).outcome == "new"
    assert stop(engine, ticket.response, False, LATER).outcome == "repeated"
    assert saves(engine) == 0
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.answers, snapshot.stamps, snapshot.screens, snapshot.finished_at) == (
        "withdrawn",
        {},
        {},
        {},
        None,
    )
    late = save(engine, ticket.response, SavedPage(1, 1, "singing", {"sing": 4}, now=NOW))
    assert late.outcome == "refused"
    assert saves(engine) == 0


def test_going_on_in_another_language_is_noted(engine: Engine, ticket: Ticket) -> None:
    assert speak(engine, ticket.response, "ur", NOW).outcome == "new"
    assert speak(engine, ticket.response, "ur", NOW).outcome == "repeated"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.language == "ur"


def test_responses_that_do_not_exist_cannot_end(engine: Engine, field: Field) -> None:
    nobody = "a" * 22
    for done in (
        assent(engine, nobody, True, NOW),
        finish(engine, nobody, 1, 1, NOW),
        stop(engine, nobody, False, NOW),
        stop(engine, nobody, True, NOW),
        speak(engine, nobody, "en", NOW),
    ):
        assert (done.outcome, done.snapshot) == ("refused", None)


# ---- what the database itself forbids ------------------------------------------------------------------


def test_a_save_is_never_changed(engine: Engine, ticket: Ticket) -> None:
    answer(engine, ticket)
    with pytest.raises(IntegrityError, match="a save is not changed"), write(engine) as connection:
        connection.execute(update(log).values(answers={"sing": 1}))


def test_a_save_is_not_removed_while_its_response_stands(engine: Engine, ticket: Ticket) -> None:
    answer(engine, ticket)
    finish(engine, ticket.response, 1, 2, NOW)
    with pytest.raises(IntegrityError, match="only when its response is withdrawn"), write(engine) as connection:
        connection.execute(delete(log))
    assert saves(engine) == 1


def test_a_published_text_is_neither_changed_nor_removed(engine: Engine, field: Field) -> None:
    with pytest.raises(IntegrityError, match="not changed"), write(engine) as connection:
        connection.execute(text("UPDATE definition SET text = 'other'"))
    with pytest.raises(IntegrityError, match="not removed"), write(engine) as connection:
        connection.execute(text("DELETE FROM definition"))


def test_replacing_is_removing(engine: Engine, field: Field, ticket: Ticket) -> None:
    if engine.dialect.name == "sqlite":
        replace = "INSERT OR REPLACE INTO definition SELECT sha256, name, 'other' FROM definition"
    else:
        replace = "TRUNCATE definition CASCADE"
    with pytest.raises(IntegrityError, match="not removed"), write(engine) as connection:
        connection.execute(text(replace))
