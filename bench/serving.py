"""Serve one of two apps under one of three servers: python -m bench.serving granian ours 8000 2 16."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from gunicorn.app.base import BaseApplication

from survey.serving.gateway import Gateway
from survey.serving.listening import listen


def load(app: str) -> Any:
    """Return the WSGI app."""
    return maker(app)()


def maker(app: str) -> Callable[[], Any]:
    """Return what makes the WSGI app: ours, or the most a form can do. All that it needs is loaded then."""
    if app == "ours":
        from survey.app import create_app

        return create_app
    from bench.ceiling import create

    return create


def gateway(make: Callable[[], Any], threads: int) -> Gateway:
    """Return the app behind our gateway."""
    return Gateway(make(), threads)


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: str, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return load(self._app)


def by_granian(app: str, port: int, workers: int, threads: int) -> None:
    """As `survey serve` does it: what is loaded once is copied to each process."""
    listen(partial(gateway, maker(app), threads), "127.0.0.1", port, workers)


def by_granian_alone(app: str, port: int, workers: int, threads: int) -> None:
    """By granian's own WSGI, without our gateway: a thread waits for each body."""
    import multiprocessing

    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server import MPServer

    multiprocessing.set_start_method("spawn", force=True)
    server = MPServer(
        "bench",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        http=HTTPModes.http1,
        log_level=LogLevels.error,
        workers_kill_timeout=5,
    )
    server.serve(target_loader=partial(load, app), wrap_loader=False)


def by_gunicorn(app: str, port: int, workers: int, threads: int) -> None:
    """By gunicorn, as it was before."""
    _Gunicorn(
        app,
        {
            "bind": f"127.0.0.1:{port}",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "loglevel": "error",
            "keepalive": 30,
            "control_socket_disable": True,
        },
    ).run()


KINDS: dict[str, Callable[[str, int, int, int], None]] = {
    "granian": by_granian,
    "granian alone": by_granian_alone,
    "gunicorn": by_gunicorn,
}

if __name__ == "__main__":
    kind, app, port, workers, threads = sys.argv[1:]
    KINDS[kind](app, int(port), int(workers), int(threads))
