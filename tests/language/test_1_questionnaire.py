"""A questionnaire

A questionnaire is one text file in a format called YAML: a key, a colon, a space and a value. Lines that
belong together are indented by the same number of spaces; each item of a list begins with a dash. Run `survey check
FILE` while you write: it lists everything that is wrong, with line and column and what to do about it.
"""

import pytest

from survey.definition.bundle import Bundle
from survey.definition.reading import read_questionnaire
from survey.problems import errors
from tests.language.examples import AROUND, bundled, filled, folder_of, good, told


def test_the_top():
    """The top of the file says what the questionnaire is and who reads it. `questionnaire` is its name, the same as the file's:
    this one is `sample.yaml`. `version` is a whole number that you raise for each publication. `audience` is pupil,
    parent or staff, and `reader` the age of the youngest reader: the checker measures your words by it."""
    example = """
questionnaire: sample
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: [en]
thanks: Thank you for telling us.
assent:
  ask: Do you want to tell us about music?
  lines:
    - {text: There are no wrong answers., picture: star}
    - {text: You can stop when you like.}
  yes: Yes, I will
  no: No, thank you
  declined: That is fine. Have a nice day.
pages:
  - page: singing
    questions:
      - question: sings
        kind: yes_no
        ask: Do you sing at home?
"""
    questionnaire = good(example)
    assert (questionnaire.id, questionnaire.version, questionnaire.audience) == ("sample", 1, "pupil")
    assert questionnaire.reader.age == 8
    assert questionnaire.assent.lines[0].picture == "star"
    assert [question.id for question in questionnaire.questions] == ["sings"]


def test_what_a_response_is_about():
    """`about` says what each response is about if that is not the person who gives it: a teacher who answers once for each
    class. Findings then count classes."""
    example = """
about: {one: class, many: classes}
"""
    assert good(example).about.many == "classes"
    assert good("title: Music and you").about is None


def test_adults_are_told_first():
    """Adults read an information page first: `introduction`, `data_use` (what happens to the answers) and `contact`,
    250 words in all at most. A text of several paragraphs follows a bar, indented. The question about taking part
    is called `consent`. After a “no”, nothing is kept."""
    example = """
audience: parent
introduction: |
  You have just heard your child’s class.

  We would like to know how it was for you.
data_use: Answers are kept without names until 2035.
contact: Write to the study team to withdraw.
consent:
  ask: Do you agree to take part?
  yes: I agree
  no: I do not agree
  declined: Thank you. Nothing was kept.
"""
    questionnaire = good(example)
    assert questionnaire.introduction.count("\n\n") == 1
    assert questionnaire.assent.yes == "I agree"


def test_texts_stay_as_they_are_written():
    """A text stays as you write it: `no` is the word no, `1.0` is one point nought. Put a text in quotes if it has a
    colon followed by a space in it, or begins with one of `{ [ @ & * ! % " '`."""
    example = """
title: "Music: you and me"
thanks: no
"""
    questionnaire = good(example)
    assert questionnaire.title == "Music: you and me"
    assert questionnaire.thanks == "no"


def test_who_reads_what_children_type():
    """Where people can type, a child may write that someone is hurting them. So the questionnaire has to say
    whether anyone reads these texts soon. If no one does, `talk_to` tells children, below each box and at the end, who to talk to."""
    example = """
audience: pupil
reader: {age: 8}
free_text:
  read: no
  talk_to: No one reads this straight away. If something makes you sad or scared, tell a grown-up you trust.
assent: {ask: Do you want to?, yes: "Yes", no: "No", declined: That is fine.}
pages:
  - page: one
    questions:
      - {question: song, kind: short_text, ask: Which song do you like?}
"""
    assert good(example).free_text.talk_to.startswith("No one reads this")


def test_a_person_who_reads():
    """If someone does, name that person, with the e-mail address of their account. In the office they see the texts
    that contain a flagged word, and nothing else of the response, and mark each as seen or passed on. `within`
    is how many working days they have. Chorus has a list of words for English, Welsh, Polish and Urdu; `words` adds
    your own words or phrases. Capitals and accents make no difference."""
    example = """
free_text:
  read: yes
  reader: {name: Sam Reed, email: sam@example.org, within: 2}
  words:
    en: [the blue room, Mr Grey]
pages:
  - page: one
    questions:
      - {question: more, kind: long_text, ask: Is there anything else?}
"""
    flags = good(example).free_text.flags(["en"])
    assert flags.found_in("He took me to THE BLUE ROOM.")
    assert flags.found_in("My dad hits me: he hurt my arm")
    assert not flags.found_in("The blue and the green room were both nice")


def test_everything_is_said_at_once():
    """The checker does not stop at the first mistake. Each message gives the place, the fault, the rule and what
    to do; if a word is nearly right, it asks “Did you mean”."""
    example = """
audience: teacher
pages:
  - page: one
    questions:
      - {question: sings, kind: yesno, ask: Do you sing?}
      - {question: plays, kind: yes_no}
"""
    assert told(example) == [
        "'audience' is 'teacher'. It can be 'pupil', 'parent' or 'staff'. Please choose one",
        "question 'sings' has the unknown kind 'yesno'. Did you mean 'yes_no'?",
        "question 'plays' has no wording. Every question needs 'ask'. Please add: ask: …",
    ]


def test_a_published_text_is_all_files_in_one():
    """The questionnaire and its translations are published as one text, without comments. Two
    files that differ in comments, quotes or the order of keys publish the same text; each response keeps the text it
    was answered under."""
    example = """
title: Music   # a comment
version: 1
"""
    one = bundled(folder_of(sample=filled(example, AROUND)), "sample")
    other = bundled(folder_of(sample=filled("version: 1\ntitle: 'Music'\n", AROUND)), "sample")
    assert one.sha256 == other.sha256
    assert Bundle.parse(one.text).title == "Music"
    assert Bundle.parse(one.text) is Bundle.parse(other.text)
    changed = bundled(folder_of(sample=filled("title: Music!\n", AROUND)), "sample")
    assert changed.sha256 != one.sha256


def test_a_questionnaire_with_errors_cannot_be_published():
    """A questionnaire with errors cannot be published; lines marked `advice:` do not matter for this."""
    example = """
pages: []
"""
    reading = read_questionnaire(folder_of(sample=filled(example, AROUND)) / "sample.yaml")
    assert reading.questionnaire is None
    assert any("'pages' has nothing in it" in problem.message for problem in errors(reading.problems))
    with pytest.raises(ValueError, match="not a bundle"):
        Bundle.parse("{}")
