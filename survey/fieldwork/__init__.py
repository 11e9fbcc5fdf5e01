"""Who is asked, what, when and by which door."""

from survey.fieldwork.consent import Decision, NotAgreed, Standing, decide, issued, state_of
from survey.fieldwork.doors import Door, NewDoor, door_by_code, door_by_token, end_door, new_door
from survey.fieldwork.participants import Membership, Participant, kinship, linkage
from survey.fieldwork.performances import Performance
from survey.fieldwork.publications import (
    Definition,
    Publication,
    Published,
    UnknownStudy,
    VersionTaken,
    current,
    publish,
    publish_study,
    published,
    text_of,
)
from survey.fieldwork.studies import (
    Programme,
    School,
    SchoolClass,
    Study,
    Wave,
    keep_programmes,
    keep_study,
    keep_waves,
    study_by_code,
)
from survey.fieldwork.waiting import upload

__all__ = [
    "Decision",
    "Definition",
    "Door",
    "Membership",
    "NewDoor",
    "NotAgreed",
    "Participant",
    "Performance",
    "Programme",
    "Publication",
    "Published",
    "School",
    "SchoolClass",
    "Standing",
    "Study",
    "UnknownStudy",
    "VersionTaken",
    "Wave",
    "current",
    "decide",
    "door_by_code",
    "door_by_token",
    "end_door",
    "issued",
    "keep_programmes",
    "keep_study",
    "keep_waves",
    "kinship",
    "linkage",
    "new_door",
    "publish",
    "publish_study",
    "published",
    "state_of",
    "study_by_code",
    "text_of",
    "upload",
]
