"""Who gets no link for want of consent is counted, so that nobody believes the list to be everyone."""

from __future__ import annotations

from datetime import date

from survey.fieldwork import Decision
from survey.fieldwork.links import LinkGroup, WhoGetsLinks, who_gets_links
from tests.consent.conftest import Lay
from tests.consent.study import consent


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
