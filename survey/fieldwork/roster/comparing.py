"""What taking lists in would change: lists beside what the database holds, without writing anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import select

from survey.database import Connection
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.consent import withdrawn_for_good
from survey.fieldwork.participants import Membership, Participant, kinship, linkage
from survey.fieldwork.roster.doubts import Doubt, Stay, doubt_about_codes, doubt_about_leaving
from survey.fieldwork.roster.lists import Lists, PersonLine, SchoolLine
from survey.fieldwork.roster.meanings import Fill, ReadAs
from survey.fieldwork.roster.tables import MOST_PROBLEMS, Misread
from survey.fieldwork.roster.zeros import Spellings, bare, may_have_lost_zeros
from survey.fieldwork.studies import Programme, School, SchoolClass, Wave
from survey.fieldwork.unasked import OnTheList, Unasked, said_of, unasked

# ---- what is there --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placement:
    """Where someone is in a wave, by codes, and the facts of that wave."""

    school: str | None
    school_class: str | None
    facts: Mapping[str, Any]
    left_at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.school or 'no school'}{f', class {self.school_class}' if self.school_class else ''}"


@dataclass(frozen=True)
class Known:
    """A participant of the study. `here`: in this wave; `before`: the last earlier wave they were in, and where."""

    id: int
    audience: str
    facts: Mapping[str, Any]
    here: Placement | None
    before: tuple[str, Placement] | None
    hash: str | None


@dataclass(frozen=True)
class KnownSchool:
    """A school of the study."""

    id: int
    title: str
    arm: str | None
    programme: str | None
    time_zone: str | None
    facts: Mapping[str, Any]


@dataclass
class StoredField:
    """The study's field as the database has it.

    classes: title by (school, class); children: pupils by parent; forgotten: who withdrew with all they had given.
    """

    schools: dict[str, KnownSchool]
    classes: dict[tuple[str, str], str]
    people: dict[str, Known]
    children: dict[str, set[str]]
    forgotten: set[str] = field(default_factory=set)


def field_of(connection: Connection, study_id: int, wave: Wave | None) -> StoredField:
    """Read the field of a study as it is for a wave (None: schools only matter)."""
    schools = {
        row.code: KnownSchool(row.id, row.title, row.arm, row.programme, row.time_zone, row.facts)
        for row in connection.execute(
            select(
                School.id,
                School.code,
                School.title,
                School.arm,
                School.time_zone,
                School.facts,
                Programme.code.label("programme"),
            )
            .outerjoin(Programme, Programme.id == School.programme_id)
            .where(School.study_id == study_id)
            .order_by(School.id)
        )
    }
    classes = {
        (row.school, row.code): row.title
        for row in connection.execute(
            select(School.code.label("school"), SchoolClass.code, SchoolClass.title)
            .join(School, School.id == SchoolClass.school_id)
            .where(School.study_id == study_id)
        )
    }
    people = _people(connection, study_id, wave) if wave is not None else {}
    codes = {person.id: code for code, person in people.items()}
    children: dict[str, set[str]] = {}
    for parent, pupil in connection.execute(
        select(kinship.c.parent_id, kinship.c.pupil_id)
        .join(Participant, Participant.id == kinship.c.parent_id)
        .where(Participant.study_id == study_id)
    ):
        if parent in codes and pupil in codes:
            children.setdefault(codes[parent], set()).add(codes[pupil])
    forgotten = {codes[id] for id in withdrawn_for_good(connection, study_id) if id in codes}
    return StoredField(schools, classes, people, children, forgotten)


def _people(connection: Connection, study_id: int, wave: Wave) -> dict[str, Known]:
    here: dict[int, Placement] = {}
    before: dict[int, tuple[str, Placement]] = {}
    for row in connection.execute(
        select(
            Membership.participant_id,
            Membership.facts,
            Membership.left_at,
            Wave.id.label("wave_id"),
            Wave.code.label("wave"),
            School.code.label("school"),
            SchoolClass.code.label("school_class"),
        )
        .join(Wave, Wave.id == Membership.wave_id)
        .outerjoin(School, School.id == Membership.school_id)
        .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
        .where(Wave.study_id == study_id, Wave.position <= wave.position)
        .order_by(Wave.position)
    ):
        placed = Placement(row.school, row.school_class, row.facts, row.left_at)
        if row.wave_id == wave.id:
            here[row.participant_id] = placed
        else:
            before[row.participant_id] = (row.wave, placed)
    hashes: dict[int, str] = {
        row.participant_id: row.hash
        for row in connection.execute(
            select(linkage.c.participant_id, linkage.c.hash).where(linkage.c.study_id == study_id)
        )
    }
    return {
        row.code: Known(row.id, row.audience, row.facts, here.get(row.id), before.get(row.id), hashes.get(row.id))
        for row in connection.execute(
            select(Participant.id, Participant.code, Participant.audience, Participant.facts)
            .where(Participant.study_id == study_id)
            .order_by(Participant.id)
        )
    }


# ---- what would change ----------------------------------------------------------------------------------


_CORRECT: Final = "If the first value was wrong, choose “Correct facts that should not change” (--correct)."


@dataclass(frozen=True)
class Change:
    """One thing that would change: its code, and how, as short texts."""

    code: str
    what: tuple[str, ...] = ()
    audience: str = ""


@dataclass
class RosterPreview:
    """What taking lists in would do.

    problems      refuse it all          notes       are said, and refuse nothing
    schools       added and changed      classes     the same
    added         new in this wave       moved       to another school, or another class within the wave
    changed       facts, links           left        in the wave's list before, and not in this one
    unchanged     codes                  not_here    in these schools in an earlier wave, and in no list of this one
    readings      what is not written as study.yaml has it, and how it was read
    doubts        need a yes before anything is imported
    unasked       in this list, and asked nothing in this wave
    digest        of all this: what is confirmed is what was looked at
    """

    study: str
    wave: str | None
    problems: list[Misread] = field(default_factory=list)
    notes: list[Misread] = field(default_factory=list)
    schools: list[Change] = field(default_factory=list)
    classes: list[Change] = field(default_factory=list)
    added: list[Change] = field(default_factory=list)
    moved: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    left: list[Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    not_here: list[Change] = field(default_factory=list)
    readings: list[ReadAs] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    unasked: list[Unasked] = field(default_factory=list)
    corrected: int = 0
    digest: str = ""

    @property
    def changes(self) -> int:
        """How many things would change."""
        return sum(map(len, (self.schools, self.classes, self.added, self.moved, self.changed, self.left)))

    @property
    def unasked_said(self) -> list[str]:
        """How many are asked nothing in this wave, and why, in sentences."""
        return said_of(self.unasked)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, by name, as the audit keeps them."""
        names = ("schools", "classes", "added", "moved", "changed", "left", "unchanged", "unasked")
        return {**{name: len(getattr(self, name)) for name in names}, "corrected": self.corrected}

    def sealed(self, lists: Lists, correct: bool) -> RosterPreview:
        """Return this preview with its digest."""
        what = [
            self.study,
            self.wave,
            correct,
            *(
                [(change.code, change.what) for change in part]
                for part in (self.schools, self.classes, self.added, self.moved, self.changed, self.left)
            ),
        ]
        text = json.dumps(what, sort_keys=True).encode()
        self.digest = hashlib.sha256(text + lists.packed()).hexdigest()
        return self


@dataclass
class Target:
    """How a participant will be in this wave, when that is not how they are.

    id: None for someone new. lasting, hash: None when they stay. children: None when they stay.
    """

    line: PersonLine
    id: int | None
    placed: Placement | None
    lasting: dict[str, Any] | None
    hash: str | None
    children: tuple[str, ...] | None


@dataclass
class Deeds:
    """What is to be written. schools and classes with what they will be; left: participants' ids."""

    schools: list[SchoolLine] = field(default_factory=list)
    classes: dict[tuple[str, str], str] = field(default_factory=dict)
    people: list[Target] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


def compare(
    lists: Lists, here: StoredField, plan: Plan, wave: str | None, correct: bool
) -> tuple[RosterPreview, Deeds]:
    """Return what taking lists in would change, and what is to be written for that.

    correct: facts that should not change are changed where a list says otherwise. Where the preview has problems, the
    deeds are of no use.
    """
    preview = RosterPreview(plan.id, wave, problems=list(lists.problems), readings=list(lists.readings))
    deeds = Deeds()
    _compare_schools(lists, here, preview, deeds, correct)
    schools = {*here.schools, *(line.code for line in lists.schools)}
    preview.problems += _unknown_schools(lists, schools)
    preview.problems += _confusable(lists, here)
    preview.problems += islice(_unknown_children(lists, here), MOST_PROBLEMS)
    _compare_classes(lists, here, preview, deeds)
    comparison = _People(here, plan, correct, preview, deeds)
    for line in lists.people:
        comparison.look_at(line)
    _missing(lists, here, preview, deeds)
    _doubt_codes(lists, here, preview)
    _doubt_leaving(lists, here, preview)
    return preview.sealed(lists, correct), deeds


def _compare_schools(lists: Lists, here: StoredField, preview: RosterPreview, deeds: Deeds, correct: bool) -> None:
    for line in lists.schools:
        known = here.schools.get(line.code)
        if known is None:
            arm = line.arm or "no arm"
            preview.schools.append(Change(line.code, (f"new: {line.title}, {arm}",)))
            deeds.schools.append(line)
            continue
        if line.arm != known.arm and not correct:
            preview.problems.append(
                line.place.misread(
                    "arm",
                    f"The school {line.code} is in {known.arm or 'no arm'}, and a school does not change "
                    f"its arm. {_CORRECT}",
                )
            )
        pairs: list[tuple[str, Fill, Fill]] = [("title", known.title, line.title), ("arm", known.arm, line.arm)]
        pairs += [(name, getattr(known, name), getattr(line, name)) for name in line.told]
        pairs += [(name, known.facts.get(name), value) for name, value in line.facts.items()]
        what = tuple(f"{name}: {_said(old)} → {_said(new)}" for name, old, new in pairs if old != new)
        if what:
            preview.schools.append(Change(line.code, what))
            preview.corrected += line.arm != known.arm
            deeds.schools.append(line)


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)


def _compare_classes(lists: Lists, here: StoredField, preview: RosterPreview, deeds: Deeds) -> None:
    spelt = {(school, bare(code)): code for school, code in here.classes}
    said: set[tuple[str, str]] = set()
    for line in lists.people:
        if line.school_class is None:
            continue
        key = (line.school, line.school_class)
        known = here.classes.get(key)
        other = spelt.get((line.school, bare(line.school_class)), line.school_class)
        if known is None and other != line.school_class:
            if key not in said:
                said.add(key)
                message = f"The class '{line.school_class}' is '{other}' in the study. Please spell it the same way."
                preview.problems.append(line.place.misread("class", message))
            continue
        title = line.class_title or known or line.school_class
        if known == title or key in deeds.classes:
            continue
        deeds.classes[key] = title
        what = f"new: {title}" if known is None else f"title: {known} → {title}"
        preview.classes.append(Change(f"{line.school}, {line.school_class}", (what,)))


def _unknown_schools(lists: Lists, schools: set[str]) -> Iterator[Misread]:
    said: set[str] = set()
    spelling = {bare(code): code for code in schools}
    for line in lists.people:
        if line.school in schools or line.school in said:
            continue
        said.add(line.school)
        near = spelling.get(bare(line.school))
        hint = (
            f" Did you mean '{near}'?"
            if near
            else (" Please import it in a list of schools first, or correct the code.")
        )
        yield line.place.misread(
            "school", f"The study has no school '{line.school}'.{hint} (Each such code is listed once.)"
        )


def _confusable(lists: Lists, here: StoredField) -> Iterator[Misread]:
    """Yield a problem for each new code that differs from another only in capitals or in zeros."""
    spelt = {bare(code): code for code in here.people}
    for line in lists.people:
        other = line.code if line.code in here.people else spelt.setdefault(bare(line.code), line.code)
        if other != line.code:
            where = "is in the study" if other in here.people else "is in this file"
            yield line.place.misread("participant", _alike(line.code, other, where, "participant", line.number))
    schools = {bare(code): code for code in here.schools}
    for school in lists.schools:
        other = school.code if school.code in here.schools else schools.setdefault(bare(school.code), school.code)
        if other != school.code:
            where = "is in the study" if other in here.schools else "is in this file"
            yield school.place.misread("school", _alike(school.code, other, where, "school"))


def _alike(code: str, other: str, where: str, what: str, number: bool = False) -> str:
    if other.casefold() == code.casefold():
        how = "differ only in capitals"
    elif number:
        how = "differ only in zeros, which the spreadsheet has removed: format the column as text"
    else:
        how = "differ only in zeros"
    return (
        f"'{code}' is new, and '{other}' {where}: they {how}. Please spell each {what}'s code the same way throughout."
    )


def _doubt_codes(lists: Lists, here: StoredField, preview: RosterPreview) -> None:
    """Ask before codes that may have lost their zeros are kept for the whole study."""
    schools = [line.code for line in lists.schools if line.code not in here.schools]
    people = [line.code for line in lists.people if line.code not in here.people]
    doubt = doubt_about_codes(may_have_lost_zeros(schools, here.schools), may_have_lost_zeros(people, here.people))
    if doubt is not None:
        preview.doubts.append(doubt)


def _unknown_children(lists: Lists, here: StoredField) -> Iterator[Misread]:
    pupils = {code for code, person in here.people.items() if person.audience == "pupil"}
    pupils |= {line.code for line in lists.people if line.audience == "pupil"}
    spellings = Spellings(pupils)
    for line in lists.people:
        for child in line.parent_of or ():
            if child not in pupils:
                yield line.place.misread(
                    "parent_of",
                    f"There is no pupil '{child[:40]}' in the study or in this file.{spellings.hint(child)} Please "
                    "correct the code, or import the pupils' roster first.",
                )


def _missing(lists: Lists, here: StoredField, preview: RosterPreview, deeds: Deeds) -> None:
    """Find who was in these schools and is in the list no more."""
    named = {(line.audience, line.school) for line in lists.people}
    listed = {line.code for line in lists.people}
    for code, person in here.people.items():
        if code in listed:
            continue
        if person.here is not None:
            if person.here.left_at is None and (person.audience, person.here.school) in named:
                preview.left.append(Change(code, (f"was in {person.here}",), person.audience))
                deeds.left.append(person.id)
        elif person.before is not None and (person.audience, person.before[1].school) in named:
            wave, placed = person.before
            if placed.left_at is None:
                preview.not_here.append(Change(code, (f"in {wave}: {placed}",), person.audience))


def _doubt_leaving(lists: Lists, here: StoredField, preview: RosterPreview) -> None:
    """Ask before a part of a list is taken for the whole of it."""
    left = {change.code for change in preview.left}
    named = {(line.audience, line.school) for line in lists.people}
    # Without a column of classes, those in the file stay in the class they are in.
    kept = {line.code for line in lists.people if not line.with_class}
    classes = {(line.school, line.school_class) for line in lists.people}
    stays = []
    for code, person in here.people.items():
        placed = person.here
        if placed is None or placed.school is None or placed.left_at is not None:
            continue
        if (person.audience, placed.school) not in named:
            continue
        stays.append(Stay(code, person.audience, placed.school, placed.school_class, code in left))
        if code in kept:
            classes.add((placed.school, placed.school_class))
    doubt = doubt_about_leaving(stays, classes)
    if doubt is not None:
        preview.doubts.append(doubt)


class _People:
    """Compares participants one by one with what is known of them."""

    def __init__(self, here: StoredField, plan: Plan, correct: bool, preview: RosterPreview, deeds: Deeds) -> None:
        self._here = here
        self._plan = plan
        self._changing = {fact.id: fact.title for fact in plan.facts if fact.changes}
        self._lasting = {fact.id: fact.title for fact in plan.facts if not fact.changes}
        self._correct = correct
        self._preview = preview
        self._deeds = deeds
        self._owners = {person.hash: code for code, person in here.people.items() if person.hash}

    def look_at(self, line: PersonLine) -> None:
        """Put a line under added, moved, changed or unchanged, and note what is to be written."""
        known = self._here.people.get(line.code)
        if line.code in self._here.forgotten:
            # A school's next list still has them: they are counted where they are, and nothing is known of them again.
            line = replace(line, facts={}, hash=None, parent_of=None)
        if known is not None and known.audience != line.audience:
            said = (
                f"{line.code} is a {known.audience} in this study, and a code belongs to one person for the whole "
                "study. Please correct the code or the audience."
            )
            self._preview.problems.append(line.place.misread("participant", said))
            return
        what: list[str] = []
        target = Target(
            line,
            known.id if known else None,
            self._placed(line, known, what),
            self._kept(line, known, what),
            self._hash(line, known, what),
            self._children(line, what),
        )
        if line.code not in self._here.forgotten:
            self._see_what_is_asked(line, known, target)
        moved = self._moved(line, known)
        if target.placed is None and target.lasting is None and target.hash is None and target.children is None:
            self._preview.unchanged.append(line.code)
            return
        self._deeds.people.append(target)
        into = self._preview.changed
        if moved:
            into = self._preview.moved
            what.insert(0, moved)
        elif known is None or known.here is None:
            into = self._preview.added
            what = [self._came(line, known)]
        into.append(Change(line.code, tuple(what), line.audience))

    def _see_what_is_asked(self, line: PersonLine, known: Known | None, target: Target) -> None:
        placed = target.placed or (known.here if known else None)
        lasting = target.lasting if target.lasting is not None else (known.facts if known else {})
        facts = {**lasting, **(placed.facts if placed else {})}
        found = unasked(self._plan, OnTheList(line.code, line.audience, facts), self._preview.wave or "")
        if found is not None:
            self._preview.unasked.append(found)

    def _came(self, line: PersonLine, known: Known | None) -> str:
        where = Placement(line.school, line.school_class, {})
        if known is None:
            return f"new: {where}"
        if known.before is None:
            return f"{where}; in the study before"
        wave, placed = known.before
        return f"{where}; in {wave} {placed}"

    def _moved(self, line: PersonLine, known: Known | None) -> str:
        now = Placement(line.school, line.school_class, {})
        if known is None:
            return ""
        if known.here is not None:
            old = known.here
            same = old.school == line.school and (not line.with_class or old.school_class == line.school_class)
            return "" if same else f"{old} → {now}"
        if known.before is not None and known.before[1].school != line.school:
            return f"{known.before[1]} in {known.before[0]} → {now}"
        return ""

    def _placed(self, line: PersonLine, known: Known | None, what: list[str]) -> Placement | None:
        """Return how the wave's own row will be, None when it stays."""
        old = known.here if known else None
        facts = dict(old.facts) if old else {}
        for name, value in line.facts.items():
            if name not in self._changing:
                continue
            if value != facts.get(name):
                what.append(f"{self._changing[name]}: {_said(facts.get(name))} → {_said(value)}")
            if value is None:
                facts.pop(name, None)
            else:
                facts[name] = value
        keeps_class = old is not None and not line.with_class and old.school == line.school
        school_class = old.school_class if old and keeps_class else line.school_class
        if old is not None and old.left_at is not None:
            what.insert(0, "is back")
        new = Placement(line.school, school_class, facts)
        return None if new == old else new

    def _kept(self, line: PersonLine, known: Known | None, what: list[str]) -> dict[str, Any] | None:
        """Return the facts that last as they will be, None when they stay. A first value stays unless corrected."""
        said = {name: value for name, value in line.facts.items() if name in self._lasting and value is not None}
        if known is None:
            return said
        facts = dict(known.facts)
        for name, value in said.items():
            old = facts.get(name)
            if old == value:
                continue
            title = self._lasting[name]
            if old is None:
                what.append(f"{title}: {value}")
            elif self._correct:
                what.append(f"{title}: {old} → {value}, corrected")
                self._preview.corrected += 1
            else:
                self._note_kept(line, f"fact {name}", title, old, value)
                continue
            facts[name] = value
        return None if facts == known.facts else facts

    def _note_kept(self, line: PersonLine, key: str, title: str, old: object, new: object) -> None:
        self._preview.notes.append(
            line.place.misread(
                key,
                f"{line.code}: {title} was '{old}' on the first roster, and this fact does not change. '{old}' is "
                f"kept and '{new}' is not used. {_CORRECT}",
            )
        )

    def _hash(self, line: PersonLine, known: Known | None, what: list[str]) -> str | None:
        if line.hash is None:
            return None
        owner = self._owners.get(line.hash)
        if owner is not None and owner != line.code:
            said = (
                f"{owner} and {line.code} have the same identifier. Either one child has two codes, or the "
                "identifier is in the wrong row: please correct it."
            )
            self._preview.problems.append(line.place.misread("identifier", said))
            return None
        old = known.hash if known else None
        if old == line.hash:
            return None
        if old is not None and not self._correct:
            said = f"{line.code} had a different identifier on an earlier roster, and that one is kept. {_CORRECT}"
            self._preview.notes.append(line.place.misread("identifier", said))
            return None
        if known is not None:
            what.append("identifier: given" if old is None else "identifier: corrected")
            self._preview.corrected += old is not None
        return line.hash

    def _children(self, line: PersonLine, what: list[str]) -> tuple[str, ...] | None:
        if line.parent_of is None or line.audience != "parent":
            return None
        old = self._here.children.get(line.code, set())
        if old == set(line.parent_of):
            return None
        what.append(f"parent of: {_all(old)} → {_all(line.parent_of)}")
        return line.parent_of


def _all(codes: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(codes)) or "no one"
