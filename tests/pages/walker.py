"""A respondent without a script: reads each page as a browser would, and sends what was chosen."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from survey.definition.questionnaire import Questionnaire
from survey.forms import field_name
from survey.journey import Journey
from survey.question import Pretence, missing
from tests.pages.strict import elements, heading, look_once

HOST = "http://localhost"
OURS = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"}


@dataclass
class Walker:
    """Someone in front of a screen: an address, a page, and a browser's cookies."""

    client: FlaskClient
    address: str = ""
    reply: TestResponse = field(default=None)  # type: ignore[assignment]
    _posted: Any = None

    def open(self, address: str) -> Walker:
        """Go to an address and wherever it leads."""
        return self._arrive(address, self.client.get(address))

    def post(self, data: Any, address: str | None = None) -> Walker:
        """Send a form to this page's own address, or to another, and go wherever it leads."""
        address = address or self.address
        self._posted = data
        return self._arrive(address, self.client.post(address, data=data, headers=OURS))

    def leave(self, to: str, **chosen: str) -> Walker:
        """Press the button that leaves the page for a moment, with what stands on it and what is chosen besides."""
        there = {e.get("value") for e in self.page.iter("button") if e.get("name") == "leave"}
        assert to in there, f"no way to {to!r} from {self.address}: {there}"
        kept = [pair for pair in self.chosen().items(multi=True) if pair[0] not in chosen]
        form = next(e for e in self.page.iter("form") if e.get("id") == "answers")
        return self.post(MultiDict([*kept, *chosen.items(), ("leave", to)]), form.get("action"))

    def _arrive(self, address: str, reply: TestResponse) -> Walker:
        for _ in range(6):
            if reply.status_code not in (301, 302, 303, 307):
                break
            address = urljoin(address, reply.headers["Location"])
            again = reply.status_code == 307
            reply = self.client.post(address, data=self._posted, headers=OURS) if again else self.client.get(address)
        self.address, self.reply = address, reply
        if reply.mimetype == "text/html":
            look_once(reply, ("no-store", "no-cache"))  # a browser may keep a respondent's page, and asks each time
        return self

    @property
    def page(self) -> Element:
        """The page's elements; anything a browser would have to mend is an error."""
        return elements(self.reply)

    @property
    def enabled(self) -> list[Element]:
        """The page's elements without those of a group that waits for an answer: a browser sends nothing of it."""
        off = {id(e) for group in self.page.iter("fieldset") if group.get("disabled") is not None for e in group.iter()}
        return [e for e in self.page.iter() if id(e) not in off]

    @property
    def heading(self) -> str:
        """The page's h1."""
        return heading(self.page)

    @property
    def screen(self) -> str:
        """The name of the screen in the address."""
        return urlsplit(self.address).path.rpartition("/")[2]

    @property
    def place(self) -> str:
        """The first word of the address: q, check, over, welcome."""
        return urlsplit(self.address).path.split("/")[1]

    def chosen(self) -> MultiDict[str, str]:
        """Return what the page would send as it stands: chosen buttons, ticked boxes, what stands in boxes."""
        sent: MultiDict[str, str] = MultiDict()
        for element in self.enabled:
            name = element.get("name")
            if not name:
                continue
            if element.tag == "input" and element.get("type") in ("radio", "checkbox"):
                if element.get("checked") is not None:
                    sent.add(name, element.get("value", ""))
            elif element.tag == "input":
                sent.add(name, element.get("value", ""))
            elif element.tag == "textarea":
                sent.add(name, (element.text or "").removeprefix("\n"))
            elif element.tag == "select":
                options = list(element.iter("option"))
                picked = [o for o in options if o.get("selected") is not None] or options[:1]
                sent.add(name, picked[0].get("value", ""))
        return sent

    def offered(self, name: str) -> list[str]:
        """Return the values of a group of buttons or boxes, in the order in which they stand."""
        return [e.get("value", "") for e in self.page.iter("input") if e.get("name") == name]

    def link(self, words: str) -> str:
        """Return where the link that holds these words leads."""
        for element in self.page.iter("a"):
            if words in " ".join("".join(element.itertext()).split()):
                return urljoin(self.address, element.get("href", ""))
        raise AssertionError(f"no link {words!r} on {self.address}")

    def come_in(self, address: str, agree: bool = True) -> Walker:
        """Come in by a link and say yes (or no) where that is asked."""
        self.open(address)
        if self.place == "welcome":
            asked = self.offered("assent")
            self.post({"assent": "yes" if agree else "no"} if asked else {"start": "1"})
        return self


def pretended(questionnaire: Questionnaire, rng: random.Random) -> dict[str, Any]:
    """Return an answer to every question of a questionnaire, each as its kind invents it."""
    answers: dict[str, Any] = {}
    for question in questionnaire.questions:
        if question.asks and question.stored:
            answers |= question.pretend(Pretence(rng, rng.gauss(0, 1), ["a word or two", "=)"]))
    return answers


def fill(walker: Walker, journey: Journey, answers: dict[str, Any]) -> MultiDict[str, str]:
    """Fill the form on the page from answers; a practice question gets its first option."""
    screen = journey.screen(walker.screen)
    on_page = {e.get("name"): e for e in walker.enabled if e.get("name")}
    # Beside what is filled in, a page sends what it says of itself.
    sent = MultiDict((e.get("name", ""), e.get("value", "")) for e in walker.enabled if e.get("type") == "hidden")
    for step in screen.steps:
        name = field_name(step)
        data = step.question.fill(step.part, answers)
        if step.question.asks and not step.question.stored:
            data = {"": walker.offered(name)[0]}
        for suffix, value in data.items():
            full = f"{name}-{suffix}" if suffix else name
            if full not in on_page:
                continue
            values = value if isinstance(value, list) else [value]
            if isinstance(value, list):
                values = [one for one in walker.offered(full) if one in value]
            for one in values:
                if one is not None:
                    sent.add(full, str(one))
    return sent


def walk(walker: Walker, journey: Journey, answers: dict[str, Any], longest: int = 120) -> list[str]:
    """Answer page after page until something else than a question comes; return the screens seen.

    One that comes back with a question that follows on its answer is seen once.
    """
    seen: list[str] = []
    for _ in range(longest):
        if walker.place != "q":
            return seen
        seen += [walker.screen] if walker.screen not in seen[-1:] else []
        before = walker.address
        walker.post(fill(walker, journey, answers))
        assert walker.reply.status_code == 200, (before, walker.reply.status_code)
        assert walker.address != before, f"stuck on {before}: {walker.heading}"
    raise AssertionError(f"no end after {longest} pages: {seen[-5:]}")


BLANK = missing("blank")
