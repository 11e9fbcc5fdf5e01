"""In which published version of a questionnaire people began: a response keeps the one it was begun in."""

from __future__ import annotations

from sqlalchemy import func, select

from survey.database import Engine, read
from survey.fieldwork.studies import Wave
from survey.responses.tables import response


def begun_by_version(engine: Engine, study_id: int) -> dict[tuple[str, str, str], int]:
    """Return how many responses were begun, by wave, questionnaire and the SHA-256 of its text."""
    query = (
        select(Wave.code, response.c.questionnaire, response.c.sha256, func.count())
        .select_from(response)
        .join(Wave, Wave.id == response.c.wave_id)
        .where(response.c.study_id == study_id, response.c.household_id.is_(None))
        .group_by(Wave.code, response.c.questionnaire, response.c.sha256)
    )
    with read(engine) as connection:
        return {(wave, what, sha256): count for wave, what, sha256, count in connection.execute(query)}


def by_door(engine: Engine, study_id: int) -> dict[int, tuple[int, int]]:
    """Return how many responses came by each open link, and how many of them are finished."""
    query = (
        select(response.c.door_id, func.count(), func.count(response.c.finished_at))
        .where(
            response.c.study_id == study_id,
            response.c.participant_id.is_(None),
            response.c.household_id.is_(None),
            response.c.door_id.is_not(None),
        )
        .group_by(response.c.door_id)
    )
    with read(engine) as connection:
        return {door: (all_, done) for door, all_, done in connection.execute(query)}
