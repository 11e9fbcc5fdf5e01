"""The small study as someone finds it who types commands: an installation in the folder they are in."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey.cli import main
from survey.database import Engine, open_engine, upgrade
from tests.rosters.small_field import ROSTER, SCHOOLS, publish


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Set up an installation with the small study, and go to its folder, where the lists of its schools lie."""
    for name in ("DATABASE_URL", "SECRET_KEY", "CHORUS_URL", "CHORUS_LINKAGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHORUS_INSTANCE", str(folder / "instance"))
    (folder / "instance").mkdir()
    engine = open_engine(f"sqlite:///{folder / 'instance' / 'chorus.db'}")
    upgrade(engine)
    publish(engine, folder / "study")
    (folder / "schools.csv").write_text(SCHOOLS)
    (folder / "roster.csv").write_text(ROSTER)
    monkeypatch.chdir(folder)
    return engine


def survey(*words: object) -> Result:
    """Run a command; whatever happens, it is no traceback."""
    run = CliRunner().invoke(main, [str(word) for word in words])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    return run
