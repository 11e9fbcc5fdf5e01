"""The server: granian, with a few processes of many threads. What it serves, it is told."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, cast

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from survey.problems import Explained
from survey.serving.gateway import Gateway

_HEADERS_WITHIN: Final = 15_000
"""Milliseconds in which the head of a request must have come, and how long an idle connection is kept."""

_LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's first line and headers, which are kept in memory until they are whole."""

_MOST_CONNECTIONS: Final = 4096
"""Connections of one process at the same time; the next ones wait to be let in."""

_STOPS_WITHIN: Final = 20
"""Seconds that requests under way have to end when the server stops."""

_LOOKS_UP: Final = 0.5
"""Seconds between two looks of a process whether the one that started it is still there."""


class PortTaken(Explained, RuntimeError):
    """Something else listens there. Its text is a sentence for who starts the server."""


def listen(
    load: Callable[[], Gateway],
    address: str,
    port: int,
    workers: int,
    beside: AbstractContextManager[None] = nullcontext(),  # noqa: B008 - it holds nothing
) -> None:
    """Serve what `load` returns in each of so many processes, until stopped.

    beside: what else runs meanwhile; it begins once this process is ready to be copied.
    """
    _be_copied()
    server = MPServer(
        "survey",  # what is served, `load` says
        address=address,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        backpressure=_MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_WITHIN, max_buffer_size=_LARGEST_HEAD),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOPS_WITHIN,
    )
    with beside:
        server.serve(target_loader=cast(Any, partial(_begin, load, os.getpid())), wrap_loader=False)


def _stop_when_told() -> None:
    """Let a new process end at once when it is told to, until granian listens for signals there.

    Its parent's way of taking them, which it would have, does nothing in a copy: the server would wait for it in vain.
    """
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.SIG_DFL)


def _be_copied() -> None:
    """Prepare this process to be copied: everything is imported, so that a copy starts at once and shares the memory.

    What must not be copied is not there (survey.forks).
    """
    _let_many_connect()
    multiprocessing.set_start_method("fork", force=True)
    os.register_at_fork(after_in_child=_stop_when_told)
    gc.collect()
    gc.freeze()


def _begin(load: Callable[[], Gateway], parent: int) -> Gateway:
    end_with(parent)
    return load()


def see_that_port_is_free(port: int, host: str = "127.0.0.1", *, within: float = 0.0) -> str:
    """Return the address (digits) of a host at whose port a server can listen.

    within: seconds to wait for it. Raises PortTaken when it is still taken then, or when there is no such host.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise PortTaken(f"This computer has no address called {host!r}. Please give one of its own: --host") from error
    until = time.monotonic() + within
    while not _is_free(family, address):
        if time.monotonic() >= until:
            raise PortTaken(
                f"Port {port} is already in use, perhaps by another Chorus that is still running. Please stop that, or "
                f"choose another port: --port {port + 1 if port < 65535 else 8000}"
            )
        time.sleep(0.1)
    return str(address[0])


def _is_free(family: int, address: tuple[Any, ...]) -> bool:
    # The server's processes share their port by SO_REUSEPORT, and so would another server: no one would be told.
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as error:
            raise PortTaken(
                f"Port {address[1]} is reserved for the system. Please choose one above 1023: --port"
            ) from error
        except OSError:
            return False
    return True


def _let_many_connect() -> None:
    """Let this process, and those it starts, have as many files and connections open as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * _MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def end_with(parent: int) -> None:
    """Let this process stop when the one that started it is gone: else it would keep the port for ever."""

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOKS_UP)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOPS_WITHIN)
        os._exit(1)

    threading.Thread(target=follow, name="parent", daemon=True).start()
