"""Which Chromium the tests and the bench start, and how."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Playwright

from tests.postgres import fast_folder

# Without the window around it, where there is one: `make browser` says why.
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # no calls to the browser maker's hosts: tests need no network
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# A page that follows another of the same site gets the frame of the first one, as in every Chromium until lately: a new one
# for each is a third of what it costs to open a page, and nothing of it reaches the page. The others are Playwright's own:
# a list given later takes the place of an earlier one.
SAME_FRAME = "--enable-features=CDPScreenshotNewSurface,RenderDocument:level/crashed-frame"


def launched(playwright: Playwright) -> Browser:
    """Start Chromium for many pages, of which no time is told.

    Playwright has Chromium keep what its processes share on the disk, as there is little memory for that in many a
    container. Where there is enough of it, it is kept there.
    """
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[*CHROMIUM_ARGUMENTS, SAME_FRAME],
        ignore_default_args=["--disable-dev-shm-usage"] if fast_folder() else None,
    )
