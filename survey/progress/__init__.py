"""How far the fieldwork is: who was asked, what happened to them, who is to be reminded."""

from survey.progress.outcomes import NOT_THERE, REASONS, TITLES, TO_REMIND, Outcome, outcome_of
from survey.progress.reading import Asking, Other, Progress, ReportedSchool, ReportedWave, progress
from survey.progress.reasons import GivenReason, ReasonsPreview, Recorded, give
from survey.progress.reminders import to_remind
from survey.progress.tables import reason
from survey.progress.tally import ByLink, DayCount, Level, Tally, days, others, tallies, total

__all__ = [
    "NOT_THERE",
    "REASONS",
    "TITLES",
    "TO_REMIND",
    "Asking",
    "ByLink",
    "DayCount",
    "GivenReason",
    "Level",
    "Other",
    "Outcome",
    "Progress",
    "ReasonsPreview",
    "Recorded",
    "ReportedSchool",
    "ReportedWave",
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
