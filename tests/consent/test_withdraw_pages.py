"""A parent takes answers back with the receipt from the thank-you page; every page is looked at by the strict client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from survey.app import create_app
from survey.config import Settings
from survey.database import Engine, StoreFull, upgrade, write
from survey.fieldwork import Decision
from survey.fieldwork.participants import kinship
from survey.forms import PREFIX
from survey.pages import withdraw as pages
from survey.responses import load, withdrawing
from survey.responses.receipts import receipt_of
from tests.consent.link import link
from tests.consent.study import SENTINEL, Tuned, consent, everything, lay_out
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.walker import OURS, Walker


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        instance=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'chorus.sqlite'}",
        secret_key="a secret of the tests, long enough to sign with",
        base_url="https://music.example",
    )


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


@pytest.fixture
def client(app: Flask) -> StrictClient:
    return strict_client(app)


def receipt(tuned: Tuned, settings: Settings, code: str | None = "R1") -> tuple[str, str]:
    """Answer as a parent; return the response's id and its receipt."""
    its_id = tuned.answer(code, questionnaire="parent")
    from survey.responses.receipts import make_receipt

    with write(tuned.engine) as connection:
        connection.execute(text("DELETE FROM receipt"))
        made = make_receipt(connection, its_id, settings.key("receipts"), pages.datetime.now(pages.UTC))
    assert made == receipt_of(tuned.engine, its_id, settings.key("receipts"))
    return its_id, made


def post(client: StrictClient, address: str, **form: str | list[str]) -> tuple[int, str, str]:
    reply = client.post(address, data=form, headers=OURS)
    if reply.status_code == 303:
        return 303, reply.headers["Location"], ""
    root = look_at(reply)
    return reply.status_code, heading(root), words(root)


def test_from_the_thank_you_page_to_the_certificate(tuned: Tuned, settings: Settings, client: StrictClient) -> None:
    walker = Walker(FlaskClient(client.application)).open(link(tuned, settings, "parent", "R1"))
    walker.post({"start": "1"})
    walker.post(_first_field(walker, SENTINEL))
    assert "/check/" in walker.address
    walker.post({})
    assert walker.heading == "Thank you!"
    shown = next(e.text or "" for e in walker.page.iter("bdi"))
    assert re.fullmatch(r"(?:(?:[bdfgjklmnprstvwz][aeiou]){2} ){3}(?:[bdfgjklmnprstvwz][aeiou]){2}", shown)
    assert "music.example/withdraw" in words(walker.page)
    assert shown in words(walker.open(walker.address).page), "it is there still on reload"
    its_id = load_newest(tuned)
    status, title, said = post(client, "/withdraw", receipt=shown.upper())
    assert (status, title) == (200, "What would you like us to do?")
    assert "Your child and music" in said
    assert SENTINEL not in said
    status, title, said = post(client, "/withdraw/check", receipt=shown, own="wave")
    assert (status, title) == (200, "Is this right?")
    assert "The answers you sent this time will be deleted." in said
    assert SENTINEL in everything(tuned.engine), "nothing is done before yes"
    status, address, _ = post(client, "/withdraw/do", receipt=shown, own="wave")
    assert status == 303
    assert SENTINEL not in everything(tuned.engine)
    assert load(tuned.engine, its_id).state == "withdrawn"  # type: ignore[union-attr]
    root = look_at(client.get(address))
    assert heading(root) == "It is done"
    assert re.search(r"W-\w{4}-\w{4}-\w{4}", words(root))
    assert post(client, "/withdraw/do", receipt=shown, own="wave")[1] == address, "a second tap is the same"


def _first_field(walker: Walker, typed: str) -> dict[str, str]:
    field = next(e for e in walker.page.iter("textarea"))
    return {field.get("name") or "": typed}


def load_newest(tuned: Tuned) -> str:
    with tuned.engine.connect() as connection:
        return str(connection.scalar(text("SELECT id FROM response ORDER BY started_at DESC LIMIT 1")))


@pytest.mark.parametrize("wrong", ["ravo kimu tezo bani", "x", "\0", "🙂" * 500, "<script>"])
def test_a_wrong_receipt_gets_one_friendly_page(client: StrictClient, tuned: Tuned, wrong: str) -> None:
    for address in ("/withdraw", "/withdraw/check", "/withdraw/do"):
        status, title, said = post(client, address, receipt=wrong, own="wave")
        assert (status, title) == (404, "We could not find anything for that receipt")
        assert wrong not in said


def test_an_empty_receipt_is_asked_for(client: StrictClient, tuned: Tuned) -> None:
    status, title, said = post(client, "/withdraw", receipt=" ")
    assert (status, title) == (200, "Delete your answers")
    assert "Enter your receipt" in said


def test_nothing_chosen_is_asked_again(client: StrictClient, tuned: Tuned, settings: Settings) -> None:
    _, code = receipt(tuned, settings)
    status, title, said = post(client, "/withdraw/check", receipt=code)
    assert (status, title) == (200, "What would you like us to do?")
    assert "Pick one answer." in said


@pytest.mark.parametrize(
    "forged", [{"own": "everything"}, {"own": ["wave", "all"]}, {"child_all": "P1"}, {"child_future": "' OR 1=1"}]
)
def test_what_no_page_offers_is_refused(
    client: StrictClient, tuned: Tuned, settings: Settings, forged: dict[str, str]
) -> None:
    its_id, code = receipt(tuned, settings)
    for address in ("/withdraw/check", "/withdraw/do"):
        assert client.post(address, data={"receipt": code, **forged}, headers=OURS).status_code == 400
    assert load(tuned.engine, its_id).state == "finished"  # type: ignore[union-attr]


def test_another_site_cannot_send_the_form(client: StrictClient, tuned: Tuned, settings: Settings) -> None:
    its_id, code = receipt(tuned, settings)
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    reply = client.post("/withdraw/do", data={"receipt": code, "own": "wave"}, headers=foreign)
    assert reply.status_code == 403
    assert load(tuned.engine, its_id).state == "finished"  # type: ignore[union-attr]


def test_by_an_open_link_only_these_answers_can_be_taken_back(
    client: StrictClient, tuned: Tuned, settings: Settings
) -> None:
    its_id, code = receipt(tuned, settings, None)
    said = post(client, "/withdraw", receipt=code)[2]
    assert "Delete the answers I sent this time" in said
    assert "do not ask me again" not in said
    post(client, "/withdraw/do", receipt=code, own="wave")
    assert load(tuned.engine, its_id).state == "withdrawn"  # type: ignore[union-attr]
    status, title, said = post(client, "/withdraw", receipt=code)
    assert (status, title) == (200, "These answers have been deleted")


def test_a_parent_speaks_for_their_children_and_nobody_else_s(
    client: StrictClient, tuned: Tuned, settings: Settings
) -> None:
    tuned.issued()
    mine, other = tuned.answer("P1"), tuned.answer("P2")
    with write(tuned.engine) as connection:
        connection.execute(kinship.insert().values(parent_id=tuned.person("R1"), pupil_id=tuned.person("P1")))
    its_id, code = receipt(tuned, settings)
    said = post(client, "/withdraw", receipt=code)[2]
    assert "My child should not be asked any more" in said
    status, title, said = post(client, "/withdraw/check", receipt=code, own="none", child_all="P1")
    assert (status, title) == (200, "Is this right?")
    assert "All your child’s answers will be deleted" in said
    assert "answers you sent" not in said
    assert client.post("/withdraw/do", data={"receipt": code, "child_all": "P2"}, headers=OURS).status_code == 400
    status, address, _ = post(client, "/withdraw/do", receipt=code, own="none", child_all="P1")
    assert status == 303
    assert "Your child: All answers have been deleted" in words(look_at(client.get(address)))
    states = [load(tuned.engine, one).state for one in (mine, other, its_id)]  # type: ignore[union-attr]
    assert states == ["withdrawn", "finished", "finished"]


def test_a_wish_about_two_children_and_oneself_is_done_whole_or_not_at_all(
    client: StrictClient, tuned: Tuned, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned.issued()
    children = [tuned.answer("P1"), tuned.answer("P2")]
    with write(tuned.engine) as connection:
        for code in ("P1", "P2"):
            connection.execute(insert_kinship(tuned, code))
    its_id, code = receipt(tuned, settings)
    wish = {"receipt": code, "own": "all", "child_all": ["P1", "P2"]}
    certify, made = withdrawing._certify, []

    def full(*given: Any) -> Any:
        if made:
            raise StoreFull("The disk is full.")
        made.append(certify(*given))
        return made[0]

    with monkeypatch.context() as broken:
        broken.setattr(withdrawing, "_certify", full)
        assert post(client, "/withdraw/do", **wish)[0] == 503
    states = [load(tuned.engine, one).state for one in (*children, its_id)]  # type: ignore[union-attr]
    assert states == ["finished"] * 3, "nothing of the wish was done"
    status, address, _ = post(client, "/withdraw/do", **wish)
    assert status == 303
    # A group of signs may end with W, too.
    assert len(address.partition("?")[0].split(",")) == 3
    states = [load(tuned.engine, one).state for one in (*children, its_id)]  # type: ignore[union-attr]
    assert states == ["withdrawn"] * 3


def insert_kinship(tuned: Tuned, child: str) -> Any:
    return kinship.insert().values(parent_id=tuned.person("R1"), pupil_id=tuned.person(child))


def test_a_certificate_needs_its_number(client: StrictClient, tuned: Tuned) -> None:
    assert client.get("/withdraw/certificate/W-AAAA-AAAA-AAAA").status_code == 404
    assert client.get("/withdraw/certificate/,").status_code == 404


@pytest.mark.parametrize("language", ["en", "cy", "pl", "ur"])
def test_every_page_speaks_every_language(
    client: StrictClient, tuned: Tuned, settings: Settings, language: str
) -> None:
    _, code = receipt(tuned, settings)
    first = look_at(client.get(f"/withdraw?language={language}"))
    assert first.get("lang") == ("en-GB" if language == "en" else language)
    titles = [heading(first)]
    for address, more in (("/withdraw", {}), ("/withdraw/check", {"own": "all"})):
        reply = client.post(address, data={"receipt": code, "language": language, **more}, headers=OURS)
        titles.append(heading(look_at(reply)))
    reply = client.post("/withdraw/do", data={"receipt": code, "language": language, "own": "all"}, headers=OURS)
    last = look_at(client.get(reply.headers["Location"]))
    assert last.get("lang") == first.get("lang")
    titles.append(heading(last))
    english = ["Delete your answers", "What would you like us to do?", "Is this right?", "It is done"]
    assert (titles == english) == (language == "en")
    assert not set(titles) & set(english) or language == "en"


def test_the_receipt_is_in_no_address_and_no_cookie(client: StrictClient, tuned: Tuned, settings: Settings) -> None:
    _, code = receipt(tuned, settings)
    for address in ("/withdraw", "/withdraw/check", "/withdraw/do"):
        reply = client.post(address, data={"receipt": code, "own": "wave"}, headers=OURS)
        assert code not in str(reply.headers)
        assert code.replace(" ", "") not in str(reply.headers)


# ── nothing to answer ─────────────────────────────────────────────────────────────────────────────────────
def test_who_has_no_consent_meets_a_calm_page_and_leaves_nothing(
    client: StrictClient, tuned: Tuned, settings: Settings
) -> None:
    address = link(tuned, settings, "pupil", "P1")
    walker = Walker(client).open(address)
    assert walker.heading == "There is nothing to answer here for you just now."
    assert "Please ask your teacher." in words(walker.page)
    assert not any(word in words(walker.page) for word in ("consent", "parent", "not allowed", "withdrawn"))
    Walker(client).open(address).post({"assent": "yes"}, "/welcome")
    with tuned.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM response")) == 0
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 0
    tuned.issued()
    assert Walker(client).open(address).heading != walker.heading


def test_a_yes_that_is_sent_after_the_consent_went_is_not_taken(
    client: StrictClient, tuned: Tuned, settings: Settings
) -> None:
    tuned.issued()
    walker = Walker(client).open(link(tuned, settings, "pupil", "P1"))
    tuned.decide("P1", [Decision("no", "parent", date(2025, 10, 1))])
    walker.post({"assent": "yes", "language": "en"})
    assert walker.heading == "There is nothing to answer here for you just now."
    with tuned.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM response")) == 0


def test_a_child_whose_parent_says_no_in_between_meets_the_same_page(
    client: StrictClient, tuned: Tuned, settings: Settings
) -> None:
    tuned.issued()
    walker = Walker(FlaskClient(client.application)).open(link(tuned, settings, "pupil", "P1"))
    walker.post({"assent": "yes", "language": "en"})
    tuned.decide("P1", [Decision("no", "parent", date(2025, 10, 1))])
    walker.post({f"{PREFIX}why": SENTINEL})
    assert walker.heading == "There is nothing to answer here for you just now."
    assert SENTINEL not in everything(tuned.engine)
