"""A study in which Sam Reed reads what children type, and no one reads what parents do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from survey.database import Engine, session
from survey.fieldwork import Membership, NewDoor, Participant, new_door, study_by_code
from survey.fieldwork.doors import LeadsTo
from survey.fieldwork.publishing import publish_folder
from tests.filled import keep_class, keep_school
from tests.templates import laid_out

SAM = "sam@example.org"
# A Friday, half past nine in London.
NOW = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
KEY = b"a key for codes in tests"

STUDY = """
study: listening
title: Listening
arms:
  - {arm: programme, title: Programme schools}
waves:
  - {wave: w1, title: Spring 2026, opens: 2026-01-05, closes: 2099-12-31}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
fieldwork:
  - {questionnaire: pupil, audience: pupil, waves: [w1]}
  - {questionnaire: parent, audience: parent, waves: [w1]}
retention: {delete_on: 2100-08-31}
access: {tables: [researcher], microdata: [researcher]}
"""

PUPIL = """
questionnaire: pupil
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: [en]
thanks: Thank you.
free_text:
  read: yes
  reader: {name: Sam Reed, email: Sam@example.org, within: 2}
  words: {en: [the blue room]}
  talk_to: If something makes you sad, tell a grown-up you trust.
assent: {ask: Do you want to?, yes: "Yes", no: "No", declined: That is fine.}
pages:
  - page: music
    questions:
      - {question: sings, kind: yes_no, ask: Do you sing?}
      - question: instrument
        kind: choice
        ask: What do you play?
        options: [{code: 1, label: Drums}, {code: 8, label: Something else, other: yes}]
      - {question: more, kind: long_text, ask: Is there anything else?}
"""

PARENT = """
questionnaire: parent
version: 1
title: Your child and music
audience: parent
reader: {age: 16}
languages: [en]
introduction: We ask about the concert.
data_use: Kept with the study.
contact: Write to the study team.
thanks: Thank you.
free_text: {read: no, talk_to: No one reads this straight away. Tell the school.}
consent: {ask: Do you agree?, yes: I agree, no: "No", declined: Thank you.}
pages:
  - page: concert
    title: The concert
    questions:
      - {question: best, kind: short_text, ask: What was best?}
"""


@laid_out
def make_study(engine: Engine, folder: Path, **changed: str) -> dict[str, NewDoor]:
    """Publish the study; return a door for the pupil p1 of Ash Primary, class 4a, and an open one for parents.

    changed: texts in place of PUPIL, PARENT or STUDY, by name in small letters.
    """
    folder.mkdir(exist_ok=True)
    for name, text in ({"study": STUDY, "pupil": PUPIL, "parent": PARENT} | changed).items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_folder(engine, folder, NOW)
    with session(engine) as db:
        study = study_by_code(db, "listening")
        assert study is not None
        ash = keep_school(db, study, "s1", title="Ash Primary", arm="programme")
        room = keep_class(db, ash, "4a", title="Class 4a")
        child = Participant(study_id=study.id, code="p1", audience="pupil", facts={})
        db.add(child)
        db.flush()
        wave = study.waves[0]
        place = {"school_id": ash.id, "school_class_id": room.id}
        db.add(Membership(participant_id=child.id, wave_id=wave.id, facts={"year": 4}, **place))
        db.flush()
        return {
            "pupil": new_door(db, wave=wave, questionnaire="pupil", key=KEY, to=LeadsTo(participant=child)),
            "parent": new_door(db, wave=wave, questionnaire="parent", key=KEY, to=LeadsTo(school=ash)),
        }
