"""The sample study as answers are imported into it: who is in it, and a row of answers that is right."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from survey.database import Engine, open_engine, session, upgrade
from survey.definition.bundle import Bundle
from survey.fieldwork import Membership, Participant, keep_programmes, keep_study, keep_waves, publish, publish_study
from tests.export.sample import ONE, later, study
from tests.filled import keep_class, keep_school

NOW = datetime(2026, 7, 1, 11, 30, tzinfo=UTC)
FIRST, SECOND = Bundle.of(ONE, {}), Bundle.of(later(), {})
RIGHT: dict[str, Any] = {
    "participant": "P001",
    "version": 1,
    "sing": 3,
    "dance": -8,
    "plays": 1,
    "instrument": 8,
    "instrument_other": "a harp",
    "places_1": 1,
    "places_2": 0,
    "hours": 2,
    "since": -9,
    "best": "everything",
}


def field(url: str, *, consent: list[dict[str, str]] | None = None) -> Engine:
    """Return a database with the sample study: pupils P001 to P004 in school 0123, P005 not on the roster of w1."""
    engine = open_engine(url)
    upgrade(engine)
    plan = study(**({"consent": consent} if consent else {}))
    text = json.dumps(plan.model_dump(by_alias=True, mode="json", exclude_none=True, exclude_unset=True), indent=1)
    with session(engine) as db:
        kept = keep_study(db, "sample", title="A sample")
        programmes = keep_programmes(db, kept, [("north", "The north")])
        days = (date(2025, 9, 15), date(2025, 10, 24))
        waves = keep_waves(db, kept, [("w1", "Autumn", *days), ("w2", "Spring", *days)])
        hill = keep_school(db, kept, "0123", title="Hill School", arm="programme", programme=programmes["north"])
        keep_school(db, kept, "0124", title="Dale School", arm="comparison")
        robins = keep_class(db, hill, "4r", title="Robins")
        for n in range(1, 7):
            audience = "parent" if n == 6 else "pupil"
            pupil = Participant(study_id=kept.id, code=f"P{n:03d}", audience=audience, facts={"sex": "f"})
            db.add(pupil)
            db.flush()
            if n != 5:
                place = {"school_id": hill.id, "school_class_id": robins.id, "facts": {"year": 4}}
                db.add(Membership(participant_id=pupil.id, wave_id=waves["w1"].id, **place))
        publish_study(db, "sample", text)
        publish(db, "sample", "pupil", 1, FIRST.text, NOW)
        publish(db, "sample", "pupil", 2, SECOND.text, NOW)
    return engine
