"""`survey reliability`, `compare-groups` and `tabulate`: the figures as JSON, tables that fit, faults as sentences."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from survey.cli import main
from tests.bombs import tables as bombs
from tests.scales.golden_files import results, table

SCHOOLS = Path(__file__).parents[1] / "analysis" / "golden" / "schools.csv"
COMPARED = ("compare-groups", SCHOOLS, "--group", "programme", "--cluster", "school")

QUESTIONNAIRE = """
questionnaire: music
version: 1
title: Music and me
audience: pupil
reader: {age: 9}
languages: [en]
introduction: Some questions.
options:
  agree:
    - {code: 1, label: "No"}
    - {code: 2, label: Not really}
    - {code: 3, label: Sometimes}
    - {code: 4, label: Mostly}
    - {code: 5, label: "Yes"}
pages:
  - page: one
    questions:
QUESTIONS
scales:
  - scale: enjoyment
    title: Enjoyment
    direction: higher is more enjoyment
    score: mean
    needs: 6 of 8
    items:
ITEMS
  - scale: short
    title: Two items
    direction: higher is more enjoyment
    score: mean
    needs: 2 of 2
    items: [item_1, item_2]
"""


def survey(*words: object) -> Result:
    """Run a command; whatever happens, it is no traceback."""
    run = CliRunner().invoke(main, [str(word) for word in words])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    return run


def told(*words: object) -> Any:
    run = survey(*words, "--json")
    assert run.exit_code == 0, run.output
    return json.loads(run.stdout)


def refused(*words: object) -> str:
    run = survey(*words)
    assert run.exit_code == 1
    assert run.stdout == ""
    return run.stderr


def written(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


# ── reliability ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def questionnaire(tmp_path: Path) -> Path:
    items = [f"item_{at}" for at in range(1, 9)]
    questions = "\n".join(
        f"      - {{question: {item}, kind: rating, ask: 'Is {item} you?', options: agree}}" for item in items
    )
    entries = "\n".join(
        f"      - {{item: {item}, reverse: yes}}" if item in ("item_3", "item_7") else f"      - {item}"
        for item in items
    )
    path = tmp_path / "music.yaml"
    path.write_text(QUESTIONNAIRE.replace("QUESTIONS", questions).replace("ITEMS", entries), encoding="utf-8")
    return path


def answers(path: Path, name: str = "gaps") -> Path:
    items, rows = table(name)
    cells = [[f"p{at}", 3 + at % 2, *("" if np.isnan(x) else int(x) for x in row)] for at, row in enumerate(rows)]
    return written(path, ["id", "year", *items], cells)


RULES = """
  - {scale: counted, title: Counted, items: [item_1, item_2, item_4], score: count, counts: [4, 5],
     direction: higher is more}
  - {scale: later, title: Later, items: [item_5, item_6, item_8], score: sum, direction: higher is more}
  - {scale: whole, title: Whole, items: [counted, later], score: sum, direction: higher is more}
"""


def test_reliability_knows_counts_and_scales_of_scales(questionnaire: Path, tmp_path: Path) -> None:
    questionnaire.write_text(questionnaire.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    found = {one["scale"]: one for one in told("reliability", questionnaire, answers(tmp_path / "a.csv"))}
    assert [item["item"] for item in found["whole"]["items"]] == ["counted", "later"]
    assert 0 <= found["counted"]["items"][0]["mean"] <= 1
    assert found["counted"]["alpha_stratified"] is None
    stratified = found["whole"]["alpha_stratified"]
    assert 0 < stratified < 1
    assert any(
        f"is {stratified:.2f}, from people who answered every question" in one for one in found["whole"]["notes"]
    )
    assert "stratified" in survey("reliability", questionnaire, tmp_path / "a.csv").stdout


ITEM_KEYS = {"item", "n", "mean", "sd", "item_rest", "alpha_if_dropped", "reversed"}
SCALE_KEYS = {
    "scale", "n", "alpha", "alpha_low", "alpha_high", "alpha_standardised", "omega_total", "mean_r", "sem", "floor",
    "ceiling", "items", "notes",
}  # fmt: skip


@pytest.mark.parametrize("treatment", ["listwise", "pairwise"])
def test_reliability_is_that_of_psych(questionnaire: Path, tmp_path: Path, treatment: str) -> None:
    extra = ["--pairwise"] if treatment == "pairwise" else []
    found, short = told("reliability", questionnaire, answers(tmp_path / "a.csv"), *extra)
    golden = results(f"gaps_{treatment}")
    assert set(found) >= SCALE_KEYS
    assert found["alpha"] == pytest.approx(golden["alpha", ""], abs=1e-9)
    assert found["alpha_standardised"] == pytest.approx(golden["standardised_alpha", ""], abs=1e-9)
    assert (found["alpha_low"], found["alpha_high"]) == pytest.approx(
        (golden["alpha_low", ""], golden["alpha_high", ""]), abs=1e-6
    )
    assert found["sem"] == pytest.approx(golden["sem_of_sum", ""] / 8, abs=1e-6)  # this scale is a mean
    assert all(set(item) >= ITEM_KEYS for item in found["items"])
    assert [item["item"] for item in found["items"] if item["reversed"]] == ["item_3", "item_7"]
    for item in found["items"]:
        assert item["alpha_if_dropped"] == pytest.approx(golden["alpha_if_dropped", item["item"]], abs=1e-6)
    assert any(note.lower().startswith(treatment) for note in found["notes"])
    assert short["omega_total"] is None
    assert short["spearman_brown"] == pytest.approx(short["alpha_standardised"])


def test_reliability_by_year(questionnaire: Path, tmp_path: Path) -> None:
    found = told("reliability", questionnaire, answers(tmp_path / "a.csv"), "--by", "year")
    assert [(one["scale"], one["group"]) for one in found] == [
        ("enjoyment", "3"), ("enjoyment", "4"), ("short", "3"), ("short", "4"),
    ]  # fmt: skip
    whole, _ = told("reliability", questionnaire, tmp_path / "a.csv")
    assert found[0]["n"] + found[1]["n"] == whole["n"]


def test_few_respondents_get_a_sentence(questionnaire: Path, tmp_path: Path) -> None:
    items, rows = table("five_points")
    few = written(tmp_path / "few.csv", items, [[int(x) for x in row] for row in rows[:29]])
    found = told("reliability", questionnaire, few)[0]
    assert (found["n"], found["alpha"], found["floor"]) == (29, None, None)
    assert "Only 29 of 29" in found["notes"][0]


def test_faults_of_answers_are_named(questionnaire: Path, tmp_path: Path) -> None:
    items, rows = table("five_points")
    cells = [[int(x) for x in row] for row in rows]
    said = refused("reliability", questionnaire, written(tmp_path / "a.csv", ["item_one", *items[1:]], cells))
    assert "a.csv has no column 'item_1'" in said
    cells[3][2] = 9
    said = refused("reliability", questionnaire, written(tmp_path / "b.csv", items, cells))
    assert "row 5, column 'item_3': '9' is not an answer" in said
    said = refused("reliability", questionnaire, written(tmp_path / "c.csv", ["a"], [[1]] * 40))
    assert "no column for any item" in said
    study = Path(__file__).parents[2] / "questionnaires" / "study.yaml"
    assert "study.yaml is not a questionnaire" in refused("reliability", study, tmp_path / "c.csv")
    said = refused("reliability", questionnaire, answers(tmp_path / "d.csv"), "--by", "yaer")
    assert "Did you mean 'year'?" in said


# ── comparison ────────────────────────────────────────────────────────────────────────────────────────────
MODEL_KEYS = {
    "n", "difference", "se", "df", "low", "high", "variance_between", "variance_within", "icc", "g", "g_low", "g_high",
}  # fmt: skip


def test_comparison_is_that_of_r() -> None:
    found = told(*COMPARED, "--outcome", "enjoyment", "--outcome", "noise", "--baseline", "baseline")
    assert [one["outcome"] for one in found] == ["enjoyment", "noise"]
    one = found[0]
    assert set(one) >= {
        "outcome", "group", "reference", "other", "n", "clusters", "mean", "sd", "difference", "g", "multilevel", "adjusted",
        "cluster_means", "attrition", "notes",
    }  # fmt: skip
    assert (one["group"], one["reference"], one["other"]) == ("programme", "0", "1")
    assert set(one["n"]) == set(one["clusters"]) == set(one["mean"]) == set(one["sd"]) == {"0", "1"}
    assert set(one["g"]) == {"value", "low", "high"}
    assert set(one["multilevel"]) >= MODEL_KEYS
    assert set(one["adjusted"]) >= MODEL_KEYS | {"baseline"}
    assert one["adjusted"]["baseline"] == "baseline"
    assert set(one["cluster_means"]) >= {"difference", "low", "high"}
    golden = results("enjoyment_alone", SCHOOLS.parent)
    assert one["multilevel"]["difference"] == pytest.approx(golden["coefficient", "1"], rel=1e-4)
    assert one["multilevel"]["variance_between"] == pytest.approx(golden["between", ""], rel=1e-4)
    assert one["difference"] == one["mean"]["1"] - one["mean"]["0"]  # nothing is rounded
    assert any("left out: no 'enjoyment'" in note for note in one["notes"])


def test_the_reference_can_be_chosen() -> None:
    turned = told(*COMPARED, "--outcome", "noise", "--reference", "1.0")[0]
    usual = told(*COMPARED, "--outcome", "noise")[0]
    assert (turned["reference"], turned["other"]) == ("1", "0")
    assert turned["multilevel"]["difference"] == pytest.approx(-usual["multilevel"]["difference"])


def test_a_level_called_comparison_is_the_reference(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.csv", ["arm", "y"], [["comparison", 1], ["a", 2], ["comparison", 3], ["a", 4], ["b", 1], ["b", 2]]
    )
    found = told("compare-groups", file, "--outcome", "y", "--group", "arm")
    assert [(one["reference"], one["other"]) for one in found] == [("comparison", "a"), ("comparison", "b")]
    assert found[0]["multilevel"] is None
    assert "2 rows left out: 'arm' is neither 'comparison' nor 'a'." in found[0]["notes"]


def test_codes_for_missing_answers_can_be_named(tmp_path: Path) -> None:
    rows: list[list[object]] = [["p", 1], ["p", -9], ["p", 3], ["c", -8], ["c", 2], ["c", 3]]
    file = written(tmp_path / "a.csv", ["arm", "y"], rows)
    found = told("compare-groups", file, "--outcome", "y", "--group", "arm", "--missing", "-9", "--missing", "-8")[0]
    assert found["n"] == {"c": 2, "p": 2}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--outcome", "enjoymnet", "--group", "programme"), "has no column 'enjoymnet'. Did you mean 'enjoyment'?"),
        (("--outcome", "noise", "--group", "programme", "--reference", "2"), "no group '2'. There are: 0, 1."),
        (("--outcome", "noise", "--group", "noise"), "does not look like groups"),
        (("--outcome", "noise", "--group", "programme", "--cluster", "schol"), "Did you mean 'school'?"),
    ],
)
def test_faults_of_a_comparison_are_sentences(words: tuple[str, ...], said: str) -> None:
    assert said in refused("compare-groups", SCHOOLS, *words)


def test_text_in_an_outcome_and_one_level_only_are_said(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.csv",
        ["arm", "same", "y"],
        [["p", "x", "1"], ["c", "x", "3,5"], ["c", "x", "1_0"], ["p", "x", "inf"]],
    )
    said = refused("compare-groups", file, "--outcome", "y", "--group", "arm")
    assert "a.csv: row 3, column 'y': '3,5' is not a number. Please write decimals with a point." in said
    assert "row 4, column 'y': '1_0' is not a number." in said
    assert "row 5, column 'y': 'inf' is not a number." in said
    said = refused("compare-groups", file, "--outcome", "y", "--group", "same")
    assert "only 'x', and a comparison needs two groups" in said


def test_files_that_are_no_table_are_said(tmp_path: Path) -> None:
    empty = tmp_path / "a.csv"
    empty.write_text("", encoding="utf-8")
    assert "a.csv: The file is empty" in refused("compare-groups", empty, "--outcome", "y", "--group", "g")
    alone = written(tmp_path / "b.csv", ["y", "g"], [])
    assert "no rows below a header" in refused("compare-groups", alone, "--outcome", "y", "--group", "g")
    twice = written(tmp_path / "c.csv", ["y", "y"], [[1, 2]])
    assert "two columns called 'y'" in refused("compare-groups", twice, "--outcome", "y", "--group", "g")
    long = written(tmp_path / "d.csv", ["y", "g"], [[1, 2, 3]])
    assert "row 2 has more cells than the header" in refused("compare-groups", long, "--outcome", "y", "--group", "g")


@pytest.mark.parametrize(
    "bomb", [bombs.columns_by_the_million, bombs.quotes_without_end, bombs.entities, bombs.faults_in_every_row]
)
def test_files_made_to_stop_their_reader_get_a_sentence(bomb: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / ("bomb.xlsx" if bomb in bombs.EXCEL else "bomb.csv")
    path.write_bytes(bomb())
    assert path.name in refused("compare-groups", path, "--outcome", "y", "--group", "g")
    assert path.name in refused("tabulate", path, "--rows", "y", "--columns", "g")


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_table_of_counts(tmp_path: Path) -> None:
    rows = (
        [["a", "x"]] * 20
        + [["a", "y"]] * 30
        + [["a", "z"]] * 2
        + [["b", "x"]] * 40
        + [["b", "y"]] * 22
        + [["b", "z"]] * 35
    )
    rows += [["c", "x"]] * 30 + [["c", "y"]] * 50 + [["c", "z"]] * 60 + [["c", ""]] * 3
    file = written(tmp_path / "a.csv", ["school", "sex"], rows)
    found = told("tabulate", file, "--rows", "school", "--columns", "sex")
    assert found["rows"] == ["a", "b", "c"]
    assert found["columns"] == ["x", "y", "z"]
    assert found["cells"] == [[20, None, None], [40, None, None], [30, 50, 60]]
    assert (found["row_totals"], found["column_totals"], found["total"]) == ([52, 97, 140], [90, 102, 97], 289)
    assert "3 rows left out: no 'school' or no 'sex'." in found["notes"]
    three = told("tabulate", file, "--rows", "school", "--columns", "sex", "--threshold", "3")
    assert three["cells"][0][2] is None
    printed = survey("tabulate", file, "--rows", "school", "--columns", "sex").output
    assert "[c] hidden" in printed


def test_thresholds_below_three_and_tables_without_end_are_refused(tmp_path: Path) -> None:
    words = ("tabulate", SCHOOLS, "--rows", "school", "--columns", "girl")
    assert "--threshold 3 or more" in refused(*words, "--threshold", "2")
    assert "too many for a table" in refused("tabulate", SCHOOLS, "--rows", "noise", "--columns", "enjoyment")


# ── printed ───────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_printed_fits_a_hundred_columns(questionnaire: Path, tmp_path: Path) -> None:
    wide = "a column whose name is so long that no one would want to read it in a table of figures"
    rng = np.random.default_rng(1)
    rows = [
        [f"level number {rng.integers(14)} of them all", ["p", "c"][at % 2], at % 8, rng.normal()] for at in range(400)
    ]
    file = written(tmp_path / "wide.csv", [wide, "arm", "school", f"{wide} 2"], rows)
    outcomes = ("--outcome", f"{wide} 2")
    for words in (
        ("reliability", questionnaire, answers(tmp_path / "a.csv")),
        (*COMPARED, "--outcome", "enjoyment", "--baseline", "baseline"),
        (*COMPARED, *(f"--outcome={name}" for name in ("enjoyment", "confidence", "noise", "years", "baseline"))),
        ("compare-groups", file, *outcomes, "--group", "arm", "--cluster", "school"),
        ("tabulate", file, "--rows", "arm", "--columns", wide),
        ("tabulate", file, "--rows", wide, "--columns", "arm"),
    ):
        run = survey(*words)
        assert run.exit_code == 0, run.output
        assert max(map(len, run.output.splitlines())) <= 100, run.output
        assert "nan" not in run.output.lower()


@pytest.mark.slow
def test_nothing_heavy_is_loaded_to_compare_groups() -> None:
    told_by = (
        "import sys; from survey.cli import main; main(sys.argv[1:], standalone_mode=False); print(sorted(sys.modules))"
    )
    words = ("compare-groups", str(SCHOOLS), "--outcome", "noise", "--group", "programme", "--cluster", "school")
    run = subprocess.run([sys.executable, "-c", told_by, *words], capture_output=True, text=True, check=True)
    for heavy in ("pandas", "scipy.stats", "scipy.optimize", "statsmodels"):
        assert f"'{heavy}'" not in run.stdout
