"""Assent, finishing, stopping: what ends a response, each of them once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, bindparam, delete, update

from survey.database import write
from survey.responses.reading import Snapshot, locked
from survey.responses.saving import HIGHEST
from survey.responses.tables import response
from survey.responses.tables import save as log


@dataclass(frozen=True)
class Done:
    """What became of it.

    outcome   'new': done by this call; 'repeated': was so before, nothing changed; 'refused': cannot be any
    more snapshot  the response as it is now; None when there is no such response
    """

    outcome: Literal["new", "repeated", "refused"]
    snapshot: Snapshot | None


def assent(engine: Engine, response_id: str, given: bool, now: datetime) -> Done:
    """Keep whether somebody wants to take part.

    No: the response is 'declined', holds no answer (what was answered before is thrown away), and takes none
    until they come in by their door again and are asked again. Yes after yes, and no after no, change
    nothing.
    """
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if before.assent is given:
            return Done("repeated", before)
        if before.state != "started":
            return Done("refused", before)
        if not given:
            return _empty(connection, before, "declined", now, assent=False)
        return _changed(connection, before, now, assent=True)


def finish(engine: Engine, response_id: str, epoch: int, sequence: int, now: datetime) -> Done:
    """Finish a response; the first finish stands. Saves with a lower (epoch, sequence) are still taken."""
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if before.state == "finished":
            return Done("repeated", before)
        if before.state != "started" or not _sound(before, epoch, sequence):
            return Done("refused", before)
        return _changed(
            connection, before, now, state="finished", finished_at=now, end_epoch=epoch, end_sequence=sequence
        )


def stop(
    engine: Engine,
    response_id: str,
    keep: bool,
    now: datetime,
    epoch: int | None = None,
    sequence: int | None = None,
) -> Done:
    """End a response because the respondent wants to stop; the answers are kept or thrown away.

    Kept: 'stopped', until they come in by their door again. Thrown away: 'withdrawn', for good; nothing they
    answered is left in the database, the log of saves included. A stopped or finished response may still be
    thrown away. epoch, sequence: where the stop stands among the saves; after all that have arrived when not
    given.
    """
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if not keep:
            if before.state == "withdrawn":
                return Done("repeated", before)
            return _empty(connection, before, "withdrawn", now)
        if before.state == "stopped":
            return Done("repeated", before)
        if before.state != "started":
            return Done("refused", before)
        if epoch is None or sequence is None or not _sound(before, epoch, sequence):
            epoch, sequence = before.epoch, before.sequence + 1
        return _changed(connection, before, now, state="stopped", end_epoch=epoch, end_sequence=sequence)


def speak(engine: Engine, response_id: str, language: str, now: datetime) -> Done:
    """Go on in another language; the export says in which one a response ended."""
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None or before.state != "started":
            return Done("refused", before)
        if before.language == language:
            return Done("repeated", before)
        return _changed(connection, before, now, language=language)


_SAVES: Final = delete(log).where(log.c.response_id == bindparam("its_id"))


def _empty(connection: Connection, before: Snapshot, state: str, now: datetime, **others: Any) -> Done:
    """Throw a response's answers away. The state comes first: the trigger lets its saves go only then."""
    done = _changed(
        connection,
        before,
        now,
        state=state,
        answers={},
        stamps={},
        screens={},
        finished_at=None,
        end_epoch=None,
        end_sequence=None,
        **others,
    )
    connection.execute(_SAVES, {"its_id": before.id})
    return done


def _changed(connection: Connection, before: Snapshot, now: datetime, **changes: Any) -> Done:
    changes |= {"seen_at": max(before.seen_at, now), "revision": before.revision + 1}
    connection.execute(update(response).where(response.c.id == before.id).values(changes))
    return Done("new", replace(before, **changes))


def _sound(before: Snapshot, epoch: int, sequence: int) -> bool:
    return before.first_epoch <= epoch <= before.epoch and 1 <= sequence <= HIGHEST
