"""Counts and rows for the export: they agree, and memory stays flat."""

from __future__ import annotations

import json
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest

from survey import database
from survey.database import Engine, read
from survey.responses import (
    PastResponse,
    PastSave,
    SavedPage,
    Ticket,
    assent,
    begin,
    count,
    finish,
    load,
    reading,
    save,
    stop,
    stream,
)
from survey.responses.tables import save as log
from tests.filled import add_responses
from tests.store.field import NOW, SHA, Field


def past(field: Field, **others: object) -> PastResponse:
    wave = {"study_id": field.study.id, "wave_id": field.autumn.id, "questionnaire": "pupil", "sha256": SHA}
    return PastResponse(**(wave | {"started_at": NOW, "school_id": field.north_school.id} | others))  # type: ignore[arg-type]


def test_the_count_is_of_every_response_in_whatever_state(engine: Engine, field: Field, ticket: Ticket) -> None:
    finish(engine, ticket.response, 1, 1, NOW)
    parents = [begin(engine, field.open_door, "en", SHA, NOW).response for _ in range(4)]
    stop(engine, parents[0], True, NOW)
    stop(engine, parents[1], False, NOW)
    assent(engine, parents[2], False, NOW)
    add_responses(engine, [past(field, school_id=None, wave_id=field.summer.id)])
    assert count(engine, field.study.id, "pupil") == 6
    assert count(engine, field.study.id, "pupil", ("w1",)) == 5
    assert count(engine, field.study.id + 1, "pupil") == 0


def test_a_row_says_where_it_belongs(engine: Engine, field: Field, ticket: Ticket) -> None:
    save(engine, ticket.response, SavedPage(1, 1, "singing", {"sing": 4}, now=NOW, ms=70, listened=2))
    assent(engine, ticket.response, True, NOW)
    [record] = stream(engine, field.study.id, "pupil")
    assert (record.id, record.participant, record.audience) == (ticket.response, "P001", "pupil")
    assert (record.wave, record.arm, record.programme) == ("w1", "programme", "north")
    assert (record.school, record.school_class) == ("s01", "4r")
    assert (record.sha256, record.language, record.mode, record.seed) == (SHA, "en", "own device", ticket.seed)
    assert (record.state, record.assent, record.started_at, record.finished_at) == ("started", True, NOW, None)
    assert (record.answers, record.screens, record.facts["year"]) == ({"sing": 4}, {"singing": 70}, 4)
    assert record.listened == {"singing": 2}


def test_rows_can_be_chosen_by_wave(engine: Engine, field: Field, ticket: Ticket) -> None:
    add_responses(engine, [past(field, wave_id=field.summer.id)] * 3)
    for waves, number in ((None, 4), (("w1",), 1), (("w2",), 3), (("w1", "w2"), 4), ((), 0)):
        assert count(engine, field.study.id, "pupil", waves) == number
        assert len(list(stream(engine, field.study.id, "pupil", waves))) == number


def test_a_bulk_of_responses_is_as_if_the_pages_had_made_it(engine: Engine, field: Field, ticket: Ticket) -> None:
    pages = [
        PastSave("singing", {"sing": 4, "why": "=)"}, NOW, ms=5),
        PastSave("playing", {"play": 1, "play.other": None}, NOW + timedelta(seconds=9), ms=7),
        PastSave("singing", {"sing": 5}, NOW + timedelta(seconds=20), ms=3),
    ]
    for number, page in enumerate(pages, start=1):
        save(engine, ticket.response, SavedPage(1, number, page.screen, page.answers, now=page.at, ms=page.ms))
    assent(engine, ticket.response, True, pages[-1].at)
    done = finish(engine, ticket.response, 1, 4, NOW + timedelta(seconds=30)).snapshot
    assert done is not None
    past_one = past(field, saves=pages, ended_at=NOW + timedelta(seconds=30), facts=done.facts)
    assert add_responses(engine, [past_one]) == 1
    assert add_responses(engine, []) == 0
    records = {record.id: record for record in stream(engine, field.study.id, "pupil")}
    by_pages = records.pop(ticket.response)
    [in_bulk] = records.values()
    for name in ("answers", "screens", "state", "assent", "started_at", "finished_at", "seen_at"):
        assert getattr(in_bulk, name) == getattr(by_pages, name), name
    snapshot = load(engine, in_bulk.id)
    assert snapshot is not None
    assert snapshot.stamps == done.stamps
    assert (snapshot.sequence, snapshot.end) == (done.sequence, done.end)
    with read(engine) as connection:
        rows = connection.execute(log.select().order_by(log.c.sequence)).all()
    of_bulk, of_pages = ([row[1:] for row in rows if row.response_id == one] for one in (in_bulk.id, by_pages.id))
    assert of_bulk == of_pages


def test_what_was_withdrawn_has_no_answers_in_a_bulk_either(engine: Engine, field: Field) -> None:
    with pytest.raises(ValueError, match="withdrawn keeps no answers"):
        add_responses(engine, [past(field, state="withdrawn", saves=[PastSave("a", {"a": 1}, NOW)])])
    assert count(engine, field.study.id, "pupil") == 0


@pytest.mark.slow
def test_reading_thousands_of_rows_holds_hundreds(engine: Engine, field: Field) -> None:
    page = {f"question_{number}": "text " * 20 for number in range(20)}
    add_responses(engine, (past(field, saves=[PastSave("page", page, NOW)]) for _ in range(3000)))
    whole = 3000 * sum(map(len, page.values()))
    rows = stream(engine, field.study.id, "pupil")
    next(rows)
    tracemalloc.start()
    try:
        number = 1 + sum(1 for _ in rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == count(engine, field.study.id, "pupil") == 3000
    assert peak < whole / 2, f"{peak:,} bytes at the most, for {whole:,} bytes of answers"


def test_a_row_read_half_way_leaves_the_connection_free(engine: Engine, field: Field) -> None:
    add_responses(engine, [past(field)] * 3)
    for _ in range(50):
        rows = stream(engine, field.study.id, "pupil")
        next(rows)
        rows.close()  # type: ignore[attr-defined]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_row_decodes_what_every_export_reads_and_the_rest_when_it_is_asked_for(
    engine: Engine, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_responses(engine, [past(field, saves=[PastSave("page", {"a": 1}, NOW, ms=5)])] * 3)
    decoded: list[str] = []

    def decode(text: str) -> Any:
        decoded.append(text)
        return json.loads(text)

    for module in (database, reading):
        monkeypatch.setattr(module, "decode", decode)
    records = list(stream(engine, field.study.id, "pupil"))
    assert decoded.count('{"a":1}') == len(records) == 3, "the answers"
    assert len(decoded) == 4, "and the facts, which are alike, once"
    assert records[0].screens == {"page": 5}
