"""How long a study's data are kept: the day, the warning before it, and the certificate after it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from survey.audit import LogFilter, entries
from survey.pages.office.access import Seen, allowed
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.store import store
from survey.people import ADMINISTRATOR, LEAD, RESEARCHER
from survey.retention import DeletionDay, certificate, counted, day_of

_WHO: Final = (LEAD, RESEARCHER, ADMINISTRATOR)

section("retention", "Data deletion", "office.retention", order=90, group="Data", roles=_WHO)

WORDS: Final = {
    "response": "Responses",
    "concern": "Flagged words",
    "paper": "Printed forms",
    "reason": "Reasons for not taking part",
    "save": "Saved pages of answers",
    "participant": "Participants (study codes and roster facts)",
    "membership": "Memberships of participants in waves",
    "decision": "Decisions about consent",
    "door": "Links and codes",
    "receipt": "Receipts",
    "keying": "Entries of printed forms",
    "linkage": "Linkage hashes",
    "kinship": "Links between parents and pupils",
    "upload": "Files waiting to be confirmed",
}
"""What the tables hold, for people who do not know tables."""


def in_words(table: str) -> str:
    """Return what a table holds."""
    return WORDS.get(table, table.replace("_", " ").capitalize())


@office.get("/studies/<code>/retention")
@allowed(*_WHO)
def retention(study: Seen) -> ResponseReturnValue:
    """Show when a study's data are deleted, what will go and what will stay."""
    engine = store().engine
    day = _day(study)
    changes = entries(engine, LogFilter(study_id=study.id, what="changed the day of deletion"))
    return render_template(
        "office/retention.html",
        study=study,
        here="retention",
        day=day,
        certificate=certificate(engine, study.id),
        goes=[(in_words(name), number) for name, number in counted(engine, study.id).items() if number],
        changes=[(line.at, str(line.actor), line.details) for line in changes],
    )


@office.get("/studies/<code>/retention/certificate")
@allowed(*_WHO)
def deletion_certificate(study: Seen) -> ResponseReturnValue:
    """Show the certificate of the deletion, to print; before it, go to the page that says when it will be."""
    made = certificate(store().engine, study.id)
    if made is None:
        return redirect(url_for("office.retention", code=study.code))
    return render_template(
        "office/certificate.html",
        study=study,
        here="retention",
        made=made,
        at=made.at.astimezone(ZoneInfo(study.plan.time_zone)),
        counts=[(in_words(one.name), one.before, one.after) for one in made.counts],
    )


def _day(study: Seen) -> DeletionDay:
    day = day_of(store().engine, study.code, datetime.now(UTC))
    if day is None:  # a study that is seen is published
        raise LookupError(study.code)
    return day


class _RetentionView(Protocol):
    @property
    def code(self) -> str:
        """The study's code."""


def near(study: _RetentionView) -> DeletionDay | None:
    """Return a study's day when everyone is to be told of it: 30 days before, and once the data are gone."""
    day = day_of(store().engine, study.code, datetime.now(UTC))
    return day if day is not None and (day.is_near or day.deleted_at is not None) else None


@office.context_processor
def _for_every_page() -> dict[str, Any]:
    return {"deletion_near": near, "deletion_day": lambda study: day_of(store().engine, study.code, datetime.now(UTC))}
