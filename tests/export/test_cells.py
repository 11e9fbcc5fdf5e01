"""What stands in each cell: golden rows, column by column, in numbers, in words and in the CSVs."""

from __future__ import annotations

from datetime import datetime

from tests.export.sample import FULL, Response, csv_rows, csv_zip, rows, source, workbook

GIVEN = source(
    Response("r1", FULL),
    Response(
        "r2",
        {
            "sing": 2,
            "dance": {"missing": "dont_know"},
            "plays": 0,
            "places": {"missing": "rather_not"},
            "hours": {"missing": "blank"},
            "since": {"missing": "dont_know"},
            "best": {"missing": "blank"},
        },
        wave="w2",
        arm="comparison",
        programme=None,
        school_class=None,
        participant=None,
        facts={"year": 3, "sex": "m", "fsm": "no"},
    ),
)

IDENTITY = {
    "response": "r1",
    "participant": "P001",
    "wave": "w1",
    "arm": "programme",
    "programme": "north",
    "school": "0123",
    "school_title": "Hill School",
    "class": "4B",
    "performance": None,
    "year_group": 4,
    "audience": "pupil",
    "questionnaire": "pupil",
    "version": 1,
    "language": "en",
    "mode": "own device",
    "layout": "row",
    "sittings": 1,
    "state": "finished",
    # London is an hour ahead of UTC in September.
    "started": datetime(2025, 9, 20, 10, 0, 0),  # noqa: DTZ001
    "finished": datetime(2025, 9, 20, 10, 5, 30),  # noqa: DTZ001
    "seconds": 330,
    "as_typed": "00",
    "roster_sex": "f",
    "roster_fsm": 1,
    "roster_joined": datetime(2024, 9, 2),  # noqa: DTZ001
}

ANSWERS = {
    "sing": 3,
    "dance": 1,
    "plays": 1,
    "instrument": 8,
    "instrument_other": "a harp",
    "places": "In class",
    "places_1": 1,
    "places_2": 0,
    "hours": 2.5,
    "since": datetime(2024, 2, 29),  # noqa: DTZ001
    "best": "everything",
}


def test_a_row_of_codes() -> None:
    row = rows(workbook(GIVEN), "Codes · pupil")[0]
    assert row == IDENTITY | ANSWERS
    assert list(row) == [*IDENTITY, *ANSWERS]


def test_a_row_of_labels() -> None:
    row = rows(workbook(GIVEN), "Labels · pupil")[0]
    assert row == IDENTITY | ANSWERS | {
        "wave": "Autumn",
        "arm": "Programme schools",
        "programme": "The north",
        "roster_sex": "Girl",
        "roster_fsm": "Yes",
        "sing": "A lot",
        "dance": "No",
        "plays": "Yes",
        "instrument": "Something else",
        "places_1": "ticked",
        "places_2": "not ticked",
    }


def test_what_is_not_known_is_an_empty_cell_and_what_was_not_answered_is_not() -> None:
    row = rows(workbook(GIVEN), "Codes · pupil")[1]
    empty = {"participant", "programme", "class", "performance", "roster_joined", "instrument_other"}
    assert {name for name, cell in row.items() if cell is None} == empty
    assert (row["roster_fsm"], row["year_group"]) == (0, 3)


def test_all_columns_of_several_choices_are_missing_together_and_never_nought() -> None:
    book = workbook(GIVEN)
    codes, labels = rows(book, "Codes · pupil")[1], rows(book, "Labels · pupil")[1]
    names = ("places", "places_1", "places_2")
    assert [codes[name] for name in names] == [-7, -7, -7]
    assert [labels[name] for name in names] == ["I don't want to say"] * 3


def test_scores_stand_beside_who_they_are_of() -> None:
    first, second = rows(workbook(GIVEN), "Scores · pupil")
    # Dancing is turned round: (3 + (1 + 3 - 1)) / 2, and one item alone.
    assert (first["joy"], first["joy_n"], first["joy_band"]) == (3, 2, "much")
    assert (second["joy"], second["joy_n"], second["joy_band"]) == (2, 1, "much")
    assert list(first)[:5] == ["response", "participant", "wave", "arm", "programme"]
    assert (first["roster_sex"], second["roster_sex"]) == ("f", "m")


def test_too_few_answered_items_leave_the_score_empty() -> None:
    book = workbook(source(Response("r", {"sing": {"missing": "blank"}, "dance": {"missing": "dont_know"}})))
    row = rows(book, "Scores · pupil")[0]
    assert (row["joy"], row["joy_n"], row["joy_band"]) == (None, 0, None)


def test_the_csvs_say_the_same_as_the_workbook() -> None:
    archive = csv_zip(GIVEN)
    book = workbook(GIVEN)
    for kind in ("labels", "codes", "scores"):
        sheet = rows(book, f"{kind.capitalize()} · pupil")
        said = csv_rows(archive, f"csv/pupil-{kind}.csv")
        assert said == [{name: in_csv(name, cell) for name, cell in row.items()} for row in sheet]


def in_csv(name: str, cell: object) -> str:
    if isinstance(cell, datetime) and name not in ("started", "finished"):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)


def test_a_minus_nine_that_was_typed_is_not_a_blank() -> None:
    below = [{"question": "depth", "kind": "number", "ask": "How deep?", "min": "-20", "max": "20"}]
    data = {
        "questionnaire": "pupil", "version": "1", "title": "T", "audience": "staff", "reader": {"age": "16"},
        "languages": ["en"], "pages": [{"page": "p", "questions": below}],
    }  # fmt: skip
    given = source(Response("r1", {"depth": -9}), Response("r2", {"depth": {"missing": "blank"}}), of=[data])
    book = workbook(given)
    assert [row["depth"] for row in rows(book, "Labels · pupil")] == [-9, "left blank"]
    assert [row["as_typed"] for row in rows(book, "Codes · pupil")] == ["00 depth", "00"]
    notes = [row["what was done"] for row in rows(book, "Notes")]
    assert any("-9" in what and "blank" in what for what in notes)


def test_one_and_one_point_nought_are_one_number() -> None:
    given = source(Response("r1", FULL | {"hours": 1.0}), Response("r2", FULL | {"hours": 1}))
    assert [row["hours"] for row in csv_rows(csv_zip(given), "csv/pupil-codes.csv")] == ["1", "1"]


def test_seconds_and_uses_of_listen_per_screen_come_on_demand() -> None:
    given = source(Response("r1", FULL, screens={"sing": 1500}, listened={"sing": 2}))
    assert "t_sing" not in rows(workbook(given), "Codes · pupil")[0]
    row = rows(workbook(given, per_screen=True), "Codes · pupil")[0]
    assert (row["t_sing"], row["t_dance"]) == (1.5, None)
    assert (row["l_sing"], row["l_dance"]) == (2, None)


def test_an_answer_that_cannot_be_leaves_its_cell_empty_and_a_note() -> None:
    book = workbook(source(Response("r1", FULL), Response("r2", FULL | {"places": [77]})))
    assert [row["places"] for row in rows(book, "Codes · pupil")] == ["In class", None]
    note = rows(book, "Notes")[0]
    assert (note["row"], note["column"]) == (3, "places")
    assert "does not fit" in note["what was done"]
