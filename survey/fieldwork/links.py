"""Links people come in by: an open one to hang up or show, or a personal one for everyone who is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, update

from survey.audit import Act, Actor, note
from survey.config import Settings
from survey.database import Engine, Session, session
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import standings
from survey.fieldwork.doors import Door, LeadsTo, NewPersonalDoor, end_door, has_key, new_door, new_personal_doors
from survey.fieldwork.finding import find_place, no_such, not_there
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.performances import Performance
from survey.fieldwork.publications import current
from survey.fieldwork.studies import School, SchoolClass, Study, Wave
from survey.fieldwork.waves import asked, hours, plan_of
from survey.problems import Refused

_ALWAYS: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True)
class OpenLink:
    """An open link just made, the code that does the same when typed, and the moments between which they work."""

    door: int
    address: str
    code: str
    opens: datetime
    closes: datetime


@dataclass(frozen=True)
class OpenLinkState:
    """An open link as the list shows it: what it leads to, for which school, and when it was ended."""

    door: int
    questionnaire: str
    wave: str
    wave_title: str
    school: str | None
    performance: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class PersonalLink:
    """The link and the code of one participant for one questionnaire. They are kept nowhere: print them now."""

    participant: str
    school: str
    school_class: str
    questionnaire: str
    address: str
    code: str

    @property
    def row(self) -> tuple[str, ...]:
        """The line of the list, under COLUMNS."""
        return (self.participant, self.school, self.school_class, self.questionnaire, self.address, self.code)


COLUMNS: Final = ("participant", "school", "class", "questionnaire", "link", "code")
"""Headers of a list of personal links."""


@dataclass(frozen=True)
class PersonalLinks:
    """Personal links just made; `ended` earlier ones no longer work. `without`: as WhoGetsLinks has it."""

    links: tuple[PersonalLink, ...]
    ended: int
    without: int


@dataclass(frozen=True)
class WhoGetsLinks:
    """How many links there will be, how many given out earlier will end, and how many people will have none.

    without: people who are asked something in the wave and do not have the consent that the study asks for.
    """

    links: int
    ended: int
    without: int


@dataclass(frozen=True)
class OpenLinkOrder:
    """An open link to be made: for a questionnaire in a wave, perhaps for one school's people, or for a performance."""

    study: str
    questionnaire: str
    wave: str
    school: str | None = None
    performance: str | None = None


def open_link(engine: Engine, settings: Settings, order: OpenLinkOrder, act: Act) -> OpenLink:
    """Make an open link and code.

    It works while the wave takes answers, also when the wave's days are changed later. Raises Refused, with what
    exists, when one of the names does not.
    """
    with session(engine) as db:
        found, its_wave, its_school = find_place(db, order.study, order.wave, order.school)
        if order.questionnaire not in (names := current(engine, found.id)):
            raise Refused([not_there("questionnaire", order.questionnaire, names)])
        event = _performance(db, found, its_wave, order.performance)
        its_school = its_school or (event.school if event else None)
        door = new_door(
            db,
            wave=its_wave,
            questionnaire=order.questionnaire,
            key=settings.key("codes"),
            to=LeadsTo(school=its_school, performance_id=event.id if event else None),
        )
        when = hours(its_wave, its_school, plan_of(engine, found))
        details = {name: value for name, value in asdict(order).items() if name != "study"}
        note(db, act, "made an open link", study_id=found.id, about=str(door.door.id), details=details)
    return OpenLink(
        door.door.id,
        address(settings, door.token),
        door.code,
        when.opens or _ALWAYS[0],
        when.begin_until or _ALWAYS[1],
    )


def address(settings: Settings, token: str) -> str:
    """Return the address of a link."""
    return f"{settings.base_url}/j/{token}"


def open_links(engine: Engine, study_id: int) -> list[OpenLinkState]:
    """Return every open link of a study, the newest first."""
    query = (
        select(Door.id, Door.questionnaire, Wave.code, Wave.title, School.title, Performance.title, Door.ended_at)
        .join(Wave, Wave.id == Door.wave_id)
        .outerjoin(School, School.id == Door.school_id)
        .outerjoin(Performance, Performance.id == Door.performance_id)
        .where(Door.study_id == study_id, Door.participant_id.is_(None), has_key())
        .order_by(Door.id.desc())
    )
    with session(engine) as db:
        return [OpenLinkState(*row) for row in db.execute(query)]


def end_link(engine: Engine, study_id: int, door_id: int, actor: Actor, now: datetime) -> bool:
    """End an open link of a study for good. Returns False when there is none with this id, or it was ended before."""
    with session(engine) as db:
        door = db.scalar(select(Door).where(Door.id == door_id, Door.participant_id.is_(None), has_key()))
        if door is None or door.study_id != study_id or door.ended_at is not None:
            return False
        end_door(db, door, now)
        note(db, Act(actor, now), "ended an open link", study_id=study_id, about=str(door_id))
        return True


# ---- personal links ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinkGroup:
    """People who are to have personal links: those of a wave. school, school_class, participant: codes, or None."""

    study: str
    wave: str
    school: str | None = None
    school_class: str | None = None
    participant: str | None = None


def who_gets_links(engine: Engine, group: LinkGroup) -> WhoGetsLinks:
    """Return how many personal links `personal_links` would make, and how many earlier ones it would end.

    Raises Refused when a name is not known.
    """
    with session(engine) as db:
        found, its_wave, its_school = find_place(db, group.study, group.wave, group.school)
        people, without = _people(db, _plan(engine, found), its_wave, its_school, group)
        return WhoGetsLinks(len(people), len(_earlier(db, its_wave, people)), without)


def personal_links(engine: Engine, settings: Settings, group: LinkGroup, act: Act) -> PersonalLinks:
    """Make a link for everyone of the group who is asked something in the wave, for each questionnaire they get.

    Links they were given for the same before stop working.
    Raises Refused when a name is not known, or no one is asked there.
    """
    with session(engine) as db:
        found, its_wave, its_school = find_place(db, group.study, group.wave, group.school)
        people, without = _people(db, _plan(engine, found), its_wave, its_school, group)
        if not people:
            raise Refused(["There is no one to ask in this wave yet. Please check the roster and the Consent page."])
        ended = _earlier(db, its_wave, people)
        for chunk in _chunks(ended):
            db.execute(update(Door).where(Door.id.in_(chunk)).values(ended_at=act.now))
        new = [NewPersonalDoor(one.id, one.questionnaire, one.school_id, one.school_class_id) for one in people]
        made = new_personal_doors(db, its_wave, new, settings.key("codes"))
        details: dict[str, int | str | bool | None] = {
            "wave": group.wave,
            "school": group.school,
            "class": group.school_class,
            "links": len(made),
            **({"participant": group.participant} if group.participant else {}),
            "ended": len(ended),
        }
        note(db, act, "made personal links", study_id=found.id, about=group.wave, details=details)
    links = (
        PersonalLink(one.code, one.school, one.school_class, one.questionnaire, address(settings, token), code)
        for one, (token, code) in zip(people, made, strict=True)
    )
    return PersonalLinks(tuple(links), len(ended), without)


@dataclass(frozen=True)
class _LinkRequest:
    id: int
    code: str
    school_id: int | None
    school: str
    school_class_id: int | None
    school_class: str
    questionnaire: str


def _people(
    db: Session, plan: Plan, wave: Wave, school: School | None, group: LinkGroup
) -> tuple[list[_LinkRequest], int]:
    """Return who is asked what in a wave and may take part in it, by school, class and study code.

    Returns also how many more people are asked something and may not.
    """
    agreed = {one.id for one in standings(db, plan, wave.study_id, wave.code) if one.standing.state == "yes"}
    query = (
        select(Participant, Membership, School.code, SchoolClass.code)
        .join(Membership, Membership.participant_id == Participant.id)
        .outerjoin(School, School.id == Membership.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .where(Membership.wave_id == wave.id, Membership.left_at.is_(None))
        .order_by(School.code, SchoolClass.code, Participant.code)
    )
    if school is not None:
        query = query.where(Membership.school_id == school.id)
    if group.school_class is not None:
        query = query.where(SchoolClass.code == group.school_class)
    if group.participant is not None:
        query = query.where(Participant.code == group.participant)
        if not db.execute(query).all():
            raise Refused(
                [f"{no_such('participant', group.participant)} Please check the code, the school and the wave."]
            )
    people, without = [], 0
    for person, there, its_school, its_class in db.execute(query):
        questionnaires = asked(plan, person.audience, {**person.facts, **there.facts}, wave.code)
        if person.id not in agreed:
            without += 1 if questionnaires else 0
            continue
        place = (there.school_id, its_school or "", there.school_class_id, its_class or "")
        people += [_LinkRequest(person.id, person.code, *place, name) for name in questionnaires]
    return people, without


def _earlier(db: Session, wave: Wave, people: Sequence[_LinkRequest]) -> list[int]:
    """Return the links these people could come in by until now; not by which they are in a class session."""
    wanted = {(one.id, one.questionnaire) for one in people}
    query = select(Door.id, Door.participant_id, Door.questionnaire).where(
        Door.wave_id == wave.id, Door.participant_id.is_not(None), Door.ended_at.is_(None), has_key()
    )
    return [row.id for row in db.execute(query) if (row.participant_id, row.questionnaire) in wanted]


_CHUNK: Final = 500


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


# ---- names -------------------------------------------------------------------------------------------------


def _plan(engine: Engine, study: Study) -> Plan:
    plan = plan_of(engine, study)
    if plan is None:
        raise Refused([f"The study '{study.code}' has no published questionnaires yet. Please publish it first."])
    return plan


def _performance(db: Session, study: Study, wave: Wave, code: str | None) -> Performance | None:
    if code is None:
        return None
    known = db.scalars(select(Performance).where(Performance.study_id == study.id)).all()
    for one in known:
        if one.code == code and one.wave_id == wave.id:
            return one
        if one.code == code:
            raise Refused(
                [f"The performance '{code}' is in {one.wave.code}, not in {wave.code}. Please choose that wave."]
            )
    raise Refused([not_there("performance", code, [one.code for one in known])])
