"""Class sessions: opened for a class and a questionnaire, paused, ended. Each has a class code of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, true, update

from survey.audit import Act, note
from survey.classroom.cards import issued
from survey.classroom.members import PUPIL, WaveAndClass, asked_in
from survey.classroom.tables import class_session, let_in, sitting
from survey.database import Engine, read, session, write
from survey.fieldwork.consent.study import plan_of
from survey.fieldwork.doors import (
    CLASS_SYLLABLES,
    LESSON_SYLLABLES,
    Door,
    NewCode,
    NewDoorWithoutKey,
    door_without_key,
    unused_code,
)
from survey.fieldwork.publications import current
from survey.fieldwork.studies import School, SchoolClass, Wave
from survey.fieldwork.waves import hours
from survey.problems import Refused

LONGEST: Final = timedelta(hours=8)
"""A class session that no one ends has ended by then."""

RECENT: Final = timedelta(days=14)
"""So long a class session that has ended is listed."""

State = Literal["open", "paused", "ended"]


@dataclass(frozen=True)
class ClassSession:
    """A class session as it stands.

    code: what children type; None once it has ended. door_id: what they all come in by where they have no cards.
    mode: how they answer, one of survey.classroom.acting.MODES, where that was said of the whole class.
    """

    id: int
    study_id: int
    wave_id: int
    wave: str
    questionnaire: str
    school_class_id: int
    class_code: str
    class_title: str
    school_id: int
    school: str
    code: str | None
    code_hash: str | None
    opened_at: datetime
    ends_by: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    door_id: int | None = None
    mode: str | None = None

    @property
    def with_cards(self) -> bool:
        """Whether each child has a card; otherwise all come in by the class code alone, and no one knows who is who."""
        return self.door_id is None

    @property
    def place(self) -> WaveAndClass:
        """The class and the wave it is for."""
        return WaveAndClass(self.study_id, self.wave_id, self.school_class_id)

    def state(self, now: datetime) -> State:
        """Return whether children may answer ('open'), wait ('paused'), or it has ended."""
        return state_of(self, now)


def state_of(row: Any, now: datetime) -> State:
    """Return the state of a class session from a row with its times."""
    if row.ended_at is not None or now >= row.ends_by:
        return "ended"
    return "open" if row.paused_at is None else "paused"


_SESSIONS: Final = (
    select(
        class_session.c.id,
        class_session.c.study_id,
        class_session.c.wave_id,
        Wave.code.label("wave"),
        class_session.c.questionnaire,
        class_session.c.school_class_id,
        SchoolClass.code.label("class_code"),
        SchoolClass.title.label("class_title"),
        School.id.label("school_id"),
        School.title.label("school"),
        *[class_session.c[name] for name in ("code", "code_hash", "opened_at", "ends_by", "paused_at", "ended_at")],
        class_session.c.door_id,
        class_session.c.mode,
    )
    .join(Wave, Wave.id == class_session.c.wave_id)
    .join(SchoolClass, SchoolClass.id == class_session.c.school_class_id)
    .join(School, School.id == SchoolClass.school_id)
)


def begin_session(
    engine: Engine, place: WaveAndClass, questionnaire: str, key: bytes, act: Act, *, with_cards: bool = True
) -> int:
    """Open a class session and return its id; that of the one that is open already, if there is one.

    key: the application's key for codes. with_cards: False for one in which the class code alone lets children in, and
    no answer belongs to a child that anyone knows. Raises Refused when cards are used and the class has none, no child
    of it is asked this, or the wave takes no answers now.
    """
    school = _refuse(engine, place, questionnaire, act.now, with_cards=with_cards)
    with write(engine) as connection:
        # Two who press Start at once get one session: the second waits here.
        connection.execute(select(SchoolClass.id).where(SchoolClass.id == place.school_class_id).with_for_update())
        same = select(class_session.c.id).where(
            class_session.c.wave_id == place.wave_id,
            class_session.c.school_class_id == place.school_class_id,
            class_session.c.questionnaire == questionnaire,
            class_session.c.door_id.is_(None) == with_cards,
            *is_open(act.now),
        )
        there: int | None = connection.scalar(same.limit(1))
        if there is not None:
            return there
        code = _new_code(connection, key, with_cards=with_cards)
        row = {
            "study_id": place.study_id,
            "wave_id": place.wave_id,
            "school_class_id": place.school_class_id,
            "questionnaire": questionnaire,
            "code": code.code,
            "code_hash": code.hash,
            "opened_at": act.now,
            "ends_by": act.now + LONGEST,
        }
        if not with_cards:
            everyone = NewDoorWithoutKey(None, questionnaire, school, place.school_class_id)
            row["door_id"] = door_without_key(connection, place.study_id, place.wave_id, everyone)
        made: int = connection.execute(insert(class_session).values(row).returning(class_session.c.id)).scalar_one()
        details: dict[str, int | str | bool | None] = {"questionnaire": questionnaire, "cards": with_cards}
        _note(connection, made, act, "started a class session", details)
    return made


def _refuse(engine: Engine, place: WaveAndClass, questionnaire: str, now: datetime, *, with_cards: bool) -> int:
    """Return the id of the class's school, or say why there can be no class session now."""
    with session(engine) as db:
        connection = db.connection()
        plan = plan_of(connection, place.study_id)
        wave, its_class = db.get(Wave, place.wave_id), db.get(SchoolClass, place.school_class_id)
        if plan is None or wave is None or its_class is None or questionnaire not in current(engine, place.study_id):
            raise Refused(["There is no such class or questionnaire in this study. Please choose them again."])
        when = hours(wave, its_class.school, plan)
        if not when.begins(now):
            raise Refused([f"{wave.title} does not take answers today. Please choose a day on which it is open."])
        if not asked_in(connection, plan, place, questionnaire):
            raise Refused([f"No child in {its_class.title} is asked this questionnaire. Please choose another."])
        if with_cards and not issued(connection, place.school_class_id):
            raise Refused([f"{its_class.title} has no cards yet. Please make and print them first."])
        return its_class.school_id


def questionnaires_for_pupils(engine: Engine, study_id: int, wave: str) -> list[str]:
    """Return the ids of the questionnaires pupils are asked in a wave, in the study file's order."""
    with read(engine) as connection:
        plan = plan_of(connection, study_id)
    works = plan.fieldwork if plan else []
    return list(dict.fromkeys(work.questionnaire for work in works if work.audience == PUPIL and wave in work.waves))


def session_by_id(engine: Engine, session_id: int) -> ClassSession | None:
    """Return the class session with this id; None when there is none."""
    with read(engine) as connection:
        return by_id(connection, session_id)


def by_id(connection: Connection, session_id: int) -> ClassSession | None:
    """Return the class session with this id; None when there is none."""
    row = connection.execute(_SESSIONS.where(class_session.c.id == session_id)).one_or_none()
    return ClassSession(**row._asdict()) if row else None


def open_sessions(engine: Engine, study_id: int, schools: set[int] | None, now: datetime) -> list[ClassSession]:
    """Return the class sessions of a study that have not ended, the newest first. schools: ids; None for all."""
    return _sessions(engine, study_id, schools, is_open(now))


def ended_sessions(engine: Engine, study_id: int, schools: set[int] | None, now: datetime) -> list[ClassSession]:
    """Return the newest class session of each class and questionnaire that has ended within RECENT, newest first.

    schools: ids; None for all.
    """
    over = or_(class_session.c.ended_at.is_not(None), class_session.c.ends_by <= now)
    found: dict[tuple[int, str, int], ClassSession] = {}
    for one in _sessions(engine, study_id, schools, [over, class_session.c.opened_at > now - RECENT]):
        found.setdefault((one.wave_id, one.questionnaire, one.school_class_id), one)
    return list(found.values())


def _sessions(engine: Engine, study_id: int, schools: set[int] | None, conditions: Iterable[Any]) -> list[ClassSession]:
    query = _SESSIONS.where(class_session.c.study_id == study_id, *conditions).order_by(class_session.c.id.desc())
    if schools is not None:
        query = query.where(School.id.in_(schools))
    with read(engine) as connection:
        return [ClassSession(**row._asdict()) for row in connection.execute(query)]


def is_open(now: datetime) -> Iterable[Any]:
    """Return the conditions on a class session that has not ended."""
    return class_session.c.ended_at.is_(None), class_session.c.ends_by > now


# ---- what a teacher does with it ---------------------------------------------------------------------------


def pause(engine: Engine, session_id: int, act: Act) -> None:
    """Let the children wait. What they choose on the page they are on is still saved."""
    with write(engine) as connection:
        running = class_session.c.paused_at.is_(None)
        _change(connection, session_id, act, "paused a class session", running, paused_at=act.now)


def go_on(engine: Engine, session_id: int, act: Act) -> None:
    """Let the children go on after a pause."""
    with write(engine) as connection:
        paused = class_session.c.paused_at.is_not(None)
        _change(connection, session_id, act, "continued a class session", paused, paused_at=None)


def change_code(engine: Engine, session_id: int, key: bytes, act: Act) -> None:
    """Give a class session a new code, and count wrong tries from nothing. Children who are in go on."""
    with write(engine) as connection:
        it = by_id(connection, session_id)
        code = _new_code(connection, key, with_cards=it is None or it.with_cards)
        _change(connection, session_id, act, "changed a class code", true(), code=code.code, code_hash=code.hash)


def answers_of_all_by(engine: Engine, session_id: int, mode: str | None, act: Act) -> None:
    """Keep how the children of a class session answer, of whom nothing else is said; it is in the data as `mode`.

    mode: None for each on a device, alone. It holds for children who start from now on.
    """
    with write(engine) as connection:
        there = class_session.c.id == session_id, *is_open(act.now)
        if connection.execute(update(class_session).where(*there).values(mode=mode)).rowcount == 1:
            _note(connection, session_id, act, "recorded how a class answers", {"mode": mode or "own device"})


def end(engine: Engine, session_id: int, act: Act) -> None:
    """End a class session for good: its code opens nothing, and no device in it answers any more."""
    with write(engine) as connection:
        gone = {"ended_at": act.now, "code": None, "code_hash": None}
        if not _change(connection, session_id, act, "ended a class session", true(), **gone):
            return
        by_card = select(sitting.c.door_id).where(sitting.c.class_session_id == session_id)
        for_all = select(class_session.c.door_id).where(class_session.c.id == session_id)
        doors = Door.id.in_(by_card) | Door.id.in_(for_all)
        connection.execute(update(Door).where(doors, Door.ended_at.is_(None)).values(ended_at=act.now))
        connection.execute(delete(let_in).where(let_in.c.class_session_id == session_id))
        there = sitting.c.class_session_id == session_id, sitting.c.closed_at.is_(None)
        connection.execute(update(sitting).where(*there).values(closed_at=act.now))


def _change(
    connection: Connection, session_id: int, act: Act, what: str, only_if: ColumnElement[bool], **values: Any
) -> bool:
    """Change a class session that has not ended, and write it down; False when there was nothing to change."""
    it = update(class_session).where(class_session.c.id == session_id, *is_open(act.now), only_if)
    changed = connection.execute(it.values(values)).rowcount == 1
    if changed:
        _note(connection, session_id, act, what, {})
    return changed


def _new_code(connection: Connection, key: bytes, *, with_cards: bool) -> NewCode:
    while True:
        code = unused_code(connection, CLASS_SYLLABLES if with_cards else LESSON_SYLLABLES, key)
        same = select(class_session.c.id).where(class_session.c.code_hash == code.hash)
        if connection.scalar(same) is None:
            return code


def _note(
    connection: Connection, session_id: int, act: Act, what: str, details: dict[str, int | str | bool | None]
) -> None:
    it = by_id(connection, session_id)
    assert it is not None
    note(connection, act, what, study_id=it.study_id, about=it.class_code, details={"wave": it.wave, **details})
