"""How the boxes of a question stand on paper: side by side, in two columns, or one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from survey.paper.prints import WIDTH, Print
from survey.question import Box, PaperLine

SIGN: Final = 8.0
"""Millimetres of a small drawing beside words."""

_GAP: Final = 1.5
_CODE: Final = 9.0
"""Millimetres beside a box: its code, and the space before the words."""

_WIDEST_APART: Final = 64.0
_WRITING: Final = 9.0


@dataclass(frozen=True)
class PlacedBoxes:
    """The boxes of one line of a question, printed in a size, where so many lines stand abreast.

    cells: the height of cells to write in, where an answer is written and the boxes are the ways of saying nothing.
    """

    boxes: tuple[Box, ...]
    look: Print
    among: int = 1
    cells: float = 0.0

    @cached_property
    def own(self) -> list[Box]:
        """The answers, without the ways of saying nothing."""
        return [box for box in self.boxes if box.code.isdigit()]

    @cached_property
    def nothing(self) -> list[Box]:
        """The ways of saying nothing, which stand apart."""
        return [box for box in self.boxes if not box.code.isdigit()]

    @cached_property
    def shape(self) -> Literal["row", "columns", "column"]:
        """Up to five side by side, more of them in two columns, or one below the other where they are long."""
        bare = not any(box.write or box.picture for box in self.own)
        if len(self.own) <= 5 and bare and self._fit(self._in_row, 2):
            return "row"
        if len(self.own) > 3 and self.look.name != "large" and self._fit(self._in_column(2), 2):
            return "columns"
        return "column"

    @cached_property
    def beside(self) -> bool:
        """Whether the ways of saying nothing stand beside the answers, and not below them."""
        if self.look.name == "large" or not self.nothing or not (self.own or self.cells):
            return False
        return self.shape == "row" or (self.shape == "columns" and self._fit(self._in_column(2, self._apart), 1))

    @cached_property
    def signs(self) -> bool:
        """Whether a small sign stands beside the words of each box: no faces, which stand above them."""
        return self.look.name != "adult" and any(box.art and not _face(box) for box in self.own)

    @property
    def height(self) -> float:
        """How high all of it is, in millimetres."""
        apart = sum(
            max(self._words(box, self._apart - self.look.box - _CODE), self.look.box) + 0.9 for box in self.nothing
        )
        if self.beside:
            return max(self._answers, apart)
        below = max(self.look.line, self.look.box) + 3.0 if self.nothing else 0.0
        return self._answers + below

    @property
    def _answers(self) -> float:
        if not self.own:
            return self.cells
        if self.shape == "row":
            return self._row
        width = self._in_column(2, self._apart if self.beside else 0.0) if self.shape == "columns" else WIDTH - 28.0
        listed = [self._listed(box, width) for box in self.own]
        if self.shape == "columns":
            return min(max(sum(listed[:n]), sum(listed[n:])) for n in range(len(listed) + 1))
        return sum(listed)

    @property
    def _row(self) -> float:
        words = max(self._words(box, self._in_row) for box in self.own)
        faces = self.look.name != "adult" and any(_face(box) for box in self.own)
        above = self.look.face + 0.5 if faces else 0.0
        return above + max(words, SIGN if self.signs else 0.0) + self.look.box + 1.4

    def _listed(self, box: Box, width: float) -> float:
        sign = SIGN if box.picture or box.art else 0.0
        return max(self._words(box, width), self.look.box, sign) + (_WRITING if box.write else 0.0) + 1.2

    def _words(self, box: Box, width: float) -> float:
        return self.look.at_box(box.words, width)

    @cached_property
    def _apart(self) -> float:
        """The width of the ways of saying nothing, each with its box and its code."""
        longest = max((self.look.width(box.words, self.look.answers) for box in self.nothing), default=0.0)
        return min(_WIDEST_APART, longest + self.look.box + _CODE)

    @property
    def _in_row(self) -> float:
        """The width for the words of one of the boxes side by side."""
        apart = self._apart + 4.0 if self.nothing and self.look.name != "large" else 0.0
        sign = SIGN + 1.0 if self.signs else 0.0
        return (WIDTH / self.among - apart) / max(1, len(self.own)) - _GAP - sign

    def _in_column(self, columns: int, apart: float = 0.0) -> float:
        """The width for the words of a box in one of so many columns."""
        return (WIDTH - apart) / columns - self.look.box - _CODE - 5.0

    def _fit(self, width: float, lines: int) -> bool:
        """Tell whether the words of each box take so many lines at most, and no word is parted."""
        look = self.look
        whole = all(look.width(word, look.answers) <= width for box in self.own for word in box.words.split())
        return whole and all(look.lines(box.words, width, look.answers) <= lines for box in self.own)


def _face(box: Box) -> bool:
    return (box.art or "").startswith("faces/")


def abreast(lines: Sequence[PaperLine]) -> list[list[PaperLine]]:
    """Return the lines of a question in groups: those of which one is answered, with two boxes each, side by side."""
    groups: list[list[PaperLine]] = []
    for line in lines:
        before = groups[-1][-1] if groups else None
        if before and before.suffix == line.suffix and len(before.boxes) == len(line.boxes) == 2:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups
