"""Assent, finishing, stopping: what ends a response, each of them once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, update

from survey.audit import RESPONDENT, Act
from survey.database import scrub, write
from survey.fieldwork.consent import AssentGiven, record_assent, still_agreed
from survey.responses.erasing import erase
from survey.responses.late import too_late
from survey.responses.reading import Snapshot, further_children, locked
from survey.responses.receipts import make_receipt
from survey.responses.saving import HIGHEST
from survey.responses.tables import response


@dataclass(frozen=True)
class Done:
    """What became of it.

    outcome   'new': done by this call; 'repeated': was so before, nothing changed; 'refused': cannot be any
    more snapshot  the response as it is now; None when there is no such response
    """

    outcome: Literal["new", "repeated", "refused"]
    snapshot: Snapshot | None


class SaveKey(NamedTuple):
    """Where something stands among the saves of a response."""

    epoch: int
    sequence: int


def assent(engine: Engine, response_id: str, given: bool, now: datetime) -> Done:
    """Keep whether someone wants to take part.

    No: the response is 'declined', holds no answer (what was answered before is deleted), and takes none
    until they come in by their door again and are asked again. Yes after yes, and no after no, change
    nothing. Of a participant every yes and every no is kept in the ledger of consent.
    """
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if before.assent is given:
            return Done("repeated", before)
        if before.state != "started":
            return Done("refused", before)
        _into_the_ledger(connection, before, given, now)
        if given:
            return _changed(connection, before, now, assent=True)
        connection.execute(update(response).where(response.c.id == before.id).values(assent=False))
        done = _emptied(connection, before, "declined", now, "said no")
    if before.answers:
        scrub(engine)
    return done


def _into_the_ledger(connection: Connection, before: Snapshot, given: bool, now: datetime) -> None:
    if before.participant_id is None:
        return
    record_assent(
        connection,
        before.study_id,
        AssentGiven(
            participant_id=before.participant_id,
            wave_id=before.wave_id,
            questionnaire=before.questionnaire,
            sha256=before.sha256,
            given=given,
        ),
        Act(RESPONDENT, now),
    )


def finish(
    engine: Engine, response_id: str, epoch: int, sequence: int, now: datetime, receipt: bytes | None = None
) -> Done:
    """Finish a response; the first finish stands. Saves with a lower (epoch, sequence) are still taken.

    receipt: the key of receipts, when the response is to have one (`receipt_of` tells it). Refused when the days for
    late answers are over, and when someone has said no for the participant in the meantime. What a parent answered
    about further children is finished with the household's first response: the one named here, which has the receipt.
    """
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if before.state == "finished":
            return Done("repeated", before)
        if before.state != "started" or not _sound(before, epoch, sequence) or too_late(engine, before, now):
            return Done("refused", before)
        if not still_agreed(connection, before.study_id, before.whose, before.wave_id):
            return Done("refused", before)
        if receipt is not None:
            make_receipt(connection, response_id, receipt, now)
        for further in further_children(connection, before.id):
            if further.state == "started":
                end = SaveKey(further.epoch, further.sequence + 1)
                _ended(connection, further, now, end, state="finished", finished_at=now)
        return _ended(connection, before, now, SaveKey(epoch, sequence), state="finished", finished_at=now)


def stop(
    engine: Engine,
    response_id: str,
    keep: bool,
    now: datetime,
    key: SaveKey | None = None,
    receipt: bytes | None = None,
) -> Done:
    """End a response because the respondent wants to stop; the answers are kept or deleted.

    Kept: 'stopped', until they come in by their door again. Deleted: 'withdrawn', for good; nothing they
    answered is left in the database, the log of saves included. A stopped or finished response may still be
    deleted. key: where the stop stands among the saves; after all that have arrived when not given. receipt: the key of
    receipts, when a kept response is to have one.
    """
    if not keep:
        return _thrown_away(engine, response_id, now)
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if before.state == "stopped":
            return Done("repeated", before)
        if before.state != "started":
            return Done("refused", before)
        if key is None or not _sound(before, *key):
            key = SaveKey(before.epoch, before.sequence + 1)
        if receipt is not None:
            make_receipt(connection, response_id, receipt, now)
        for further in further_children(connection, before.id):
            if further.state == "started":
                _ended(connection, further, now, SaveKey(further.epoch, further.sequence + 1), state="stopped")
        return _ended(connection, before, now, key, state="stopped")


def speak(engine: Engine, response_id: str, language: str, now: datetime) -> Done:
    """Go on in another language; the export says in which one a response ended."""
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None or before.state != "started":
            return Done("refused", before)
        if before.language == language:
            return Done("repeated", before)
        return _changed(connection, before, now, language=language)


def _thrown_away(engine: Engine, response_id: str, now: datetime) -> Done:
    with write(engine) as connection:
        before = locked(connection, response_id)
        if before is None:
            return Done("refused", None)
        if before.state == "withdrawn":
            return Done("repeated", before)
        done = _emptied(connection, before, "withdrawn", now, "deleted by the respondent")
    scrub(engine)
    return done


def _emptied(
    connection: Connection, before: Snapshot, state: Literal["withdrawn", "declined"], now: datetime, reason: str
) -> Done:
    erase(connection, [before.id], now, reason, state=state)
    erase(connection, [one.id for one in further_children(connection, before.id)], now, reason)
    return Done("new", locked(connection, before.id))


def _ended(connection: Connection, before: Snapshot, now: datetime, end: SaveKey, **changes: Any) -> Done:
    return _changed(connection, before, now, end_epoch=end.epoch, end_sequence=end.sequence, **changes)


def _changed(connection: Connection, before: Snapshot, now: datetime, **changes: Any) -> Done:
    changes |= {"seen_at": max(before.seen_at, now), "revision": before.revision + 1}
    connection.execute(update(response).where(response.c.id == before.id).values(changes))
    return Done("new", replace(before, **changes))


def _sound(before: Snapshot, epoch: int, sequence: int) -> bool:
    return before.first_epoch <= epoch <= before.epoch and 1 <= sequence <= HIGHEST
