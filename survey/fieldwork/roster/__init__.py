"""Who is asked: schools, classes and participants from the tables people send."""

from survey.fieldwork.roster.comparing import Change, RosterPreview
from survey.fieldwork.roster.doubts import Doubt, unanswered
from survey.fieldwork.roster.identifiers import make_key
from survey.fieldwork.roster.importing import import_lists, look, looked_at, preview_of, read_lists
from survey.fieldwork.roster.lists import Lists
from survey.fieldwork.roster.tables import Misread
from survey.fieldwork.roster.writing import WaveCount, wave_counts, write_linkage, write_roster

__all__ = [
    "Change",
    "Doubt",
    "Lists",
    "Misread",
    "RosterPreview",
    "WaveCount",
    "import_lists",
    "look",
    "looked_at",
    "make_key",
    "preview_of",
    "read_lists",
    "unanswered",
    "wave_counts",
    "write_linkage",
    "write_roster",
]
