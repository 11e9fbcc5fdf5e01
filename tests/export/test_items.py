"""The sheet Items: every question's answers by wave, beside the same counted by hand, and what an attacker can learn."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, milp

from survey.export.answers import QuestionnaireCounts
from survey.export.columns import column_set
from survey.export.items import items
from survey.export.missing import Gaps
from survey.export.notes import Notes
from survey.export.table import Tabulator
from tests.export.sample import FULL, ONE, SECOND, Response, later, rows, source, study, versions, workbook

LOW = {"threshold": "3"}


def sheet(responses: Sequence[Response], threshold: int = 3, of: Sequence[Any] = (ONE,)) -> list[dict[str, Any]]:
    """Return the rows of the sheet, without the workbook around them."""
    plan = study(disclosure={"threshold": str(threshold)})
    columns = column_set(plan, versions(*of), Notes())
    counts = QuestionnaireCounts(columns)
    given: Any = responses
    counts.add(Tabulator(plan, columns, Gaps(plan.missing), Notes()).table(given), given)
    made = items([counts], plan, Gaps(plan.missing), Notes())
    return [dict(zip(made.header, row, strict=True)) for row in made.rows]


def pick(found: Sequence[dict[str, Any]], **wanted: Any) -> list[dict[str, Any]]:
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def answered(number: int, wave: str = "w1", **answers: Any) -> list[Response]:
    return [Response(f"{wave}-{n}-{answers}", FULL | answers, wave=wave) for n in range(number)]


BLANK, DONT_KNOW, RATHER_NOT = ({"missing": reason} for reason in ("blank", "dont_know", "rather_not"))
NAMES = ("No", "A bit", "A lot", "left blank", "I don't know", "I don't want to say")
VALUES: tuple[Any, ...] = (1, 2, 3, BLANK, DONT_KNOW, RATHER_NOT)
NUMBERS = {"w1": (5, 10, 20, 4, 7, 3), "w2": (6, 11, 21, 5, 8, 9)}
GIVEN = [
    response
    for wave, numbers in NUMBERS.items()
    for value, number in zip(VALUES, numbers, strict=True)
    for response in answered(number, wave, sing=value)
]


def test_each_answer_is_counted_by_wave_with_its_shares() -> None:
    found = pick(rows(workbook(source(*GIVEN, disclosure=LOW)), "Items"), variable="sing")
    counts = {(row["wave"], row["answer"]): row["count"] for row in found if row["row"] != "question"}
    truth = {(wave, name): n for wave, numbers in NUMBERS.items() for name, n in zip(NAMES, numbers, strict=True)}
    assert counts == truth | {("all", name): truth["w1", name] + truth["w2", name] for name in NAMES}
    (some,) = pick(found, wave="w1", answer="A bit")
    assert (some["asked"], some["answered"], some["code"]) == (49, 35, "2")
    assert (some["share of asked"], some["share of answered"]) == (10 / 49, 10 / 35)
    (blank,) = pick(found, wave="w1", answer="left blank")
    assert (blank["share of asked"], blank["share of answered"], blank["code"]) == (4 / 49, None, "-9")
    (question,) = pick(found, wave="w1", row="question")
    numbers = [1] * 5 + [2] * 10 + [3] * 20
    assert question["mean"] == pytest.approx(np.mean(numbers))
    assert question["sd"] == pytest.approx(np.std(numbers, ddof=1))
    assert {row["remark"] for row in found} == {None}


def test_few_who_gave_no_answer_are_told_and_their_reasons_are_not() -> None:
    found = pick(
        sheet([*answered(30, sing=1), *answered(31, sing=3), *answered(32, sing=2), *answered(2, sing=BLANK)]),
        variable="sing",
    )
    (question,) = pick(found, row="question")
    assert (question["asked"], question["answered"]) == (95, 93)
    assert question["remark"] == "reasons for no answer hidden"
    assert not pick(found, row="no answer")


def test_only_finished_responses_count_and_only_who_was_shown_a_question_was_asked() -> None:
    more = [Response(f"s{n}", FULL, state="stopped") for n in range(10)]
    more += [Response(f"w{n}", {}, state="withdrawn") for n in range(10)]
    silent = [Response(f"n{n}", FULL | {"plays": 0, "instrument": None}) for n in range(9)]
    found = sheet([*answered(12), *more, *silent])
    (sing,) = pick(found, variable="sing", row="question")
    (instrument,) = pick(found, variable="instrument", row="question")
    assert (sing["asked"], sing["answered"]) == (21, 21)
    assert (instrument["asked"], instrument["answered"]) == (12, 12)


def test_numbers_have_mean_quartiles_and_ends_like_numpys() -> None:
    chance = random.Random(5)
    hours = [chance.choice([0, 1, 1.5, 2, 7, 40]) for _ in range(31)]
    found = sheet([Response(f"r{n}", FULL | {"hours": hour}) for n, hour in enumerate(hours)])
    (row,) = pick(found, variable="hours")
    assert (row["asked"], row["answered"], row["count"]) == (31, 31, None)
    assert row["mean"] == pytest.approx(np.mean(hours))
    assert row["sd"] == pytest.approx(np.std(hours, ddof=1))
    names = ("lowest", "lower quartile", "median", "upper quartile", "highest")
    assert [row[name] for name in names] == pytest.approx(np.quantile(hours, [0, 0.25, 0.5, 0.75, 1]))


def test_a_number_typed_that_is_also_a_missing_code_is_a_number() -> None:
    data = {**ONE, "pages": [ONE["pages"][0], {**ONE["pages"][1], "questions": [
        {"question": "hours", "kind": "number", "ask": "How many?", "min": "-40", "max": "40"}]}]}  # fmt: skip
    found = sheet([Response(f"r{n}", {"hours": -9}) for n in range(5)], of=[data])
    (row,) = pick(found, variable="hours")
    assert (row["answered"], row["mean"]) == (5, -9)


def test_figures_of_numbers_are_shown_only_where_their_number_is() -> None:
    """All waves less the others are one wave, so that one wave of few hides the figures of all."""
    found = sheet([*answered(20, hours=2), *answered(20, "w2", hours=3), *answered(2, "w2", hours=BLANK)], threshold=10)
    assert [row["mean"] for row in pick(found, variable="hours")] == [2, 3, 2.5]
    assert [row["answered"] for row in pick(found, variable="hours")] == [20, 20, 40]
    few = sheet([*answered(20, hours=2), *answered(4, "w2", hours=3)], threshold=10)
    _, two, both = pick(few, variable="hours", row="question")
    assert two["mean"] is None
    assert both["mean"] is None


def test_options_that_can_all_be_ticked_are_counted_each_for_itself() -> None:
    given = [*answered(20, places=[1]), *answered(12, places=[1, 2]), *answered(15, "w2", places=[2])]
    given += answered(14, "w2", places=[1, 2])
    found = sheet(given, threshold=10)
    first, second = (pick(found, variable=f"places_{n}") for n in (1, 2))
    assert [(row["wave"], row["count"], row["answer"], row["code"]) for row in second] == [
        ("w1", 12, "ticked", "1"), ("w2", None, "ticked", "1"), ("all", None, "ticked", "1"),
    ]  # fmt: skip
    assert [row["count"] for row in first] == [None, 14, None], "all but none ticked it in wave 1"
    assert (second[0]["share of answered"], second[0]["asked"]) == (12 / 32, 32)
    assert second[1]["remark"] == second[2]["remark"] == "hidden"
    assert first[0]["label"] == "Where: In class"


def test_of_typed_texts_only_the_number_is_told() -> None:
    found = sheet(
        [*answered(12, best="a secret"), *answered(5, best=BLANK, **{"instrument.other": None, "instrument": 1})]
    )
    (best,) = pick(found, variable="best", row="question")
    assert (best["asked"], best["answered"], best["mean"]) == (17, 12, None)
    (other,) = pick(found, variable="instrument_other")
    assert (other["asked"], other["answered"], other["count"], other["answer"]) == (None, None, 12, "typed")
    assert "secret" not in str(found)
    assert "harp" not in str(found)


def test_a_wave_whose_version_has_not_the_question_has_no_row() -> None:
    given = [*answered(12), *(Response(f"n{n}", {"drums": 1 + n % 3}, wave="w2", sha256=SECOND) for n in range(30))]
    found = sheet(given, of=[ONE, later()])
    assert {row["wave"] for row in pick(found, variable="drums")} == {"w2"}
    assert {row["wave"] for row in pick(found, variable="dance")} == {"w1"}
    assert {row["wave"] for row in pick(found, variable="sing")} == {"w1", "w2", "all"}


def test_small_counts_are_hidden_and_the_notes_say_so() -> None:
    given = [*answered(2, sing=1), *answered(30, sing=2), *answered(31, sing=3), *answered(10, sing=BLANK)]
    book = workbook(source(*given, disclosure={"threshold": "10"}))
    found = pick(rows(book, "Items"), variable="sing")
    (small,) = pick(found, answer="No")
    assert (small["count"], small["share of asked"], small["share of answered"], small["remark"]) == (None,) * 3 + (
        "hidden",
    )
    (question,) = pick(found, row="question")
    assert question["mean"] is None
    assert any("a count is below 10" in row["what was done"] for row in rows(book, "Notes") if row["where"] == "Items")


def test_where_nothing_is_hidden_no_note_says_so() -> None:
    assert [row["what was done"] for row in rows(workbook(source()), "Notes")] == [
        "Nothing was replaced, cut, hidden or merged."
    ]


# ---- an attacker ---------------------------------------------------------------------------------------


def _equations(found: Sequence[dict[str, Any]]) -> Iterator[tuple[list[float], float]]:
    """Yield all that the rows of one question say about its counts: one unknown for each answer and reason in each wave."""
    cells = [(wave, name) for wave in ("w1", "w2") for name in NAMES]
    for row in found:
        mine = [wave == row["wave"] or row["wave"] == "all" for wave, _ in cells]
        given = [at and name in NAMES[:3] for at, (_, name) in zip(mine, cells, strict=True)]
        this = [at and name == row["answer"] for at, (_, name) in zip(mine, cells, strict=True)]
        for value, of in ((row["asked"], mine), (row["answered"], given), (row["count"], this)):
            if value is not None:
                yield [float(one) for one in of], value
        if row["mean"] is not None:
            coded = [(NAMES.index(name) + 1 - row["mean"]) * at for at, (_, name) in zip(given, cells, strict=True)]
            yield coded, 0.0


def _range(cell: int, equations: Sequence[tuple[list[float], float]], size: int) -> tuple[int, int]:
    matrix, values = np.array([left for left, _ in equations]), np.array([right for _, right in equations])
    ends = []
    for sign in (1, -1):
        aim = np.zeros(size)
        aim[cell] = sign
        answer = milp(
            aim, constraints=LinearConstraint(matrix, values - 1e-6, values + 1e-6), integrality=np.ones(size)
        )
        ends.append(round(sign * answer.fun) if answer.fun is not None else 10**6)
    return ends[0], ends[1]


@pytest.mark.parametrize("seed", range(12))
def test_no_hidden_count_can_be_worked_out_from_all_that_is_shown(seed: int) -> None:
    """With every number in the sheet known, a hidden small count can still be 0 and threshold - 1."""
    chance, threshold = random.Random(seed), 5
    weights = [chance.choice([0, 1, 4, 15]) + 0.2 for _ in NAMES]
    truth: Counter[tuple[str, str]] = Counter()
    given = []
    for n in range(chance.choice([20, 60, 150, 400])):
        wave = chance.choice(["w1", "w2", "w2"])
        at = chance.choices(range(6), weights)[0]
        given.append(Response(f"r{n}", FULL | {"sing": VALUES[at]}, wave=wave))
        truth[wave, NAMES[at]] += 1
    found = pick(sheet(given, threshold), variable="sing")
    equations = list(_equations(found))
    cells = [(wave, name) for wave in ("w1", "w2") for name in NAMES]
    for left, right in equations:
        assert sum(part * truth[cell] for part, cell in zip(left, cells, strict=True)) == pytest.approx(right), "true"
    told = {(row["wave"], row["answer"]): row["count"] for row in found if row["row"] != "question"}
    for at, cell in enumerate(cells):
        if cell not in told:
            assert cell[1] in NAMES[3:], "only reasons are left out altogether"
        elif told[cell] is not None:
            assert truth[cell] >= threshold
        elif truth[cell] < threshold:
            low, high = _range(at, equations, len(cells))
            assert low == 0
            assert high >= threshold - 1


# ---- charts --------------------------------------------------------------------------------------------


def test_ratings_with_the_same_answers_are_drawn_in_one_chart() -> None:
    given = [
        Response(f"{wave}{n}", FULL | {"sing": 1 + n % 3, "dance": 1 + n // 7 % 3}, wave=wave)
        for wave in ("w1", "w2")
        for n in range(63)
    ]
    book = workbook(source(*given, disclosure=LOW))
    page = book["Items"]
    (chart,) = page._charts
    assert [series.tx.v for series in chart.series] == ["No", "A bit", "A lot"]
    found = rows(book, "Items")
    first = [
        row["share of answered"]
        for name in ("sing", "dance")
        for row in found
        if (row["variable"], row["answer"]) == (name, "No") and row["wave"] != "all"
    ]
    assert [float(point.v) for point in chart.series[0].val.numRef.numCache.pt] == first == [1 / 3] * 4
    assert [point.v for point in chart.series[0].cat.strRef.strCache.pt] == [
        "Do you like singing? (Autumn)", "Do you like singing? (Spring)",
        "Do you like dancing? (Autumn)", "Do you like dancing? (Spring)",
    ]  # fmt: skip
    assert chart.anchor._from.col > page.max_column


def test_what_is_hidden_in_the_table_is_in_no_chart() -> None:
    given = [Response(f"r{n}", FULL | {"sing": 2 if n < 2 else 1 + 2 * (n % 2), "dance": 1 + n % 3}) for n in range(60)]
    book = workbook(source(*given, disclosure={"threshold": "10"}))
    assert pick(rows(book, "Items"), variable="sing", answer="A bit")[0]["count"] is None
    assert book["Items"]._charts == [], "one bar alone needs no picture"
