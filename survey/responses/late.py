"""The study's rule for late answers: how long after a wave one may begin, and how long finish."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from survey.database import Engine, session
from survey.fieldwork.doors import Door
from survey.fieldwork.waves import Hours, hours_of
from survey.responses.reading import Snapshot

PAPER: Final = "paper"
"""The mode of what was answered on paper: it is keyed in when the wave may be over."""


def too_late(engine: Engine, snapshot: Snapshot, now: datetime) -> bool:
    """True when a response takes no more answers: its wave is over at its school, and so are the days for late answers.

    Someone who came in by a door with times of its own has as many days after that has closed. What was saved before
    stays, and may still be deleted. While the wave goes on this costs no query but once a minute.
    """
    if snapshot.mode == PAPER:
        return False
    wave = hours_of(engine, snapshot.wave_id, snapshot.school_id)
    return wave.is_over(now) and not _has_time_by_its_door(engine, snapshot.door_id, wave, now)


def _has_time_by_its_door(engine: Engine, door_id: int | None, wave: Hours, now: datetime) -> bool:
    if door_id is None or wave.closes is None or wave.finish_until is None:
        return False
    with session(engine) as db:
        door = db.get(Door, door_id)
    if door is None or not door.has_own_times:
        return False
    return door.closes_at is None or now < door.closes_at + (wave.finish_until - wave.closes)
