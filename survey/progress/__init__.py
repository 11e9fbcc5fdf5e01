"""How far the fieldwork is: who was asked, what became of them, who is to be reminded."""

from survey.progress.outcomes import NOT_THERE, REASONS, TITLES, TO_REMIND, Outcome, outcome_of
from survey.progress.reading import Line, Other, Place, Progress, Round, progress
from survey.progress.reasons import Given, Preview, Recorded, give
from survey.progress.reminders import to_remind
from survey.progress.tables import reason
from survey.progress.tally import ByLink, Day, Level, Tally, days, others, tallies, total

__all__ = [
    "NOT_THERE",
    "REASONS",
    "TITLES",
    "TO_REMIND",
    "ByLink",
    "Day",
    "Given",
    "Level",
    "Line",
    "Other",
    "Outcome",
    "Place",
    "Preview",
    "Progress",
    "Recorded",
    "Round",
    "Tally",
    "days",
    "give",
    "others",
    "outcome_of",
    "progress",
    "reason",
    "tallies",
    "to_remind",
    "total",
]
