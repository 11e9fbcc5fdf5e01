"""What became of each questionnaire someone was asked: exactly one outcome, by an order written down here.

What someone did goes before what is known about them, and what keeps someone away for good before what keeps them
away today:

1. withdrawn        the answers were taken back, whatever had been said before
2. finished, stopped early, said no   what they did themselves, and is kept when they want to be asked nothing more
3. withdrawn        they want to be asked nothing more, and ended nothing before
4. refused          a parent (or who decides) said no, also when an answer had been begun
5. under way        begun, and not ended
6. moved, left      not on this school's list any more: `moved` when a later wave finds them at another school
7. refused, not agreed   the person who decides said no, or has not said yes, or no sheet was sent
8. said no, absent, excused, other   the reason the school gave
9. not started, or, when the wave is over, took no part
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What became of a questionnaire someone was asked."""

    FINISHED = "finished"
    STOPPED = "stopped"
    UNDER_WAY = "under_way"
    NOT_STARTED = "not_started"
    SAID_NO = "said_no"
    REFUSED = "refused"
    NOT_AGREED = "not_agreed"
    WITHDRAWN = "withdrawn"
    ABSENT = "absent"
    EXCUSED = "excused"
    OTHER = "other"
    LEFT = "left"
    MOVED = "moved"
    NO_PART = "no_part"


TITLES: Final[dict[Outcome, str]] = {
    Outcome.FINISHED: "Finished",
    Outcome.STOPPED: "Stopped early",
    Outcome.UNDER_WAY: "In progress",
    Outcome.NOT_STARTED: "Not started",
    Outcome.SAID_NO: "Said no",
    Outcome.REFUSED: "Consent refused",
    Outcome.NOT_AGREED: "No consent yet",
    Outcome.WITHDRAWN: "Withdrawn",
    Outcome.ABSENT: "Absent",
    Outcome.EXCUSED: "Excused",
    Outcome.OTHER: "Other reason",
    Outcome.LEFT: "Left",
    Outcome.MOVED: "Moved",
    Outcome.NO_PART: "Did not take part",
}
"""What each is called in tables, in the order of their columns."""

NOT_THERE: Final = frozenset({Outcome.LEFT, Outcome.MOVED})
"""Outcomes of people who could not be asked there: they are left out of the number a rate is of."""

TO_REMIND: Final = frozenset({Outcome.NOT_STARTED, Outcome.UNDER_WAY, Outcome.ABSENT})
"""Outcomes of people who can still be asked: anyone who was absent may be back."""

REASONS: Final[dict[str, str]] = {
    "absent": "Absent",
    "refused": "Refused",
    "excused": "Excused",
    "left": "Left the school",
    "other": "Other reason",
}
"""Reasons a school gives, as they stand in files, and their titles."""

BEGUN: Final = frozenset({Outcome.FINISHED, Outcome.STOPPED, Outcome.UNDER_WAY})
"""Outcomes of people who began to answer."""

_BY_STATE: Final = {
    "finished": Outcome.FINISHED,
    "stopped": Outcome.STOPPED,
    "declined": Outcome.SAID_NO,
    "withdrawn": Outcome.WITHDRAWN,
}
_BY_REASON: Final = {
    "refused": Outcome.SAID_NO,
    "absent": Outcome.ABSENT,
    "excused": Outcome.EXCUSED,
    "other": Outcome.OTHER,
}


def outcome_of(
    *, state: str | None, standing: str, reason: str | None, left: bool, found_later: bool, over: bool
) -> Outcome:
    """Return the one outcome.

    state: of the response; None when there is none. standing: what the consent ledger says ('yes', 'no', 'missing',
    'withdrawn'). reason: what the school gave. left: the roster, or the school, says that they left. found_later: a
    later wave's list has them at another school. over: no one can begin any more.
    """
    if state in _BY_STATE:
        return _BY_STATE[state]
    if standing == "withdrawn":
        return Outcome.WITHDRAWN
    if state == "started":
        return Outcome.REFUSED if standing == "no" else Outcome.UNDER_WAY
    if left or reason == "left":
        return Outcome.MOVED if found_later else Outcome.LEFT
    if standing in ("no", "missing"):
        return Outcome.REFUSED if standing == "no" else Outcome.NOT_AGREED
    if reason is not None:
        return _BY_REASON[reason]
    return Outcome.NO_PART if over else Outcome.NOT_STARTED
