"""The sheet of every page in all its states: the pages on it are looked at, and none of them leads its reader away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from survey.app import create_preview
from tests.pages.small_study import PARENT, PUPIL, STUDY

COUNTED = "      - {question: concerts, kind: number, ask: How many concerts did you come to?, min: 0, max: 50}\n"

ALL_THERE = """() => [...document.querySelectorAll('iframe')].every(frame => {
  frame.loading = 'eager';
  const page = frame.contentDocument;
  return page?.readyState === 'complete' && page.querySelector('h1');
})"""

# `autofocus` is looked at when a page is drawn, not when it has come.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
AT = "() => document.activeElement.localName"
MOVED = (
    "() => [document.documentElement, ...document.querySelectorAll('.frames')].map(e => e.scrollLeft).filter(x => x)"
)


@pytest.mark.parametrize("name", ["pupil", "parent"])
def test_no_page_on_the_sheet_takes_the_focus(
    name: str, serve: Callable[[Any], str], new_page: Callable[..., Page], tmp_path: Path
) -> None:
    for file, text in {"study": STUDY, "pupil": PUPIL, "parent": PARENT + COUNTED}.items():
        (tmp_path / f"{file}.yaml").write_text(text, encoding="utf-8")
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{serve(create_preview(tmp_path))}/try/{name}.en/states")
    page.wait_for_function(ALL_THERE)
    page.evaluate(DRAWN)
    assert page.frames[-1].locator("#oops").count(), "on a page of its own this box takes the focus"
    assert page.evaluate(AT) == "body"
    assert page.evaluate(MOVED) == []
