"""Answers given on another child's card: given to the right child, exchanged, or set aside. Nothing is deleted.

What the device still has on its way belongs to the sitting before: it is refused, and the next sitting is a new epoch.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from survey.audit import Act
from survey.fieldwork.consent import must_agree, record_assent
from survey.fieldwork.consent.ledger import AssentGiven
from survey.responses.begin import DOOR, facts_at_start
from survey.responses.reading import Snapshot, locked
from survey.responses.tables import response, set_aside


def put_aside(connection: Connection, response_id: str, reason: str, act: Act) -> bool:
    """Let a response count for no one, until it is given to someone.

    Returns False when there is no such response, it is no one's, or nothing of it is kept (declined, withdrawn).
    """
    before = locked(connection, response_id)
    if before is None or before.participant_id is None or before.state in ("declined", "withdrawn"):
        return False
    row = {"response_id": before.id, "participant_id": before.participant_id, "reason": reason}
    connection.execute(insert(set_aside).values(**row, at=act.now, by=str(act.actor)))
    _change(connection, before, participant_id=None)
    return True


def give_to(connection: Connection, response_id: str, door_id: int, act: Act) -> bool:
    """Give a response to the participant of a personal door, with the facts the roster has of them.

    Returns False when they have a response of their own to this questionnaire in this wave, or when nothing of this one
    is kept. Raises NotAgreed when they do not have the consent the study asks for.
    """
    before, door = locked(connection, response_id), _door(connection, door_id)
    if before is None or before.state in ("declined", "withdrawn") or _has_own(connection, door):
        return False
    _to_its_owner(connection, before, door, act)
    connection.execute(delete(set_aside).where(set_aside.c.response_id == before.id))
    return True


def exchange(connection: Connection, one: tuple[str, int], other: tuple[str, int], act: Act) -> bool:
    """Exchange the responses of two participants, each given as (response, personal door of the one it was kept for).

    Returns False when nothing of one of them is kept. Raises NotAgreed as `give_to` does.
    """
    first, second = locked(connection, one[0]), locked(connection, other[0])
    for before in (first, second):
        if before is None or before.state in ("declined", "withdrawn"):
            return False
    assert first is not None
    assert second is not None
    # For a moment one of them is no one's: no participant has two responses to the same.
    connection.execute(update(response).where(response.c.id == first.id).values(participant_id=None))
    _to_its_owner(connection, second, _door(connection, one[1]), act)
    _to_its_owner(connection, first, _door(connection, other[1]), act)
    return True


def set_mode(connection: Connection, response_id: str, mode: str) -> None:
    """Keep how a response is answered: on the child's own device, read aloud, helped by an adult."""
    change = {"mode": mode, "revision": response.c.revision + 1}
    connection.execute(update(response).where(response.c.id == response_id).values(change))


def _door(connection: Connection, door_id: int) -> Row[Any]:
    return connection.execute(DOOR, {"door_id": door_id}).one()


def _has_own(connection: Connection, door: Row[Any]) -> bool:
    theirs = select(response.c.id).where(
        response.c.participant_id == door.participant_id,
        response.c.wave_id == door.wave_id,
        response.c.questionnaire == door.questionnaire,
    )
    return connection.scalar(theirs) is not None


def _to_its_owner(connection: Connection, before: Snapshot, door: Row[Any], act: Act) -> None:
    must_agree(connection, door.study_id, door.participant_id, door.wave_id)
    _change(
        connection,
        before,
        participant_id=door.participant_id,
        door_id=door.id,
        school_id=door.school_id,
        school_class_id=door.school_class_id,
        facts=facts_at_start(door.lasting_facts, door.changing_facts, door._asdict()),
    )
    if before.assent is not None:
        said = AssentGiven(door.participant_id, before.wave_id, before.questionnaire, before.sha256, before.assent)
        record_assent(connection, before.study_id, said, act)


def _change(connection: Connection, before: Snapshot, **changes: Any) -> None:
    """Change whose a response is; what was sent in an earlier sitting and has not arrived is refused from now on."""
    epoch = before.epoch + 1
    changes |= {"revision": before.revision + 1, "epoch": epoch, "first_epoch": epoch, "sequence": 0, "waiting": 0}
    connection.execute(update(response).where(response.c.id == before.id).values(changes))
