"""A study

A study is a folder: `study.yaml`, its questionnaires and their translations. `survey check FOLDER` reads all of them.
"""

import datetime

import pytest

from survey.definition.reading import parse_study, read_folder
from survey.fieldwork.waves import asked
from tests.language.examples import good_study, told_study

QUESTIONNAIRE = """
options:
  much3: [{code: 1, label: Little}, {code: 2, label: Some}, {code: 3, label: Much}]
pages:
  - page: one
    questions:
      - {question: a, kind: rating, ask: How much do you sing?, options: much3}
      - {question: b, kind: rating, ask: How much do you play?, options: much3, when: {roster.lead: yes}}
scales:
  - {scale: joy, title: Joy, items: [a, b], score: mean, direction: Higher is more, source: Own wording}
"""


def test_who_is_asked_when():
    """`arms` are the sides of the comparison; one of them must be called programme. `waves` are the rounds of asking, in order.
    `facts` are what the roster says about participants; those with `changes: yes` can differ from wave to wave.
    `fieldwork` says which questionnaire goes to whom in which waves. `aim` is the share of the people asked who are to
    finish it, such as 0.8 for 80 %: “Overview” and “Progress” show how many are still needed."""
    example = """
study: first-songs
title: First songs
language: en
time_zone: Europe/London
arms:
  - {arm: programme, title: Schools with the programme}
  - {arm: comparison, title: Schools without it}
programmes:
  - {programme: north, title: The north}
waves:
  - {wave: w1, title: Autumn 2025, opens: 2025-09-15, closes: 2025-10-24}
  - {wave: w2, title: Summer 2026, opens: 2026-06-01, closes: 2026-07-10}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
  - {fact: sex, title: Sex, kind: code, codes: {f: Female, m: Male}}
  - {fact: lead, title: Leads music, kind: yes_no}
fieldwork:
  - {questionnaire: sample, audience: staff, waves: [w1, w2], aim: 0.8}
"""
    reading = good_study(example, QUESTIONNAIRE)
    study = reading.study
    assert study.fieldwork[0].aim == 0.8
    assert study.id == "first-songs"
    assert study.wave("w2").opens == datetime.date(2026, 6, 1)
    assert study.fact("sex").codes == {"f": "Female", "m": "Male"}
    assert study.arm("comparison").title == "Schools without it"
    assert reading.questionnaires["sample"].question("b").when.holds({}, {"lead": True})
    assert parse_study(reading.study_text) == study


def test_facts_about_schools():
    """`school_facts` are what the list of schools says about schools: how large they are, how many of their pupils have free
    school meals, what their results were before. They say how alike the schools of the arms are, what these were
    `matched_on`, and can be subgroups: how intensive a programme is, for instance."""
    example = """
school_facts:
  - {fact: size, title: Number of pupils, kind: number, min: 20, max: 900}
  - {fact: intensity, title: Intensity, kind: code, codes: {full: As planned, light: Less intensive}}
facts:
  - {fact: lead, title: Leads music, kind: yes_no}
plan:
  outcomes: [sample.joy]
  comparison: {programme: programme, matched_on: [size, the kind of area]}
  subgroups: [intensity]
"""
    study = good_study(example, QUESTIONNAIRE).study
    assert [fact.id for fact in study.school_facts] == ["size", "intensity"]
    assert study.plan.subgroups == ["intensity"]
    (told,) = told_study(example.replace("max: 900", "max: 900, changes: yes"), QUESTIONNAIRE)
    assert "would change from wave to wave, but each school has it once" in told
    (told,) = told_study(example.replace("fact: size, title", "fact: lead, title"), QUESTIONNAIRE)
    assert "the name 'lead' is already used for a fact about participants" in told
    (told,) = told_study(example.replace("kind: number, min: 20, max: 900", "kind: date"), QUESTIONNAIRE)
    assert "is a date, and dates cannot be compared" in told


def test_by_open_link_only():
    """Everyone of an audience on the roster gets its questionnaires. With `open_link_only` only people with the open link
    answer, as often as they need to: a teacher once for each class, for instance."""
    example = """
fieldwork:
  - {questionnaire: sample, audience: staff, waves: [w1], open_link_only: yes}
"""
    (work,) = good_study(example).study.fieldwork
    assert work.open_link_only
    assert asked(good_study(example).study, "staff", {}, "w1") == []
    (told,) = told_study("facts: [{fact: year, title: Year, kind: number}]" + example.replace("w1]", "w1], years: [3]"))
    assert told.endswith("has years, but an open link knows no year group. Please remove 'years'")
    told = told_study(example.replace("staff", "pupil"))
    assert any("who come in with their own code. Please remove: open_link_only: yes" in one for one in told)


def test_what_a_class_sees_together():
    """When a class session has ended, the school can read what the class said: in words, never in numbers, and only of a
    class that is large enough. `show_class` names the questions that may also be shown to the class itself, on one
    screen; without it nothing is."""
    example = """
fieldwork:
  - {questionnaire: sample, audience: pupil, waves: [w1], show_class: [a]}
"""
    alone = QUESTIONNAIRE.replace(", when: {roster.lead: yes}", "")
    pupils = (
        'audience: pupil\nreader: {age: 9}\nassent: {ask: Will you help?, yes: Yes, no: "No", declined: Thank you.}\n'
    ) + alone
    (work,) = good_study(example, pupils).study.fieldwork
    assert work.show_class == ["a"]
    (told,) = told_study(example.replace("[a]", "[c]"), pupils)
    assert "'sample' has no question 'c'." in told
    (told,) = told_study(example.replace("[a]", "[a, a]"), pupils)
    assert "question 'a' is already listed" in told
    (told,) = told_study(example.replace("audience: pupil", "audience: staff"), alone)
    assert "classes are made of pupils" in told


def test_who_is_not_asked():
    """`not_asked` says who gets no questionnaire, and why, so that no one wonders whether they were forgotten. It stands on
    the page Waves, beside the results, and in every workbook."""
    example = """
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
not_asked:
  - {who: Children in Reception, years: [0], because: They are too young for a questionnaire.}
  - {who: Governors, because: They do not make music with pupils.}
"""
    study = good_study(example).study
    assert study.why_not_asked(0) == study.why_not_asked("0") == "They are too young for a questionnaire."
    assert study.why_not_asked(1) == study.why_not_asked(None) == ""
    asked_too = example + "fieldwork: [{questionnaire: sample, audience: staff, years: [0], waves: [w1]}]\n"
    (told,) = told_study(asked_too)
    assert told.startswith("year 0 is not asked anything here, but 'fieldwork' asks it 'sample'.")


def test_care_for_data():
    """`disclosure` sets the smallest count that a table of answers may show, 3 at least: smaller ones are hidden, and so is
    what would give them away. Response rates show how many people took part, however few, and the sheets of individual
    answers hold every one. `retention` says when answers are deleted, `access`
    which roles see tables and which see individual answers; `backups` is the number of days after which a backup is deleted
    . `missing` gives each reason for a missing value its own negative
    number; if you leave it out, these are used."""
    example = """
disclosure: {threshold: 10}
retention: {delete_on: 2035-08-31, backups: 35}
access: {tables: [researcher, coordinator], microdata: [researcher]}
missing:
  blank: -9
  dont_know: -8
  rather_not: -7
  not_shown: -6
  not_reached: -5
  not_in_version: -4
  multiple: -3
  withdrawn: -2
"""
    study = good_study(example).study
    assert study.missing == good_study("disclosure: {threshold: 10}").study.missing
    assert study.disclosure.threshold == 10
    assert study.retention.delete_on == datetime.date(2035, 8, 31)


def test_who_decides():
    """`consent` says, for each audience, who decides who takes part: a parent, people themselves, or the school; and what
    it means when nothing was said. With `opt_in`, no one takes part without a yes; with `opt_out`, everyone takes part
    who was sent the information sheet and did not say no. The sheet has a version, raised with every change of its text, because a
    decision belongs to what was read. Without `consent`, people are asked only on the first page of each questionnaire."""
    example = """
consent:
  - audience: staff
    decided_by: self
    basis: opt_in
    sheet:
      version: 1
      title: About this study
      text: |
        We ask staff what music does in their school.

        Nothing happens to you if you say no.
"""
    study = good_study(example).study
    consent = study.consent_for("staff")
    assert consent.basis == "opt_in"
    assert consent.sheet.version == 1
    assert study.consent_for("parent") is None


def test_late_answers():
    """`late` says for how many days after a wave's last day people can still start, and can still finish. Without it,
    no one can start late, and people who have started can finish for two weeks."""
    assert (
        good_study("late: {begin: 0, finish: 14}").study.late == good_study("note: Nothing is said about it").study.late
    )


def test_linkage():
    """Names and pupil numbers are never stored. If answers are to be linked to data from outside, `linkage` names the
    identifier: the roster can then have a column with it, of which only a keyed hash is kept."""
    assert good_study("linkage: {identifier: upn}").study.linkage.identifier == "upn"
    assert good_study("note: Nothing is said about it").study.linkage is None


def test_the_plan():
    """The analysis is planned before there are any data: the scales that count as outcomes, what is compared, the clusters,
    the adjustment, the exposure, the subgroups and the correction for many tests. `survey analyse` and the workbook do
    what the plan says; everything else is marked exploratory."""
    example = """
facts:
  - {fact: months, title: Months in the programme, kind: number, min: 0, max: 60, changes: yes}
  - {fact: lead, title: Leads music, kind: yes_no}
plan:
  outcomes: [sample.joy]
  comparison: {between: arm, programme: programme, randomised: no, matched_on: [number of pupils]}
  clusters: school
  adjust: baseline
  exposure: {fact: months, per: 12, unit: year in the programme, bands: [0, 1, 2]}
  subgroups: [lead]
  correction: holm
"""
    plan = good_study(example, QUESTIONNAIRE).study.plan
    assert plan.outcomes == ["sample.joy"]
    assert plan.comparison.programme == "programme"
    assert [(one.fact, one.per) for one in plan.exposure] == [("months", 12)]
    short = example.replace("{fact: months, per: 12, unit: year in the programme, bands: [0, 1, 2]}", "months")
    assert good_study(short, QUESTIONNAIRE).study.plan.exposure[0].fact == "months"
    several = example.replace("  exposure: {", "  exposure:\n    - hours\n    - {").replace(
        "facts:", "facts:\n  - {fact: hours, title: Hours, kind: number, changes: yes}"
    )
    assert [one.fact for one in good_study(several, QUESTIONNAIRE).study.plan.exposure] == ["hours", "months"]


def test_the_questions_of_the_evaluation():
    """`questions` are what the evaluation asks of the plan's outcomes, in its own words. The page “What we found” answers
    them in this order, the first at its beginning, and every outcome that no question names in one that Chorus words."""
    example = """
facts:
  - {fact: lead, title: Leads music, kind: yes_no}
plan:
  outcomes: [sample.joy]
  questions:
    - {ask: Do children in the programme find more joy in music?, outcomes: [sample.joy]}
  comparison: {programme: programme}
"""
    (asked,) = good_study(example, QUESTIONNAIRE).study.plan.questions
    assert asked.ask == "Do children in the programme find more joy in music?"
    assert asked.outcomes == ["sample.joy"]


def test_questions_that_are_answered_by_what_people_said():
    """A question of the evaluation can also be answered by what people said: `answers_to` names questions, and the page
    shows how many gave which answer, in the last wave in which it was asked."""
    example = """
plan:
  outcomes: [sample.joy]
  questions:
    - {ask: How much do people sing?, answers_to: [sample.a]}
  comparison: {programme: programme}
facts:
  - {fact: lead, title: Leads music, kind: yes_no}
"""
    (asked_for,) = good_study(example, QUESTIONNAIRE).study.plan.questions
    assert asked_for.answers_to == ["sample.a"]
    assert asked_for.outcomes == []


def test_more_that_the_plan_compares():
    """Facts of the roster can be outcomes too: attendance by its mean, a code by the share that `reached` it. `shares`
    count people, by arm and by subgroup: who takes part in something, or who gave certain answers. `costs` are told per
    pupil and year, over three years; `salaries` and `paid_by` say how much of them is paid to people, and by whom."""
    example = """
facts:
  - {fact: attendance, title: Attendance, kind: number, min: 0, max: 100, changes: yes}
  - {fact: reading, title: Reading, kind: code, codes: {below: Below, expected: As expected}, changes: yes}
  - {fact: club, title: In the music club, kind: yes_no, changes: yes}
  - {fact: lead, title: Leads music, kind: yes_no}
plan:
  outcomes: [sample.joy]
  roster_outcomes:
    - {fact: attendance}
    - {fact: reading, reached: [expected], title: At the expected standard in reading}
  comparison: {programme: programme}
  shares:
    - {share: club, title: Takes part in the music club, fact: club}
    - {share: dislikes, title: Finds little joy, questionnaire: sample, items: [a, b], codes: [1], of: any}
  costs:
    start_up: [{title: Instruments, amount: 12000, paid_by: the music hub}]
    each_year: [{title: Teachers, amount: 30000, salaries: yes, paid_by: the schools}]
    pupils: [100, 120, 130]
"""
    plan = good_study(example, QUESTIONNAIRE).study.plan
    assert [one.fact for one in plan.roster_outcomes] == ["attendance", "reading"]
    assert [one.id for one in plan.shares] == ["club", "dislikes"]
    assert plan.costs.pupils == [100, 120, 130]
    assert plan.costs.each_year[0].salaries


PLAN = """
facts:
  - {fact: born, title: Born, kind: date}
  - {fact: reading, title: Reading, kind: code, codes: {below: Below, expected: As expected}}
  - {fact: hours, title: Hours, kind: number}
  - {fact: club, title: Club, kind: yes_no}
  - {fact: lead, title: Lead, kind: yes_no}
plan:
  outcomes: [sample.joy]
  comparison: {programme: programme}
"""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("  subgroups: [born]", "'born' is a date, and dates make no subgroups."),
        (
            "  questions: [{ask: Joy?, outcomes: [sample.jo]}]",
            "there is no outcome of the plan 'sample.jo' in this study. Did you mean 'sample.joy'?",
        ),
        ("  questions: [{ask: Joy?, outcomes: [sample.joy, sample.joy]}]", "outcome 'sample.joy' is already listed"),
        (
            "  questions: [{ask: Joy?}]",
            "a question of the plan is answered by its outcomes or by answers to questions.",
        ),
        (
            "  questions: [{ask: Joy?, answers_to: [sample.z]}]",
            "'answers_to' names 'sample.z', but 'sample' has no such question.",
        ),
        (
            "  questions: [{ask: Joy?, answers_to: [simple.a]}]",
            "'answers_to' names 'simple.a', but there is no such questionnaire. Did you mean 'sample'?",
        ),
        ("  exposure: {fact: hours, bands: [0, 2, 1]}", "the bands do not go up."),
        ("  exposure: [hours, {fact: hours, per: 10}]", "exposure 'hours' is already listed"),
        ("  exposure: [hours, club]", "exposure is 'club', which is not a number."),
        ("  roster_outcomes: [{fact: born}]", "'born' is a date, which cannot be an outcome."),
        ("  roster_outcomes: [{fact: reading}]", "'reading' has codes, so the plan has to say which of them count."),
        ("  roster_outcomes: [{fact: reading, reached: [expectd]}]", "Did you mean 'expected'?"),
        ("  roster_outcomes: [{fact: hours, reached: [1]}]", "'hours' has no codes, so nothing can be 'reached'."),
        ("  shares: [{share: s, title: S, fact: hours}]", "'hours' is not answered by yes or no."),
        ("  shares: [{share: s, title: S, fact: club, items: [a]}]", "a share comes from a fact or from items."),
        ("  shares: [{share: s, title: S}]", "the share 's' does not say what counts."),
        ("  shares: [{share: s, title: S, questionnaire: sampel, items: [a], codes: [1]}]", "Did you mean 'sample'?"),
        ("  shares: [{share: s, title: S, questionnaire: sample, items: [z], codes: [1]}]", "has no question 'z'."),
        ("  shares: [{share: s, title: S, questionnaire: sample, items: [a], codes: [7]}]", "none of the items has"),
        ("  costs: {pupils: [100, 120]}", "3"),
    ],
)
def test_what_the_plan_cannot_mean(more, message):
    (told,) = told_study(f"{PLAN}{more}\n", QUESTIONNAIRE)
    assert message in told


def test_made_up_data():
    """`pretend` describes made-up data with a known truth: how many people, and how large the effects are, in standard
    deviations. `survey demo` makes up answers from it, so that you can try the analysis before anyone is asked."""
    example = """
facts:
  - {fact: sex, title: Sex, kind: code, codes: {f: Female, m: Male}}
  - {fact: lead, title: Leads music, kind: yes_no}
  - {fact: attendance, title: Attendance, kind: number, min: 0, max: 100, changes: yes}
pretend:
  schools: {programme: 13, comparison: 13}
  pupils: 0
  staff: 120
  seed: 20
  school_sd: 0.2
  retest: 0.6
  effects:
    sample.joy: {programme: 0.25, per_year: 0.1, sex.m: -0.15}
    roster.attendance: {programme: 0.1}
  missing: {blank: 0.01, dont_know: 0.04, rather_not: 0.01, stopped: 0.02, absent: 0.06}
"""
    pretend = good_study(example, QUESTIONNAIRE).study.pretend
    assert pretend.effects["sample.joy"] == {"programme": 0.25, "per_year": 0.1, "sex.m": -0.15}
    assert pretend.effects["roster.attendance"] == {"programme": 0.1}
    (told,) = told_study(example.replace("roster.attendance", "roster.sex"), QUESTIONNAIRE)
    assert "'effects' names the fact 'sex', which stays as it was before the programme" in told
    (told,) = told_study(example.replace("roster.attendance", "roster.attendence"), QUESTIONNAIRE)
    assert "there is no such fact. Did you mean 'roster.attendance'?" in told
    assert pretend.missing.absent == 0.06


def test_files_know_each_other():
    """What one file says about another is checked: the questionnaires, scales, facts and waves it names have to exist."""
    example = """
fieldwork:
  - {questionnaire: sampel, audience: staff, waves: [w1]}
plan:
  outcomes: [sample.joys]
  comparison: {programme: programme}
"""
    messages = told_study(example, QUESTIONNAIRE)
    assert [message for message in messages if "Did you mean" in message] == [
        "fieldwork 1 names the questionnaire 'sampel', which does not exist. Did you mean 'sample'?",
        "the plan names 'sample.joys', but 'sample' has no such scale. Did you mean 'sample.joy'?",
    ]


def test_one_error_anywhere_and_nothing_is_handed_out(tmp_path):
    reading = read_folder(tmp_path)
    assert reading.study is None
    assert reading.questionnaires == {}
    assert read_folder(tmp_path / "none").problems
    with pytest.raises(ValueError, match="second time"):
        parse_study("study: a\nstudy: b\n")
