"""Earlier answers in a wording

A wording can repeat an earlier answer, or a fact of the roster.
"""

import pytest

from survey.definition.bundle import Bundle
from survey.definition.reading import read_folder
from survey.definition.wording import UnreadableWording, facts_in_words, fill, gaps, pieces
from survey.wording import say_in
from tests.language.examples import AROUND, STUDY_AROUND, filled, folder_of, good, good_study, told, told_study


def test_an_earlier_answer():
    """`{instrument|your instrument}` becomes the label of the answer. The words after the bar are shown if there is no
    answer; they are always needed. A text that begins with a brace goes in quotes."""
    example = """
pages:
  - page: one
    questions:
      - question: instrument
        kind: choice
        ask: Which instrument do you play?
        options: [{code: 1, label: the violin}, {code: 2, label: the drum}]
      - question: years
        kind: number
        ask: How many years have you played {instrument|your instrument}?
        min: 0
        max: 80
"""
    text = good(example).question("years").ask
    assert fill(text, {"instrument": "the drum"}, {}) == "How many years have you played the drum?"
    assert fill(text, {}, {}) == "How many years have you played your instrument?"


def test_a_fact_of_the_roster():
    """`{roster.school|your school}` uses a fact. School, class, programme and performance are always known. To show a
    brace, write two: `{{`."""
    example = """
thanks: "Thank you from {roster.school|your school}. {{sic}}"
"""
    text = good(example).thanks
    assert fill(text, {}, {"school": "Hill Primary"}) == "Thank you from Hill Primary. {sic}"
    assert fill(text, {}, {"school": ""}) == "Thank you from your school. {sic}"


STUDY = """
facts:
  - {fact: instrument, title: Instrument, kind: code, codes: {1: violin, 2: drum}}
  - {fact: leads, title: Leads music, kind: yes_no}
"""
ASKED = """
pages:
  - page: one
    questions:
      - {question: still, kind: yes_no, ask: "You played {roster.instrument|something}. Do you still?"}
"""


def test_what_a_fact_is_called():
    """A fact with codes is shown by their labels in `study.yaml`; yes and no are shown in the reader's language. `facts`
    at the top of a questionnaire gives other words for each code. They are translated like any text, and are needed if
    the questionnaire is in a different language from the study."""
    example = """
facts:
  instrument: {1: the violin, 2: the drum}
  leads: {yes: music lead, no: member of staff}
thanks: "Thank you as a {roster.leads|member of staff}."
"""
    own = good_study(STUDY, example + ASKED).questionnaires["sample"]
    said = facts_in_words({"instrument": "2", "leads": True, "hours": 3.0}, own.facts, say_in("en"))
    assert fill(own.question("still").ask, {}, said) == "You played the drum. Do you still?"
    assert fill(own.thanks, {}, said) == "Thank you as a music lead."
    assert said["hours"] == "3"
    # Without words of its own, the questionnaire is published with the study's.
    reading = good_study(STUDY, ASKED)
    assert reading.questionnaires["sample"].facts == {"instrument": {"1": "violin", "2": "drum"}}
    published = Bundle.parse(Bundle.of(reading.readings["sample"].data, {}).text)
    said = facts_in_words({"instrument": "1"}, published.facts, say_in("en"))
    assert fill(published.question("still").ask, {}, said) == "You played violin. Do you still?"


@pytest.mark.parametrize(("language", "yes"), [("en", "Yes"), ("cy", "Ie"), ("pl", "Tak"), ("ur", "ہاں")])
def test_yes_and_dates_and_numbers_are_said_as_people_say_them(language, yes):
    said = facts_in_words(
        {"a": True, "b": False, "c": 2.5, "d": "2024-09-01", "e": "", "f": None, "g": 0}, {}, say_in(language)
    )
    assert said["a"] == yes
    assert said["b"] not in ("False", "0")
    assert (said["c"], said["d"], said["g"]) == ("2.5", "01/09/2024", "0")
    assert said.keys() == {"a", "b", "c", "d", "g"}


def test_words_for_facts_are_those_of_the_study():
    assert told_study(STUDY, "facts: {instrument: {1: violin, 3: harp}, drum: {1: x}}" + ASKED) == [
        "'facts' has no words for '2' of 'instrument'. Please add them",
        "fact 'instrument' has no code '3'. Its codes are '1' and '2'. Please change it",
        "'facts' uses the roster fact 'drum', which the study does not have. Please add it under 'facts' in study.yaml.",
    ]


def test_a_study_in_another_language_has_no_words_for_the_questionnaire():
    (message,) = told_study(STUDY + "language: cy", ASKED)
    assert message.startswith("'{roster.instrument|…}' would be shown in the study's language, cy.")
    assert message.endswith("facts: {instrument: {1: …, 2: …}}")


def test_a_translation_says_facts_in_its_own_words():
    welsh = (
        "questionnaire: sample\nlanguage: cy\nreviewed: yes\ntitle: Chi\nintroduction: Gofyn.\ndata_use: Cadw.\n"
        "contact: Gofynnwch.\nconsent: {ask: Iawn?, 'yes': Ydw, 'no': Na, declined: Diolch.}\n"
        'questions: {still: {ask: "Roeddech yn chwarae {roster.instrument|rhywbeth}."}}\n'
    )
    source = filled("languages: [en, cy]" + ASKED, AROUND)
    folder = folder_of(study=filled(STUDY, STUDY_AROUND), sample=source, sample_cy=welsh)
    (problem,) = read_folder(folder).problems
    assert problem.file == "sample.cy.yaml"
    assert problem.message == (
        "fact 'instrument' is not translated into 'cy'. Every text of the source needs a translation. "
        "Please add it with '1' and '2'"
    )
    (folder / "sample.cy.yaml").write_text(welsh + "facts: {instrument: {1: ffidil, 2: drwm}}\n", encoding="utf-8")
    reading = read_folder(folder)
    assert reading.problems == []
    data, translations = reading.readings["sample"].data, reading.readings["sample"].translations
    published = Bundle.parse(Bundle.of(data, translations).text).in_language("cy")
    said = facts_in_words({"instrument": "1"}, published.facts, say_in("cy"))
    assert fill(published.question("still").ask, {}, said) == "Roeddech yn chwarae ffidil."


def test_texts_that_are_the_same_for_all_repeat_nothing():
    """Labels of options, units and the contact are the same for everyone: nothing can be repeated there."""
    example = """
contact: Ask {roster.school|your school}.
"""
    (message,) = told(example)
    assert message.startswith("'{roster.school|…}' is in a text that is the same for everyone.")


def test_only_what_is_known_by_then():
    """A wording can only repeat what was asked before it. Texts before the first question can only use the roster."""
    example = """
introduction: You said {sings|nothing}.
"""
    assert told(example) == [
        (
            "'{sings|…}' is filled from 'sings', which is asked only later. "
            "Please move that question up, or use an earlier one"
        )
    ]


def test_what_was_typed_is_text_and_no_wording():
    """What a respondent typed is shown as it was typed: braces in it mean nothing."""
    example = """
thanks: Thank you, {song|singer}.
pages:
  - page: one
    questions:
      - {question: song, kind: short_text, ask: What do you sing?}
"""
    assert fill(good(example).thanks, {"song": "{song|x} <b>"}, {}) == "Thank you, {song|x} <b>."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no gaps", ["no gaps"]),
        ("{a|b}", ["a", "b"]),
        ("{ a | b c }!", ["a", "b c", "!"]),
        ("{{a|b}}", ["{a|b}"]),
        ("{a|b}}", ["a", "b", "}"]),
        ("a } b", ["a } b"]),
        ("{roster.x|y}{q.other|z}", ["roster.x", "y", "q.other", "z"]),
        ("", []),
    ],
)
def test_pieces(text, found):
    flat = []
    for piece in pieces(text):
        flat += [piece] if isinstance(piece, str) else [piece.name, piece.fallback]
    assert flat == found


@pytest.mark.parametrize("text", ["{a}", "{a|}", "{a| }", "{a", "{", "{a b|c}", "{a|b|c}", "{|b}", "{a|{b|c}}"])
def test_braces_that_cannot_be_read(text):
    with pytest.raises(UnreadableWording):
        gaps(text)
