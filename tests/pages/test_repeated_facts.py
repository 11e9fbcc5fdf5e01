"""What the roster says of a person, repeated in the pages they answer: in words, in their language, from the first page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from survey.app import create_app
from survey.config import Settings
from survey.database import open_engine, session, upgrade
from survey.fieldwork import Membership, Participant, new_door, study_by_code
from survey.fieldwork.doors import LeadsTo
from survey.fieldwork.publishing import publish_folder
from tests.filled import keep_class, keep_school
from tests.pages.strict import words
from tests.pages.walker import Walker

STUDY = """
study: panel
title: Panel
arms: [{arm: programme, title: With}, {arm: comparison, title: Without}]
waves: [{wave: w1, title: Always, opens: 2020-01-01, closes: 2099-12-31}]
facts:
  - {fact: instrument, title: Instrument last wave, kind: code, codes: {1: violin, 2: drum}}
  - {fact: leads, title: Led music last wave, kind: yes_no}
  - {fact: hours, title: Hours last wave, kind: number}
fieldwork: [{questionnaire: later, audience: staff, waves: [w1]}]
retention: {delete_on: 2110-12-31}
access: {tables: [researcher], microdata: [researcher]}
"""
LATER = """
questionnaire: later
version: 1
title: A year later
audience: staff
reader: {age: 18}
languages: [en, cy]
introduction: "Last year you played the {roster.instrument|instrument}."
data_use: Answers are kept for a year.
contact: Ask the study team.
thanks: "Thank you, and good luck with the {roster.instrument|music}."
free_text: {read: no}
consent: {ask: Do you agree?, yes: I agree, no: No, declined: Thank you all the same.}
pages:
  - page: one
    title: "You lead music in {roster.class|a class}: {roster.leads|not known}"
    questions:
      - question: still
        kind: yes_no
        ask: "You play {roster.instrument|something}, {roster.hours|some} hours a week. Do you still?"
"""
WELSH = """
questionnaire: later
language: cy
reviewed: yes
title: Flwyddyn wedyn
introduction: "Y llynedd roeddech yn chwarae'r {roster.instrument|offeryn}."
data_use: Cedwir atebion am flwyddyn.
contact: Gofynnwch i’r tîm.
thanks: "Diolch, a phob lwc gyda'r {roster.instrument|gerddoriaeth}."
consent: {ask: Ydych chi’n cytuno?, "yes": Cytuno, "no": Na, declined: Diolch.}
facts: {instrument: {1: ffidil, 2: drwm}}
pages: {one: {title: "Rydych yn arwain {roster.class|dosbarth}: {roster.leads|nid yw'n hysbys}"}}
questions: {still: {ask: "Rydych yn chwarae {roster.instrument|rhywbeth}, {roster.hours|rhai} awr. Ydych chi o hyd?"}}
"""


@pytest.fixture
def walker(tmp_path: Path) -> Iterator[Walker]:
    """Someone behind the personal link of a participant who played the violin and led music."""
    folder = tmp_path / "study"
    folder.mkdir()
    for name, text in (("study", STUDY), ("later", LATER), ("later.cy", WELSH)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    settings = Settings.from_environment(
        {"CHORUS_INSTANCE": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'panel.db'}"}
    )
    engine = open_engine(settings.database_url)
    upgrade(engine)
    publish_folder(engine, folder, datetime.now(UTC))
    with session(engine) as db:
        study = study_by_code(db, "panel")
        assert study is not None
        person = Participant(
            study=study, code="S001", audience="staff", facts={"instrument": "1", "leads": True, "hours": 3.0}
        )
        db.add(person)
        db.flush()
        robins = keep_class(
            db, keep_school(db, study, "s1", title="Ash Primary", arm="programme"), "4r", title="Robins"
        )
        there = {"school_id": robins.school_id, "school_class_id": robins.id}
        db.add(Membership(participant_id=person.id, wave_id=study.waves[0].id, facts={}, **there))
        key = settings.key("codes")
        door = new_door(db, wave=study.waves[0], questionnaire="later", key=key, to=LeadsTo(participant=person))
        token = door.token
    app = create_app(settings)
    yield Walker(app.test_client()).open(f"/j/{token}")
    engine.dispose()
    app.extensions["chorus"].engine.dispose()


@pytest.mark.parametrize(
    ("language", "opening", "title", "question", "thanks"),
    [
        (
            "en",
            "you played the violin.",
            "You lead music in Robins: Yes",
            "You play violin, 3 hours",
            "good luck with the violin.",
        ),
        (
            "cy",
            "chwarae'r ffidil.",
            "Rydych yn arwain Robins: Ie",
            "Rydych yn chwarae ffidil, 3 awr",
            "lwc gyda'r ffidil.",
        ),
    ],
)
def test_facts_are_read_in_words_on_every_page(walker, language, opening, title, question, thanks):
    walker.open(f"/welcome?language={language}")
    assert opening in words(walker.page)
    walker.post({**walker.chosen(), "assent": "yes"})
    assert title in words(walker.page)
    assert question in words(walker.page)
    walker.post({"q_still": "1"})
    assert walker.place == "check"
    assert question in words(walker.page)
    walker.post({})
    assert walker.place == "over"
    assert thanks in words(walker.page)
