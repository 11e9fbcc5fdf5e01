"""Links into the study of these tests, always open."""

from __future__ import annotations

from sqlalchemy import update

from survey.config import Settings
from survey.database import session, write
from survey.fieldwork import Participant, Wave, new_door, study_by_code
from survey.fieldwork.doors import LeadsTo
from tests.consent.study import Tuned


def link(tuned: Tuned, settings: Settings, questionnaire: str, code: str) -> str:
    """Return the path of a personal link into the first wave, which is made to be open today."""
    from datetime import UTC, datetime, timedelta

    today = datetime.now(UTC).date()
    with write(tuned.engine) as connection:
        days = {"opens": today - timedelta(days=30), "closes": today + timedelta(days=30)}
        connection.execute(update(Wave).where(Wave.code == "w1").values(**days))
    with session(tuned.engine) as db:
        study = study_by_code(db, "tuned-in")
        assert study is not None
        person = db.get(Participant, tuned.person(code))
        made = new_door(
            db,
            wave=study.waves[0],
            questionnaire=questionnaire,
            key=settings.key("codes"),
            to=LeadsTo(participant=person),
        )
        return f"/j/{made.token}"
