"""A study of one questionnaire for parents, with every sort of question that answers are lost in; and its later versions."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from survey.audit import COMMAND_LINE, Act
from survey.database import Engine, open_engine, session, upgrade
from survey.definition.bundle import Bundle
from survey.export.store import export
from survey.fieldwork import publish
from survey.fieldwork.publishing import publish_folder
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, Taken, import_answers
from tests.intake.field import table
from tests.language.examples import bundled

NOW = datetime(2025, 12, 1, 12, 0, tzinfo=UTC)
NAME = "drinks"

STUDY = """\
study: case
title: Cases
language: en
time_zone: Europe/London
arms: [{arm: programme, title: P}, {arm: comparison, title: C}]
waves: [{wave: w1, title: Autumn, opens: 2025-01-01, closes: 2026-12-24}]
fieldwork: [{questionnaire: drinks, audience: parent, waves: [w1]}]
retention: {delete_on: 2035-08-31}
access: {tables: [researcher], microdata: [researcher]}
"""

HEAD = """\
questionnaire: drinks
version: 1
title: Cases
audience: parent
reader: {age: 18}
languages: [en]
introduction: This is a test.
data_use: Nothing is kept.
contact: Write to us.
thanks: Thank you.
free_text: {read: no, talk_to: No one reads this straight away.}
consent: {ask: Do you agree?, yes: I agree, no: I do not, declined: Thank you.}
options:
  agree3: [{code: 1, label: Not true}, {code: 2, label: Somewhat true}, {code: 3, label: Very true}]
pages:
  - page: one
    questions:
"""

QUESTIONS = {
    "phone": "{question: phone, kind: short_text, ask: Which number do you have?}",
    "more": "{question: more, kind: long_text, ask: Anything else?, longest: 40000}",
    "coffee": (
        "{question: coffee, kind: several, ask: Which coffee?, options: [{code: 1, label: Turkish}, "
        "{code: 2, label: Espresso}, {code: 3, label: Keurig}, {code: 8, label: Other, other: yes}]}"
    ),
    "instrument": (
        "{question: instrument, kind: choice, ask: Which instrument?, options: [{code: 1, label: Violin}, "
        "{code: 2, label: Cello}, {code: 8, label: Other, other: yes}]}"
    ),
    "hours": "{question: hours, kind: number, ask: How many hours?, min: 0, max: 60, decimals: 2, dont_know: yes, unit: hours}",
    "turned": "{question: turned, kind: number, ask: How many years?, min: 0, max: 90}",
    "plays": "{question: plays, kind: yes_no, ask: Do you play?}",
    "what": "{question: what, kind: short_text, ask: What do you play?, when: {plays: yes}}",
    "a": "{question: a, kind: rating, ask: Aa is true., options: agree3}",
}

ROW: dict[str, Any] = {
    "response": "k1",
    "state": "finished",
    "started": "2025-07-01 10:00:00",
    "finished": "2025-07-01 10:10:00",
    "phone": "0800",
    "more": "later",
    "coffee_1": 1,
    "coffee_2": 0,
    "coffee_3": 1,
    "coffee_8": 0,
    "coffee_other": "",
    "instrument": 2,
    "hours": 1.5,
    "turned": 7,
    "plays": 0,
    "what": "",
    "a": 3,
}
"""A row of version 1 as another system would write it: nothing says which version it is."""


def questionnaire(version: int = 1, **changes: str | None) -> str:
    """Return the questionnaire as YAML. changes: the question's id -> what stands instead, None for nothing.

    Questions that are not in version 1 come last.
    """
    questions = [text for text in (QUESTIONS | changes).values() if text is not None]
    return HEAD.replace("version: 1", f"version: {version}") + "".join(f"      - {one}\n" for one in questions)


def folder(path: Path, text: str) -> Path:
    """Return a folder with the study and this text of its questionnaire."""
    path.mkdir(exist_ok=True)
    (path / "study.yaml").write_text(STUDY, encoding="utf-8")
    (path / f"{NAME}.yaml").write_text(text, encoding="utf-8")
    return path


def started(url: str, path: Path) -> Engine:
    """Return a database in which version 1 is published."""
    engine = open_engine(url)
    upgrade(engine)
    publish_folder(engine, folder(path, questionnaire()), NOW)
    return engine


def publish_as_before(engine: Engine, path: Path, text: str) -> None:
    """Publish a version that an older Chorus let through, whatever it changes."""
    bundle = bundled(folder(path, text), NAME)
    with session(engine) as db:
        publish(db, "case", NAME, Bundle.parse(bundle.text).version, bundle.text, NOW)


def imported(engine: Engine, *rows: dict[str, Any]) -> Taken:
    """Import rows as a CSV."""
    return import_answers(
        engine, Destination("case", NAME, "w1"), SentFile(table(*rows), "in.csv"), Act(COMMAND_LINE, NOW)
    )


def exported(engine: Engine, name: str = f"{NAME}-codes") -> list[dict[str, str]]:
    """Return the rows of one CSV of the export."""
    out = io.BytesIO()
    export("case", engine, "csv", out, NOW)
    text = zipfile.ZipFile(out).read(f"csv/{name}.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))
