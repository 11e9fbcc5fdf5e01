"""Doing again what the register says and the database does not know: after an older backup was brought back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from survey.audit import PROGRAM, Act, note
from survey.database import Engine, read, scrub, write
from survey.fieldwork.participants import Participant
from survey.fieldwork.publications import Publication
from survey.fieldwork.studies import Study
from survey.responses.erasing import erase
from survey.responses.tables import response
from survey.responses.withdrawing import withdrawn_again
from survey.retention.deletion import DeletionCertificate, delete_again
from survey.retention.register import Erasure, Register, keep, unknown

SAID_NO: Final = "said no"
"""The reason of an erasure whose respondent may come back: they did not want to begin."""

DEED: Final = "erased again after an older backup was restored"


@dataclass
class Applied:
    """What was done again, and how many lines are about someone who is not in this database (yet)."""

    done: list[Erasure] = field(default_factory=list)
    certificates: list[DeletionCertificate] = field(default_factory=list)
    waiting: int = 0


def apply_register(engine: Engine, register: Register, now: datetime) -> Applied:
    """Delete again what the register says was deleted and this database still holds.

    Each line is a transaction of its own, the oldest first. A line about someone who is not here is left: it is tried
    again whenever the two are compared, so that a participant who comes back with a later roster is found.
    """
    applied = Applied()
    for line in sorted(unknown(engine, register), key=lambda one: (one.at, one.subject)):
        if not _apply(engine, line, now, applied):
            applied.waiting += 1
    return applied


def _apply(engine: Engine, line: Erasure, now: datetime, applied: Applied) -> bool:
    with read(engine) as connection:
        study_id = _study(connection, line)
    if study_id is None or not _is_here(engine, study_id, line):
        return False
    if line.kind == "study":
        applied.certificates.append(delete_again(engine, line.study, now, PROGRAM, line.at))
    else:
        _erase_again(engine, study_id, line, now)
    applied.done.append(line)
    return True


def _erase_again(engine: Engine, study_id: int, line: Erasure, now: datetime) -> None:
    if line.reason == SAID_NO:
        # They may be asked again, and say yes: that is not taken from them.
        with write(engine) as connection:
            erase(connection, [line.key], now, SAID_NO, state="declined")
        scrub(engine)
    else:
        withdrawn_again(engine, line.subject, now, PROGRAM)
    about = line.key if line.kind == "participant" else ""
    details: dict[str, int | str | bool | None] = {
        "kind": line.kind,
        "scope": line.scope,
        "wave": line.wave,
        "first": line.at.date().isoformat(),
    }
    with write(engine) as connection:
        # What held nothing any more was not noted, and would be looked at for ever.
        keep(connection, line)
        note(connection, Act(PROGRAM, now), DEED, study_id=study_id, about=about, details=details)


def _study(connection: Connection, line: Erasure) -> int | None:
    """Return the id of the study a line means: a later study with its code is another one."""
    first = select(func.min(Publication.published_at)).where(Publication.study_id == Study.id).scalar_subquery()
    row = connection.execute(select(Study.id, first).where(Study.code == line.study)).one_or_none()
    if row is None or (row[1] is not None and row[1] > line.at):
        return None
    return int(row[0])


def _is_here(engine: Engine, study_id: int, line: Erasure) -> bool:
    if line.kind == "study":
        return True
    query = select(response.c.id).where(response.c.id == line.key, response.c.study_id == study_id)
    if line.kind == "participant":
        query = select(Participant.id).where(Participant.code == line.key, Participant.study_id == study_id)
    with read(engine) as connection:
        return connection.scalar(query) is not None
