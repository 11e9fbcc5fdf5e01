"""How large a questionnaire is printed, and how much room its words then take on A4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from survey.definition.questionnaire import Questionnaire
from survey.pictures.letters import SIZE, lines_of, width_of

WIDTH: Final = 178.0
"""Millimetres of A4 between its margins."""

_POINT: Final = 0.3528  # millimetres


@dataclass(frozen=True)
class Print:
    """How large a questionnaire is printed. name: the class of its sheets; points: of its text.

    No text of a large print is smaller than 18 points, the codes beside the boxes and the foot included.
    """

    name: str
    points: float
    leading: float
    wide: float = 0.88
    """How wide its letters are, compared with those of pictures (survey/pictures/letters.py)."""
    answers: float = 1.0
    """How large the words at boxes are, compared with the text."""
    face: float = 12.0
    box: float = 5.0
    sheet: float = 261.0
    """Millimetres of a sheet for what is asked: A4 without its margins, its foot, and a little air."""

    @property
    def line(self) -> float:
        """Millimetres from one line of text to the next."""
        return self.points * _POINT * self.leading

    def lines(self, text: str, width: float = WIDTH, larger: float = 1.0) -> int:
        """Return how many lines a text takes, rather one too many."""
        if not text:
            return 0
        return sum(len(lines_of(part, width / self._unit(larger))) for part in text.splitlines() or [text])

    def width(self, text: str, larger: float = 1.0) -> float:
        """Return how wide a text is in one line, in millimetres."""
        return width_of(text) * self._unit(larger)

    def _unit(self, larger: float) -> float:
        return self.points * larger * _POINT * self.wide / SIZE

    def paragraphs(self, text: str) -> float:
        """Return how high a text of several paragraphs is. Single line ends in it are no ends on paper."""
        parts = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
        return sum(self.height(part) + 1.5 for part in parts)

    def height(self, text: str, width: float = WIDTH, larger: float = 1.0) -> float:
        """Return how high a text is, in millimetres."""
        return self.lines(text, width, larger) * self.line * larger

    def at_box(self, text: str, width: float) -> float:
        """Return how high words at a box are, whose lines are closer."""
        return self.lines(text, width, self.answers) * self.points * self.answers * _POINT * 1.25


PRINTS: Final = {
    "adult": Print("adult", 11, 1.4),
    "pupil": Print("pupil", 13, 1.35, wide=0.93, answers=12 / 13, box=6.0),
    "young": Print("young", 15, 1.35, wide=0.93, answers=14 / 15, face=15.0, box=7.0),
    "large": Print("large", 18, 1.5, wide=1.0, face=24.0, box=8.0, sheet=249.0),
}


def print_for(questionnaire: Questionnaire, large: bool) -> Print:
    """Return how large a questionnaire is printed for its readers."""
    if large:
        return PRINTS["large"]
    if questionnaire.audience != "pupil":
        return PRINTS["adult"]
    return PRINTS["young" if questionnaire.setting.young else "pupil"]
