"""From the rows of a file to checked answers: every fault with its row and column, in a form's own sentences."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from survey.definition.columns import AS_TYPED, is_typed, question_column
from survey.definition.household import MOST_CHILDREN, WHICH_CHILD
from survey.fieldwork.finding import no_such
from survey.fieldwork.roster.tables import (
    DATE,
    NUMBER,
    TEXT,
    UNREAD,
    Cell,
    Misread,
    ReadRow,
    ReadSheet,
    and_more,
    until_too_many,
    without_title,
)
from survey.intake.checking import Answers, Checker
from survey.intake.field import KnownParticipant, NoSuchPlace, SchoolOrClass, WaveField
from survey.intake.identity import IDENTITY, KNOWN_BY, known_names, taken_names
from survey.intake.lookalikes import UNCLEAR, AsTyped, Lookalike, gaps_for, reading_of
from survey.intake.passed import NOT_KNOWN
from survey.intake.rewritten import MADE, made_of_code, made_of_text
from survey.problems import did_you_mean, listed, quoted, shortened
from survey.question import Column, Question, whole
from survey.responses.reading import OVER, STATES


@dataclass(frozen=True)
class ToldChild:
    """What a row says about a parent's child: which of the household's children, and whose study code, known how.

    household: the text that the rows of one parent share; empty where the file has none.
    """

    household: str = ""
    number: int = 1
    child_id: int | None = None
    known_by: str | None = None

    @property
    def further(self) -> bool:
        """Whether the household's first row is another one."""
        return self.number > 1


@dataclass(frozen=True)
class Candidate:
    """One row that is right in itself: whose it is, how it came about, and its answers."""

    row: int
    person: KnownParticipant | None
    id: str | None
    """The response's own id, for answers that are no one's in particular."""
    source: str
    """The id that the response had where the file comes from; empty where the file does not say."""
    place: SchoolOrClass
    facts: Mapping[str, Any]
    sha256: str
    answers: Answers
    state: str
    language: str
    mode: str
    started_at: datetime
    ended_at: datetime
    child: ToldChild


@dataclass(frozen=True)
class _QuestionColumns:
    """A question of one version, and where its columns stand in the file: own name -> index."""

    question: Question
    at: Mapping[str, int]
    texts: Mapping[int, Column]
    """Those of its columns that hold someone's own words, by index."""
    coded: int | None
    """The index of the column in which a typed answer and a missing code can look alike; None without one."""

    @property
    def first(self) -> int:
        """The index of the column that a fault is told at."""
        return next(iter(self.at.values()))


_Owned = Mapping[str, tuple[Question, Column]]
"""The questions of one version: name in a file, in lower case -> the question and its column."""


class AnswerReader:
    """Reads one sheet, from its headings on. `problems` grows with everything that is wrong with it."""

    def __init__(self, field: WaveField, sheet: ReadSheet, ignore: Collection[str], now: datetime) -> None:
        self._field = field
        self.sheet = sheet
        self._now = now
        self._zone = ZoneInfo(field.plan.time_zone)
        self.problems: list[Misread] = list(sheet.problems)
        self._identity: dict[str, int] = {}
        self._asked: dict[str, list[_QuestionColumns]] = {}
        self._elsewhere: dict[str, dict[int, str]] = {}
        self._alike: Counter[str] = Counter()
        self._codes: dict[tuple[str, int], int] = {}
        self._needs_version = False
        self._unclear: dict[tuple[int, str], list[int]] = {}
        self._look_at_headers({name.strip().casefold() for name in ignore})
        self._as_typed = AsTyped(self.sheet, self._identity.get(AS_TYPED))

    # ---- headers ----------------------------------------------------------------------------------------

    def _look_at_headers(self, ignore: Collection[str]) -> None:
        if not self.sheet.header:
            return
        checkers = self._field.checkers
        plan = self._field.plan
        taken = taken_names(plan, (checker.questionnaire for checker in checkers.values()))
        known = known_names(plan)
        owners = {sha256: _columns(checker, taken) for sha256, checker in checkers.items()}
        questions = {name: True for owned in owners.values() for name in owned}
        if not self._begins_with_headings({*known, *questions, *ignore}):
            return
        places = self._places(known, questions, ignore)
        self._identity = {name: index for name, index in places.items() if name in known}
        self._needs_version = self._say_where_versions_differ(places, owners)
        used = set() if self._needs_version else self._versions_used()
        for sha256, owned in owners.items():
            self._asked[sha256], absent = _found(checkers[sha256], owned, places)
            # What only another version needs may be missing.
            if sha256 in used:
                version = checkers[sha256].questionnaire.version if len(used) > 1 else None
                self._say_what_is_absent(absent, version)
            self._elsewhere[sha256] = {places[name]: name for name in questions if name in places and name not in owned}
        if not any(owned.keys() & places.keys() for owned in owners.values()):
            self._say(f"No column of this table is a question of '{self._field.questionnaire}'.")
        self._missing_columns()

    def _begins_with_headings(self, known: Collection[str]) -> bool:
        """Leave out a title above the headings. False where what is above them is no title, which is then said."""
        below = without_title(self.sheet, lambda text: text.strip().casefold() in known)
        if below.fault is not None:
            self.problems.append(below.fault)
            self.sheet = replace(self.sheet, header=(), rows=[])
            return False
        self.sheet, self.problems = below.sheet, list(below.sheet.problems)
        return True

    def _places(self, known: Collection[str], questions: Collection[str], ignore: Collection[str]) -> dict[str, int]:
        """Return where the columns stand that are known, by name in lower case; say what is wrong with the headers."""
        places: dict[str, int] = {}
        for index, cell in enumerate(self.sheet.header):
            name = cell.text.strip().casefold()
            if name in ignore:
                continue
            if not name:
                self._headless(index)
            elif name in places:
                self._misread(cell, "There are two columns with this heading. Please keep one of them.")
            elif name in known or name in questions:
                places[name] = index
            else:
                self._unknown(cell, [*questions, *known])
        return places

    def _say_where_versions_differ(self, names: Collection[str], owners: Mapping[str, _Owned]) -> bool:
        """Say, and tell, whether rows need a version that they do not have: versions differ in what the file holds."""
        index = self._identity.get("version")
        silent = [row.number for row in self.sheet.rows if index is None or not row.cells[index].text.strip()]
        held = {question.id for owned in owners.values() for name, (question, _) in owned.items() if name in names}
        differ = sorted(held & self._field.contradictions)
        if not silent or not differ:
            return False
        said = (
            f"Versions {listed(self._field.versions)} of '{self._field.questionnaire}' give different meanings "
            f"to {quoted(differ)}."
        )
        if index is None:
            self._say(f"{said} Please add a column 'version' that says which version each row is from.")
        else:
            where = Cell("", silent[0], index + 1)
            self._misread(where, f"{said} Please write here which of them this row is from.{and_more(silent)}")
        return True

    def _headless(self, index: int) -> None:
        filled = [row.cells[index] for row in self.sheet.rows if row.cells[index].text.strip()]
        if filled:
            self._misread(filled[0], "This column has no heading, but there is something in it. Please add a heading.")

    def _unknown(self, cell: Cell, known: Sequence[str]) -> None:
        name = shortened(cell.text.strip())
        # A table of another kind has hundreds of columns; the nearest name helps with a few.
        near = did_you_mean(cell.text.strip(), known) if len(self.problems) < 50 else ""
        hint = near or f" Please remove the column, or leave it out of the import (--ignore {name})."
        self._misread(cell, f"There is no column '{name}' in '{self._field.questionnaire}'.{hint}")

    def _versions_used(self) -> set[str]:
        """Return the SHA-256 of each version that some row is of; the newest, where there are no rows."""
        index = self._identity.get("version")
        said = {whole(row.cells[index].text) if index is not None else "" for row in self.sheet.rows} or {""}
        return {self._field.versions.get(version, "") if version else self._field.newest for version in said}

    def _say_what_is_absent(self, absent: Mapping[str, Sequence[str]], version: int | None) -> None:
        """Say which columns are missing. version: the one that needs them, where rows of several are in the file."""
        for id, names in absent.items():
            s, are = ("s", "are") if len(names) > 1 else ("", "is")
            where = f" in version {version}" if version else ""
            self._say(f"The column{s} {quoted(names)} {are} missing: the answer to '{id}'{where} needs all of them.")

    def _missing_columns(self) -> None:
        if "participant" not in self._identity and self._field.on_roster:
            self._say(
                f"The column 'participant' is missing. Wave '{self._field.wave}' has a roster, "
                "and every row needs the study code of the person who answered."
            )

    # ---- rows -------------------------------------------------------------------------------------------

    def candidates(self) -> Iterator[Candidate]:
        """Yield the rows that are right in themselves; what is wrong with the others goes to `problems`."""
        for row in until_too_many(self.sheet, self.problems):
            before = len(self.problems)
            candidate = self._candidate(row)
            if candidate is not None and len(self.problems) == before:
                yield candidate
        for (index, code), rows in self._unclear.items():
            self._misread(self._cell(rows[0], index), self._said_of_unclear(index, code) + and_more(rows))

    def _cell(self, row: int, index: int) -> Cell:
        return Cell("", row, index + 1)

    def _said_of_unclear(self, index: int, code: str) -> str:
        return UNCLEAR.format(code=code, column=shortened(self.sheet.header[index].text.strip()))

    def _candidate(self, row: ReadRow) -> Candidate | None:
        told = {name: row.cells[index].text.strip() for name, index in self._identity.items()}
        self._see_that_it_belongs(row, told)
        if self._codes_are_lost(row):
            return None
        sha256 = self._version(row, told)
        child = self._child(row, told, sha256)
        person = self._person(row, told, child.number)
        place = self._place(row, told, person, child)
        state = told.get("state") or "finished"
        if state not in STATES:
            self._at(row, "state", f"The state must be {listed(STATES, 'or')}. Please change it.")
        if sha256 is None:
            return None
        if place is None:
            self._answers(row, sha256, None, state)
            return None
        questionnaire = self._field.checkers[sha256].questionnaire
        language = told.get("language") or questionnaire.languages[0]
        if language not in questionnaire.languages:
            spoken = listed(questionnaire.languages, "or")
            self._at(row, "language", f"'{questionnaire.id}' is answered in {spoken}.")
        started, ended = self._times(row, told, state)
        facts = {**(person.facts if person else place.facts), **self._performance(row, told)}
        if child.further or child.child_id is not None:
            facts |= {**place.facts, WHICH_CHILD: child.number}
        answers = self._answers(row, sha256, facts, state)
        if state in OVER and answers:
            self._at(
                row, "state", f"A response that is '{state}' cannot have answers. Please remove them from this row."
            )
        return Candidate(
            row=row.number,
            person=person,
            # A household's rows name its first one.
            id=None if person and not child.household else self._id(row, told),
            source=told.get("response", ""),
            place=place,
            facts=facts,
            sha256=sha256,
            answers=answers,
            state=state,
            language=language,
            mode=shortened(told.get("mode") or NOT_KNOWN),
            started_at=started,
            ended_at=ended,
            child=child,
        )

    def _child(self, row: ReadRow, told: Mapping[str, str], sha256: str | None) -> ToldChild:
        """Return what a row says about a parent's child; what is wrong with it is said."""
        if sha256 is None or not self._field.checkers[sha256].questionnaire.for_each_child:
            return ToldChild()
        said = whole(told.get("child") or "1")
        if not (said.isascii() and said.isdigit() and 1 <= int(said) <= MOST_CHILDREN):
            self._at(row, "child", f"Please write which of the parent's children this is, from 1 to {MOST_CHILDREN}.")
            return ToldChild()
        household, number = told.get("household", ""), int(said)
        if number > 1 and not household:
            self._at(row, "household", "A row about a further child needs its household. Please add what child 1 has.")
        known_by = told.get("child_known_by") or "roster"
        if known_by not in KNOWN_BY:
            self._at(row, "child_known_by", f"Please write {listed(KNOWN_BY, 'or')} here.")
        code = told.get("child_participant", "")
        pupil = self._field.people.get(code) if code else None
        if ("participant", code) in self._field.erased:
            self._at(row, "child_participant", f"{code} has withdrawn. Please clear this cell.")
        elif code and (pupil is None or pupil.audience != "pupil"):
            hint = self._field.nearest.hint(code) if pupil is None else ""
            fault = no_such("participant", code) if pupil is None else f"{code} is not a pupil."
            self._at(row, "child_participant", fault + (hint or " Please correct it, or clear this cell."))
        return ToldChild(household, number, pupil.id if pupil else None, known_by if pupil else None)

    def _see_that_it_belongs(self, row: ReadRow, told: Mapping[str, str]) -> None:
        for name, wanted in (("wave", self._field.wave), ("questionnaire", self._field.questionnaire)):
            said = told.get(name) or wanted
            if said != wanted:
                self._at(
                    row,
                    name,
                    f"This row is for {name} '{shortened(said)}', but '{wanted}' is being imported. Please leave "
                    "it out.",
                )

    def _codes_are_lost(self, row: ReadRow) -> bool:
        """Say, and tell, whether a spreadsheet has made something else of a code in this row."""
        faults = len(self.problems)
        for name in (column.name for column in IDENTITY if column.spoilt):
            if name not in self._identity:
                continue
            cell = row.cells[self._identity[name]]
            fault = made_of_code(cell)
            if fault is None and name in self._field.codes:
                fault = self._field.codes[name].fault(cell, saved=self._as_typed.saved)
            if fault:
                self._misread(cell, fault)
        return len(self.problems) > faults

    def _version(self, row: ReadRow, told: Mapping[str, str]) -> str | None:
        version = whole(told.get("version", ""))
        if not version:
            return None if self._needs_version else self._field.newest
        if version not in self._field.versions:
            known = listed(self._field.versions, "and")
            no_such = f"Version '{shortened(version)}' of '{self._field.questionnaire}' has not been published"
            self._at(row, "version", f"{no_such}; {known} {'has' if len(self._field.versions) == 1 else 'have'}.")
            return None
        return self._field.versions[version]

    def _person(self, row: ReadRow, told: Mapping[str, str], child: int) -> KnownParticipant | None:
        code = told.get("participant", "")
        if not code:
            # Who came by an open link has no code; in our own files such a row has the id of its response.
            if "participant" in self._identity and self._field.on_roster and not told.get("response"):
                self._at(row, "participant", "There is no study code here. Please add it, or leave the row out.")
            return None
        person = self._field.people.get(code)
        if person is None:
            hint = self._field.nearest.hint(code) or " Please import the roster first."
            self._at(row, "participant", no_such("participant", code) + hint)
        elif person.audience != self._field.audience:
            what = f"{code} is of the audience '{person.audience}', and '{self._field.questionnaire}' is for"
            self._at(row, "participant", f"{what} '{self._field.audience}'.")
        elif person.place is None:
            self._at(row, "participant", f"{code} is not on the roster of wave '{self._field.wave}'.")
        elif (code, child) in self._codes:
            there = self._codes[code, child]
            self._at(row, "participant", f"{code} is already in row {there}. Please keep one of the two.")
        else:
            self._codes[code, child] = row.number
            return person
        return None

    def _place(
        self, row: ReadRow, told: Mapping[str, str], person: KnownParticipant | None, child: ToldChild
    ) -> SchoolOrClass | None:
        school, school_class = told.get("school", ""), told.get("class", "")
        # Where a row is about a child, the school is the child's, and need not be the one the parent is listed at.
        of_child = bool(school) and (child.further or child.child_id is not None)
        if person is None or of_child:
            if told.get("participant") and person is None:
                return None
            place = self._field.place_named(school, school_class)
            if isinstance(place, NoSuchPlace):
                self._at(row, place.column, place.fault)
                return None
            return place
        place = person.place or SchoolOrClass(None, None, {})
        for name, said, known in (("school", school, place.school), ("class", school_class, place.school_class)):
            if said and said != known:
                where = f"in {name} '{known}'" if known else f"in no {name}"
                self._at(row, name, f"The roster of wave '{self._field.wave}' has {person.code} {where}.")
        return place

    def _performance(self, row: ReadRow, told: Mapping[str, str]) -> Mapping[str, str]:
        code = told.get("performance", "")
        if not code:
            return {}
        known = self._field.performances
        if code not in known:
            hint = did_you_mean(code, known) or " Please add it first, or clear this."
            self._at(row, "performance", f"Wave '{self._field.wave}' has no performance '{shortened(code)}'.{hint}")
        return known.get(code, {})

    def _id(self, row: ReadRow, told: Mapping[str, str]) -> str:
        """Return an id that is the same each time the same row comes, though no one's code tells whose it is."""
        own = told.get("response") or "\0".join(
            cell.text for index, cell in enumerate(row.cells) if index != self._identity.get(AS_TYPED)
        )
        self._alike[own] += 1
        about = (
            str(self._field.study_id),
            str(self._field.wave_id),
            self._field.questionnaire,
            str(self._alike[own]),
            own,
        )
        digest = hashlib.sha256("\0".join(about).encode("utf-8", "surrogatepass")).digest()
        return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")

    # ---- times ------------------------------------------------------------------------------------------

    def _times(self, row: ReadRow, told: Mapping[str, str], state: str) -> tuple[datetime, datetime]:
        """Return when it began, and when it ended or was last seen. What the file does not say is now."""
        started = self._moment(row, "started", told)
        finished = self._moment(row, "finished", told)
        seconds = self._seconds(row, told)
        if finished is not None and state not in ("finished", "withdrawn"):
            self._at(
                row,
                "finished",
                f"A response that is '{state}' has not been finished. Please clear this cell, or write: finished",
            )
        if started is None:
            started = finished - timedelta(seconds=seconds) if finished else self._now
        if finished is None:
            return started, started + timedelta(seconds=seconds)
        if finished < started:
            self._at(row, "finished", "This is before 'started'. Please correct one of the two.")
        return _to_the_second(started, finished, seconds if "seconds" in self._identity else None)

    def _moment(self, row: ReadRow, name: str, told: Mapping[str, str]) -> datetime | None:
        said = told.get(name, "")
        if not said:
            return None
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            self._at(row, name, "Please write this as a date and a time, such as 2025-10-03 09:41:20.")
            return None
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(UTC)
        if moment > self._now + timedelta(days=1):
            self._at(row, name, "This day is in the future. Please correct it.")
        return moment

    def _seconds(self, row: ReadRow, told: Mapping[str, str]) -> int:
        said = whole(told.get("seconds", "")) or "0"
        if said.isascii() and said.isdigit() and len(said) < 10:
            return int(said)
        self._at(row, "seconds", "Seconds must be a whole number. Please correct this.")
        return 0

    # ---- answers ----------------------------------------------------------------------------------------

    def _answers(self, row: ReadRow, sha256: str, facts: Mapping[str, Any] | None, state: str) -> dict[str, Any]:
        """Return the answers of a row. facts: of whom it is; None where that is wrong already."""
        checker, cells, gaps = self._field.checkers[sha256], row.cells, self._field.gaps
        answers: dict[str, Any] = {}
        faults = len(self.problems)
        places: dict[str, int] = {}
        if_shown: list[_QuestionColumns] = []
        as_typed = self._named_as_typed(row)
        for asked in self._asked[sha256]:
            reading = self._reading(asked, row, as_typed, state)
            if self._texts_are_lost(asked, cells, as_typed, reading):
                continue
            found = checker.found(asked.question, _texts(asked, cells), gaps_for(reading, gaps))
            if found.fault is not None:
                if not any(cells[index].kind == UNREAD for index in asked.at.values()):
                    self._misread(cells[asked.first], found.fault + _made_of(asked, cells))
                continue
            if reading is Lookalike.CODE_IF_NOT_SHOWN:
                if_shown.append(asked)
            answers |= found.answers
            places[asked.question.id] = asked.first
        for index, name in self._elsewhere[sha256].items():
            if cells[index].text.strip() and gaps.get(cells[index].text.strip()) != "not_in_version":
                version = checker.questionnaire.version
                self._misread(cells[index], f"Version {version} has no question with the column '{name}'.")
        if facts is None or len(self.problems) > faults:
            return answers
        for asked in if_shown:
            if checker.shows(asked.question, answers, facts):
                answers |= self._typed(checker, asked, cells)
        for question, when in checker.unseen(answers, facts):
            self._misread(
                cells[places[question.id]],
                f"'{question.id}' is asked only when {when}, so there cannot be an answer here. Please "
                "clear this cell, or correct the others.",
            )
        return checker.seen(answers, facts)

    # ---- typed answers ----------------------------------------------------------------------------------

    def _named_as_typed(self, row: ReadRow) -> frozenset[str]:
        """Return the columns of a row that hold what was typed, as its file says."""
        named = self._as_typed.names(row)
        unknown = sorted(named - self._typed_columns)
        if unknown:
            names = quoted(map(shortened, unknown), "or")
            self._at(
                row,
                AS_TYPED,
                f"There is no column {names} with typed answers. Please correct the name, or clear this cell.",
            )
        return named

    @cached_property
    def _typed_columns(self) -> frozenset[str]:
        indexes = {i for found in self._asked.values() for asked in found for i in (*asked.texts, asked.coded)}
        return frozenset(self._name(index) for index in indexes if index is not None)

    def _name(self, index: int) -> str:
        return self.sheet.header[index].text.strip().casefold()

    def _reading(self, asked: _QuestionColumns, row: ReadRow, as_typed: Collection[str], state: str) -> Lookalike:
        """Return what stands in a typed answer's cell if it looks like a missing code."""
        if asked.coded is None:
            return Lookalike.CODE
        code = row.cells[asked.coded].text.strip()
        reason = self._field.gaps.get(code)
        if reason is None:
            return Lookalike.CODE
        if self._name(asked.coded) in as_typed:
            return Lookalike.TYPED
        # In a column of numbers a missing code is what everyone means by it; see decision 18.
        if self._as_typed.told or asked.coded not in asked.texts:
            return Lookalike.CODE
        reading = reading_of(reason, state)
        if reading is Lookalike.UNCLEAR:
            self._unclear.setdefault((asked.coded, code), []).append(row.number)
        return reading

    def _typed(self, checker: Checker, asked: _QuestionColumns, cells: Sequence[Cell]) -> Answers:
        """Return a text that looks like a missing code and is none."""
        index = asked.coded
        fault = self._lost(cells[index], asked.texts[index], (), Lookalike.TYPED) if index is not None else None
        if index is not None and fault:
            self._misread(cells[index], fault)
            return {}
        return checker.found(asked.question, _texts(asked, cells), {}).answers

    def _texts_are_lost(
        self, asked: _QuestionColumns, cells: Sequence[Cell], as_typed: Collection[str], reading: Lookalike
    ) -> bool:
        """Say, and tell, whether a spreadsheet has made something else of what someone typed."""
        faults = len(self.problems)
        for index, column in asked.texts.items():
            fault = self._lost(cells[index], column, as_typed, reading)
            if fault:
                self._misread(cells[index], fault)
        return len(self.problems) > faults

    def _lost(self, cell: Cell, column: Column, as_typed: Collection[str], reading: Lookalike) -> str | None:
        if not column.private and reading is not Lookalike.TYPED and cell.text.strip() in self._field.gaps:
            return None
        named = self._name(cell.column - 1) in as_typed
        saved = self._as_typed.saved
        return made_of_text(cell, in_workbook=bool(self.sheet.name), as_typed=named, saved=saved)

    # ---- problems ---------------------------------------------------------------------------------------

    def _say(self, message: str) -> None:
        row = self.sheet.header[0].row if self.sheet.header else 0
        problem = Misread(self.sheet.name, row, 0, message)
        # Two versions may miss the same columns.
        if problem not in self.problems:
            self.problems.append(problem)

    def _misread(self, cell: Cell, message: str) -> None:
        self.problems.append(self.sheet.misread(cell, message))

    def _at(self, row: ReadRow, name: str, message: str) -> None:
        index = self._identity.get(name)
        if index is None:
            self.problems.append(Misread(self.sheet.name, row.number, 0, message))
        else:
            self._misread(row.cells[index], message)


def _texts(asked: _QuestionColumns, cells: Sequence[Cell]) -> dict[str, str]:
    return {name: cells[index].text for name, index in asked.at.items()}


def _made_of(asked: _QuestionColumns, cells: Sequence[Cell]) -> str:
    """Return a sentence, to stand behind a form's, about what a spreadsheet has made of an answer; often empty."""
    for column in asked.question.columns():
        kind = cells[asked.at[column.name]].kind if column.name in asked.at else TEXT
        if kind in MADE and kind != NUMBER and (kind, column.type) != (DATE, "date"):
            return f" A spreadsheet has turned what was here into {MADE[kind]}."
    return ""


def _found(
    checker: Checker, owned: _Owned, places: Mapping[str, int]
) -> tuple[list[_QuestionColumns], dict[str, list[str]]]:
    """Return the questions whose columns are there, and of those with some of theirs, by id, which columns are not."""
    found, absent = [], {}
    for question in checker.asked:
        at = {
            column.name: places[name] for name, (owner, column) in owned.items() if owner is question and name in places
        }
        if not at:
            continue
        needed = [column for column in question.columns() if column.needed]
        lacking = [column.name for column in needed if column.name not in at]
        if lacking:
            absent[question.id] = lacking
            continue
        # A fault is told at a column that the answer needs, so these come first.
        at = {column.name: at[column.name] for column in needed} | at
        typed = {at[c.name]: c for c in question.columns() if is_typed(question, c) and c.name in at}
        texts = {index: c for index, c in typed.items() if c.key in question.own_words}
        coded = next((index for index, c in typed.items() if not c.private), None)
        found.append(_QuestionColumns(question, at, texts, coded))
    return found, absent


def _columns(checker: Checker, taken: Collection[str]) -> dict[str, tuple[Question, Column]]:
    """Return name in a file, in lower case -> the question and its column."""
    return {
        question_column(column.name, taken).casefold(): (question, column)
        for question in checker.asked
        for column in question.columns()
    }


def _to_the_second(started: datetime, finished: datetime, seconds: int | None) -> tuple[datetime, datetime]:
    """Return the moments so that they are `seconds` apart when rounded, as files round them.

    A file has both to the second, cut, and the time between them as it really was: one more or one less.
    """
    if seconds is None:
        return started, finished
    apart = round((finished - started).total_seconds())
    almost = timedelta(milliseconds=999)
    if seconds == apart - 1:
        return started + almost, finished
    return (started, finished + almost) if seconds == apart + 1 else (started, finished)
