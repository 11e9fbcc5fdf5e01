"""The pass of a try-out: a signed text that names a version of a questionnaire and a language, and nothing else.

Anyone who has it can walk through the questionnaire as a respondent would; nothing of that is kept anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, NamedTuple

from survey.wording import LANGUAGE

PURPOSE: Final = "try-outs"
"""What the application's key for these passes is called: Settings.key(PURPOSE)."""

_VERSION: Final = re.compile(r"[0-9a-f]{12,64}")


class TriedVersion(NamedTuple):
    """What a pass lets someone try: a version (the beginning of its definition's SHA-256) and a language."""

    version: str
    language: str


def tryout_pass(tried: TriedVersion, key: bytes) -> str:
    """Return the pass of a try-out, as it stands in an address. The same version and language have the same one."""
    body = f"{tried.version}.{tried.language}"
    return f"{body}.{_signature(body, key)}"


def tried_by(text: str, key: bytes) -> TriedVersion | None:
    """Return what a pass lets someone try; None for a text that was not signed with this key."""
    body, _, signature = text.rpartition(".")
    if not hmac.compare_digest(_signature(body, key).encode(), signature.encode("utf-8", "surrogatepass")):
        return None
    version, _, language = body.partition(".")
    right = _VERSION.fullmatch(version) and LANGUAGE.fullmatch(language)
    return TriedVersion(version, language) if right else None


def _signature(body: str, key: bytes) -> str:
    return hmac.digest(key, body.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()[:32]
