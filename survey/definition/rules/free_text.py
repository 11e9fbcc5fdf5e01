"""What people type: the questionnaire says who reads it soon, or whom they can talk to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.flagged import shipped_languages, words_of
from survey.problems import shortened

_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def said(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Where anything can be typed, it is said whether anyone reads it soon."""
    if questionnaire.free_text is not None or "free_text" in questionnaire.written.guessed:
        return
    for at, question in questionnaire.placed():
        if question.own_words:
            yield Fault(
                at,
                f"question '{question.id}' lets people type, and the questionnaire does not say whether "
                "anyone reads it soon. A child may write that someone is hurting them. Please add at the "
                "top of the file: "
                "free_text: {read: no, talk_to: …}, or read: yes with a reader",
            )
            return


def reader(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Who reads has a name and an address; where no one reads, children are told whom to talk to."""
    free_text = questionnaire.free_text
    if free_text is None:
        return
    at = ("free_text",)
    if free_text.read and free_text.reader is None:
        yield Fault(
            at,
            "'read' says that someone reads what people type, but no reader is named. Please add: reader: "
            "{name: …, email: …, within: 2}",
            key=True,
        )
    if free_text.read and free_text.reader and not _ADDRESS.fullmatch(free_text.reader.email):
        yield Fault(
            (*at, "reader", "email"),
            f"'{shortened(free_text.reader.email)}' is not an e-mail address. The reader signs in with it. Please "
            "correct it",
        )
    if not free_text.read and free_text.reader is not None:
        yield Fault(
            (*at, "reader"),
            "a reader is named, but 'read' says that no one reads these texts. Please keep one of the two",
            key=True,
        )
    if not free_text.read and free_text.words:
        yield Fault(
            (*at, "words"),
            "words are flagged, but 'read' says that no one reads these texts. Please remove 'words', or say read: yes",
            key=True,
        )
    typed = any(question.own_words for question in questionnaire.questions)
    if not free_text.read and free_text.talk_to is None and questionnaire.audience == "pupil" and typed:
        yield Fault(
            at,
            "no one reads soon what children type, so the page has to tell them who to talk to. "
            "Please add, for example: talk_to: If something makes you sad or worried, tell a grown-up you trust.",
            key=True,
        )


def words(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Flagged words are of the questionnaire's languages, and each language has some."""
    free_text = questionnaire.free_text
    if free_text is None or not free_text.read:
        return
    at = ("free_text", "words")
    for language, own in free_text.words.items():
        if language not in questionnaire.languages:
            yield Fault(
                (*at, language),
                f"'{shortened(language)}' is not one of the questionnaire's languages. Please remove it, or add it to "
                "'languages'",
                key=True,
            )
        for n, word in enumerate(own):
            if not words_of(word):
                yield Fault((*at, language, n), f"'{shortened(word)}' has no letter in it. Please write a word")
    for language in questionnaire.languages:
        if not free_text.words.get(language) and not (free_text.shipped_words and language in shipped_languages()):
            yield Fault(
                ("free_text",),
                f"no words are flagged in the language '{language}', so nothing written in it would be noticed. "
                f"Please add under 'words': {language}: […]",
                key=True,
            )
