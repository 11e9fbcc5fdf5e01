"""The ledger itself: lines are read, and lines are added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    insert,
    select,
)
from sqlalchemy.orm import Session

from survey.audit import Act, Actor, note
from survey.fieldwork.consent.sheets import sheet_id_of
from survey.fieldwork.consent.study import InStudy, parents_of, time_zone_of, today
from survey.fieldwork.consent.tables import PARENTS, BadDecision, By, How, Resolved, Says, Scope, decision
from survey.fieldwork.finding import not_there
from survey.fieldwork.participants import Participant
from survey.fieldwork.studies import Wave
from survey.problems import shortened


@dataclass(frozen=True)
class LedgerEntry:
    """One line of the ledger. wave: its code, None where the line speaks of no one wave."""

    id: int
    participant_id: int
    kind: str
    says: Says
    decided_by: By
    scope: Scope
    wave: str | None
    position: int | None
    sheet_version: int | None
    questionnaire: str | None
    how: How | None
    given_on: date
    recorded_at: datetime
    recorded_by: str
    parent: str | None = None
    resolved: Resolved | None = None


_LINES: Final = (
    select(
        decision.c.id,
        decision.c.participant_id,
        decision.c.kind,
        decision.c.says,
        decision.c.decided_by,
        decision.c.scope,
        Wave.code.label("wave"),
        Wave.position,
        decision.c.sheet_version,
        decision.c.questionnaire,
        decision.c.how,
        decision.c.given_on,
        decision.c.recorded_at,
        decision.c.recorded_by,
        decision.c.parent,
        decision.c.resolved,
    )
    .select_from(decision)
    .outerjoin(Wave, Wave.id == decision.c.wave_id)
    .order_by(decision.c.id)
)


def ledger_of(db: Connection | Session, participant_id: int) -> list[LedgerEntry]:
    """Return every line about a participant, in the order in which they were recorded."""
    return [
        LedgerEntry(**row._asdict()) for row in db.execute(_LINES.where(decision.c.participant_id == participant_id))
    ]


def ledger_of_all(db: Connection | Session, study_id: int) -> Iterator[LedgerEntry]:
    """Yield every line about anyone in a study, in the order in which they were recorded."""
    for row in db.execute(_LINES.where(decision.c.study_id == study_id)):
        yield LedgerEntry(**row._asdict())


def order_of(line: LedgerEntry) -> tuple[date, bool, int]:
    """Return what decisions are ordered by: the day, a withdrawal after all else of its day, then the recording."""
    return line.given_on, line.says == "withdrawn", line.id


@dataclass(frozen=True)
class Decision:
    """A decision to be recorded. wave: its code, needed for scope 'wave'; with 'future', the wave it begins with.

    parent: which one decided: 'first', 'second' or their study code. resolved: how a no and a yes that disagree were
    resolved; this decision then takes the place of those of its day and before.
    """

    says: Says
    by: By
    given_on: date
    scope: Scope = "all"
    wave: str | None = None
    how: How | None = None
    sheet_version: int | None = None
    parent: str | None = None
    resolved: Resolved | None = None


def decide(db: Connection, study: InStudy, participant_id: int, what: Decision, actor: Actor, now: datetime) -> bool:
    """Add a decision to the ledger. Returns False, and adds nothing, when the very same decision is there.

    Raises BadDecision for a day that has not come, a wave or a sheet that does not exist, or scope 'wave' without one.
    """
    if not add_decision(db, study, participant_id, what, actor, now):
        return False
    code = db.scalar(select(Participant.code).where(Participant.id == participant_id)) or ""
    details: dict[str, int | str | bool | None] = {
        "says": what.says, "by": what.by, "scope": what.scope, "wave": what.wave, "given_on": what.given_on.isoformat(),
        "sheet": what.sheet_version, "parent": what.parent, "resolved": what.resolved,
    }  # fmt: skip
    note(db, Act(actor, now), "recorded a decision", study_id=study.id, about=code, details=details)
    return True


def add_decision(
    db: Connection, study: InStudy, participant_id: int, what: Decision, actor: Actor, now: datetime
) -> bool:
    """Do what `decide` does, and note nothing: for a deed that is noted as a whole."""
    values = _values(db, study, participant_id, what, now)
    same = [decision.c[name].is_not_distinct_from(value) for name, value in values.items()]
    if db.scalar(select(decision.c.id).where(*same).limit(1)) is not None:
        return False
    db.execute(insert(decision).values(**values, recorded_at=now, recorded_by=str(actor)))
    return True


def _values(db: Connection, study: InStudy, participant_id: int, what: Decision, now: datetime) -> dict[str, Any]:
    if what.given_on > today(study.time_zone, now):
        raise BadDecision(f"{what.given_on} is in the future. Please give the day on which the decision was given.")
    if what.scope == "wave" and what.wave is None:
        raise BadDecision("A decision about one wave needs the wave. Please choose it.")
    wave_id = None
    if what.wave is not None:
        waves = {row.code: row.id for row in db.execute(select(Wave.code, Wave.id).where(Wave.study_id == study.id))}
        if what.wave not in waves:
            raise BadDecision(not_there("wave", what.wave, waves))
        wave_id = waves[what.wave]
    audience = db.scalar(
        select(Participant.audience).where(Participant.id == participant_id, Participant.study_id == study.id)
    )
    if audience is None:
        raise BadDecision("There is no such participant in this study. Please check the study code.")
    _check_parent(db, participant_id, what)
    if what.resolved is not None and what.says == "withdrawn":
        raise BadDecision("A withdrawal cannot resolve conflicting decisions. Please record a yes or a no.")
    if what.sheet_version is not None and not sheet_id_of(db, study.id, audience, what.sheet_version):
        raise BadDecision(
            f"There is no version {what.sheet_version} of the information sheet. Please choose one that has "
            "been published."
        )
    return {
        "study_id": study.id,
        "participant_id": participant_id,
        "kind": "decision",
        "says": what.says,
        "decided_by": what.by,
        "parent": what.parent,
        "resolved": what.resolved,
        "scope": what.scope,
        # A decision about everything is about no one wave.
        "wave_id": None if what.scope == "all" else wave_id,
        "sheet_version": what.sheet_version,
        "how": what.how,
        "given_on": what.given_on,
    }


def _check_parent(db: Connection, participant_id: int, what: Decision) -> None:
    if what.parent is None or (what.parent in PARENTS and what.by == "parent"):
        return
    if what.by != "parent":
        raise BadDecision("Only a parent's decision can say which parent it was.")
    if what.parent not in parents_of(db, participant_id):
        raise BadDecision(
            f"'{shortened(what.parent)}' is not a parent of this child on the roster. Please write first, second "
            "or the parent's study code."
        )


@dataclass(frozen=True)
class AssentGiven:
    """What a participant said on the first page of a questionnaire, the yes or the no.

    given_on: the day, where it was not today, as for what is entered from paper.
    """

    participant_id: int
    wave_id: int
    questionnaire: str
    sha256: str
    given: bool
    how: How = "online"
    given_on: date | None = None


def record_assent(db: Connection, study_id: int, said: AssentGiven, act: Act) -> None:
    """Add to the ledger what someone said on the first page of a questionnaire: each time, the yes and the no."""
    zone = time_zone_of(db, study_id)
    db.execute(
        insert(decision).values(
            study_id=study_id,
            participant_id=said.participant_id,
            kind="assent",
            says="yes" if said.given else "no",
            decided_by="self",
            scope="wave",
            wave_id=said.wave_id,
            questionnaire=said.questionnaire,
            sha256=said.sha256,
            how=said.how,
            given_on=said.given_on or today(zone, act.now),
            recorded_at=act.now,
            recorded_by=str(act.actor),
        )
    )
