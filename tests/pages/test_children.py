"""A parent who answers about several children: asked once about the family, then about each child."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from survey.app import create_app
from survey.audit import COMMAND_LINE, Act
from survey.config import Settings
from survey.database import Engine, open_engine, read, session, upgrade
from survey.fieldwork import Participant, new_door, study_by_code
from survey.fieldwork.doors import LeadsTo
from survey.fieldwork.links import OpenLinkOrder, open_link
from survey.fieldwork.participants import Membership, kinship
from survey.fieldwork.performances import NewPerformance, add_performance
from survey.fieldwork.publishing import publish_folder
from survey.responses import Record, stream, withdraw
from survey.responses.tables import response
from survey.responses.tables import save as log
from survey.responses.withdrawing import Withdrawal
from tests.filled import keep_class, keep_school
from tests.pages.strict import look_at, words
from tests.pages.walker import Walker

STUDY = """
study: tiny
title: Tiny
arms: [{arm: programme, title: Programme}, {arm: comparison, title: Comparison}]
waves: [{wave: w1, title: Always, opens: 2020-01-01, closes: 2099-12-31}]
facts: [{fact: year, title: Year, kind: number, changes: yes}]
fieldwork:
  - {questionnaire: parent, audience: parent, waves: [w1]}
retention: {delete_on: 2110-12-31}
access: {tables: [researcher], microdata: [researcher]}
"""
PARENT = """
questionnaire: parent
version: 1
title: The concert
audience: parent
reader: {age: 16}
languages: [en, cy]
introduction: We ask about the concert.
data_use: Answers are kept for a year.
contact: Ask the school.
thanks: Thank you.
free_text: {read: no, talk_to: Please tell the school.}
options:
  often:
    - {code: 1, label: Never}
    - {code: 2, label: Sometimes}
    - {code: 3, label: Often}
pages:
  - page: liked
    questions:
      - {question: liked, kind: yes_no, ask: Did you like the concert?}
  - page: sings
    for_each: child
    questions:
      - {question: sings, kind: rating, ask: How often does your child sing?, options: often}
  - page: song
    for_each: child
    when: {sings: {at_least: 2}}
    questions:
      - {question: song, kind: short_text, ask: Which song does your child like?}
  - page: home
    questions:
      - {question: home, kind: yes_no, ask: Do you sing at home?}
"""
PARENT_CY = """
questionnaire: parent
language: cy
reviewed: no
title: Y cyngerdd
introduction: Rydym yn gofyn am y cyngerdd.
data_use: Cedwir yr atebion am flwyddyn.
contact: Gofynnwch i’r ysgol.
thanks: Diolch.
free_text: {talk_to: Dywedwch wrth yr ysgol.}
options: {often: {1: Byth, 2: Weithiau, 3: Yn aml}}
questions:
  liked: {ask: Oeddech chi’n hoffi’r cyngerdd?}
  sings: {ask: Pa mor aml mae eich plentyn yn canu?}
  song: {ask: Pa gân mae eich plentyn yn ei hoffi?}
  home: {ask: Ydych chi’n canu gartref?}
"""


@dataclass
class Site:
    app: Flask
    engine: Engine
    settings: Settings
    study: int

    def walker(self) -> Walker:
        return Walker(self.app.test_client())

    def link(self, person: str | None = None) -> str:
        with session(self.engine) as db:
            study = study_by_code(db, "tiny")
            assert study is not None
            who = None if person is None else db.scalars(select(Participant).where(Participant.code == person)).one()
            to = LeadsTo(who, None if who else study.schools[0])
            key = self.settings.key("codes")
            return f"/j/{new_door(db, wave=study.waves[0], questionnaire='parent', key=key, to=to).token}"

    def rows(self) -> list[Record]:
        """The responses, household by household, the first child's first."""
        found = stream(self.engine, self.study, "parent")
        return sorted(found, key=lambda row: (row.household or "", row.child))

    def kept(self) -> list[Record]:
        """Those of which something is kept."""
        return [row for row in self.rows() if row.state != "withdrawn"]

    def saves(self) -> int:
        with read(self.engine) as connection:
            return len(connection.execute(select(log.c.response_id)).all())


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A study with two schools, where a1 is a parent of children at both, and a2 of two in one class."""
    folder = tmp_path / "study"
    folder.mkdir()
    for name, text in (("study", STUDY), ("parent", PARENT), ("parent.cy", PARENT_CY)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    settings = Settings.from_environment({"CHORUS_INSTANCE": str(tmp_path), "DATABASE_URL": database_url})
    engine = open_engine(settings.database_url)
    upgrade(engine)
    publish_folder(engine, folder, datetime.now(UTC))
    with session(engine) as db:
        study = study_by_code(db, "tiny")
        assert study is not None
        ash = keep_school(db, study, "s1", title="Ash Primary", arm="programme")
        birch = keep_school(db, study, "s2", title="Birch Primary", arm="comparison")
        robins, wrens = keep_class(db, ash, "4a", title="Robins"), keep_class(db, birch, "2b", title="Wrens")
        places = {"p1": (birch, wrens), "p2": (ash, robins), "p3": (ash, robins), "p4": (ash, robins)}
        people = {}
        for code, (school, school_class) in {**places, "a1": (ash, None), "a2": (ash, None)}.items():
            one = Participant(study=study, code=code, audience="pupil" if code[0] == "p" else "parent", facts={})
            db.add(one)
            db.flush()
            people[code] = one.id
            db.add(Membership(participant=one, wave=study.waves[0], school=school, school_class=school_class, facts={}))
        db.flush()
        for parent, child in (("a1", "p1"), ("a1", "p2"), ("a2", "p3"), ("a2", "p4")):
            db.execute(kinship.insert().values(parent_id=people[parent], pupil_id=people[child]))
        study_id = study.id
    app = create_app(settings)
    yield Site(app, engine, settings, study_id)
    engine.dispose()
    app.extensions["chorus"].engine.dispose()


def family(walker: Walker, link: str) -> Walker:
    """Answer everything that is asked with the first child, who sings."""
    walker.come_in(link)
    for answer in ({"x-liked": "1"}, {"x-sings": "3"}, {"x-song": "Jig"}, {"x-home": "0"}):
        walker.post({walker_name(walker, name): value for name, value in answer.items()})
    return walker


def walker_name(walker: Walker, name: str) -> str:
    """Return what the page calls the field of a question."""
    key = name.partition("-")[2]
    return next(e.get("name", "") for e in walker.page.iter() if key in (e.get("name") or ""))


def give(walker: Walker, key: str, value: str) -> Walker:
    return walker.post({walker_name(walker, f"x-{key}"): value})


def test_two_children_at_two_schools_by_a_concert_link(site: Site) -> None:
    walker = family(site.walker(), site.link())
    look_at(walker.reply)
    assert (walker.place, walker.heading) == ("children", "Do you have another child at a school in this study?")
    walker.post({})
    assert "Pick one answer." in words(walker.page)
    walker.post({"another": "other", "school": "s9\0"})
    assert "Choose the school." in words(walker.page)
    for _ in range(2):
        walker.post({"another": "other", "school": "s2"})
        assert walker.screen == "sings.2"
        first_page = walker.address
        walker.open(walker.link("Back"))
        assert walker.place == "children"
        assert walker.chosen()["school"] == "s2"
    walker.open(first_page)
    assert "Child 2" in words(walker.page)
    assert "Birch Primary" in words(walker.page)
    assert "Question 1 of 2" in words(walker.page)
    # Back with the browser, to a page of the first child: its answer stays the first child's.
    older = first_page.replace("sings.2", "sings")
    name = walker_name(walker, "x-sings")
    walker.post({name: "2"}, older)
    walker.open(first_page)
    give(walker, "sings", "1")
    # The third child there is not, and is asked about at once: this child does not sing.
    assert (walker.place, walker.screen) == ("children", "3")
    walker.post({"another": "no"})
    assert walker.place == "check"
    look_at(walker.reply)
    said = words(walker.page)
    assert said.index("About your family") < said.index("Child 1") < said.index("Child 2")
    first, second = site.rows()
    assert (first.child, second.child, second.household) == (1, 2, first.id)
    assert (dict(first.answers)["sings"], dict(second.answers)) == (2, {"sings": 1})
    assert [(row.school, row.arm, row.participant) for row in (first, second)] == [
        ("s1", "programme", None),
        ("s2", "comparison", None),
    ]
    walker.post({})
    receipt = next("".join(e.itertext()) for e in walker.page.iter("bdi") if e.get("lang") == "en")
    assert {row.state for row in site.rows()} == {"finished"}
    taking_back = site.walker()
    for address in ("/withdraw/check", "/withdraw/do"):
        taking_back.post({"receipt": receipt, "own": "wave"}, address)
    assert "2" in words(taking_back.page)
    assert [(row.state, dict(row.answers)) for row in site.rows()] == [("withdrawn", {})] * 2
    assert site.saves() == 0


def concert(site: Site, *schools: str) -> str:
    """Return the link of a concert that these schools give together; none: no one said which."""
    act = Act(COMMAND_LINE)
    new = NewPerformance("winter", "Winter songs", date(2026, 12, 10), "w1", schools)
    add_performance(site.engine, "tiny", new, act)
    order = OpenLinkOrder("tiny", "parent", "w1", None, "winter")
    return open_link(site.engine, site.settings, order, act).address.removeprefix(site.settings.base_url)


SCHOOL = "Which school does your child go to?"


def test_at_a_concert_of_several_schools_a_parent_says_which_one_the_child_goes_to(site: Site) -> None:
    link = concert(site, "s1", "s2")
    walker = site.walker().open(link)
    assert "Ash Primary, Birch Primary · 10 December" in words(walker.page)
    give(walker.come_in(link), "liked", "1")
    look_at(walker.reply)
    assert (walker.heading, walker.offered("school")) == (SCHOOL, ["s1", "s2", "-"])
    assert "If you have more than one child" in words(walker.page)
    for nothing in ({}, {"school": "s9\0"}):
        walker.post(nothing)
        assert "Choose the school." in words(walker.page)
    walker.leave("back cy", school="s2").leave("back en")
    assert walker.post(walker.chosen()).screen == "sings"
    assert "If you have more than one child" not in words(walker.page), "that was said before"
    walker.open(walker.link("Back"))
    assert (walker.heading, walker.chosen()["school"]) == (SCHOOL, "s2")
    assert walker.open(walker.link("Back")).screen == "liked"
    give(walker, "liked", "1")
    assert walker.chosen()["school"] == "s2"
    give(give(give(walker.post({"school": "s2"}), "sings", "3"), "song", "Jig"), "home", "0")
    assert walker.offered("another") == ["no", "here", "other"]
    assert "Yes, at Birch Primary" in words(walker.page)
    walker.post({"another": "no"})
    look_at(walker.reply)
    assert "SchoolBirch PrimaryChange" in words(walker.page)
    walker.open(walker.link("Change School")).post({"school": "s1"})
    assert "SchoolAsh PrimaryChange" in words(walker.page)
    walker.post({})
    (row,) = site.kept()
    assert (row.state, row.facts["school_code"], row.facts["arm"]) == ("finished", "s1", "programme")


def test_the_school_is_asked_also_of_a_parent_who_goes_on_later(site: Site) -> None:
    walker = site.walker().come_in(concert(site, "s1", "s2"))
    give(walker, "liked", "1")
    assert walker.heading == SCHOOL
    assert walker.open("/go").heading == SCHOOL, "it is not passed by"
    walker.post({"school": "s1"})
    assert walker.open("/go").screen == "sings"


def test_a_child_at_another_school_is_at_none_of_those_of_the_concert(site: Site) -> None:
    with session(site.engine) as db:
        study = study_by_code(db, "tiny")
        assert study is not None
        for number in range(6):
            keep_school(db, study, f"t{number}", title=f"School {number}", arm="comparison")
    walker = site.walker().come_in(concert(site))
    give(walker, "liked", "1")
    look_at(walker.reply)
    options = [e.get("value") for e in walker.page.iter("option")]
    assert options == ["", "s1", "s2", "t0", "t1", "t2", "t3", "t4", "t5", "-"], "all of the study: no one said which"
    assert walker.post({"school": "-"}).screen == "sings"
    walker.open(walker.link("Back"))
    assert walker.chosen()["school"] == "-"
    give(give(give(walker.post(walker.chosen()), "sings", "3"), "song", "Jig"), "home", "0")
    assert "Yes, at this school:" in words(walker.page)
    walker.post({"another": "other", "school": "s2"})
    give(walker, "sings", "1")
    assert walker.post({"another": "no"}).place == "check"
    walker.post({})
    assert [row.facts.get("school_code") for row in site.kept()] == [None, "s2"]


def test_the_roster_knows_the_children_and_a_parent_goes_on_in_the_middle_of_the_second(site: Site) -> None:
    link = site.link("a1")
    walker = site.walker().come_in(link)
    give(walker, "liked", "1")
    # The child at the school the parent is listed at comes first.
    assert "Child 1 of 2 Robins, Ash Primary" in words(walker.page)
    for key, value in (("sings", "2"), ("song", "Reel"), ("home", "1")):
        give(walker, key, value)
    assert walker.heading == "Would you like to answer about another of your children?"
    assert "Wrens, Birch Primary" in words(walker.page)
    walker.post({"another": "yes"})
    give(walker, "sings", "3")
    assert walker.screen == "song.2"
    walker.open(walker.address.replace("/en/", "/cy/").partition("?")[0])
    assert "Plentyn 2 o 2" in words(walker.page)
    again = site.walker().come_in(link)
    assert again.screen == "song.2"
    give(again, "song", "Air")
    assert again.place == "check"
    # The first device is told that this is going on elsewhere.
    assert "sgrin arall" in words(walker.open(walker.address).page)
    again.post({})
    rows = site.rows()
    assert [(row.participant, row.child_code, row.child_by, row.school, row.language) for row in rows] == [
        ("a1", "p2", "roster", "s1", "cy"),
        ("a1", "p1", "roster", "s2", "cy"),
    ]
    # The school takes one child out of the study: what the parent said is about no known child any more.
    with read(site.engine) as connection:
        child = connection.scalar(select(Participant.id).where(Participant.code == "p1"))
    withdraw(site.engine, Withdrawal("all", "school", child), COMMAND_LINE, datetime.now(UTC))
    assert [(row.child_code, row.child_by, row.state) for row in site.rows()] == [
        ("p2", "roster", "finished"),
        (None, None, "finished"),
    ]
    with read(site.engine) as connection:
        parent = connection.scalar(select(Participant.id).where(Participant.code == "a1"))
    withdraw(site.engine, Withdrawal("all", "self", parent), COMMAND_LINE, datetime.now(UTC))
    assert [row.state for row in site.rows()] == ["withdrawn", "withdrawn"]
    assert site.saves() == 0


@pytest.mark.one_engine
def test_what_a_parent_takes_back_on_the_way_is_gone(site: Site) -> None:
    walker = family(site.walker(), site.link())
    walker.post({"another": "here"})
    walker.open(walker.link("Back")).post({"another": "no"})
    assert (walker.place, len(site.kept())) == ("check", 1)
    walker.open(walker.link("Back")).post({"another": "here"})
    give(walker, "sings", "3")
    # Stop in the middle of the second child, and keep: both are kept.
    stopped = site.walker()
    stopped.client.set_cookie("me", walker.client.get_cookie("me").value)  # type: ignore[union-attr]
    stopped.open(walker.address).leave("stop").post({"stop": "rest"})
    assert stopped.screen == "song.3"
    give(walker, "song", "Jig")
    walker.post({"another": "no"})
    walker.open(walker.link("Change Child 2")).post({"another": "no"})
    assert (walker.place, [row.child for row in site.kept()]) == ("check", [1])
    walker.open(walker.link("Back")).post({"another": "here"})
    walker.leave("stop").post({"stop": "stop"})
    walker.post({"keep": "keep"})
    assert [row.state for row in site.kept()] == ["stopped", "stopped"]


@pytest.mark.one_engine
def test_a_study_code_counts_with_its_school_and_cannot_be_guessed(site: Site) -> None:
    walker = family(site.walker(), site.link())
    walker.post({"another": "no"})
    walker.open(walker.link("Your child’s study code"))
    code_page = walker.address
    look_at(walker.reply)
    walker.post({"code": "p1"})
    assert "We could not find that code at this school." in words(walker.page)
    walker.post({"code": "p9\0"})
    assert "We could not find that code at this school." in words(walker.page)
    walker.post({"code": "P2"})
    assert walker.place == "check"
    (row,) = site.rows()
    assert (row.child_code, row.child_by) == ("p2", "typed")
    assert "p2" not in words(walker.page)
    for _ in range(9):
        walker.post({"code": "p1"}, code_page)
    assert "Please wait" in words(walker.page)
    assert site.rows()[0].child_code == "p2"


@pytest.mark.one_engine
def test_two_children_of_one_class_cannot_be_told_apart_so_their_codes_are_left_out(site: Site) -> None:
    walker = family(site.walker(), site.link("a2"))
    walker.post({"another": "yes"})
    give(walker, "sings", "1")
    assert walker.place == "check"
    assert [(row.child, row.child_code) for row in site.rows()] == [(1, None), (2, None)]
    with read(site.engine) as connection:
        assert connection.scalars(select(response.c.school_class_id)).all()[0] is not None
