"""One contract, run over every kind of question: how it stands on paper, and what a keyer types of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from survey.paper.keying import entries
from survey.question import MULTIPLE, Box, Paper, PaperLine, Part, Pretence, Question, Wrong, is_missing
from tests.kinds.conftest import question

__all__ = ["question"]

TEXTS = ["=)", "a\x0bb", "+1", "<script>alert(1)</script>", "two words"]


def say(sentence: str, **gaps: object) -> str:
    return sentence.format(**gaps) if gaps else sentence


def suffixes(question: Question) -> set[str]:
    """Every field a keyer has for a question."""
    paper = question.paper(say)
    found = {line.suffix for line in paper.lines}
    return found | {"other"} if any(box.write for line in paper.lines for box in line.boxes) else found


def codes(question: Question, suffix: str = "") -> list[str]:
    return [box.code for line in question.paper(say).lines if line.suffix == suffix for box in line.boxes]


def as_typed(question: Question, answers: dict[str, Any]) -> dict[str, str]:
    """What a keyer types of a paper that says these answers: the codes printed beside what is ticked, the rest as
    it is written. It is made of the form's data, which the answers are turned into by another road."""
    typed: dict[str, str] = {}
    for part in question.parts:
        if not question.asks_part(part, answers):
            continue
        for suffix, data in question.fill(part, answers).items():
            if data is None or data == []:
                continue
            text = " ".join(data) if isinstance(data, list) else str(data)
            typed[_field(question, part, suffix)] = _point(question, part, text, answers)
    if {"month", "year"} <= set(typed):
        typed = {"": " ".join(typed[box] for box in ("day", "month", "year") if box in typed)}
    if "instead" in typed and "instead" not in suffixes(question):
        typed = {"": typed["instead"]}
    return typed


def _field(question: Question, part: Part, suffix: str) -> str:
    return part.name if part.name and part.name in suffixes(question) else suffix


def _point(question: Question, part: Part, text: str, answers: dict[str, Any]) -> str:
    """Steps after the first are keyed by the point that is stored."""
    return str(answers[part.key]) if part.name and part.name not in suffixes(question) else text


def pretended(question: Question) -> Iterator[dict[str, Any]]:
    for person in range(60):
        rng = random.Random(person)
        yield question.pretend(Pretence(rng, latent=rng.gauss(0, 1), texts=TEXTS))


def kept(question: Question) -> bool:
    return question.asks and question.stored


def test_what_is_keyed_is_what_the_page_would_have_stored(question: Question) -> None:
    if not kept(question):
        return
    people = list(pretended(question))
    question.required = True
    for answers in people:
        assert question.keyed(as_typed(question, answers)) == answers


def test_nothing_typed_is_a_blank_even_where_a_page_would_ask_again(question: Question) -> None:
    question.required = True
    for nothing in ("", "  ", "?"):
        answers = question.keyed(dict.fromkeys(suffixes(question), nothing))
        assert set(answers) == set(question.keys)
        assert all(value == {"missing": "blank"} for value in answers.values())


def test_more_than_one_tick_has_its_own_reason_wherever_one_is_asked_for(question: Question) -> None:
    if not kept(question):
        return
    several = any(line.many for line in question.paper(say).lines)
    if several or not any(codes(question, suffix) for suffix in suffixes(question)):
        return
    suffix = next(suffix for suffix in ("first", "instead", "") if codes(question, suffix))
    assert question.keyed({suffix: "m"})[question.id] == {"missing": MULTIPLE}
    assert question.keyed({suffix: "M "})[question.id] == {"missing": MULTIPLE}


def test_ways_of_saying_nothing_are_boxes_as_offered_and_nowhere_else(question: Question) -> None:
    every = {code for suffix in suffixes(question) for code in codes(question, suffix)}
    assert ("dk" in every) is bool(question.dont_know)
    assert ("skip" in every) is bool(question.rather_not)
    for code, reason in (("dk", "dont_know"), ("skip", "rather_not")):
        for suffix in suffixes(question):
            if code in codes(question, suffix) and kept(question):
                assert question.keyed({suffix: code})[question.id] == {"missing": reason}


def test_what_no_box_says_is_answered_with_what_to_key(question: Question) -> None:
    if not kept(question):
        return
    for suffix in suffixes(question):
        if not codes(question, suffix):
            continue
        for nonsense in ("99", "-1", "x", "1; drop table", "\u0661x"):
            with pytest.raises(Wrong) as wrong:
                question.keyed({suffix: nonsense})
            assert wrong.value.message.format(**wrong.value.gaps)[0].isupper()


def test_every_box_on_paper_can_be_keyed_alone(question: Question) -> None:
    """Whoever ticks just one box has answered: no box is printed that no one could key."""
    if not kept(question):
        return
    for line in question.paper(say).lines:
        for box in line.boxes:
            answers = question.keyed({line.suffix: box.code})
            assert set(answers) == set(question.keys)
            said = [value for value in answers.values() if not is_missing(value)]
            assert said or box.code in ("dk", "skip")


def test_a_paper_offers_what_the_form_offers(question: Question) -> None:
    """The words on paper are the words on the screen, in the same order."""
    for part in question.parts:
        for suffix, made in question.fields(part, say).items():
            words = [choice.label for choice in made.kwargs.get("choices", ())]
            if made.field_class.__name__ == "SelectField" or not words:
                continue
            boxes = [[box.words for box in line.boxes] for line in question.paper(say).lines]
            ways = {"I don’t know", "I don’t want to say"}
            printed = boxes if not part.name else [[b for b in line if b not in ways] for line in boxes]
            screen = words if not part.name else [word for word in words if word not in ways]
            assert screen in printed, suffix


def test_own_words_say_which_box_was_meant(question: Question) -> None:
    if "other" not in suffixes(question):
        return
    assert question.keyed({"other": "banjo"}) == question.keyed({"": "8", "other": "banjo"})
    assert question.keyed({"": "8", "other": "?"})[f"{question.id}.other"] == {"missing": "blank"}


def test_there_is_nothing_to_key_where_nothing_is_kept(question: Question) -> None:
    if kept(question):
        assert question.paper(say).lines
    else:
        assert question.keyed({}) == {}


class Started(Question):
    """A question in two steps that the paper tells apart by nothing but their place."""

    kind: str = "started"

    def paper(self, say: Any) -> Paper:
        first = PaperLine("start", boxes=(Box("0", "No"), Box("1", "Yes")), label="beginning")
        return Paper((first, PaperLine("", "How much?", boxes=(Box("2", "A bit"), Box("3", "A lot")))))


def test_a_field_is_called_what_its_kind_says() -> None:
    """Nothing but the kind knows what its steps are called: not the page of keying either."""
    own = list(entries(Started(question="sing", ask="Do you sing?", kind="started")))
    assert [(one.name, one.label) for one in own] == [("q_sing-start", "beginning"), ("q_sing", "")]


def test_fields_of_one_question_are_told_apart(question: Question) -> None:
    for entry in entries(question):
        assert bool(entry.label) is bool(entry.suffix), f"{question.kind}: {entry.suffix!r} has no name"
