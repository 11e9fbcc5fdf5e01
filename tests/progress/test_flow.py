"""From the list to the last page, arm by arm: counted by hand, and small counts hidden."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date
from typing import Any

from survey.fieldwork.waves import Hours
from survey.progress import ALL_ARMS, ArmFlow, Asking, Outcome, Progress, ReportedSchool, ReportedWave, flows


def as_told(one: ArmFlow) -> tuple[Any, ...]:
    return astuple(one)[:-1]


def lines(wave: str, school: int, outcome: Outcome, number: int, first: int = 0) -> list[Asking]:
    return [
        Asking(
            1000 * school + n,
            f"p{school}-{n}",
            "staff",
            wave,
            "sample",
            school,
            "1",
            "Class 1",
            outcome,
            date(2024, 10, 1),
        )
        for n in range(first, first + number)
    ]


def fieldwork(*asked: list[Asking]) -> Progress:
    waves = tuple(
        ReportedWave(at, code, title, date(2024, 9, 1), date(2024, 12, 1), Hours())
        for at, (code, title) in enumerate((("w1", "Autumn 2024"), ("w2", "Autumn 2025")))
    )
    places = tuple(
        ReportedSchool(at, f"s{at}", f"School {at}", arm, arm.title(), "", "")
        for at, arm in ((1, "programme"), (2, "programme"), (3, "comparison"))
    )
    return Progress(waves, places, tuple(one for some in asked for one in some), (), ())


def test_everyone_is_followed_from_the_list_to_the_last_page_in_each_arm() -> None:
    told = flows(
        fieldwork(
            lines("w1", 1, Outcome.FINISHED, 20),
            lines("w1", 2, Outcome.UNDER_WAY, 12),
            lines("w1", 2, Outcome.LEFT, 3, first=12),
            lines("w1", 3, Outcome.FINISHED, 30),
            lines("w1", 3, Outcome.ABSENT, 10, first=30),
            lines("w2", 1, Outcome.FINISHED, 15, first=5),
            lines("w2", 3, Outcome.FINISHED, 25),
        ),
        10,
    )["sample"]
    assert [as_told(one) for one in told] == [
        ("w1", "programme", 2, 35, 32, 32, 20, 0),
        ("w1", "comparison", 1, 40, 40, 30, 30, 0),
        ("w1", ALL_ARMS, 3, 75, 72, 62, 50, 0),
        ("w2", "programme", 1, 15, 15, 15, 15, 15),
        ("w2", "comparison", 1, 25, 25, 25, 25, 25),
        ("w2", ALL_ARMS, 2, 40, 40, 40, 40, 40),
    ]
    assert [one.is_first for one in told] == [True] * 3 + [False] * 3
    assert told[0].rate == 20 / 32


def test_a_small_count_is_hidden_in_both_arms_and_in_all_of_them_only_if_it_is_small_there() -> None:
    told = flows(
        fieldwork(
            lines("w1", 1, Outcome.FINISHED, 30),
            lines("w1", 3, Outcome.FINISHED, 4),
            lines("w1", 3, Outcome.ABSENT, 20, first=4),
        ),
        10,
    )["sample"]
    one, other, everyone = map(as_told, told)
    assert one == ("w1", "programme", 1, 30, 30, None, None, 0)
    assert other == ("w1", "comparison", 1, 24, 24, None, None, 0)
    assert everyone == ("w1", ALL_ARMS, 2, 54, 54, 34, 34, 0)
    assert told[0].rate is None
