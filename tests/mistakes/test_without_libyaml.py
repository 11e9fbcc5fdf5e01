"""PyYAML without libyaml words its errors differently; authors hear the same."""

import pytest
import yaml

from survey.definition import source

CASES = {
    "ask: Note: sing\n": "a colon and a space inside a sentence",
    "a:\n\tb: c\n": "this line begins with a tab",
    'a: "never closed\n': "and not closed",
    'a: "closed by the next\nb: "one"\n': "and not closed",
    "- {a: 'left open, b: c}\n- {a: 'd'}\n": "and not closed",
    'a: "left open\nb: c\nd: "\n': "and not closed",
    "a: 'it's here'\n": "ends before this word",
    "a: [1, 2\nb: c\n": "never closed",
    "a: {b: 1]\n": "closes what",
    "a: {b|c} is here\n": "begins with a brace",
    "a:\n    b: c\n  d: e\n": "is not in line with",
    "a: b\n  c: d\n": "indented further",
    "a: b\n- c\n": "a list begins here",
    "a: - c\n": "a list begins here",
    "a: @home\n": "'@' cannot begin",
    "a: `home`\n": "'`' cannot begin",
    "a: %home\n": "'%' cannot begin",
    "a: * home\n": "'*' cannot begin",
    "a: & home\n": "'&' cannot begin",
    "a: b\nccc\nd: e\n": "has no colon",
    "a:b\nc: d\n": "no space after the colon",
    'a: "\\q"\n': "a backslash",
    "a: > abc\n  x\n": "on the same line",
    "a: x\n}\n": "closes a group",
    "a: b\n---\nc: d\n": "second document",
    "a: *home\n": "refers to text in another place",
    "a: !home x\n": "a tag of YAML",
    "a: b\na: c\n": "for the second time",
}


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("text", CASES)
def test_syntax_is_explained_with_both_parsers(monkeypatch, loader, text):
    monkeypatch.setattr(source, "_Loader", getattr(yaml, loader))
    problems = source.parse_source(text.encode(), "any.yaml").problems
    assert CASES[text] in problems[0].message


def test_a_question_mark_within_braces_is_explained_without_libyaml(monkeypatch):
    text = b"consent: {ask: Do you agree?, no: nothing}\n"
    assert source.parse_source(text, "any.yaml").problems == []
    monkeypatch.setattr(source, "_Loader", yaml.SafeLoader)
    (problem,) = source.parse_source(text, "any.yaml").problems
    assert (problem.line, problem.column) == (1, 28)
    assert "question mark" in problem.message
