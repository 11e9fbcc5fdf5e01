"""Throwing answers away: the one place where it is done, and the list of what was deleted.

The list (`erasure`) says which responses and participants, never what they answered. It is copied to where backups do
not reach, so that an older backup, once restored, forgets the same people again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import CheckConstraint, Column, Connection, Integer, String, Table, delete, insert, select, update

from survey.database import Base, Moment
from survey.definition.household import WHICH_CHILD
from survey.fieldwork.studies import Study, Wave
from survey.responses.tables import response
from survey.responses.tables import save as log

erasure = Table(
    "erasure",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("study", String, nullable=False),
    Column("kind", String, nullable=False),
    # The id of a response, the code of a participant, nothing for a study.
    Column("key", String, nullable=False),
    # wave, future or all: how far someone withdrew.
    Column("scope", String, nullable=False),
    Column("wave", String, nullable=False),
    Column("reason", String, nullable=False),
    CheckConstraint("kind IN ('response', 'participant', 'study')", name="kind"),
)

PLACE_FACTS: Final = (
    "school",
    "school_code",
    "school_class",
    "school_class_code",
    "programme",
    "programme_code",
    "arm",
    "performance",
    "performance_code",
    "wave",
    WHICH_CHILD,
)
"""Facts of a response that stay: where it belongs, so that response rates stay what they were."""

_CHUNK: Final = 200


def erase(
    connection: Connection,
    response_ids: Sequence[str],
    now: datetime,
    reason: str,
    *,
    state: Literal["withdrawn", "declined"] = "withdrawn",
    scope: str = "wave",
) -> int:
    """Delete all that was answered in these responses: answers, saves, times and roster facts.

    What two people keyed in from paper was emptied when it became the response; see forget_keyings for the rest. They
    stay as rows without content, 'withdrawn' for good; or 'declined', until someone is asked again, and then with
    their facts. Each is noted in the list of erasures, unless there was nothing to delete. Call
    `survey.database.scrub` after the transaction. Returns how many held answers until now.
    """
    held = 0
    for ids in _by(_CHUNK, sorted(set(response_ids))):
        for row in connection.execute(_ROWS.where(response.c.id.in_(ids))).all():
            had_saves = (
                connection.scalar(select(log.c.sequence).where(log.c.response_id == row.id).limit(1)) is not None
            )
            held += bool(row.answers) or had_saves
            # The state comes first: the trigger lets the saves go only then.
            connection.execute(
                update(response).where(response.c.id == row.id).values(_emptied(row._asdict(), state, now))
            )
            if had_saves or row.answers or (state == "withdrawn" and row.state != "withdrawn"):
                note_erased(connection, Erased(row.study, "response", row.id, scope, row.wave), reason, now)
        connection.execute(delete(log).where(log.c.response_id.in_(ids)))
    return held


_SAVED: Final = select(log.c.sequence).limit(1)
_ROWS: Final = (
    select(
        response.c.id,
        response.c.state,
        response.c.answers,
        response.c.facts,
        response.c.revision,
        response.c.seen_at,
        Study.code.label("study"),
        Wave.code.label("wave"),
    )
    .join(Study, Study.id == response.c.study_id)
    .join(Wave, Wave.id == response.c.wave_id)
    .order_by(response.c.id)
    .with_for_update(key_share=True, of=response)
)


def _emptied(row: Mapping[str, Any], state: str, now: datetime) -> dict[str, Any]:
    facts = row["facts"]
    return {
        "state": state,
        "answers": {},
        "stamps": {},
        "screens": {},
        "listened": {},
        "layout": None,
        "waiting": 0,
        # Who declined may come back and begin anew, and is then led by their facts as before.
        "facts": facts if state == "declined" else {name: facts[name] for name in PLACE_FACTS if name in facts},
        "finished_at": None,
        "end_epoch": None,
        "end_sequence": None,
        "seen_at": max(row["seen_at"], now),
        "revision": row["revision"] + 1,
    }


class Erased(NamedTuple):
    """What was deleted, whenever that was.

    kind: 'response', 'participant' or 'study'. key: the response's id, the participant's code, or empty for a study.
    scope and wave: as the withdrawal said, else empty.
    """

    study: str
    kind: str
    key: str
    scope: str = ""
    wave: str = ""


def note_erased(connection: Connection, what: Erased, reason: str, now: datetime) -> None:
    """Note something in the list of erasures."""
    connection.execute(insert(erasure).values(**what._asdict(), at=now, reason=reason))


def _by(size: int, ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
