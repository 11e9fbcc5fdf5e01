"""A bundle: all files of one questionnaire as one canonical text, which is what gets published.

The text is JSON with sorted keys, so that comments, quotes and the order of keys do not make another version;
whatever changes what a respondent sees or what is stored does.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from survey.definition.questionnaire import Questionnaire

FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """The canonical text of a questionnaire and its translations."""

    text: str

    @classmethod
    def of(
        cls, data: dict[str, Any], translations: Mapping[str, dict[str, Any]], files: Mapping[str, str] | None = None
    ) -> Bundle:
        """Bundle the plain data of a checked questionnaire, of its translations (language -> data), and its files.

        `files`: path -> base 64, pictures and recordings.
        """
        whole = {"format": FORMAT, "questionnaire": data, "translations": dict(translations)}
        if files:
            whole["files"] = dict(files)
        return cls(json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")))

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the text as UTF-8, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @staticmethod
    def parse(text: str) -> Questionnaire:
        """Return the questionnaire of a bundle's text, without any file; the same object for the same text.

        Raises ValueError for a text that is no bundle.
        """
        return _parsed(text)

    @staticmethod
    def files(text: str) -> dict[str, bytes]:
        """Return the pictures and recordings of a bundle's text: path -> bytes."""
        return {path: base64.b64decode(content) for path, content in json.loads(text).get("files", {}).items()}


@lru_cache(maxsize=64)
def _parsed(text: str) -> Questionnaire:
    whole = json.loads(text)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise ValueError("this text is not a bundle made by Chorus")
    return Questionnaire.from_data(whole["questionnaire"], whole["translations"])
