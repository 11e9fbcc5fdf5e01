"""Everyone's standing in a wave, for lists and counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    select,
    true,
)
from sqlalchemy.orm import Session

from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent.ledger import LedgerEntry, ledger_of, ledger_of_all
from survey.fieldwork.consent.standing import Standing, WaveDays, standing
from survey.fieldwork.consent.tables import sheet, sheet_issue
from survey.fieldwork.finding import one_of
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import School, SchoolClass, Wave


@dataclass(frozen=True)
class ConsentState:
    """A participant of a wave, where they are, and what holds for them."""

    id: int
    code: str
    audience: str
    school_id: int | None
    school: str | None
    school_class: str | None
    standing: Standing


def standings(
    db: Connection | Session,
    plan: Plan,
    study_id: int,
    wave: str,
    schools: set[int] | None = None,
    participant_id: int | None = None,
) -> Iterator[ConsentState]:
    """Yield everyone on a wave's roster with what holds for them, by school, class and code.

    schools: ids, only people there; None for all. participant_id: only this one.
    Raises Refused when there is no such wave.
    """
    waves = select(Wave.id, Wave.code, Wave.position, Wave.closes).where(Wave.study_id == study_id)
    its: Any = one_of("wave", db.execute(waves), wave)
    round_ = WaveDays(its.position, its.closes)
    lines: dict[int, list[LedgerEntry]] = {}
    for line in ledger_of_all(db, study_id) if participant_id is None else ledger_of(db, participant_id):
        lines.setdefault(line.participant_id, []).append(line)
    sent = _Sent(db, study_id, its.position, participant_id)
    rows = db.execute(
        select(
            Participant.id,
            Participant.code,
            Participant.audience,
            Membership.school_id,
            School.code.label("school"),
            SchoolClass.code.label("school_class"),
        )
        .join(Membership, Membership.participant_id == Participant.id)
        .outerjoin(School, School.id == Membership.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .where(
            Participant.study_id == study_id,
            Membership.wave_id == its.id,
            true() if schools is None else Membership.school_id.in_(schools),
            true() if participant_id is None else Participant.id == participant_id,
        )
        .order_by(School.code, SchoolClass.code, Participant.code)
    )
    for row in rows:
        consent = plan.consent_for(row.audience)
        holds = standing(consent, lines.get(row.id, ()), round_, sent.to(row.id, row.audience))
        yield ConsentState(**row._asdict(), standing=holds)


class _Sent:
    """Whom an information sheet reached by a wave."""

    def __init__(
        self, db: Connection | Session, study_id: int, position: int, participant_id: int | None = None
    ) -> None:
        rows = db.execute(
            select(sheet.c.audience, sheet_issue.c.school_id)
            .join(sheet, sheet.c.id == sheet_issue.c.sheet_id)
            .where(sheet.c.study_id == study_id)
            .distinct()
        )
        self._sent = {(row.audience, row.school_id) for row in rows}
        self._schools: dict[int, set[int]] = {}
        memberships = db.execute(
            select(Membership.participant_id, Membership.school_id)
            .join(Wave, Wave.id == Membership.wave_id)
            .where(
                Wave.study_id == study_id,
                Wave.position <= position,
                Membership.school_id.is_not(None),
                true() if participant_id is None else Membership.participant_id == participant_id,
            )
        )
        for row in memberships:
            self._schools.setdefault(row.participant_id, set()).add(row.school_id)

    def to(self, participant_id: int, audience: str) -> bool:
        """True when the sheet went to all schools, or to one this participant is or was in."""
        if (audience, None) in self._sent:
            return True
        return any((audience, school) in self._sent for school in self._schools.get(participant_id, ()))


def counts(people: Iterable[ConsentState]) -> Mapping[tuple[str | None, str], dict[str, int]]:
    """Return, by school and audience, how many are in each state."""
    found: dict[tuple[str | None, str], dict[str, int]] = {}
    for one in people:
        states = found.setdefault((one.school, one.audience), dict.fromkeys(("yes", "no", "missing", "withdrawn"), 0))
        states[one.standing.state] += 1
    return found


COLUMNS: Final = ("participant", "audience", "school", "class", "state", "why", "decided by", "on", "sheet")
"""The columns of a list of states."""


def rows(people: Iterable[ConsentState]) -> list[tuple[str, ...]]:
    """Return a line for each participant: code, place, state and why."""
    return [
        (
            one.code,
            one.audience,
            one.school or "",
            one.school_class or "",
            one.standing.state,
            WHY[one.standing.reason],
            one.standing.decided_by or "",
            one.standing.given_on.isoformat() if one.standing.given_on else "",
            str(one.standing.sheet_version or ""),
        )
        for one in people
    ]


WHY: Final[Mapping[str, str]] = {
    "not asked": "no decision is needed in this study",
    "decided": "decided",
    "disagree": "conflicting decisions: a yes does not count until you record how they were resolved",
    "silent": "informed, and has not said no",
    "no decision": "no decision yet",
    "sheet not sent": "the information sheet has not been sent",
}
