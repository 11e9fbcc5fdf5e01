"""What people name by a code is found, or one sentence says what is near, what there is, or what to do first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import survey
from survey.database import Engine, open_engine, read, session, storable, upgrade
from survey.fieldwork import Participant, keep_study, keep_waves, study_by_code
from survey.fieldwork.finding import (
    find_participant,
    find_place,
    find_published,
    find_study,
    find_wave,
    not_there,
    one_of,
    tidied,
)
from survey.problems import Refused
from tests.filled import keep_school

ODD = ("\0", "first\0notes", "\ud800", "'; DROP TABLE study; --", "", "x" * 5_000)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def laid(engine: Engine) -> Engine:
    with session(engine) as db:
        study = keep_study(db, "first-notes", title="First notes")
        keep_waves(db, study, [("w1", "One", date(2025, 9, 1), None), ("w2", "Two", None, None)])
        keep_school(db, study, "s1", title="Ash Primary", arm=None)
        db.add(Participant(study_id=study.id, code="p0001", audience="pupil", facts={}))
    return engine


def test_what_is_there_is_found(laid: Engine) -> None:
    with session(laid) as db:
        study, wave, school = find_place(db, "first-notes", "w2", "s1")
        assert (study.title, wave.title, school and school.title) == ("First notes", "Two", "Ash Primary")
        assert find_place(db, "first-notes", "w1")[2] is None
    with read(laid) as connection:
        found = find_study(connection, "first-notes")
        assert (found.id, found.code, found.time_zone, found.sha256) == (study.id, "first-notes", "Europe/London", None)
        assert find_wave(connection, found.id, "w2").position == 2
        assert find_participant(connection, found.id, "p0001") > 0


@pytest.mark.parametrize(
    ("study", "wave", "school", "said"),
    [
        ("first-note", "w1", None, "There is no study 'first-note'. Did you mean 'first-notes'?"),
        ("zzz", "w1", None, "There is no study 'zzz'. The only one is 'first-notes'."),
        ("first-notes", "autumn", None, "There is no wave 'autumn'. There are 'w1' and 'w2'."),
        ("first-notes", "w1", "Ash", "There is no school 'Ash'. The only one is 's1'."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    laid: Engine, study: str, wave: str, school: str | None, said: str
) -> None:
    with session(laid) as db, pytest.raises(Refused) as refused:
        find_place(db, study, wave, school)
    assert refused.value.reasons == [said]


_SAID_OF_BARE = r"^Nothing in the study 'bare' has been published yet\. Please publish it first: survey publish FOLDER$"


def test_where_there_is_nothing_the_sentence_says_what_to_do_first(engine: Engine) -> None:
    with session(engine) as db:
        with pytest.raises(Refused, match=r"There is no study 'a'\. Please publish one first: survey publish FOLDER"):
            find_study(db, "a")
        study = keep_study(db, "bare", title="Bare")
        with pytest.raises(Refused, match=_SAID_OF_BARE):
            find_published(db, "bare")
        with pytest.raises(Refused, match=r"There is no wave 'w1'\. Please put the study's waves into study\.yaml"):
            find_wave(db, study.id, "w1")
        with pytest.raises(Refused, match=r"There is no participant 'p1'\. Please import the roster first"):
            find_participant(db, study.id, "p1")


def test_of_very_many_a_few_are_named() -> None:
    said = not_there("school", "Ash", [f"s{number:03}" for number in range(500)])
    assert said == "There is no school 'Ash'. There are 500, such as 's000', 's001' and 's002'."


@pytest.mark.parametrize("typed", ODD)
def test_nothing_that_can_be_typed_stops_the_database(laid: Engine, typed: str) -> None:
    with session(laid) as db:
        for find in (find_study, find_published):
            with pytest.raises(Refused, match="There is no study"):
                find(db, typed)
        study = find_study(db, "first-notes").id
        with pytest.raises(Refused, match="There is no wave"):
            find_wave(db, study, typed)
        with pytest.raises(Refused, match="There is no participant") as refused:
            find_participant(db, study, typed)
        assert len(str(refused.value)) < 200
        assert study_by_code(db, typed) is None


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [("  w1\t", "w1"), ("a\0b", "a\ufffdb"), ("\ud800", "\ufffd"), ("a\nb", "a b"), (None, ""), ("x" * 300, "x" * 200)],
)
def test_typed_text_is_tidied_before_it_is_looked_up(typed: str | None, read_as: str) -> None:
    assert tidied(typed) == read_as
    assert storable(tidied(typed))


def test_one_of_names_the_nearest(laid: Engine) -> None:
    with session(laid) as db:
        waves = find_place(db, "first-notes", "w1")[0].waves
        with pytest.raises(Refused, match=r"There is no wave 'w11'\. Did you mean 'w1'\?"):
            one_of("wave", waves, "w11")


def test_the_sentences_stand_in_one_place() -> None:
    """There were seventeen. A new one would say it in other words, and without what to do next."""
    room = Path(survey.__file__).parent
    sentence = re.compile(r"""f?["']There is no (study|wave|school|class|performance|questionnaire|participant) ['{]""")
    written = {
        str(module.relative_to(room)) for module in room.rglob("*.py") if sentence.search(module.read_text("utf-8"))
    }
    guards = {
        str(module.relative_to(room))
        for module in (*room.rglob("pages/**/*.py"), *room.rglob("fieldwork/**/*.py"), *room.rglob("cli/*.py"))
        if re.search(r'"\\0" in', module.read_text("utf-8"))
    }
    assert (written, guards) == (set(), set())
