"""Consent as a ledger: the information sheets, to whom they were sent, and what was decided about whom.

Nothing here is ever changed or taken away: a line is added, and what holds now is computed from the lines. The database
itself refuses anything else. In short (docs/consent.md says it at length):

- of two decisions that speak of a wave, the one given later holds; given on the same day, the one recorded later;
- a withdrawal holds against every yes of its own day and before: who changes their mind gives a new yes, dated later;
- a yes counts only from whom the study lets decide; a no and a withdrawal count from anybody;
- without any decision, opt-in means no, and opt-out means yes once the information sheet was sent out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, Literal, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    true,
)
from sqlalchemy.orm import Session

from survey.audit import Actor, note
from survey.database import Base, Moment
from survey.definition.reading import parse_study
from survey.definition.study import Consent
from survey.definition.study import Study as Plan
from survey.fieldwork.participants import Membership, Participant, kinship
from survey.fieldwork.publications import Definition, VersionTaken
from survey.fieldwork.studies import School, SchoolClass, Study, Wave

Says = Literal["yes", "no", "withdrawn"]
Scope = Literal["wave", "future", "all"]
By = Literal["parent", "self", "school"]
How = Literal["paper", "phone", "online", "in person"]

SAYS: Final[tuple[Says, ...]] = ("yes", "no", "withdrawn")
SCOPES: Final[tuple[Scope, ...]] = ("wave", "future", "all")
DECIDERS: Final[tuple[By, ...]] = ("parent", "self", "school")
WAYS: Final[tuple[How, ...]] = ("paper", "phone", "online", "in person")

sheet = Table(
    "sheet",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False),
    Column("audience", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", String, nullable=False),
    Column("text", String, nullable=False),
    Column("published_at", Moment, nullable=False),
    UniqueConstraint("study_id", "audience", "version"),
)

sheet_issue = Table(
    "sheet_issue",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("sheet_id", ForeignKey("sheet.id"), nullable=False, index=True),
    # None: to every school of the study.
    Column("school_id", ForeignKey("school.id"), nullable=True),
    Column("issued_on", Date, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", String, nullable=False),
)

decision = Table(
    "decision",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("study.id"), nullable=False, index=True),
    Column("participant_id", ForeignKey("participant.id"), nullable=False, index=True),
    # 'decision', or 'assent': the yes or no at the beginning of a questionnaire, each time.
    Column("kind", String, nullable=False),
    Column("says", String, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("wave_id", ForeignKey("wave.id"), nullable=True),
    Column("sheet_version", Integer, nullable=True),
    # Of an assent: which questionnaire, and the SHA-256 of the text somebody said yes or no to.
    Column("questionnaire", String, nullable=True),
    Column("sha256", ForeignKey("definition.sha256"), nullable=True),
    Column("how", String, nullable=True),
    Column("given_on", Date, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", String, nullable=False),
    CheckConstraint("kind IN ('decision', 'assent')", name="kind"),
    CheckConstraint("says IN ('yes', 'no', 'withdrawn')", name="says"),
    CheckConstraint("scope IN ('wave', 'future', 'all')", name="scope"),
    CheckConstraint("scope <> 'wave' OR wave_id IS NOT NULL", name="wave"),
)


class NotAgreed(PermissionError):
    """The study asks for a consent that is not there, so that no answer may be taken. `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__("There is no consent to take answers from this participant.")
        self.reason = reason


class BadDecision(ValueError):
    """A decision that cannot be recorded. Its text is a sentence for whoever records it."""


@dataclass(frozen=True)
class Standing:
    """What holds for one participant in one wave.

    state   'yes', 'no', 'missing' or 'withdrawn'
    reason  why: 'not asked' (the study asks for no decision), 'decided', 'silent' (opt-out, sheet sent, no word),
            'no decision', 'sheet not sent'
    given_on, sheet_version, decided_by   of the decision that holds, where there is one
    """

    state: Literal["yes", "no", "missing", "withdrawn"]
    reason: Literal["not asked", "decided", "silent", "no decision", "sheet not sent"]
    given_on: date | None = None
    sheet_version: int | None = None
    decided_by: str | None = None


# ---- the study's rule ----------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _parsed(text: str) -> Plan:
    return parse_study(text)


def plan_of(db: Connection | Session, study_id: int) -> Plan | None:
    """Return the study's published study.yaml; None when none was published."""
    text = db.scalar(select(Definition.text).join(Study, Study.sha256 == Definition.sha256).where(Study.id == study_id))
    return _parsed(text) if text is not None else None


# ---- the ledger, read ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
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
    )
    .select_from(decision)
    .outerjoin(Wave, Wave.id == decision.c.wave_id)
    .order_by(decision.c.id)
)


def ledger_of(db: Connection | Session, participant_id: int) -> list[Line]:
    """Return every line about a participant, in the order in which they were recorded."""
    return [Line(**row._asdict()) for row in db.execute(_LINES.where(decision.c.participant_id == participant_id))]


def ledger_of_all(db: Connection | Session, study_id: int) -> Iterator[Line]:
    """Yield every line about anybody in a study, in the order in which they were recorded."""
    for row in db.execute(_LINES.where(decision.c.study_id == study_id)):
        yield Line(**row._asdict())


@dataclass(frozen=True)
class _Round:
    """What the rules look at of a wave."""

    position: int
    closes: date | None


def _speaks_of(line: Line, wave: _Round) -> bool:
    """Tell whether a decision is about a wave. 'future' without a wave: those that were not over when it was given."""
    if line.scope == "all":
        return True
    if line.scope == "wave":
        return line.position == wave.position
    if line.position is not None:
        return wave.position >= line.position
    return wave.closes is None or wave.closes >= line.given_on


def _order(line: Line) -> tuple[date, bool, int]:
    return line.given_on, line.says == "withdrawn", line.id


def _counts(line: Line, consent: Consent | None) -> bool:
    if line.kind == "assent":
        # An adult who decides for themselves decides on the questionnaire's own first page.
        return consent is not None and consent.decided_by == "self"
    return line.says != "yes" or consent is None or line.decided_by == consent.decided_by


def standing(consent: Consent | None, lines: Iterable[Line], wave: _Round, sent: bool) -> Standing:
    """Return what holds, from the study's rule, somebody's lines, the wave, and whether the sheet was sent to them."""
    about = [line for line in lines if _counts(line, consent) and _speaks_of(line, wave)]
    if about:
        last = max(about, key=_order)
        return Standing(last.says, "decided", last.given_on, last.sheet_version, last.decided_by)
    if consent is None:
        return Standing("yes", "not asked")
    if consent.basis == "opt_in":
        return Standing("missing", "no decision")
    return Standing("yes", "silent") if sent else Standing("missing", "sheet not sent")


def _their_schools(participant_id: int, position: int) -> ColumnElement[bool]:
    """Condition on an issue: it went to everybody, or to a school somebody is in by then, or was in before."""
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
                    _their_schools(participant_id, person.position),
                )
                .limit(1)
            )
            is not None
        )
    return standing(consent, ledger_of(db, participant_id), _Round(person.position, person.closes), sent)


def must_agree(db: Connection, study_id: int, participant_id: int, wave_id: int) -> None:
    """Raise NotAgreed unless a participant may answer in a wave; held until the transaction ends.

    Where somebody decides for themselves, the questionnaire's own first page asks them: nothing need be there before.
    """
    # Against a withdrawal at this very moment: either it sees the response that is about to begin, or this sees it.
    db.execute(select(Participant.id).where(Participant.id == participant_id).with_for_update(read=True))
    plan = plan_of(db, study_id)
    audience = db.scalar(select(Participant.audience).where(Participant.id == participant_id))
    consent = plan.consent_for(audience) if plan and audience else None
    asks_first = consent is not None and consent.decided_by != "self"
    found = state_of(db, plan, participant_id, wave_id)
    if found.state == "yes" or (found.state == "missing" and not asks_first):
        return
    if found.state == "no" and not asks_first and not _refused(db, participant_id):
        return  # an adult who said no on the first page may come back and say yes
    raise NotAgreed(f"{found.state}: {found.reason}")


def _refused(db: Connection, participant_id: int) -> bool:
    lines = [line for line in ledger_of(db, participant_id) if line.kind == "decision"]
    return any(line.says != "yes" for line in lines)


def withdrawn_for_good(db: Connection | Session, study_id: int) -> set[int]:
    """Return the ids of participants whose last word was to withdraw from everything: no fact about them is kept."""
    found: dict[int, list[Line]] = {}
    for line in ledger_of_all(db, study_id):
        if line.kind == "decision":
            found.setdefault(line.participant_id, []).append(line)
    return {
        participant_id
        for participant_id, lines in found.items()
        if (last := max(lines, key=_order)).says == "withdrawn" and last.scope == "all"
    }


# ---- the ledger, written -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """A decision to be recorded. wave: its code, needed for scope 'wave'; with 'future', the wave it begins with."""

    says: Says
    by: By
    given_on: date
    scope: Scope = "all"
    wave: str | None = None
    how: How | None = None
    sheet_version: int | None = None


class InStudy(Protocol):
    """The study a decision is about: a row of it, or the study itself."""

    @property
    def id(self) -> int:
        """The study's id."""

    @property
    def time_zone(self) -> str:
        """Where its days begin and end."""


def decide(db: Connection, study: InStudy, participant_id: int, what: Decision, actor: Actor, now: datetime) -> bool:
    """Add a decision to the ledger. Returns False, and adds nothing, when the very same decision is there.

    Raises BadDecision for a day that has not come, a wave or a sheet that does not exist, or scope 'wave' without one.
    """
    if not add_decision(db, study, participant_id, what, actor, now):
        return False
    code = db.scalar(select(Participant.code).where(Participant.id == participant_id)) or ""
    details: dict[str, int | str | bool | None] = {
        "says": what.says, "by": what.by, "scope": what.scope, "wave": what.wave, "given_on": what.given_on.isoformat(),
        "sheet": what.sheet_version,
    }  # fmt: skip
    note(db, actor, "recorded a decision", study_id=study.id, about=code, details=details, now=now)
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
        raise BadDecision(f"{what.given_on} has not come yet. Please give the day on which the decision was given.")
    if what.scope == "wave" and what.wave is None:
        raise BadDecision("A decision about one wave needs the wave. Please say which.")
    wave_id = None
    if what.wave is not None:
        wave_id = db.scalar(select(Wave.id).where(Wave.study_id == study.id, Wave.code == what.wave))
        if wave_id is None:
            raise BadDecision(f"There is no wave '{what.wave}' in this study.")
    audience = db.scalar(
        select(Participant.audience).where(Participant.id == participant_id, Participant.study_id == study.id)
    )
    if audience is None:
        raise BadDecision("There is no such participant in this study.")
    if what.sheet_version is not None and not _sheet_id(db, study.id, audience, what.sheet_version):
        raise BadDecision(f"There is no version {what.sheet_version} of the information sheet.")
    return {
        "study_id": study.id,
        "participant_id": participant_id,
        "kind": "decision",
        "says": what.says,
        "decided_by": what.by,
        "scope": what.scope,
        # A decision about everything is about no one wave.
        "wave_id": None if what.scope == "all" else wave_id,
        "sheet_version": what.sheet_version,
        "how": what.how,
        "given_on": what.given_on,
    }


def record_assent(
    db: Connection,
    *,
    study_id: int,
    participant_id: int,
    wave_id: int,
    questionnaire: str,
    sha256: str,
    given: bool,
    actor: Actor,
    now: datetime,
    how: How = "online",
    given_on: date | None = None,
) -> None:
    """Add to the ledger what somebody said on the first page of a questionnaire: each time, the yes and the no.

    given_on: the day, where it was not today, as for what is keyed in from paper.
    """
    zone = time_zone_of(db, study_id)
    db.execute(
        insert(decision).values(
            study_id=study_id,
            participant_id=participant_id,
            kind="assent",
            says="yes" if given else "no",
            decided_by="self",
            scope="wave",
            wave_id=wave_id,
            questionnaire=questionnaire,
            sha256=sha256,
            how=how,
            given_on=given_on or today(zone, now),
            recorded_at=now,
            recorded_by=str(actor),
        )
    )


def children_of(db: Connection | Session, participant_id: int) -> list[tuple[int, str]]:
    """Return (id, code) of the pupils whose parent a participant is, by the school's list."""
    query = (
        select(Participant.id, Participant.code)
        .join(kinship, kinship.c.pupil_id == Participant.id)
        .where(kinship.c.parent_id == participant_id)
        .order_by(Participant.code)
    )
    return [(row.id, row.code) for row in db.execute(query)]


def time_zone_of(db: Connection | Session, study_id: int) -> str:
    """Return where a study's days begin and end."""
    return db.execute(select(Study.time_zone).where(Study.id == study_id)).scalar_one()


def today(time_zone: str, now: datetime) -> date:
    """Return which day it is in a time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()


# ---- information sheets --------------------------------------------------------------------------------


def keep_sheets(db: Session, plan: Plan, now: datetime) -> list[str]:
    """Keep the information sheets of a study's file. Returns the sentences about new ones.

    Raises VersionTaken when a sheet's words changed without a higher version: parents agreed to the words they read.
    """
    said = []
    study_id = db.scalars(select(Study.id).where(Study.code == plan.id)).one()
    for consent in plan.consent:
        new = consent.sheet
        kept = db.execute(
            select(sheet.c.version, sheet.c.title, sheet.c.text)
            .where(sheet.c.study_id == study_id, sheet.c.audience == consent.audience)
            .order_by(sheet.c.version.desc())
        ).all()
        same = next((row for row in kept if row.version == new.version), None)
        newest = kept[0].version if kept else 0
        if same is not None and (same.title, same.text) == (new.title, new.text) and newest == new.version:
            continue
        if new.version <= newest:
            raise VersionTaken(
                f"The information sheet for audience {consent.audience} has other words than its version {newest}. "
                f"People agreed to the words they read: set 'version: {newest + 1}' in its sheet and publish again."
            )
        db.execute(
            insert(sheet).values(
                study_id=study_id,
                audience=consent.audience,
                version=new.version,
                title=new.title,
                text=new.text,
                published_at=now,
            )
        )
        said.append(f"{plan.id}: version {new.version} of the information sheet for {consent.audience} is published.")
    return said


@dataclass(frozen=True)
class Sheet:
    """A published version of an information sheet."""

    audience: str
    version: int
    title: str
    text: str
    published_at: datetime


def sheets_of(db: Connection | Session, study_id: int) -> list[Sheet]:
    """Return every version of every information sheet, by audience, the newest first."""
    rows = db.execute(
        select(*[sheet.c[name] for name in Sheet.__dataclass_fields__])
        .where(sheet.c.study_id == study_id)
        .order_by(sheet.c.audience, sheet.c.version.desc())
    )
    return [Sheet(**row._asdict()) for row in rows]


def _sheet_id(db: Connection | Session, study_id: int, audience: str, version: int | None) -> int | None:
    """Return the id of a version of a sheet, by default of the newest."""
    query = select(sheet.c.id).where(sheet.c.study_id == study_id, sheet.c.audience == audience)
    query = query if version is None else query.where(sheet.c.version == version)
    return db.scalar(query.order_by(sheet.c.version.desc()).limit(1))


@dataclass(frozen=True)
class Issue:
    """A sheet that was sent out. school: the code; None for all schools."""

    audience: str
    version: int
    school: str | None
    issued_on: date
    recorded_at: datetime
    recorded_by: str


def issues_of(db: Connection | Session, study_id: int) -> list[Issue]:
    """Return when which sheet went to which school, the newest record first."""
    rows = db.execute(
        select(
            sheet.c.audience,
            sheet.c.version,
            School.code.label("school"),
            sheet_issue.c.issued_on,
            sheet_issue.c.recorded_at,
            sheet_issue.c.recorded_by,
        )
        .join(sheet, sheet.c.id == sheet_issue.c.sheet_id)
        .outerjoin(School, School.id == sheet_issue.c.school_id)
        .where(sheet.c.study_id == study_id)
        .order_by(sheet_issue.c.id.desc())
    )
    return [Issue(**row._asdict()) for row in rows]


def issued(
    db: Connection,
    study: InStudy,
    audience: str,
    schools: Sequence[str] | None,
    on: date,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> int:
    """Record that an information sheet was sent out: to schools by their codes, or to all (None).

    version: by default the newest. Returns how many records are new: a sheet recorded twice for the same day is one.
    Raises BadDecision for a sheet, a school or a day that is not there.
    """
    if on > today(study.time_zone, now):
        raise BadDecision(f"{on} has not come yet. Please record the sheet once it was sent.")
    sheet_id = _sheet_id(db, study.id, audience, version)
    if sheet_id is None:
        raise BadDecision(
            f"No information sheet for {audience} is published. Please put it under consent: in study.yaml, "
            "and run: survey publish FOLDER"
        )
    added = 0
    for school_id in _school_ids(db, study.id, schools):
        there = select(sheet_issue.c.id).where(
            sheet_issue.c.sheet_id == sheet_id,
            sheet_issue.c.school_id.is_not_distinct_from(school_id),
            sheet_issue.c.issued_on == on,
        )
        if db.scalar(there) is None:
            db.execute(
                insert(sheet_issue).values(
                    sheet_id=sheet_id, school_id=school_id, issued_on=on, recorded_at=now, recorded_by=str(actor)
                )
            )
            added += 1
    if added:
        about = ", ".join(schools) if schools is not None and len(schools) <= 5 else f"{len(schools or ())} schools"
        details: dict[str, int | str | bool | None] = {"audience": audience, "issued_on": on.isoformat(), "new": added}
        note(
            db, actor, "recorded an information sheet as sent", study_id=study.id,
            about="all schools" if schools is None else about, details=details, now=now,
        )  # fmt: skip
    return added


def _school_ids(db: Connection, study_id: int, schools: Sequence[str] | None) -> list[int | None]:
    if schools is None:
        return [None]
    rows = db.execute(select(School.code, School.id).where(School.study_id == study_id, School.code.in_(schools)))
    found = {row.code: row.id for row in rows}
    missing = [code for code in schools if code not in found]
    if missing:
        raise BadDecision(f"There is no school '{missing[0]}' in this study.")
    return [found[code] for code in schools]


# ---- everybody's standing, for lists -------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
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
) -> Iterator[Placed]:
    """Yield everybody on a wave's list with what holds for them, by school, class and code.

    schools: ids, only people there; None for all. participant_id: only this one.
    Raises LookupError when there is no such wave.
    """
    found = db.execute(select(Wave.id, Wave.position, Wave.closes).where(Wave.study_id == study_id, Wave.code == wave))
    its = found.one_or_none()
    if its is None:
        raise LookupError(f"There is no wave '{wave}'.")
    round_ = _Round(its.position, its.closes)
    lines: dict[int, list[Line]] = {}
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
        yield Placed(**row._asdict(), standing=holds)


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


def counts(people: Iterable[Placed]) -> Mapping[tuple[str | None, str], dict[str, int]]:
    """Return, by school and audience, how many are in each state."""
    found: dict[tuple[str | None, str], dict[str, int]] = {}
    for one in people:
        states = found.setdefault((one.school, one.audience), dict.fromkeys(("yes", "no", "missing", "withdrawn"), 0))
        states[one.standing.state] += 1
    return found


COLUMNS: Final = ("participant", "audience", "school", "class", "state", "why", "decided by", "on", "sheet")
"""The columns of a list of states."""


def rows(people: Iterable[Placed]) -> list[tuple[str, ...]]:
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
    "not asked": "the study asks for no decision",
    "decided": "decided",
    "silent": "told, and said nothing",
    "no decision": "no decision yet",
    "sheet not sent": "the information sheet was not sent",
}


@dataclass(frozen=True)
class StudyRow:
    """A study as the ledger needs it."""

    id: int
    code: str
    time_zone: str


def study_row(db: Connection | Session, code: str) -> StudyRow | None:
    """Return the study with this code, or None."""
    row = db.execute(select(Study.id, Study.code, Study.time_zone).where(Study.code == code)).one_or_none()
    return StudyRow(row.id, row.code, row.time_zone) if row else None


def schools_of(db: Connection | Session, study_id: int) -> dict[str, str]:
    """Return code -> title of a study's schools, by title."""
    found = db.execute(select(School.code, School.title).where(School.study_id == study_id).order_by(School.title))
    return {row.code: row.title for row in found}


def school_id_of(db: Connection | Session, study_id: int, code: str) -> int | None:
    """Return the id of the study's school with this code, or None."""
    if "\0" in code:
        return None
    return db.scalar(select(School.id).where(School.study_id == study_id, School.code == code))


def participant_id_of(db: Connection | Session, study_id: int, code: str) -> int | None:
    """Return the id of the study's participant with this code, or None."""
    if "\0" in code:  # PostgreSQL takes no NUL, not even to compare with
        return None
    return db.scalar(select(Participant.id).where(Participant.study_id == study_id, Participant.code == code))
