"""Printing: papers for everyone who is asked, or copies for anyone who comes, each with a code of its own.

The code stands on the paper; the database has its hash. It is a door's code, so anyone who has the paper can answer
on a screen instead. The study code stands on the strip that is torn off, for handing the papers out by the
school's list.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from survey.audit import Act, Actor, note
from survey.config import Settings
from survey.database import Engine, session
from survey.definition.bundle import Bundle
from survey.definition.files import is_file
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.drawings import drawing
from survey.fieldwork.printing import Recipient, asked_on_paper, open_copies, paper_doors, who_to_print
from survey.paper.boxes import PlacedBoxes, abreast
from survey.paper.layout import Sheets, sheets_of, writes
from survey.problems import Refused
from survey.responses.keyings import NewPaper, add_papers, answered_by
from survey.wording import direction, html_language

MOST: Final = 500
"""Papers printed in one go: a browser has to lay them out."""

_SURVEY: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Order:
    """What is to be printed. All names are codes.

    participants   papers for these, and no one else; empty for everyone who is asked, in the school and class if given
    copies         so many open copies instead, for parents or staff: no one is known
    """

    study: str
    wave: str
    questionnaire: str
    language: str | None = None
    school: str | None = None
    school_class: str | None = None
    participants: Sequence[str] = ()
    copies: int = 0
    large: bool = False


@dataclass(frozen=True)
class Printed:
    """One paper: its code, whose it is (empty for an open copy), and its sheets."""

    code: str
    sheets: Sheets
    participant: str = ""
    place: str = ""


@dataclass(frozen=True)
class Papers:
    """Papers just made: print them now. `left_out`: who got none, and why, a sentence each.

    specimen: one form to be looked at, without a code.
    """

    questionnaire: Questionnaire
    language: str
    sha256: str
    files: Mapping[str, bytes]
    papers: tuple[Printed, ...]
    left_out: tuple[str, ...] = field(default=())
    specimen: bool = False


def print_papers(engine: Engine, settings: Settings, order: Order, actor: Actor, now: datetime) -> Papers:
    """Make the papers of an order, their codes, and a line in the audit; all of them or none.

    Raises Refused with sentences: an unknown name, no one to print for, too many at once.
    """
    if order.copies > MOST:
        raise Refused([f"{order.copies} copies are too many for one file. Please print {MOST} at a time."])
    with session(engine) as db:
        found = who_to_print(db, engine, order.study, order.wave, order.questionnaire)
        if order.copies:
            people = open_copies(found, order.school, order.copies)
        else:
            people = asked_on_paper(db, found, order.school, order.school_class, order.participants)
        people, left_out = _without(people, answered_by(db, found.wave.id, order.questionnaire))
        if not people:
            raise Refused(left_out or ["No one there is asked this questionnaire. Please import the roster first."])
        if len(people) > MOST:
            raise Refused([f"{len(people)} forms are too many for one file. Please print them by school or class."])
        questionnaire = Bundle.parse(found.text)
        language = order.language or questionnaire.languages[0]
        if language not in questionnaire.languages:
            there = ", ".join(questionnaire.languages)
            raise Refused([f"'{order.questionnaire}' has no language '{language}'. It has: {there}."])
        doors = paper_doors(db, found, people, settings.key("codes"))
        place = (found.study_id, found.wave.id, order.questionnaire, found.sha256, language)
        new = [
            NewPaper(*place, door, person.id, person.number) for (door, _), person in zip(doors, people, strict=True)
        ]
        add_papers(db, new, now)
        details: dict[str, int | str | bool | None] = {
            "questionnaire": order.questionnaire,
            "wave": order.wave,
            "school": order.school,
            "class": order.school_class,
            "language": language,
            "papers": len(new),
            "open copies": order.copies > 0,
            "large": order.large,
        }
        note(db, Act(actor, now), "printed forms", study_id=found.study_id, about=order.wave, details=details)
    cut = _cutter(questionnaire, language, order.large)
    papers = [_printed(code, person, cut) for (_, code), person in zip(doors, people, strict=True)]
    return Papers(
        questionnaire.in_language(language), language, found.sha256, Bundle.files(found.text), tuple(papers),
        tuple(left_out),
    )  # fmt: skip


def specimen(questionnaire: Questionnaire, language: str, facts: Mapping[str, Any], *, large: bool) -> Papers:
    """Return one form that no one is to fill in, for respondents with these facts, in a language of the questionnaire.

    It has no code. Its pictures are found by their addresses: it holds no files.
    """
    sheets = sheets_of(questionnaire, language, facts, large)
    return Papers(questionnaire.in_language(language), language, "", {}, (Printed("–", sheets),), specimen=True)


def _without(people: list[Recipient], answered: set[int]) -> tuple[list[Recipient], list[str]]:
    """Return people who get a paper, and sentences about people who get none."""
    may = [person for person in people if person.may]
    open_ = [person for person in may if person.id not in answered]
    counted = (
        (len(people) - len(may), "the consent to ask them is missing, or they said no"),
        (len(may) - len(open_), "they have already answered it, or started on a screen"),
    )
    return open_, [f"No form for {count}: {why}." for count, why in counted if count]


def _printed(code: str, person: Recipient, cut: Callable[[Mapping[str, Any]], Sheets]) -> Printed:
    shown = f"{code} {person.number}" if person.number else code
    return Printed(shown, cut(person.facts), person.code, person.place)


def _cutter(questionnaire: Questionnaire, language: str, large: bool) -> Callable[[Mapping[str, Any]], Sheets]:
    """Return what cuts the questionnaire for someone's facts. Most have the same, as far as it looks at them."""
    wanted = sorted({fact for _, thing in questionnaire.conditional() if thing.when for fact in thing.when.facts()})
    known: dict[tuple[str, ...], Sheets] = {}

    def cut(facts: Mapping[str, Any]) -> Sheets:
        key = tuple(str(facts.get(fact)) for fact in wanted)
        if key not in known:
            known[key] = sheets_of(questionnaire, language, facts, large)
        return known[key]

    return cut


# ---- the page ------------------------------------------------------------------------------------------


def page(made: Papers, style_address: str | None = None, file_address: Callable[[str], str] | None = None) -> str:
    """Return the page to be printed.

    style_address, file_address: where the browser finds the sheet of styles and a picture of the questionnaire's own;
    without them everything is put into the page, which then is a file that needs nothing else.
    """

    def picture(name: str, words: str | None = None) -> Markup:
        if not is_file(name):
            return drawing(f"pictures/{name}")
        path = f"pictures/{name}"
        address = file_address(path) if file_address else _data(path, made.files[path])
        return Markup('<img src="{}" alt="{}">').format(address, words or "")

    first = made.papers[0].sheets
    return environment().get_template("paper/papers.html").render(
        papers=made.papers,
        specimen=made.specimen,
        questionnaire=made.questionnaire,
        language=html_language(made.language),
        direction=direction(made.language),
        look=first.look,
        say=first.say,
        pupil=made.questionnaire.audience == "pupil",
        drawing=drawing,
        picture=picture,
        abreast=abreast,
        placed=PlacedBoxes,
        writes=writes,
        talk_to=first.talk_to,
        told=first.told,
        filled=lambda text: fill(text or "", {}, {}),
        address=style_address,
        styles=None if style_address else Markup(styles_inside("paper.css")),
    )  # fmt: skip


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return where templates of printed things come from."""
    return Environment(
        loader=FileSystemLoader(_SURVEY / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=2)
def styles_inside(name: str) -> str:
    """Return one of our sheets of styles with its fonts inside."""
    static = _SURVEY / "static"

    def inside(found: re.Match[str]) -> str:
        path = static / found[1]
        return f'url("{_data(path.name, path.read_bytes())}")'

    return re.sub(r'url\("/static/([^"]+)"\)', inside, (static / name).read_text(encoding="utf-8"))


_TYPES: Final = {
    "woff2": "font/woff2",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}


def _data(name: str, content: bytes) -> str:
    kind = _TYPES.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
