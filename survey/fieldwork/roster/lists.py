"""From sheets to lists: schools and participants as the study understands them, and every problem on the way.

Nothing here knows what is in the database. What comes out holds no identifier: only codes, facts and keyed hashes.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.roster.headings import letters, read_headings, school_words
from survey.fieldwork.roster.identifiers import (
    OF_TOTALS,
    fault_of_code,
    fault_of_codes,
    hashed,
    is_of_totals,
    is_person,
    is_refused,
    is_upn,
    names_for_places,
    normal,
    refused_columns,
    refused_values,
)
from survey.fieldwork.roster.meanings import FactColumn, Fill, ReadAs, code_of
from survey.fieldwork.roster.tables import (
    DATE,
    NUMBER,
    UNREAD,
    Cell,
    Misread,
    ReadRow,
    ReadSheet,
    UnreadableTable,
    plain,
    read_sheets,
    until_too_many,
    without_title,
)
from survey.fieldwork.roster.zeros import bare
from survey.problems import did_you_mean, quoted, shortened

AUDIENCES: Final = ("pupil", "parent", "staff")


@dataclass(frozen=True)
class PlaceInFile:
    """Where a line was written, for what is found out later. columns: each column's number and header, by its key."""

    sheet: str = ""
    row: int = 0
    file: str = ""
    columns: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def misread(self, key: str, message: str) -> Misread:
        """Return a problem in a column of this line."""
        number, header = self.columns.get(key, (0, ""))
        return Misread(self.sheet, self.row, number, message, header, self.file)

    def __str__(self) -> str:
        return Misread(self.sheet, self.row, 0, "", file=self.file).place


@dataclass(frozen=True)
class SchoolLine:
    """A line of a list of schools. `told` are the columns the list has: others are left as they are.

    `facts` holds the facts about schools that the list has, None where the cell is blank.
    """

    code: str
    title: str
    arm: str | None
    programme: str | None
    time_zone: str | None
    told: tuple[str, ...]
    facts: dict[str, Fill] = field(default_factory=dict)
    place: PlaceInFile = PlaceInFile()


@dataclass(frozen=True)
class PersonLine:
    """A line of a roster. `facts` holds the columns the list has, None where the cell is blank.

    with_class: whether the list has classes at all; parent_of is None when it has no such column.
    """

    code: str
    audience: str
    school: str
    school_class: str | None
    class_title: str | None
    parent_of: tuple[str, ...] | None
    facts: dict[str, Fill]
    hash: str | None
    with_class: bool = True
    number: bool = False
    """True when the spreadsheet took the code for a number, so that zeros in front may have gone."""
    place: PlaceInFile = PlaceInFile()


@dataclass
class Lists:
    """What files say: schools and participants, without anything that has a problem."""

    schools: list[SchoolLine] = field(default_factory=list)
    people: list[PersonLine] = field(default_factory=list)
    problems: list[Misread] = field(default_factory=list)
    readings: list[ReadAs] = field(default_factory=list)
    """What is not written as study.yaml has it, and how it was read."""
    identifying: bool = False
    """True when a file held what says who someone is: then nothing of it is kept, not even its problems."""

    def packed(self) -> bytes:
        """Return the lists as bytes, without their places and problems."""
        said = {"schools": list(map(_bare, self.schools)), "people": list(map(_bare, self.people))}
        said["readings"] = [vars(one) for one in self.readings]
        return zlib.compress(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())

    @classmethod
    def unpacked(cls, packed: bytes) -> Lists:
        """Return the lists that `packed` made."""
        said = json.loads(zlib.decompress(packed))
        schools = [SchoolLine(**{**line, "told": tuple(line["told"])}) for line in said["schools"]]
        people = [
            PersonLine(**{**line, "parent_of": None if line["parent_of"] is None else tuple(line["parent_of"])})
            for line in said["people"]
        ]
        readings = [ReadAs(**{**one, "written": tuple(one["written"])}) for one in said["readings"]]
        return cls(schools, people, readings=readings)

    def note(self, reading: ReadAs) -> None:
        """Keep a reading; what several sheets have alike is one."""
        for at, known in enumerate(self.readings):
            if reading.kind == "value" and (known.column, known.meant) == (reading.column, reading.meant):
                written = tuple(dict.fromkeys((*known.written, *reading.written)))
                self.readings[at] = replace(known, written=written, rows=known.rows + reading.rows)
                return
        if reading not in self.readings:
            self.readings.append(reading)


def _bare(line: SchoolLine | PersonLine) -> dict[str, Any]:
    return {name: value for name, value in vars(line).items() if name != "place"}


@dataclass(frozen=True)
class ListReader:
    """What lists are read by: the study's file, and the key for its linkage where it links.

    key: called when an identifier is met; raises survey.problems.Refused when there is none.
    """

    plan: Plan
    key: Callable[[], bytes]

    @property
    def identifier(self) -> str | None:
        """The header of the column that is hashed, if the study links."""
        return None if self.plan.linkage is None else "upn" if self.plan.linkage.identifier == "upn" else "identifier"

    def read(self, files: Sequence[tuple[bytes, str]]) -> Lists:
        """Return what files, as (content, name), say."""
        lists = Lists()
        for data, name in files:
            file = name if len(files) > 1 else ""
            try:
                sheets = read_sheets(data, name)
            except UnreadableTable as error:
                lists.problems.append(Misread("", 0, 0, str(error), file=file))
                continue
            for sheet in sheets:
                sheet.file = file
                self._sheet(sheet, lists)
        _twice(lists)
        return lists

    def _sheet(self, sheet: ReadSheet, lists: Lists) -> None:
        words = school_words(self.plan.facts)
        below = without_title(sheet, self._headings(words))
        sheet = below.sheet
        lists.problems += [replace(problem, file=sheet.file) for problem in sheet.problems]
        if below.fault is not None:
            lists.problems.append(below.fault)
            return
        refused = refused_columns(sheet, self._declared())
        lists.problems += refused.values()
        accepted, required = self._accepted(sheet), self._required(sheet)
        headings = read_headings(sheet, accepted, words, required, refused)
        lists.problems += headings.problems
        rows = tuple(map(str, below.above))
        for reading in (*([ReadAs("above", "", rows, "")] if rows else ()), *headings.readings):
            lists.note(reading)
        found = headings.found
        own = {found["identifier"]} if "identifier" in found else set()
        values = list(refused_values(sheet, [*refused, *own]))
        lists.problems += values
        lists.identifying = lists.identifying or bool(refused or values)
        if _is_of_schools(sheet):
            if set(required) <= set(found):
                self._schools(sheet, found, lists)
            return
        # Also where a column is missing: what is wrong in the others is said in the same answer.
        complete = set(required) <= set(found)
        self._people(sheet, {**headings.likely, **found}, lists, complete=complete)

    def _headings(self, words: Mapping[str, Sequence[str]]) -> Callable[[str], bool]:
        """Return what tells whether a text is a heading: one of ours, a school's word, or one that is refused."""
        accepted = [*self._of_schools().values(), *self._of_people().values()]
        own = {plain(one) for headings in accepted for one in headings}
        theirs = {word for part in words.values() for word in part}
        return lambda text: plain(text) in own or letters(text) in theirs or is_refused(text)

    def _declared(self) -> list[str]:
        facts = [name for fact in (*self.plan.facts, *self.plan.school_facts) for name in (fact.id, fact.title)]
        return [*facts, *([self.identifier] if self.identifier else [])]

    def _accepted(self, sheet: ReadSheet) -> Mapping[str, Sequence[str]]:
        return self._of_schools() if _is_of_schools(sheet) else self._of_people()

    def _of_schools(self) -> Mapping[str, Sequence[str]]:
        return {**{f"fact {fact.id}": (fact.id, fact.title) for fact in self.plan.school_facts}, **_OF_SCHOOLS}

    def _of_people(self) -> Mapping[str, Sequence[str]]:
        facts = {f"fact {fact.id}": (fact.id, fact.title) for fact in self.plan.facts}
        own = {"identifier": (self.identifier,)} if self.identifier else {}
        return {**facts, **own, **_OF_PEOPLE}  # the last holds: no fact takes the place of a column of ours

    def _required(self, sheet: ReadSheet) -> Sequence[str]:
        return ("school", "title", "arm") if _is_of_schools(sheet) else ("participant", "school")

    # ---- schools ----

    def _schools(self, sheet: ReadSheet, found: Mapping[str, int], lists: Lists) -> None:
        named = _named(sheet, found)
        facts = {fact.id: FactColumn(fact) for fact in self.plan.school_facts if f"fact {fact.id}" in found}
        for row in until_too_many(sheet, lists.problems):
            line = _Line(sheet, row, found, named, lists.problems)
            code = line.place_code("school", "A school needs a code")
            title = line.words("title")
            if title is None:
                line.fault("title", "A school needs a title, which pages and tables show. Please add it.")
            arm = self._one_of(line, "arm", {arm.id: arm.title for arm in self.plan.arms}, "arm")
            programmes = {one.id: one.title for one in self.plan.programmes}
            programme = self._one_of(line, "programme", programmes, "programme")
            zone = line.words("time_zone")
            if zone is not None and not _is_zone(zone):
                line.fault(
                    "time_zone", f"There is no time zone '{shortened(zone)}'. Please write one such as Europe/London."
                )
            values = {name: line.fact(f"fact {name}", column) for name, column in facts.items()}
            if not line.faults and code and title:
                told = tuple(name for name in ("programme", "time_zone") if name in found)
                lists.schools.append(SchoolLine(code, title, arm, programme, zone, told, values, line.place))
        _note_columns(sheet, facts.values(), lists)

    def _one_of(self, line: _Line, key: str, known: Mapping[str, str], what: str) -> str | None:
        said = line.words(key)
        if said is None:
            return None
        meant = code_of(said, known)
        if meant is None:
            hint = did_you_mean(said, [*known, *known.values()]) or _there_are(known)
            line.fault(key, f"The study has no {what} '{shortened(said)}'.{hint}")
        return meant

    # ---- participants ----

    def _people(self, sheet: ReadSheet, found: Mapping[str, int], lists: Lists, *, complete: bool) -> None:
        """Read the participants of a sheet. complete: no column is missing; else only problems are looked for."""
        doubtful = [
            *(fault_of_codes(sheet, sheet.rows, found[key]) for key in ("participant",) if key in found),
            *(names_for_places(sheet, sheet.rows, found[key]) for key in ("class", "class_title") if key in found),
        ]
        if any(doubtful):
            lists.problems += [problem for problem in doubtful if problem]
            lists.identifying = True
            return
        facts = {f"fact {fact.id}": FactColumn(fact) for fact in self.plan.facts if f"fact {fact.id}" in found}
        named = _named(sheet, found)
        for row in until_too_many(sheet, lists.problems):
            line = _Line(sheet, row, found, named, lists.problems)
            if _is_total(line, found):
                continue
            person = self._person(line, facts)
            lists.identifying = lists.identifying or line.identifying
            if person is not None and complete:
                lists.people.append(person)
        _note_columns(sheet, facts.values(), lists)

    def _person(self, line: _Line, facts: Mapping[str, FactColumn]) -> PersonLine | None:
        cell = line.code()
        audience = self._audience(line)
        school = line.place_code("school", "This row names no school")
        school_class = line.place_code("class") if "class" in line.found else None
        class_title = line.words("class_title")
        if class_title is not None and is_person(class_title):
            line.fault(
                "class_title",
                "This looks like a person's name, and names stay in school. Please give the class another title.",
                identifying=True,
            )
        if class_title is not None and school_class is None:
            line.fault("class_title", "There is a class title but no class. Please add the class's code.")
        values = {key.removeprefix("fact "): line.fact(key, column) for key, column in facts.items()}
        parent_of = self._parent_of(line, audience)
        hash = self._hash(line)
        if line.faults or not school:
            return None
        return PersonLine(
            cell.text,
            audience,
            school,
            school_class,
            class_title,
            parent_of,
            values,
            hash,
            "class" in line.found,
            cell.kind == NUMBER,
            line.place,
        )

    def _audience(self, line: _Line) -> str:
        said = line.words("audience")
        meant = code_of(said, _AUDIENCES) if said else "pupil"
        if meant is None:
            line.fault(
                "audience", f"There is no audience '{shortened(said or '')}'. Please write pupil, parent or staff."
            )
        return meant or "pupil"

    def _parent_of(self, line: _Line, audience: str) -> tuple[str, ...] | None:
        if "parent_of" not in line.found:
            return None
        cell = line.cell("parent_of")
        assert cell is not None
        children = tuple(dict.fromkeys(filter(None, re.split(r"[\s,;]+", cell.text)[: _MOST_CHILDREN * 10])))
        if any(fault_of_code(Cell(child, cell.row, cell.column)) for child in children):
            said = (
                "This should be the study codes of children, separated by spaces, and there is something else in "
                "it. Please correct it."
            )
            line.fault("parent_of", said, identifying=True)
            return None
        if len(children) > _MOST_CHILDREN:
            line.fault(
                "parent_of", f"A parent can have at most {_MOST_CHILDREN} children here. Please check this cell."
            )
            return None
        if children and audience != "parent":
            line.fault(
                "parent_of",
                f"Only a parent can have children here, and this row is for a {audience}. Please clear this cell.",
            )
        return children

    def _hash(self, line: _Line) -> str | None:
        if self.identifier is None or (cell := line.cell("identifier")) is None or not cell.text:
            return None
        identifier = normal(cell.text)
        if self.identifier == "upn" and not is_upn(identifier):
            # Never quoted: a wrong letter still leaves a number that is almost someone's.
            line.fault(
                "identifier",
                "This is not a unique pupil number: the check letter does not match the other 12 characters. "
                "Please compare it with the school's list.",
            )
            return None
        return hashed(identifier, self.plan.id, self.key())


_OF_SCHOOLS: Final = {
    "school": ("school", "school_code"),
    "title": ("title", "school_title", "school_name"),
    "arm": ("arm",),
    "programme": ("programme", "program", "area"),
    "time_zone": ("time_zone",),
}
_OF_PEOPLE: Final = {
    "participant": ("participant", "participant_code", "study_code"),
    "audience": ("audience",),
    "school": ("school", "school_code"),
    "class": ("class", "class_code"),
    "class_title": ("class_title",),
    "parent_of": ("parent_of",),
}
_MOST_CHILDREN: Final = 20
_AUDIENCES: Final = {"pupil": "pupils", "parent": "parents", "staff": "staff"}


def _note_columns(sheet: ReadSheet, columns: Iterable[FactColumn], lists: Lists) -> None:
    """Say what is wrong in columns of facts, and how values in other words were read."""
    for column in columns:
        lists.problems += [sheet.misread(cell, message) for cell, message in column.faults()]
        for reading in column.readings():
            lists.note(reading)


def _is_of_schools(sheet: ReadSheet) -> bool:
    if any(sheet.has(header) for header in _OF_PEOPLE["participant"]):
        return False
    return any(sheet.has(header) for header in ("arm", "title", "school_title", "school_name", "time_zone"))


def _is_total(line: _Line, found: Mapping[str, int]) -> bool:
    """Say, once, that a row without a code but with a school's word for 'total' is a row of totals."""
    first = line.row.cells[0]
    if found.get("participant", 0) == 0 or line.row.cells[found["participant"]].text:
        return False
    if not is_of_totals(first):
        return False
    line.problems.append(line.sheet.misread(first, OF_TOTALS))
    return True


# ---- cells ----------------------------------------------------------------------------------------------


def _named(sheet: ReadSheet, found: Mapping[str, int]) -> dict[str, tuple[int, str]]:
    """Return each column's number and header, by its key."""
    return {key: (at + 1, sheet.header[at].text) for key, at in found.items()}


class _Line:
    """A row while it is read: its cells by column, and whether anything was wrong with it."""

    def __init__(
        self,
        sheet: ReadSheet,
        row: ReadRow,
        found: Mapping[str, int],
        named: Mapping[str, tuple[int, str]],
        problems: list[Misread],
    ) -> None:
        self.sheet = sheet
        self.place = PlaceInFile(sheet.name, row.number, sheet.file, named)
        self.row = row
        self.found = found
        self.problems = problems
        self.faults = 0
        self.identifying = False
        """True when a cell says who someone is."""

    def cell(self, key: str) -> Cell | None:
        """Return the cell of a column, None when there is no such column."""
        at = self.found.get(key)
        if at is None:
            return None
        cell = self.row.cells[at]
        if cell.kind == UNREAD:
            self.faults += 1  # the sheet's own problems say so
        return cell

    def fault(self, key: str, message: str, *, identifying: bool = False) -> None:
        """Note a problem in a column of this row. identifying: the cell may say who someone is."""
        self.faults += 1
        self.identifying = self.identifying or identifying
        self.problems.append(self.place.misread(key, message))

    def code(self) -> Cell:
        """Return the cell with the study code and note what is wrong with it; a blank one without such a column."""
        cell = self.cell("participant")
        if cell is None:
            return Cell("", self.row.number, 0)
        fault = (
            ("This row has no study code. Please add it, or delete the row.") if not cell.text else fault_of_code(cell)
        )
        if fault and cell.kind != UNREAD:
            self.fault("participant", fault, identifying=bool(cell.text))
        return cell

    def fact(self, key: str, column: FactColumn) -> Fill:
        """Return a fact's value, None when the cell is blank or wrong; its column says what is wrong."""
        cell = self.cell(key)
        if cell is None or not cell.text:
            return None
        value, wrong = column.value(cell)
        self.faults += wrong
        return value

    def words(self, key: str) -> str | None:
        """Return a cell's text, None when it is blank or there is no such column."""
        cell = self.cell(key)
        if cell is None or not cell.text:
            return None
        text = _on_one_line(cell.text)
        if len(text) > _LONGEST or not _can_be_printed(text):
            self.fault(
                key,
                f"This text is longer than {_LONGEST} characters, or has characters that cannot be printed. Please "
                "type it again.",
            )
            return None
        if text[0] in _FORMULA:
            self.fault(key, f"This text begins with {text[0]}, which spreadsheets read as a formula.")
            return None
        return text

    def place_code(self, key: str, missing: str = "") -> str | None:
        """Return the code of a school or class. missing: what is said when the cell is blank, if that is wrong."""
        cell = self.cell(key)
        if cell is None or cell.kind == UNREAD:
            return None
        if not cell.text:
            if missing:
                self.fault(key, f"{missing}. Please fill in every row.")
            return None
        if cell.kind == DATE:
            self.fault(
                key,
                f"The spreadsheet has a date here ({cell.text}). If it turned a code like 3-4 into a date, format "
                "the column as text and type the code again.",
            )
            return None
        if is_person(cell.text):
            said = "This looks like a person's name, and names stay in school. Please use a code."
            self.fault(key, said, identifying=True)
            return None
        code = _on_one_line(cell.text)
        if len(code) > _LONGEST_CODE or not _can_be_printed(code) or code[0] in _FORMULA:
            self.fault(
                key,
                f"A code has at most {_LONGEST_CODE} characters, and does not begin with =, + or @. Please change it.",
            )
            return None
        return code


def _on_one_line(text: str) -> str:
    """Return a text with plain blanks: spreadsheets hide line ends and blanks that do not break."""
    return " ".join(text.split())


def _can_be_printed(text: str) -> bool:
    """False for control signs, and for those that turn the direction of what follows. Joiners hold emoji together."""
    return text.replace("\u200d", "").replace("\u200c", "").isprintable()


_LONGEST: Final = 200
_LONGEST_CODE: Final = 40
_FORMULA: Final = "=+@"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _there_are(known: Mapping[str, str]) -> str:
    return f" There are: {quoted(list(known)[:12])}." if known else " The study has none."


# ---- lines that do not go together -----------------------------------------------------------------------


def _twice(lists: Lists) -> None:
    """Note what is there twice: participants, schools, identifiers, and classes written in two ways."""
    lists.problems += _twice_among(lists.people, lambda line: line.code, "participant")
    lists.problems += _twice_among(lists.schools, lambda line: line.code, "school")
    hashes: dict[str, PersonLine] = {}
    for line in lists.people:
        first = hashes.setdefault(line.hash, line) if line.hash else line
        if first.code != line.code:
            lists.problems.append(
                line.place.misread(
                    "identifier",
                    f"{first.code} and {line.code} have the same identifier. Either one child has two codes, "
                    "or the identifier is in the wrong row: please correct it.",
                )
            )
    lists.problems += _classes_in_two_ways(lists.people)


def _twice_among(lines: Sequence[Any], code: Callable[[Any], str], what: str) -> Iterator[Misread]:
    seen: dict[str, Any] = {}
    for line in lines:
        first = seen.setdefault(code(line), line)
        if first is not line:
            yield line.place.misread(
                what,
                f"The {what} '{code(line)}' is here for the second time. The first is in {first.place}. "
                "Please remove one.",
            )


def _classes_in_two_ways(people: Sequence[PersonLine]) -> Iterator[Misread]:
    spelt: dict[tuple[str, str], PersonLine] = {}
    titled: dict[tuple[str, str], PersonLine] = {}
    said: set[tuple[str, str]] = set()
    for line in people:
        if line.school_class is None:
            continue
        first = spelt.setdefault((line.school, bare(line.school_class)), line)
        if first.school_class != line.school_class and (line.school, line.school_class) not in said:
            said.add((line.school, line.school_class))
            yield line.place.misread(
                "class",
                f"The class '{line.school_class}' is written '{first.school_class}' in {first.place}. Please "
                "spell it the same way.",
            )
        if line.class_title is None:
            continue
        named = titled.setdefault((line.school, line.school_class), line)
        if named.class_title != line.class_title and (line.school, line.school_class) not in said:
            said.add((line.school, line.school_class))
            yield line.place.misread(
                "class_title",
                f"The class '{line.school_class}' has two titles: '{named.class_title}' in {named.place}, and "
                f"'{line.class_title}' here. Please keep one of them.",
            )
