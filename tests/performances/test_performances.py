"""A performance has a link of its own, and the data say which one someone came to."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from survey.admission import add_user
from survey.app import create_app
from survey.audit import COMMAND_LINE, Act, LogFilter, entries
from survey.config import Settings
from survey.database import Engine, upgrade
from survey.export.store import export
from survey.fieldwork.links import OpenLinkOrder, open_link, open_links
from survey.fieldwork.performances import NewPerformance, add_performance, performances
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, Taken, import_answers
from survey.problems import Refused
from tests.pages.small_study import make_study
from tests.pages.strict import elements, strict_client
from tests.pages.test_account import OWN, choose, sign_in
from tests.pages.walker import Walker

NOW = datetime.now(UTC)
CONCERT = {"wave": "w2", "title": "Winter concert", "held_on": date(2026, 12, 10), "schools": ["s1"]}


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings(tmp_path, database_url, "s" * 40, "http://localhost"))
    engine: Engine = app.extensions["chorus"].engine
    upgrade(engine)
    make_study(engine, tmp_path)
    yield app
    engine.dispose()


@pytest.fixture
def engine(app: Flask) -> Engine:
    found: Engine = app.extensions["chorus"].engine
    return found


def add(engine: Engine, code: str = "winter", **other: object) -> None:
    new = NewPerformance(code, **{**CONCERT, **other})  # type: ignore[arg-type]
    add_performance(engine, "small-notes", new, Act(COMMAND_LINE, NOW))


def test_an_answer_by_its_link_carries_its_name_and_school_into_the_data(app: Flask, engine: Engine) -> None:
    add(engine)
    settings = app.extensions["chorus"].settings
    made = open_link(
        engine, settings, OpenLinkOrder("small-notes", "parent", "w2", None, "winter"), Act(COMMAND_LINE, NOW)
    )
    walker = Walker(app.test_client()).open(made.address.removeprefix("http://localhost"))
    walker.post({"start": "1"})
    out = io.BytesIO()
    export("small-notes", engine, "csv", out, NOW)
    with zipfile.ZipFile(out) as files:
        name = next(name for name in files.namelist() if name.endswith("parent-codes.csv") and "excel" not in name)
        rows = list(csv.DictReader(io.StringIO(files.read(name).decode("utf-8-sig"))))
    mine = [row for row in rows if row["performance"]]
    assert [(row["performance"], row["school"]) for row in mine] == [("winter", "s1")]
    assert open_links(engine, 1)[0].performance == "Winter concert"


def test_the_same_performance_twice_is_one(engine: Engine) -> None:
    add(engine)
    add(engine)
    assert [(one.code, one.school.code if one.school else None) for one in performances(engine, 1)] == [
        ("winter", "s1")
    ]
    assert [entry.what for entry in entries(engine)].count("added a performance") == 1


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"wave": "w9"}, "There is no wave 'w9'. There are 'w1' and 'w2'."),
        ({"schools": ["s11"]}, "There is no school 's11'. Did you mean"),
        ({"held_on": date(2024, 1, 5)}, "5 January 2024 is not a day of From 2026 on, so no one could answer."),
        ({"title": " "}, "The title must have 1 to 120 characters."),
        ({"title": "Winter\0"}, "characters that cannot be printed"),
        ({"title": "=1+1"}, "which spreadsheets read as a formula"),
        ({"title": "For H801200001001's class"}, "looks like a unique pupil number"),
        ({"title": "Ask zoe@example.org"}, "looks like an e-mail address"),
        ({"code": "h801200001001-20260305"}, "looks like a unique pupil number"),
        ({"code": "Winter concert"}, "The name can have small letters, digits and dashes"),
    ],
)
def test_what_cannot_be_says_why_and_adds_nothing(engine: Engine, other: dict[str, object], said: str) -> None:
    with pytest.raises(Refused) as refused:
        add(engine, **other)  # type: ignore[arg-type]
    assert said in str(refused.value)
    assert performances(engine, 1) == []


def test_a_performance_of_several_schools_keeps_which_these_are(engine: Engine) -> None:
    add(engine, schools=["s2", "s1", "s2"])
    add(engine, schools=["s1", "s2"])
    (made,) = performances(engine, 1)
    assert (made.school, [one.code for one in made.together]) == (None, ["s1", "s2"])
    with pytest.raises(Refused, match="There is already a performance 'winter'"):
        add(engine, schools=["s1", "s3"])
    (noted,) = [entry for entry in entries(engine) if entry.what == "added a performance"]
    assert noted.details["school"] == "s2, s1"


@pytest.mark.one_engine
def test_the_office_takes_which_schools_perform_together(app: Flask, engine: Engine) -> None:
    client, email = strict_client(app), "lead@example.org"
    sign_in(client, add_user(engine, email, ["lead"], study="small-notes"), email)
    assert choose(client, OWN).status_code == 302
    page = client.get("/office/studies/small-notes/links")
    named = {e.get("name"): e.get("value") for e in elements(page).iter("input")}
    assert "performance-together" in named
    sent = {
        "performance-csrf_token": named["performance-csrf_token"],
        "performance-title": "Songs together",
        "performance-held_on": "2026-12-10",
        "performance-wave": "w2",
        "performance-school": "",
    }
    address = "/office/studies/small-notes/links/performances"
    wrong = client.post(address, data={**sent, "performance-title": "", "performance-together": ["s3", "s1"]})
    assert wrong.status_code == 400
    ticked = [e.get("value") for e in elements(wrong).iter("input") if e.get("checked") is not None]
    assert ticked == ["s1", "s3"], "what was ticked is ticked still"
    assert client.post(address, data={**sent, "performance-together": ["s3", "s1"]}).status_code == 303
    (made,) = performances(engine, 1)
    assert [one.code for one in made.together] == ["s1", "s3"]
    another_day = client.post(address, data={**sent, "performance-held_on": "2020-12-10"})
    assert another_day.status_code == 400
    form = next(e for e in elements(another_day).iter("details") if e.get("class") == "more")
    assert form.get("open") is not None, "what is refused is in view, and can be changed there"


def test_a_name_stays_one_performances(engine: Engine) -> None:
    add(engine)
    with pytest.raises(Refused, match="There is already a performance 'winter': Winter concert"):
        add(engine, title="Another concert")


def test_a_link_is_for_a_performance_of_its_own_wave(app: Flask, engine: Engine) -> None:
    add(engine)
    settings = app.extensions["chorus"].settings
    with pytest.raises(Refused, match="is in w2, not in w1"):
        open_link(
            engine, settings, OpenLinkOrder("small-notes", "parent", "w1", None, "winter"), Act(COMMAND_LINE, NOW)
        )
    with pytest.raises(Refused, match=r"There is no performance 'wintr'\. Did you mean 'winter'"):
        open_link(engine, settings, OpenLinkOrder("small-notes", "parent", "w2", None, "wintr"), Act(COMMAND_LINE, NOW))


def test_answers_from_elsewhere_say_to_which_performance_they_belong(app: Flask, engine: Engine) -> None:
    add(engine)

    def taken(performance: str) -> Taken:
        content = f"school,performance,came\ns1,{performance},1\n".encode()
        return import_answers(
            engine, Destination("small-notes", "parent", "w2"), SentFile(content, "a.csv"), Act(COMMAND_LINE, NOW)
        )

    assert [problem.message for problem in taken("wintr").problems] == [
        "Wave 'w2' has no performance 'wintr'. Did you mean 'winter'?"
    ]
    assert taken("winter").added == 1
    with engine.connect() as connection:
        facts = connection.scalar(text("SELECT facts FROM response WHERE facts LIKE '%winter%'"))
    assert json.loads(facts or "{}")["performance"] == "Winter concert"


NAME = "The name can have small letters, digits and dashes, and begins with a letter. Please change it."
TITLE = "The title must have 1 to 120 characters. Please change it."
OTHER_DAY = "is not a day of From 2026 on, so no one could answer. Please choose another day or wave."


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"code": "Winter"}, [NAME]),
        ({"code": "9winter"}, [NAME]),
        ({"code": "w" * 33, "title": " "}, [NAME, TITLE]),
        ({"title": "x" * 121}, [TITLE]),
        ({"title": "Winter\0"}, ["The title has characters that cannot be printed. Please type it again."]),
        (
            {"title": "@home"},
            ["The title begins with @, which spreadsheets read as a formula. Please change it."],
        ),
        (
            {"title": "Ask zoe@example.org"},
            [
                "The title or name contains what looks like an e-mail address. Please delete it: such things stay in school.",
            ],
        ),
        ({"held_on": date(2026, 1, 4)}, [f"4 January 2026 {OTHER_DAY}"]),
        ({"held_on": date(2100, 1, 1)}, [f"1 January 2100 {OTHER_DAY}"]),
    ],
)
def test_each_fault_is_a_sentence_and_all_are_said(engine: Engine, other: dict[str, object], says: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        add(engine, **other)  # type: ignore[arg-type]
    assert refused.value.reasons == says


@pytest.mark.one_engine
def test_what_just_may_be_is_kept_by_day_and_name_with_who_added_it(engine: Engine) -> None:
    days = {"a": date(2099, 12, 31), "b-2": date(2026, 1, 5), "w" * 32: date(2026, 1, 5)}
    for code, day in days.items():
        add(engine, code, held_on=day, title=f" {'x' * 120} ", schools=[] if code == "a" else ["s2"])
    found = [(one.code, one.held_on, len(one.title), one.wave.code) for one in performances(engine, 1)]
    assert found == [(code, days[code], 120, "w2") for code in ("b-2", "w" * 32, "a")]
    assert [one.school and one.school.code for one in performances(engine, 1)] == ["s2", "s2", None]
    assert performances(engine, 2) == []
    lines = [(line.about, line.details) for line in entries(engine, LogFilter(what="added a performance"))]
    assert lines[1:] == [
        ("b-2", {"wave": "w2", "school": "s2", "day": "2026-01-05"}),
        ("a", {"wave": "w2", "school": None, "day": "2099-12-31"}),
    ]
    for other in ({"title": "Other"}, {"schools": ["s1"]}, {"held_on": date(2026, 1, 6)}):
        with pytest.raises(Refused) as refused:
            add(engine, "b-2", **{"held_on": days["b-2"], "title": "x" * 120, "schools": ["s2"]} | other)  # type: ignore[arg-type]
        assert refused.value.reasons == [
            f"There is already a performance 'b-2': {'x' * 120}. Please choose another name."
        ]
