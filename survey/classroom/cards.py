"""Cards: a number in the class, four pictures, and a QR code. Made by the system, printed once, and kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from survey.audit import Act, note
from survey.classroom.members import ClassMember, WaveAndClass, members
from survey.classroom.tables import MOST_CARDS, card, let_in, sitting
from survey.database import Engine, read, write
from survey.fieldwork.doors import hash_of_token
from survey.fieldwork.participants import Participant
from survey.fieldwork.studies import SchoolClass
from survey.problems import Refused

PICTURES: Final = (
    "apple", "bell", "boat", "book", "drum", "fish", "hat", "house", "key", "moon", "star", "tree",
)  # fmt: skip
"""What cards are drawn of: twelve, so that four in order are one of 20,736."""

PLACES: Final = 4
"""Pictures on a card. Repeats are allowed, and they are drawn, never chosen by a child."""


class CardFace(NamedTuple):
    """What a child sees on a card: its number in the class, and its pictures in order."""

    number: int
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class NewCard:
    """A card just made. The token of its QR code is kept nowhere: print it now. participant: the study code."""

    face: CardFace
    participant: str
    token: str


@dataclass(frozen=True)
class IssuedCard:
    """A card that a class has."""

    id: int
    participant_id: int
    face: CardFace
    issued_at: datetime


def make_cards(engine: Engine, place: WaveAndClass, act: Act, *, again: bool = False) -> list[NewCard]:
    """Make a card for every child of a class in a wave who has none, and return them by number.

    again: for every child, and the cards they had stop working; the numbers stay. Raises Refused for a class with more
    children than there are numbers.
    """
    with write(engine) as connection:
        # Two who press the button at once: the second waits here, and finds the cards of the first.
        connection.execute(select(SchoolClass.id).where(SchoolClass.id == place.school_class_id).with_for_update())
        here = {one.participant_id: one for one in issued(connection, place.school_class_id)}
        there = members(connection, place)
        free = _free_numbers(here.values(), there)
        made = []
        for one in there:
            earlier = here.get(one.id)
            if earlier is None:
                made.append(_first(connection, place.school_class_id, one, free.pop(0), act.now))
            elif again:
                made.append(reissue(connection, earlier, one.code, act.now))
        details: dict[str, int | str | bool | None] = {"cards": len(made), "again": again}
        if made:
            about = connection.scalar(select(SchoolClass.code).where(SchoolClass.id == place.school_class_id)) or ""
            note(connection, act, "made cards", study_id=place.study_id, about=about, details=details)
    return sorted(made, key=lambda new: new.face.number)


def _free_numbers(here: Collection[IssuedCard], there: Sequence[ClassMember]) -> list[int]:
    """Return the numbers no card has, the lowest first: one for each child without a card, and perhaps more."""
    taken, have = {one.face.number for one in here}, {one.participant_id for one in here}
    free = [number for number in range(1, MOST_CARDS + 1) if number not in taken]
    if sum(one.id not in have for one in there) > len(free):
        raise Refused(
            [f"A class can have {MOST_CARDS} cards, and this one needs more. Please divide the class on the roster."]
        )
    return free


def issued(connection: Connection, school_class_id: int) -> list[IssuedCard]:
    """Return the cards of a class, by number."""
    query = (
        select(card.c.id, card.c.participant_id, card.c.number, card.c.pictures, card.c.issued_at)
        .where(card.c.school_class_id == school_class_id)
        .order_by(card.c.number)
    )
    return [
        IssuedCard(row.id, row.participant_id, face_of(row.number, row.pictures), row.issued_at)
        for row in connection.execute(query)
    ]


def count_cards(engine: Engine, study_id: int) -> int:
    """Return how many children of a study have a card."""
    query = (select(func.count()).select_from(card).join(Participant, Participant.id == card.c.participant_id)).where(
        Participant.study_id == study_id
    )
    with read(engine) as connection:
        return connection.scalar(query) or 0


def face_of(number: int, pictures: str) -> CardFace:
    """Return what a child sees on a card, from what is stored of it."""
    return CardFace(number, tuple(pictures.split()))


def reissue(connection: Connection, earlier: IssuedCard, participant: str, now: datetime) -> NewCard:
    """Make a card anew under its number: what opened it before opens nothing, and devices that it let in are closed."""
    pictures, token = drawn(), secrets.token_urlsafe(16)
    row = {"pictures": " ".join(pictures), "token_hash": hash_of_token(token), "issued_at": now}
    connection.execute(update(card).where(card.c.id == earlier.id).values(row))
    connection.execute(delete(let_in).where(let_in.c.card_id == earlier.id))
    close_devices(connection, earlier.id, now)
    return NewCard(CardFace(earlier.face.number, pictures), participant, token)


def close_devices(connection: Connection, card_id: int, now: datetime) -> None:
    """Let no device that came in with a card answer any more, until it comes in again."""
    connection.execute(
        update(sitting).where(sitting.c.card_id == card_id, sitting.c.closed_at.is_(None)).values(closed_at=now)
    )


def _first(connection: Connection, school_class_id: int, one: ClassMember, number: int, now: datetime) -> NewCard:
    pictures, token = drawn(), secrets.token_urlsafe(16)
    row = {"school_class_id": school_class_id, "participant_id": one.id, "number": number, "issued_at": now}
    connection.execute(insert(card).values(**row, pictures=" ".join(pictures), token_hash=hash_of_token(token)))
    return NewCard(CardFace(number, pictures), one.code, token)


def drawn() -> tuple[str, ...]:
    """Draw the pictures of a card."""
    return tuple(secrets.choice(PICTURES) for _ in range(PLACES))


def card_of(engine: Engine, response_id: str) -> CardFace | None:
    """Return with which card a response was begun or gone on with last; None when it was none.

    It says which child a device was used by, without a name or an answer.
    """
    query = (
        select(card.c.number, card.c.pictures)
        .join(sitting, sitting.c.card_id == card.c.id)
        .where(sitting.c.response_id == response_id)
        .order_by(sitting.c.id.desc())
        .limit(1)
    )
    with read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return face_of(*row) if row else None
