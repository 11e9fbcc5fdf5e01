"""Signing in: with a password that works once, then with one's own; and how little a wrong one tells."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.admission import add_user, renew_password
from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, session, upgrade
from survey.pages.account.datastore import FlaskUser
from survey.people import ROLES, NotPossible, User
from survey.people.passwords import HASHER, fault_of, one_time_password
from tests.pages.strict import StrictClient, elements, heading, look_at, strict_client, words

EMAIL = "ann@example.org"
OWN = "three words in a row"
WRONG = "The e-mail address or the password is not right."


def token(reply: TestResponse) -> str:
    found = re.findall(r'name="csrf_token" value="([^"]+)"', reply.text)
    assert found
    return str(found[-1])


def sign_in(client: FlaskClient, password: str, email: str = EMAIL, to: str = "/office/sign-in") -> TestResponse:
    page = client.get(to)
    return client.post(to, data={"email": email, "password": password, "csrf_token": token(page)})


def choose(client: FlaskClient, new: str, again: str | None = None, **more: str) -> TestResponse:
    page = client.get("/office/password")
    data = {"new": new, "again": new if again is None else again, "csrf_token": token(page), **more}
    return client.post("/office/password", data=data)


def sign_out(client: FlaskClient) -> TestResponse:
    return client.post("/office/sign-out", data={"csrf_token": token(client.get("/office/password"))})


@pytest.fixture
def password(engine: Engine, settings: Settings) -> str:
    """The one-time password of a researcher."""
    return add_user(engine, EMAIL, ["researcher"])


@pytest.fixture
def signed_in(client: StrictClient, password: str) -> StrictClient:
    """A client whose owner has chosen their own password."""
    sign_in(client, password)
    choose(client, OWN)
    return client


# ---- the one-time password -------------------------------------------------------------------------------


def test_a_one_time_password_leads_to_choosing_an_own_one_and_then_stops_working(
    client: StrictClient, app: Flask, password: str
) -> None:
    assert sign_in(client, password).location == "/office/password"
    assert client.get("/office/").location == "/office/password", "nothing else is open before that"
    assert heading(look_at(client.get("/office/password"))) == "Choose your own password"
    assert choose(client, OWN).location == "/office/"
    assert heading(look_at(client.get("/office/"))) == "Studies"
    assert WRONG in sign_in(strict_client(app), password).text
    assert sign_in(strict_client(app), OWN).location == "/office/"


def test_a_one_time_password_works_until_an_own_one_was_chosen(client: StrictClient, app: Flask, password: str) -> None:
    sign_in(client, password)
    assert sign_in(strict_client(app), password).location == "/office/password"


def test_the_one_time_password_cannot_be_kept(client: StrictClient, password: str) -> None:
    sign_in(client, password)
    assert "This is your current password." in choose(client, password).text


def test_one_time_passwords_are_random_and_readable() -> None:
    made = {one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"(?:[a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}", password) for password in made)


def test_only_the_hash_of_a_password_is_kept(engine: Engine, password: str) -> None:
    with session(engine) as opened:
        user = opened.query(User).one()
    assert user.password is not None
    assert user.password.startswith("$argon2id$v=19$")
    assert HASHER.verify(user.password, password)


@pytest.mark.slow
def test_a_password_costs_what_it_should() -> None:
    """In a process of its own: tests make theirs cheaply."""
    told = "from survey.people.passwords import HASHER; print(HASHER.hash('a password of someone'))"
    made = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_nothing_about_where_someone_signs_in_is_kept(signed_in: StrictClient, engine: Engine) -> None:
    with session(engine) as opened:
        user = opened.query(User).one()
    kept = {name: getattr(user, name, None) for name in User.__table__.c.keys()}  # noqa: SIM118 - not a dict
    assert "127.0.0.1" not in str(kept)
    assert not any(value for name, value in kept.items() if "login" in name or "ip" in name.split("_"))


def test_a_hash_made_by_us_is_what_flask_security_would_make(signed_in: StrictClient, app: Flask) -> None:
    """Otherwise each sign in would hash the password again."""
    context = app.extensions["security"].pwd_context
    with app.app_context(), session(app.extensions["chorus"].engine) as opened:
        kept = opened.query(User).one().password
    assert context.identify(kept) == "argon2"
    assert not context.needs_update(kept)


# ---- what is refused -------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_address_are_told_in_the_same_words(
    client: StrictClient, password: str
) -> None:
    wrong, unknown = sign_in(client, "not this one"), sign_in(client, password, "no one@example.org")
    assert wrong.status_code == unknown.status_code == 200
    assert WRONG in wrong.text
    assert words(elements(wrong)) == words(elements(unknown))


def test_an_account_that_was_shut_is_told_in_the_same_words(
    client: StrictClient, engine: Engine, password: str
) -> None:
    with session(engine) as opened:
        opened.query(User).one().active = False
    assert WRONG in sign_in(client, password).text


def test_an_account_that_is_shut_while_signed_in_is_out_at_once(signed_in: StrictClient, engine: Engine) -> None:
    with session(engine) as opened:
        opened.query(User).one().active = False
    assert signed_in.get("/office/").location == "/office/sign-in?next=/office/"


def test_a_password_is_never_sent_back(client: StrictClient, password: str) -> None:
    reply = sign_in(client, "the one I mistyped")
    assert "the one I mistyped" not in reply.text
    assert f'value="{EMAIL}"' in reply.text, "the address stays, to be corrected"


def test_empty_fields_are_named_and_the_title_says_error(client: StrictClient, password: str) -> None:
    reply = sign_in(client, "", "")
    root = look_at(reply)
    assert (root.findtext("head/title") or "").startswith("Error: ")
    links = {e.get("href"): "".join(e.itertext()) for e in root.iter("a")}
    assert links["#email"] == "Enter your e-mail address."
    assert links["#password"] == "Enter your password."


@pytest.mark.parametrize("sent", [{}, {"csrf_token": ""}, {"csrf_token": "made up"}])
def test_a_post_without_our_token_is_refused_with_a_sentence(
    client: StrictClient, password: str, sent: dict[str, str]
) -> None:
    client.get("/office/sign-in")
    reply = client.post("/office/sign-in", data={"email": EMAIL, "password": password, **sent})
    assert reply.status_code == 400
    assert "nothing was done. Please try again." in reply.text
    assert client.get("/office/").location == "/office/sign-in?next=/office/", "and no one was signed in"


def test_signing_out_and_a_new_password_need_the_token_too(signed_in: StrictClient, app: Flask) -> None:
    assert signed_in.post("/office/sign-out").status_code == 400
    data = {"current": OWN, "new": "another long one", "again": "another long one"}
    assert signed_in.post("/office/password", data=data).status_code == 400
    assert signed_in.get("/office/").status_code == 200
    assert sign_in(strict_client(app), OWN).location == "/office/"


def test_a_post_from_another_site_is_refused(client: StrictClient, password: str) -> None:
    page = client.get("/office/sign-in")
    data = {"email": EMAIL, "password": password, "csrf_token": token(page)}
    reply = client.post("/office/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403


def test_whoever_is_signed_in_stays_so_only_with_get_harmless(signed_in: StrictClient) -> None:
    assert signed_in.get("/office/sign-out").status_code == 405
    assert signed_in.get("/office/sign-in").location == "/office/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/office//evil.example", "/q/abc", "/office/\\evil"]
)
def test_signing_in_never_leads_elsewhere(client: StrictClient, app: Flask, password: str, elsewhere: str) -> None:
    sign_in(client, password)
    choose(client, OWN)
    other = strict_client(app)
    page = other.get("/office/sign-in", query_string={"next": elsewhere})
    reply = other.post(
        "/office/sign-in",
        query_string={"next": elsewhere},
        data={"email": EMAIL, "password": OWN, "csrf_token": token(page)},
    )
    assert reply.location == "/office/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(signed_in: StrictClient, app: Flask) -> None:
    other = strict_client(app)
    asked = "/office/studies/small-notes?questionnaire=parent"
    to = other.get(asked).location
    assert to is not None
    assert sign_in(other, OWN, to=to).location == asked


# ---- choosing a password ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("eleven char", "Use at least 12 characters."),
        ("x" * 201, "Use at most 200 characters."),
        ("password1234", "Many people use this password"),
        ("P@ssw0rd12345", "Many people use this password"),
        ("qwertyuiop12", "Many people use this password"),
        ("iloveyou2024!", "Many people use this password"),
        ("aaaaaaaaaaaa", "Many people use this password"),
        ("123456789012", "Many people use this password"),
        ("210987654321", "Many people use this password"),
        ("lmnopqrstuvw", "Many people use this password"),
        ("abcdabcdabcd", "Many people use this password"),
        ("Ann@Example.org", "This is your e-mail address"),
    ],
)
def test_a_password_that_would_be_guessed_is_refused(new: str, sentence: str) -> None:
    assert sentence in (fault_of(new, "ann@example.org") or "")


@pytest.mark.parametrize(
    "new",
    ["three words in a row", "tXqs-8wpn-2hdd", "żółta łódź płynie", "乐" * 4 + "山水木火土金雨雪", " a b c d e f "],
)
def test_any_other_password_is_welcome_with_no_rules_of_composition(new: str) -> None:
    assert fault_of(new, EMAIL) is None


def test_a_fault_stands_at_its_field_and_in_the_box_above(client: StrictClient, password: str) -> None:
    sign_in(client, password)
    reply = choose(client, "short", "shorter")
    root = look_at(reply)
    for field, sentence in (("new", "Use at least 12 characters."), ("again", "The two passwords are not the same.")):
        inputs = [e for e in root.iter("input") if e.get("id") == field]
        assert inputs[0].get("aria-invalid") == "true"
        assert f"{field}-error" in (inputs[0].get("aria-describedby") or "").split()
        assert [e for e in root.iter("a") if e.get("href") == f"#{field}" and sentence in "".join(e.itertext())]


def test_a_password_is_the_same_however_its_letters_are_composed(
    client: StrictClient, app: Flask, password: str
) -> None:
    sign_in(client, password)
    choose(client, "un café à Paris 1")
    assert sign_in(strict_client(app), "un cafe\u0301 a\u0300 Paris 1").location == "/office/"


def test_changing_a_password_asks_for_the_one_before_and_signs_out_elsewhere(
    signed_in: StrictClient, app: Flask
) -> None:
    elsewhere = strict_client(app)
    sign_in(elsewhere, OWN)
    assert elsewhere.get("/office/").status_code == 200
    assert "Enter your password." in choose(signed_in, "four words in one row").text
    assert "Your current password is not right." in choose(signed_in, "four words in one row", current="no").text
    assert choose(signed_in, "four words in one row", current=OWN).location == "/office/"
    assert signed_in.get("/office/").status_code == 200
    assert elsewhere.get("/office/").status_code == 302
    assert sign_in(elsewhere, "four words in one row").location == "/office/"


# ---- sessions --------------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_every_copy_of_it(signed_in: StrictClient, app: Flask) -> None:
    cookie = signed_in.get_cookie("office", path="/office")
    assert cookie is not None
    copied = strict_client(app)
    copied.set_cookie("office", cookie.value, path="/office")
    assert copied.get("/office/").status_code == 200
    reply = sign_out(signed_in)
    assert reply.location == "/office/sign-in"
    assert signed_in.get_cookie("office", path="/office") is None
    assert copied.get("/office/").location == "/office/sign-in?next=/office/"


def cookie_header(reply: TestResponse) -> str:
    (header,) = reply.headers.getlist("Set-Cookie")
    return str(header)


def test_the_cookie_belongs_to_the_office_is_out_of_reach_of_scripts_and_lives_20_hours(
    signed_in: StrictClient, app: Flask
) -> None:
    header = cookie_header(signed_in.get("/office/"))
    for part in ("office=", "; HttpOnly", "; Path=/office", "; SameSite=Lax", "; Expires="):
        assert part in header
    assert "Secure" not in header, "this installation is reached by http"
    assert app.permanent_session_lifetime == timedelta(hours=20)


def test_the_cookie_insists_on_https_where_people_come_by_https(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("secure")
    app = create_app(Settings(folder, f"sqlite:///{folder / 'c.sqlite'}", "s" * 40, "https://survey.example.org"))
    reply = app.test_client().get("/office/sign-in", base_url="https://survey.example.org")
    assert "; Secure" in cookie_header(reply)


def test_a_session_ends_after_20_idle_hours_and_each_page_begins_them_again(
    signed_in: StrictClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time()
    for hours, status in ((19, 200), (38, 200), (58.1, 302)):
        monkeypatch.setattr(time, "time", lambda hours=hours: now + hours * 3600)
        assert signed_in.get("/office/").status_code == status, f"after {hours} hours"


RESPONDENTS = ("/", "/q/0123456789ab/en", "/j/no-such-link", "/static/office.css", "/sign-in", "/nowhere")


@pytest.mark.parametrize("address", RESPONDENTS)
def test_no_session_on_respondents_pages_not_even_of_someone_signed_in(signed_in: StrictClient, address: str) -> None:
    for client in (signed_in, signed_in.application.test_client()):
        reply = client.get(address)
        assert "office" not in (header.split("=")[0] for header in reply.headers.getlist("Set-Cookie"))
        assert "Cookie" not in reply.headers.get("Vary", ""), "and the page does not depend on it"


def test_what_signs_people_in_does_not_even_run_on_respondents_pages(app: Flask) -> None:
    def runs_at(blueprint: str | None) -> set[str]:
        hooks = [*app.before_request_funcs[blueprint], *app.after_request_funcs[blueprint]]
        return {hook.__module__.partition(".")[0] for hook in hooks} & {"flask_login", "flask_principal"}

    assert [runs_at(blueprint) for blueprint in (None, "answer", "withdraw", "statics")] == [set()] * 4
    assert runs_at("office") == runs_at("account") == {"flask_login", "flask_principal"}


def test_nothing_can_write_a_session_outside_the_office(app: Flask) -> None:
    from flask import session as current

    with app.test_request_context("/q/0123456789ab/en"), pytest.raises(RuntimeError, match="session"):
        current["who"] = "a child"


@pytest.mark.parametrize("send", [{"headers": {"Authentication-Token": "x"}}, {"query_string": {"auth_token": "x"}}])
def test_no_token_lets_anyone_in(app: Flask, password: str, send: dict[str, dict[str, str]]) -> None:
    with app.test_request_context("/office/"), session(app.extensions["chorus"].engine) as opened:
        real = opened.query(FlaskUser).one().get_auth_token()
    sent = {place: dict.fromkeys(values, real) for place, values in send.items()}
    assert app.test_client().get("/office/", **sent).status_code == 302


def test_it_is_all_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(tmp_path, postgres_url, "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    client = strict_client(app)
    password = add_user(engine, EMAIL, ["researcher"])
    assert WRONG in sign_in(client, "not this one", "ann\0@example.org").text, "PostgreSQL takes no NUL"
    assert sign_in(client, password).location == "/office/password"
    assert choose(client, OWN).location == "/office/"
    assert client.get("/office/").status_code == 200
    assert client.get("/office/studies/a%00b").status_code == 404
    assert sign_out(client).location == "/office/sign-in"
    assert sign_in(client, OWN).location == "/office/"
    engine.dispose()


# ---- making accounts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "roles", "sentence"),
    [
        ("no one", ["researcher"], "is not an e-mail address"),
        ("a b@example.org", ["researcher"], "is not an e-mail address"),
        ("x" * 250 + "@example.org", ["researcher"], "is not an e-mail address"),
        (EMAIL, ["resercher"], "There is no role 'resercher'. The roles are researcher, lead,"),
        (EMAIL, [], "An account needs a role."),
    ],
)
def test_an_account_that_cannot_be_made_is_refused_with_a_sentence(
    engine: Engine, settings: Settings, email: str, roles: list[str], sentence: str
) -> None:
    with pytest.raises(NotPossible, match=re.escape(sentence)):
        add_user(engine, email, roles)


def test_one_address_has_one_account_however_it_is_written(engine: Engine, settings: Settings, password: str) -> None:
    with pytest.raises(NotPossible, match="already has an account"):
        add_user(engine, " Ann@EXAMPLE.org ", ["researcher"])


def test_the_address_is_known_however_it_is_written(client: StrictClient, password: str) -> None:
    assert sign_in(client, password, " ANN@example.org ").location == "/office/password"


def test_a_forgotten_password_is_replaced_by_a_new_one_time_password(
    signed_in: StrictClient, engine: Engine, settings: Settings
) -> None:
    new = renew_password(engine, EMAIL)
    assert signed_in.get("/office/").status_code == 302, "whoever was signed in is out"
    assert WRONG in sign_in(signed_in, OWN).text
    assert sign_in(signed_in, new).location == "/office/password"
    with pytest.raises(NotPossible, match="There is no account with"):
        renew_password(engine, "no one@example.org")


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"coordinator"}))
def test_each_role_comes_with_its_account(client: StrictClient, engine: Engine, settings: Settings, role: str) -> None:
    sign_in(client, add_user(engine, EMAIL, [role]))
    choose(client, OWN)
    assert client.get("/office/").status_code == 200


def test_checking_a_password_takes_turns_so_that_guesses_cannot_crowd_out_respondents(
    client: StrictClient, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from survey.pages.account import checking

    monkeypatch.setattr(checking._ONE_PASSWORD, "_patience", 0.01)
    page = client.get("/office/sign-in")
    data = {"email": EMAIL, "password": password, "csrf_token": token(page)}
    post: Callable[[], TestResponse] = lambda: client.post("/office/sign-in", data=data)  # noqa: E731
    with checking._ONE_PASSWORD.taken():
        assert post().status_code == 503
    assert post().status_code == 302
