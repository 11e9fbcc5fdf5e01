"""The website, served until it is stopped: that of an installation, and that of an author who looks at pages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from survey.app import create_app, create_preview
from survey.config import Settings
from survey.database import open_engine
from survey.long_work import do_long_work
from survey.retention import keep_promises, keep_watch
from survey.serving.beside import running_beside
from survey.serving.gateway import Gateway
from survey.serving.listening import end_with, listen, see_that_port_is_free

_THREADS_OF_PREVIEW: Final = 8
"""Requests that are answered at once where one author looks at pages, a sheet of many among them."""

_GRACE_FOR_PORT: Final = 5.0
"""Seconds in which a server that was killed lets go of its port."""


def serve(settings: Settings, *, host: str, port: int, workers: int, threads: int, working: bool = True) -> None:
    """Serve until stopped, on `host`:`port`, with `workers` processes of `threads` threads each.

    working: whether a process beside them does the long work. Without one, those that serve do it as well.

    Nothing of a request is logged: an address can hold a link's secret, and a form holds answers.

    Before the first request, and every hour, what was promised is kept: deletions that are due, withdrawals an older
    backup brought back. Raises StoreError when that cannot be told, PortTaken when something else listens there.
    """
    address = see_that_port_is_free(port, host, within=_GRACE_FOR_PORT)
    engine = open_engine(settings.database_url)
    keep_promises(engine, settings, datetime.now(UTC))
    engine.dispose()
    beside = running_beside(partial(_work, settings), end_with) if working else nullcontext()
    listen(partial(load, settings, threads), address, port, workers, beside)


def serve_preview(path: Path, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Show the questionnaires of a folder, or one file, until stopped; `ready` is told the address to open.

    Raises PortTaken when something else listens there.
    """
    address = see_that_port_is_free(port, host, within=_GRACE_FOR_PORT)
    ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    listen(partial(_load_preview, path), address, port, workers=1)


def _load_preview(path: Path) -> Gateway:
    return Gateway(create_preview(path), _THREADS_OF_PREVIEW)


def _work(settings: Settings) -> None:
    """Do the long work; called in the process that does it."""
    do_long_work(settings, open_engine(settings.database_url, threads=2))


def load(settings: Settings, threads: int) -> Gateway:
    """Return what one of the server's processes serves; called in that process."""
    keep_watch(settings, threading.Event())
    return Gateway(create_app(settings), threads)
