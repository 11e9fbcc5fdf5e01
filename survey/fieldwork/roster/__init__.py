"""Who is asked: schools, classes and participants from the tables people send."""

from survey.fieldwork.roster.comparing import Change, Preview
from survey.fieldwork.roster.identifiers import make_key
from survey.fieldwork.roster.importing import look, looked_at, read_lists, take_in, take_in_lists
from survey.fieldwork.roster.lists import Lists
from survey.fieldwork.roster.tables import Misread
from survey.fieldwork.roster.uploads import Upload, drop_upload, keep_upload, kept_upload
from survey.fieldwork.roster.writing import write_linkage, write_roster

__all__ = [
    "Change",
    "Lists",
    "Misread",
    "Preview",
    "Upload",
    "drop_upload",
    "keep_upload",
    "kept_upload",
    "look",
    "looked_at",
    "make_key",
    "read_lists",
    "take_in",
    "take_in_lists",
    "write_linkage",
    "write_roster",
]
