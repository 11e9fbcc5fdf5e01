"""Each audience stands by itself, with the study's aim; and who needs attention comes first."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from survey.cli.progress import _by_audience
from survey.fieldwork.waves import Hours
from survey.progress import (
    Asking,
    Attention,
    Other,
    Outcome,
    Progress,
    ReportedWave,
    Tally,
    attention,
    by_audience,
    neediest_first,
)

OPENS, CLOSES = date(2026, 9, 21), date(2026, 12, 18)
WAVE = ReportedWave(1, "w1", "Autumn 2026", OPENS, CLOSES, Hours())
TODAY = date(2026, 11, 29)


def asked(audience: str, questionnaire: str, *outcomes: Outcome) -> list[Asking]:
    return [
        Asking(n, f"p{n}", audience, "w1", questionnaire, 1, "4a", "4a", outcome, done(outcome))
        for n, outcome in enumerate(outcomes)
    ]


def done(outcome: Outcome) -> date | None:
    return TODAY - timedelta(days=3) if outcome is Outcome.FINISHED else None


def by_link(audience: str, state: str) -> Other:
    return Other("w1", audience, audience, 1, state, TODAY)


FINISHED, NOT_STARTED, LEFT = Outcome.FINISHED, Outcome.NOT_STARTED, Outcome.LEFT
PROGRESS = Progress(
    (WAVE,),
    (),
    (
        *asked("pupil", "ks1", *[FINISHED] * 3, NOT_STARTED),
        *asked("pupil", "ks2", *[FINISHED] * 4, NOT_STARTED, NOT_STARTED, LEFT),
        *asked("staff", "staff", FINISHED, NOT_STARTED),
    ),
    (by_link("parent", "finished"), by_link("parent", "stopped"), by_link("staff", "finished")),
    (),
)


def test_audiences_are_never_in_one_figure() -> None:
    pupils, parents, staff = by_audience(PROGRESS, {})
    assert (pupils.tally.finished, pupils.tally.there, pupils.by_link) == (7, 10, 0)
    assert (staff.tally.finished, staff.tally.there, staff.by_link) == (1, 2, 1)
    assert (parents.tally.rate, parents.by_link) == (None, 1), "by links only: no one knows of how many"
    assert [one.finished for one in (pupils, parents, staff)] == [7, 1, 1]


def test_the_command_has_a_table_for_each_audience_too() -> None:
    apart = _by_audience(PROGRESS, "school")
    assert [(title, len(one.lines)) for title, one in apart] == [("Pupils", 11), ("Staff", 2)]
    assert _by_audience(PROGRESS.only(audience="staff"), "school") == [("", PROGRESS.only(audience="staff"))]
    assert _by_audience(PROGRESS, "audience") == [("", PROGRESS)]


def test_the_days_end_at_the_figure_of_the_card() -> None:
    for one in by_audience(PROGRESS, {}):
        assert one.days[-1].so_far == one.finished
    (pupils, *_) = by_audience(PROGRESS, {})
    assert pupils.lately(TODAY) == 7
    assert pupils.lately(TODAY, timedelta(days=3)) == 0


def test_an_aim_is_of_all_that_is_counted_or_of_nothing() -> None:
    def aim(aims: dict[str, float]) -> int | None:
        return by_audience(PROGRESS, aims)[0].aim

    assert aim({"ks1": 0.75, "ks2": 0.5}) == 6, "3 of 4 and 3 of 6: who left is not asked"
    assert aim({"ks1": 0.7, "ks2": 0.7}) == 7, "7.000000000000001 to a computer"
    assert aim({"ks1": 0.75, "ks2": 0.51}) == 7, "a part of a person is a person"
    assert aim({"ks1": 0.75}) is None


def tally(last: date | None = None, **counts: int) -> Tally:
    return Tally("s", "S", {Outcome(name): count for name, count in counts.items()}, last)


@pytest.mark.parametrize(
    ("school", "today", "why"),
    [
        (tally(not_started=10), TODAY, "not begun"),
        (tally(not_started=10), OPENS + timedelta(days=6), None),
        (tally(not_started=10), OPENS + timedelta(days=7), "not begun"),
        (tally(TODAY - timedelta(days=14), finished=7, not_started=3), TODAY, "stalled"),
        (tally(TODAY - timedelta(days=13), finished=7, not_started=3), TODAY, None),
        (tally(TODAY - timedelta(days=60), finished=8, not_started=2), TODAY, None),
        (tally(finished=0, under_way=5, not_started=5), TODAY, "stalled"),
        (tally(TODAY, finished=4, not_started=6), TODAY, "behind"),
        (tally(TODAY, finished=5, not_started=5), TODAY, None),
        (tally(OPENS + timedelta(days=20), finished=4, not_started=6), OPENS + timedelta(days=21), None),
        (tally(TODAY, finished=7, not_agreed=3), TODAY, "no consent"),
        (tally(TODAY, finished=8, not_agreed=2), TODAY, None),
        (tally(left=4), TODAY, None),
    ],
)
def test_why_a_school_needs_attention(school: Tally, today: date, why: Attention | None) -> None:
    assert attention(school, WAVE, today) == why


def test_the_neediest_come_first_and_the_others_by_their_rates() -> None:
    few, many = tally(not_started=3), tally(not_started=30)
    low, high = tally(TODAY, finished=8, refused=2), tally(TODAY, finished=9, refused=1)
    found = neediest_first([high, few, low, many, tally()], WAVE, TODAY)
    assert [one for one, _ in found] == [many, few, low, high]
    assert [why for _, why in found] == ["not begun", "not begun", None, None]
