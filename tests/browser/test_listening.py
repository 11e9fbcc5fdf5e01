"""“Listen”: the study's recordings, else the device's own voice, else no button."""

from __future__ import annotations

import io
import shutil
import wave
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import accessibility
from tests.browser.hand import press, tap, tick
from tests.published import FOLDER, Published, publish

VOICE = """(() => {
  // A device's voices come late, and speak: here each sentence takes some milliseconds, and is written down.
  const all = [{lang: 'en-US', name: 'far', localService: false}, {lang: 'en_GB', name: 'near', localService: true},
               {lang: 'pl-PL', name: 'polish', localService: true}];
  const heard = window.heard = [];
  let voices = [], queue = [];
  const synth = Object.assign(new EventTarget(), {
    getVoices: () => voices,
    cancel: () => { heard.push('(stopped)'); sessionStorage.stopped = true; queue = []; },
    speak: (said) => {
      heard.push(said.text);
      window.spoken = [said.lang, said.voice && said.voice.name];
      queue = [said];
      if (window.holdsOn) return;
      if (said.onboundary) {
        said.onboundary({name: 'word', charIndex: 0, charLength: said.text.split(' ')[0].length});
        const marked = name => [...(CSS.highlights.get(name) || [])].map(String).join();
        window.marked = [...(window.marked || []), [marked('sentence'), marked('word'),
          [...document.querySelectorAll('.reading')].map(e => e.textContent.trim()).join()]];
      }
      setTimeout(() => queue[0] === said && said.onend(), 5);
    },
  });
  Object.defineProperty(window, 'speechSynthesis', {value: synth});
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  setTimeout(() => { voices = all.filter(v => !window.noVoice); synth.dispatchEvent(new Event('voiceschanged')); }, 50);
})()"""

PLAYER = """(() => {
  // Which recordings are played, and to which end.
  window.heard = window.heard || [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    window.heard.push(decodeURI(this.src.split('/').pop()));
    return play.call(this);
  };
})()"""


def wav() -> bytes:
    """Return a twentieth of a second of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(b"\x80" * 400)
    return out.getvalue()


RECORDED = {
    "how-much-do-you-like-to-sing-at-school",
    "not-at-all",
    "i-love-it",
    "i-dont-know",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("recorded") / "questionnaires"
    shutil.copytree(FOLDER, folder)
    audio = folder / "audio" / "en"
    audio.mkdir(parents=True)
    for name in RECORDED:
        (audio / f"{name}.ogg").write_bytes(wav())
    made = publish(tmp_path_factory.mktemp("listening"), folder)
    yield made
    made.engine.dispose()


@pytest.fixture
def site(published: Published, serve: Callable[[Any], str]) -> str:
    return serve(published.app)


@pytest.fixture
def open_question(published: Published, site: str, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return what opens the first question that counts, in a browser whose voices are `before` set up."""

    def opened(before: str = "", script: str = VOICE, **options: Any) -> Page:
        page = new_page(**options)
        page.add_init_script(f"{before};{script};{PLAYER}")
        page.goto(site + published.link("pupil-ks2"))
        tick(page.locator('input[value="yes"]'))
        for _ in range(3):
            go_on(page)
            tick(page.locator("main input[type=radio]").first)
        assert "/enjoy_singing" in page.url
        return page

    return opened


def go_on(page: Page) -> None:
    press(page.locator("main form button:not([name=leave][value=stop])").last)


def listened(page: Page) -> list[str]:
    """Press Listen, wait until it is over, and return what was heard."""
    page.evaluate("() => { window.heard.length = 0; }")
    tap(page.get_by_role("button", name="Listen"))
    page.get_by_role("button", name="Listen", pressed=False).wait_for()
    heard: list[str] = page.evaluate("() => window.heard")
    return heard


def test_recordings_and_the_voice_take_turns(open_question: Callable[..., Page], published: Published) -> None:
    """The order of the page, a sentence at a time; what is read is marked; Escape and leaving stop it."""
    page = open_question()
    button = page.get_by_role("button", name="Listen", pressed=False)
    button.wait_for()
    assert page.evaluate("() => window.heard") == [], "never by itself"
    assert page.locator("audio").is_hidden()
    assert listened(page) == [
        "how-much-do-you-like-to-sing-at-school.ogg",
        "Pick the face that is most like you.",
        "not-at-all.ogg",
        "A little bit",
        "Quite a bit",
        "A lot",
        "i-love-it.ogg",
        "i-dont-know.ogg",
        "I don’t want to say",
        "(stopped)",
    ]
    assert page.evaluate("() => window.spoken") == ["en-GB", "near"]
    assert page.evaluate("() => window.marked.slice(0, 2)") == [
        ["Pick the face that is most like you.", "Pick", ""],
        ["A little bit", "A", "A little bit"],
    ]
    assert page.evaluate("() => [CSS.highlights.size, document.querySelectorAll('.reading').length]") == [0, 0]

    page.evaluate("() => { window.holdsOn = true; }")
    button = page.locator("button.listen")
    button.focus()
    for start, end in (("Enter", "Escape"), ("Space", "Space")):
        page.keyboard.press(start)
        assert button.get_attribute("aria-pressed") == "true"
        page.keyboard.press(end)
        assert button.get_attribute("aria-pressed") == "false"
        assert page.evaluate("() => window.heard.at(-1)") == "(stopped)"

    page.keyboard.press("Enter")
    page.evaluate("() => { delete sessionStorage.stopped; }")
    assert accessibility.axe(page) + accessibility.targets(page, 60) + accessibility.keyboard_walk(page) == []
    page.keyboard.press("Escape")
    page.evaluate("() => { window.holdsOn = false; }")
    page.route("**/file/**", lambda route: route.abort())
    assert listened(page)[:3] == [
        "how-much-do-you-like-to-sing-at-school.ogg",
        "How much do you like to sing at school?",
        "Pick the face that is most like you.",
    ], "a recording that fails leaves its text to the voice"
    page.unroute("**/file/**")

    tick(page.locator("main input[type=radio]").first)
    go_on(page)
    assert "/enjoy_playing" in page.url
    assert page.evaluate("() => sessionStorage.stopped"), "leaving stops it"
    for _ in range(100):  # the answer is sent while the next page is opened
        if published.newest("pupil-ks2").answers:
            break
        page.wait_for_timeout(50)
    assert published.newest("pupil-ks2").listened == {"enjoy_singing": 5}


def test_listen_is_only_there_where_something_can_be_heard(open_question: Callable[..., Page]) -> None:
    page = open_question("window.noVoice = true")
    assert listened(page) == [
        f"{name}.ogg" for name in ("how-much-do-you-like-to-sing-at-school", "not-at-all", "i-love-it", "i-dont-know")
    ] + ["(stopped)"]
    go_on(page)
    button = page.locator("button.listen")
    page.locator("h1", has_text="play music").wait_for()
    page.goto(page.url.replace("/en/", "/cy/"))
    page.wait_for_timeout(100)  # the voices are there, and none is Welsh
    assert button.is_hidden()

    plain = open_question(java_script_enabled=False)
    assert plain.locator("button.listen").is_hidden()
    assert plain.locator("audio[controls]").is_visible()
