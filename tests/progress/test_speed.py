"""A whole national study's progress is there at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import insert

from survey.database import Engine, open_engine, session, upgrade
from survey.fieldwork import Membership, Participant, study_by_code
from survey.progress import progress, tallies, total
from tests.progress.every_outcome import CODE, NOW, make

PUPILS = 2500
LONGEST = 1.0
"""Seconds for 2,500 pupils in three waves; it takes about a fifth of that."""


def fill(engine: Engine) -> None:
    with session(engine) as db:
        study = study_by_code(db, CODE)
        assert study is not None
        schools = [school.id for school in study.schools]
        facts = {"year": 4}
        rows = [{"study_id": study.id, "code": f"n{n}", "audience": "pupil", "facts": facts} for n in range(PUPILS)]
        db.execute(insert(Participant), rows)
        ids = [person.id for person in db.query(Participant).filter(Participant.code.startswith("n"))]
        db.execute(
            insert(Membership),
            [
                {"participant_id": person, "wave_id": wave.id, "school_id": schools[person % 4], "facts": facts}
                for wave in study.waves
                for person in ids
            ],
        )


@pytest.mark.slow
def test_2500_pupils_in_three_waves_in_less_than_a_second(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url)
    upgrade(engine)
    study = make(engine, tmp_path / "study")
    fill(engine)
    progress(engine, study, NOW)
    took = []
    for _ in range(3):
        begun = time.process_time()
        found = progress(engine, study, NOW)
        tables = [tallies(found, level) for level in ("programme", "arm", "school", "class", "wave")]
        took.append(time.process_time() - begun)
    assert total(found.lines).asked > 3 * PUPILS
    assert all(tables)
    assert min(took) < LONGEST, took
    engine.dispose()
