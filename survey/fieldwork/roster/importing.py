"""Taking lists in: look first, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from survey.audit import Act, note
from survey.config import Settings
from survey.database import Connection, Engine, read, write
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition as Plan
from survey.fieldwork.finding import find_published, find_wave
from survey.fieldwork.participants import Membership, Participant, kinship, linkage
from survey.fieldwork.publications import text_of
from survey.fieldwork.roster.comparing import Deeds, RosterPreview, Target, compare, field_of
from survey.fieldwork.roster.doubts import unanswered
from survey.fieldwork.roster.identifiers import read_key
from survey.fieldwork.roster.lists import ListReader, Lists
from survey.fieldwork.roster.tables import SentFile
from survey.fieldwork.studies import Programme, School, SchoolClass, Study
from survey.fieldwork.waves import forget_hours
from survey.problems import Refused

LEFT_BY_ROSTER: Final = "roster"
"""Why someone left: a later list of their school is without them."""

_CHANGED_MEANWHILE: Final = (
    "The study's rosters have changed since this preview, so nothing was imported. Please check the file again."
)

_NEEDS_A_YES: Final = "Nothing has been imported. Please check this first, and confirm it if it is right."


def look(
    engine: Engine,
    settings: Settings,
    study_code: str,
    wave_code: str | None,
    file: SentFile,
    *,
    correct: bool = False,
) -> RosterPreview:
    """Return what taking a file in would do; change nothing.

    wave_code: may be None for a list of schools alone. correct: facts that should not change are changed where the file
    says otherwise. Raises Refused when there is no such study or wave, or the linkage key is missing.
    """
    return looked_at(engine, settings, study_code, wave_code, [file], correct=correct)[0]


def looked_at(
    engine: Engine,
    settings: Settings,
    study_code: str,
    wave_code: str | None,
    files: Sequence[SentFile],
    *,
    correct: bool = False,
) -> tuple[RosterPreview, Lists]:
    """Return what taking files in together would do, as `look` does, and the lists that were read from them."""
    there = place_of(engine, study_code, wave_code)
    lists = read_lists(settings, there.plan, files)
    return _preview(engine, there, wave_code, lists, correct), lists


def preview_of(
    engine: Engine, study_code: str, wave_code: str | None, lists: Lists, *, correct: bool = False
) -> RosterPreview:
    """Return what taking lists in that were read before would do now, as `look` does."""
    return _preview(engine, place_of(engine, study_code, wave_code), wave_code, lists, correct)


def _preview(engine: Engine, there: ImportTarget, wave_code: str | None, lists: Lists, correct: bool) -> RosterPreview:
    _needs_wave(lists, there)
    with read(engine) as connection:
        here = field_of(connection, there.study_id, there.wave)
    return compare(lists, here, there.plan, wave_code, correct)[0]


def read_lists(settings: Settings, plan: Plan, files: Sequence[SentFile]) -> Lists:
    """Return what files say, for this study. Raises Refused when an identifier is met and there is no key."""
    return ListReader(plan, lambda: read_key(settings)).read(files)


@dataclass(frozen=True)
class ImportChoices:
    """What someone chose and confirmed for an import.

    correct: facts that should not change are changed where the file says otherwise. agreed: names of the preview's
    doubts that were answered with a yes. digest: that of the preview they looked at; nothing is done when it would be
    something else by now.
    """

    correct: bool = False
    agreed: Collection[str] = ()
    digest: str | None = None


def import_lists(
    engine: Engine,
    study_code: str,
    wave_code: str | None,
    lists: Lists,
    act: Act,
    chosen: ImportChoices = ImportChoices(),
) -> RosterPreview:
    """Import lists that `read_lists` has read, and return what was done. All or nothing.

    Raises Refused, with every problem, and every doubt that no one answered, as a sentence.
    """
    there = place_of(engine, study_code, wave_code)
    _needs_wave(lists, there)
    with write(engine) as connection:
        # One list after the other: on PostgreSQL no one else may take a list of this study in meanwhile.
        connection.execute(select(Study.id).where(Study.id == there.study_id).with_for_update())
        here = field_of(connection, there.study_id, there.wave)
        preview, deeds = compare(lists, here, there.plan, wave_code, chosen.correct)
        if preview.problems:
            raise Refused([*map(str, preview.problems), "Nothing was imported. Please correct the file and try again."])
        if chosen.digest is not None and chosen.digest != preview.digest:
            raise Refused([_CHANGED_MEANWHILE])
        open_ = unanswered(preview.doubts, chosen.agreed)
        if open_:
            raise Refused([*(sentence for doubt in open_ for sentence in doubt.said), _NEEDS_A_YES])
        if preview.changes:
            _Writing(connection, there, act.now).do(deeds)
            details: dict[str, int | str | bool | None] = {**preview.counts, "digest": preview.digest[:12]}
            what = "imported a roster" if lists.people else "imported schools"
            note(connection, act, what, study_id=there.study_id, about=wave_code or "", details=details)
    if preview.schools:
        forget_hours(engine)  # a school's days begin and end in its time zone
    return preview


# ---- where ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportTarget:
    """A study with its file, and perhaps a wave of it."""

    study_id: int
    plan: Plan
    wave: Any
    """The wave's row (id, position), or None."""


def place_of(engine: Engine, study_code: str, wave_code: str | None) -> ImportTarget:
    """Return the study and wave someone names. Raises Refused with what there is."""
    with read(engine) as connection:
        study = find_published(connection, study_code)
        wave = find_wave(connection, study.id, wave_code) if wave_code is not None else None
    return ImportTarget(study.id, parse_study(text_of(engine, study.sha256 or "") or ""), wave)


def _needs_wave(lists: Lists, there: ImportTarget) -> None:
    if lists.people and there.wave is None:
        raise Refused(["A roster is for one wave. Please add --wave with the name of the wave."])


# ---- writing --------------------------------------------------------------------------------------------


class _Writing:
    """Writes what a comparison found, in one transaction."""

    def __init__(self, connection: Connection, there: ImportTarget, now: datetime) -> None:
        self._db = connection
        self._study = there.study_id
        self._wave: int | None = there.wave.id if there.wave is not None else None
        self._now = now

    def do(self, deeds: Deeds) -> None:
        """Write everything."""
        self._keep_schools(deeds)
        self._keep_classes(deeds)
        if self._wave is None:
            return
        self._add_participants(deeds.people)
        self._keep_lasting(deeds.people)
        ids = self._participants()
        self._keep_memberships(deeds.people, ids)
        self._leave(deeds.left)
        self._keep_hashes(deeds.people, ids)
        self._keep_children(deeds.people, ids)

    def _schools(self) -> dict[str, int]:
        rows = self._db.execute(select(School.code, School.id).where(School.study_id == self._study))
        return {row.code: row.id for row in rows}

    def _school_facts(self) -> dict[str, dict[str, Any]]:
        rows = self._db.execute(select(School.code, School.facts).where(School.study_id == self._study))
        return {row.code: row.facts for row in rows}

    def _keep_schools(self, deeds: Deeds) -> None:
        programmes = {
            row.code: row.id
            for row in self._db.execute(select(Programme.code, Programme.id).where(Programme.study_id == self._study))
        }
        there = self._schools()
        facts = self._school_facts()
        for line in deeds.schools:
            values: dict[str, Any] = {"title": line.title, "arm": line.arm}
            if "programme" in line.told:
                values["programme_id"] = programmes[line.programme] if line.programme else None
            if "time_zone" in line.told:
                values["time_zone"] = line.time_zone
            kept = {**facts.get(line.code, {}), **line.facts}
            values["facts"] = {name: value for name, value in kept.items() if value is not None}
            if line.code in there:
                self._db.execute(update(School).where(School.id == there[line.code]).values(**values))
            else:
                self._db.execute(insert(School).values(study_id=self._study, code=line.code, **values))

    def _classes(self) -> dict[tuple[str, str], int]:
        rows = self._db.execute(
            select(School.code.label("school"), SchoolClass.code, SchoolClass.id)
            .join(School, School.id == SchoolClass.school_id)
            .where(School.study_id == self._study)
        )
        return {(row.school, row.code): row.id for row in rows}

    def _keep_classes(self, deeds: Deeds) -> None:
        schools, there = self._schools(), self._classes()
        for (school, code), title in deeds.classes.items():
            if (school, code) in there:
                its = SchoolClass.id == there[school, code]
                self._db.execute(update(SchoolClass).where(its).values(title=title))
            else:
                self._db.execute(insert(SchoolClass).values(school_id=schools[school], code=code, title=title))

    def _participants(self) -> dict[str, int]:
        rows = self._db.execute(select(Participant.code, Participant.id).where(Participant.study_id == self._study))
        return {row.code: row.id for row in rows}

    def _add_participants(self, people: Sequence[Target]) -> None:
        new = [
            {
                "study_id": self._study,
                "code": target.line.code,
                "audience": target.line.audience,
                "facts": target.lasting or {},
            }
            for target in people
            if target.id is None
        ]
        if new:
            self._db.execute(insert(Participant), new)

    def _keep_lasting(self, people: Sequence[Target]) -> None:
        rows = [
            {"its_id": target.id, "its_facts": target.lasting}
            for target in people
            if target.id is not None and target.lasting is not None
        ]
        if rows:
            its = Participant.id == bindparam("its_id")
            self._db.execute(update(Participant).where(its).values(facts=bindparam("its_facts")), rows)

    def _keep_memberships(self, people: Sequence[Target], ids: dict[str, int]) -> None:
        schools, classes = self._schools(), self._classes()
        here = set(self._db.scalars(select(Membership.participant_id).where(Membership.wave_id == self._wave)))
        new: list[dict[str, Any]] = []
        old: list[dict[str, Any]] = []
        for target in people:
            placed = target.placed
            if placed is None:
                continue
            assert placed.school is not None
            of_class = classes[placed.school, placed.school_class] if placed.school_class else None
            id = ids[target.line.code]
            if id in here:
                row = {"its_id": id, "its_school": schools[placed.school], "its_class": of_class}
                old.append({**row, "its_facts": dict(placed.facts)})
            else:
                row = {"participant_id": id, "wave_id": self._wave, "school_id": schools[placed.school]}
                new.append({**row, "school_class_id": of_class, "facts": dict(placed.facts)})
        if new:
            self._db.execute(insert(Membership), new)
        if old:
            self._db.execute(
                update(Membership)
                .where(Membership.participant_id == bindparam("its_id"), Membership.wave_id == self._wave)
                .values(
                    school_id=bindparam("its_school"),
                    school_class_id=bindparam("its_class"),
                    facts=bindparam("its_facts"),
                    left_at=None,
                    left_why=None,
                ),
                old,
            )

    def _leave(self, left: Sequence[int]) -> None:
        if left:
            self._db.execute(
                update(Membership)
                .where(Membership.participant_id == bindparam("its_id"), Membership.wave_id == self._wave)
                .values(left_at=self._now, left_why=LEFT_BY_ROSTER),
                [{"its_id": id} for id in left],
            )

    def _keep_hashes(self, people: Sequence[Target], ids: dict[str, int]) -> None:
        rows = [
            {"participant_id": ids[target.line.code], "study_id": self._study, "hash": target.hash}
            for target in people
            if target.hash is not None
        ]
        if rows:
            theirs = linkage.c.participant_id == bindparam("its_id")
            self._db.execute(delete(linkage).where(theirs), [{"its_id": row["participant_id"]} for row in rows])
            self._db.execute(insert(linkage), rows)

    def _keep_children(self, people: Sequence[Target], ids: dict[str, int]) -> None:
        parents = [target for target in people if target.children is not None]
        if not parents:
            return
        theirs = kinship.c.parent_id == bindparam("its_id")
        self._db.execute(delete(kinship).where(theirs), [{"its_id": ids[target.line.code]} for target in parents])
        rows = [
            {"parent_id": ids[target.line.code], "pupil_id": ids[child]}
            for target in parents
            for child in target.children or ()
        ]
        if rows:
            self._db.execute(insert(kinship), rows)
