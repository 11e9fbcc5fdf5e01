"""Earlier answers in a wording

A wording can repeat an earlier answer, or a fact of the roster.
"""

import pytest

from survey.definition.wording import UnreadableWording, fill, gaps, pieces
from tests.language.examples import good, told


def test_an_earlier_answer():
    """`{instrument|your instrument}` becomes the label of the answer. What stands behind the bar is said when there is
    no answer, and has to be there. A text that begins with a brace goes in quotes."""
    example = """
pages:
  - page: one
    questions:
      - question: instrument
        kind: choice
        ask: Which instrument do you play?
        options: [{code: 1, label: the violin}, {code: 2, label: the drum}]
      - question: years
        kind: number
        ask: How many years have you played {instrument|your instrument}?
        min: 0
        max: 80
"""
    text = good(example).question("years").ask
    assert fill(text, {"instrument": "the drum"}, {}) == "How many years have you played the drum?"
    assert fill(text, {}, {}) == "How many years have you played your instrument?"


def test_a_fact_of_the_roster():
    """`{roster.school|your school}` takes a fact. Two braces, `{{`, are one brace to read."""
    example = """
thanks: "Thank you from {roster.school|your school}. {{sic}}"
"""
    text = good(example).thanks
    assert fill(text, {}, {"school": "Hill Primary"}) == "Thank you from Hill Primary. {sic}"
    assert fill(text, {}, {"school": ""}) == "Thank you from your school. {sic}"


def test_only_what_is_known_by_then():
    """A wording can only repeat what was asked before it. Texts before the first question can only use the roster."""
    example = """
introduction: You said {sings|nothing}.
"""
    assert told(example) == [
        (
            "'{sings|…}' is filled from 'sings', which is asked only later. "
            "Please move that question up, or use an earlier one"
        )
    ]


def test_what_was_typed_is_text_and_no_wording():
    """What a respondent typed is put in as it is: braces within it mean nothing."""
    example = """
thanks: Thank you, {song|singer}.
pages:
  - page: one
    questions:
      - {question: song, kind: short_text, ask: What do you sing?}
"""
    assert fill(good(example).thanks, {"song": "{song|x} <b>"}, {}) == "Thank you, {song|x} <b>."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no gaps", ["no gaps"]),
        ("{a|b}", ["a", "b"]),
        ("{ a | b c }!", ["a", "b c", "!"]),
        ("{{a|b}}", ["{a|b}"]),
        ("{a|b}}", ["a", "b", "}"]),
        ("a } b", ["a } b"]),
        ("{roster.x|y}{q.other|z}", ["roster.x", "y", "q.other", "z"]),
        ("", []),
    ],
)
def test_pieces(text, found):
    flat = []
    for piece in pieces(text):
        flat += [piece] if isinstance(piece, str) else [piece.name, piece.fallback]
    assert flat == found


@pytest.mark.parametrize("text", ["{a}", "{a|}", "{a| }", "{a", "{", "{a b|c}", "{a|b|c}", "{|b}", "{a|{b|c}}"])
def test_braces_that_cannot_be_read(text):
    with pytest.raises(UnreadableWording):
        gaps(text)
