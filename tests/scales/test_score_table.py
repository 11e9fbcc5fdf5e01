"""``survey score``: any table of answers in, scale scores out; what is wrong is named with its row and column."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey.cli import main
from survey.definition.reading import read_questionnaire
from survey.export.scored import BadTable, score_table

QUESTIONNAIRE = """
questionnaire: small
version: 1
title: Small
audience: parent
reader: {age: 16}
languages: [en]
free_text: {read: no, talk_to: Please tell someone you trust.}
options:
  agree: [{code: 1, label: Never}, {code: 2, label: Sometimes}, {code: 3, label: Often}, {code: 4, label: Always}]
pages:
  - page: a
    questions:
      - {question: one, kind: rating, ask: One, options: agree}
      - {question: two, kind: rating, ask: Two, options: agree}
      - {question: three, kind: rating, ask: Three, options: agree}
      - {question: plays, kind: yes_no, ask: Plays, not_sure: yes}
      - {question: hours, kind: number, ask: Hours, min: 0, max: 10, decimals: 1}
      - {question: words, kind: short_text, ask: Words}
      - {question: places, kind: several, ask: Places, options: [{code: 1, label: Here}, {code: 2, label: There}]}
scales:
  - {scale: feel, title: Feel, items: [one, two, {item: three, reverse: yes}], score: mean, needs: 2 of 3, direction: Higher is more}
  - {scale: total, title: Total, items: [one, two], score: sum, direction: Higher is more}
  - {scale: active, title: Active, items: [plays, hours], score: mean, needs: 1 of 2, direction: Higher is more}
"""


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    file = tmp_path / "small.yaml"
    file.write_text(QUESTIONNAIRE, encoding="utf-8")
    return file, tmp_path / "answers.csv"


def scored(paths: tuple[Path, Path], table: str | bytes) -> list[dict[str, str]]:
    file, answers = paths
    answers.write_bytes(table if isinstance(table, bytes) else table.encode())
    reading = read_questionnaire(file)
    assert reading.questionnaire is not None, reading.problems
    out = io.StringIO()
    told = score_table(reading.questionnaire, answers, out)
    found = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(found) == told.rows
    return found


def faults(paths: tuple[Path, Path], table: str | bytes) -> list[str]:
    with pytest.raises(BadTable) as bad:
        scored(paths, table)
    return [fault.replace(str(paths[1]), "answers.csv") for fault in bad.value.reasons]


def test_scores_and_how_many_items_were_answered(paths: tuple[Path, Path]) -> None:
    rows = scored(paths, "id,one,two,three,plays,hours\nx1,4,3,1,1,9\nx2,4,,1,2,\nx3,,,2,,\n")
    assert rows[0] == {
        "id": "x1", "feel": "3.6666666666666665", "feel_n": "3", "total": "7", "total_n": "2", "active": "5", "active_n": "2",
    }  # fmt: skip
    assert rows[1] == {
        "id": "x2",
        "feel": "4",
        "feel_n": "2",
        "total": "",
        "total_n": "1",
        "active": "",
        "active_n": "0",
    }
    assert rows[2]["feel"] == ""
    assert rows[2]["feel_n"] == "1"


def test_what_other_programs_write_is_read(paths: tuple[Path, Path]) -> None:
    """A mark of byte order, semicolons or tabs, 3.0 for 3, NA for nothing, CRLF, an id with leading zeros."""
    plain = scored(paths, "id,one,two,three,plays\n007,3,2,1,0\n")
    assert plain[0]["id"] == "007"
    for table in (
        b"\xef\xbb\xbfid,one,two,three,plays\r\n007,3,2,1,0\r\n",
        "id;one;two;three;plays\n007;3.0;2.0;1;0\n",
        'id\tone\ttwo\tthree\tplays\n"007"\t3\t2\t1\t0\n',
    ):
        assert scored(paths, table) == plain
    assert scored(paths, "id,one,two,three,plays\n1,NA,-8,-9,-6\n")[0]["feel_n"] == "0"


def test_columns_that_are_not_items_are_taken_and_looked_at(paths: tuple[Path, Path]) -> None:
    rows = scored(paths, "one,two,three,plays,words,places_1,places_2\n1,1,1,1,anything,0,1\n")
    assert rows[0]["feel"] == "2"
    assert faults(paths, "one,two,plays,places_1\n1,1,1,7\n") == [
        "answers.csv: row 2, column 'places_1': '7' is not an answer. It takes the codes 0, 1, or an empty cell. Please correct it."
    ]


def test_every_bad_code_is_named_with_row_and_column(paths: tuple[Path, Path]) -> None:
    assert faults(paths, "id,one,two,plays,hours\na,5,1,1,1\nb,1,x,3,11\n") == [
        "answers.csv: row 2, column 'one': '5' is not an answer. It takes the codes 1, 2, 3, 4, or an empty cell. Please correct it.",
        "answers.csv: row 3, column 'two': 'x' is not an answer. It takes the codes 1, 2, 3, 4, or an empty cell. Please correct it.",
        "answers.csv: row 3, column 'plays': '3' is not an answer. It takes the codes 0, 1, 2, or an empty cell. Please correct it.",
        "answers.csv: row 3, column 'hours': '11' is not an answer. It takes numbers from 0 to 10, or an empty cell. Please correct it.",
    ]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("", "answers.csv: is empty. The first row names the columns: id and question ids."),
        ("id,oen,two,plays\n", "answers.csv: row 1, column 2: 'oen' is not a question of small. Columns are question ids, and 'id'. Did you mean 'one'?"),
        ("one,one,two,plays\n", "answers.csv: row 1, column 2: 'one' is there twice. Please remove one."),
        ("one,two,plays\n1,2\n", "answers.csv: row 2 has 2 columns, but the headings have 3. Each row needs the same number. Please look for a missing or unquoted comma."),
        ('one,two,plays\n"1,2,0\n', "answers.csv: row 2 is broken (unexpected end of data). Please look for a quotation mark that is not closed."),
        (b"one,two,plays\n\xff,1,1\n", "answers.csv: is not UTF-8 text (from byte 14). Please save it as “CSV UTF-8” and try again."),
        ("one,two\n1,1\n", "answers.csv: row 1: no item of scale 'active' is there (plays, hours). Please add its columns, or blank ones."),
    ],
)  # fmt: skip
def test_a_broken_table_says_where_and_what_to_do(paths: tuple[Path, Path], table: str | bytes, fault: str) -> None:
    assert faults(paths, table) == [fault]


def test_the_command_writes_all_or_nothing(paths: tuple[Path, Path]) -> None:
    file, answers = paths
    out = answers.with_name("scores.csv")
    answers.write_text("id,one,two,plays\na,1,2,1\n")
    run = CliRunner().invoke(main, ["score", str(file), str(answers), "--out", str(out)])
    assert run.exit_code == 0, run.output
    before = out.read_bytes()
    answers.write_text("id,one,two,plays\na,1,2,1\nb,9,1,1\n")
    run = CliRunner().invoke(main, ["score", str(file), str(answers), "--out", str(out)])
    assert run.exit_code == 1
    assert "row 3, column 'one'" in run.output
    assert out.read_bytes() == before
    assert [path.name for path in out.parent.glob("scores*")] == ["scores.csv"]


@pytest.mark.slow
def test_a_long_table_is_scored_row_by_row(paths: tuple[Path, Path]) -> None:
    """More rows than are worked on at once: each keeps its own id and score."""
    lines = [f"r{n},{1 + n % 4},{1 + n % 4},1" for n in range(45_000)]
    rows = scored(paths, "id,one,two,plays\n" + "\n".join(lines) + "\n")
    assert [row["id"] for row in rows[::9_999]] == [f"r{n}" for n in range(0, 45_000, 9_999)]
    assert all(row["total"] == str(2 * (1 + n % 4)) for n, row in enumerate(rows))
    assert faults(paths, "id,one,two,plays\n" + "\n".join([*lines, "last,7,1,1"]) + "\n")[0].startswith(
        "answers.csv: row 45002, column 'one': '7'"
    )
