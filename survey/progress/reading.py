"""Who was asked in a study, and the outcome: a few queries, then plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from survey.database import Engine, Session, session
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import standings
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import School, SchoolClass, Study, Wave
from survey.fieldwork.unasked import Unasked, said_of, unasked_in
from survey.fieldwork.waves import Hours, asked, hours, plan_of
from survey.progress.outcomes import Outcome, outcome_of
from survey.progress.tables import reason as reasons
from survey.responses.reading import counts_for_someone
from survey.responses.tables import response


@dataclass(frozen=True)
class ReportedSchool:
    """A school as the tables show it; codes and titles of its programme and arm are empty where it has none."""

    id: int
    code: str
    title: str
    arm: str
    arm_title: str
    programme: str
    programme_title: str


@dataclass(frozen=True)
class ReportedWave:
    """A wave, its days, and when it takes answers by the study's clock."""

    id: int
    code: str
    title: str
    opens: date | None
    closes: date | None
    hours: Hours


class Asking(NamedTuple):
    """One questionnaire one participant was asked in one wave. school is an id, school_class a code and a title."""

    participant_id: int
    participant: str
    audience: str
    wave: str
    questionnaire: str
    school: int | None
    school_class: str
    class_title: str
    outcome: Outcome
    finished: date | None


class Other(NamedTuple):
    """A response of someone who was not asked as a participant: by an open link, or not on the wave's list.

    audience: whom the study asks its questionnaire; empty where it asks no one any more.
    """

    wave: str
    audience: str
    questionnaire: str
    school: int | None
    state: str
    finished: date | None


@dataclass(frozen=True)
class Progress:
    """A study's fieldwork at one moment.

    lines     everyone on a list of a wave, once for each questionnaire they are asked
    by_link   responses by open links: no one knows how many might have come
    unlisted  responses of participants who are not, or no longer, asked that in that wave
    unasked   everyone on a list of a wave who is asked nothing in it
    """

    waves: tuple[ReportedWave, ...]
    places: tuple[ReportedSchool, ...]
    lines: tuple[Asking, ...]
    by_link: tuple[Other, ...]
    unlisted: tuple[Other, ...]
    unasked: tuple[Unasked, ...] = ()

    @property
    def unasked_said(self) -> list[str]:
        """How many are asked nothing, and why, in sentences, wave by wave."""
        return [
            f"{wave.title}: {sentence}"
            for wave in self.waves
            for sentence in said_of(one for one in self.unasked if one.wave == wave.code)
        ]

    def only(
        self,
        *,
        wave: str | None = None,
        audience: str | None = None,
        questionnaire: str | None = None,
        schools: Iterable[int | None] | None = None,
        school_class: str | None = None,
    ) -> Progress:
        """Return what is left when only this counts; None leaves all."""
        places = None if schools is None else set(schools)

        def fits(one: Asking | Other) -> bool:
            return (
                (wave is None or one.wave == wave)
                and (audience is None or one.audience == audience)
                and (questionnaire is None or one.questionnaire == questionnaire)
                and (places is None or one.school in places)
            )

        return Progress(
            self.waves,
            self.places if places is None else tuple(place for place in self.places if place.id in places),
            tuple(one for one in self.lines if fits(one) and school_class in (None, one.school_class)),
            tuple(one for one in self.by_link if fits(one) and school_class is None),
            tuple(one for one in self.unlisted if fits(one) and school_class is None),
            tuple(
                one
                for one in self.unasked
                # Who is asked nothing belongs to no questionnaire.
                if questionnaire is None
                and wave in (None, one.wave)
                and audience in (None, one.audience)
                and (places is None or one.school in places)
                and school_class in (None, one.school_class)
            ),
        )


def progress(
    engine: Engine, study_id: int, now: datetime, schools: set[int] | None = None, wave: str | None = None
) -> Progress:
    """Return how far the fieldwork of a study is. schools: ids, only what is theirs; None for all.

    wave: only what is of this one, as `only` returns it, without reading the others; None for all. Raises LookupError
    when there is no such study, or nothing of it is published.
    """
    with session(engine) as db:
        study, plan = _study_of(engine, db, study_id)
        return _ProgressReader(db, study, plan, schools, now, wave).read()


def waves_of(engine: Engine, study_id: int) -> tuple[ReportedWave, ...]:
    """Return the waves of a study. Raises LookupError as :func:`progress` does."""
    with session(engine) as db:
        return _reported(*_study_of(engine, db, study_id))


def _study_of(engine: Engine, db: Session, study_id: int) -> tuple[Study, Plan]:
    study = db.get(Study, study_id)
    plan = plan_of(engine, study) if study else None
    if study is None or plan is None:
        raise LookupError("There is no such study, or it has no published questionnaires.")
    return study, plan


def _reported(study: Study, plan: Plan) -> tuple[ReportedWave, ...]:
    return tuple(
        ReportedWave(wave.id, wave.code, wave.title, wave.opens, wave.closes, hours(wave, None, plan))
        for wave in study.waves
    )


class _ProgressReader:
    def __init__(
        self, db: Session, study: Study, plan: Plan, schools: set[int] | None, now: datetime, wave: str | None
    ) -> None:
        self._db, self._study, self._plan, self._some, self._now = db, study, plan, schools is not None, now
        self._places = {place.id: place for place in _places(study, plan) if schools is None or place.id in schools}
        self._zone = ZoneInfo(study.time_zone)
        self._wave = wave
        read = [one for one in study.waves if wave in (None, one.code)]
        self._codes = {one.id: one.code for one in read}
        # Whom a later wave finds at another school is told by the lists of later waves.
        self._first = min((one.position for one in read), default=0)

    def read(self) -> Progress:
        responses, by_link = self._responses()
        lines = list(self._lines(responses))
        # What no one's line took: these people are not asked that, or not in that wave, or not any more.
        unlisted = [other for other in responses.values() if self._is_mine(other.school)]
        mine = set(self._places) if self._some else None
        return Progress(
            _reported(self._study, self._plan),
            tuple(self._places.values()),
            tuple(lines),
            tuple(by_link),
            tuple(unlisted),
            tuple(unasked_in(self._db, self._plan, self._study.id, mine, self._wave)),
        )

    def _is_mine(self, school: int | None) -> bool:
        return not self._some or school in self._places

    def _responses(self) -> tuple[dict[tuple[int, int, str], Other], list[Other]]:
        """Return what participants answered, by participant, wave and questionnaire; and what came by open links."""
        query = select(
            response.c.participant_id,
            response.c.wave_id,
            response.c.questionnaire,
            response.c.school_id,
            response.c.state,
            response.c.finished_at,
        ).where(response.c.study_id == self._study.id, response.c.wave_id.in_(self._codes), counts_for_someone())
        # A parent is asked once, however many children the answers are about.
        query = query.where(response.c.household_id.is_(None))
        theirs: dict[tuple[int, int, str], Other] = {}
        by_link = []
        whose = {work.questionnaire: work.audience for work in self._plan.fieldwork}
        for person, wave, questionnaire, school, state, finished_at in self._db.execute(query):
            day = finished_at.astimezone(self._zone).date() if finished_at is not None else None
            other = Other(self._codes[wave], whose.get(questionnaire, ""), questionnaire, school, state, day)
            if person is not None:
                theirs[person, wave, questionnaire] = other
            elif self._is_mine(school):
                by_link.append(other)
        return theirs, by_link

    def _lines(self, responses: dict[tuple[int, int, str], Other]) -> Iterable[Asking]:
        """Yield everyone's lines by wave, school, class and code; take from `responses` what belongs to them."""
        query = (
            select(
                Membership.wave_id,
                Membership.school_id,
                Membership.left_at,
                Membership.facts,
                Participant.id,
                Participant.code,
                Participant.audience,
                Participant.facts,
                SchoolClass.code,
                SchoolClass.title,
            )
            .join(Participant, Participant.id == Membership.participant_id)
            .join(Wave, Wave.id == Membership.wave_id)
            .outerjoin(School, School.id == Membership.school_id)
            .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
            .where(Participant.study_id == self._study.id, Wave.position >= self._first)
            .order_by(Wave.position, School.title, School.code, SchoolClass.code, Participant.code)
        )
        rows = self._db.execute(query).all()
        given, standing = self._reasons(), self._standings()
        later = self._found_later(rows)
        over = self._over()
        taken_back = _taken_back(responses)
        for wave_id, school, left_at, changing, person, code, audience, lasting, class_code, class_title in rows:
            if wave_id not in self._codes:
                continue
            wave = self._codes[wave_id]
            mine = self._is_mine(school)
            theirs = asked(self._plan, audience, {**lasting, **changing}, wave)
            # Anyone who withdrew from everything has no year group any more, and stays among the people who were asked.
            theirs += [one for one in taken_back.get((person, wave_id), ()) if one not in theirs]
            for questionnaire in theirs:
                answered = responses.pop((person, wave_id, questionnaire), None)
                if not mine:
                    continue
                why = given.get((person, wave_id, questionnaire)) or given.get((person, wave_id, ""))
                outcome = outcome_of(
                    state=answered.state if answered else None,
                    standing=standing.get((person, wave), "yes"),
                    reason=why,
                    left=left_at is not None,
                    found_later=(person, wave_id) in later,
                    over=over(wave_id, school),
                )
                finished = answered.finished if answered and outcome is Outcome.FINISHED else None
                yield Asking(
                    person, code, audience, wave, questionnaire, school,
                    class_code or "", class_title or "", outcome, finished,
                )  # fmt: skip

    def _reasons(self) -> dict[tuple[int, int, str], str]:
        query = (
            select(reasons.c.participant_id, reasons.c.wave_id, reasons.c.questionnaire, reasons.c.reason)
            .join(Wave, Wave.id == reasons.c.wave_id)
            .where(Wave.study_id == self._study.id)
        )
        return {(person, wave, questionnaire): why for person, wave, questionnaire, why in self._db.execute(query)}

    def _standings(self) -> dict[tuple[int, str], str]:
        """Return what the consent ledger says, by participant and wave, of people who may not, or not yet, answer."""
        mine = set(self._places) if self._some else None
        return {
            (placed.id, wave): placed.standing.state
            for wave in self._codes.values()
            for placed in standings(self._db, self._plan, self._study.id, wave, mine)
            if placed.standing.state != "yes"
        }

    def _found_later(self, rows: Iterable[tuple[object, ...]]) -> set[tuple[int, int]]:
        """Return (participant, wave) of people whom a later wave's list has at another school."""
        positions = {wave.id: wave.position for wave in self._study.waves}
        here: dict[int, list[tuple[int, int, int | None, bool]]] = {}
        for wave_id, school, left_at, _, person, *_rest in rows:
            assert isinstance(wave_id, int)
            assert isinstance(person, int)
            place = school if isinstance(school, int) else None
            here.setdefault(person, []).append((positions[wave_id], wave_id, place, left_at is not None))
        found = set()
        for person, stays in here.items():
            for position, wave_id, school, left in stays:
                if left and any(p > position and s != school and not gone for p, _, s, gone in stays):
                    found.add((person, wave_id))
        return found

    def _over(self) -> _Over:
        return _Over(self._study, self._plan, self._now)


def _taken_back(responses: Mapping[tuple[int, int, str], Other]) -> dict[tuple[int, int], list[str]]:
    """Return the questionnaires whose answers were withdrawn, by participant and wave."""
    found: dict[tuple[int, int], list[str]] = {}
    for (person, wave, questionnaire), other in responses.items():
        if other.state == "withdrawn":
            found.setdefault((person, wave), []).append(questionnaire)
    return found


class _Over:
    """Whether no one can begin any more in a wave at a school; worked out once for each."""

    def __init__(self, study: Study, plan: Plan, now: datetime) -> None:
        self._waves = {wave.id: wave for wave in study.waves}
        self._schools = {school.id: school for school in study.schools}
        self._plan, self._now = plan, now
        self._known: dict[tuple[int, int | None], bool] = {}

    def __call__(self, wave_id: int, school_id: int | None) -> bool:
        key = (wave_id, school_id)
        if key not in self._known:
            school = self._schools[school_id] if school_id is not None else None
            until = hours(self._waves[wave_id], school, self._plan).begin_until
            self._known[key] = until is not None and self._now >= until
        return self._known[key]


def _places(study: Study, plan: Plan) -> list[ReportedSchool]:
    """Return the schools by arm (in the study file's order), programme and title."""
    arms = {arm.id: arm.title for arm in plan.arms}
    order = list(arms)
    found = []
    for school in study.schools:
        arm, programme = school.arm or "", school.programme
        title = arms.get(arm, arm.capitalize())
        its_programme = (programme.code, programme.title) if programme else ("", "")
        rank = order.index(arm) if arm in arms else len(order) + (not arm)
        found.append(
            (
                rank,
                its_programme[1],
                school.title,
                ReportedSchool(school.id, school.code, school.title, arm, title, *its_programme),
            )
        )
    return [place for *_, place in sorted(found, key=lambda one: (*one[:3], one[3].code))]
