"""The warning before the day, by mail to the person who leads the study."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select

from survey.audit import PROGRAM, Act, LogFilter, entries, note
from survey.config import Settings
from survey.database import Engine, session, write
from survey.people import LEAD, Grant, User
from survey.post import NotSent, send
from survey.retention.dates import DeletionDay, days

WARNED: Final = "sent a warning of the deletion"

_LETTER: Final = """\
All data of the study "{title}" will be deleted on {day}, in {left} days.

What will be deleted and what will be kept: {address}

You do not have to do anything. If your data plan states another day, change delete_on in study.yaml and publish the
study again before that day. Deleted data cannot be restored, and backups do not keep them.
"""


def warn_leads(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write to people who lead a study whose day is near, once for each day; return how many letters were sent.

    Does nothing when no mail is set up: the warning stands on every page of the study all the same. A letter that could
    not be sent is told to the log, and tried again the next time.
    """
    if settings.mail is None:
        return 0
    sent = 0
    for day in days(engine, now):
        if not day.is_near or day.days_left <= 0:
            continue
        told = {
            line.details.get("to")
            for line in entries(engine, LogFilter(study_id=day.study_id, what=WARNED))
            if line.about == day.delete_on.isoformat()
        }
        for email in _leads(engine, day.study_id):
            if email not in told:
                sent += _warned(engine, settings, day, email, now)
    return sent


def _leads(engine: Engine, study_id: int) -> list[str]:
    here = or_(Grant.study_id == study_id, Grant.study_id.is_(None))
    query = select(User.email).join(Grant, Grant.account_id == User.id)
    with session(engine) as db:
        found = db.scalars(query.where(Grant.role == LEAD, User.active, here).distinct().order_by(User.email))
        return list(found)


def _warned(engine: Engine, settings: Settings, day: DeletionDay, email: str, now: datetime) -> bool:
    assert settings.mail is not None
    written = f"{day.delete_on.day} {day.delete_on:%B %Y}"
    text = _LETTER.format(
        title=day.title,
        day=written,
        left=day.days_left,
        address=f"{settings.base_url}/office/studies/{day.code}/retention",
    )
    try:
        send(settings.mail, email, f"{day.code}: all data will be deleted on {written}", text)
    except NotSent as fault:
        logging.getLogger("chorus").error("%s", fault)
        return False
    with write(engine) as connection:
        note(
            connection,
            Act(PROGRAM, now),
            WARNED,
            study_id=day.study_id,
            about=day.delete_on.isoformat(),
            details={"to": email},
        )
    return True
