"""A study with many responses in a database, for what reads them all."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from survey.database import open_engine, session, upgrade
from survey.definition.bundle import Bundle
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.export.columns import AnsweredVersion, column_set
from survey.export.notes import Notes
from survey.fieldwork import Participant, keep_programmes, keep_study, keep_waves, publish, publish_study
from survey.question import Pretence
from survey.responses.bulk import PastResponse, PastSave
from tests.filled import add_responses, keep_class, keep_school

STUDY = NAME = "bench"
COLUMNS = 80
POOL = 500
"""So many different responses are made; the rest repeat their answers."""

SCALES, ITEMS = 5, 7
SCHOOLS, CLASSES = 50, 4
SCREEN = 6
"""Questions saved together."""

BEGAN = datetime(2025, 9, 20, 9, tzinfo=UTC)
TEXTS = [
    "I like the drums best",
    "It was loud =)",
    "Dwi'n hoffi canu",
    "مجھے موسیقی پسند ہے",
    "+1",
    "a < b & c",
    "fun " * 20,
]


def database(folder: Path, responses: int) -> str:
    """Make a database with a study and so many responses to its questionnaire; return its address."""
    url = f"sqlite:///{folder / 'answered.db'}"
    engine = open_engine(url)
    upgrade(engine)
    bundle = Bundle.of(definition(), {})
    with session(engine) as db:
        kept = keep_study(db, STUDY, title="Bench")
        waves = keep_waves(db, kept, [("w1", "Autumn 2025", date(2025, 9, 15), date(2025, 10, 24))])
        programmes = keep_programmes(db, kept, [("north", "The north")])
        places = []
        for number in range(SCHOOLS):
            code = f"s{number:02}"
            school = keep_school(db, kept, code, title=code, arm="programme", programme=programmes["north"])
            rooms = [keep_class(db, school, f"4{letter}", title=f"4{letter}") for letter in "abcd"[:CLASSES]]
            db.flush()
            places += [(school.id, room.id) for room in rooms]
        text = json.dumps(study_data())
        publish_study(db, STUDY, text)
        publish(db, STUDY, NAME, 1, bundle.text, BEGAN)
        people = [{"study_id": kept.id, "code": f"P{n:06}", "audience": "pupil", "facts": {}} for n in range(responses)]
        db.execute(insert(Participant), people)
        ids = db.scalars(select(Participant.id).order_by(Participant.code)).all()
        common = {"study_id": kept.id, "wave_id": waves["w1"].id, "questionnaire": NAME, "sha256": bundle.sha256}
    different = pool()
    add_responses(
        engine,
        (
            PastResponse(
                **common,
                **different[n % POOL],
                participant_id=participant,
                school_id=places[n % len(places)][0],
                school_class_id=places[n % len(places)][1],
            )
            for n, participant in enumerate(ids)
        ),
    )
    engine.dispose()
    return url


@cache
def pool() -> list[dict[str, Any]]:
    """Return different responses, as what PastResponse takes: most finished, some stopped half way."""
    chance = random.Random(20)
    return [_response(chance, BEGAN + timedelta(seconds=number)) for number in range(POOL)]


def _response(chance: random.Random, began: datetime) -> dict[str, Any]:
    given: list[dict[str, Any]] = []
    for question in questionnaire().questions:
        answer = question.pretend(Pretence(chance, chance.gauss(0, 1), TEXTS))
        if chance.random() < 0.05:
            answer[question.id] = {"missing": "dont_know"}
        given.append(answer)
    finished = chance.random() > 0.05
    if not finished:
        given = given[: len(given) // 2]
    ended = began + timedelta(minutes=9)
    return {
        "started_at": began,
        "ended_at": ended if finished else None,
        "state": "finished" if finished else "stopped",
        "facts": {
            "year": chance.choice([3, 4, 5]),
            "sex": chance.choice("fm"),
            **{f"fact_{n}": chance.randrange(40) for n in range(1, 8)},
        },
        "saves": list(_saves(given, began, chance)),
    }


def _saves(given: list[dict[str, Any]], began: datetime, chance: random.Random) -> Iterator[PastSave]:
    for screen, start in enumerate(range(0, len(given), SCREEN)):
        answers = {key: value for one in given[start : start + SCREEN] for key, value in one.items()}
        yield PastSave(f"screen_{screen}", answers, began + timedelta(minutes=screen), ms=chance.randrange(60_000))


@cache
def definition() -> dict[str, Any]:
    """Return the questionnaire's definition: as many ratings as make its data COLUMNS wide, whatever else is there."""
    found = column_set(
        study(), [AnsweredVersion("0" * 64, Questionnaire.from_data(_definition(SCALES * ITEMS)))], Notes()
    )
    return _definition(SCALES * ITEMS + COLUMNS - len(found.variables))


def _definition(ratings: int) -> dict[str, Any]:
    """Return a questionnaire: mostly ratings, some choices, numbers, dates and texts."""
    questions: list[dict[str, Any]] = [
        {"question": f"item_{n:02}", "kind": "rating", "ask": f"How true is statement {n} of you?", "options": "agree5"}
        for n in range(ratings)
    ]
    questions += [
        {"question": "plays", "kind": "yes_no", "ask": "Do you play?"},
        {"question": "instrument", "kind": "choice", "ask": "Which?", "options": "places", "when": {"plays": "yes"}},
        {"question": "places", "kind": "several", "ask": "Where?", "options": "places"},
        {"question": "hours", "kind": "number", "ask": "How many hours?", "min": "0", "max": "40"},
        {"question": "since", "kind": "date", "ask": "Since when?"},
        {"question": "best", "kind": "short_text", "ask": "What is best?"},
        {"question": "more", "kind": "long_text", "ask": "Anything else?"},
    ]
    labels = ["Not at all true", "Hardly true", "Somewhat true", "Mostly true", "Completely true"]
    rooms = ["In class", "After school", "At home", "In a concert hall"]
    return {
        "questionnaire": NAME,
        "version": "1",
        "title": "Bench",
        "audience": "pupil",
        "reader": {"age": "9"},
        "languages": ["en"],
        "options": {
            "agree5": [{"code": str(n), "label": label} for n, label in enumerate(labels, 1)],
            "places": [{"code": str(n), "label": label} for n, label in enumerate(rooms, 1)],
        },
        "pages": [{"page": "all", "questions": questions}],
        "scales": [
            {
                "scale": f"scale_{n}",
                "title": f"Scale {n}",
                "items": [f"item_{item:02}" for item in range(n * ITEMS, (n + 1) * ITEMS)],
                "score": "mean",
                "needs": f"6 of {ITEMS}",
                "direction": "High is much",
            }
            for n in range(SCALES)
        ],
    }


@cache
def questionnaire() -> Questionnaire:
    """Return the questionnaire."""
    return Questionnaire.from_data(definition())


@cache
def study() -> StudyDefinition:
    """Return the study."""
    return StudyDefinition.model_validate(study_data())


def study_data() -> dict[str, Any]:
    """Return a study with roster facts, as its file has it."""
    return {
        "study": STUDY,
        "title": "Bench",
        "arms": [{"arm": "programme", "title": "Programme schools"}],
        "programmes": [{"programme": "north", "title": "The north"}],
        "waves": [{"wave": "w1", "title": "Autumn 2025", "opens": "2025-09-15", "closes": "2025-10-24"}],
        "facts": [
            {"fact": "sex", "title": "Sex", "kind": "code", "codes": {"f": "Girl", "m": "Boy"}},
            *[{"fact": f"fact_{n}", "title": f"Fact {n}", "kind": "number"} for n in range(1, 8)],
        ],
        "fieldwork": [{"questionnaire": NAME, "audience": "pupil", "waves": ["w1"]}],
        "retention": {"delete_on": "2035-08-31"},
        "access": {"tables": ["researcher"], "microdata": ["researcher"]},
    }
