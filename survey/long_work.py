"""What workers do: files to download, and results. Pages ask for it, `survey work` does it."""

from __future__ import annotations

from typing import Final

from survey.config import Settings
from survey.database import Engine
from survey.export.downloads import DOWNLOAD
from survey.jobs.asking import Jobs
from survey.jobs.job import JobKind
from survey.jobs.worker import work
from survey.results.working import RESULTS

_KINDS: Final[tuple[JobKind, ...]] = (DOWNLOAD, RESULTS)


def jobs_of(settings: Settings, engine: Engine) -> Jobs:
    """Return what an installation's pages ask for long work."""
    return Jobs(settings, engine, _KINDS)


def do_long_work(settings: Settings, engine: Engine) -> None:
    """Do what is asked for, until stopped by a signal; to be called in the main thread of a process of its own."""
    work(settings, engine, _KINDS)
