"""A worker whose job takes until a file is there: python -m tests.jobs.worker FOLDER [QUEUE]."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from survey.database import Engine, open_engine
from survey.jobs import worker
from survey.jobs.job import Job, JobKind, Tell
from tests.jobs.pieces import settings_in

GO_ON = "go-on"


def make(engine: Engine, job: Job, now: datetime, tell: Tell) -> bytes:
    folder = Path(str(engine.url.database)).parent
    while not (folder / GO_ON).exists():
        tell("pieces made", 1, 2)
        time.sleep(0.02)
    return b"made by a worker"


KIND = JobKind("piece", ("pieces made",), make, keep=timedelta(hours=1))

if __name__ == "__main__":
    folder, *queue = sys.argv[1:]
    settings = settings_in(Path(folder), *queue)
    worker._SIGNS = 0.2  # the tests need not wait for it to look around
    worker.work(settings, open_engine(settings.database_url), [KIND])
