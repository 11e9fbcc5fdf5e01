"""What a class said, in a browser: the head's page prints on one sheet, and everyone can read it and the class's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.classroom.sessions import end
from tests.browser.accessibility import every_check
from tests.browser.hand import press
from tests.browser.test_paper import A4, page_sizes
from tests.classroom.test_class_said import LIKES, all_answer, robins

__all__ = ["robins"]

pytestmark = pytest.mark.slow


def test_the_head_prints_what_the_class_said_and_the_class_sees_it(
    robins: Any, serve: Callable[[Any], str], page: Page, tmp_path: Path
) -> None:
    all_answer(robins, *[LIKES] * 6)
    end(robins.engine, robins.id, robins.act)
    address = serve(robins.app)
    page.goto(f"{address}{robins.teacher_link()}")
    press(page.get_by_role("main").get_by_role("button"))
    page.goto(f"{address}{robins.office()}")
    press(page.get_by_role("link", name="See what the class said"))
    assert every_check(page, smallest_target=44) == []
    page.pdf(path=str(tmp_path / "said.pdf"), prefer_css_page_size=True)
    assert page_sizes(tmp_path / "said.pdf") == [A4]
    press(page.get_by_role("link", name="Show the class"))
    assert "Most of us: " in page.get_by_role("main").inner_text()
    assert every_check(page, smallest_target=44) == []
