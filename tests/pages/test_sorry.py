"""Pages for what could not be answered: each reader gets the sentence that is about what they sent."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from survey.app import create_app
from survey.config import Settings
from survey.pages.shield import REFUSED
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words

FILE = "multipart/form-data; boundary=x"


def refused(client: StrictClient, path: str, status: int, method: str = "POST", kind: str = "text/plain") -> str:
    """Return the words of the page that a request gets which did not come whole."""
    reply = client.open(path, method=method, environ_overrides={REFUSED: status}, content_type=kind)
    assert reply.status_code == status
    root = look_at(reply)
    return f"{heading(root)}: {words(root)}"


@pytest.mark.parametrize(
    ("status", "kind", "respondent", "office"),
    [
        (408, "", "That page could not be read. Please go back and try again.", "Sending took too long"),
        (413, "", "This is too much to send. Please write less.", "This is too much text"),
        (413, FILE, "This is too much to send. Please write less.", "The file is too large"),
        (503, "", "We are very busy just now", "Chorus is very busy just now"),
    ],
)
def test_what_came_too_late_or_too_large_is_said_to_who_sent_it(
    client: StrictClient, status: int, kind: str, respondent: str, office: str
) -> None:
    assert refused(client, "/", status, kind=kind).startswith(f"{respondent}: ")
    for path in ("/office", "/office/sign-in", "/office/studies/x/roster", "/office/there/is/none"):
        said = refused(client, path, status, kind=kind)
        assert said.startswith(f"{office}: ")
        assert "answers" not in said
        assert "write less" not in said


def test_a_file_that_is_too_large_is_told_how_large_it_may_be(client: StrictClient) -> None:
    assert "up to 10 MB: please split a larger one" in refused(client, "/office/studies/x/roster", 413, kind=FILE)


def test_only_what_was_sent_is_said_not_to_be_saved(client: StrictClient) -> None:
    assert "What you sent was not saved." in refused(client, "/office", 503)
    assert "What you sent" not in refused(client, "/office", 503, method="GET")


def test_respondents_are_told_that_their_answers_are_safe(client: StrictClient) -> None:
    for status in (408, 413, 503):
        assert "Your answers so far are" in refused(client, "/", status)


@pytest.mark.parametrize("path", ["/office/none", "/office/studies/none/at/all", "/officer"])
def test_the_office_s_own_page_is_for_addresses_below_it(client: StrictClient, path: str) -> None:
    page = words(look_at(client.get(path)))
    assert ("go to your studies" in page) == path.startswith("/office/")


def test_a_database_that_is_not_ready_gets_the_office_s_page_though_nobody_can_be_looked_up(
    settings: Settings, tmp_path: Path
) -> None:
    empty = dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.sqlite'}")
    client = strict_client(create_app(empty))
    reply = client.get("/office/welcome/abcdefgh")
    assert reply.status_code == 503
    assert heading(look_at(reply)) == "Chorus is very busy just now"
