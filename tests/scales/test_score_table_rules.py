"""``survey score`` with bands, norms, items that were not shown, and scales of scales."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey.cli import main
from survey.definition.reading import read_questionnaire
from survey.export.scored import BadTable, ScoredTable, score_table

QUESTIONNAIRE = """
questionnaire: rules
version: 1
title: Rules
audience: parent
reader: {age: 16}
languages: [en]
introduction: We ask about music.
data_use: Answers are kept without names.
contact: Ask the study team.
consent: {ask: Do you agree?, yes: I agree, no: I do not, declined: Thank you.}
options:
  agree: [{code: 1, label: Never}, {code: 2, label: Sometimes}, {code: 3, label: Often}, {code: 4, label: Always}]
pages:
  - page: a
    questions:
      - {question: one, kind: rating, ask: One, options: agree}
      - {question: two, kind: rating, ask: Two, options: agree}
      - {question: plays, kind: yes_no, ask: Plays}
      - {question: alone, kind: rating, ask: Alone, options: agree, when: {plays: yes}}
scales:
  - {scale: feel, title: Feel, items: [one, two], score: sum, direction: Higher is more,
     bands: {self: [{from: 2, to: 5, label: Low}, {from: 6, to: 8, label: High}]}}
  - {scale: play, title: Play, items: [alone], score: sum, recode: {1: 1, 2: 1, 3: 2, 4: 3}, not_shown: 0,
     direction: Higher is more}
  - {scale: both, title: Both, items: [feel, play], score: sum, direction: Higher is more}
  - scale: all_t
    title: Both, T score
    items: [both]
    score: sum
    norms:
      mean: 50
      sd: 10
      groups:
        - {for: {sex: f, year: 3 to 4}, mean: 6, sd: 2}
        - {for: {sex: m, year: 3 to 4}, mean: 5, sd: 2}
    direction: Higher is more than others
  - scale: cut
    title: Feel by year
    items: [feel]
    score: sum
    norms:
      groups:
        - {for: {year: 3}, bands: [{from: 2, to: 3, label: Low}, {from: 4, to: 8, label: High}]}
        - {for: {year: 4 to 6}, bands: [{from: 2, to: 6, label: Low}, {from: 7, to: 8, label: High}]}
    direction: Higher is more
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    file = tmp_path / "rules.yaml"
    file.write_text(QUESTIONNAIRE.replace("scale: all,", "scale: both,").replace("[all]", "[both]"), encoding="utf-8")
    return file, tmp_path / "answers.csv"


def scored(files: tuple[Path, Path], table: str) -> tuple[list[dict[str, str]], ScoredTable]:
    file, answers = files
    answers.write_text(table, encoding="utf-8")
    reading = read_questionnaire(file)
    assert reading.questionnaire is not None, reading.problems
    out = io.StringIO()
    told = score_table(reading.questionnaire, answers, out)
    return list(csv.DictReader(io.StringIO(out.getvalue()))), told


def faults(files: tuple[Path, Path], table: str) -> list[str]:
    with pytest.raises(BadTable) as bad:
        scored(files, table)
    return [fault.replace(str(files[1]), "answers.csv") for fault in bad.value.reasons]


TABLE = """id,one,two,plays,alone,sex,year
a,1,1,1,4,f,3
b,4,4,0,-6,m,4
c,4,3,1,,f,4
d,4,3,1,2,,4
e,2,2,1,1,m,NA
f,,2,1,1,,
"""


def test_bands_stand_beside_scores_that_have_some(files: tuple[Path, Path]) -> None:
    rows, _ = scored(files, TABLE)
    assert list(rows[0]) == [
        "id", "feel", "feel_n", "feel_band", "play", "play_n", "both", "both_n", "all_t", "all_t_n", "cut", "cut_n",
        "cut_band",
    ]  # fmt: skip
    assert [row["feel_band"] for row in rows] == ["Low", "High", "High", "High", "Low", ""]
    assert [row["cut_band"] for row in rows] == ["Low", "High", "High", "High", "", ""]


def test_an_item_that_was_not_shown_is_told_from_one_left_blank_by_its_code(files: tuple[Path, Path]) -> None:
    rows, _ = scored(files, TABLE)
    assert [(row["play"], row["play_n"]) for row in rows] == [
        ("3", "1"), ("0", "1"), ("", "0"), ("1", "1"), ("1", "1"), ("1", "1"),
    ]  # fmt: skip
    assert [row["both"] for row in rows] == ["5", "8", "", "8", "5", ""]
    assert [row["both_n"] for row in rows] == ["2", "2", "1", "2", "2", "1"]


def test_norms_are_by_the_roster_s_facts_and_who_is_in_no_group_is_counted(files: tuple[Path, Path]) -> None:
    rows, told = scored(files, TABLE)
    assert [row["all_t"] for row in rows] == ["45", "65", "", "", "", ""]
    assert told.rows == 6
    assert list(told.notes) == [
        "all_t: 2 rows have no score: sex and year unknown, or outside the groups that norms are given for.",
        "cut: 1 row has no band: year unknown, or outside the groups that norms are given for.",
    ]


def test_facts_can_be_called_as_in_our_own_files(files: tuple[Path, Path]) -> None:
    ours = TABLE.replace(",sex,year", ",roster_sex,year_group")
    assert scored(files, ours) == scored(files, TABLE)


def test_a_table_without_a_fact_that_norms_need_is_refused(files: tuple[Path, Path]) -> None:
    table = "one,two,plays,alone,year\n1,1,1,1,3\n"
    (fault,) = faults(files, table)
    assert fault == (
        "answers.csv: row 1: scale 'all_t' has norms by sex and year, and there is no column 'sex' or 'roster_sex'. "
        "Please add it; a cell can be empty where it is unknown."
    )


def test_one_fact_in_two_columns_is_refused(files: tuple[Path, Path]) -> None:
    table = "one,two,plays,alone,year,sex,roster_sex\n1,1,1,1,3,f,f\n"
    assert faults(files, table) == [
        "answers.csv: row 1, column 7: 'roster_sex' is the same fact as 'sex'. Please remove one."
    ]


def test_a_scale_is_no_column_of_answers(files: tuple[Path, Path]) -> None:
    """Its score comes from its questions."""
    table = "feel,one,two,plays,alone,year,sex\n1,1,1,1,1,3,f\n"
    assert "'feel' is not a question of rules" in faults(files, table)[0]


def test_a_scale_of_scales_is_absent_where_none_of_its_questions_is_there(files: tuple[Path, Path]) -> None:
    assert faults(files, "plays,year,sex\n1,3,f\n")[2] == (
        "answers.csv: row 1: no item of scale 'both' is there (one, two, alone). Please add its columns, or blank ones."
    )


def test_the_command_says_how_many_have_no_score_by_norms(files: tuple[Path, Path], tmp_path: Path) -> None:
    file, answers = files
    answers.write_text(TABLE, encoding="utf-8")
    run = CliRunner().invoke(main, ["score", str(file), str(answers), "--out", str(tmp_path / "scores.csv")])
    assert run.exit_code == 0, run.output
    assert "6 rows scored" in run.output
    assert "all_t: 2 rows have no score: sex and year unknown" in run.output
