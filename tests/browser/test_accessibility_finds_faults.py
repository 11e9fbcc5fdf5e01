"""The checks of accessibility themselves: a right page passes, and each fault planted in it is found."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import accessibility

STYLE = """
*, ::before, ::after { box-sizing: border-box; }
html { font: 112.5%/1.5 Verdana, sans-serif; color: #1d1d2b; background: #fffdf5; }
body { margin: 0; }
main { max-inline-size: 40rem; margin-inline: auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
p { margin-block: .15rem; }
fieldset { border: 0; padding: 0; margin: 0; min-inline-size: 0; }
legend { padding: 0; }
.hint { color: #40405a; }
.option { position: relative; margin-block: .75rem; }
.option input { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; margin: 0; opacity: 0; }
.option label { display: flex; gap: .5rem; align-items: center; min-block-size: 4rem; padding: .5rem 1rem;
  border: 2px solid #40405a; border-radius: .75rem; }
.option .tick { visibility: hidden; }
.option input:checked + label { border-width: 5px; border-color: #2b2b8f; background: #eeeeff; }
.option input:checked + label .tick { visibility: visible; }
.option input:focus-visible + label, :is(a, button, .text):focus-visible
  { outline: 4px solid #2b2b8f; outline-offset: 2px; }
.text { inline-size: 100%; min-block-size: 4rem; font: inherit; border: 2px solid #40405a; }
.next, .stop { display: inline-flex; align-items: center; min-block-size: 4rem; min-inline-size: 4rem;
  padding: .5rem 1.5rem; font: inherit; border: 2px solid; border-radius: .75rem; color: inherit;
  background: none; }
.next { color: #fff; background: #2b2b8f; }
.go { position: sticky; inset-block-end: 0; margin: 0; background: #fffdf5; }
@keyframes grow { from { transform: scale(.9); } }
@media (prefers-reduced-motion: no-preference) {
  .option input:checked + label { animation: grow .3s; }
}
@media (forced-colors: active) {
  .option input:checked + label { border-color: Highlight; outline: 3px solid Highlight;
    outline-offset: -9px; }
  .option input:focus-visible + label { outline: 4px solid CanvasText; outline-offset: 2px; }
}
"""

RIGHT_PAGE = f"""<!doctype html>
<html lang="en-GB" dir="ltr">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>How much do you like singing? Music and me</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<form method="post" novalidate>
<fieldset aria-describedby="hint">
<legend><h1>How much do you like singing?</h1></legend>
<p class="hint" id="hint">Think about singing with your class.</p>
<div class="option"><input type="radio" name="like" id="like-1" value="1">
<label for="like-1"><span class="tick" aria-hidden="true">✓</span> Not at all</label></div>
<div class="option"><input type="radio" name="like" id="like-2" value="2">
<label for="like-2"><span class="tick" aria-hidden="true">✓</span> A little</label></div>
<div class="option"><input type="radio" name="like" id="like-3" value="3">
<label for="like-3"><span class="tick" aria-hidden="true">✓</span> A lot</label></div>
</fieldset>
<p><label for="more">What do you sing?</label>
<input class="text" type="text" id="more" name="more" autocomplete="off"></p>
<p class="go"><button class="next">Next</button></p>
</form>
<p><a class="stop" href="#stop">I want to stop</a></p>
</main>
</body>
</html>
"""


def replaced(old: str, new: str) -> Callable[[str], str]:
    """Return a change of the page that must change something."""

    def change(page: str) -> str:
        assert old in page, f"the page has no {old!r}"
        return page.replace(old, new)

    return change


def styled(css: str) -> Callable[[str], str]:
    return replaced("</style>", f"{css}</style>")


Check = Callable[[Page], list[str]]


def pupils_targets(page: Page) -> list[str]:
    return accessibility.targets(page, 60)


FAULTS: dict[str, tuple[Check, Callable[[str], str], str]] = {
    "a label that is tied to no field": (accessibility.axe, replaced('for="like-2"', 'for="other"'), "label"),
    "an id used twice": (
        accessibility.axe,
        replaced('<p class="hint" id="hint">', '<p id="hint"></p><p class="hint" id="hint">'),
        "duplicate-id-aria",
    ),
    "no language": (accessibility.axe, replaced(' lang="en-GB"', ""), "html-has-lang"),
    "zoom forbidden": (
        accessibility.axe,
        replaced("initial-scale=1", "initial-scale=1, user-scalable=no"),
        "meta-viewport",
    ),
    "hint too pale for AAA, dark enough for AA": (
        accessibility.axe,
        replaced(".hint { color: #40405a", ".hint { color: #6c6c80"),
        "contrast ratio of 7:1",
    ),
    "hint too pale for both": (
        accessibility.axe,
        replaced(".hint { color: #40405a", ".hint { color: #b0b0c0"),
        "contrast ratio of 7:1",
    ),
    "a large heading too pale for AAA, dark enough for AA": (
        accessibility.axe,
        replaced("h1 { font-size: 1.5rem;", "h1 { font-size: 1.5rem; color: #8a8a8a;"),
        "contrast ratio of 4.5:1",
    ),
    "colours alone, when only they are asked about": (
        accessibility.axe_of_colours,
        replaced(".hint { color: #40405a", ".hint { color: #6c6c80"),
        "contrast ratio of 7:1",
    ),
    "text on a picture, where contrast cannot be told": (
        accessibility.axe,
        styled(".hint { background: linear-gradient(#fff, #000); }"),
        "undecided",
    ),
    "a tab order of its own": (
        accessibility.axe,
        replaced('<button class="next">', '<button class="next" tabindex="3">'),
        "tabindex",
    ),
    "two first-level headings": (
        accessibility.basics,
        replaced("<main>", "<main><h1>Hello</h1>"),
        "2 first-level",
    ),
    "no title": (accessibility.basics, lambda page: re.sub("<title>.*</title>", "", page), "no title"),
    "no language, again": (accessibility.basics, replaced(' lang="en-GB"', ""), "language"),
    "no focus ring": (
        accessibility.keyboard_walk,
        replaced("outline: 4px solid", "outline: 0 solid"),
        "no ring",
    ),
    "the focused button under another layer": (
        accessibility.keyboard_walk,
        styled("body::after { content: ''; position: fixed; inset: auto 0 0; block-size: 16rem; }"),
        "covers it",
    ),
    "the focused link out of view": (
        accessibility.keyboard_walk,
        styled(".stop { position: fixed; inset-block-start: -200px; }"),
        "out of view",
    ),
    "a button Tab cannot reach": (
        accessibility.keyboard_walk,
        replaced('<button class="next">', '<button class="next" tabindex="-1">'),
        "never reaches “Next”",
    ),
    "focus caught in a field": (
        accessibility.keyboard_walk,
        replaced(
            "</main>",
            "</main><script>more.onkeydown = e => { if (e.key === 'Tab') e.preventDefault(); };</script>",
        ),
        "never reaches “Next”",
    ),
    "arrow keys swallowed": (
        accessibility.keyboard_walk,
        replaced(
            "</main>",
            "</main><script>onkeydown = e => { if (/Arrow/.test(e.key)) e.preventDefault(); };</script>",
        ),
        "arrow keys",
    ),
    "arrow keys the wrong way round": (
        accessibility.keyboard_walk,
        replaced('dir="ltr"', 'dir="ltr" onkeydown="turn(event)"'),
        "arrow keys",
    ),
    "a fixed width": (accessibility.reflow, styled("main { min-inline-size: 600px; }"), "sideways"),
    "a word that does not break": (
        accessibility.reflow,
        replaced("A little", "Alittle" * 12),
        "sideways",
    ),
    "too wide on a tablet only": (
        accessibility.reflow,
        styled("@media (min-width: 700px) { main { min-inline-size: 800px; } }"),
        "At 768 by 1024",
    ),
    "too wide with the largest text only": (
        accessibility.reflow,
        lambda page: styled(".text-biggest.spaced .hint { inline-size: 30rem; }")(
            page.replace("</title>", "</title><link rel='stylesheet' href='data:text/css,#pupil.css'>")
        ),
        "“Aa” at its largest and 320 pixels",
    ),
    "Next out of view": (
        accessibility.next_in_view,
        styled("h1 { padding-block-end: 30rem; } .go { position: static; }"),
        "At 1366 by 640 pixels “Next” is out of view.",
    ),
    "Next out of view with the largest text only": (
        accessibility.next_in_view,
        styled(".text-biggest .go { position: relative; inset-block-end: -40rem; }"),
        "“Next” is out of view with “text-biggest”",
    ),
    "Next under another layer": (
        accessibility.next_in_view,
        styled("body::after { content: ''; position: fixed; inset: auto 0 0; block-size: 16rem; }"),
        "“Next” is covered",
    ),
    "a question longer than a tablet": (
        accessibility.next_in_view,
        styled("h1 { padding-block-end: 20rem; }"),
        "of the page are out of view",
    ),
    "clipped text": (
        accessibility.large_text_and_spacing,
        styled(".hint { block-size: 1.6rem; overflow: hidden; }"),
        "cuts off",
    ),
    "too wide with large text only": (
        accessibility.large_text_and_spacing,
        styled("main { min-inline-size: 17rem; }"),
        "With text at 200 % at 390 pixels the page scrolls sideways",
    ),
    "cut off with WCAG's spacing only": (
        accessibility.large_text_and_spacing,
        styled(".hint { overflow: hidden; white-space: nowrap; font-size: .9rem; }"),
        "With more spacing at 320 pixels",
    ),
    "a box of a fixed height": (
        accessibility.large_text_and_spacing,
        styled("h1 { block-size: 36px; overflow: clip; }"),
        "cuts off",
    ),
    "chosen state by background only": (
        accessibility.forced_colours,
        lambda page: (
            page.replace("border-width: 5px; border-color: #2b2b8f; background", "background")
            .replace("border-color: Highlight; outline: 3px solid Highlight;\n    outline-offset: -9px;", "")
            .replace("visibility: hidden;", "")
        ),
        "told by nothing",
    ),
    "chosen state by a tick only": (
        accessibility.forced_colours,
        lambda page: page.replace("border-width: 5px; border-color: #2b2b8f; background", "background").replace(
            "border-color: Highlight; outline: 3px solid Highlight;\n    outline-offset: -9px;", ""
        ),
        "only by: tick",
    ),
    "a button that loses its words with its colours": (
        accessibility.forced_colours,
        lambda page: styled("@media (forced-colors: active) { .next span { display: none; } }")(
            page.replace('class="next">Next', 'class="next"><span>Next</span>')
        ),
        "button-name",
    ),
    "a frame of what is chosen that hides the ring": (
        accessibility.forced_colours,
        replaced("  .option input:focus-visible + label { outline: 4px solid CanvasText; outline-offset: 2px; }\n", ""),
        "no ring shows it",
    ),
    "movement although less is asked for": (
        accessibility.reduced_motion,
        replaced("(prefers-reduced-motion: no-preference)", "all"),
        "moves",
    ),
    "something that never stops moving": (
        accessibility.reduced_motion,
        styled("h1 { animation: grow 2s infinite; }"),
        "moves",
    ),
    "small options": (
        pupils_targets,
        replaced("min-block-size: 4rem; padding: .5rem 1rem;", "block-size: 40px; padding: 0 1rem;"),
        "40 pixels",
    ),
    "a small button": (
        accessibility.targets,
        styled(".next { min-block-size: 0; padding-block: 0; block-size: 30px; }"),
        "“Next”",
    ),
    "a script that fails": (
        accessibility.console,
        replaced("</main>", "</main><script>no one.home();</script>"),
        "script failed",
    ),
    "an error in the console": (
        accessibility.console,
        replaced("</main>", "</main><script>console.error('no such answer');</script>"),
        "no such answer",
    ),
    "a style the security policy refuses": (
        accessibility.console,
        replaced("<style>", "<meta http-equiv='Content-Security-Policy' content=\"style-src 'none'\"><style>"),
        "Content Security Policy",
    ),
}

TURN = """<script>
const turn = e => {
  if (!/Arrow(Left|Right)/.test(e.key)) return;
  e.preventDefault();
  const all = [...document.getElementsByName('like')], at = all.findIndex(o => o.checked);
  const next = all[(at + (e.key === 'ArrowLeft' ? 1 : all.length - 1)) % all.length];
  next.checked = true; next.focus();
};
</script>"""


def opened(page: Page, html: str) -> Page:
    if "turn(event)" in html:
        html = html.replace("</main>", f"</main>{TURN}")
    page.set_content(html)
    return page


@pytest.fixture(scope="module")
def board(browser: Browser) -> Iterator[Page]:
    """One page for all that is looked at and has no script: what is opened in it takes the place of what was there."""
    width, height = accessibility.TABLET
    context = browser.new_context(viewport={"width": width, "height": height})
    yield context.new_page()
    context.close()


def test_a_right_page_passes_every_check(page: Page) -> None:
    assert accessibility.every_check(opened(page, RIGHT_PAGE), smallest_target=60) == []


def test_a_right_page_passes_from_right_to_left(page: Page) -> None:
    html = RIGHT_PAGE.replace('lang="en-GB" dir="ltr"', 'lang="ur" dir="rtl"')
    assert accessibility.every_check(opened(page, html), smallest_target=60) == []


def coming_in_two_parts(end: threading.Event) -> Callable[..., Iterable[bytes]]:
    """A WSGI app whose page begins at once and comes to its end when it may."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        head, body = RIGHT_PAGE.split("<title>")
        yield head.encode()
        assert end.wait(10)
        yield f"<title>{body}".encode()

    return app


@pytest.mark.parametrize("check", [accessibility.axe, accessibility.basics, accessibility.every_check])
def test_a_page_that_is_still_coming_is_waited_for(
    check: Callable[[Page], list[str]], serve: Callable[[Any], str], page: Page
) -> None:
    end = threading.Event()
    page.goto(serve(coming_in_two_parts(end)), wait_until="commit")
    threading.Timer(0.6, end.set).start()
    assert check(page) == []


def test_the_checks_leave_the_page_as_they_found_it(page: Page) -> None:
    opened(page, RIGHT_PAGE)
    page.locator("#like-3").check()
    before = _state(page)
    accessibility.every_check(page)
    assert _state(page) == before


def _state(page: Page) -> dict[str, Any]:
    state: dict[str, Any] = page.evaluate(
        """() => ({width: innerWidth, height: innerHeight, sheets: document.adoptedStyleSheets.length,
          chosen: [...document.querySelectorAll(':checked')].map(e => e.id),
          forced: matchMedia('(forced-colors: active)').matches,
          still: matchMedia('(prefers-reduced-motion: reduce)').matches})"""
    )
    return state


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, board: Page, new_page: Callable[..., Page]) -> None:
    check, plant, words = FAULTS[name]
    html = plant(RIGHT_PAGE)
    assert html != RIGHT_PAGE
    page = new_page() if check is accessibility.console or "<script" in html or "onkeydown" in html else board
    found = check(opened(page, html))
    assert [sentence for sentence in found if words in sentence], found


@pytest.mark.parametrize(
    "css", [".go { padding-block-start: 1rem; }", ".next { block-size: 6rem; }", ".go { text-align: end; }"]
)
def test_a_next_that_stands_elsewhere_has_another_place(board: Page, css: str) -> None:
    right = accessibility.next_place(opened(board, RIGHT_PAGE))
    assert right == accessibility.next_place(opened(board, RIGHT_PAGE))
    assert right != accessibility.next_place(opened(board, styled(css)(RIGHT_PAGE)))


def test_a_scrolled_table_of_data_may_be_wide(board: Page) -> None:
    """G4's exception: a table in a focusable, labelled box; without label or focus it is a fault."""
    table = "<table><tr>" + "<td>Number of answers</td>" * 30 + "</tr></table>"
    box = '<div id="box" role="region" tabindex="0" aria-label="Answers by school" style="overflow:auto">'
    html = RIGHT_PAGE.replace("</form>", f"</form>{box}{table}</div>")
    assert accessibility.reflow(opened(board, html)) == []
    assert accessibility.reflow(opened(board, html.replace(' tabindex="0"', ""))) != []


def test_a_link_in_a_sentence_needs_no_size_of_its_own(board: Page) -> None:
    sentence = '<p>Ask your teacher or <a href="#help">read our help</a> first.</p>'
    assert accessibility.targets(opened(board, RIGHT_PAGE.replace("</form>", f"</form>{sentence}"))) == []
    alone = '<p><a href="#help">Read our help</a></p>'
    assert accessibility.targets(opened(board, RIGHT_PAGE.replace("</form>", f"</form>{alone}"))) != []


def test_axe_runs_the_rules_that_are_off_by_default(page: Page) -> None:
    opened(page, RIGHT_PAGE)
    accessibility.run_axe(page)
    response = page.evaluate("(options) => axe.run(options)", {**accessibility.AXE_OPTIONS, "resultTypes": ["passes"]})
    ran = {found["id"] for found in response["passes"]}
    assert {"target-size", "color-contrast"} <= ran
    assert page.evaluate("() => axe.version") == response["testEngine"]["version"]
