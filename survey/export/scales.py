"""The sheets about scales: how each is scored, and how well it measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import numpy as np

from survey.analysis.reliability import Reliability, describe
from survey.definition.scale import Norms, Scale
from survey.export.contents import SmallSheet
from survey.export.scores import ScoreTables
from survey.problems import listed
from survey.scales import Rule, turned

SCALES: Final = (
    ("questionnaire", 14), ("scale", 16), ("title", 30), ("direction", 46), ("group", 14), ("items", 7),
    ("rule", 44), ("responses", 11), ("scored", 8), ("mean", 8), ("sd", 8), ("lowest", 8), ("highest", 8),
    ("share at floor", 14), ("share at ceiling", 15), ("answered all", 12), ("alpha", 8), ("alpha from", 11),
    ("alpha to", 9), ("standardised alpha", 18), ("omega total", 11), ("spearman-brown", 15),
    ("mean inter-item", 15), ("standard error", 14), ("remarks", 80), ("source", 40),
)  # fmt: skip
"""Columns and their widths. Intervals are Feldt's, of 95 %."""

ITEMS: Final = (
    ("questionnaire", 14), ("scale", 16), ("item", 20), ("wording", 60), ("direction", 10), ("range", 9),
    ("answered", 10), ("mean", 8), ("sd", 8), ("item-rest", 10), ("alpha if dropped", 15),
)  # fmt: skip


def scales(scored: Mapping[str, ScoreTables]) -> SmallSheet:
    """Every scale, for everyone, by wave and by year group: its rule, its scores, and how reliable they are."""
    rows = [
        row
        for questionnaire, scores in scored.items()
        for scale in scores.scales.values()
        for row in _scale_rows(questionnaire, scale, scores)
    ]
    about = "Every scale: direction, scoring rule, scores, reliability; for everyone, by wave and by year group"
    return _sheet("Scales", about, SCALES, rows)


def scale_items(scored: Mapping[str, ScoreTables]) -> SmallSheet:
    """Every item of every scale, for everyone."""
    rows = [
        row
        for questionnaire, scores in scored.items()
        for scale in scores.scales.values()
        for row in _item_rows(questionnaire, scale, scores)
    ]
    about = "Every item of every scale: wording, direction, answers; turned round where it is reversed"
    return _sheet("Scale items", about, ITEMS, rows)


def _sheet(title: str, about: str, columns: tuple[tuple[str, int], ...], rows: list[tuple[Any, ...]]) -> SmallSheet:
    return SmallSheet(title, about, tuple(name for name, _ in columns), rows, tuple(width for _, width in columns))


def _scale_rows(questionnaire: str, scale: Scale, scores: ScoreTables) -> Iterator[tuple[Any, ...]]:
    rule = scores.rule(scale.id)
    for group, chosen in scores.groups().items():
        given = scores.scores(scale.id)[chosen]
        there = given[~np.isnan(given)]
        yield (
            questionnaire,
            scale.id,
            scale.title,
            scale.direction,
            group,
            len(scale.items),
            rule_in_words(scale, tuple(rule.parts)),
            len(given),
            len(there),
            *_spread(there),
            _number(float(there.min())) if len(there) else None,
            _number(float(there.max())) if len(there) else None,
            *_reliability(
                describe(scores.items(scale.id)[chosen], rule, beside=scores.beside(scale.id).chosen(chosen))
            ),
            scale.source or "",
        )


def _reliability(found: Reliability) -> tuple[Any, ...]:
    low, high = found.alpha_interval or (None, None)
    figures = (
        found.alpha, low, high, found.standardised_alpha, found.omega_total, found.spearman_brown,
        found.mean_inter_item, found.sem,
    )  # fmt: skip
    remarks = [found.too_few] if found.too_few else found.remarks
    shares = (_number(found.floor), _number(found.ceiling))
    return (*shares, found.n, *map(_number, figures), " ".join(remarks))


def _item_rows(questionnaire: str, scale: Scale, scores: ScoreTables) -> Iterator[tuple[Any, ...]]:
    rule = scores.rule(scale.id)
    asked = scores.items(scale.id)
    beside = scores.beside(scale.id)
    answers = turned(asked, rule, beside)
    found = describe(asked, rule, beside=beside)
    for place, item in enumerate(rule.items):
        there = answers[~np.isnan(answers[:, place]), place]
        yield (
            questionnaire,
            scale.id,
            item,
            scores.wording(item),
            _direction(rule, place),
            "{:g} to {:g}".format(*rule.counted_range(place)),
            len(there),
            *_spread(there),
            _number(found.item_rest.get(item)),
            _number(found.alpha_if_dropped.get(item)),
        )


def _direction(rule: Rule, place: int) -> str:
    if rule.reverse[place]:
        return "reversed"
    if not rule.recodes or rule.recodes[place] is None:
        return "as asked"
    return "counted" if rule.score == "count" else "recoded"


def _spread(numbers: Any) -> tuple[float | None, float | None]:
    """Return mean and standard deviation (n - 1), to four decimals; None where there are too few for them."""
    mean = _number(float(np.mean(numbers))) if len(numbers) else None
    return mean, _number(float(np.std(numbers, ddof=1))) if len(numbers) > 1 else None


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def rule_in_words(scale: Scale, parts: Collection[str] = ()) -> str:
    """Return how a scale is scored, in words. `parts`: the ids of those of its items that are scales."""
    said = [_put_together(scale, parts), f"at least {scale.needed} {'with a score' if parts else 'answered'}"]
    if scale.recode:
        said.append(f"answers recoded {_table(scale.recode)}")
    said += [f"{entry.item} recoded {_table(entry.recode)}" for entry in scale.items if entry.recode]
    if scale.weighs:
        said.append("weights " + ", ".join(f"{entry.item} {entry.weight:g}" for entry in scale.items))
    if scale.not_shown is not None:
        said.append(f"an item that was not shown counts {scale.not_shown:g}")
    if scale.transform is not None:
        said.append("then converted by a table" if scale.transform.table else _line(scale.transform.linear or []))
    if scale.norms is not None:
        said.append(_norms(scale.norms))
    if scale.round is not None:
        said.append(f"rounded to {scale.round} decimals, halves up")
    return "; ".join(said)


def _put_together(scale: Scale, parts: Collection[str]) -> str:
    if scale.score == "count":
        return f"count of {_number_of(len(scale.items), 'item')} answered {listed(scale.counts or [], 'or')}"
    kind: str = "prorated sum" if scale.prorate else scale.score
    kind = f"weighted {kind}" if scale.weighs else kind
    items, scales = len(scale.items) - len(parts), len(parts)
    what = [_number_of(items, "item")] if items or not scales else []
    what += [f"{_number_of(scales, 'scale')} ({', '.join(parts)})"] if scales else []
    return f"{kind} of {' and '.join(what)}"


def _number_of(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _table(recode: Mapping[str, float]) -> str:
    return ", ".join(f"{answer} to {counted:g}" for answer, counted in recode.items())


def _norms(norms: Norms) -> str:
    by = f"norms for {listed(norms.facts)}"
    if norms.mean is not None and norms.sd is not None:
        return f"then put on mean {norms.mean:g}, sd {norms.sd:g} by {by}"
    return f"then converted by {by}" if norms.transforms else f"bands by {by}"


def _line(ends: list[float]) -> str:
    raw_from, raw_to, new_from, new_to = (f"{end:g}" for end in ends)
    return f"then {raw_from} to {raw_to} becomes {new_from} to {new_to}"
