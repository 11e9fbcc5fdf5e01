"""What decisions would lead to, before they are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from survey.fieldwork.consent.ledger import Decision, LedgerEntry, ledger_of_all
from survey.fieldwork.consent.standing import WaveDays, standing
from survey.fieldwork.consent.study import plan_of
from survey.fieldwork.participants import Participant
from survey.fieldwork.studies import Wave


def who_would_disagree(
    db: Connection, study_id: int, given: Mapping[int, Sequence[Decision]], now: datetime
) -> list[str]:
    """Return the codes of people whose decisions would conflict in some wave, were these recorded.

    given: by the participant's id, in the order in which they would be recorded.
    """
    plan = plan_of(db, study_id)
    waves = {
        row.code: WaveDays(row.position, row.closes)
        for row in db.execute(select(Wave.code, Wave.position, Wave.closes).where(Wave.study_id == study_id))
    }
    people = db.execute(
        select(Participant.id, Participant.code, Participant.audience)
        .where(Participant.study_id == study_id)
        .order_by(Participant.code)
    )
    ledger: dict[int, list[LedgerEntry]] = {}
    for line in ledger_of_all(db, study_id):
        ledger.setdefault(line.participant_id, []).append(line)
    found = []
    for person in people:
        if person.id not in given:
            continue
        lines = ledger.get(person.id, [])
        lines = lines + _as_lines(person.id, given[person.id], lines[-1].id if lines else 0, waves, now)
        consent = plan.consent_for(person.audience) if plan else None
        # Whether the sheet was sent says nothing here: something was decided.
        if any(standing(consent, lines, wave, sent=True).reason == "disagree" for wave in waves.values()):
            found.append(person.code)
    return found


def _as_lines(
    participant_id: int, given: Sequence[Decision], last: int, waves: Mapping[str, WaveDays], now: datetime
) -> list[LedgerEntry]:
    return [
        LedgerEntry(
            id=last + place,
            participant_id=participant_id,
            kind="decision",
            says=one.says,
            decided_by=one.by,
            scope=one.scope,
            wave=one.wave,
            position=_position(one, waves),
            sheet_version=one.sheet_version,
            questionnaire=None,
            how=one.how,
            given_on=one.given_on,
            recorded_at=now,
            recorded_by="",
            parent=one.parent,
            resolved=one.resolved,
        )
        for place, one in enumerate(given, start=1)
    ]


def _position(one: Decision, waves: Mapping[str, WaveDays]) -> int | None:
    if one.wave is None or one.scope == "all" or one.wave not in waves:
        return None
    return waves[one.wave].position
