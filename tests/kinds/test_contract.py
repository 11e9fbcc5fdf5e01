"""One contract, run over every kind of question."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from survey.kinds import KINDS
from survey.question import REASONS, Part, Pretence, Question, Tampered, Wrong, is_missing
from survey.wording import say_in
from tests.kinds.conftest import CASES, data_of

PEOPLE = 60
TEXTS = ["=)", "a\x0bb", "\N{MAN}\N{ZERO WIDTH JOINER}\N{GIRL}", "+1", "<script>alert(1)</script>", "  two  "]


def say(sentence: str, **gaps: object) -> str:
    return sentence.format(**gaps) if gaps else sentence


def pretended(question: Question) -> Iterator[dict[str, Any]]:
    for person in range(PEOPLE):
        rng = random.Random(person)
        yield question.pretend(Pretence(rng, latent=rng.gauss(0, 1), texts=TEXTS))


def posted(question: Question, part: Part, answers: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """Send a filled form the way a browser does, and return what arrives: suffix -> data."""
    fields = {f"q-{suffix}" if suffix else "q": made for suffix, made in question.fields(part, say, seed).items()}
    form_class = type("One", (Form,), fields)
    filled = question.fill(part, answers)
    shown = form_class(data={f"q-{suffix}" if suffix else "q": value for suffix, value in filled.items()})
    sent: MultiDict[str, str] = MultiDict()
    for name in fields:
        _send(shown[name], sent)
    arrived = form_class(sent)
    return {name.removeprefix("q").removeprefix("-"): arrived[name].data for name in fields}


def _send(field: Any, sent: MultiDict[str, str]) -> None:
    """Add what a browser sends for a field: chosen buttons, ticked boxes in their order, what stands in boxes."""
    if field.type in ("RadioField", "SelectMultipleField"):
        for choice in field:
            if choice.checked:
                sent.add(field.name, choice.data)
    elif field.type == "SelectField":
        sent.add(field.name, field.data or "")
    else:
        sent.add(field.name, (field.data or "").replace("\n", "\r\n"))


def test_the_kinds_there_are_for_every_need_of_the_design() -> None:
    needed = (
        "faces rating choice several yes_no number short_text long_text date frequency ranking information practice"
    )
    assert set(needed.split()) <= set(KINDS)


def test_every_kind_is_for_someone() -> None:
    assert {name for name, _ in CASES} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_an_example_is_named_after_its_kind_and_holds_only_its_keys(name: str) -> None:
    assert data_of(name)["kind"] == name
    assert KINDS[name].model_fields["kind"].default == name


def test_a_pretended_answer_survives_form_and_post(question: Question) -> None:
    """Answer → form data → what a browser sends → answer, and nothing is lost on the way."""
    if not question.stored or not question.asks:
        return
    for answers in pretended(question):
        for part in question.parts:
            if question.asks_part(part, answers):
                again = question.read(part, posted(question, part, answers, seed=5), seed=5)
                # A first step takes back the second; the second is sent on its own page.
                kept = {key: value for key, value in again.items() if key == part.key or len(question.parts) == 1}
                assert kept == {key: answers[key] for key in kept}
                assert part.key in again


def test_answers_are_what_json_can_hold_under_the_questions_own_keys(question: Question) -> None:
    for answers in pretended(question):
        assert set(answers) <= set(question.keys)
        assert json.loads(json.dumps(answers)) == answers
        assert all(key == question.id or key.startswith(question.id + ".") for key in answers)


def test_nothing_said_is_blank_or_asked_for_in_words(question: Question) -> None:
    """Where the author requires an answer the page asks once more; else a blank is kept, and it says why."""
    if not question.asks:
        return
    for part in question.parts:
        question.required = True
        with pytest.raises(Wrong) as wrong:
            question.read(part, posted(question, part, {}))
        assert wrong.value.message.endswith((".", "?"))
        question.required = False
        answers = question.read(part, posted(question, part, {}))
        assert all(is_missing(value) and value["missing"] == "blank" for value in answers.values())
        assert part.key in answers or not question.stored


def test_what_no_page_could_have_sent_is_no_answer(question: Question) -> None:
    """Codes that were not offered are refused; a box that can be typed into only takes what it asks for."""
    for part in question.parts:
        for suffix, field in question.fields(part, say).items():
            many = field.field_class.__name__ == "SelectMultipleField"
            typed = field.field_class.__name__ in ("StringField", "PlainTextArea")
            if typed:
                continue
            for nonsense in ("99", "-1", "x", "1; drop table", "\x00", "١"):
                data = posted(question, part, {}) | {suffix: [nonsense] if many else nonsense}
                with pytest.raises(Tampered):
                    question.read(part, data)


def test_saying_nothing_is_kept_apart_by_its_reason(question: Question) -> None:
    ways = [("dk", question.dont_know, "dont_know"), ("skip", question.rather_not, "rather_not")]
    for part in question.parts:
        fields = question.fields(part, say)
        for sent, offered, reason in ways:
            for suffix in {"", "instead"} & set(fields):
                value = [sent] if fields[suffix].field_class.__name__ == "SelectMultipleField" else sent
                if fields[suffix].field_class.__name__ in ("StringField", "PlainTextArea"):
                    continue
                data = posted(question, part, {}) | {suffix: value}
                if not offered:
                    with pytest.raises(Tampered):
                        question.read(part, data)
                elif question.stored:
                    answers = question.read(part, data)
                    assert answers[part.key] == {"missing": reason}
                    assert reason in REASONS
                    assert posted(question, part, answers)[suffix] == value


def test_columns_hold_every_pretended_answer(question: Question) -> None:
    columns = question.columns()
    names = [column.name for column in columns]
    assert len(names) == len({name.casefold() for name in names})
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) for name in names)
    for answers in pretended(question):
        for column in columns:
            value = answers.get(column.key)
            if value is None or is_missing(value):
                continue
            cell = column.encode(value)
            if column.codes:
                assert cell in column.codes
            if column.type == "number":
                assert isinstance(cell, int | float)
            if column.type in ("text", "date"):
                assert isinstance(cell, str)


def test_a_stored_question_has_a_column_of_its_own_name(question: Question) -> None:
    own = [column for column in question.columns() if column.name == question.id]
    assert len(own) == (1 if question.asks and question.stored else 0)


def test_what_each_code_means_is_told_for_every_code_that_is_stored(question: Question) -> None:
    """Two versions are held against each other by it, whatever the kind."""
    for column in question.columns():
        if column.name == question.id and column.codes:
            assert dict(question.meanings) == dict(column.codes)
    for answers in pretended(question):
        value = answers.get(question.id)
        for code in value if isinstance(value, list) else [value]:
            assert not isinstance(code, int) or not question.meanings or code in question.meanings
    assert bool(question.meanings) == (
        bool(getattr(question, "options", None)) or question.kind in ("yes_no", "two_step")
    )


def test_numbers_stay_within_their_range(question: Question) -> None:
    limits = question.number_range
    for answers in pretended(question):
        value = answers.get(question.id)
        if value is None:
            continue
        number = question.number(value)
        assert (number is None) or (limits is not None and limits[0] <= number <= limits[1])
    assert question.number({"missing": "dont_know"}) is None


def test_answers_can_be_said_in_words(question: Question) -> None:
    for answers in pretended(question):
        words = question.show(answers, say)
        if question.id in answers and not is_missing(answers[question.id]):
            assert words
    assert question.show({}, say) is None
    assert question.show({question.id: {"missing": "blank"}}, say) is None
    assert question.show({question.id: {"missing": "dont_know"}}, say) == "I don’t know"


def test_every_wording_and_option_of_a_page_is_read_aloud(question: Question) -> None:
    heard = list(question.read_aloud(say))
    for part in question.parts:
        assert question.wording(part, say, {}) in heard
        form = type("One", (Form,), question.fields(part, say))()
        choices = [choice for field in form if field.type in ("RadioField", "SelectMultipleField") for choice in field]
        assert [choice.label.text for choice in choices if choice.label.text not in heard] == []
    assert all(text.strip() for text in heard)
    welsh = list(question.read_aloud(say_in("cy")))
    assert len(welsh) == len(heard), "text for text, so that one is the other's recording"
    question.audio = "wording.mp3"
    assert question.wording(question.parts[0], say, {}) not in question.read_aloud(say), "it has a file of its own"
    question.audio = None


def test_pretended_answers_follow_the_latent_value(question: Question) -> None:
    """Ratings of people with a high latent value are higher: else simulated effects could not be found again."""
    if not question.rated:
        return
    means = []
    for latent in (-1.5, 1.5):
        rng = random.Random(1)
        numbers = [question.number(question.pretend(Pretence(rng, latent=latent))[question.id]) for _ in range(400)]
        means.append(sum(number or 0 for number in numbers) / len(numbers))
    assert means[1] - means[0] > 0.5
