"""Which Chromium the tests and the bench start, and how."""

from __future__ import annotations

import os
import shutil

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
