"""The workbook of tables: no figure of a few people, and none by which one could be worked out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from survey.database import open_engine, upgrade
from survey.export.store import export
from survey.export.study import Export
from tests.export.sample import FULL, NOW, Response, rows, source, workbook
from tests.progress.every_outcome import CODE, make
from tests.progress.every_outcome import NOW as THEN

FIGURES = ("scored", "mean", "sd", "lowest", "highest", "share at floor", "answered all", "alpha")


def tables(*responses: Response, threshold: int = 10) -> openpyxl.Workbook:
    out = io.BytesIO()
    Export(source(*responses, disclosure={"threshold": str(threshold)}), NOW).write("tables", out)
    return openpyxl.load_workbook(io.BytesIO(out.getvalue()))


def answers(number: int, wave: str = "w1", year: int = 4) -> list[Response]:
    """Respondents to whom singing and (turned round) dancing go together, but not quite."""
    return [
        Response(
            f"{wave}{year}{n}",
            FULL | {"sing": 1 + n % 3, "dance": 3 - (n + n // 9) % 3},
            wave=wave,
            facts={"year": year},
        )
        for n in range(number)
    ]


def figures(book: openpyxl.Workbook) -> dict[str, list[Any]]:
    return {row["group"]: [row[name] for name in FIGURES] for row in rows(book, "Scales")}


def test_figures_of_a_few_people_are_hidden_and_one_more_group_with_them() -> None:
    """All waves less the one that is shown would be the few."""
    given = [*answers(40), *answers(4, "w2")]
    found = figures(tables(*given))
    assert found["all"][0] == 44
    assert found["wave w1"] == found["wave w2"] == [None] * len(FIGURES)
    remarks = {row["group"]: row["remarks"] for row in rows(tables(*given), "Scales")}
    assert remarks["wave w2"] == "hidden: of fewer than 10, or such a figure could be worked out"
    assert figures(workbook(source(*given)))["wave w2"][0] == 4, "the workbook with the answers has all"


def test_where_all_groups_are_large_enough_nothing_is_hidden() -> None:
    found = figures(tables(*answers(40), *answers(35, "w2")))
    assert [found[group][0] for group in ("all", "wave w1", "wave w2")] == [75, 40, 35]
    assert all(row[1] is not None for row in found.values())


def test_groups_of_few_that_are_many_together_hide_no_other() -> None:
    found = figures(tables(*answers(40), *answers(6, year=5), *answers(7, year=6)))
    assert [found[f"year group {year}"][0] for year in (4, 5, 6)] == [40, None, None]


def test_no_ones_score_is_the_lowest_or_the_highest() -> None:
    row = rows(tables(*answers(40)), "Scales")[0]
    assert (row["lowest"], row["highest"]) == (None, None)
    assert row["mean"] is not None


def test_a_share_at_an_end_is_not_told_of_few() -> None:
    low = [replace(one, id=f"x{n}", answers=FULL | {"sing": 1, "dance": 3}) for n, one in enumerate(answers(3))]
    middle = [replace(one, answers=FULL | {"sing": 2, "dance": 2}) for one in answers(40)]
    row = rows(tables(*low, *middle), "Scales")[0]
    assert row["share at floor"] is row["share at ceiling"] is None
    row = rows(workbook(source(*low, *middle)), "Scales")[0]
    assert row["share at floor"] == 3 / 43


def test_the_mean_of_an_item_is_told_only_where_each_answer_is_common() -> None:
    """Mean and number of answers would tell a small count where all others are known."""
    rare = [replace(one, answers=FULL | {"sing": 3 if n < 2 else 1 + n % 2}) for n, one in enumerate(answers(60))]
    sing, dance = (rows(tables(*given), "Scale items")[0] for given in (rare, answers(60)))
    assert (sing["item"], sing["mean"], sing["sd"]) == ("sing", None, None)
    assert dance["mean"] == 2


@pytest.mark.one_engine
def test_schools_and_classes_are_in_no_table_of_the_fieldwork(database_url: str, tmp_path: Path) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    make(engine, tmp_path / "study")
    books = []
    for form in ("xlsx", "tables"):
        out = io.BytesIO()
        export(CODE, engine, form, out, THEN)
        books.append(rows(openpyxl.load_workbook(io.BytesIO(out.getvalue())), "Fieldwork"))
    engine.dispose()
    whole, shared = books

    def totals(found: Sequence[dict[str, Any]], level: str) -> int:
        return sum(row["finished"] for row in found if row["level"] == level)

    assert {row["level"] for row in shared} == {"wave", "link", "not on the list"}
    assert {row["school"] for row in shared} == {None}
    assert [row for row in shared if row["level"] == "wave"] == [row for row in whole if row["level"] == "wave"]
    assert all(totals(shared, level) == totals(whole, level) for level in ("link", "not on the list"))


def test_tables_of_some_waves_have_no_sums_that_could_be_taken_from_those_of_all() -> None:
    given = source(*answers(40), *answers(4, "w2"))
    out = io.BytesIO()
    Export(given, NOW, waves=["w1"]).write("tables", out)
    book = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    assert not {"Scales", "Scale items", "Items"} & set(book.sheetnames)
    assert "Means" in book.sheetnames
    assert any("subtracted from each other" in str(row["what was done"]) for row in rows(book, "Notes"))
    out = io.BytesIO()
    Export(given, NOW, waves=["w1"]).write("xlsx", out)
    assert "Items" in openpyxl.load_workbook(io.BytesIO(out.getvalue())).sheetnames
