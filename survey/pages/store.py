"""What the pages need of the running program: the database, the key, and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from survey.config import Settings
from survey.database import Engine


@dataclass(frozen=True)
class Store:
    """The database and the settings of the running app."""

    engine: Engine
    settings: Settings


def keep(app: Flask, store: Store) -> None:
    """Let the pages of `app` use `store`."""
    app.extensions["chorus"] = store


def store() -> Store:
    """Return the running app's store."""
    return cast(Store, current_app.extensions["chorus"])
