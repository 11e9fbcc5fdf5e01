"""Lists written back: a wave's roster, to be imported again, and the hashes for the office that links."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from sqlalchemy import distinct, func, select

from survey.audit import Act, Actor, note
from survey.database import Connection, Engine, read, write
from survey.fieldwork.participants import Membership, Participant, kinship, linkage
from survey.fieldwork.roster.importing import place_of
from survey.fieldwork.studies import School, SchoolClass, Wave
from survey.problems import Refused


@dataclass(frozen=True)
class WaveCount:
    """How many are on a wave's roster. `people` by audience, without people who left."""

    code: str
    title: str
    people: dict[str, int]
    left: int
    schools: int

    @property
    def total(self) -> int:
        """Everyone in the list."""
        return sum(self.people.values())


def wave_counts(engine: Engine, study_id: int) -> list[WaveCount]:
    """Return how many are in the list of each wave of a study, in the waves' order."""
    people: dict[int, dict[str, int]] = {}
    left: dict[int, int] = {}
    with read(engine) as connection:
        waves = connection.execute(
            select(Wave.id, Wave.code, Wave.title).where(Wave.study_id == study_id).order_by(Wave.position)
        ).all()
        mine = (
            select(Membership.wave_id, Participant.audience, func.count(), func.count(Membership.left_at))
            .join(Participant, Participant.id == Membership.participant_id)
            .where(Participant.study_id == study_id)
            .group_by(Membership.wave_id, Participant.audience)
        )
        for wave_id, audience, listed, gone in connection.execute(mine):
            people.setdefault(wave_id, {})[audience] = listed - gone
            left[wave_id] = left.get(wave_id, 0) + gone
        counted = connection.execute(
            select(Membership.wave_id, func.count(distinct(Membership.school_id)).label("number"))
            .where(Membership.left_at.is_(None))
            .group_by(Membership.wave_id)
        )
        schools = {row.wave_id: row.number for row in counted}
    return [
        WaveCount(row.code, row.title, people.get(row.id, {}), left.get(row.id, 0), schools.get(row.id, 0))
        for row in waves
    ]


def write_roster(engine: Engine, study_code: str, wave_code: str, out: IO[str]) -> int:
    """Write who is on a wave's roster, as CSV in the form a roster has; return how many. Who left is not among them.

    Raises Refused when there is no such study or wave.
    """
    there = place_of(engine, study_code, wave_code)
    writer = csv.writer(out)
    with read(engine) as connection:
        children = _children(connection, there.study_id)
        parents = ["parent_of"] if children else []
        facts = [fact.id for fact in there.plan.facts]
        writer.writerow(["participant", "audience", "school", "class", "class_title", *parents, *facts])
        count = 0
        for row in connection.execute(
            select(
                Participant.code,
                Participant.audience,
                School.code.label("school"),
                SchoolClass.code.label("school_class"),
                SchoolClass.title.label("class_title"),
                Participant.facts.label("lasting"),
                Membership.facts.label("changing"),
            )
            .join(Participant, Participant.id == Membership.participant_id)
            .outerjoin(School, School.id == Membership.school_id)
            .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
            .where(Membership.wave_id == there.wave.id, Membership.left_at.is_(None))
            .order_by(Participant.code)
        ):
            known: dict[str, Any] = {**row.lasting, **row.changing}
            links = [" ".join(children.get(row.code, ()))] if children else []
            place = [row.school, row.school_class, row.class_title]
            writer.writerow([row.code, row.audience, *place, *links, *(known.get(fact) for fact in facts)])
            count += 1
    return count


def _children(connection: Connection, study_id: int) -> dict[str, list[str]]:
    codes = {
        row.id: row.code
        for row in connection.execute(select(Participant.id, Participant.code).where(Participant.study_id == study_id))
    }
    found: dict[str, list[str]] = {}
    rows = connection.execute(
        select(kinship.c.parent_id, kinship.c.pupil_id)
        .join(Participant, Participant.id == kinship.c.parent_id)
        .where(Participant.study_id == study_id)
    )
    for parent, pupil in rows:
        found.setdefault(codes[parent], []).append(codes[pupil])
    return {parent: sorted(pupils) for parent, pupils in found.items()}


def write_linkage(engine: Engine, study_code: str, out: IO[str], actor: Actor, now: datetime) -> int:
    """Write the study codes and linkage hashes, as CSV for the office that links; return how many. It is audited.

    Raises Refused when there is no such study, or it links to nothing.
    """
    there = place_of(engine, study_code, None)
    if there.plan.linkage is None:
        raise Refused([f"The study '{study_code}' links to no data from outside: its file has no 'linkage'."])
    with write(engine) as connection:
        rows = list(_hashes(connection, there.study_id))
        details: dict[str, int | str | bool | None] = {"participants": len(rows)}
        note(connection, Act(actor, now), "exported linkage hashes", study_id=there.study_id, details=details)
    writer = csv.writer(out)
    writer.writerow(["participant", "hash"])
    writer.writerows(rows)
    return len(rows)


def _hashes(connection: Connection, study_id: int) -> Iterator[tuple[str, str]]:
    yield from connection.execute(
        select(Participant.code, linkage.c.hash)
        .join(Participant, Participant.id == linkage.c.participant_id)
        .where(linkage.c.study_id == study_id)
        .order_by(Participant.code)
    )
