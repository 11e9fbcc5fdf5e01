"""A version that means something else by a question or a code is not published; other words for the same thing are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from survey.audit import LogFilter, entries
from survey.cli import main
from survey.config import Settings
from survey.database import Engine
from survey.definition.meaning import Differences, compare, same_words
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import read_questionnaire
from survey.fieldwork import current, published
from survey.fieldwork.publishing import publish_folder
from survey.problems import Refused
from tests.intake.cases import NOW, QUESTIONS, folder, publish_as_before, questionnaire, started

COFFEE, INSTRUMENT, A = QUESTIONS["coffee"], QUESTIONS["instrument"], QUESTIONS["a"]
NAMED = "or give the question a new name, such as "


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database in which version 1 is published."""
    made = started(f"sqlite:///{tmp_path}/case.sqlite", tmp_path / "study")
    yield made
    made.dispose()


def read(path: Path, text: str) -> Questionnaire:
    reading = read_questionnaire(folder(path, text) / "drinks.yaml")
    assert reading.questionnaire is not None, [str(problem) for problem in reading.problems]
    return reading.questionnaire


def compared(path: Path, **changes: str | None) -> Differences:
    """Return what is said of version 2 with these changes to version 1."""
    return compare([read(path, questionnaire())], read(path, questionnaire(2, **changes)))


def faults(path: Path, **changes: str | None) -> Mapping[str, str]:
    return compared(path, **changes).faults


# ---- what is refused -------------------------------------------------------------------------------------------


REFUSED: list[tuple[dict[str, str | None], str, str]] = [
    (
        {"instrument": INSTRUMENT.replace("Cello", "Viola")},
        "instrument",
        (
            "'instrument': option 2 was “Cello” in version 1 and is now “Viola”. Please put the earlier words back (if the new "
            'ones mean the same, write the earlier ones beside them: code: 2, label: "Viola", was: "Cello"), '
            f"{NAMED}instrument_v2."
        ),
    ),
    (
        {"coffee": COFFEE.replace("Keurig", "Pods")},
        "coffee",
        (
            "'coffee': option 3 was “Keurig” in version 1 and is now “Pods”. Please put the earlier words back (if the new ones "
            'mean the same, write the earlier ones beside them: code: 3, label: "Pods", was: "Keurig"), '
            f"{NAMED}coffee_v2."
        ),
    ),
    (
        {"coffee": COFFEE.replace("{code: 2, label: Espresso}, ", "")},
        "coffee",
        f"'coffee': option 2 (“Espresso”) of version 1 is gone. Please put back what is gone, {NAMED}coffee_v2.",
    ),
    (
        {"coffee": COFFEE.replace("{code: 2, label: Espresso}", "{code: 4, label: Filter}").replace("Keurig", "Pods")},
        "coffee",
        (
            "'coffee': option 2 (“Espresso”) of version 1 is gone and option 3 was “Keurig” in version 1 and is now “Pods”. "
            "Please put back what is gone and put the earlier words back (if the new ones mean the same, write the earlier "
            f'ones beside them: code: 3, label: "Pods", was: "Keurig"), {NAMED}coffee_v2.'
        ),
    ),
    (
        {"turned": "{question: turned, kind: short_text, ask: How many years?}"},
        "turned",
        (
            "'turned' was of kind number in version 1 and is now of kind short_text, so its column would hold two sorts of "
            f"answers. Please put the kind back, {NAMED}turned_v2."
        ),
    ),
    (
        {"instrument": INSTRUMENT.replace("choice", "several")},
        "instrument",
        (
            "'instrument' was of kind choice in version 1 and is now of kind several, so its column would hold two sorts of "
            f"answers. Please put the kind back, {NAMED}instrument_v2."
        ),
    ),
    (
        {"hours": QUESTIONS["hours"].replace("unit: hours", "unit: minutes")},
        "hours",
        (
            "'hours' was counted in 'hours' in version 1 and is now counted in 'minutes'. Please put the unit back, "
            f"{NAMED}hours_v2."
        ),
    ),
    (
        {"a": A.replace("agree3", "[{code: 1, label: Not true}, {code: 2, label: Somewhat true}]")},
        "a",
        f"'a': option 3 (“Very true”) of version 1 is gone. Please put back what is gone, {NAMED}a_v2.",
    ),
    (
        {
            "a": A.replace(
                "agree3",
                "[{code: 1, label: Not true}, {code: 2, label: Somewhat true}, {code: 3, label: Very true}, "
                "{code: 4, label: Completely true}]",
            )
        },
        "a",
        (
            "'a' had the points 1 to 3 in version 1 and now has 1 to 4, so scores could not be compared. Please put the points "
            f"back, {NAMED}a_v2."
        ),
    ),
    (
        {"phone": None, "mobile": "{question: mobile, kind: short_text, ask: Which number do you  have?}"},
        "mobile",
        (
            "'mobile' has the words and the answers of 'phone' of version 1, which has been removed, so answers to "
            "one question would be in two columns. Please name it 'phone' again, or word it differently if it is "
            "another question."
        ),
    ),
    (
        {"coffee": None, "coffee_3": "{question: coffee_3, kind: yes_no, ask: Do you like it?}"},
        "coffee_3",
        (
            "'coffee_3' would have the column coffee_3, which holds answers to 'coffee' of version 1. Please give the question, "
            "or its option, another name or code."
        ),
    ),
]


@pytest.mark.parametrize(("changes", "id", "sentence"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_means_something_else_is_refused_with_what_to_do(
    tmp_path: Path, changes: dict[str, str | None], id: str, sentence: str
) -> None:
    assert faults(tmp_path, **changes) == {id: sentence}


def test_a_new_name_answers_each_of_them(tmp_path: Path) -> None:
    for changes, id, _ in REFUSED:
        text = changes.get(id)
        if text is None or id in ("mobile", "coffee_3"):
            continue
        renamed = text.replace(f"question: {id}", f"question: {id}_v2")
        assert faults(tmp_path, **{**changes, id: None, f"{id}_v2": renamed}) == {}


# ---- what is not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"instrument": INSTRUMENT.replace("{code: 8", "{code: 3, label: Flute}, {code: 8")},
        {"instrument": INSTRUMENT.replace("Cello", "cello.")},
        {"instrument": INSTRUMENT.replace("Which instrument?", "Which instrument do you play?")},
        {"instrument": INSTRUMENT.replace("choice", "frequency").replace(", other: yes", "")},
        {"turned": QUESTIONS["turned"].replace("90", "99")},
        {"phone": None},
        {"phone": None, "mobile": "{question: mobile, kind: short_text, ask: Which mobile number do you have?}"},
        {"again": "{question: again, kind: short_text, ask: Which number do you have?}"},
        {"coffee": COFFEE.replace("Keurig}", "Pods, was: Keurig}")},
    ],
    ids=["nothing", "added", "typed", "reworded", "kind", "range", "gone", "another", "copied", "was"],
)
def test_what_means_the_same_is_published(tmp_path: Path, changes: dict[str, str | None]) -> None:
    assert faults(tmp_path, **changes) == {}


def test_what_only_reads_differently_is_told(tmp_path: Path) -> None:
    changes = {
        "instrument": INSTRUMENT.replace("Which instrument?", "Which instrument do you play?"),
        "coffee": COFFEE.replace("Keurig}", "Pods, was: Keurig}"),
    }
    assert compared(tmp_path, **changes).told == [
        "'coffee': option 3 was “Keurig” in version 1, and means the same.",
        "'instrument' has new wording. In version 1 it was “Which instrument?”.",
    ]


def test_earlier_words_that_are_not_those_of_the_version_before_are_no_excuse(tmp_path: Path) -> None:
    assert list(faults(tmp_path, coffee=COFFEE.replace("Keurig}", "Pods, was: Espresso}"))) == ["coffee"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Don’t know", "don't  know.", True),
        ("5–10", "5-10", True),
        ("5+", "5", False),
        ("< 5", "> 5", False),
        ("1.5", "15", False),
        ("Not at all", "Not at all!", False),
    ],
)
def test_small_corrections_are_the_same_words(one: str, other: str, same: bool) -> None:
    assert same_words(one, other) is same


# ---- several versions ------------------------------------------------------------------------------------------


def test_a_code_that_was_retired_keeps_its_meaning(tmp_path: Path) -> None:
    """An older Chorus let option 2 go; nothing else may take its place, though the version before does not have it."""
    first = read(tmp_path, questionnaire())
    second = read(tmp_path, questionnaire(2, coffee=COFFEE.replace("{code: 2, label: Espresso}, ", "")))
    third = read(tmp_path, questionnaire(3, coffee=COFFEE.replace("Espresso", "Latte")))
    (fault,) = compare([first, second], third).faults.values()
    assert "option 2 was “Espresso” in version 1 and is now “Latte”" in fault
    assert compare([first, second], read(tmp_path, questionnaire(3))).faults == {}


def test_what_went_wrong_between_older_versions_is_not_asked_about_again(tmp_path: Path) -> None:
    changes = {
        "instrument": INSTRUMENT.replace("Cello", "Viola"),
        "turned": "{question: turned, kind: short_text, ask: How many years?}",
    }
    first, second = read(tmp_path, questionnaire()), read(tmp_path, questionnaire(2, **changes))
    assert compare([second, first], read(tmp_path, questionnaire(3, **changes))).faults == {}


# ---- publishing ------------------------------------------------------------------------------------------------

WORSE = {
    "coffee": COFFEE.replace("{code: 2, label: Espresso}", "{code: 4, label: Filter}").replace("Keurig", "Pods"),
    "instrument": INSTRUMENT.replace("Cello", "Viola"),
    "turned": "{question: turned, kind: short_text, ask: How many years?}",
    "a": A.replace("agree3", "[{code: 1, label: Not true}, {code: 2, label: Very true}]"),
}
"""One version that does everything wrong at once."""

BETTER = {
    "coffee": COFFEE.replace("{code: 8", "{code: 4, label: Filter}, {code: 8").replace("Keurig}", "Pods, was: Keurig}"),
    "instrument": INSTRUMENT.replace("{code: 8", "{code: 3, label: Viola}, {code: 8"),
    "turned": None,
    "turned_v2": "{question: turned_v2, kind: short_text, ask: How many years?}",
    "a": None,
    "a_v2": A.replace("question: a,", "question: a_v2,").replace(
        "agree3", "[{code: 1, label: No}, {code: 2, label: Yes}]"
    ),
}
"""The same wishes, put right as the sentences say."""


def test_publishing_refuses_with_one_sentence_for_each_question_and_keeps_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        publish_folder(engine, folder(tmp_path / "study", questionnaire(2, **WORSE)), NOW)
    *reasons, last = refused.value.reasons
    assert [reason.split("'")[:2] for reason in reasons] == [
        ["drinks: ", id] for id in ("coffee", "instrument", "turned", "a")
    ]
    assert last == "Nothing was published, because the meaning of answers already given would change."
    assert [one.version for one in published(engine, 1)] == [1]
    assert len(list(entries(engine, LogFilter(what="published the study")))) == 1


def test_the_same_wishes_put_right_are_published(engine: Engine, tmp_path: Path) -> None:
    done = publish_folder(engine, folder(tmp_path / "study", questionnaire(2, **BETTER)), NOW)
    assert [one.version for one in published(engine, 1)] == [1, 2]
    assert done.versions[0].told[-1] == "'coffee': option 3 was “Keurig” in version 1, and means the same."
    (entry, _) = entries(engine, LogFilter(what="published the study"))
    assert entry.details == {"new": 1}


def test_a_version_that_is_there_stays_as_an_older_chorus_let_it(engine: Engine, tmp_path: Path) -> None:
    publish_as_before(engine, tmp_path / "study", questionnaire(2, **WORSE))
    done = publish_folder(engine, folder(tmp_path / "study", questionnaire(2, **WORSE)), NOW)
    assert [(one.version, one.new) for one in done.versions] == [(2, False)]
    (entry, *_) = entries(engine, LogFilter(what="published the study"))
    assert entry.details == {"new": 0}, (
        "what was there already was counted as new when the count was read from sentences"
    )
    assert len(current(engine, 1)) == 1


def test_the_command_says_the_same_sentences(tmp_path: Path) -> None:
    environment = {"CHORUS_INSTANCE": str(tmp_path / "instance")}
    started(Settings.from_environment(environment).database_url, tmp_path / "study").dispose()
    there = folder(tmp_path / "study", questionnaire(2, instrument=INSTRUMENT.replace("Cello", "Viola")))
    run = CliRunner().invoke(main, ["publish", str(there)], env=environment)
    assert run.exit_code == 1
    assert "drinks: 'instrument': option 2 was “Cello” in version 1 and is now “Viola”." in run.output
