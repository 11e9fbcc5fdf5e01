"""Several languages

Each language except the first has a file of its own beside the questionnaire: `sample.cy.yaml` for Welsh. A translator
works on one file; codes and names never change.
"""

import pytest

from survey.definition.bundle import Bundle
from survey.definition.checking import check
from survey.definition.recordings import name_of
from survey.problems import errors
from survey.question import missing
from survey.wording import direction
from tests.language.examples import AROUND, bundled, filled, folder_of, good, told

SOURCE = """
languages: [en, cy, ur]
thanks: Thank you.
consent:
  ask: Do you agree?
  lines:
    - {text: You can stop at any time.}
    - {text: We keep no names.}
  yes: I agree
  no: I do not agree
  declined: Thank you.
options:
  much2: [{code: 1, label: A little}, {code: 2, label: A lot}]
pages:
  - page: singing
    title: Singing
    questions:
      - {question: sings, kind: rating, ask: How much do you sing?, hint: At home., options: much2}
      - question: where
        kind: choice
        ask: Where do you sing?
        options: [{code: 1, label: Home}, {code: 2, label: School}]
      - grid: views
        kind: rating
        ask: How much is it?
        options: much2
        statements:
          - {question: loud, ask: Singing loudly}
scales:
  - {scale: joy, title: Joy, items: [sings, loud], score: mean, direction: Higher is more, source: Own wording}
"""

WELSH = """
questionnaire: sample
language: cy
reviewed: yes
title: Cerddoriaeth a chi
introduction: Rydym yn gofyn am gerddoriaeth.
data_use: Cedwir atebion heb enwau.
contact: Gofynnwch i’r tîm.
thanks: Diolch.
consent:
  ask: Ydych chi’n cytuno?
  lines: {1: Cewch stopio unrhyw bryd., 2: Nid ydym yn cadw enwau.}
  yes: Rwy’n cytuno
  no: Nid wyf yn cytuno
  declined: Diolch yn fawr.
options:
  much2: {1: Ychydig, 2: Llawer}
pages:
  singing: {title: Canu}
questions:
  sings: {ask: Faint ydych chi’n canu?, hint: Gartref.}
  where: {ask: Ble ydych chi’n canu?, options: {1: Gartref, 2: Yn yr ysgol}}
  loud: {ask: Canu’n uchel}
grids:
  views: {ask: Faint yw?}
"""
URDU = WELSH.replace("language: cy", "language: ur").replace("Diolch.", "شکریہ۔")


def test_a_translation():
    """The file lists the texts of its source by name, not by position: questions by their names, options by
    their codes, lines by 1, 2, 3. What only researchers read (`note`, titles of scales) is not translated."""
    example = WELSH
    welsh = good(SOURCE, cy=example, ur=URDU).in_language("cy")
    assert (welsh.language, welsh.title, welsh.thanks) == ("cy", "Cerddoriaeth a chi", "Diolch.")
    assert welsh.assent.lines[1].text == "Nid ydym yn cadw enwau."
    assert welsh.pages[0].title == "Canu"
    assert welsh.question("sings").hint == "Gartref."
    assert welsh.question("where").labels == {1: "Gartref", 2: "Yn yr ysgol"}
    assert welsh.question("loud").labels == {1: "Ychydig", 2: "Llawer"}
    assert welsh.question("loud").stem == "Faint yw?"
    assert welsh.scales[0].title == "Joy"


def test_every_text_is_translated():
    """In the translated questionnaire, no words of the source are left; translated back, it is the source again."""
    source = good(SOURCE, cy=WELSH, ur=URDU)
    welsh, urdu = source.in_language("cy"), source.in_language("ur")
    words = {place.key: place.text for place in source.texts()}
    assert len(words) == 21
    assert all(place.text != words[place.key] for place in welsh.texts())
    assert welsh.in_language("en") is source
    assert welsh.in_language("ur") is urdu
    assert source.in_language("cy") is welsh
    with pytest.raises(KeyError):
        source.in_language("pl")
    assert [question.columns()[0].name for question in welsh.questions] == ["sings", "where", "loud"]


def test_right_to_left():
    """Arabic, Farsi, Hebrew, Urdu and similar languages run from right to left; you do not have to do anything for this."""
    source = good(SOURCE, cy=WELSH, ur=URDU)
    assert direction(source.in_language("ur").language) == "rtl"
    assert direction(source.in_language("cy").language) == "ltr"


def test_gaps_and_extras():
    """A questionnaire with a missing text cannot be published. The message gives the place where the line has to go, and
    says what to translate. A name that is spelt differently in the two files is reported once, where it is wrong."""
    example = """
grids:
  vews: {ask: Faint yw?}
"""
    written = "grids:\n  views: {ask: Faint yw?}\n"
    assert told(SOURCE, cy=WELSH.replace(written, example.lstrip()), ur=URDU) == [
        "no grid of the source is called 'vews'. Did you mean 'views'?"
    ]
    assert told(SOURCE, cy=WELSH.replace(written, ""), ur=URDU) == [
        "grid 'views' is not translated into 'cy'. Every text of the source needs a translation. Please add it with 'ask'"
    ]
    assert told(SOURCE, cy=WELSH.replace("hint: Gartref.", "hnt: Gartref."), ur=URDU) == [
        "'hnt' of question 'sings' is not a text of the source. Did you mean 'hint'?"
    ]


def test_a_machine_is_no_reviewer():
    """`reviewed: no` marks a translation that no speaker of the language has read. The checker reminds you until
    someone has."""
    example = """
reviewed: no
"""
    (message,) = told(SOURCE, cy=WELSH.replace("reviewed: yes", example.strip()), ur=URDU)
    assert message.startswith("no one has reviewed this translation")


def test_recordings():
    """Pupils' pages have a Listen button, which reads the page aloud: a recording where there is one, else the device's own
    voice. A recording is a file in `audio/LANGUAGE/` beside the questionnaire (.mp3, .m4a, .ogg or .opus, 150 kB at most).
    Its name is made of the words in the source's language, so that one recording of “Yes” serves every question, and a
    text that is worded differently afterwards is not read in its old words: “Do you sing?” in Welsh is
    `audio/cy/do-you-sing.mp3`. A name made of many words is cut and gets a mark, and other alphabets have marks
    alone: the checker says what it is. Texts that something is filled into are left to the voice. With `recordings`, the
    checker lists each text that has no recording yet in these languages. Chorus's own words are recorded in the same way:
    those at the questions are listed, and those of other pages, such as `time-for-a-rest.mp3`, are played if they are there."""
    example = """
audience: pupil
reader: {age: 8}
recordings: [en]
assent: {ask: Shall we start?, yes: "Yes", no: "No", declined: That is fine.}
pages:
  - page: one
    questions:
      - {question: sings, kind: yes_no, ask: Do you sing?, rather_not: no}
      - {question: more, kind: information, ask: "You said: {sings|nothing}.", text: Thank you!}
"""
    folder = folder_of(sample=filled(example, AROUND | {"languages": "en"}))
    assert [problem.message for problem in check(folder / "sample.yaml") if "recording" in problem.message] == [
        f"'{text}' has no recording in 'en'. Please add audio/en/{name}.mp3"
        for text, name in {
            "Shall we start?": "shall-we-start",
            "Yes": "yes",
            "No": "no",
            "That is fine.": "that-is-fine",
            "Do you sing?": "do-you-sing",
            "I don’t know": "i-dont-know",
            "Thank you!": "thank-you",
        }.items()
    ]
    audio = folder / "audio" / "en"
    audio.mkdir(parents=True)
    for name in ("yes.mp3", "no.ogg", "shall-we-start.opus", "time-for-a-rest.m4a", "do-you-dance.mp3"):
        (audio / name).write_bytes(b"sound")
    left = [problem.message for problem in check(folder / "sample.yaml") if "recording" in problem.message]
    assert [message.split("'")[1] for message in left] == [
        "That is fine.",
        "Do you sing?",
        "I don’t know",
        "Thank you!",
    ]
    assert sorted(Bundle.files(bundled(folder, "sample").text)) == [
        "audio/en/no.ogg",
        "audio/en/shall-we-start.opus",
        "audio/en/time-for-a-rest.m4a",
        "audio/en/yes.mp3",
    ], "what no page says stays out"
    (audio / "yes.mp3").write_bytes(b"sound" * 40_000)
    (message,) = [problem.message for problem in errors(check(folder / "sample.yaml"))]
    assert message.startswith("the file audio/en/yes.mp3 is 200 kB, and thirty children may load it at once.")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("How did that make you feel – really?", "how-did-that-make-you-feel-really"),
        ("Żółw śpiewa", "zow-spiewa-79c109"),
        ("کیا آپ گاتے ہیں؟", "text-a8b505"),
        ("word " * 20, "word-word-word-word-word-word-word-word-word-word-word-word-f4acd9"),
    ],
)
def test_every_text_has_a_name_that_a_file_can_have(text, name):
    assert name_of(text) == name


def test_the_published_text_holds_all_languages():
    """All languages are published together, and responses in any of them are the same data."""
    folder = folder_of(sample=filled(SOURCE, AROUND), sample_cy=WELSH, sample_ur=URDU)
    questionnaire = Bundle.parse(bundled(folder, "sample").text)
    assert questionnaire.in_language("cy").question("sings").ask == "Faint ydych chi’n canu?"
    for language in questionnaire.languages:
        question = questionnaire.in_language(language).question("where")
        assert question.value_of("2") == 2
        assert question.show({"where": missing("blank")}, str) is None
