"""Who is on a wave's roster and is asked nothing in it: said at once, not found when the wave is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import withdrawn_for_good
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import SchoolClass, Wave
from survey.fieldwork.waves import asked
from survey.problems import listed


@dataclass(frozen=True)
class Unasked:
    """Someone who is asked nothing in a wave.

    why     'no year': questionnaires are chosen by year group, and theirs is not known; 'year': none is for theirs;
            'audience': none is for their audience
    year    the year group as it is written
    because why the study does not ask that year group, in the study's words; empty where it does not say
    school, school_class   the school's id and the class's code, where they are known
    """

    code: str
    audience: str
    wave: str
    why: Literal["no year", "year", "audience"]
    year: str = ""
    school: int | None = None
    school_class: str = ""
    because: str = ""

    @property
    def what(self) -> tuple[str]:
        """Why, for a line about one person."""
        if self.why == "audience":
            return (f"no questionnaire is for {_PEOPLE[self.audience][1]}",)
        return (f"year group {self.year}",) if self.why == "year" else ("no year group",)


_PEOPLE: Final = {"pupil": ("pupil", "pupils"), "parent": ("parent", "parents"), "staff": ("member of staff", "staff")}


class OnTheList(NamedTuple):
    """Someone on a wave's list.

    facts: the roster's, those of the wave over the lasting ones. school, school_class: an id and a code, where known.
    """

    code: str
    audience: str
    facts: Mapping[str, Any]
    school: int | None = None
    school_class: str = ""


def unasked(plan: Plan, person: OnTheList, wave: str) -> Unasked | None:
    """Return why someone is asked nothing in a wave; None when they are asked something."""
    if asked(plan, person.audience, person.facts, wave):
        return None
    year = person.facts.get("year")
    why: Literal["no year", "year", "audience"] = "year"
    works = (work for work in plan.fieldwork if work.audience == person.audience and not work.open_link_only)
    if not any(wave in work.waves for work in works):
        why = "audience"
    elif year is None or year == "":
        why = "no year"
    known = str(year) if why == "year" else ""
    because = plan.why_not_asked(year) if why == "year" and person.audience == "pupil" else ""
    return Unasked(person.code, person.audience, wave, why, known, person.school, person.school_class, because)


def unasked_in(
    db: Connection | Session, plan: Plan, study_id: int, schools: set[int] | None = None, wave: str | None = None
) -> Iterator[Unasked]:
    """Yield everyone who is on a wave's roster and is asked nothing in it, by wave and code.

    Not people who have left, nor people who withdrew from everything: of these nothing is known. schools: ids; None for
    all. wave: its code; None for all.
    """
    gone = withdrawn_for_good(db, study_id)
    query = (
        select(
            Participant.id,
            Participant.code,
            Participant.audience,
            Participant.facts.label("lasting"),
            Membership.facts.label("changing"),
            Membership.school_id,
            SchoolClass.code.label("school_class"),
            Wave.code.label("wave"),
        )
        .join(Membership, Membership.participant_id == Participant.id)
        .join(Wave, Wave.id == Membership.wave_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .where(Participant.study_id == study_id, Membership.left_at.is_(None))
        .order_by(Wave.position, Participant.code)
    )
    for row in db.execute(query if wave is None else query.where(Wave.code == wave)):
        if row.id in gone or (schools is not None and row.school_id not in schools):
            continue
        facts = {**row.lasting, **row.changing}
        person = OnTheList(row.code, row.audience, facts, row.school_id, row.school_class or "")
        found = unasked(plan, person, row.wave)
        if found is not None:
            yield found


_NOT_ASKED: Final = "will not be asked anything"
_ADD_YEAR: Final = "If they should be asked, add their year group to the roster and import it again."


def said_of(people: Iterable[Unasked]) -> list[str]:
    """Return a sentence for each audience and reason, with how many there are. people: of one wave."""
    groups: dict[tuple[str, str, str], list[Unasked]] = {}
    for one in people:
        groups.setdefault((one.audience, one.why, one.because), []).append(one)
    return [_sentence(audience, why, there) for (audience, why, _), there in groups.items()]


def _sentence(audience: str, why: str, people: list[Unasked]) -> str:
    number = len(people)
    one, many = _PEOPLE[audience]
    who = f"1 {one}" if number == 1 else f"{number:,} {'members of staff' if audience == 'staff' else many}"
    if why == "audience":
        return f"{who} {_NOT_ASKED}: no questionnaire of this wave is for {many}."
    if why == "no year":
        return f"{who} {'has' if number == 1 else 'have'} no year group, so they {_NOT_ASKED}. {_ADD_YEAR}"
    years = sorted({person.year for person in people}, key=lambda year: (len(year), year))
    where = f"year group{'s' if len(years) > 1 else ''} {listed(years)}"
    verb = "is" if number == 1 else "are"
    if people[0].because:
        return f"{who} {verb} in {where}, which the study does not ask. {people[0].because}"
    return f"{who} {verb} in {where}, which no questionnaire of this wave asks, so they {_NOT_ASKED}."
