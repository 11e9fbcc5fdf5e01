"""A small field for tests of the store: one study, two schools, two waves, one pupil."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from survey.database import Engine, session
from survey.fieldwork import (
    Membership,
    Participant,
    School,
    SchoolClass,
    Study,
    Wave,
    keep_programmes,
    keep_study,
    keep_waves,
    new_door,
    publish,
)
from survey.fieldwork.doors import LeadsTo
from tests.filled import keep_class, keep_school
from tests.templates import laid_out

NOW = datetime(2025, 9, 16, 9, 30, tzinfo=UTC)
KEY = b"a key for codes in tests"
TEXT = '{"questionnaire":"pupil"}'
SHA = sha256(TEXT.encode()).hexdigest()


@dataclass(frozen=True)
class Field:
    study: Study
    autumn: Wave
    summer: Wave
    north_school: School
    south_school: School
    robins: SchoolClass
    pupil: Participant
    pupils_door: int
    open_door: int


@laid_out
def lay_out(engine: Engine) -> Field:
    with session(engine) as db:
        study = keep_study(db, "music", title="Music")
        programmes = keep_programmes(db, study, [("north", "The North")])
        waves = keep_waves(
            db,
            study,
            [
                ("w1", "Autumn", date(2025, 9, 15), date(2025, 10, 24)),
                ("w2", "Summer", date(2026, 6, 1), date(2026, 7, 1)),
            ],
        )
        north = keep_school(db, study, "s01", title="Hill School", arm="programme", programme=programmes["north"])
        south = keep_school(db, study, "s02", title="Dale School", arm="comparison")
        robins = keep_class(db, north, "4r", title="Robins")
        pupil = Participant(study_id=study.id, code="P001", audience="pupil", facts={"sex": "f", "year": 3})
        db.add(pupil)
        db.flush()
        db.add(
            Membership(
                participant_id=pupil.id,
                wave_id=waves["w1"].id,
                school_id=north.id,
                school_class_id=robins.id,
                facts={"year": 4},
            )
        )
        publish(db, "music", "pupil", 1, TEXT, NOW)
        pupils = new_door(db, wave=waves["w1"], questionnaire="pupil", key=KEY, to=LeadsTo(participant=pupil))
        parents = new_door(db, wave=waves["w1"], questionnaire="pupil", key=KEY, to=LeadsTo(school=south))
        return Field(
            study=study,
            autumn=waves["w1"],
            summer=waves["w2"],
            north_school=north,
            south_school=south,
            robins=robins,
            pupil=pupil,
            pupils_door=pupils.door.id,
            open_door=parents.door.id,
        )
