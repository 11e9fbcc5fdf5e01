"""Every route of the app and who may open it. Each is tried with every kind of visitor (tests/pages/visitors.py).

TO ADD A ROUTE: one line below your comment in ROUTES, `"METHOD /address/as/<registered>": WHO`.
  WHO is a set of visitors: LEAD_ONLY, or {LEAD, RESEARCHER}, … The study in the addresses is small-notes, the school s1:
  COORDINATOR and LINK belong to s1, OTHER_COORDINATOR to s2, OTHER_RESEARCHER and OTHER_LEAD to another study.
  A gap of the address that EXAMPLES does not know yet gets its example there: of something that EXISTS, in school s1.
Who is in the set must get a page, a redirect or (a POST is sent without a token) 400 or 409. Strangers and respondents who
are not must be led to the sign-in page; everyone else gets 403 or 404. Nothing may end in 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from werkzeug.routing import Rule

from tests.pages.visitors import (
    ADMINISTRATOR,
    COORDINATOR,
    EVERYBODY,
    LEAD,
    LINK,
    OTHER_COORDINATOR,
    OTHER_LEAD,
    RESEARCHER,
    RESPONDENT,
    STRANGER,
    Visitors,
)

pytestmark = pytest.mark.slow

ANYBODY = frozenset(EVERYBODY)
WITH_A_PASS = frozenset({*EVERYBODY, "shows nothing of anyone's without a pass"})
"""A respondents' page: the same for everyone; without a pass it says how to come in, and keeps nothing."""

WITH_AN_ACCOUNT = ANYBODY - {STRANGER, RESPONDENT, LINK}
SIGNED_IN = WITH_AN_ACCOUNT | {LINK}
IN_THE_STUDY = frozenset({LEAD, RESEARCHER, COORDINATOR, OTHER_COORDINATOR, LINK})
RESEARCH = frozenset({LEAD, RESEARCHER})
FOR_TEACHERS = IN_THE_STUDY - {RESEARCHER}
LEAD_ONLY = frozenset({LEAD})
LOOKS_AFTER_PEOPLE = frozenset({ADMINISTRATOR, LEAD, OTHER_LEAD})
ADMINISTRATOR_OR_LEAD = frozenset({ADMINISTRATOR, LEAD})

ROUTES: dict[str, frozenset[str]] = {
    # coming in
    "GET /": ANYBODY,
    "POST /": ANYBODY,
    "GET /j/<token>": ANYBODY,
    "GET /join": ANYBODY,
    "POST /join": ANYBODY,
    "GET /join/picture/<int:place>": ANYBODY,
    "POST /join/picture/<int:place>": ANYBODY,
    "POST /look": ANYBODY,
    # pages that answered a form, to be come back to from “Aa”: they name no one, and no link
    "GET /join/again": ANYBODY,
    "GET /class/<seat>": ANYBODY,
    "GET /shut": ANYBODY,
    "GET /sorry/<int:status>": ANYBODY,
    "GET /withdraw/unknown": ANYBODY,
    # answering
    "GET /welcome": WITH_A_PASS,
    "POST /welcome": WITH_A_PASS,
    "GET /turn": WITH_A_PASS,
    "POST /turn": ANYBODY,  # the last page has given its pass back
    "GET /go": WITH_A_PASS,
    "GET /q/<version>/<language>/<name>": WITH_A_PASS,
    "POST /q/<version>/<language>/<name>": WITH_A_PASS,
    "GET /q/<version>/<language>/<name>/back": WITH_A_PASS,
    "GET /q/<version>/<language>/<name>/look": WITH_A_PASS,
    "POST /q/<version>/<language>/<name>/look": WITH_A_PASS,
    "GET /q/<version>/<language>/<name>/stop": WITH_A_PASS,
    "POST /q/<version>/<language>/<name>/stop": WITH_A_PASS,
    "GET /check/<version>/<language>": WITH_A_PASS,
    "POST /check/<version>/<language>": WITH_A_PASS,
    "GET /check/<version>/<language>/back": WITH_A_PASS,
    "GET /children/<version>/<language>/<int:place>": WITH_A_PASS,
    "POST /children/<version>/<language>/<int:place>": WITH_A_PASS,
    "GET /children/<version>/<language>/<int:place>/back": WITH_A_PASS,
    "GET /children/<version>/<language>/<int:place>/code": WITH_A_PASS,
    "POST /children/<version>/<language>/<int:place>/code": WITH_A_PASS,
    "GET /school/<version>/<language>": WITH_A_PASS,
    "POST /school/<version>/<language>": WITH_A_PASS,
    "GET /school/<version>/<language>/back": WITH_A_PASS,
    "GET /over/<version>/<language>": WITH_A_PASS,
    "GET /receipt": WITH_A_PASS,
    # trying a questionnaire out: only what is signed opens anything, and nothing is kept
    "GET /try/<pass_>": ANYBODY,
    "POST /try/<pass_>": ANYBODY,
    "GET /try/<pass_>/q/<name>": ANYBODY,
    "POST /try/<pass_>/q/<name>": ANYBODY,
    "GET /try/<pass_>/q/<name>/back": ANYBODY,
    "GET /try/<pass_>/q/<name>/look": ANYBODY,
    "POST /try/<pass_>/q/<name>/look": ANYBODY,
    "GET /try/<pass_>/q/<name>/stop": ANYBODY,
    "POST /try/<pass_>/q/<name>/stop": ANYBODY,
    "POST /try/<pass_>/look": ANYBODY,
    "GET /try/<pass_>/check": ANYBODY,
    "POST /try/<pass_>/check": ANYBODY,
    "GET /try/<pass_>/check/back": ANYBODY,
    "GET /try/<pass_>/over": ANYBODY,
    "GET /try/<pass_>/pages": ANYBODY,
    "POST /try/<pass_>/pages": ANYBODY,
    "GET /try/<pass_>/states": ANYBODY,
    "GET /try/<pass_>/languages": ANYBODY,
    "GET /try/<pass_>/paper": ANYBODY,
    "GET /try/<pass_>/file/<path:path>": ANYBODY,
    # what a child's device keeps; answers that waited say themselves whose they are
    "GET /worker.js": ANYBODY,
    "GET /q/<version>/<language>/rules.json": ANYBODY,
    "GET /q/<version>/<language>/pages.json": ANYBODY,
    "GET /q/<version>/<language>/mine.json": WITH_A_PASS,
    "GET /sent/<version>/<language>": WITH_A_PASS,
    "POST /answers": ANYBODY,
    # files that are the same for everyone
    "GET /static/<path:path>": ANYBODY,
    "GET /favicon.ico": ANYBODY,
    "GET /file/<version>/<path:path>": ANYBODY,
    # signing in
    "GET /sign-in": ANYBODY,
    "GET /office/sign-in": ANYBODY,
    "POST /office/sign-in": ANYBODY,
    "POST /office/sign-out": ANYBODY,
    "GET /office/sign-in/code": ANYBODY,
    "POST /office/sign-in/code": ANYBODY,
    "GET /office/sign-in/forgotten": ANYBODY,
    "POST /office/sign-in/forgotten": ANYBODY,
    "GET /office/sign-in/forgotten/sent": ANYBODY,
    "GET /office/sign-in/organisation": ANYBODY,
    "GET /office/sign-in/organisation/back": ANYBODY,
    "GET /office/welcome/<token>": ANYBODY,
    "POST /office/welcome/<token>": ANYBODY,
    "GET /office/two-step": WITH_AN_ACCOUNT,
    "POST /office/two-step": WITH_AN_ACCOUNT,
    "POST /office/two-step/codes": WITH_AN_ACCOUNT,
    "POST /office/two-step/off": WITH_AN_ACCOUNT,
    "GET /office/link/<token>": ANYBODY,
    "POST /office/link/<token>": ANYBODY,
    "GET /office/password": WITH_AN_ACCOUNT,
    "POST /office/password": WITH_AN_ACCOUNT,
    # people
    "GET /office/people": LOOKS_AFTER_PEOPLE,
    "POST /office/people": LOOKS_AFTER_PEOPLE,
    "POST /office/people/invitations/<int:invitation>/again": LOOKS_AFTER_PEOPLE,
    "POST /office/people/invitations/<int:invitation>/withdraw": LOOKS_AFTER_PEOPLE,
    "GET /office/people/<int:account>": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/<int:account>/give": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/<int:account>/roles/<int:role>/take": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/<int:account>/password-link": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/<int:account>/two-step-off": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/<int:account>/end": ADMINISTRATOR_OR_LEAD,
    "GET /office/people/links/<code>": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/links/<code>": ADMINISTRATOR_OR_LEAD,
    "POST /office/people/links/<code>/<int:link>/end": ADMINISTRATOR_OR_LEAD,
    # the study's pages
    "GET /office/": SIGNED_IN,
    "GET /office/studies/<code>": IN_THE_STUDY,
    "GET /office/studies/<code>/data.<any(xlsx, csv, tables):form>": RESEARCH,
    "GET /office/studies/<code>/downloads": RESEARCH,
    "GET /office/studies/<code>/questionnaires": RESEARCH,
    "GET /office/studies/<code>/questionnaires/<questionnaire>/<int:version>": RESEARCH,
    "GET /office/studies/<code>/data.<any(xlsx, csv, tables):form>/progress": RESEARCH,
    "GET /office/studies/<code>/data.<any(xlsx, csv, tables):form>/file": RESEARCH,
    "GET /office/studies/<code>/questionnaires/<questionnaire>/<int:version>.json": RESEARCH,
    # the roster
    "GET /office/studies/<code>/roster": RESEARCH,
    "POST /office/studies/<code>/roster": RESEARCH,
    "GET /office/studies/<code>/roster/check/<upload>": RESEARCH,
    "POST /office/studies/<code>/roster/check/<upload>": RESEARCH,
    "GET /office/studies/<code>/roster/check/<upload>/problems.csv": RESEARCH,
    "GET /office/studies/<code>/roster/<wave>.csv": RESEARCH,
    # paper
    "GET /office/studies/<code>/paper": RESEARCH,
    "POST /office/studies/<code>/paper": RESEARCH,
    "GET /office/studies/<code>/paper/print": RESEARCH,
    "POST /office/studies/<code>/paper/print": RESEARCH,
    "GET /office/studies/<code>/paper/<int:number>/key": RESEARCH,
    "POST /office/studies/<code>/paper/<int:number>/key": RESEARCH,
    "GET /office/studies/<code>/paper/<int:number>/settle": RESEARCH,
    "POST /office/studies/<code>/paper/<int:number>/settle": RESEARCH,
    # a study from a folder
    "GET /office/new-study": LOOKS_AFTER_PEOPLE,
    "POST /office/new-study": LOOKS_AFTER_PEOPLE,
    "GET /office/new-study/check/<upload>": LOOKS_AFTER_PEOPLE,
    "POST /office/new-study/check/<upload>": LOOKS_AFTER_PEOPLE,
    "GET /office/new-study/check/<upload>/problems.csv": LOOKS_AFTER_PEOPLE,
    # data from another system
    "GET /office/studies/<code>/answers": RESEARCH,
    "POST /office/studies/<code>/answers": RESEARCH,
    "GET /office/studies/<code>/answers/check/<upload>": RESEARCH,
    "POST /office/studies/<code>/answers/check/<upload>": RESEARCH,
    "GET /office/studies/<code>/answers/check/<upload>/problems.csv": RESEARCH,
    # texts to read: in this study no one is named to read any
    "GET /office/concerns": frozenset(),
    "POST /office/concerns/<int:number>": frozenset(),
    # consent
    "GET /office/studies/<code>/consent": IN_THE_STUDY,
    "POST /office/studies/<code>/consent/sheets": RESEARCH,
    "GET /office/studies/<code>/consent/list.<any(csv, xlsx):form>": RESEARCH,
    "GET /office/studies/<code>/consent/schools/<school>": IN_THE_STUDY - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/consent/people/<int:person>": IN_THE_STUDY - {OTHER_COORDINATOR},
    "POST /office/studies/<code>/consent/people/<int:person>": IN_THE_STUDY - {OTHER_COORDINATOR},
    "POST /office/studies/<code>/consent/people/<int:person>/withdraw": RESEARCH,
    "GET /office/studies/<code>/consent/certificates/<number>": RESEARCH,
    "GET /office/studies/<code>/consent/file": RESEARCH,
    "POST /office/studies/<code>/consent/file": RESEARCH,
    "GET /office/studies/<code>/consent/file/check/<upload>": RESEARCH,
    "POST /office/studies/<code>/consent/file/check/<upload>": RESEARCH,
    "GET /office/studies/<code>/consent/file/check/<upload>/problems.csv": RESEARCH,
    # taking answers back with a receipt
    "GET /withdraw": ANYBODY,
    "POST /withdraw": ANYBODY,
    "POST /withdraw/check": ANYBODY,
    "POST /withdraw/do": ANYBODY,
    "GET /withdraw/certificate/<numbers>": ANYBODY,
    # the audit and the day of deletion
    "GET /office/studies/<code>/audit": LEAD_ONLY,
    "GET /office/studies/<code>/audit.<any(csv, xlsx):form>": LEAD_ONLY,
    "GET /office/audit": frozenset({ADMINISTRATOR}),
    "GET /office/audit.<any(csv, xlsx):form>": frozenset({ADMINISTRATOR}),
    # how far the fieldwork is
    # what was found
    "GET /office/studies/<code>/results": RESEARCH,
    "GET /office/studies/<code>/results/scales": RESEARCH,
    "GET /office/studies/<code>/results/scales/<outcome>": RESEARCH,
    "GET /office/studies/<code>/results/questions": RESEARCH,
    "GET /office/studies/<code>/results/methods": RESEARCH,
    "GET /office/studies/<code>/results/pictures/<place>/<figure>.<any(svg, png):form>": RESEARCH,
    "GET /office/studies/<code>/progress": IN_THE_STUDY,
    "GET /office/studies/<code>/progress/remind.<any(xlsx, csv):form>": IN_THE_STUDY,
    "GET /office/studies/<code>/progress/missing": IN_THE_STUDY,
    "POST /office/studies/<code>/progress/missing": IN_THE_STUDY,
    "GET /office/studies/<code>/progress/reasons": IN_THE_STUDY,
    "POST /office/studies/<code>/progress/reasons": IN_THE_STUDY,
    "GET /office/studies/<code>/progress/reasons/check/<upload>": IN_THE_STUDY,
    "POST /office/studies/<code>/progress/reasons/check/<upload>": IN_THE_STUDY,
    "GET /office/studies/<code>/progress/reasons/check/<upload>/problems.csv": IN_THE_STUDY,
    # class sessions
    "GET /office/studies/<code>/results/schools": IN_THE_STUDY,
    "GET /office/studies/<code>/classroom": FOR_TEACHERS,
    "GET /office/studies/<code>/classroom/aloud/<questionnaire>/<language>": FOR_TEACHERS,
    "POST /office/studies/<code>/classroom": FOR_TEACHERS,
    "GET /office/studies/<code>/classroom/classes/<int:place>/cards": FOR_TEACHERS - {OTHER_COORDINATOR},
    "POST /office/studies/<code>/classroom/classes/<int:place>/cards": FOR_TEACHERS - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/classroom/<int:number>": FOR_TEACHERS - {OTHER_COORDINATOR},
    "POST /office/studies/<code>/classroom/<int:number>": FOR_TEACHERS - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/classroom/<int:number>/board": FOR_TEACHERS - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/classroom/<int:number>/end": FOR_TEACHERS - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/classroom/<int:number>/said": FOR_TEACHERS - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/classroom/<int:number>/said/class": FOR_TEACHERS - {OTHER_COORDINATOR},
    "GET /office/studies/<code>/classroom/<int:number>/cards/<int:card>": FOR_TEACHERS - {OTHER_COORDINATOR},
    "POST /office/studies/<code>/classroom/<int:number>/cards/<int:card>": FOR_TEACHERS - {OTHER_COORDINATOR},
    # waves and links
    "GET /office/studies/<code>/waves": RESEARCH,
    "GET /office/studies/<code>/links": RESEARCH,
    "POST /office/studies/<code>/links/open": RESEARCH,
    "POST /office/studies/<code>/links/performances": RESEARCH,
    "POST /office/studies/<code>/links/personal": RESEARCH,
    "GET /office/studies/<code>/links/<int:door>/end": RESEARCH,
    "POST /office/studies/<code>/links/<int:door>/end": RESEARCH,
    "GET /office/studies/<code>/retention": RESEARCH | {ADMINISTRATOR},
    "GET /office/studies/<code>/retention/certificate": RESEARCH | {ADMINISTRATOR},
}

EXAMPLES = {
    "<school>": "s1",
    "<int:person>": "1",  # on the list of school s1
    "<number>": "W-AAAA-BBBB-CCCC",
    "<wave>": "w1",
    "<upload>": "AAAAAAAAAAAAAAAAAAAAAA",
    "<code>": "small-notes",
    "<any(xlsx, csv):form>": "csv",
    "<any(xlsx, csv, tables):form>": "csv",
    "<any(csv, xlsx):form>": "csv",
    "<token>": "0123456789abcdefghijkl",
    "<questionnaire>": "pupil",
    "<language>": "en",
    "<int:version>": "1",
    "<int:invitation>": "1",
    "<int:account>": "4",  # the coordinator of s1
    "<int:role>": "4",
    "<int:link>": "1",
    "<int:door>": "1",  # the open link of the parents
    "<int:number>": "1",
    "<int:place>": "1",
    "<int:card>": "1",
    "<outcome>": "pupil.enjoyment",
    "<place>": "pupil",  # a picture of what was answered to the pupils' questions
    "<figure>": "question-1",
    "<any(svg, png):form>": "svg",
}

OPENED = {200, 202, 302, 303, 400, 409}
"""202: results are being worked out, and their page opens by itself."""
REFUSED = {403, 404}
SIGN_IN_PAGE = "/office/sign-in"


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    return Visitors(tmp_path_factory.mktemp("routes"))


def names(rule: Rule) -> Iterator[str]:
    """Yield a rule as the table writes it, once for each method of its own."""
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        yield f"{method} {rule.rule}"


def test_the_table_has_every_route_and_no_other(visitors: Visitors) -> None:
    there = sorted(name for rule in visitors.app.url_map.iter_rules() for name in names(rule))
    assert there == sorted(ROUTES)


def request(name: str) -> tuple[str, str]:
    method, address = name.split(" ", 1)
    for gap, example in EXAMPLES.items():
        address = address.replace(gap, example)
    return method, address


GUARDED = sorted(name for name, who in ROUTES.items() if who not in (ANYBODY, WITH_A_PASS))
FREE = sorted(set(ROUTES) - set(GUARDED))


@pytest.mark.parametrize("name", GUARDED)
def test_it_opens_to_those_in_the_table_and_to_nobody_else(visitors: Visitors, name: str) -> None:
    method, address = request(name)
    assert "<" not in address, "give EXAMPLES an example for each gap"
    faults = []
    for who in EVERYBODY:
        reply = visitors.browser(who).open(address, method=method)
        to_sign_in = (reply.location or "").split("?")[0] == SIGN_IN_PAGE
        if who in ROUTES[name]:
            right = reply.status_code in OPENED and not to_sign_in
        elif who in (STRANGER, RESPONDENT):
            right = reply.status_code == 302 and to_sign_in
        else:
            right = reply.status_code in REFUSED or (who == LINK and to_sign_in)
        if not right:
            faults.append(f"{who}: {reply.status_code} {reply.location or ''}")
    assert faults == []


@pytest.mark.parametrize("name", FREE)
def test_a_free_page_asks_nobody_to_sign_in_and_gives_nobody_a_session(visitors: Visitors, name: str) -> None:
    if "/office/" in name or name == "GET /sign-in":
        return
    method, address = request(name)
    for who in EVERYBODY:
        reply = visitors.browser(who).open(address.replace("<", "").replace(">", ""), method=method)
        assert "sign-in" not in (reply.location or "")
        assert not any(header.startswith("office=") for header in reply.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("name", FREE)
def test_without_a_pass_nobody_sees_or_changes_an_answer(visitors: Visitors, name: str) -> None:
    """A free page says how to come in, leads there, or is the same for everyone; nothing is kept."""

    def kept() -> list[object]:
        with visitors.engine.connect() as connection:
            return [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in ("response", "save")]

    before = kept()
    method, address = request(name)
    for who in (STRANGER, LEAD):
        reply = visitors.browser(who).open(address.replace("<", "").replace(">", ""), method=method)
        assert reply.status_code < 500
    assert kept() == before


@pytest.mark.parametrize("name", [name for name in GUARDED if "<int:" in name])
def test_a_number_beyond_every_row_is_no_page_and_no_fault_of_the_server(visitors: Visitors, name: str) -> None:
    method, address = request(re.sub(r"<int:\w+>", str(10**22), name))
    assert visitors.browser(LEAD).open(address, method=method).status_code in (404, 405)


def test_every_set_of_the_table_is_of_known_visitors() -> None:
    assert {who for allowed in ROUTES.values() for who in allowed} <= set(EVERYBODY) | WITH_A_PASS
