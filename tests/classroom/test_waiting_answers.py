"""What a device in a class session kept without a network arrives, whatever the teacher has done in the meantime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from survey.classroom.acting import give_answers, set_answers_aside, sign_out
from survey.classroom.listing import ClassList, class_list
from survey.classroom.sessions import end, pause
from survey.database import read
from survey.fieldwork import Participant
from survey.responses.tables import response
from tests.classroom.in_app import Class
from tests.pages.strict import StrictClient, look_at, words
from tests.pages.walker import OURS


@pytest.fixture
def robins(tmp_path: Path) -> Class:
    return Class(tmp_path)


def send(device: StrictClient, *events: tuple[int, str, str], count: int | None = None) -> Any:
    """Send answers as the script does that finds its sitting in the cookie. count: how many the device has kept."""
    cookie = device.get_cookie("me")
    assert cookie is not None
    kind, response_id, epoch, _, _, writing, *_ = cookie.value.split(".")
    assert kind.startswith("p")
    said = [{"s": number, "screen": screen, "form": form} for number, screen, form in events]
    body = {"r": response_id, "e": int(epoch), "w": writing, "count": count or len(events), "events": said}
    return device.post("/answers", json=body, headers=OURS)


def begun(robins: Class, number: int) -> StrictClient:
    device = robins.device()
    device.get(f"/j/{robins.cards[number].token}")
    robins.begin(device)
    return device


def kept(robins: Class, device: StrictClient) -> tuple[str | None, dict[str, Any]]:
    """Whose the answers of a device are, and what they say."""
    cookie = device.get_cookie("me")
    assert cookie is not None
    query = (
        select(Participant.code, response.c.answers)
        .select_from(response)
        .outerjoin(Participant, Participant.id == response.c.participant_id)
        .where(response.c.id == cookie.value.split(".")[1])
    )
    with read(robins.engine) as connection:
        return tuple(connection.execute(query).one())


DEEDS: dict[str, Callable[[Class], None]] = {
    "paused the class": lambda robins: pause(robins.engine, robins.id, robins.act),
    "ended the class session": lambda robins: end(robins.engine, robins.id, robins.act),
    "signed the device out": lambda robins: sign_out(robins.engine, robins.now, 1, robins.tries, robins.act),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_answers_that_waited_while_the_teacher(deed: str, robins: Class) -> None:
    device = begun(robins, 1)
    assert send(device, (1000, "sing_enjoy", "q_sing_enjoy=4")).json["lead"] is None
    DEEDS[deed](robins)
    reply = send(device, (2000, "play_enjoy", "q_play_enjoy=2"))
    assert reply.json == {"acked": [2000], "refused": [], "lead": "/go"}, "they are in, and the device learns the rest"
    assert kept(robins, device) == ("r001", {"sing_enjoy": 4, "play_enjoy": 2})
    assert device.get("/go").status_code == 200


@pytest.mark.parametrize("moved", ["given to another child", "set aside"])
def test_of_answers_that_were_moved_the_device_sends_no_more(moved: str, robins: Class) -> None:
    device = begun(robins, 1)
    send(device, (1000, "sing_enjoy", "q_sing_enjoy=4"))
    if moved == "set aside":
        set_answers_aside(robins.engine, robins.now, 1, "wrong card", robins.act)
    else:
        give_answers(robins.engine, robins.now, (1, 2), "wrong card", robins.act)
    reply = send(device, (2000, "play_enjoy", "q_play_enjoy=2"))
    assert (reply.status_code, reply.json) == (410, {"gone": True, "lead": "/go"})
    assert kept(robins, device) == (None if moved == "set aside" else "r002", {"sing_enjoy": 4})


def listed(robins: Class) -> ClassList:
    return class_list(robins.engine, robins.now, robins.tries, lambda *_: (0, 1), robins.act.now)


def test_the_list_says_that_answers_wait_on_a_device_until_they_have_come(robins: Class) -> None:
    device, other = begun(robins, 1), begun(robins, 2)
    send(device, (1000, "sing_enjoy", "q_sing_enjoy=4"), count=2)
    send(other, (1000, "sing_enjoy", "q_sing_enjoy=4"))
    assert [(one.number, one.state) for one in listed(robins).cards[:1]] == [(1, "waiting")], "it may need the teacher"
    assert "They are safe: keep the device switched on" in words(look_at(robins.teacher().get(robins.office())))
    send(device, (2000, "play_enjoy", "q_play_enjoy=2"), count=2)
    assert listed(robins).count("answering") == 2


def test_what_waited_on_the_first_device_does_not_wait_on_the_second(robins: Class) -> None:
    send(begun(robins, 1), (1000, "sing_enjoy", "q_sing_enjoy=4"), count=2)
    begun(robins, 1)
    assert listed(robins).count("waiting") == 0
    with read(robins.engine) as connection:
        assert set(connection.scalars(select(response.c.waiting))) == {0}, "nor once the first device has left"
