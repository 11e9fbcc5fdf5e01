"""What tests in every folder share: a fresh database of each sort, a served app, a real browser.

database_url    a test that takes it runs twice: on SQLite and on PostgreSQL. One of what is read and said, and not of
                how it is kept, is marked `one_engine`: it runs on SQLite alone. In a file of such tests one that
                runs on both is marked `both_engines`
sqlite_url      an SQLite file of this test's own
postgres_url    a PostgreSQL database of this test's own
serve           serve(app) -> the address it answers at, until the test ends
browser         Chromium, started once
new_page        new_page(**options of a browser context) -> a page, e.g. new_page(java_script_enabled=False)
page            new_page() with nothing asked for
"""

from __future__ import annotations

import gc
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import argon2
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from survey import database
from tests import templates
from tests.browser.accessibility import with_axe
from tests.chromium import CHROMIUM, launched
from tests.postgres import PostgresServer, fast_folder, running_postgres
from tests.remembered import remember

# Before any test takes them by name: tables are copied, not made anew by every migration, and a password costs next to
# nothing. tests/store/test_migrations.py and tests/pages/test_account.py look at the real ones.
database.upgrade = templates.upgrade
remember()
_dear = argon2.PasswordHasher
argon2.PasswordHasher = lambda **_: _dear(time_cost=1, memory_cost=8, parallelism=1)  # type: ignore[assignment,misc]
import survey.pages.account  # noqa: E402, F401 - makes its hasher now

argon2.PasswordHasher = _dear  # type: ignore[misc]

# For `tmp_path`, and all that servers, commands and browsers put into the system's folder for such files: a disk does
# not learn of files that live for one test.
if folder := fast_folder():
    tempfile.tempdir = os.environ.setdefault("TMPDIR", str(folder))

TABLET = {"width": 1024, "height": 690}
"""What a school's tablet leaves for the page (forms.md P26)."""


AXE_FROM_NPM = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"


def pytest_report_header() -> str:
    """Say which axe is used: without npm it is the one of its Python package, which is a little older."""
    return f"axe: {'from npm' if AXE_FROM_NPM.exists() else 'from its Python package'}; browser: {CHROMIUM}"


SLOW_FOLDERS = {"bombs", "demo", "faults", "performances", "privacy", "questionnaires", "serving"}
"""Folders whose tests start servers, walk whole studies or try everything as everyone: all of them are marked slow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser or PostgreSQL by what it asks for, and whole slow folders, so that no one has to
    remember to.
    """
    for item in items:
        if item.path.parent.name in SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)
        fixtures = set(getattr(item, "fixturenames", ()))
        if "browser" in fixtures:
            item.add_marker(pytest.mark.browser)
        if "postgres_url" in fixtures or "postgres_server" in fixtures:
            item.add_marker(pytest.mark.postgres)


def pytest_unconfigure() -> None:
    """Leave nothing of ours in memory."""
    templates.clear()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep what is there before the first test out of the garbage collector's sight: a fifth of the time went there."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the session."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite file of this test's own; it does not exist yet."""
    return f"sqlite:///{tmp_path / 'chorus.sqlite'}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a test that takes `database_url` run on both engines, unless it says that they cannot differ for it."""
    if "database_url" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker
        one = marked("one_engine") and not marked("both_engines")
        engines = ["sqlite"] if one else ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
        metafunc.parametrize("database_url", engines, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of this test's own: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Requests are not what a failing test needs to show."""


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """serve(app) -> address of a WSGI app, e.g. http://127.0.0.1:40123, until the test ends."""
    with ExitStack() as stack:

        def start(app: Any) -> str:
            server = make_server("127.0.0.1", 0, with_axe(app), threaded=True, request_handler=_Silent)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """new_page(**options) -> a page in a context (cookies, storage) of its own, of a tablet's size."""
    with ExitStack() as stack:

        def open_page(**options: Any) -> Page:
            context = browser.new_context(**{"viewport": TABLET, **options})
            stack.callback(context.close)
            return context.new_page()

        yield open_page


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page in a context of its own, of a tablet's size."""
    return new_page()
