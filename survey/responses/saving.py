"""Saving a page of answers, once, however often and in whatever order it arrives.

A save's key is (response, epoch, sequence), given by the device or printed in the form. What is current for
a key of the answers is what the highest (epoch, sequence) said; a save that arrives late fills gaps and is
in the log.

The usual save is two statements: the log takes the row (or has it), and the response takes the answers if
no one has changed it since it was read. Everything else takes the long way round, with the response held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, bindparam, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from survey.database import encode, read, write
from survey.fieldwork.consent import decision, still_agreed
from survey.prepared import Prepared
from survey.responses.concerns import raise_concerns
from survey.responses.late import too_late
from survey.responses.reading import OVER, Snapshot, load, locked
from survey.responses.tables import response
from survey.responses.tables import save as log

HIGHEST: Final = 1_000_000
"""The highest epoch and sequence taken: no one presses Next a million times."""

STRIDE: Final = 1_000
"""A device that keeps answers numbers them 1000, 2000, …; plain posts have the numbers between.

So both roads can be used in one sitting, in any order, and neither takes a number that waits on the device.
"""

LAYOUTS: Final[Mapping[str, str]] = {
    "row": "side by side",
    "stack": "one below the other",
    "neutral": "a page that could not repeat an earlier answer and had its author's other words",
}
"""What a device says of how a page was laid out, and what it means."""

_LONGEST_DAY: Final = 24 * 60 * 60 * 1000
_LONGEST_NAME: Final = 100

Outcome = Literal["new", "repeated", "refused"]


@dataclass(frozen=True)
class Saved:
    """The receipt of a save.

    outcome   'new': kept by this call; 'repeated': was kept before; 'refused': not kept, and never will be
    sequence  the sequence it is kept under (its own, but for a correction)
    snapshot  the response as it is now; None when there is no such response
    """

    outcome: Outcome
    sequence: int
    snapshot: Snapshot | None


@dataclass(frozen=True)
class SavedPage:
    """One page of answers as it arrives, with the key of its save: epoch and sequence.

    answers   key -> value; the value None takes the key's answer away (the text of "other" when another option is now
              chosen)
    now       aware; when it arrived
    ms        time on the page
    layout    how the options lay
    listened  how often Listen was pressed
    flagged   keys of answers with words that someone should read soon; a concern is raised with the save, unless the
              same text was there before
    """

    epoch: int
    sequence: int
    screen: str
    answers: Mapping[str, Any]
    now: datetime
    ms: int | None = None
    device_at: datetime | None = None
    layout: str | None = None
    listened: int | None = None
    flagged: Sequence[str] = ()


def save(
    engine: Engine,
    response_id: str,
    page: SavedPage,
    *,
    correct: bool = False,
    seen: Snapshot | None = None,
) -> Saved:
    """Keep one page of answers; it is on the disk when this returns.

    seen: the response as the caller has just loaded it, which spares a reading. correct: what a second, different save
    under the same key means. False, the device's road: keys are never reused there, so the first stands. True, the
    plain form's road: someone went back and changed the answer, so it is kept under the epoch's next free sequence,
    unless it only says again what that screen said last.

    A save that comes when the study's days for late answers are over (`too_late`), or after someone has said no for
    its participant, is refused.
    Raises StoreFull and StoreBusy, when nothing was kept and the same save may be sent again.
    """
    before = seen if seen is not None and seen.id == response_id else load(engine, response_id)
    if before is None or not _sound(page.epoch, page.sequence) or too_late(engine, before, page.now):
        return Saved("refused", page.sequence, before)
    page = replace(page, screen=_name(page.screen), ms=_duration(page.ms), layout=page.layout and _name(page.layout))
    if before.takes(page.epoch, page.sequence):
        after = _merged(before, page)
        with write(engine) as connection:
            if _logged(connection, response_id, page):
                if _taken(connection, before, after, _TAKE_AT_ONCE):
                    _raise_concerns(connection, before, page)
                    return Saved("new", page.sequence, after)
                connection.rollback()
    with write(engine) as connection:
        return _the_long_way(connection, response_id, page, correct)


def kept_by_device(engine: Engine, response_id: str, epoch: int) -> int:
    """Return how many answers of a sitting have come that a device had numbered."""
    with read(engine) as connection:
        row = _BY_DEVICE.row(connection, {"id": response_id, "epoch": epoch})
        return row[0] if row is not None else 0


def note_waiting(engine: Engine, seen: Snapshot, epoch: int, made: int) -> None:
    """Note how many answers of a sitting still wait on its device, for whoever looks after the children.

    seen: the response as it was just now. made: how many answers the device says that it has kept in this sitting
    altogether, without those that can never be taken. A sitting that another device has taken over changes nothing.
    """
    if epoch != seen.epoch:
        return
    waiting = max(0, made - kept_by_device(engine, seen.id, epoch))
    if waiting == seen.waiting:
        return
    with write(engine) as connection:
        connection.execute(_WAITING, {"its_id": seen.id, "its_epoch": epoch, "waiting": waiting})


def _the_long_way(connection: Connection, response_id: str, page: SavedPage, correct: bool) -> Saved:
    before = locked(connection, response_id)
    if before is None or before.state in OVER or not before.first_epoch <= page.epoch <= before.epoch:
        return Saved("refused", page.sequence, before)
    kept = _kept(connection, response_id, page)
    if kept is not None:
        if not correct:
            return Saved("repeated", page.sequence, before)
        last, free = _newest(connection, response_id, page)
        if last is not None:
            return Saved("repeated", last, before)
        page = replace(page, sequence=free)
    if not before.takes(page.epoch, page.sequence) or page.sequence > HIGHEST:
        return Saved("refused", page.sequence, before)
    if not still_agreed(connection, before.study_id, before.whose, before.wave_id):
        return Saved("refused", page.sequence, before)
    after = _merged(before, page)
    _logged(connection, response_id, page)
    _taken(connection, before, after, _TAKE)
    _raise_concerns(connection, before, page)
    return Saved("new", page.sequence, after)


def _raise_concerns(connection: Connection, before: Snapshot, page: SavedPage) -> None:
    """See that what has just been typed, and has flagged words in it, is read."""
    new = [key for key in page.flagged if page.answers.get(key) != before.answers.get(key)]
    if new:
        raise_concerns(connection, before.id, new, page.epoch, page.sequence, page.now)


# ---- what a save does to a response --------------------------------------------------------------------


def _merged(before: Snapshot, page: SavedPage) -> Snapshot:
    """Return the response with a page's answers, where they are newer than what is there."""
    answers, stamps = dict(before.answers), dict(before.stamps)
    screens, listened = dict(before.screens), dict(before.listened)
    stamp = [page.epoch, page.sequence]
    for key, value in page.answers.items():
        if key in stamps and stamps[key] > stamp:
            continue
        stamps[key] = stamp
        if value is None:
            answers.pop(key, None)
        else:
            answers[key] = value
    if page.ms is not None:
        screens[page.screen] = screens.get(page.screen, 0) + page.ms
    if page.listened:
        listened[page.screen] = listened.get(page.screen, 0) + page.listened
    return replace(
        before,
        answers=answers,
        stamps=stamps,
        screens=screens,
        listened=listened,
        layout=layouts(before.layout, page.layout),
        sequence=max(before.sequence, page.sequence) if page.epoch == before.epoch else before.sequence,
        seen_at=max(before.seen_at, page.now),
        revision=before.revision + 1,
    )


def layouts(*said: str | None) -> str | None:
    """Return what is known of how options lay: each of LAYOUTS once, in alphabetical order; None where nothing is.

    A forged post can say anything, so no other word is kept.
    """
    return " ".join(sorted({word for one in said if one for word in one.split()} & LAYOUTS.keys())) or None


# ---- statements ----------------------------------------------------------------------------------------

_LOG: Final = {
    "sqlite": Prepared(sqlite.insert(log).on_conflict_do_nothing()),
    "postgresql": Prepared(postgresql.insert(log).on_conflict_do_nothing().execution_options(preserve_rowcount=True)),
}
_TAKEN: Final = ("answers", "stamps", "screens", "listened", "layout", "sequence", "seen_at", "revision")
_take: Final = (
    update(response)
    .where(response.c.id == bindparam("its_id"), response.c.revision == bindparam("its_revision"))
    .values({name: bindparam(name) for name in _TAKEN})
)
_TAKE: Final = Prepared(_take)
# Anyone who has someone's no or withdrawal goes the long way, which looks at what it is about.
_TAKE_AT_ONCE: Final = Prepared(
    _take.where(
        ~exists().where(
            decision.c.participant_id == func.coalesce(response.c.participant_id, response.c.parent_id),
            decision.c.kind == "decision",
            decision.c.says != "yes",
        )
    )
)
_KEPT: Final = select(log.c.screen, log.c.answers).where(
    log.c.response_id == bindparam("id"),
    log.c.epoch == bindparam("epoch"),
    log.c.sequence == bindparam("sequence"),
)
_BY_DEVICE: Final = Prepared(
    select(func.count()).where(
        log.c.response_id == bindparam("id"), log.c.epoch == bindparam("epoch"), log.c.sequence % STRIDE == 0
    )
)
_WAITING: Final = (
    update(response)
    .where(response.c.id == bindparam("its_id"), response.c.epoch == bindparam("its_epoch"))
    .values(waiting=bindparam("waiting"))
)
_EPOCH: Final = (
    select(log.c.sequence, log.c.screen, log.c.answers)
    .where(log.c.response_id == bindparam("id"), log.c.epoch == bindparam("epoch"))
    .order_by(log.c.sequence.desc())
)


def _logged(connection: Connection, response_id: str, page: SavedPage) -> bool:
    """Put a save in the log; False when its key is there already."""
    written = _LOG[connection.dialect.name].changed(
        connection,
        {
            "response_id": response_id,
            "epoch": page.epoch,
            "sequence": page.sequence,
            "screen": page.screen,
            "answers": page.answers,
            "ms": page.ms,
            "device_at": page.device_at,
            "layout": page.layout,
            "received_at": page.now,
        },
    )
    return written == 1


def _taken(connection: Connection, before: Snapshot, after: Snapshot, statement: Prepared) -> bool:
    """Give a response its new answers; False when it is no longer as it was read, or not to be taken at once."""
    written = statement.changed(
        connection,
        {
            "its_id": before.id,
            "its_revision": before.revision,
            **{name: getattr(after, name) for name in _TAKEN},
        },
    )
    return written == 1


def _kept(connection: Connection, response_id: str, page: SavedPage) -> Any:
    key = {"id": response_id, "epoch": page.epoch, "sequence": page.sequence}
    return connection.execute(_KEPT, key).one_or_none()


def _newest(connection: Connection, response_id: str, page: SavedPage) -> tuple[int | None, int]:
    """Return the sequence of the screen's newest save if it says the same (else None), and the next free."""
    rows = connection.execute(_EPOCH, {"id": response_id, "epoch": page.epoch}).all()
    free = rows[0].sequence + 1
    for row in rows:
        if row.screen == page.screen:
            same = encode(row.answers) == encode(page.answers)
            return (row.sequence if same else None), free
    return None, free


# ---- what may come from outside ------------------------------------------------------------------------


def _sound(epoch: int, sequence: int) -> bool:
    return 1 <= epoch <= HIGHEST and 1 <= sequence <= HIGHEST


def _duration(ms: int | None) -> int | None:
    """A device's clock may be set back in between: such a time is not known."""
    return ms if ms is not None and 0 <= ms <= _LONGEST_DAY else None


def _name(text: str) -> str:
    """Screens and layouts are short words of ours; what a forged post says instead must be harmless."""
    return "".join(character for character in text[:_LONGEST_NAME] if character.isprintable())
