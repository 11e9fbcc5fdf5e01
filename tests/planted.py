"""What pytest loads beside the tests while bugs are planted (tests/mutants.py): `-p tests.planted`.

mutmut runs the tests once, to learn which of them run which function, and forks that process for every bug. What the
process remembers would hide bugs in the functions that made it: a study laid out once and copied (tests/templates.py),
and whatever the program keeps in a cache. So every test that copies a study counts as running what laid it out; for a
bug in that, the study is laid out anew; and every bug meets empty caches. Each fork has folders of its own.

A file that is sent is read in a process of its own, where no part has bugs: what came of it is remembered, for half of
the time went there.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

import pytest
from mutmut.mutation.trampoline import get_mutant_under_test, set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from survey.tables import apart
from tests import templates
from tests.mutants import NO_BUG

OUTCOMES = "noticed.jsonl"
"""One line for each bug, in the folder the tests run in: its name, how pytest ended, the tests that failed."""

_PARENT = os.getpid()
_Cached = type(cache(len))
_COLLECTING = "stats"
_run_to_lay_out: dict[Callable[..., Any], set[str]] = {}
_laid_out_anew: set[Callable[..., Any]] = set()
_failed: list[str] = []


# ---- files that are sent ---------------------------------------------------------------------------------

_read: dict[tuple[object, ...], bytes] = {}
_read_apart = apart.read_apart


def _read_once(data: bytes, name: str, *, verbatim: bool, most_columns: int) -> list[apart.TableRead]:
    """Stand in for `survey.tables.apart.read_apart`."""
    key = (data, name, verbatim, most_columns)
    if key not in _read:
        _read[key] = pickle.dumps(_read_apart(data, name, verbatim=verbatim, most_columns=most_columns))
    tables: list[apart.TableRead] = pickle.loads(_read[key])
    return tables


apart.read_apart = _read_once


# ---- studies that are laid out ---------------------------------------------------------------------------

_lay_out_once = templates.laid_out


def _laid_out(fill: Callable[..., Any]) -> Callable[..., Any]:
    """Stand in for `templates.laid_out`: know which functions a study's laying out runs."""

    @wraps(fill)
    def watched(*given: Any, **named: Any) -> Any:
        before, state()._stats = state()._stats, set()
        try:
            return fill(*given, **named)
        finally:
            _run_to_lay_out.setdefault(watched, set()).update(state()._stats)
            state()._stats |= before

    copied = _lay_out_once(watched)

    @wraps(fill)
    def laid(*given: Any, **named: Any) -> Any:
        if _bug_in(_run_to_lay_out.get(watched, set())) and watched not in _laid_out_anew:
            _laid_out_anew.add(watched)
            for key in [key for key in templates._made if isinstance(key, tuple) and key[0] is watched]:
                del templates._made[key]
        result = copied(*given, **named)
        state()._stats |= _run_to_lay_out.get(watched, set())
        return result

    return laid


def _bug_in(functions: set[str]) -> bool:
    bug = get_mutant_under_test()
    return _forked() and "__mutmut_" in bug and mangled_name_from_mutant_name(bug) in functions


def _forked() -> bool:
    return os.getpid() != _PARENT


templates.laid_out = _laid_out
# The forks copy what the parent laid out, after its own tests are over; the folder goes when the parent ends.
templates.clear = lambda: None


def _own_folder() -> Path:
    folder = _parents_folder / str(os.getpid())
    folder.mkdir(exist_ok=True)
    return folder


_parents_folder = templates._folder()
templates._folder = _own_folder  # type: ignore[assignment]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart() -> None:
    """Give a fork folders of its own, and let it remember nothing the program worked out before it."""
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_own_folder())
    _failed.clear()
    if _forked():
        if os.environ.get(NO_BUG):
            set_mutant_under_test("")
        _forget()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let each test run what it needs of the part while it is learnt which test runs what."""
    if get_mutant_under_test() == _COLLECTING:
        _forget("_mutmut_mutated")


def _forget(where: str = "__name__") -> None:
    """Empty the caches of the program. where: only of modules that have this name."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "survey" and hasattr(module, where):
            for value in list(vars(module).values()):
                if isinstance(value, _Cached):
                    value.cache_clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which tests fail."""
    if report.failed:
        _failed.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(exitstatus: int) -> None:
    """Write down which test noticed the bug of a fork, and leave nothing of it."""
    if not _forked():
        return
    line = json.dumps({"bug": get_mutant_under_test(), "ended": int(exitstatus), "failed": _failed})
    with Path(OUTCOMES).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    shutil.rmtree(_own_folder(), ignore_errors=True)
