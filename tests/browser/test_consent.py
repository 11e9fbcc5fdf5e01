"""A child whose parents disagree, in a real browser: found on the consent page, resolved on the child's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from survey.admission import add_user
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.fieldwork import Decision
from tests.browser import accessibility
from tests.browser.hand import press
from tests.browser.test_researcher import EMAIL, OWN, choose, sign_in
from tests.consent.study import consent, lay_out

FIRST, SECOND = date(2025, 9, 10), date(2025, 9, 19)


def test_conflicting_decisions_are_resolved_from_the_consent_page(
    tmp_path: Path, serve: Callable[[Any], str], page: Page
) -> None:
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'chorus.sqlite'}", "s" * 40, "http://localhost")
    app = create_app(settings)
    engine = app.extensions["chorus"].engine
    upgrade(engine)
    tuned = lay_out(engine, tmp_path / "study", consent("opt_out"))
    tuned.issued()
    tuned.decide("P1", [Decision("no", "parent", FIRST, parent="first")])
    tuned.decide("P1", [Decision("yes", "parent", SECOND, parent="second")])
    address = serve(app)
    sign_in(page, address, add_user(engine, EMAIL, ["researcher"], study="tuned-in"))
    choose(page, OWN)

    page.goto(f"{address}/office/studies/tuned-in/consent?wave=w1")
    assert accessibility.every_check(page) == []
    press(page.get_by_role("region", name="Conflicting decisions: 1").get_by_role("link", name="P1"))
    main = page.get_by_role("main")
    assert "The no was given on 10 September 2025 by parent" in main.inner_text()
    assert accessibility.every_check(page) == []
    press(page.get_by_role("link", name="record how it was resolved"))
    page.get_by_role("radio", name="Yes").check(force=True)
    page.get_by_label("Given on").fill("2025-09-22")
    page.get_by_label("How a conflict was resolved").select_option(label="The parents have agreed")
    press(page.get_by_role("button", name="Record"))
    assert "Recorded" in page.get_by_role("status").inner_text()
    assert "Conflicting" not in main.inner_text()
    assert "Resolved: the parents have agreed" in main.inner_text()
