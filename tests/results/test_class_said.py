"""What a class said, in words: true of the answers, and never so exact that a child's answer can be worked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from survey.definition.reading import read_folder
from survey.results.class_said import ClassSummary, SaidTogether, class_summary
from tests.export.sample import Response

FOLDER = Path(__file__).parents[2] / "questionnaires"
KS2 = read_folder(FOLDER).questionnaires["pupil-ks2"]
LIKE, MIDDLE, DISLIKE = 5, 3, 1
"""Answers to “How much do you like to sing at school?”, whose upper two are “A lot” and “I love it”."""


def said(*answers: object, threshold: int = 5, **more: object) -> ClassSummary:
    """Return what a class said of whom each child gave one of these answers to `enjoy_singing`."""
    class_ = [Response(f"r{n}", {"enjoy_singing": answer}, sha256="now") for n, answer in enumerate(answers)]
    return class_summary(class_, {"now": KS2}, KS2, threshold)  # type: ignore[arg-type]


def singing(summary: ClassSummary) -> SaidTogether | None:
    return next((one for one in summary.said if one.id == "enjoy_singing"), None)


@pytest.mark.parametrize(
    ("likes", "of", "how_many"),
    [(24, 24, "most"), (16, 24, "most"), (15, 24, "half"), (9, 24, "half"), (8, 24, "few"), (0, 24, "few")],
)
def test_two_thirds_are_most_and_a_third_is_few(likes: int, of: int, how_many: str) -> None:
    one = singing(said(*[LIKE] * likes, *[MIDDLE] * (of - likes)))
    assert one is not None
    assert (one.how_many, one.answers) == (how_many, "“A lot” or “I love it”")
    assert one.question == "How much do you like to sing at school?"


@pytest.mark.parametrize("threshold", [3, 5, 10])
def test_few_and_most_always_leave_open_whether_it_was_no_one_and_everyone(threshold: int) -> None:
    """What the words say holds for at least as many counts as are small, so no small count can be worked out."""
    for count in range(1, 60):
        words = [singing(said(*[LIKE] * n, *[DISLIKE] * (count - n), threshold=threshold)) for n in range(count + 1)]
        if words[0] is None:
            assert set(words) == {None}, "whether a class is large enough has nothing to do with what it said"
            continue
        shares = [one.how_many for one in words if one is not None]
        few = min(threshold, 5)
        assert shares.count("few") >= few
        assert shares.count("most") >= few
        assert count >= 3 * (few - 1)


def test_who_gave_no_answer_has_not_finished_or_had_other_answers_to_choose_from_does_not_count() -> None:
    likes = [Response(f"r{n}", {"enjoy_singing": LIKE}, sha256="now") for n in range(11)]
    others = [
        Response("a", {"enjoy_singing": {"missing": "dont_know"}}, sha256="now"),
        Response("b", {}, sha256="now"),
        Response("c", {"enjoy_singing": LIKE}, state="stopped", sha256="now"),
        Response("d", {"enjoy_singing": LIKE}, sha256="other"),
    ]
    versions = {"now": KS2, "other": read_folder(FOLDER).questionnaires["staff"]}
    before = class_summary([*likes, *others], versions, KS2, 5)  # type: ignore[arg-type]
    assert (before.finished, before.fewest, singing(before)) == (14, 12, None)
    after = class_summary([*likes, likes[0], *others], versions, KS2, 5)  # type: ignore[arg-type]
    assert singing(after) is not None


def test_the_class_sees_what_most_or_half_of_it_chose_of_the_questions_that_the_study_names() -> None:
    answers = {"enjoy_singing": MIDDLE, "enjoy_playing": LIKE, "enjoy_listening": DISLIKE, "safe_school": 1}
    half = answers | {"enjoy_singing": LIKE}
    class_ = [Response(f"r{n}", half if n % 2 else answers, sha256="now") for n in range(20)]
    summary = class_summary(class_, {"now": KS2}, KS2, 5)  # type: ignore[arg-type]
    shown = summary.for_the_class(["enjoy_singing", "enjoy_playing", "enjoy_listening", "want_show"])
    assert [(one.id, one.how_many) for one in shown] == [("enjoy_playing", "most"), ("enjoy_singing", "half")]
    assert summary.for_the_class([]) == []
    assert [title for title, _ in summary.by_share()] == ["Most", "About half", "Few or none"]
