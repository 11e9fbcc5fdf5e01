"""Work that would slow down the respondents if many asked for it at once: one at a time in each process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import abort


class Turn:
    """A turn that one request has at a time; the others wait up to `patience` seconds, then get a calm 503.

    waiting: how many may wait, as each of them holds a thread that respondents may need; None for any number.
    otherwise: makes what is raised instead of the 503, for a page that can say it better.
    """

    def __init__(
        self, patience: float, *, waiting: int | None = None, otherwise: Callable[[], Exception] | None = None
    ) -> None:
        self._patience = patience
        self._otherwise = otherwise
        self._taken = threading.BoundedSemaphore(1)
        self._waiting = threading.BoundedSemaphore(waiting) if waiting is not None else None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn, and have it while the block runs."""
        if not self._taken.acquire(blocking=False) and not self._waited():
            if self._otherwise is not None:
                raise self._otherwise()
            abort(503)
        try:
            yield
        finally:
            self._taken.release()

    def _waited(self) -> bool:
        """Return True when the turn came while there was patience."""
        if self._waiting is None:
            return self._taken.acquire(timeout=self._patience)
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._taken.acquire(timeout=self._patience)
        finally:
            self._waiting.release()
