"""The server: gunicorn, with a few processes of many threads."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from gunicorn.app.base import BaseApplication

from survey.app import create_app
from survey.config import Settings
from survey.database import open_engine
from survey.retention import keep_promises, keep_watch


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with settings from here instead of from its own command line."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application; called in each process."""
        return create_app(self._settings)


def serve(settings: Settings, *, host: str, port: int, workers: int, threads: int, quiet: bool = False) -> None:
    """Serve until stopped, on `host`:`port`, with `workers` processes of `threads` threads each.

    Nothing of a request is logged: an address can hold a link's secret, and a form holds answers.

    Before the first request, and every hour, what was promised is kept: deletions that are due, withdrawals an older
    backup brought back. Raises StoreError when that cannot be told.
    """
    engine = open_engine(settings.database_url)
    keep_promises(engine, settings, datetime.now(UTC))
    engine.dispose()

    def watched(_worker: object) -> None:
        # In the worker, not in the process that starts them: a thread does not outlive a fork.
        keep_watch(settings, threading.Event())

    options = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "accesslog": None,
        "loglevel": "error" if quiet else "warning",
        "keepalive": 15,
        "graceful_timeout": 20,
        "control_socket_disable": True,
        "post_worker_init": watched,
    }
    _Server(settings, {k: v for k, v in options.items() if v is not None}).run()
