"""Typed codes, tried too often: a few seconds' wait, never a closed door.

No thread waits: the answer is a page that says how long, with what was typed still in its box, and the code is not
looked at before that time is over.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final

from flask import request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.going_on import now
from survey.pages.answer.passes import Pass, current, give
from survey.pages.store import store
from survey.people.attempts import ADDRESS, ADDRESS_IN_A_DAY, DEVICE, Limit, counter, succeeded, waits_until, was_wrong
from survey.wording import Say

_NETWORK: Final = 64
"""Bits of an IPv6 address that a household or a school shares; the rest each device makes up as it likes."""

_STEP: Final = 5
"""Seconds a wait is rounded up to."""


def wait_for(purpose: str) -> timedelta | None:
    """Return how long a code of this sort has to wait here; None when it may be looked at."""
    moment = now()
    until = waits_until(store().engine, counted(purpose, current()).keys(), moment)
    return None if until is None else until - moment


def wrong(purpose: str, reply: Reply) -> Reply:
    """Count a wrong code; return the reply with a pass that lets this browser's tries be counted for themselves."""
    pass_ = current()
    if not _device(pass_):
        pass_ = replace(pass_, tries=secrets.token_urlsafe(12))
        give(reply, pass_)
    was_wrong(store().engine, counted(purpose, pass_), now())
    return reply


def right(purpose: str) -> None:
    """Forget this browser's wrong tries: the code was right. Those of the address stay until their time is over."""
    if device := _device(current()):
        succeeded(store().engine, _key(purpose, "device", device))


def please_wait(reply: Reply, wait: timedelta) -> Reply:
    """Say in the reply's headers, too, that it was too early."""
    reply.status_code = 429
    reply.headers["Retry-After"] = str(_seconds(wait))
    return reply


def in_words(wait: timedelta, say: Say) -> str:
    """Return the sentence that asks someone to wait."""
    seconds = _seconds(wait)
    if seconds <= 60:
        return say("Please wait {seconds} seconds, then try again.", seconds=seconds)
    return say("Please wait {minutes} minutes, then try again.", minutes=-(-seconds // 60))


def _seconds(wait: timedelta) -> int:
    return -(-int(wait.total_seconds() + 0.999) // _STEP) * _STEP or _STEP


def counted(purpose: str, pass_: Pass) -> dict[str, Limit]:
    """Return what a try of this sort is counted under here: the address, and this browser once it has a pass."""
    network = _network()
    limits = {
        _key(purpose, "address", network): ADDRESS,
        _key(purpose, "address in a day", network): ADDRESS_IN_A_DAY,
    }
    if device := _device(pass_):
        limits[_key(purpose, "device", device)] = DEVICE
    return limits


def _device(pass_: Pass) -> str:
    """Return what this browser's tries are counted by; empty for one that has no pass, or was never wrong."""
    return pass_.tries or pass_.response or pass_.visit


def _key(purpose: str, *what: str) -> str:
    return counter(store().settings.key("tries"), purpose, *what)


def _network() -> str:
    """Return where the request came from: an IPv4 address, or the network of an IPv6 address."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address), _NETWORK), strict=False).network_address)
