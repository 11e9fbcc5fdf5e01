"""Rules between the parts of a questionnaire: what no single key can know. Each module has one subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.rules import (
    children,
    free_text,
    header,
    kinds,
    names,
    norms,
    options,
    piping,
    recodes,
    routes,
    scales,
)

Rule = Callable[[Questionnaire], Iterator[Fault]]

RULES: tuple[Rule, ...] = (
    header.languages,
    header.recordings,
    header.assent,
    header.something_to_answer,
    free_text.said,
    free_text.reader,
    free_text.words,
    names.names,
    names.columns,
    options.lists,
    kinds.remarks,
    routes.order,
    routes.possible,
    piping.texts_that_can_be_filled,
    children.for_each_child,
    scales.items,
    scales.circles,
    scales.needs,
    recodes.counts,
    recodes.recodes,
    recodes.not_shown,
    scales.transformation,
    scales.bands,
    norms.norms,
)
"""Every rule whose breach refuses publication; kinds also give advice here."""
