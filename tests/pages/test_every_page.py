"""Every page a respondent can see has “Aa”, and the way to its other languages; both lead back to it as it stood.

People go everywhere: with an answer and without one, to each end, by links that are shut, with wrong codes. On each page
they press “Aa” with something ticked, change the language there and on the page, and must be where they were. A page that
no one comes to is a fault too: which templates there are is read from their folder.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import pytest
from flask import template_rendered
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from survey.audit import COMMAND_LINE, Act
from survey.classroom.sessions import end, go_on, pause
from survey.database import session, write
from survey.fieldwork import current, study_by_code
from survey.fieldwork.doors import Door
from survey.fieldwork.links import OpenLinkOrder, open_link
from survey.fieldwork.performances import NewPerformance, add_performance
from survey.fieldwork.tryouts import PURPOSE, TriedVersion, tryout_pass
from survey.journey import Journey
from survey.wording import html_language
from tests.classroom.in_app import Class
from tests.filled import keep_school
from tests.pages.test_receipts import receipt_on
from tests.pages.walker import Walker, fill, pretended
from tests.published import SHIPPED, STUDY, Published, publish

TEMPLATES: Final = Path(__file__).parents[2] / "survey" / "templates" / "answer"

FOR_EITHER: Final = "answer/plain.html"
"""What a page extends that children and adults may see."""

WITHOUT_A_SERVER: Final = {"away.html"}
"""Shown by a child's device itself while no server answers, so that “Aa” could do nothing there."""

OTHER: Final = {"en-GB": "cy", "cy": "en-GB"}


@dataclass
class Seen:
    """Which pages were seen, each by whom, and how many were looked at."""

    pages: set[tuple[str, str]] = field(default_factory=set)
    looked_at: set[tuple[str, ...]] = field(default_factory=set)

    def note(self, sender: Any, template: Any, context: dict[str, Any], **_: Any) -> None:
        """Note that a page was made."""
        if template.name and template.name.startswith("answer/"):
            who = "pupil" if context.get("audience") == "pupil" else "adult"
            self.pages.add((template.name.removeprefix("answer/"), f"{who}{' trying' * bool(context.get('trying'))}"))


def pages_there_are() -> dict[str, bool]:
    """Return each page a respondent can see, and whether it is for children and adults alike."""
    found = {}
    for path in sorted(TEMPLATES.glob("*.html")):
        extends = re.search(r"{% extends (.*?) %}", path.read_text(encoding="utf-8"))
        if extends and path.name not in {"plain.html", *WITHOUT_A_SERVER}:
            found[path.name] = FOR_EITHER in extends[1]
    return found


@dataclass
class Looker(Walker):
    """Someone who presses “Aa” and changes the language on each page they come to."""

    seen: Seen = field(default_factory=Seen)
    busy: bool = False

    def _arrive(self, address: str, reply: Any) -> Walker:
        super()._arrive(address, reply)
        if not self.busy and self.reply.mimetype == "text/html":
            self._try()
        return self

    def _try(self) -> None:
        what = self._kind()
        if what in self.seen.looked_at:
            return
        self.seen.looked_at.add(what)
        self.busy, stood = True, (self.address, self.reply)
        for ticked in ({}, something) if (something := self._something()) else ({},):
            self.address, self.reply = stood
            self._by_aa(ticked)
            self.address, self.reply = stood
            self._in_place(ticked)
        self.address, self.reply = stood
        self.busy = False

    def _kind(self) -> tuple[str, ...]:
        """What tells a page from others: of questions how they are made, of all else what it says."""
        if self.reply.request.path.startswith(("/q/", "/try/")) and "stop" not in self.address:
            return "q", *sorted({f"{e.tag} {e.get('class')}" for e in self.page.iter() if e.get("class")})
        return self._place(), self.heading, str(self.reply.status_code), *sorted(self.chosen())

    def _place(self) -> str:
        """The address, whatever its language and its number."""
        path, _, query = self.address.removeprefix("http://localhost").partition("?")
        path = re.sub(r"^/(q|over|check|children|school|sent)/(\w+)/[\w-]+", r"/\1/\2", path)
        path = re.sub(r"^/try/(\w+)\.[\w-]+\.[\w-]+", r"/try/\1", path)
        return (
            f"{path}?{'&'.join(sorted(p for p in query.split('&') if not re.match('language|n=|again|o=|keep=', p)))}"
        )

    def _stands(self) -> tuple[str, set[tuple[str, str]]]:
        """What must be the same afterwards; that something was amiss need not be said again."""
        asked = [pair for pair in self.chosen().items(multi=True) if pair[0].startswith("q_") or pair[0] in FIELDS]
        return self.heading, {pair for pair in asked if pair[1]}

    def _something(self) -> dict[str, str]:
        """Something to tick or to type on the page that is not sent, where there is such a thing."""
        for e in self.enabled:
            name, kind = e.get("name", ""), e.get("type")
            if e.tag == "input" and (name.startswith("q_") or name in FIELDS):
                if kind in ("radio", "checkbox"):
                    return {name: e.get("value", "")}
                if kind == "text":
                    return {name: "7"}
        return {}

    def _by_aa(self, ticked: dict[str, str]) -> None:
        place, language = self._place(), self.page.get("lang")
        title, there = self._stands()
        self.press(self._only("Aa", [e for e in self.page.iter() if _is_aa(e)]), **ticked)
        assert self.reply.status_code == 200
        assert self.offered("paper") == ["cream", "white", "blue", "dark"], self.address
        self._tongue(OTHER[language or ""])
        self._tongue(language)
        use = self._only("way back", [e for e in self.page.iter("button") if e.get("class") in ("btn", "next")])
        self.press(use, paper="blue")
        kept = {pair for pair in there if pair[0] not in ticked} | set(ticked.items())
        assert self._stands() == (title, kept), f"“Aa” does not lead back to {place}, but to {self.address}"
        assert "theme-blue" in (self.page.get("class") or ""), self.address

    def _in_place(self, ticked: dict[str, str]) -> None:
        """Change the language on the page itself, where that can be done, and back."""
        title, there = self._stands()
        language, buttons = self.page.get("lang"), [e for e in self._tongues() if e.tag == "button"]
        if not self._tongues():
            assert "pupil.css" in self.reply.text, f"adults change the language of every page on it: {self.address}"
            return
        assert buttons or not ticked, f"a change of language loses what is ticked: {self.address}"
        self._tongue(OTHER[language or ""], **ticked)
        self._tongue(language)
        kept = {pair for pair in there if pair[0] not in ticked} | set(ticked.items())
        assert self._stands() == (title, kept), self.address

    def _tongues(self) -> list[Element]:
        found = [e for nav in self.page.iter("nav") if nav.get("class") == "languages" for e in nav.iter()]
        return [e for e in found if e.get("lang")]

    def _tongue(self, language: str | None, **chosen: str) -> None:
        before = self._controls()
        there = [e for e in self._tongues() if html_language(e.get("lang") or "") == language]
        self.press(self._only(f"a way to {language}", there), **chosen)
        assert self.page.get("lang") == language, self.address
        assert self._controls() == before, self.address

    def _controls(self) -> list[tuple[str, str, str]]:
        """What there is to choose, to type and to press, which is the same in each language."""
        fields = [e for e in self.page.iter() if e.tag in ("input", "textarea", "select", "button") and e.get("name")]
        said = [
            (e.tag, e.get("name", ""), e.get("value", "")) for e in fields if e.get("type") in ("radio", "checkbox")
        ]
        return sorted({*said, *((e.tag, e.get("name", ""), "") for e in fields if e.get("type") != "hidden")})

    def _only(self, what: str, found: list[Element]) -> Element:
        assert len(found) == 1, f"{what} on {self.address} ({self.heading}): {len(found)} times"
        return found[0]

    def press(self, pressed: Element, **chosen: str) -> None:
        """Follow a link, or press a button, with what stands in its form and what is chosen there besides."""
        if pressed.tag == "a":
            self.open(urljoin(self.address, pressed.get("href", "")))
            return
        form = next(
            e for e in self.page.iter("form") if pressed in list(e.iter()) or e.get("id") == pressed.get("form")
        )
        inside = {e.get("name") for e in form.iter()}
        kept = [pair for pair in self.chosen().items(multi=True) if pair[0] in inside and pair[0] not in chosen]
        data = MultiDict([*kept, *chosen.items(), (pressed.get("name", ""), pressed.get("value", ""))])
        self.post(data, urljoin(self.address, pressed.get("formaction") or form.get("action") or self.address))


FIELDS: Final = ("assent", "another", "school", "code", "receipt", "number", "picture", "own")
"""What is chosen or typed on pages that are no questions."""


def _is_aa(element: Element) -> bool:
    """Tell whether something leads to the choices of “Aa”."""
    return any(e.get("class") == "aa" for e in element) and element.tag in ("a", "button")


# ── who goes where ────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Everyone:
    """The shipped study, and people who look at each page they come to."""

    published: Published
    seen: Seen

    def someone(self) -> Looker:
        """Return someone with a browser of their own."""
        return Looker(self.published.app.test_client(), seen=self.seen)

    def half_way(self, link: str) -> Looker:
        """Return someone who has answered the first question that counts."""
        walker = self.someone()
        walker.come_in(link)
        for _ in range(3):
            self.answer(walker)
        return walker

    def answer(self, walker: Walker) -> None:
        """Give an answer to everything on the page."""
        name = "pupil-ks2" if "pupil.css" in walker.reply.text else "parent"
        questionnaire = SHIPPED.questionnaires[name]
        answers = pretended(questionnaire, random.Random(name))
        walker.post(fill(walker, Journey(questionnaire), answers))

    def to_the_end(self, walker: Walker) -> Walker:
        """Answer page after page, each once empty."""
        for _ in range(120):
            if walker.place != "q":
                break
            here = walker.address
            walker.post({})
            if walker.address == here:
                self.answer(walker)
        return walker

    def shut_links(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the link and the code of doors that let no one in, each for another reason."""
        now, week = datetime.now(UTC), timedelta(days=7)
        for times in ({"opens_at": now + week}, {"closes_at": now - week}, {"ended_at": now}):
            made = self.published.door(name)
            with write(self.published.engine) as connection:
                connection.execute(update(Door).where(Door.id == made.door.id).values(times))
            yield f"/j/{made.token}", made.code


def stop_of(walker: Walker) -> str:
    return f"{walker.address.partition('?')[0]}/stop"


def lost(people: Everyone) -> None:
    """Whoever has a wrong link, a wrong code, one that is shut; or sends what no page of ours sends."""
    people.someone().open("/").post({}).post({"code": "ravo kimu tezo"})
    people.someone().open("/j/nothing").open("/nothing/here").open("/receipt")
    guessing = people.someone()
    while guessing.reply is None or guessing.reply.status_code != 429:
        guessing.open("/").post({"code": "ravo kimu"})
    for name in ("parent", "pupil-ks2"):
        for link, code in people.shut_links(name):
            people.someone().open(link)
            people.published.app.extensions["chorus"].engine.dispose()
            people.someone().post({"code": code}, "/")
        walker = people.someone()
        walker.open(people.published.link(name)).post({"assent": "perhaps"})
        assert walker.reply.status_code == 400


def children(people: Everyone) -> None:
    link = people.published.link
    walker = people.someone()
    walker.open(link("pupil-ks2")).post({})
    walker.come_in(link("pupil-ks2"))
    people.to_the_end(walker)
    assert walker.place == "over"
    people.someone().come_in(link("pupil-ks2"), agree=False)
    for end_ in ("keep", "throw"):
        walker = people.half_way(link("pupil-ks2"))
        walker.open("/").open("/turn")
        walker.open("/go").open(stop_of(walker)).post({"stop": "stop"}).post({"keep": end_})
    personal = people.published.door("pupil-ks2", "p-every")
    first = people.half_way(f"/j/{personal.token}")
    version = "/".join(first.address.split("/")[2:4])
    first.open(f"/sent/{version}")
    second = people.someone()
    second.open(f"/j/{personal.token}")
    first.open("/go")
    people.to_the_end(second)
    people.someone().open(f"/j/{personal.token}")


def adults(people: Everyone) -> None:
    link = people.published.link
    walker = people.someone()
    walker.open(link("parent")).post({})
    walker.come_in(link("parent"))
    people.to_the_end(walker)
    assert walker.place == "children"
    walker.post({})
    walker.post({"another": "no"})
    assert walker.place == "check"
    code = walker.link("study code")
    walker.open(code).post({"code": "x9"}).open(walker.address.replace("/children/", "/check/").partition("/1/code")[0])
    walker.post({})
    assert walker.place == "over"
    receipt = receipt_on(walker) or ""
    walker.open("/turn")
    people.someone().come_in(link("parent"), agree=False)
    for end_ in ("keep", "throw"):
        walker = people.half_way(link("parent"))
        walker.open("/turn").open("/go").open(stop_of(walker)).post({"stop": "stop"}).post({"keep": end_})
    first = people.half_way(f"/j/{(personal := people.published.door('parent', 'a-every')).token}")
    second = people.someone()
    second.open(f"/j/{personal.token}")
    first.open("/go")
    first.post({"stop": "stop"}, second.address.partition("?")[0] + "/stop")
    late(second)
    at_a_concert(people)
    withdrawing(people, receipt)


def at_a_concert(people: Everyone) -> None:
    """A parent at a concert of two schools is asked which one the child goes to."""
    made, act = people.published, Act(COMMAND_LINE)
    wave = SHIPPED.study.waves[-1]
    assert wave.closes is not None
    new = NewPerformance("winter", "Winter songs", wave.closes, wave.id, ("s1", "s2"))
    add_performance(made.engine, STUDY, new, act)
    order = OpenLinkOrder(STUDY, "parent", wave.id, None, "winter")
    walker = people.someone()
    walker.come_in(open_link(made.engine, made.settings, order, act).address.removeprefix(made.settings.base_url))
    while walker.place == "q":
        people.answer(walker)
    assert walker.place == "school"
    walker.post({})
    walker.post({"school": "s2"})


def late(walker: Looker) -> None:
    """Someone in the middle when the wave has ended."""
    with pytest.MonkeyPatch.context() as later:
        later.setattr("survey.pages.answer.going_on.now", lambda: datetime(2110, 1, 1, tzinfo=UTC))
        walker.open("/go")
    assert receipt_on(walker)


def withdrawing(people: Everyone, receipt: str) -> None:
    walker = people.someone()
    walker.open("/withdraw").post({"receipt": ""}).post({"receipt": "ravo kimu"}, "/withdraw")
    walker.post({"receipt": receipt}, "/withdraw").post({"receipt": receipt}, "/withdraw/check")
    walker.post({"receipt": receipt, "own": "wave"}, "/withdraw/check")
    walker.post({"receipt": receipt, "own": "wave"}, "/withdraw/do")
    assert walker.place == "withdraw"
    walker.post({"receipt": receipt}, "/withdraw")


def no_one_to_ask(people: Everyone) -> None:
    """Whoever has withdrawn is told, by their link, that there is nothing to answer."""
    for name in ("parent", "pupil-ks2"):
        made = people.published.door(name, f"gone-{name}")
        walker = people.half_way(f"/j/{made.token}")
        walker.post({"stop": "stop"}, stop_of(walker)).post({"keep": "throw"}, stop_of(walker))
        people.someone().open(f"/j/{made.token}")
        version = "/".join(walker.address.split("/")[2:4]).partition("?")[0]
        for why in ("closed", "nothing"):
            people.someone().open(f"/over/{version}?as={why}")


def authors(people: Everyone) -> None:
    """Whoever tries a questionnaire out sees the same pages."""
    for name in ("pupil-ks2", "parent"):
        sha256 = current(people.published.engine, people.published.study_id)[name]
        key = people.published.settings.key(PURPOSE)
        start = f"/try/{tryout_pass(TriedVersion(sha256[:12], 'en'), key)}"
        walker = people.someone()
        for ways in ("finish", "stop", "no"):
            walker.open(start).post({})
            walker.open(start).post({"assent": "no" if ways == "no" else "yes"})
            while ways != "no" and "/q/" in walker.address:
                here = walker.address
                walker.post({})
                if walker.address == here:
                    questionnaire = SHIPPED.questionnaires[name]
                    answers = pretended(questionnaire, random.Random(name))
                    walker.post(fill(walker, Journey(questionnaire), answers))
                if ways == "stop":
                    here = walker.address
                    walker.open(stop_of(walker)).post({"stop": "stop"})
                    if "/q/" in walker.address:
                        walker.post({"keep": "keep"})
                        break
                    walker.open(start).post({"assent": "yes"}).open(here)
            if "/check" in walker.address:
                walker.post({})
            assert "/over" in walker.address


def a_class(seen: Seen, folder: Path) -> None:
    """A child types a class code, a number and pictures; once wrong, once right; the class is paused and ended."""
    robins = Class(folder)
    template_rendered.connect(seen.note, robins.app)
    device = Looker(robins.app.test_client(), seen=seen)

    def pick(names: Any) -> None:
        device.open("/join").post({"number": "x"}).post({"number": "2"})
        for name in names:
            if device.place == "join":
                device.post({}).post({"picture": name})

    device.post({"code": robins.now.code}, "/")
    right = robins.cards[2].face.pictures
    pick(reversed(right) if right[0] != right[-1] or right[1] != right[2] else ["apple"] * 4)
    assert "/join/picture" in device.address
    pick(right)
    device.busy = True  # its questions are in one language
    device.post({"assent": "yes"}, "/welcome").post({"q_sing_enjoy": "4"})
    device.busy = False
    pause(robins.engine, robins.id, robins.act)
    device.open("/go")
    assert device.heading == "Please wait for your teacher"
    go_on(robins.engine, robins.id, robins.act)
    end(robins.engine, robins.id, robins.act)
    device.open("/go")
    assert device.heading == "The class has finished"


@contextmanager
def everyone(folder: Path) -> Iterator[Everyone]:
    made, seen = publish(folder), Seen()
    with session(made.engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
        keep_school(db, study, "s1", title="Ash Primary", arm="programme")
        keep_school(db, study, "s2", title="Birch Primary", arm="comparison")
    with template_rendered.connected_to(seen.note, made.app):
        yield Everyone(made, seen)
    made.engine.dispose()


@pytest.mark.slow
@pytest.mark.one_engine
def test_every_page_has_aa_and_the_way_to_its_other_languages(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "class").mkdir()
    with everyone(tmp_path / "study") as people:
        lost(people)
        children(people)
        adults(people)
        no_one_to_ask(people)
        authors(people)
        a_class(people.seen, tmp_path / "class")
        wanted = {(name, who) for name, both in pages_there_are().items() for who in ("pupil", "adult") if both}
        assert wanted - people.seen.pages == set(), "a page that no one here comes to"
        others = {name for name, both in pages_there_are().items() if not both}
        assert others - {name for name, _ in people.seen.pages} == set(), "a page that no one here comes to"
