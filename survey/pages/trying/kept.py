"""What a try-out keeps meanwhile: in a signed cookie of its own, and nowhere else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response as Reply

from survey.pages.answer.compiled import Survey
from survey.pages.answer.passes import Pass
from survey.pages.trying.trials import Trial, trial_of, trials

COOKIE: Final = "try"

_LONGEST: Final = 3500
"""Characters a browser surely keeps in a cookie."""

_CUTS: Final = (60, 12, 1)
"""Characters that are left of what was typed; the next shorter where it is all too long. No way depends on more."""

_LONGEST_OPENED: Final = 100_000


@dataclass(frozen=True)
class TryOut:
    """A questionnaire that is tried out, with what was chosen so far, how its pages look, and the invented facts."""

    trial: Trial
    answers: Mapping[str, Any] = field(default_factory=dict)
    look: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def survey(self) -> Survey:
        """The questionnaire, ready for serving."""
        return self.trial.survey

    @property
    def pass_(self) -> Pass:
        """How the pages look, as the pages of respondents have it."""
        return Pass(look=self.look)


def start_of(pass_: str) -> TryOut:
    """Return the try-out a pass is for, from its beginning: with the facts that were invented, and nothing else."""
    return replace(current(pass_), answers={}, look="")


def current(pass_: str) -> TryOut:
    """Return the try-out a pass is for, as far as this browser has come; or answer that there is no such page."""
    trial = trial_of(pass_)
    version, look, answers, facts = _opened(request.cookies.get(COOKIE, ""))
    if version == trial.survey.version:
        return TryOut(trial, answers, look, facts)
    if trial.earlier(version) is None:
        return TryOut(trial)
    return TryOut(trial, trial.fitting(version, answers), look, facts)


def keep(reply: Reply, it: TryOut) -> Reply:
    """Let the browser keep how far a try-out has come."""
    reply.set_cookie(COOKIE, _sealed(it), httponly=True, samesite="Lax", secure=request.is_secure, path="/try")
    return reply


def forget(reply: Reply, it: TryOut) -> Reply:
    """Let the browser forget what was chosen. Facts stay: they were invented for more than one walk."""
    if it.facts:
        return keep(reply, replace(it, answers={}, look=""))
    reply.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure, path="/try")
    return reply


def _sealed(it: TryOut) -> str:
    for cut in _CUTS:
        answers = {key: _shortened(value, cut) for key, value in it.answers.items()}
        text = json.dumps([it.survey.version, it.look, answers, dict(it.facts)], separators=(",", ":"))
        body = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()
        if len(body) <= _LONGEST:
            return f"{body}.{_signature(body)}"
    return _sealed(replace(it, answers={}) if it.answers else replace(it, facts={}))


def _shortened(value: Any, cut: int) -> Any:
    if isinstance(value, str):
        return value[:cut].encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [_shortened(one, cut) for one in value]
    return {key: _shortened(one, cut) for key, one in value.items()} if isinstance(value, dict) else value


def _opened(cookie: str) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    """Return version, look, answers and facts from the cookie; nothing where it is missing or not ours."""
    body, _, signature = cookie.rpartition(".")
    if not body or not hmac.compare_digest(_signature(body).encode(), signature.encode("utf-8", "surrogatepass")):
        return "", "", {}, {}
    try:
        text = zlib.decompressobj().decompress(base64.urlsafe_b64decode(body), _LONGEST_OPENED)
    except (binascii.Error, zlib.error):  # pragma: no cover - only we sign
        return "", "", {}, {}
    # What an older release of ours kept has no facts.
    version, look, answers, facts = [*json.loads(text), {}][:4]
    return version, look, answers, facts


def _signature(body: str) -> str:
    return hmac.digest(trials().key, f"cookie {body}".encode(), hashlib.sha256).hex()[:32]
