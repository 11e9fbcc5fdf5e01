"""Results are worked out once, beside the pages, and kept while they are true: an analysis takes seconds.

They are kept in memory only. A file of them would outlive the answers it was made from: whoever compares it with a
later one, after somebody has withdrawn, would see what that person had said.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final

from survey.database import Engine
from survey.export.sink import CannotExport
from survey.export.state import StudyState, state_of
from survey.export.store import tables
from survey.export.study import StudyTables

FRESH: Final = timedelta(minutes=10)
"""So long results are shown although more people have answered meanwhile. Whoever withdraws is gone at once."""

_MOST: Final = 24
"""Results kept at a time, of a study and a wave each."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkedOut:
    """Results as they were at a moment. tables: None where no one had finished anything. fault: why there are none."""

    tables: StudyTables | None
    made: datetime
    state: StudyState
    fault: str = ""


Work = Callable[[str, str | None, datetime], WorkedOut]
"""Works out the results of a study (its code) up to a wave (None for all) at a moment."""


class ResultsDesk:
    """Keeps results, and has them worked out one at a time. `state` is a function, so that a test can change it."""

    def __init__(self, work: Work, state: Callable[[str], StudyState]) -> None:
        self._work, self._state = work, state
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str | None], WorkedOut] = OrderedDict()
        self._begun: dict[tuple[str, str | None], Future[WorkedOut]] = {}
        self._worker: ThreadPoolExecutor | None = None

    def results(self, study: str, until: str | None, now: datetime, patience: float) -> WorkedOut | None:
        """Return the results of a study up to a wave; None while they are worked out for longer than the patience.

        patience: seconds to wait for results that are not there yet. Results that others have added answers to are
        shown for FRESH, and after that while newer ones are worked out.
        """
        key, state = (study, until), self._state(study)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and not kept.state.holds_in(state):
                del self._kept[key]
                kept = None
            if kept is not None and (kept.state == state or now - kept.made < FRESH):
                self._kept.move_to_end(key)
                return kept
            begun = self._begun.get(key) or self._begin(key, now)
        if kept is not None:
            return kept
        wait([begun], timeout=patience)
        return begun.result() if begun.done() else None

    def kept(self, study: str) -> WorkedOut | None:
        """Return the results of all waves where they are kept and still true. Nothing is worked out for this."""
        state = self._state(study)
        with self._lock:
            kept = self._kept.get((study, None))
        return kept if kept is not None and kept.state.holds_in(state) else None

    def _begin(self, key: tuple[str, str | None], now: datetime) -> Future[WorkedOut]:
        """Have results worked out; the lock is held. The thread begins here, after any fork."""
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="results")
        begun = self._worker.submit(self._done, key, now)
        self._begun[key] = begun
        return begun

    def _done(self, key: tuple[str, str | None], now: datetime) -> WorkedOut:
        try:
            found = self._work(*key, now)
        except Exception:
            with self._lock:
                self._begun.pop(key, None)
            # Its message could tell of the data; the kind of error and where it happened do not.
            _log.error("The results of a study could not be worked out.")
            raise
        with self._lock:
            self._begun.pop(key, None)
            if not found.fault:
                self._kept[key] = found
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
        return found


@lru_cache(maxsize=4)
def desk(engine: Engine) -> ResultsDesk:
    """Return the one place of this process where results of a database are kept."""

    def work(study: str, until: str | None, now: datetime) -> WorkedOut:
        # The state before the answers are read: who withdraws meanwhile is not in it, and the results are made again.
        state = state_of(engine, study)
        try:
            return WorkedOut(tables(study, engine, now, until), now, state)
        except CannotExport as fault:
            return WorkedOut(None, now, state, str(fault))

    return ResultsDesk(work, lambda study: state_of(engine, study))
