"""What is still to be done before a study's next wave: each step with the page on which it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import url_for

from survey.classroom.cards import count_cards
from survey.database import Session, session
from survey.fieldwork import Door, Participant, School, Study, Wave, published
from survey.fieldwork.consent import issues_of
from survey.fieldwork.unasked import said_of, unasked_in
from survey.pages.office.access import Seen, may, seen
from survey.pages.office.blueprint import office
from survey.pages.office.sections import sections
from survey.pages.store import store
from survey.people import LEAD
from survey.problems import amount, listed


@dataclass(frozen=True)
class NextStep:
    """One thing to do. address: where; None when it is no one's to do. more: how far it is, in words."""

    title: str
    done: bool
    address: str | None
    more: str


def steps(code: str) -> list[NextStep]:
    """Return the steps to a study's next wave for someone who leads it; none for others, or when all are done."""
    study = seen(code)
    if study is None or not may(study, (LEAD,)):
        return []
    now = datetime.now(UTC)
    here = {one.name: url_for(one.endpoint, code=code) for _, found in sections(study) for one in found}
    with session(store().engine) as db:
        row = db.get(Study, study.id)
        assert row is not None
        wave = next((one for one in row.waves if (over := one.hours()[1]) is None or now < over), None)
        if wave is None:
            return []
        found = [
            _questionnaires(study.id),
            _roster(db, study.id, here),
            *_unasked(db, study, wave, here),
            *(
                [_sheets(db, study.id, [one.audience for one in study.plan.consent], here)]
                if study.plan.consent
                else []
            ),
            _links(db, wave, count_cards(store().engine, study.id), here),
            _wave(wave, now, here),
        ]
    return [] if all(step.done for step in found) else found


def _questionnaires(study_id: int) -> NextStep:
    names = {one.questionnaire for one in published(store().engine, study_id)}
    return NextStep(
        "Questionnaires published", bool(names), url_for("office.new_study"), amount(len(names), "questionnaire")
    )


def _roster(db: Session, study_id: int, here: dict[str, str]) -> NextStep:
    schools = db.query(School).filter_by(study_id=study_id).count()
    people = db.query(Participant).filter_by(study_id=study_id).count()
    more = f"{amount(schools, 'school')}, {amount(people, 'participant')}"
    return NextStep("Schools and roster", schools > 0 and people > 0, here.get("roster"), more)


def _unasked(db: Session, study: Seen, wave: Wave, here: dict[str, str]) -> list[NextStep]:
    """Return a step when someone is asked nothing: to be done where a year group is missing, said where it is not."""
    people = list(unasked_in(db, study.plan, study.id, wave=wave.code))
    done = all(one.why != "no year" for one in people)
    return (
        [NextStep(f"People asked in {wave.title}", done, here.get("progress"), " ".join(said_of(people)))]
        if people
        else []
    )


def _sheets(db: Session, study_id: int, audiences: list[str], here: dict[str, str]) -> NextStep:
    sent = {issue.audience for issue in issues_of(db, study_id)}
    missing = [audience for audience in audiences if audience not in sent]
    more = f"not yet for {' and '.join(missing)}" if missing else "sent"
    return NextStep("Information sheets sent out", not missing, here.get("consent"), more)


def _links(db: Session, wave: Wave, cards: int, here: dict[str, str]) -> NextStep:
    working = db.query(Door).filter_by(wave_id=wave.id, ended_at=None)
    everyone = working.count()
    personal = working.filter(Door.participant_id.is_not(None)).count()
    counts = [(everyone - personal, "open link"), (personal, "personal link"), (cards, "card")]
    more = listed([amount(number, what) for number, what in counts if number]) or "none yet"
    return NextStep("Links or cards", everyone + cards > 0, here.get("links"), f"{more} for {wave.title}")


def _wave(wave: Wave, now: datetime, here: dict[str, str]) -> NextStep:
    opens, _ = wave.hours()
    title = f"{wave.title} opens"
    if opens is None or now >= opens:
        return NextStep(title, True, here.get("progress"), "open now")
    return NextStep(title, False, here.get("progress"), f"on {opens.day} {opens:%B %Y}")


@office.context_processor
def _for_every_page() -> dict[str, Any]:
    return {"steps": steps}
