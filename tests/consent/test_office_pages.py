"""Consent in the office, by those who may: every page is looked at by the strict client."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, read, upgrade, write
from survey.fieldwork import Decision, Membership, School
from survey.fieldwork.consent import ledger_of
from survey.responses import assent, load
from tests.consent.study import NOW, SENTINEL, Tuned, consent, everything, lay_out
from tests.pages.strict import StrictClient, heading, look_at, strict_client
from tests.pages.test_account import OWN, choose, sign_in, token

HERE = "/office/studies/tuned-in/consent"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    upgrade(app.extensions["chorus"].engine)
    yield app
    app.extensions["chorus"].engine.dispose()


@pytest.fixture
def tuned(app: Flask, tmp_path: Path) -> Tuned:
    engine: Engine = app.extensions["chorus"].engine
    return lay_out(engine, tmp_path / "study", consent("opt_out"))


def come(app: Flask, settings: Settings, role: str, school: str | None = None) -> StrictClient:
    client = strict_client(app)
    email = f"{role}@example.org"
    engine: Engine = app.extensions["chorus"].engine
    sign_in(client, add_user(engine, email, [role], study="tuned-in", school=school), email)
    choose(client, OWN)
    return client


@pytest.fixture
def researcher(app: Flask, settings: Settings, tuned: Tuned) -> StrictClient:
    return come(app, settings, "researcher")


@pytest.fixture
def coordinator(app: Flask, settings: Settings, tuned: Tuned) -> StrictClient:
    return come(app, settings, "coordinator", "s1")


def send(client: StrictClient, page: str, address: str, **form: object) -> TestResponse:
    reply = client.post(address, data={"csrf_token": token(client.get(page)), **form})
    return client.get(reply.headers["Location"]) if reply.status_code == 303 else reply


def said(reply: TestResponse) -> str:
    """What a page says, with a space between any two cells."""
    main = next(look_at(reply).iter("main"))
    return " ".join(" ".join(main.itertext()).split())


def test_a_sheet_is_recorded_as_sent_and_the_table_counts_anew(researcher: StrictClient, tuned: Tuned) -> None:
    before = said(researcher.get(f"{HERE}?wave=w1"))
    assert "Ash Primary pupil 0 0 3 0" in before
    reply = send(researcher, HERE, f"{HERE}/sheets", audience="pupil", school="s1", issued_on="2025-09-01")
    assert "The information sheet is recorded as sent." in said(reply)
    after = said(researcher.get(f"{HERE}?wave=w1"))
    assert "Ash Primary pupil 3 0 0 0" in after
    assert "Birch Primary pupil 0 0 3 0" in after
    wrong = send(researcher, HERE, f"{HERE}/sheets", audience="pupil", school="s1", issued_on="soon")
    assert "Enter the day on which it was sent." in said(wrong)
    later = send(researcher, HERE, f"{HERE}/sheets", audience="pupil", school="s1", issued_on="2999-01-01")
    assert "is in the future" in said(later)


def test_a_decision_is_recorded_from_a_slip(researcher: StrictClient, tuned: Tuned) -> None:
    person = f"{HERE}/people/{tuned.person('P1')}"
    empty = send(researcher, person, person)
    assert "Choose yes or no." in said(empty)
    assert "Enter the day on which it was given." in said(empty)
    slip = {"says": "yes", "by": "parent", "given_on": "2025-09-10", "scope": "all", "how": "paper", "sheet": "1"}
    page = said(send(researcher, person, person, **slip))
    assert "The decision has been recorded." in page
    assert "10 September 2025 Yes, sheet version 1 parent the whole study paper" in page
    school = said(researcher.get(f"{HERE}/schools/s1?wave=w1"))
    assert "P1 pupil Yes decided 10 September 2025" in school
    assert "P2 pupil Missing" in school


def test_a_coordinator_records_for_their_own_school_and_sees_no_child_s_own_no(
    coordinator: StrictClient, tuned: Tuned
) -> None:
    tuned.issued()
    assent(tuned.engine, tuned.begin("P1"), False, NOW)
    page = said(coordinator.get(f"{HERE}?wave=w1"))
    assert "Ash Primary" in page
    assert "Birch Primary" not in page
    person = f"{HERE}/people/{tuned.person('P1')}"
    assert "on the first page" not in said(coordinator.get(person))
    slip = {"says": "no", "by": "parent", "given_on": "2025-09-10", "scope": "all"}
    assert "The decision has been recorded." in said(send(coordinator, person, person, **slip))
    assert "No decided" in said(coordinator.get(f"{HERE}/schools/s1?wave=w1"))
    for elsewhere in (f"{HERE}/schools/s2", f"{HERE}/people/{tuned.person('P4')}"):
        assert coordinator.get(elsewhere).status_code == 404
    post = {"csrf_token": token(coordinator.get(person)), **slip}
    assert coordinator.post(f"{HERE}/people/{tuned.person('P4')}", data=post).status_code == 404
    assert coordinator.post(f"{person}/withdraw", data={**post, "sure": "yes"}).status_code == 403
    for closed in (f"{HERE}/file", f"{HERE}/list.csv"):
        assert coordinator.get(closed).status_code == 403


def test_a_coordinator_decides_nothing_for_the_school_a_child_has_moved_to(
    coordinator: StrictClient, tuned: Tuned
) -> None:
    with write(tuned.engine) as connection:
        birch = connection.scalar(select(School.id).where(School.code == "s2"))
        moved = (Membership.participant_id == tuned.person("P1"), Membership.wave_id == tuned.waves["w2"])
        connection.execute(update(Membership).where(*moved).values(school_id=birch, school_class_id=None))
    person = f"{HERE}/people/{tuned.person('P1')}"
    slip = {"says": "yes", "by": "parent", "given_on": "2025-09-10"}
    for scope in ({"scope": "all"}, {"scope": "future"}, {"scope": "wave", "wave": "w2"}):
        reply = send(coordinator, person, person, **slip, **scope)
        assert "at another school" in said(reply)
        (marked,) = (e.get("id") for e in look_at(reply).iter("select") if e.get("aria-invalid"))
        assert marked == "scope"
    with read(tuned.engine) as connection:
        assert ledger_of(connection, tuned.person("P1")) == []
    assert "has been recorded" in said(send(coordinator, person, person, **slip, scope="wave", wave="w1"))


def test_the_researcher_sees_every_yes_and_no_of_a_child(researcher: StrictClient, tuned: Tuned) -> None:
    tuned.issued()
    assent(tuned.engine, tuned.begin("P1"), False, NOW)
    assert "No, on the first page of pupil self this wave (w1)" in said(
        researcher.get(f"{HERE}/people/{tuned.person('P1')}")
    )


def test_withdrawing_asks_once_more_and_leads_to_the_certificate(researcher: StrictClient, tuned: Tuned) -> None:
    tuned.issued()
    its_id = tuned.answer("P1")
    person = f"{HERE}/people/{tuned.person('P1')}"
    wish = {"scope": "all", "by": "parent"}
    asked = send(researcher, person, f"{person}/withdraw", **wish)
    assert heading(look_at(asked)) == "Withdraw P1?"
    assert SENTINEL in everything(tuned.engine)
    done = send(researcher, person, f"{person}/withdraw", **wish, sure="yes")
    assert heading(look_at(done)).startswith("Certificate W-")
    assert "Responses whose answers were deleted 1" in said(done)
    assert SENTINEL not in everything(tuned.engine)
    assert load(tuned.engine, its_id).state == "withdrawn"  # type: ignore[union-attr]
    overview = said(researcher.get(f"{HERE}?wave=w1"))
    assert re.search(r"W-\w{4}-\w{4}-\w{4}", overview)
    assert "Ash Primary pupil 2 0 0 1" in overview
    for wrong in ({"by": "parent"}, {"scope": "wave", "by": "parent"}, {"scope": "wave", "by": "parent", "wave": "w9"}):
        again = send(researcher, person, f"{person}/withdraw", **wrong, sure="yes")
        assert heading(look_at(again)) == "Consent for P1"


def test_a_file_is_looked_at_confirmed_and_taken_in(researcher: StrictClient, tuned: Tuned) -> None:
    def choose_file(data: bytes) -> TestResponse:
        return send(researcher, f"{HERE}/file", f"{HERE}/file", file=(io.BytesIO(data), "consent.csv"))

    assert "Choose a file." in said(send(researcher, f"{HERE}/file", f"{HERE}/file"))
    bad = said(choose_file(b"participant,decision,date,by\nP1,perhaps,2025-09-10,parent\n"))
    assert "row 2, column B (decision) 'perhaps' is not one of" in bad
    good = b"participant,decision,date,by\nP1,yes,2025-09-10,parent\nP2,no,2025-09-11,parent\n"
    look = choose_file(good)
    assert heading(look_at(look)) == "Check before you import"
    with tuned.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 0
    address = look.request.path
    assert "The decisions in the file are recorded." in said(send(researcher, address, address, do="import"))
    with tuned.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 2
        assert connection.scalar(text("SELECT count(*) FROM upload")) == 0, "nothing of the file is kept"
    assert "no longer here" in said(researcher.get(address, follow_redirects=True))
    assert "there is nothing to import" in said(choose_file(good))


def test_the_list_is_taken_away_and_noted(researcher: StrictClient, tuned: Tuned) -> None:
    for form in ("csv", "xlsx"):
        reply = researcher.get(f"{HERE}/list.{form}?wave=w1")
        assert reply.status_code == 200
        assert "attachment" in reply.headers["Content-Disposition"]
    with tuned.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM audit WHERE what = 'downloaded the consent list'")) == 2


@pytest.mark.parametrize(
    "path", ["people/99", "people/P1", "people/%00", "schools/s9", "schools/%00", "certificates/W-1"]
)
def test_what_is_not_there_is_not_there(researcher: StrictClient, tuned: Tuned, path: str) -> None:
    assert researcher.get(f"{HERE}/{path}").status_code == 404
    assert researcher.get(f"{HERE}?wave=w9").status_code == 404


def test_a_post_without_its_token_does_nothing(researcher: StrictClient, tuned: Tuned) -> None:
    slip = {"says": "no", "by": "parent", "given_on": "2025-09-10", "scope": "all", "sure": "yes"}
    person = tuned.person("P1")
    for path in (f"people/{person}", f"people/{person}/withdraw", "sheets"):
        researcher.post(f"{HERE}/{path}", data=slip)
    with tuned.engine.connect() as connection:
        for table in ("decision", "certificate", "sheet_issue"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


DAY = date(2025, 9, 10)


def test_the_consent_page_shows_who_disagrees_and_the_child_s_page_resolves_it(
    researcher: StrictClient, tuned: Tuned
) -> None:
    tuned.issued()
    person = f"{HERE}/people/{tuned.person('P1')}"
    slip = {"says": "no", "by": "parent", "given_on": "2025-09-10", "scope": "all", "parent": "first"}
    send(researcher, person, person, **slip)
    assert "Conflicting" not in said(researcher.get(f"{HERE}?wave=w1"))
    shown = said(send(researcher, person, person, **{**slip, "says": "yes", "parent": "second"}))
    assert "Conflicting decisions for Autumn 2025" in shown
    assert "10 September 2025 No parent (first) the whole study" in shown
    overview = said(researcher.get(f"{HERE}?wave=w1"))
    assert "Conflicting decisions: 1" in overview
    assert "P1 Ash Primary 4a 10 September 2025" in overview
    resolved = said(send(researcher, person, person, **{**slip, "says": "yes", "parent": "", "resolved": "agreed"}))
    assert "Conflicting" not in resolved
    assert "Yes. Resolved: the parents have agreed" in resolved
    assert "P1 pupil Yes decided" in said(researcher.get(f"{HERE}/schools/s1?wave=w1"))
    wrong = said(send(researcher, person, person, **{**slip, "by": "school"}))
    assert "Choose a parent only if a parent decided." in wrong


def test_a_coordinator_sees_and_resolves_only_what_is_of_their_school(coordinator: StrictClient, tuned: Tuned) -> None:
    tuned.issued()
    for code in ("P1", "P4"):
        tuned.decide(code, [Decision("no", "parent", DAY), Decision("yes", "parent", DAY)])
    overview = said(coordinator.get(f"{HERE}?wave=w1"))
    assert "Conflicting decisions: 1" in overview
    assert "P4" not in overview
    person = f"{HERE}/people/{tuned.person('P1')}"
    slip = {"says": "yes", "by": "parent", "given_on": "2025-09-11", "scope": "all", "resolved": "changed mind"}
    send(coordinator, person, person, **slip)
    assert "P1 pupil Yes decided" in said(coordinator.get(f"{HERE}/schools/s1?wave=w1"))


def test_the_preview_of_a_file_names_those_for_whom_a_no_and_a_yes_disagree(
    researcher: StrictClient, tuned: Tuned
) -> None:
    rows = b"participant,decision,date,by\nP1,yes,2025-09-10,parent\nP1,no,2025-09-10,parent\nP2,no,2025-09-11,parent\n"
    look = send(researcher, f"{HERE}/file", f"{HERE}/file", file=(io.BytesIO(rows), "consent.csv"))
    assert "Conflicting decisions for 1 participant: P1." in said(look)
