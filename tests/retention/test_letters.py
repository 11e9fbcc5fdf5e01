"""Thirty days before the day those who lead the study are told by mail, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from survey.admission import add_user
from survey.audit import COMMAND_LINE, Act, LogFilter, entries, note
from survey.config import Mail, Settings
from survey.database import Engine, write
from survey.people import User
from survey.post import NotSent
from survey.retention import daily, keep_promises
from survey.retention.letters import WARNED, warn_leads
from survey.retention.telling import tell_readers
from tests.accounts.test_invitations import MailServer, mail
from tests.retention.field import THE_DAY, Field
from tests.retention.test_daily import publish_as

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
    assert keep_promises(engine, here, NEAR) == ["2 e-mails sent to warn of a deletion."]
    assert keep_promises(engine, here, NEAR + timedelta(days=1)) == []
    assert len(mail.letters) == 2
    assert mail.letters[0]["Subject"] == "small-notes: all data will be deleted on 31 August 2100"
    content = mail.letters[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().replace("\r\n", "\n").strip() == (
        'All data of the study "Small notes" will be deleted on 31 August 2100, in 30 days.\n\n'
        "What will be deleted and what will be kept: http://localhost/office/studies/small-notes/retention\n\n"
        "You do not have to do anything. If your data plan states another day, change delete_on in study.yaml and publish the\n"
        "study again before that day. Deleted data cannot be restored, and backups do not keep them."
    )
    assert [letter["To"] for letter in mail.letters] == ["all@uni.org", "one@uni.org"]
    told = {
        line.details["to"]
        for line in entries(engine, LogFilter(study_id=field.study_id, what="sent a warning of the deletion"))
    }
    assert told == {"all@uni.org", "one@uni.org"}


@pytest.mark.one_engine
def test_only_a_warning_of_this_day_to_this_address_is_one(
    engine: Engine, settings: Settings, people: None, mail: MailServer, field: Field
) -> None:
    act = Act(COMMAND_LINE, NEAR)
    with write(engine) as connection:
        for what, about in ((WARNED, "2100-09-01"), ("something else", "2100-08-31")):
            to: dict[str, int | str | bool | None] = {"to": "all@uni.org"}
            note(connection, act, what, study_id=field.study_id, about=about, details=to)
        done: dict[str, int | str | bool | None] = {"to": "one@uni.org"}
        note(connection, act, WARNED, study_id=field.study_id, about="2100-08-31", details=done)
    here = replace(settings, mail=mail.settings)
    assert keep_promises(engine, here, NEAR) == ["1 e-mail sent to warn of a deletion."]
    assert [letter["To"] for letter in mail.letters] == ["all@uni.org"]


@pytest.mark.one_engine
def test_whose_account_is_closed_is_written_nothing_and_the_others_in_the_order_of_their_addresses(
    engine: Engine, settings: Settings, people: None, mail: MailServer, tmp_path: Path
) -> None:
    add_user(engine, "abe@uni.org", ["lead"], study="small-notes")
    add_user(engine, "else@uni.org", ["lead"], study=other_study(engine, tmp_path))
    with write(engine) as connection:
        connection.execute(update(User).where(User.email == "one@uni.org").values(active=False))
    here = replace(settings, mail=mail.settings)
    assert warn_leads(engine, here, NEAR) == 4
    told = [(letter["To"], letter["Subject"].partition(":")[0]) for letter in mail.letters]
    assert told == [
        ("all@uni.org", "loud"),
        ("else@uni.org", "loud"),
        ("abe@uni.org", "small-notes"),
        ("all@uni.org", "small-notes"),
    ]


def other_study(engine: Engine, folder: Path) -> str:
    publish_as(engine, folder / "loud", "loud", "2100-08-31")
    return "loud"


@pytest.mark.one_engine
def test_one_letter_that_cannot_be_sent_holds_up_no_other(
    engine: Engine, settings: Settings, people: None, mail: MailServer, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(_mail: Mail, to: str, _subject: str, _text: str) -> None:
        if to == "all@uni.org":
            raise NotSent("The mail server did not take it.")
        sent.append(to)

    here = replace(settings, mail=mail.settings)
    monkeypatch.setattr("survey.retention.letters.send", send)
    assert warn_leads(engine, here, NEAR) == 1
    monkeypatch.setattr("survey.retention.telling.send", send)
    monkeypatch.setattr("survey.retention.telling.untold", lambda _: {"all@uni.org": [1], "sam@uni.org": [2, 3]})
    monkeypatch.setattr("survey.retention.telling.told", lambda _connection, ids, _now: sent.append(str(ids)))
    assert tell_readers(engine, here, NEAR) == 1
    assert sent == ["one@uni.org", "sam@uni.org", "[2, 3]"]


@pytest.mark.one_engine
def test_nobody_is_warned_on_the_day_itself_or_after_it(
    engine: Engine, settings: Settings, people: None, mail: MailServer
) -> None:
    here = replace(settings, mail=mail.settings)
    assert warn_leads(engine, here, THE_DAY) == 0
    assert warn_leads(engine, here, THE_DAY + timedelta(days=1)) == 0
    assert warn_leads(engine, here, THE_DAY - timedelta(days=1)) == 2


@pytest.mark.one_engine
@pytest.mark.parametrize(("letters", "word"), [(1, "e-mail"), (2, "e-mails")])
def test_letters_are_counted(
    engine: Engine, settings: Settings, field: Field, monkeypatch: pytest.MonkeyPatch, letters: int, word: str
) -> None:
    for name in ("warn_leads", "tell_readers"):
        monkeypatch.setattr(daily, name, lambda *_: letters)
    assert keep_promises(engine, settings, NEAR) == [
        f"{letters} {word} sent to warn of a deletion.",
        f"{letters} {word} sent about texts to read.",
    ]


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
