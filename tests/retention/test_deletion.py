"""On the day everything someone said goes, and nothing else can make it go."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from survey.audit import PROGRAM, LogFilter, entries
from survey.database import Base, Engine, read, session, write
from survey.fieldwork import Membership, Participant, study_by_code
from survey.problems import Refused
from survey.responses import begin
from survey.retention import certificate, counted, day_of, days, delete_study, empty_files
from survey.retention.deletion import ROOTS, delete_again, doomed, tables_of, written_afresh
from survey.retention.register import rows as registered
from tests.pages.small_study import ANSWERED
from tests.retention.field import BEFORE, SENTINEL, THE_DAY, Field
from tests.retention.test_daily import publish_as
from tests.store import field as store_field

STAYS = {
    "access": "who may see what",
    "account": "those who sign in",
    "account_role": "those who sign in",
    "audit": "who did what; it never holds an answer",
    "certificate": "what was withdrawn, by study codes, without answers",
    "definition": "what was asked",
    "deletion": "the certificate",
    "deletion_count": "the certificate",
    "deletion_note": "the certificate",
    "erasure": "what has to be deleted again from an older backup",
    "programme": "where it ran",
    "publication": "what was asked",
    "remaining_count": "response rates",
    "role": "those who sign in",
    "school": "where it ran",
    "school_class": "where it ran",
    "sheet": "what people were told",
    "sheet_issue": "what people were told",
    "study": "that it was",
    "wave": "when it ran",
}
"""Every table that is left as it is on the day, and why. A new table is here, or hangs on a participant or response."""


def rows(engine: Engine, name: str) -> int:
    with read(engine) as connection:
        return connection.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0


def test_every_table_of_a_study_goes_or_stays_for_a_reason(engine: Engine) -> None:
    with read(engine) as connection:
        tables = tables_of(connection)
    goes = set(doomed(tables, 1))
    assert {*ROOTS, "save", "membership", "decision", "receipt"} <= goes
    assert not goes & set(STAYS)
    about_people = {"answers", "participant_id", "response_id", "facts", "text"}
    unsure = [
        table.name for table in tables if table.name not in goes | set(STAYS) and about_people & set(table.c.keys())
    ]
    assert unsure == [], "does it go, or stay? Put it into STAYS with the reason, or let it refer to a participant"


def test_before_the_day_nothing_goes(engine: Engine, field: Field) -> None:
    with pytest.raises(Refused) as early:
        delete_study(engine, "small-notes", BEFORE, PROGRAM)
    assert early.value.reasons == [
        "The data of small-notes will be deleted on 2100-08-31. Days left: 1.",
        "Nothing was deleted. To delete them earlier, publish the study with an earlier delete_on.",
    ]
    for unknown in (delete_study, lambda *given: delete_again(*given, first_at=THE_DAY)):
        with pytest.raises(Refused) as none:
            unknown(engine, "none", THE_DAY, PROGRAM)
        assert none.value.reasons == ["There is no study 'none'. The only one is 'small-notes'."]
    assert counted(engine, field.study_id)["response"] == 19
    assert certificate(engine, field.study_id) is None


def test_the_day_begins_where_the_study_is(engine: Engine, field: Field) -> None:
    before, after = (days(engine, now)[0] for now in (BEFORE, THE_DAY))
    assert (before.days_left, before.is_due, before.is_near) == (1, False, True)
    assert (after.days_left, after.is_due, after.is_near) == (0, True, True)


def test_on_the_day_all_of_it_goes_and_a_certificate_stays(engine: Engine, field: Field) -> None:
    before = counted(engine, field.study_id)
    assert before["save"] > 0
    assert before["decision"] == 2
    made = delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    assert set(counted(engine, field.study_id).values()) == {0}
    assert {one.name: (one.before, one.after) for one in made.counts} == {name: (n, 0) for name, n in before.items()}
    assert made.number == "small-notes-21000830-230000"
    assert str(made.due) == "2100-08-31"
    assert made.backups_gone.isoformat() == "2100-10-05"
    assert (made.by, made.at, made.first_at) == ("program", THE_DAY, None)
    assert (made.study_id, made.study, made.title) == (field.study_id, "small-notes", "Small notes")
    assert certificate(engine, field.study_id) == made
    assert certificate(engine, field.study_id + 1) is None
    assert rows(engine, "publication") == 2
    assert rows(engine, "school") == 4
    line = next(entries(engine, LogFilter(study_id=field.study_id)))
    assert line.what == "deleted the data on the day set"
    assert line.details == {"responses": 19, "participants": 2, "again": False}
    with pytest.raises(Refused) as again:
        delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    assert again.value.reasons == [
        "The data of small-notes have already been deleted.",
        "The certificate is on the study's Data deletion page.",
    ]
    day = day_of(engine, "small-notes", THE_DAY)
    assert day is not None
    assert (day.is_due, day.is_near, day.number) == (False, False, made.number)


def test_response_rates_stay(engine: Engine, field: Field) -> None:
    """Who was asked and who answered, by questionnaire, wave, school and state, counted a second way."""
    with session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        first, school = study.waves[0], study.schools[1]
        db.add(Membership(participant_id=field.people["P1"], wave_id=first.id, school_id=school.id))
        db.add(Membership(participant_id=field.people["P2"], wave_id=first.id, school_id=study.schools[0].id))
        for code, its in (("E1", None), ("E2", study.schools[0].id)):
            db.add(parent := Participant(study_id=study.id, code=code, audience="parent", facts={}))
            db.flush()
            db.add(Membership(participant_id=parent.id, wave_id=study.waves[1].id, school_id=its))
    answered = Counter(
        ("answered", questionnaire, wave, school, state)
        for (questionnaire, wave, school), states in ANSWERED.items()
        for state, number in states.items()
        for _ in range(number)
    )
    answered["answered", "pupil", "w2", "s1", "finished"] += len(field.people)
    asked = {
        ("asked", "parent", "w2", None, None): 1,
        ("asked", "parent", "w2", "s1", None): 1,
        ("asked", "pupil", "w1", "s1", None): 1,
        ("asked", "pupil", "w1", "s2", None): 1,
        ("asked", "pupil", "w2", "s1", None): 2,
    }
    made = delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    told = [((one.kind, one.name, one.wave, one.school, one.state), one.number) for one in made.remaining]
    assert sorted(told, key=str) == sorted({**answered, **asked}.items(), key=str)
    assert told == sorted(told, key=lambda one: ["" if part is None else part for part in one[0]]) or (
        engine.dialect.name != "sqlite"
    ), "in an order that can be read; PostgreSQL puts what has no school last"


@pytest.mark.one_engine
def test_the_certificate_counts_this_study_and_no_other(engine: Engine, field: Field) -> None:
    other = store_field.lay_out(engine)
    begin(engine, other.pupils_door, "en", store_field.SHA, store_field.NOW)
    made = delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    numbers: dict[str, int] = {}
    for one in made.remaining:
        numbers[one.kind] = numbers.get(one.kind, 0) + one.number
    assert numbers == {"asked": 2, "answered": 19}
    assert "s01" not in {one.school for one in made.remaining}
    assert rows(engine, "response") == 1, "the other study's"


def test_an_error_on_the_way_leaves_all_of_it(engine: Engine, field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the cable was pulled")

    before = counted(engine, field.study_id)
    monkeypatch.setattr("survey.retention.deletion.erased_study", fails)
    with pytest.raises(RuntimeError, match="cable"):
        delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    assert counted(engine, field.study_id) == before
    assert certificate(engine, field.study_id) is None


@pytest.mark.parametrize(
    "order",
    [
        "DELETE FROM save",
        "DELETE FROM save WHERE response_id LIKE 'response-of%'",
        "DELETE FROM decision",
        "DELETE FROM response WHERE id NOT IN (SELECT response_id FROM save)",
    ],
)
def test_nobody_deletes_answers_by_another_road(engine: Engine, field: Field, order: str) -> None:
    with pytest.raises(DatabaseError), write(engine) as connection:
        connection.execute(text(order))
    assert counted(engine, field.study_id)["response"] == 19


@pytest.mark.one_engine
def test_what_an_older_backup_brought_back_is_deleted_again_before_the_day_too(engine: Engine, field: Field) -> None:
    first_at, now = BEFORE - timedelta(days=9), BEFORE - timedelta(days=2)
    made = delete_again(engine, "small-notes", now, PROGRAM, first_at)
    assert (made.first_at, made.at, made.by, str(made.due)) == (first_at, now, "program", "2100-08-31")
    assert made.backups_gone == now.date() + timedelta(days=35)
    assert set(counted(engine, field.study_id).values()) == {0}
    line = next(entries(engine, LogFilter(study_id=field.study_id)))
    assert (line.what, line.details) == (
        "deleted the data on the day set",
        {"responses": 19, "participants": 2, "again": True},
    )
    (row,) = registered(engine)
    assert (row.at, row.study, row.kind, row.key) == (first_at, "small-notes", "study", "")
    assert row.reason == "deleted on its day"


@pytest.mark.parametrize("table", ["deletion", "deletion_count", "deletion_note", "remaining_count"])
def test_what_is_written_about_a_deletion_stays(engine: Engine, field: Field, table: str) -> None:
    delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    empty_files(engine, THE_DAY)
    column = "deletion_id" if table != "deletion" else "id"
    for order in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column} + 1"):
        with pytest.raises(DatabaseError, match="neither changed nor removed"), write(engine) as connection:
            connection.execute(text(order))


def test_a_study_that_is_over_takes_no_answers(engine: Engine, field: Field) -> None:
    delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    order = "INSERT INTO participant (study_id, code, audience, facts) VALUES (:study, 'P9', 'pupil', '{}')"
    with pytest.raises(DatabaseError, match="takes no new ones"), write(engine) as connection:
        connection.execute(text(order), {"study": field.study_id})


def test_another_study_is_left_alone(engine: Engine, field: Field, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from survey.fieldwork.publishing import publish_folder
    from tests.pages.small_study import PARENT, PUPIL, STUDY

    other = tmp_path / "other"
    other.mkdir()
    for name, words in (("study", STUDY.replace("small-notes", "loud")), ("pupil", PUPIL), ("parent", PARENT)):
        (other / f"{name}.yaml").write_text(words, encoding="utf-8")
    publish_folder(engine, other, datetime(2025, 9, 1, tzinfo=UTC))
    delete_study(engine, "loud", THE_DAY, PROGRAM)
    assert counted(engine, field.study_id)["response"] == 19


def files_hold(folder: Path, word: str) -> list[str]:
    return sorted(file.name for file in folder.rglob("*") if file.is_file() and word.encode() in file.read_bytes())


def test_no_byte_of_an_answer_is_left_in_sqlites_files(sqlite_url: str, tmp_path: Path) -> None:
    from survey.database import open_engine, upgrade
    from tests.retention.field import lay_out

    engine = open_engine(sqlite_url)
    upgrade(engine)
    lay_out(engine, tmp_path / "study")
    assert files_hold(tmp_path, SENTINEL)
    made = delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    assert empty_files(engine, THE_DAY) == ["The database file was rewritten: nothing that was deleted is left in it."]
    assert files_hold(tmp_path, SENTINEL) == []
    done = certificate(engine, made.study_id)
    assert done is not None
    assert [words for _, words in done.notes] == empty_files_said()
    assert empty_files(engine, THE_DAY) == [], "it was done"
    engine.dispose()


def empty_files_said() -> list[str]:
    return ["The database file was rewritten: nothing that was deleted is left in it."]


def test_a_reader_in_the_way_is_waited_for_another_day(sqlite_url: str, tmp_path: Path) -> None:
    from survey.database import open_engine, upgrade
    from tests.retention.field import lay_out

    engine = open_engine(sqlite_url)
    upgrade(engine)
    made_of = lay_out(engine, tmp_path / "study")
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM response").all()
        delete_study(engine, "small-notes", THE_DAY, PROGRAM)
        begun = time.monotonic()
        assert "tries again" in empty_files(engine, THE_DAY, patience=0.1)[0]
        assert "tries again" in empty_files(engine, THE_DAY, patience=0.1)[0]
        assert time.monotonic() - begun < 15, "as long as was said, not as long as a respondent's page waits"
        reader.rollback()
    assert "nothing that was deleted" in empty_files(engine, THE_DAY)[0]
    assert files_hold(tmp_path, SENTINEL) == []
    done = certificate(engine, made_of.study_id)
    assert done is not None
    assert len(done.notes) == 2, "that it waited is said once"
    engine.dispose()


@pytest.mark.one_engine
def test_the_file_is_written_afresh_after_each_deletion_and_once(engine: Engine, field: Field, tmp_path: Path) -> None:
    publish_as(engine, tmp_path / "loud", "loud", "2100-08-31")
    afresh = ["The database file was rewritten: nothing that was deleted is left in it."]
    assert empty_files(engine, THE_DAY) == []
    for code in ("small-notes", "loud"):
        delete_study(engine, code, THE_DAY, PROGRAM)
        assert empty_files(engine, THE_DAY) == afresh
        assert empty_files(engine, THE_DAY) == []
        day = day_of(engine, code, THE_DAY)
        assert day is not None
        made = certificate(engine, day.study_id)
        assert made is not None
        assert made.notes == ((THE_DAY, afresh[0]),)


@pytest.mark.one_engine
def test_writing_afresh_leaves_the_connection_as_patient_as_it_was(engine: Engine) -> None:
    def patience() -> int:
        with closing(engine.raw_connection()) as connection:
            return int(connection.cursor().execute("PRAGMA busy_timeout").fetchone()[0])

    before = patience()
    assert written_afresh(engine, patience=0.25)
    assert patience() == before > 250


def test_on_postgresql_the_certificate_says_whose_the_bytes_are(postgres_url: str, tmp_path: Path) -> None:
    from survey.database import open_engine, upgrade
    from tests.retention.field import lay_out

    engine = open_engine(postgres_url)
    upgrade(engine)
    field = lay_out(engine, tmp_path / "study")
    delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    assert "VACUUM" in empty_files(engine, THE_DAY)[0]
    done = certificate(engine, field.study_id)
    assert done is not None
    assert "depends on how the server is run" in done.notes[0][1]
    engine.dispose()
