"""Advice: what would measure better. It never refuses publication, and can always be followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from survey.definition.advice import burden, options, scales, wording
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire

Advise = Callable[[Questionnaire], Iterator[Fault]]

ADVICE: tuple[Advise, ...] = (
    wording.length,
    wording.length_of_hints,
    wording.sentences,
    wording.long_words,
    wording.two_in_one,
    wording.negatives,
    wording.vague_words,
    wording.statements_for_children,
    options.balance,
    options.negative_first,
    options.faces_for_ability,
    options.faces_for_enjoyment,
    options.faces_for_frequency,
    options.points_for_age,
    scales.ranges,
    scales.direction,
    scales.unused,
    scales.incomplete_sums,
    scales.source,
    burden.ratings,
    burden.pages,
    burden.information,
    burden.being_asked,
    burden.practice,
    burden.pictures,
)
"""Every piece of advice about a questionnaire; kinds add their own."""
