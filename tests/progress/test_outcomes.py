"""Exactly one outcome for whoever is asked, by the order that survey/progress/outcomes.py writes down."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.definition.reading import parse_study
from survey.fieldwork.waves import Hours, asked
from survey.progress import (
    REASONS,
    TITLES,
    Asking,
    Outcome,
    Progress,
    ReportedSchool,
    ReportedWave,
    outcome_of,
    tallies,
    total,
)
from tests.pages.small_study import STUDY

NOTHING: dict[str, Any] = {
    "state": None,
    "standing": "yes",
    "reason": None,
    "left": False,
    "found_later": False,
    "over": False,
}


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        ({}, Outcome.NOT_STARTED),
        ({"over": True}, Outcome.NO_PART),
        ({"state": "finished"}, Outcome.FINISHED),
        ({"state": "stopped", "over": True}, Outcome.STOPPED),
        ({"state": "started"}, Outcome.UNDER_WAY),
        ({"state": "started", "over": True}, Outcome.UNDER_WAY),
        ({"state": "declined"}, Outcome.SAID_NO),
        ({"state": "withdrawn"}, Outcome.WITHDRAWN),
        ({"standing": "withdrawn"}, Outcome.WITHDRAWN),
        # taken back goes before everything; who only wants to be asked nothing more leaves their answers there
        ({"state": "withdrawn", "standing": "yes", "left": True}, Outcome.WITHDRAWN),
        ({"state": "finished", "standing": "withdrawn"}, Outcome.FINISHED),
        ({"state": "started", "standing": "withdrawn"}, Outcome.WITHDRAWN),
        ({"standing": "withdrawn", "left": True, "reason": "absent"}, Outcome.WITHDRAWN),
        # what they did goes before what is known about them
        ({"state": "finished", "standing": "no", "left": True, "reason": "absent"}, Outcome.FINISHED),
        ({"state": "declined", "standing": "no", "reason": "excused"}, Outcome.SAID_NO),
        ({"state": "started", "standing": "missing", "left": True}, Outcome.UNDER_WAY),
        ({"state": "started", "standing": "no"}, Outcome.REFUSED),
        # gone goes before consent, consent before the day's reason
        ({"left": True}, Outcome.LEFT),
        ({"reason": "left"}, Outcome.LEFT),
        ({"left": True, "found_later": True}, Outcome.MOVED),
        ({"left": True, "standing": "no"}, Outcome.LEFT),
        ({"found_later": True}, Outcome.NOT_STARTED),
        ({"standing": "no", "reason": "absent"}, Outcome.REFUSED),
        ({"standing": "missing", "reason": "absent"}, Outcome.NOT_AGREED),
        ({"reason": "absent", "over": True}, Outcome.ABSENT),
        ({"reason": "excused"}, Outcome.EXCUSED),
        ({"reason": "refused"}, Outcome.SAID_NO),
        ({"reason": "other"}, Outcome.OTHER),
    ],
)
def test_the_order(known: dict[str, Any], outcome: Outcome) -> None:
    assert outcome_of(**{**NOTHING, **known}) is outcome


def test_every_outcome_has_a_title_and_a_place_in_the_table() -> None:
    assert list(TITLES) == list(Outcome)


known = st.fixed_dictionaries(
    {
        "state": st.sampled_from([None, "started", "finished", "stopped", "declined", "withdrawn"]),
        "standing": st.sampled_from(["yes", "no", "missing", "withdrawn"]),
        "reason": st.sampled_from([None, *REASONS]),
        "left": st.booleans(),
        "found_later": st.booleans(),
        "over": st.booleans(),
    }
)
PLAN = parse_study(STUDY)
person = st.tuples(
    st.sampled_from(["pupil", "parent", "staff"]),
    st.dictionaries(st.just("year"), st.integers(0, 6)),
    st.sampled_from(["w1", "w2"]),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from(["", "4a", "4b"]),
    known,
)


@given(st.lists(person, max_size=60))
def test_the_outcomes_divide_those_who_are_asked(people: list[Any]) -> None:
    lines = tuple(
        Asking(number, f"p{number}", audience, wave, what, school, room, room, outcome_of(**facts), None)
        for number, (audience, year, wave, school, room, facts) in enumerate(people)
        for what in asked(PLAN, audience, year, wave)
    )
    places = tuple(
        ReportedSchool(
            number, f"s{number}", f"School {number}", "programme" if number < 3 else "", "", "north", "North"
        )
        for number in (1, 2, 3)
    )
    waves = tuple(ReportedWave(number, code, code, None, None, Hours()) for number, code in enumerate(("w1", "w2")))
    whole = Progress(waves, places, lines, (), ())
    everyone = total(lines)
    assert sum(everyone.count(outcome) for outcome in Outcome) == everyone.asked == len(lines)
    for outcome in Outcome:
        assert everyone.count(outcome) == sum(1 for line in lines if line.outcome is outcome)
    for level in ("programme", "arm", "school", "class", "questionnaire", "wave"):
        parts = tallies(whole, level)  # type: ignore[arg-type]
        assert len({part.key for part in parts}) == len(parts)
        assert sum(part.asked for part in parts) == len(lines)
        for part in parts:
            assert 0 <= part.finished <= part.there <= part.asked
            assert part.rate is None or 0 <= part.rate <= 1
