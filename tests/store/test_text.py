"""What a child types comes back as typed, whatever it is, from both databases.

Answers are kept as JSON in ASCII: NUL and half a surrogate pair, which PostgreSQL's text cannot hold, are escapes
there like any other character.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.database import Engine
from survey.responses import SavedPage, Ticket, load, save, stream
from tests.store.field import NOW

TYPED = {
    "a smiley that looks like a formula": "=)",
    "a vertical tab": "\x0b",
    "NUL": "\x00",
    "NUL in the middle": "la\x00la",
    "forty thousand characters": "la " * 13_333 + "!",
    "forty thousand emoji": "🎵" * 40_000,
    "a family": "👨‍👩‍👧‍👦",
    "a flag and a skin tone": "🏴󠁧󠁢󠁷󠁬󠁳󠁿👍🏾",
    "half a surrogate pair": "\ud83d",
    "the other half": "ok \udc00 ok",
    "halves the wrong way round": "\udc00\ud83d",
    "right to left": "میں گانا پسند کرتا ہوں\u200f!",
    "Welsh": "Rwy'n hoffi ŵyl ŷd",
    "a path": "../../etc/passwd",
    "a tag": "<script>alert(1)</script>",
    "quotes and backslashes": "\"'\\ \\u0000 %s :name",
    "every line end": "a\rb\nc\r\nd\u2028e\u2029f\x85g",
    "combining and composed": "e\u0301 é",
    "nothing": "",
    "only spaces": "  ",
    "not a character": "\ufffe\uffff",
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED.keys())
def test_text_comes_back_as_typed(engine: Engine, ticket: Ticket, typed: str) -> None:
    answers = {"why": typed, "several.other": typed}
    saved = save(engine, ticket.response, SavedPage(1, 1, "why", answers, now=NOW))
    assert saved.outcome == "new"
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == answers
    [record] = stream(engine, snapshot.study_id, "pupil")
    assert record.answers == answers
    assert save(engine, ticket.response, SavedPage(1, 1, "why", answers, now=NOW)).outcome == "repeated"


def whole(text: str) -> str:
    """Join neighbouring halves of a surrogate pair: to a browser, and to JSON, they are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def test_any_text_comes_back(engine: Engine, ticket: Ticket) -> None:
    number = 0

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.text(st.characters(exclude_categories=[]), max_size=60))
    def check(typed: str) -> None:
        nonlocal number
        number += 1
        save(engine, ticket.response, SavedPage(1, number, "why", {"why": typed}, now=NOW))
        snapshot = load(engine, ticket.response)
        assert snapshot is not None
        assert snapshot.answers["why"] == whole(typed)

    check()


@pytest.mark.parametrize("value", [0, 4, -1, 2.5, 10**15, True, [3, 1, 2], [], "2025-06-30", {"missing": "dont_know"}])
def test_values_keep_their_type(engine: Engine, ticket: Ticket, value: object) -> None:
    save(engine, ticket.response, SavedPage(1, 1, "page", {"q": value}, now=NOW))
    snapshot = load(engine, ticket.response)
    assert snapshot is not None
    assert snapshot.answers == {"q": value}
    assert type(snapshot.answers["q"]) is type(value)
