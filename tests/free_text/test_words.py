"""Words that are flagged: whole words and phrases, whatever their case, accents and what stands between them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.flagged import Flags, shipped, shipped_languages, words_of

pytestmark = pytest.mark.slow

LETTERS = "abcdefghijklmnopqrstuvwxyzàéîõüçñśżćóąęŵŷ"
WORDS = st.text(LETTERS, min_size=1, max_size=8)
AROUND = st.lists(WORDS, max_size=5)
BETWEEN = st.sampled_from([" ", "  ", "\n", ", ", "... ", " - ", "!", "/", "_", "\u00a0"])


@given(before=AROUND, phrase=st.lists(WORDS, min_size=1, max_size=3), after=AROUND, between=BETWEEN, data=st.data())
def test_a_phrase_is_found_wherever_it_stands(
    before: list[str], phrase: list[str], after: list[str], between: str, data: st.DataObject
) -> None:
    text = between.join([*before, *phrase, *after])
    flags = Flags([" ".join(phrase)])
    changes = (
        str,
        str.upper,
        str.title,
        lambda said: unicodedata.normalize("NFD", said),
        lambda said: "".join(c for c in unicodedata.normalize("NFD", said) if not unicodedata.combining(c)),
    )
    assert flags.found_in(data.draw(st.sampled_from(changes))(text))


@given(
    words=st.lists(WORDS, min_size=1, max_size=8), phrases=st.lists(st.lists(WORDS, min_size=1, max_size=3), max_size=6)
)
def test_what_is_found_is_there_as_whole_words(words: list[str], phrases: list[list[str]]) -> None:
    plain = [words_of(word)[0] for word in words]
    wanted = [[words_of(word)[0] for word in phrase] for phrase in phrases]
    there = any(plain[at : at + len(one)] == one for one in wanted for at in range(len(plain)))
    assert Flags(" ".join(phrase) for phrase in phrases).found_in(" ".join(words)) == there


@given(st.text(max_size=200))
def test_any_text_can_be_looked_through(text: str) -> None:
    assert Flags(shipped("en")).found_in(text) in (True, False)
    assert all(words_of(word) == [word] for word in words_of(text))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "my brother HIT   me :("),
        ("en", "I don’t feel safe at home"),
        ("en", "i dont feel safe"),
        ("en", "He has bruises."),
        ("cy", "Mae OFN arna i fynd adre"),
        ("cy", "mae e wedi fy nharo"),
        ("pl", "On mnie bije, boje sie wracac do domu"),
        ("pl", "BOJĘ SIĘ"),
        ("ur", "میرے ابو مجھے مارتے ہیں"),
        ("ur", "مجھے گھر میں ڈر لگتا ہے"),
        # An Arabic keyboard writes other letters for the same.
        ("ur", "مجهے خودكشي کا خیال آتا ہے"),
    ],
)
def test_the_shipped_lists_find(language: str, text: str) -> None:
    assert Flags(shipped(language)).found_in(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I like singing and the big drum, it is a hit with me"),
        ("en", "The chart has a thirty-second rest"),
        ("en", "We begun to sing about a gunnera and a grape"),
        ("cy", "Dw i’n hoffi canu a chwarae’r drymiau"),
        ("pl", "Lubię śpiewać z klasą"),
        ("ur", "مجھے گانا اچھا لگتا ہے"),
    ],
)
def test_the_shipped_lists_let_pass(language: str, text: str) -> None:
    assert not Flags(shipped(language)).found_in(text)


def test_a_list_ships_for_each_language_of_the_program() -> None:
    assert shipped_languages() == {"en", "cy", "pl", "ur"}
    for language in shipped_languages():
        found = [" ".join(words_of(line)) for line in shipped(language)]
        assert all(found)
        assert len(found) > 40
        assert not any(line.startswith("#") for line in shipped(language))
    assert shipped("xx") == shipped("../en") == ()


def test_no_words_flag_nothing() -> None:
    assert not Flags([]).found_in("anything")
    assert not Flags(["…", ""]).found_in("… .")
