"""What must hold for any answers and any rule."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from survey.scales import Linear, Rule, score, score_each, turned

pytestmark = pytest.mark.slow


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    count = draw(st.integers(1, 9))
    lows = draw(st.lists(st.integers(-3, 3), min_size=count, max_size=count))
    widths = draw(st.lists(st.integers(1, 10), min_size=count, max_size=count))
    kind = draw(st.sampled_from(["mean", "sum"]))
    return Rule(
        items=tuple(f"item_{at}" for at in range(count)),
        reverse=tuple(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
        low=tuple(map(float, lows)),
        high=tuple(float(low + width) for low, width in zip(lows, widths, strict=True)),
        score=kind,
        prorate=kind == "sum" and draw(st.booleans()),
        needs=draw(st.integers(1, count)),
        round=draw(st.none() | st.integers(0, 3)),
    )


@st.composite
def answered(draw: st.DrawFn) -> tuple[np.ndarray, Rule]:
    """Answers of up to 30 respondents in range, with gaps, decimals among them, and a rule."""
    by = draw(rules())
    people = draw(st.integers(0, 30))
    shape = (people, len(by.items))
    share = draw(arrays.arrays(np.float64, shape, elements=st.integers(0, 1000).map(lambda n: n / 1000)))
    gaps = draw(arrays.arrays(np.bool_, shape))
    low, high = np.array(by.low), np.array(by.high)
    matrix = low + share * (high - low)
    if draw(st.booleans()):
        matrix = np.round(matrix)
    matrix = matrix.clip(low, high)
    matrix[gaps] = np.nan
    return matrix, by


def one_by_one(matrix: np.ndarray, by: Rule) -> list[float]:
    """The rules once more, in plain Python, a respondent at a time; neither transformed nor rounded."""
    found = []
    for row in matrix.tolist():
        values = [
            low + high - value if reverse else value
            for value, low, high, reverse in zip(row, by.low, by.high, by.reverse, strict=True)
            if value == value
        ]
        enough = len(values) >= (len(row) if by.score == "sum" and not by.prorate else by.needs)
        mean = sum(values) / len(values) if enough else np.nan
        found.append(mean * (len(row) if by.score == "sum" else 1))
    return found


@settings(deadline=None)
@given(answered())
def test_is_what_one_gets_by_hand(given_: tuple[np.ndarray, Rule]) -> None:
    matrix, by = given_
    found = score(matrix, replace(by, round=None))
    np.testing.assert_allclose(found.score, one_by_one(matrix, by), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found.answered, (~np.isnan(matrix)).sum(axis=1))


@settings(deadline=None)
@given(answered(), st.randoms(use_true_random=False))
def test_other_order_of_people_same_scores(given_: tuple[np.ndarray, Rule], random: object) -> None:
    matrix, by = given_
    order = list(range(len(matrix)))
    random.shuffle(order)
    plain, shuffled = score(matrix, by), score(matrix[order], by)
    np.testing.assert_array_equal(shuffled.score, plain.score[order])
    np.testing.assert_array_equal(shuffled.answered, plain.answered[order])


@settings(deadline=None)
@given(answered(), st.integers(1, 200))
def test_the_size_of_a_block_changes_nothing(given_: tuple[np.ndarray, Rule], cells: int) -> None:
    matrix, by = given_
    whole, pieces = score(matrix, by), score(matrix, by, cells=cells)
    np.testing.assert_array_equal(pieces.score, whole.score)
    np.testing.assert_array_equal(pieces.answered, whole.answered)


def decimals(people: int, items: int = 9) -> tuple[np.ndarray, Rule]:
    """Answers of many people in thousandths, whose sums show in their last digit in which order they were added."""
    matrix = np.random.default_rng(5).integers(0, 1001, (people, items)) / 1000
    matrix[np.random.default_rng(6).random(matrix.shape) < 0.1] = np.nan
    names = tuple("abcdefghi")
    return matrix, Rule(names, (False, True) * 4 + (False,), (0.0,) * 9, (1.0,) * 9, "sum", True, 5)


def test_one_respondent_alone_has_the_score_it_has_among_many() -> None:
    matrix, by = decimals(101)
    among = score(matrix, by).score
    alone = np.concatenate([score(matrix[at : at + 1], by).score for at in range(len(matrix))])
    np.testing.assert_array_equal(alone, among)
    last_alone = score(matrix, by, cells=4 * len(by.items)).score
    np.testing.assert_array_equal(last_alone, among)


@pytest.mark.parametrize("people", [511, 512, 513, 20_000])
def test_many_respondents_each_get_their_own_score(people: int) -> None:
    matrix, by = decimals(people)
    np.testing.assert_allclose(score(matrix, by).score, one_by_one(matrix, by), rtol=1e-12)


@settings(deadline=None)
@given(answered())
def test_the_layout_in_memory_changes_nothing(given_: tuple[np.ndarray, Rule]) -> None:
    matrix, by = given_
    np.testing.assert_array_equal(score(np.asfortranarray(matrix), by).score, score(matrix, by).score)


@settings(deadline=None)
@given(answered())
def test_turning_twice_is_as_before(given_: tuple[np.ndarray, Rule]) -> None:
    matrix, by = given_
    np.testing.assert_allclose(turned(turned(matrix, by).clip(by.low, by.high), by), matrix, atol=1e-12)


@settings(deadline=None)
@given(answered())
def test_turning_beforehand_is_the_same_as_naming_the_reversed(given_: tuple[np.ndarray, Rule]) -> None:
    matrix, by = given_
    straight = replace(by, reverse=(False,) * len(by.items))
    by_hand = turned(matrix, by).clip(by.low, by.high)
    np.testing.assert_allclose(score(by_hand, straight).score, score(matrix, by).score, atol=1e-9)


@settings(deadline=None)
@given(answered())
def test_scores_lie_in_the_range_of_the_scale(given_: tuple[np.ndarray, Rule]) -> None:
    matrix, by = given_
    by = replace(by, round=None)
    if by.score == "mean" and len(set(zip(by.low, by.high, strict=True))) > 1:
        by = replace(by, needs=len(by.items))  # The mean of some items may leave the range of the mean of all.
    if by.prorate:
        by = replace(by, needs=len(by.items))
    low, high = by.raw_range
    found = score(matrix, by).score
    found = found[~np.isnan(found)]
    assert ((found >= low - 1e-9) & (found <= high + 1e-9)).all()


@settings(deadline=None)
@given(answered(), st.integers(-10, 10), st.integers(1, 100))
def test_a_line_keeps_the_order(given_: tuple[np.ndarray, Rule], new_from: int, width: int) -> None:
    matrix, by = given_
    by = replace(by, round=None)
    low, high = by.raw_range
    plain = score(matrix, by).score
    moved = score(matrix, replace(by, transform=Linear(low, high, new_from, new_from + width))).score
    np.testing.assert_allclose(moved, new_from + (plain - low) / (high - low) * width, atol=1e-9)


@settings(deadline=None)
@given(answered())
def test_several_scales_at_once_are_as_each_alone(given_: tuple[np.ndarray, Rule]) -> None:
    matrix, by = given_
    backwards = Rule(
        items=by.items[::-1],
        reverse=by.reverse[::-1],
        low=by.low[::-1],
        high=by.high[::-1],
        score="mean",
        prorate=False,
        needs=1,
    )
    both = score_each(matrix, by.items, (by, backwards))
    np.testing.assert_array_equal(both[0].score, score(matrix, by).score)
    np.testing.assert_array_equal(both[1].score, score(matrix[:, ::-1], backwards).score)


@pytest.mark.parametrize("people", [20_000, 200_000])
def test_memory_beside_the_scores_does_not_grow_with_the_respondents(people: int) -> None:
    matrix = np.full((people, 12), 3.0)
    by = Rule(tuple("abcdefghijkl"), (True,) * 12, (1.0,) * 12, (5.0,) * 12, "mean", False, 9, 1)
    tracemalloc.start()
    found = score(matrix, by)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - found.score.nbytes - found.answered.nbytes < 6_000_000
