"""What is asked of respondents: how much, and whether they know what for (rules P13, P15, P40, P43, A3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from survey.definition.advice.wording import words
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire

MOST_RATINGS_YOUNG: Final = 8
MOST_RATINGS: Final = 20
MOST_ON_A_PAGE: Final = 12
LONGEST_INFORMATION: Final = 250


def ratings(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Children tire: 8 ratings under 7, 20 under 12."""
    age = questionnaire.reader.age
    if questionnaire.audience != "pupil" or age >= 12:
        return
    most = MOST_RATINGS_YOUNG if questionnaire.setting.young else MOST_RATINGS
    rated = [(at, question) for at, question in questionnaire.placed() if question.rated and question.stored]
    if len(rated) > most:
        at, question = rated[most]
        yield Fault(
            (*at, "question"),
            f"question '{question.id}' is rating {most + 1} of {len(rated)}. Readers of {age} get tired "
            f"after {most}. Please leave some out",
        )


def pages(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Adults scroll; they also give up."""
    if questionnaire.audience == "pupil":
        return
    for p, page in enumerate(questionnaire.pages):
        count = len(page.questions)
        if count > MOST_ON_A_PAGE:
            yield Fault(
                ("pages", p),
                f"page '{page.id}' has {count} questions. Pages with at most {MOST_ON_A_PAGE} "
                "are finished more "
                "often. Please split it in two",
            )


def information(questionnaire: Questionnaire) -> Iterator[Fault]:
    """An information page that is too long is not read, so no one was informed."""
    texts = [questionnaire.introduction, questionnaire.data_use, questionnaire.contact]
    count = sum(len(words(text)) for text in texts if text)
    if count > LONGEST_INFORMATION:
        yield Fault(
            ("introduction",) if questionnaire.introduction else ("data_use",),
            f"the information page ('introduction', 'data_use' and 'contact') has {count} words. "
            f"People read {LONGEST_INFORMATION} at most. Please shorten it",
            key=True,
        )


def being_asked(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Everyone is asked whether they want to take part; adults are told what for."""
    if not questionnaire.written.whole:
        return
    if questionnaire.assent is None:
        key = "assent" if questionnaire.audience == "pupil" else "consent"
        yield Fault(
            (),
            f"people are not asked whether they want to take part. Please add '{key}' with ask, yes, no and declined",
        )
    if questionnaire.audience == "pupil":
        return
    needed = {
        "introduction": "what this is about",
        "data_use": "what happens to the answers",
        "contact": "who to ask",
    }
    for key, what in needed.items():
        if getattr(questionnaire, key) is None:
            yield Fault((), f"respondents are not told {what}. Please add: {key}: …")


def practice(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Young children first learn how to answer."""
    if questionnaire.audience != "pupil" or questionnaire.reader.age >= 8 or not questionnaire.written.whole:
        return
    if not any(question.asks and not question.stored for question in questionnaire.questions):
        yield Fault(
            ("pages",),
            f"readers of {questionnaire.reader.age} start without any practice. Please start with "
            "two questions of kind: practice",
            key=True,
        )


def pictures(questionnaire: Questionnaire) -> Iterator[Fault]:
    """A question about a picture needs the picture in words, for people who cannot see it."""
    for at, question in questionnaire.placed():
        speaks = re.search(r"\b(picture|photo|photograph|drawing|image)\b", question.ask, re.IGNORECASE)
        if question.picture and speaks and not question.picture_text:
            yield Fault(
                (*at, "picture"),
                f"question '{question.id}' asks about its picture, which some people cannot see. Please "
                "add: picture_text: …",
            )
