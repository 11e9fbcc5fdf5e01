"""The receipt of an adult whose answers are kept: on the page, as a file to save, as an e-mail to oneself.

Nothing is sent by us: the e-mail is one that the reader's own program opens. Neither it nor the file holds an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from survey.pages.answer.compiled import Survey
from survey.pages.store import store
from survey.responses import Occasion, Snapshot, occasion_at
from survey.responses.late import too_late
from survey.responses.receipts import keep_receipt, receipt_of
from survey.wording import day_in_words, in_query

JUST_ENDED: Final = timedelta(hours=1)
"""For so long after the end a device still asks whose turn it is, and still shows an adult's receipt again."""

_CLOCK: Final = "Europe/London"
"""Whose clock is shown where no one knows where somebody is."""


def just_ended(snapshot: Snapshot, at: datetime) -> bool:
    """Tell whether a response ended so little ago that its device may still show the receipt."""
    return at - (snapshot.finished_at or snapshot.seen_at) <= JUST_ENDED


def occasion_of(snapshot: Snapshot) -> Occasion:
    """Return what the person was at who gave a response; as far as its facts say where its door is gone."""
    there = occasion_at(store().engine, snapshot.door_id) if snapshot.door_id is not None else None
    return there or Occasion(snapshot.facts.get("performance"), None, snapshot.facts.get("school"), _CLOCK)


def day_of(occasion: Occasion, language: str, at: datetime) -> str | None:
    """Return the day of a performance in words; None where there is none."""
    return day_in_words(occasion.day, at.date(), language) if occasion.day else None


@dataclass(frozen=True)
class KeptReceipt:
    """A receipt as pages, files and e-mails show it.

    code: what deletes the answers. withdraw_at: where it is typed. lines: all that there is to keep, line by line.
    lasts: whether it can be shown again for an hour; else for as long as this browser stays open.
    """

    code: str
    withdraw_at: str
    subject: str
    lines: tuple[str, ...]
    lasts: bool

    @property
    def address_to_type(self) -> str:
        """Where the receipt is typed, as people would write it."""
        return self.withdraw_at.partition("://")[2].partition("?")[0]

    @property
    def email(self) -> str:
        """The address that opens an e-mail with the receipt in it, to be sent to oneself."""
        return f"mailto:?subject={quote(self.subject)}&body={quote(self._text)}"

    @property
    def file(self) -> bytes:
        """The receipt as a text that every device can open. The mark at its beginning says that it is UTF-8."""
        return self._text.encode("utf-8-sig")

    @property
    def _text(self) -> str:
        return "".join(f"{line}\r\n" for line in self.lines)


def receipt_for(survey: Survey, snapshot: Snapshot | None, at: datetime) -> KeptReceipt | None:
    """Return the receipt of an adult who holds the pass of a response whose answers are kept; else None.

    Until an hour after the end: a copy of the pass shows no receipt the next day. Where the time ran out in the middle,
    the answers so far are kept as well, and so there is a receipt.
    """
    code = None if survey.pupil or snapshot is None else _code(snapshot, at)
    if code is None or snapshot is None:
        return None
    say, occasion = survey.say, occasion_of(snapshot)
    withdraw = f"{store().settings.base_url}/withdraw{in_query(survey.language)}"
    ended = (snapshot.finished_at or snapshot.seen_at).astimezone(ZoneInfo(occasion.time_zone)).date()
    what = [survey.questionnaire.title, *(one for one in (occasion.performance, occasion.school) if one)]
    told = [
        *what,
        day_in_words(ended, ended.replace(year=1), survey.language),
        "",
        say("Your receipt"),
        code,
        "",
        say("You can use it to delete your answers at any time, without saying why:"),
        withdraw,
        *(["", *(survey.questionnaire.contact or "").splitlines()] if survey.questionnaire.contact else []),
    ]
    subject = f"{say('Your receipt')}: {survey.questionnaire.title}"
    return KeptReceipt(code, withdraw, subject, tuple(told), lasts=snapshot.state != "started")


def _code(snapshot: Snapshot, at: datetime) -> str | None:
    engine, key = store().engine, store().settings.key("receipts")
    if snapshot.state in ("finished", "stopped"):
        return receipt_of(engine, snapshot.id, key) if just_ended(snapshot, at) else None
    if snapshot.state == "started" and snapshot.answers and too_late(engine, snapshot, at):
        return keep_receipt(engine, snapshot.id, key, at)
    return None
