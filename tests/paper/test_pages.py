"""The pages of paper, each fetched by the strict client: printing, two keyers, differences, who may do what."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from survey.app import create_app
from survey.audit import LogFilter, entries
from survey.config import Settings
from survey.responses import stream
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in, token
from tests.paper.study import CODE, FULL, OnPaper, codes_of, lay_out

PAGE = f"/office/studies/{CODE}/paper"


class Office:
    """The served study, and the browser of everyone who works on it."""

    def __init__(self, folder: Path, microdata: str = "[researcher]") -> None:
        settings = Settings(folder, f"sqlite:///{folder / 'chorus.sqlite'}", "s" * 40, "http://localhost")
        self.app: Flask = create_app(settings)
        (folder / "study").mkdir()
        engine = self.app.extensions["chorus"].engine
        self.study: OnPaper = lay_out(engine, settings, folder / "study", microdata)

    def browser(self, name: str) -> StrictClient:
        """Return the browser of someone who has signed in."""
        client = strict_client(self.app)
        email = next(email for email in self.study.passwords if email.startswith(name))
        sign_in(client, self.study.passwords[email], email)
        choose(client, OWN)
        return client


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def ann(office: Office) -> StrictClient:
    return office.browser("ann")


def send(client: StrictClient, address: str, data: dict[str, str], form: str | None = None) -> TestResponse:
    """Post a form with the token of its page."""
    page = client.get(form or address)
    assert page.status_code == 200
    return client.post(address, data=data | {"csrf_token": token(page)})


def find(client: StrictClient, code: str) -> str:
    """Enter a paper's code, and return where that leads."""
    reply = send(client, PAGE, {"code": code})
    assert reply.status_code == 302, words(look_at(reply))
    return str(reply.location)


def printed(office: Office, **more: str) -> TestResponse:
    order = {"wave": "w1", "questionnaire": "pupil", "place": "s1/4r"} | more
    return send(office.browser("ann"), f"{PAGE}/print", order)


def test_one_paper_for_everyone_in_a_class_each_with_its_code(office: Office) -> None:
    reply = printed(office)
    root = look_at(reply)
    assert heading(root) == "Music and me: 3 forms to print"
    codes = codes_of(reply.text)
    assert len(codes) == 3
    for code in codes:
        assert office.study.sheet(code).paper.participant in ("P001", "P002", "P003")
    for participant in ("P001", "P002", "P003"):
        assert reply.text.count(participant) == 1, "the study code stands on the strip that is torn off, and only there"
    (deed,) = entries(office.study.engine, LogFilter(what="printed forms"))
    assert deed.details["papers"] == 3
    assert not any(code in str(deed) for code in codes)


def test_copies_for_people_on_no_list_are_numbered(office: Office) -> None:
    codes = codes_of(printed(office, questionnaire="staff", place="s1", copies="3").text)
    assert {code.rsplit(" ", 1)[1] for code in codes} == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"wave": "w9"}, "There is no wave 'w9'."),
        ({"questionnaire": "pupils"}, "Did you mean 'pupil'?"),
        ({"language": "fr"}, "has no language 'fr'"),
        ({"place": "s9"}, "There is no school 's9'."),
        ({"participants": "P001 P999"}, "Not asked this questionnaire in this wave: P999."),
        ({"copies": "many"}, "Write how many copies as a number"),
        ({"copies": "5000"}, "5000 copies are too many for one file."),
        ({"wave": "w2"}, "No one there is asked this questionnaire."),
    ],
)
def test_what_cannot_be_printed_is_said_and_nothing_is_made(
    office: Office, more: dict[str, str], sentence: str
) -> None:
    assert sentence in words(look_at(printed(office, **more)))
    assert list(entries(office.study.engine, LogFilter(what="printed forms"))) == []


def test_two_people_key_a_paper_and_its_answers_are_there(office: Office, ann: StrictClient) -> None:
    code = office.study.print(participants=["P001"]).papers[0].code
    address = find(ann, code)
    assert heading(look_at(ann.get(address))) == "Enter a form"
    reply = send(ann, address, FULL)
    assert "A second person now has to enter this form." in words(look_at(ann.get(reply.location)))
    assert "You have already entered this form." in words(look_at(ann.get(address)))
    assert "You have already entered this form." in words(look_at(send(ann, address, FULL, PAGE)))
    ben = office.browser("ben")
    assert "banjo" not in ben.get(find(ben, code)).text
    reply = send(ben, address, FULL)
    assert "Both entries agree. The answers are stored." in words(look_at(ben.get(reply.location)))
    (record,) = stream(office.study.engine, office.study.study_id, "pupil")
    assert (record.mode, record.answers["songs"]) == ("paper", 12)
    assert "The answers of this form are already stored" in words(look_at(ben.get(address)))


def test_faults_are_said_at_their_fields_and_what_was_typed_stays(office: Office, ann: StrictClient) -> None:
    address = find(ann, office.study.print(participants=["P001"]).papers[0].code)
    reply = send(ann, address, FULL | {"q_songs": "300", "assent": ""})
    root = look_at(reply)
    assert "Write a number of 200 or less." in words(root)
    assert [link.get("href") for link in root.iter("a") if (link.get("href") or "").startswith("#q_")] == ["#q_songs"]
    assert 'value="banjo"' in reply.text
    assert "Enter 1 for yes or 0 for no." in words(root)


def test_differences_are_settled_by_those_who_keyed_or_the_lead(office: Office, ann: StrictClient) -> None:
    code = office.study.print(participants=["P001"]).papers[0].code
    address = find(ann, code)
    send(ann, address, FULL)
    ben = office.browser("ben")
    reply = send(ben, address, FULL | {"q_songs": "13"})
    assert reply.location == address.replace("/key", "/settle")
    root = look_at(ben.get(reply.location))
    assert heading(root) == "Differences"
    assert "6 How many songs do you know?" not in words(root)
    assert "5 How many songs do you know?" in words(root)
    assert "12 ann@uni.org" in words(root)
    assert "13 ben@uni.org" in words(root)
    cay = office.browser("cay")
    assert cay.get(reply.location).status_code == 403
    assert send(cay, reply.location, {"choose-songs": "first"}, PAGE).status_code == 403
    assert "Choose one of the three answers." in words(look_at(send(ben, reply.location, {})))
    lea = office.browser("lea")
    assert "Differences to resolve" in words(look_at(lea.get(PAGE)))
    done = send(lea, reply.location, {"choose-songs": "other", "q_songs": "14"})
    assert "Resolved. The answers are stored." in words(look_at(lea.get(done.location)))
    (record,) = stream(office.study.engine, office.study.study_id, "pupil")
    assert record.answers["songs"] == 14


def test_the_page_says_how_far_each_paper_has_come(office: Office, ann: StrictClient) -> None:
    codes = [paper.code for paper in office.study.print().papers]
    for name in ("ann", "ben"):
        browser = ann if name == "ann" else office.browser(name)
        send(browser, find(browser, codes[0]), FULL)
    send(ann, find(ann, codes[1]), FULL)
    said = words(look_at(ann.get(PAGE)))
    root = look_at(ann.get(PAGE))
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert rows[0] == ["Wave", "Questionnaire", "Printed", "Entered once", "To resolve", "Done"]
    assert rows[1] == ["From 2026 on", "pupil", "1", "1", "0", "1"]
    assert [(row[0], row[-1]) for row in rows[3:]] == [("P002", "Entered once"), ("P003", "Printed")]
    assert "P001" not in said, "it is done"
    assert not any(code in said for code in codes)


def test_what_no_form_of_ours_sends_is_no_fault_of_the_server(office: Office, ann: StrictClient) -> None:
    for more in ({"participants": "\0 P001"}, {"place": "s1/\0"}, {"copies": "9" * 5000}, {"wave": "\0"}):
        order = {"wave": "w1", "questionnaire": "pupil", "place": ""} | more
        assert send(ann, f"{PAGE}/print", order).status_code == 200


def test_a_paper_that_lost_its_code_gets_one(office: Office, ann: StrictClient) -> None:
    root = look_at(send(ann, PAGE, {"wave": "w1", "questionnaire": "pupil", "school": "s1"}))
    bold = [b.text or "" for b in root.iter("b")]
    code = next(text for text in bold if text.endswith(" 1"))
    address = find(ann, code)
    for who in (ann, office.browser("ben")):
        send(who, address, FULL)
    (record,) = stream(office.study.engine, office.study.study_id, "pupil")
    assert (record.participant, record.school) == (None, "s1")


def test_a_wrong_code_and_a_paper_of_nobody_lead_back_with_a_sentence(ann: StrictClient) -> None:
    assert "No form of this study has this code." in words(look_at(send(ann, PAGE, {"code": "bada gaga"})))
    for number in (1, 10**12):
        for what in ("key", "settle"):
            assert "There is no such form" in words(look_at(ann.get(f"{PAGE}/{number}/{what}")))


def test_a_coordinator_sees_neither_printing_nor_keying(office: Office) -> None:
    col = office.browser("col")
    address = find(office.browser("ann"), office.study.print(participants=["P001"]).papers[0].code)
    for page in (PAGE, f"{PAGE}/print", address, address.replace("key", "settle")):
        assert col.get(page).status_code == 403
        assert col.post(page, data={"wave": "w1", "questionnaire": "pupil"}).status_code == 403


def test_who_may_not_see_single_answers_prints_and_does_not_key(tmp_path: Path) -> None:
    office = Office(tmp_path, microdata="[administrator]")
    cay = office.browser("cay")
    code = office.study.print(participants=["P001"]).papers[0].code
    root = look_at(cay.get(PAGE))
    assert "Enter a form" not in words(root)
    assert cay.get(f"{PAGE}/{office.study.sheet(code).paper.id}/key").status_code == 403
    # A paper's code opens on a screen what its owner has begun there: copies only, which are no one's.
    order = {"wave": "w1", "questionnaire": "pupil"}
    assert "can only print copies, for people who are not on the roster" in send(cay, f"{PAGE}/print", order).text
    assert len(codes_of(send(cay, f"{PAGE}/print", {**order, "copies": "3"}).text)) == 3


def test_the_code_on_a_paper_opens_the_questionnaire_on_a_screen(office: Office) -> None:
    code = office.study.print(participants=["P001"]).papers[0].code
    reply = office.app.test_client().post("/", data={"code": code}, headers={"Origin": "http://localhost"})
    assert (reply.status_code, reply.location) == (303, "/welcome")
