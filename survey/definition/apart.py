"""Asks for the folder of a study to be unpacked and read in a process of its own, and checks what comes back.

Nothing of a folder that was sent is parsed in the server before this has found it right.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from survey.bounded import Bounds, Busy, Exceeded, reading
from survey.definition.unpacking import LARGEST_FILE, MOST, CannotUnpack
from survey.problems import Problem

BOUNDS: Final = Bounds(
    cpu=20, seconds=160.0, memory=512 * 1024 * 1024, answer=64 * 1024 * 1024, writes=LARGEST_FILE + 1
)
"""Far above the largest honest folder: the shipped study takes half a second and 40 MB."""

TOO_MUCH: Final = (
    "Reading this folder takes too long or too much memory, so nothing in it was kept. "
    "Please choose the folder of one study only, with questionnaires of an ordinary size."
)
BUSY: Final = "Chorus is busy reading other files. Please send this folder again in a minute."

_ROOM: Final = __name__.rpartition(".")[0]
_LONGEST: Final = 2_000
_MOST_LINES: Final = 200_000


@dataclass(frozen=True)
class QuestionnaireRead:
    """A questionnaire without a fault: its name, what it is called, and the SHA-256 of what would be published.

    text: what it asks, as Bundle.parse reads it, without its pictures and recordings.
    """

    id: str
    title: str
    audience: str
    languages: list[str]
    number: int
    sha256: str
    text: str


@dataclass
class Verdict:
    """What is in a folder: every problem; without a fault among them, the study's text and its questionnaires."""

    problems: list[Problem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    study: str | None = None
    versions: list[QuestionnaireRead] = field(default_factory=list)

    def kept(self) -> str:
        """Return this as a text that `verdict_of` reads."""
        lines = [
            ["left_out", self.left_out],
            *(["problem", one.path, one.line, one.column, one.message, one.advice] for one in self.problems),
            ["study", self.study],
            *(["version", *vars(one).values()] for one in self.versions),
        ]
        return "".join(json.dumps(line) + "\n" for line in lines)


def read_apart(folder: Path, packed: bytes | None = None) -> Verdict:
    """Return what is in a folder. packed: a zip that is unpacked into it first.

    Paths in the problems are those of the folder. Raises CannotUnpack, with a sentence for the person who sent it, when
    it is no folder of a study, takes too much time or memory, or too many others are read just now.
    """
    how = "unpack" if packed is not None else "read"
    try:
        with reading(_ROOM, packed or b"", BOUNDS, (str(folder.resolve()), how)) as lines:
            return verdict_of(lines)
    except Exceeded as error:
        raise CannotUnpack(TOO_MUCH) from error
    except Busy as error:
        raise CannotUnpack(BUSY) from error


def verdict_of(lines: Iterator[bytes]) -> Verdict:
    """Put a verdict together. Raises CannotUnpack with what is said of the folder, and Exceeded for what is not one."""
    verdict = Verdict()
    try:
        for number, line in enumerate(lines):
            if number > _MOST_LINES:
                raise Exceeded
            _take(verdict, json.loads(line))
    except CannotUnpack:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise Exceeded from error
    return verdict


def _take(verdict: Verdict, said: Any) -> None:
    match said:
        case ["refused", str(sentence)]:
            raise CannotUnpack(sentence[:_LONGEST])
        case ["left_out", list(names)] if len(names) <= 20 * MOST and all(isinstance(name, str) for name in names):
            verdict.left_out = [name[:_LONGEST] for name in names]
        case ["problem", str(path), int(line), int(column), str(message), bool(advice)]:
            verdict.problems.append(Problem(path[:_LONGEST], line, column, message[:_LONGEST], advice))
        case ["study", str(text)]:
            verdict.study = text
        case ["study", None]:
            verdict.study = None
        case ["version", str(id), str(title), str(audience), list(languages), int(number), str(sha256), str(text)]:
            spoken = [str(language)[:40] for language in languages[:1_000]]
            verdict.versions.append(QuestionnaireRead(id, title, audience, spoken, number, sha256, text))
        case _:
            raise ValueError("no line of an answer")
