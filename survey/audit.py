"""Who did what, and when: a list that only grows. The database itself refuses to change or remove a line.

It never holds an answer, a name, or anything a respondent typed: only what was done, to what, and counts and codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Row, Select, String, Table, func, insert, select
from sqlalchemy.orm import Session

from survey.database import Base, Engine, Json, Moment, read

Kind = Literal["account", "link", "command line", "respondent", "program"]


@dataclass(frozen=True)
class Actor:
    """Who does something.

    kind   how they come: by an account, a coordinator's link, the command line, as a respondent, or the program itself
    name   the account's address or the link's number; empty for a respondent, of whom nothing is noted
    """

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return self.name if self.kind == "account" else f"{self.kind} {self.name}".strip()


COMMAND_LINE: Final = Actor("command line")
RESPONDENT: Final = Actor("respondent")
PROGRAM: Final = Actor("program")

audit = Table(
    "audit",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor_kind", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("what", String, nullable=False),
    Column("study_id", ForeignKey("study.id"), nullable=True),
    Column("about", String, nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_audit_study_id", "study_id", "id"),
)


_WHO: Final = {
    "link": "a coordinator's link",
    "command line": "the command line",
    "respondent": "a respondent",
    "program": "Chorus",
}


def who(actor: Actor) -> str:
    """Return who did something, as a sentence begins."""
    return actor.name if actor.kind == "account" else f"{_WHO[actor.kind]} {actor.name}".strip()


@dataclass(frozen=True)
class LogEntry:
    """One line of the audit. details: counts, codes, dates and choices by name."""

    id: int
    at: datetime
    actor: Actor
    what: str
    study_id: int | None
    about: str
    details: dict[str, Any]

    @property
    def deed(self) -> str:
        """What was done, and to what: "imported a roster: w2"."""
        return f"{self.what}: {self.about}" if self.about else self.what

    @property
    def particulars(self) -> str:
        """The details as words: "added 3, moved 1"."""
        return ", ".join(
            f"{name.replace('_', ' ')} {_in_words(value)}"
            for name, value in self.details.items()
            if value is not None and value != ""
        )


def _in_words(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Act:
    """Who does something, and when: an aware moment, by default now."""

    actor: Actor
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


def note(
    db: Session | Connection,
    act: Act,
    what: str,
    *,
    study_id: int | None = None,
    about: str = "",
    details: dict[str, int | str | bool | None] | None = None,
) -> None:
    """Write down a deed in the transaction that does it: both are kept, or neither.

    what: a verb in the past and its object ("imported a roster"); the same words for the same deed, so that they can be
    looked for. about: the code of what it was done to. details: counts, codes, dates, choices; never an answer or a
    name.
    """
    line = {
        "at": act.now,
        "actor_kind": act.actor.kind,
        "actor": act.actor.name,
        "what": what,
        "study_id": study_id,
        "about": about,
        "details": details or {},
    }
    db.execute(insert(audit).values(**line))


@dataclass(frozen=True)
class LogFilter:
    """Which lines of the audit are wanted; None for all.

    study_id: of one study; None for the whole installation. actor: who did it, or the name alone. what: exactly these
    words. since, until: from this moment on, before that one.
    """

    study_id: int | None = None
    actor: Actor | str | None = None
    what: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def entries(
    engine: Engine, only: LogFilter = LogFilter(), *, before: int | None = None, most: int | None = None
) -> Iterator[LogEntry]:
    """Yield lines of the audit, the newest first.

    before: older than the line with this id. most: so many at most.
    """
    query = _chosen(select(audit), only.study_id, only.actor, only.what).order_by(audit.c.id.desc()).limit(most)
    if only.since is not None:
        query = query.where(audit.c.at >= only.since)
    if only.until is not None:
        query = query.where(audit.c.at < only.until)
    if before is not None:
        query = query.where(audit.c.id < before)
    with read(engine) as connection:
        for row in connection.execute(query):
            yield _entry(row)


def last_deed(connection: Connection, study_id: int, besides: Sequence[str]) -> int:
    """Return the id of a study's last line whose deed does not begin with one of these words; 0 where there is none."""
    query = select(func.max(audit.c.id)).where(audit.c.study_id == study_id)
    for word in besides:
        query = query.where(~audit.c.what.startswith(f"{word} "))
    return connection.scalar(query) or 0


def choices(engine: Engine, study_id: int | None = None) -> tuple[list[Actor], list[str]]:
    """Return everyone who did something, and everything that was done, for choosing from: by name."""
    who, what = select(audit.c.actor_kind, audit.c.actor).distinct(), select(audit.c.what).distinct()
    with read(engine) as connection:
        actors = [Actor(*row) for row in connection.execute(_chosen(who, study_id, None, None))]
        deeds = connection.scalars(_chosen(what, study_id, None, None)).all()
    return sorted(actors, key=str), sorted(deeds)


def _chosen(query: Select[Any], study_id: int | None, actor: Actor | str | None, what: str | None) -> Select[Any]:
    if study_id is not None:
        query = query.where(audit.c.study_id == study_id)
    if isinstance(actor, Actor):
        query = query.where(audit.c.actor_kind == actor.kind, audit.c.actor == actor.name)
    elif actor is not None:
        query = query.where(audit.c.actor == actor)
    return query if what is None else query.where(audit.c.what == what)


def _entry(row: Row[Any]) -> LogEntry:
    return LogEntry(row.id, row.at, Actor(row.actor_kind, row.actor), row.what, row.study_id, row.about, row.details)
