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
    at_every_size           targets, reflow, next_in_view and large_text_and_spacing, for less than one after the other
    every_check             all of them
    in_size                 some of them in a size other than the page's own

They need JavaScript in the page's context, and wait until all of the page is there. Numbers in brackets are those of
the design's test protocol, and this is where each is kept:

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

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

AXE_FROM_NPM = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# axe has two rules of contrast: for AA, and for AAA (off unless it is asked for), which passes by what AA's finds or
# cannot tell. One that asks for AAA finds what both do.
CONTRAST = {"color-contrast": {"options": {"contrastRatio": {"normal": {"expected": 7}, "large": {"expected": 4.5}}}}}

AXE_OPTIONS = {
    "runOnly": AXE_TAGS,
    "resultTypes": ["violations", "incomplete"],
    # axe leaves the first out unless it is asked for
    "rules": {"target-size": {"enabled": True}, "color-contrast-enhanced": {"enabled": False}},
    "checks": CONTRAST,
}

# What may be another answer in other colours; all else of a page was asked when it was met in its usual ones.
AXE_OF_COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations", "incomplete"],
    "checks": CONTRAST,
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


AXE_ADDRESS = "/axe.min.js"
"""Where `with_axe` has it."""


def with_axe(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Let a WSGI app hold axe for its own pages: a browser that fetches it keeps it, compiled, for the next page."""

    def either(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != AXE_ADDRESS:
            return app(environ, start)
        start("200 OK", [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=86400")])
        return [_axe().axe_script.encode()]

    return either


FETCH_AXE = """(address) => location.protocol === 'http:' && new Promise(done => {
  const script = document.createElement('script');
  script.onload = script.onerror = () => { script.remove(); done('axe' in window); };
  script.src = address;
  document.head.append(script);
})"""

# From the top: of what an earlier check has scrolled out of a box, axe cannot tell the colours.
RUN_AXE = """([of, options]) => {
  if (!('axe' in window)) return null;
  for (const one of document.querySelectorAll('*')) if (one.scrollTop) one.scrollTop = 0;
  scrollTo(0, 0);
  return axe.run(of || document, options);
}"""


Result = TypeVar("Result")
Given = ParamSpec("Given")


def of_a_whole_page(look: Callable[Concatenate[Page, Given], Result]) -> Callable[Concatenate[Page, Given], Result]:
    """Let something look at a page when all of it has come: a click returns as soon as another page begins."""

    @wraps(look)
    def once_there(page: Page, *given: Given.args, **named: Given.kwargs) -> Result:
        page.wait_for_load_state()
        return look(page, *given, **named)

    return once_there


@of_a_whole_page
def run_axe(page: Page, options: dict[str, Any] = AXE_OPTIONS, of: dict[str, Any] | None = None) -> AxeResult:
    """Run axe on the page, or on a part of it, from the top [T1]."""
    response = page.evaluate(RUN_AXE, [of, options])
    if response is None:
        if not page.evaluate(FETCH_AXE, AXE_ADDRESS):  # a page that no `with_axe` has served
            page.evaluate(_axe().axe_script)
        response = page.evaluate(RUN_AXE, [of, options])
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


@of_a_whole_page
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

# Everything Tab must reach: a list of groups, each of one thing or of radios, of which it reaches one.
GROUPS = """() => {
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
  return [...groups.values()];
}"""


# Blurring alone would let Tab go on from where the focus was, such as from the box that tells of an error.
FROM_THE_TOP = """() => {
  const start = document.createElement('span');
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  start.remove();
  scrollTo(0, 0);
}"""

# What one key did is looked at when the next is pressed: a question to the page between two keys costs as much as a key.
LOOK_AT_EACH_KEY = """(look) => {
  const seen = [], note = () => seen.push(look());
  addEventListener('keydown', note, true);
  window.chorusKeys = {seen, look, end: () => removeEventListener('keydown', note, true)};
}"""

# What each key did, and what the last one did: what was there before the first is left out.
EACH_KEY = """() => {
  const {seen, look, end} = window.chorusKeys;
  end();
  delete window.chorusKeys;
  return [...seen, look()].slice(1);
}"""

START_TO_WALK = f"""() => {{
  ({FROM_THE_TOP})();
  ({LOOK_AT_EACH_KEY})({FOCUSED});
  return ({GROUPS})().length;
}}"""

# What is left out; and the focus has scrolled boxes as well as the page: axe does not see what is scrolled out of one.
NEVER_REACHED = f"""() => {{
  const stops = new Set(window.chorusStops || []);
  delete window.chorusStops;
  document.querySelectorAll('nav').forEach(box => box.scrollTo(0, 0));
  return ({GROUPS})().filter(g => !g.some(e => stops.has(e))).map(([e]) =>
    ((e.labels && e.labels[0] ? e.labels[0].textContent : '') || e.textContent || e.id || e.tagName)
      .trim().slice(0, 40));
}}"""


@of_a_whole_page
def keyboard_walk(page: Page) -> list[str]:
    """Tab through the page: each stop has a ring and is in view and on top; nothing is left out [T2]."""
    faults: list[str] = []
    stops: set[int] = set()
    last = None
    for stop in _tabbed(page):
        if stop is not None and stop["number"] == last:
            continue  # a field for a day has a stop for each of its parts
        if stop is None or stop["number"] in stops:
            break
        last = stop["number"]
        stops.add(stop["number"])
        faults += _faults_of_stop(stop)
    faults += [f"Tab never reaches “{name}”." for name in page.evaluate(NEVER_REACHED)]
    return faults + basics(page) + _arrow_keys(page)


def _tabbed(page: Page) -> Iterator[dict[str, Any] | None]:
    """Yield what has the focus after each Tab from the top: one Tab more than there are stops, and as many as are asked for."""
    enough = min(page.evaluate(START_TO_WALK) + 1, MOST_TAB_STOPS)
    for _ in range(enough):
        page.keyboard.press("Tab")
    yield from page.evaluate(EACH_KEY)
    for _ in range(MOST_TAB_STOPS - enough):
        page.keyboard.press("Tab")
        yield page.evaluate(FOCUSED)


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
    before = page.evaluate(START_TO_CHOOSE)
    if before is None:
        return []
    chosen, right_to_left = before
    forward, back = ("ArrowLeft", "ArrowRight") if right_to_left else ("ArrowRight", "ArrowLeft")
    for key in ("Space", "ArrowDown", "ArrowUp", forward, back):
        page.keyboard.press(key)
    places = page.evaluate(EACH_KEY)
    page.evaluate(CHOOSE_AGAIN, chosen)
    if places == [0, 1, 0, 1, 0]:
        return []
    return ["The arrow keys do not move the choice forward and back in the first group of radios."]


CHECKED_PLACE = """() => {
  const e = document.activeElement;
  if (e.type !== 'radio') return -1;
  return [...document.getElementsByName(e.name)].filter(o => o.form === e.form).findIndex(o => o.checked);
}"""

CHOSEN = "[...document.querySelectorAll('input[type=radio]')].map(e => e.checked)"

CHOOSE_AGAIN = "(b) => document.querySelectorAll('input[type=radio]').forEach((e, i) => { e.checked = b[i]; })"

START_TO_CHOOSE = f"""() => {{
  const radios = [...document.querySelectorAll('input[type=radio]')]
    .filter(e => e.checkVisibility({{visibilityProperty: true}}) && e.getBoundingClientRect().width);
  if (radios.length < 2) return null;
  radios[0].focus();
  ({LOOK_AT_EACH_KEY})({CHECKED_PLACE});
  return [{CHOSEN}, document.documentElement.dir === 'rtl'];
}}"""

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

Found = list[Any]


@dataclass(frozen=True)
class Measure:
    """What is asked of a page in a size: a script of `MEASURE`, with the classes of a look of “Aa”, with a style sheet.

    `tell` makes sentences of what the script finds. `where`: only of pages that have such an element.
    """

    size: tuple[int, int]
    script: str
    tell: Callable[[Found], list[str]]
    look: str = ""
    css: str = ""
    where: str = "html"


def _sentences(words: str) -> Callable[[Found], list[str]]:
    return lambda found: [words.format(fault) for fault in found]


def reflow(page: Page) -> list[str]:
    """A phone, a phone on its side with a keyboard, a tablet: nothing scrolls sideways or is cut off [T3]."""
    return _measured(page, _reflow())


def _reflow() -> Iterator[Measure]:
    for size in (PHONE, (320, 256), UPRIGHT):
        yield Measure(size, "overflow", _sentences(f"At {size[0]} by {size[1]} pixels {{}}."))
    # Adults zoom their browser; children's pages have “Aa”.
    for size in (UPRIGHT, PHONE):
        told = _sentences(f"With “Aa” at its largest and {size[0]} pixels {{}}.")
        yield Measure(size, "overflow", told, look=LARGEST, where='link[href*="pupil.css"]')


SPACING = (
    "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
    "p{margin-bottom:2em!important}"
)

DOUBLED = "html{font-size:calc(2 * FONT-SIZE)!important}"
"""FONT-SIZE is what the page has by itself."""


def large_text_and_spacing(page: Page) -> list[str]:
    """Text twice as large at 1024 and 390 pixels, WCAG 1.4.12's spacing at 1024 and 320 [T4]."""
    return _measured(page, _large_text_and_spacing())


def _large_text_and_spacing() -> Iterator[Measure]:
    for what, css, size in (
        ("text at 200 %", DOUBLED, TABLET),
        ("more spacing", SPACING, TABLET),
        ("more spacing", SPACING, PHONE),
        ("text at 200 %", DOUBLED, HAND),
    ):
        yield Measure(size, "overflow", _sentences(f"With {what} at {size[0]} pixels {{}}."), css=css)


LOOKS = ("", "spaced", "text-bigger", "text-biggest", LARGEST)
"""The classes of what “Aa” offers, as they change how much room things take."""

# Every button on the ground of a child's page, with a look; and whether all of the page fits, where it has to.
NEXT = """(look) => {
  const root = document.documentElement, faults = [], with_ = look ? ` with “${look}”` : '';
  scrollTo(0, 0);
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
  return faults;
}"""


def next_in_view(page: Page) -> list[str]:
    """Before anything is scrolled Next is in view; at school's sizes, but for large text, all of the page is (P26)."""
    return _measured(page, _next_in_view())


def _next_in_view() -> Iterator[Measure]:
    for size in (*AT_SCHOOL, PHONE, HAND):
        for look in LOOKS:
            yield Measure(size, "next", partial(_next_told, size), look=look, where="main .next")


def _next_told(size: tuple[int, int], found: Found) -> list[str]:
    whole = size in AT_SCHOOL
    return [
        f"At {size[0]} by {size[1]} pixels {fault}." for fault in found if whole or "pixels of the page" not in fault
    ]


@of_a_whole_page
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


def in_size(page: Page, size: tuple[int, int], *checks: Callable[[Page], list[str]]) -> list[str]:
    """Make checks on the page in a size that it has not been opened in."""
    with _size_kept(page):
        _resize(page, size)
        return [f"At {size[0]} pixels: {fault}" for check in checks for fault in check(page)]


def _viewport(size: tuple[int, int]) -> ViewportSize:
    return {"width": size[0], "height": size[1]}


def _resize(page: Page, size: tuple[int, int]) -> None:
    if page.viewport_size != _viewport(size):
        page.set_viewport_size(_viewport(size))


@contextmanager
def _size_kept(page: Page) -> Iterator[None]:
    before = page.viewport_size
    try:
        yield
    finally:
        if before is not None:
            _resize(page, (before["width"], before["height"]))


# What tells a chosen radio or box from one that is not, beside its background: G6's list.
CUES = """(type) => {
  const all = [...document.querySelectorAll(`input[type=${type}]`)].filter(e => e.checkVisibility());
  if (!all.length) return null;
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


@of_a_whole_page
def forced_colours(page: Page) -> list[str]:
    """Two cues or more tell what is chosen when the system picks the colours; what has the focus has its ring [T5]."""
    page.emulate_media(forced_colors="active", color_scheme="dark")
    try:
        page.evaluate(FROM_THE_TOP)
        page.keyboard.press("Tab")  # as from here on the keyboard is used, whatever gets the focus shows it
        told, ringless = page.evaluate(IN_FORCED_COLOURS)
        faults = []
        for noun, cues in zip(("radio", "box"), told, strict=True):
            if cues is not None and len(cues) < 2:
                by = f"only by: {cues[0]}" if cues else "by nothing"
                faults.append(f"In forced colours a chosen {noun} is told {by}. It needs two cues.")
        faults += [f"In forced colours “{name}” has the focus, and no ring shows it." for name in ringless]
        result = run_axe(page, AXE_IN_FORCED_COLOURS)
        return faults + [f"In forced colours: {sentence}" for sentence in result.violations]
    finally:
        page.emulate_media(forced_colors="null", color_scheme="null")


# What has the focus is seen by its ring, also where it is chosen and has a frame for that. Each thing that Tab reaches
# (keyboard_walk sees to that) is given the focus: does it, or the label beside it, have an outline that it has not without?
RINGLESS = f"""() => {{
  const first = document.querySelector('input[type=radio]'), before = {CHOSEN}, names = [];
  if (first) first.checked = true;
  for (const group of ({GROUPS})()) {{
    const e = group.find(one => one.checked) || group[0];
    const surfaces = [e, e.matches('input[type=radio],input[type=checkbox]') && e.nextElementSibling].filter(n => n);
    const outlines = () => surfaces.map(n => {{
      const c = getComputedStyle(n);
      const none = c.outlineStyle === 'none' || parseFloat(c.outlineWidth) < 2 || c.outlineColor === 'rgba(0, 0, 0, 0)';
      return none ? '' : `${{c.outlineWidth}} ${{c.outlineColor}} ${{c.outlineOffset}}`;
    }});
    e.focus({{preventScroll: true}});
    if (document.activeElement !== e) continue;
    const focused = outlines();
    e.blur();
    const plain = outlines();
    if (!focused.some((one, i) => one && one !== plain[i]))
      names.push((e.labels?.[0]?.textContent || e.textContent || e.id || e.tagName).trim().slice(0, 40));
  }}
  ({CHOOSE_AGAIN})(before);
  return names;
}}"""

IN_FORCED_COLOURS = f"""() => {{
  const cues = {CUES};
  return [['radio', 'checkbox'].map(cues), ({RINGLESS})()];
}}"""


@of_a_whole_page
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


# A style element would be refused by our content security policy; an adopted sheet is not.
MEASURE = f"""(asked) => {{
  const scripts = {{overflow: {OVERFLOW}, targets: {TARGETS}, next: {NEXT}}};
  const root = document.documentElement, before = root.className, size = getComputedStyle(root).fontSize;
  let worn = '';
  const wear = css => {{
    if (css === worn) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css.replace('FONT-SIZE', size));
    document.adoptedStyleSheets = css ? [sheet] : [];
    worn = css;
  }};
  try {{
    return asked.map(([script, look, css]) => {{
      root.className = look ? `${{before}} ${{look}}` : before;
      wear(css);
      return scripts[script](look);
    }});
  }} finally {{
    root.className = before;
    wear('');
  }}
}}"""


@of_a_whole_page
def _measured(page: Page, measures: Iterable[Measure]) -> list[str]:
    """Ask all that is asked in a size at once, and what has the same look one after the other.

    To lay a page out anew is most of what a check costs.
    """
    asked = list(measures)
    there = page.evaluate(
        "all => all.filter(one => document.querySelector(one))", list({measure.where for measure in asked})
    )
    by_size: dict[tuple[int, int], list[Measure]] = {}
    for measure in asked:
        if measure.where in there:
            by_size.setdefault(measure.size, []).append(measure)
    faults = []
    with _size_kept(page):
        for size in sorted(by_size, key=lambda size: page.viewport_size != _viewport(size)):
            here = sorted(by_size[size], key=lambda measure: (measure.css, measure.look))
            _resize(page, size)
            found = page.evaluate(MEASURE, [[one.script, one.look, one.css] for one in here])
            faults += [fault for one, said in zip(here, found, strict=True) for fault in one.tell(said)]
    return faults


def targets(page: Page, smallest: int = 44) -> list[str]:
    """Everything to tap is `smallest` pixels wide and high at 1024, 768 and 320 pixels [T9]."""
    return _measured(page, _targets(smallest))


def _targets(smallest: int) -> Iterator[Measure]:
    for size in (TABLET, UPRIGHT, PHONE):
        yield Measure(size, "targets", partial(_targets_told, size[0], smallest))


def _targets_told(width: int, smallest: int, found: Found) -> list[str]:
    return [
        f"At {width} pixels “{target['name']}” is {target['width']} by {target['height']} pixels "
        f"to tap, less than {smallest}."
        for target in found
        if min(target["width"], target["height"]) < smallest
    ]


@of_a_whole_page
def console(page: Page) -> list[str]:
    """No error and no report of the content security policy since the page was opened [T12]."""
    return [
        *(f"The console says: {message.text}" for message in page.console_messages() if message.type == "error"),
        *(f"A script failed: {error.message}" for error in page.page_errors()),
    ]


def at_every_size(page: Page, smallest_target: int = 44) -> list[str]:
    """`targets`, `reflow`, `next_in_view` and `large_text_and_spacing`, all that is asked in a size at once."""
    return _measured(page, [*_targets(smallest_target), *_reflow(), *_next_in_view(), *_large_text_and_spacing()])


def every_check(page: Page, smallest_target: int = 44) -> list[str]:
    """All checks on the page as it stands; `smallest_target` is 60 for pupils, 44 for adults."""
    return [
        *console(page),  # first: what the page did by itself, not what the checks did to it
        *axe(page),
        *at_every_size(page, smallest_target),
        *keyboard_walk(page),
        *forced_colours(page),
        *reduced_motion(page),
    ]
