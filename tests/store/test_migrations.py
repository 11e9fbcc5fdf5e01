"""The tables are what the code says, whether they come up, go down, or come up again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from survey import audit, database, fieldwork, people, progress, responses, retention
from survey.database import Base, Engine, downgrade, migrations_folder, open_engine, read, write
from tests.store.field import lay_out
from tests.templates import migrate as upgrade


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    with read(engine) as connection:
        return set(inspect(connection).get_table_names())


def rules(connection: Connection) -> list[str]:
    """The names of triggers and functions of our own."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    else:
        query = (
            "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal UNION "
            "SELECT proname FROM pg_proc WHERE proname LIKE 'chorus%' ORDER BY name"
        )
    return list(connection.scalars(text(query)))


def test_what_the_migrations_make_is_what_the_code_says(empty: Engine) -> None:
    assert audit
    assert fieldwork
    assert people
    assert progress
    assert responses
    assert retention
    upgrade(empty)
    with read(empty) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert tables(empty) == set(Base.metadata.tables) | {"alembic_version"}


def test_up_twice_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    lay_out(empty)
    upgrade(empty)
    with read(empty) as connection:
        assert connection.scalar(text("SELECT count(*) FROM school")) == 2


def test_down_takes_everything_away_and_up_brings_it_back(empty: Engine) -> None:
    upgrade(empty)
    lay_out(empty)
    with read(empty) as connection:
        made = rules(connection)
    assert len(made) >= 4
    downgrade(empty, "base")
    assert tables(empty) <= {"alembic_version"}
    with read(empty) as connection:
        assert rules(connection) == []
    upgrade(empty)
    with read(empty) as connection:
        assert rules(connection) == made
    lay_out(empty)


def test_a_migration_that_fails_leaves_nothing_half_made(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with write(empty) as connection:
        connection.execute(text("CREATE TABLE save (x integer)"))  # in the way of the last table
    with pytest.raises(Exception, match=r"save.* already exists"):
        upgrade(empty)
    assert tables(empty) == {"save"}


def test_the_migrations_are_found_in_a_checkout_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (migrations_folder() / "versions").is_dir()
    package = tmp_path / "survey"
    monkeypatch.setattr(database, "__file__", str(package / "database.py"))
    with pytest.raises(FileNotFoundError, match="install Chorus again"):
        migrations_folder()
    (package / "migrations").mkdir(parents=True)
    (package / "migrations" / "env.py").touch()
    assert migrations_folder() == package / "migrations"
