"""The workbook as a thing: its sheets, what a spreadsheet shows at the top of each, and what it says of itself."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest

from survey.analysis.reliability import describe
from survey.export import workbook as export_workbook
from survey.export.sink import CannotExport
from survey.export.study import Export
from survey.export.workbook import sheet_title
from survey.scales import rules_for
from tests.export.sample import (
    FULL,
    NOW,
    ONE,
    SECOND,
    Response,
    Source,
    later,
    rows,
    source,
    study,
    told,
    versions,
    workbook,
    workbook_bytes,
)

GIVEN = source(Response("r1", FULL), Response("r2", {"sing": 1}, state="stopped", wave="w2", finished_at=None))
FOUND = ["Findings", "Means"]
"""What an analysis has to say of a few people: no more than that they are few."""
EXPLAINING = [
    "Counts", "Scales", "Scale items", "Items", "Fieldwork", "Comments",
    "Codebook", "Value labels", "Missing codes", "Notes",
]  # fmt: skip


def test_sheets_stand_in_order() -> None:
    data = ["Labels · pupil", "Codes · pupil", "Scores · pupil"]
    assert workbook(GIVEN).sheetnames == ["Read me", *data, *FOUND, *EXPLAINING]


def test_each_questionnaire_has_its_own_sheets_and_one_nobody_answered_has_none() -> None:
    staff = {**ONE, "questionnaire": "staff", "audience": "staff", "reader": {"age": "16"}}
    given = Source(
        {"pupil": [Response("r1", FULL)], "staff": [Response("r2", FULL)]},
        {"pupil": versions(ONE), "unasked": versions(ONE), "staff": versions(staff)},
    )
    book = workbook(given)
    assert [title for title in book.sheetnames if "·" in title] == [
        "Labels · pupil", "Codes · pupil", "Scores · pupil", "Labels · staff", "Codes · staff", "Scores · staff",
    ]  # fmt: skip
    said = dict(book["Read me"].iter_rows(values_only=True))
    assert (said["Responses to pupil"], said["Responses to staff"], said["Responses to unasked"]) == (1, 1, 0)
    assert rows(book, "Codes · staff")[0]["audience"] == "staff"


def test_a_study_without_answers_gives_a_workbook_that_says_so() -> None:
    book = workbook(source())
    assert book.sheetnames == ["Read me", *EXPLAINING]
    assert dict(book["Read me"].iter_rows(values_only=True))["Responses to pupil"] == 0


def test_the_read_me_says_what_this_is() -> None:
    said = dict(workbook(GIVEN)["Read me"].iter_rows(values_only=True))
    assert (said["Study"], said["Title"]) == ("sample", "A sample")
    assert said["Waves"] == "w1: Autumn; w2: Spring"
    assert said["Filters"] == "none: every response"
    assert said["Made"] == datetime(2026, 7, 1, 12, 30)  # noqa: DTZ001 - London's clock
    assert said["Made with"].startswith("Chorus ")
    assert said["Responses to pupil"] == 2
    assert said["pupil, version 1"] == f"SHA-256 {'1' * 64}"
    said = dict(workbook(GIVEN, waves=("w1",))["Read me"].iter_rows(values_only=True))
    assert (said["Waves"], said["Filters"]) == ("w1: Autumn", "waves w1")


def test_the_read_me_links_to_every_sheet() -> None:
    book = workbook(GIVEN)
    links = {cell.value: cell.hyperlink.location for (cell, _) in book["Read me"].iter_rows() if cell.hyperlink}
    assert list(links) == book.sheetnames[1:]
    assert all(location == f"'{title}'!A1" for title, location in links.items())


def test_counts_are_those_of_the_rows() -> None:
    assert [tuple(row.values()) for row in rows(workbook(GIVEN), "Counts")] == [
        ("pupil", "w1", "Autumn", 1, 0, 1, 0, 0, 0),
        ("pupil", "w2", "Spring", 1, 0, 0, 1, 0, 0),
    ]


@pytest.mark.parametrize("title", ["Labels · pupil", "Codes · pupil", "Scores · pupil", *EXPLAINING])
def test_a_sheet_has_a_header_that_stays_filters_and_widths(title: str) -> None:
    sheet = workbook(GIVEN)[title]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert all(cell.font.bold and cell.value for cell in sheet[1])
    assert not any(cell.font.bold for cell in sheet[2])
    for number in range(1, sheet.max_column + 1):
        width = sheet.column_dimensions[openpyxl.utils.get_column_letter(number)].width
        assert 6 <= width <= 110
    assert not sheet.merged_cells.ranges
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$1", "$A:$A")
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (int(sheet.PAPERSIZE_A4), "landscape")
    assert (sheet.oddFooter.left.text, sheet.oddFooter.right.text) == ("&A", "&P / &N")
    assert {cell.font.name for cell in (*sheet[1], *sheet[2])} == {"Calibri"}
    assert sheet.sheet_view.selection[-1].activeCell in (None, "A1")
    assert sheet.sheet_view.selection[-1].sqref == "A1"


def test_figures_keep_a_distance_from_the_words_beside_them_and_stand_below_their_heading() -> None:
    sheet = workbook(GIVEN)["Scales"]
    figures = [cell for cell in sheet[2] if cell.number_format == "0.00"]
    assert figures
    for cell in figures:
        heading = sheet.cell(1, cell.column)
        assert (cell.alignment.horizontal, heading.alignment.horizontal) == ("right", "right")
        assert cell.alignment.indent < heading.alignment.indent, "the heading has the arrow of its filter beside it"
    words = next(cell for cell in sheet[2] if cell.value == "pupil")
    assert words.alignment.horizontal is None


def test_rows_of_the_read_me_are_as_high_as_their_texts() -> None:
    sheet = workbook(source(Response("r", FULL), title="A sample of songs " * 14))["Read me"]
    heights = {what.value: sheet.row_dimensions[what.row].height for what, _ in sheet}
    assert (heights["Study"], heights["Title"]) == (None, 45), "three lines"


def test_dates_are_dates_and_shown_as_such() -> None:
    sheet = workbook(GIVEN)["Codes · pupil"]
    formats = {sheet.cell(1, cell.column).value: cell.number_format for cell in sheet[2] if cell.is_date}
    assert formats == {
        "started": "yyyy-mm-dd hh:mm:ss",
        "finished": "yyyy-mm-dd hh:mm:ss",
        "roster_joined": "yyyy-mm-dd",
        "since": "yyyy-mm-dd",
    }


def test_days_that_spreadsheets_disagree_about_are_texts() -> None:
    book = workbook(
        source(Response("r1", FULL | {"since": "1900-02-28"}), Response("r2", FULL | {"since": "1900-03-01"}))
    )
    found = [row["since"] for row in rows(book, "Codes · pupil")]
    assert found == ["1900-02-28", datetime(1900, 3, 1)]  # noqa: DTZ001


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_a_text() -> None:
    book = workbook(source(Response("r1", FULL | {"hours": 12345678901234567890})))
    assert rows(book, "Codes · pupil")[0]["hours"] == "12345678901234567890"


def test_the_document_says_its_title_language_and_time() -> None:
    properties = workbook(source(Response("r", FULL), language="cy"))
    said = properties.properties
    assert (said.title, said.creator, said.language) == ("A sample", "Chorus", "cy")
    assert said.created == said.modified == NOW.replace(tzinfo=None)


def test_the_same_data_give_the_same_bytes() -> None:
    assert workbook_bytes(GIVEN) == workbook_bytes(GIVEN)


def test_no_name_and_no_upn_is_in_any_part_of_the_file() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(GIVEN))) as archive:
        for name in archive.namelist():
            content = archive.read(name).decode()
            assert not re.search("Alice|Underhill|A123456789012|Cecilia|upn", content)


@pytest.mark.parametrize("lost", [1, -1])
def test_a_count_that_is_not_the_databases_fails_the_export(lost: int) -> None:
    given = source(Response("r1", FULL), Response("r2", FULL))
    given.lost = lost
    with pytest.raises(CannotExport, match=f"would hold 2 responses to pupil, and the database has {2 + lost}"):
        workbook_bytes(given)


def test_answers_that_come_in_while_the_file_is_written_are_no_fault() -> None:
    class Growing(Source):
        def rows(self, questionnaire: str) -> Any:
            yield from super().rows(questionnaire)
            self.responses = {"pupil": [*self.responses["pupil"], Response("r9", FULL)]}

    given = Growing({"pupil": [Response("r1", FULL)]}, {"pupil": versions(ONE)})
    assert len(rows(workbook(given), "Codes · pupil")) == 1


def test_more_rows_or_columns_than_a_sheet_holds_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_workbook, "ROWS", 100)
    assert len(rows(workbook(source(*[Response(f"r{n}", FULL) for n in range(99)])), "Codes · pupil")) == 99
    with pytest.raises(CannotExport, match=r"pupil has 100 rows, and a sheet holds 99 rows.*--format csv"):
        workbook_bytes(source(*[Response(f"r{n}", FULL) for n in range(100)]))
    monkeypatch.setattr(export_workbook, "ROWS", 1_048_576)
    monkeypatch.setattr(export_workbook, "COLUMNS", 20)
    with pytest.raises(CannotExport, match="pupil has 36 columns"):
        workbook_bytes(GIVEN)


@pytest.mark.slow
def test_a_sheets_rows_are_written_over_several_pieces() -> None:
    many = [
        Response(f"r{n}", FULL | {"sing": 1 + n % 3}, sha256=SECOND if n % 7 == 0 else "1" * 64) for n in range(800)
    ]
    book = workbook(source(*many, of=[ONE, later()]))
    found = rows(book, "Codes · pupil")
    assert [row["response"] for row in found] == [f"r{n}" for n in range(800)]
    assert [row["sing"] for row in found] == [1 + n % 3 for n in range(800)]
    assert [row["dance"] for row in found] == [-4 if n % 7 == 0 else 1 for n in range(800)]


@pytest.mark.slow
def test_notes_number_rows_as_the_sheet_does() -> None:
    many = [Response(f"r{n}", FULL | {"best": "\x0b" if n == 620 else "x"}) for n in range(700)]
    book = workbook(source(*many))
    (note,) = told(rows(book, "Notes"))
    sheet = book["Codes · pupil"]
    assert note["response"] == "r620"
    assert sheet.cell(note["row"], 1).value == "r620"


@pytest.mark.parametrize(
    ("kind", "name", "title"),
    [
        ("Labels", "pupil-ks2", "Labels · pupil-ks2"),
        ("Labels", "a-questionnaire-of-the-longest-name", "Labels · a-questionnaire-of-the"),
        ("Codes", "a/b:c*d?[e]", "Codes · a-b-c-d--e-"),
    ],
)
def test_sheet_titles_are_ones_a_spreadsheet_allows(kind: str, name: str, title: str) -> None:
    taken = {"read me"}
    assert sheet_title(kind, name, taken) == title
    again = sheet_title(kind, name, taken)
    assert again != title
    assert len(again) <= 31
    assert again.endswith(" 2")


def test_times_are_those_of_the_study() -> None:
    given = source(Response("r1", FULL, seen_at=NOW, finished_at=None, started_at=NOW - timedelta(seconds=90)))
    given.study = study(time_zone="Asia/Karachi")
    row = rows(workbook(given), "Codes · pupil")[0]
    assert row["started"] == datetime(2026, 7, 1, 16, 28, 30)  # noqa: DTZ001
    assert (row["finished"], row["seconds"]) == (None, 90)


def test_scales_say_their_rule_and_their_figures_by_wave() -> None:
    answers = [FULL | {"sing": 1 + n % 3, "dance": 3 - n % 3} for n in range(6)]
    given = source(*[Response(f"r{n}", one, wave=f"w{1 + n // 3}") for n, one in enumerate(answers)])
    book = workbook(given)
    overall, first, second = rows(book, "Scales")
    assert overall["rule"] == "mean of 2 items; at least 1 answered"
    assert [line["group"] for line in (overall, first, second)] == ["all", "wave w1", "wave w2"]
    assert [line["scored"] for line in (overall, first, second)] == [6, 3, 3]
    assert (first["mean"], first["sd"]) == (2, 1)
    sing, dance = rows(book, "Scale items")
    assert (sing["direction"], dance["direction"]) == ("as asked", "reversed")
    assert (sing["answered"], sing["mean"], dance["mean"]) == (6, 2, 2)


def many(number: int) -> list[Response]:
    """Respondents to whom singing and (turned round) dancing go together, but not quite."""
    return [
        Response(f"r{n}", FULL | {"sing": 1 + n % 3, "dance": 3 - (n + n // 9) % 3}, facts={"year": 3 + n % 2})
        for n in range(number)
    ]


def test_a_scales_reliability_is_that_of_the_analysis() -> None:
    responses = many(60)
    line = rows(workbook(source(*responses)), "Scales")[0]
    matrix = [[response.answers["sing"], response.answers["dance"]] for response in responses]
    questionnaire = versions(ONE)[0].questionnaire
    found = describe(matrix, rules_for(questionnaire)["joy"])
    assert found.alpha is not None
    assert found.alpha_interval is not None
    assert line["answered all"] == 60
    assert line["alpha"] == found.alpha
    assert (line["alpha from"], line["alpha to"]) == found.alpha_interval
    assert line["share at floor"] == found.floor
    assert "Spearman-Brown" in line["remarks"]


def test_reliability_is_not_told_of_fewer_than_thirty() -> None:
    overall, third, fourth = rows(workbook(source(*many(58))), "Scales")
    assert overall["alpha"] is not None
    assert [line["group"] for line in (third, fourth)] == ["year group 3", "year group 4"]
    for line in (third, fourth):
        assert line["alpha"] is line["omega total"] is line["share at floor"] is None
        assert line["remarks"].startswith("Only 29 of 29 respondents answered every item")


def test_scores_are_whole_in_their_cells_and_rounded_for_the_eye() -> None:
    given = [Response(f"r{n}", FULL | {"sing": 1 + n % 3, "dance": 1 + n % 2}) for n in range(31)]
    book = workbook(source(*given))
    scales, scores = book["Scales"], book["Scores · pupil"]

    def shown(page: Any, name: str, row: int = 2) -> tuple[Any, str]:
        cell = page.cell(row, next(one.column for one in page[1] if one.value == name))
        return cell.value, cell.number_format

    mean = sum((1 + n % 3 + 4 - (1 + n % 2)) / 2 for n in range(31)) / 31
    assert shown(scales, "mean") == (pytest.approx(mean, abs=1e-12), "0.00")
    assert shown(scales, "alpha")[1] == shown(scales, "standardised alpha")[1] == "0.00"
    assert shown(scales, "share at floor")[1] == "0.0%"
    assert shown(scales, "scored") == (31, "General")
    assert shown(scores, "joy") == (2, "0.00")
    assert shown(scores, "joy_n") == (2, "General")


def test_whole_scores_are_shown_whole() -> None:
    data = {**ONE, "scales": [{**ONE["scales"][0], "score": "sum", "needs": "2 of 2", "bands": {}}]}
    page = workbook(source(Response("r1", FULL), of=[data]))["Scores · pupil"]
    cell = page.cell(2, next(one.column for one in page[1] if one.value == "joy"))
    assert (cell.value, cell.number_format) == (6, "General")


SECOND_RANGE = later(scales=ONE["scales"], pages=ONE["pages"])
SECOND_RANGE["options"] = {"agree3": [*SECOND_RANGE["options"]["agree3"], {"code": "4", "label": "Most of all"}]}


def test_a_new_version_does_not_empty_the_reliability_of_the_old_one() -> None:
    """Answers on another range have rows of their own: none is read by another version's rule, and none is lost."""
    new = [
        Response(f"n{n}", FULL | {"sing": 1 + n % 4, "dance": 4 - (n + n // 9) % 4}, sha256=SECOND, wave="w2")
        for n in range(40)
    ]
    book = workbook(source(*many(60), *new, of=[ONE, SECOND_RANGE]))
    alone = {
        "2": rows(workbook(source(*new, of=[ONE, SECOND_RANGE])), "Scales")[0],
        "1": rows(workbook(source(*many(60))), "Scales")[0],
    }
    found = [row for row in rows(book, "Scales") if row["group"] == "all"]
    assert [row["versions"] for row in found] == ["2", "1"]
    for row in found:
        for name in ("responses", "scored", "mean", "sd", "alpha", "alpha from", "omega total", "share at floor"):
            assert row[name] == alone[row["versions"]][name], name
        assert row["alpha"] is not None
    assert [row["group"] for row in rows(book, "Scales") if row["versions"] == "2"] == [
        "all",
        "wave w2",
        "year group 4",
    ]
    ranges = [(row["versions"], row["item"], row["range"], row["answered"]) for row in rows(book, "Scale items")]
    assert ranges == [
        ("2", "sing", "1 to 4", 40), ("2", "dance", "1 to 4", 40), ("1", "sing", "1 to 3", 60), ("1", "dance", "1 to 3", 60),
    ]  # fmt: skip
    assert any("coded differently in versions 1 and 2" in row["what was done"] for row in rows(book, "Notes"))


def test_versions_that_code_the_items_alike_have_one_row() -> None:
    second = later(scales=ONE["scales"], pages=ONE["pages"])
    given = source(*many(20), *[replace(one, sha256=SECOND) for one in many(20)], of=[ONE, second])
    (everyone,) = [row for row in rows(workbook(given), "Scales") if row["group"] == "all"]
    assert (everyone["versions"], everyone["responses"], everyone["answered all"]) == ("1, 2", 40, 40)


def test_other_items_and_other_directions_have_rows_of_their_own() -> None:
    other = later(pages=ONE["pages"], scales=[{**ONE["scales"][0], "items": ["sing", "dance"]}])
    given = source(*many(40), *[replace(one, sha256=SECOND) for one in many(40)], of=[ONE, other])
    items = {(row["versions"], row["item"]): row for row in rows(workbook(given), "Scale items")}
    assert [items[key]["direction"] for key in (("1", "dance"), ("2", "dance"))] == ["reversed", "as asked"]
    assert items["1", "dance"]["mean"] == pytest.approx(4 - items["2", "dance"]["mean"])
    alphas = [row["alpha"] for row in rows(workbook(given), "Scales") if row["group"] == "all"]
    assert len(alphas) == 2
    assert alphas[0] < 0 < alphas[1]


def test_only_finished_responses_count_unless_said() -> None:
    begun = [replace(one, state="started", finished_at=None) for one in many(7)]
    given = source(*many(40), *begun)
    usual, all_of_them = workbook(given), workbook(given, unfinished=True)
    for book, number, whose in ((usual, 40, "finished responses"), (all_of_them, 47, "also unfinished ones")):
        said = dict(book["Read me"].iter_rows(values_only=True))
        assert rows(book, "Scales")[0]["responses"] == rows(book, "Scale items")[0]["answered"] == number
        assert whose in said["Scales, Scale items, Items"]
        assert all(whose in said[sheet] for sheet in ("Scales", "Scale items", "Items", "Comments"))
        assert len(rows(book, "Comments")) == 2 * number
        assert len(rows(book, "Codes · pupil")) == 47
    (sing,) = [row for row in rows(all_of_them, "Items") if (row["variable"], row["row"]) == ("sing", "question")]
    assert sing["asked"] == 47


def test_the_export_writes_to_any_file(tmp_path: Any) -> None:
    with (tmp_path / "file.xlsx").open("wb") as out:
        Export(GIVEN, NOW).write("xlsx", out)
    assert (tmp_path / "file.xlsx").read_bytes() == workbook_bytes(GIVEN)


def test_data_sheets_are_as_wide_as_what_they_show() -> None:
    long = "a very long answer " * 10
    given = source(
        *[Response(f"r{n}", FULL | {"best": "short" if n else "a text of 30 characters, all s."}) for n in range(3)]
    )
    book = workbook(given)

    def width(sheet: str, column: str) -> float:
        page = book[sheet]
        place = next(cell.column_letter for cell in page[1] if cell.value == column)
        return float(page.column_dimensions[place].width)

    assert width("Codes · pupil", "best") == width("Labels · pupil", "best") == 32.5
    assert width("Codes · pupil", "arm") == len("programme") + 1.5
    assert width("Labels · pupil", "arm") == len("Programme schools") + 1.5
    assert width("Labels · pupil", "instrument") == len("Something else") + 1.5
    assert width("Labels · pupil", "dance") == 9, "no narrower than its heading and the arrow of the filter"
    assert width("Scores · pupil", "participant") == len("participant") + 4
    assert width("Scores · pupil", "arm") == len("programme") + 1.5
    book = workbook(source(Response("r1", FULL | {"best": long, "dance": {"missing": "dont_know"}})))
    assert width("Codes · pupil", "best") == 60
    assert width("Labels · pupil", "dance") == len("I don't know") + 1.5


def test_long_wordings_and_notes_wrap() -> None:
    second = later()
    given = source(Response("r1", FULL), Response("r2", {"sing": 3}, sha256=SECOND), of=[ONE, second])
    book = workbook(given)
    for title, heading in (("Codebook", "wording"), ("Value labels", "label"), ("Notes", "what was done")):
        page = book[title]
        place = next(cell.column for cell in page[1] if cell.value == heading)
        assert any(row[place - 1].alignment.wrap_text for row in page.iter_rows(min_row=2)), title
        assert page.column_dimensions[page.cell(1, place).column_letter].width <= 60
