"""A study in which every outcome happens, made with the program's own commands wherever there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from survey.audit import PROGRAM, Act
from survey.database import Engine, session, write
from survey.fieldwork import Membership, Participant, current, keep_programmes, study_by_code
from survey.fieldwork.consent import Decision, decide
from survey.fieldwork.publishing import publish_folder
from survey.progress import GivenReason, Outcome, give
from survey.responses import PastResponse, PastSave
from survey.responses.tables import response
from tests.filled import add_responses, keep_class, keep_school
from tests.pages.small_study import PARENT, PUPIL, STUDY
from tests.templates import laid_out

CODE = "small-notes"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGUN = datetime(2026, 11, 3, 10, tzinfo=UTC)

CONSENT = """
consent:
  - audience: pupil
    decided_by: parent
    basis: opt_in
    sheet: {version: 1, title: About the study, text: We ask children about music.}
"""


@dataclass(frozen=True)
class Pupil:
    """Where someone is, and what becomes of them in the open wave."""

    code: str
    school: str
    school_class: str
    outcome: Outcome


# Three pupils of each outcome at Ash Primary, one at Birch, in two classes; Cedar has only some that have not started.
PUPILS = [
    *(
        Pupil(f"a{at:02d}{n}", "s1", "4a" if n < 2 else "4b", outcome)
        for at, outcome in enumerate(Outcome)
        if outcome is not Outcome.NO_PART
        for n in range(3)
    ),
    *(Pupil(f"b{at:02d}", "s2", "4x", outcome) for at, outcome in enumerate(Outcome) if outcome is not Outcome.NO_PART),
    *(Pupil(f"c0{n}", "s3", "4y", Outcome.NOT_STARTED) for n in range(4)),
]
SCHOOLS: Mapping[str, tuple[str, str | None, str | None]] = {
    "s1": ("Ash Primary", "programme", "north"),
    "s2": ("Birch Primary", "programme", "south"),
    "s3": ("Cedar Primary", "comparison", "north"),
    "sec": ("Downs Secondary", None, None),
}
_STATES = {
    Outcome.FINISHED: "finished",
    Outcome.STOPPED: "stopped",
    Outcome.UNDER_WAY: "started",
    Outcome.SAID_NO: "declined",
    Outcome.WITHDRAWN: "withdrawn",
}
_REASONS = {Outcome.ABSENT: "absent", Outcome.EXCUSED: "excused", Outcome.OTHER: "other"}


@laid_out
def make(engine: Engine, folder: Path) -> int:
    """Publish the study and let everything happen; return its id. Wave w1 is over, w2 is open at NOW, w3 is to come."""
    text = STUDY.replace(
        "{wave: w2, title: From 2026 on, opens: 2026-01-05, closes: 2099-12-31}",
        "{wave: w2, title: Autumn 2026, opens: 2026-11-02, closes: 2026-12-18}\n"
        "  - {wave: w3, title: Autumn 2027, opens: 2027-11-01, closes: 2027-12-17}",
    ).replace("audience: pupil, waves: [w1, w2]", "audience: pupil, years: [4, 5], waves: [w1, w2, w3]")
    folder.mkdir(exist_ok=True)
    for name, words in (("study", text + CONSENT), ("pupil", PUPIL), ("parent", PARENT)):
        (folder / f"{name}.yaml").write_text(words, encoding="utf-8")
    publish_folder(engine, folder, datetime(2025, 9, 1, 9, tzinfo=UTC))
    study_id = _people(engine)
    _decisions(engine, study_id)
    _responses(engine, study_id)
    given = [GivenReason(one.code, "", _REASONS[one.outcome]) for one in PUPILS if one.outcome in _REASONS]
    # What the school says besides does not change what someone did, or who said no before.
    given += [
        GivenReason(one.code, "pupil", "absent") for one in PUPILS if one.outcome in (Outcome.FINISHED, Outcome.REFUSED)
    ]
    give(engine, study_id, "w2", given, Act(PROGRAM, NOW))
    return study_id


def _people(engine: Engine) -> int:
    with session(engine) as db:
        study = study_by_code(db, CODE)
        assert study is not None
        programmes = keep_programmes(db, study, [])
        waves = {wave.code: wave for wave in study.waves}
        schools = {
            code: keep_school(db, study, code, title=title, arm=arm, programme=programmes.get(area or ""))
            for code, (title, arm, area) in SCHOOLS.items()
        }
        for pupil in PUPILS:
            person = Participant(study=study, code=pupil.code, audience="pupil", facts={})
            school = schools[pupil.school]
            room = keep_class(db, school, pupil.school_class, title=f"Class {pupil.school_class}")
            # In the wave before they were in year 3, which is asked nothing.
            person.memberships.append(Membership(wave=waves["w1"], school=school, facts={"year": 3}))
            gone = NOW - timedelta(days=3) if pupil.outcome in (Outcome.LEFT, Outcome.MOVED) else None
            person.memberships.append(
                Membership(
                    wave=waves["w2"],
                    school=school,
                    school_class=room,
                    facts={"year": 4},
                    left_at=gone,
                    left_why="roster" if gone else None,
                )
            )
            if pupil.outcome is Outcome.MOVED:
                person.memberships.append(Membership(wave=waves["w3"], school=schools["sec"], facts={"year": 5}))
            db.add(person)
        for n in range(3):
            old = Participant(study=study, code=f"o{n}", audience="pupil", facts={"year": 4})
            old.memberships.append(Membership(wave=waves["w1"], school=schools["s1"]))
            db.add(old)
        # Asked nothing, in no table: a member of staff, and a pupil of year 6.
        for code, audience, year in (("t1", "staff", None), ("y6", "pupil", 6)):
            nobody = Participant(study=study, code=code, audience=audience, facts={"year": year})
            nobody.memberships.append(Membership(wave=waves["w2"], school=schools["s1"]))
            db.add(nobody)
        db.flush()
        return study.id


def _decisions(engine: Engine, study_id: int) -> None:
    """Every parent says yes, but those who say no, and those who have not said anything yet."""
    with session(engine) as db:
        study = study_by_code(db, CODE)
        assert study is not None
        ids = {person.code: person.id for person in db.query(Participant).filter_by(study_id=study_id)}
        says = {pupil.code: "no" if pupil.outcome is Outcome.REFUSED else "yes" for pupil in PUPILS}
        silent = {pupil.code for pupil in PUPILS if pupil.outcome is Outcome.NOT_AGREED}
        for code, person in ids.items():
            if code not in silent:
                what = Decision("no" if says.get(code) == "no" else "yes", "parent", date(2025, 9, 3))
                decide(db.connection(), study, person, what, PROGRAM, NOW)


def _responses(engine: Engine, study_id: int) -> None:
    sha256 = current(engine, study_id)
    with session(engine) as db:
        study = study_by_code(db, CODE)
        assert study is not None
        waves = {wave.code: wave.id for wave in study.waves}
        schools = {school.code: school.id for school in study.schools}
        ids = {person.code: person.id for person in db.query(Participant).filter_by(study_id=study_id)}

    def one(state: str, day: int = 0, **more: Any) -> PastResponse:
        at = BEGUN + timedelta(days=day)
        over = state in ("declined", "withdrawn")
        saves = () if over else (PastSave("sing_enjoy", {"sing_enjoy": 4}, at),)
        ended = at if state == "finished" else None
        questionnaire = more.pop("questionnaire", "pupil")
        return PastResponse(
            study_id=study_id,
            wave_id=waves["w2"],
            questionnaire=questionnaire,
            sha256=sha256[questionnaire],
            started_at=at,
            saves=saves if questionnaire == "pupil" else (),
            state=state,
            assent=state != "declined",
            ended_at=ended,
            **more,
        )

    began = [
        one(_STATES[pupil.outcome], at % 3, participant_id=ids[pupil.code], school_id=schools[pupil.school])
        for at, pupil in enumerate(PUPILS)
        if pupil.outcome in _STATES
    ]
    # Begun before the parent said no; and someone who is asked nothing, but answered while they were in year 5.
    refused = next(pupil for pupil in PUPILS if pupil.outcome is Outcome.REFUSED)
    began.append(one("started", participant_id=ids[refused.code], school_id=schools["s1"]))
    began.append(one("finished", participant_id=ids["y6"], school_id=schools["s1"]))
    # Parents by an open link: at one school, and at none.
    began += [
        one(state, questionnaire="parent", school_id=school)
        for state, school in (
            ("finished", schools["s1"]),
            ("finished", schools["s1"]),
            ("started", schools["s1"]),
            ("declined", schools["s2"]),
            ("finished", None),
        )
    ]
    add_responses(engine, began)
    with write(engine) as connection:
        assert connection.execute(select(func.count()).select_from(response)).scalar() == len(began)
