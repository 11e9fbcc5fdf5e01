"""Shares, corrections for several tests, and costs, beside R and beside what is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.analysis.corrections import Correction, corrected
from survey.analysis.costs import Outlay, cost_per_child
from survey.analysis.shares import difference, participation, share
from tests.scales.golden_files import results

GOLDEN = Path(__file__).parent / "golden"


# ── shares ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("item", ["81 263", "15 148", "0 20", "1 29"])
def test_published_intervals_of_shares(item: str) -> None:
    # The four examples of Newcombe (1998), Statistics in Medicine 17, 857-872, table I; the figures are R's prop.test.
    count, of = map(int, item.split())
    golden = results("share", GOLDEN)
    found = share(count, of)
    assert (found.low, found.high) == pytest.approx((golden["low", item], golden["high", item]), abs=1e-9)


def test_published_interval_of_81_in_263() -> None:
    # Newcombe (1998), table I, method 3: .2553 to .3662.
    found = share(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10: examples (a), (b) and (f).
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_published_differences_of_shares(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    found = difference(share(*one), share(*other))
    assert found is not None
    assert found == pytest.approx((one[0] / one[1] - other[0] / other[1], low, high), abs=5e-5)


def test_participation_beside_the_roll() -> None:
    sen = [True] * 20 + [False] * 80 + [None, True]
    clubs = [True] * 5 + [False] * 15 + [True] * 35 + [False] * 45 + [True, None]
    found = participation(sen, clubs, "SEN", "after-school groups")
    assert (found.rate.count, found.rate.of, found.rate_others.count, found.rate_others.of) == (5, 20, 35, 80)
    assert found.of_roll.value == pytest.approx(0.2)
    assert found.of_participants.value == pytest.approx(5 / 40)
    assert found.difference == pytest.approx(0.25 - 0.4375)
    assert found.notes[0] == "2 left out: 'SEN' or 'after-school groups' is not known."
    assert "'SEN' are 12.5 % (5 of 40) of all who do, and 20.0 % (20 of 100) of the roll" in found.sentence


def test_nobody_takes_part_and_nobody_is_there() -> None:
    nobody = participation([], [], "SEN", "clubs")
    assert nobody.difference is None
    assert nobody.rate.value is None
    assert "none" in nobody.sentence
    with pytest.raises(ValueError, match="no share"):
        share(3, 2)


# ── several tests ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("method", "in_r"),
    [
        ("holm", "holm"),
        ("hochberg", "hochberg"),
        ("benjamini_hochberg", "BH"),
        ("bonferroni", "bonferroni"),
        ("none", "p"),
    ],
)
def test_corrections_are_those_of_r(method: Correction, in_r: str) -> None:
    golden = results("corrections", GOLDEN)
    given = [golden["p", str(at)] for at in range(10)]
    assert corrected(given, method) == pytest.approx([golden[in_r, str(at)] for at in range(10)], abs=1e-12)


def test_published_correction() -> None:
    # Benjamini and Hochberg (1995), section 3.2: of fifteen tests the first four are findings at 0.05, Bonferroni's three.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert sum(q is not None and q <= 0.05 for q in corrected(p, "benjamini_hochberg")) == 4
    assert sum(q is not None and q <= 0.05 for q in corrected(p, "bonferroni")) == 3


def test_a_test_that_was_not_made_is_not_counted() -> None:
    assert corrected([0.01, None, 0.04], "holm") == pytest.approx([0.02, None, 0.04])
    assert corrected([], "holm") == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        corrected([1.2], "holm")


# ── costs ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_costs_are_spread_over_three_years() -> None:
    # 6,000 pounds of instruments once and 9,000 of lessons each year, for 100, 110 and 90 pupils: 33,000 / 300.
    found = cost_per_child([Outlay("instruments", 6000, False), Outlay("lessons", 9000, True)], [100, 110, 90])
    assert (found.total, found.per_pupil_year, found.rating) == (33_000, 110, "low")
    assert found.sentence.startswith("£110.00 per pupil and year over 3 years (low): £33,000 in all")


def test_what_is_paid_to_people_and_who_pays_add_up_over_the_three_years() -> None:
    # 600 once by the trust; each year 1,000 of salaries by schools and 200 by the trust: 600 + 3,000 + 600 = 4,200.
    outlays = [
        Outlay("drums", 600, False, payer="the trust"),
        Outlay("teachers", 1000, True, salaries=True, payer="schools"),
        Outlay("coaches", 200, True, payer="the trust"),
    ]
    found = cost_per_child(outlays, [10, 10, 10])
    assert (found.total, found.salaries) == (4_200, 3_000)
    assert list(found.payers.items()) == [("schools", 3_000), ("the trust", 1_200)]
    assert found.for_each(found.salaries) == 100
    assert sum(found.payers.values()) == found.total
    assert cost_per_child([Outlay("drums", 600, False), outlays[1]], [1, 1, 1]).payers["not said who"] == 600
    assert cost_per_child([Outlay("drums", 600, False)], [1, 1, 1]).payers == {}


@pytest.mark.parametrize(
    ("amount", "rating"),
    [(80, "very low"), (81, "low"), (200, "low"), (700, "moderate"), (1200, "high"), (1201, "very high")],
)
def test_ratings_of_costs(amount: float, rating: str) -> None:
    assert cost_per_child([Outlay("all", amount, True)], [1, 1, 1]).rating == rating


def test_costs_need_three_years_of_pupils() -> None:
    with pytest.raises(ValueError, match="3 years"):
        cost_per_child([], [10, 0, 10])
    with pytest.raises(ValueError, match="below 0"):
        cost_per_child([Outlay("a", -1, True)], [1, 1, 1])
