"""Many responses at once, as imported ones: the same rows the pages would have made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, insert

from survey.responses.begin import empty_row, new_response_id, seed_of
from survey.responses.concerns import concern, concern_row
from survey.responses.reading import OVER
from survey.responses.saving import layouts
from survey.responses.tables import response
from survey.responses.tables import save as log

_CHUNK: Final = 500


@dataclass(frozen=True)
class PastSave:
    """One page as it was saved. ms: time on the page; layout: how the options lay.

    flagged: keys of answers with words that someone should read soon.
    """

    screen: str
    answers: Mapping[str, Any]
    at: datetime
    ms: int | None = None
    layout: str | None = None
    flagged: Sequence[str] = ()


@dataclass(frozen=True)
class PastChild:
    """Which of a parent's children a response is about; by default none in particular.

    child: which of them, from 1. child_id, child_by: the participant, where known, and how ('roster', 'typed'). For a
    further child: household_id, the id of the household's first response, which was added before, and parent_id, the
    participant who answered, if it is known who did.
    """

    child: int = 1
    child_id: int | None = None
    child_by: str | None = None
    household_id: str | None = None
    parent_id: int | None = None


@dataclass(frozen=True)
class PastResponse:
    """One response with the pages it saved, in order. Ids are those of the fieldwork's rows.

    facts: as begin would keep them (facts_at_start). ended_at: the finish, for state 'finished'. id: the response's,
    where it is to be a certain one.
    """

    study_id: int
    wave_id: int
    questionnaire: str
    sha256: str
    started_at: datetime
    saves: Sequence[PastSave] = ()
    language: str = "en"
    mode: str = "own device"
    state: str = "finished"
    assent: bool | None = True
    ended_at: datetime | None = None
    participant_id: int | None = None
    school_id: int | None = None
    school_class_id: int | None = None
    door_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    about: PastChild = PastChild()


def insert_responses(connection: Connection, responses: Iterable[PastResponse], now: datetime | None = None) -> int:
    """Add responses with their saves in the transaction of `connection`. Returns how many.

    now: the moment from which flagged texts wait to be read, however long ago they were written. Raises ValueError for
    a declined or withdrawn response that has saves: nothing someone withdrew is kept.
    """
    added, raised_at = 0, now or datetime.now(UTC)
    for chunk in _chunks(responses):
        rows, saves, raised = [], [], []
        for one in chunk:
            row, its_saves = _rows(one)
            rows.append(row)
            saves.extend(its_saves)
            raised += [
                concern_row(row["id"], key, 1, sequence, raised_at)
                for sequence, page in enumerate(one.saves, start=1)
                for key in page.flagged
            ]
        connection.execute(insert(response), rows)
        if saves:
            connection.execute(insert(log), saves)
        if raised:
            connection.execute(insert(concern), raised)
        added += len(rows)
    return added


def _chunks(responses: Iterable[PastResponse]) -> Iterator[list[PastResponse]]:
    waiting = iter(responses)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk


def _rows(one: PastResponse) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if one.saves and one.state in OVER:
        raise ValueError(f"A response that is {one.state} keeps no answers, and this one has some.")
    its_id = one.id or new_response_id()
    answers: dict[str, Any] = {}
    stamps: dict[str, list[int]] = {}
    screens: dict[str, int] = {}
    saves: list[dict[str, Any]] = []
    for sequence, page in enumerate(one.saves, start=1):
        answers |= page.answers
        stamps |= {key: [1, sequence] for key in page.answers}
        if page.ms is not None:
            screens[page.screen] = screens.get(page.screen, 0) + page.ms
        saves.append(
            {
                "response_id": its_id,
                "epoch": 1,
                "sequence": sequence,
                "screen": page.screen,
                "answers": page.answers,
                "ms": page.ms,
                "device_at": None,
                "layout": page.layout,
                "received_at": page.at,
            }
        )
    ended = one.state in ("finished", "stopped")
    row = empty_row() | {
        "id": its_id,
        "study_id": one.study_id,
        "wave_id": one.wave_id,
        "questionnaire": one.questionnaire,
        "sha256": one.sha256,
        "door_id": one.door_id,
        "participant_id": one.participant_id,
        "school_id": one.school_id,
        "school_class_id": one.school_class_id,
        "language": one.language,
        "mode": one.mode,
        "seed": seed_of(its_id),
        "facts": one.facts,
        **asdict(one.about),
        "revision": 1 + len(saves),
        "sequence": len(saves),
        "answers": {key: value for key, value in answers.items() if value is not None},
        "stamps": stamps,
        "screens": screens,
        "layout": layouts(*(page.layout for page in one.saves)),
        "assent": one.assent,
        "state": one.state,
        "started_at": one.started_at,
        "seen_at": one.ended_at or (one.saves[-1].at if one.saves else one.started_at),
        "finished_at": one.ended_at if one.state == "finished" else None,
        "end_epoch": 1 if ended else None,
        "end_sequence": len(saves) + 1 if ended else None,
    }
    return row, saves
