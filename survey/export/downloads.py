"""Files of a study that people download, made as jobs: the same files as `survey export` writes."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Final

from survey.database import Engine
from survey.export.store import Stored
from survey.export.study import ANALYSED, PREPARED, READ, WRITTEN, Export
from survey.jobs.job import Job, JobKind, Tell

_UNFINISHED: Final = "unfinished"


def download(study: str, form: str, owner: str, *, unfinished: bool = False) -> Job:
    """Return the job that makes a file of a study for one person.

    form: the name of one of FORMATS. owner: the person's account. unfinished: as in `ExportChoice`.
    """
    return Job(DOWNLOAD.name, study, (form, *([_UNFINISHED] if unfinished else [])), owner)


def _make(engine: Engine, job: Job, now: datetime, tell: Tell) -> bytes:
    form, *more = job.wanted
    file = io.BytesIO()  # in memory: on the disk it would be there for others to read
    Export(Stored(engine, job.study), now, unfinished=_UNFINISHED in more, tell=tell).write(form, file)
    return file.getvalue()


DOWNLOAD: Final = JobKind("download", (READ, ANALYSED, PREPARED, WRITTEN), _make, keep=timedelta(hours=1))
