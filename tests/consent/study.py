"""A study whose parents decide: its texts, its field, and people in it. Tests say its rules as they need them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select, text

from survey.audit import COMMAND_LINE, Act
from survey.database import Engine, read, session, write
from survey.fieldwork import Decision, Membership, Participant, Study, current, decide, new_door, study_by_code
from survey.fieldwork import issued as issue
from survey.fieldwork.consent import SentSheet
from survey.fieldwork.doors import LeadsTo
from survey.fieldwork.publishing import publish_folder
from survey.responses import SavedPage, begin, finish, save
from tests.filled import keep_class, keep_school
from tests.templates import laid_out

NOW = datetime(2025, 10, 6, 10, tzinfo=UTC)
KEY = b"a key for codes in tests"
RECEIPTS = b"a key for receipts in tests"
SENTINEL = "Zwiebelfischchen im Musikzimmer"

STUDY = """
study: tuned-in
title: Tuned in
arms:
  - {arm: programme, title: Programme schools}
waves:
  - {wave: w1, title: Autumn 2025, opens: 2025-09-22, closes: 2025-12-19}
  - {wave: w2, title: Autumn 2026, opens: 2026-09-21, closes: 2026-12-18}
  - {wave: w3, title: Autumn 2027, opens: 2027-09-20, closes: 2027-12-17}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
  - {fact: fsm, title: Free school meals, kind: yes_no}
fieldwork:
  - {questionnaire: pupil, audience: pupil, waves: [w1, w2, w3]}
  - {questionnaire: parent, audience: parent, waves: [w1, w2, w3]}
retention: {delete_on: 2035-08-31, backups: 35}
access: {tables: [researcher], microdata: [researcher]}
"""

CONSENT = """
consent:
  - audience: pupil
    decided_by: BY
    basis: BASIS
    sheet: {version: 1, title: About Tuned in, text: We ask children about music. You may say no.}
"""

PUPIL = """
questionnaire: pupil
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: en
thanks: Thank you.
free_text: {read: no, talk_to: Tell your teacher if something worries you.}
assent:
  ask: Do you want to tell us about music?
  lines:
    - {text: There are no wrong answers.}
  yes: Yes, I will
  no: No, thank you
  declined: That is fine.
pages:
  - page: music
    questions:
      - {question: why, kind: long_text, ask: Why do you like music?}
"""

PARENT = """
questionnaire: parent
version: 1
title: Your child and music
audience: parent
reader: {age: 16}
languages: [en, ur]
introduction: We ask you about the concert.
data_use: Your answers are kept with the study.
contact: Write to the study team.
thanks: Thank you.
free_text: {read: no, talk_to: Tell your teacher if something worries you.}
pages:
  - page: concert
    title: The concert
    questions:
      - {question: why, kind: long_text, ask: What did you think of the concert?}
"""


def consent(basis: str = "opt_in", by: str = "parent") -> str:
    """Return the study's text with one rule for pupils."""
    return STUDY + CONSENT.replace("BASIS", basis).replace("BY", by)


@dataclass(frozen=True)
class Tuned:
    """The study in a database: what tests need of it."""

    engine: Engine
    study: Study
    waves: dict[str, int]

    def person(self, code: str) -> int:
        """Return the id of a participant."""
        with session(self.engine) as db:
            return db.scalars(
                select(Participant.id).where(Participant.code == code, Participant.study_id == self.study.id)
            ).one()

    def decide(self, code: str, decisions: Iterable[Decision], now: datetime = NOW) -> None:
        """Put decisions about someone into the ledger."""
        with write(self.engine) as connection:
            for decision in decisions:
                decide(connection, self.study, self.person(code), decision, COMMAND_LINE, now)

    def issued(self, *schools: str, audience: str = "pupil", on: date = date(2025, 9, 1)) -> int:
        """Record the sheet as sent, to all when no school is named."""
        with write(self.engine) as connection:
            return issue(connection, self.study, SentSheet(audience, schools or None, on), Act(COMMAND_LINE, NOW))

    def door(self, questionnaire: str, code: str | None, wave: str = "w1") -> int:
        """Return the id of a new door, without hours of its own."""
        with session(self.engine) as db:
            study = study_by_code(db, self.study.code)
            assert study is not None
            its = next(one for one in study.waves if one.code == wave)
            person = None if code is None else db.get(Participant, self.person(code))
            school = study.schools[0] if code is None else None
            door = new_door(
                db, wave=its, questionnaire=questionnaire, key=KEY, to=LeadsTo(participant=person, school=school)
            ).door
            return door.id

    def begin(self, code: str | None, wave: str = "w1", questionnaire: str = "pupil", now: datetime = NOW) -> str:
        """Begin a response by a new door; return its id."""
        sha256 = current(self.engine, self.study.id)[questionnaire]
        return begin(self.engine, self.door(questionnaire, code, wave), "en", sha256, now).response

    def answer(self, code: str | None, wave: str = "w1", questionnaire: str = "pupil", words: str = SENTINEL) -> str:
        """Answer all of a questionnaire; return the response's id."""
        its_id = self.begin(code, wave, questionnaire)
        save(self.engine, its_id, SavedPage(1, 1, "music", {"why": words + " first"}, now=NOW, ms=4000))
        save(self.engine, its_id, SavedPage(1, 2, "music", {"why": words}, now=NOW, ms=5000))
        finish(self.engine, its_id, 1, 3, NOW, receipt=RECEIPTS if questionnaire == "parent" else None)
        return its_id


def lay_out(engine: Engine, folder: Path, study_text: str = STUDY) -> Tuned:
    """Publish the study, with two schools, six pupils and two parents in its waves."""
    return Tuned(engine, *_fill(engine, folder, study_text))


@laid_out
def _fill(engine: Engine, folder: Path, study_text: str) -> tuple[Study, dict[str, int]]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, words in (("study", study_text), ("pupil", PUPIL), ("parent", PARENT.replace("[en, ur]", "en"))):
        (folder / f"{name}.yaml").write_text(words, encoding="utf-8")
    publish_folder(engine, folder, datetime(2025, 8, 1, 9, tzinfo=UTC))
    with session(engine) as db:
        study = study_by_code(db, study_text.split("study: ")[1].split()[0])
        assert study is not None
        waves = {wave.code: wave.id for wave in study.waves}
        classes = {}
        for code, title in (("s1", "Ash Primary"), ("s2", "Birch Primary")):
            school = keep_school(db, study, code, title=title, arm="programme")
            classes[code] = keep_class(db, school, "4a", title="Class 4A")
        people = [(f"P{number}", "pupil", "s1" if number < 4 else "s2") for number in range(1, 7)]
        people += [("R1", "parent", "s1"), ("R2", "parent", "s2")]
        for code, audience, at in people:
            person = Participant(study_id=study.id, code=code, audience=audience, facts={"fsm": True})
            db.add(person)
            db.flush()
            for wave_id in waves.values():
                db.add(
                    Membership(
                        participant_id=person.id,
                        wave_id=wave_id,
                        school_id=classes[at].school_id,
                        school_class_id=classes[at].id,
                        facts={"year": 4},
                    )
                )
    return study, waves


def everything(engine: Engine) -> str:
    """All text of all tables."""
    with read(engine) as connection:
        if engine.dialect.name == "sqlite":
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        else:
            names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return "\n".join(
            str(row) for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"')).all()
        )
