"""How long a child looks at an empty screen: the first pages on an old laptop and a slow line (forms.md, G16)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.pages import server, study
from tests.chromium import CHROMIUM, CHROMIUM_ARGUMENTS

CHROMEBOOK = {"width": 1366, "height": 640}

# A page may be loaded a moment before the browser has painted it, or has noted that it did.
PAINTED = """() => new Promise((done) => {
  const look = () => {
    const [painted] = performance.getEntriesByName('first-contentful-paint');
    if (painted) done(Math.round(painted.startTime));
    else setTimeout(look, 50);
  };
  look();
})"""


@dataclass(frozen=True)
class Line:
    """A line and a laptop. bytes: a second; latency: of a request, in ms; slower: times slower than this CPU."""

    bytes: int
    latency: int
    slower: float


OLD = Line(50_000, 400, 6)
"""400 kbit/s, 400 ms, a CPU six times slower."""

SMALL = Line(5_000_000, 1, 1)


def run(*, small: bool = False) -> Iterator[str]:
    """Yield the time to the first words of the welcome page, of the first question, and of the next one."""
    line = SMALL if small else OLD
    yield f"{line.bytes * 8 // 1000} kbit/s, {line.latency} ms, CPU ÷ {line.slower:g}; at most 2,500 ms are asked for"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = study(folder)
        with server("ours", folder, 1) as (port, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
            page = browser.new_page(viewport=CHROMEBOOK)
            _slow_down(page, line)
            page.goto(f"http://127.0.0.1:{port}{start}")
            yield _told("welcome, nothing kept yet", page)
            page.locator('input[value="yes"]').check()
            for which in ("first question", "second question"):
                _next(page)
                yield _told(which, page)
                page.locator("main input[type=radio]").first.check()
            browser.close()


def _slow_down(page: Page, line: Line) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": line.latency,
            "downloadThroughput": line.bytes,
            "uploadThroughput": line.bytes,
        },
    )
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": line.slower})


def _next(page: Page) -> None:
    with page.expect_navigation(wait_until="load"):
        page.locator("main form button:not([name=leave][value=stop])").last.click()


def _told(which: str, page: Page) -> str:
    return f"  {which:28} first words after {page.evaluate(PAINTED):6,} ms"
