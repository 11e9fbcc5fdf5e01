import pytest

from survey.definition.binding import bind
from survey.definition.questionnaire import Questionnaire
from survey.kinds import KINDS
from tests.language.examples import AROUND, filled
from tests.language.manual import MANUAL, manual


def test_the_manual_is_current():
    assert MANUAL.read_text(encoding="utf-8") == manual(), "please run: python -m tests.language"


def test_the_manual_describes_every_kind():
    text = manual()
    for name in KINDS:
        assert f"### {name}\n" in text


@pytest.mark.parametrize("name", KINDS)
def test_every_kinds_example_is_free_of_errors(name, tmp_path):
    from survey.definition.checking import check
    from survey.problems import errors

    kind = KINDS[name]
    indented = kind.example.strip().replace("\n", "\n        ")
    extra = "      - {question: last, kind: yes_no, ask: Is that all?}\n"
    text = f"pages:\n  - page: one\n    questions:\n      - {indented}\n{extra}"
    if not kind.for_adults or name == "practice":
        head = "audience: pupil\nreader: {age: 6}\nassent: {ask: Do you?, yes: 'Yes', no: 'No', declined: Fine.}\n"
        text = head + text
    path = tmp_path / "sample.yaml"
    path.write_text(filled(text, AROUND), encoding="utf-8")
    assert errors(check(path)) == []


def test_stand_ins_are_only_for_looking():
    """A file whose top is missing still gets its questions checked, but is never handed out."""
    from survey.definition.source import parse_source

    root = parse_source(b"pages:\n  - page: one\n    questions: [{question: a, kind: yes_no, ask: Hm?}]\n", "x").root
    stand_ins = {"questionnaire": "x", "version": 1, "title": "x", "audience": "staff", "reader": {"age": 18}}
    bound = bind(root, Questionnaire, "x", {**stand_ins, "languages": ["en"]})
    assert bound.model is not None
    assert bound.guessed == {"questionnaire", "version", "title", "audience", "reader", "languages"}
    assert len(bound.problems) == 6
