"""Recordings: the file of each text that children hear, found by the words that are spoken in it.

The recording of “How much do you like singing?” in Welsh is ``audio/cy/how-much-do-you-like-singing.mp3``: the name is
made of the text in the questionnaire's first language. One text has one recording, wherever it stands, and a text that
is worded differently afterwards needs a new one: an old recording never says what is no longer there.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from survey.definition.model import Path as Place
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import UnreadableWording, gaps
from survey.question import NO_NAMES
from survey.wording import own_sentences, paragraphs, say_in

SOUND_TYPES: Final = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".opus": "audio/ogg"}

_LONGEST: Final = 60
"""Characters of a file's name before its ending; a longer text is told from others by a few more at the end."""


@dataclass(frozen=True)
class Spoken:
    """A text that is read aloud: where it stands in the file, its words there, and those in the language heard."""

    at: Place
    source: str
    words: str


def name_of(text: str) -> str:
    """Return how the recording of a text is called, without its ending; `text` is in the first language."""
    letters = unicodedata.normalize("NFKD", text)
    name = re.sub(r"[^a-z0-9]+", "-", letters.encode("ascii", "ignore").decode().lower()).strip("-")
    foreign = any(letter.isalpha() and not letter.isascii() for letter in letters)
    if name and not foreign and len(name) <= _LONGEST:
        return name
    mark = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"{name[:_LONGEST].strip('-') or 'text'}-{mark}"


def path_of(text: str, language: str, there: Collection[str]) -> str | None:
    """Return which of the files that are there is the recording of a text in a language; None if none is."""
    paths = (f"audio/{language}/{name_of(text)}{ending}" for ending in SOUND_TYPES)
    return next((path for path in paths if path in there), None)


def wanted(questionnaire: Questionnaire, language: str) -> Iterator[Spoken]:
    """Yield each text that can be recorded in a language, once: all that children read before and at the questions.

    Not a text that something is filled into, which sounds different for each child.
    """
    here = _texts(questionnaire)
    there = _texts(questionnaire.in_language(language))
    seen = set()
    for (at, source), (_, words) in zip(here, there, strict=True):
        if source not in seen and not _filled(source):
            seen.add(source)
            yield Spoken(at, source, words)


def possible(questionnaire: Questionnaire, language: str) -> Iterator[tuple[str, str]]:
    """Yield (text in the first language, its words) of all that may be recorded: also Chorus's own sentences."""
    for one in wanted(questionnaire, language):
        yield one.source, one.words
    yield from ((sentence, said) for sentence, said in own_sentences(language).items() if "{" not in sentence)


def _texts(questionnaire: Questionnaire) -> Iterator[tuple[Place, str]]:
    say = say_in(questionnaire.language)
    asked = questionnaire.assent
    if asked is not None:
        if not asked.audio:
            yield ("assent", "ask"), asked.ask
        yield from ((("assent", "lines", i, "text"), line.text) for i, line in enumerate(asked.lines))
        yield from ((("assent", name), getattr(asked, name)) for name in ("yes", "no", "declined"))
    for at, question in questionnaire.placed():
        yield from ((at, text) for text in question.read_aloud(say))
        if question.own_words and questionnaire.audience == "pupil":
            yield at, say(NO_NAMES)
    yield from ((("thanks",), paragraph) for paragraph in paragraphs(questionnaire.thanks or ""))


def _filled(text: str) -> bool:
    try:
        return bool(gaps(text))
    except UnreadableWording:
        return True
