"""Reasons for those missing: ticked or from a file, all of them or none, and twice changes nothing."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from sqlalchemy import text

from survey.audit import Act, Actor, LogFilter, entries
from survey.fieldwork.roster.tables import SentFile
from survey.problems import Refused
from survey.progress import GivenReason, Outcome, Recorded, give, progress
from survey.progress.reasons import import_reasons, look
from tests.progress.conftest import Field
from tests.progress.every_outcome import CODE, NOW, PUPILS

ANN = Actor("account", "ann@school.org")
FREE = [pupil.code for pupil in PUPILS if pupil.outcome is Outcome.NOT_STARTED]


def kept(field: Field) -> set[tuple[str, ...]]:
    with field.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT participant.code, wave.code AS wave, questionnaire, reason FROM reason "
                "JOIN participant ON participant.id = participant_id JOIN wave ON wave.id = wave_id"
            )
        )
        return {tuple(row) for row in rows}


def test_given_changed_and_taken_back(field: Field) -> None:
    before = kept(field)
    one, two = FREE[:2]
    give_these = [GivenReason(one, "", "absent"), GivenReason(two, "pupil", "excused")]
    assert give(field.engine, field.study, "w2", give_these, Act(ANN, NOW)) == Recorded(added=2)
    assert kept(field) - before == {(one, "w2", "", "absent"), (two, "w2", "pupil", "excused")}
    assert give(field.engine, field.study, "w2", give_these, Act(ANN, NOW)) == Recorded(unchanged=2)
    now = [GivenReason(one, "", "other"), GivenReason(two, "pupil", None)]
    assert give(field.engine, field.study, "w2", now, Act(ANN, NOW)) == Recorded(changed=1, removed=1)
    assert kept(field) - before == {(one, "w2", "", "other")}
    outcomes = {
        line.participant: line.outcome for line in progress(field.engine, field.study, NOW).only(wave="w2").lines
    }
    assert (outcomes[one], outcomes[two]) == (Outcome.OTHER, Outcome.NOT_STARTED)


def test_each_change_is_in_the_audit_once_with_counts_and_no_code_of_a_person(field: Field) -> None:
    for _ in range(2):
        give(field.engine, field.study, "w2", [GivenReason(FREE[0], "", "absent")], Act(ANN, NOW))
    lines = list(entries(field.engine, LogFilter(actor=ANN.name)))
    assert [(line.what, line.about, line.details) for line in lines] == [
        ("recorded reasons for not answering", "w2", {"added": 1, "changed": 0, "removed": 0, "absent": 1})
    ]
    assert lines[0].study_id == field.study


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (GivenReason("no one", "", "absent"), "'no one' is not on the roster of this wave."),
        (GivenReason(FREE[0], "parent", "absent"), f"{FREE[0]} does not get 'parent' in this wave. They get 'pupil'."),
        (GivenReason("t1", "pupil", "absent"), "They are not asked anything in this wave."),
        (GivenReason(FREE[0], "", "asleep"), "'asleep' is not one of the reasons. Please use one of 'absent',"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_kept(field: Field, given: GivenReason, says: str) -> None:
    before = kept(field)
    with pytest.raises(Refused) as refusal:
        give(field.engine, field.study, "w2", [GivenReason(FREE[1], "", "absent"), given], Act(ANN, NOW))
    assert says in str(refusal.value)
    assert kept(field) == before


def test_a_coordinator_gives_reasons_for_their_own_school_only(field: Field) -> None:
    with field.engine.connect() as connection:
        birch = connection.scalar(text("SELECT id FROM school WHERE code = 's2'"))
    mine = next(pupil.code for pupil in PUPILS if pupil.school == "s2" and pupil.outcome is Outcome.NOT_STARTED)
    assert give(field.engine, field.study, "w2", [GivenReason(mine, "", "absent")], Act(ANN, NOW), {birch}).added == 1
    with pytest.raises(Refused, match="is not on the roster"):
        give(field.engine, field.study, "w2", [GivenReason(FREE[0], "", "absent")], Act(ANN, NOW), {birch})


def csv(*rows: str) -> bytes:
    return "\n".join(("Participant,Questionnaire,Reason", *rows)).encode()


def test_a_file_is_looked_at_then_taken_in_and_the_second_time_changes_nothing(field: Field) -> None:
    before = kept(field)
    data = csv(f"{FREE[0]},,absent", f"{FREE[1]},pupil,Excused")
    preview = look(field.engine, CODE, "w2", SentFile(data, "reasons.csv"))
    assert (preview.recorded, dict(preview.by_reason), preview.problems) == (
        Recorded(added=2),
        {"absent": 1, "excused": 1},
        (),
    )
    assert kept(field) == before, "looking changes nothing"
    assert import_reasons(field.engine, CODE, "w2", SentFile(data, "reasons.csv"), Act(ANN, NOW)).recorded == Recorded(
        added=2
    )
    assert import_reasons(field.engine, CODE, "w2", SentFile(data, "reasons.csv"), Act(ANN, NOW)).recorded == Recorded(
        unchanged=2
    )
    assert kept(field) - before == {(FREE[0], "w2", "", "absent"), (FREE[1], "w2", "pupil", "excused")}
    assert len(list(entries(field.engine, LogFilter(actor=ANN.name)))) == 1


@pytest.mark.one_engine
def test_every_fault_of_a_file_has_its_row_and_column_and_nothing_is_kept(field: Field) -> None:
    before = kept(field)
    data = csv(
        f"{FREE[0]},,absent",
        "no one,,absent",
        f"{FREE[1]},parent,absent",
        f"{FREE[2]},,asleep",
        f"{FREE[0]},,excused",
        ",,absent",
        f"{FREE[3]},,",
    )
    preview = import_reasons(field.engine, CODE, "w2", SentFile(data, "reasons.csv"), Act(ANN, NOW))
    assert [(problem.row, problem.letter) for problem in preview.problems] == [
        (3, "A"),
        (4, "B"),
        (5, "C"),
        (6, "A"),
        (7, "A"),
        (8, "C"),
    ]
    assert "already has a reason in row 2" in preview.problems[3].message
    assert kept(field) == before


@pytest.mark.one_engine
def test_a_workbook_and_a_missing_column(field: Field) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Year 4"
    for row in (("participant", "reason"), (FREE[0], "left")):
        book.active.append(row)
    data = BytesIO()
    book.save(data)
    assert import_reasons(
        field.engine, CODE, "w2", SentFile(data.getvalue(), "r.xlsx"), Act(ANN, NOW)
    ).recorded == Recorded(added=1)
    preview = look(field.engine, CODE, "w2", SentFile(b"participant\np1\n", "reasons.csv"))
    assert "'reason' is missing" in preview.problems[0].message
    outcomes = {
        line.participant: line.outcome for line in progress(field.engine, field.study, NOW).only(wave="w2").lines
    }
    assert outcomes[FREE[0]] is Outcome.LEFT


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("study", "wave", "data", "says"),
    [
        ("small-note", "w2", b"participant,reason\n", "Did you mean 'small-notes'?"),
        (CODE, "w7", b"participant,reason\n", "There is no wave 'w7'."),
        (CODE, "w2", b"", "The file is empty."),
    ],
)
def test_what_is_no_study_wave_or_file_is_refused(field: Field, study: str, wave: str, data: bytes, says: str) -> None:
    with pytest.raises(Refused) as refusal:
        look(field.engine, study, wave, SentFile(data, "reasons.csv"))
    assert says in str(refusal.value)
