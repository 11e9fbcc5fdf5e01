"""The sheets about scales: how each is scored, and how well it measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from survey.definition.scale import Scale
from survey.definition.study import Study
from survey.export.contents import Sheet
from survey.export.scores import Scores
from survey.scales import turned

ALL_WAVES: Final = "all"

SCALES: Final = (
    ("questionnaire", 14), ("scale", 16), ("title", 30), ("direction", 46), ("wave", 8), ("items", 7),
    ("rule", 44), ("responses", 11), ("scored", 8), ("mean", 8), ("sd", 8), ("lowest", 8), ("highest", 8),
    ("source", 40),
)  # fmt: skip

ITEMS: Final = (
    ("questionnaire", 14), ("scale", 16), ("item", 20), ("wording", 60), ("direction", 10), ("range", 9),
    ("answered", 10), ("mean", 8), ("sd", 8),
)  # fmt: skip


def scales(study: Study, scored: Mapping[str, Scores]) -> Sheet:
    """Every scale, over all waves and in each: its rule, and how its scores came out."""
    rows = [
        row
        for questionnaire, scores in scored.items()
        for scale in scores.scales.values()
        for row in _scale_rows(study, questionnaire, scale, scores)
    ]
    about = "Every scale: direction, scoring rule, scores, reliability; for all waves and for each"
    return _sheet("Scales", about, SCALES, rows)


def scale_items(study: Study, scored: Mapping[str, Scores]) -> Sheet:
    """Every item of every scale, over all waves."""
    rows = [
        row
        for questionnaire, scores in scored.items()
        for scale in scores.scales.values()
        for row in _item_rows(questionnaire, scale, scores)
    ]
    about = "Every item of every scale: wording, direction, answers; turned round where it is reversed"
    return _sheet("Scale items", about, ITEMS, rows)


def _sheet(title: str, about: str, columns: tuple[tuple[str, int], ...], rows: list[tuple[Any, ...]]) -> Sheet:
    return Sheet(title, about, tuple(name for name, _ in columns), rows, tuple(width for _, width in columns))


def _scale_rows(study: Study, questionnaire: str, scale: Scale, scores: Scores) -> Iterator[tuple[Any, ...]]:
    order = [wave.id for wave in study.waves if wave.id in scores.waves]
    for wave in [ALL_WAVES, *order] if len(order) > 1 else order:
        given = scores.scores(scale.id, None if wave == ALL_WAVES else wave)
        there = given[~np.isnan(given)]
        yield (
            questionnaire,
            scale.id,
            scale.title,
            scale.direction,
            wave,
            len(scale.items),
            rule_in_words(scale),
            len(given),
            len(there),
            *_spread(there),
            _number(float(there.min())) if len(there) else None,
            _number(float(there.max())) if len(there) else None,
            scale.source or "",
        )


def _item_rows(questionnaire: str, scale: Scale, scores: Scores) -> Iterator[tuple[Any, ...]]:
    rule = scores.rule(scale.id)
    answers = turned(scores.items(scale.id), rule)
    for place, item in enumerate(rule.items):
        there = answers[~np.isnan(answers[:, place]), place]
        yield (
            questionnaire,
            scale.id,
            item,
            scores.wording(item),
            "reversed" if rule.reverse[place] else "as asked",
            f"{rule.low[place]:g} to {rule.high[place]:g}",
            len(there),
            *_spread(there),
        )


def _spread(numbers: Any) -> tuple[float | None, float | None]:
    """Return mean and standard deviation (n - 1), to four decimals; None where there are too few for them."""
    mean = _number(float(np.mean(numbers))) if len(numbers) else None
    return mean, _number(float(np.std(numbers, ddof=1))) if len(numbers) > 1 else None


def _number(value: float) -> float:
    return round(value, 4)


def rule_in_words(scale: Scale) -> str:
    """Return how a scale is scored, in words."""
    kind = scale.score if not scale.prorate else "prorated sum"
    said = [f"{kind} of {len(scale.items)} items", f"at least {scale.needed} answered"]
    if scale.transform is not None:
        said.append("then converted by a table" if scale.transform.table else _line(scale.transform.linear or []))
    if scale.round is not None:
        said.append(f"rounded to {scale.round} decimals, halves up")
    return "; ".join(said)


def _line(ends: list[float]) -> str:
    raw_from, raw_to, new_from, new_to = (f"{end:g}" for end in ends)
    return f"then {raw_from} to {raw_to} becomes {new_from} to {new_to}"
