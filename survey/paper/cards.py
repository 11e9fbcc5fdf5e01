"""The cards of a class as one file to print, which needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from survey.drawings import drawing, qr_code
from survey.paper.printing import environment, styles_inside

ON_A_SHEET = 8


@dataclass(frozen=True)
class CardsOf:
    """The class that cards are for, and where its children type the class code (an address without https://)."""

    title: str
    school: str
    typed_at: str


def in_sheets(cards: Sequence[tuple[Any, str]]) -> list[list[tuple[Any, Markup]]]:
    """Return cards with their QR codes, a list for each sheet. cards: each with the address its QR code holds."""
    drawn = [(card, qr_code(address)) for card, address in cards]
    return [drawn[start : start + ON_A_SHEET] for start in range(0, len(drawn), ON_A_SHEET)]


def cards_page(cards: Sequence[tuple[Any, str]], of: CardsOf) -> str:
    """Return the file: HTML with its styles and fonts inside. cards: each with the address its QR code holds."""
    template = environment().get_template("paper/cards.html", globals={"drawing": drawing})
    return template.render(
        pages=in_sheets(cards),
        title=of.title,
        school=of.school,
        base=of.typed_at,
        styles=Markup(styles_inside("cards.css")),  # our own file
    )
