"""What a teacher does for one child in a class session. Each deed is in the activity log, with the card's number."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, insert, select

from survey.audit import Act, note
from survey.classroom.cards import IssuedCard, NewCard, close_devices, issued, reissue
from survey.classroom.joining import ShownWay, door_of, show_way_in, unlock
from survey.classroom.members import members
from survey.classroom.sessions import ClassSession
from survey.classroom.tables import help_given
from survey.database import Engine, write
from survey.fieldwork.consent import NotAgreed
from survey.problems import Refused
from survey.responses.late import PAPER
from survey.responses.moving import exchange, give_to, put_aside, set_mode
from survey.responses.tables import response, set_aside

OWN_DEVICE: Final = "own device"
MODES: Final[dict[str, str]] = {
    OWN_DEVICE: "On a device, alone",
    "read aloud": "Read aloud by an adult",
    "helped by an adult": "Helped by an adult",
    "other arrangements": "Other arrangements",
    PAPER: "On paper",
}
"""How a child answers, as the data have it, and its title."""

MODES_OF_A_CLASS: Final = {mode: title for mode, title in MODES.items() if mode != PAPER}
"""How a whole class can answer in a class session."""

WHY_MOVED: Final[dict[str, str]] = {
    "wrong card": "Answered with the wrong card",
    "internet": "The internet failed",
    "device": "The device failed",
    "disruption": "The class was disrupted",
    "other": "Other reason",
}
"""Why answers are given to another child or set aside. No free text: it could hold a name."""

_NO_CARD: Final = "The class has no child with card {number}. Please check the number."
_NO_ANSWERS: Final = "Card {number} has no answers that could be changed. Reload the list to see how it stands now."
_HAS_OWN: Final = (
    "Card {number} has answers of its own. If the two children used each other’s cards, choose “exchange”. Otherwise "
    "set the answers of card {number} aside first."
)
_NOT_ON_PAPER: Final = (
    "The child with card {number} has already started on a device. Set those answers aside first, then give the child "
    "a printed form."
)
_NO_CONSENT: Final = (
    "The child with card {number} does not have the consent that the study asks for, so these answers cannot be given "
    "to them. Please set them aside instead."
)


def let_child_in(engine: Engine, it: ClassSession, number: int, keys: tuple[bytes, bytes], act: Act) -> ShownWay:
    """Make a way in for one child, to be shown on the teacher's screen, and unlock the card.

    keys: the application's keys for codes and for counting tries. Raises Refused when there is no such card, or the
    class session is over.
    """
    with write(engine) as connection:
        shown = show_way_in(connection, it.id, number, keys[0], act.now)
        if shown is None:
            raise Refused([_NO_CARD.format(number=number)])
        unlock(connection, it.id, number, keys[1])
        _note(connection, it, act, "showed a way in for one child", card=number)
    return shown


def replace_card(engine: Engine, it: ClassSession, number: int, secret: bytes, act: Act) -> NewCard:
    """Make a new card for a child; the old one opens nothing any more. Raises Refused when there is no such card."""
    with write(engine) as connection:
        found = _card(connection, it, number)
        codes = {one.id: one.code for one in members(connection, it.place)}
        made = reissue(connection, found, codes.get(found.participant_id, ""), act.now)
        unlock(connection, it.id, number, secret)
        _note(connection, it, act, "made a new card", card=number)
    return made


def sign_out(engine: Engine, it: ClassSession, number: int, secret: bytes, act: Act) -> None:
    """Let no device answer for a card until it comes in again, and unlock the card. Answers are kept.

    Raises Refused when there is no such card.
    """
    with write(engine) as connection:
        close_devices(connection, _card(connection, it, number).id, act.now)
        unlock(connection, it.id, number, secret)
        _note(connection, it, act, "signed a card out of its devices", card=number)


def answers_by(engine: Engine, it: ClassSession, number: int, mode: str, act: Act) -> None:
    """Keep how a child answers, one of MODES: it reaches the data as `mode`.

    Raises Refused when there is no such card, and for paper when the child has begun on a device.
    """
    with write(engine) as connection:
        found = _card(connection, it, number)
        begun = _response(connection, it, found)
        if begun is not None and mode == PAPER:
            raise Refused([_NOT_ON_PAPER.format(number=number)])
        where = help_given.c.class_session_id == it.id, help_given.c.card_id == found.id
        connection.execute(delete(help_given).where(*where))
        if mode != OWN_DEVICE or it.mode is not None:
            connection.execute(insert(help_given).values(class_session_id=it.id, card_id=found.id, mode=mode))
        if begun is not None:
            set_mode(connection, begun, mode)
        _note(connection, it, act, "recorded how a child answers", card=number, mode=mode)


# ---- answers on the wrong card -----------------------------------------------------------------------------


def set_answers_aside(engine: Engine, it: ClassSession, number: int, reason: str, act: Act) -> None:
    """Set the answers of a card aside, so that its child can start from the first question. Nothing is deleted.

    reason: one of WHY_MOVED. Raises Refused when there is no such card, or it has no answers.
    """
    with write(engine) as connection:
        found = _card(connection, it, number)
        begun = _response(connection, it, found)
        if begun is None or not put_aside(connection, begun, reason, act):
            raise Refused([_NO_ANSWERS.format(number=number)])
        close_devices(connection, found.id, act.now)
        _note(connection, it, act, "set answers aside", card=number, reason=reason)


def give_answers(engine: Engine, it: ClassSession, numbers: tuple[int, int], reason: str, act: Act) -> None:
    """Give the answers of the first card to the child of the second one. Both children can go on.

    Raises Refused when one of the cards does not exist, the first has no answers, the second has answers of its own, or
    its child does not have the consent that is asked for.
    """
    with write(engine) as connection:
        source, target = (_card(connection, it, number) for number in numbers)
        begun = _response(connection, it, source)
        if begun is None:
            raise Refused([_NO_ANSWERS.format(number=numbers[0])])
        _give(connection, it, begun, target, act)
        close_devices(connection, source.id, act.now)
        about: dict[str, int | str | bool | None] = {"card": numbers[0], "to": numbers[1], "reason": reason}
        _note(connection, it, act, "gave answers to the right child", **about)


def exchange_answers(engine: Engine, it: ClassSession, numbers: tuple[int, int], reason: str, act: Act) -> None:
    """Exchange the answers of two cards, whose children used each other's. Both can go on.

    Raises Refused as `give_answers` does, and when one of the two has no answers.
    """
    with write(engine) as connection:
        cards = [_card(connection, it, number) for number in numbers]
        begun = [_response(connection, it, one) for one in cards]
        pairs = []
        for number, found, its in zip(numbers, cards, begun, strict=True):
            if its is None:
                raise Refused([_NO_ANSWERS.format(number=number)])
            pairs.append((its, door_of(connection, it, found)))
        try:
            done = numbers[0] != numbers[1] and exchange(connection, pairs[0], pairs[1], act)
        except NotAgreed as fault:
            raise Refused([_NO_CONSENT.format(number=f"{numbers[0]} or {numbers[1]}")]) from fault
        if not done:
            raise Refused([_NO_ANSWERS.format(number=f"{numbers[0]} or {numbers[1]}")])
        for found in cards:
            close_devices(connection, found.id, act.now)
        about: dict[str, int | str | bool | None] = {"card": numbers[0], "with": numbers[1], "reason": reason}
        _note(connection, it, act, "exchanged the answers of two children", **about)


def give_back(engine: Engine, it: ClassSession, response_id: str, number: int, act: Act) -> None:
    """Give answers that were set aside to the child with a card. Raises Refused as `give_answers` does."""
    with write(engine) as connection:
        target = _card(connection, it, number)
        there = connection.scalar(
            select(set_aside.c.response_id)
            .join(response, response.c.id == set_aside.c.response_id)
            .where(
                set_aside.c.response_id == response_id,
                response.c.school_class_id == it.school_class_id,
                response.c.wave_id == it.wave_id,
                response.c.questionnaire == it.questionnaire,
            )
        )
        if there is None:
            raise Refused(["These answers are no longer set aside. Reload the list to see how it stands now."])
        _give(connection, it, response_id, target, act)
        _note(connection, it, act, "gave back answers that were set aside", card=number)


def _give(connection: Connection, it: ClassSession, response_id: str, target: IssuedCard, act: Act) -> None:
    number = target.face.number
    try:
        given = give_to(connection, response_id, door_of(connection, it, target), act)
    except NotAgreed as fault:
        raise Refused([_NO_CONSENT.format(number=number)]) from fault
    if not given:
        raise Refused([_HAS_OWN.format(number=number)])


def _card(connection: Connection, it: ClassSession, number: int) -> IssuedCard:
    for one in issued(connection, it.school_class_id):
        if one.face.number == number:
            return one
    raise Refused([_NO_CARD.format(number=number)])


def _response(connection: Connection, it: ClassSession, found: IssuedCard) -> str | None:
    """Return the response of a card's child in a class session, where something of it is kept."""
    return connection.scalar(
        select(response.c.id).where(
            response.c.participant_id == found.participant_id,
            response.c.wave_id == it.wave_id,
            response.c.questionnaire == it.questionnaire,
            response.c.state.not_in(("declined", "withdrawn")),
        )
    )


def _note(connection: Connection, it: ClassSession, act: Act, what: str, **details: int | str | bool | None) -> None:
    note(connection, act, what, study_id=it.study_id, about=it.class_code, details={"wave": it.wave, **details})
