"""The top of a questionnaire: languages, assent, and that there is something to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from survey.definition.model import Fault, Path
from survey.definition.parts import Assent
from survey.definition.questionnaire import Questionnaire
from survey.problems import FIRST, did_you_mean, quoted, shortened
from survey.wording import is_language

FILE_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


def not_a_language(word: str) -> str:
    """Return what is said of a word that stands where the short name of a language is expected."""
    return (
        f"'{shortened(word)}' is not the short name of a language, such as en, cy, pl or ur. "
        "A country follows it, as in pt-BR. Please change it"
    )


def languages(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Each language is one, and is listed once; the questionnaire's name can be a file's."""
    seen: dict[str, Path] = {}
    for i, language in enumerate(questionnaire.languages):
        at: Path = ("languages", i)
        if not is_language(language):
            yield Fault(at, not_a_language(language))
        if language.lower() in seen:
            first = seen[language.lower()]
            yield Fault(at, f"language '{language}' is listed twice, first on {FIRST}. Please remove one", first=first)
        seen.setdefault(language.lower(), at)
    if not FILE_NAME.fullmatch(questionnaire.id):
        yield Fault(
            ("questionnaire",),
            f"the name '{shortened(questionnaire.id)}' cannot be used. A name has small letters, "
            "digits and dashes, "
            "begins with a letter, and has at most 40 characters. Please change it",
        )


def recordings(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Children are read to, in languages that the questionnaire has."""
    for i, language in enumerate(questionnaire.recordings):
        if language not in questionnaire.languages:
            hint = did_you_mean(language, questionnaire.languages)
            yield Fault(
                ("recordings", i),
                f"'{shortened(language)}' is not one of the questionnaire's languages, which are "
                f"{quoted(questionnaire.languages)}.{hint or ' Please correct it, or add it to languages'}",
            )
    known = "audience" not in questionnaire.written.guessed
    if questionnaire.recordings and known and questionnaire.audience != "pupil":
        yield Fault(
            ("recordings",),
            "only pages for pupils are read aloud, so recordings would not be heard here. Please remove 'recordings'",
            key=True,
        )


def assent(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Pupils assent, adults consent; pupils read four short lines at most."""
    if "audience" in questionnaire.written.guessed:
        return
    pupil = questionnaire.audience == "pupil"
    right, wrong = ("assent", "consent") if pupil else ("consent", "assent")
    # Consent is also reachable as assent, so only what the author wrote counts.
    if wrong in questionnaire.model_fields_set and (pupil or questionnaire.consent is None):
        who = "pupils" if pupil else "adults"
        yield Fault((wrong,), f"the question for {who} is called '{right}'. Please write '{right}' instead", key=True)
    elif questionnaire.consent is not None and questionnaire.assent is not questionnaire.consent:
        yield Fault(("consent",), "'assent' and 'consent' are both here. Please keep one", key=True)
    asked = questionnaire.assent
    yield from _said_twice(asked, right)
    if pupil and asked is not None and len(asked.lines) > 4:
        yield Fault(
            (right, "lines"),
            f"children read at most 4 short lines before they decide, and there are {len(asked.lines)} "
            "here. Please leave some out",
        )


def _said_twice(asked: Assent | None, where: str) -> Iterator[Fault]:
    """Each line says something of its own."""
    seen: dict[str, Path] = {}
    for i, line in enumerate(asked.lines if asked else ()):
        at: Path = (where, "lines", i)
        if line.text in seen:
            yield Fault(at, f"this line is already there, on {FIRST}. Please remove one", first=seen[line.text])
        seen.setdefault(line.text, at)


def something_to_answer(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Each page has something on it, and somewhere something is asked."""
    if not questionnaire.written.whole:
        return
    for p, page in enumerate(questionnaire.pages):
        if not page.entries:
            yield Fault(
                ("pages", p),
                f"page '{page.id}' has no questions. A page needs at least one. Please add one under 'questions'",
            )
    if questionnaire.written.questions - {question.id for question in questionnaire.questions}:
        return  # some could not be read, which is told where they stand
    if not any(question.stored and question.asks for question in questionnaire.questions):
        yield Fault(("pages",), "no question here has an answer that is stored. Please add one", key=True)
