"""Taking answers from another system: all rows of a file or none; the same file again changes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from survey.audit import Act, Actor, note
from survey.database import Connection, Engine, read, write
from survey.fieldwork.roster.tables import Misread, ReadSheet, SentFile, UnreadableTable, read_sheets
from survey.intake.checking import substance
from survey.intake.field import Kept, WaveField
from survey.intake.passed import with_saves
from survey.intake.rows import AnswerReader, Candidate
from survey.problems import Refused, quoted
from survey.responses import PastChild, PastResponse, insert_responses
from survey.responses.reading import OVER

MOST_COLUMNS: Final = 2_000

MOST_TOLD: Final = 200
"""So many problems are told one by one; of the others, how many there are of each sort."""


@dataclass(frozen=True)
class Taken:
    """What became of a file, or would become of it.

    added, unchanged   rows that are new, and rows that were there with the same answers. problems: what is wrong; then
    nothing is kept. digest: SHA-256 of the file.
    """

    added: int = 0
    unchanged: int = 0
    problems: Sequence[Misread] = ()
    digest: str = ""
    states: Counter[str] = field(default_factory=Counter)
    """Of the added rows: how many are finished, stopped and so on."""

    def told(self) -> list[str]:
        """Return the problems as sentences: the first ones with their places, then how many more of each sort."""
        first = [str(problem) for problem in self.problems[:MOST_TOLD]]
        rest = Counter(problem.message for problem in self.problems[MOST_TOLD:])
        return [*first, *(f"{count:,} more rows: {message}" for message, count in rest.most_common(20))]


@dataclass(frozen=True)
class Destination:
    """Where answers belong: the code of a study, one of its questionnaires, and the code of a wave."""

    study: str
    questionnaire: str
    wave: str


def look(engine: Engine, to: Destination, file: SentFile, now: datetime, ignore: Collection[str] = ()) -> Taken:
    """Return what a file of coded answers would do; nothing is changed.

    ignore: columns that are not read. Raises Refused, with sentences, for a study, wave or questionnaire that is not
    there, and for a file that is no table.
    """
    return _Import(engine, to, file, now, ignore).looked()


def import_answers(engine: Engine, to: Destination, file: SentFile, act: Act, ignore: Collection[str] = ()) -> Taken:
    """Keep a file of coded answers as responses; when anything is wrong with it, nothing is kept.

    The columns are those of the program's own codes CSV. Raises Refused as `look` does, StoreFull and StoreBusy.
    """
    return _Import(engine, to, file, act.now, ignore).taken(act.actor)


class _Import:
    """One file on its way in. The rows are checked before any lock is taken."""

    def __init__(
        self,
        engine: Engine,
        to: Destination,
        file: SentFile,
        now: datetime,
        ignore: Collection[str],
    ) -> None:
        self._engine = engine
        self._now = now
        self._digest = hashlib.sha256(file.data).hexdigest()
        with read(engine) as connection:
            self._field = WaveField(connection, to.study, to.questionnaire, to.wave)
        reader = AnswerReader(self._field, _sheet(file), ignore, now)
        self._sheet = reader.sheet
        self._candidates = list(reader.candidates())
        self._problems = reader.problems

    def looked(self) -> Taken:
        """Return what would be done."""
        with read(self._engine) as connection:
            return self._against(connection, hold=False)[0]

    def taken(self, actor: Actor) -> Taken:
        """Do it."""
        if self._problems:
            return self.looked()
        with write(self._engine) as connection:
            taken, responses = self._against(connection, hold=True)
            if not taken.problems and responses:
                insert_responses(connection, responses, self._now)
                note(
                    connection,
                    Act(actor, self._now),
                    "imported answers",
                    study_id=self._field.study_id,
                    about=f"{self._field.questionnaire} {self._field.wave}",
                    details={"added": taken.added, "unchanged": taken.unchanged, "file": self._digest[:12]},
                )
        return taken

    def _against(self, connection: Connection, *, hold: bool) -> tuple[Taken, list[PastResponse]]:
        """Hold the rows against what is there. Returns what it comes to, and the responses that are new."""
        field = self._field
        kept = field.kept_of(connection, (one.person.id for one in self._candidates if one.person and _by_code(one)))
        ids = (id for one in self._candidates if not _by_code(one) for id in (one.id, one.source) if id)
        kept_open = field.kept_under(connection, ids)
        new = [one.person for one in self._candidates if one.person and one.person.id not in kept]
        refused = field.not_agreed(connection, new, hold=hold)
        problems = list(self._problems)
        responses, unchanged = [], 0
        first: dict[str, str] = {}
        # A household's first row comes before those that name it.
        for one in sorted(self._candidates, key=lambda one: one.child.further):
            there = (
                kept.get(one.person.id)
                if one.person and _by_code(one)
                else kept_open.get(one.source) or kept_open.get(one.id or "")
            )
            fault = self._fault(one, there, refused) or _householdless(one, first)
            if fault:
                problems.append(self._problem(one, fault))
                continue
            if one.child.household and not one.child.further:
                first[one.child.household] = there.id if there is not None else one.id or ""
            if there is not None:
                unchanged += 1
            else:
                responses.append(self._response(one, first))
        problems.sort(key=lambda problem: (problem.row, problem.column))
        if problems:
            return Taken(0, unchanged, problems, self._digest), []
        states = Counter(one.state for one in responses)
        return Taken(len(responses), unchanged, (), self._digest, states), responses

    def _fault(self, one: Candidate, there: Kept | None, refused: Mapping[int, str]) -> str | None:
        who = one.person.code if one.person else "This person"
        if there is not None:
            if self._same(one, there):
                return None
            if there.state in OVER:
                return (
                    f"{who} has since said no or withdrawn. These answers cannot be imported again. Please "
                    "leave this row out."
                )
            return f"{who} has already answered this, and differently. Please leave this row out."
        if one.state in OVER:
            return None
        if {("response", one.source), ("response", one.id)} & self._field.erased:
            return (
                "This response was deleted because the person withdrew. It cannot be imported again: please "
                "leave this row out."
            )
        return refused.get(one.person.id) if one.person else None

    def _same(self, one: Candidate, there: Kept) -> bool:
        checker = self._field.checkers.get(there.sha256)
        if checker is None or there.state != one.state:
            return False
        seen = checker.seen(there.answers, there.facts) if there.answers else {}
        return substance(seen) == substance(one.answers)

    def _response(self, one: Candidate, first: Mapping[str, str]) -> PastResponse:
        journey = self._field.checkers[one.sha256].journey
        past = PastResponse(
            study_id=self._field.study_id,
            wave_id=self._field.wave_id,
            questionnaire=journey.questionnaire.id,
            sha256=one.sha256,
            facts=one.facts,
            started_at=one.started_at,
            ended_at=one.ended_at,
            state=one.state,
            assent=one.state != "declined",
            language=one.language,
            mode=one.mode,
            participant_id=one.person.id if one.person and not one.child.further else None,
            school_id=one.place.school_id,
            school_class_id=one.place.school_class_id,
            id=one.id,
            about=_about(one, first),
        )
        return with_saves(journey, one.answers, past)

    def _problem(self, one: Candidate, fault: str) -> Misread:
        header = [cell.text.strip().casefold() for cell in self._sheet.header]
        if "participant" not in header:
            return Misread(self._sheet.name, one.row, 0, fault)
        return Misread(self._sheet.name, one.row, header.index("participant") + 1, fault, "participant")


def _by_code(one: Candidate) -> bool:
    """Tell whether a row is known by the participant's code: the one response they have to this in the wave."""
    return one.person is not None and not one.child.further


def _householdless(one: Candidate, first: Mapping[str, str]) -> str | None:
    if not one.child.further or one.child.household in first:
        return None
    return (
        f"This row is about child {one.child.number} of a household, and no row that can be imported is about its "
        "child 1. Please add that row, or leave this one out."
    )


def _about(one: Candidate, first: Mapping[str, str]) -> PastChild:
    told = one.child
    about = PastChild(told.number, told.child_id, told.known_by)
    if not told.further:
        return about
    return replace(about, household_id=first[told.household], parent_id=one.person.id if one.person else None)


def _sheet(file: SentFile) -> ReadSheet:
    """Return the one table of a file. Raises Refused."""
    try:
        sheets = read_sheets(*file, verbatim=True, most_columns=MOST_COLUMNS)
    except UnreadableTable as error:
        raise Refused([str(error)]) from error
    if len(sheets) > 1:
        raise Refused([_one_of(sheets)])
    return sheets[0]


def _one_of(sheets: Iterable[ReadSheet]) -> str:
    names = quoted(sheet.name for sheet in sheets)
    return f"The workbook has the sheets {names}. Please leave only the one with the answers in codes."
