"""A door becomes a response; coming back is a new sitting of the same one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from threading import Barrier

import pytest

from survey.database import Engine, session
from survey.fieldwork import new_door, publish
from survey.fieldwork.doors import LeadsTo
from survey.responses import (
    ComingIn,
    SavedPage,
    Ticket,
    UnknownDoor,
    assent,
    begin,
    count,
    earlier,
    finish,
    load,
    save,
    seed_of,
    stop,
)
from tests.store.field import KEY, NOW, SHA, Field


def test_a_response_starts_with_the_facts_of_its_day(engine: Engine, ticket: Ticket) -> None:
    assert (ticket.epoch, ticket.resumed, ticket.state, ticket.sha256) == (1, False, "started", SHA)
    assert len(ticket.response) == 22
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.facts == {
        "sex": "f",
        "year": 4,  # the wave's, over the 3 of the roster
        "school": "Hill School",
        "school_code": "s01",
        "school_class": "Robins",
        "school_class_code": "4r",
        "programme": "The North",
        "programme_code": "north",
        "arm": "programme",
        "wave": "w1",
    }
    assert (snapshot.answers, snapshot.assent, snapshot.sequence) == ({}, None, 0)
    assert snapshot.started_at == NOW


def test_a_personal_door_always_leads_to_the_same_response(engine: Engine, field: Field, ticket: Ticket) -> None:
    save(engine, ticket.response, SavedPage(1, 1, "singing", {"sing_enjoy": 4}, now=NOW))
    later = begin(engine, field.pupils_door, "cy", SHA, NOW + timedelta(days=1))
    assert later == replace(ticket, epoch=2, resumed=True)
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.answers, snapshot.language, snapshot.sequence) == ({"sing_enjoy": 4}, "cy", 0)
    assert count(engine, field.study.id, "pupil") == 1


def test_a_second_door_of_the_same_pupil_leads_there_too(engine: Engine, field: Field, ticket: Ticket) -> None:
    with session(engine) as db:
        reprinted = new_door(db, wave=field.autumn, questionnaire="pupil", key=KEY, to=LeadsTo(participant=field.pupil))
        next_wave = new_door(db, wave=field.summer, questionnaire="pupil", key=KEY, to=LeadsTo(participant=field.pupil))
    assert begin(engine, reprinted.door.id, "en", SHA, NOW).response == ticket.response
    assert begin(engine, next_wave.door.id, "en", SHA, NOW).response != ticket.response
    assert getattr(earlier(engine, reprinted.door), "id", None) == ticket.response


def test_an_open_door_leads_to_a_new_response_each_time(engine: Engine, field: Field) -> None:
    first, second = (begin(engine, field.open_door, "en", SHA, NOW) for _ in range(2))
    assert first.response != second.response
    assert not first.resumed
    assert not second.resumed
    snapshot = load(engine, first.response)
    assert snapshot is not None
    assert snapshot.facts == {"school": "Dale School", "school_code": "s02", "arm": "comparison", "wave": "w1"}
    assert snapshot.participant_id is None


def test_a_double_tap_on_start_starts_once(engine: Engine, field: Field) -> None:
    first = begin(engine, field.open_door, "en", SHA, NOW, ComingIn(once="from the page"))
    again = begin(engine, field.open_door, "en", SHA, NOW, ComingIn(once="from the page"))
    other = begin(engine, field.open_door, "en", SHA, NOW, ComingIn(once="from another page"))
    assert first.response == again.response != other.response
    assert len(first.response) == 22
    assert count(engine, field.study.id, "pupil") == 2
    odd = begin(engine, field.open_door, "en", SHA, NOW, ComingIn(once="\ud800"))
    assert begin(engine, field.open_door, "en", SHA, NOW, ComingIn(once="\ud800")).response == odd.response


def test_many_taps_at_once_start_once(engine: Engine, field: Field) -> None:
    together = Barrier(6)

    def tap(door: int) -> Ticket:
        together.wait()
        return begin(engine, door, "en", SHA, NOW, ComingIn(once="one page"))

    with ThreadPoolExecutor(6) as threads:
        tickets = list(threads.map(tap, [field.pupils_door, field.open_door] * 3))
    assert len({ticket.response for ticket in tickets}) == 2
    assert sorted(ticket.epoch for ticket in tickets) == [1, 1, 2, 2, 3, 3]
    assert sum(not ticket.resumed for ticket in tickets) == 2


def test_a_response_keeps_the_text_it_was_started_under(engine: Engine, field: Field, ticket: Ticket) -> None:
    newer = sha256(b"newer").hexdigest()
    with session(engine) as db:
        publish(db, "music", "pupil", 2, "newer", NOW)
    assert begin(engine, field.pupils_door, "en", newer, NOW).sha256 == SHA
    assert begin(engine, field.open_door, "en", newer, NOW).sha256 == newer


def test_nothing_starts_under_a_text_that_was_never_published(engine: Engine, field: Field) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        begin(engine, field.open_door, "en", "0" * 64, NOW)
    assert count(engine, field.study.id, "pupil") == 0


def test_a_door_that_does_not_exist_is_said_so(engine: Engine, field: Field) -> None:
    with pytest.raises(UnknownDoor):
        begin(engine, 999_999, "en", SHA, NOW)


def test_coming_back_after_the_finish_changes_nothing(engine: Engine, field: Field, ticket: Ticket) -> None:
    finish(engine, ticket.response, 1, 1, NOW)
    before = load(engine, ticket.response)
    assert begin(engine, field.pupils_door, "cy", SHA, NOW) == replace(ticket, resumed=True, state="finished")
    assert load(engine, ticket.response) == before


def test_coming_back_after_stopping_goes_on(engine: Engine, field: Field, ticket: Ticket) -> None:
    save(engine, ticket.response, SavedPage(1, 1, "singing", {"sing_enjoy": 4}, now=NOW))
    stop(engine, ticket.response, True, NOW)
    again = begin(engine, field.pupils_door, "en", SHA, NOW)
    assert (again.state, again.epoch, again.resumed) == ("started", 2, True)
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.state, snapshot.answers, snapshot.end) == ("started", {"sing_enjoy": 4}, None)


def test_coming_back_after_a_no_asks_anew_and_takes_nothing_from_before(
    engine: Engine, field: Field, ticket: Ticket
) -> None:
    assent(engine, ticket.response, False, NOW)
    again = begin(engine, field.pupils_door, "en", SHA, NOW)
    assert (again.state, again.epoch) == ("started", 2)
    assert save(engine, ticket.response, SavedPage(1, 1, "late", {"a": 1}, now=NOW)).outcome == "refused"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert (snapshot.assent, snapshot.answers) == (None, {})


def test_coming_back_after_throwing_away_does_not_begin_again(engine: Engine, field: Field, ticket: Ticket) -> None:
    stop(engine, ticket.response, False, NOW)
    again = begin(engine, field.pupils_door, "en", SHA, NOW)
    assert (again.state, again.epoch) == ("withdrawn", 1)


def test_seeds_are_spread_evenly() -> None:
    seeds = [seed_of(f"response-{number}") for number in range(24_000)]
    assert set(seeds) == set(range(24))
    assert all(850 < seeds.count(seed) < 1150 for seed in range(24))
