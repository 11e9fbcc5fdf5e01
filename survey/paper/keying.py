"""Keying in: what two people read off one paper, compared, settled, and made a response.

No one sees what the other keyed before both have. Who keyed what is in the audit with the names of the questions on
which they differed, and never with an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from survey.audit import Act, Actor, note
from survey.config import Settings
from survey.database import Connection, Engine, read, write
from survey.definition.bundle import Bundle
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.fieldwork.consent import AssentGiven, NotAgreed, must_agree, record_assent
from survey.fieldwork.doors import hash_of_code
from survey.fieldwork.publications import text_of
from survey.journey import Journey
from survey.paper.routing import Routing
from survey.question import (
    BLANK,
    DONT_KNOW,
    MULTIPLE,
    OTHER,
    RATHER_NOT,
    UNREADABLE,
    PaperLine,
    Question,
    Wrong,
    is_missing,
    missing,
)
from survey.responses import PastResponse, PastSave
from survey.responses.keyings import (
    IS_THERE,
    CannotKey,
    Filled,
    Keyed,
    PaperSheet,
    Whereabouts,
    close_paper,
    drop_keying,
    has_response,
    hold,
    keep_keying,
    keyings_of,
    may_key,
    paper_by_code,
    take_response,
    whereabouts,
)
from survey.responses.late import PAPER
from survey.wording import in_english, say_in

ASSENT: Final = "assent"
DATE: Final = "date"
"""Names of the two fields that are no question's. (A question's begin with PREFIX.)"""

PREFIX: Final = "q_"

_LONGEST: Final = 40_000


@dataclass(frozen=True)
class KeyingField:
    """One field of the keyer's form. codes: what may be keyed, as printed; text: words are copied, as they stand."""

    name: str
    suffix: str
    label: str
    codes: str
    text: bool = False
    lines: int = 1


@dataclass(frozen=True)
class KeyingQuestion:
    """One question of the keyer's form."""

    question: Question
    number: int
    wording: str
    entries: tuple[KeyingField, ...]


@dataclass(frozen=True)
class Read:
    """What was read from a keyer's form: `filled`, or `faults` as (field, sentence). flagged: numbers of questions
    that were answered though the paper led past them.
    """

    filled: Filled | None
    faults: tuple[tuple[str, str], ...] = ()
    flagged: tuple[int, ...] = ()
    unreadable: int = 0


class PaperToKey:
    """One paper as it is keyed: its questionnaire in its version and language, for its respondent."""

    def __init__(self, paper: PaperSheet, questionnaire: Questionnaire, where: Whereabouts, time_zone: str) -> None:
        self.paper = paper
        self.questionnaire = questionnaire.in_language(paper.language)
        self.where = where
        self.time_zone = time_zone

    @cached_property
    def rows(self) -> tuple[KeyingQuestion, ...]:
        """The questions in order, with their fields."""
        # Keyers read English beside codes; the wording is the paper's own, so that they find the question.
        routing = Routing(self.questionnaire, self.where.facts, say_in(self.paper.language))
        return tuple(
            KeyingQuestion(question, routing.numbers[question.id], fill(question.ask, {}, {}), tuple(entries(question)))
            for question in self.questionnaire.questions
            if question.id in routing.numbers and routing.printed(question)
        )

    @property
    def asks_assent(self) -> bool:
        """Whether the paper asks if someone wants to take part."""
        return self.questionnaire.assent is not None

    def read(self, typed: Mapping[str, str], today: date) -> Read:
        """Read a keyer's form: field -> what was typed. today: no paper was filled in later."""
        faults: list[tuple[str, str]] = []
        assent = self._assent(typed, faults)
        on = _day(typed.get(DATE, ""), today, faults)
        if assent is False:
            if any(text.strip() for name, text in typed.items() if name.startswith(PREFIX)):
                faults.append(
                    (
                        ASSENT,
                        "This form says no to taking part, so nothing else is entered. Please clear the other fields.",
                    )
                )
            return Read(None, tuple(faults)) if faults else Read(Filled({}, False, on))
        answers, unreadable = self._answers(typed, faults)
        if faults:
            return Read(None, tuple(faults))
        return Read(Filled(answers, assent, on), (), self._flagged(answers), unreadable)

    def _assent(self, typed: Mapping[str, str], faults: list[tuple[str, str]]) -> bool | None:
        if not self.asks_assent:
            return None
        said = typed.get(ASSENT, "").strip()
        if said not in ("0", "1"):
            faults.append((ASSENT, "Enter 1 for yes or 0 for no. If no box or both boxes are ticked, enter 0."))
            return None
        return said == "1"

    def _answers(self, typed: Mapping[str, str], faults: list[tuple[str, str]]) -> tuple[dict[str, Any], int]:
        answers: dict[str, Any] = {}
        unreadable = 0
        for row in self.rows:
            said = {one.suffix: _text(typed.get(one.name, "")) for one in row.entries}
            unreadable += UNREADABLE in said.values()
            try:
                answers |= row.question.keyed(said)
            except Wrong as wrong:
                sentence = wrong.message.format(**wrong.gaps)
                name = next((one.name for one in row.entries if said[one.suffix]), row.entries[0].name)
                faults.append((name, f"{sentence} Type ? if you cannot read it."))
        return answers, unreadable

    def _flagged(self, answers: Mapping[str, Any]) -> tuple[int, ...]:
        hidden = self._journey.hidden(answers, self.where.facts)
        return tuple(row.number for row in self.rows if row.question.id in hidden and _said(row.question, answers))

    @cached_property
    def _journey(self) -> Journey:
        return Journey(self.questionnaire)

    def kept(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a response holds of keyed answers: no blank where the paper led past a question."""
        hidden = self._journey.hidden(answers, self.where.facts)
        past = {
            key
            for row in self.rows
            if row.question.id in hidden and not _said(row.question, answers)
            for key in row.question.keys
        }
        return {key: value for key, value in answers.items() if key not in past}


def _text(typed: str) -> str:
    return typed.replace("\r\n", "\n")[:_LONGEST].strip()


def _said(question: Question, answers: Mapping[str, Any]) -> bool:
    blank = missing(BLANK)
    return any(answers.get(key, blank) != blank for key in question.keys)


def entries(question: Question) -> Iterator[KeyingField]:
    """Yield the fields of a question on the keyer's form."""
    name = PREFIX + question.id
    codes: dict[str, list[str]] = {}
    lines = question.paper(in_english).lines
    for line in lines:
        codes.setdefault(line.suffix, []).extend(box.code for box in line.boxes)
    for line in _one_each(lines):
        own = f"{name}-{line.suffix}" if line.suffix else name
        allowed = [line.form] if line.form else []
        allowed += codes[line.suffix]
        if codes[line.suffix] and not line.many:
            allowed.append("m")
        # The question's own field needs no label: its row has the wording.
        label = line.words or line.label if line.suffix else ""
        yield KeyingField(
            own, line.suffix, label, ", ".join(allowed), text=line.lines > 0, lines=min(line.lines, 4) or 1
        )
    if any(box.write for line in lines for box in line.boxes):
        yield KeyingField(f"{name}-{OTHER}", OTHER, "own words", "", text=True)


def _one_each(lines: Sequence[PaperLine]) -> Iterator[PaperLine]:
    """Yield the first line of each field: lines may share one."""
    seen: set[str] = set()
    for line in lines:
        if line.suffix not in seen:
            seen.add(line.suffix)
            yield line


def _day(typed: str, today: date, faults: list[tuple[str, str]]) -> date | None:
    typed = typed.strip()
    if typed in ("", UNREADABLE):
        return None
    parts = [part for part in re.split(r"[\s/.\-]+", typed) if part]
    try:
        day, month, year = (int(part) for part in parts)
        found = date(year + 2000 if year < 100 else year, month, day)
    except (ValueError, OverflowError):
        faults.append(
            (DATE, "Type the date as day, month and year, such as 27 3 2026. Leave it empty if there is none.")
        )
        return None
    if not date(2000, 1, 1) <= found <= today:
        faults.append((DATE, "This date is in the future, or long ago. If that is what the form says, type ?"))
        return None
    return found


# ---- one after the other -------------------------------------------------------------------------------


def paper_of(engine: Engine, settings: Settings, study_id: int, typed: str) -> PaperSheet | None:
    """Return the paper of a study with the code someone typed (“ravo kimu 12”), None when there is none."""
    # The number comes last: a digit further in front is a letter that was read as one.
    letters = typed[:_LONGEST_CODE].rstrip(" .").rstrip("0123456789")
    digits = re.sub(r"\D", "", typed[len(letters) : _LONGEST_CODE])[:6]
    return paper_by_code(engine, study_id, hash_of_code(letters, settings.key("codes")), int(digits or 0))


_LONGEST_CODE: Final = 200


def sheet_of(engine: Engine, paper: PaperSheet, time_zone: str) -> PaperToKey:
    """Return a paper as it is keyed."""
    text = text_of(engine, paper.sha256)
    if text is None:
        raise LookupError(f"The published text {paper.sha256} is missing from the database.")
    with read(engine) as connection:
        where = whereabouts(connection, paper.door_id)
    return PaperToKey(paper, Bundle.parse(text), where, time_zone)


def ready_for(engine: Engine, paper: PaperSheet, account_id: int) -> None:
    """Raise CannotKey, with a sentence, unless this account may key this paper now."""
    with write(engine) as connection:
        hold(connection, paper.id)
        _answerable(connection, paper)
        may_key(keyings_of(connection, paper.id), account_id)


def _answerable(connection: Connection, paper: PaperSheet) -> None:
    if has_response(connection, paper) is not None:
        raise CannotKey(IS_THERE)
    if paper.participant_id is None:
        return
    try:
        must_agree(connection, paper.study_id, paper.participant_id, paper.wave_id)
    except NotAgreed as fault:
        raise CannotKey(
            "This person does not have the consent the study asks for, so their answers cannot be stored. Put "
            "the form aside and ask a lead of the study."
        ) from fault


Outcome = Literal["first", "equal", "differs"]


def key_in(
    engine: Engine, sheet: PaperToKey, account_id: int, actor: Actor, found: Read, now: datetime
) -> tuple[Outcome, int]:
    """Keep what someone keyed of a paper; the second time compare, and take the answers when both read the same.

    found: what Sheet.read returned, without faults. Returns 'first', 'equal' or 'differs', and on how many questions
    they differ. Raises CannotKey; then nothing was kept.
    """
    paper = sheet.paper
    if found.filled is None:
        raise ValueError("What has faults is not kept.")
    with write(engine) as connection:
        hold(connection, paper.id)
        _answerable(connection, paper)
        turn = keep_keying(connection, paper.id, account_id, found.filled, now)
        gaps = differences(sheet, keyings_of(connection, paper.id)) if turn == 2 else []
        details: dict[str, int | str | bool | None] = {
            "questionnaire": paper.questionnaire, "wave": paper.wave, "turn": turn, "unreadable": found.unreadable,
            "differences": len(gaps),
        }  # fmt: skip
        note(
            connection, Act(actor, now), "entered a form", study_id=paper.study_id, about=_about(paper), details=details
        )
        if turn == 1:
            return "first", 0
        if gaps:
            return "differs", len(gaps)
        _take(connection, sheet, found.filled, actor, now)
    return "equal", 0


def _about(paper: PaperSheet) -> str:
    return paper.participant or f"paper {paper.id}"


# ---- differences ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Where the two readings differ. name: the question's id, or ASSENT or DATE; row: None for those two."""

    name: str
    row: KeyingQuestion | None
    title: str
    first: str
    second: str


def differences(sheet: PaperToKey, both: Sequence[Keyed]) -> list[Difference]:
    """Return where two readings of a paper differ, in the order of the paper.

    Where they differ on whether someone takes part at all, that alone is to be settled first.
    """
    first, second = (one.filled for one in both)
    if first.assent != second.assent:
        words = {True: "Yes", False: "No", None: "nothing"}
        return [Difference(ASSENT, None, "Takes part", words[first.assent], words[second.assent])]
    found = []
    if first.on != second.on:
        found.append(Difference(DATE, None, "Date on the form", _date_words(first.on), _date_words(second.on)))
    if first.assent is False:
        return found
    for row in sheet.rows:
        mine, yours = ({key: one.answers.get(key) for key in row.question.keys} for one in (first, second))
        if mine != yours:
            title = f"{row.number} {row.wording}"
            said = (in_words(row.question, one.answers) for one in (first, second))
            found.append(Difference(row.question.id, row, title, *said))
    return found


def _date_words(on: date | None) -> str:
    return f"{on.day} {on:%B %Y}" if on else "no date"


def in_words(question: Question, answers: Mapping[str, Any]) -> str:
    """Return what was keyed of a question in words, with every reason for which there is no answer."""
    value = answers.get(question.id, missing(BLANK))
    words = _REASONS.get(value["missing"], "nothing") if is_missing(value) else str(question.show(answers, in_english))
    # Private keys: own words stand in the words of their option already; a first step may stand alone.
    more = (answers.get(key) for key in question.keys if key != question.id)
    alone = [str(one) for one in more if one is not None and not is_missing(one) and is_missing(value)]
    return f"{words} ({', '.join(alone)})" if alone else words


_REASONS: Final = {
    BLANK: "nothing",
    MULTIPLE: "more than one ticked",
    DONT_KNOW: "I don’t know",
    RATHER_NOT: "I don’t want to say",
}


@dataclass(frozen=True)
class Settled:
    """What came of settling. faults: (field, sentence); again: the paper has to be keyed once more."""

    faults: tuple[tuple[str, str], ...] = ()
    again: bool = False


def settle(
    engine: Engine, sheet: PaperToKey, actor: Actor, chosen: Mapping[str, str], typed: Mapping[str, str], now: datetime
) -> Settled:
    """Decide every difference of a paper and take its answers.

    chosen: name of each difference -> 'first', 'second' or 'other'; typed: fields of a third reading, for 'other'.
    Raises CannotKey, when there is nothing to settle any more; then nothing was changed.
    """
    paper = sheet.paper
    today = now.astimezone(ZoneInfo(sheet.time_zone)).date()
    with write(engine) as connection:
        hold(connection, paper.id)
        _answerable(connection, paper)
        both = keyings_of(connection, paper.id)
        if len(both) < 2:
            raise CannotKey("Two people have to enter this form before anything can be resolved.")
        gaps = differences(sheet, both)
        faults = tuple(
            (f"choose-{gap.name}", "Choose one of the three answers.")
            for gap in gaps
            if chosen.get(gap.name) not in ("first", "second", "other")
        )
        if faults:
            return Settled(faults)
        details: dict[str, int | str | bool | None] = {
            "questionnaire": paper.questionnaire, "wave": paper.wave, "differences": len(gaps),
            "questions": " ".join(gap.name for gap in gaps),
        }  # fmt: skip
        note(
            connection,
            Act(actor, now),
            "resolved a form",
            study_id=paper.study_id,
            about=_about(paper),
            details=details,
        )
        if gaps and gaps[0].name == ASSENT:
            return _settle_assent(connection, sheet, both, chosen[ASSENT], actor, now)
        third: list[tuple[str, str]] = []
        decided = _decided(both, gaps, chosen, typed, today, third)
        if third:
            connection.rollback()
            return Settled(tuple(third))
        _take(connection, sheet, decided, actor, now)
    return Settled()


def _settle_assent(
    connection: Connection, sheet: PaperToKey, both: Sequence[Keyed], choice: str, actor: Actor, now: datetime
) -> Settled:
    """A no counts as a no. With a yes, the one who read a no has entered nothing, so the form is entered again."""
    if choice == "other":
        connection.rollback()
        return Settled(
            ((f"choose-{ASSENT}", "A person either takes part or does not. Choose the first or the second."),)
        )
    right, wrong = both if choice == "first" else reversed(both)
    if right.filled.assent:
        drop_keying(connection, sheet.paper.id, wrong.account_id)
        return Settled(again=True)
    _take(connection, sheet, right.filled, actor, now)
    return Settled()


def _decided(
    both: Sequence[Keyed],
    gaps: Sequence[Difference],
    chosen: Mapping[str, str],
    typed: Mapping[str, str],
    today: date,
    faults: list[tuple[str, str]],
) -> Filled:
    first, second = (one.filled for one in both)
    answers, on = dict(first.answers), first.on
    for gap in gaps:
        choice = chosen[gap.name]
        if gap.row is None:
            on = {"first": first.on, "second": second.on}.get(choice)
            if choice == "other":
                on = _day(typed.get(DATE, ""), today, faults)
        elif choice == "other":
            said = {one.suffix: _text(typed.get(one.name, "")) for one in gap.row.entries}
            try:
                answers |= gap.row.question.keyed(said)
            except Wrong as wrong:
                faults.append((gap.row.entries[0].name, wrong.message.format(**wrong.gaps)))
        else:
            taken = (first if choice == "first" else second).answers
            answers |= {key: taken[key] for key in gap.row.question.keys if key in taken}
    return Filled(answers, first.assent, on)


def _take(connection: Connection, sheet: PaperToKey, filled: Filled, actor: Actor, now: datetime) -> None:
    """Make a held paper a response, and empty what was keyed of it."""
    paper = sheet.paper
    at = now
    if filled.on is not None:
        at = min(now, datetime.combine(filled.on, time(12), ZoneInfo(sheet.time_zone)))
    answers = sheet.kept(filled.answers)
    declined = filled.assent is False
    response_id = take_response(
        connection,
        PastResponse(
            study_id=paper.study_id,
            wave_id=paper.wave_id,
            questionnaire=paper.questionnaire,
            sha256=paper.sha256,
            started_at=at,
            saves=() if declined else (PastSave(PAPER, answers, at, flagged=sheet.questionnaire.flagged(answers)),),
            language=paper.language,
            mode=PAPER,
            state="declined" if declined else "finished",
            assent=filled.assent,
            ended_at=None if declined else at,
            participant_id=paper.participant_id,
            school_id=sheet.where.school_id,
            school_class_id=sheet.where.school_class_id,
            door_id=paper.door_id,
            facts=sheet.where.facts,
        ),
    )
    if paper.participant_id is not None and filled.assent is not None:
        record_assent(
            connection,
            paper.study_id,
            AssentGiven(
                participant_id=paper.participant_id,
                wave_id=paper.wave_id,
                questionnaire=paper.questionnaire,
                sha256=paper.sha256,
                given=filled.assent,
                how="paper",
                given_on=filled.on,
            ),
            Act(actor, now),
        )
    close_paper(connection, paper.id, response_id, now)
