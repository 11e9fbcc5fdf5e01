"""A class of six on two devices, and their teacher: cards printed, a wrong card, two devices, one child absent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from survey.database import read
from survey.fieldwork import Participant
from survey.responses.tables import response
from tests.browser import accessibility
from tests.browser.hand import press, tap, tick
from tests.browser.test_paper import A4, page_sizes
from tests.classroom.in_app import Class

pytestmark = pytest.mark.slow


class Teacher:
    """The teacher's browser."""

    def __init__(self, page: Page, robins: Class) -> None:
        self.page, self.robins = page, robins
        self.faults: list[str] = []
        page.goto(robins.teacher_link())
        press(page.get_by_role("main").get_by_role("button"))
        menu = page.locator(".sections .menu summary")
        if menu.is_visible():  # on a phone
            tap(menu)
        press(page.get_by_role("link", name="Class sessions"))

    def press(self, name: str) -> None:
        press(self.page.get_by_role("main").get_by_role("button", name=name, exact=True))

    def go(self, name: str) -> None:
        press(self.page.get_by_role("main").get_by_role("link", name=name).first)

    def look(self, kind: str) -> None:
        faults = accessibility.every_check(self.page, 44)
        self.faults += [f"{kind}: {fault}" for fault in faults]

    def card(self, number: int) -> None:
        self.page.goto(self.robins.office(f"/cards/{number}"))

    def states(self) -> dict[str, str]:
        self.page.goto(self.robins.office())
        found = self.page.locator(".class-now-cards a").all_inner_texts()
        return {one.split("\n")[0].strip(): " ".join(one.split()[2:]) for one in found}

    def print_cards(self, folder: Path) -> dict[int, list[str]]:
        """Replace all cards, print them, and return the pictures on each."""
        self.go("Replace cards")
        self.look("cards")
        self.press("Replace all cards")
        self.look("cards to print")
        self.page.pdf(path=str(folder / "cards.pdf"), prefer_css_page_size=True)
        assert page_sizes(folder / "cards.pdf") == [A4] * 2, "six cards on one page, and the list for the teacher"
        return {
            int(re.search(r"Card (\d+)", card.inner_text())[1]): card.locator(".card-pics span").all_inner_texts()  # type: ignore[index]
            for card in self.page.locator(".card-print").all()
        }


class Device:
    """A tablet that children hand round."""

    def __init__(self, page: Page, robins: Class, cards: dict[int, list[str]]) -> None:
        self.page, self.robins, self.cards = page, robins, cards

    def next(self) -> None:
        press(self.page.locator("main form button:not([name=leave][value=stop])").last)

    def come_in(self, number: int, look: Callable[[str], None] = lambda _: None) -> None:
        self.page.goto("/")
        self.type_code(self.robins.now.code)
        self.show_card(number, look)

    def show_card(self, number: int, look: Callable[[str], None] = lambda _: None) -> None:
        """Type the number of a card, and pick its pictures."""
        look("card number")
        self.page.get_by_label("Type the number on your card").fill(str(number))
        self.next()
        for name in self.cards[number]:
            look("picture")
            tick(self.page.get_by_label(name, exact=False))
            self.next()

    def type_code(self, code: str) -> None:
        self.page.get_by_label("Enter your code").fill(code)
        self.next()

    def press(self, name: str) -> None:
        press(self.page.get_by_role("button", name=name))

    def say_yes(self) -> None:
        tick(self.page.get_by_label("Yes, I will"))
        self.next()

    def answer(self, label: str) -> None:
        tick(self.page.get_by_label(label, exact=True))
        self.next()

    @property
    def words(self) -> str:
        return self.page.locator("main").inner_text()


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    return Class(tmp_path)


def test_six_children_on_two_devices(
    robins: Class, serve: Callable[[Any], str], new_page: Callable[..., Page], tmp_path: Path
) -> None:
    address = serve(robins.app)
    teacher = Teacher(new_page(base_url=address, viewport={"width": 390, "height": 844}), robins)
    teacher.look("class sessions")
    cards = teacher.print_cards(tmp_path)
    teacher.states()
    teacher.look("list")
    teacher.go("Show code on full screen")
    teacher.look("board")
    size = teacher.page.locator(".board-code").evaluate(
        "e => [parseFloat(getComputedStyle(e).fontSize), getComputedStyle(e).fontFamily]"
    )
    assert size[0] >= 96
    assert "Andika" in size[1]

    looked: set[str] = set()
    first = Device(new_page(base_url=address), robins, cards)
    second = Device(new_page(base_url=address, java_script_enabled=False), robins, cards)

    def look(kind: str) -> None:
        if kind not in looked:
            looked.add(kind)
            teacher.faults.extend(f"{kind}: {fault}" for fault in accessibility.every_check(first.page, 60))
            if kind in ("card number", "picture"):
                here = first.page.url
                first.page.goto(f"{here}?language=ur")
                assert first.page.locator("html").get_attribute("dir") == "rtl"
                teacher.faults.extend(f"{kind}, in Urdu: {fault}" for fault in accessibility.reflow(first.page))
                first.page.goto(here)

    # Two children finish on the first device, one after the other. The second leaves it in the middle for a moment.
    first.come_in(1, look)
    first.say_yes()
    first.answer("A lot")
    first.answer("A little")
    assert "Give the device to the next person." in first.words
    first.press("Next person")
    first.show_card(2)
    first.say_yes()
    first.answer("A lot")
    first.page.goto("/")
    assert "Card 2" in first.words
    look("whose turn")
    first.press("Yes, go on")
    first.answer("A little")
    first.press("Next person")
    first.show_card(1)
    assert "All done" in first.words, "who has finished is told so"
    look("done already")

    # Card 6's child takes card 4; it is put right, and both go on.
    second.come_in(4)
    second.say_yes()
    second.answer("A great deal")
    teacher.card(4)
    teacher.look("card")
    teacher.page.get_by_label("These answers are from the child with").select_option("6")
    teacher.page.locator("#why-give").select_option("wrong card")
    teacher.press("Give answers to that child")
    second.answer("A little")
    assert "You can go on with your own card." in second.words
    second.come_in(6)
    second.answer("Not at all")
    assert "All done" in second.words
    second.press("Next person")
    second.show_card(4)
    second.say_yes()

    # Card 5 comes in on two devices; the teacher signs it out, and shows a code for this child.
    first.come_in(5)
    first.say_yes()
    first.answer("A lot")
    other = Device(new_page(base_url=address), robins, cards)
    other.come_in(5)
    states = teacher.states()
    assert next(iter(states)) == "Card 5", "the card that needs the teacher comes first"
    assert states["Card 5"] == "On two devices 1 of 2"
    teacher.card(5)
    teacher.press("Sign out of every device")
    teacher.card(5)
    teacher.press("Let this child in")
    teacher.look("let in")
    code = teacher.page.locator(".way-in").inner_text()
    first.page.goto("/go")
    assert "Ask your teacher" in first.words
    first.page.goto("/")
    first.type_code(code)
    assert "playing music" in first.words, "it goes on at the first question without an answer"
    first.answer("A little")
    assert "All done" in first.words

    teacher.card(3)
    teacher.page.locator("#reason-field").select_option("absent")
    press(teacher.page.locator("#reason").get_by_role("button", name="Save"))
    assert teacher.states() == {
        "Card 4": "Answering 0 of 2",
        "Card 1": "Finished",
        "Card 2": "Finished",
        "Card 5": "Finished",
        "Card 6": "Finished",
        "Card 3": "Absent",
    }
    teacher.go("End class session")
    teacher.look("end")
    teacher.press("End class session")
    teacher.look("ended")
    second.answer("A lot")
    assert "The class has finished" in second.words

    assert teacher.faults == []
    query = select(Participant.code, response.c.state, response.c.answers).join(
        response, response.c.participant_id == Participant.id
    )
    with read(robins.engine) as connection:
        kept = {code: (state, answers) for code, state, answers in connection.execute(query)}
    assert kept == {
        "r001": ("finished", {"sing_enjoy": 4, "play_enjoy": 2}),
        "r002": ("finished", {"sing_enjoy": 4, "play_enjoy": 2}),
        "r004": ("started", {}),
        "r005": ("finished", {"sing_enjoy": 4, "play_enjoy": 2}),
        "r006": ("finished", {"sing_enjoy": 5, "play_enjoy": 1}),
    }
