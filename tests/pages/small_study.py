"""A study small enough to count by hand: two questionnaires, four schools, two waves, seventeen responses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from survey.database import Engine, session
from survey.fieldwork import current, keep_programmes, study_by_code
from survey.fieldwork.publishing import publish_folder
from survey.responses import PastResponse, PastSave
from tests.filled import add_responses, keep_school
from tests.templates import laid_out

STUDY = """
study: small-notes
title: Small notes
arms:
  - {arm: programme, title: Programme schools}
  - {arm: comparison, title: Comparison schools}
programmes:
  - {programme: north, title: Northmouth}
  - {programme: south, title: Southwick}
waves:
  - {wave: w1, title: Autumn 2025, opens: 2025-09-22, closes: 2025-12-19}
  - {wave: w2, title: From 2026 on, opens: 2026-01-05, closes: 2099-12-31}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
fieldwork:
  - {questionnaire: pupil, audience: pupil, waves: [w1, w2]}
  - {questionnaire: parent, audience: parent, waves: [w2]}
retention: {delete_on: 2100-08-31}
access: {tables: [researcher, coordinator], microdata: [researcher]}
"""

PUPIL = """
questionnaire: pupil
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: en
thanks: Thank you.
assent:
  ask: Do you want to tell us about music?
  lines:
    - {text: There are no wrong answers.}
  yes: Yes, I will
  no: No, thank you
  declined: That is fine.
options:
  enjoy5:
    - {code: 1, label: Not at all, face: enjoy-1}
    - {code: 2, label: A little, face: enjoy-2}
    - {code: 3, label: Quite a bit, face: enjoy-3}
    - {code: 4, label: A lot, face: enjoy-4}
    - {code: 5, label: A great deal, face: enjoy-5}
pages:
  - page: music
    questions:
      - {question: sing_enjoy, kind: faces, ask: How much do you like singing with your class?, options: enjoy5}
      - {question: play_enjoy, kind: faces, ask: How much do you like playing music?, options: enjoy5}
scales:
  - scale: enjoyment
    title: Enjoyment of music
    items: [sing_enjoy, play_enjoy]
    score: mean
    direction: Higher means more enjoyment
    source: Chorus, own wording
"""

PARENT = """
questionnaire: parent
version: 3
title: Your child and music
audience: parent
reader: {age: 16}
languages: en
introduction: We ask you about the concert.
data_use: Your answers are kept with the study.
contact: Write to the study team.
thanks: Thank you.
pages:
  - page: concert
    title: The concert
    questions:
      - {question: came, kind: yes_no, ask: Did you come to the concert?}
"""

SCHOOLS = {
    "s1": ("Ash Primary", "programme", "north"),
    "s2": ("Birch Primary", "programme", "south"),
    "s3": ("Cedar Primary", "comparison", "north"),
    "s4": ("Dogwood Primary", "comparison", None),
}

# questionnaire, wave, school: how many of each state
ANSWERED: dict[tuple[str, str, str | None], dict[str, int]] = {
    ("pupil", "w1", "s1"): {"finished": 3, "started": 1, "declined": 1},
    ("pupil", "w1", "s2"): {"finished": 2, "stopped": 1},
    ("pupil", "w1", "s3"): {"finished": 1},
    ("pupil", "w2", "s1"): {"finished": 4, "withdrawn": 1},
    ("parent", "w2", "s1"): {"finished": 1},
    ("parent", "w2", None): {"finished": 1, "started": 1},
}


@laid_out
def make_study(engine: Engine, folder: Path) -> None:
    """Publish the study from files in `folder` and add its responses. The database has its tables already."""
    for name, text in (("study", STUDY), ("pupil", PUPIL), ("parent", PARENT)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    publish_folder(engine, folder, datetime(2025, 9, 1, 9, tzinfo=UTC))
    with session(engine) as opened:
        study = study_by_code(opened, "small-notes")
        assert study is not None
        programmes = keep_programmes(opened, study, [])
        schools = {
            code: keep_school(opened, study, code, title=title, arm=arm, programme=programmes.get(area or "")).id
            for code, (title, arm, area) in SCHOOLS.items()
        }
        waves = {wave.code: wave.id for wave in study.waves}
        study_id = study.id
    shas = current(engine, study_id)
    begun = datetime(2025, 10, 6, 10, tzinfo=UTC)
    add_responses(
        engine,
        [
            PastResponse(
                study_id=study_id,
                wave_id=waves[wave],
                questionnaire=questionnaire,
                sha256=shas[questionnaire],
                started_at=begun,
                state=state,
                assent=state != "declined",
                ended_at=begun if state == "finished" else None,
                school_id=schools[school] if school else None,
                saves=_saves(questionnaire, begun) if state == "finished" else (),
            )
            for (questionnaire, wave, school), states in ANSWERED.items()
            for state, number in states.items()
            for _ in range(number)
        ],
    )


def _saves(questionnaire: str, at: datetime) -> list[PastSave]:
    if questionnaire == "parent":
        return [PastSave("concert", {"came": 1}, at)]
    return [PastSave("sing_enjoy", {"sing_enjoy": 4}, at), PastSave("play_enjoy", {"play_enjoy": 5}, at)]
