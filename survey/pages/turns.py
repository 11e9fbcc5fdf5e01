"""Work that would slow down the respondents if many asked for it at once: one at a time in each process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort


class Turn:
    """A turn that one request has at a time; the others wait up to `patience` seconds, then get a calm 503."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._taken = threading.BoundedSemaphore(1)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn, and have it while the block runs."""
        if not self._taken.acquire(timeout=self._patience):
            abort(503)
        try:
            yield
        finally:
            self._taken.release()
