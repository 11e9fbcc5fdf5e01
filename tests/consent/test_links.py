"""Who gets a link: those who are asked and may take part, in their own study, wave and school. The rest is counted, so
that nobody believes the list to be everyone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from survey.audit import COMMAND_LINE, Act, LogFilter, entries
from survey.config import Settings
from survey.database import read, session, write
from survey.fieldwork import Decision, Membership, Participant, School
from survey.fieldwork.doors import Door, door_by_token
from survey.fieldwork.links import (
    LinkGroup,
    OpenLink,
    OpenLinkOrder,
    PersonalLinks,
    WhoGetsLinks,
    end_link,
    open_link,
    open_links,
    personal_links,
    who_gets_links,
)
from survey.fieldwork.performances import NewPerformance, add_performance, performances
from survey.problems import Refused
from tests.consent.conftest import Lay
from tests.consent.study import NOW, STUDY, Tuned, consent, lay_out
from tests.filled import keep_class

LATER = NOW + timedelta(hours=1)
SETTINGS = Settings(
    Path("/nowhere"), "sqlite://", "a secret of the tests, long enough to sign with", "http://localhost"
)


def test_people_without_consent_are_counted_beside_the_links(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))

    def who(school: str | None = None) -> WhoGetsLinks:
        return who_gets_links(tuned.engine, LinkGroup("tuned-in", "w1", school, None))

    parents = 2
    assert who() == WhoGetsLinks(parents, 0, without=6)
    tuned.decide("P1", [Decision("yes", "parent", date(2025, 9, 10), "all", None)])
    tuned.decide("P2", [Decision("no", "parent", date(2025, 9, 10), "all", None)])
    assert who() == WhoGetsLinks(parents + 1, 0, without=5)
    assert who("s2") == WhoGetsLinks(1, 0, without=3)


# ── personal links ────────────────────────────────────────────────────────────────────────────────────────


def personal(tuned: Tuned, wave: str = "w1", school: str | None = None, its: str | None = None) -> PersonalLinks:
    group = LinkGroup(tuned.study.code, wave, school, its)
    return personal_links(tuned.engine, SETTINGS, group, Act(COMMAND_LINE, LATER))


def who_has(made: PersonalLinks) -> list[str]:
    return [f"{one.participant} {one.school} {one.school_class} {one.questionnaire}" for one in made.links]


def opens(tuned: Tuned, link: str) -> tuple[str, str, int | None] | None:
    """Return questionnaire, wave and participant of the door a link opens; None when it is shut."""
    with session(tuned.engine) as db:
        door = door_by_token(db, link.rpartition("/")[2], LATER)
        if door is None or door.shut is not None:
            return None
        return (door.questionnaire, door.wave.code, door.participant_id)


@pytest.mark.one_engine
def test_a_personal_link_leads_its_participant_to_its_questionnaire_and_the_next_one_ends_it(lay: Lay) -> None:
    tuned = lay()
    made = personal(tuned)
    assert who_has(made) == [
        *(f"P{number} s1 4a pupil" for number in (1, 2, 3)),
        "R1 s1 4a parent",
        *(f"P{number} s2 4a pupil" for number in (4, 5, 6)),
        "R2 s2 4a parent",
    ]
    assert (made.ended, made.without) == (0, 0)
    for one in made.links:
        assert one.address.startswith("http://localhost/j/")
        assert opens(tuned, one.address) == (one.questionnaire, "w1", tuned.person(one.participant))
    with read(tuned.engine) as connection:
        where = connection.execute(select(Door.school_id, Door.school_class_id, Membership.school_id, Membership.school_class_id)
                                   .join(Membership, (Membership.participant_id == Door.participant_id)
                                   & (Membership.wave_id == Door.wave_id))).all()  # fmt: skip
    assert len(where) == 8
    assert all(row[:2] == row[2:] for row in where), "the door is where they are"
    again = personal(tuned, school="s2")
    assert (who_has(again), again.ended) == (who_has(made)[4:], 4)
    still = [opens(tuned, one.address) is not None for one in made.links]
    assert still == [True] * 4 + [False] * 4
    lines = [line.details for line in entries(tuned.engine, LogFilter(what="made personal links"))]
    assert lines == [
        {"wave": "w1", "school": "s2", "class": None, "links": 4, "ended": 4},
        {"wave": "w1", "school": None, "class": None, "links": 8, "ended": 0},
    ]


@pytest.mark.one_engine
def test_only_earlier_links_of_the_same_people_questionnaire_and_wave_will_end(lay: Lay) -> None:
    tuned = lay()
    doors = [
        tuned.door("pupil", "P1"),
        tuned.door("pupil", "P1"),
        tuned.door("parent", "R1"),
        tuned.door("parent", "P2"),  # of the same person, for another questionnaire
        tuned.door("pupil", "P3", "w2"),
        tuned.door("pupil", "P4"),  # at another school
        tuned.door("parent", None),
    ]
    with write(tuned.engine) as connection:
        connection.execute(update(Door).where(Door.id == doors[1]).values(ended_at=NOW))
    assert who_gets_links(tuned.engine, LinkGroup("tuned-in", "w1", "s1")) == WhoGetsLinks(4, 2, 0)
    assert personal(tuned, school="s1").ended == 2
    with read(tuned.engine) as connection:
        query = select(Door.ended_at).where(Door.id.in_(doors)).order_by(Door.id)
        ended = connection.scalars(query).all()
    assert ended == [LATER, NOW, LATER, None, None, None, None]


@pytest.mark.one_engine
def test_links_are_for_those_of_the_wave_the_school_and_the_class_who_have_not_left(lay: Lay) -> None:
    tuned = lay()
    with session(tuned.engine) as db:
        school = db.scalars(select(School).where(School.code == "s1")).one()
        other = keep_class(db, school, "4b", title="Class 4B")
        moved = update(Membership).where(Membership.participant_id == tuned.person("P2"))
        db.execute(moved.where(Membership.wave_id == tuned.waves["w1"]).values(school_class_id=other.id))
        gone = update(Membership).where(Membership.participant_id == tuned.person("P3"))
        db.execute(gone.where(Membership.wave_id == tuned.waves["w1"]).values(left_at=NOW, left_why="roster"))
        first = update(Participant).where(Participant.id == tuned.person("P6"))
        db.execute(first.values(code="A6"))
    assert who_gets_links(tuned.engine, LinkGroup("tuned-in", "w1", "s1", "4b")) == WhoGetsLinks(1, 0, 0)
    assert who_has(personal(tuned, school="s1", its="4b")) == ["P2 s1 4b pupil"]
    assert who_has(personal(tuned, school="s1")) == ["P1 s1 4a pupil", "R1 s1 4a parent", "P2 s1 4b pupil"]
    assert "P3 s1 4a pupil" in who_has(personal(tuned, "w2"))
    assert who_has(personal(tuned, school="s2")) == [
        "A6 s2 4a pupil",
        "P4 s2 4a pupil",
        "P5 s2 4a pupil",
        "R2 s2 4a parent",
    ]
    with pytest.raises(
        Refused, match=r"^There is no one to ask in this wave yet\. Please check the roster and the Consent page\.$"
    ):
        personal(tuned, school="s1", its="9z")


@pytest.mark.one_engine
def test_only_who_is_asked_something_is_missing_a_link_for_want_of_consent(lay: Lay) -> None:
    pupils = "audience: pupil, waves"
    tuned = lay(consent("opt_in").replace(pupils, pupils.replace("waves", "years: [5], waves")))
    with write(tuned.engine) as connection:
        theirs = update(Membership).where(Membership.participant_id == tuned.person("P1"))
        connection.execute(theirs.values(facts={"year": 5}))
    assert who_gets_links(tuned.engine, LinkGroup("tuned-in", "w1")) == WhoGetsLinks(2, 0, without=1)
    assert personal(tuned).without == 1


# ── open links ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def opened(lay: Lay) -> tuple[Tuned, Callable[..., OpenLink]]:
    """opened(school, performance) makes an open link for parents in the first wave."""
    tuned = lay(STUDY + "late: {begin: 2, finish: 14}\n")
    concert = NewPerformance("winter", "Winter concert", date(2025, 12, 1), "w1", ["s2"])
    add_performance(tuned.engine, "tuned-in", concert, Act(COMMAND_LINE, NOW))

    def make(school: str | None = None, event: str | None = None, name: str = "parent", wave: str = "w1") -> OpenLink:
        order = OpenLinkOrder("tuned-in", name, wave, school, event)
        return open_link(tuned.engine, SETTINGS, order, Act(COMMAND_LINE, NOW))

    return tuned, make


@pytest.mark.one_engine
def test_an_open_link_is_listed_with_what_it_leads_to_and_ended_once(
    opened: tuple[Tuned, Callable[..., OpenLink]],
) -> None:
    tuned, make = opened
    links = [make(), make("s1"), make(None, "winter"), make("s1", "winter")]
    tuned.door("pupil", "P1")
    listed = [(one.door, one.questionnaire, one.wave, one.wave_title, one.school, one.performance, one.ended_at)
              for one in open_links(tuned.engine, tuned.study.id)]  # fmt: skip
    places = [
        (None, None),
        ("Ash Primary", None),
        ("Birch Primary", "Winter concert"),
        ("Ash Primary", "Winter concert"),
    ]
    assert listed == [
        (link.door, "parent", "w1", "Autumn 2025", *place, None) for link, place in reversed(list(zip(links, places, strict=True)))
    ]  # fmt: skip
    assert open_links(tuned.engine, tuned.study.id + 1) == []
    assert [opens(tuned, link.address) for link in links] == [("parent", "w1", None)] * 4
    assert not end_link(tuned.engine, tuned.study.id + 1, links[0].door, COMMAND_LINE, LATER)
    assert not end_link(tuned.engine, tuned.study.id, 999, COMMAND_LINE, LATER)
    assert not end_link(tuned.engine, tuned.study.id, links[-1].door + 1, COMMAND_LINE, LATER), "a personal one"
    assert end_link(tuned.engine, tuned.study.id, links[0].door, COMMAND_LINE, LATER) is True
    assert end_link(tuned.engine, tuned.study.id, links[0].door, COMMAND_LINE, LATER + timedelta(hours=1)) is False
    assert [one.ended_at for one in open_links(tuned.engine, tuned.study.id)] == [None, None, None, LATER]
    assert opens(tuned, links[0].address) is None
    assert [line.about for line in entries(tuned.engine, LogFilter(what="ended an open link"))] == [str(links[0].door)]
    made = [(line.about, line.details) for line in entries(tuned.engine, LogFilter(what="made an open link"))]
    assert made[1] == (
        str(links[2].door),
        {"questionnaire": "parent", "wave": "w1", "school": None, "performance": "winter"},
    )


@pytest.mark.one_engine
def test_an_open_link_says_from_when_until_when_it_works(opened: tuple[Tuned, Callable[..., OpenLink]]) -> None:
    _, make = opened
    link = make()
    # Two days for late beginnings after 19 December; in September it is still summer time.
    assert (link.opens.isoformat(), link.closes.isoformat()) == (
        "2025-09-22T00:00:00+01:00",
        "2025-12-22T00:00:00+00:00",
    )


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"name": "pupils"}, "There is no questionnaire 'pupils'. Did you mean 'pupil'?"),
        ({"wave": "w9"}, "There is no wave 'w9'. There are 'w1', 'w2' and 'w3'."),
        ({"school": "s9"}, "There is no school 's9'. There are 's1' and 's2'."),
        ({"event": "wintr"}, "There is no performance 'wintr'. Did you mean 'winter'?"),
        ({"event": "winter", "wave": "w2"}, "The performance 'winter' is in w1, not in w2. Please choose that wave."),
    ],
)
def test_a_link_to_what_is_not_there_is_refused(
    opened: tuple[Tuned, Callable[..., OpenLink]], what: dict[str, str], says: str
) -> None:
    tuned, make = opened
    with pytest.raises(Refused) as refused:
        make(**what)
    assert refused.value.reasons == [says]
    assert open_links(tuned.engine, tuned.study.id) == []


# ── another study ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.one_engine
def test_links_lists_and_performances_of_a_study_with_the_same_codes_are_its_own(lay: Lay, tmp_path: Path) -> None:
    tuned = lay(consent("opt_in"))
    twin = lay_out(tuned.engine, tmp_path / "twin", STUDY.replace("tuned-in", "twin"))
    twins = personal(twin)
    act = Act(COMMAND_LINE, NOW)
    add_performance(tuned.engine, "twin", NewPerformance("winter", "Another", date(2025, 12, 1), "w1"), act)
    order = OpenLinkOrder("twin", "parent", "w1", performance="winter")
    theirs = open_link(tuned.engine, SETTINGS, order, act)
    assert len(twins.links) == 8
    assert who_gets_links(tuned.engine, LinkGroup("tuned-in", "w1")) == WhoGetsLinks(2, 0, without=6)
    made = personal(tuned)
    assert (who_has(made), made.ended) == (["R1 s1 4a parent", "R2 s2 4a parent"], 0)
    assert [opens(twin, one.address) is not None for one in twins.links] == [True] * 8
    assert open_links(tuned.engine, tuned.study.id) == []
    assert [one.door for one in open_links(tuned.engine, twin.study.id)] == [theirs.door]
    assert performances(tuned.engine, tuned.study.id) == []
    with pytest.raises(Refused, match="There is no performance 'winter'"):
        open_link(tuned.engine, SETTINGS, replace(order, study="tuned-in"), act)
    assert not end_link(tuned.engine, tuned.study.id, theirs.door, COMMAND_LINE, LATER)
