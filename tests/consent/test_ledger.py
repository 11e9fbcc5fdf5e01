"""What holds for whom: computed from lines that are never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError

from survey.audit import COMMAND_LINE, entries
from survey.database import Engine, read, write
from survey.fieldwork import Decision, Membership, NotAgreed, state_of
from survey.fieldwork.consent import (
    BadDecision,
    decide,
    decision,
    issues_of,
    ledger_of,
    plan_of,
    sheets_of,
    standings,
    withdrawn_for_good,
)
from survey.fieldwork.publishing import publish_folder
from survey.problems import Refused
from survey.responses import SavedPage, Ticket, assent, begin, finish, save
from survey.responses.withdrawing import Withdrawal
from tests.consent.conftest import Lay
from tests.consent.study import NOW, SENTINEL, STUDY, Tuned, consent, everything, lay_out
from tests.filled import keep_school

SEPTEMBER, OCTOBER = date(2025, 9, 10), date(2025, 10, 1)
YES, NO, OUT = "yes", "no", "withdrawn"


def state(tuned: Tuned, code: str = "P1", wave: str = "w1") -> tuple[str, str]:
    with read(tuned.engine) as connection:
        found = state_of(connection, plan_of(connection, tuned.study.id), tuned.person(code), tuned.waves[wave])
    return found.state, found.reason


def lets_in(tuned: Tuned, wave: str = "w1") -> bool:
    try:
        tuned.begin("P1", wave)
    except NotAgreed:
        return False
    return True


def given(
    says: str,
    scope: str = "all",
    wave: str | None = None,
    on: date = SEPTEMBER,
    by: str = "parent",
    parent: str | None = None,
) -> Decision:
    return Decision(says, by, on, scope, wave, parent=parent)  # type: ignore[arg-type]


# basis, who decides, was the sheet sent, the decisions in the order they were recorded -> the states in the three waves
RULES: list[tuple[str, str, bool, list[Decision], str]] = [
    # nothing said
    ("none", "", False, [], "yes yes yes"),
    ("opt_in", "parent", True, [], "missing missing missing"),
    ("opt_out", "parent", True, [], "yes yes yes"),
    ("opt_out", "parent", False, [], "missing missing missing"),
    ("opt_in", "school", True, [], "missing missing missing"),
    ("opt_out", "school", True, [], "yes yes yes"),
]
for basis, silent in (("opt_in", "missing"), ("opt_out", "yes"), ("none", "yes")):
    RULES += [
        # one decision, each scope
        (basis, "parent", True, [given(YES)], "yes yes yes"),
        (basis, "parent", True, [given(YES, "wave", "w2")], f"{silent} yes {silent}"),
        (basis, "parent", True, [given(YES, "future", "w2")], f"{silent} yes yes"),
        (basis, "parent", True, [given(YES, "future")], "yes yes yes"),
        (basis, "parent", True, [given(NO)], "no no no"),
        (basis, "parent", True, [given(NO, "wave", "w1")], f"no {silent} {silent}"),
        (basis, "parent", True, [given(NO, "future", "w3")], f"{silent} {silent} no"),
        (basis, "parent", True, [given(OUT)], "withdrawn withdrawn withdrawn"),
        (basis, "parent", True, [given(OUT, "wave", "w2")], f"{silent} withdrawn {silent}"),
        (basis, "parent", True, [given(OUT, "future", "w2")], f"{silent} withdrawn withdrawn"),
        # a no stands against a yes of a parent of whom no one knows that they are the same, in whatever order
        (basis, "parent", True, [given(YES), given(NO, on=OCTOBER)], "no no no"),
        (basis, "parent", True, [given(NO, on=OCTOBER), given(YES)], "no no no"),
        (basis, "parent", True, [given(NO), given(YES, on=OCTOBER)], "no no no"),
        (basis, "parent", True, [given(YES), given(NO)], "no no no"),
        (basis, "parent", True, [given(NO), given(YES)], "no no no"),
        (basis, "parent", True, [given(YES), given(NO, "wave", "w2", OCTOBER)], "yes no yes"),
        # a withdrawal is stronger than any earlier yes, and than a yes of the same day
        (basis, "parent", True, [given(OUT), given(YES)], "withdrawn withdrawn withdrawn"),
        (basis, "parent", True, [given(OUT, on=OCTOBER), given(YES)], "withdrawn withdrawn withdrawn"),
        (basis, "parent", True, [given(YES), given(OUT, "future", "w2", OCTOBER)], "yes withdrawn withdrawn"),
        # nor is it undone by a later yes of a parent of whom no one knows that they are the same
        (basis, "parent", True, [given(OUT), given(YES, on=OCTOBER)], "withdrawn withdrawn withdrawn"),
        # a yes given later by the same parent counts again
        (basis, "parent", True,
         [given(OUT, "future", "w2", parent="first"), given(YES, "future", "w3", OCTOBER, parent="first")],
         f"{silent} withdrawn yes"),
        (basis, "parent", True, [given(OUT, parent="first"), given(YES, on=OCTOBER, parent="first")], "yes yes yes"),
        # a no or a withdrawal counts from anyone
        (basis, "parent", True, [given(YES), given(NO, by="self", on=OCTOBER)], "no no no"),
        (basis, "parent", True, [given(YES), given(OUT, by="school", on=OCTOBER)], "withdrawn withdrawn withdrawn"),
    ]  # fmt: skip
# a yes counts only from whom the study lets decide
RULES += [
    ("opt_in", "parent", True, [given(YES, by="school")], "missing missing missing"),
    ("opt_in", "parent", True, [given(YES, by="self")], "missing missing missing"),
    ("opt_in", "school", True, [given(YES, by="school")], "yes yes yes"),
    ("opt_in", "school", True, [given(YES, by="parent")], "missing missing missing"),
    ("opt_in", "parent", True, [given(NO), given(YES, by="school", on=OCTOBER)], "no no no"),
]


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("basis", "by", "sent", "decisions", "states"),
    RULES,
    ids=[f"{number} {rule[0]}" for number, rule in enumerate(RULES, start=1)],
)
def test_what_holds_and_who_may_begin(
    lay: Lay, basis: str, by: str, sent: bool, decisions: list[Decision], states: str
) -> None:
    tuned = lay(STUDY if basis == "none" else consent(basis, by))
    if sent and basis != "none":
        tuned.issued()
    tuned.decide("P1", decisions)
    waves = ("w1", "w2", "w3")
    assert " ".join(state(tuned, wave=wave)[0] for wave in waves) == states
    assert state(tuned, "P2")[0] == ("yes" if (sent and basis == "opt_out") or basis == "none" else "missing")
    open_days = {"w1": NOW, "w2": datetime(2026, 10, 5, tzinfo=UTC), "w3": datetime(2027, 10, 4, tzinfo=UTC)}
    for wave, holds in zip(waves, states.split(), strict=True):
        try:
            tuned.begin("P1", wave, now=open_days[wave])
            begun = True
        except NotAgreed:
            begun = False
        assert begun == (holds == "yes"), wave
    with read(tuned.engine) as connection:
        listed = {
            wave: next(
                one.standing.state
                for one in standings(connection, plan_of(connection, tuned.study.id), tuned.study.id, wave)  # type: ignore[arg-type]
                if one.code == "P1"
            )
            for wave in waves
        }
    assert " ".join(listed.values()) == states, "the list says what the gate does"


def test_by_an_open_link_only_the_first_page_decides(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    assert tuned.begin(None)
    with pytest.raises(NotAgreed):
        tuned.begin("P1")


def test_who_decides_for_themselves_is_asked_by_the_first_page(lay: Lay) -> None:
    """Nothing need be there before; what they say there is what holds, and a no is no end."""
    tuned = lay(consent("opt_in", "self"))
    assert state(tuned) == ("missing", "no decision")
    response = tuned.begin("P1")
    assent(tuned.engine, response, False, NOW)
    assert state(tuned) == ("no", "decided")
    assent(tuned.engine, tuned.begin("P1"), True, NOW)
    assert state(tuned) == ("yes", "decided")
    assert state(tuned, wave="w2") == ("missing", "no decision"), "each wave asks anew"
    tuned.decide("P1", [given(NO, by="self", on=OCTOBER)])
    assert not lets_in(tuned, "w2")


def test_every_yes_and_no_of_a_child_is_a_line_and_decides_nothing_for_the_parent(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", [given(YES)])
    response = tuned.begin("P1")
    assent(tuned.engine, response, False, NOW)
    assent(tuned.engine, response, False, NOW)
    assent(tuned.engine, tuned.begin("P1"), True, NOW)
    with read(tuned.engine) as connection:
        lines = ledger_of(connection, tuned.person("P1"))
    assert [(line.kind, line.says, line.decided_by, line.wave, line.questionnaire) for line in lines] == [
        ("decision", "yes", "parent", None, None),
        ("assent", "no", "self", "w1", "pupil"),
        ("assent", "yes", "self", "w1", "pupil"),
    ]
    assert state(tuned) == ("yes", "decided")


def test_by_an_open_link_nobody_is_in_the_ledger(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    assent(tuned.engine, tuned.begin(None), True, NOW)
    with read(tuned.engine) as connection:
        assert connection.execute(select(decision)).all() == []


def test_a_refused_beginning_leaves_nothing(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent("opt_in"))
    with pytest.raises(NotAgreed) as refused:
        tuned.begin("P1")
    assert (refused.value.standing.state, refused.value.standing.reason) == ("missing", "no decision")
    with read(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM response")) == 0
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 0


def test_a_no_shuts_out_who_has_begun(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", [given(YES)])
    tuned.begin("P1")
    tuned.decide("P1", [given(NO, on=OCTOBER)])
    with pytest.raises(NotAgreed):
        tuned.begin("P1")


@pytest.mark.parametrize("says", [NO, OUT])
def test_what_comes_after_a_no_is_not_taken(lay: Lay, engine: Engine, says: str) -> None:
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", [given(YES)])
    its_id = tuned.begin("P1")
    assert save(engine, its_id, SavedPage(1, 1, "music", {"why": "before"}, now=NOW)).outcome == "new"
    tuned.decide("P1", [given(says, "future", on=OCTOBER)])
    assert save(engine, its_id, SavedPage(1, 1, "music", {"why": "before"}, now=NOW)).outcome == "repeated"
    assert save(engine, its_id, SavedPage(1, 2, "music", {"why": SENTINEL}, now=NOW)).outcome == "refused"
    assert finish(engine, its_id, 1, 3, NOW).outcome == "refused"
    assert SENTINEL not in everything(engine)


def test_a_no_about_another_wave_keeps_nobody_from_going_on(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", [given(YES), given(NO, "wave", "w2", OCTOBER)])
    its_id = tuned.begin("P1")
    assert save(engine, its_id, SavedPage(1, 1, "music", {"why": "mine"}, now=NOW)).outcome == "new"
    assert finish(engine, its_id, 1, 2, NOW).outcome == "new"


def test_a_sheet_sent_to_one_school_reaches_its_children_wherever_they_go(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent("opt_out"))
    assert tuned.issued("s1") == 1
    assert tuned.issued("s1") == 0, "the same sheet on the same day is one record"
    assert (state(tuned, "P1"), state(tuned, "P4")) == (("yes", "silent"), ("missing", "sheet not sent"))
    with write(engine) as connection:
        other = connection.scalar(text("SELECT id FROM school WHERE code = 's2'"))
        move = update(Membership).where(
            Membership.participant_id == tuned.person("P1"), Membership.wave_id == tuned.waves["w2"]
        )
        connection.execute(move.values(school_id=other))
    assert state(tuned, "P1", "w2") == ("yes", "silent"), "the parents were told in the first wave"
    assert state(tuned, "P4", "w2") == ("missing", "sheet not sent")
    tuned.issued("s2", on=OCTOBER)
    assert state(tuned, "P4") == ("yes", "silent")
    with read(engine) as connection:
        assert [(one.school, one.issued_on) for one in issues_of(connection, tuned.study.id)] == [
            ("s2", OCTOBER),
            ("s1", date(2025, 9, 1)),
        ]


def test_a_sheet_for_parents_tells_nobody_about_pupils(lay: Lay) -> None:
    tuned = lay(consent("opt_out") + "  - {audience: parent, decided_by: self, basis: opt_in, sheet: "
                "{version: 1, title: For you, text: About you.}}\n")  # fmt: skip
    tuned.issued(audience="parent")
    assert state(tuned) == ("missing", "sheet not sent")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (given(YES, on=date(2025, 10, 7)), "is in the future"),
        (given(YES, "wave"), "needs the wave"),
        (given(YES, "wave", "w9"), "no wave 'w9'"),
        (Decision("yes", "parent", OCTOBER, sheet_version=7), "no version 7"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_a_sentence(lay: Lay, what: Decision, says: str) -> None:
    tuned = lay(consent())
    with pytest.raises(BadDecision, match=says):
        tuned.decide("P1", [what])


def test_a_decision_is_recorded_once_with_who_did_it(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent())
    what = Decision("yes", "parent", SEPTEMBER, how="paper", sheet_version=1)
    tuned.decide("P1", [what, what])
    with read(engine) as connection:
        (line,) = ledger_of(connection, tuned.person("P1"))
    assert (line.how, line.sheet_version, line.recorded_by, line.recorded_at) == ("paper", 1, "command line", NOW)
    noted = [entry for entry in entries(engine) if entry.what == "recorded a decision"]
    assert [(entry.about, entry.details["says"]) for entry in noted] == [("P1", "yes")]


@pytest.mark.parametrize("table", ["decision", "sheet", "sheet_issue", "erasure", "certificate"])
def test_the_database_itself_lets_these_only_grow(lay: Lay, engine: Engine, table: str) -> None:
    from survey.responses.withdrawing import withdraw

    tuned = lay(consent("opt_out"))
    tuned.issued()
    tuned.answer("P1")
    withdraw(
        engine, Withdrawal(scope="all", by="parent", participant_id=tuned.person("P1")), actor=COMMAND_LINE, now=NOW
    )
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {COLUMN[table]} = {COLUMN[table]}"):
        with pytest.raises(IntegrityError, match="is not"), write(engine) as connection:
            connection.execute(text(statement))
    with read(engine) as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}"))


COLUMN = {"decision": "says", "sheet": "text", "sheet_issue": "issued_on", "erasure": "key", "certificate": "scope"}


def test_who_withdrew_from_everything_is_known_until_a_later_yes(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent())
    tuned.decide("P1", [given(OUT)])
    tuned.decide("P2", [given(OUT, "future")])
    tuned.decide("P3", [given(OUT, parent="first"), given(YES, on=OCTOBER, parent="first")])
    tuned.decide("P4", [given(OUT), given(NO, on=OCTOBER), given(OUT, "wave", "w1", OCTOBER)])
    with read(engine) as connection:
        assert withdrawn_for_good(connection, tuned.study.id) == {tuned.person("P1"), tuned.person("P4")}


# ── information sheets ────────────────────────────────────────────────────────────────────────────────────
def test_a_sheet_with_other_words_needs_a_higher_version(lay: Lay, engine: Engine, tmp_path: Path) -> None:
    tuned = lay(consent())
    folder, later = tmp_path / "study", datetime(2025, 8, 2, tzinfo=UTC)
    file = folder / "study.yaml"
    changed = consent().replace("You may say no.", "You need not say anything.")
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(Refused, match="set 'version: 2' in its sheet and publish again"):
        publish_folder(engine, folder, later)
    file.write_text(changed.replace("sheet: {version: 1", "sheet: {version: 2"), encoding="utf-8")
    assert publish_folder(engine, folder, later).sheets == (("pupil", 2),)
    with read(engine) as connection:
        versions = [(one.version, one.text) for one in sheets_of(connection, tuned.study.id)]
    assert versions == [
        (2, "We ask children about music. You need not say anything."),
        (1, "We ask children about music. You may say no."),
    ]
    file.write_text(consent(), encoding="utf-8")
    with pytest.raises(Refused, match="set 'version: 3'"):
        publish_folder(engine, folder, later)


def test_the_same_sheet_is_published_once(lay: Lay, engine: Engine, tmp_path: Path) -> None:
    tuned = lay(consent())
    assert publish_folder(engine, tmp_path / "study", NOW).sheets == ()
    with read(engine) as connection:
        assert len(sheets_of(connection, tuned.study.id)) == 1


def test_a_sheet_that_was_not_published_cannot_have_been_sent(lay: Lay) -> None:
    tuned = lay(consent())
    with pytest.raises(BadDecision, match="No information sheet for parent is published"):
        tuned.issued(audience="parent")
    with pytest.raises(BadDecision, match="no school 's9'"):
        tuned.issued("s9")
    with pytest.raises(BadDecision, match="is in the future"):
        tuned.issued(on=date(2025, 10, 7))


def test_another_study_s_school_gets_nothing(lay: Lay, engine: Engine) -> None:
    from survey.database import session
    from survey.fieldwork import keep_study

    tuned = lay(consent())
    with session(engine) as db:
        keep_school(db, keep_study(db, "other", title="Other"), "x1", title="Elsewhere", arm=None)
    with pytest.raises(BadDecision, match="no school 'x1'"):
        tuned.issued("x1")


def test_what_is_deleted_in_the_ledger_is_refused_even_from_sqlalchemy(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent())
    tuned.decide("P1", [given(YES)])
    with pytest.raises(IntegrityError), write(engine) as connection:
        connection.execute(delete(decision))


def test_coming_back_is_gated_too(lay: Lay) -> None:
    tuned = lay(consent("opt_out"))
    tuned.issued()
    first: Ticket = begin(tuned.engine, tuned.door("pupil", "P1"), "en", _sha(tuned), NOW)
    tuned.decide("P1", [given(OUT, "wave", "w1", OCTOBER)])
    with pytest.raises(NotAgreed, match="does not have the consent"):
        begin(tuned.engine, tuned.door("pupil", "P1"), "en", _sha(tuned), NOW)
    assert first.state == "started"


def _sha(tuned: Tuned) -> str:
    from survey.fieldwork import current

    return current(tuned.engine, tuned.study.id)["pupil"]


# ── whose, of all that is there ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.one_engine
def test_a_sheet_is_of_the_audience_of_the_one_who_decides(lay: Lay) -> None:
    tuned = lay(consent())
    with pytest.raises(
        BadDecision,
        match=r"^There is no version 1 of the information sheet\. Please choose one that has been published\.$",
    ):
        tuned.decide("R1", [Decision("yes", "parent", SEPTEMBER, sheet_version=1)])
    tuned.decide("P1", [Decision("yes", "parent", SEPTEMBER, sheet_version=1)])


@pytest.mark.one_engine
def test_a_decision_about_someone_of_another_study_is_refused(lay: Lay, engine: Engine, tmp_path: Path) -> None:
    tuned = lay(consent("opt_out"))
    twin = lay_out(engine, tmp_path / "twin", consent("opt_out").replace("tuned-in", "twin"))
    with write(engine) as connection:
        theirs = twin.person("P1")
        with pytest.raises(
            BadDecision, match=r"^There is no such participant in this study\. Please check the study code\.$"
        ):
            decide(connection, tuned.study, theirs, given(NO), COMMAND_LINE, NOW)
    twin.decide("P1", [given(NO)])
    twin.decide("P2", [given(OUT)])
    twin.issued()
    assert [state(tuned, code) for code in ("P1", "P2", "P3")] == [("missing", "sheet not sent")] * 3
    assert [state(twin, code)[0] for code in ("P1", "P2", "P3")] == ["no", "withdrawn", "yes"]
    with read(engine) as connection:
        plan = plan_of(connection, tuned.study.id)
        assert plan is not None
        mine, theirs_too = (list(standings(connection, plan, one.study.id, "w1")) for one in (tuned, twin))
        assert withdrawn_for_good(connection, tuned.study.id) == set()
        assert withdrawn_for_good(connection, twin.study.id) == {twin.person("P2")}
        assert issues_of(connection, tuned.study.id) == []
        assert len(sheets_of(connection, tuned.study.id)) == 1
    assert [one.id for one in mine] == [tuned.person(f"P{n}") for n in (1, 2, 3)] + [tuned.person("R1")] + [
        tuned.person(f"P{n}") for n in (4, 5, 6)
    ] + [tuned.person("R2")], "by school, class and code"
    assert {one.standing.state for one in mine if one.audience == "pupil"} == {"missing"}
    assert [one.standing.state for one in theirs_too] == ["no", "withdrawn", *["yes"] * 6]


@pytest.mark.one_engine
def test_the_list_is_of_the_schools_and_the_one_asked_for(lay: Lay, engine: Engine) -> None:
    tuned = lay(consent("opt_out"))
    tuned.issued("s1")
    tuned.decide("P4", [Decision("yes", "parent", SEPTEMBER, sheet_version=1)])

    def listed(wave: str = "w1", **only: Any) -> list[str]:
        with read(engine) as connection:
            plan = plan_of(connection, tuned.study.id)
            assert plan is not None
            found = standings(connection, plan, tuned.study.id, wave, **only)
            return [f"{one.code} {one.school} {one.school_class} {one.standing.state}" for one in found]

    with read(engine) as connection:
        school = connection.scalar(text("SELECT id FROM school WHERE code = 's2'"))
    there = ["P4 s2 4a yes", "P5 s2 4a missing", "P6 s2 4a missing", "R2 s2 4a yes"]
    assert listed(schools={school}) == there
    assert listed(schools=set()) == []
    assert listed(participant_id=tuned.person("P4")) == there[:1]
    assert listed(participant_id=tuned.person("P1")) == ["P1 s1 4a yes"]
    assert listed() == [*(f"P{number} s1 4a yes" for number in (1, 2, 3)), "R1 s1 4a yes", *there]
    with pytest.raises(Refused, match="There is no wave 'w9'"):
        listed("w9")


@pytest.mark.one_engine
def test_what_is_said_on_the_first_page_is_kept_with_the_text_that_asked(lay: Lay, engine: Engine) -> None:
    tuned = lay()
    assent(engine, tuned.begin("P1"), False, NOW)
    with read(engine) as connection:
        (row,) = connection.execute(select(decision)).all()
    assert (row.sha256, row.questionnaire, row.kind, row.says) == (_sha(tuned), "pupil", "assent", "no")
    assert (row.decided_by, row.scope, row.wave_id, row.how) == ("self", "wave", tuned.waves["w1"], "online")
    assert (row.given_on, row.recorded_at, row.recorded_by) == (NOW.date(), NOW, "respondent")
    assert (row.study_id, row.participant_id) == (tuned.study.id, tuned.person("P1"))
