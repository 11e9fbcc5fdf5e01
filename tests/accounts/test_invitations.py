"""Links that let someone choose a password: once, for seven days, and only for what the inviter may give."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.message import Message
from email.policy import default

import pytest
from flask import Flask
from sqlalchemy import text

from survey import post as letters
from survey.admission import account_id, add_user, place
from survey.audit import COMMAND_LINE, Actor, entries
from survey.config import Mail, Settings
from survey.database import Engine, session, write
from survey.people import GivenRole, Giver, NotPossible, User, given
from survey.people.grants import end, give
from survey.people.invitations import by_token, forgotten, invite, not_used, reset_link, send_again, use, withdraw
from tests.accounts.conftest import Clock
from tests.accounts.people import EMAIL, OWN, enter_code, member, post, set_up, sign_in
from tests.pages.strict import heading, look_at, strict_client, words

pytestmark = pytest.mark.one_engine

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NEW = "new@example.org"
HERE = Giver(COMMAND_LINE)


def invited(engine: Engine, email: str = NEW, wanted: GivenRole | None = None, giver: Giver = HERE) -> str:
    with write(engine) as connection:
        return invite(connection, email, wanted or GivenRole("researcher"), giver, datetime.now(UTC))


def choose_by(app: Flask, token: str, password: str = OWN) -> Callable[[], object]:
    return post(strict_client(app), f"/office/welcome/{token}", new=password, again=password)


# ---- the link --------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_an_invitation_leads_to_a_password_and_an_account_with_its_role(app: Flask, engine: Engine) -> None:
    token = invited(engine, wanted=place(engine, "coordinator", "small-notes", "s1"))
    client = strict_client(app)
    page = look_at(client.get(f"/office/welcome/{token}"))
    assert heading(page) == "Welcome to Chorus"
    assert "You have been invited (new@example.org) to join Chorus as coordinator (Small notes, Ash Primary)." in words(
        page
    )
    assert "Use at least 12 characters." in post(client, f"/office/welcome/{token}", new="short", again="short").text
    assert post(client, f"/office/welcome/{token}", new=OWN, again=OWN).location == "/office/"
    assert client.get("/office/two-step").status_code == 200, "signed in"
    with session(engine) as db:
        assert given(db.query(User).one()) == (place(engine, "coordinator", "small-notes", "s1"),)
    assert sign_in(strict_client(app), OWN, NEW).location == "/office/"


def test_it_works_once(app: Flask, engine: Engine) -> None:
    token = invited(engine)
    assert choose_by(app, token).status_code == 302
    for reply in (
        strict_client(app).get(f"/office/welcome/{token}"),
        strict_client(app).post(f"/office/welcome/{token}", data={"new": OWN, "again": OWN}),
    ):
        assert reply.status_code == 404
        assert heading(look_at(reply)) == "This link no longer works"


@pytest.mark.both_engines
def test_of_two_at_once_one_is_first(engine: Engine) -> None:
    token = invited(engine)
    now = datetime.now(UTC)
    with write(engine) as connection:
        both = by_token(connection, token, now)
    assert both is not None
    with write(engine) as connection:
        use(connection, both, "hash", now)
    with pytest.raises(NotPossible, match="already been used"), write(engine) as connection:
        use(connection, both, "other hash", now)


def test_looking_uses_nothing_up(app: Flask, engine: Engine) -> None:
    token = invited(engine)
    for _ in range(3):
        assert strict_client(app).get(f"/office/welcome/{token}").status_code == 200


def test_it_works_for_seven_days(app: Flask, engine: Engine, clock: Clock) -> None:
    token = invited(engine)
    clock.forward(days=6, hours=23)
    assert strict_client(app).get(f"/office/welcome/{token}").status_code == 200
    clock.forward(hours=2)
    assert strict_client(app).get(f"/office/welcome/{token}").status_code == 404


@pytest.mark.both_engines
def test_only_its_hash_is_kept(engine: Engine) -> None:
    token = invited(engine)
    with engine.connect() as connection:
        held = str(connection.execute(text("SELECT * FROM invitation")).all())
        held += str(connection.execute(text("SELECT * FROM audit")).all())
    assert token not in held


@pytest.mark.both_engines
def test_sent_again_the_old_link_is_dead_and_a_withdrawn_one_too(app: Flask, engine: Engine) -> None:
    old = invited(engine)
    with write(engine) as connection:
        (one,) = not_used(connection)
        _, new = send_again(connection, one.id, HERE, datetime.now(UTC))
    assert strict_client(app).get(f"/office/welcome/{old}").status_code == 404
    assert strict_client(app).get(f"/office/welcome/{new}").status_code == 200
    with write(engine) as connection:
        withdraw(connection, one.id, HERE, datetime.now(UTC))
    assert strict_client(app).get(f"/office/welcome/{new}").status_code == 404
    with pytest.raises(NotPossible, match="has since been used or cancelled"), write(engine) as connection:
        send_again(connection, one.id, HERE, datetime.now(UTC))


@pytest.mark.both_engines
def test_nobody_is_invited_twice_or_has_two_accounts(app: Flask, settings: Settings, engine: Engine) -> None:
    invited(engine)
    with pytest.raises(NotPossible, match="has already been invited"):
        invited(engine)
    member(app, settings)
    with pytest.raises(NotPossible, match="already has an account"):
        invited(engine, EMAIL)


@pytest.mark.one_engine
@pytest.mark.parametrize("wrong", ["x", "a%00b", "A" * 5000, "%ED%A0%80"])
def test_an_address_that_is_no_link_is_met_kindly(app: Flask, wrong: str) -> None:
    reply = strict_client(app).get(f"/office/welcome/{wrong}")
    assert reply.status_code == 404
    assert heading(look_at(reply)) == "This link no longer works"


def test_everything_about_it_is_in_the_audit(app: Flask, engine: Engine) -> None:
    choose_by(app, invited(engine))
    said = [(str(entry.actor), entry.what, entry.about) for entry in entries(engine)]
    assert said[::-1][1:] == [
        ("command line", "invited a person", NEW),
        (NEW, "accepted an invitation", NEW),
        (NEW, "gave a role", NEW),
        (NEW, "signed in", ""),
    ]


# ---- who may invite whom ---------------------------------------------------------------------------------


def lead_of(engine: Engine, study: str | None = "small-notes") -> Giver:
    return Giver(Actor("account", "lead@example.org"), 99, (place(engine, "lead", study),))


@pytest.mark.parametrize("role", ["researcher", "lead", "coordinator"])
def test_a_lead_gives_roles_in_their_study(engine: Engine, app: Flask, role: str) -> None:
    wanted = place(engine, role, "small-notes", "s1" if role == "coordinator" else None)
    assert invited(engine, wanted=wanted, giver=lead_of(engine))


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "wanted", [GivenRole("administrator"), GivenRole("researcher"), GivenRole("lead"), GivenRole("lead", 999)]
)
def test_and_nowhere_else(engine: Engine, app: Flask, wanted: GivenRole) -> None:
    with pytest.raises(
        NotPossible, match=f"You cannot give the role {wanted.role} there, because it goes further than your own"
    ):
        invited(engine, wanted=wanted, giver=lead_of(engine))


@pytest.mark.parametrize("role", ["researcher", "coordinator"])
def test_who_leads_nothing_invites_nobody(engine: Engine, app: Flask, role: str) -> None:
    mine = place(engine, role, "small-notes", "s1" if role == "coordinator" else None)
    with pytest.raises(
        NotPossible, match=f"You cannot give the role {role} there, because it goes further than your own"
    ):
        invited(engine, wanted=mine, giver=Giver(Actor("account", "x@example.org"), 99, (mine,)))


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (GivenRole("boss"), "There is no role 'boss'"),
        (GivenRole("administrator", 1), "looks after the whole installation"),
        (GivenRole("coordinator", 1), "looks after one school"),
        (GivenRole("coordinator"), "looks after one school"),
        (GivenRole("researcher", 1, 1), "Only a coordinator belongs to one school"),
    ],
)
def test_a_role_and_its_place_go_together(engine: Engine, wanted: GivenRole, sentence: str) -> None:
    with pytest.raises(NotPossible, match=re.escape(sentence)):
        invited(engine, wanted=wanted)


def test_an_invitation_never_opens_an_account_made_in_the_meantime(
    app: Flask, settings: Settings, engine: Engine
) -> None:
    token = invited(engine, EMAIL, place(engine, "coordinator", "small-notes", "s1"), lead_of(engine))
    ann = member(app, settings, "administrator")
    assert choose_by(app, token, "four words in one row").status_code == 404
    assert ann.get("/office/two-step").status_code == 200
    assert sign_in(strict_client(app), OWN).location == "/office/"


@pytest.mark.both_engines
def test_a_reset_link_ends_when_the_account_is_given_more_or_ended(
    app: Flask, settings: Settings, engine: Engine
) -> None:
    member(app, settings, "researcher", study="small-notes")
    account = account_id(engine, EMAIL)
    now = datetime.now(UTC)
    with write(engine) as connection:
        first = reset_link(connection, account, lead_of(engine), now)
        assert by_token(connection, first, now) is not None
        give(connection, account, GivenRole("administrator"), HERE, now)
        assert by_token(connection, first, now) is None
        with pytest.raises(NotPossible, match="also has roles"):
            reset_link(connection, account, lead_of(engine), now)
        second_one = reset_link(connection, account, HERE, now)
    add_user(engine, "other@example.org", ["administrator"])
    end(engine, account, HERE, now)
    with write(engine) as connection:
        assert by_token(connection, second_one, now) is None


# ---- a forgotten password --------------------------------------------------------------------------------


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.arrived = threading.Semaphore(0)
        super().__init__(("127.0.0.1", 0), _Talk)

    @property
    def settings(self) -> Mail:
        return Mail(f"smtp://127.0.0.1:{self.server_address[1]}", "chorus@example.org")


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 tests\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (said := self.rfile.readline()) != b".\r\n":
                    lines.append(said.decode())
                self.server.letters.append(message_from_string("".join(lines), policy=default))
                self.server.arrived.release()
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def link_in(letter: Message) -> str:
    found = re.search(r"http://localhost(/office/welcome/[\w-]+)", letter.get_payload())
    assert found
    return found[1]


def test_a_letter_brings_the_way_back_and_every_session_ends(
    make_app: Callable[..., Flask], settings: Settings, mail: MailServer
) -> None:
    app = make_app(mail=mail.settings)
    before = member(app, settings)
    reply = post(strict_client(app), "/office/sign-in/forgotten", email=" ANN@example.org ")
    assert reply.location == "/office/sign-in/forgotten/sent"
    assert mail.arrived.acquire(timeout=20)
    (letter,) = mail.letters
    assert letter["To"] == EMAIL
    assert letter["From"] == "chorus@example.org"
    address = link_in(letter)
    client = strict_client(app)
    assert heading(look_at(client.get(address))) == "Choose a new password"
    assert post(client, address, new="four words in one row", again="four words in one row").status_code == 302
    assert client.get("/office/two-step").status_code == 200
    assert (before.get("/office/").location or "").startswith("/office/sign-in")
    assert "is not right" in sign_in(strict_client(app), OWN).text
    assert strict_client(app).get(address).status_code == 404


def test_an_unknown_address_gets_the_same_answer_and_no_letter(
    make_app: Callable[..., Flask], settings: Settings, mail: MailServer, engine: Engine
) -> None:
    app = make_app(mail=mail.settings)
    member(app, settings)
    known = post(strict_client(app), "/office/sign-in/forgotten", email=EMAIL)
    assert mail.arrived.acquire(timeout=20)
    unknown = post(strict_client(app), "/office/sign-in/forgotten", email="no one@example.org")
    assert (known.status_code, known.location, known.data) == (unknown.status_code, unknown.location, unknown.data)
    assert not mail.arrived.acquire(timeout=1)
    assert len(mail.letters) == 1


def test_the_reply_waits_for_nothing_that_depends_on_the_address(
    make_app: Callable[..., Flask], settings: Settings, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is looked up by a thread of its own; here it cannot begin before the reply is there."""
    from survey.pages.account import invitations

    app = make_app(mail=mail.settings)
    member(app, settings)
    replied = threading.Event()
    really = invitations._write_letter

    def later(*given: object) -> None:
        assert replied.wait(20)
        really(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(invitations, "_write_letter", later)
    assert post(strict_client(app), "/office/sign-in/forgotten", email=EMAIL).status_code == 302
    replied.set()
    assert mail.arrived.acquire(timeout=20)


def test_however_often_someone_asks_one_letter_comes_in_five_minutes(
    app: Flask, settings: Settings, engine: Engine
) -> None:
    member(app, settings)
    now = datetime.now(UTC)
    with write(engine) as connection:
        first = forgotten(connection, EMAIL, now)
        assert first is not None
        assert forgotten(connection, EMAIL, now + timedelta(minutes=4)) is None
        second = forgotten(connection, EMAIL, now + timedelta(minutes=6))
        assert second is not None
        assert by_token(connection, first, now + timedelta(minutes=6)) is None, "the earlier link is dead"
        assert forgotten(connection, "no one@example.org", now) is None


def test_without_mail_it_says_whom_to_ask(app: Flask) -> None:
    page = look_at(strict_client(app).get("/office/sign-in/forgotten"))
    assert "ask the person who made your account" in words(page)
    assert list(page.iter("form")) == []
    assert strict_client(app).post("/office/sign-in/forgotten", data={"email": EMAIL}).status_code == 404


@pytest.mark.both_engines
def test_a_reset_link_opens_no_account_without_its_second_factor(
    app: Flask, settings: Settings, engine: Engine
) -> None:
    _, codes = set_up(member(app, settings))
    with write(engine) as connection:
        token = forgotten(connection, EMAIL, datetime.now(UTC))
    client = strict_client(app)
    reply = post(client, f"/office/welcome/{token}", new="four words in one row", again="four words in one row")
    assert reply.location == "/office/sign-in/code"
    assert (client.get("/office/").location or "").startswith("/office/sign-in")
    assert enter_code(client, codes[0]).location == "/office/"


def test_a_server_that_is_not_there_is_said_in_words_without_an_address() -> None:
    with pytest.raises(letters.NotSent) as fault:
        letters.send(Mail("smtp://127.0.0.1:1", "chorus@example.org"), EMAIL, "Hello", "Text")
    assert "could not be sent (ConnectionRefusedError)" in str(fault.value)
    assert "ann" not in str(fault.value)


def test_a_letter_goes_in_the_clear_to_this_machine_only(mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "_HERE", ())
    with pytest.raises(letters.NotSent, match="SMTPNotSupportedError"):
        letters.send(mail.settings, EMAIL, "Hello", "Text")
    assert mail.letters == []
