"""`survey user …` and `survey link coordinator`: what the office's pages do, for who has the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey.app import create_app
from survey.cli import main
from survey.config import Settings
from survey.database import open_engine, upgrade
from tests.accounts.people import OWN, choose, post, sign_in
from tests.pages.small_study import make_study
from tests.pages.strict import StrictClient, heading, look_at, strict_client

ANN, BEN = "ann@example.org", "ben@example.org"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'chorus.sqlite'}"
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("CHORUS_URL", "http://localhost")
    engine = open_engine(url)
    upgrade(engine)
    (tmp_path / "study").mkdir()
    make_study(engine, tmp_path / "study")
    engine.dispose()


def survey(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def browser() -> StrictClient:
    return strict_client(create_app(Settings.from_environment()))


def test_a_role_counts_where_it_was_given(browser: StrictClient) -> None:
    made = survey("user", "add", ANN, "--study", "small-notes").output
    sign_in(browser, made.splitlines()[-1], ANN)
    choose(browser, OWN)
    assert browser.get("/office/studies/small-notes").status_code == 200
    assert survey("user", "role", "remove", ANN, "researcher", "--study", "small-notes").exit_code == 0
    assert browser.get("/office/studies/small-notes").status_code == 404, "at once"
    assert "is lead of Small notes" in survey("user", "role", "add", ANN, "lead", "--study", "small-notes").output
    assert browser.get("/office/studies/small-notes").status_code == 200
    assert re.search(rf"{ANN}\tlead: Small notes\t\d{{4}}-\d\d-\d\d\tpassword only", survey("user", "list").output)


def test_an_account_ends_with_its_sessions_and_can_come_again(browser: StrictClient) -> None:
    sign_in(browser, survey("user", "add", ANN).output.splitlines()[-1], ANN)
    choose(browser, OWN)
    assert survey("user", "end", ANN).output == f"The account of {ANN} is closed.\n"
    assert browser.get("/office/").status_code == 302
    assert "is not right" in sign_in(browser, OWN, ANN).text
    assert ANN not in survey("user", "list").output
    assert survey("user", "end", ANN).exit_code == 1
    again = survey("user", "add", ANN, "--role", "lead").output.splitlines()[-1]
    assert sign_in(browser, again, ANN).location == "/office/password"


def test_the_last_administrator_stays() -> None:
    survey("user", "add", ANN, "--role", "administrator")
    for command in (("user", "end", ANN), ("user", "role", "remove", ANN, "administrator")):
        refused = survey(*command)
        assert refused.exit_code == 1
        assert "This is the last administrator. Please make another person an administrator first." in refused.output
    survey("user", "add", BEN, "--role", "administrator")
    assert survey("user", "end", ANN).exit_code == 0
    assert survey("user", "end", BEN).exit_code == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "add", ANN, "--role", "boss"), "There is no role 'boss'."),
        (("user", "add", ANN, "--study", "no-such"), "There is no study 'no-such'."),
        (
            ("user", "add", ANN, "--role", "coordinator", "--study", "small-notes"),
            "A coordinator looks after one school.",
        ),
        (("user", "add", ANN, "--study", "small-notes", "--school", "s1"), "Only a coordinator belongs to one school."),
        (("user", "add", ANN, "--role", "coordinator", "--school", "s1"), "Please say which study this school is in."),
        (("user", "role", "add", ANN, "lead"), "There is no account with the address"),
        (("link", "coordinator", "small-notes", "--school", "s9"), "There is no school 's9'"),
        (("link", "coordinator", "small-notes", "--school", "s1", "--until", "2020-01-01"), "already have ended"),
        (("link", "coordinator-end", 7), "There is no link 7."),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(words: tuple[object, ...], sentence: str) -> None:
    refused = survey(*words)
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert refused.output.count("\n") == 1


def test_an_invitation_from_the_command_line(browser: StrictClient) -> None:
    made = survey("user", "invite", ANN, "--role", "coordinator", "--study", "small-notes", "--school", "s1").output
    address = re.sub("^http://localhost", "", made.splitlines()[-1])
    assert heading(look_at(browser.get(address))) == "Welcome to Chorus"


def test_a_link_for_a_coordinator_opens_until_it_is_ended(browser: StrictClient) -> None:
    made = survey("link", "coordinator", "small-notes", "--school", "s1").output
    assert made.startswith("Link 1, works until the end of 31 August 2100:\n")
    address = made.splitlines()[1].removeprefix("http://localhost")
    assert post(browser, address).location == "/office/"
    assert browser.get("/office/").status_code in (200, 302)
    assert (browser.get("/office/").location or "") != "/office/sign-in"
    assert survey("link", "coordinator-end", 10**20).exit_code == 2
    assert survey("link", "coordinator-end", 1).output == "Link 1 has ended.\n"
    assert (browser.get("/office/").location or "").startswith("/office/sign-in"), "the session has ended as well"
    assert browser.get(address).status_code == 404
