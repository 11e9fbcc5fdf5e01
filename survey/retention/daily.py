"""What is done every hour without anyone asking: the register compared, and what is due deleted."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from survey import private
from survey.audit import PROGRAM, Actor
from survey.config import Settings
from survey.database import Engine, StoreError, open_engine, write
from survey.fieldwork.waiting import expire
from survey.jobs.queue import JobQueue, QueueUnreachable
from survey.jobs.sweeping import sweep
from survey.people.attempts import forget_old_tries
from survey.problems import Refused, amount
from survey.retention.applying import apply_register
from survey.retention.dates import days
from survey.retention.deletion import delete_study, empty_files
from survey.retention.letters import warn_leads
from survey.retention.register import Register, watch, write_down
from survey.retention.telling import tell_readers

_LOCK: Final = "daily.lock"

EVERY: Final = 60 * 60.0
"""Seconds between two rounds: the day begins at another hour in every time zone."""


def keep_promises(engine: Engine, settings: Settings, now: datetime, actor: Actor = PROGRAM) -> list[str]:
    """Do what was promised until now; return what was done, a sentence each.

    What an older backup brought back is deleted again, studies whose day has come are deleted, the register is
    brought up to date, and who leads a study is warned 30 days before. Doing it twice does nothing the second time.
    Raises StoreError.
    """
    register = Register(settings.register)
    applied = apply_register(engine, register, now)
    said = [f"{line.study}: a {line.kind} was deleted again, as on {line.at:%d %B %Y}." for line in applied.done]
    for day in days(engine, now):
        if not day.is_due:
            continue
        try:
            made = delete_study(engine, day.code, now, actor)
        except Refused:  # another process was first
            continue
        said.append(f"{day.code}: the data were deleted on the day set. Certificate {made.number}.")
    expire(engine, now)
    with write(engine) as connection:
        forget_old_tries(connection, now)
    said += empty_files(engine, now)
    write_down(engine, register)
    try:
        with closing(JobQueue(settings)) as queue:
            sweep(queue, engine, now)
    except QueueUnreachable as fault:  # what was promised of answers does not wait for it
        said.append(str(fault))
    letters = warn_leads(engine, settings, now)
    if letters:
        said.append(f"{amount(letters, 'e-mail')} sent to warn of a deletion.")
    letters = tell_readers(engine, settings, now)
    if letters:
        said.append(f"{amount(letters, 'e-mail')} sent about texts to read.")
    return said


def keep_watch(
    settings: Settings,
    stop: threading.Event,
    *,
    every: float = EVERY,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> threading.Thread:
    """Keep promises every hour, in a thread, until `stop`; the first time at once.

    Of all processes of an installation one does so, the one that holds the lock of a file; another takes over when
    that one ends.
    """

    def watching() -> None:
        with private.append(settings.instance / _LOCK) as lock:
            while not stop.is_set():
                if _is_mine(lock.fileno()):
                    _round(settings, clock())
                stop.wait(every)

    thread = threading.Thread(target=watching, name="daily", daemon=True)
    thread.start()
    return thread


def is_served(settings: Settings) -> bool:
    """Tell whether a server of this installation is running on this machine."""
    path = settings.instance / _LOCK
    if not path.exists():
        return False
    with private.append(path) as lock:
        return not _is_mine(lock.fileno())


def _is_mine(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _round(settings: Settings, now: datetime) -> None:
    engine = open_engine(settings.database_url, threads=1)
    try:
        watch(engine, Register(settings.register))
        for line in keep_promises(engine, settings, now):
            logging.getLogger("chorus").warning("%s", line)
    except StoreError as fault:
        # The next round is in an hour; until then the office says that a deletion is due.
        logging.getLogger("chorus").error("%s", fault)
    finally:
        engine.dispose()
