"""Who may see what in the office: every role, everywhere a role can be given, against everything a study may allow."""

from __future__ import annotations

from itertools import chain, combinations
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from survey.database import Engine, session
from survey.fieldwork import keep_study
from survey.pages.office import access
from survey.people import ADMINISTRATOR, COORDINATOR, LEAD, RESEARCHER, Grant

ROLES = (ADMINISTRATOR, LEAD, RESEARCHER, COORDINATOR)
HERE, ELSEWHERE, EVERYWHERE = 1, 2, None
ALLOWED = list(chain.from_iterable(combinations((LEAD, RESEARCHER, COORDINATOR), size) for size in (1, 2, 3)))
"""Everything that a study's `access` can say."""


def study(*roles: str) -> Any:
    """Return study 1, whose file lets these roles see its tables and its microdata."""
    return SimpleNamespace(id=HERE, plan=SimpleNamespace(access=SimpleNamespace(tables=roles, microdata=roles)))


def granted(monkeypatch: pytest.MonkeyPatch, *given: Grant) -> None:
    monkeypatch.setattr(access, "grants", lambda: list(given))


def grant(role: str, where: int | None = HERE, school: int | None = None) -> Grant:
    return Grant(role=role, study_id=where, school_id=school)


@pytest.mark.parametrize("allowed", ALLOWED, ids="+".join)
@pytest.mark.parametrize("role", ROLES)
def test_who_sees_tables_and_single_answers(
    role: str, allowed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lead always; a researcher where the study says so; a coordinator and an administrator never."""
    may = role == LEAD or (role == RESEARCHER and role in allowed)
    for where, counts in ((HERE, True), (EVERYWHERE, True), (ELSEWHERE, False)):
        granted(monkeypatch, grant(role, where, 7))
        assert access.sees_tables(study(*allowed)) is (may and counts)
        assert access.sees_microdata(study(*allowed)) is (may and counts)


def test_tables_and_single_answers_are_allowed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    granted(monkeypatch, grant(RESEARCHER))
    only_tables, only_answers = study(), study()
    only_tables.plan.access.tables = only_answers.plan.access.microdata = (RESEARCHER,)
    assert (access.sees_tables(only_tables), access.sees_microdata(only_tables)) == (True, False)
    assert (access.sees_tables(only_answers), access.sees_microdata(only_answers)) == (False, True)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_counts_in_its_study_or_everywhere(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for where, in_study, in_installation in ((HERE, True, False), (EVERYWHERE, True, True), (ELSEWHERE, False, False)):
        granted(monkeypatch, grant(role, where))
        assert access.may(study(), [role]) is in_study
        assert access.may(None, [role]) is in_installation
        assert not access.may(study(), [other for other in ROLES if other != role])
        assert not access.may(study(), [])


def test_who_was_given_nothing_may_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    granted(monkeypatch)
    assert not access.may(study(), ROLES)
    assert not access.sees_tables(study(*ROLES))
    assert not access.sees_microdata(study(*ROLES))
    assert access.my_schools(study()) == set()


@pytest.mark.parametrize(
    ("given", "schools"),
    [
        ([grant(LEAD)], None),
        ([grant(RESEARCHER)], None),
        ([grant(LEAD, EVERYWHERE)], None),
        ([grant(ADMINISTRATOR)], set()),
        ([grant(COORDINATOR, HERE, 7)], {7}),
        ([grant(COORDINATOR, HERE, 7), grant(COORDINATOR, HERE, 8)], {7, 8}),
        ([grant(COORDINATOR, HERE, 7), grant(COORDINATOR, ELSEWHERE, 9)], {7}),
        ([grant(COORDINATOR, HERE, 7), grant(RESEARCHER, ELSEWHERE)], {7}),
        ([grant(COORDINATOR, HERE, 7), grant(RESEARCHER)], None),
        ([grant(COORDINATOR)], set()),
        ([grant(COORDINATOR, ELSEWHERE, 7)], set()),
        ([grant(ADMINISTRATOR, HERE, 7)], set()),
    ],
)
def test_a_coordinator_sees_the_schools_they_were_given_and_others_see_all(
    given: list[Grant], schools: set[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(monkeypatch, *given)
    assert access.my_schools(study()) == schools


# ---- a page behind its guard ------------------------------------------------------------------------------


@access.allowed(LEAD, RESEARCHER)
def page(study: access.Seen, more: str = "") -> str:
    """A page for a lead and a researcher."""
    return f"{study.id} {study.code} {study.title} {study.plan.id} {more}"


@pytest.mark.usefixtures("study")
def test_a_page_gets_the_study_of_its_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "turned_away", lambda: None)
    with app.test_request_context("/office/studies/small-notes"):
        for role in (LEAD, RESEARCHER):
            granted(monkeypatch, grant(role))
            assert page(code="small-notes", more="and more") == "1 small-notes Small notes small-notes and more"


@pytest.mark.usefixtures("study")
def test_who_has_another_role_there_is_told_so_and_who_has_none_finds_nothing(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session(engine) as db:
        keep_study(db, "unpublished", title="Nothing of it is published")
    monkeypatch.setattr(access, "turned_away", lambda: None)
    with app.test_request_context("/office/studies/small-notes"):
        granted(monkeypatch, grant(COORDINATOR))
        reply: Any = page(code="small-notes")
        assert reply.status_code == 403
        assert "<h1>This page is not for your role</h1>" in reply.get_data(as_text=True)
        said = "<p>Your account has no role that can see it. Ask a lead of the study.</p>"
        assert said in reply.get_data(as_text=True)
        for given in ([], [grant(LEAD, ELSEWHERE)]):
            granted(monkeypatch, *given)
            with pytest.raises(NotFound):
                page(code="small-notes")
        granted(monkeypatch, grant(LEAD, EVERYWHERE))
        for code in ("none", "unpublished", "small-notes\0"):
            with pytest.raises(NotFound):
                page(code=code)


@pytest.mark.usefixtures("study")
def test_who_is_not_signed_in_is_sent_away_before_anything_is_looked_up(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(monkeypatch, grant(LEAD))
    monkeypatch.setattr(access, "turned_away", lambda: "the sign-in page")
    with app.test_request_context("/office/studies/small-notes"):
        assert page(code="small-notes") == page(code="none") == "the sign-in page"


def test_a_refusal_can_say_why(app: Flask) -> None:
    with app.test_request_context("/office"):
        reply = access.refused("Because of this.", "Not now", 409)
    assert reply.status_code == 409
    assert "<h1>Not now</h1>" in reply.get_data(as_text=True)
    assert "<p>Because of this.</p>" in reply.get_data(as_text=True)


def test_what_is_granted_comes_from_the_account_or_from_a_link(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(role=COORDINATOR, study_id=HERE, school_id=7)
    link = SimpleNamespace(link=SimpleNamespace(given=given), actor="the link")
    someone = SimpleNamespace(is_authenticated=True, grants=[grant(LEAD)], email="ann@uni.org")
    monkeypatch.setattr(access, "current_user", someone)
    monkeypatch.setattr(access, "came_by_link", lambda: None)
    assert [one.role for one in access.grants()] == [LEAD]
    assert (access.actor().kind, access.actor().name) == ("account", "ann@uni.org")
    monkeypatch.setattr(access, "came_by_link", lambda: link)
    (only,) = access.grants()
    assert (only.role, only.study_id, only.school_id) == (COORDINATOR, HERE, 7)
    assert access.actor() == "the link"
    someone.is_authenticated = False
    monkeypatch.setattr(access, "came_by_link", lambda: None)
    assert access.grants() == []
