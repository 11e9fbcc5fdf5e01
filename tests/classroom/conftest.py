"""What tests of the classroom share: a class of six with cards, and a class session that is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from survey.audit import Act, Actor
from survey.classroom.cards import NewCard, make_cards
from survey.classroom.joining import FoundByCode, Joined, TriedCard, has_begun, join_by_token, mode_of
from survey.classroom.sessions import ClassSession, begin_session, session_by_id
from survey.database import Engine, open_engine, upgrade
from survey.fieldwork import current
from survey.responses import ComingIn, SavedPage, Ticket, begin, save
from tests.classroom.class_of_six import Rooms, make_class

KEY = b"a key for codes in tests"
SECRET = b"a key for counting tries in tests"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEACHER = Actor("link", "1 for school s1")


def act(minutes: float = 0) -> Act:
    """Return the teacher, so many minutes after the class began."""
    return Act(TEACHER, NOW + timedelta(minutes=minutes))


@dataclass(frozen=True)
class OpenClass:
    """A class session that is open, and the cards of its six children by number."""

    engine: Engine
    rooms: Rooms
    id: int
    cards: dict[int, NewCard]

    @property
    def now(self) -> ClassSession:
        """The class session as it stands."""
        found = session_by_id(self.engine, self.id)
        assert found is not None
        return found

    def tried(self, number: int, pictures: tuple[str, ...] | None = None) -> TriedCard:
        """Return a try at a card, by default with its own pictures."""
        found = FoundByCode(self.id, (self.now.code_hash or "")[:12])
        return TriedCard(found, number, self.cards[number].face.pictures if pictures is None else pictures)

    def scan(self, number: int, before: int | None = None, minutes: float = 0) -> Joined:
        """Come in by the QR code of a card."""
        found = join_by_token(self.engine, self.cards[number].token, before, NOW + timedelta(minutes=minutes))
        assert found is not None
        return found

    def start(self, joined: Joined, minutes: float = 0) -> Ticket:
        """Say yes on the first page, as the pages do."""
        sha = current(self.engine, self.rooms.robins.study_id)["pupil"]
        coming = ComingIn(mode_of(self.engine, joined.sitting) or "own device")
        ticket = begin(self.engine, joined.door, "en", sha, NOW + timedelta(minutes=minutes), coming)
        has_begun(self.engine, joined.sitting, ticket.response)
        return ticket

    def answer(self, ticket: Ticket, key: str, value: int, minutes: float = 0) -> str:
        """Answer a question; return whether that was new."""
        page = SavedPage(
            ticket.epoch, {"sing_enjoy": 1, "play_enjoy": 2}[key], key, {key: value}, NOW + timedelta(minutes=minutes)
        )
        return save(self.engine, ticket.response, page).outcome


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def rooms(engine: Engine, tmp_path: Path) -> Rooms:
    (folder := tmp_path / "study").mkdir()
    return make_class(engine, folder)


@pytest.fixture
def open_class(engine: Engine, rooms: Rooms) -> OpenClass:
    cards = {new.face.number: new for new in make_cards(engine, rooms.robins, act())}
    return OpenClass(engine, rooms, begin_session(engine, rooms.robins, rooms.questionnaire, KEY, act()), cards)
