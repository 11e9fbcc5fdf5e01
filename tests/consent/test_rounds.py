"""Which waves a decision speaks of, to the day: nothing but lines and waves, and no database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from survey.fieldwork.consent.ledger import LedgerEntry
from survey.fieldwork.consent.standing import WaveDays, standing
from tests.consent.study import NOW

CLOSES = date(2025, 12, 19)
WAVE = WaveDays(2, CLOSES)


def line(says: str, scope: str, position: int | None = None, on: date = CLOSES) -> LedgerEntry:
    return LedgerEntry(
        id=1, participant_id=1, kind="decision", says=says, decided_by="parent", scope=scope, wave=None,
        position=position, sheet_version=None, questionnaire=None, how=None, given_on=on, recorded_at=NOW,
        recorded_by="",
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("says", ["no", "withdrawn"])
@pytest.mark.parametrize(("days_after", "counts"), [(-300, True), (-1, True), (0, True), (1, False), (300, False)])
def test_from_then_on_speaks_of_the_wave_up_to_its_last_day(says: str, days_after: int, counts: bool) -> None:
    """A parent who says no on the very last day, when answers are still taken, is heard."""
    said = line(says, "future", on=CLOSES + timedelta(days=days_after))
    assert standing(None, [said], WAVE, sent=False).state == (says if counts else "yes")


def test_from_then_on_speaks_of_a_wave_without_an_end() -> None:
    said = line("no", "future", on=date(2099, 1, 1))
    assert standing(None, [said], WaveDays(2, None), sent=False).state == "no"


@pytest.mark.parametrize(("position", "counts"), [(1, True), (2, True), (3, False)])
def test_from_a_wave_on_speaks_of_it_and_the_later_ones_whenever_it_was_said(position: int, counts: bool) -> None:
    for day in (date(2020, 1, 1), date(2099, 1, 1)):
        said = line("no", "future", position, day)
        assert standing(None, [said], WAVE, sent=False).state == ("no" if counts else "yes")


@pytest.mark.parametrize("position", [1, 2, 3])
def test_of_one_wave_speaks_of_that_one_alone(position: int) -> None:
    said = line("no", "wave", position)
    assert standing(None, [said], WAVE, sent=False).state == ("no" if position == 2 else "yes")


def test_of_the_whole_study_speaks_of_every_wave() -> None:
    for number in (1, 2, 3):
        assert standing(None, [line("no", "all")], WaveDays(number, CLOSES), sent=False).state == "no"
