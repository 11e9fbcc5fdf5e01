"""Whatever was copied before it ended opens nothing afterwards: the server ends it, not the browser.

A copy of an account's cookie after sign-out: tests/pages/test_account.py. Of a respondent's pass: test_answering.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from survey.admission import account_id, place
from survey.audit import COMMAND_LINE
from survey.config import Settings
from survey.database import Engine, read, write
from survey.people import Giver
from survey.people.grants import end, give, second_factor_off, take
from survey.people.invitations import reset_link
from survey.people.links import LinkPlace, end_link, make_link
from tests.accounts.conftest import Clock
from tests.accounts.people import EMAIL, OWN, choose, member, post, set_up, sign_in
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import token

pytestmark = [pytest.mark.slow, pytest.mark.one_engine]

HERE = Giver(COMMAND_LINE)
PROGRESS = "/office/studies/small-notes/progress"


def copy_of(client: StrictClient) -> StrictClient:
    """Another browser with a copy of every cookie of this one."""
    copied = strict_client(client.application)
    for cookie in (client._cookies or {}).values():
        copied.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)
    return copied


def is_out(client: StrictClient, address: str = PROGRESS) -> bool:
    return (client.get(address).location or "").startswith("/office/sign-in")


@pytest.fixture
def link(app: Flask, engine: Engine) -> str:
    """The address of a coordinator's link, number 1, for school s1."""
    where, now = place(engine, "coordinator", "small-notes", "s1"), datetime.now(UTC)
    assert where.study_id is not None
    assert where.school_id is not None
    with write(engine) as connection:
        made = make_link(
            connection, LinkPlace(where.study_id, where.school_id, "s1"), now + timedelta(days=30), HERE, now
        )
    return f"/office/link/{made[1]}"


def come_by(app: Flask, link: str) -> StrictClient:
    client = strict_client(app)
    assert post(client, link).status_code == 302
    assert client.get(PROGRESS).status_code == 200
    return client


def sign_out(client: StrictClient, page: str) -> None:
    assert client.post("/office/sign-out", data={"csrf_token": token(client.get(page))}).status_code == 302


@pytest.mark.both_engines
def test_signing_out_ends_every_copy_of_a_links_session_and_no_colleagues(app: Flask, link: str) -> None:
    ours, colleague = come_by(app, link), come_by(app, link)
    copied = copy_of(ours)
    assert not is_out(copied)
    sign_out(ours, link)
    assert is_out(ours)
    assert is_out(copied)
    assert not is_out(colleague)
    assert not is_out(come_by(app, link)), "the printed link itself goes on"


def test_coming_by_the_link_again_or_signing_in_ends_the_session_before(
    app: Flask, settings: Settings, link: str
) -> None:
    member(app, settings, "researcher", study="small-notes")
    for leave in (lambda client: post(client, link), lambda client: sign_in(client, OWN)):
        ours = come_by(app, link)
        copied = copy_of(ours)
        assert leave(ours).status_code == 302
        assert is_out(copied)
        assert not is_out(ours)


@pytest.mark.both_engines
def test_a_link_that_has_ended_ends_its_sessions_and_the_next_to_come_in_clears_them_away(
    app: Flask, engine: Engine, link: str, clock: Clock
) -> None:
    ours = come_by(app, link)
    with write(engine) as connection:
        end_link(connection, 1, HERE, datetime.now(UTC))
    assert is_out(ours)
    where, now = place(engine, "coordinator", "small-notes", "s2"), datetime.now(UTC)
    with write(engine) as connection:
        another = make_link(
            connection, LinkPlace(where.study_id, where.school_id, "s2"), now + timedelta(days=1), HERE, now
        )  # type: ignore[arg-type]
    theirs = come_by(app, f"/office/link/{another[1]}")
    with read(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM link_session")) == 1
    clock.forward(days=2)
    assert is_out(theirs)


@pytest.mark.both_engines
def test_the_database_holds_no_key_that_opens_a_session(app: Flask, engine: Engine, link: str) -> None:
    ours = come_by(app, link)
    with ours.session_transaction(path="/office/") as session:
        key = session["link session"]
    with read(engine) as connection:
        kept = str(connection.execute(text("SELECT * FROM link_session")).all())
    assert key not in kept
    assert len(key) >= 22


def _sign_out(client: StrictClient, engine: Engine, account: int) -> None:
    sign_out(client, "/office/password")


def _new_password(client: StrictClient, engine: Engine, account: int) -> None:
    assert choose(client, "four words in one row", current=OWN).status_code == 302


def _second_factor(client: StrictClient, engine: Engine, account: int) -> None:
    set_up(client)


def _second_factor_off(client: StrictClient, engine: Engine, account: int) -> None:
    second_factor_off(engine, account, HERE, datetime.now(UTC))


def _end(client: StrictClient, engine: Engine, account: int) -> None:
    end(engine, account, HERE, datetime.now(UTC))


@pytest.mark.parametrize("what", [_sign_out, _new_password, _second_factor, _second_factor_off, _end])
def test_a_copied_session_of_an_account_ends_with(
    app: Flask, settings: Settings, engine: Engine, what: Callable[[StrictClient, Engine, int], None]
) -> None:
    member(app, settings, "administrator", "other@example.org")
    ann = member(app, settings, "researcher", study="small-notes")
    copied = copy_of(ann)
    assert not is_out(copied)
    what(ann, engine, account_id(engine, EMAIL))
    assert is_out(copied)


@pytest.mark.both_engines
def test_a_role_taken_away_is_gone_from_a_session_that_goes_on(app: Flask, settings: Settings, engine: Engine) -> None:
    ann = member(app, settings, "researcher", study="small-notes")
    account, where = account_id(engine, EMAIL), place(engine, "coordinator", "small-notes", "s2")
    with write(engine) as connection:
        give(connection, account, where, HERE, datetime.now(UTC))
        number = connection.execute(text("SELECT id FROM access WHERE role = 'researcher'")).scalar_one()
    assert ann.get("/office/studies/small-notes/data.csv").status_code < 400, "the file, or the page that waits for it"
    with write(engine) as connection:
        take(connection, account, number, HERE, datetime.now(UTC))
    assert ann.get("/office/studies/small-notes/data.csv").status_code == 403


def test_a_letter_for_a_new_password_opens_nothing_once_a_password_was_chosen(
    app: Flask, settings: Settings, engine: Engine
) -> None:
    ann = member(app, settings, "researcher", study="small-notes")
    with write(engine) as connection:
        letter = reset_link(connection, account_id(engine, EMAIL), HERE, datetime.now(UTC))
    address = f"/office/welcome/{letter}"
    assert strict_client(app).get(address).status_code == 200
    assert choose(ann, "four words in one row", current=OWN).status_code == 302
    assert strict_client(app).get(address).status_code == 404


def test_half_a_sign_in_is_dead_once_the_password_was_changed(app: Flask, settings: Settings, engine: Engine) -> None:
    ann = member(app, settings, "researcher", study="small-notes")
    set_up(ann)
    half_way = strict_client(app)
    assert "/office/sign-in/code" in (sign_in(half_way, OWN).location or "")
    assert half_way.get("/office/sign-in/code").status_code == 200
    assert choose(ann, "four words in one row", current=OWN).status_code == 302
    assert is_out(half_way, "/office/sign-in/code")
