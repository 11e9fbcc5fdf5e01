"""What the pages need of the running program: the database, the settings, and where they ask for long work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from survey.config import Settings
from survey.database import Engine
from survey.jobs.asking import Jobs


@dataclass(frozen=True)
class Store:
    """The database, the settings and the jobs of the running app."""

    engine: Engine
    settings: Settings
    jobs: Jobs


def keep(app: Flask, store: Store) -> None:
    """Let the pages of `app` use `store`."""
    app.extensions["chorus"] = store


def store() -> Store:
    """Return the running app's store."""
    return cast(Store, current_app.extensions["chorus"])
