"""The checks of accessibility that a page must pass, each one function of a page open in Chromium.

Every function returns sentences about faults, none when the page is right, and leaves the page's size and
media as it found them:

    axe                     axe-core: no violation, and nothing left undecided
    axe_of_colours          the same, of colours alone: for a page that passed `axe` in other ones
    basics                  a title, a language, one h1
    keyboard_walk           Tab reaches everything, the ring shows, nothing covers it; arrows move in a group
    reflow                  320 by 640, 320 by 256, 768 by 1024: nothing scrolls sideways, nothing is cut off; on
                            children's pages also with “Aa” at its largest
    large_text_and_spacing  text at 200 %, WCAG's spacing: nothing is cut off
    forced_colours          at least two cues for what is chosen survive forced colours, and what has the focus has its ring
    reduced_motion          nothing moves for those who asked for less movement
    targets(page, 60)       everything to tap is at least that many pixels, 60 for pupils, 44 for adults
    next_in_view            a child's Next is in view before anything is scrolled, whatever “Aa” says; and the page fits
    next_place              where Next stands, to be compared along a walk
    console                 no error, and no report of the content security policy, in the console
    every_check             all of them

They need JavaScript in the page's context. Numbers in brackets are those of the design's test protocol, and this is
where each is kept:

    T1   axe                     axe, axe_of_colours
    T2   keyboard walk           keyboard_walk, basics
    T3   reflow, P26             reflow, next_in_view; in every language: test_fits.py; everything everywhere: sweep.py
    T4   200 %, spacing          large_text_and_spacing
    T5   forced colours          forced_colours
    T6   no JavaScript           test_walks.py, test_respondents.py, test_class_session.py, with scripts off
    T7   reduced motion          reduced_motion
    T8   weight, speed           tests/pages/test_weight.py; how long a first page takes on a slow line: bench/first_page.py
    T9   targets                 targets
    T10  offline, shared device  test_whose_turn.py; tests/classroom, tests/faults
    T11  static                  tests/pages (valid HTML, headers), tests/house (words, translations)
    T12  console                 console, and all along the way: `Visitor` in test_walks.py
    T13  the tests themselves    test_accessibility_finds_faults.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE_FROM_NPM = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

AXE_OPTIONS = {
    "runOnly": AXE_TAGS,
    "resultTypes": ["violations", "incomplete"],
    # axe leaves these two out unless they are asked for
    "rules": {"target-size": {"enabled": True}, "color-contrast-enhanced": {"enabled": True}},
}

# What may be another answer in other colours; all else of a page was asked when it was met in its usual ones.
AXE_OF_COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]},
    "resultTypes": ["violations", "incomplete"],
}

MOST_TAB_STOPS = 90

TABLET, UPRIGHT, PHONE = (1024, 690), (768, 1024), (320, 640)
"""Sizes in pixels: what a school's tablet leaves for the page, the same on its side, and the narrowest phone."""

LAPTOP, HAND = (1366, 640), (390, 844)
"""What a school's laptop leaves for the page, and a phone of today."""

AT_SCHOOL = (TABLET, LAPTOP, UPRIGHT)
"""Where all of a child's question is to be seen at once (P26)."""

CHOICES = "input[type=radio], input[type=checkbox]"


@dataclass(frozen=True)
class AxeResult:
    """What axe says of a page: rules broken, rules it could not decide, and its own version."""

    violations: list[str]
    incomplete: list[str]
    version: str


@cache
def _axe() -> Axe:
    # `make test` fetches the newest axe with npm; the Python package carries one a little older.
    return Axe.from_file(AXE_FROM_NPM) if AXE_FROM_NPM.exists() else Axe()


TO_THE_TOP = """() => {
  for (const one of document.querySelectorAll('*')) if (one.scrollTop) one.scrollTop = 0;
  scrollTo(0, 0);
}"""
"""Of what an earlier check has scrolled out of a box, axe cannot tell the colours."""


def run_axe(page: Page, options: dict[str, Any] = AXE_OPTIONS, of: dict[str, Any] | None = None) -> AxeResult:
    """Run axe on the page, or on a part of it, from the top [T1]."""
    page.evaluate(TO_THE_TOP)
    # Half a megabyte: a second run on the same page does not send it again.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe().axe_script)
    response = page.evaluate("([of, options]) => axe.run(of || document, options)", [of, options])
    return AxeResult(
        violations=[_axe_sentence(found) for found in response["violations"]],
        incomplete=[_axe_sentence(found) for found in response["incomplete"]],
        version=response["testEngine"]["version"],
    )


def _axe_sentence(found: dict[str, Any]) -> str:
    places = ", ".join(" ".join(map(str, node["target"])) for node in found["nodes"][:3])
    details = [check["message"] for node in found["nodes"][:1] for check in node["any"]][:1]
    return f"axe {found['id']}: {found['help']}, at {places}" + (f" ({details[0]})" if details else "")


def axe(page: Page) -> list[str]:
    """No violation and nothing undecided, with the tags of the protocol [T1].

    Axe cannot tell what is behind letters in pictures of figures, which is white: of these the colours are looked at.
    """
    result = run_axe(page)
    if not result.incomplete or not page.locator("svg.picture").count():
        return _both(result)
    others = run_axe(page, AXE_OPTIONS, WITHOUT_PICTURES)
    letters = page.evaluate(LETTERS_IN_PICTURES)
    return [
        *_both(AxeResult(result.violations, others.incomplete, result.version)),
        *(f"Letters in a picture are {colour}." for colour in letters if colour not in DARK_ON_WHITE),
    ]


WITHOUT_PICTURES = {"exclude": [["svg.picture"]]}

LETTERS_IN_PICTURES = """() => [...new Set(
  [...document.querySelectorAll('svg.picture text:not(.on, .off)')].map(one => getComputedStyle(one).fill))]"""

DARK_ON_WHITE = ("rgb(42, 27, 61)", "rgb(74, 58, 96)")
"""The colours that letters in pictures may have: 16 to 1 on white, and 10 to 1."""


def axe_of_colours(page: Page) -> list[str]:
    """The same of the colours alone: every contrast is high enough, and a link in a sentence is seen as one [T1]."""
    return _both(run_axe(page, AXE_OF_COLOURS))


def _both(result: AxeResult) -> list[str]:
    return [*result.violations, *(f"undecided, {sentence}" for sentence in result.incomplete)]


def basics(page: Page) -> list[str]:
    """A title, a language and exactly one h1 [T2]."""
    title, language, headings = page.evaluate(
        "() => [document.title.trim(), document.documentElement.lang, document.querySelectorAll('h1').length]"
    )
    return [
        *(["The page has no title."] if not title else []),
        *(["The page does not say its language."] if not language else []),
        *([f"The page has {headings} first-level headings; it needs one."] if headings != 1 else []),
    ]


# What has the focus: is its ring seen (on it, or on the label beside a radio or box), is it on top?
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const surfaces = [e], tick = e.matches('input[type=radio],input[type=checkbox]');
  if (tick && e.nextElementSibling) surfaces.push(e.nextElementSibling);
  if (tick && e.closest('label')) surfaces.push(e.closest('label'));
  const ring = Math.max(...surfaces.map(s => {
    const c = getComputedStyle(s);
    return c.outlineStyle === 'none' ? 0 : parseFloat(c.outlineWidth);
  }));
  const r = e.getBoundingClientRect();
  const x = Math.min(innerWidth - 1, Math.max(0, r.x + r.width / 2));
  const y = Math.min(innerHeight - 1, Math.max(0, r.y + r.height / 2));
  const top = document.elementFromPoint(x, y);
  const own = n => n && (surfaces.some(s => s === n || s.contains(n)) || n.contains(e));
  if (!window.chorusStops) window.chorusStops = [];
  let number = window.chorusStops.indexOf(e);
  if (number < 0) number = window.chorusStops.push(e) - 1;
  const label = e.labels && e.labels[0] ? e.labels[0].textContent : '';
  return {
    number, ring,
    name: (e.getAttribute('aria-label') || label || e.textContent || e.id || e.tagName).trim().slice(0, 40),
    onTop: own(top) && !(top === document.body || top === document.documentElement),
    inView: r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth,
  };
}"""

# Everything Tab must reach: of a group of radios one, the chosen one or any.
REACHABLE = """() => {
  const seen = e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && !e.closest('[inert]')
    && !e.matches('[tabindex="-1"][aria-hidden=true]');  // what Enter presses: no stop of its own
  const all = [...document.querySelectorAll(
    'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex]')].filter(seen);
  const groups = new Map();
  all.forEach(e => {
    if (e.tabIndex < 0 && !e.matches('a[href],button,input,select,textarea')) return;
    const key = e.type === 'radio' ? `radio ${e.name} ${[...document.forms].indexOf(e.form)}` : e;
    groups.set(key, [...(groups.get(key) || []), e]);
  });
  const stops = new Set(window.chorusStops || []);
  delete window.chorusStops;
  return [...groups.values()].filter(g => !g.some(e => stops.has(e))).map(([e]) =>
    ((e.labels && e.labels[0] ? e.labels[0].textContent : '') || e.textContent || e.id || e.tagName)
      .trim().slice(0, 40));
}"""


# Blurring alone would let Tab go on from where the focus was, such as from the box that tells of an error.
FROM_THE_TOP = """() => {
  const start = document.createElement('span');
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  start.remove();
  scrollTo(0, 0);
  delete window.chorusStops;
}"""


def keyboard_walk(page: Page) -> list[str]:
    """Tab through the page: each stop has a ring and is in view and on top; nothing is left out [T2]."""
    page.evaluate(FROM_THE_TOP)
    faults: list[str] = []
    stops: set[int] = set()
    last = None
    for _ in range(MOST_TAB_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is not None and stop["number"] == last:
            continue  # a field for a day has a stop for each of its parts
        if stop is None or stop["number"] in stops:
            break
        last = stop["number"]
        stops.add(stop["number"])
        faults += _faults_of_stop(stop)
    faults += [f"Tab never reaches “{name}”." for name in page.evaluate(REACHABLE)]
    # The focus has scrolled boxes as well as the page; axe does not see what is scrolled out of one.
    page.evaluate("() => document.querySelectorAll('nav').forEach(box => box.scrollTo(0, 0))")
    return faults + basics(page) + _arrow_keys(page)


def _faults_of_stop(stop: dict[str, Any]) -> Iterator[str]:
    name = stop["name"]
    if stop["ring"] < 2:
        yield f"“{name}” has the focus and no ring of at least 2 pixels shows it."
    if not stop["inView"]:
        yield f"“{name}” has the focus and is out of view."
    elif not stop["onTop"]:
        yield f"“{name}” has the focus and something covers it."


def _arrow_keys(page: Page) -> list[str]:
    """Space chooses a radio; the arrows go forward and back, mirrored where the page runs right to left."""
    radios = page.locator("input[type=radio]:visible")
    if radios.count() < 2:
        return []
    before = page.evaluate("() => [...document.querySelectorAll('input[type=radio]')].map(e => e.checked)")
    right_to_left = page.evaluate("() => document.documentElement.dir === 'rtl'")
    forward, back = ("ArrowLeft", "ArrowRight") if right_to_left else ("ArrowRight", "ArrowLeft")
    radios.first.focus()
    places = []
    for key in ("Space", "ArrowDown", "ArrowUp", forward, back):
        page.keyboard.press(key)
        places.append(page.evaluate(CHECKED_PLACE))
    page.evaluate(
        "(b) => document.querySelectorAll('input[type=radio]').forEach((e, i) => { e.checked = b[i]; })",
        before,
    )
    if places == [0, 1, 0, 1, 0]:
        return []
    return ["The arrow keys do not move the choice forward and back in the first group of radios."]


CHECKED_PLACE = """() => {
  const e = document.activeElement;
  if (e.type !== 'radio') return -1;
  return [...document.getElementsByName(e.name)].filter(o => o.form === e.form).findIndex(o => o.checked);
}"""

# Scrolled boxes that a keyboard reaches and that say what they hold may be wider (a table of data).
OVERFLOW = """() => {
  const allowed = '[role=region][tabindex="0"][aria-label], [role=region][tabindex="0"][aria-labelledby]';
  const classes = e => [...e.classList].map(c => '.' + c).join('');
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : classes(e));
  // one pixel, clipped: text for screen readers only
  const quiet = e => {
    for (let n = e; n && n !== document.body; n = n.parentElement) {
      const r = n.getBoundingClientRect();
      if ((r.width <= 1 || r.height <= 1) && getComputedStyle(n).overflow !== 'visible') return true;
    }
    return false;
  };
  const faults = [], root = document.documentElement;
  for (const e of document.querySelectorAll('body *')) {
    const r = e.getBoundingClientRect(), c = getComputedStyle(e);
    if (!r.width || !r.height || e.closest('svg') || c.visibility === 'hidden') continue;
    if (quiet(e) || e.closest(allowed) || r.bottom < 0) continue;
    if (r.right > innerWidth + 1 || r.left < -1) faults.push(`${name(e)} reaches past the edge`);
    const cut = ['hidden', 'clip'];
    if (cut.includes(c.overflowX) && e.clientWidth && e.scrollWidth > e.clientWidth + 1
        || cut.includes(c.overflowY) && e.clientHeight && e.scrollHeight > e.clientHeight + 3)
      faults.push(`${name(e)} cuts off what it holds`);
  }
  const wide = root.scrollWidth;
  if (wide > innerWidth) faults.unshift(`the page scrolls sideways, it is ${wide} pixels wide`);
  return faults.slice(0, 6);
}"""


LARGEST = "text-biggest spaced"
"""The classes that “Aa” gives a page with the largest text and more space."""

LARGER = """(names) => {
  const root = document.documentElement, before = root.className;
  root.classList.add(...names.split(' '));
  return before;
}"""


def reflow(page: Page) -> list[str]:
    """A phone, a phone on its side with a keyboard, a tablet: nothing scrolls sideways or is cut off [T3]."""
    with _size_kept(page):
        faults = [
            f"At {width} by {height} pixels {fault}."
            for width, height in (PHONE, (320, 256), UPRIGHT)
            for fault in _overflow(page, width, height)
        ]
        # Adults zoom their browser; children's pages have “Aa”.
        if not page.locator('link[href*="pupil.css"]').count():
            return faults
        before = page.evaluate(LARGER, LARGEST)
        try:
            return faults + [
                f"With “Aa” at its largest and {width} pixels {fault}."
                for width, height in (UPRIGHT, PHONE)
                for fault in _overflow(page, width, height)
            ]
        finally:
            page.evaluate("(before) => { document.documentElement.className = before; }", before)


SPACING = (
    "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
    "p{margin-bottom:2em!important}"
)


def large_text_and_spacing(page: Page) -> list[str]:
    """Text twice as large at 1024 and 390 pixels, WCAG 1.4.12's spacing at 1024 and 320 [T4]."""
    size = float(page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)"))
    doubled = f"html{{font-size:{2 * size}px!important}}"
    with _size_kept(page):
        return [
            f"With {what} at {width} pixels {fault}."
            for what, css, (width, height) in (
                ("more spacing", SPACING, PHONE),
                ("text at 200 %", doubled, (390, 690)),
                ("text at 200 %", doubled, TABLET),
                ("more spacing", SPACING, TABLET),
            )
            for fault in _overflow(page, width, height, css)
        ]


LOOKS = ("", "spaced", "text-bigger", "text-biggest", LARGEST)
"""The classes of what “Aa” offers, as they change how much room things take."""

# Every button on the ground of a child's page, with each look; and whether all of the page fits, where it has to.
NEXT = """(looks) => {
  const root = document.documentElement, before = root.className, faults = [];
  scrollTo(0, 0);
  for (const look of looks) {
    root.className = before;
    if (look) root.classList.add(...look.split(' '));
    const with_ = look ? ` with “${look}”` : '';
    for (const e of document.querySelectorAll('main .next')) {
      const r = e.getBoundingClientRect(), name = e.textContent.trim();
      const seen = r.top >= 0 && r.bottom <= innerHeight && r.left >= -1 && r.right <= innerWidth + 1;
      const top = seen && document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
      if (!seen) faults.push(`“${name}” is out of view${with_}`);
      else if (!e.contains(top)) faults.push(`“${name}” is covered${with_}`);
    }
    const more = root.scrollHeight - innerHeight;
    if (more > 0 && !look.includes('text-') && document.querySelector('main .next'))
      faults.push(`${more} pixels of the page are out of view${with_}`);
  }
  root.className = before;
  return faults;
}"""


def next_in_view(page: Page, looks: tuple[str, ...] = LOOKS) -> list[str]:
    """Before anything is scrolled Next is in view; at school's sizes, but for large text, all of the page is (P26)."""
    with _size_kept(page):
        faults = []
        for width, height in (*AT_SCHOOL, PHONE, HAND):
            _resize(page, width, height)
            found: list[str] = page.evaluate(NEXT, list(looks))
            phone = (width, height) not in AT_SCHOOL
            faults += [
                f"At {width} by {height} pixels {fault}."
                for fault in found
                if not (phone and "pixels of the page" in fault)
            ]
        return faults


def next_place(page: Page) -> tuple[int, int, int] | None:
    """Return how far Next is from the lower edge and from the end of the line, and how high; None where there is none."""
    place: list[int] | None = page.evaluate(NEXT_PLACE)
    return None if place is None else (place[0], place[1], place[2])


NEXT_PLACE = """() => {
  const all = [...document.querySelectorAll('main :not(.both) > .next')];
  if (!all.length) return null;
  scrollTo(0, 0);
  const r = all.at(-1).getBoundingClientRect(), left = document.documentElement.dir === 'rtl';
  return [innerHeight - r.bottom, left ? r.left : innerWidth - r.right, r.height].map(Math.round);
}"""


def _overflow(page: Page, width: int, height: int, css: str = "") -> list[str]:
    _resize(page, width, height)
    with _adopted(page, css):
        faults: list[str] = page.evaluate(OVERFLOW)
        return faults


def _resize(page: Page, width: int, height: int) -> None:
    """Give the page a size. To lay a page out anew is most of what a check costs, so checks ask for the same sizes."""
    if page.viewport_size != {"width": width, "height": height}:
        page.set_viewport_size({"width": width, "height": height})


_KEPT: list[Page] = []


@contextmanager
def _size_kept(page: Page) -> Iterator[None]:
    before = page.viewport_size
    if page in _KEPT or before is None:  # whoever came first gives it back
        yield
        return
    _KEPT.append(page)
    try:
        yield
    finally:
        _KEPT.remove(page)
        _resize(page, before["width"], before["height"])


@contextmanager
def _adopted(page: Page, css: str) -> Iterator[None]:
    # A style element would be refused by our content security policy; an adopted sheet is not.
    page.evaluate(
        "(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }",
        css,
    )
    try:
        yield
    finally:
        page.evaluate("() => { document.adoptedStyleSheets = []; }")


# What tells a chosen radio or box from one that is not, beside its background: G6's list.
CUES = """(type) => {
  const all = [...document.querySelectorAll(`input[type=${type}]`)].filter(e => e.checkVisibility());
  const named = all.filter(e => e.name === all[0].name);
  const [chosen, other] = type === 'radio' ? named : all;
  if (!other) return null;
  const before = all.map(e => e.checked), cues = new Set();
  chosen.checked = true; other.checked = false;
  document.activeElement.blur();
  const style = (e, pseudo) => getComputedStyle(e, pseudo);
  const parts = e => [e, e.nextElementSibling, e.closest('label'), e.parentElement].filter(n => n);
  parts(chosen).forEach((part, i) => {
    const twin = parts(other)[i];
    if (!twin || part === twin || part.contains(other)) return;
    for (const pseudo of [null, '::before', '::after']) {
      const a = style(part, pseudo), b = style(twin, pseudo);
      if (pseudo && a.content !== b.content) cues.add('mark');
      if (pseudo && (a.content === 'none' || a.content === 'normal')) continue;
      const wider = parseFloat(a.borderTopWidth) - parseFloat(b.borderTopWidth);
      if (Math.abs(wider) >= 2) cues.add('border width');
      if (a.borderTopStyle !== 'none' && a.borderTopColor !== b.borderTopColor) cues.add('border colour');
      if ((a.outlineStyle === 'none') !== (b.outlineStyle === 'none')) cues.add('outline');
      if (pseudo && ['display', 'visibility', 'opacity', 'transform'].some(p => a[p] !== b[p]))
        cues.add('mark');
    }
    const inner = [...part.querySelectorAll('*')], twins = [...twin.querySelectorAll('*')];
    inner.forEach((e, j) => {
      if (!twins[j]) return;
      const a = style(e), b = style(twins[j]);
      if (['display', 'visibility', 'opacity'].some(p => a[p] !== b[p])) cues.add('tick');
    });
  });
  // The browser draws its own dot or tick, and its own border, in the system's colours.
  const own = style(chosen);
  if (own.appearance !== 'none' && parseFloat(own.opacity) > 0) cues.add('own mark').add('own border');
  all.forEach((e, i) => { e.checked = before[i]; });
  return [...cues];
}"""

# What a page may lose with its colours: what is seen, has a name, can be tapped. `axe` has asked for the rest. Not the
# contrast: axe reads -webkit-text-fill-color, which the system does not change, and gives false alarms.
AXE_IN_FORCED_COLOURS = {
    "runOnly": {
        "type": "rule",
        "values": ["button-name", "label", "link-name", "scrollable-region-focusable", "target-size"],
    },
    "resultTypes": ["violations"],
}


def forced_colours(page: Page) -> list[str]:
    """Two cues or more tell what is chosen when the system picks the colours [T5]."""
    page.emulate_media(forced_colors="active", color_scheme="dark")
    try:
        faults = []
        for kind, noun in (("radio", "radio"), ("checkbox", "box")):
            if not page.locator(f"input[type={kind}]:visible").count():
                continue
            cues = page.evaluate(CUES, kind)
            if cues is not None and len(cues) < 2:
                told = f"only by: {cues[0]}" if cues else "by nothing"
                faults.append(f"In forced colours a chosen {noun} is told {told}. It needs two cues.")
        faults += _rings_in_forced_colours(page)
        result = run_axe(page, AXE_IN_FORCED_COLOURS)
        return faults + [f"In forced colours: {sentence}" for sentence in result.violations]
    finally:
        page.emulate_media(forced_colors="null", color_scheme="null")


def _rings_in_forced_colours(page: Page) -> Iterator[str]:
    """What has the focus is seen by its ring, also where it is chosen and has a frame for that."""
    before = page.evaluate("() => [...document.querySelectorAll('input[type=radio]')].map(e => e.checked)")
    page.evaluate("() => { const e = document.querySelector('input[type=radio]'); if (e) e.checked = true; }")
    page.evaluate(FROM_THE_TOP)
    seen: set[str] = set()
    for _ in range(MOST_TAB_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(RING)
        if stop is None or stop["place"] in seen:
            break
        seen.add(stop["place"])
        if not stop["shown"]:
            yield f"In forced colours “{stop['name']}” has the focus, and no ring shows it."
    page.evaluate(
        "(b) => document.querySelectorAll('input[type=radio]').forEach((e, i) => { e.checked = b[i]; })", before
    )


# Whether what has the focus, or the label beside it, has an outline that it does not have without.
RING = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const surfaces = [e, e.matches('input[type=radio],input[type=checkbox]') && e.nextElementSibling].filter(n => n);
  const outlines = () => surfaces.map(n => {
    const c = getComputedStyle(n);
    const none = c.outlineStyle === 'none' || parseFloat(c.outlineWidth) < 2 || c.outlineColor === 'rgba(0, 0, 0, 0)';
    return none ? '' : `${c.outlineWidth} ${c.outlineColor} ${c.outlineOffset}`;
  });
  const focused = outlines();
  e.blur();
  const plain = outlines();
  e.focus({preventScroll: true});
  const all = [...document.querySelectorAll('*')];
  return {
    place: String(all.indexOf(e)),
    name: (e.labels?.[0]?.textContent || e.textContent || e.id || e.tagName).trim().slice(0, 40),
    shown: focused.some((one, i) => one && one !== plain[i]),
  };
}"""


def reduced_motion(page: Page) -> list[str]:
    """With less movement asked for, choosing starts no animation, and nothing moves by itself [T7]."""
    page.emulate_media(reduced_motion="reduce")
    try:
        return page.evaluate(MOVING, CHOICES)  # type: ignore[no-any-return]
    finally:
        page.emulate_media(reduced_motion="null")


MOVING = """async (choices) => {
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const moving = () => document.getAnimations().filter(a => a.playState === 'running').length;
  const faults = [];
  await frame();
  if (moving()) faults.push('Something on the page moves although less movement is asked for.');
  const box = [...document.querySelectorAll(choices)].find(e => e.checkVisibility());
  if (box && !faults.length) {
    const before = [...document.querySelectorAll(choices)].map(e => e.checked);
    box.checked = !box.checked;
    await frame();
    if (moving()) faults.push('Choosing an answer moves something although less movement is asked for.');
    document.querySelectorAll(choices).forEach((e, i) => { e.checked = before[i]; });
  }
  return faults;
}"""

# The size of what can be tapped. A radio or box is as large as itself or its label. Not asked of: links
# inside a sentence (WCAG's exception), the skip link until it has the focus, scrolled regions.
TARGETS = """() => {
  const found = [];
  for (const e of document.querySelectorAll(
      'a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex="0"]')) {
    if (!e.checkVisibility({visibilityProperty: true}) || e.getAttribute('role') === 'region') continue;
    const inline = e.tagName === 'A' && getComputedStyle(e).display === 'inline'
      && e.parentElement.textContent.trim() !== e.textContent.trim();
    if (inline) continue;
    const tick = e.matches('input[type=radio],input[type=checkbox]');
    const boxes = [e, ...(tick ? e.labels : [])].map(n => n.getBoundingClientRect());
    const hidden = b => b.width <= 1 || b.height <= 1 || b.bottom + scrollY <= 0 || b.right + scrollX <= 0;
    if (boxes.every(hidden)) continue;
    const best = boxes.reduce((a, b) => Math.min(a.width, a.height) >= Math.min(b.width, b.height) ? a : b);
    const label = e.labels && e.labels[0] ? e.labels[0].textContent : '';
    found.push({name: (label || e.textContent || e.value || e.id || e.tagName).trim().slice(0, 40),
                width: Math.round(best.width), height: Math.round(best.height)});
  }
  return found;
}"""


def targets(page: Page, smallest: int = 44) -> list[str]:
    """Everything to tap is `smallest` pixels wide and high at 1024, 768 and 320 pixels [T9]."""
    faults = []
    with _size_kept(page):
        for width, height in (TABLET, UPRIGHT, PHONE):
            _resize(page, width, height)
            faults += [
                f"At {width} pixels “{target['name']}” is {target['width']} by {target['height']} pixels "
                f"to tap, less than {smallest}."
                for target in page.evaluate(TARGETS)
                if min(target["width"], target["height"]) < smallest
            ]
    return faults


def console(page: Page) -> list[str]:
    """No error and no report of the content security policy since the page was opened [T12]."""
    return [
        *(f"The console says: {message.text}" for message in page.console_messages() if message.type == "error"),
        *(f"A script failed: {error.message}" for error in page.page_errors()),
    ]


def _at_every_size(page: Page, smallest_target: int) -> list[str]:
    with _size_kept(page):
        return [
            *targets(page, smallest_target),
            *reflow(page),
            *next_in_view(page),
            *large_text_and_spacing(page),
        ]


def every_check(page: Page, smallest_target: int = 44) -> list[str]:
    """All checks on the page as it stands; `smallest_target` is 60 for pupils, 44 for adults."""
    return [
        *console(page),  # first: what the page did by itself, not what the checks did to it
        *axe(page),
        *_at_every_size(page, smallest_target),
        *keyboard_walk(page),
        *forced_colours(page),
        *reduced_motion(page),
    ]
