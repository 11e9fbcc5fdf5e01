"""From the child's box to the reader's page, and to no one else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import update

from survey.database import Engine, write
from survey.fieldwork import NewDoor
from survey.responses.concerns import concern
from tests.pages.strict import StrictClient
from tests.pages.test_account import token
from tests.pages.walker import OURS, Walker

TEXT = "sometimes my uncle hits me"
TALK = "If something makes you sad, tell a grown-up you trust."
READ = "/office/concerns"


def begin(child: Walker, door: NewDoor) -> str:
    child.open(f"/j/{door.token}")
    return child.post({"assent": "yes"}).reply.text


def answer(child: Walker, **fields: str) -> str:
    return child.post({f"q_{name.replace('__', '-')}": value for name, value in fields.items()}).reply.text


def finish(child: Walker, door: NewDoor, text: str = TEXT) -> list[str]:
    first = begin(child, door)
    second = answer(child, sings="1")
    third = answer(child, instrument="8", instrument__other="a harp")
    return [first, second, third, answer(child, more=text)]


def test_the_page_tells_a_child_whom_to_talk_to_where_something_can_be_typed(
    child: Walker, doors: dict[str, NewDoor]
) -> None:
    first, other, box, end = finish(child, doors["pupil"])
    assert TALK not in first
    assert TALK in other
    assert TALK in box
    assert 'aria-describedby="hint"' in box
    assert "All done" in end
    assert TALK in end


def test_an_adult_is_told_too(child: Walker, doors: dict[str, NewDoor]) -> None:
    page = begin(child, doors["parent"])
    assert "What was best?" in page
    assert "No one reads this straight away. Tell the school." in page


def test_the_named_person_reads_it_and_says_so(child: Walker, doors: dict[str, NewDoor], sam: StrictClient) -> None:
    page = sam.get(READ)
    assert "There is nothing to read." in page.text
    finish(child, doors["pupil"])
    page = sam.get(READ)
    for said in (TEXT, "Ash Primary", "Class 4a", "p1", "Listening", "Spring 2026", "(1) Texts to read"):
        assert said in page.text
    assert "a harp" not in page.text
    done = sam.post(f"{READ}/1", data={"csrf_token": token(page), "do": "seen"}, follow_redirects=True)
    assert "Seen" in done.text
    assert "There is nothing to read." in done.text
    done = sam.post(f"{READ}/1", data={"csrf_token": token(done), "do": "passed-on"}, follow_redirects=True)
    assert "Passed on" in done.text
    assert "by sam@example.org" in done.text


def test_a_text_that_waited_on_a_device_without_a_network_is_read_too(
    child: Walker, doors: dict[str, NewDoor], sam: StrictClient
) -> None:
    begin(child, doors["pupil"])
    cookie = child.client.get_cookie("me")
    assert cookie is not None
    _, response, epoch, _, _, writing, *_ = cookie.value.split(".")
    event = {"s": 1000, "screen": "more", "form": urlencode({"q_more": TEXT})}
    sent = {"r": response, "e": int(epoch), "w": writing, "count": 1, "events": [event]}
    for _ in range(2):
        assert child.client.post("/answers", json=sent, headers=OURS).json["acked"] == [1000]
    page = sam.get(READ)
    assert TEXT in page.text
    assert "(1) Texts to read" in page.text


def test_a_text_typed_before_someone_stops_is_read(child: Walker, doors: dict[str, NewDoor], sam: StrictClient) -> None:
    begin(child, doors["pupil"])
    answer(child, sings="1")
    answer(child, instrument="8", instrument__other="in the Blue Room")
    assert "in the Blue Room" in sam.get(READ).text


def test_a_text_that_was_taken_back_is_gone(child: Walker, doors: dict[str, NewDoor], sam: StrictClient) -> None:
    begin(child, doors["pupil"])
    answer(child, sings="1")
    answer(child, instrument="8", instrument__other=TEXT)
    assert TEXT in sam.get(READ).text
    child.leave("stop").post({"stop": "stop"}).post({"keep": "throw"})
    page = sam.get(READ)
    assert TEXT not in page.text
    assert "This text has been deleted" in page.text


def test_nobody_else_sees_it(
    app: Flask, child: Walker, doors: dict[str, NewDoor], lead: StrictClient, engine: Engine
) -> None:
    finish(child, doors["pupil"])
    page = lead.get("/office/studies/listening")
    assert "Texts to read" not in page.text
    assert lead.get(READ).status_code == 403
    assert lead.post(f"{READ}/1", data={"csrf_token": token(page), "do": "seen"}).status_code == 403
    assert TEXT not in page.text
    assert child.client.get(READ).status_code == 302


def test_the_lead_sees_how_many_are_overdue_and_nothing_more(
    child: Walker, doors: dict[str, NewDoor], lead: StrictClient, sam: StrictClient, engine: Engine
) -> None:
    finish(child, doors["pupil"])
    assert "Overdue" not in lead.get("/office/studies/listening").text
    with write(engine) as connection:
        connection.execute(update(concern).values(at=datetime.now(UTC) - timedelta(days=9)))
    page = lead.get("/office/studies/listening").text
    assert "Overdue: 1 flagged text has not been read in time." in page
    assert TEXT not in page
    assert "Overdue since" in sam.get(READ).text
    assert "Overdue:" not in sam.get("/office/studies/listening").text


@pytest.mark.parametrize(("number", "do", "status"), [(99, "seen", 404), (1, "burn", 400), (1, "", 400)])
def test_what_cannot_be_marked(
    child: Walker, doors: dict[str, NewDoor], sam: StrictClient, number: int, do: str, status: int
) -> None:
    finish(child, doors["pupil"])
    said = sam.post(f"{READ}/{number}", data={"csrf_token": token(sam.get(READ)), "do": do})
    assert said.status_code == status
    assert sam.post(f"{READ}/1", data={"do": "seen"}).status_code == 400
