"""A lesson on bad wifi, in six real browsers: thirty children, thirty responses, every answer exactly once.

bench/classroom.py tells it, with the line cut for longer.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from bench.classroom import lesson


def test_thirty_children_on_six_tablets_lose_nothing_and_see_nothing_of_each_other(
    browser: Browser, tmp_path: Path
) -> None:
    told = lesson(browser, tmp_path, cut=2)
    assert told.seen == []
    assert told.wrong == []
    assert (told.children, told.finished) == (30, 30)
    assert told.acknowledged == 151, "five answers each, and one given on two tablets"
    assert (told.lost, told.doubled, told.refused) == (0, 0, 0)
