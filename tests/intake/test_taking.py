"""Each wrong row, and what is said about it: with row and column, in the sentences of a form; and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from survey.audit import COMMAND_LINE, Act
from survey.cli import main
from survey.config import Settings
from survey.database import Engine, write
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, Taken, import_answers, look
from survey.problems import Refused
from survey.responses import Record, stream
from survey.responses.erasing import erase
from tests.intake.field import table
from tests.intake.sample import FIRST, NOW, RIGHT, SECOND, field


def looked(engine: Engine, *rows: dict[str, Any], wave: str = "w1", ignore: tuple[str, ...] = ()) -> Taken:
    return look(engine, Destination("sample", "pupil", wave), SentFile(table(*rows), "a.csv"), NOW, ignore)


def take(engine: Engine, *rows: dict[str, Any], wave: str = "w1") -> Taken:
    return import_answers(
        engine, Destination("sample", "pupil", wave), SentFile(table(*rows), "a.csv"), Act(COMMAND_LINE, NOW)
    )


def kept(engine: Engine) -> list[Record]:
    return list(stream(engine, 1, "pupil"))


def test_a_right_row_is_a_response(engine: Engine) -> None:
    more = {"started": "2025-10-03 09:41:20", "finished": "2025-10-03 09:50:00", "mode": "paper", "school": "0123"}
    assert take(engine, RIGHT | more).added == 1
    (record,) = kept(engine)
    assert (record.participant, record.wave, record.school, record.school_class) == ("P001", "w1", "0123", "4r")
    assert (record.state, record.mode, record.language, record.sha256) == ("finished", "paper", "en", FIRST.sha256)
    # 09:41 in London is 08:41 UTC in October.
    assert record.started_at == datetime(2025, 10, 3, 8, 41, 20, tzinfo=UTC)
    assert record.finished_at == datetime(2025, 10, 3, 8, 50, tzinfo=UTC)
    assert record.facts["year"] == 4
    assert record.facts["school"] == "Hill School"
    assert record.facts["wave"] == "w1", "as it has when it is answered here"
    assert record.answers == {
        "sing": 3,
        "dance": {"missing": "dont_know"},
        "plays": 1,
        "instrument": 8,
        "instrument.other": "a harp",
        "places": [1],
        "hours": 2,
        "since": {"missing": "blank"},
        "best": "everything",
    }


def test_the_title_of_a_school_is_for_reading_and_its_code_counts(engine: Engine) -> None:
    assert take(engine, RIGHT | {"school": "0123", "school_title": "Hill Primary, as it is called now"}).added == 1
    (record,) = kept(engine)
    assert (record.school, record.school_title) == ("0123", "Hill School")


def test_a_row_that_says_little_is_enough(engine: Engine) -> None:
    """The newest version, the first language, finished, now; questions without a column were not answered."""
    assert take(engine, {"participant": "P002", "sing": 2}).added == 1
    (record,) = kept(engine)
    assert (record.sha256, record.language, record.state, record.mode) == (SECOND.sha256, "en", "finished", "imported")
    assert (record.started_at, record.finished_at) == (NOW, NOW)
    assert record.answers == {"sing": 2}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"sing": 4}, "sing", "This is not one of the question's codes, which are 1, 2, 3. Please correct it."),
    ({"sing": "a lot"}, "sing", "This is not one of the question's codes, which are 1, 2, 3. Please correct it."),
    ({"hours": 41}, "hours", "Write a number of 40 or less."),
    ({"hours": 2.5}, "hours", "Write a whole number."),
    ({"places_2": 2}, "places_1", "A box is 1 if ticked and 0 if not. Please correct this."),
    ({"best": "x" * 101}, "best", "Write at most 100 characters. You wrote 101."),
    ({"since": "2024-02-30"}, "since", "Write a real date, such as 27 3 2024."),
    (
        {"plays": 0},
        "instrument",
        "'instrument' is asked only when plays is 1, so there cannot be an answer here. Please clear this cell, or correct the others.",
    ),
    (
        {"instrument": 1},
        "instrument",
        "There are words here, but the option they belong to is not chosen. Please correct one of the two.",
    ),
    ({"version": 2}, "dance", "Version 2 has no question with the column 'dance'."),
    ({"version": 7}, "version", "Version '7' of 'pupil' has not been published; 1 and 2 have."),
    ({"participant": "P01"}, "participant", "There is no participant 'P01'. Did you mean 'P001'?"),
    (
        {"participant": "zz"},
        "participant",
        "There is no participant 'zz'. Please import the roster first.",
    ),
    ({"participant": ""}, "participant", "There is no study code here. Please add it, or leave the row out."),
    ({"participant": "P005"}, "participant", "P005 is not on the roster of wave 'w1'."),
    ({"participant": "P006"}, "participant", "P006 is of the audience 'parent', and 'pupil' is for 'pupil'."),
    ({"school": "0124"}, "school", "The roster of wave 'w1' has P001 in school '0123'."),
    ({"class": "4x"}, "class", "The roster of wave 'w1' has P001 in class '4r'."),
    ({"wave": "w2"}, "wave", "This row is for wave 'w2', but 'w1' is being imported. Please leave it out."),
    (
        {"questionnaire": "staff"},
        "questionnaire",
        "This row is for questionnaire 'staff', but 'pupil' is being imported. Please leave it out.",
    ),
    ({"language": "cy"}, "language", "'pupil' is answered in en."),
    (
        {"state": "done"},
        "state",
        "The state must be started, finished, stopped, declined or withdrawn. Please change it.",
    ),
    (
        {"state": "declined"},
        "state",
        "A response that is 'declined' cannot have answers. Please remove them from this row.",
    ),
    ({"started": "3/10/25"}, "started", "Please write this as a date and a time, such as 2025-10-03 09:41:20."),
    ({"started": "2031-01-01"}, "started", "This day is in the future. Please correct it."),
    (
        {"started": "2025-10-03 10:00", "finished": "2025-10-03 09:00"},
        "finished",
        "This is before 'started'. Please correct one of the two.",
    ),
    ({"seconds": "long"}, "seconds", "Seconds must be a whole number. Please correct this."),
]


@pytest.mark.parametrize(("change", "column", "sentence"), WRONG)
def test_what_is_said_and_where(shared: Engine, change: dict[str, Any], column: str, sentence: str) -> None:
    right = RIGHT | {"participant": "P002"}
    taken = looked(shared, right, RIGHT | change)
    (problem,) = taken.problems
    assert (problem.row, problem.header, problem.message) == (3, column, sentence)
    assert taken.added == 0


def test_a_child_without_a_way_to_say_so_did_not_say_it(shared: Engine) -> None:
    """The sample's pupils are eight: both ways are offered. In a questionnaire for adults none is, unless asked for."""
    assert not looked(shared, RIGHT | {"sing": -7, "best": -8, "as_typed": ""}).problems


def test_all_problems_at_once_in_the_order_of_the_rows(shared: Engine) -> None:
    taken = looked(shared, RIGHT | {"sing": 9, "hours": 99}, RIGHT | {"participant": "P002"}, RIGHT | {"plays": 5})
    assert [(p.row, p.header) for p in taken.problems] == [(2, "sing"), (2, "hours"), (4, "participant"), (4, "plays")]


def test_when_there_are_very_many_the_rest_is_counted(shared: Engine) -> None:
    taken = looked(shared, *({"participant": f"x{n}", "sing": 9} for n in range(150)))
    told = taken.told()
    assert len(taken.problems) == 300
    assert len(told) == 200 + 20
    assert (
        told[1]
        == "row 2, column B (sing): This is not one of the question's codes, which are 1, 2, 3. Please correct it."
    )
    assert told[200] == "50 more rows: This is not one of the question's codes, which are 1, 2, 3. Please correct it."


def test_one_code_stands_in_one_row(shared: Engine) -> None:
    (problem,) = looked(shared, RIGHT, RIGHT | {"sing": 1}).problems
    assert problem.message == "P001 is already in row 2. Please keep one of the two."


HEADERS: list[tuple[dict[str, Any], str]] = [
    ({"sng": 1}, "There is no column 'sng' in 'pupil'. Did you mean 'sing'?"),
    (
        {"Postcode!": "x"},
        "There is no column 'Postcode!' in 'pupil'. Please remove the column, or leave it out of the import (--ignore Postcode!).",
    ),
    ({" SING ": 1}, "There are two columns with this heading. Please keep one of them."),
]


@pytest.mark.parametrize(("more", "sentence"), HEADERS)
def test_headers_that_are_not_ours(shared: Engine, more: dict[str, Any], sentence: str) -> None:
    (problem,) = looked(shared, RIGHT | more).problems
    assert (problem.row, problem.message) == (1, sentence)


def test_a_column_can_be_left_unread(shared: Engine) -> None:
    assert looked(shared, RIGHT | {"Postcode!": "x"}, ignore=("postcode!",)).added == 1


def test_headers_that_are_missing(shared: Engine) -> None:
    (problem,) = looked(shared, {"participant": "P001", "places_1": 1}).problems
    assert problem.message == "The column 'places_2' is missing: the answer to 'places' needs all of them."
    (problem,) = looked(shared, {"sing": 1}).problems
    assert problem.message.startswith("The column 'participant' is missing. Wave 'w1' has a roster")
    problems = looked(shared, {"participant": "P001", "wave": "w1"}).problems
    assert [p.message for p in problems] == ["No column of this table is a question of 'pupil'."]


@pytest.mark.parametrize(
    ("study_code", "questionnaire", "wave", "data", "sentence"),
    [
        ("sampel", "pupil", "w1", b"a", "There is no study 'sampel'. Did you mean 'sample'?"),
        ("sample", "pupils", "w1", b"a", "There is no questionnaire 'pupils'. Did you mean 'pupil'?"),
        ("sample", "pupil", "w9", b"a", "There is no wave 'w9'. There are 'w1' and 'w2'."),
        ("sample", "pupil", "w1", b"", "The file is empty. Please choose a table with headings in its first row."),
    ],
)
def test_what_is_not_there(
    shared: Engine, study_code: str, questionnaire: str, wave: str, data: bytes, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        look(shared, Destination(study_code, questionnaire, wave), SentFile(data, "a.csv"), NOW)
    assert refused.value.reasons == [sentence]


def test_nothing_is_half_imported(engine: Engine) -> None:
    taken = take(engine, RIGHT, RIGHT | {"participant": "P002", "sing": 9})
    assert (taken.added, len(taken.problems)) == (0, 1)
    assert kept(engine) == []


def test_other_answers_of_someone_who_has_answered_are_a_problem(engine: Engine) -> None:
    take(engine, RIGHT)
    taken = take(engine, RIGHT | {"sing": 1}, RIGHT | {"participant": "P002"})
    (problem,) = taken.problems
    assert problem.message == "P001 has already answered this, and differently. Please leave this row out."
    assert len(kept(engine)) == 1
    again = take(engine, RIGHT, RIGHT | {"participant": "P002"})
    assert (again.added, again.unchanged) == (1, 1)


def test_answers_that_are_nobodys_come_once(engine: Engine) -> None:
    """In w2 there is no roster: rows without a code are taken, and the same file again is the same responses."""
    row = {name: value for name, value in RIGHT.items() if name != "participant"} | {"school": "0124"}
    first = take(engine, row, row, row | {"sing": 1}, wave="w2")
    assert (first.added, first.unchanged) == (3, 0)
    again = take(engine, row, row, row | {"sing": 1}, wave="w2")
    assert (again.added, again.unchanged) == (0, 3)
    assert [record.school for record in kept(engine)] == ["0124"] * 3
    (problem,) = take(engine, row | {"school": "01240"}, wave="w2").problems
    assert problem.message == "There is no school '01240'. Did you mean '0124'?"
    (problem,) = take(engine, row | {"school": "0123", "class": "4rr"}, wave="w2").problems
    assert problem.message == "There is no class '4rr'. Did you mean '4r'?"
    (problem,) = take(engine, row | {"school": "classical", "class": "4r"}, wave="w2").problems
    assert problem.message.startswith("There is no school 'classical'")
    assert problem.header == "school", "whatever words are in its sentence"


def test_whoever_withdrew_is_never_taken_again(engine: Engine) -> None:
    row = {name: value for name, value in RIGHT.items() if name != "participant"}
    take(engine, RIGHT)
    take(engine, row, wave="w2")
    with write(engine) as connection:
        erase(connection, [record.id for record in kept(engine)], NOW, "asked for")
    (problem,) = take(engine, RIGHT).problems
    assert (
        problem.message
        == "P001 has since said no or withdrawn. These answers cannot be imported again. Please leave this row out."
    )
    (problem,) = take(engine, row, wave="w2").problems
    assert (
        problem.message
        == "This person has since said no or withdrawn. These answers cannot be imported again. Please leave this row out."
    )


@pytest.mark.parametrize("basis", ["opt_in", "opt_out"])
def test_without_consent_no_row_is_taken(database_url: str, basis: str) -> None:
    sheet = {"version": "1", "title": "A sheet", "text": "What this is about."}
    engine = field(
        database_url, consent=[{"audience": "pupil", "decided_by": "parent", "basis": basis, "sheet": sheet}]
    )  # type: ignore[dict-item]
    taken = take(engine, RIGHT)
    assert [problem.message for problem in taken.problems] == [
        "P001 has no consent yet. Their answers cannot be imported. Please leave this row out."
    ]
    assert kept(engine) == []
    engine.dispose()


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from([*RIGHT, "state", "started", "seconds", "response", "class", "extra"]),
            st.one_of(st.sampled_from(["1", "0", "-9", "-6", "3", "P001", ""]), st.text(max_size=20)),
            min_size=1,
        ),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.slow
def test_whatever_stands_in_a_file_ends_in_sentences(shared: Engine, rows: list[dict[str, str]]) -> None:
    try:
        taken = looked(shared, *rows)
    except Refused:
        return
    assert taken.added <= len(rows)
    assert all(problem.message and problem.row <= 20 for problem in taken.problems)
    assert not taken.problems or taken.added == 0


# ---- the command ----------------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    instance = tmp_path / "instance"
    monkeypatch.setenv("CHORUS_INSTANCE", str(instance))
    for name in ("DATABASE_URL", "SECRET_KEY", "CHORUS_URL"):
        monkeypatch.delenv(name, raising=False)
    made = field(Settings.from_environment({"CHORUS_INSTANCE": str(instance)}).database_url)
    options = ("--study", "sample", "--questionnaire", "pupil", "--wave", "w1")

    def run(data: bytes, *more: str) -> Any:
        file = tmp_path / "codes.csv"
        file.write_bytes(data)
        return CliRunner().invoke(main, ["answers", "import", str(file), *options, *more])

    yield run
    made.dispose()


@pytest.mark.slow
def test_the_command_previews_imports_and_refuses(command: Any) -> None:
    run = command(table(RIGHT), "--preview")
    assert (run.exit_code, run.output) == (
        0,
        "Would be added: 1. Already there and unchanged: 0.\n",
    )
    run = command(table(RIGHT))
    assert run.output == "Added: 1. Already there and unchanged: 0.\n"
    run = command(table(RIGHT | {"Extra": 1}))
    assert run.exit_code == 1
    assert "row 1, column M (Extra): There is no column 'Extra' in 'pupil'." in run.output
    assert "Nothing was imported, because of 1 problem. Please correct the file first." in run.output
    run = command(table(RIGHT | {"Extra": 1}), "--ignore", "Extra")
    assert run.output == "Added: 0. Already there and unchanged: 1.\n"
    assert command(b"").output == "The file is empty. Please choose a table with headings in its first row.\n"
