"""The script for reading aloud: the words of the screen, the same for everyone, on one sheet."""

from __future__ import annotations

from survey.paper.aloud import script_of
from tests.published import SHIPPED


def test_every_question_and_answer_of_the_screen_is_in_the_script_in_order() -> None:
    script = script_of(SHIPPED.questionnaires["pupil-ks2"], "en")
    questions = [one for group in script.groups for one in group.questions]
    assert [one.number for one in questions] == sorted(one.number for one in questions)
    assert {one.number for one in questions} == set(range(1, len(SHIPPED.questionnaires["pupil-ks2"].questions) + 1))
    assert script.always == ("I don’t know", "I don’t want to say"), "said once, not with each question"
    singing = next(one for one in questions if one.wording == "How much do you like to sing at school?")
    assert singing.answers == ("Not at all", "A little bit", "Quite a bit", "A lot", "I love it")
    assert not singing.practice
    assert not singing.some
    assert questions[0].practice


def test_questions_with_the_same_answers_stand_together_and_rests_between_them() -> None:
    script = script_of(SHIPPED.questionnaires["pupil-ks2"], "en")
    for group in script.groups:
        assert len({(one.hint, one.answers) for one in group.questions}) <= 1
    assert [not group.questions for group in script.groups].count(True) == 2, "a rest after every eight ratings"


def test_what_not_everyone_gets_is_marked_and_a_gap_says_what_the_author_wrote_for_it() -> None:
    script = script_of(SHIPPED.questionnaires["pupil-ks2"], "en")
    some = [one.wording for group in script.groups for one in group.questions if one.some]
    assert "Your instrument: how long have you played it?" in some
    steps = script_of(SHIPPED.questionnaires["pupil-ks1"], "en")
    second = [one for group in steps.groups for one in group.questions if one.number == 7]
    assert [one.some for one in second] == [False, True, True], "the second step depends on the first"
    assert [one.answers for one in second] == [
        ("No", "Yes"), ("Not good at all", "Not very good"), ("Quite good", "Very good")
    ], "each step in words of its own, the negative one first"  # fmt: skip
    hints = [one.hint for group in script.groups for one in group.questions]
    assert sum(hint.endswith("Do not write names.") for hint in hints) == 3, "where there is a box to type in"


def test_the_script_is_in_the_language_of_the_questionnaire() -> None:
    script = script_of(SHIPPED.questionnaires["pupil-ks2"], "cy")
    assert script.say("Say first") == "Dywedwch yn gyntaf"
    assert script.groups[0].first.wording.startswith("Sut mae dy ben-blwydd")
