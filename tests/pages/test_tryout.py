"""A try-out: every page a respondent would see, marked as a try-out, and nothing of it is kept anywhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from survey.database import Base, read
from survey.fieldwork import current
from survey.fieldwork.tryouts import PURPOSE, TriedVersion, tried_by, tryout_pass
from survey.journey import Journey
from tests.pages.strict import look_at, words
from tests.pages.walker import Walker, fill, pretended
from tests.published import SHIPPED, Published, publish

MARK = {
    "en": "Try-out: nothing is saved",
    "cy": "Treial: does dim yn cael ei gadw",
    "ur": "آزمائش: کچھ بھی محفوظ نہیں ہو رہا",
}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("tried"))
    yield made
    made.engine.dispose()


class Trier(Walker):
    """Someone who tries a questionnaire out; each page they see is looked at."""

    mark = MARK["en"]

    @property
    def place(self) -> str:
        return urlsplit(self.address).path.split("/")[3]

    def _arrive(self, address: str, reply: object) -> Walker:
        super()._arrive(address, reply)  # type: ignore[arg-type]
        assert self.mark in words(look_at(self.reply)), self.address
        return self


def address(shipped: Published, name: str, language: str) -> str:
    sha256 = current(shipped.engine, shipped.study_id)[name]
    return f"/try/{tryout_pass(TriedVersion(sha256[:12], language), shipped.settings.key(PURPOSE))}"


def counts(shipped: Published) -> dict[str, int]:
    """How many rows each table has."""
    with read(shipped.engine) as connection:
        tables = Base.metadata.sorted_tables
        return {one.name: connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables}


def first_option(walker: Walker) -> dict[str, str]:
    """Return what the page would send if the first thing on it was chosen."""
    name = next(e.get("name", "") for e in walker.page.iter("input") if e.get("type") == "radio")
    return {name: walker.offered(name)[0]}


def cookies(walker: Walker) -> list[str]:
    return [name for name in ("me", "office", "session") if walker.client.get_cookie(name)] + [
        one.key for path in ("/", "/try") if (one := walker.client.get_cookie("try", path=path))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "language"),
    [("pupil-ks1", "en"), ("pupil-ks2", "cy"), ("parent", "ur"), ("staff", "en")],
)
def test_every_questionnaire_is_walked_as_a_respondent_does_and_nothing_is_left(
    shipped: Published, name: str, language: str
) -> None:
    questionnaire, before = SHIPPED.questionnaires[name], counts(shipped)
    journey, answers = Journey(questionnaire.in_language(language)), pretended(questionnaire, random.Random(name))
    walker = Trier(shipped.app.test_client())
    walker.mark = MARK[language]
    walker.open(address(shipped, name, language))
    asked = walker.offered("assent")
    walker.post({"assent": "yes"} if asked else {"start": "1"})
    seen = []
    while walker.place == "q":
        if not seen or seen[-1] != walker.screen:
            seen.append(walker.screen)
        assert len(seen) < 120
        sources = " ".join(script.get("src", "") for script in walker.page.iter("script"))
        assert not any(name in sources for name in ("keeping", "answering")), "it keeps nothing, and sends nothing"
        walker.post(fill(walker, journey, answers))
    assert seen == [screen.name for screen in journey.route(answers, {})]
    if questionnaire.audience != "pupil":
        assert walker.place == "check"
        walker.post({})
    assert walker.place == "over"
    assert walker.link("Try it out again" if language == "en" else "")
    assert cookies(walker) == []
    assert counts(shipped) == before


def test_a_no_a_stop_a_look_back_and_an_empty_page_are_as_a_child_has_them(shipped: Published) -> None:
    before = counts(shipped)
    start = address(shipped, "pupil-ks2", "en")
    walker = Trier(shipped.app.test_client()).open(start)
    assert "Error:" in (walker.post({}).page.findtext("head/title") or ""), "neither yes nor no"
    assert walker.post({"assent": "no"}, start).place == "over"
    first = walker.post({"assent": "yes"}, start).address
    assert "Error:" in (walker.post({}).page.findtext("head/title") or "")
    chosen = first_option(walker)
    walker.leave("look", **chosen).leave("use", paper="dark", size="bigger", space="more")
    assert walker.chosen().to_dict() == chosen
    assert (walker.page.get("class") or "").split() == ["theme-dark", "text-bigger", "spaced"]
    second = walker.post(first_option(walker)).address
    assert second != first
    assert walker.open(f"{second}/back").address.endswith(urlsplit(first).path), "Back leads to the one before"
    assert urlsplit(walker.open(f"{first}/back").address).path == start, "and from the first to the beginning"
    walker.post({"assent": "yes"}, start)
    assert walker.post({"stop": "rest"}, f"{second}/stop").address.endswith(urlsplit(second).path)
    assert walker.post({"stop": "stop"}, f"{second}/stop").place == "over", "nothing answered: nothing to ask about"
    assert counts(shipped) == before
    assert cookies(walker) == []


def test_a_pass_names_a_version_and_a_language_and_only_what_we_signed_opens_anything(shipped: Published) -> None:
    key, right = shipped.settings.key(PURPOSE), address(shipped, "parent", "cy").removeprefix("/try/")
    sha256 = current(shipped.engine, shipped.study_id)["parent"]
    assert tried_by(right, key) == TriedVersion(sha256[:12], "cy")
    assert right.split(".")[:2] == [sha256[:12], "cy"]
    assert tried_by(right, b"another key") is None
    client = shipped.app.test_client()
    other = tryout_pass(TriedVersion("0" * 12, "en"), key)
    for wrong in (right.replace(".cy.", ".en."), right[:-1], "x", f"{sha256[:12]}.cy.", other):
        assert client.get(f"/try/{wrong}").status_code == 404


def test_what_is_kept_meanwhile_is_small_whatever_is_typed_and_a_changed_cookie_counts_for_nothing(
    shipped: Published,
) -> None:
    start = address(shipped, "parent", "en")
    questionnaire = SHIPPED.questionnaires["parent"]
    journey, answers = Journey(questionnaire), pretended(questionnaire, random.Random(1))
    noise = random.Random(2)
    own = [one.id for one in questionnaire.questions if one.own_words]
    answers |= {key: "".join(chr(noise.randrange(0x4E00, 0x9000)) for _ in range(400)) for key in own}
    assert own
    walker = Trier(shipped.app.test_client()).open(start)
    walker.post({"start": "1"} if not walker.offered("assent") else {"assent": "yes"})
    for _ in range(60):
        if walker.place != "q":
            break
        walker.post(fill(walker, journey, answers))
        kept = walker.client.get_cookie("try", path="/try")
        assert kept is not None
        assert len(kept.value) < 3600
    assert walker.place == "check"
    walker.client.set_cookie("try", f"x{kept.value}", path="/try")
    walker.open(walker.address)
    assert "Not provided" in words(walker.page)
