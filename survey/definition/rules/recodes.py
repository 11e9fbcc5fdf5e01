"""What the answers to a scale's items count: recodes, counts, and items that were not shown."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.counting import Counting, Uncounted, answers_of, number_of
from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale, ScaleItem
from survey.problems import FIRST, quoted, shortened
from survey.question import Question


def counts(questionnaire: Questionnaire) -> Iterator[Fault]:
    """A count says which answers count, and needs nothing else; only a count has `counts`."""
    counting = Counting(questionnaire)
    for n, scale in enumerate(questionnaire.scales):
        at: Path = ("scales", n)
        if scale.score != "count":
            if scale.counts is not None:
                message = f"scale '{scale.id}' has 'counts', which only a count uses. Please remove it, or write: "
                yield Fault((*at, "counts"), f"{message}score: count", key=True)
            continue
        yield from _without_use(scale, at)
        if scale.counts is None:
            message = f"scale '{scale.id}' counts answers, but does not say which. Please add: counts: […]"
            yield Fault((*at, "score"), message)
            continue
        for i, entry in enumerate(scale.items):
            if counting.scale(entry) is not None:
                message = f"scale '{scale.id}' counts answers, and '{entry.item}' is a scale. Please use questions"
                yield Fault((*at, "items", i), message)
        yield from _counted_words(questionnaire, counting, scale, (*at, "counts"))


def _without_use(scale: Scale, at: Path) -> Iterator[Fault]:
    said = [(at, key) for key in ("recode", "prorate") if getattr(scale, key)]
    for i, entry in enumerate(scale.items):
        said += [((*at, "items", i), key) for key in ("reverse", "recode", "weight") if key in entry.model_fields_set]
    for place, key in said:
        message = f"scale '{scale.id}' counts answers, so '{key}' has no effect in it. Please remove it"
        yield Fault((*place, key), message, key=True)


def _counted_words(questionnaire: Questionnaire, counting: Counting, scale: Scale, at: Path) -> Iterator[Fault]:
    words = scale.counts or []
    for i, word in enumerate(words):
        if word in words[:i]:
            message = f"scale '{scale.id}' counts '{shortened(word)}' twice, first on {FIRST}. Please remove one"
            yield Fault((*at, i), message, first=(*at, words.index(word)))
            continue
        for entry in scale.items:
            question = _readable(questionnaire, counting, entry)
            why = _why_not(question, word) if question else None
            if question and why:
                yield Fault((*at, i), f"scale '{scale.id}' counts {_no_answer(word, question, why)}")
                break


def _readable(questionnaire: Questionnaire, counting: Counting, entry: ScaleItem) -> Question | None:
    """Return the question that an item is, where nothing else is wrong with it."""
    question = counting.question(entry)
    hurt = questionnaire.written.hurt
    return question if question and question.number_range is not None and question.id not in hurt else None


def _why_not(question: Question, word: str) -> str | None:
    try:
        number_of(question, word)
    except Uncounted as error:
        return str(error)
    return None


def _no_answer(word: str, question: Question, why: str) -> str:
    return f"'{shortened(word)}', which cannot be an answer of '{question.id}': {why}. Please change it"


def recodes(questionnaire: Questionnaire) -> Iterator[Fault]:
    """A recode has a number for each answer, and no item is turned round as well."""
    counting = Counting(questionnaire)
    for n, scale in enumerate(questionnaire.scales):
        if scale.score == "count":
            continue
        at: Path = ("scales", n)
        shared = []
        for i, entry in enumerate(scale.items):
            question = _readable(questionnaire, counting, entry)
            here: Path = (*at, "items", i)
            if entry.recode is not None and counting.scale(entry) is not None:
                message = f"'{entry.item}' is a scale, and only answers can be recoded. Please remove 'recode'"
                yield Fault((*here, "recode"), message, key=True)
            elif question and entry.recode is not None:
                yield from _table(question, entry.recode, (*here, "recode"))
            elif question and scale.recode is not None:
                shared.append(question)
            if entry.reverse and scale.recoding(entry) is not None and counting.scale(entry) is None:
                yield _twice_turned(scale, entry, here)
        if scale.recode is not None:
            yield from _shared(scale, shared, counting, (*at, "recode"))


def _twice_turned(scale: Scale, entry: ScaleItem, here: Path) -> Fault:
    fix = "Please remove 'reverse', and turn the numbers of its 'recode' round"
    if entry.recode is None:
        fix = "Please remove 'reverse', and give it a 'recode' of its own"
    message = f"item '{entry.item}' of scale '{scale.id}' is both reversed and recoded. {fix}"
    return Fault((*here, "reverse"), message, key=True)


def _shared(scale: Scale, questions: list[Question], counting: Counting, at: Path) -> Iterator[Fault]:
    """The same table for many questions: what is wrong with it is said for the first of them."""
    own = any(entry.recode is None and counting.scale(entry) is None for entry in scale.items)
    if not own:
        message = f"no item of scale '{scale.id}' uses this 'recode'. Please remove it"
        yield Fault(at, message, key=True)
    for question in questions:
        found = list(_table(question, scale.recode or {}, at))
        if found:
            yield from found
            return


def _table(question: Question, table: dict[str, float], at: Path) -> Iterator[Fault]:
    answers = answers_of(question)
    if not answers:
        message = (
            f"'{question.id}' is answered by a number that is typed, and only answers to choose from can be recoded. "
            "Please remove 'recode'"
        )
        yield Fault(at, message, key=True)
        return
    wrong = {word: why for word in table if (why := _why_not(question, word))}
    for word, why in wrong.items():
        yield Fault((*at, word), f"'recode' has {_no_answer(word, question, why)}", key=True)
    there = {number_of(question, word) for word in table if word not in wrong}
    gone = [question.meanings[code] for code, number in answers.items() if number not in there]
    # A word that cannot be read may be the one that is missing.
    if gone and not wrong:
        yield Fault(
            at,
            f"'recode' has no number for {quoted([shortened(label) for label in gone])} of '{question.id}'. "
            "Please add each answer",
            key=True,
        )


def not_shown(questionnaire: Questionnaire) -> Iterator[Fault]:
    """What an item counts that was not shown is said where one can be, and a count adds 0 or 1."""
    counting = Counting(questionnaire)
    routed = {id for page in questionnaire.pages for id in _routed(page.when, page.questions)}
    for n, scale in enumerate(questionnaire.scales):
        if scale.not_shown is None:
            continue
        at: Path = ("scales", n, "not_shown")
        asked = [question for entry in scale.items if (question := counting.question(entry))]
        if scale.score == "count" and scale.not_shown not in (0, 1):
            message = f"scale '{scale.id}' is a count, to which an item adds 0 or 1. Please write: not_shown: 0"
            yield Fault(at, message)
        elif len(asked) == len(scale.items) and not any(question.id in routed for question in asked):
            message = f"every item of scale '{scale.id}' is always shown: none has a 'when'. Please remove 'not_shown'"
            yield Fault(at, message, key=True)


def _routed(when: object, questions: list[Question]) -> list[str]:
    return [question.id for question in questions if when is not None or question.when is not None]
