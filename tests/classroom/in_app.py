"""A class session in a whole app: devices of children, and a teacher who came by a printed link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey.admission import add_user
from survey.app import create_app
from survey.audit import COMMAND_LINE, Act, Actor
from survey.classroom.cards import NewCard, make_cards
from survey.classroom.sessions import begin_session, session_by_id
from survey.config import Settings
from survey.database import Engine, read, upgrade, write
from survey.people import Giver
from survey.people.links import LinkPlace, make_link
from survey.responses.tables import response
from tests.classroom.class_of_six import make_class
from tests.pages.strict import StrictClient, heading, look_at, strict_client
from tests.pages.test_account import OWN, choose, sign_in, token


class Class:
    """A class session in an app, with its cards."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(folder, f"sqlite:///{folder / 'chorus.sqlite'}", "s" * 40, "http://localhost")
        self.app: Flask = create_app(settings)
        self.engine: Engine = self.app.extensions["chorus"].engine
        upgrade(self.engine)
        (folder / "study").mkdir()
        self.rooms = make_class(self.engine, folder / "study")
        self.codes, self.tries = settings.key("codes"), settings.key("tries")
        self.cards: dict[int, NewCard] = {
            new.face.number: new for new in make_cards(self.engine, self.rooms.robins, self.act)
        }
        self.id = begin_session(self.engine, self.rooms.robins, "pupil", self.codes, self.act)

    @property
    def act(self) -> Act:
        return Act(Actor("account", "teacher@example.org"))

    @property
    def now(self) -> Any:
        return session_by_id(self.engine, self.id)

    def device(self) -> StrictClient:
        return strict_client(self.app)

    def type_in(self, device: StrictClient, number: int, pictures: tuple[str, ...] | None = None) -> TestResponse:
        """Type class code and number, and pick the pictures; return the answer to the last one."""
        assert device.post("/", data={"code": self.now.code}).location == "/join"
        reply = device.post("/join", data={"number": str(number)})
        for place, name in enumerate(pictures or self.cards[number].face.pictures, 1):
            assert reply.location == f"/join/picture/{place}"
            look_at(device.get(reply.location))
            reply = device.post(reply.location, data={"picture": name})
        return reply

    def begin(self, device: StrictClient) -> str:
        """Say yes on the first page, unless that was said before; return the address of the next question."""
        reply = device.get("/welcome")
        if reply.status_code == 303:
            return self.follow(device, reply)
        assert heading(look_at(reply)) == "Do you want to tell us about music?"
        return self.follow(device, device.post("/welcome", data={"assent": "yes"}))

    def follow(self, device: StrictClient, reply: TestResponse) -> str:
        """Follow a reply to a question or another page, and return the address."""
        while True:
            address = reply.location
            # Questions are the same for everyone, and may be kept by browsers: the strict client would not have it.
            if "/q/" in address or (reply := device.get(address)).status_code != 303:
                return address

    def states(self) -> list[tuple[str, str]]:
        with read(self.engine) as connection:
            query = select(response.c.state, response.c.mode).where(response.c.participant_id.is_not(None))
            return [tuple(row) for row in connection.execute(query)]

    def teacher_link(self) -> str:
        """Return the address of a printed link for the school's coordinator."""
        now = datetime.now(UTC)
        with write(self.engine) as connection:
            place = LinkPlace(self.rooms.robins.study_id, self.rooms.school, "s1")
            made = make_link(connection, place, now + timedelta(days=30), Giver(COMMAND_LINE), now)
        return f"/office/link/{made[1]}"

    def teacher(self) -> StrictClient:
        """Return the browser of a teacher who came by the link."""
        client, address = strict_client(self.app), self.teacher_link()
        assert client.post(address, data={"csrf_token": token(client.get(address))}).status_code == 302
        return client

    def lead(self) -> StrictClient:
        """Return the browser of a lead of the study."""
        client, email = strict_client(self.app), "lead@example.org"
        sign_in(client, add_user(self.engine, email, ["lead"], study="small-notes"), email)
        assert choose(client, OWN).status_code == 302
        return client

    def office(self, rest: str = "") -> str:
        """Return the address of a page about the class session."""
        return f"/office/studies/small-notes/classroom/{self.id}{rest}"
