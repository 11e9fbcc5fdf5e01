"""A study made for paper: pupils with assent and routing, staff without, and two people who key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select

from survey.admission import add_user
from survey.audit import COMMAND_LINE
from survey.config import Settings
from survey.database import Engine, session, upgrade
from survey.fieldwork import Participant, study_by_code
from survey.fieldwork.participants import Membership
from survey.fieldwork.publishing import publish_folder
from survey.paper.keying import PaperToKey, paper_of, sheet_of
from survey.paper.printing import Order, Papers, print_papers
from survey.people import User
from tests.filled import keep_class, keep_school
from tests.templates import laid_out

NOW = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
CODE = "on-paper"

STUDY = """
study: on-paper
title: On paper
arms:
  - {arm: programme, title: Programme schools}
waves:
  - {wave: w1, title: From 2026 on, opens: 2026-01-05, closes: 2099-12-31}
  - {wave: w2, title: Spring 2100, opens: 2100-01-05, closes: 2100-04-30}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
fieldwork:
  - {questionnaire: pupil, audience: pupil, waves: [w1, w2]}
  - {questionnaire: staff, audience: staff, waves: [w1]}
retention: {delete_on: 2100-08-31}
access: {tables: [researcher, coordinator], microdata: [researcher]}
"""

PUPIL = """
questionnaire: pupil
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: en
free_text: {read: no, talk_to: Tell a grown-up you trust if something makes you sad.}
thanks: Thank you.
assent:
  ask: Do you want to tell us about music?
  lines:
    - {text: There are no wrong answers.}
  yes: Yes, I will
  no: No, thank you
  declined: That is fine.
options:
  enjoy5:
    - {code: 1, label: Not at all, face: enjoy-1}
    - {code: 2, label: A little, face: enjoy-2}
    - {code: 3, label: Quite a bit, face: enjoy-3}
    - {code: 4, label: A lot, face: enjoy-4}
    - {code: 5, label: A great deal, face: enjoy-5}
pages:
  - page: try
    questions:
      - {question: try_party, kind: practice, ask: How much do you like parties?, options: enjoy5}
  - page: music
    questions:
      - {question: sing_enjoy, kind: faces, ask: How much do you like singing?, options: enjoy5}
      - {question: plays, kind: yes_no, ask: Do you play an instrument?}
      - question: instrument
        kind: choice
        ask: Which instrument do you play?
        when: {plays: yes}
        options:
          - {code: 1, label: Violin}
          - {code: 2, label: Drum}
          - {code: 8, label: Something else, other: yes}
      - question: places
        kind: several
        ask: Where do you make music?
        options:
          - {code: 1, label: At school}
          - {code: 2, label: At home}
          - {code: 9, label: None of these, exclusive: yes}
      - {question: songs, kind: number, ask: How many songs do you know?, min: 0, max: 200}
      - {question: old_enough, kind: yes_no, ask: Will you play in Year 6?, when: {roster.year: {at_least: 5}}}
"""

STAFF = """
questionnaire: staff
version: 1
title: Music in your school
audience: staff
reader: {age: 18}
languages: en
free_text: {read: no}
introduction: We ask about music in your school.
data_use: Your answers are kept with the study.
contact: Write to the study team.
thanks: Thank you.
pages:
  - page: work
    questions:
      - {question: joined, kind: date, ask: When did you start?, precision: month}
      - {question: comments, kind: long_text, ask: What else would you like to say?}
"""


@dataclass
class OnPaper:
    """The study in a database, with two people who key."""

    engine: Engine
    settings: Settings
    study_id: int
    ann: int
    ben: int
    passwords: dict[str, str] = field(default_factory=dict)

    def print(self, questionnaire: str = "pupil", **more: object) -> Papers:
        """Print forms for the first wave."""
        order = Order(CODE, "w1", questionnaire, **more)  # type: ignore[arg-type]
        return print_papers(self.engine, self.settings, order, COMMAND_LINE, NOW)

    def sheet(self, code: str) -> PaperToKey:
        """Return the paper with this code as it is keyed."""
        paper = paper_of(self.engine, self.settings, self.study_id, code)
        assert paper is not None
        return sheet_of(self.engine, paper, "Europe/London")


def lay_out(engine: Engine, settings: Settings, folder: Path, microdata: str = "[researcher]") -> OnPaper:
    """Publish the study from files in `folder`; three pupils, one of them in Year 5, and the accounts of Ann and Ben.

    Cay is a third researcher, Lea leads the study, Col coordinates at the school. microdata: who sees single answers.
    """
    upgrade(engine)
    return OnPaper(engine, settings, *_fill(engine, folder, microdata))


@laid_out
def _fill(engine: Engine, folder: Path, microdata: str) -> tuple[int, int, int, dict[str, str]]:
    """Return the study's id, those of Ann and Ben, and the one-time passwords by address."""
    plan = STUDY.replace("microdata: [researcher]", f"microdata: {microdata}")
    for name, text in (("study", plan), ("pupil", PUPIL), ("staff", STAFF)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_folder(engine, folder, datetime(2025, 9, 1, 9, tzinfo=UTC))
    with session(engine) as db:
        study = study_by_code(db, CODE)
        assert study is not None
        school = keep_school(db, study, "s1", title="Ash Primary", arm="programme")
        robins = keep_class(db, school, "4r", title="Robins")
        for code, year in (("P001", 4), ("P002", 4), ("P003", 5)):
            person = Participant(study_id=study.id, code=code, audience="pupil", facts={})
            db.add(person)
            db.flush()
            db.add(
                Membership(
                    participant_id=person.id,
                    wave_id=study.waves[0].id,
                    school_id=school.id,
                    school_class_id=robins.id,
                    facts={"year": year},
                )
            )
        study_id = study.id
    passwords = {
        email: add_user(engine, email, ["researcher"], study=CODE)
        for email in ("ann@uni.org", "ben@uni.org", "cay@uni.org")
    }
    passwords["lea@uni.org"] = add_user(engine, "lea@uni.org", ["lead"], study=CODE)
    passwords["col@school.org"] = add_user(engine, "col@school.org", ["coordinator"], study=CODE, school="s1")
    with session(engine) as db:
        ids = {user.email: user.id for user in db.scalars(select(User))}
    return study_id, ids["ann@uni.org"], ids["ben@uni.org"], passwords


DAY = date(2026, 3, 20)

FULL = {
    "assent": "1",
    "date": "20 3 2026",
    "q_sing_enjoy": "5",
    "q_plays": "1",
    "q_instrument": "8",
    "q_instrument-other": "banjo",
    "q_places": "2 1",
    "q_songs": "12",
}
"""What a careful keyer types of a full paper of a pupil."""


def codes_of(page: str) -> set[str]:
    """Return the codes that stand on the sheets of a page to be printed."""
    return set(re.findall(r'<bdi class="code" dir="ltr">([^<]+)</bdi>', page))
