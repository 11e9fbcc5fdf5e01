"""Pupils whose year group no questionnaire asks: said before the import and after it, in progress and on the checklist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from survey.admission import add_user
from survey.app import create_app
from survey.database import upgrade, write
from survey.fieldwork import Wave
from survey.progress import progress
from tests.pages.strict import StrictClient, look_at, strict_client
from tests.pages.test_account import OWN, choose, sign_in
from tests.rosters.at_the_prompt import survey
from tests.rosters.small_field import BY_YEAR, NOW, SCHOOLS, Desk, publish, settings_in
from tests.rosters.test_office import confirm, send

# What these ask of the database, the other tests of the roster ask of both engines.
pytestmark = pytest.mark.one_engine

STUDY_PAGE = "/office/studies/small-notes"
LIST = """participant,audience,school,class,year
p1,pupil,s1,4a,4
p2,pupil,s1,4a,
p3,pupil,s1,4a,
p4,pupil,s1,rr,0
p5,pupil,s2,6b,6
t1,staff,s1,,
"""
SAID = [
    "2 pupils have no year group, so they will not be asked anything. If they should be asked, add their year group to the roster and import it again.",
    (
        "2 pupils are in year groups 0 and 6, which no questionnaire of this wave asks, so they will not be asked "
        "anything."
    ),
    "1 member of staff will not be asked anything: no questionnaire of this wave is for staff.",
]


def in_wave(said: list[str]) -> list[str]:
    return [f"Autumn 2025: {sentence}" for sentence in said]


@pytest.fixture
def by_year(empty_desk: Desk, tmp_path: Path) -> Desk:
    publish(empty_desk.engine, tmp_path / "study", study=BY_YEAR)
    empty_desk.take(SCHOOLS, None)
    return empty_desk


def progress_says(desk: Desk, **only: str) -> list[str]:
    return progress(desk.engine, 1, NOW).only(**only).unasked_said  # type: ignore[arg-type]


def test_the_preview_says_who_will_not_be_asked_anything_and_why(by_year: Desk) -> None:
    preview = by_year.look(LIST)
    assert preview.unasked_said == SAID
    assert [(one.code, *one.what) for one in preview.unasked] == [
        ("p2", "no year group"),
        ("p3", "no year group"),
        ("p4", "year group 0"),
        ("p5", "year group 6"),
        ("t1", "no questionnaire is for staff"),
    ]
    done = by_year.take(LIST)
    assert done.counts["unasked"] == 5
    assert by_year.look(LIST).unasked_said == SAID, "the same file says it again"


def test_of_year_groups_that_the_study_says_it_does_not_ask_the_reason_is_given(
    empty_desk: Desk, tmp_path: Path
) -> None:
    because = "not_asked: [{who: Children in Reception, years: [0], because: They are too young to say.}]\n"
    publish(empty_desk.engine, tmp_path / "study", because, BY_YEAR)
    empty_desk.take(SCHOOLS, None)
    assert empty_desk.look(LIST).unasked_said == [
        SAID[0],
        "1 pupil is in year group 0, which the study does not ask. They are too young to say.",
        "1 pupil is in year group 6, which no questionnaire of this wave asks, so they will not be asked anything.",
        SAID[2],
    ]
    empty_desk.take(LIST)
    assert progress_says(empty_desk)[1] == in_wave([empty_desk.look(LIST).unasked_said[1]])[0]


def test_a_list_without_year_groups_says_so_of_everyone(by_year: Desk) -> None:
    said = by_year.look("participant,school,class\np1,s1,4a\n").unasked_said
    assert said == [
        "1 pupil has no year group, so they will not be asked anything. If they should be asked, add their year group to the roster and import it again."
    ]


def test_a_year_group_that_is_in_the_study_already_counts(by_year: Desk) -> None:
    by_year.take(LIST)
    again = by_year.look("participant,school,class\np1,s1,4a\np2,s1,4a\np3,s1,4a\np4,s1,rr\n")
    assert [one.code for one in again.unasked] == ["p2", "p3", "p4"]


def test_progress_counts_the_same_people_until_they_have_a_year_group_or_have_left(by_year: Desk) -> None:
    by_year.take(LIST)
    assert progress_says(by_year) == in_wave(SAID)
    assert progress_says(by_year, wave="w2") == []
    assert progress_says(by_year, school_class="rr") == in_wave([
        "1 pupil is in year group 0, which no questionnaire of this wave asks, so they will not be asked anything."
    ])  # fmt: skip
    mended = LIST.replace("p2,pupil,s1,4a,", "p2,pupil,s1,4a,3").replace("p3,pupil,s1,4a,\n", "")
    by_year.take(mended.replace("t1,staff,s1,,\n", ""), yes=["left"])
    assert progress_says(by_year)[0].startswith("Autumn 2025: 2 pupils are in year groups 0 and 6")


def test_where_everyone_is_asked_nothing_is_said(desk: Desk) -> None:
    assert desk.look("participant,school,year\np1,s1,4\n").unasked_said == []


# ---- where a person meets it ------------------------------------------------------------------------------


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = create_app(settings_in(tmp_path))
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    publish(engine, tmp_path / "study", study=BY_YEAR)
    Desk(engine, settings_in(tmp_path)).take(SCHOOLS, None)
    today = datetime.now(UTC).date()
    with write(engine) as connection:
        days = {"opens": today - timedelta(days=5), "closes": today + timedelta(days=5)}
        connection.execute(update(Wave).where(Wave.code == "w1").values(**days))
    return app


@pytest.fixture
def lead(app: Flask, tmp_path: Path) -> StrictClient:
    client = strict_client(app)
    engine = app.extensions["chorus"].engine
    sign_in(client, add_user(engine, "lead@example.org", ["lead"], study="small-notes"),
            "lead@example.org")  # fmt: skip
    assert choose(client, OWN).status_code == 302
    return client


def said_on(client: StrictClient, address: str) -> str:
    main = next(look_at(client.get(address)).iter("main"))
    return " ".join(" ".join(main.itertext()).split())


def test_the_office_says_it_before_and_after_the_import_in_progress_and_on_the_checklist(lead: StrictClient) -> None:
    sent = send(lead, LIST)
    preview = said_on(lead, sent.location)
    assert all(sentence in preview for sentence in SAID)
    assert "Not asked anything in this wave: 5" in preview
    assert "5 people on this roster will not be asked anything in this wave" in said_on(
        lead, confirm(lead, sent.location).location
    )
    assert SAID[0] in said_on(lead, f"{STUDY_PAGE}/progress?wave=w1")
    checklist = said_on(lead, STUDY_PAGE)
    assert f"People asked in Autumn 2025 To do {SAID[0]}" in checklist
    confirm(lead, send(lead, LIST.replace(",4a,\n", ",4a,4\n")).location)
    checklist = said_on(lead, STUDY_PAGE)
    assert f"People asked in Autumn 2025 ✓ Done {SAID[1]}" in checklist


def test_the_commands_say_it(tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'chorus.sqlite'}")
    (tmp_path / "roster.csv").write_text(LIST)
    order = ("roster", "import", tmp_path / "roster.csv", "--study", "small-notes", "--wave", "w1")
    done = survey(*order)
    assert (done.exit_code, done.stderr.splitlines()) == (0, SAID)
    assert "On this roster, but not asked anything in this wave: 5\n  p2  no year group\n" in done.stdout
    shown = survey("progress", "small-notes", "--wave", "w1")
    assert shown.stdout.splitlines()[-3:] == in_wave(SAID)
