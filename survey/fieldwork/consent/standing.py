"""What holds for someone in a wave, computed from the lines of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    select,
)
from sqlalchemy.orm import Session

from survey.definition.study import Consent
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent.ledger import LedgerEntry, ledger_of, ledger_of_all, order_of
from survey.fieldwork.consent.study import plan_of
from survey.fieldwork.consent.tables import sheet, sheet_issue
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import Wave


@dataclass(frozen=True)
class Standing:
    """What holds for one participant in one wave.

    state   'yes', 'no', 'missing' or 'withdrawn'
    reason  why: 'not asked' (no decision is needed in this study), 'decided', 'silent' (opt-out, sheet sent, no word),
            'no decision', 'sheet not sent'; 'disagree' (a no or a withdrawal, and a yes: the yes counts only once it is
            resolved)
    given_on, sheet_version, decided_by   of the decision that holds, where there is one
    """

    state: Literal["yes", "no", "missing", "withdrawn"]
    reason: Literal["not asked", "decided", "disagree", "silent", "no decision", "sheet not sent"]
    given_on: date | None = None
    sheet_version: int | None = None
    decided_by: str | None = None


class NotAgreed(PermissionError):
    """The study asks for a consent that is not there, so that no answer may be taken. `standing` says what is there."""

    def __init__(self, standing: Standing) -> None:
        super().__init__("This participant does not have the consent the study asks for.")
        self.standing = standing


@dataclass(frozen=True)
class WaveDays:
    """What the rules look at of a wave."""

    position: int
    closes: date | None


def _speaks_of(line: LedgerEntry, wave: WaveDays) -> bool:
    """Tell whether a decision is about a wave. 'future' without a wave: those that were not over when it was given."""
    if line.scope == "all":
        return True
    if line.scope == "wave":
        return line.position == wave.position
    if line.position is not None:
        return wave.position >= line.position
    return wave.closes is None or wave.closes >= line.given_on


def _counts(line: LedgerEntry, consent: Consent | None) -> bool:
    if line.kind == "assent":
        # An adult who decides for themselves decides on the questionnaire's own first page.
        return consent is not None and consent.decided_by == "self"
    return line.says != "yes" or consent is None or line.decided_by == consent.decided_by


def standing(consent: Consent | None, lines: Iterable[LedgerEntry], wave: WaveDays, sent: bool) -> Standing:
    """Return what holds, from the study's rule, someone's lines, the wave, and whether the sheet was sent to them."""
    about = [line for line in lines if _counts(line, consent) and _speaks_of(line, wave)]
    if about:
        return _decided(consent, about)
    if consent is None:
        return Standing("yes", "not asked")
    if consent.basis == "opt_in":
        return Standing("missing", "no decision")
    return Standing("yes", "silent") if sent else Standing("missing", "sheet not sent")


def _decided(consent: Consent | None, lines: Sequence[LedgerEntry]) -> Standing:
    """Return what holds where something was decided. lines: those that count and speak of the wave; at least one."""
    last = max(lines, key=order_of)
    if last.says == "withdrawn":
        return _by(last)
    said = _since_it_was_resolved(lines)
    noes = [no for no in said if no.says == "no" and not any(_undoes(yes, no, consent) for yes in said)]
    if not noes:
        gone = _not_come_back(lines, consent)
        if gone:
            return _by(max(gone, key=order_of), "disagree")
        return _by(max((line for line in said if line.says == "yes"), key=order_of))
    disagree = any(_disagree(yes, no) for yes in _never_taken_back(said) for no in noes)
    return _by(max(noes, key=order_of), "disagree" if disagree else "decided")


def _by(line: LedgerEntry, reason: Literal["decided", "disagree"] = "decided") -> Standing:
    return Standing(line.says, reason, line.given_on, line.sheet_version, line.decided_by)


def _since_it_was_resolved(lines: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Return each yes and no that still counts: what resolves takes the place of those there were by its day."""
    said = [line for line in lines if line.says != "withdrawn"]
    resolved = max((line for line in said if line.resolved is not None), key=lambda line: line.id, default=None)
    if resolved is None:
        return said
    return [line for line in said if line.id >= resolved.id or line.given_on > resolved.given_on]


def _undoes(yes: LedgerEntry, earlier: LedgerEntry, consent: Consent | None) -> bool:
    """Tell whether a yes undoes a no or a withdrawal: it came later, from the same person or the one it is about."""
    if yes.says != "yes" or order_of(yes) < order_of(earlier):
        return False
    themselves = consent is not None and consent.decided_by == "self" and yes.decided_by == "self"
    return themselves or _same_person(yes, earlier)


def _same_person(one: LedgerEntry, other: LedgerEntry) -> bool:
    """Tell whether two decisions are known to be the same person's: often all that is known is "a parent"."""
    if one.decided_by != other.decided_by:
        return False
    return one.decided_by != "parent" or (one.parent is not None and one.parent == other.parent)


def _never_taken_back(said: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Return each yes after which the same person did not say no."""
    return [
        yes
        for yes in said
        if yes.says == "yes"
        and not any(no.says == "no" and _same_person(yes, no) and order_of(no) > order_of(yes) for no in said)
    ]


def _disagree(yes: LedgerEntry, no: LedgerEntry) -> bool:
    """Tell whether a yes stands against a no that holds. Before a no, a yes does so only from another known parent."""
    return _of_two_parents(yes, no) or yes.given_on >= no.given_on


def _of_two_parents(one: LedgerEntry, other: LedgerEntry) -> bool:
    return one.parent is not None and other.parent is not None and one.parent != other.parent


def _not_come_back(lines: Iterable[LedgerEntry], consent: Consent | None) -> list[LedgerEntry]:
    """Return each withdrawal that stands: nothing undid it, and no decision recorded since says how it was resolved."""
    said = list(lines)
    return [
        gone
        for gone in said
        if gone.says == "withdrawn"
        and not any(_undoes(yes, gone, consent) or _resolves(yes, gone) for yes in said if yes.says == "yes")
    ]


def _resolves(yes: LedgerEntry, gone: LedgerEntry) -> bool:
    """Tell whether a yes says how a withdrawal was resolved: given on a later day, and recorded knowing of it."""
    return yes.resolved is not None and order_of(yes) > order_of(gone) and yes.id > gone.id


def their_schools(participant_id: int, position: int) -> ColumnElement[bool]:
    """Condition on an issue: it went to everyone, or to a school someone is in by then, or was in before."""
    schools = (
        select(Membership.school_id)
        .join(Wave, Wave.id == Membership.wave_id)
        .where(
            Membership.participant_id == participant_id, Wave.position <= position, Membership.school_id.is_not(None)
        )
    )
    return sheet_issue.c.school_id.is_(None) | sheet_issue.c.school_id.in_(schools)


def state_of(db: Connection | Session, plan: Plan | None, participant_id: int, wave_id: int) -> Standing:
    """Return what holds for a participant in a wave. plan: the study's file; None when none is published.

    Raises LookupError when there is no such participant or wave.
    """
    person = db.execute(
        select(Participant.audience, Participant.study_id, Wave.position, Wave.closes)
        .join(Wave, Wave.study_id == Participant.study_id)
        .where(Participant.id == participant_id, Wave.id == wave_id)
    ).one_or_none()
    if person is None:
        raise LookupError("There is no such participant, or no such wave.")
    consent = plan.consent_for(person.audience) if plan else None
    sent = False
    if consent is not None and consent.basis == "opt_out":
        sent = (
            db.scalar(
                select(sheet_issue.c.id)
                .join(sheet, sheet.c.id == sheet_issue.c.sheet_id)
                .where(
                    sheet.c.study_id == person.study_id,
                    sheet.c.audience == person.audience,
                    their_schools(participant_id, person.position),
                )
                .limit(1)
            )
            is not None
        )
    return standing(consent, ledger_of(db, participant_id), WaveDays(person.position, person.closes), sent)


def must_agree(db: Connection, study_id: int, participant_id: int, wave_id: int) -> None:
    """Raise NotAgreed unless a participant may answer in a wave; held until the transaction ends.

    Where someone decides for themselves, the questionnaire's own first page asks them: nothing need be there before.
    """
    # Against a withdrawal at this very moment: either it sees the response that is about to begin, or this sees it.
    db.execute(select(Participant.id).where(Participant.id == participant_id).with_for_update(read=True))
    found = _against(db, study_id, participant_id, wave_id)
    if found is not None:
        raise NotAgreed(found)


def still_agreed(db: Connection, study_id: int, participant_id: int | None, wave_id: int) -> bool:
    """Tell whether someone who has begun may go on: a parent may have said no, or withdrawn, in the meantime.

    Nothing is held. participant_id: None by an open link, where only the first page decides.
    """
    return participant_id is None or _against(db, study_id, participant_id, wave_id) is None


def _against(db: Connection, study_id: int, participant_id: int, wave_id: int) -> Standing | None:
    """Return what stands against a participant's answering in a wave, or None."""
    plan = plan_of(db, study_id)
    audience = db.scalar(select(Participant.audience).where(Participant.id == participant_id))
    consent = plan.consent_for(audience) if plan and audience else None
    asks_first = consent is not None and consent.decided_by != "self"
    found = state_of(db, plan, participant_id, wave_id)
    if found.state == "yes" or (found.state == "missing" and not asks_first):
        return None
    if found.state == "no" and not asks_first and not _refused(db, participant_id):
        return None  # an adult who said no on the first page may come back and say yes
    return found


def _refused(db: Connection, participant_id: int) -> bool:
    lines = [line for line in ledger_of(db, participant_id) if line.kind == "decision"]
    return any(line.says != "yes" for line in lines)


def withdrawn_for_good(db: Connection | Session, study_id: int) -> set[int]:
    """Return the ids of participants who withdrew from everything and have not come back: no fact of theirs is kept."""
    plan = plan_of(db, study_id)
    audiences = db.execute(select(Participant.id, Participant.audience).where(Participant.study_id == study_id))
    rules = {row.id: plan.consent_for(row.audience) if plan else None for row in audiences}
    found: dict[int, list[LedgerEntry]] = {}
    for line in ledger_of_all(db, study_id):
        # A no after it, or a withdrawal from less, takes nothing of it back.
        about = line.says == "yes" or (line.says == "withdrawn" and line.scope == "all")
        if about and line.kind == "decision" and _counts(line, rules[line.participant_id]):
            found.setdefault(line.participant_id, []).append(line)
    return {who for who, lines in found.items() if _not_come_back(lines, rules[who])}
