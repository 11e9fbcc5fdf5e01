"""How each scale is scored, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from survey.definition.questionnaire import Questionnaire
from survey.definition.routes import Routes
from survey.definition.scale import Scale, ScaleItem
from survey.export.scales import rule_in_words


@dataclass(frozen=True)
class ReadableScale:
    """A scale as people read it: its rule in words, and its items with the numbers of their questions."""

    scale: Scale
    rule: str
    items: tuple[tuple[str, str, str], ...]
    """(id, what it is: a question with its number or a scale, how it counts)."""


def readable_scales(asked: Questionnaire) -> list[ReadableScale]:
    """Return the scales of a questionnaire, in its order."""
    numbers = Routes(asked).numbers
    scales = {scale.id for scale in asked.scales}

    def item(entry: ScaleItem) -> tuple[str, str, str]:
        what = "a scale" if entry.item in scales else f"question {numbers[entry.item]}"
        return entry.item, what, "reversed" if entry.reverse else ""

    return [
        ReadableScale(
            scale,
            rule_in_words(scale, [entry.item for entry in scale.items if entry.item in scales]),
            tuple(map(item, scale.items)),
        )
        for scale in asked.scales
    ]
