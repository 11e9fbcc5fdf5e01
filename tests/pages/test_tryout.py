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


def test_facts_that_are_made_up_lead_to_every_page_and_any_page_can_be_gone_to(shipped: Published) -> None:
    start = address(shipped, "pupil-ks2", "en")
    (screen,) = [
        screen
        for screen in Journey(SHIPPED.questionnaires["pupil-ks2"]).screens
        if any(step.question.when is not None and step.question.when.facts() for step in screen.steps)
    ]
    walker = Trier(shipped.app.test_client())
    walker.mark = "Nothing you try out is saved"
    walker.open(f"{start}/pages")
    row = next(one for one in walker.page.iter("tr") if screen.name in "".join(one.itertext()))
    assert "“Year group” in the roster is 5 or more" in "".join(row.itertext())
    assert "Not reached" in "".join(row.itertext())
    assert "Error:" in (walker.post({"year": "14"}).page.findtext("head/title") or "")
    assert "14 is out of range: the study says 0 to 8." in words(walker.page)
    assert walker.chosen()["year"] == "14", "what was typed is still there"
    walker.post({"year": "6"})
    row = next(one for one in walker.page.iter("tr") if screen.name in "".join(one.itertext()))
    assert "Not reached" not in "".join(row.itertext())
    walker.mark = MARK["en"]
    assert walker.open(f"{start}/q/{screen.name}").screen == screen.name
    walker.open(start)
    walker.open(f"{start}/over?as=finished")
    assert walker.open(f"{start}/q/{screen.name}").screen == screen.name, "facts are made up for more than one walk"
    walker.client.delete_cookie("try", path="/try")
    assert walker.open(f"{start}/q/{screen.name}").screen != screen.name, "without the fact, the way leads on"
    assert walker.open(f"{start}/q/{screen.name}?see=1").screen == screen.name, "from the list it is shown all the same"
    assert "Error:" in (walker.post({}).page.findtext("head/title") or ""), "and takes answers"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pupil-ks1", "parent"])
def test_the_sheet_frames_each_page_as_it_comes_chosen_and_with_its_error_and_nothing_else_may_be_framed(
    shipped: Published, name: str
) -> None:
    start, client = address(shipped, name, "en"), shipped.app.test_client()
    sheet = client.get(f"{start}/states")
    assert "frame-src 'self'" in sheet.headers["Content-Security-Policy"]
    frames = [frame.get("src", "") for frame in look_at(sheet).iter("iframe")]
    screens = [one for one in Journey(SHIPPED.questionnaires[name]).screens if one.asks]
    assert [one for one in frames if one.endswith("state=plain")]
    for screen in screens:
        plain, chosen = (f"{start}/q/{screen.name}?state={state}" for state in ("plain", "chosen"))
        assert {plain, chosen} <= set(frames)
    for frame in frames:
        reply = client.get(frame)
        assert "frame-ancestors 'self'" in reply.headers["Content-Security-Policy"]
        page = look_at(reply)
        assert MARK["en"] not in words(page), "nothing stands above it that a respondent does not see"
        if frame.endswith("state=chosen"):
            typed = [
                e
                for e in page.iter()
                if (e.get("type") == "text" and e.get("value")) or (e.tag == "textarea" and (e.text or "").strip())
            ]
            picked = [e for e in page.iter() if e.get("checked") is not None or e.get("selected") is not None]
            assert typed or picked, frame
        assert ("Error:" in (page.findtext("head/title") or "")) == frame.endswith("state=error"), frame
    plain = client.get(f"{start}/q/{screens[0].name}?see=1")
    assert "frame-ancestors 'none'" in plain.headers["Content-Security-Policy"]
    assert client.get(f"{start}/q/{screens[0].name}?state=other").status_code == 404


def test_all_languages_stand_side_by_side_and_the_printed_form_is_there(shipped: Published) -> None:
    start, client = address(shipped, "parent", "ur"), shipped.app.test_client()
    page = look_at(client.get(f"{start}/languages"))
    cells = [" ".join("".join(cell.itertext()).split()) for cell in page.iter("td")]
    questionnaire = SHIPPED.questionnaires["parent"]
    for language in questionnaire.languages:
        for place in questionnaire.in_language(language).texts():
            assert " ".join(place.text.split()) in cells, (language, place.key)
    assert {cell.get("dir") for cell in page.iter("td") if cell.get("lang") == "ur"} == {"rtl"}
    printed = client.get(f"{start}/paper")
    assert 'dir="rtl"' in printed.text
    assert "preview of the printed form" in printed.text
