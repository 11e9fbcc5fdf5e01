"""Files that are large or deep in one direction are checked soon, and their conditions are still understood."""

import time

import pytest

from survey.definition.checking import check

pytestmark = pytest.mark.slow

HEAD = """questionnaire: large
version: 1
title: Large
audience: staff
reader: {age: 18}
languages: [en]
free_text: {read: no}
"""
QUICKLY = 60.0
"""Seconds of work that none needs, on however slow a machine: what grows with the square takes hours."""


def told(tmp_path, text: str) -> list[str]:
    path = tmp_path / "large.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    started = time.process_time()
    problems = check(path)
    assert time.process_time() - started < QUICKLY
    return [f"{p.line}: {p.message}" for p in problems if not p.advice]


def chained(count: int, last: str = "yes") -> str:
    """Each question hangs on a yes to the one before; the last one on `last` as its answer."""
    lines = ["      - {question: q0, kind: yes_no, ask: Do you sing?}"]
    for n in range(1, count):
        answer = last if n == count - 1 else "yes"
        lines.append(f"      - {{question: q{n}, kind: yes_no, ask: Do you sing?, when: {{q{n - 1}: {answer}}}}}")
    return "pages:\n  - page: one\n    questions:\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("count", [330, 1000])
def test_questions_may_hang_on_each_other_in_a_long_chain(tmp_path, count):
    assert told(tmp_path, chained(count)) == []


def test_a_contradiction_at_the_far_end_of_a_chain_is_found(tmp_path):
    extra = "      - {question: z, kind: yes_no, ask: Do you?, when: {all: [{q299: yes}, {q0: no}]}}\n"
    (message,) = told(tmp_path, chained(300) + extra)
    assert "'z' can never be asked" in message
    assert "exclude each other" in message


def test_thousands_of_unknown_keys_are_told_soon(tmp_path):
    keys = "".join(f"        word{n}: x\n" for n in range(4000))
    messages = told(
        tmp_path,
        f"pages:\n  - page: one\n    questions:\n      - question: q\n        kind: yes_no\n        ask: Hm?\n{keys}",
    )
    assert 1 <= len(messages) <= 201
    top = "".join(f"word{n}: x\n" for n in range(4000))
    assert 1 <= len(told(tmp_path, top)) <= 201


@pytest.mark.parametrize("depth", [10, 28, 29, 31, 200, 5000])
def test_conditions_within_conditions_are_read_or_refused(tmp_path, depth):
    when = "{not: " * depth + "{a: yes}" + "}" * depth
    messages = told(
        tmp_path,
        "pages:\n  - page: one\n    questions:\n      - {question: a, kind: yes_no, ask: Do you?}\n"
        f"      - {{question: b, kind: yes_no, ask: Do you?, when: {when}}}\n",
    )
    assert messages == [] if depth < 25 else all("deep" in message for message in messages)


def test_one_list_of_thousands_of_options_and_one_scale_of_thousands_of_items(tmp_path):
    options = "".join(f"    - {{code: {n}, label: Option {n}}}\n" for n in range(1, 3001))
    questions = "".join(f"      - {{question: q{n}, kind: rating, ask: Hm?, options: many}}\n" for n in range(1000))
    items = ", ".join(f"q{n}" for n in range(1000))
    text = f"options:\n  many:\n{options}pages:\n  - page: one\n    questions:\n{questions}"
    scale = f"scales:\n  - {{scale: s, title: S, items: [{items}], score: mean, direction: Up, source: Own}}\n"
    told(tmp_path, text + scale)
