"""Pages, questions and grids

Questions are on pages. Young pupils see one question at a time, whatever the page.
"""

from survey.definition.household import WHICH_CHILD
from survey.definition.meaning import compare
from survey.journey import Journey
from tests.language.examples import good, told


def test_a_question():
    """`question` is its name and the name of its column: small letters, digits and `_`, 32 characters at most. `kind`
    says how it is answered and `ask` is its wording. `hint` is shown below it, `help` opens on request, `short` names
    it in charts. Children can always say “I don’t know”; adults can if you write `dont_know: yes`."""
    example = """
pages:
  - page: singing
    title: Singing
    text: Please think of the last month.
    questions:
      - question: sing_hours
        kind: number
        ask: How many hours did you sing?
        hint: A rough number is fine.
        short: Hours of singing
        unit: hours
        min: 0
        max: 200
        dont_know: yes
        note: Compared with the register of the choir.
"""
    (question,) = good(example).questions
    assert (question.id, question.short, question.dont_know) == ("sing_hours", "Hours of singing", True)
    assert question.required is False
    assert good(example).page_of("sing_hours").text == "Please think of the last month."


def test_pages_for_each_child():
    """Parents can have several children at the schools of a study. A page with `for_each: child` is asked about each of
    them, every other page once for the family. After the last page the parent is asked whether there is another child; by
    a personal link, about each child that the roster has. Each child is a row of the data file. Conditions, repeated
    answers and scales keep to one of the two: all for each child, or all for the family."""
    example = """
audience: parent
pages:
  - page: concert
    questions:
      - {question: enjoyed, kind: yes_no, ask: Did you enjoy the concert?}
  - page: practice
    for_each: child
    questions:
      - {question: practises, kind: yes_no, ask: Does your child practise at home?}
"""
    questionnaire = good(example)
    assert questionnaire.for_each_child
    assert questionnaire.of_the_family == {"enjoyed"}
    journey = Journey(questionnaire)
    assert [screen.name for screen in journey.route({}, {})] == ["concert", "practice"]
    assert [screen.name for screen in journey.route({}, {WHICH_CHILD: 2})] == ["practice"]
    once = good(example.replace("    for_each: child\n", ""))
    assert compare([once], questionnaire).told == [
        f"'practises' is now asked of each child; version {once.version} asked it otherwise."
    ]


def test_who_may_leave_a_question():
    """What you leave out depends on the audience: pupils get “I don’t know” and are asked once more if they tap Next
    without an answer; adults can simply leave a question out."""
    example = """
audience: pupil
reader: {age: 8}
assent: {ask: Do you want to?, yes: "Yes", no: "No", declined: That is fine.}
pages:
  - page: one
    questions:
      - {question: sings, kind: yes_no, ask: Do you sing?}
"""
    (question,) = good(example).questions
    assert (question.dont_know, question.required) == (True, True)


def test_option_lists():
    """Options that several questions share are written once under `options` and used by name. The `code` is what is
    stored; it never changes, and is the same in every language."""
    example = """
options:
  often4:
    - {code: 1, label: Never}
    - {code: 2, label: Sometimes}
    - {code: 3, label: Often}
    - {code: 4, label: Always}
pages:
  - page: one
    questions:
      - {question: sings, kind: frequency, ask: How often do you sing?, options: often4}
      - {question: plays, kind: frequency, ask: How often do you play?, options: often4}
scales:
  - scale: making
    title: Making music
    items: [sings, plays]
    score: mean
    direction: Higher means making music more often
    source: Own wording
"""
    sings, plays = good(example).questions
    assert sings.labels == plays.labels == {1: "Never", 2: "Sometimes", 3: "Often", 4: "Always"}


def test_other_and_none():
    """An option with `other: yes` opens a box for people's own words, stored in a column of its own. One with `exclusive: yes`
    cannot be ticked together with others. `order: shuffled` gives each respondent a different order, which is recorded."""
    example = """
pages:
  - page: one
    questions:
      - question: places
        kind: several
        ask: Where do you sing?
        order: shuffled
        options:
          - {code: 1, label: At home}
          - {code: 2, label: At school}
          - {code: 8, label: Somewhere else, other: yes}
          - {code: 9, label: Nowhere, exclusive: yes}
"""
    (places,) = good(example).questions
    assert [column.name for column in places.columns()] == [
        "places",
        "places_1",
        "places_2",
        "places_8",
        "places_9",
        "places_other",
    ]


def test_grids():
    """Statements that share options are written as a grid. Each becomes a question of its own, with the grid's wording
    above it, so that it fits on a phone."""
    example = """
options:
  agree3:
    - {code: 1, label: Disagree}
    - {code: 2, label: Neither agree nor disagree}
    - {code: 3, label: Agree}
pages:
  - page: one
    questions:
      - grid: views
        kind: rating
        ask: How far do you agree?
        options: agree3
        statements:
          - {question: fair, ask: Everyone can join in.}
          - {question: loud, ask: Lessons are too loud.}
scales:
  - scale: climate
    title: Climate of lessons
    items: [fair, {item: loud, reverse: yes}]
    score: mean
    direction: Higher means a better climate
    source: Own wording
"""
    questionnaire = good(example)
    assert [(q.id, q.grid, q.stem) for q in questionnaire.questions] == [
        ("fair", "views", "How far do you agree?"),
        ("loud", "views", "How far do you agree?"),
    ]
    assert told(example) == []


def test_names_are_columns():
    """Names become columns in Excel, SPSS, Stata and R, so they have to be allowed there: each different from the
    others even without capitals, and not a word that one of those programs uses itself."""
    example = """
pages:
  - page: one
    questions:
      - {question: sings, kind: yes_no, ask: Do you sing?}
      - {question: Sings, kind: yes_no, ask: Do you hum?}
      - {question: with, kind: short_text, ask: With whom?}
"""
    messages = told(example)
    assert len(messages) == 3
    for words in ("SPSS does not distinguish capital letters", "has capital letters", "uses for something else"):
        assert any(words in message for message in messages)


def test_a_new_version_keeps_meanings():
    """The answers to all versions of a questionnaire are in one column, so each question and code has to keep its
    meaning in a new version. Publishing refuses a code with other words, an option or a point of a scale that is gone, another
    kind or unit, and a question under another name: put it back, or give the question a new name. A new wording of a
    question is published, and you are told so; so is a new rule of a scale: each response keeps the rule of its version. If
    only the words of an option have changed, write its earlier label after `was`."""
    example = """
version: 2
pages:
  - page: one
    questions:
      - question: coffee
        kind: choice
        ask: Which coffee do you like?
        options:
          - {code: 1, label: Filter coffee}
          - {code: 3, label: Pods, was: Capsules}
          - {code: 4, label: Iced}
"""
    now = good(example)
    before = good(
        example.replace("version: 2", "version: 1").replace("Pods, was: Capsules", "Capsules").replace("like", "drink")
    )
    compared = compare([before], now)
    assert compared.faults == {}
    assert compared.told == [
        "'coffee' has new wording. In version 1 it was “Which coffee do you drink?”.",
        "'coffee': option 3 was “Capsules” in version 1, and means the same.",
    ]
    assert list(compare([before], good(example.replace(", was: Capsules", ""))).faults) == ["coffee"]
