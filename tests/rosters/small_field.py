"""A study with every kind of fact, two waves and three schools, and rosters written as text."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from survey.audit import COMMAND_LINE, Act
from survey.config import Settings
from survey.database import Engine, read
from survey.fieldwork import Membership, Participant, School, SchoolClass, Study, Wave
from survey.fieldwork.publishing import publish_folder
from survey.fieldwork.roster import RosterPreview, import_lists, look, read_lists
from survey.fieldwork.roster.importing import ImportChoices, place_of
from survey.fieldwork.roster.tables import SentFile
from tests.pages.small_study import PARENT, PUPIL
from tests.templates import laid_out

NOW = datetime(2025, 9, 20, 9, tzinfo=UTC)

STUDY = """
study: small-notes
title: Small notes
arms:
  - {arm: programme, title: Programme schools}
  - {arm: comparison, title: Comparison schools}
programmes:
  - {programme: north, title: Northmouth}
waves:
  - {wave: w1, title: Autumn 2025, opens: 2025-09-22, closes: 2025-12-19}
  - {wave: w2, title: Autumn 2026, opens: 2026-09-21, closes: 2026-12-18}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
  - {fact: attendance, title: Attendance, kind: number, min: 0, max: 100, changes: yes}
  - {fact: clubs, title: After-school clubs, kind: yes_no, changes: yes}
  - {fact: sex, title: Sex, kind: code, codes: {f: Girl, m: Boy}}
  - {fact: fsm, title: Free school meals, kind: yes_no}
  - {fact: began, title: First lesson, kind: date}
fieldwork:
  - {questionnaire: pupil, audience: pupil, waves: [w1, w2]}
  - {questionnaire: parent, audience: parent, waves: [w1, w2]}
retention: {delete_on: 2100-08-31}
access: {tables: [researcher], microdata: [researcher]}
"""

SCHOOLS = """school,title,arm,programme
s1,Ash Primary,programme,north
s2,Birch Primary,comparison,
07,Cedar Secondary,,
"""

ROSTER = """participant,audience,school,class,class_title,parent_of,year,sex,fsm
p1,pupil,s1,4a,Robins,,4,f,yes
p2,pupil,s1,4a,Robins,,4,m,no
p3,pupil,s2,4,Year 4,,4,m,
a1,parent,s1,,,p1 p2,,,
"""


BY_YEAR = STUDY.replace("audience: pupil, waves", "audience: pupil, years: [3, 4], waves")
"""The same study, in which pupils of two year groups are asked."""


@laid_out
def publish(engine: Engine, folder: Path, more: str = "", study: str = STUDY) -> None:
    """Publish the study, its file ending in `more`, into a database that has its tables."""
    folder.mkdir(exist_ok=True)
    for name, text in (("study", study + more), ("pupil", PUPIL), ("parent", PARENT)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_folder(engine, folder, NOW)


@laid_out
def publish_with_schools(engine: Engine, folder: Path) -> None:
    """Publish the study, and import its schools."""
    publish(engine, folder)
    Desk(engine, settings_in(folder)).take(SCHOOLS, None)


def settings_in(folder: Path, linkage_key: Path | None = None) -> Settings:
    return Settings(
        instance=folder / "instance",
        database_url=f"sqlite:///{folder / 'chorus.sqlite'}",
        secret_key="a secret of the tests, long enough to sign with",
        base_url="http://localhost",
        linkage_key=linkage_key,
    )


AS_IT_IS = ImportChoices()


def import_roster(
    engine: Engine,
    settings: Settings,
    study_code: str,
    wave_code: str | None,
    file: SentFile,
    now: datetime,
    chosen: ImportChoices = AS_IT_IS,
) -> RosterPreview:
    """Read one file and import it, as the office and the command do one after the other."""
    plan = place_of(engine, study_code, wave_code).plan
    lists = read_lists(settings, plan, [file])
    return import_lists(engine, study_code, wave_code, lists, Act(COMMAND_LINE, now), chosen)


class Desk:
    """Where lists are looked at and imported: a study in a database, as the office and the command line use it."""

    def __init__(self, engine: Engine, settings: Settings, study: str = "small-notes") -> None:
        self.engine = engine
        self.settings = settings
        self.study = study

    def look(self, text: str | bytes, wave: str | None = "w1", name: str = "roster.csv", **more: bool) -> RosterPreview:
        return look(self.engine, self.settings, self.study, wave, SentFile(_bytes(text), name), **more)

    def take(
        self,
        text: str | bytes,
        wave: str | None = "w1",
        name: str = "roster.csv",
        *,
        yes: Collection[str] = (),
        correct: bool = False,
    ) -> RosterPreview:
        """Import a file. yes: the doubts that are answered with a yes."""
        where = (self.engine, self.settings, self.study, wave)
        return import_roster(*where, SentFile(_bytes(text), name), NOW, ImportChoices(correct, yes))

    def problems(self, text: str | bytes, wave: str | None = "w1", name: str = "roster.csv") -> list[str]:
        return [str(problem) for problem in self.look(text, wave, name).problems]

    def where(self, wave: str = "w1") -> dict[str, tuple[str | None, str | None, bool]]:
        """Return school, class and whether they left, of everyone in a wave."""
        query = (
            select(Participant.code, School.code, SchoolClass.code, Membership.left_at)
            .join(Participant, Participant.id == Membership.participant_id)
            .join(Wave, Wave.id == Membership.wave_id)
            .outerjoin(School, School.id == Membership.school_id)
            .outerjoin(SchoolClass, SchoolClass.id == Membership.school_class_id)
            .join(Study, Study.id == Wave.study_id)
            .where(Wave.code == wave, Study.code == self.study)
        )
        with read(self.engine) as connection:
            return {code: (school, its, left is not None) for code, school, its, left in connection.execute(query)}

    def facts(self, code: str, wave: str = "w1") -> tuple[dict[str, object], dict[str, object]]:
        """Return the facts of a participant that last, and those of a wave."""
        query = (
            select(Participant.facts, Membership.facts)
            .join(Participant, Participant.id == Membership.participant_id)
            .join(Wave, Wave.id == Membership.wave_id)
            .join(Study, Study.id == Wave.study_id)
            .where(Participant.code == code, Wave.code == wave, Study.code == self.study)
        )
        with read(self.engine) as connection:
            lasting, changing = connection.execute(query).one()
            return lasting, changing


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
