"""A class of six, the Robins of Ash Primary, in the small study of tests/pages; and two children at another school."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from survey.classroom.members import WaveAndClass
from survey.database import Engine, session
from survey.fieldwork import Membership, Participant, study_by_code
from tests.filled import keep_class
from tests.pages.small_study import make_study
from tests.templates import laid_out

ROBINS = tuple(f"r{number:03}" for number in range(1, 7))
"""Study codes of the six, as the roster has them."""


@dataclass(frozen=True)
class Rooms:
    """Where the classes are. wave: the one that is open."""

    robins: WaveAndClass
    wrens: WaveAndClass
    school: int
    wave: str = "w2"
    questionnaire: str = "pupil"


@laid_out
def make_class(engine: Engine, folder: Path) -> Rooms:
    """Lay out the study and its two classes; `folder` is empty, the database has its tables and nothing else."""
    make_study(engine, folder)
    with session(engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        wave = next(one for one in study.waves if one.code == "w2")
        schools = {one.code: one for one in study.schools}
        places = {}
        for school, code, title, people in (("s1", "4r", "Robins", ROBINS), ("s2", "4w", "Wrens", ("w001", "w002"))):
            there = keep_class(db, schools[school], code, title=title)
            places[code] = WaveAndClass(study.id, wave.id, there.id)
            for name in people:
                db.add(person := Participant(study_id=study.id, code=name, audience="pupil", facts={}))
                db.flush()
                db.add(
                    Membership(
                        participant_id=person.id,
                        wave_id=wave.id,
                        school_id=schools[school].id,
                        school_class_id=there.id,
                        facts={"year": int(name[-1]) % 7},
                    )
                )
        return Rooms(places["4r"], places["4w"], schools["s1"].id)
