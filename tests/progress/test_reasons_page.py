"""Reasons from a file in the browser: all of it or nothing, and a coordinator speaks of their own school only."""

from __future__ import annotations

import io
from collections.abc import Callable

from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.pages.strict import StrictClient, look_at, words
from tests.pages.test_account import token
from tests.progress.conftest import Field
from tests.progress.every_outcome import CODE

PAGE = f"/office/studies/{CODE}/progress/reasons"


def send(client: StrictClient, content: bytes, wave: str = "w2") -> TestResponse:
    form = {"csrf_token": token(client.get(PAGE)), "wave": wave, "file": (io.BytesIO(content), "reasons.csv")}
    return client.post(PAGE, data=form, content_type="multipart/form-data")


def kept(field: Field) -> int:
    with field.engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM reason")) or 0)


def people(field: Field, school: str) -> list[str]:
    query = """
        SELECT p.code FROM participant p JOIN membership m ON m.participant_id = p.id JOIN wave w ON w.id = m.wave_id
        JOIN school s ON s.id = m.school_id WHERE w.code = 'w2' AND s.code = :school ORDER BY p.code
    """
    with field.engine.connect() as connection:
        return list(connection.scalars(text(query), {"school": school}))


def test_a_file_is_taken_in_once(field: Field, enter: Callable[..., StrictClient]) -> None:
    client, before = enter("lead"), kept(field)
    codes = people(field, "s1")[:2]
    content = "participant,reason\n" + "".join(f"{code},excused\n" for code in codes)
    said = words(look_at(send(client, content.encode())))
    assert "The reasons were taken in" in said
    after = kept(field)
    assert after >= before
    assert "0 added, 0 changed, 2 as they were" in words(look_at(send(client, content.encode())))
    assert kept(field) == after


def test_one_wrong_row_and_nothing_is_taken_in(field: Field, enter: Callable[..., StrictClient]) -> None:
    client, before = enter("lead"), kept(field)
    content = f"participant,reason\n{people(field, 's1')[0]},excused\nnobody,tired\n"
    said = words(look_at(send(client, content.encode())))
    assert "nothing was taken in" in said
    assert "row 3" in said
    assert kept(field) == before


def test_a_coordinator_cannot_speak_of_another_school(field: Field, enter: Callable[..., StrictClient]) -> None:
    client, before = enter("coordinator", school="s2"), kept(field)
    other = people(field, "s1")[0]
    said = words(look_at(send(client, f"participant,reason\n{other},absent\n".encode())))
    assert "nothing was taken in" in said
    assert kept(field) == before


def test_no_file_and_no_wave_are_asked_for_and_a_picture_is_no_table(
    field: Field, enter: Callable[..., StrictClient]
) -> None:
    client = enter("lead")
    form = {"csrf_token": token(client.get(PAGE)), "wave": ""}
    said = words(look_at(client.post(PAGE, data=form, content_type="multipart/form-data")))
    assert "Choose a file." in said
    assert "Choose the wave." in said
    before = kept(field)
    reply = send(client, b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert 'id="file-error"' in reply.text
    assert kept(field) == before
