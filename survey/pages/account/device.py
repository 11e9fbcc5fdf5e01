"""A browser that an account signed in with before: a stranger's guesses elsewhere do not keep it waiting.

The cookie goes to the sign-in pages only. It lets no one in; it only says whose wrong tries are counted.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final

from flask import request
from werkzeug.wrappers import Response as Reply

from survey.pages.account.datastore import FlaskUser
from survey.pages.account.sessions import OFFICE
from survey.pages.store import store

_COOKIE: Final = "device"
_PATH: Final = f"{OFFICE}/sign-in"
_KEPT: Final = timedelta(days=365)


def known(user: FlaskUser | None) -> str | None:
    """Return the name of this browser when the user signed in with it before; None for a new one."""
    name, _, signature = request.cookies.get(_COOKIE, "").partition(".")
    if user is None or not name:
        return None
    right = hmac.compare_digest(_signature(user, name).encode(), signature.encode("utf-8", "surrogatepass"))
    return name if right else None


def remember(reply: Reply, user: FlaskUser) -> Reply:
    """Let this browser be known to be the user's."""
    name = known(user) or secrets.token_urlsafe(12)
    reply.set_cookie(
        _COOKIE,
        f"{name}.{_signature(user, name)}",
        max_age=_KEPT,
        path=_PATH,
        httponly=True,
        samesite="Lax",
        secure=store().settings.secure,
    )
    return reply


def _signature(user: FlaskUser, name: str) -> str:
    return hmac.digest(store().settings.key("devices"), f"{user.id}.{name}".encode(), hashlib.sha256).hex()
