"""A clock that can be set back: on the path of a server (PYTHONPATH), it takes off the seconds a file says."""

from __future__ import annotations

import datetime
import os
import time
from pathlib import Path
from typing import Any

_file = Path(os.environ["BENCH_CLOCK"])
_real, _time = datetime.datetime, time.time


def _back() -> float:
    try:
        return float(_file.read_text())
    except (OSError, ValueError):
        return 0.0


class _Kind(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _real)


class _Datetime(_real, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _real.now(tz) - datetime.timedelta(seconds=_back())


datetime.datetime = _Datetime  # type: ignore[misc]
time.time = lambda: _time() - _back()
