"""Information sheets as they were sent, who is whose parent, and the sentences where a decision cannot be recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from survey.audit import COMMAND_LINE, Act, LogFilter, entries
from survey.database import read, session, write
from survey.fieldwork import Decision, Study
from survey.fieldwork import issued as issue
from survey.fieldwork.consent import (
    AssentGiven,
    BadDecision,
    NotAgreed,
    SentSheet,
    issues_of,
    must_agree,
    plan_of,
    record_assent,
    sheets_of,
    standings,
    state_of,
    still_agreed,
    who_would_disagree,
)
from survey.fieldwork.consent.ledger import ledger_of
from survey.fieldwork.consent.lists import counts, rows
from survey.fieldwork.consent.sheets import sheet_id_of
from survey.fieldwork.consent.standing import Standing
from survey.fieldwork.consent.study import (
    children_of,
    parents_by_child,
    parents_of,
    school_id_of,
    schools_of,
    study_row,
    time_zone_of,
    today,
)
from survey.fieldwork.participants import kinship
from survey.fieldwork.publishing import publish_folder
from tests.consent.conftest import Lay
from tests.consent.study import NOW, STUDY, Tuned, consent, lay_out
from tests.filled import keep_school

pytestmark = pytest.mark.one_engine

SEPTEMBER, OCTOBER = date(2025, 9, 10), date(2025, 10, 1)


# ---- sheets -----------------------------------------------------------------------------------------------


def test_a_sheet_that_was_sent_is_listed_and_in_the_activity_log(lay: Lay) -> None:
    tuned = lay(consent("opt_out"))
    assert [tuned.issued("s1", "s2"), tuned.issued(on=SEPTEMBER), tuned.issued("s1")] == [2, 1, 0]
    with session(tuned.engine) as db:
        study = db.merge(tuned.study)
        codes = [keep_school(db, study, f"x{number}", title=f"X {number}", arm="programme").code for number in range(6)]
    assert tuned.issued(*codes) == 6
    assert tuned.issued("s2", "s1", on=SEPTEMBER) == 2, "another day is another record"
    with read(tuned.engine) as connection:
        sent = [(one.school, str(one.issued_on)) for one in issues_of(connection, tuned.study.id)]
        first = issues_of(connection, tuned.study.id)[-1]
    early, late = "2025-09-01", "2025-09-10"
    assert sent == [
        *[("s1", late), ("s2", late)],
        *[(code, early) for code in reversed(codes)],
        *[(None, late), ("s2", early), ("s1", early)],
    ]
    assert (first.audience, first.version, first.recorded_at, first.recorded_by) == ("pupil", 1, NOW, "command line")
    lines = list(
        entries(tuned.engine, LogFilter(study_id=tuned.study.id, what="recorded an information sheet as sent"))
    )
    assert [(line.about, line.details) for line in reversed(lines)] == [
        ("s1, s2", {"audience": "pupil", "issued_on": early, "new": 2}),
        ("all schools", {"audience": "pupil", "issued_on": late, "new": 1}),
        ("6 schools", {"audience": "pupil", "issued_on": early, "new": 6}),
        ("s2, s1", {"audience": "pupil", "issued_on": late, "new": 2}),
    ]


def test_the_newest_version_is_sent_unless_another_is_named(lay: Lay, tmp_path: Path) -> None:
    tuned = lay(consent("opt_out"))
    file = tmp_path / "study" / "study.yaml"
    file.write_text(consent("opt_out").replace("version: 1, title: About", "version: 3, title: All about"), "utf-8")
    publish_folder(tuned.engine, tmp_path / "study", NOW)
    with write(tuned.engine) as connection:
        ids = [sheet_id_of(connection, tuned.study.id, "pupil", version) for version in (None, 3, 1, 2)]
        assert ids[0] == ids[1] != ids[2] is not None
        assert ids[3] is sheet_id_of(connection, tuned.study.id, "parent", None) is None
        assert sheet_id_of(connection, tuned.study.id + 1, "pupil", 1) is None
        for version, on in ((None, SEPTEMBER), (1, OCTOBER)):
            issue(connection, tuned.study, SentSheet("pupil", None, on, version), Act(COMMAND_LINE, NOW))
        assert [(one.version, one.issued_on) for one in issues_of(connection, tuned.study.id)] == [
            (1, OCTOBER),
            (3, SEPTEMBER),
        ]
        assert [(one.audience, one.version, one.title) for one in sheets_of(connection, tuned.study.id)] == [
            ("pupil", 3, "All about Tuned in"),
            ("pupil", 1, "About Tuned in"),
        ]


@pytest.mark.parametrize(
    ("schools", "given", "says"),
    [
        ([], {"on": date(2025, 10, 7)}, "2025-10-07 is in the future. Please record the sheet once it has been sent."),
        (
            [],
            {"audience": "parent"},
            (
                "No information sheet for parent is published. Please put it under consent: in study.yaml, and run: survey "
                "publish FOLDER"
            ),
        ),
        (["s9"], {}, "There is no school 's9'. There are 's1' and 's2'."),
    ],
)
def test_why_a_sheet_cannot_be_recorded_is_said_word_for_word(
    lay: Lay, schools: list[str], given: dict[str, object], says: str
) -> None:
    tuned = lay(consent("opt_out"))
    with pytest.raises(BadDecision) as refused:
        tuned.issued(*schools, **given)  # type: ignore[arg-type]
    assert str(refused.value) == says


# ---- decisions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (
            Decision("yes", "parent", date(2025, 10, 7)),
            "2025-10-07 is in the future. Please give the day on which the decision was given.",
        ),
        (Decision("yes", "parent", OCTOBER, "wave"), "A decision about one wave needs the wave. Please choose it."),
        (Decision("yes", "parent", OCTOBER, "wave", "w9"), "There is no wave 'w9'. There are 'w1', 'w2' and 'w3'."),
        (
            Decision("withdrawn", "parent", OCTOBER, resolved="agreed"),
            "A withdrawal cannot resolve conflicting decisions. Please record a yes or a no.",
        ),
        (
            Decision("yes", "parent", OCTOBER, sheet_version=7),
            "There is no version 7 of the information sheet. Please choose one that has been published.",
        ),
        (
            Decision("yes", "school", OCTOBER, parent="first"),
            "Only a parent's decision can say which parent it was.",
        ),
        (
            Decision("yes", "parent", OCTOBER, parent="R1"),
            "'R1' is not a parent of this child on the roster. Please write first, second or the parent's study code.",
        ),
    ],
)
def test_why_a_decision_cannot_be_recorded_is_said_word_for_word(lay: Lay, what: Decision, says: str) -> None:
    tuned = lay(consent())
    with pytest.raises(BadDecision) as refused:
        tuned.decide("P1", [what])
    assert str(refused.value) == says
    with read(tuned.engine) as connection:
        assert ledger_of(connection, tuned.person("P1")) == []


def test_a_decision_on_the_last_moment_of_its_day_is_not_in_the_future(lay: Lay) -> None:
    """At 23:30 in London it is still that day; in UTC, in summer, it is 22:30."""
    tuned = lay(consent())
    late = datetime(2025, 10, 6, 22, 59, tzinfo=UTC)
    with pytest.raises(BadDecision, match="in the future"):
        tuned.decide("P1", [Decision("yes", "parent", date(2025, 10, 7))], late)
    tuned.decide("P1", [Decision("yes", "parent", date(2025, 10, 7))], late + timedelta(minutes=1))


@pytest.mark.parametrize("other", [{"says": "no"}, {"by": "school"}, {"given_on": OCTOBER}, {"scope": "future"},
                                   {"scope": "wave", "wave": "w1"}, {"how": "paper"}, {"sheet_version": 1},
                                   {"parent": "first"}, {"resolved": "agreed"}])  # fmt: skip
def test_a_decision_that_differs_in_anything_is_another_line(lay: Lay, other: dict[str, object]) -> None:
    tuned = lay(consent())
    first = {"says": "yes", "by": "parent", "given_on": SEPTEMBER}
    tuned.decide("P1", [Decision(**first)] * 2)  # type: ignore[arg-type]
    tuned.decide("P1", [Decision(**{**first, **other})] * 2)  # type: ignore[arg-type]
    tuned.decide("P2", [Decision(**first)])  # type: ignore[arg-type]
    with read(tuned.engine) as connection:
        assert [len(ledger_of(connection, tuned.person(code))) for code in ("P1", "P2")] == [2, 1]
    lines = list(entries(tuned.engine, LogFilter(study_id=tuned.study.id, what="recorded a decision")))
    assert [line.about for line in lines] == ["P2", "P1", "P1"]


def test_what_was_said_on_a_first_page_of_paper_has_the_day_on_it(lay: Lay) -> None:
    tuned, act = lay(), Act(COMMAND_LINE, datetime(2025, 10, 6, 23, 30, tzinfo=UTC))
    with write(tuned.engine) as connection:
        for given_on in (None, SEPTEMBER):
            said = AssentGiven(
                tuned.person("P1"), tuned.waves["w2"], "pupil", tuned.study.sha256 or "", True, "paper", given_on
            )
            record_assent(connection, tuned.study.id, said, act)
        lines = ledger_of(connection, tuned.person("P1"))
    assert [(line.given_on, line.how, line.wave, line.says, line.recorded_by) for line in lines] == [
        (date(2025, 10, 7), "paper", "w2", "yes", "command line"),
        (SEPTEMBER, "paper", "w2", "yes", "command line"),
    ]


# ---- the study, and another -------------------------------------------------------------------------------


@pytest.fixture
def twins(lay: Lay, tmp_path: Path) -> tuple[Tuned, Tuned]:
    """Two studies of the same codes; in the second R1 is the parent of P1 and P2, and R2 of P2."""
    one = lay(consent("opt_out"))
    two = lay_out(one.engine, tmp_path / "twin", STUDY.replace("tuned-in", "twin"))
    with write(one.engine) as connection:
        pairs = [("R1", "P2"), ("R1", "P1"), ("R2", "P2")]
        rows = [{"parent_id": two.person(parent), "pupil_id": two.person(child)} for parent, child in pairs]
        connection.execute(insert(kinship), rows)
        connection.execute(update(Study).where(Study.code == "twin").values(time_zone="Asia/Tokyo"))
    return one, two


def test_families_schools_and_clocks_are_those_of_their_study(twins: tuple[Tuned, Tuned]) -> None:
    one, two = twins
    with read(one.engine) as connection:
        assert parents_by_child(connection, one.study.id) == {}
        assert parents_by_child(connection, two.study.id) == {"P1": {"R1"}, "P2": {"R1", "R2"}}
        assert parents_of(connection, two.person("P2")) == ["R1", "R2"]
        assert parents_of(connection, one.person("P2")) == parents_of(connection, two.person("R1")) == []
        assert children_of(connection, two.person("R1")) == [(two.person("P1"), "P1"), (two.person("P2"), "P2")]
        assert children_of(connection, one.person("R1")) == []
        assert schools_of(connection, one.study.id) == {"s1": "Ash Primary", "s2": "Birch Primary"}
        assert school_id_of(connection, one.study.id, "s1") != school_id_of(connection, two.study.id, "s1") is not None
        assert school_id_of(connection, one.study.id, "s9") is school_id_of(connection, one.study.id, "\0") is None
        assert [time_zone_of(connection, its.study.id) for its in twins] == ["Europe/London", "Asia/Tokyo"]
        row = study_row(connection, "twin")
        assert row is not None
        assert (row.id, row.code, row.time_zone) == (two.study.id, "twin", "Asia/Tokyo")
        assert study_row(connection, "none") is study_row(connection, "\0") is None
        plans = [plan_of(connection, its.study.id) for its in twins]
        assert [plan.id for plan in plans if plan] == ["tuned-in", "twin"]
        assert plan_of(connection, two.study.id + 1) is None
    evening = datetime(2025, 10, 6, 16, tzinfo=UTC)
    assert [str(today(zone, evening)) for zone in ("Europe/London", "Asia/Tokyo")] == ["2025-10-06", "2025-10-07"]


def test_who_would_disagree_is_found_before_it_is_recorded(twins: tuple[Tuned, Tuned]) -> None:
    one, two = twins
    no, yes = Decision("no", "parent", SEPTEMBER, parent="first"), Decision("yes", "parent", OCTOBER, parent="second")
    two.decide("P1", [no])
    one.decide("P2", [no])
    ids = {code: one.person(code) for code in ("P1", "P2", "P3", "P4")}
    later = Decision("yes", "parent", OCTOBER, "wave", "w2", parent="second")
    given = {ids["P1"]: [yes], ids["P2"]: [yes], ids["P3"]: [no, later], ids["P4"]: [no]}
    with read(one.engine) as connection:
        assert who_would_disagree(connection, one.study.id, given, NOW) == ["P2", "P3"]
        assert who_would_disagree(connection, one.study.id, {ids["P2"]: []}, NOW) == []
        assert who_would_disagree(connection, two.study.id, given, NOW) == []
        only_w1 = {ids["P4"]: [Decision("no", "parent", SEPTEMBER, "wave", "w1", parent="first"), later]}
        assert who_would_disagree(connection, one.study.id, only_w1, NOW) == [], "they speak of two waves"


def test_what_stands_against_someone_is_said_and_nobody_is_asked_of_whom_nothing_is_known(
    twins: tuple[Tuned, Tuned],
) -> None:
    one, two = twins
    first = one.waves["w1"]
    with write(one.engine) as connection:
        with pytest.raises(NotAgreed) as missing:
            must_agree(connection, one.study.id, one.person("P1"), first)
        assert str(missing.value) == "This participant does not have the consent the study asks for."
        assert (missing.value.standing.state, missing.value.standing.reason) == ("missing", "sheet not sent")
        must_agree(connection, two.study.id, two.person("P1"), two.waves["w1"])
        assert not still_agreed(connection, one.study.id, one.person("P1"), first)
        assert still_agreed(connection, one.study.id, None, first)
        plan = plan_of(connection, one.study.id)
        with pytest.raises(LookupError, match=r"^There is no such participant, or no such wave\.$"):
            state_of(connection, plan, one.person("P1"), two.waves["w1"])
        with pytest.raises(LookupError, match=r"^There is no such participant, or no such wave\.$"):
            state_of(connection, plan, 999, first)


def test_the_activity_log_has_the_whole_decision(lay: Lay) -> None:
    tuned = lay(consent())
    tuned.decide("P1", [Decision("yes", "parent", SEPTEMBER, "future", "w2", "paper", 1, "first", "agreed")])
    (line,) = entries(tuned.engine, LogFilter(study_id=tuned.study.id, what="recorded a decision"))
    assert (line.about, line.actor) == ("P1", COMMAND_LINE)
    assert line.details == {
        "says": "yes", "by": "parent", "given_on": "2025-09-10", "scope": "future", "wave": "w2", "sheet": 1,
        "parent": "first", "resolved": "agreed",
    }  # fmt: skip


def test_what_holds_says_by_whose_decision_of_which_day_about_which_sheet(lay: Lay) -> None:
    tuned = lay(consent())
    tuned.decide(
        "P1", [Decision("yes", "parent", SEPTEMBER, sheet_version=1), Decision("no", "school", OCTOBER, "wave", "w2")]
    )
    with read(tuned.engine) as connection:
        plan = plan_of(connection, tuned.study.id)
        holds = [state_of(connection, plan, tuned.person("P1"), tuned.waves[wave]) for wave in ("w1", "w2")]
        (listed,) = standings(connection, plan, tuned.study.id, "w1", participant_id=tuned.person("P1"))  # type: ignore[arg-type]
    assert holds == [
        Standing("yes", "decided", SEPTEMBER, 1, "parent"),
        Standing("no", "decided", OCTOBER, None, "school"),
    ]
    assert listed.standing == holds[0]
    assert rows([listed]) == [("P1", "pupil", "s1", "4a", "yes", "decided", "parent", "2025-09-10", "1")]
    assert counts([listed, listed]) == {("s1", "pupil"): {"yes": 2, "no": 0, "missing": 0, "withdrawn": 0}}
