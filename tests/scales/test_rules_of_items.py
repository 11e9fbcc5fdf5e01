"""Recodes, weights, counts, items that were not shown, scales of scales and norms: each by itself and all together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.scales import (
    Beside,
    ConversionTable,
    Linear,
    NormsOfGroup,
    Recode,
    Rule,
    ScoreBand,
    banded,
    groups_of,
    has_bands,
    score,
    score_each,
    turned,
)

NONE = math.nan
BINARY = Recode({1: 0, 2: 0, 3: 0, 4: 1, 5: 1})


def rule(count: int = 3, /, **said: object) -> Rule:
    """A mean of five-point items, all needed, unless something else is said."""
    plain = {
        "items": tuple("abcdefghijklmnopqrstuvwxyz"[:count]),
        "reverse": (False,) * count,
        "low": (1.0,) * count,
        "high": (5.0,) * count,
        "score": "mean",
        "prorate": False,
        "needs": count,
    }
    return Rule(**{**plain, **said})


def scores(matrix: list[list[float]], by: Rule, **beside: Mapping) -> list[float | None]:
    found = score(matrix, by, beside=Beside(**beside)).score.tolist()
    return [None if math.isnan(value) else value for value in found]


# ── recodes ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_recoded_item_counts_what_its_table_says() -> None:
    by = rule(score="sum", recodes=(BINARY, None, Recode({1: 2.5, 2: 0, 3: 0, 4: 0, 5: 0})))
    assert scores([[3, 3, 3], [4, 5, 1], [NONE, 1, 1]], by) == [3.0, 8.5, None]
    assert by.raw_range == (1.0, 1 + 5 + 2.5)


def test_an_answer_that_no_table_holds_is_missing() -> None:
    by = rule(recodes=(Recode({1: 0, 2: 0}),) * 3, needs=1)
    assert scores([[1, 2, 5], [5, 5, 5]], by) == [0.0, None]
    assert score([[1, 2, 5]], by).answered.tolist() == [2]


def test_numbers_outside_an_item_s_range_are_refused_before_they_are_recoded() -> None:
    by = rule(recodes=(BINARY,) * 3)
    with pytest.raises(ValueError, match="item 'b' has numbers outside 1 to 5"):
        score([[1, -9, 1]], by)
    with pytest.raises(ValueError, match="item 'b' has numbers outside 1 to 5"):
        turned([[1, -9, 1]], by)


# ── weights ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_weighted_mean_is_over_the_weights_of_the_answered_items() -> None:
    by = rule(weights=(1.0, 2.0, 0.5), needs=2)
    assert scores([[5, 2, 4], [5, NONE, 2], [NONE, 2, 4]], by) == [
        pytest.approx((5 + 4 + 2) / 3.5),
        pytest.approx((5 + 1) / 1.5),
        pytest.approx((4 + 2) / 2.5),
    ]
    assert by.raw_range == (1.0, 5.0)


def test_a_prorated_sum_is_the_weighted_mean_times_all_weights() -> None:
    by = rule(weights=(1.0, 2.0, 3.0), score="sum", prorate=True, needs=2)
    assert scores([[5, 2, 4], [4, 4, NONE], [NONE, 1, 1]], by) == [21.0, 24.0, 6.0]


def test_a_sum_has_each_item_times_its_weight_and_a_reversed_one_is_turned_first() -> None:
    by = rule(weights=(1.0, 2.0, 3.0), score="sum", reverse=(False, True, False))
    assert scores([[5, 2, 4], [5, NONE, 4]], by) == [5 + 2 * 4 + 3 * 4, None]
    assert by.raw_range == (6.0, 30.0)


@pytest.mark.parametrize("weights", [(1.0, 0.0, 1.0), (1.0, -1.0, 1.0), (1.0, math.inf, 1.0), (1.0, NONE, 1.0)])
def test_a_weight_is_more_than_nothing(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="a weight is more than 0"):
        rule(weights=weights)


def test_each_item_needs_a_place_for_its_own_recode_and_weight() -> None:
    for said in ({"weights": (1.0, 2.0)}, {"recodes": (BINARY,)}):
        with pytest.raises(ValueError, match="each needs a place for its own"):
            rule(**said)


# ── counts ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_count_is_that_of_the_answered_items_and_is_neither_divided_nor_prorated() -> None:
    by = rule(score="count", recodes=(Recode({4: 1.0, 5: 1.0}, 0.0),) * 3, needs=2)
    assert scores([[4, 5, 3], [4, NONE, 1], [NONE, NONE, 5], [1, 2, 3]], by) == [2.0, 1.0, None, 0.0]
    assert by.raw_range == (0.0, 3.0)


# ── items that were not shown ─────────────────────────────────────────────────────────────────────────────
def test_an_item_that_was_not_shown_is_missing_unless_the_rule_says_what_it_counts() -> None:
    matrix, passed_by = [[2, NONE, NONE]], {"not_shown": {"b": np.array([True])}}
    assert scores(matrix, rule(needs=2), **passed_by) == [None]
    by = rule(needs=2, not_shown=0.0)
    assert scores(matrix, by, **passed_by) == [1.0]
    assert score(matrix, by, beside=Beside(**passed_by)).answered.tolist() == [2]
    assert by.raw_range == (0.0, 5.0)


def test_what_an_item_counts_that_was_not_shown_is_neither_reversed_nor_recoded() -> None:
    by = rule(not_shown=7.0, reverse=(True, False, False), recodes=(None, BINARY, None), score="sum")
    flags = {"not_shown": {"a": np.array([True]), "b": np.array([True])}}
    assert scores([[NONE, NONE, 1]], by, **flags) == [15.0]


def test_it_may_be_below_zero_though_no_answer_is() -> None:
    by = rule(not_shown=-1.0, score="sum", low=(0.0,) * 3)
    assert scores([[NONE, 0, 0]], by, not_shown={"a": np.array([True])}) == [-1.0]


# ── scales of scales ──────────────────────────────────────────────────────────────────────────────────────
PART = rule(3, items=("x", "y", "z"), score="sum", prorate=True, needs=2, round=0)


def whole(**said: object) -> Rule:
    """A sum of a question and a scale."""
    plain = {"score": "sum", "items": ("a", "part"), "parts": {"part": PART}, "low": (1.0, 3.0), "high": (5.0, 15.0)}
    return rule(2, **{**plain, **said})


def test_an_item_that_is_a_scale_has_its_rounded_prorated_score() -> None:
    by = whole()
    assert by.questions == ("a", "x", "y", "z")
    # 2 + 3 of two items: 7.5, rounded 8.
    found = score([[1, 2, 3, NONE], [1, 2, NONE, NONE], [NONE, 2, 3, 3]], by)
    np.testing.assert_array_equal(found.score, [9, NONE, NONE])
    assert found.answered.tolist() == [2, 1, 1]


def test_what_a_scale_of_scales_needs_are_scores() -> None:
    by = whole(score="mean", needs=1)
    assert scores([[1, 2, NONE, NONE], [NONE, 2, 3, NONE], [NONE, 2, NONE, NONE]], by) == [1.0, 8.0, None]


def test_an_item_that_is_a_scale_can_be_reversed_and_weighed() -> None:
    by = whole(reverse=(False, True), weights=(2.0, 0.5))
    assert scores([[1, 5, 5, 5], [1, 1, 1, 1]], by) == [2 + 0.5 * 3, 2 + 0.5 * 15]


def test_scales_and_those_within_them_are_scored_in_one_go_in_any_order() -> None:
    inner = rule(2, items=("x", "y"))
    middle = rule(2, items=("inner", "z"), parts={"inner": inner})
    outer = rule(2, items=("middle", "inner"), parts={"middle": middle, "inner": inner}, score="sum")
    found = score_each([[1, 5, 4]], ("x", "y", "z"), (outer, inner, middle))
    assert [one.score.tolist() for one in found] == [[3.5 + 3], [3.0], [3.5]]
    assert outer.questions == ("x", "y", "z")
    np.testing.assert_array_equal(turned([[1, 5, 4]], outer), [[3.5, 3.0]])


def test_two_scales_of_one_name_are_kept_apart() -> None:
    one = rule(1, items=("part",), parts={"part": rule(1, items=("x",))})
    other = rule(1, items=("part",), parts={"part": rule(1, items=("y",))})
    assert [found.score.tolist() for found in score_each([[1, 5]], ("x", "y"), (one, other))] == [[1.0], [5.0]]


def test_a_score_off_its_end_in_the_last_digit_is_no_stranger() -> None:
    part = rule(3, items=("x", "y", "z"), transform=Linear(1, 5, 0.1, 0.7))
    by = rule(1, items=("part",), parts={"part": part}, low=(0.1,), high=(0.6,))
    assert scores([[5, 5, 5]], by) == [pytest.approx(0.7)]


def test_strangers_in_scales_within_are_refused_by_the_question() -> None:
    with pytest.raises(ValueError, match="item 'x' has numbers outside 1 to 5"):
        score([[1, -9, 3, 3]], whole())
    with pytest.raises(ValueError, match="the scale's item 'z' has no column"):
        score_each([[1, 2, 3]], ("a", "x", "y"), (whole(),))


# ── norms ─────────────────────────────────────────────────────────────────────────────────────────────────
GIRLS = NormsOfGroup({"sex": "f", "age": (5.0, 10.0)}, Linear(3, 4, 50, 60))
BOYS = NormsOfGroup({"sex": "m"}, Linear(2, 4, 50, 60))


def test_each_score_is_put_on_the_norms_of_its_group_and_rounded_last() -> None:
    by = rule(norms=(GIRLS, BOYS), round=0)
    facts = {"sex": ["f", "f", "m", "m", "f", None], "age": [5, 10.0, None, 4, 11, 7]}
    beside = Beside(facts=facts)
    answers = [[4, 4, 5]] * 6
    found = score(answers, by, beside=beside)
    np.testing.assert_array_equal(found.score, [63, 63, 62, 62, NONE, NONE])
    assert found.without_norms == 2
    assert found.answered.tolist() == [3] * 6


def test_whoever_has_too_few_answers_is_not_counted_as_without_norms() -> None:
    by = rule(norms=(GIRLS, BOYS))
    found = score([[4, NONE, 5], [4, 4, 4]], by, beside=Beside(facts={"sex": [None, None], "age": [7, 7]}))
    assert found.without_norms == 1


def test_without_the_facts_no_one_is_in_a_group() -> None:
    found = score([[4, 4, 5]], rule(norms=(GIRLS, BOYS)), beside=Beside(facts={"sex": ["m"]}))
    assert np.isnan(found.score).all()
    assert found.without_norms == 1


def test_a_table_of_norms_is_looked_up_by_the_rounded_raw_score() -> None:
    table = NormsOfGroup({"sex": "f"}, ConversionTable({raw: raw * 10 for raw in range(3, 16)}))
    other = NormsOfGroup({"sex": "m"}, ConversionTable({raw: raw * 10 + 0.5 for raw in range(3, 15)}))
    by = rule(norms=(table, other), score="sum", prorate=True, needs=2, round=0)
    facts = {"sex": ["f", "m", "m"]}
    # 2.5 × 3 = 7.5, so 8; 15 is not in the table.
    assert scores([[2, 3, NONE], [2, 3, NONE], [5, 5, 5]], by, facts=facts) == [80.0, 80.5, None]


def test_norms_that_only_name_bands_leave_every_score_as_it_is() -> None:
    low, high = ScoreBand(1, 2, "Low"), ScoreBand(2, 5, "High")
    by = rule(
        norms=(
            NormsOfGroup({"year": (3.0, 4.0)}, bands=(low, high)),
            NormsOfGroup({"year": "5"}, bands=(replace(low, to=4), replace(high, from_=4))),
        )
    )
    beside = Beside(facts={"year": [3, "4", 5, 6, None]})
    found = score([[3, 3, 3]] * 5, by, beside=beside)
    assert found.score.tolist() == [3.0] * 5
    assert banded(found, by, "pupil", beside).tolist() == ["High", "High", "Low", None, None]
    assert found.without_norms == 2
    assert has_bands(by, "pupil")
    assert not has_bands(rule(), "pupil")


def test_bands_are_those_of_who_answered_else_of_people_who_answer_about_themselves() -> None:
    by = rule(bands={"self": (ScoreBand(1, 5, "Any"),), "parent": (ScoreBand(1, 5, "Parent's"),)})
    found = score([[3, 3, 3]], by)
    assert banded(found, by, "parent").tolist() == ["Parent's"]
    assert banded(found, by, "pupil").tolist() == ["Any"]
    assert has_bands(by, "pupil")
    assert not has_bands(replace(by, bands={"parent": by.bands["parent"]}), "pupil")


@pytest.mark.parametrize("yes", [True, "yes", "1", 1, 1.0])
def test_yes_and_no_are_found_as_any_file_says_them(yes: object) -> None:
    norms = (NormsOfGroup({"sen": "no"}), NormsOfGroup({"sen": "yes"}))
    assert groups_of(norms, {"sen": [yes]}, 1).tolist() == [1]


@pytest.mark.parametrize("no", [False, "no", "0", 0])
def test_no_is_not_unknown(no: object) -> None:
    assert groups_of((NormsOfGroup({"sen": "no"}),), {"sen": [no, None, ""]}, 3).tolist() == [0, -1, -1]


def test_a_text_is_in_no_range_and_a_code_is_found_as_written() -> None:
    norms = (NormsOfGroup({"age": (5.0, 9.0)}), NormsOfGroup({"age": "old"}), NormsOfGroup({"age": "10"}))
    ages = ["5", "9.0", " 7 ", "9.5", "old", "10", 10, 10.0, "ten"]
    assert groups_of(norms, {"age": ages}, len(ages)).tolist() == [0, 0, 0, -1, 1, 2, 2, 2, -1]


def test_norms_within_a_scale_of_scales() -> None:
    part = rule(1, items=("x",), norms=(NormsOfGroup({"sex": "f"}, Linear(3, 4, 0, 1)),))
    by = rule(2, items=("part", "y"), parts={"part": part}, low=(-2.0, 1.0), high=(2.0, 5.0), needs=1)
    assert by.facts == ("sex",)
    assert by.own_facts == ()
    assert scores([[5, 1], [5, 1]], by, facts={"sex": ["f", "m"]}) == [1.5, 1.0]
    assert scores([[1, NONE]], by, facts={"sex": ["f"]}) == [-2.0]


# ── all together ──────────────────────────────────────────────────────────────────────────────────────────
def _numbers(draw: st.DrawFn, count: int, least: float, most: float) -> list[float]:
    return draw(
        st.lists(st.integers(int(least * 4), int(most * 4)).map(lambda n: n / 4), min_size=count, max_size=count)
    )


@st.composite
def plain_rules(draw: st.DrawFn, letter: str) -> Rule:
    """A rule about one to four items of one to five points, with everything that an item can have."""
    count = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["mean", "sum", "count"]))
    recodes: tuple[Recode | None, ...] = ()
    if kind == "count":
        counted = draw(st.sets(st.integers(1, 5), min_size=1))
        recodes = (Recode(dict.fromkeys(counted, 1.0), 0.0),) * count
    elif draw(st.booleans()):
        tables = [dict(zip(range(1, 6), _numbers(draw, 5, -3, 3), strict=True)) for _ in range(count)]
        recodes = tuple(draw(st.sampled_from([None, Recode(table)])) for table in tables)
    return Rule(
        items=tuple(f"{letter}{at}" for at in range(count)),
        reverse=tuple(
            kind != "count" and (not recodes or recodes[at] is None) and draw(st.booleans()) for at in range(count)
        ),
        low=(1.0,) * count,
        high=(5.0,) * count,
        score=kind,
        prorate=kind == "sum" and draw(st.booleans()),
        needs=draw(st.integers(1, count)),
        round=draw(st.none() | st.integers(0, 2)),
        recodes=recodes,
        weights=tuple(_numbers(draw, count, 0.25, 3)) if kind != "count" and draw(st.booleans()) else (),
        not_shown=draw(st.none() | st.sampled_from([0.0, -2.0, 1.5])),
    )


@st.composite
def people(draw: st.DrawFn) -> tuple[np.ndarray, Rule, Beside]:
    """Answers, a rule about two scales and a question, and which of the questions were not shown."""
    parts = {"first": draw(plain_rules("x")), "second": draw(plain_rules("y"))}
    outer = draw(plain_rules("z"))
    items = (*outer.items, *parts)
    more = len(parts)
    by = replace(
        outer,
        items=items,
        reverse=(*outer.reverse, draw(st.booleans()), False),
        low=(*outer.low, -50.0, -50.0),
        high=(*outer.high, 50.0, 50.0),
        recodes=(*outer.recodes, *(None,) * more) if outer.recodes else (),
        weights=(*outer.weights, 1.0, 2.0) if outer.weights else (),
        score="sum" if outer.score == "count" else outer.score,
        parts=parts,
    )
    count = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    matrix = rng.integers(1, 6, (count, len(by.questions))).astype(float)
    matrix[rng.random(matrix.shape) < 0.3] = np.nan
    hidden = {id: rng.random(count) < 0.3 for id in by.questions if rng.random() < 0.5}
    for id, flags in hidden.items():
        matrix[flags, by.questions.index(id)] = np.nan
    return matrix, by, Beside(hidden)


def by_hand(answers: Mapping[str, float], by: Rule, hidden: frozenset[str]) -> float:
    """The rules once more, in plain Python, for one respondent; NaN for no score."""
    counted = []
    for at, item in enumerate(by.items):
        value = by_hand(answers, by.parts[item], hidden) if item in by.parts else answers[item]
        if by.reverse[at]:
            value = by.low[at] + by.high[at] - value
        if by.recodes and by.recodes[at] is not None and not math.isnan(value):
            value = by.recodes[at].values.get(value, by.recodes[at].otherwise)
        if item in hidden and item not in by.parts and by.not_shown is not None:
            value = by.not_shown
        if not math.isnan(value):
            counted.append((value, by.weights[at] if by.weights else 1.0))
    needed = len(by.items) if by.score == "sum" and not by.prorate else by.needs
    if len(counted) < needed:
        return NONE
    total = sum(value * weight for value, weight in counted)
    if by.score == "mean" or by.prorate:
        total /= sum(weight for _, weight in counted)
    if by.prorate:
        total *= sum(by.weights) if by.weights else len(by.items)
    return total if by.round is None else math.floor(total * 10**by.round + 0.5 + 1e-9) / 10**by.round


@settings(deadline=None)
@given(people())
def test_is_what_one_gets_by_hand(given_: tuple[np.ndarray, Rule, Beside]) -> None:
    matrix, by, beside = given_
    expected = [
        by_hand(
            dict(zip(by.questions, row, strict=True)),
            by,
            frozenset(id for id, flags in beside.not_shown.items() if flags[at]),
        )
        for at, row in enumerate(matrix.tolist())
    ]
    np.testing.assert_allclose(score(matrix, by, beside=beside).score, expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(people(), st.integers(1, 60))
def test_the_size_of_a_block_changes_nothing_and_neither_does_company(
    given_: tuple[np.ndarray, Rule, Beside], cells: int
) -> None:
    matrix, by, beside = given_
    among = score(matrix, by, beside=beside)
    pieces = score(matrix, by, beside=beside, cells=cells)
    np.testing.assert_array_equal(pieces.score, among.score)
    np.testing.assert_array_equal(pieces.answered, among.answered)
    for at in range(len(matrix)):
        chosen = np.arange(len(matrix)) == at
        alone = score(matrix[chosen], by, beside=beside.chosen(chosen))
        np.testing.assert_array_equal(alone.score, among.score[chosen])


@settings(deadline=None)
@given(people())
def test_no_score_of_people_who_answered_everything_is_outside_the_range_that_its_rule_names(
    given_: tuple[np.ndarray, Rule, Beside],
) -> None:
    matrix, by, beside = given_
    matrix = np.nan_to_num(matrix, nan=3.0)
    for part in by.parts.values():
        column = [by.questions.index(id) for id in part.questions]
        found = score(matrix[:, column], replace(part, round=None), beside=beside).score
        low, high = part.raw_range
        there = found[~np.isnan(found)]
        assert np.all((there >= low - 1e-9) & (there <= high + 1e-9))
