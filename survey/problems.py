"""What is wrong, said to the person who can put it right.

Of a definition: place, fault, rule, fix. Of anything else that was asked for and cannot be done: sentences.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

_MANY = 300

MOST_PROBLEMS: Final = 200
"""Problems of one file of a definition that are told: more are of no use, and each takes time to find words for."""


@dataclass(frozen=True, order=True)
class About:
    """The one name that a problem is about. `there` tells whether it is a name in the file, or one that nothing has."""

    thing: str
    name: str
    there: bool = False


@dataclass(frozen=True, order=True)
class Problem:
    """One fault, or one piece of advice, with its place.

    `line` and `column` count from 1, in characters. Advice does not refuse publication.
    """

    path: str
    line: int
    column: int
    message: str
    advice: bool = False
    about: About | None = field(default=None, compare=False)

    def __str__(self) -> str:
        mark = "advice: " if self.advice else ""
        return f"{self.path}:{self.line}:{self.column}: {mark}{self.message}"

    @property
    def file(self) -> str:
        """The file's name without its folders."""
        return PurePath(self.path).name


FIRST: Final = "\ue000"
"""Stands in a message for the line of what came first; it cannot be in what an author wrote and we quote."""


ALSO: Final = "\ue001"
"""Stands in a message for the lines of other things of which the same is said."""


class Explained(Exception):
    """A fault that explains itself: its text is for the person who asked, and holds no answer of a respondent's.

    A command that ends with one prints it in place of a traceback.
    """

    @property
    def reasons(self) -> list[str]:
        """The sentences, one for each thing that is wrong."""
        return [str(self)]


class Refused(Explained, ValueError):
    """Something that cannot be done.

    reasons: sentences, one for each thing that is wrong, and what to do about it.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self._reasons = list(reasons)

    @property
    def reasons(self) -> list[str]:
        """The sentences, as they were given."""
        return self._reasons


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that refuse publication."""
    return [problem for problem in problems if not problem.advice]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is spelt most like `word`, or None when none is near."""
    return Nearest(known).to(word)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return “ Did you mean 'x'?” with the nearest known word, or an empty text when none is near.

    The leading space lets it follow any sentence.
    """
    return Nearest(known).hint(word)


class Nearest:
    """Known words, put in order once: finding the nearest to a thousand others does not go through all of them each
    time.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._spelling = {name.casefold(): name for name in known}
        self._few = list(self._spelling) if len(self._spelling) <= _MANY else None
        self._alike: dict[tuple[str, int], list[str]] = {}
        if self._few is None:
            for name in self._spelling:
                self._alike.setdefault((name[:1], len(name)), []).append(name)

    def to(self, word: str) -> str | None:
        """Return the known word that is spelt most like `word`, or None when none is near."""
        word = word[:80].casefold()
        near = difflib.get_close_matches(word, self._candidates(word), n=1, cutoff=0.6)
        return self._spelling[near[0]] if near else None

    def hint(self, word: str) -> str:
        """Return “ Did you mean 'x'?” with the nearest known word, or an empty text when none is near."""
        near = self.to(word)
        return f" Did you mean '{near}'?" if near else ""

    def _candidates(self, word: str) -> list[str]:
        if self._few is not None:
            return self._few
        # Thousands of names are no person's file: the first letter is then taken to be right.
        lengths = sorted(range(len(word) - 3, len(word) + 4), key=lambda length: abs(length - len(word)))
        alike = itertools.chain.from_iterable(self._alike.get((word[:1], length), ()) for length in lengths)
        return list(itertools.islice(alike, _MANY))


def listed(words: Iterable[object], joint: str = "and") -> str:
    """Return words as a person lists them: a, b and c."""
    names = [str(word) for word in words]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def quoted(words: Iterable[object], joint: str = "and") -> str:
    """Return words in quotes, as a person lists them: 'a', 'b' and 'c'."""
    return listed([f"'{word}'" for word in words], joint)


def amount(number: int, one: str, several: str = "") -> str:
    """Return a number of things in words: 1 row, 2,000 rows. several: where it is not `one` with an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def shortened(text: str, longest: int = 40) -> str:
    """Return a text on one line, cut after `longest` characters, for quoting in a message."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= longest else line[: longest - 1] + "…"
