"""A device that goes from hand to hand: whose turn it is, and that nothing of the person before is left on it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from survey.database import session
from survey.fieldwork import Membership, new_door
from survey.fieldwork.doors import Door, LeadsTo
from tests.filled import keep_class, keep_school
from tests.pages import test_answering
from tests.pages.strict import look_at, words
from tests.pages.test_answering import Site, send, stop_and_keep
from tests.pages.walker import OURS, Walker

pytestmark = pytest.mark.one_engine

site = test_answering.site
"""A fixture: the tiny study, served."""


def half_way(site: Site, link: str) -> Walker:
    """A child who has answered one question."""
    child = site.walker().come_in(link).post({"q_try_it": "1"}).post({"q_sing": "3"})
    assert child.screen == "plays"
    return child


def next_on(child: Walker, link: str) -> Walker:
    """The next person on the same device, who comes by a link."""
    return Walker(child.client).open(link)


def by_response(site: Site, questionnaire: str = "child") -> list[dict[str, Any]]:
    return [dict(one.answers) for one in sorted(site.records(questionnaire), key=lambda one: one.started_at)]


def buttons(walker: Walker) -> list[str]:
    """The buttons of a page; Listen is not one before a script has found something to hear."""
    shown = [e for e in walker.page.iter("button") if e.get("hidden") is None and e.get("name") != "leave"]
    return [" ".join("".join(e.itertext()).split()) for e in shown]


# ── the front page ────────────────────────────────────────────────────────────────────────────────────────
def test_the_front_page_of_a_used_device_asks_whose_turn_it_is_and_a_yes_leads_back_in(site: Site) -> None:
    child = half_way(site, site.link("child"))
    child.open("/")
    look_at(child.reply)
    assert (child.place, child.heading) == ("turn", "Is this you?")
    assert buttons(child) == ["No, it’s my turn now", "Yes, go on"]
    assert "Music and me Started 1 minute ago" in words(child.page)
    child.post({"turn": "same"})
    assert child.screen == "plays"
    child.post({"q_plays": "0"})
    assert by_response(site) == [{"sing": 3, "plays": 0}]


@pytest.mark.both_engines
def test_a_no_leads_to_the_code_box_and_the_next_child_answers_for_themselves(site: Site) -> None:
    """On a shared tablet the front page opened the last child's survey: the next one's answers were stored as theirs."""
    first = half_way(site, site.link("child", person="p1"))
    mine = site.door("child", person="p2")
    second = Walker(first.client).open("/").post({"turn": "mine"})
    assert (second.place, second.heading) == ("", "Enter your code")
    assert second.client.get_cookie("me") is None
    assert second.post({"code": mine.code}).place == "welcome"
    second.post({"assent": "yes"}).post({"q_try_it": "1"}).post({"q_sing": "1"})
    assert by_response(site) == [{"sing": 3}, {"sing": 1}]


@pytest.mark.both_engines
def test_what_is_shown_tells_whose_it_is_by_class_and_time_and_by_nothing_personal(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = site.door("child", person="studycode9")
    with session(site.engine) as db:
        school = keep_school(db, (found := db.merge(door.door)).study, "s1", title="Ash Primary", arm="programme")
        owls = keep_class(db, school, "4a", title="Class 4A")
        assert found.participant is not None
        found.participant.memberships.append(Membership(wave=found.wave, school=school, school_class=owls))
    child = half_way(site, f"/j/{door.token}")
    monkeypatch.setattr("survey.pages.answer.turns.now", lambda: datetime.now(UTC) + timedelta(minutes=12))
    child.open("/")
    assert "Music and me Class 4A Started 12 minutes ago" in words(child.page)
    assert child.reply.headers["Cache-Control"] == "no-store"
    for hidden in ("studycode9", "A lot", "Ash Primary", "singing"):
        assert hidden not in child.reply.text


@pytest.mark.one_engine
def test_reloading_going_back_and_the_welcome_page_ask_nothing(site: Site) -> None:
    """Who never left the survey is not asked: only the front page, a code and a link begin a visit."""
    child = half_way(site, site.link("child"))
    for address in (child.address, "/welcome", "/go", child.link("Back"), re.sub(r"\?.*", "", child.address)):
        assert child.open(address).place == "q", address


@pytest.mark.one_engine
def test_once_the_time_is_over_the_front_page_asks_nothing_and_the_device_forgets(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last page got lost on the way, so that its pass stayed behind."""
    parent = site.walker().come_in(site.link("adult")).post({"q_came": "1"})
    send(parent)
    parent.open("/")
    assert (parent.place, parent.heading) == ("turn", "You have already answered. Thank you!")
    assert "Finished 1 minute ago" in words(parent.page)
    assert "Your receipt" in words(parent.page)
    assert buttons(parent) == ["Enter your code"]
    monkeypatch.setattr("survey.pages.answer.turns.now", lambda: datetime.now(UTC) + timedelta(hours=2))
    assert parent.open("/").heading == "Enter your code"
    assert parent.client.get_cookie("me") is None


# ── links and codes ───────────────────────────────────────────────────────────────────────────────────────
def test_an_open_link_on_a_used_device_asks_and_a_no_leads_on_by_that_link(site: Site) -> None:
    link = site.link("child")
    first = half_way(site, link)
    second = next_on(first, link)
    assert (second.place, second.heading) == ("turn", "Is this you?")
    assert by_response(site) == [{"sing": 3}], "nothing has begun yet"
    second.post({"turn": "mine"})
    assert second.place == "welcome"
    second.post({"assent": "yes"}).post({"q_try_it": "1"}).post({"q_sing": "1"})
    assert by_response(site) == [{"sing": 3}, {"sing": 1}]


def test_a_yes_goes_on_in_the_same_sitting_and_shows_nothing_of_what_was_answered_before_it(site: Site) -> None:
    """A child who is curious, or says yes to everything, must not be able to look at the answers of the one before."""
    link = site.link("child")
    child = next_on(half_way(site, link), link).post({"turn": "same"})
    assert child.screen == "plays"
    child.open(child.link("Back"))
    assert child.screen == "sing"
    assert not child.chosen()
    child.open("/go").post({"q_plays": "0"}).open(child.link("Back"))
    assert (child.screen, child.chosen().getlist("q_plays")) == ("plays", ["0"]), "one's own answers after it are shown"
    assert by_response(site) == [{"sing": 3, "plays": 0}]
    cookie = child.client.get_cookie("me")
    assert cookie is not None
    assert cookie.value.startswith("p."), "the link waits for no one any more"
    assert len(site.records("child")) == 1


@pytest.mark.both_engines
def test_an_open_code_asks_as_its_link_does(site: Site) -> None:
    door = site.door("child")
    first = half_way(site, f"/j/{door.token}")
    second = Walker(first.client).post({"code": door.code}, "/")
    assert second.place == "turn"
    assert second.post({"turn": "mine"}).place == "welcome"


def test_a_personal_link_or_code_says_whose_turn_it_is_so_nobody_is_asked(site: Site) -> None:
    for way in ("link", "code"):
        first = half_way(site, site.link("child", person=f"first-{way}"))
        mine = site.door("child", person=f"second-{way}")
        second = Walker(first.client)
        second = second.open(f"/j/{mine.token}") if way == "link" else second.post({"code": mine.code}, "/")
        assert second.place == "welcome"
        second.post({"assent": "yes"}).post({"q_try_it": "1"}).post({"q_sing": "1"})
    assert by_response(site) == [{"sing": 3}, {"sing": 1}] * 2


def test_ones_own_link_again_goes_on_in_the_same_sitting_unasked(site: Site) -> None:
    door = site.door("child", person="p1")
    child = next_on(half_way(site, f"/j/{door.token}"), f"/j/{door.token}")
    assert child.screen == "plays"
    child.open(child.link("Back"))
    assert child.chosen().getlist("q_sing") == ["3"], "it is still the same sitting"
    assert child.post({"code": door.code}, "/").place == "q"


def test_ones_own_link_on_a_device_whose_sitting_went_on_elsewhere_begins_a_new_one(site: Site) -> None:
    link = site.link("child", person="p1")
    tablet = half_way(site, link)
    half_of_it = site.walker().open(link)
    assert half_of_it.screen == "plays"
    again = next_on(tablet, link)
    assert again.screen == "plays"
    again.post({"q_plays": "0"})
    assert by_response(site) == [{"sing": 3, "plays": 0}]


@pytest.mark.one_engine
def test_two_parents_and_one_phone(site: Site) -> None:
    link = site.link("adult")
    mother = site.walker().come_in(link).post({"q_came": "0"}).post({"q_reason": "We moved house"})
    father = next_on(mother, link)
    look_at(father.reply)
    assert father.heading == "Do you want to go on?"
    assert re.search(r"You started at \d\d:\d\d\. Questions answered so far: 2\.", words(father.page))
    assert buttons(father) == ["Go on", "Start again as someone else"]
    assert "moved" not in father.reply.text
    father.post({"turn": "mine"}).post({"assent": "yes"}).post({"q_came": "1"})
    assert [one.get("came") for one in by_response(site, "adult")] == [0, 1]


def test_after_the_end_the_next_parent_answers_from_the_same_phone(site: Site) -> None:
    """From the last page, and by scanning again: nobody has to find the code, and the receipt is there once more."""
    link = site.link("adult")
    mother = site.walker().come_in(link).post({"q_came": "1"})
    send(mother)
    receipt = re.search(r"(?:(?:[bdfgjklmnprstvwz][aeiou]){2} ){3}(?:[bdfgjklmnprstvwz][aeiou]){2}", words(mother.page))
    assert receipt is not None
    father = next_on(mother, link)
    look_at(father.reply)
    assert father.heading == "You have already answered. Thank you!"
    assert receipt.group() in words(father.page)
    assert buttons(father) == ["Another parent or carer can answer now"]
    send(father.post({"turn": "mine"}).post({"assent": "yes"}).post({"q_came": "1"}))
    assert receipt.group() not in words(father.page)
    aunt = father.post({"turn": "next"}, "/turn?language=en")
    assert aunt.place == "welcome"
    assert aunt.post({"assent": "yes"}).place == "q"
    assert len(site.records("adult")) == 3


@pytest.mark.one_engine
def test_an_adult_who_comes_by_another_open_link_may_start_that_one(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "0"})
    adult.open(site.link("adult"))
    assert buttons(adult) == ["Go on", "Start a new one"]
    assert adult.open("/").place == "turn"
    assert buttons(adult) == ["Go on", "Start again as someone else"], "at the front page the link is left behind"


@pytest.mark.one_engine
def test_the_question_is_asked_in_every_language_of_the_survey(site: Site) -> None:
    adult = site.walker().come_in(site.link("adult")).post({"q_came": "0"})
    adult.open("/").open(adult.link("اردو"))
    look_at(adult.reply)
    assert (adult.page.get("lang"), adult.page.get("dir"), adult.place) == ("ur", "rtl", "turn")
    assert buttons(adult) == ["آگے بڑھیں", "کسی اور کے طور پر نئے سرے سے شروع کریں"]
    adult.post({"turn": "mine"})
    assert adult.page.get("lang") == "ur", "the code box speaks the language of the page before"


@pytest.mark.one_engine
def test_the_code_box_speaks_the_language_the_person_before_answered_in(site: Site) -> None:
    """Without any link that asks for it: in a class that reads Urdu the next child most likely does, too."""
    adult = site.walker().open(site.link("adult"))
    adult.leave("back ur").post({"assent": "yes", "language": "ur"})
    adult.open("/")
    assert (adult.place, adult.page.get("lang")) == ("turn", "ur")
    form = next(one for one in adult.page.iter("form") if one.get("class") != "aside").get("action")
    assert form is not None
    adult.post({"turn": "mine"}, form)
    assert (adult.heading, adult.page.get("lang")) == ("اپنا کوڈ لکھیں", "ur")


# ── nothing is left ───────────────────────────────────────────────────────────────────────────────────────
def test_after_the_no_nothing_of_the_first_child_can_be_seen_or_changed_from_the_device(site: Site) -> None:
    first = half_way(site, site.link("child", person="p1"))
    here, back, look = first.address, first.link("Back"), re.sub(r"\?.*", "/look", first.address)
    first.post({"paper": "dark", "size": "biggest", "space": "more"}, look)
    second = Walker(first.client).open("/").post({"turn": "mine"})
    assert second.page.get("class") == "", "not even how the pages looked"
    sing = here.replace("/plays", "/sing").replace("n=2", "n=1")
    for address in (here, back, f"{sing}&again=1", f"{sing}&check=1", "/go", "/welcome", "/turn"):
        assert second.open(address).heading == "Enter your code", address
        assert second.post({"q_sing": "1"} if "/sing" in address else {"q_plays": "1"}, here).place == ""
    second.post({"turn": "same"}, "/turn")
    assert second.heading == "Enter your code"
    stop = re.sub(r"\?.*", "/stop", here)
    second.post({"keep": "throw"}, stop)
    (record,) = site.records("child")
    assert (record.state, record.answers) == ("started", {"sing": 3})


@pytest.mark.one_engine
@pytest.mark.parametrize("way", ["open link", "front page", "another's link"])
def test_how_the_pages_looked_goes_with_the_person(site: Site, way: str) -> None:
    link = site.link("child")
    child = half_way(site, link)
    child.post({"paper": "dark", "size": "biggest", "space": "more"}, re.sub(r"\?.*", "/look", child.address))
    assert (child.page.get("class") or "").split() == ["theme-dark", "text-biggest", "spaced"]
    if way == "another's link":
        child.open(site.link("child", person="p8"))
    else:
        child.open(link if way == "open link" else "/")
        assert child.page.get("class"), "the person who began can read the question as they like it"
        child.post({"turn": "mine"})
    assert (child.place, child.page.get("class")) == ("" if way == "front page" else "welcome", "")


@pytest.mark.one_engine
def test_a_look_chosen_at_ones_own_door_stays_there(site: Site) -> None:
    """Someone who has opened their link and never begun; then another child opens theirs."""
    first, second = (site.link("child", person=person) for person in ("p1", "p2"))
    child = site.walker().open(first)
    child.post({"paper": "dark", "size": "normal", "space": "normal", "leave": "use"}, "/look")
    assert child.open(first).page.get("class") == "theme-dark"
    assert child.open(second).page.get("class") == ""


@pytest.mark.one_engine
def test_the_same_person_keeps_how_the_pages_look_at_their_other_questionnaire(site: Site) -> None:
    staff = site.door("adult", person="both")
    with session(site.engine) as db:
        person = db.merge(staff.door).participant
        wave = db.merge(staff.door).wave
        other = new_door(
            db, wave=wave, questionnaire="child", key=site.settings.key("codes"), to=LeadsTo(participant=person)
        )
    first = half_way(site, f"/j/{other.token}")
    first.post({"paper": "dark", "size": "normal", "space": "normal"}, re.sub(r"\?.*", "/look", first.address))
    assert first.open(f"/j/{staff.token}").place == "welcome"
    assert first.page.get("class") == "theme-dark"


def test_the_browser_is_told_to_forget_the_pages_it_kept_and_nothing_else(site: Site) -> None:
    """Answers that wait on the device, a researcher's sign-in: all of that stays."""
    link = site.link("child")
    first = half_way(site, link)
    replies = [first.client.post("/turn", data={"turn": "mine"}, headers=OURS)]
    first = half_way(site, link)
    first.open(link)
    replies.append(first.client.post("/turn", data={"turn": "mine"}, headers=OURS))
    first = half_way(site, link)
    replies.append(first.client.get(site.link("child", person="p9")))
    assert [reply.headers.get("Clear-Site-Data") for reply in replies] == ['"cache"'] * 3
    assert "Clear-Site-Data" not in first.open("/").reply.headers


def test_a_second_tap_on_either_answer_changes_nothing(site: Site) -> None:
    link = site.link("child")
    child = next_on(half_way(site, link), link)
    before = child.client.get_cookie("me")
    assert before is not None
    for _ in range(2):
        child.client.set_cookie("me", before.value)
        assert child.client.post("/turn", data={"turn": "mine"}, headers=OURS).location == "/welcome"
    assert child.client.post("/turn", data={"turn": "mine"}, headers=OURS).location == "/welcome"
    child.open("/welcome").post({"assent": "yes"})
    assert len(site.records("child")) == 2


def test_next_person_on_the_last_page_clears_the_device_and_asks_for_a_code(site: Site) -> None:
    child = half_way(site, site.link("child")).post({"q_plays": "0"}).post({"q_again": "1"})
    assert child.place == "over"
    assert buttons(child) == ["Next person"]
    child.post({"turn": "next"}, "/turn")
    assert (child.place, child.heading) == ("", "Enter your code")


@pytest.mark.one_engine
def test_next_person_asks_nothing_about_a_child_who_has_finished(site: Site) -> None:
    """The reply that took the pass back got lost on the way."""
    child = half_way(site, site.link("child")).post({"q_plays": "0"})
    cookie = child.client.get_cookie("me")
    assert cookie is not None
    child.post({"q_again": "1"})
    child.client.set_cookie("me", cookie.value)
    child.post({"turn": "next"}, "/turn")
    assert (child.heading, child.client.get_cookie("me")) == ("Enter your code", None)


@pytest.mark.one_engine
@pytest.mark.parametrize("agree", [True, False])
def test_every_last_page_of_a_child_has_next_person_and_an_adult_s_where_answers_are_kept(
    site: Site, agree: bool
) -> None:
    child = site.walker().come_in(site.link("child"), agree=agree)
    if agree:
        stop_and_keep(child.post({"q_try_it": "1"}).post({"q_sing": "1"}))
    assert buttons(child) == ["Next person"]
    adult = site.walker().come_in(site.link("adult"), agree=agree)
    if agree:
        stop_and_keep(adult.post({"q_came": "1"}))
    next_adult = ["Another parent or carer can answer now"] if agree else []
    assert (adult.place, buttons(adult)) == ("over", next_adult)
    own = site.walker().come_in(site.link("adult", person=f"own-{agree}"), agree=agree)
    if agree:
        stop_and_keep(own.post({"q_came": "1"}))
    assert (own.place, buttons(own)) == ("over", []), "a personal link is for one"


def test_next_person_in_an_old_tab_does_not_take_the_device_from_a_child_in_the_middle(site: Site) -> None:
    last_page = site.walker().come_in(site.link("child"), agree=False)
    second = Walker(last_page.client).come_in(site.link("child")).post({"q_try_it": "1"}).post({"q_sing": "1"})
    last_page.post({"turn": "next"}, "/turn")
    assert (last_page.place, last_page.heading) == ("turn", "Is this you?")
    assert second.open("/go").screen == "plays"


def test_a_tablet_whose_child_went_on_elsewhere_can_be_passed_on(site: Site) -> None:
    link = site.link("child", person="p1")
    tablet = half_way(site, link)
    site.walker().open(link)
    tablet.post({"q_plays": "1"})
    assert "another screen" in words(tablet.page)
    tablet.post({"turn": "mine"}, "/turn")
    assert (tablet.heading, tablet.client.get_cookie("me")) == ("Enter your code", None)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "data", [{}, {"turn": "x"}, {"turn": ["same", "mine"]}, {"turn": "same", "x": "1"}, {"x": "mine"}], ids=str
)
def test_what_no_page_of_ours_sends_changes_nothing(site: Site, data: Any) -> None:
    child = half_way(site, site.link("child"))
    assert child.client.post("/turn", data=data, headers=OURS).status_code == 400
    assert child.open("/go").screen == "plays"


@pytest.mark.one_engine
def test_another_site_cannot_take_the_device(site: Site) -> None:
    child = half_way(site, site.link("child"))
    reply = child.client.post("/turn", data={"turn": "mine"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    assert child.open("/go").screen == "plays"


@pytest.mark.one_engine
@pytest.mark.parametrize("part", [1, 2, 3, 4, 5, 6])
def test_a_pass_that_waits_cannot_be_forged(site: Site, part: int) -> None:
    link = site.link("child")
    child = next_on(half_way(site, link), link)
    cookie = child.client.get_cookie("me")
    assert cookie is not None
    assert cookie.value.startswith("v.")
    parts = cookie.value.split(".")
    parts[part] = parts[part][:-1] + ("1" if parts[part][-1] != "1" else "2")
    child.client.set_cookie("me", ".".join(parts))
    assert child.open("/turn").heading == "Enter your code"


@pytest.mark.one_engine
def test_a_door_that_was_ended_while_it_was_asked_says_so(site: Site) -> None:
    door = site.door("child")
    child = next_on(half_way(site, site.link("child")), f"/j/{door.token}")
    with session(site.engine) as db:
        ended = db.get(Door, door.door.id)
        assert ended is not None
        ended.ended_at = datetime.now(UTC)
    assert child.post({"turn": "mine"}).heading == "The school has ended this survey"
