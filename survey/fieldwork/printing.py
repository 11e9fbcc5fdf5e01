"""For whom papers are printed, and the doors whose codes stand on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from survey.database import Engine, Session
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import NotAgreed, must_agree
from survey.fieldwork.doors import Door, LeadsTo, NewPersonalDoor, hash_of_code, new_door, new_personal_doors
from survey.fieldwork.finding import find_place, not_there, one_of
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.publications import current, text_of
from survey.fieldwork.studies import School, SchoolClass, Study, Wave
from survey.fieldwork.waves import asked, plan_of
from survey.problems import Refused


@dataclass(frozen=True)
class ToPrint:
    """A questionnaire as it is published now, and the wave it is printed for."""

    study: Study
    study_id: int
    wave: Wave
    plan: Plan
    questionnaire: str
    sha256: str
    text: str


@dataclass(frozen=True)
class Recipient:
    """Who gets a paper. id, code: none for an open copy, which has a number instead. may: they may be asked."""

    id: int | None = None
    code: str = ""
    number: int = 0
    place: str = ""
    school_id: int | None = None
    school_class_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    may: bool = True


def who_to_print(db: Session, engine: Engine, study: str, wave: str, questionnaire: str) -> ToPrint:
    """Return what is to be printed. Raises Refused, with what exists, when one of the names does not."""
    found, its_wave, _ = find_place(db, study, wave)
    published = current(engine, found.id)
    plan = plan_of(engine, found)
    if questionnaire not in published or plan is None:
        raise Refused([not_there("questionnaire", questionnaire, published)])
    sha256 = published[questionnaire]
    return ToPrint(found, found.id, its_wave, plan, questionnaire, sha256, text_of(engine, sha256) or "")


def asked_on_paper(
    db: Session, what: ToPrint, school: str | None, school_class: str | None, participants: Sequence[str]
) -> list[Recipient]:
    """Return who is asked the questionnaire in the wave, by school, class and study code.

    participants: study codes; no one else then. Raises Refused for a school, a class or someone who is not there.
    """
    query = (
        select(Participant, Membership, School, SchoolClass)
        .join(Membership, Membership.participant_id == Participant.id)
        .outerjoin(School, School.id == Membership.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .where(Membership.wave_id == what.wave.id, Membership.left_at.is_(None))
        .order_by(School.code, SchoolClass.code, Participant.code)
    )
    if school is not None:
        query = query.where(Membership.school_id == one_of("school", what.study.schools, school).id)
    if school_class is not None:
        query = query.where(SchoolClass.code == school_class)
    if participants:
        query = query.where(Participant.code.in_(participants))
    people = []
    for person, there, its_school, its_class in db.execute(query):
        facts = {**person.facts, **there.facts}
        if what.questionnaire not in asked(what.plan, person.audience, facts, what.wave.code):
            continue
        titles = [one.title for one in (its_school, its_class) if one is not None]
        people.append(
            Recipient(
                person.id,
                person.code,
                place=" · ".join(titles),
                school_id=there.school_id,
                school_class_id=there.school_class_id,
                facts={**facts, "wave": what.wave.code},
                may=_may(db, what, person.id),
            )
        )
    missing = sorted(set(participants) - {person.code for person in people})
    if missing:
        raise Refused(
            [
                f"Not asked this questionnaire in this wave: {', '.join(missing)}.",
                "Please check the roster.",
            ]
        )
    return people


def open_copies(what: ToPrint, school: str | None, copies: int) -> list[Recipient]:
    """Return so many people no one knows, perhaps of one school. Raises Refused for a school that is not there."""
    its = one_of("school", what.study.schools, school) if school is not None else None
    title, id_ = (its.title, its.id) if its is not None else ("", None)
    known = {"wave": what.wave.code}
    return [Recipient(number=number, place=title, school_id=id_, facts=known) for number in range(1, copies + 1)]


def paper_doors(db: Session, what: ToPrint, people: Sequence[Recipient], key: bytes) -> list[tuple[int, str]]:
    """Make a door for each person, one for all open copies; return its id and code for each, in order."""
    if people[0].id is None:
        school = db.get(School, people[0].school_id) if people[0].school_id is not None else None
        made = new_door(db, wave=what.wave, questionnaire=what.questionnaire, key=key, to=LeadsTo(school=school))
        return [(made.door.id, made.code)] * len(people)
    new = [
        NewPersonalDoor(person.id, what.questionnaire, person.school_id, person.school_class_id)
        for person in people
        if person.id is not None
    ]
    codes = [code for _, code in new_personal_doors(db, what.wave, new, key)]
    hashes = {hash_of_code(code, key): code for code in codes}
    ids = {
        row.code_hash: row.id for row in db.execute(select(Door.id, Door.code_hash).where(Door.code_hash.in_(hashes)))
    }
    return [(ids[code_hash], code) for code_hash, code in hashes.items()]


def _may(db: Session, what: ToPrint, participant_id: int) -> bool:
    try:
        must_agree(db.connection(), what.study_id, participant_id, what.wave.id)
    except NotAgreed:
        return False
    return True
