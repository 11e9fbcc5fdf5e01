"""Performances: the concerts and sharings of a study, whose audience is asked about them by a link of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Column, ForeignKey, Table, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from survey.audit import Act, note
from survey.database import Base, Engine, session
from survey.fieldwork.finding import find_place, one_of
from survey.fieldwork.roster.identifiers import kind_of_identifier
from survey.fieldwork.studies import School, Study, Wave
from survey.problems import Refused

_LONGEST: Final = 120
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


performance_school = Table(
    "performance_school",
    Base.metadata,
    Column("performance_id", ForeignKey("performance.id"), primary_key=True),
    Column("school_id", ForeignKey("school.id"), primary_key=True),
)
"""The schools that give a performance together, where it is known which they are."""


class Performance(Base):
    """A performance on one day of a wave, by one school or by several together.

    school: whose it is; None for several schools. together: which these are, by title; empty where no one said.
    """

    __tablename__ = "performance"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"))
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    code: Mapped[str]
    title: Mapped[str]
    held_on: Mapped[date]

    wave: Mapped[Wave] = relationship()
    school: Mapped[School | None] = relationship()
    together: Mapped[list[School]] = relationship(secondary=performance_school, order_by=School.title)


def performances(engine: Engine, study_id: int) -> list[Performance]:
    """Return every performance of a study, by day, each with its wave and school."""
    query = select(Performance).where(Performance.study_id == study_id).order_by(Performance.held_on, Performance.code)
    with session(engine) as db:
        found = list(db.scalars(query))
        for one in found:
            assert one.wave
            assert one.school is None or one.school.code
            assert all(school.code for school in one.together)
        return found


@dataclass(frozen=True)
class NewPerformance:
    """A performance to be added: what it is called, its day, and the codes of its wave and of the schools that give it.

    Without a school, several give it, and no one said which.
    """

    code: str
    title: str
    held_on: date
    wave: str
    schools: Sequence[str] = ()


def add_performance(engine: Engine, study: str, new: NewPerformance, act: Act) -> None:
    """Add a performance to a study. The same one a second time changes nothing.

    Raises Refused, in sentences, when a name is not known, the day is not one of the wave's, or the code is taken.
    """
    with session(engine) as db:
        found, its_wave, _ = find_place(db, study, new.wave)
        together = [one_of("school", found.schools, code) for code in dict.fromkeys(new.schools)]
        its_school = together.pop() if len(together) == 1 else None
        code, title, held_on = new.code, new.title.strip(), new.held_on
        faults = list(_faults(code, title, held_on, its_wave))
        if faults:
            raise Refused(faults)
        there = performance_by_code(db, found, code)
        told = (its_wave.id, its_school.id if its_school else None, title, held_on, {one.id for one in together})
        if there is not None:
            known = {one.id for one in there.together}
            if (there.wave_id, there.school_id, there.title, there.held_on, known) == told:
                return
            raise Refused([f"There is already a performance '{code}': {there.title}. Please choose another name."])
        its = {"wave_id": told[0], "school_id": told[1], "together": together}
        db.add(Performance(study_id=found.id, code=code, title=title, held_on=held_on, **its))
        school = ", ".join(dict.fromkeys(new.schools)) or None
        details = {"wave": new.wave, "school": school, "day": held_on.isoformat()}
        note(db, act, "added a performance", study_id=found.id, about=code, details={**details})


def performance_by_code(db: Session, study: Study, code: str) -> Performance | None:
    """Return the study's performance with this code, or None."""
    query = select(Performance).where(Performance.study_id == study.id, Performance.code == code)
    return db.scalars(query).one_or_none()


def _faults(code: str, title: str, held_on: date, wave: Wave) -> list[str]:
    faults = []
    if not _CODE.fullmatch(code):
        faults.append("The name can have small letters, digits and dashes, and begins with a letter. Please change it.")
    if not title or len(title) > _LONGEST:
        faults.append(f"The title must have 1 to {_LONGEST} characters. Please change it.")
    elif not title.isprintable():
        faults.append("The title has characters that cannot be printed. Please type it again.")
    elif title[0] in "=+@":
        faults.append(f"The title begins with {title[0]}, which spreadsheets read as a formula. Please change it.")
    # It goes onto posters, into the audit and into the data.
    kind = kind_of_identifier(title) or kind_of_identifier(code)
    if kind:
        faults.append(
            f"The title or name contains what looks like {kind}. Please delete it: such things stay in school."
        )
    if (wave.opens and held_on < wave.opens) or (wave.closes and held_on > wave.closes):
        faults.append(
            f"{held_on.day} {held_on:%B %Y} is not a day of {wave.title}, so no one could answer. "
            "Please choose another day or wave."
        )
    return faults
