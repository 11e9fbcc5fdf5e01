"""Whether what was made of a study's answers is still true: told by a few counts, in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from survey.audit import last_deed
from survey.database import Engine, read
from survey.fieldwork.finding import find_published
from survey.problems import Refused
from survey.responses import reading

_NOTHING_CHANGED: Final = ("downloaded", "exported", "made", "printed", "showed", "started", "signed", "took", "sent")
"""How deeds begin that leave answers, lists and the study as they are."""


@dataclass(frozen=True)
class StudyState:
    """A study at a moment. sha256: its file. deed: the last entry of the activity log that changed something.

    gone: how many responses hold nothing any more. responses, saved: how many there are, and how often they were saved.
    """

    sha256: str
    deed: int
    gone: int
    responses: int
    saved: int

    def holds_in(self, later: StudyState) -> bool:
        """Tell whether nothing was taken away or changed until a later moment; more answers may have come."""
        same = (self.sha256, self.deed, self.gone) == (later.sha256, later.deed, later.gone)
        return same and self.responses <= later.responses and self.saved <= later.saved


def state_of(engine: Engine, code: str) -> StudyState:
    """Return the state of a study. Raises Refused where there is no such study."""
    with read(engine) as connection:
        study = find_published(connection, code)
        gone, responses, saved = reading.state(connection, study.id)
        deed = last_deed(connection, study.id, _NOTHING_CHANGED)
        return StudyState(study.sha256 or "", deed, gone, responses, saved)


def still_holds(engine: Engine, code: str, before: StudyState | None) -> bool:
    """Tell whether what was made of a study in an earlier state may still be shown; never where there is no study."""
    try:
        return before is not None and before.holds_in(state_of(engine, code))
    except Refused:
        return False
