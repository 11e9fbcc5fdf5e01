"""Who to remind: people who can still be asked, as study codes. No name is here, for none is anywhere."""

from __future__ import annotations

from typing import Final

from survey.progress.outcomes import TITLES, TO_REMIND, Outcome
from survey.progress.reading import Progress

COLUMNS: Final = ("participant", "school", "class", "wave", "questionnaire", "what is missing")

_MISSING: Final = {
    Outcome.NOT_STARTED: "not started",
    Outcome.UNDER_WAY: "started, not finished",
    Outcome.ABSENT: "was absent",
}


def to_remind(progress: Progress) -> list[tuple[str, ...]]:
    """Return a row, under COLUMNS, for each questionnaire someone can still be asked for.

    Not people who said no, whose consent is refused or missing, who withdrew, left, moved, were excused, or stopped.
    """
    codes = {place.id: place.code for place in progress.places}
    return [
        (
            line.participant,
            codes.get(line.school, "") if line.school is not None else "",
            line.school_class,
            line.wave,
            line.questionnaire,
            _MISSING.get(line.outcome, TITLES[line.outcome]),
        )
        for line in progress.lines
        if line.outcome in TO_REMIND
    ]
