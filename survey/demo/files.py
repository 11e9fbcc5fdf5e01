"""What schools and researchers would send in: the pretended study as files for the commands of Chorus."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from survey import private
from survey.definition.columns import AS_TYPED
from survey.definition.household import WHICH_CHILD
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import FolderReading
from survey.definition.study import Fieldwork, Pretend, WaveDefinition
from survey.definition.study import StudyDefinition as Plan
from survey.demo.answers import Answerer
from survey.demo.people import PretendedField, PretendedPerson, PretendedStanding
from survey.demo.truth import Truth
from survey.question import is_missing

_KEY_STAGE_1_HELPED = ([55, 35, 10], [85, 11, 4])
"""Of a hundred younger, and of a hundred older pupils: on their own device, read aloud to, helped by an adult."""
_MODES = ("own device", "read aloud", "helped by an adult")
_FOLLOWED_ANSWER = {"parent": 0.6, "staff": 0.85}
_SAYS_WHY = 0.7
"""Share of absent pupils whom their school reports as absent; of the others no one knows."""
_ASSENT_NO = 0.012
_ANOTHER_CHILD = 0.2
"""Share of parents at a performance who have another child at a school of the study."""
_OF_CHILD = ("household", "child", "child_participant", "child_known_by")


_WORK_TOGETHER = 4
"""One in so many of a class that is answering: has finished, is half way, or has not started yet."""


@dataclass(frozen=True)
class ClassAtWork:
    """A class that is answering just now, by codes, and the file of what its children have answered so far."""

    school: str
    school_class: str
    answers: Answers


@dataclass(frozen=True)
class Answers:
    """A file of answers to one questionnaire in one wave."""

    questionnaire: str
    wave: str
    path: Path
    rows: int


class Sender:
    """Writes the files of one pretended study into a folder."""

    def __init__(
        self, reading: FolderReading, field: PretendedField, rng: random.Random, folder: Path, now: datetime
    ) -> None:
        assert reading.study is not None
        assert reading.study.pretend is not None
        self._plan: Plan = reading.study
        self._pretend: Pretend = reading.study.pretend
        self._questionnaires = reading.questionnaires
        self._field, self._rng, self._folder, self._now = field, rng, folder, now
        self._truth = Truth(self._pretend, rng)
        self._answerers = {
            name: Answerer(questionnaire, self._pretend, rng) for name, questionnaire in reading.questionnaires.items()
        }
        # Further children have chance of their own, so that everyone else answers as they would without them.
        self._chance = random.Random(f"{self._pretend.seed} further children")
        self._beside = self._truth.beside(self._chance)
        to_the_end = self._pretend.model_copy(
            update={"missing": self._pretend.missing.model_copy(update={"stopped": 0.0})}
        )
        self._further = {
            name: Answerer(questionnaire, to_the_end, self._chance)
            for name, questionnaire in reading.questionnaires.items()
            if questionnaire.for_each_child
        }
        self._pupils = {person.code: person for person in field.of("pupil")}
        self.spared: dict[str, PretendedPerson] = {}
        """By questionnaire: the pupil who has not answered it in the last wave, so that someone can try it."""

    # ── who ───────────────────────────────────────────────────────────────────────────────────────────
    def schools(self) -> Path:
        """Write the list of schools."""
        places = [*self._field.schools, *self._field.secondaries]
        facts = [fact.id for fact in self._plan.school_facts]
        rows = (
            [
                place.code,
                place.title,
                place.arm or "",
                place.programme or "",
                *(place.facts.get(name, "") for name in facts),
            ]
            for place in places
        )
        return self._write("schools.csv", ["school", "title", "arm", "programme", *facts], rows)

    def roster(self, wave: WaveDefinition, audience: str) -> Path | None:
        """Write the roster of one audience in a wave; None when no one is on it."""
        facts = [fact.id for fact in self._plan.facts] if audience == "pupil" else []
        there = [(person, person.at[wave.id]) for person in self._field.of(audience) if wave.id in person.at]
        rows = [
            [
                person.code,
                audience,
                known.place.code,
                known.class_code,
                known.class_title,
                " ".join(code for code in person.parent_of.split() if self._is_known(code, wave)),
                *(known.facts.get(name, "") for name in facts),
            ]
            for person, known in there
        ]
        head = ["participant", "audience", "school", "class", "class_title", "parent_of", *facts]
        return self._write(f"roster-{audience}-{wave.id}.csv", head, rows) if rows else None

    def _is_known(self, pupil: str, wave: WaveDefinition) -> bool:
        """Tell whether a pupil is on a roster by a wave: some begin school later."""
        order = [one.id for one in self._plan.waves]
        return min(map(order.index, self._pupils[pupil].at)) <= order.index(wave.id)

    def refusals(self, wave: WaveDefinition) -> Path | None:
        """Write what parents decided against, before the wave in which their child is first asked."""
        day = wave.opens - timedelta(days=7)
        rows = [
            [person.code, "no", day.isoformat(), "parent", "paper"]
            for person in self._field.of("pupil")
            if person.refused and next(iter(person.at), None) == wave.id
        ]
        return (
            self._write(f"consent-{wave.id}.csv", ["participant", "decision", "date", "by", "how"], rows)
            if rows
            else None
        )

    def withdrawn(self, wave: WaveDefinition) -> list[PretendedPerson]:
        """Return who is withdrawn after this wave."""
        return [person for person in self._field.people if person.withdrawn == wave.id]

    # ── what they answer ──────────────────────────────────────────────────────────────────────────────
    def answers(self, wave: WaveDefinition) -> Iterator[Answers]:
        """Write a file of answers for each questionnaire of a wave, and remember who was absent."""
        self._absent: list[str] = []
        for work in self._plan.fieldwork:
            if wave.id in work.waves:
                rows = list(self._rows(wave, work))
                path = self._write(f"answers-{work.questionnaire}-{wave.id}.csv", self._head(work), rows)
                yield Answers(work.questionnaire, wave.id, path, len(rows))

    def reasons(self, wave: WaveDefinition) -> Path | None:
        """Write which pupils were absent, as far as their schools say so."""
        rows = [[code, "absent"] for code in self._absent if self._rng.random() < _SAYS_WHY]
        return self._write(f"reasons-{wave.id}.csv", ["participant", "reason"], rows) if rows else None

    def class_at_work(self, wave: WaveDefinition, now: datetime) -> ClassAtWork | None:
        """Write what a class has answered that is in the middle of it; None where every class has had its day.

        One child has answered nothing for some minutes. Called after everything else was written.
        """
        work = next((one for one in reversed(self._plan.fieldwork) if one.audience == "pupil"), None)
        if work is None or self._now.date() > wave.closes:
            return None
        classes: dict[str, list[PretendedPerson]] = {}
        place = self._field.schools[-1]
        for person in self._field.of("pupil"):
            known = person.at.get(wave.id)
            if person.refused or person.withdrawn or known is None or known.place is not place:
                continue
            if known.class_code and _asked(known, work):
                classes.setdefault(known.class_code, []).append(person)
        if not classes:
            return None
        school_class, people = max(classes.items(), key=lambda one: (len(one[1]), one[0]))
        rows = [
            row for n, one in enumerate(people) if (row := self._at_work(one.at[wave.id], work, (one.code, n), now))
        ]
        path = self._write(f"answers-{work.questionnaire}-{wave.id}-now.csv", self._head(work), rows)
        return ClassAtWork(place.code, school_class, Answers(work.questionnaire, wave.id, path, len(rows)))

    def _at_work(
        self, known: PretendedStanding, work: Fieldwork, child: tuple[str, int], now: datetime
    ) -> list[Any] | None:
        """Return the row of a child of a class at work, given as code and place; None for one who has not started."""
        code, n = child
        if n % _WORK_TOGETHER == _WORK_TOGETHER - 1:
            return None
        if n % _WORK_TOGETHER == 0:
            return self._row(now - timedelta(minutes=20), work, code, known, code)
        since = timedelta(minutes=12 if n == 1 else self._rng.uniform(0, 2))
        return self._row(now - since, work, code, known, code, half_way=True)

    def _head(self, work: Fieldwork) -> list[str]:
        head = ["response", "participant", "school", "language", "mode", "state", "started", "finished"]
        # Empty in every row: no one here types what looks like a missing code.
        head.append(AS_TYPED)
        questions = self._questionnaires[work.questionnaire].questions
        head += [column.name for question in questions for column in question.columns()]
        return [*head, *_OF_CHILD] if work.questionnaire in self._further else head

    def _rows(self, wave: WaveDefinition, work: Fieldwork) -> Iterator[list[Any]]:
        for person in self._field.of(work.audience) if not work.open_link_only else ():
            known = person.at.get(wave.id)
            if known is None or not _asked(known, work) or not self._takes_part(person, known, wave, work):
                continue
            row = self._row(self._moment(wave), work, person.code, known, person.code)
            yield from self._household(row, work, known, self._children_of(person, wave))
        if work.audience != "pupil":
            yield from self._by_open_link(wave, work)

    def _children_of(self, parent: PretendedPerson, wave: WaveDefinition) -> list[tuple[str, PretendedStanding]]:
        """Return the children a parent answers about in a wave: code, and where the child is."""
        children = (self._pupils[code] for code in parent.parent_of.split())
        return [
            (one.code, one.at[wave.id])
            for one in children
            if wave.id in one.at and not one.at[wave.id].place.secondary and not self._is_gone(one, wave)
        ]

    def _household(
        self,
        row: list[Any],
        work: Fieldwork,
        known: PretendedStanding,
        children: list[tuple[str, PretendedStanding]],
    ) -> Iterator[list[Any]]:
        """Yield the row of who answered; of a parent who is asked for each child also a row for each further one.

        children: code and standing of each, the first one first; of an open link the codes are empty.
        """
        if work.questionnaire not in self._further:
            yield row
            return
        household, state = row[0], row[5]
        first = next((code for code, there in children if there.place is known.place), "")
        yield [*row, household, 1, first, "roster" if first else ""]
        if state != "finished":
            return
        others = [(code, there) for code, there in children if not first or code != first]
        for number, (code, there) in enumerate(others, start=2):
            further = self._further_row(row, work, there, (row[1] or household, number))
            yield [*further, household, number, code, "roster" if code else ""]

    def _further_row(
        self, first: list[Any], work: Fieldwork, there: PretendedStanding, who: tuple[str, int]
    ) -> list[Any]:
        """Return the row about a further child, begun when the first one's was finished."""
        questionnaire = self._questionnaires[work.questionnaire]
        start = datetime.fromisoformat(first[7])
        facts = {**there.known, WHICH_CHILD: who[1]}
        latents = self._beside.latents(questionnaire, who, facts)
        sitting = self._further[work.questionnaire].answer(latents, facts, start)
        ended = sitting.ended_at.isoformat() if sitting.ended_at else ""
        columns = [column for question in questionnaire.questions for column in question.columns()]
        cells = [self._cell(column, sitting.answers) for column in columns]
        before = [f"{self._chance.getrandbits(88):022x}", first[1], there.place.code, first[3], first[4]]
        return [*before, sitting.state, start.isoformat(), ended, "", *cells]

    def _takes_part(
        self, person: PretendedPerson, known: PretendedStanding, wave: WaveDefinition, work: Fieldwork
    ) -> bool:
        if work.audience != "pupil":
            return self._rng.random() < _FOLLOWED_ANSWER[work.audience]
        if person.refused or known.place.secondary or self._is_gone(person, wave):
            return False
        if wave is self._plan.waves[-1] and not person.withdrawn:
            if work.questionnaire not in self.spared:
                self.spared[work.questionnaire] = person
                return False
            if known.place in self._field.schools[-2:] and self._now.date() <= wave.closes:
                return False  # their day is still to come
        if self._rng.random() < self._pretend.missing.absent and person.withdrawn != wave.id:
            self._absent.append(person.code)
            return False
        return True

    def _is_gone(self, person: PretendedPerson, wave: WaveDefinition) -> bool:
        order = [one.id for one in self._plan.waves]
        return person.withdrawn is not None and order.index(person.withdrawn) < order.index(wave.id)

    def _by_open_link(self, wave: WaveDefinition, work: Fieldwork) -> Iterator[list[Any]]:
        """Yield people who came by an open link: as many as the wave's share of the plan's number leaves."""
        whole = self._pretend.parents if work.audience == "parent" else self._pretend.staff
        order = [one.id for one in self._plan.waves if one.id in work.waves]
        share = whole // len(order) + (order.index(wave.id) < whole % len(order))
        known = () if work.open_link_only else self._field.of(work.audience)
        followed = sum(wave.id in person.at for person in known)
        for n in range(max(0, share - round(followed * _FOLLOWED_ANSWER[work.audience]))):
            place = self._rng.choice(self._field.schools)
            standing = PretendedStanding(wave.id, place, None, {})
            row = self._row(self._moment(wave), work, "", standing, (wave.id, work.audience, n))
            yield from self._household(row, work, standing, self._unknown_children(standing, work))

    def _unknown_children(self, first: PretendedStanding, work: Fieldwork) -> list[tuple[str, PretendedStanding]]:
        """Return where the further children are of a parent who came by an open link; no one knows their codes."""
        if work.questionnaire not in self._further or self._chance.random() >= _ANOTHER_CHILD:
            return []
        place = first.place if self._chance.random() < 0.5 else self._chance.choice(self._field.schools)
        return [("", PretendedStanding(first.wave, place, None, {}))]

    def _row(
        self,
        start: datetime,
        work: Fieldwork,
        code: str,
        known: PretendedStanding,
        who: object,
        *,
        half_way: bool = False,
    ) -> list[Any]:
        questionnaire = self._questionnaires[work.questionnaire]
        language = self._language(questionnaire)
        mode = self._mode(known.year) if work.audience == "pupil" else _MODES[0]
        before: list[Any] = [
            f"{self._rng.getrandbits(88):022x}",
            code,
            "" if code else known.place.code,
            language,
            mode,
        ]
        columns = [column for question in questionnaire.questions for column in question.columns()]
        if work.audience == "pupil" and self._rng.random() < _ASSENT_NO:
            return [*before, "declined", start.isoformat(), "", "", *("" for _ in columns)]
        sitting = self._answerers[questionnaire.id].answer(
            self._truth.latents(questionnaire, who, known.known), known.known, start, half_way
        )
        given = sitting.answers
        finished = sitting.ended_at.isoformat() if sitting.ended_at else ""
        cells = [self._cell(column, given) for column in columns]
        return [*before, sitting.state, start.isoformat(), finished, "", *cells]

    def _cell(self, column: Any, given: Mapping[str, Any]) -> Any:
        value = given.get(column.key)
        if value is None or (column.private and is_missing(value)):
            return ""
        if is_missing(value):
            return getattr(self._plan.missing, value["missing"])
        return column.encode(value)

    def _moment(self, wave: WaveDefinition) -> datetime:
        """Draw a moment of a school day in the wave, and not after now."""
        first = datetime.combine(wave.opens, time(9), UTC)
        last = min(datetime.combine(wave.closes, time(15), UTC), self._now - timedelta(hours=2))
        drawn = first + timedelta(
            days=self._rng.randrange(max(1, (last - first).days)), minutes=self._rng.randrange(360)
        )
        weekend = max(0, drawn.weekday() - 4)
        return max(first, drawn - timedelta(days=weekend))

    def _language(self, questionnaire: Questionnaire) -> str:
        if questionnaire.audience == "pupil":
            return questionnaire.languages[0]
        others = len(questionnaire.languages) - 1
        return self._rng.choices(questionnaire.languages, [100 - 4 * others] + [4] * others)[0]

    def _mode(self, year: int | None) -> str:
        return self._rng.choices(_MODES, _KEY_STAGE_1_HELPED[year is not None and year > 2])[0]

    def _write(self, name: str, head: list[str], rows: Iterable[list[Any]]) -> Path:
        path = self._folder / name
        with private.writing(path, "w") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            writer.writerows(rows)
        return path


def _asked(known: PretendedStanding, work: Fieldwork) -> bool:
    return not work.years or (known.year is not None and known.year in work.years)
