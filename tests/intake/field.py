"""The shipped study with a small field: schools, classes, pupils on two rosters, and pretended answers to it."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import object_session

from survey.database import Engine, open_engine, session, upgrade
from survey.definition.household import WHICH_CHILD
from survey.definition.reading import FolderReading, read_folder
from survey.export.store import export
from survey.fieldwork import Membership, Participant, Study, current, study_by_code
from survey.fieldwork.publishing import publish_folder
from survey.intake import saves_of
from survey.journey import Journey
from survey.question import BLANK, DONT_KNOW, RATHER_NOT, Pretence, Question, missing
from survey.responses import PastChild, PastResponse, PastSave, facts_at_start
from tests.filled import add_responses, keep_class, keep_school

FOLDER = Path(__file__).parents[2] / "questionnaires"
STUDY = "first-notes"
NOW = datetime(2026, 10, 1, 12, 30, tzinfo=UTC)
PUPILS = 60
TEXTS = [
    "=)",
    "+1",
    "two\nlines",
    '  "quoted", and blanks  ',
    "\N{MAN}\N{ZERO WIDTH JOINER}\N{GIRL}",
    "موسیقی",
    "-9.5",
    "0123",
    "-5",
    "-9",
    " -8 ",
    "TRUE",
    "1E+05",
]
"""What is typed in jest or in earnest; the last ones look like missing codes, or like a spreadsheet's doing."""


def study_folder(folder: Path, **changes: Any) -> Path:
    """Copy the shipped study into a folder, without what it asks of parents beforehand; with keys changed."""
    shutil.copytree(FOLDER, folder)
    plan = yaml.load((folder / "study.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
    plan.pop("consent", None)
    (folder / "study.yaml").write_text(json.dumps(plan | changes, ensure_ascii=False), encoding="utf-8")
    return folder


@cache
def reading_of(folder: Path) -> FolderReading:
    """Return the study in a folder, read once."""
    return read_folder(folder)


def prepared(url: str, folder: Path) -> Engine:
    """Return a database with the study published, two schools with two classes each, and the rosters of w1 and w2."""
    engine = open_engine(url)
    upgrade(engine)
    publish_folder(engine, folder, NOW)
    with session(engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
        classes = []
        for code, arm in (("0011", "programme"), ("0012", "comparison")):
            school = keep_school(db, study, code, title=f"School {code}", arm=arm, programme=study.programmes[0])
            classes += [keep_class(db, school, f"{code}-{name}", title=f"Class {name}") for name in ("a", "b")]
        for n in range(PUPILS):
            facts = {"sex": "fm"[n % 2], "fsm": "yes" if n % 3 else "no"}
            person = Participant(study_id=study.id, code=f"p{n:04d}", audience="pupil", facts=facts)
            db.add(person)
            db.flush()
            place = classes[n % len(classes)]
            for year, wave in ((4, study.waves[0]), (5, study.waves[1])):
                db.add(
                    Membership(
                        participant_id=person.id,
                        wave_id=wave.id,
                        school_id=place.school_id,
                        school_class_id=place.id,
                        facts={"year": year, "months": 12 * (n % 4)},
                    )
                )
    return engine


def answered(engine: Engine, folder: Path, wave: str = "w1", seed: int = 7) -> int:
    """Let the pupils answer, and some parents by an open link; return how many responses there are now."""
    with session(engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
        return add_responses(engine, _responses(study, folder, wave, seed, current(engine, study.id)))


def _responses(study: Study, folder: Path, wave: str, seed: int, versions: dict[str, str]) -> Iterator[PastResponse]:
    reading, rng = reading_of(folder), random.Random(seed)
    places = {school.id: _facts(school) for school in study.schools}
    its_wave = next(one for one in study.waves if one.code == wave)
    for name, people in (("pupil-ks2", _pupils(study, its_wave.id)), ("parent", _parents(study))):
        journey = Journey(reading.questionnaires[name])
        for person, facts, where in people:
            start = datetime(2025, 10, 20, 9, 0, tzinfo=UTC) + timedelta(milliseconds=rng.randrange(10**9))
            known = {**facts, **places[where["school_id"]], "wave": wave}
            if where.get("school_class_id"):
                known |= _class_facts(study, where["school_class_id"])
            saves, state = _sat(journey, known, start, rng)
            one = PastResponse(
                study_id=study.id,
                wave_id=its_wave.id,
                questionnaire=name,
                sha256=versions[name],
                started_at=start,
                saves=saves,
                state=state,
                ended_at=saves[-1].at if state == "finished" else None,
                facts=known,
                participant_id=person,
                mode=rng.choice(["own device", "read aloud"]),
                language=rng.choice(journey.questionnaire.languages),
                id=f"{name}-{rng.getrandbits(40):x}".ljust(22, "-")[:22] if name == "parent" else None,
                **where,
            )
            yield one
            if name == "parent" and state == "finished" and rng.random() < 0.5:
                yield _further(study, journey, one, places)


def _further(study: Study, journey: Journey, first: PastResponse, places: dict[int, Any]) -> PastResponse:
    """Let a parent answer about a second child, at the other school; of some the study code is known."""
    rng = random.Random(first.id)
    school = next(one for one in study.schools if one.id != first.school_id)
    facts = {**places[school.id], "wave": first.facts["wave"], WHICH_CHILD: 2}
    answers = {
        key: value
        for question in journey.questionnaire.questions
        if question.id not in journey.hidden({}, facts)
        for key, value in _pretended(question, rng).items()
    }
    saves = list(saves_of(journey, answers, facts, first.started_at))
    pupil = _pupil_at(study, school.id) if rng.random() < 0.5 else None
    about = PastChild(2, pupil, "typed" if pupil else None, first.id)
    return replace(first, id=None, school_id=school.id, saves=saves, facts=facts, about=about)


def _pupil_at(study: Study, school_id: int) -> int:
    db = object_session(study)
    assert db is not None
    member = db.query(Membership).filter_by(school_id=school_id).order_by(Membership.participant_id).first()
    assert member is not None
    return member.participant_id


def _sat(journey: Journey, facts: dict[str, Any], start: datetime, rng: random.Random) -> tuple[list[PastSave], str]:
    """Answer a questionnaire; one in five stops on the way."""
    answers: dict[str, Any] = {}
    for question in journey.questionnaire.questions:
        answers |= _pretended(question, rng)
    for id in journey.hidden(answers, facts):
        for key in journey.questionnaire.question(id).keys:
            answers.pop(key, None)
    saves = list(saves_of(journey, answers, facts, start))
    state = "finished" if rng.random() < 0.8 else rng.choice(["stopped", "started"])
    saves = saves if state == "finished" else saves[: rng.randrange(1, len(saves))]
    return [
        replace(one, at=start + timedelta(seconds=30, milliseconds=7_431 * n)) for n, one in enumerate(saves, start=1)
    ], state


def _pretended(question: Question, rng: random.Random) -> dict[str, Any]:
    if not (question.asks and question.stored):
        return {}
    ways = (
        [BLANK] * (not question.required)
        + [DONT_KNOW] * bool(question.dont_know)
        + [RATHER_NOT] * bool(question.rather_not)
    )
    if ways and rng.random() < 0.15:
        return {key: missing(BLANK if key.endswith(".other") else rng.choice(ways)) for key in question.keys[:1]}
    return question.pretend(Pretence(rng, rng.gauss(0, 1), TEXTS))


def _facts(school: Any) -> dict[str, Any]:
    return facts_at_start(
        None,
        None,
        {
            "school": school.title,
            "school_code": school.code,
            "arm": school.arm,
            "programme": school.programme.title,
            "programme_code": school.programme.code,
        },
    )


def _class_facts(study: Study, id: int) -> dict[str, Any]:
    found = next(one for school in study.schools for one in school.classes if one.id == id)
    return {"school_class": found.title, "school_class_code": found.code}


def _pupils(study: Study, wave_id: int) -> Iterator[tuple[int | None, dict[str, Any], dict[str, Any]]]:
    db = object_session(study)
    assert db is not None
    for member in db.query(Membership).filter_by(wave_id=wave_id).order_by(Membership.participant_id):
        facts = {**member.participant.facts, **member.facts}
        where = {"school_id": member.school_id, "school_class_id": member.school_class_id}
        # One in six was absent.
        if member.participant_id % 6:
            yield member.participant_id, facts, where


def _parents(study: Study) -> Iterator[tuple[int | None, dict[str, Any], dict[str, Any]]]:
    for n in range(25):
        yield None, {}, {"school_id": study.schools[n % 2].id}


def exported(engine: Engine, questionnaire: str, what: str = "codes") -> bytes:
    """Return one CSV of the study's export."""
    return all_exported(engine)[f"{questionnaire}-{what}"]


def all_exported(engine: Engine) -> dict[str, bytes]:
    """Return the CSV files of the study's export: name without its ending -> contents."""
    out = io.BytesIO()
    export(STUDY, engine, "csv", out, NOW)
    with zipfile.ZipFile(out) as files:
        return {Path(name).stem: files.read(name) for name in files.namelist() if name.startswith("csv/")}


def without_ids(data: bytes) -> list[list[str]]:
    """Return the rows of a CSV without the ids of responses, in an order that does not hang on them."""
    header, *rows = csv.reader(io.StringIO(data.decode(), newline=""))
    at = header.index("response")
    if "household" in header:
        # Rows of one household have the same one: what its first row says stands for it.
        ids = {at, header.index("household")}
        household, child = header.index("household"), header.index("child")
        first = {
            row[household]: " ".join(cell for place, cell in enumerate(row) if place not in ids)
            for row in rows
            if row[child] == "1"
        }
        rows = [[*row[:household], first[row[household]], *row[household + 1 :]] for row in rows]
    return [header, *sorted(row[:at] + row[at + 1 :] for row in rows)]


def table(*rows: dict[str, Any]) -> bytes:
    """Return rows as a CSV with every column that one of them has."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
