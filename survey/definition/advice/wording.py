"""Wording: short, plain, one thing at a time, no negatives (rules P11 and P12 of the forms standard).

Grade formulas jump on texts as short as a question, so the limits are counts: words in a text, syllables and
letters in a word. Twelve words and no word of four syllables keep a question near Spache grade 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from survey.definition.model import Fault, Path
from survey.definition.parts import Grid, Page
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import Gap, UnreadableWording, pieces
from survey.problems import quoted, shortened
from survey.question import Question

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CHILD: Final = 12
_TEENAGER: Final = 16

_NEGATIVE: Final = re.compile(r"\b(not|never|nothing|nobody|no one|none)\b|n['’]t\b", re.IGNORECASE)
_VAGUE: Final = re.compile(r"\b(usually|normally|generally|typically|regularly)\b", re.IGNORECASE)
_AND_OR: Final = re.compile(r"\band/or\b|\b(and|or)\b", re.IGNORECASE)
_ONE_THING: Final = re.compile(
    r"\b(more and more|again and again|now and then|one or (?:more|two)|or not|yes or no|more or less|or more"
    r"|or less|sooner or later|and so on|black and white|mums? and dads?|mum or dad|rock and roll"
    r"|music and me|parents? (?:and|or) carers?|and i|and me|between \S+ and)\b",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    """Return the words of a wording as it is read when no earlier answer fills its gaps."""
    try:
        read = "".join(piece.fallback if isinstance(piece, Gap) else piece for piece in pieces(text))
    except UnreadableWording:
        read = text
    return _WORD.findall(read)


def syllables(word: str) -> int:
    """Estimate the syllables of an English word: groups of vowels, without a silent e at the end.

    >>> [syllables(word) for word in ("sing", "music", "instrument", "apple", "orchestra", "enjoyed")]
    [1, 2, 3, 2, 3, 2]
    """
    word = word.lower()
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = (word.endswith("e") and not word.endswith(("le", "ee", "ie", "ye"))) or re.search(r"[^td]ed$", word)
    return max(1, groups - bool(silent))


def longest_texts(age: int) -> tuple[int, int]:
    """Return how many words a wording and a hint have at most for readers of an age (years)."""
    if age < _CHILD:
        return 12, 9
    return (20, 20) if age < _TEENAGER else (35, 35)


_Asked = tuple[Path, Question | Grid]


def _asked(questionnaire: Questionnaire) -> Iterator[_Asked]:
    """Yield what is asked as it was written: a grid as its stem, then each statement."""
    for p, page in enumerate(questionnaire.pages):
        for i, entry in enumerate(page.entries):
            if isinstance(entry, Grid):
                yield ("pages", p, "questions", i), entry
        yield from _questions(p, page)


def _questions(p: int, page: Page) -> Iterator[_Asked]:
    for at, question in page._expanded:
        if question.asks:
            yield ("pages", p, *at), question


def _name(thing: Question | Grid) -> str:
    return f"{'grid' if isinstance(thing, Grid) else 'question'} '{thing.id}'"


def _english(questionnaire: Questionnaire) -> bool:
    """Counts hold for most languages; lists of words are English."""
    return questionnaire.languages[0].split("-")[0] == "en"


def length(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Wordings that are too long for their readers."""
    age = questionnaire.reader.age
    longest, _ = longest_texts(age)
    for at, thing in _asked(questionnaire):
        count = len(words(thing.ask))
        if count > longest:
            yield Fault(
                (*at, "ask"),
                f"{_name(thing)} has {count} words. Readers of {age} do best with {longest} at most. Please shorten it",
            )


def length_of_hints(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Hints that are too long for their readers."""
    age = questionnaire.reader.age
    _, longest = longest_texts(age)
    for at, thing in _asked(questionnaire):
        count = len(words(thing.hint or ""))
        if count > longest and not (isinstance(thing, Question) and thing.grid):
            yield Fault(
                (*at, "hint"),
                f"the hint of {_name(thing)} has {count} words. Readers of {age} do best with {longest} at most. "
                "Please shorten it",
            )


def sentences(questionnaire: Questionnaire) -> Iterator[Fault]:
    """More than one sentence where children read one best."""
    if questionnaire.reader.age >= _CHILD:
        return
    for at, thing in _asked(questionnaire):
        if re.search(r"[.?!…](?=\s+\S)", thing.ask):
            yield Fault(
                (*at, "ask"),
                f"{_name(thing)} has more than one sentence. Children find one easiest. Please keep only one",
            )


def long_words(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Words that young readers stumble over."""
    age = questionnaire.reader.age
    if age >= _CHILD or not _english(questionnaire):
        return
    letters = 10 if age < 7 else 12
    for at, thing in _asked(questionnaire):
        for key in ("ask", "hint"):
            text = getattr(thing, key)
            inherited = key == "hint" and isinstance(thing, Question) and thing.grid is not None
            hard = [w for w in words(text or "") if len(w) > letters or syllables(w) > 3]
            if hard and not inherited:
                yield Fault(
                    (*at, key),
                    f"{_name(thing)} has long words for readers of {age}: {quoted(dict.fromkeys(hard))}. "
                    "Please use shorter ones",
                )


def two_in_one(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Ratings of two things at once: no one knows which of them the answer is about."""
    if not _english(questionnaire):
        return
    for at, thing in _asked(questionnaire):
        if not isinstance(thing, Question) or not thing.rated:
            continue
        found = _AND_OR.search(_ONE_THING.sub("", thing.ask))
        if found:
            yield Fault(
                (*at, "ask"),
                f"{_name(thing)} may ask two things at once: '{found[0]}' in “{shortened(thing.ask, 60)}”. "
                "Please ask one thing, or make two questions",
            )


def negatives(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Negative wording: to disagree with it is hard for everybody, and children miss the “not”."""
    if not _english(questionnaire):
        return
    pupil = questionnaire.audience == "pupil"
    for at, thing in _asked(questionnaire):
        found = _NEGATIVE.search(thing.ask)
        if found and (pupil or (isinstance(thing, Question) and thing.rated)):
            yield Fault(
                (*at, "ask"),
                f"{_name(thing)} is worded negatively ('{found[0]}'). Negatives are easy to "
                "misread. Please word it positively, and use reverse: yes in the scale",
            )


def vague_words(questionnaire: Questionnaire) -> Iterator[Fault]:
    """“Usually” and its like: children think of the last time, or of any time."""
    if questionnaire.reader.age >= _CHILD or not _english(questionnaire):
        return
    for at, thing in _asked(questionnaire):
        found = _VAGUE.search(thing.ask)
        if found:
            yield Fault(
                (*at, "ask"),
                f"{_name(thing)} says '{found[0]}', which children find hard to judge. Please name a time, "
                "or leave it out",
            )


def statements_for_children(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Children answer questions better than they rate statements."""
    if questionnaire.audience != "pupil" or questionnaire.reader.age >= _CHILD:
        return
    for at, thing in _asked(questionnaire):
        if isinstance(thing, Question) and thing.rated and not _is_question(thing.ask):
            yield Fault(
                (*at, "ask"),
                f"{_name(thing)} is a statement. Children find questions easier. Please ask: …?",
            )


def _is_question(text: str) -> bool:
    return text.rstrip(" \t\n'\"”’)").endswith(("?", "؟", "？"))
