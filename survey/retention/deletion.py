"""Deletion on the day: everything that was said by or about a participant goes; that it happened stays.

What goes is found by the tables themselves: participants, doors and responses of the study, and every row of any table
that hangs on one of these. What is to stay although it hangs on one has to be named in KEPT.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, MetaData, Table, Update, func, insert, select, update

from survey.audit import Act, Actor, note
from survey.database import Engine, read, write
from survey.fieldwork.finding import not_there
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import School, Study, Wave
from survey.problems import Refused
from survey.responses.tables import response
from survey.retention.dates import DeletionDay, day_of, days
from survey.retention.register import erased_study
from survey.retention.tables import deletion, deletion_count, deletion_note, remaining_count

ROOTS: Final = ("participant", "door", "response", "upload")
"""What a study's data hang on. Doors go whether or not they are someone's: they lead nowhere any more. Uploads are
lists that wait to be confirmed."""


KEPT: Final = frozenset({"certificate"})
"""Tables that stay although they refer to one of the roots; their rows no longer say to which."""


@dataclass(frozen=True)
class Counted:
    """How many rows of a table there were, and are."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class Remaining:
    """A number that stays: how many were asked, or answered. school and state: None where there is none."""

    kind: str
    name: str
    wave: str
    school: str | None
    state: str | None
    number: int


@dataclass(frozen=True)
class DeletionCertificate:
    """What is written about a deletion; it holds no answer and no participant."""

    number: str
    at: datetime
    study_id: int
    study: str
    title: str
    due: date
    by: str
    backups_gone: date
    first_at: datetime | None
    counts: tuple[Counted, ...]
    notes: tuple[tuple[datetime, str], ...]
    remaining: tuple[Remaining, ...]


# ---- what goes -----------------------------------------------------------------------------------------


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables of the database, what is referred to before what refers to it.

    Those that are there, not those this program has loaded: nothing is to be left behind in a room no one entered.
    """
    found = MetaData()
    found.reflect(connection)
    return found.sorted_tables


def doomed(tables: Sequence[Table], study_id: int) -> dict[str, tuple[Table, ColumnElement[bool]]]:
    """Return the tables whose rows go with a study's data, and which rows, in the order in which they can go."""
    conditions: dict[str, ColumnElement[bool]] = {}
    for table in tables:
        if table.name in ROOTS:
            conditions[table.name] = table.c.study_id == study_id
        elif table.name not in KEPT and (hangs := list(_hangs(table, conditions))):
            conditions[table.name] = reduce(or_, hangs)
    return {table.name: (table, conditions[table.name]) for table in reversed(tables) if table.name in conditions}


def _hangs(table: Table, conditions: Mapping[str, ColumnElement[bool]]) -> Iterator[ColumnElement[bool]]:
    for constraint in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
        other = constraint.referred_table
        if other.name in conditions and other is not table:
            for element in constraint.elements:
                yield element.parent.in_(select(element.column).where(conditions[other.name]))


def _partings(tables: Sequence[Table], study_id: int) -> Iterator[Update]:
    """Yield what makes the rows that stay forget whose they were."""
    conditions = {name: rows for name, (_, rows) in doomed(tables, study_id).items()}
    for table in tables:
        if table.name in KEPT and (hangs := list(_hangs(table, conditions))):
            links = [
                element.parent.name
                for constraint in table.foreign_key_constraints
                if constraint.referred_table.name in conditions
                for element in constraint.elements
            ]
            yield update(table).where(reduce(or_, hangs)).values(dict.fromkeys(links))


def counted(engine: Engine, study_id: int) -> dict[str, int]:
    """Return how many rows of each table would go."""
    with read(engine) as connection:
        return _counted(connection, tables_of(connection), study_id)


def _counted(connection: Connection, tables: Sequence[Table], study_id: int) -> dict[str, int]:
    return {
        name: connection.scalar(select(func.count()).select_from(table).where(rows)) or 0
        for name, (table, rows) in doomed(tables, study_id).items()
    }


# ---- the deed ------------------------------------------------------------------------------------------


def delete_study(engine: Engine, code: str, now: datetime, actor: Actor) -> DeletionCertificate:
    """Delete a study's data because their day has come, and return the certificate.

    All or nothing; the bytes in the file are another step, `empty_files`. Raises Refused before the day, when it was
    done already, and when there is no such study.
    """
    day = day_of(engine, code, now)
    if day is None:
        raise Refused([not_there("study", code, (one.code for one in days(engine, now)))])
    if not day.is_due and day.deleted_at is None:
        raise Refused(
            [
                f"The data of {code} will be deleted on {day.delete_on}. Days left: {day.days_left}.",
                "Nothing was deleted. To delete them earlier, publish the study with an earlier delete_on.",
            ]
        )
    return _deleted(engine, day, now, actor, first_at=None)


def delete_again(engine: Engine, code: str, now: datetime, actor: Actor, first_at: datetime) -> DeletionCertificate:
    """Delete a study's data that an older backup brought back, whatever day that backup's study.yaml states.

    first_at: when they had been deleted, as the register says.
    """
    day = day_of(engine, code, now)
    if day is None:
        raise Refused([not_there("study", code, (one.code for one in days(engine, now)))])
    return _deleted(engine, day, now, actor, first_at)


def _deleted(
    engine: Engine, day: DeletionDay, now: datetime, actor: Actor, first_at: datetime | None
) -> DeletionCertificate:
    with write(engine) as connection:
        # Anyone who comes second waits here, and so does an answer on its way in.
        connection.execute(select(Study.id).where(Study.id == day.study_id).with_for_update())
        if connection.scalar(select(deletion.c.id).where(deletion.c.study_id == day.study_id)) is not None:
            raise Refused(
                [
                    f"The data of {day.code} have already been deleted.",
                    "The certificate is on the study's Data deletion page.",
                ]
            )
        made = connection.execute(
            insert(deletion).returning(deletion.c.id),
            {
                "study_id": day.study_id,
                "number": f"{day.code}-{now:%Y%m%d-%H%M%S}",
                "at": now,
                "due": day.delete_on,
                "by": str(actor),
                "backups_gone": day.today + timedelta(days=day.backups),
                "first_at": first_at,
            },
        ).scalar_one()
        connection.execute(update(Study).where(Study.id == day.study_id).values(deleted_at=now))
        _keep_numbers(connection, made, day.study_id)
        tables = tables_of(connection)
        before = _counted(connection, tables, day.study_id)
        for change in _partings(tables, day.study_id):
            connection.execute(change)
        for table, rows in doomed(tables, day.study_id).values():
            connection.execute(table.delete().where(rows))
        after = _counted(connection, tables, day.study_id)
        connection.execute(
            insert(deletion_count),
            [{"deletion_id": made, "name": name, "before": before[name], "after": after[name]} for name in before],
        )
        erased_study(connection, day.code, first_at or now)
        about: dict[str, int | str | bool | None] = {
            "responses": before["response"],
            "participants": before["participant"],
            "again": first_at is not None,
        }
        note(connection, Act(actor, now), "deleted the data on the day set", study_id=day.study_id, details=about)
    found = certificate(engine, day.study_id)
    assert found is not None
    return found


def _keep_numbers(connection: Connection, deletion_id: int, study_id: int) -> None:
    """Keep how many were asked and how many answered, so that response rates can be told for ever."""
    asked = (
        select(Participant.audience, Wave.code, School.code, func.count())
        .select_from(Membership)
        .join(Participant, Participant.id == Membership.participant_id)
        .join(Wave, Wave.id == Membership.wave_id)
        .outerjoin(School, School.id == Membership.school_id)
        .where(Participant.study_id == study_id)
        .group_by(Participant.audience, Wave.code, School.code)
    )
    answered = (
        select(response.c.questionnaire, Wave.code, School.code, response.c.state, func.count())
        .select_from(response)
        .join(Wave, Wave.id == response.c.wave_id)
        .outerjoin(School, School.id == response.c.school_id)
        .where(response.c.study_id == study_id, response.c.household_id.is_(None))
        .group_by(response.c.questionnaire, Wave.code, School.code, response.c.state)
    )
    rows = [("asked", name, wave, school, None, number) for name, wave, school, number in connection.execute(asked)]
    rows += [("answered", *row) for row in connection.execute(answered)]
    names = ("kind", "name", "wave", "school", "state", "number")
    if rows:
        connection.execute(
            insert(remaining_count),
            [{"deletion_id": deletion_id, **dict(zip(names, row, strict=True))} for row in rows],
        )


# ---- the bytes -----------------------------------------------------------------------------------------

_EMPTIED: Final = "The database file was rewritten: nothing that was deleted is left in it."
_BUSY: Final = (
    "The database file was in use, so traces of what was deleted may still be in it. Chorus tries again every hour."
)
_SERVER: Final = (
    "The rows were deleted. When PostgreSQL frees their bytes (VACUUM) and its archive of changes (WAL) drops them "
    "depends on how the server is run."
)
_PATIENCE: Final = 5.0


def empty_files(engine: Engine, now: datetime, patience: float = _PATIENCE) -> list[str]:
    """Remove the bytes of what was deleted, where that has not been done; return what is to be said, one per study.

    SQLite's file is written afresh and its log emptied; it waits `patience` seconds for people who are reading. With
    PostgreSQL the certificate says that this is the server's.
    """
    waiting = _not_emptied(engine)
    if not waiting:
        return []
    kind, text = ("server", _SERVER)
    if engine.dialect.name == "sqlite":
        kind, text = ("emptied", _EMPTIED) if written_afresh(engine, patience) else ("busy", _BUSY)
    told = [deletion_id for deletion_id, busy in waiting if kind != "busy" or not busy]
    if told:
        with write(engine) as connection:
            rows = [{"deletion_id": one, "at": now, "kind": kind, "text": text} for one in told]
            connection.execute(insert(deletion_note), rows)
    return [text]


def _not_emptied(engine: Engine) -> list[tuple[int, bool]]:
    """Return (deletion, whether it was tried in vain before)."""
    done = select(deletion_note.c.deletion_id).where(deletion_note.c.kind.in_(("emptied", "server")))
    tried = select(deletion_note.c.id).where(
        deletion_note.c.deletion_id == deletion.c.id, deletion_note.c.kind == "busy"
    )
    query = select(deletion.c.id, tried.exists()).where(deletion.c.id.not_in(done))
    with read(engine) as connection:
        return [(row[0], bool(row[1])) for row in connection.execute(query)]


def written_afresh(engine: Engine, patience: float = _PATIENCE) -> bool:
    """Write SQLite's file afresh and empty its log; False when others were in the way for `patience` seconds."""
    with contextlib.closing(engine.raw_connection()) as pooled:
        connection: Any = pooled.driver_connection
        usual = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("VACUUM")
            # The log holds the pages as they were: it is emptied once no one reads from it.
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
        finally:
            connection.execute(f"PRAGMA busy_timeout = {usual}")
    return not busy


# ---- the certificate -----------------------------------------------------------------------------------


def certificate(engine: Engine, study_id: int) -> DeletionCertificate | None:
    """Return the certificate of a study's deletion; None when its data were not deleted."""
    with read(engine) as connection:
        row = connection.execute(
            select(deletion, Study.code, Study.title)
            .join(Study, Study.id == deletion.c.study_id)
            .where(deletion.c.study_id == study_id)
        ).one_or_none()
        if row is None:
            return None
        counts = select(deletion_count.c.name, deletion_count.c.before, deletion_count.c.after)
        notes = select(deletion_note.c.at, deletion_note.c.text).order_by(deletion_note.c.id)
        remaining = select(*(remaining_count.c[name] for name in Remaining.__dataclass_fields__))
        return DeletionCertificate(
            number=row.number,
            at=row.at,
            study_id=study_id,
            study=row.code,
            title=row.title,
            due=row.due,
            by=row.by,
            backups_gone=row.backups_gone,
            first_at=row.first_at,
            counts=tuple(
                Counted(*one)
                for one in connection.execute(
                    counts.where(deletion_count.c.deletion_id == row.id).order_by(deletion_count.c.name)
                )
            ),
            notes=tuple(
                (at, text) for at, text in connection.execute(notes.where(deletion_note.c.deletion_id == row.id))
            ),
            remaining=tuple(
                Remaining(*one)
                for one in connection.execute(
                    remaining.where(remaining_count.c.deletion_id == row.id).order_by(
                        remaining_count.c.kind,
                        remaining_count.c.name,
                        remaining_count.c.wave,
                        remaining_count.c.school,
                        remaining_count.c.state,
                    )
                )
            ),
        )
