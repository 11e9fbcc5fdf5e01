"""The signed cookie that says who is signed in. It belongs to the office and is sent nowhere else."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

OFFICE = "/office"
"""Below this address people sign in and work; the cookie's path."""


class OfficeSessions(SecureCookieSessionInterface):
    """Sessions below /office only. On all other pages there is none: reading finds nothing, writing is an error."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of an office page, None (Flask's null session) everywhere else."""
        if request.path != OFFICE and not request.path.startswith(f"{OFFICE}/"):
            return None
        return super().open_session(app, request)
