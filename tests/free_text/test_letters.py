"""Whoever is named to read gets a letter when there is something to read: once, and without a word of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from survey.config import Mail, Settings
from survey.database import Engine
from survey.fieldwork import NewDoor
from survey.retention import keep_promises
from survey.retention.telling import tell_readers
from tests.accounts.test_invitations import MailServer, mail
from tests.free_text.study import NOW
from tests.free_text.test_pages import TEXT, finish
from tests.pages.walker import Walker

__all__ = ["mail"]


def test_a_letter_says_that_there_is_something_to_read_and_nothing_of_it(
    engine: Engine, settings: Settings, child: Walker, doors: dict[str, NewDoor], mail: MailServer
) -> None:
    here = replace(settings, mail=mail.settings)
    assert tell_readers(engine, here, NOW) == 0
    finish(child, doors["pupil"])
    assert "1 e-mail sent about texts to read." in keep_promises(engine, here, NOW)
    assert tell_readers(engine, here, NOW) == 0
    (letter,) = mail.letters
    assert letter["To"] == "Sam@example.org"
    content = letter.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert "1 text" in content.decode()
    assert "http://localhost/office/concerns" in content.decode()
    for secret in (TEXT, "Ash", "p1", "Listening", "listening"):
        assert secret not in str(letter)


def test_a_letter_that_was_not_taken_is_tried_again(
    engine: Engine,
    settings: Settings,
    child: Walker,
    doors: dict[str, NewDoor],
    mail: MailServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    finish(child, doors["pupil"])
    assert tell_readers(engine, settings, NOW) == 0
    nowhere = replace(settings, mail=Mail("smtp://127.0.0.1:1", "chorus@example.org"))
    assert tell_readers(engine, nowhere, NOW) == 0
    assert "example.org" not in caplog.text
    assert tell_readers(engine, replace(settings, mail=mail.settings), NOW) == 1


def test_a_child_does_not_wait_for_a_letter(
    app: Flask, child: Walker, doors: dict[str, NewDoor], mail: MailServer
) -> None:
    """Letters go out with the hourly round, never while a page is saved."""
    finish(child, doors["pupil"])
    assert mail.letters == []
