"""What a questionnaire says about its scales → rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from survey.definition import counting
from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Band, NormGroup, Norms, Scale, ScaleItem, Transform, number_range
from survey.question import Question
from survey.scales.conversion import along
from survey.scales.rule import ConversionTable, Linear, NormsOfGroup, Recode, Rule, ScoreBand


def rules_for(questionnaire: Questionnaire) -> dict[str, Rule]:
    """Return the rule of each scale of a questionnaire, by its id, each item with the range of its own question.

    A scale within another is one and the same rule. Raises ValueError where an item has no numbers (the checker refuses
    such a scale before it is published).
    """
    made = _Rules(questionnaire)
    return {scale.id: made.of(scale) for scale in questionnaire.scales}


class _Rules:
    """Makes the rules of one questionnaire, each once."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._made: dict[str, Rule] = {}

    def of(self, scale: Scale) -> Rule:
        if scale.id not in self._made:
            self._made[scale.id] = self._make(scale)
        return self._made[scale.id]

    def _make(self, scale: Scale) -> Rule:
        parts = {entry.item: self._part(entry.item) for entry in scale.items}
        found = {id: self.of(part) for id, part in parts.items() if isinstance(part, Scale)}
        asked = {id: part for id, part in parts.items() if not isinstance(part, Scale)}
        ranges = [
            _score_range(found[entry.item]) if entry.item in found else _range(scale.id, asked[entry.item])
            for entry in scale.items
        ]
        recodes = [_recode(scale, entry, asked.get(entry.item)) for entry in scale.items]
        return Rule(
            items=tuple(entry.item for entry in scale.items),
            reverse=tuple(entry.reverse for entry in scale.items),
            low=tuple(low for low, _ in ranges),
            high=tuple(high for _, high in ranges),
            score=scale.score,
            prorate=scale.prorate,
            needs=scale.needed,
            round=scale.round,
            transform=_transformation(scale.transform),
            bands={who: _bands(bands) for who, bands in scale.bands.items()},
            recodes=tuple(recodes) if any(recodes) else (),
            weights=tuple(entry.weight for entry in scale.items) if scale.weighs else (),
            not_shown=scale.not_shown,
            parts=found,
            norms=_norms(scale.norms),
        )

    def _part(self, id: str) -> Question | Scale:
        try:
            return self._questionnaire.question(id)
        except KeyError:
            return self._questionnaire.scale(id)


def _range(scale: str, question: Question) -> tuple[float, float]:
    found = question.number_range
    if found is None:
        raise ValueError(f"scale '{scale}' uses '{question.id}', whose answers have no numbers")
    return found


def _score_range(rule: Rule) -> tuple[float, float]:
    """Return the lowest and the highest score that a rule can give, before rounding."""
    raw = rule.raw_range
    found = [end for line in (rule.transform, *(group.transform for group in rule.norms)) for end in _ends(line, raw)]
    return (min(found), max(found)) if found else raw


def _ends(line: Linear | ConversionTable | None, raw: tuple[float, float]) -> Iterable[float]:
    if isinstance(line, ConversionTable):
        return line.values.values()
    if line is None:
        return ()
    found = np.array(raw)
    along(line, found)
    return float(found[0]), float(found[1])


def _recode(scale: Scale, entry: ScaleItem, question: Question | None) -> Recode | None:
    if question is None:
        return None
    if scale.score == "count":
        return Recode({counting.number_of(question, word): 1.0 for word in scale.counts or ()}, 0.0)
    table = scale.recoding(entry)
    return None if table is None else Recode(counting.recoded(question, table))


def _transformation(given: Transform | None) -> Linear | ConversionTable | None:
    if given is None:
        return None
    if given.linear is not None:
        return Linear(*given.linear)
    return ConversionTable(dict(given.table or {}))


def _bands(bands: Sequence[Band]) -> tuple[ScoreBand, ...]:
    return tuple(ScoreBand(band.low, band.high, band.label) for band in bands)


def _norms(given: Norms | None) -> tuple[NormsOfGroup, ...]:
    return tuple(_norms_of(given, group) for group in given.groups) if given else ()


def _norms_of(given: Norms, group: NormGroup) -> NormsOfGroup:
    whom = {fact: number_range(text) or text.strip() for fact, text in group.whom.items()}
    line: Linear | ConversionTable | None = ConversionTable(group.table) if group.table else None
    if group.mean is not None and group.sd is not None and given.mean is not None and given.sd is not None:
        line = Linear(group.mean, group.mean + group.sd, given.mean, given.mean + given.sd)
    return NormsOfGroup(whom, line, _bands(group.bands))
