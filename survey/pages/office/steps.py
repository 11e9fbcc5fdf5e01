"""What is to be done next in a study, before a wave and during it: each step with the page on which it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from survey.classroom.cards import count_cards
from survey.database import Session, session
from survey.fieldwork import Door, Participant, School, Study, Wave, published
from survey.fieldwork.consent import issues_of
from survey.fieldwork.unasked import said_of, unasked_in
from survey.pages.office.access import Seen, may, my_schools, sees_tables
from survey.pages.office.sections import sections
from survey.pages.store import store
from survey.people import LEAD
from survey.problems import amount, listed
from survey.progress import TO_REMIND, Progress
from survey.responses.keyings import papers


@dataclass(frozen=True)
class NextStep:
    """One thing to do. address: where; None when it is no one's to do. more: how far it is, in words.

    action: what the button that leads there says, verb and object; empty where there is nothing to do but wait.
    """

    title: str
    done: bool
    address: str | None
    more: str
    action: str = ""


def before_wave(study: Seen, now: datetime) -> list[NextStep]:
    """Return the steps to a study's next wave for someone who leads it; none for others, or when all are done."""
    if not may(study, (LEAD,)):
        return []
    here = pages_of(study)
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


def during_wave(study: Seen, wave: Progress, *, is_open: bool) -> list[NextStep]:
    """Return what there is to do while a wave is open, or after the last one, for the person who is here."""
    here = pages_of(study)
    left = [one for one in wave.lines if one.outcome in TO_REMIND] if is_open else []
    found = []
    if my_schools(study) is not None and any(one.audience == "pupil" for one in left):
        found.append(
            NextStep("Some pupils have not answered yet", False, here["classroom"], "", "Start a class session")
        )
    if left:
        reminders = f"{here['progress']}#reminders"
        said = f"{amount(len(left), 'questionnaire')} can still be answered"
        found.append(NextStep(said, False, reminders, "", "Get reminder list"))
    if "paper" in here:
        found += _differences(study, here["paper"])
    if not is_open and not found and "found" in here and sees_tables(study):
        found.append(NextStep("All waves so far are over", False, here["found"], "", "See what we found"))
    return found


def pages_of(study: Seen) -> dict[str, str]:
    """Return the addresses of the sections that the person who is here may open, by their names."""
    return {one.name: url_for(one.endpoint, code=study.code) for _, found in sections(study) for one in found}


def _differences(study: Seen, address: str) -> list[NextStep]:
    differ = sum(one.state == "to resolve" for one in papers(store().engine, study.id))
    if not differ:
        return []
    said = f"{amount(differ, 'printed form')} {'differs' if differ == 1 else 'differ'} between two entries"
    return [NextStep(said, False, address, "", "Resolve differences")]


def _questionnaires(study_id: int) -> NextStep:
    names = {one.questionnaire for one in published(store().engine, study_id)}
    return NextStep(
        "Questionnaires published",
        bool(names),
        url_for("office.new_study"),
        amount(len(names), "questionnaire"),
        "Publish questionnaires",
    )


def _roster(db: Session, study_id: int, here: dict[str, str]) -> NextStep:
    schools = db.query(School).filter_by(study_id=study_id).count()
    people = db.query(Participant).filter_by(study_id=study_id).count()
    more = f"{amount(schools, 'school')}, {amount(people, 'participant')}"
    return NextStep("Schools and roster", schools > 0 and people > 0, here.get("roster"), more, "Import roster")


def _unasked(db: Session, study: Seen, wave: Wave, here: dict[str, str]) -> list[NextStep]:
    """Return a step when someone is asked nothing: to be done where a year group is missing, said where it is not."""
    people = list(unasked_in(db, study.plan, study.id, wave=wave.code))
    done = all(one.why != "no year" for one in people)
    return (
        [
            NextStep(
                f"People asked in {wave.title}", done, here.get("roster"), " ".join(said_of(people)), "Correct roster"
            )
        ]
        if people
        else []
    )


def _sheets(db: Session, study_id: int, audiences: list[str], here: dict[str, str]) -> NextStep:
    sent = {issue.audience for issue in issues_of(db, study_id)}
    missing = [audience for audience in audiences if audience not in sent]
    more = f"not yet for {' and '.join(missing)}" if missing else "sent"
    return NextStep("Information sheets sent out", not missing, here.get("consent"), more, "Record information sheets")


def _links(db: Session, wave: Wave, cards: int, here: dict[str, str]) -> NextStep:
    working = db.query(Door).filter_by(wave_id=wave.id, ended_at=None)
    everyone = working.count()
    personal = working.filter(Door.participant_id.is_not(None)).count()
    counts = [(everyone - personal, "open link"), (personal, "personal link"), (cards, "card")]
    more = listed([amount(number, what) for number, what in counts if number]) or "none yet"
    return NextStep("Links or cards", everyone + cards > 0, here.get("links"), f"{more} for {wave.title}", "Make links")


def _wave(wave: Wave, now: datetime, here: dict[str, str]) -> NextStep:
    opens, _ = wave.hours()
    title = f"{wave.title} opens"
    if opens is None or now >= opens:
        return NextStep(title, True, here.get("progress"), "open now")
    return NextStep(title, False, here.get("progress"), f"on {opens.day} {opens:%B %Y}")
