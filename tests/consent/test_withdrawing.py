"""Who withdraws is forgotten: in tables, counts and exports at once, in the files of the database, and for good."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select, text

from survey.audit import COMMAND_LINE, RESPONDENT, LogFilter, entries
from survey.database import StoreFull, read, session, write
from survey.export.store import export
from survey.fieldwork import Decision, NotAgreed, Participant, current
from survey.fieldwork.consent import ledger_of, plan_of, state_of
from survey.fieldwork.doors import Door, Shut, door_by_id
from survey.fieldwork.participants import linkage
from survey.people import User
from survey.progress import progress
from survey.responses import SavedPage, assent, load, save, stop, withdrawing
from survey.responses.erasing import Erased
from survey.responses.keyings import Filled, NewPaper, add_papers, keep_keying, keying, paper
from survey.responses.receipts import make_receipt, receipt_of, response_by_receipt
from survey.responses.tables import response
from survey.responses.withdrawing import (
    NothingToWithdraw,
    Withdrawal,
    WithdrawalCertificate,
    certificate_by_number,
    certificate_of_response,
    certificates_of,
    erasure,
    withdraw,
    withdraw_together,
    withdrawn_again,
)
from tests.consent.conftest import Lay
from tests.consent.study import NOW, RECEIPTS, SENTINEL, STUDY, Tuned, consent, everything, lay_out

LATER = NOW + timedelta(hours=1)


def out(tuned: Tuned, code: str, scope: str, wave: str | None = None, now: datetime = LATER) -> WithdrawalCertificate:
    return withdraw(
        tuned.engine,
        Withdrawal(scope=scope, by="parent", participant_id=tuned.person(code), wave=wave),
        actor=COMMAND_LINE,
        now=now,
    )


def exported(tuned: Tuned, form: str) -> bytes:
    file = io.BytesIO()
    export("tuned-in", tuned.engine, form, file, LATER)  # type: ignore[arg-type]
    return file.getvalue()


def text_in(data: bytes, form: str) -> str:
    if form == "csv":
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            return "\n".join(parts.read(name).decode("utf-8-sig") for name in parts.namelist() if name.endswith(".csv"))
    book = load_workbook(io.BytesIO(data))
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def row_of(tuned: Tuned, its_id: str) -> dict[str, Any]:
    with read(tuned.engine) as connection:
        return dict(connection.execute(select(response).where(response.c.id == its_id)).one()._mapping)


# ── scopes ────────────────────────────────────────────────────────────────────────────────────────────────
def test_from_one_wave(lay: Lay) -> None:
    tuned = lay()
    first, second = tuned.answer("P1"), tuned.answer("P1", "w2", words="It stays")
    other = tuned.answer("P2", words="It stays")
    certificate = out(tuned, "P1", "wave", "w1")
    assert (certificate.scope, certificate.wave, certificate.responses) == ("wave", "w1", 1)
    assert SENTINEL not in everything(tuned.engine)
    assert [load(tuned.engine, one).state for one in (first, second, other)] == ["withdrawn", "finished", "finished"]  # type: ignore[union-attr]
    assert row_of(tuned, second)["answers"] == {"why": "It stays"}
    row = row_of(tuned, first)
    assert (row["answers"], row["stamps"], row["screens"], row["finished_at"]) == ({}, {}, {}, None)
    assert set(row["facts"]) == {"school", "school_code", "school_class", "school_class_code", "arm", "wave"}
    with read(tuned.engine) as connection:
        states = [
            state_of(connection, plan_of(connection, tuned.study.id), tuned.person("P1"), tuned.waves[wave]).state
            for wave in ("w1", "w2", "w3")
        ]
        assert connection.scalar(select(Participant.facts).where(Participant.code == "P1")) == {"fsm": True}
    assert states == ["withdrawn", "yes", "yes"]


def test_from_what_comes(lay: Lay) -> None:
    tuned = lay()
    kept, door = tuned.answer("P1"), tuned.door("pupil", "P1", "w2")
    certificate = out(tuned, "P1", "future")
    assert (certificate.scope, certificate.wave, certificate.responses) == ("future", "", 0)
    assert row_of(tuned, kept)["answers"] == {"why": SENTINEL}
    with pytest.raises(NotAgreed, match="does not have the consent"):
        tuned.begin("P1", "w2")
    with session(tuned.engine) as db:
        ended = door_by_id(db, door, LATER)
        assert ended is not None
        assert ended.shut == Shut("ended")


def is_open(tuned: Tuned, door: int) -> bool:
    with read(tuned.engine) as connection:
        return connection.scalar(select(Door.ended_at).where(Door.id == door)) is None


@pytest.mark.parametrize(
    ("scope", "wave", "open_after"),
    [("wave", "w1", [False, True, True]), ("wave", "w2", [True, False, True]), ("future", None, [False] * 3)],
)
def test_the_links_of_the_waves_someone_withdraws_from_end_and_no_others(
    lay: Lay, scope: str, wave: str | None, open_after: list[bool]
) -> None:
    tuned = lay()
    doors = [tuned.door("pupil", "P1", of) for of in ("w1", "w2", "w3")]
    another = [tuned.door("pupil", "P2", "w1"), tuned.door("parent", None, "w1")]
    out(tuned, "P1", scope, wave)
    assert [is_open(tuned, door) for door in doors] == open_after
    assert [is_open(tuned, door) for door in another] == [True, True]


def test_a_link_that_was_ended_before_keeps_the_moment_at_which_it_was(lay: Lay) -> None:
    tuned = lay()
    door = tuned.door("pupil", "P1", "w2")
    out(tuned, "P1", "wave", "w2", NOW)
    out(tuned, "P1", "all", None, LATER)
    with read(tuned.engine) as connection:
        assert connection.scalar(select(Door.ended_at).where(Door.id == door)) == NOW


def test_from_everything(lay: Lay) -> None:
    tuned = lay()
    with write(tuned.engine) as connection:
        connection.execute(
            linkage.insert().values(participant_id=tuned.person("P1"), study_id=tuned.study.id, hash="abc")
        )
    mine = [tuned.answer("P1"), tuned.answer("P1", "w2")]
    tuned.answer("P2", words="It stays")
    certificate = out(tuned, "P1", "all")
    assert certificate.responses == 2
    assert SENTINEL not in everything(tuned.engine)
    assert "It stays" in everything(tuned.engine)
    with read(tuned.engine) as connection:
        assert connection.scalar(select(Participant.facts).where(Participant.code == "P1")) == {}
        facts = text("SELECT facts FROM membership WHERE participant_id = :id")
        assert set(connection.scalars(facts, {"id": tuned.person("P1")})) == {"{}"}
        assert connection.execute(select(linkage)).all() == []
        noted = connection.execute(select(erasure.c.kind, erasure.c.key, erasure.c.scope).order_by(erasure.c.id)).all()
    assert sorted(noted[:2]) == sorted(("response", one, "all") for one in mine)
    assert noted[2:] == [("participant", "P1", "all")]
    for wave in ("w1", "w2", "w3"):
        with pytest.raises(NotAgreed):
            tuned.begin("P1", wave)


def test_a_later_yes_lets_them_in_again_and_brings_nothing_back(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", [Decision("yes", "parent", date(2025, 9, 1))])
    gone = tuned.answer("P1")
    out(tuned, "P1", "all")
    changed = Decision("yes", "parent", date(2025, 10, 7), "future", "w2", resolved="changed mind")
    tuned.decide("P1", [changed], NOW + timedelta(days=2))
    assert tuned.begin("P1", "w2")
    with pytest.raises(NotAgreed):
        tuned.begin("P1", "w1")
    assert (row_of(tuned, gone)["state"], row_of(tuned, gone)["answers"]) == ("withdrawn", {})
    changed = Decision("yes", "parent", date(2025, 10, 8), resolved="changed mind")
    tuned.decide("P1", [changed], NOW + timedelta(days=3))
    assert tuned.begin("P1", "w1") == gone
    assert save(tuned.engine, gone, SavedPage(2, 1, "music", {"why": "again"}, now=LATER)).outcome == "refused"


def test_a_response_by_an_open_link_goes_alone(lay: Lay) -> None:
    tuned = lay()
    gone, kept = tuned.answer(None, questionnaire="parent"), tuned.answer(None, questionnaire="parent", words="Kept")
    certificate = withdraw(
        tuned.engine, Withdrawal(scope="all", by="self", response_id=gone), actor=RESPONDENT, now=LATER
    )
    assert (certificate.participant, certificate.scope, certificate.responses) == ("", "wave", 1)
    assert (row_of(tuned, gone)["state"], row_of(tuned, kept)["state"]) == ("withdrawn", "finished")
    assert certificate_of_response(tuned.engine, gone) == certificate
    assert certificate_of_response(tuned.engine, kept) is None


def test_a_response_by_a_personal_link_takes_its_wave_with_it(lay: Lay) -> None:
    tuned = lay()
    mine = tuned.answer("R1", questionnaire="parent")
    certificate = withdraw(
        tuned.engine, Withdrawal(scope="wave", by="self", response_id=mine), actor=RESPONDENT, now=LATER
    )
    assert (certificate.participant, certificate.wave, certificate.response) == ("R1", "w1", None)
    assert certificate_of_response(tuned.engine, mine) == certificate


def test_twice_is_once(lay: Lay) -> None:
    tuned = lay()
    tuned.answer("P1")
    first = out(tuned, "P1", "all")
    assert out(tuned, "P1", "all", now=LATER + timedelta(minutes=1)) == first
    with read(tuned.engine) as connection:
        assert len(ledger_of(connection, tuned.person("P1"))) == 1
        assert certificates_of(connection, tuned.study.id) == [first]
        assert connection.scalar(text("SELECT count(*) FROM erasure")) == 2


def test_nobody_cannot_withdraw(lay: Lay) -> None:
    tuned = lay()
    with pytest.raises(NothingToWithdraw, match=r"^There is no such participant\.$"):
        withdraw(tuned.engine, Withdrawal(scope="all", by="self", participant_id=999), actor=RESPONDENT, now=NOW)
    with pytest.raises(NothingToWithdraw, match=r"^There is no such response\.$"):
        withdraw(tuned.engine, Withdrawal(scope="all", by="self", response_id="x" * 22), actor=RESPONDENT, now=NOW)
    with pytest.raises(NothingToWithdraw, match=r"^There is no wave 'w9'"):
        out(tuned, "P1", "wave", "w9")
    with read(tuned.engine) as connection:
        assert certificates_of(connection, tuned.study.id) == []


# ── certificates ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_certificate_says_what_was_done_and_no_answer(lay: Lay) -> None:
    tuned = lay()
    tuned.answer("P1")
    made = out(tuned, "P1", "wave", "w1")
    assert made.backups_gone_on == date(2025, 11, 10), "35 days after 6 October"
    assert (made.study, made.by, made.at) == ("tuned-in", "parent", LATER)
    assert certificate_by_number(tuned.engine, made.number) == made
    assert certificate_by_number(tuned.engine, made.number.lower().replace("-", " ")) == made
    for wrong in ("", "W-", "W-AAAA-AAAA-AAAA", "\0", "W" * 500, "W-ÄÄÄÄ-AAAA-AAAA"):
        assert certificate_by_number(tuned.engine, wrong) is None
    assert SENTINEL not in repr(made)


def test_the_audit_knows_of_it_without_an_answer(lay: Lay) -> None:
    tuned = lay()
    tuned.answer("P1")
    made = out(tuned, "P1", "all")
    (noted,) = [entry for entry in entries(tuned.engine) if entry.what == "withdrew"]
    assert (noted.about, noted.details["certificate"], noted.details["responses"]) == ("P1", made.number, 1)
    assert SENTINEL not in repr(list(entries(tuned.engine)))


# ── what others see ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_made_later_has_the_row_and_nothing_in_it(lay: Lay, form: str) -> None:
    tuned = lay()
    tuned.answer("P1")
    tuned.answer("P2", words="It stays")
    assert SENTINEL in text_in(exported(tuned, form), form)
    out(tuned, "P1", "all")
    found = text_in(exported(tuned, form), form)
    assert SENTINEL not in found
    assert "It stays" in found
    if form == "csv":
        with zipfile.ZipFile(io.BytesIO(exported(tuned, form))) as parts:
            name = next(name for name in parts.namelist() if name.endswith("pupil-codes.csv"))
            header, *rows = [line.split(",") for line in parts.read(name).decode("utf-8-sig").splitlines()]
        mine = dict(zip(header, next(row for row in rows if "P1" in row), strict=True))
        theirs = dict(zip(header, next(row for row in rows if "P2" in row), strict=True))
        assert (mine["why"], mine["state"], mine["school"], mine["class"]) == ("-2", "withdrawn", "s1", "4a")
        facts = [name for name in header if "fsm" in name or name == "year_group"]
        assert facts
        assert {mine[name] for name in facts} <= {""}
        assert "" not in {theirs[name] for name in facts}


def test_the_counts_of_the_progress_page_know_at_once(lay: Lay) -> None:
    tuned = lay()
    tuned.answer("P1")
    tuned.answer("P2")

    def outcomes() -> dict[str, str]:
        lines = progress(tuned.engine, tuned.study.id, LATER).only(wave="w1", questionnaire="pupil").lines
        return {line.participant: line.outcome for line in lines}

    assert (outcomes()["P1"], outcomes()["P2"]) == ("finished", "finished")
    out(tuned, "P1", "wave", "w1")
    assert (outcomes()["P1"], outcomes()["P2"]) == ("withdrawn", "finished")


def test_who_withdrew_from_everything_stays_among_those_asked(lay: Lay) -> None:
    """Their year group is forgotten, by which pupils are asked: they were asked all the same, and the rates stay."""
    tuned = lay(STUDY.replace("audience: pupil, waves", "audience: pupil, years: [4], waves"))
    tuned.answer("P1")
    tuned.answer("P2", words="It stays")
    before = progress(tuned.engine, tuned.study.id, LATER).only(wave="w1", questionnaire="pupil")
    out(tuned, "P1", "all")
    after = progress(tuned.engine, tuned.study.id, LATER).only(wave="w1", questionnaire="pupil")
    assert [one.participant for one in after.lines] == [one.participant for one in before.lines]
    assert [one.outcome for one in after.lines][:2] == ["withdrawn", "finished"]
    assert after.unlisted == ()


def test_what_was_keyed_from_a_paper_goes_with_the_rest(lay: Lay) -> None:
    """A paper keyed once is answered too, though there is no response yet."""
    tuned = lay()
    doors = {wave: tuned.door("pupil", "P1", wave) for wave in ("w1", "w2")}
    sha256 = current(tuned.engine, tuned.study.id)["pupil"]
    with write(tuned.engine) as connection:
        add_papers(
            connection,
            [
                NewPaper(tuned.study.id, tuned.waves[wave], "pupil", sha256, "en", door, tuned.person("P1"))
                for wave, door in doors.items()
            ],
            NOW,
        )
        account = connection.execute(
            insert(User).values(email="k@example.org", active=True, fs_uniquifier="k").returning(User.id)
        ).scalar_one()
        for paper_id in connection.scalars(select(paper.c.id)).all():
            keep_keying(connection, paper_id, account, Filled({"why": SENTINEL}, True, None), NOW)
    out(tuned, "P1", "wave", "w1")
    with read(tuned.engine) as connection:
        assert len(connection.execute(select(keying)).all()) == 1
    out(tuned, "P1", "all")
    assert SENTINEL not in everything(tuned.engine)


# ── ends that delete ──────────────────────────────────────────────────────────────────────────────────
def test_throwing_away_and_saying_no_are_erasures_too(lay: Lay) -> None:
    tuned = lay()
    thrown, no, empty = tuned.begin("P1"), tuned.begin("P2"), tuned.begin("P3")
    for its_id in (thrown, no):
        save(tuned.engine, its_id, SavedPage(1, 1, "music", {"why": SENTINEL}, now=NOW, ms=100))
    stop(tuned.engine, thrown, False, LATER)
    for its_id in (no, empty):
        assent(tuned.engine, its_id, False, LATER)
    assert SENTINEL not in everything(tuned.engine)
    assert "fsm" not in row_of(tuned, thrown)["facts"], "for good: nothing but the place is kept"
    assert "fsm" in row_of(tuned, no)["facts"], "they may come back and say yes"
    with read(tuned.engine) as connection:
        noted = connection.execute(select(erasure.c.key, erasure.c.reason).order_by(erasure.c.id)).all()
    assert noted == [(thrown, "deleted by the respondent"), (no, "said no")], "of an empty no nothing was deleted"


# ── after an older backup ─────────────────────────────────────────────────────────────────────────────────
def test_the_list_of_erasures_can_be_done_again(lay: Lay) -> None:
    """As after a restored backup: the list is another database's, the answers are there again."""
    tuned = lay()
    one, all_of = tuned.answer("P1"), tuned.answer("P2")
    door = tuned.door("pupil", "P3", "w2")
    lines = [
        ("response", one, "wave", "w1"),
        ("participant", "P1", "wave", "w1"),
        ("participant", "P2", "all", ""),
        ("participant", "P3", "future", ""),
        ("participant", "gone", "all", ""),
        ("response", "x" * 22, "wave", "w1"),
    ]
    held = [withdrawn_again(tuned.engine, Erased("tuned-in", *line), LATER, COMMAND_LINE) for line in lines]
    assert held == [1, 0, 1, 0, 0, 0]
    assert SENTINEL not in everything(tuned.engine)
    assert (row_of(tuned, one)["state"], row_of(tuned, all_of)["state"]) == ("withdrawn", "withdrawn")
    with session(tuned.engine) as db:
        ended = door_by_id(db, door, LATER)
        assert ended is not None
        assert ended.shut == Shut("ended")
    for code, wave in (("P1", "w1"), ("P2", "w2"), ("P3", "w1")):
        with pytest.raises(NotAgreed):
            tuned.begin(code, wave)
    with read(tuned.engine) as connection:
        assert certificates_of(connection, tuned.study.id) == [], "they have theirs"
        listed = connection.execute(select(erasure.c.kind, erasure.c.key, erasure.c.scope, erasure.c.reason)).all()
        said = [ledger_of(connection, tuned.person(code)) for code in ("P1", "P2", "P3")]
    again = "restored backup"
    assert sorted(listed) == sorted(
        [
            ("response", one, "wave", again),
            ("participant", "P1", "wave", again),
            ("response", all_of, "all", again),
            ("participant", "P2", "all", again),
            ("participant", "P3", "future", again),
        ]
    )
    assert [
        [(line.says, line.decided_by, line.scope, line.wave, line.given_on) for line in lines] for lines in said
    ] == [
        [("withdrawn", "self", "wave", "w1", LATER.date())],
        [("withdrawn", "self", "all", None, LATER.date())],
        [("withdrawn", "self", "future", None, LATER.date())],
    ]


@pytest.mark.one_engine
@pytest.mark.parametrize(("scope", "noted"), [("all", "all"), ("wave", "wave"), ("", "wave")])
def test_a_response_erased_again_is_listed_as_far_as_its_line_went(lay: Lay, scope: str, noted: str) -> None:
    tuned = lay()
    its_id = tuned.answer(None, questionnaire="parent")
    line = Erased("tuned-in", "response", its_id, scope, "w1")
    assert withdrawn_again(tuned.engine, line, LATER, COMMAND_LINE) == 1
    assert withdrawn_again(tuned.engine, line, LATER, COMMAND_LINE) == 0
    with read(tuned.engine) as connection:
        assert connection.execute(select(erasure.c.scope, erasure.c.wave)).all() == [(noted, "w1")]


# ── another study ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.one_engine
def test_a_study_with_the_same_codes_is_left_as_it_is(lay: Lay, tmp_path: Path) -> None:
    """Its pupils, waves and schools are called the same; its people and answers are others."""
    tuned = lay()
    twin = lay_out(tuned.engine, tmp_path / "twin", STUDY.replace("tuned-in", "twin"))
    theirs = [twin.answer(code, wave) for code in ("P1", "P2", "P3") for wave in ("w1", "w2")]
    opened = twin.answer(None, questionnaire="parent")
    doors = [twin.door("pupil", code, "w3") for code in ("P1", "P2", "P3")]

    def of_the_twin() -> list[object]:
        with read(tuned.engine) as connection:
            people = select(Participant.id, Participant.facts).where(Participant.study_id == twin.study.id)
            return [
                [row_of(twin, one) for one in [*theirs, opened]],
                connection.execute(people).all(),
                connection.execute(select(Door.ended_at).where(Door.id.in_(doors))).all(),
                [ledger_of(connection, twin.person(code)) for code in ("P1", "P2", "P3")],
                certificates_of(connection, twin.study.id),
                list(entries(tuned.engine, LogFilter(study_id=twin.study.id))),
            ]

    before = of_the_twin()
    mine = [tuned.answer(code) for code in ("P1", "P2", "P3")]
    out(tuned, "P1", "wave", "w1")
    out(tuned, "P2", "all")
    withdraw(tuned.engine, Withdrawal("all", "self", response_id=mine[2]), RESPONDENT, LATER)
    for line in [
        Erased("tuned-in", "participant", "P1", "all"),
        Erased("tuned-in", "participant", "P3", "wave", "w2"),
        Erased("tuned-in", "response", opened, "wave", "w1"),
    ]:
        withdrawn_again(tuned.engine, line, LATER, COMMAND_LINE)
    assert of_the_twin() == before
    with read(tuned.engine) as connection:
        made = certificates_of(connection, tuned.study.id)
        assert set(connection.scalars(select(erasure.c.study))) == {"tuned-in"}
    assert {one.participant for one in made} == {"P1", "P2", "P3"}
    assert [row_of(tuned, one)["state"] for one in mine] == ["withdrawn"] * 3


# ── receipts ──────────────────────────────────────────────────────────────────────────────────────────────
def test_a_receipt_leads_to_its_response_however_it_is_typed(lay: Lay) -> None:
    tuned = lay()
    mine, other = tuned.answer("R1", questionnaire="parent"), tuned.answer("R2", questionnaire="parent")
    code = receipt_of(tuned.engine, mine, RECEIPTS)
    assert code is not None
    assert code == receipt_of(tuned.engine, mine, RECEIPTS)
    assert code != receipt_of(tuned.engine, other, RECEIPTS)
    assert [len(group) for group in code.split()] == [4, 4, 4, 4]
    with_digits = code.replace("o", "0").replace("i", "1")
    for typed in (code, code.upper(), code.replace(" ", "-"), f"  {code.replace(' ', '')} ", with_digits):
        found = response_by_receipt(tuned.engine, typed, RECEIPTS)
        assert found is not None
        assert (found.response, found.questionnaire, found.state) == (mine, "parent", "finished")
    for wrong in ("", "ravo kimu", code[:-1], "\0", "x" * 100_000, "\udfff"):
        assert response_by_receipt(tuned.engine, wrong, RECEIPTS) is None
    assert response_by_receipt(tuned.engine, code, b"another key") is None


def test_the_database_holds_no_receipt_only_its_hash(lay: Lay) -> None:
    tuned = lay()
    code = receipt_of(tuned.engine, tuned.answer("R1", questionnaire="parent"), RECEIPTS)
    assert code is not None
    stored = everything(tuned.engine)
    assert code not in stored
    assert code.replace(" ", "") not in stored


def test_a_child_s_response_has_no_receipt_and_a_receipt_is_made_once(lay: Lay) -> None:
    tuned = lay()
    assert receipt_of(tuned.engine, tuned.answer("P1"), RECEIPTS) is None
    its_id = tuned.answer("R1", questionnaire="parent")
    with write(tuned.engine) as connection:
        again = make_receipt(connection, its_id, RECEIPTS, LATER)
    assert again == receipt_of(tuned.engine, its_id, RECEIPTS)


def test_who_stops_and_keeps_their_answers_gets_one_too(lay: Lay) -> None:
    tuned = lay()
    its_id = tuned.begin("R1", questionnaire="parent")
    save(tuned.engine, its_id, SavedPage(1, 1, "concert", {"why": "so far"}, now=NOW))
    stop(tuned.engine, its_id, True, LATER, receipt=RECEIPTS)
    assert receipt_of(tuned.engine, its_id, RECEIPTS)


# ---- several at once -------------------------------------------------------------------------------------


def a_family(tuned: Tuned) -> tuple[list[Withdrawal], list[str]]:
    """What a parent wants done for two children and themselves, and the responses of the three."""
    tuned.issued()
    responses = [tuned.answer("P1"), tuned.answer("P2"), tuned.answer("R1", questionnaire="parent")]
    children = [Withdrawal("all", "parent", participant_id=tuned.person(code)) for code in ("P1", "P2")]
    return [*children, Withdrawal("all", "self", response_id=responses[2])], responses


def what_stands(tuned: Tuned, responses: list[str]) -> list[object]:
    """States, facts, doors, decisions, certificates and the list of erasures: all a withdrawal changes."""
    counted = ("decision", "certificate", "erasure", "audit")
    with read(tuned.engine) as connection:
        numbers = [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in counted]
        facts = connection.execute(text("SELECT facts FROM participant ORDER BY id")).all()
        doors = connection.execute(text("SELECT ended_at FROM door ORDER BY id")).all()
    return [numbers, facts, doors, [load(tuned.engine, one) for one in responses]]


@pytest.mark.parametrize("done_before_it_fails", [0, 1, 2])
def test_a_wish_about_several_that_fails_in_the_middle_leaves_everything_as_it_was(
    lay: Lay, monkeypatch: pytest.MonkeyPatch, done_before_it_fails: int
) -> None:
    tuned = lay(consent("opt_out"))
    wishes, responses = a_family(tuned)
    before = what_stands(tuned, responses)
    certify, calls = withdrawing._certify, []

    def full(*given: Any) -> WithdrawalCertificate:
        calls.append(given)
        if len(calls) > done_before_it_fails:
            raise StoreFull("The disk is full.")
        return certify(*given)

    with monkeypatch.context() as broken:
        broken.setattr(withdrawing, "_certify", full)
        with pytest.raises(StoreFull):
            withdraw_together(tuned.engine, wishes, RESPONDENT, LATER)
    assert len(calls) == done_before_it_fails + 1
    assert what_stands(tuned, responses) == before
    done = withdraw_together(tuned.engine, wishes, RESPONDENT, LATER)
    assert [one.participant for one in done] == ["P1", "P2", "R1"]
    assert [load(tuned.engine, one).state for one in responses] == ["withdrawn"] * 3  # type: ignore[union-attr]
    assert withdraw_together(tuned.engine, wishes, RESPONDENT, LATER) == done, "once more gives the same"
