"""The program's own words to respondents, in their language.

Sentences are written in English in the code and translated in ``translations/LANGUAGE.po``. Words of a
questionnaire are the author's and live beside the questionnaire, not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta
from babel.messages.pofile import read_po

Say = Callable[..., str]
"""Translates a sentence and fills its gaps: say("Place {n}", n=2)."""

_FOLDER = Path(__file__).parent / "translations"


def in_english(sentence: str, **gaps: object) -> str:
    """Say a sentence as it is written: for people who work with papers and files, whatever the respondent reads."""
    return sentence.format(**gaps) if gaps else sentence


@cache
def say_in(language: str) -> Say:
    """Return what translates the program's own sentences into `language` (a code such as cy).

    A sentence without a translation is said in English.
    """
    words = _words(language)

    def say(sentence: str, **gaps: object) -> str:
        return in_english(words.get(sentence, sentence), **gaps)

    return say


def _words(language: str) -> dict[str, str]:
    path = _FOLDER / f"{language}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    return {str(m.id): str(m.string) for m in catalog if m.id and m.string}


@cache
def own_sentences(language: str) -> Mapping[str, str]:
    """Return every sentence of the program's own that has been translated, in English: how it is said in `language`."""
    known = {sentence for path in _FOLDER.glob("*.po") for sentence in _words(path.stem)}
    return {sentence: say_in(language)(sentence) for sentence in sorted(known)}


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which blank lines part."""
    return [paragraph.strip() for paragraph in text.split("\n\n") if paragraph.strip()]


@cache
def languages() -> frozenset[str]:
    """Return the languages that the program's own sentences are said in."""
    return frozenset({"en", *(path.stem for path in _FOLDER.glob("*.po"))})


def in_query(language: str) -> str:
    """Return what an address outside any survey ends with so that its page speaks this language, where we do."""
    return f"?language={language}" if language != "en" and language in languages() else ""


LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
"""A language as browsers name it: en, cy, pt-BR, zh-Hant."""


@cache
def is_language(tag: str) -> bool:
    """Tell whether a word is the short name of a language. The codes of two letters are known, those of three many."""
    if not LANGUAGE.fullmatch(tag):
        return False
    code = tag.split("-", 1)[0]
    return len(code) == 3 or code in Locale("en").languages


@cache
def own_name(language: str) -> str:
    """Return what a language calls itself (Cymraeg), or its code where that is not known."""
    try:
        name = Locale.parse(language, sep="-").get_display_name(language)
    except (UnknownLocaleError, ValueError):
        return language
    return name[:1].upper() + name[1:] if name else language


@cache
def direction(language: str) -> str:
    """Return 'rtl' for languages written from right to left, else 'ltr'."""
    try:
        right = Locale.parse(language, sep="-").text_direction == "rtl"
    except (UnknownLocaleError, ValueError):
        return "ltr"
    return "rtl" if right else "ltr"


@cache
def html_language(language: str) -> str:
    """Return the code for HTML's lang attribute: English here is British English."""
    return "en-GB" if language == "en" else language


def day_in_words(day: date, today: date, language: str) -> str:
    """Return a day as people say it in a language Chorus speaks (else English): 7 December; with the year if not this
    one.
    """
    spoken = _spoken(language)
    pattern: str = spoken.date_formats["long"].pattern
    if day.year == today.year:
        # Not the pattern for day and month alone: in Welsh it has them in the American order.
        pattern = re.sub(r"\W*y+$", "", pattern)
    return format_date(day, pattern, locale=spoken)


def time_in_words(moment: datetime, language: str) -> str:
    """Return the time of day, by the clock of the moment's own time zone, as programmes of concerts write it: 19:42."""
    return format_time(moment.time(), "HH:mm", locale=_spoken(language))


def time_ago(since: timedelta, language: str) -> str:
    """Return how long ago something was, in whole units of a minute and more: 12 minutes ago, 3 hours ago."""
    return format_timedelta(-since, granularity="minute", add_direction=True, locale=_spoken(language))


def _spoken(language: str) -> Locale:
    return Locale.parse(html_language(language if language in languages() else "en"), sep="-")
