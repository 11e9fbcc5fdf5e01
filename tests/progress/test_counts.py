"""The numbers of the progress are counts over the database, by queries that know nothing of its code."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from survey.progress import NOT_THERE, Outcome, days, others, progress, tallies, to_remind, total, waves_of
from tests.progress.conftest import Field
from tests.progress.every_outcome import NOW, PUPILS

ON_THE_LIST = """
SELECT {what} FROM membership
JOIN participant ON participant.id = membership.participant_id
JOIN wave ON wave.id = membership.wave_id
LEFT JOIN school ON school.id = membership.school_id
LEFT JOIN response ON response.participant_id = participant.id AND response.wave_id = wave.id
    AND response.questionnaire = 'pupil'
LEFT JOIN reason ON reason.participant_id = participant.id AND reason.wave_id = wave.id AND reason.questionnaire = ''
LEFT JOIN decision ON decision.participant_id = participant.id
WHERE participant.audience = 'pupil' AND wave.code = 'w2' AND membership.facts LIKE '%"year"\\:4%'
"""
NEVER_BEGAN = "response.id IS NULL AND membership.left_at IS NULL"
LATER = (
    "EXISTS (SELECT 1 FROM membership later JOIN wave w ON w.id = later.wave_id "
    "WHERE later.participant_id = participant.id AND w.code = 'w3')"
)
CONDITIONS = {
    Outcome.FINISHED: "response.state = 'finished'",
    Outcome.STOPPED: "response.state = 'stopped'",
    Outcome.UNDER_WAY: "response.state = 'started' AND decision.says = 'yes'",
    Outcome.SAID_NO: "response.state = 'declined'",
    Outcome.WITHDRAWN: "response.state = 'withdrawn'",
    Outcome.REFUSED: "decision.says = 'no'",
    Outcome.NOT_AGREED: "decision.id IS NULL",
    Outcome.ABSENT: f"{NEVER_BEGAN} AND reason.reason = 'absent'",
    Outcome.EXCUSED: f"{NEVER_BEGAN} AND reason.reason = 'excused'",
    Outcome.OTHER: f"{NEVER_BEGAN} AND reason.reason = 'other'",
    Outcome.LEFT: f"membership.left_at IS NOT NULL AND NOT {LATER}",
    Outcome.MOVED: f"membership.left_at IS NOT NULL AND {LATER}",
    Outcome.NOT_STARTED: f"{NEVER_BEGAN} AND reason.reason IS NULL AND decision.says = 'yes'",
    Outcome.NO_PART: "1 = 0",
}


def by_sql(field: Field, outcome: Outcome, more: str = "") -> int:
    query = ON_THE_LIST.format(what="count(*)") + f" AND ({CONDITIONS[outcome]}) {more}"
    with field.engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def test_every_outcome_of_every_school_is_what_plain_sql_counts(field: Field) -> None:
    found = progress(field.engine, field.study, NOW).only(wave="w2")
    for tally in tallies(found, "school"):
        for outcome in Outcome:
            expected = by_sql(field, outcome, f"AND school.code = '{tally.key}'")
            assert tally.count(outcome) == expected, (tally.title, outcome)
    everyone = total(found.lines)
    assert {outcome for outcome, number in everyone.counts.items() if number} == set(Outcome) - {Outcome.NO_PART}
    assert everyone.counts == Counter(pupil.outcome for pupil in PUPILS)


@pytest.mark.parametrize("level", ["programme", "arm", "school", "class", "questionnaire", "wave"])
def test_whatever_the_lines_are_they_add_up_to_the_same(field: Field, level: str) -> None:
    found = progress(field.engine, field.study, NOW)
    lines = tallies(found, level)  # type: ignore[arg-type]
    everyone = total(found.lines)
    for outcome in Outcome:
        assert sum(line.count(outcome) for line in lines) == everyone.count(outcome)
    assert sum(line.asked for line in lines) == everyone.asked == len(found.lines)
    assert sum(line.there for line in lines) == everyone.there


def test_a_rate_is_of_those_who_could_be_asked(field: Field) -> None:
    found = progress(field.engine, field.study, NOW).only(wave="w2")
    ash = next(line for line in tallies(found, "school") if line.key == "s1")
    gone = sum(by_sql(field, outcome, "AND school.code = 's1'") for outcome in NOT_THERE)
    assert (ash.asked, gone, ash.finished) == (39, 6, 3)
    assert ash.rate == pytest.approx(3 / 33)
    downs = next(line for line in tallies(found, "school") if line.key == "sec")
    assert (downs.asked, downs.rate) == (0, None), "a school where no one is asked has no rate"


def test_a_wave_that_is_over_has_people_who_took_no_part_and_one_to_come_has_none(field: Field) -> None:
    found = progress(field.engine, field.study, NOW)
    assert total(found.only(wave="w1").lines).counts == {Outcome.NO_PART: 3}
    assert total(found.only(wave="w3").lines).counts == {Outcome.NOT_STARTED: 4}
    earlier = progress(field.engine, field.study, datetime(2025, 10, 1, tzinfo=UTC))
    assert total(earlier.only(wave="w1").lines).counts == {Outcome.NOT_STARTED: 3}


def test_responses_of_nobody_on_a_list_are_counted_beside_without_a_rate(field: Field) -> None:
    found = progress(field.engine, field.study, NOW)
    assert [
        (line.title, line.finished, line.under_way, line.said_no, line.all) for line in others(found, found.by_link)
    ] == [
        ("Ash Primary", 2, 1, 0, 3),
        ("Birch Primary", 0, 0, 1, 1),
        ("No school", 1, 0, 0, 1),
    ]
    assert [(one.wave, one.state) for one in found.unlisted] == [("w2", "finished")]
    with field.engine.connect() as connection:
        responses = connection.scalar(text("SELECT count(*) FROM response"))
    answered = sum(
        1
        for line in found.lines
        if line.outcome in (Outcome.FINISHED, Outcome.STOPPED, Outcome.UNDER_WAY, Outcome.SAID_NO, Outcome.WITHDRAWN)
    )
    refused_after_beginning = 1
    assert answered + refused_after_beginning + len(found.by_link) + len(found.unlisted) == responses


def test_a_coordinator_sees_only_what_is_theirs(field: Field) -> None:
    with field.engine.connect() as connection:
        birch = connection.scalar(text("SELECT id FROM school WHERE code = 's2'"))
    everything = progress(field.engine, field.study, NOW)
    mine = progress(field.engine, field.study, NOW, schools={birch})
    assert [place.code for place in mine.places] == ["s2"]
    assert mine.lines == tuple(line for line in everything.lines if line.school == birch)
    assert {one.school for one in (*mine.by_link, *mine.unlisted)} == {birch}
    assert {pupil.code for pupil in PUPILS if pupil.school == "s2"} == {line.participant for line in mine.lines}
    nothing = progress(field.engine, field.study, NOW, schools=set())
    assert (nothing.lines, nothing.by_link, nothing.unlisted, nothing.places) == ((), (), (), ())


@pytest.mark.parametrize("wave", ["w1", "w2", "w3"])
def test_one_wave_read_by_itself_is_the_same_as_that_part_of_all(field: Field, wave: str) -> None:
    everything = progress(field.engine, field.study, NOW)
    (birch,) = [place.id for place in everything.places if place.code == "s2"]
    assert progress(field.engine, field.study, NOW, wave=wave) == everything.only(wave=wave)
    mine = progress(field.engine, field.study, NOW, {birch})
    assert progress(field.engine, field.study, NOW, {birch}, wave) == mine.only(wave=wave)
    assert waves_of(field.engine, field.study) == everything.waves


def test_the_days_count_everyone_who_was_asked_and_finished(field: Field) -> None:
    found = progress(field.engine, field.study, NOW).only(wave="w2")
    curve = days(found.lines)
    assert [day.day for day in curve] == [date(2026, 11, 3), date(2026, 11, 4), date(2026, 11, 5)]
    assert curve[-1].so_far == sum(day.finished for day in curve) == total(found.lines).finished == 4
    assert days(found.only(questionnaire="nothing").lines) == []


def test_who_to_remind_are_those_who_can_still_be_asked(field: Field) -> None:
    rows = to_remind(progress(field.engine, field.study, NOW).only(wave="w2"))
    still = {Outcome.NOT_STARTED, Outcome.UNDER_WAY, Outcome.ABSENT}
    assert {row[0] for row in rows} == {pupil.code for pupil in PUPILS if pupil.outcome in still}
    assert len(rows) == sum(by_sql(field, outcome) for outcome in still)
    under_way = next(pupil for pupil in PUPILS if pupil.outcome is Outcome.UNDER_WAY)
    assert (under_way.code, "s1", "4a", "w2", "pupil", "started, not finished") in rows
