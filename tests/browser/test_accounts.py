"""From an invitation to an account with two-step sign-in, in a real browser; and a coordinator's printed link."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from survey.admission import add_user, place
from survey.app import create_app
from survey.audit import COMMAND_LINE
from survey.config import Settings
from survey.database import upgrade, write
from survey.people import GivenRole, Giver
from survey.people.invitations import invite
from survey.people.second import STEP, code_at
from tests.browser import accessibility
from tests.browser.hand import press
from tests.pages.small_study import make_study

EMAIL = "lead@uni.org"
OWN = "three words in a row"


class Office:
    """A served app that asks for second factors, and the address of an invitation to lead its study."""

    def __init__(self, folder: Path, serve: Callable[[Any], str]) -> None:
        url = f"sqlite:///{folder / 'chorus.sqlite'}"
        self.settings = Settings(folder, url, "s" * 40, "http://localhost", two_factor=True)
        app = create_app(self.settings)
        self.engine = app.extensions["chorus"].engine
        upgrade(self.engine)
        (folder / "study").mkdir()
        make_study(self.engine, folder / "study")
        self.address = serve(app)

    def invitation(self, wanted: GivenRole) -> str:
        with write(self.engine) as connection:
            token = invite(connection, EMAIL, wanted, Giver(COMMAND_LINE), datetime.now(UTC))
        return f"{self.address}/office/welcome/{token}"


@pytest.fixture
def office(tmp_path: Path, serve: Callable[[Any], str]) -> Office:
    return Office(tmp_path, serve)


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=name)


def choose(page: Page) -> None:
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(OWN)
    press(button(page, "Save password"))


def sign_in(page: Page, address: str, password: str = OWN) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    press(button(page, "Sign in"))


def secret_on(page: Page) -> bytes:
    return base64.b32decode(page.locator(".key-text").inner_text().replace(" ", ""))


def code(secret: bytes, ahead: int = 0) -> str:
    return code_at(secret, int(datetime.now(UTC).timestamp()) // STEP + ahead)


def enter(page: Page, typed: str, name: str) -> None:
    page.get_by_label("Code", exact=True).fill(typed)
    press(button(page, name))


def set_up(page: Page) -> tuple[bytes, list[str]]:
    secret = secret_on(page)
    enter(page, code(secret), "Turn on two-step sign-in")
    return secret, page.locator(".codes code").all_inner_texts()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_an_invitation_to_signing_in_with_a_code(
    office: Office, new_page: Callable[..., Page], scripts: bool
) -> None:
    page = new_page(java_script_enabled=scripts)
    page.goto(office.invitation(place(office.engine, "lead", "small-notes")))
    assert heading(page) == "Welcome to Chorus"
    choose(page)
    assert heading(page) == "Set up two-step sign-in", "nothing else is open before"
    page.goto(f"{office.address}/office/studies/small-notes")
    assert heading(page) == "Set up two-step sign-in"
    secret, codes = set_up(page)
    assert heading(page) == "Your recovery codes"
    assert len(codes) == 10
    press(page.get_by_role("link", name="I have saved them: continue"))
    assert heading(page) == "Small notes"

    press(page.get_by_role("button", name="Sign out"))
    sign_in(page, office.address)
    assert heading(page) == "Enter your code"
    enter(page, "000000", "Sign in")
    assert "This code is not right." in page.get_by_role("alert").inner_text()
    enter(page, code(secret, 1), "Sign in")
    assert heading(page) == "Small notes"

    press(page.get_by_role("button", name="Sign out"))
    sign_in(page, office.address)
    enter(page, codes[3], "Sign in")
    assert heading(page) == "Small notes"
    press(page.get_by_role("link", name="Two-step sign-in"))
    assert "You have 9 unused recovery codes." in page.get_by_role("main").inner_text()


def test_a_lead_invites_prints_a_link_and_its_coordinator_comes_in(
    office: Office, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    page.goto(office.invitation(place(office.engine, "lead", "small-notes")))
    choose(page)
    set_up(page)
    page.goto(f"{office.address}/office/people")
    page.get_by_label("E-mail address").fill("ben@school.org")
    page.get_by_label("Role", exact=True).select_option("coordinator")
    page.get_by_label("Where", exact=True).select_option(label="Small notes: Ash Primary")
    press(button(page, "Invite"))
    assert "/office/welcome/" in page.locator(".key-text").inner_text()
    press(page.get_by_role("link", name="Back to people"))
    assert page.get_by_role("row", name="ben@school.org").is_visible()

    press(page.get_by_role("link", name="Links of Small notes"))
    page.get_by_label("School", exact=True).select_option(label="Ash Primary")
    press(button(page, "Make a link"))
    path = re.sub("^http://localhost", "", page.locator(".key-text").inner_text())

    tablet = new_page()
    tablet.goto(f"{office.address}{path}")
    assert heading(tablet) == "Ash Primary"
    press(button(tablet, "I am the coordinator: open the page"))
    assert tablet.locator(".who").inner_text() == "Ash Primary"
    assert "/sign-in" not in tablet.url

    press(page.get_by_role("link", name="All links"))
    press(page.get_by_role("button", name="End (link 1)"))
    assert page.get_by_role("status").inner_text() == "Link 1 has ended."
    tablet.goto(f"{office.address}/office/")
    assert heading(tablet) == "Sign in"


def test_the_pages_are_accessible(office: Office, page: Page) -> None:
    add_user(office.engine, "researcher@uni.org", ["researcher"], study="small-notes")
    page.goto(office.invitation(place(office.engine, "lead", "small-notes")))
    assert accessibility.every_check(page) == []
    choose(page)
    assert accessibility.every_check(page) == []
    _, codes = set_up(page)
    assert accessibility.every_check(page) == []
    page.goto(f"{office.address}/office/two-step")
    assert accessibility.every_check(page) == []
    page.goto(f"{office.address}/office/people")
    assert accessibility.every_check(page) == []
    press(page.get_by_role("link", name="researcher@uni.org"))
    assert accessibility.every_check(page) == []
    page.goto(f"{office.address}/office/people/links/small-notes")
    assert accessibility.every_check(page) == []
    press(button(page, "Make a link"))
    assert accessibility.every_check(page) == []
    link = re.sub("^http://localhost", office.address, page.locator(".key-text").inner_text())
    press(page.get_by_role("button", name="Sign out"))
    page.goto(link)
    assert accessibility.every_check(page) == []
    sign_in(page, office.address)
    assert accessibility.every_check(page) == []
    enter(page, codes[0], "Sign in")
    press(page.get_by_role("button", name="Sign out"))
    press(page.get_by_role("link", name="Forgot your password?"))
    assert accessibility.every_check(page) == []
