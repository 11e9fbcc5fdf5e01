"""What no page of ours sends gets a calm page with every header: never a bare error, whatever stands in the request."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from survey.database import Engine, read
from survey.fieldwork.publications import Definition, Publication
from survey.pages.statics import _file
from tests.pages.strict import StrictClient

pytestmark = pytest.mark.usefixtures("study")


def sums(engine: Engine) -> tuple[list[str], list[str]]:
    """The SHA-256 of every questionnaire published, and of every other text kept beside them."""
    with read(engine) as connection:
        questionnaires = set(connection.scalars(select(Publication.sha256)))
        all_texts = set(connection.scalars(select(Definition.sha256)))
    return sorted(questionnaires), sorted(all_texts - questionnaires)


@pytest.mark.parametrize("length", [1, 2, 11, 12, 64])
@pytest.mark.parametrize("address", ["/q/{}/en/x/look", "/q/{}/en/x", "/file/{}/x", "/check/{}/en", "/over/{}/en"])
def test_the_sum_of_a_text_that_is_no_questionnaire_is_no_page(
    client: StrictClient, engine: Engine, address: str, length: int
) -> None:
    (study_file,) = sums(engine)[1]
    assert client.get(address.format(study_file[:length])).status_code in (303, 404)


def test_a_part_of_a_questionnaires_sum_is_no_page(client: StrictClient, engine: Engine) -> None:
    for sha256 in sums(engine)[0]:
        for part in (sha256[:1], sha256[:11], sha256[:13], sha256[:12] + "z", sha256[:12].upper() + "."):
            assert client.get(f"/q/{part}/en/music/look").status_code == 404
            assert client.get(f"/over/{part}/en?as=finished").status_code == 404
        assert client.get(f"/over/{sha256[:12]}/en?as=finished").status_code == 200


@pytest.mark.parametrize("path", ["a" * 5000, "x%00y", "fonts", ".", "%2e%2e/app.py", "../app.py", "a/" * 2000, "%ff"])
def test_a_static_file_that_no_file_system_could_have_is_no_page(client: StrictClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_a_static_file_is_kept_once_however_its_address_is_written(client: StrictClient) -> None:
    assert client.get("/static/icon.svg").status_code == 200
    kept = _file.cache_info().currsize
    for dots in range(1, 20):
        client.get(f"/static/{'./' * dots}icon.svg")
    assert _file.cache_info().currsize == kept


@pytest.mark.parametrize(
    "origin", ["http://[::1", "http://]", "[", "null", "http://a\u2100b", "", "//", "http://[v1.x"]
)
def test_an_origin_no_browser_sends_is_another_site(client: StrictClient, origin: str) -> None:
    assert client.post("/", data={"code": "ravo kimu"}, headers={"Origin": origin}).status_code == 403
