"""The people page: who sees whom, and what each may change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from survey.admission import account_id, place
from survey.audit import COMMAND_LINE, entries
from survey.config import Mail, Settings
from survey.database import Engine, downgrade, open_engine, session, upgrade, write
from survey.fieldwork import keep_study
from survey.people import Giver, NotPossible, User
from survey.people.grants import end, give, take
from survey.people.links import LinkPlace, link_by_token, make_link
from tests.accounts.conftest import Clock
from tests.accounts.people import OWN, member, post, set_up, sign_in
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import token

pytestmark = pytest.mark.one_engine

PEOPLE = "/office/people"
ADMIN, LEAD, ANN, BEN = "admin@example.org", "lead@example.org", "ann@example.org", "ben@example.org"


@pytest.fixture
def admin(app: Flask, settings: Settings) -> StrictClient:
    return member(app, settings, "administrator", ADMIN)


@pytest.fixture
def lead(app: Flask, settings: Settings) -> StrictClient:
    return member(app, settings, "lead", LEAD, study="small-notes")


@pytest.fixture
def others(app: Flask, settings: Settings, engine: Engine) -> None:
    """Ann is a researcher of this study; Ben of another one."""
    with session(engine) as db:
        keep_study(db, "other-notes", title="Other notes")
    member(app, settings, "researcher", ANN, study="small-notes")
    member(app, settings, "researcher", BEN, study="other-notes")


def page_of(engine: Engine, email: str) -> str:
    return f"{PEOPLE}/{account_id(engine, email)}"


def shown_link(reply: TestResponse) -> str:
    found = re.search(r"http://localhost(/office/(?:welcome|link)/[\w-]+)", reply.text)
    assert found
    return found[1]


# ---- who sees whom ---------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_an_administrator_sees_everyone_and_a_lead_those_of_their_study(
    admin: StrictClient, lead: StrictClient, others: None, engine: Engine
) -> None:
    everyone = words(look_at(admin.get(PEOPLE)))
    assert all(email in everyone for email in (ADMIN, LEAD, ANN, BEN))
    mine = words(look_at(lead.get(PEOPLE)))
    assert LEAD in mine
    assert ANN in mine
    assert ADMIN not in mine
    assert BEN not in mine
    assert lead.get(page_of(engine, BEN)).status_code == 404
    assert lead.get(page_of(engine, ANN)).status_code == 200
    assert "Other notes" not in lead.get(PEOPLE).text, "nor do they learn that there is another study"


@pytest.mark.both_engines
def test_a_lead_cannot_change_whom_they_cannot_see(lead: StrictClient, others: None, engine: Engine) -> None:
    sent = {"csrf_token": token(lead.get(PEOPLE)), "sure": "y", "role": "lead", "place": "1"}
    for what in ("give", "password-link", "two-step-off", "end", "roles/1/take"):
        assert lead.post(f"{page_of(engine, BEN)}/{what}", data=sent).status_code in (404, 409)
    with session(engine) as db:
        ben = db.query(User).filter_by(email=BEN).one()
    assert ben.active
    assert [grant.role for grant in ben.grants] == ["researcher"]


def test_who_has_roles_elsewhere_too_is_renewed_and_ended_by_an_administrator_only(
    lead: StrictClient, admin: StrictClient, others: None, engine: Engine
) -> None:
    with write(engine) as connection:
        elsewhere = place(engine, "lead", "other-notes")
        give(connection, account_id(engine, ANN), elsewhere, Giver(COMMAND_LINE), datetime.now(UTC))
    address = page_of(engine, ANN)
    page = words(look_at(lead.get(address)))
    assert "roles in other studies" in page
    assert "Close account" not in page
    reply = lead.post(f"{address}/end", data={"csrf_token": token(lead.get(address)), "sure": "y"})
    assert "also has roles" in reply.text
    reply = lead.post(f"{address}/password-link", data={"csrf_token": token(lead.get(address))})
    assert "also has roles" in reply.text, "whoever has the password has those roles, too"
    assert post(admin, f"{address}/end", address, sure="y").location == PEOPLE


def test_researchers_and_coordinators_do_not_see_it(app: Flask, settings: Settings) -> None:
    for role, where in (("researcher", {}), ("coordinator", {"study": "small-notes", "school": "s1"})):
        client = member(app, settings, role, f"{role}@example.org", **where)
        assert client.get(PEOPLE).status_code == 403
        assert "People</a>" not in client.get("/office/two-step").text


# ---- inviting --------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_without_mail_the_link_is_shown_once_to_be_handed_over(app: Flask, lead: StrictClient, engine: Engine) -> None:
    where = place(engine, "coordinator", "small-notes", "s1")
    reply = post(lead, PEOPLE, email=ANN, role="coordinator", place=f"{where.study_id}/{where.school_id}")
    assert "pass on this link yourself" in reply.text
    address = shown_link(reply)
    assert address not in lead.get(PEOPLE).text
    assert "coordinator: Small notes, Ash Primary" in words(look_at(lead.get(PEOPLE)))
    assert post(strict_client(app), address, new=OWN, again=OWN).status_code == 302
    assert "Invited, not signed in yet" not in lead.get(PEOPLE).text


@pytest.mark.both_engines
def test_a_mail_server_that_fails_costs_no_invitation(make_app: Callable[..., Flask], settings: Settings) -> None:
    app = make_app(mail=Mail("smtp://127.0.0.1:1", "chorus@example.org"))
    admin = member(app, settings, "administrator", ADMIN)
    reply = post(admin, PEOPLE, email=ANN, role="researcher", place="")
    assert "The e-mail could not be sent" in reply.text
    assert strict_client(app).get(shown_link(reply)).status_code == 200


def test_sending_again_and_withdrawing(app: Flask, admin: StrictClient, clock: Clock) -> None:
    old = shown_link(post(admin, PEOPLE, email=ANN, role="researcher", place=""))
    new = shown_link(post(admin, f"{PEOPLE}/invitations/1/again", PEOPLE))
    assert strict_client(app).get(old).status_code == 404
    assert strict_client(app).get(new).status_code == 200
    assert post(admin, f"{PEOPLE}/invitations/1/withdraw", PEOPLE).location == PEOPLE
    assert f"The invitation for {ANN} is cancelled." in words(look_at(admin.get(PEOPLE)))
    assert strict_client(app).get(new).status_code == 404
    assert "has since been used or cancelled" in post(admin, f"{PEOPLE}/invitations/1/withdraw", PEOPLE).text
    assert (
        "There is no such invitation. Go back to People and choose one."
        in post(admin, f"{PEOPLE}/invitations/9/again", PEOPLE).text
    )


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"email": "", "role": "researcher", "place": ""}, "Enter an e-mail address."),
        ({"email": "no one", "role": "researcher", "place": ""}, "is not an e-mail address"),
        ({"email": ANN, "role": "boss", "place": ""}, "Not a valid choice"),
        ({"email": ANN, "role": "researcher", "place": "99"}, "Not a valid choice"),
        ({"email": ANN, "role": "coordinator", "place": ""}, "A coordinator looks after one school."),
        ({"email": ADMIN, "role": "researcher", "place": ""}, "already has an account"),
    ],
)
def test_what_cannot_be_sent_is_said(admin: StrictClient, sent: dict[str, str], sentence: str) -> None:
    assert sentence in post(admin, PEOPLE, **sent).text


def test_a_lead_is_not_offered_what_they_cannot_give(lead: StrictClient, admin: StrictClient, others: None) -> None:
    offered = lead.get(PEOPLE).text
    assert 'value="administrator"' not in offered
    assert "All studies" not in offered
    assert "Not a valid choice" in post(lead, PEOPLE, email="x@example.org", role="administrator", place="1").text
    assert 'value="administrator"' in admin.get(PEOPLE).text


# ---- changing --------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_giving_and_taking_a_role_counts_at_once(
    app: Flask, settings: Settings, admin: StrictClient, others: None, engine: Engine
) -> None:
    ben, address = strict_client(app), page_of(engine, BEN)
    sign_in(ben, OWN, BEN)
    assert ben.get("/office/studies/small-notes").status_code == 404
    study = place(engine, "lead", "small-notes").study_id
    assert post(admin, f"{address}/give", address, role="lead", place=str(study)).location == address
    assert ben.get("/office/studies/small-notes").status_code == 200
    role = re.findall(r"/roles/(\d+)/take", admin.get(address).text)[-1]
    assert post(admin, f"{address}/roles/{role}/take", address).location == address
    assert ben.get("/office/studies/small-notes").status_code == 404
    assert "already been removed" in post(admin, f"{address}/roles/{role}/take", address).text


def test_nobody_changes_their_own_roles(admin: StrictClient, engine: Engine) -> None:
    address = page_of(engine, ADMIN)
    page = words(look_at(admin.get(address)))
    assert "You cannot change your own roles" in page
    assert "Give another role" not in page
    sent = {"csrf_token": token(admin.get(PEOPLE)), "role": "lead", "place": "", "sure": "y"}
    for what in ("give", "end", "roles/1/take"):
        assert "You cannot change your own roles" in admin.post(f"{address}/{what}", data=sent).text


@pytest.mark.both_engines
def test_the_last_administrator_cannot_be_ended_by_another_who_ends_at_the_same_time(
    admin: StrictClient, app: Flask, settings: Settings, engine: Engine
) -> None:
    member(app, settings, "administrator", BEN)
    first, second_one = account_id(engine, ADMIN), account_id(engine, BEN)
    end(engine, first, Giver(COMMAND_LINE), datetime.now(UTC))
    with pytest.raises(NotPossible, match="last administrator"):
        end(engine, second_one, Giver(COMMAND_LINE), datetime.now(UTC))
    with session(engine) as db:
        (grant,) = db.query(User).filter_by(email=BEN).one().grants
    with pytest.raises(NotPossible, match="last administrator"), write(engine) as connection:
        take(connection, second_one, grant.id, Giver(COMMAND_LINE), datetime.now(UTC))


@pytest.mark.both_engines
def test_ending_needs_the_box_and_ends_every_session(
    app: Flask, admin: StrictClient, others: None, engine: Engine
) -> None:
    ann, address = strict_client(app), page_of(engine, ANN)
    sign_in(ann, OWN, ANN)
    assert "Tick the box" in post(admin, f"{address}/end", address).text
    assert ann.get("/office/two-step").status_code == 200
    assert post(admin, f"{address}/end", address, sure="y").location == PEOPLE
    assert ann.get("/office/two-step").status_code == 302
    assert ANN not in admin.get(PEOPLE).text.split("have ended")[-1]
    assert "closed an account" in [entry.what for entry in entries(engine)]
    assert "is not right" in sign_in(strict_client(app), OWN, ANN).text
    reply = post(admin, PEOPLE, email=ANN, role="researcher", place="")
    assert post(strict_client(app), shown_link(reply), new=OWN, again=OWN).status_code == 302, "and come again"


@pytest.mark.both_engines
def test_a_lost_phone(app: Flask, settings: Settings, admin: StrictClient, engine: Engine) -> None:
    ann = member(app, settings, "researcher", ANN)
    set_up(ann)
    address = page_of(engine, ANN)
    assert "Tick the box" in post(admin, f"{address}/two-step-off", address).text
    assert post(admin, f"{address}/two-step-off", address, sure="y").location == address
    assert ann.get("/office/two-step").status_code == 302, "whoever has the phone is out as well"
    assert sign_in(strict_client(app), OWN, ANN).location == "/office/"
    assert "turned off two-step sign-in for an account" in [entry.what for entry in entries(engine)]


def test_a_link_for_a_new_password(app: Flask, admin: StrictClient, others: None, engine: Engine) -> None:
    address = page_of(engine, ANN)
    link = shown_link(post(admin, f"{address}/password-link", address))
    client = strict_client(app)
    assert heading(look_at(client.get(link))) == "Choose a new password"
    assert post(client, link, new="four words in one row", again="four words in one row").location == "/office/"
    assert "is not right" in sign_in(strict_client(app), OWN, ANN).text


def test_a_post_without_the_token_changes_nothing(admin: StrictClient, others: None, engine: Engine) -> None:
    address = page_of(engine, ANN)
    for what in ("give", "password-link", "two-step-off", "end", "roles/2/take"):
        assert admin.post(f"{address}/{what}", data={"sure": "y", "role": "lead"}).status_code == 400
    assert admin.post(PEOPLE, data={"email": "x@example.org", "role": "researcher"}).status_code == 400
    assert "x@example.org" not in admin.get(PEOPLE).text


# ---- coordinators' links ---------------------------------------------------------------------------------


def test_a_link_is_printed_once_with_a_picture_and_opens_one_school(
    app: Flask, lead: StrictClient, engine: Engine
) -> None:
    where = place(engine, "coordinator", "small-notes", "s1")
    links = f"{PEOPLE}/links/small-notes"
    assert 'value="2100-08-31"' in lead.get(links).text, "it ends when the study's data are deleted"
    reply = post(lead, links, school=str(where.school_id), last_day="2099-01-31")
    assert "<svg" in reply.text
    address = shown_link(reply)
    assert address not in lead.get(links).text
    client = strict_client(app)
    assert "for the coordinator of Ash Primary" in words(look_at(client.get(address)))
    assert post(client, address).location == "/office/"
    came = next(entries(engine))
    assert (str(came.actor), came.what) == ("link 1 for school s1", "signed in")
    cookies = [cookie.key for cookie in client._cookies.values()]
    assert cookies == ["office"]
    assert post(lead, f"{links}/1/end", links).location == links
    assert (client.get("/office/").location or "").startswith("/office/sign-in")
    assert strict_client(app).get(address).status_code == 404
    assert "ended on" in words(look_at(lead.get(links)))


def test_coming_by_a_link_leaves_no_account_signed_in(app: Flask, lead: StrictClient, engine: Engine) -> None:
    where = place(engine, "coordinator", "small-notes", "s1")
    reply = post(lead, f"{PEOPLE}/links/small-notes", school=str(where.school_id), last_day="2099-01-31")
    assert post(lead, shown_link(reply)).status_code == 302
    assert (lead.get("/office/two-step").location or "").startswith("/office/sign-in")
    assert lead.get(PEOPLE).status_code == 403


@pytest.mark.both_engines
def test_signing_out_ends_a_link_s_session_here(app: Flask, lead: StrictClient, engine: Engine) -> None:
    where = place(engine, "coordinator", "small-notes", "s1")
    reply = post(lead, f"{PEOPLE}/links/small-notes", school=str(where.school_id), last_day="2099-01-31")
    client, address = strict_client(app), shown_link(reply)
    post(client, address)
    assert client.post("/office/sign-out").status_code == 400
    assert client.post("/office/sign-out", data={"csrf_token": token(client.get(address))}).status_code == 302
    assert (client.get("/office/").location or "").startswith("/office/sign-in")


@pytest.mark.both_engines
def test_a_link_ends_by_itself(engine: Engine, app: Flask) -> None:
    now = datetime.now(UTC)
    where = place(engine, "coordinator", "small-notes", "s1")
    assert where.study_id is not None
    assert where.school_id is not None
    with write(engine) as connection:
        _, made = make_link(
            connection,
            LinkPlace(where.study_id, where.school_id, "s1"),
            now + timedelta(days=1),
            Giver(COMMAND_LINE),
            now,
        )
        assert link_by_token(connection, made, now + timedelta(hours=23)) is not None
        assert link_by_token(connection, made, now + timedelta(hours=25)) is None
        assert made not in str(connection.execute(text("SELECT * FROM coordinator_link")).all())


@pytest.mark.one_engine
@pytest.mark.parametrize("day", ["", "soon", "31.01.2099", "2099-02-30", "9999-12-31", "0001-01-01"])
def test_a_day_that_is_none_is_said(lead: StrictClient, engine: Engine, day: str) -> None:
    school = str(place(engine, "coordinator", "small-notes", "s1").school_id)
    reply = post(lead, f"{PEOPLE}/links/small-notes", school=school, last_day=day)
    assert "Enter the date as year, month and day" in reply.text


def test_no_link_outlives_the_data(lead: StrictClient, engine: Engine) -> None:
    school = str(place(engine, "coordinator", "small-notes", "s1").school_id)
    reply = post(lead, f"{PEOPLE}/links/small-notes", school=school, last_day="2150-01-01")
    assert "until the end of 31 August 2100" in words(look_at(reply))
    reply = post(lead, f"{PEOPLE}/links/small-notes", school=school, last_day="2020-01-01")
    assert "would already have ended" in reply.text


def test_a_lead_makes_no_links_elsewhere(lead: StrictClient, others: None) -> None:
    assert lead.get(f"{PEOPLE}/links/other-notes").status_code == 404
    assert lead.get(f"{PEOPLE}/links/a%00b").status_code == 404


# ---- from the tables before ------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_accounts_and_what_they_may_do_come_along(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine, "0005")
    with write(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO account (id, email, active, fs_uniquifier, password, confirmed_at, mf_recovery_codes) "
                "VALUES (7, 'ann@example.org', true, 'u', 'hash', '2026-01-02 03:04:05', '[]')"
            )
        )
        connection.execute(text("INSERT INTO access (account_id, role) VALUES (7, 'lead'), (7, 'administrator')"))
    upgrade(engine)
    with session(engine) as db:
        ann = db.query(User).one()
    assert (ann.id, ann.email, ann.password, str(ann.confirmed_at)) == (7, ANN, "hash", "2026-01-02 03:04:05")
    assert sorted(grant.role for grant in ann.grants) == ["administrator", "lead"]
    downgrade(engine, "0005")
    with write(engine) as connection:
        kept = connection.execute(
            text("SELECT name FROM role JOIN account_role ON role_id = role.id WHERE account_id = 7 ORDER BY name")
        )
        assert kept.scalars().all() == ["administrator", "lead"]
        assert connection.scalar(text("SELECT email FROM account")) == ANN
    upgrade(engine)
    with session(engine) as db:
        assert sorted(grant.role for grant in db.query(User).one().grants) == ["administrator", "lead"]
    engine.dispose()
