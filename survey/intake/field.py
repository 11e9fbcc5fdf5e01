"""What the database knows of a wave, as far as answers from another system are held against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, select

from survey.definition.bundle import Bundle
from survey.definition.meaning import compare
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import NotAgreed, must_agree, standings
from survey.fieldwork.finding import find_published, find_wave, not_there
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.performances import Performance
from survey.fieldwork.publications import Definition, Publication
from survey.fieldwork.studies import Programme, School, SchoolClass
from survey.intake.checking import Checker
from survey.intake.rewritten import Codes
from survey.problems import Nearest, Refused, listed
from survey.responses import facts_at_start
from survey.responses.erasing import erasure
from survey.responses.tables import response

_CHUNK: Final = 500


@dataclass(frozen=True)
class SchoolOrClass:
    """A school, or a class of it, with what a response keeps of it."""

    school_id: int | None
    school_class_id: int | None
    facts: Mapping[str, Any]

    @property
    def school(self) -> str:
        """The school's code; empty where there is none."""
        return str(self.facts.get("school_code") or "")

    @property
    def school_class(self) -> str:
        """The code of the class; empty where there is none."""
        return str(self.facts.get("school_class_code") or "")


@dataclass(frozen=True)
class NoSuchPlace:
    """What is not there of a place that a row names: the column to put right, and a sentence."""

    column: Literal["school", "class"]
    fault: str


@dataclass(frozen=True)
class KnownParticipant:
    """Someone with a study code. place: where they are in the wave, None for who is not on its roster."""

    id: int
    code: str
    audience: str
    place: SchoolOrClass | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A response that is there already."""

    id: str
    sha256: str
    state: str
    answers: Mapping[str, Any]
    facts: Mapping[str, Any]


class WaveField:
    """One wave of one questionnaire, read once for all rows of a file.

    Raises Refused for a study, a wave or a questionnaire that is not there.
    """

    def __init__(self, connection: Connection, study: str, questionnaire: str, wave: str) -> None:
        found = find_published(connection, study)
        text = connection.scalars(select(Definition.text).where(Definition.sha256 == found.sha256)).one()
        self.study_id: int = found.id
        self.plan: Plan = parse_study(text)
        self.questionnaire = questionnaire
        self.wave = wave
        self.wave_id: int = find_wave(connection, self.study_id, wave).id
        self.checkers = self._versions(connection)
        self._see_that_it_is_asked()
        self.schools = self._schools(connection)
        self.classes = self._classes(connection)
        self.people = self._people(connection)
        self.performances = self._performances(connection)
        thrown_away = connection.execute(select(erasure.c.kind, erasure.c.key).where(erasure.c.study == study))
        self.erased = {(row.kind, row.key) for row in thrown_away}

    def _versions(self, connection: Connection) -> dict[str, Checker]:
        """Return SHA-256 -> checker of each published version, the newest last."""
        rows = connection.execute(
            select(Definition.sha256, Definition.text)
            .join(Publication, Publication.sha256 == Definition.sha256)
            .where(Publication.study_id == self.study_id, Publication.questionnaire == self.questionnaire)
            .order_by(Publication.version)
        ).all()
        if not rows:
            known = connection.scalars(
                select(Publication.questionnaire).where(Publication.study_id == self.study_id).distinct()
            ).all()
            raise Refused([not_there("questionnaire", self.questionnaire, known)])
        return {row.sha256: Checker(Bundle.parse(row.text)) for row in rows}

    def _see_that_it_is_asked(self) -> None:
        waves = [
            wave for entry in self.plan.fieldwork if entry.questionnaire == self.questionnaire for wave in entry.waves
        ]
        if self.wave not in waves:
            asked = f"It is asked in {listed(waves)}." if waves else "It is asked in no wave."
            raise Refused([f"'{self.questionnaire}' is not asked in wave '{self.wave}'. {asked}"])

    @cached_property
    def versions(self) -> dict[str, str]:
        """Number of each version, as text -> SHA-256."""
        return {str(checker.questionnaire.version): sha256 for sha256, checker in self.checkers.items()}

    @cached_property
    def contradictions(self) -> set[str]:
        """The ids of questions by which the newest version means something else than an older one; see decision 22."""
        *older, newest = (checker.questionnaire for checker in self.checkers.values())
        return {id for one in older for id in compare([one], newest).faults}

    @cached_property
    def newest(self) -> str:
        """SHA-256 of the newest version."""
        return list(self.checkers)[-1]

    @cached_property
    def audience(self) -> str:
        """Who answers it."""
        return str(self.checkers[self.newest].questionnaire.audience)

    @cached_property
    def on_roster(self) -> bool:
        """Whether anyone of its audience is on the wave's roster, so that answers are someone's."""
        return any(person.audience == self.audience and person.place for person in self.people.values())

    @cached_property
    def codes(self) -> dict[str, Codes]:
        """The codes there are for whom and where, by the column of a file in which they stand."""
        return {
            "participant": Codes(self.people),
            "school": Codes(place.school for place in self.schools.values()),
            "class": Codes(place.school_class for place in self.classes.values()),
            "performance": Codes(self.performances),
        }

    @cached_property
    def gaps(self) -> dict[str, str]:
        """Each missing code of the study, as text -> its reason."""
        return {str(number): reason for reason, number in self.plan.missing.model_dump().items()}

    def _performances(self, connection: Connection) -> dict[str, dict[str, str]]:
        """Return what an answer keeps of each performance of the wave, by its code."""
        rows = connection.execute(
            select(Performance.code, Performance.title).where(
                Performance.study_id == self.study_id, Performance.wave_id == self.wave_id
            )
        )
        return {row.code: {"performance_code": row.code, "performance": row.title} for row in rows}

    def _schools(self, connection: Connection) -> dict[int, SchoolOrClass]:
        rows = connection.execute(
            select(
                School.id,
                School.code.label("school_code"),
                School.title.label("school"),
                School.arm,
                Programme.code.label("programme_code"),
                Programme.title.label("programme"),
            )
            .outerjoin(Programme, Programme.id == School.programme_id)
            .where(School.study_id == self.study_id)
        )
        return {
            row.id: SchoolOrClass(row.id, None, facts_at_start(None, None, {**row._asdict(), "wave": self.wave}))
            for row in rows
        }

    def _classes(self, connection: Connection) -> dict[int, SchoolOrClass]:
        rows = connection.execute(
            select(
                SchoolClass.id,
                SchoolClass.school_id,
                SchoolClass.code.label("school_class_code"),
                SchoolClass.title.label("school_class"),
            )
            .join(School, School.id == SchoolClass.school_id)
            .where(School.study_id == self.study_id)
        )
        return {
            row.id: SchoolOrClass(
                row.school_id,
                row.id,
                facts_at_start(None, None, {**self.schools[row.school_id].facts, **row._asdict()}),
            )
            for row in rows
        }

    def _people(self, connection: Connection) -> dict[str, KnownParticipant]:
        rows = connection.execute(
            select(
                Participant.id,
                Participant.code,
                Participant.audience,
                Participant.facts.label("lasting"),
                Membership.wave_id,
                Membership.school_id,
                Membership.school_class_id,
                Membership.facts.label("changing"),
            )
            .outerjoin(Membership, (Membership.participant_id == Participant.id) & (Membership.wave_id == self.wave_id))
            .where(Participant.study_id == self.study_id)
        )
        found = {}
        for row in rows:
            place = self._place(row.school_id, row.school_class_id) if row.wave_id is not None else None
            facts = facts_at_start(row.lasting, row.changing, place.facts if place else {})
            found[row.code] = KnownParticipant(row.id, row.code, row.audience, place, facts)
        return found

    def _place(self, school_id: int | None, school_class_id: int | None) -> SchoolOrClass:
        if school_class_id is not None:
            return self.classes[school_class_id]
        return self.schools[school_id] if school_id is not None else self._nowhere

    @property
    def _nowhere(self) -> SchoolOrClass:
        return SchoolOrClass(None, None, {"wave": self.wave})

    def place_named(self, school: str, school_class: str) -> SchoolOrClass | NoSuchPlace:
        """Return the place with these codes, or what is not there."""
        schools = self._by_code
        if not school:
            return (
                NoSuchPlace("school", "There is a class here but no school. Please add the school.")
                if school_class
                else self._nowhere
            )
        if school not in schools:
            return NoSuchPlace("school", not_there("school", school, schools))
        if not school_class:
            return schools[school]
        classes = self._classes_by_school.get(schools[school].school_id, {})
        if school_class in classes:
            return classes[school_class]
        return NoSuchPlace("class", not_there("class", school_class, classes))

    # Each row asks for its place, so these are put together once.

    @cached_property
    def _by_code(self) -> dict[str, SchoolOrClass]:
        return {place.school: place for place in self.schools.values()}

    @cached_property
    def _classes_by_school(self) -> dict[int | None, dict[str, SchoolOrClass]]:
        found: dict[int | None, dict[str, SchoolOrClass]] = {}
        for place in self.classes.values():
            found.setdefault(place.school_id, {})[place.school_class] = place
        return found

    @cached_property
    def nearest(self) -> Nearest:
        """The nearest of the study's codes to one that is not there."""
        return Nearest(self.people)

    # ---- what may change while a file is checked: read again in the transaction that keeps it -------------

    def kept_of(self, connection: Connection, people: Iterable[int]) -> dict[int, Kept]:
        """Return what these participants have answered of the questionnaire in the wave already, by participant."""
        return {row.participant_id: _kept(row) for row in self._kept(connection, response.c.participant_id, people)}

    def kept_under(self, connection: Connection, ids: Iterable[str]) -> dict[str, Kept]:
        """Return the responses with these ids."""
        return {row.id: _kept(row) for row in self._kept(connection, response.c.id, ids)}

    def _kept(self, connection: Connection, key: ColumnElement[Any], values: Iterable[Any]) -> Iterable[Any]:
        wanted = sorted(set(values))
        for at in range(0, len(wanted), _CHUNK):
            yield from connection.execute(
                select(
                    response.c.id,
                    response.c.participant_id,
                    response.c.sha256,
                    response.c.state,
                    response.c.answers,
                    response.c.facts,
                ).where(
                    response.c.study_id == self.study_id,
                    response.c.wave_id == self.wave_id,
                    response.c.questionnaire == self.questionnaire,
                    key.in_(wanted[at : at + _CHUNK]),
                )
            )

    def not_agreed(self, connection: Connection, people: Iterable[KnownParticipant], *, hold: bool) -> dict[int, str]:
        """Return, of these participants, whose answers may not be taken: their ids, each with a sentence that says why.

        hold: keep everything as it is until the transaction ends, so that no one withdraws at this very moment.
        """
        wanted = {person.id: person for person in people}
        if hold:
            for ids in _by(_CHUNK, sorted(wanted)):
                connection.execute(select(Participant.id).where(Participant.id.in_(ids)).with_for_update(read=True))
        agreed = {
            one.id for one in standings(connection, self.plan, self.study_id, self.wave) if one.standing.state == "yes"
        }
        return {
            person.id: sentence
            for person in wanted.values()
            if ("participant", person.code) in self.erased or person.id not in agreed
            if (sentence := self._refusal(connection, person))
        }

    def _refusal(self, connection: Connection, person: KnownParticipant) -> str | None:
        if ("participant", person.code) in self.erased:
            return (
                f"{person.code} has withdrawn and their answers were deleted. They cannot be imported again: "
                "please leave this row out."
            )
        try:
            must_agree(connection, self.study_id, person.id, self.wave_id)
        except NotAgreed as refusal:
            return f"{_NO_CONSENT[refusal.standing.state]} {_LEAVE_OUT}".format(code=person.code)
        return None


def _by(size: int, things: Sequence[int]) -> Iterator[Sequence[int]]:
    return (things[at : at + size] for at in range(0, len(things), size))


_NO_CONSENT: Final = {
    "no": "{code} has no consent: the decision was no.",
    "withdrawn": "{code} has withdrawn.",
    "missing": "{code} has no consent yet.",
}
_LEAVE_OUT: Final = "Their answers cannot be imported. Please leave this row out."


def _kept(row: Any) -> Kept:
    return Kept(row.id, row.sha256, row.state, row.answers, row.facts)
