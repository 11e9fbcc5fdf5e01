"""Files from outside are read in a process of their own, which may use so much time and memory and no more.

A file can be made so that reading it takes minutes or gigabytes, and there are more such files than we know of. Here
the worst that one can do is use up a process of its own: respondents are answered meanwhile, by the server.

What comes back is lines of text, never objects. The caller checks each line as if the file itself had written it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final, NamedTuple

AT_ONCE: Final = 2
"""Files that one process of the server has read for it at the same time."""

MOST_WAITING: Final = 2
"""Others that wait for their turn; each holds a thread of the server, so they are few."""

PATIENCE: Final = 20.0
"""Seconds for which they wait."""

_DONE: Final = b"done\n"
"""The last line. How a process ended cannot always be told afterwards, for instance where a server collects them all,
and an answer that was cut must never be taken for a whole one.
"""

_LONGEST_LINE: Final = 64 * 1024 * 1024
_ROOT: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - starts sooner


class Exceeded(Exception):
    """The file took more time or memory than a reading may take, or the reading failed in another way."""


class Busy(Exception):
    """Too many files are being read just now."""


class Bounds(NamedTuple):
    """What one reading may use.

    cpu: seconds of a processor. seconds: by the clock. memory: bytes of address space. answer: bytes that may come
    back. writes: bytes of the largest file it may write; most readings write none.
    """

    cpu: int
    seconds: float
    memory: int
    answer: int
    writes: int = 0


@contextmanager
def reading(
    module: str, data: bytes, bounds: Bounds, arguments: Sequence[str] = (), *, lean: bool = False
) -> Iterator[Iterator[bytes]]:
    """Run `python -m MODULE` with data as its standard input; the block gets the lines it writes, as they come.

    The module begins with `keep_within_bounds()` and ends with `done()`. lean: it needs the standard library alone, and
    starts sooner. When the block ends, the process ends. Raises Busy when too many others are read; the lines raise
    Exceeded when the process was ended before it was done.
    """
    # Only the process that asks needs these, and the one that reads is to start quickly.
    import subprocess
    import tempfile

    with _turn(), tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", *(["-S"] if lean else []), "-m", module, *_in_words(bounds), *arguments],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what it would say of a fault could hold what is in the file
                cwd="/",
                env=_environment(),
            )
        except OSError as error:  # the machine has no room for another process just now
            raise Busy from error
        clock = threading.Timer(bounds.seconds, process.kill)
        clock.daemon = True
        clock.start()
        assert process.stdout is not None
        try:
            yield _lines(process.stdout, bounds.answer)
        finally:
            clock.cancel()
            process.kill()
            process.stdout.close()
            process.wait()


def _environment() -> dict[str, str]:
    """Return what the process needs to start, and none of the server's secrets."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONPATH": _ROOT, "PYTHONUTF8": "1"}


def _lines(answer: IO[bytes], most: int) -> Iterator[bytes]:
    """Yield lines up to the last. Raises Exceeded when it does not come."""
    left = most
    while line := answer.readline(min(left, _LONGEST_LINE) + 1):
        left -= len(line)
        if left < 0 or not line.endswith(b"\n"):
            raise Exceeded
        if line == _DONE:
            return
        yield line
    raise Exceeded


# ---- taking turns ---------------------------------------------------------------------------------------

_reading: Final = threading.BoundedSemaphore(AT_ONCE)
_waiting: Final = threading.BoundedSemaphore(MOST_WAITING)


@contextmanager
def _turn() -> Iterator[None]:
    if not _reading.acquire(blocking=False):
        _wait()
    try:
        yield
    finally:
        _reading.release()


def _wait() -> None:
    if not _waiting.acquire(blocking=False):
        raise Busy
    try:
        if not _reading.acquire(timeout=PATIENCE):
            raise Busy
    finally:
        _waiting.release()


# ---- in the process that reads --------------------------------------------------------------------------


def _in_words(bounds: Bounds) -> list[str]:
    return [str(bounds.cpu), str(bounds.memory), str(bounds.writes)]


def keep_within_bounds() -> list[str]:
    """Limit this process as the one that started it wants, before it reads anything; return its other arguments.

    Where the system knows a limit not, the clock of the other process remains.
    """
    cpu, memory, writes, *others = sys.argv[1:]
    try:
        import resource
    except ImportError:  # not on Windows
        return others
    os.nice(5)  # respondents first
    for limit, most in (
        (resource.RLIMIT_CORE, 0),  # a picture of its memory would hold the file
        (resource.RLIMIT_CPU, int(cpu)),
        (resource.RLIMIT_AS, int(memory)),
        (resource.RLIMIT_FSIZE, int(writes)),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    return others


def done() -> None:
    """Say that the answer is whole."""
    sys.stdout.write(_DONE.decode())
    sys.stdout.flush()
