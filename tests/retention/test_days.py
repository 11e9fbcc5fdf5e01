"""How far away the day of deletion is: the day before each boundary, on it, and the day after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from survey.retention.dates import WARNING, DeletionDay

DELETE_ON = date(2030, 8, 31)
DONE = datetime(2030, 8, 31, 9, tzinfo=UTC)


def day(days_left: int, deleted_at: datetime | None = None) -> DeletionDay:
    """Return the deletion of a study, as it stands so many days before its day."""
    today = DELETE_ON - timedelta(days=days_left)
    return DeletionDay(1, "small-notes", "Small notes", DELETE_ON, today, 35, deleted_at, None)


@pytest.mark.parametrize(
    ("days_left", "near", "due"),
    [
        (WARNING + 1, False, False),
        (WARNING, True, False),
        (WARNING - 1, True, False),
        (1, True, False),
        (0, True, True),
        (-1, True, True),
        (-400, True, True),
    ],
)
def test_it_is_near_from_thirty_days_before_and_due_from_the_day_itself(days_left: int, near: bool, due: bool) -> None:
    assert WARNING == 30
    assert day(days_left).days_left == days_left
    assert (day(days_left).is_near, day(days_left).is_due) == (near, due)
    assert (day(days_left, DONE).is_near, day(days_left, DONE).is_due) == (False, False), "until it is done"


@pytest.mark.parametrize(("days_left", "counted_from"), [(2, 0), (1, 0), (0, 0), (-1, 1), (-10, 10)])
def test_backups_are_gone_so_many_days_after_the_deletion_which_may_be_late(days_left: int, counted_from: int) -> None:
    assert day(days_left).backups_gone == DELETE_ON + timedelta(days=counted_from + 35)
