"""The sheets about scales: how each is scored, and how well it measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import numpy as np

from survey.analysis.reliability import Reliability, describe
from survey.definition.scale import Norms, Scale
from survey.export.codings import CodedResponses, Numbers, ScaleCoding
from survey.export.contents import PERCENT, TWO_DECIMALS, WRAPPED, Look, SmallSheet
from survey.export.scores import EVERYONE, ScoreTables
from survey.problems import listed
from survey.scales import Rule, turned

SCALES: Final = (
    "questionnaire", "scale", "title", "direction", "versions", "group", "items", "rule", "responses", "scored", "mean",
    "sd", "lowest", "highest", "share at floor", "share at ceiling", "answered all", "alpha", "alpha from", "alpha to",
    "standardised alpha", "omega total", "spearman-brown", "mean inter-item", "standard error", "remarks", "source",
)  # fmt: skip
"""Intervals are Feldt's, of 95 %."""

ITEMS: Final = (
    "questionnaire", "scale", "versions", "item", "wording", "direction", "range", "answered", "mean", "sd",
    "item-rest", "alpha if dropped",
)  # fmt: skip

_LOOKS: Final[Mapping[str, Look]] = {
    **dict.fromkeys(("title", "direction", "rule", "remarks", "source", "wording"), WRAPPED),
    **dict.fromkeys(("mean", "sd", "lowest", "highest", "standard error"), TWO_DECIMALS),
    **dict.fromkeys(("share at floor", "share at ceiling"), PERCENT),
    **dict.fromkeys(("alpha", "alpha from", "alpha to", "standardised alpha", "omega total"), TWO_DECIMALS),
    **dict.fromkeys(("spearman-brown", "mean inter-item", "item-rest", "alpha if dropped"), TWO_DECIMALS),
}


def scales(scored: Mapping[str, ScoreTables], whose: str, least: int = 0) -> SmallSheet:
    """Every scale, for everyone, by wave and by year group: its rule, its scores, and how reliable they are.

    Where versions code its items differently, each way has rows of its own. whose: which responses were counted. least:
    how many people figures must come from, for a file without single answers; the least and the most then are no one's.
    """
    rows = [row for questionnaire, scores in scored.items() for row in _scale_rows(questionnaire, scores, least)]
    about = f"Every scale: direction, scoring rule, scores, reliability; by wave and year group, of {whose}"
    return _sheet("Scales", about, SCALES, rows)


def scale_items(scored: Mapping[str, ScoreTables], whose: str, least: int = 0) -> SmallSheet:
    """Every item of every scale, for everyone. whose, least: as for :func:`scales`."""
    rows = [
        row
        for questionnaire, scores in scored.items()
        for codings in scores.codings.values()
        for coding in codings
        for row in _item_rows(questionnaire, coding, least)
    ]
    about = f"Every item of every scale: wording, direction, answers; turned round where it is reversed; of {whose}"
    return _sheet("Scale items", about, ITEMS, rows)


def _sheet(title: str, about: str, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> SmallSheet:
    return SmallSheet(title, about, header, rows, looks={name: _LOOKS[name] for name in header if name in _LOOKS})


def _scale_rows(questionnaire: str, scores: ScoreTables, least: int) -> Iterator[tuple[Any, ...]]:
    partitions = scores.partitions()
    for coding in (coding for codings in scores.codings.values() for coding in codings):
        whole = coding.whole
        for partition in partitions:
            there = {group: members[whole.places] for group, members in partition.groups.items()}
            found = {group: whole.chosen(one) for group, one in there.items() if group == EVERYONE or one.any()}
            hidden = _hidden({group: _scored(one) for group, one in found.items()}, least)
            for group, responses in found.items():
                row = _scale_row(questionnaire, coding, group, responses)
                if least:
                    row = _for_sharing(row, least, hidden=group in hidden)
                    row = _without_numbers(row) if partition.of_all_waves else row
                yield row


def _scored(found: CodedResponses) -> int:
    return int((~np.isnan(found.scores)).sum())


def _hidden(numbers: Mapping[str, int], least: int) -> set[str]:
    """Return the groups whose figures are not told: those of too few, and one more if all less the others are few."""
    hidden = {group for group, number in numbers.items() if 0 < number < least}
    shown = sorted((number, group) for group, number in numbers.items() if number >= least)
    if hidden and shown and sum(numbers[group] for group in hidden) < least:
        hidden.add(shown[0][1])
    return hidden


_TOLD_OF_ALL: Final = SCALES.index("responses") + 1
_REMARKS: Final = SCALES.index("remarks")


def _for_sharing(row: tuple[Any, ...], least: int, *, hidden: bool) -> tuple[Any, ...]:
    """Return a row as it may stand in a file without single answers."""
    if hidden:
        empty = (None,) * (_REMARKS - _TOLD_OF_ALL)
        remark = f"hidden: of fewer than {least}, or such a figure could be worked out"
        return (*row[:_TOLD_OF_ALL], *empty, remark, *row[_REMARKS + 1 :])
    cells = dict(zip(SCALES, row, strict=True))
    cells["lowest"] = cells["highest"] = None
    for name in ("share at floor", "share at ceiling"):
        number = round((cells[name] or 0) * cells["answered all"])
        if number < least or cells["answered all"] - number < least:
            cells[name] = None
    return tuple(cells.values())


def _without_numbers(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with its reliability alone: the mean of all waves less those of some would be that of another."""
    cells = dict(zip(SCALES, row, strict=True))
    return tuple((cells | dict.fromkeys(_NUMBERS)).values())


_NUMBERS: Final = ("responses", "scored", "mean", "sd", "share at floor", "share at ceiling", "answered all")


def _scale_row(questionnaire: str, coding: ScaleCoding, group: str, found: CodedResponses) -> tuple[Any, ...]:
    scale, rule = coding.scale, coding.rule
    there = found.scores[~np.isnan(found.scores)]
    return (
        questionnaire,
        scale.id,
        scale.title,
        scale.direction,
        coding.numbers,
        group,
        len(scale.items),
        rule_in_words(scale, tuple(rule.parts)),
        len(found.scores),
        len(there),
        *_spread(there),
        float(there.min()) if len(there) else None,
        float(there.max()) if len(there) else None,
        *_reliability(describe(found.items, rule, beside=found.beside)),
        scale.source or "",
    )


def _reliability(found: Reliability) -> tuple[Any, ...]:
    low, high = found.alpha_interval or (None, None)
    figures = (
        found.alpha, low, high, found.standardised_alpha, found.omega_total, found.spearman_brown,
        found.mean_inter_item, found.sem,
    )  # fmt: skip
    remarks = [found.too_few] if found.too_few else found.remarks
    return (found.floor, found.ceiling, found.n, *figures, " ".join(remarks))


def _item_rows(questionnaire: str, coding: ScaleCoding, least: int) -> Iterator[tuple[Any, ...]]:
    rule, whole = coding.rule, coding.whole
    answers = turned(whole.items, rule, whole.beside)
    found = describe(whole.items, rule, beside=whole.beside)
    for place, item in enumerate(rule.items):
        there = answers[~np.isnan(answers[:, place]), place]
        yield (
            questionnaire,
            coding.scale.id,
            coding.numbers,
            item,
            coding.wording(item),
            _direction(rule, place),
            "{:g} to {:g}".format(*rule.counted_range(place)),
            len(there),
            *(_spread(there) if _enough(there, rule, place, least) else (None, None)),
            found.item_rest.get(item),
            found.alpha_if_dropped.get(item),
        )


def _enough(answers: Numbers, rule: Rule, place: int, least: int) -> bool:
    """Return whether each answer to an item was given so often that their mean tells no small count."""
    if rule.items[place] in rule.parts or not least:
        return len(answers) >= least
    low, high = rule.counted_range(place)
    values, counts = np.unique(answers, return_counts=True)
    return bool(counts.min(initial=0 if len(values) <= high - low else least) >= least)


def _direction(rule: Rule, place: int) -> str:
    if rule.reverse[place]:
        return "reversed"
    if not rule.recodes or rule.recodes[place] is None:
        return "as asked"
    return "counted" if rule.score == "count" else "recoded"


def _spread(numbers: Numbers) -> tuple[float | None, float | None]:
    """Return mean and standard deviation (n - 1); None where there are too few for them."""
    mean = float(np.mean(numbers)) if len(numbers) else None
    return mean, float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None


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
