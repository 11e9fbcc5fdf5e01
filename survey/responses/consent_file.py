"""Decisions from a table that schools send: looked at first, then imported, all of it or nothing.

Columns: participant, decision (yes, no, withdrawn), date, by (parent, self, school); if wanted parent, how, sheet,
scope, wave, resolved.
What is in the ledger already is left as it is, so that the same file twice changes nothing. A withdrawal throws answers
away as it does everywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from survey.audit import Act, Actor
from survey.database import Engine, encode, read, scrub, write
from survey.fieldwork.consent import (
    DECIDERS,
    PARENTS,
    RESOLVED,
    SAYS,
    SCOPES,
    WAYS,
    BadDecision,
    Decision,
    InStudy,
    LedgerEntry,
    decide,
    ledger_of_all,
    parents_by_child,
    sheets_of,
    today,
    who_would_disagree,
)
from survey.fieldwork.finding import find_study, no_such, not_there
from survey.fieldwork.participants import Participant
from survey.fieldwork.roster.tables import (
    Cell,
    Misread,
    ReadRow,
    ReadSheet,
    SentFile,
    UnreadableTable,
    columns,
    read_sheets,
    until_too_many,
)
from survey.fieldwork.roster.zeros import Spellings
from survey.fieldwork.studies import Wave
from survey.problems import Refused, quoted, shortened
from survey.responses.tables import response
from survey.responses.withdrawing import Withdrawal, withdraw_within

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "participant": ("participant",),
    "says": ("decision",),
    "given_on": ("date",),
    "by": ("by",),
    "parent": ("parent", "which parent"),
    "how": ("how",),
    "sheet": ("sheet", "sheet version"),
    "scope": ("scope",),
    "wave": ("wave",),
    "resolved": ("resolved",),
}


@dataclass(frozen=True)
class GivenDecision:
    """One decision of a file. given_on: YYYY-MM-DD."""

    participant: str
    says: str
    by: str
    given_on: str
    scope: str
    wave: str | None
    how: str | None
    sheet: int | None
    parent: str | None = None
    resolved: str | None = None

    def decision(self) -> Decision:
        """Return what the ledger is to hold."""
        return Decision(
            self.says,  # type: ignore[arg-type]
            self.by,  # type: ignore[arg-type]
            date.fromisoformat(self.given_on),
            self.scope,  # type: ignore[arg-type]
            None if self.scope == "all" else self.wave,
            self.how,  # type: ignore[arg-type]
            self.sheet,
            self.parent,
            self.resolved,  # type: ignore[arg-type]
        )


@dataclass
class Decisions:
    """What taking a file in would do, or did.

    problems   what stands against it; nothing is imported while there is any
    new        decisions that are not in the ledger yet
    unchanged  how many are there already
    answered   codes of people who say no and have answered: their answers stay unless they withdraw
    disagree   codes of people whose decisions would conflict: the yes does not count until that is resolved
    """

    problems: list[Misread] = field(default_factory=list)
    new: list[GivenDecision] = field(default_factory=list)
    unchanged: int = 0
    answered: list[str] = field(default_factory=list)
    disagree: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What was looked at, so that nothing else is imported."""
        return hashlib.sha256(self.packed()).hexdigest()

    def packed(self) -> bytes:
        """Return the new decisions in few bytes, to be kept until they are confirmed."""
        return zlib.compress(encode({"consent": [asdict(one) for one in self.new]}).encode())

    def counts(self) -> dict[str, int]:
        """Return how many of the new decisions say what."""
        return {says: sum(one.says == says for one in self.new) for says in SAYS}


def unpacked(data: bytes) -> list[GivenDecision]:
    """Return decisions that `packed` made."""
    return [GivenDecision(**one) for one in json.loads(zlib.decompress(data))["consent"]]


def look_at_decisions(engine: Engine, study_code: str, file: SentFile, now: datetime) -> Decisions:
    """Say what taking a file in would do. Changes nothing. Raises Refused for a study or a file that is not one."""
    sheets = _sheets(file)
    with read(engine) as connection:
        study = _study(connection, study_code)
        return _looked(connection, study, _given(connection, study, sheets, now), now)


def look_at_given(engine: Engine, study_code: str, given: Sequence[GivenDecision], now: datetime) -> Decisions:
    """Say what decisions that were looked at and kept would do now. Raises Refused for a study that is not one."""
    with read(engine) as connection:
        study = _study(connection, study_code)
        return _looked(connection, study, _Read(list(given), []), now)


def import_decisions(
    engine: Engine,
    study_code: str,
    file: SentFile,
    act: Act,
    digest: str | None = None,
) -> Decisions:
    """Take a file in: all or nothing. digest: of what was looked at.

    Raises Refused, with sentences, when the file has problems or says something else than what was looked at.
    """
    sheets = _sheets(file)
    with write(engine) as connection:
        study = _study(connection, study_code)
        seen = _looked(connection, study, _given(connection, study, sheets, act.now), act.now)
        if seen.problems:
            raise Refused([*map(str, seen.problems), "Nothing was imported. Please correct the file and try again."])
        if digest is not None and digest != seen.digest:
            raise Refused([_CHANGED])
        _take(connection, study, seen.new, act.actor, act.now)
    if any(one.says == "withdrawn" for one in seen.new):
        scrub(engine)
    return seen


def import_given(
    engine: Engine, study_code: str, given: Sequence[GivenDecision], actor: Actor, now: datetime
) -> Decisions:
    """Import decisions that were looked at and kept. Raises Refused when the study has changed too much since."""
    with write(engine) as connection:
        study = _study(connection, study_code)
        seen = _looked(connection, study, _Read(list(given), []), now)
        if seen.problems:
            raise Refused([_CHANGED])
        _take(connection, study, seen.new, actor, now)
    if any(one.says == "withdrawn" for one in seen.new):
        scrub(engine)
    return seen


_CHANGED: Final = "The study has changed since the preview, so nothing was imported. Please check the file again."


# ---- importing -----------------------------------------------------------------------------------------


def _take(connection: Connection, study: InStudy, new: Sequence[GivenDecision], actor: Actor, now: datetime) -> None:
    ids = _people(connection, study.id)
    for one in new:
        said = one.decision()
        try:
            if said.says != "withdrawn":
                decide(connection, study, ids[one.participant], said, actor, now)
                continue
            gone = Withdrawal(
                said.scope,
                said.by,
                ids[one.participant],
                wave=said.wave,
                given_on=said.given_on,
                how=said.how,
                sheet_version=said.sheet_version,
                parent=said.parent,
            )
            withdraw_within(connection, gone, actor, now)
        except (BadDecision, KeyError) as error:
            raise Refused([_CHANGED]) from error


def _study(connection: Connection, code: str) -> InStudy:
    return find_study(connection, code)


def _people(connection: Connection, study_id: int) -> dict[str, int]:
    rows = connection.execute(select(Participant.code, Participant.id).where(Participant.study_id == study_id))
    return {row.code: row.id for row in rows}


# ---- what the ledger has already -----------------------------------------------------------------------


@dataclass
class _Read:
    """Decisions of a file with the cells they came from, and what could not be read."""

    given: list[GivenDecision]
    problems: list[Misread]
    cells: list[tuple[ReadSheet, Cell]] = field(default_factory=list)


def _looked(connection: Connection, study: InStudy, file: _Read, now: datetime) -> Decisions:
    ids = _people(connection, study.id)
    ledger: dict[int, list[LedgerEntry]] = {}
    for line in ledger_of_all(connection, study.id):
        if line.kind == "decision":
            ledger.setdefault(line.participant_id, []).append(line)
    found = Decisions(problems=list(file.problems))
    answered = _who_answered(connection, study.id)
    for place, one in enumerate(file.given):
        lines = ledger.get(ids.get(one.participant, 0), [])
        if any(_same(one, line) for line in lines):
            found.unchanged += 1
            continue
        later = [line for line in lines if line.says == "yes" and line.given_on.isoformat() > one.given_on]
        if one.says == "withdrawn" and later and file.cells:
            sheet, cell = file.cells[place]
            found.problems.append(
                sheet.misread(
                    cell,
                    f"{one.participant} has a yes given on {later[-1].given_on}, after this "
                    "withdrawal. Please find out which of the two is right, and record it with its date.",
                )
            )
        found.new.append(one)
        if one.says == "no" and one.participant in answered:
            found.answered.append(one.participant)
    new: dict[int, list[Decision]] = {}
    for one in found.new:
        if one.participant in ids:
            new.setdefault(ids[one.participant], []).append(one.decision())
    found.disagree = who_would_disagree(connection, study.id, new, now)
    return found


def _same(one: GivenDecision, line: LedgerEntry) -> bool:
    said = one.decision()
    return (
        said.says,
        said.by,
        said.parent,
        said.resolved,
        said.given_on,
        said.scope,
        said.wave,
        said.how,
        said.sheet_version,
    ) == (
        line.says,
        line.decided_by,
        line.parent,
        line.resolved,
        line.given_on,
        line.scope,
        line.wave,
        line.how,
        line.sheet_version,
    )


def _who_answered(connection: Connection, study_id: int) -> set[str]:
    query = (
        select(Participant.code)
        .join(response, response.c.participant_id == Participant.id)
        .where(response.c.study_id == study_id, response.c.state.in_(("started", "stopped", "finished")))
    )
    return set(connection.scalars(query))


# ---- reading -------------------------------------------------------------------------------------------


def _sheets(file: SentFile) -> list[ReadSheet]:
    """Return the sheets of a file. Before any transaction: a file can take long, and others write meanwhile."""
    try:
        return read_sheets(*file)
    except UnreadableTable as fault:
        raise Refused([str(fault)]) from fault


def _given(connection: Connection, study: Any, sheets: Sequence[ReadSheet], now: datetime) -> _Read:
    known = _Known(connection, study, today(study.time_zone, now))
    file = _Read([], [])
    for sheet in sheets:
        headed, places, problems = columns(sheet, HEADERS, ("participant", "says", "given_on", "by"))
        file.problems += [*headed.problems, *problems]
        if problems:
            continue
        for row in until_too_many(headed, file.problems):
            one, faults = known.read(headed, row, places)
            file.problems += faults
            if one is not None:
                file.given.append(one)
                file.cells.append((headed, row.cells[places["participant"]]))
    return file


class _Known:
    """What a file may speak of: the study's participants, waves and sheets, and what day it is."""

    def __init__(self, connection: Connection, study: Any, day: date) -> None:
        self.day = day
        rows = connection.execute(
            select(Participant.code, Participant.audience).where(Participant.study_id == study.id)
        )
        self.people = {row.code: row.audience for row in rows}
        self.waves = list(
            connection.scalars(select(Wave.code).where(Wave.study_id == study.id).order_by(Wave.position))
        )
        self.sheets = {(one.audience, one.version) for one in sheets_of(connection, study.id)}
        self._parents = parents_by_child(connection, study.id)
        self._spellings = Spellings(self.people)
        self._seen: dict[GivenDecision, int] = {}

    def read(
        self, sheet: ReadSheet, row: ReadRow, places: Mapping[str, int]
    ) -> tuple[GivenDecision | None, list[Misread]]:
        """Return the decision of a row, or what is wrong with it."""
        faults: list[Misread] = []

        def cell(key: str) -> Cell | None:
            return row.cells[places[key]] if key in places else None

        def wrong(at: Cell, message: str) -> None:
            if at.kind != "unread":
                faults.append(sheet.misread(at, message))

        def word(key: str, allowed: Sequence[str], missing: str = "") -> str:
            at = cell(key)
            said = " ".join(at.text.lower().split()) if at else ""
            if at is not None and (said or not missing) and said not in allowed:
                unknown = f"'{shortened(at.text)}' is not one of the words for this column. " if said else ""
                wrong(at, f"{unknown}Please write one of {quoted(allowed)}.")
            return said or missing

        code = row.cells[places["participant"]]
        if not code.text:
            wrong(code, "The study code is missing. Please add it.")
        elif code.text not in self.people:
            hint = self._spellings.hint(code.text) or " Please write it as it is on the roster."
            wrong(code, no_such("participant", code.text) + hint)
        says, by = word("says", SAYS), word("by", DECIDERS)
        how, scope = word("how", WAYS, " "), word("scope", SCOPES, "all")
        given_on = self._day(row.cells[places["given_on"]], wrong)
        wave = self._wave(cell("wave"), cell("scope") or code, scope, wrong)
        version = self._version(cell("sheet"), self.people.get(code.text, ""), wrong)
        parent = self._parent(cell("parent"), code.text, by, wrong)
        resolved = word("resolved", RESOLVED, " ").strip()
        if resolved and says == "withdrawn":
            wrong(
                cell("resolved") or code,
                "A withdrawal cannot resolve conflicting decisions. Please write yes or no, or clear this cell.",
            )
        if faults or any(one.kind == "unread" for one in row.cells):
            return None, faults
        one = GivenDecision(
            code.text, says, by, given_on, scope, wave, how.strip() or None, version, parent, resolved or None
        )
        if one in self._seen:
            wrong(code, f"This row says the same as row {self._seen[one]}. Please keep one of the two.")
            return None, faults
        self._seen[one] = row.number
        return one, []

    def _day(self, at: Cell, wrong: Any) -> str:
        british = re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", at.text)
        text = f"{british[3]}-{int(british[2]):02}-{int(british[1]):02}" if british else at.text
        try:
            day = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            day = None
        if day is None:
            wrong(at, f"'{shortened(at.text)}' is not a date. Please write it like 2025-09-22 or 22/09/2025.")
            return ""
        if day > self.day:
            wrong(at, f"{day.isoformat()} is in the future. Please write the day on which the decision was given.")
        return day.isoformat()

    def _wave(self, at: Cell | None, near: Cell, scope: str, wrong: Any) -> str | None:
        text = at.text if at else ""
        if not text:
            if scope == "wave":
                wrong(at or near, f"A decision about one wave needs the wave: one of {quoted(self.waves)}.")
            return None
        if text not in self.waves and at is not None:
            wrong(at, not_there("wave", text, self.waves))
        return None if scope == "all" else text

    def _parent(self, at: Cell | None, child: str, by: str, wrong: Any) -> str | None:
        if at is None or not at.text:
            return None
        if by != "parent":
            wrong(
                at,
                "Only a parent's decision can say which parent it was. Please clear this cell, or write "
                "parent under 'by'.",
            )
        word = at.text.lower()
        if word in PARENTS:
            return word
        if at.text not in self._parents.get(child, ()):
            wrong(
                at,
                f"'{shortened(at.text)}' is not a parent of this child on the roster. Please write first, second "
                "or the parent's study code.",
            )
        return at.text

    def _version(self, at: Cell | None, audience: str, wrong: Any) -> int | None:
        if at is None or not at.text:
            return None
        if at.text.isascii() and at.text.isdecimal() and (audience, int(at.text[:9])) in self.sheets:
            return int(at.text)
        if audience:
            wrong(at, f"There is no version '{shortened(at.text)}' of the information sheet for {audience}.")
        return None
