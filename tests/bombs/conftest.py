"""read_once: each file is read by a process of its own once; whoever sends it again hears the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pytest

from survey.bounded import Bounds, Exceeded
from survey.tables import apart

_READ: Final[dict[tuple[object, ...], list[bytes | Exceeded]]] = {}
"""What came back of each file, for as long as the tests of this folder run."""


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a table that was read before be heard again: of 34 tables on four uploads and four commands, the reader is
    one and the same, and takes most of the time. What each page or command makes of the rows is its own.
    """
    honest = apart.reading

    @contextmanager
    def reading(
        module: str, data: bytes, bounds: Bounds, arguments: Sequence[str], *, lean: bool
    ) -> Iterator[Iterator[bytes]]:
        name, *others = arguments
        what = (hashlib.sha256(data).digest(), name.rpartition(".")[2], *others)
        if what in _READ:
            yield _again(_READ[what])
            return
        with honest(module, data, bounds, arguments, lean=lean) as lines:
            yield _heard(lines, _READ.setdefault(what, []))

    monkeypatch.setattr(apart, "reading", reading)


def _heard(lines: Iterator[bytes], kept: list[bytes | Exceeded]) -> Iterator[bytes]:
    """Yield lines as they come, and keep them: who reads stops at the same line the next time."""
    try:
        for line in lines:
            kept.append(line)
            yield line
    except Exceeded as fault:
        kept.append(fault)
        raise


def _again(kept: Sequence[bytes | Exceeded]) -> Iterator[bytes]:
    for line in kept:
        if isinstance(line, Exceeded):
            raise line
        yield line
