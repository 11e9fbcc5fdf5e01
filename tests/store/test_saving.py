"""A save arrives once or three times, early or late: it counts once, and the newest answer is the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, func, select

from survey.database import Engine, read
from survey.responses import Saved, SavedPage, Ticket, begin, finish, load, save
from survey.responses.saving import layouts
from survey.responses.tables import save as log
from tests.store.field import NOW, SHA, Field

Keep = Callable[..., Saved]


@pytest.fixture
def keep(engine: Engine, ticket: Ticket) -> Keep:
    """keep(epoch, sequence, screen, answers, …) saves for the pupil."""

    def keep(*page: Any, now: datetime = NOW, correct: bool = False, seen: Any = None, **device: Any) -> Saved:
        return save(engine, ticket.response, SavedPage(*page, now, **device), correct=correct, seen=seen)

    return keep


def rows(engine: Engine) -> list[Any]:
    with read(engine) as connection:
        return list(
            connection.execute(select(log.c.epoch, log.c.sequence, log.c.answers).order_by(log.c.epoch, log.c.sequence))
        )


def test_a_save_is_there_when_its_receipt_is(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    saved = keep(1, 1, "singing", {"sing_enjoy": 4, "tags": [1, 3]}, ms=4200, layout="row", device_at=NOW)
    assert (saved.outcome, saved.sequence) == ("new", 1)
    snapshot = load(engine, ticket.response)
    assert snapshot == saved.snapshot
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 4, "tags": [1, 3]}
    assert snapshot.stamps == {"sing_enjoy": [1, 1], "tags": [1, 1]}
    assert snapshot.screens == {"singing": 4200}
    assert snapshot.sequence == 1


def test_the_same_save_three_times_is_one_save(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    outcomes = [keep(1, 1, "singing", {"sing_enjoy": 4}, ms=100, listened=2) for _ in range(3)]
    assert [saved.outcome for saved in outcomes] == ["new", "repeated", "repeated"]
    assert len({saved.sequence for saved in outcomes}) == 1
    assert len(rows(engine)) == 1
    assert outcomes[-1].snapshot == load(engine, ticket.response)
    assert outcomes[-1].snapshot is not None
    assert outcomes[-1].snapshot.screens == {"singing": 100}, "time on a page counts once, too"
    assert outcomes[-1].snapshot.listened == {"singing": 2}, "and so does Listen"
    keep(1, 2, "singing", {"sing_enjoy": 5}, listened=1)
    again = load(engine, ticket.response)
    assert again is not None
    assert again.listened == {"singing": 3}, "all visits together"


def test_eight_threads_with_one_save_get_one_row_and_one_receipt(engine: Engine, keep: Keep) -> None:
    together = Barrier(8)

    def tap(_: int) -> Saved:
        together.wait()
        return keep(1, 1, "singing", {"sing_enjoy": 4})

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(tap, range(8)))
    assert sorted(saved.outcome for saved in outcomes) == ["new"] + ["repeated"] * 7
    assert {saved.sequence for saved in outcomes} == {1}
    assert len(rows(engine)) == 1


def test_eight_threads_with_eight_saves_lose_none(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    together = Barrier(8)

    def tap(number: int) -> Saved:
        together.wait()
        return keep(1, number, f"page{number}", {f"q{number}": number}, ms=10)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(tap, range(1, 9)))
    assert [saved.outcome for saved in outcomes] == ["new"] * 8
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {f"q{number}": number for number in range(1, 9)}
    assert snapshot.sequence == 8
    assert sum(snapshot.screens.values()) == 80


def test_out_of_order_the_highest_sequence_is_the_answer(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    keep(1, 3, "singing", {"sing_enjoy": 5})
    late = keep(1, 2, "singing", {"sing_enjoy": 1, "sing_often": 2})
    assert late.outcome == "new"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 5, "sing_often": 2}, "late, it fills gaps only"
    assert [row.sequence for row in rows(engine)] == [2, 3], "and is in the log"


def test_an_older_sitting_that_arrives_late_fills_gaps_only(
    engine: Engine, field: Field, ticket: Ticket, keep: Keep
) -> None:
    again = begin(engine, field.pupils_door, "en", SHA, NOW)
    assert (again.response, again.epoch) == (ticket.response, 2)
    keep(2, 1, "singing", {"sing_enjoy": 5})
    assert keep(1, 9, "singing", {"sing_enjoy": 1, "sing_often": 2}).outcome == "new"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 5, "sing_often": 2}
    assert snapshot.sequence == 1, "the next number of this sitting does not follow another sitting's"


@pytest.mark.parametrize(("epoch", "sequence"), [(0, 1), (2, 1), (-1, 1), (1, 0), (1, -3), (1, 10**12)])
def test_keys_nobody_was_given_are_refused(
    engine: Engine, ticket: Ticket, keep: Keep, epoch: int, sequence: int
) -> None:
    before = load(engine, ticket.response)
    assert keep(epoch, sequence, "singing", {"sing_enjoy": 4}).outcome == "refused"
    assert load(engine, ticket.response) == before
    assert rows(engine) == []


@pytest.mark.parametrize("response", ["", "x", "\x00" * 22, "a" * 22, "\ud800" * 22, "é" * 22, "../" * 7 + "a"])
def test_responses_that_do_not_exist_take_nothing(engine: Engine, field: Field, response: str) -> None:
    saved = save(engine, response, SavedPage(1, 1, "singing", {"sing_enjoy": 4}, now=NOW))
    assert (saved.outcome, saved.sequence, saved.snapshot) == ("refused", 1, None)
    assert load(engine, response) is None


def test_on_the_devices_road_the_first_save_under_a_key_stands(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    keep(1, 1, "singing", {"sing_enjoy": 4})
    assert keep(1, 1, "singing", {"sing_enjoy": 2}).outcome == "repeated"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 4}


def test_on_the_forms_road_going_back_and_changing_is_a_new_save(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    keep(1, 1, "singing", {"sing_enjoy": 4}, correct=True)
    keep(1, 2, "playing", {"play_enjoy": 1}, correct=True)
    changed = keep(1, 1, "singing", {"sing_enjoy": 2}, correct=True)
    assert (changed.outcome, changed.sequence) == ("new", 3)
    tapped_again = keep(1, 1, "singing", {"sing_enjoy": 2}, correct=True)
    assert (tapped_again.outcome, tapped_again.sequence) == ("repeated", 3)
    back_to_the_first = keep(1, 1, "singing", {"sing_enjoy": 4}, correct=True)
    assert (back_to_the_first.outcome, back_to_the_first.sequence) == ("new", 4)
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 4, "play_enjoy": 1}
    assert snapshot.sequence == 4
    assert len(rows(engine)) == 4


def test_two_tabs_on_different_pages_with_one_number_lose_nothing(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    keep(1, 1, "singing", {"sing_enjoy": 4}, correct=True)
    assert keep(1, 1, "playing", {"play_enjoy": 2}, correct=True).sequence == 2
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 4, "play_enjoy": 2}


def test_none_takes_an_answer_away(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    keep(1, 1, "instrument", {"instrument": 8, "instrument.other": "a harp"})
    keep(1, 2, "instrument", {"instrument": 1, "instrument.other": None})
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"instrument": 1}
    keep(1, 1, "late", {"instrument.other": "a harp"})
    assert load(engine, ticket.response) == snapshot, "and what is older does not bring it back"


def test_a_save_made_from_an_old_reading_loses_nothing(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    old = load(engine, ticket.response)
    keep(1, 1, "singing", {"sing_enjoy": 4})
    assert keep(1, 2, "playing", {"play_enjoy": 1}, seen=old).outcome == "new"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"sing_enjoy": 4, "play_enjoy": 1}


def test_a_usual_save_is_one_reading_and_two_writing_statements(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    seen = load(engine, ticket.response)
    with sent_to(engine) as statements:
        keep(1, 1, "singing", {"sing_enjoy": 4}, seen=seen)
    assert statements == ["INSERT", "UPDATE"]
    with sent_to(engine) as statements:
        keep(1, 2, "singing", {"sing_enjoy": 4})
    assert statements == ["SELECT", "INSERT", "UPDATE"]


@contextmanager
def sent_to(engine: Engine) -> Iterator[list[str]]:
    """The first word of each statement the database is sent meanwhile, but for those of the transaction itself."""
    statements: list[str] = []

    def note(statement: str) -> None:
        word = statement.split()[0]
        if word not in ("BEGIN", "COMMIT", "ROLLBACK"):
            statements.append(word)

    def by_the_driver(connection: Any, *_: object) -> None:
        # Some statements go to SQLite's driver itself, and SQLAlchemy's events do not tell of them.
        connection.set_trace_callback(note)

    def by_sqlalchemy(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        note(statement)

    heard = ("checkout", by_the_driver) if engine.dialect.name == "sqlite" else ("before_cursor_execute", by_sqlalchemy)
    event.listen(engine, *heard)
    yield statements
    event.remove(engine, *heard)
    engine.dispose()


def test_after_the_finish_only_what_came_before_it_is_taken(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    keep(1, 1, "singing", {"sing_enjoy": 4})
    finish(engine, ticket.response, 1, 3, NOW)
    assert keep(1, 2, "playing", {"play_enjoy": 1}).outcome == "new", "it was on its way"
    assert keep(1, 2, "playing", {"play_enjoy": 1}).outcome == "repeated"
    assert keep(1, 3, "playing", {"play_enjoy": 5}).outcome == "refused"
    assert keep(1, 4, "playing", {"play_enjoy": 5}).outcome == "refused"
    assert keep(1, 1, "singing", {"sing_enjoy": 5}, correct=True).outcome == "refused"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.answers) == ("finished", {"sing_enjoy": 4, "play_enjoy": 1})


def test_the_log_of_saves_is_enough_to_make_the_answers(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    for epoch_sequence in [(1, 4), (1, 2), (1, 1), (1, 3)]:
        keep(*epoch_sequence, "singing", {"a": epoch_sequence[1], f"b{epoch_sequence[1] % 2}": epoch_sequence[1]})
    made: dict[str, Any] = {}
    for row in rows(engine):
        made |= row.answers
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == made


def test_what_a_device_says_of_itself_cannot_break_the_database(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    saved = keep(1, 1, "sing\x00ing\ud800" + "x" * 300, {"a": 1}, ms=-5, layout="\x00row", device_at=NOW)
    assert saved.outcome == "new"
    saved = keep(1, 2, "singing", {"a": 2}, ms=10**15)
    assert saved.outcome == "new"
    with read(engine) as connection:
        assert [tuple(row) for row in connection.execute(select(log.c.ms, log.c.layout).order_by("sequence"))] == [
            (None, "row"),
            (None, None),
        ]
        assert connection.scalar(select(func.max(func.length(log.c.screen)))) <= 100


def test_times_come_back_as_the_same_moment(engine: Engine, ticket: Ticket, keep: Keep) -> None:
    moment = datetime(2025, 10, 26, 1, 30, tzinfo=UTC) + timedelta(microseconds=7)
    saved = save(engine, ticket.response, SavedPage(1, 1, "singing", {"a": 1}, now=moment))
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot == saved.snapshot
    assert snapshot.seen_at == moment
    assert snapshot.seen_at.tzinfo is UTC
    with pytest.raises(Exception, match="without a time zone"):
        save(engine, ticket.response, SavedPage(1, 2, "singing", {"a": 1}, now=moment, device_at=datetime(2025, 1, 1)))  # noqa: DTZ001


@pytest.mark.parametrize(("minutes", "seen"), [(-60, 0), (-1, 0), (0, 0), (1, 1)])
def test_when_the_clock_goes_back_nobody_was_seen_earlier_than_before(
    keep: Keep, engine: Engine, ticket: Ticket, minutes: int, seen: int
) -> None:
    """The hour that comes twice in October, or a server whose clock was put right."""
    keep(1, 1, "singing", {"sing_enjoy": 4}, now=NOW)
    keep(1, 2, "playing", {"play_enjoy": 2}, now=NOW + timedelta(minutes=minutes))
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.seen_at == NOW + timedelta(minutes=seen)
    assert snapshot.answers == {"sing_enjoy": 4, "play_enjoy": 2}


def test_how_options_lay_is_known_in_words_of_ours_and_no_others() -> None:
    assert layouts("row", "stack neutral", None, "row") == "neutral row stack"
    assert layouts(None, "Alice Underhill", "row=HYPERLINK()") is None
    assert layouts("row", "Alice row") == "row"
