"""How far the fieldwork is: who was asked, what happened to them, who is to be reminded."""

from survey.progress.flow import ALL_ARMS, ArmFlow, flows
from survey.progress.outcomes import NOT_THERE, REASONS, TITLES, TO_REMIND, Outcome, outcome_of
from survey.progress.reading import Asking, Other, Progress, ReportedSchool, ReportedWave, progress, waves_of
from survey.progress.reasons import GivenReason, ReasonsPreview, Recorded, give
from survey.progress.reminders import to_remind
from survey.progress.standing import (
    ATTENTION,
    Attention,
    AudienceStanding,
    attention,
    by_audience,
    neediest_first,
    newest_begun,
)
from survey.progress.tables import reason
from survey.progress.tally import AUDIENCES, ByLink, DayCount, Level, Tally, days, others, tallies, total

__all__ = [
    "ALL_ARMS",
    "ATTENTION",
    "AUDIENCES",
    "NOT_THERE",
    "REASONS",
    "TITLES",
    "TO_REMIND",
    "ArmFlow",
    "Asking",
    "Attention",
    "AudienceStanding",
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
    "attention",
    "by_audience",
    "days",
    "flows",
    "give",
    "neediest_first",
    "newest_begun",
    "others",
    "outcome_of",
    "progress",
    "reason",
    "tallies",
    "to_remind",
    "total",
    "waves_of",
]
