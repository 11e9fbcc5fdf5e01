"""Piping: an earlier answer or a roster fact within a wording.

``{instrument|your instrument}`` becomes the label of the answer, or what stands behind the bar when there is
none; ``{roster.school|your school}`` takes a fact. ``{{`` is a brace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from survey.definition.conditions import ROSTER
from survey.problems import shortened
from survey.wording import Say

CLASS: Final = "school_class"
"""What a response calls its class, which authors write as roster.class."""


@dataclass(frozen=True)
class Gap:
    """A place in a wording that is filled from an answer or a fact, with what is said when there is none."""

    name: str
    fallback: str

    @property
    def about_roster(self) -> bool:
        """Whether it is filled from the roster."""
        return self.name.startswith(ROSTER)

    @property
    def fact(self) -> str:
        """The fact's name."""
        return self.name.removeprefix(ROSTER)


Piece = str | Gap

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GAP = re.compile(r"\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*\|(?P<fallback>[^{}|]*)\}")


class UnreadableWording(ValueError):
    """A wording whose braces make no sense; the text says why and what to do."""


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[Piece, ...]:
    """Cut a wording into texts and gaps. Raises Unreadable.

    A closing brace by itself is read as it stands: texts were published with one before the checker refused it.
    """
    return _cut(text, lone_brace_allowed=True)


def _cut(text: str, *, lone_brace_allowed: bool) -> tuple[Piece, ...]:
    found: list[Piece] = []
    plain: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith(("{{", "}}"), at):
            plain.append(text[at])
            at += 2
        elif text[at] == "{":
            gap = _gap(text, at)
            found += ["".join(plain), Gap(gap["name"], gap["fallback"].strip())]
            plain = []
            at = gap.end()
        elif text[at] == "}" and not lone_brace_allowed:
            raise UnreadableWording(
                f"a brace is closed after '{shortened(text[max(0, at - 20) : at], 20)}' and never opened. Please "
                "remove it, or write two of them, '}}', to show a brace"
            )
        else:
            plain.append(text[at])
            at += 1
    found.append("".join(plain))
    return tuple(piece for piece in found if piece != "")


def _gap(text: str, at: int) -> re.Match[str]:
    match = _GAP.match(text, at)
    if match and match["fallback"].strip():
        return match
    part = shortened(text[at : at + 40], 30)
    if "}" not in text[at:]:
        raise UnreadableWording(
            f"a brace is opened at '{part}' and not closed. "
            "Please close it, or write two of them, '{{', to show a brace"
        )
    inside = text[at + 1 : text.index("}", at)]
    name = inside.partition("|")[0].strip()
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", name):
        raise UnreadableWording(
            f"'{{{name}}}' does not say what to show when there is no answer. "
            f"Please write {{{name}|…}} with those words after the bar"
        )
    raise UnreadableWording(
        f"'{part}' begins with a brace, but is not {{question|words when there is no answer}}. "
        "Please write it like that, or write '{{' to show a brace"
    )


def gaps(text: str) -> list[Gap]:
    """Return the gaps of a wording. Raises Unreadable."""
    return [piece for piece in pieces(text) if isinstance(piece, Gap)]


@lru_cache(maxsize=4096)
def checked_gaps(text: str) -> tuple[Gap, ...]:
    """Return the gaps of a wording that an author has written. Raises Unreadable for any brace that makes no sense."""
    return tuple(piece for piece in _cut(text, lone_brace_allowed=False) if isinstance(piece, Gap))


def facts_in_words(facts: Mapping[str, Any], words: Mapping[str, Mapping[str, str]], say: Say) -> dict[str, str]:
    """Return facts of the roster as a wording says them: fact -> words; what has no value is left out.

    `words`: fact -> code (yes and no for what is true or not) -> what is said for it. A fact without words is said as
    it stands in the roster: a number, a date, the name of a school.
    """
    known = {name: value for name, value in facts.items() if value not in (None, "")}
    if known.get(CLASS):
        known.setdefault("class", known[CLASS])
    return {name: _in_words(value, words.get(name, {}), say) for name, value in known.items()}


def _in_words(value: Any, words: Mapping[str, str], say: Say) -> str:
    if isinstance(value, bool):
        return words.get("yes" if value else "no") or say("Yes" if value else "No")
    if isinstance(value, float):
        return words.get(f"{value:g}") or f"{value:g}"
    text = str(value)
    return words.get(text) or ("/".join(reversed(text.split("-"))) if _DAY.fullmatch(text) else text)


def fill(text: str, labels: Mapping[str, str], facts: Mapping[str, object]) -> str:
    """Return the wording with its gaps filled.

    `labels`: question id -> its answer in words, only where there is one; `facts`: fact -> value as it is to be
    read. The result is plain text: anyone who puts it into a page escapes it.
    """
    if "{" not in text and "}" not in text:
        return text
    return "".join(piece if isinstance(piece, str) else _filled(piece, labels, facts) for piece in pieces(text))


def _filled(gap: Gap, labels: Mapping[str, str], facts: Mapping[str, object]) -> str:
    value = facts.get(gap.fact) if gap.about_roster else labels.get(gap.name)
    return gap.fallback if value is None or value == "" else str(value)
