"""What stands in a data file can be read back: decoding is the inverse of the columns, for every kind."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.kinds import KINDS
from survey.question import BLANK, Pretence, Question, Wrong, is_missing, missing
from tests.kinds.conftest import CASES, SETTINGS, made

GAPS = {
    "-9": "blank",
    "-8": "dont_know",
    "-7": "rather_not",
    "-6": "not_shown",
    "-5": "not_reached",
    "-4": "not_in_version",
    "-3": "multiple",
    "-2": "withdrawn",
}
CODES = {reason: code for code, reason in GAPS.items()}
TYPED = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), min_size=1, max_size=60)


def cells_of(question: Question, answers: dict[str, Any]) -> dict[str, str]:
    """Return the texts a CSV has for an answer, through a real CSV."""
    row: list[Any] = []
    for column in question.columns():
        value = answers.get(column.key)
        if column.private:
            row.append(value if isinstance(value, str) else None)
        elif value is None:
            row.append(CODES["not_shown"])
        else:
            row.append(CODES[value["missing"]] if is_missing(value) else column.encode(value))
    file = io.StringIO(newline="")
    csv.writer(file).writerow(row)
    file.seek(0)
    found = next(csv.reader(file), [])
    return dict(zip((column.name for column in question.columns()), found, strict=True))


@pytest.mark.parametrize(("name", "place"), CASES, ids=[f"{name}-{place}" for name, place in CASES])
@settings(max_examples=30)  # for each of forty: more than a thousand
@given(
    seed=st.integers(0, 10**9),
    latent=st.floats(-3, 3),
    text=TYPED.filter(lambda text: text.strip(" \t\r\n\xa0") != "" and text.strip() not in GAPS),
)
def test_a_pretended_answer_comes_back_from_a_file(name: str, place: str, seed: int, latent: float, text: str) -> None:
    question = made(name, SETTINGS[place])
    answers = question.pretend(Pretence(random.Random(seed), latent, [text]))
    assert question.decode(cells_of(question, answers), GAPS) == answers


def test_why_there_is_no_answer_comes_back(question: Question) -> None:
    main = [column.name for column in question.columns() if not column.private]
    if not main:
        return
    for reason in ("blank", "dont_know", "rather_not", "multiple"):
        answers = question.decode(dict.fromkeys(main, CODES[reason]), GAPS)
        assert answers[question.id] == missing(reason)
        assert set(answers) == set(question.keys)
        assert all(value in (missing(reason), missing(BLANK)) for value in answers.values())


def test_what_was_not_asked_is_no_answer(question: Question) -> None:
    names = [column.name for column in question.columns() if not column.private]
    for text in ("-6", "-5", "-4", "-2", "", "  "):
        assert question.decode(dict.fromkeys(names, text), GAPS) == {}
    assert question.decode({}, GAPS) == {}


def test_a_file_need_not_have_what_follows_from_the_rest(question: Question) -> None:
    columns = {column.name: column for column in question.columns()}
    for person in range(40):
        answers = question.pretend(Pretence(random.Random(person), person / 20 - 1, []))
        cells = {name: text for name, text in cells_of(question, answers).items() if columns[name].needed}
        assert question.decode(cells, GAPS) == answers


NONSENSE = ("99", "-1", "x", "1.5e", "1; drop table", "١", "nan", "True", "2024-3-1")


def test_what_is_no_answer_at_all_is_said(question: Question) -> None:
    """Nothing but texts takes every text."""
    columns = [column for column in question.columns() if column.needed and not column.private]
    if not columns or (columns[0].type == "text" and columns[0].measure == "nominal"):
        return
    for text in NONSENSE:
        if question.kind == "number" and text in ("99", "-1", "١"):
            continue
        with pytest.raises(Wrong) as wrong:
            question.decode({column.name: text for column in columns}, GAPS)
        assert wrong.value.message.format(**wrong.value.gaps).endswith(".")


@pytest.mark.parametrize(
    ("name", "more", "cells", "sentence"),
    [
        (
            "choice",
            {},
            {"instrument": "7"},
            "This is not one of the question's codes, which are 1, 2, 3, 8. Please correct it.",
        ),
        (
            "choice",
            {},
            {"instrument": "1", "instrument_other": "banjo"},
            "There are words here, but the option they belong to is not chosen. Please correct one of the two.",
        ),
        (
            "several",
            {},
            {"places_1": "1", "places_2": "-9", "places_3": "0", "places_8": "0", "places_9": "0"},
            "Give 0 or 1 for each option, or the same missing code for all of them.",
        ),
        (
            "several",
            {},
            {f"places_{n}": "2" for n in (1, 2, 3, 8, 9)},
            "A box is 1 if ticked and 0 if not. Please correct this.",
        ),
        ("ranking", {}, {f"matters_most_{n}": "1" for n in (1, 2, 3)}, "Put each in a different place."),
        (
            "ranking",
            {},
            {"matters_most_1": "1", "matters_most_2": "2", "matters_most_3": "-9"},
            "Give each one a place.",
        ),
        (
            "ranking",
            {},
            {f"matters_most_{n}": "4" for n in (1, 2, 3)},
            "A place is a whole number from 1 to 3. Please correct this.",
        ),
        ("number", {}, {"practice_hours": "61"}, "Write a number of 60 or less."),
        ("number", {}, {"practice_hours": "2.5"}, "Write a whole number."),
        ("date", {"precision": "day"}, {"joined": "27/03/2024"}, "Please write a date such as 2024-03-27."),
        ("date", {}, {"joined": "2024-03-27"}, "Please write a date such as 2024-03."),
        (
            "two_step",
            {},
            {"like_singing": "4", "like_singing_first": "0"},
            "The answer and the first step contradict each other: 1 and 2 come after no (0), 3 and 4 after yes (1). Please correct one of the two.",
        ),
    ],
)
def test_what_is_said(name: str, more: dict[str, str], cells: dict[str, str], sentence: str) -> None:
    question = made(
        name, SETTINGS["parent" if "parent" in [place for kind, place in CASES if kind == name] else "ks1"], **more
    )
    with pytest.raises(Wrong) as wrong:
        question.decode(cells, GAPS)
    assert wrong.value.message.format(**wrong.value.gaps) == sentence


@pytest.mark.parametrize(("text", "number"), [("1e-06", 1e-06), ("2.5E-3", 0.0025), ("3.10", 3.1), ("1234", 1234)])
def test_numbers_as_other_programs_write_them(text: str, number: float) -> None:
    question = made("number", SETTINGS["parent"], decimals="6", max="5000")
    assert question.decode({"practice_hours": text}, GAPS) == {"practice_hours": number}


def test_a_comma_in_a_file_stands_between_thousands_only_where_it_can_be_nothing_else() -> None:
    whole = made("number", SETTINGS["parent"], max="5000")
    assert whole.decode({"practice_hours": "1,234"}, GAPS) == {"practice_hours": 1234}
    for question, text in ((made("number", SETTINGS["parent"], decimals="3"), "1,234"), (whole, "0,125")):
        with pytest.raises(Wrong, match="numbers without commas"):
            question.decode({"practice_hours": text}, GAPS)


def test_codes_as_other_programs_write_them() -> None:
    assert made("rating", SETTINGS["parent"]).decode({"proud": " 3.0 "}, GAPS) == {"proud": 3}
    assert all("decode" in vars(kind) or kind.decode is not Question.decode for kind in KINDS.values() if kind.stored)
