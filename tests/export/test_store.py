"""From the database to the file, on SQLite and on PostgreSQL: a published study, answers saved page by page."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from survey.database import Engine, open_engine, session, upgrade
from survey.definition.bundle import Bundle
from survey.export.sink import CannotExport
from survey.export.store import export
from survey.export.study import ExportChoice
from survey.fieldwork import (
    Membership,
    Participant,
    keep_programmes,
    keep_study,
    keep_waves,
    new_door,
    publish,
    publish_study,
)
from survey.fieldwork.doors import LeadsTo
from survey.responses import SavedPage, assent, begin, count, finish, save, stop
from tests.export.sample import NOW, ONE, csv_rows, csv_zip, later, rows, source, study
from tests.filled import keep_class, keep_school

KEY = b"a key for codes in tests"
FIRST, SECOND = Bundle.of(ONE, {}), Bundle.of(later(), {})


@dataclass(frozen=True)
class Field:
    study: int
    pupils_door: int
    open_door: int


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def field(engine: Engine) -> Field:
    """A study with two schools and one pupil, whose roster facts say more than may come out."""
    text = study_text()
    with session(engine) as db:
        kept = keep_study(db, "sample", title="A sample")
        programmes = keep_programmes(db, kept, [("north", "The north")])
        days = (date(2025, 9, 15), date(2026, 8, 31))
        waves = keep_waves(db, kept, [("w1", "Autumn", *days), ("w2", "Spring", *days)])
        hill = keep_school(db, kept, "0123", title="Hill School", arm="programme", programme=programmes["north"])
        dale = keep_school(db, kept, "0124", title="Dale School", arm="comparison")
        robins = keep_class(db, hill, "4r", title="Robins")
        facts = {"sex": "f", "fsm": "yes", "joined": "2024-09-02", "name": "Alice Underhill", "upn": "A123456789012"}
        pupil = Participant(study_id=kept.id, code="P001", audience="pupil", facts=facts)
        db.add(pupil)
        db.flush()
        place = {"school_id": hill.id, "school_class_id": robins.id, "facts": {"year": 4}}
        db.add(Membership(participant_id=pupil.id, wave_id=waves["w1"].id, **place))
        publish_study(db, "sample", text)
        publish(db, "sample", "pupil", 1, FIRST.text, NOW)
        publish(db, "sample", "pupil", 2, SECOND.text, NOW)
        pupils = new_door(db, wave=waves["w1"], questionnaire="pupil", key=KEY, to=LeadsTo(participant=pupil))
        others = new_door(db, wave=waves["w2"], questionnaire="pupil", key=KEY, to=LeadsTo(school=dale))
        return Field(kept.id, pupils.door.id, others.door.id)


def study_text() -> str:
    """Return the sample's study.yaml. JSON is YAML."""
    return json.dumps(study().model_dump(by_alias=True, mode="json", exclude_none=True, exclude_unset=True), indent=1)


def answer(engine: Engine, field: Field) -> list[str]:
    """A pupil finishes; of three who come by the open door one stops, one declines, one has just begun."""
    pupil = begin(engine, field.pupils_door, "en", FIRST.sha256, NOW)
    page = {"sing": 3, "dance": 1, "plays": 1, "instrument": 8, "instrument.other": "=harp"}
    save(engine, pupil.response, SavedPage(1, 1, "first", page, now=NOW, ms=2500))
    rest = {"places": [1, 2], "hours": 2.5, "since": "2024-02-29", "best": "\x0b half \ud83d"}
    save(engine, pupil.response, SavedPage(1, 2, "second", rest, now=NOW))
    assent(engine, pupil.response, True, NOW)
    finish(engine, pupil.response, 1, 3, NOW + timedelta(minutes=4))
    others = [begin(engine, field.open_door, "en", SECOND.sha256, NOW).response for _ in range(3)]
    save(engine, others[0], SavedPage(1, 1, "sing", {"sing": {"missing": "dont_know"}, "plays": 0}, now=NOW))
    stop(engine, others[0], True, NOW)
    assent(engine, others[1], False, NOW)
    return [pupil.response, *others]


def exported(engine: Engine, **options: Any) -> openpyxl.Workbook:
    out = io.BytesIO()
    export("sample", engine, "xlsx", out, NOW, ExportChoice(**options))
    out.seek(0)
    return openpyxl.load_workbook(out)


def test_what_was_answered_is_what_stands_in_the_file(engine: Engine, field: Field) -> None:
    pupil, stopped, declined, begun = answer(engine, field)
    book = exported(engine)
    found = {row["response"]: row for row in rows(book, "Codes · pupil")}
    assert set(found) == {pupil, stopped, declined, begun}
    row = found[pupil]
    assert [row[name] for name in ("participant", "wave", "arm", "programme", "school", "class")] == [
        "P001", "w1", "programme", "north", "0123", "4r",
    ]  # fmt: skip
    assert [row[name] for name in ("year_group", "roster_sex", "roster_fsm", "version", "state", "seconds")] == [
        4, "f", 1, 1, "finished", 240,
    ]  # fmt: skip
    assert [row[name] for name in ("sing", "instrument_other", "places_2", "hours", "best", "drums")] == [
        3, "=harp", 1, 2.5, "\ufffd half \ufffd", -4,
    ]  # fmt: skip
    assert [found[stopped][name] for name in ("sing", "instrument", "drums", "best", "dance")] == [-8, -6, -5, -5, -4]
    assert [found[declined][name] for name in ("state", "sing")] == ["declined", -5]
    assert [found[begun][name] for name in ("state", "version", "finished", "sing")] == ["started", 2, None, -5]
    scores = {row["response"]: row["joy"] for row in rows(book, "Scores · pupil")}
    assert (scores[pupil], scores[stopped]) == (3, None)


def test_counts_in_the_file_are_those_of_the_database(engine: Engine, field: Field) -> None:
    answer(engine, field)
    book = exported(engine)
    assert sum(row["responses"] for row in rows(book, "Counts")) == count(engine, field.study, "pupil") == 4
    assert len(rows(book, "Labels · pupil")) == 4


def test_waves_can_be_chosen(engine: Engine, field: Field) -> None:
    answer(engine, field)
    assert [row["wave"] for row in rows(exported(engine, waves=["w1"]), "Codes · pupil")] == ["w1"]


def test_no_name_of_a_person_no_upn_and_no_class_title_comes_out(engine: Engine, field: Field) -> None:
    answer(engine, field)
    for sheet in exported(engine):
        for line in sheet.iter_rows(values_only=True):
            said = " ".join(str(cell) for cell in line)
            assert not any(secret in said for secret in ("Alice", "Underhill", "A123456789012", "Robins"))


def test_a_schools_title_stands_beside_its_code(engine: Engine, field: Field) -> None:
    """It is the school's title now; whoever answered by no one's link has neither."""
    answer(engine, field)
    book = exported(engine)
    for sheet in ("Codes · pupil", "Labels · pupil", "Scores · pupil"):
        found = rows(book, sheet)
        names = list(found[0])
        assert names[names.index("school") + 1] == "school_title"
        assert {(row["school"], row["school_title"]) for row in found} == {
            ("0123", "Hill School"),
            ("0124", "Dale School"),
        }


def test_the_order_and_the_bytes_are_the_same_each_time(engine: Engine, field: Field) -> None:
    answer(engine, field)
    files = []
    for _ in range(2):
        out = io.BytesIO()
        export("sample", engine, "csv", out, NOW)
        files.append(out.getvalue())
    assert files[0] == files[1]


def test_a_study_that_is_not_there_or_not_published_is_named(engine: Engine) -> None:
    with pytest.raises(CannotExport, match="There is no study 'nowhere'"):
        export("nowhere", engine, "xlsx", io.BytesIO(), NOW)
    with session(engine) as db:
        keep_study(db, "draft", title="A draft")
    with pytest.raises(CannotExport, match="has been published yet"):
        export("draft", engine, "xlsx", io.BytesIO(), NOW)


def test_an_empty_study_gives_files_that_say_so(engine: Engine, field: Field) -> None:
    book = exported(engine)
    assert dict(book["Read me"].iter_rows(values_only=True))["Responses to pupil"] == 0
    assert csv_rows(csv_zip(source()), "csv/counts.csv") == []
