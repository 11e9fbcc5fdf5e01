"""Doors: the links and typed codes people come in by. The database keeps only their hashes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal, NamedTuple, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, ForeignKey, and_, func, insert, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship
from sqlalchemy.sql.elements import ColumnElement

from survey.database import Base, Moment
from survey.fieldwork.participants import Membership, Participant
from survey.fieldwork.studies import School, SchoolClass, Study, Wave
from survey.fieldwork.waves import Hours, hours, plan_of

OPEN_SYLLABLES: Final = 7
"""Syllables of an open door's code: of 80^7. Fewer live codes of a sort need fewer; docs/codes.md has the odds."""

PERSONAL_SYLLABLES: Final = 8
"""Of a personal door's code, which is one of thousands."""

CLASS_SYLLABLES: Final = 5
"""Of a class code that needs a card besides."""

LESSON_SYLLABLES: Final = 6
"""Of a code that lets in by itself in one lesson: a class code without cards, or one a teacher shows for a child."""

_CONSONANTS: Final = "bdfgjklmnprstvwz"
_VOWELS: Final = "aeiou"

SYLLABLES: Final = tuple(consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS)
"""What codes are spelt of: easy to say, to hear and to type."""

# No code may hold one of these, read with its spaces gone. Only what consonant and vowel in turn can spell
# is worth a place here: rude, cruel or frightening in English, Welsh, Polish, Urdu or a language next door.
_RUDE: Final = (
    "anal", "anus", "bite", "bog", "bum", "dago", "ded", "dik", "dumas", "dup", "fag", "fat", "fuk",
    "jap", "jeb", "jiz", "kak", "kamin", "kike", "kil", "kok", "kuma", "kupa", "kut", "lez", "lun",
    "nazi", "nega", "nig", "nob", "nud", "paki", "ped", "pene", "penis", "pidi", "pipi", "pis", "pus",
    "puta", "pute", "puto", "rape", "rapi", "retad", "semen", "siki", "sod", "suk", "tati", "teta", "tit",
    "vag", "vomi", "wog", "wop", "zina",
)  # fmt: skip


@dataclass(frozen=True)
class Shut:
    """Why a door that exists lets no one begin.

    why  'early': it opens on `day`; 'over': it closed on `day`, its last one; 'ended': it was ended before its time
    day  by the clock of the school or the study; None for 'ended'
    """

    why: Literal["early", "over", "ended"]
    day: date | None = None


class Door(Base):
    """A way in to one questionnaire of one wave: personal when it has a participant, else open to many.

    A door with times of its own keeps to them. One without follows its wave, whose days may still be changed.
    """

    __tablename__ = "door"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    wave_id: Mapped[int] = mapped_column(ForeignKey("wave.id"), index=True)
    questionnaire: Mapped[str]
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id"), index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    school_class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))
    performance_id: Mapped[int | None] = mapped_column(ForeignKey("performance.id"))
    link_hash: Mapped[str] = mapped_column(unique=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    opens_at: Mapped[datetime | None] = mapped_column(Moment)
    closes_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    study: Mapped[Study] = relationship()
    wave: Mapped[Wave] = relationship()
    participant: Mapped[Participant | None] = relationship()

    shut = cast("Shut | None", None)
    """Why no one begins by it, as it was when the door was found; None while someone may."""

    comes_back = False
    """Whether anyone who has begun by it may come back to finish, as it was when the door was found."""

    @property
    def has_own_times(self) -> bool:
        """True when the door does not follow its wave."""
        return self.opens_at is not None or self.closes_at is not None

    def shut_at(self, now: datetime, wave: Hours, zone: tzinfo) -> Shut | None:
        """Return why no one may begin by this door at this moment; None when someone may.

        wave: when its wave takes answers there. zone: whose clock says which day it is.
        """
        if self.ended_at is not None:
            return Shut("ended")
        own = self.has_own_times
        opens, until = (self.opens_at, self.closes_at) if own else (wave.opens, wave.begin_until)
        if opens is not None and now < opens:
            return Shut("early", opens.astimezone(zone).date())
        if until is None or now < until:
            return None
        # The last day people were told of: a study may let them begin a little later.
        closed = until if own else wave.closes or until
        return Shut("over", (closed.astimezone(zone) - timedelta(minutes=1)).date())

    def leads_back(self, now: datetime, wave: Hours) -> bool:
        """True when anyone who began by this door may still come back to finish: the study's rule for late answers."""
        if self.ended_at is not None or self.participant_id is None or self.has_own_times:
            return False
        return (wave.opens is None or now >= wave.opens) and not wave.is_over(now)


@dataclass(frozen=True)
class NewDoor:
    """A door just made, with what opens it. Token and code are nowhere else: print them now."""

    door: Door
    token: str
    code: str


@dataclass(frozen=True)
class LeadsTo:
    """Whom a door is for: a participant, or the people of a school, a class or a performance. A class brings its school
    with it.
    """

    participant: Participant | None = None
    school: School | None = None
    school_class: SchoolClass | None = None
    performance_id: int | None = None


@dataclass(frozen=True)
class OwnTimes:
    """The times of a door that does not follow its wave; a door without either follows it."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None


def new_door(
    session: Session,
    *,
    wave: Wave,
    questionnaire: str,
    key: bytes,
    to: LeadsTo = LeadsTo(),
    times: OwnTimes = OwnTimes(),
) -> NewDoor:
    """Make a door with a link token (22 characters, 128 random bits) and a code to be typed.

    key: the application's key for codes, Settings.key("codes").
    """
    syllables = OPEN_SYLLABLES if to.participant is None else PERSONAL_SYLLABLES
    ((code_hash, code),) = _unused_codes(session, 1, syllables, key).items()
    token = secrets.token_urlsafe(16)
    if to.school is not None:
        school_id: int | None = to.school.id
    else:
        school_id = to.school_class.school_id if to.school_class is not None else None
    door = Door(
        study_id=wave.study_id,
        wave_id=wave.id,
        questionnaire=questionnaire,
        participant_id=to.participant.id if to.participant else None,
        school_id=school_id,
        school_class_id=to.school_class.id if to.school_class else None,
        performance_id=to.performance_id,
        link_hash=hash_of_token(token),
        code_hash=code_hash,
        opens_at=times.opens_at,
        closes_at=times.closes_at,
    )
    session.add(door)
    session.flush()
    return NewDoor(door, token, code)


class NewCode(NamedTuple):
    """A code to be typed ("ravo kimu"), and its hash."""

    code: str
    hash: str


class NewPersonalDoor(NamedTuple):
    """Whom a personal door is for, and where they are in the wave."""

    participant_id: int
    questionnaire: str
    school_id: int | None
    school_class_id: int | None


class NewDoorWithoutKey(NamedTuple):
    """Whom a door without link and code is for: a participant; or, with None, everyone who is let in for a class."""

    participant_id: int | None
    questionnaire: str
    school_id: int | None
    school_class_id: int | None


def new_personal_doors(
    session: Session, wave: Wave, people: Sequence[NewPersonalDoor], key: bytes
) -> list[tuple[str, str]]:
    """Make personal doors that follow their wave, thousands at once; return token and code of each, in order."""
    made: list[tuple[str, str]] = []
    for start in range(0, len(people), _CHUNK):
        chunk = people[start : start + _CHUNK]
        codes = _unused_codes(session, len(chunk), PERSONAL_SYLLABLES, key)
        tokens = [secrets.token_urlsafe(16) for _ in chunk]
        session.execute(
            insert(Door),
            [
                {
                    **one._asdict(),
                    "study_id": wave.study_id,
                    "wave_id": wave.id,
                    "link_hash": hash_of_token(token),
                    "code_hash": code_hash,
                }
                for one, token, code_hash in zip(chunk, tokens, codes, strict=True)
            ],
        )
        made += zip(tokens, codes.values(), strict=True)
    return made


_NO_KEY: Final = "no code "
"""How the place of a code's hash begins where there is none."""


def has_key() -> ColumnElement[bool]:
    """Return the condition on a door that a link and a code open."""
    return Door.code_hash.not_like(f"{_NO_KEY}%")


def door_without_key(connection: Connection, study_id: int, wave_id: int, new: NewDoorWithoutKey) -> int:
    """Make a door that no link and no code opens, and return its id.

    For people who are let in otherwise, such as with a card or by the class code in a class session.
    """
    row = {
        **new._asdict(),
        "study_id": study_id,
        "wave_id": wave_id,
        "link_hash": hash_of_token(secrets.token_urlsafe(16)),
        "code_hash": f"{_NO_KEY}{secrets.token_hex(28)}",
    }
    return connection.execute(insert(Door).values(row).returning(Door.id)).scalar_one()


def unused_code(connection: Connection | Session, syllables: int, key: bytes) -> NewCode:
    """Return a code that opens no door, and what the database keeps of it."""
    ((code_hash, code),) = _unused_codes(connection, 1, syllables, key).items()
    return NewCode(code, code_hash)


def door_by_token(session: Session, token: str, now: datetime) -> Door | None:
    """Return the door a link leads to, with study and wave, open or not (`Door.shut`); None when there is none."""
    return _found(session, Door.link_hash == hash_of_token(token), now)


def door_by_code(session: Session, code: str, key: bytes, now: datetime) -> Door | None:
    """Return the door a typed code leads to, with study and wave, open or not (`Door.shut`); None when there is none.

    Case, spaces and dashes do not matter, nor does 0 for o or 1 for i. Every code, however wrong, takes the same road
    and so the same time.
    """
    return _found(session, Door.code_hash == _code_hash(letters_of(code), key), now)


def door_by_id(session: Session, door_id: int, now: datetime) -> Door | None:
    """Return the door someone came to before, with study and wave, open or not (`Door.shut`); None when it is gone."""
    return _found(session, Door.id == door_id, now)


def end_door(session: Session, door: Door, now: datetime) -> None:
    """Shut a door for good. Ending it twice leaves the first time."""
    if door.ended_at is None:
        door.ended_at = now
    session.flush()


_school_id = func.coalesce(Membership.school_id, Door.school_id)
_DOOR = (
    select(Door, School)
    .outerjoin(Membership, and_(Membership.participant_id == Door.participant_id, Membership.wave_id == Door.wave_id))
    .outerjoin(School, School.id == _school_id)
    .options(joinedload(Door.study), joinedload(Door.wave), joinedload(Door.participant))
)


def _found(session: Session, condition: ColumnElement[bool], now: datetime) -> Door | None:
    found = session.execute(_DOOR.where(condition)).one_or_none()
    if found is None:
        return None
    door, school = found
    when = hours(door.wave, school, plan_of(_engine(session), door.study))
    zone = ZoneInfo((school.time_zone if school else None) or door.study.time_zone)
    door.shut = door.shut_at(now, when, zone)
    door.comes_back = door.leads_back(now, when)
    return door


def _engine(session: Session) -> Engine:
    engine = session.get_bind()
    assert isinstance(engine, Engine), "sessions are opened on engines (survey.database.session)"
    return engine


def hash_of_token(token: str) -> str:
    """Return what the database keeps of the secret in a link."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _code_hash(letters: str, key: bytes) -> str:
    return hmac.digest(key, letters.encode(), hashlib.sha256).hex()


def hash_of_code(code: str, key: bytes) -> str:
    """Return what the database keeps of a code, as it was printed or typed."""
    return _code_hash(letters_of(code), key)


_LONGEST: Final = 200
"""Characters of a typed code that are looked at: anyone who pastes a book gets a wrong code, not a slow page."""


_LOOKS_LIKE: Final = str.maketrans("01", "oi")
"""Codes have letters only: a person who reads an o as a nought, or an i as a one, has the right code."""


def letters_of(typed: str) -> str:
    """Return the letters of a code as someone typed it, a to z: case, spaces, dashes, and 0 for o or 1 for i aside."""
    return re.sub(r"[^a-z]", "", typed[:_LONGEST].lower().translate(_LOOKS_LIKE))


_CHUNK: Final = 500
"""Doors made, and codes looked up, in one statement."""


def _unused_codes(session: Connection | Session, count: int, syllables: int, key: bytes) -> dict[str, str]:
    """Return codes that open nothing yet, by their hashes."""
    codes: dict[str, str] = {}
    while len(codes) < count:
        drawn = [_random_letters(syllables) for _ in range(count - len(codes))]
        new = {_code_hash(letters, key): _in_groups(letters) for letters in drawn}
        for taken in session.scalars(select(Door.code_hash).where(Door.code_hash.in_(new))):
            del new[taken]
        codes |= new
    return codes


def _random_letters(syllables: int) -> str:
    while True:
        letters = "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(syllables))
        if not is_rude(letters):
            return letters


def is_rude(letters: str) -> bool:
    """True when a code, written without spaces, holds a word no child should be handed."""
    return any(word in letters for word in _RUDE)


def _in_groups(letters: str) -> str:
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))
