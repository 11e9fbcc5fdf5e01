"""The small study with people in it: two pupils with answers, one decision each, and words that must not outlive them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from survey.audit import COMMAND_LINE
from survey.database import Engine, session, write
from survey.fieldwork import Membership, Participant, current, study_by_code
from survey.fieldwork.consent import Decision, decide
from survey.fieldwork.doors import LeadsTo, new_door
from survey.responses import PastResponse, PastSave
from tests.filled import add_responses
from tests.pages.small_study import make_study
from tests.templates import laid_out

SENTINEL = "zebra-trombone-quartz"
ANSWERED = datetime(2026, 1, 12, 10, tzinfo=UTC)
BEFORE = datetime(2100, 8, 30, 22, 59, tzinfo=UTC)
"""One minute before the day begins in London, where it is summer."""
THE_DAY = datetime(2100, 8, 30, 23, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    study_id: int
    people: dict[str, int]
    responses: dict[str, str]


@laid_out
def lay_out(engine: Engine, folder: Path) -> Field:
    """Publish the small study and let P1 and P2 answer in its second wave."""
    folder.mkdir(exist_ok=True)
    make_study(engine, folder)
    with session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        wave = next(wave for wave in study.waves if wave.code == "w2")
        school = study.schools[0]
        people, doors = {}, {}
        for code in ("P1", "P2"):
            one = Participant(study_id=study.id, code=code, audience="pupil", facts={"year": 4})
            db.add(one)
            db.flush()
            db.add(Membership(participant_id=one.id, wave_id=wave.id, school_id=school.id, facts={"year": 4}))
            people[code] = one.id
            doors[code] = new_door(
                db, wave=wave, questionnaire="pupil", key=b"k" * 32, to=LeadsTo(participant=one)
            ).door.id
        study_id, wave_id, school_id = study.id, wave.id, school.id
    sha256 = current(engine, study_id)["pupil"]
    ids = {code: f"response-of-{code}-{'x' * 7}" for code in people}
    add_responses(
        engine,
        [
            PastResponse(
                id=ids[code],
                study_id=study_id,
                wave_id=wave_id,
                questionnaire="pupil",
                sha256=sha256,
                started_at=ANSWERED,
                ended_at=ANSWERED,
                participant_id=people[code],
                school_id=school_id,
                door_id=doors[code],
                saves=[PastSave("sing_enjoy", {"sing_enjoy": 4, "words": SENTINEL}, ANSWERED)],
            )
            for code in people
        ],
    )
    with write(engine) as connection, session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        for one_id in people.values():
            decide(connection, study, one_id, Decision("yes", "parent", date(2025, 10, 1)), COMMAND_LINE, ANSWERED)
    return Field(study_id, people, ids)
