"""Thirty days before the day those who lead the study are told by mail, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from survey.admission import add_user
from survey.audit import LogFilter, entries
from survey.config import Mail, Settings
from survey.database import Engine
from survey.retention import keep_promises
from tests.accounts.test_invitations import MailServer, mail
from tests.retention.field import THE_DAY, Field

__all__ = ["mail"]

NEAR = THE_DAY - timedelta(days=30)


@pytest.fixture
def people(engine: Engine, settings: Settings, field: Field) -> None:
    add_user(engine, "all@uni.org", ["lead"])
    add_user(engine, "one@uni.org", ["lead"], study="small-notes")
    add_user(engine, "ann@uni.org", ["researcher"])


def test_who_leads_the_study_is_told_once(
    engine: Engine, settings: Settings, people: None, mail: MailServer, field: Field
) -> None:
    here = replace(settings, mail=mail.settings)
    assert keep_promises(engine, here, NEAR - timedelta(days=1)) == []
    assert keep_promises(engine, here, NEAR) == ["2 letters warned of a deletion to come."]
    assert keep_promises(engine, here, NEAR + timedelta(days=1)) == []
    assert len(mail.letters) == 2
    assert mail.letters[0]["Subject"] == "small-notes: all data will be deleted on 31 August 2100"
    content = mail.letters[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    letter = content.decode()
    assert "in 30 days" in letter
    assert "http://localhost/office/studies/small-notes/retention" in letter
    told = {
        line.details["to"]
        for line in entries(engine, LogFilter(study_id=field.study_id, what="sent a warning of the deletion"))
    }
    assert told == {"all@uni.org", "one@uni.org"}


def test_a_letter_that_was_not_taken_is_tried_again(
    engine: Engine, settings: Settings, people: None, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = replace(settings, mail=Mail("smtp://127.0.0.1:1", "chorus@example.org"))
    assert keep_promises(engine, nowhere, NEAR) == []
    assert "could not be sent" in caplog.text
    assert "uni.org" not in caplog.text
    assert keep_promises(engine, replace(settings, mail=mail.settings), NEAR) != []
    assert len(mail.letters) == 2


def test_without_mail_nothing_is_sent_and_nothing_noted(
    engine: Engine, settings: Settings, people: None, field: Field
) -> None:
    assert keep_promises(engine, settings, NEAR) == []
    assert list(entries(engine, LogFilter(study_id=field.study_id, what="sent a warning of the deletion"))) == []
