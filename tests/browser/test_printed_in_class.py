"""What is printed for a class: names typed on cards, which stay in the page; the script for reading aloud; slips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Request

from survey.admission import add_user
from tests.browser.accessibility import AXE_ADDRESS, every_check
from tests.browser.hand import press
from tests.browser.test_paper import A4, page_sizes
from tests.classroom.in_app import Class
from tests.pages.strict import look_at, strict_client
from tests.pages.test_account import OWN, choose, sign_in
from tests.published import STUDY, publish
from tests.waves.test_links import send

NAMES = ["Zeb Quartz", "Ximena Vole", "Ynyr Wyv"]


def everything_kept(page: Page) -> str:
    """Return all that the page's origin keeps in the browser, in one text."""
    return str(
        page.evaluate(
            "async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href,"
            " history.state, window.name, await indexedDB.databases(), await caches.keys()])"
        )
    )


def test_names_are_put_on_the_cards_in_the_page_only(
    tmp_path: Path, serve: Callable[[Any], str], new_page: Callable[..., Page]
) -> None:
    robins = Class(tmp_path)
    base, page = serve(robins.app), new_page()
    page.goto(base + robins.teacher_link())
    press(page.locator("main button"))
    page.goto(f"{base}/office/studies/small-notes/classroom/classes/{robins.rooms.robins.school_class_id}/cards")
    press(page.get_by_role("button", name="Replace all cards"))
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))

    page.get_by_label("Names, one on each line").fill("\n".join(NAMES[:2]))
    page.get_by_label("Name on card 3").fill(NAMES[2])
    assert [page.get_by_label(f"Name on card {number}").input_value() for number in (1, 2, 3, 4)] == [*NAMES, ""]
    assert every_check(page, smallest_target=44) == []

    page.emulate_media(media="print")
    assert page.get_by_label("Name on card 1").is_visible()
    assert not page.get_by_label("Names, one on each line").is_visible()
    boxes = [page.locator(".card-print").nth(place).bounding_box() for place in (0, 5)]
    assert all(box is not None and box["height"] < 280 for box in boxes), "66 mm, so that eight go on a sheet"
    page.emulate_media(media="screen")

    fields = page.locator(".card-name input, #names")
    assert fields.evaluate_all("all => all.every(one => !one.name && !one.form && one.autocomplete === 'off')")
    kept = everything_kept(page)
    assert not any(word in kept for name in NAMES for word in name.split())
    asked = [request.url for request in sent if not request.url.endswith(AXE_ADDRESS)]
    assert all("/static/" in url for url in asked), "fonts of the checks above, and nothing else"
    press(page.get_by_role("link", name="Class sessions").first)
    for request in sent:
        said = f"{request.url} {request.post_data or ''} {request.headers}"
        assert not any(word in said for name in NAMES for word in name.split()), request.url
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()  # the page is kept nowhere


def test_the_script_for_reading_aloud_is_one_sheet_and_slips_are_a_second(
    tmp_path: Path, serve: Callable[[Any], str], page: Page
) -> None:
    shipped = publish(tmp_path)
    lead = strict_client(shipped.app)
    sign_in(lead, add_user(shipped.engine, "lead@example.org", ["lead"], study=STUDY), "lead@example.org")
    choose(lead, OWN)
    page.goto(f"{serve(shipped.app)}/withdraw")
    for language in ("en", "cy"):
        reply = lead.get(f"/office/studies/{STUDY}/classroom/aloud/pupil-ks2/{language}")
        look_at(reply)
        page.set_content(reply.text)
        page.wait_for_load_state("networkidle")
        page.pdf(path=str(tmp_path / "aloud.pdf"), prefer_css_page_size=True)
        assert page_sizes(tmp_path / "aloud.pdf") == [A4, A4], f"{language}: both sides of one sheet"
    made = send(lead, "/links/open", at=f"/office/studies/{STUDY}/links", questionnaire="parent")
    look_at(made)
    page.set_content(made.text)
    page.wait_for_load_state("networkidle")
    page.pdf(path=str(tmp_path / "slips.pdf"), prefer_css_page_size=True)
    assert page_sizes(tmp_path / "slips.pdf") == [A4, A4]
    page.emulate_media(media="print")
    assert page.locator(".slips li").count() == 8
    qr = page.locator(".slip-qr .qr").first.bounding_box()
    assert qr is not None
    assert qr["width"] > 25 / 25.4 * 96, "25 mm, as on a card"
