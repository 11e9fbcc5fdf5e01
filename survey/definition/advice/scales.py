"""Scales: what makes a score hard to read."""

from __future__ import annotations

from collections.abc import Iterator

from survey.definition.counting import Counting
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Scale
from survey.problems import About, listed


def _ranges(counting: Counting, scale: Scale) -> set[tuple[float, float]]:
    found = {counting.item_range(scale, entry) for entry in scale.items}
    # What has no range is told by the rule about items.
    return {one for one in found if one is not None}


def ranges(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Items with different ranges do not weigh the same, unless the author has thought about weights."""
    counting = Counting(questionnaire)
    for n, scale in enumerate(questionnaire.scales):
        found = _ranges(counting, scale)
        if len(found) > 1 and not scale.weighs:
            shown = listed(f"{low:g} to {high:g}" for low, high in sorted(found))
            yield Fault(
                ("scales", n, "items"),
                f"scale '{scale.id}' combines items with different ranges ({shown}), so some "
                "count for more than "
                "others. Please use items with the same points",
                key=True,
            )


def direction(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Adults who agree with everything look the same as adults who mean it, unless an item is reversed.

    Children are spared: reversed items are the ones they misread.
    """
    if questionnaire.audience == "pupil":
        return
    grid_of = {question.id: question.grid for question in questionnaire.questions}
    for n, scale in enumerate(questionnaire.scales):
        # Scales and what could not be read are in no grid.
        grids = {grid_of.get(entry.item) for entry in scale.items}
        if len(scale.items) > 3 and None not in grids and not scale.reversed_items:
            yield Fault(
                ("scales", n, "items"),
                f"all items of scale '{scale.id}' point in the same direction, so ticking "
                "straight down a column "
                "looks like an opinion. Please word one item the other way round and mark it: reverse: yes",
                key=True,
            )


def unused(questionnaire: Questionnaire) -> Iterator[Fault]:
    """A rating that is in no scale is a burden without a score."""
    used = {entry.item for scale in questionnaire.scales for entry in scale.items}
    if not questionnaire.scales:
        return
    for at, question in questionnaire.placed():
        if question.rated and question.stored and not question.attention and question.id not in used:
            yield Fault(
                (*at, "question"),
                f"question '{question.id}' is a rating, but belongs to no scale. Please add it to one, or leave it out",
                about=About("question", question.id, there=True),
            )


def incomplete_sums(questionnaire: Questionnaire) -> Iterator[Fault]:
    """A sum of fewer items would be smaller for that reason alone, so it is not made: `needs` has no say in it."""
    for n, scale in enumerate(questionnaire.scales):
        if scale.score == "sum" and not scale.prorate and scale.needed < len(scale.items):
            yield Fault(
                ("scales", n, "needs"),
                f"scale '{scale.id}' is a sum, which is missing as soon as one item is missing, whatever 'needs' says. "
                "Please add: prorate: yes, or remove 'needs'",
            )


def source(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Readers of the data want to know where a scale comes from."""
    for n, scale in enumerate(questionnaire.scales):
        if scale.source is None:
            yield Fault(("scales", n), f"scale '{scale.id}' does not say who made it. Please add: source: …")
