"""Decisions from a school's table: every problem with its place, all or nothing, the same file twice changes nothing."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from survey.audit import COMMAND_LINE, Act
from survey.database import read
from survey.fieldwork import Decision
from survey.fieldwork.consent import ledger_of, plan_of, state_of
from survey.fieldwork.roster.tables import SentFile
from survey.problems import Refused
from survey.responses import load
from survey.responses.consent_file import (
    Decisions,
    GivenDecision,
    import_decisions,
    import_given,
    look_at_decisions,
    look_at_given,
    unpacked,
)
from tests.consent.conftest import Lay
from tests.consent.study import NOW, SENTINEL, Tuned, consent, everything, lay_out


def csv(*rows: str, header: str = "participant,decision,date,by") -> bytes:
    return "\n".join([header, *rows]).encode()


def look(tuned: Tuned, data: bytes, name: str = "consent.csv") -> Decisions:
    return look_at_decisions(tuned.engine, "tuned-in", SentFile(data, name), NOW)


def take(tuned: Tuned, data: bytes, digest: str | None = None) -> Decisions:
    return import_decisions(tuned.engine, "tuned-in", SentFile(data, "consent.csv"), Act(COMMAND_LINE, NOW), digest)


def states(tuned: Tuned, wave: str = "w1") -> str:
    with read(tuned.engine) as connection:
        plan = plan_of(connection, tuned.study.id)
        people = [tuned.person(f"P{number}") for number in range(1, 5)]
        return " ".join(state_of(connection, plan, person, tuned.waves[wave]).state for person in people)


FULL = csv(
    "P1,Yes,2025-09-10,parent,paper,1,,",
    "P2,no,10/09/2025,parent,phone,,all,",
    "P3,withdrawn,2025-09-12,parent,,,wave,w1",
    "P4,yes,2025-09-12,parent,in person,,future,w2",
    header="Participant,Decision,DATE,by,How,sheet,scope,wave",
)


def test_a_file_is_looked_at_and_taken_in_once(lay: Lay) -> None:
    tuned = lay(consent())
    seen = look(tuned, FULL)
    assert (seen.problems, seen.counts(), seen.unchanged) == ([], {"yes": 2, "no": 1, "withdrawn": 1}, 0)
    assert states(tuned) == "missing missing missing missing", "looking changes nothing"
    take(tuned, FULL, seen.digest)
    assert (states(tuned), states(tuned, "w2")) == ("yes no withdrawn missing", "yes no missing yes")
    with read(tuned.engine) as connection:
        (line,) = ledger_of(connection, tuned.person("P1"))
    assert (line.given_on, line.how, line.sheet_version, line.decided_by) == (date(2025, 9, 10), "paper", 1, "parent")
    before = everything(tuned.engine)
    again = take(tuned, FULL)
    assert (again.new, again.unchanged) == ([], 4)
    assert everything(tuned.engine) == before, "the same file twice changes nothing"


def test_a_withdrawal_in_a_file_throws_the_answers_away(lay: Lay) -> None:
    tuned = lay()
    gone, kept = tuned.answer("P1"), tuned.answer("P2", words="It stays")
    take(tuned, csv("P1,withdrawn,2025-10-01,parent"))
    assert SENTINEL not in everything(tuned.engine)
    assert [load(tuned.engine, one).state for one in (gone, kept)] == ["withdrawn", "finished"]  # type: ignore[union-attr]


def test_a_no_after_answers_is_said_and_throws_nothing_away(lay: Lay) -> None:
    tuned = lay()
    kept = tuned.answer("P1")
    seen = take(tuned, csv("P1,no,2025-10-01,parent", "P2,no,2025-10-01,parent"))
    assert seen.answered == ["P1"]
    assert load(tuned.engine, kept).state == "finished"  # type: ignore[union-attr]


def test_a_workbook_with_real_dates(lay: Lay) -> None:
    tuned = lay(consent())
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["participant", "decision", "date", "by"], ["P1", "yes", date(2025, 9, 10), "parent"]):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    assert look(tuned, file.getvalue(), "consent.xlsx").new[0].given_on == "2025-09-10"


PROBLEMS = {
    ",yes,2025-09-10,parent,,,,": "row 2, column A (participant): The study code is missing",
    "P99,yes,2025-09-10,parent,,,,": "row 2, column A (participant): There is no participant 'P99'",
    "P01,yes,2025-09-10,parent,,,,": "There is no participant 'P01'. Did you mean 'P1'?",
    "P1,maybe,2025-09-10,parent,,,,": "row 2, column B (decision): 'maybe' is not one of",
    "P1,,2025-09-10,parent,,,,": "row 2, column B (decision): Please write one of",
    "P1,yes,soon,parent,,,,": "row 2, column C (date): 'soon' is not a date",
    "P1,yes,31/02/2025,parent,,,,": "row 2, column C (date): '31/02/2025' is not a date",
    "P1,yes,2025-13-01,parent,,,,": "'2025-13-01' is not a date",
    "P1,yes,2025-10-07,parent,,,,": "row 2, column C (date): 2025-10-07 is in the future",
    "P1,yes,2025-09-10,mother,,,,": "row 2, column D (by): 'mother' is not one of",
    "P1,yes,2025-09-10,parent,pigeon,,,": "row 2, column E (how): 'pigeon' is not one of",
    "P1,yes,2025-09-10,parent,,7,,": "row 2, column F (sheet): There is no version '7'",
    "P1,yes,2025-09-10,parent,,,always,": "row 2, column G (scope): 'always' is not one of",
    "P1,yes,2025-09-10,parent,,,wave,": "row 2, column H (wave): A decision about one wave needs the wave",
    "P1,yes,2025-09-10,parent,,,wave,w9": "row 2, column H (wave): There is no wave 'w9'",
    "P1,yes,2025-09-10,parent,,,,\nP1,yes,2025-09-10,parent,,,,": "row 3, column A (participant): This row says the same",
}


@pytest.mark.one_engine
@pytest.mark.parametrize("rows", list(PROBLEMS), ids=range(len(PROBLEMS)))
def test_every_problem_is_said_with_its_place_and_nothing_is_taken_in(lay: Lay, rows: str) -> None:
    tuned = lay(consent())
    header = "participant,decision,date,by,how,sheet,scope,wave"
    data = csv(rows, "P2,yes,2025-09-10,parent,,,,", header=header)
    seen = look(tuned, data)
    assert PROBLEMS[rows] in "\n".join(map(str, seen.problems))
    with pytest.raises(Refused, match="Nothing was imported"):
        take(tuned, data)
    with read(tuned.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 0


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("header", "row", "says"),
    [
        ("participant,decision,date,by,scope", "P1,yes,2025-09-10,parent,wave", "row 2, column E (scope): A decision"),
        (
            "participant,decision,date,by,resolved",
            "P1,withdrawn,2025-09-10,parent,changed mind",
            "row 2, column E (resolved): A withdrawal cannot resolve conflicting decisions",
        ),
    ],
)
def test_where_the_cell_is_missing_the_one_that_asks_for_it_is_named(
    lay: Lay, header: str, row: str, says: str
) -> None:
    (problem,) = look(lay(consent()), csv(row, header=header)).problems
    assert says in str(problem)


@pytest.mark.one_engine
def test_a_decision_about_all_has_no_wave_even_where_one_is_given(lay: Lay) -> None:
    for wave in ("w1", None):
        given = GivenDecision("P1", "yes", "parent", "2025-09-10", "all", wave, None, None)
        assert given.decision() == Decision("yes", "parent", date(2025, 9, 10), "all", None)
    for scope in ("future", "wave"):
        assert GivenDecision("P1", "no", "parent", "2025-09-10", scope, "w2", None, None).decision().wave == "w2"
    tuned = lay(consent())
    seen = look(tuned, csv("P1,yes,2025-09-10,parent,all,w1", header="participant,decision,date,by,scope,wave"))
    assert (seen.problems, seen.new[0].wave) == ([], None)


@pytest.mark.one_engine
def test_a_code_of_another_study_is_none_here_and_its_ledger_is_another(lay: Lay, tmp_path: Path) -> None:
    tuned = lay(consent())
    twin = lay_out(tuned.engine, tmp_path / "twin", consent().replace("tuned-in", "twin"))
    twin.decide("P1", [Decision("yes", "parent", date(2025, 9, 10))])
    twin.decide("P2", [Decision("yes", "parent", date(2025, 10, 1))])
    twin.answer("P1")
    seen = take(tuned, csv("P1,no,2025-09-10,parent", "P2,withdrawn,2025-09-12,parent"))
    assert (seen.problems, seen.unchanged, seen.answered, seen.disagree) == ([], 0, [], [])
    with read(tuned.engine) as connection:
        lines = [[line.says for line in ledger_of(connection, one.person("P1"))] for one in (tuned, twin)]
    assert lines == [["no"], ["yes"]]


@pytest.mark.one_engine
def test_what_was_kept_about_someone_who_is_not_there_any_more_is_not_taken_for_anyone_else_s(lay: Lay) -> None:
    tuned = lay(consent())
    tuned.decide("P1", [Decision("yes", "parent", date(2025, 9, 10))])
    given = [GivenDecision(code, "yes", "parent", "2025-09-10", "all", None, None, None) for code in ("P1", "P99")]
    seen = look_at_given(tuned.engine, "tuned-in", given, NOW)
    assert (seen.unchanged, [one.participant for one in seen.new]) == (1, ["P99"])
    with pytest.raises(Refused) as refused:
        import_given(tuned.engine, "tuned-in", given, COMMAND_LINE, NOW)
    assert refused.value.reasons == [
        "The study has changed since the preview, so nothing was imported. Please check the file again."
    ]


def test_a_file_without_its_columns_and_one_that_is_none(lay: Lay) -> None:
    tuned = lay(consent())
    assert "'by'" in str(look(tuned, b"participant,decision,date\nP1,yes,2025-09-10").problems[0])
    assert "'name'" in str(look(tuned, csv("P1,yes,2025-09-10,parent,Anna", header="participant,decision,date,by,name"))
                           .problems[0])  # fmt: skip
    with pytest.raises(Refused, match="empty"):
        look(tuned, b"")
    with pytest.raises(Refused, match="no study"):
        look_at_decisions(tuned.engine, "none", SentFile(FULL, "x.csv"), NOW)


def test_a_title_above_the_headings_is_left_out_and_rows_keep_their_numbers(lay: Lay) -> None:
    tuned = lay(consent())
    titled = b"Ash Primary: slips that came back,,,\n,,,\n"
    seen = look(tuned, titled + csv("P1,yes,2025-09-10,parent"))
    assert (seen.problems, seen.counts()["yes"]) == ([], 1)
    (problem,) = look(tuned, titled + csv("P1,perhaps,2025-09-10,parent")).problems
    assert problem.place == "row 4, column B (decision)"


def test_a_row_above_the_headings_that_is_no_title_is_said(lay: Lay) -> None:
    (problem,) = look(lay(consent()), b"Sent,by,Ash,Primary\n" + csv("P1,yes,2025-09-10,parent")).problems
    assert str(problem).startswith("row 2: The headings are in this row. Please delete everything above it")


def test_a_withdrawal_before_a_yes_is_asked_about(lay: Lay) -> None:
    tuned = lay(consent())
    tuned.decide("P1", [Decision("yes", "parent", date(2025, 10, 1))])
    seen = look(tuned, csv("P1,withdrawn,2025-09-10,parent"))
    assert "P1 has a yes given on 2025-10-01, after this withdrawal" in str(seen.problems[0])


def test_what_was_looked_at_is_what_is_taken_in(lay: Lay) -> None:
    tuned = lay(consent())
    seen = look(tuned, FULL)
    with pytest.raises(Refused, match="check the file again"):
        take(tuned, csv("P1,yes,2025-09-10,parent"), seen.digest)
    kept = unpacked(seen.packed())
    assert kept == seen.new
    import_given(tuned.engine, "tuned-in", kept, COMMAND_LINE, NOW)
    assert states(tuned) == "yes no withdrawn missing"
