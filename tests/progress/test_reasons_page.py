"""Reasons from a file in the browser: checked, then all of it or nothing, and a coordinator's own school only."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from survey.audit import COMMAND_LINE, Act
from survey.progress.reasons import GivenReason, give
from tests.pages.strict import StrictClient, look_at, words
from tests.pages.test_account import token
from tests.progress.conftest import Field
from tests.progress.every_outcome import CODE, NOW

pytestmark = pytest.mark.one_engine

PAGE = f"/office/studies/{CODE}/progress/reasons"


def send(client: StrictClient, content: bytes, wave: str = "w2") -> TestResponse:
    form = {"csrf_token": token(client.get(PAGE)), "wave": wave, "file": (io.BytesIO(content), "reasons.csv")}
    return client.post(PAGE, data=form, content_type="multipart/form-data")


def kept(field: Field) -> int:
    with field.engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM reason")) or 0)


def given_already(field: Field) -> set[str]:
    query = "SELECT p.code FROM reason r JOIN participant p ON p.id = r.participant_id"
    with field.engine.connect() as connection:
        return set(connection.scalars(text(query)))


def people(field: Field, school: str) -> list[str]:
    query = """
        SELECT p.code FROM participant p JOIN membership m ON m.participant_id = p.id JOIN wave w ON w.id = m.wave_id
        JOIN school s ON s.id = m.school_id WHERE w.code = 'w2' AND s.code = :school ORDER BY p.code
    """
    with field.engine.connect() as connection:
        return list(connection.scalars(text(query), {"school": school}))


def follow(client: StrictClient, reply: TestResponse) -> str:
    return words(look_at(client.get(reply.location)))


def confirm(client: StrictClient, sent: TestResponse) -> TestResponse:
    form = {"csrf_token": token(client.get(PAGE)), "do": "import"}
    return client.post(sent.location, data=form, follow_redirects=True)


def test_a_file_is_checked_and_imported_once(field: Field, enter: Callable[..., StrictClient]) -> None:
    client, before = enter("lead"), kept(field)
    codes = [code for code in people(field, "s1") if code not in given_already(field)][:2]
    content = "participant,reason\n" + "".join(f"{code},excused\n" for code in codes)
    sent = send(client, content.encode())
    said = follow(client, sent)
    assert "Check before you import" in said
    assert "Reasons: 2 excused" in said
    assert kept(field) == before, "nothing is imported before it is confirmed"
    done = words(look_at(confirm(client, sent)))
    assert "Reasons imported" in done
    assert "2 reasons added" in done
    assert kept(field) == before + 2
    assert "there is nothing to import" in follow(client, send(client, content.encode()))
    assert kept(field) == before + 2


def test_a_title_above_the_headings_does_no_harm(field: Field, enter: Callable[..., StrictClient]) -> None:
    client = enter("lead")
    content = f"Ash Primary: who was away,,\n,,\nparticipant,reason\n{people(field, 's1')[0]},excused\n"
    assert "Reasons: 1 excused" in follow(client, send(client, content.encode()))


@pytest.mark.both_engines
def test_when_reasons_changed_meanwhile_nothing_is_imported(field: Field, enter: Callable[..., StrictClient]) -> None:
    client = enter("lead")
    (code,) = [one for one in people(field, "s1") if one not in given_already(field)][:1]
    sent = send(client, f"participant,reason\n{code},excused\n".encode())
    give(field.engine, field.study, "w2", [GivenReason(code, "", "left")], Act(COMMAND_LINE, NOW))
    before = kept(field)
    done = confirm(client, sent)
    assert done.status_code == 409
    assert "has changed since you checked this file" in words(look_at(done))
    assert kept(field) == before


def test_one_wrong_row_and_nothing_is_imported(field: Field, enter: Callable[..., StrictClient]) -> None:
    client, before = enter("lead"), kept(field)
    content = f"participant,reason\n{people(field, 's1')[0]},excused\nnobody,tired\n"
    said = follow(client, send(client, content.encode()))
    assert "Nothing has been imported." in said
    assert "row 3" in said
    assert kept(field) == before


def test_a_coordinator_cannot_speak_of_another_school(field: Field, enter: Callable[..., StrictClient]) -> None:
    client, before = enter("coordinator", school="s2"), kept(field)
    other = people(field, "s1")[0]
    sent = send(client, f"participant,reason\n{other},absent\n".encode())
    assert "Nothing has been imported." in follow(client, sent)
    assert confirm(client, sent).status_code == 400
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
