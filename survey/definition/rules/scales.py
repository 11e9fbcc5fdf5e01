"""Scales: items that have numbers, rules that can be met, tables that leave no score out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, get_args

from survey.definition.counting import Counting
from survey.definition.model import Fault, Path
from survey.definition.questionnaire import Questionnaire
from survey.definition.scale import Band, Scale, ScaleItem
from survey.problems import FIRST, About, did_you_mean, nearest, quoted, shortened
from survey.question import Audience, Question

ANSWERED_BY: Final = ("self", *get_args(Audience))
"""Who can have bands of their own: people who answer about themselves, and each audience."""

_LARGEST_TABLE: Final = 10_000
"""No one writes a table of more raw scores by hand."""


def items(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Every item is a question or a scale of this questionnaire, once, and has a number."""
    known = {question.id: question for question in questionnaire.questions}
    scales = {scale.id for scale in questionnaire.scales} | questionnaire.written.scales
    for n, scale in enumerate(questionnaire.scales):
        seen: dict[str, Path] = {}
        for i, entry in enumerate(scale.items):
            at: Path = ("scales", n, "items", i)
            question = known.get(entry.item)
            if question is None and entry.item not in scales:
                if entry.item not in questionnaire.written.questions:
                    yield _unknown(scale, entry, at, questionnaire)
                continue
            if entry.item in seen:
                message = f"scale '{scale.id}' has '{entry.item}' twice, first on {FIRST}. An item counts once. "
                yield Fault(at, message + "Please remove one", first=seen[entry.item])
            elif question and question.id not in questionnaire.written.hurt and (fault := _unfit(scale, question)):
                yield Fault(at, fault)
            seen.setdefault(entry.item, at)


def _unknown(scale: Scale, entry: ScaleItem, at: Path, questionnaire: Questionnaire) -> Fault:
    numbered = [question.id for question in questionnaire.questions if _has_numbers(question)]
    unread = questionnaire.written.questions - {question.id for question in questionnaire.questions}
    questions = [*numbered, *sorted(unread)]
    others = [other.id for other in questionnaire.scales if other.id != scale.id]
    hint = did_you_mean(entry.item, [*questions, *others]) or " Please use the id of a question or of a scale."
    message = f"scale '{scale.id}' uses '{shortened(entry.item)}', but no question or scale is called that.{hint}"
    meant = "scale" if nearest(entry.item, others) and not nearest(entry.item, questions) else "question"
    return Fault(at, message, about=About(meant, entry.item))


def _unfit(scale: Scale, question: Question) -> str | None:
    if question.attention:
        return (
            f"scale '{scale.id}' uses '{question.id}', which checks attention, and such items are never "
            "part of a score. Please remove it from the scale, or remove its 'attention: yes'"
        )
    if not (question.stored and question.asks) or not _has_numbers(question):
        return (
            f"scale '{scale.id}' uses '{question.id}', whose answers are not "
            "numbers. Please use a rating, or a number with both 'min' and 'max'"
        )
    return None


def _has_numbers(question: Question) -> bool:
    return question.number_range is not None


_DEEPEST: Final = 10
"""So many scales may lie within each other."""


def circles(questionnaire: Questionnaire) -> Iterator[Fault]:
    """No scale is made of itself, not even by way of others."""
    counting = Counting(questionnaire)
    places = {scale.id: n for n, scale in enumerate(questionnaire.scales)}
    circle = counting.circle()
    if circle:
        first, second = circle[0], circle[1]
        item = next(i for i, entry in enumerate(questionnaire.scale(first).items) if entry.item == second)
        if first == second:
            message = f"scale '{first}' is made of itself. Please remove it from its own items"
        else:
            message = (
                f"scales {quoted(circle[:-1])} are made of each other, so none can be scored first. "
                f"Please remove '{second}' from the items of '{first}', or break the circle elsewhere"
            )
        yield Fault(("scales", places[first], "items", item), message)
    for id, depth in counting.depth.items():
        if depth == _DEEPEST + 1:
            yield Fault(
                ("scales", places[id], "scale"),
                f"scale '{id}' is made of scales that are made of scales, {depth} in all. {_DEEPEST} is the most. "
                "Please make it of questions",
            )


def needs(questionnaire: Questionnaire) -> Iterator[Fault]:
    """“K of N” speaks of the items that are there, and a share is one."""
    for n, scale in enumerate(questionnaire.scales):
        at: Path = ("scales", n, "needs")
        count = len(scale.items)
        if scale.stated:
            least, of = scale.stated
            if of != count:
                yield Fault(
                    at,
                    f"scale '{scale.id}' needs '{scale.needs}', but has {count} items. Please write '… of {count}'",
                )
            elif not 1 <= least <= of:
                yield Fault(
                    at,
                    f"scale '{scale.id}' needs {least} of {of} items, which is not possible. Please write 1 to {of}",
                )
        elif scale.share is not None and not 1 <= scale.share <= 100:
            yield Fault(at, f"scale '{scale.id}' needs {scale.share}%, which is not possible. Please write 1% to 100%")
        if scale.prorate and scale.score == "mean":
            yield Fault(
                ("scales", n, "prorate"),
                f"scale '{scale.id}' is a mean, and a mean needs no prorating. Please remove "
                "'prorate', or write: score: sum",
            )


def transformation(questionnaire: Questionnaire) -> Iterator[Fault]:
    """One rule, and a new score for each raw one."""
    counting = Counting(questionnaire)
    for n, scale in enumerate(questionnaire.scales):
        transform = scale.transform
        if transform is None:
            continue
        at: Path = ("scales", n, "transform")
        if (transform.linear is None) == (transform.table is None):
            yield Fault(
                at,
                f"scale '{scale.id}' is transformed either by 'linear' or by 'table'. Please write one of the two",
            )
        elif transform.linear is not None:
            yield from _line(counting, scale, transform.linear, (*at, "linear"))
        elif transform.table is not None:
            yield from table_of_scores(counting, scale, transform.table, (*at, "table"))


def _line(counting: Counting, scale: Scale, linear: list[float], at: Path) -> Iterator[Fault]:
    start, end = linear[0], linear[1]
    if start == end:
        yield Fault(
            at,
            f"scale '{scale.id}': {start:g} and {end:g} are the same raw score, so they do not "
            "make a line. Please write the two ends of the line",
        )
        return
    found = counting.raw_range(scale)
    if found and (abs(min(start, end) - found[0]) > 1e-9 or abs(max(start, end) - found[1]) > 1e-9):
        yield Fault(
            at,
            f"scale '{scale.id}' has raw scores from {found[0]:g} to {found[1]:g}, but the line "
            f"goes from {start:g} to "
            f"{end:g}. Please start with [{found[0]:g}, {found[1]:g}, …]",
        )


def table_of_scores(counting: Counting, scale: Scale, table: dict[float, float], at: Path) -> Iterator[Fault]:
    """Yield what is wrong with a table of raw scores: it holds each that can be, and no other."""
    if scale.score == "mean":
        yield Fault(at, f"scale '{scale.id}' is a mean. A table needs whole raw scores. Please write: score: sum")
        return
    found = counting.raw_range(scale)
    if found is None or not all(map(math.isfinite, found)) or found[1] - found[0] > _LARGEST_TABLE:
        return
    if scale.round is None and not counting.counts_whole(scale):
        yield Fault(
            at,
            f"scale '{scale.id}' has raw scores that are not whole numbers, and the table would not hold them. "
            "Please add: round: 0",
            key=True,
        )
        return
    low, high = math.floor(found[0] + 0.5), math.floor(found[1] + 0.5)
    sums = None if scale.prorate else counting.possible_sums(scale)
    gone = [raw for raw in (range(low, high + 1) if sums is None else sums) if raw not in table]
    if gone:
        some = quoted(gone[:5]) + (" and more" if len(gone) > 5 else "")
        yield Fault(
            at,
            f"scale '{scale.id}' has raw scores from {low} to {high}, but the table leaves out {some}. Please add them",
        )
    for raw in table:
        if not low <= raw <= high:
            yield Fault(
                (*at, _key_of(raw)),
                f"scale '{scale.id}' has raw scores from {low} to {high}, so {raw:g} cannot occur. Please remove it",
                key=True,
            )


def _key_of(raw: float) -> str:
    return str(int(raw)) if raw == int(raw) else str(raw)


def bands(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Bands follow each other without gap or overlap, and hold every score."""
    counting = Counting(questionnaire)
    for n, scale in enumerate(questionnaire.scales):
        for who, found in scale.bands.items():
            at: Path = ("scales", n, "bands", who)
            if who not in ANSWERED_BY:
                hint = did_you_mean(who, ANSWERED_BY) or f" Please use {quoted(ANSWERED_BY, 'or')}"
                message = f"scale '{scale.id}' has bands for '{shortened(who)}', who is not asked.{hint}"
                yield Fault(at, message, key=True)
            yield from bands_that_hold(counting, scale, found, at)


def bands_that_hold(counting: Counting, scale: Scale, found: list[Band], at: Path) -> Iterator[Fault]:
    """Yield what is wrong with a list of bands at a path."""
    yield from _bands(scale, found, at, counting.step(scale))
    yield from _ends(counting, scale, found, at)


def _bands(scale: Scale, found: list[Band], at: Path, step: float) -> Iterator[Fault]:
    for i, band in enumerate(found):
        if band.low > band.high:
            yield Fault(
                (*at, i),
                f"band '{band.label}' of scale '{scale.id}' goes from {band.low:g} to {band.high:g}. Please swap them",
            )
            continue
        if i == 0:
            continue
        before = found[i - 1]
        distance = band.low - before.high
        if distance < -1e-9 or (step and distance < step - 1e-9):
            yield Fault(
                (*at, i, "from"),
                f"bands '{before.label}' and '{band.label}' of scale '{scale.id}' overlap at {band.low:g}. "
                f"A score belongs to one band only. Please start '{band.label}' {_next(before.high, step)}",
            )
        elif distance > step + 1e-9:
            yield Fault(
                (*at, i, "from"),
                f"a score between {before.high:g} and {band.low:g} of scale '{scale.id}' has no band. "
                f"Please start '{band.label}' {_next(before.high, step)}",
            )


def _next(high: float, step: float) -> str:
    return f"at {high + step:g}" if step else f"at {high:g}, where the band before ends"


def _ends(counting: Counting, scale: Scale, found: list[Band], at: Path) -> Iterator[Fault]:
    reported = counting.reported_range(scale)
    if not found or reported is None or any(band.low > band.high for band in found):
        return
    low, high = reported
    if found[0].low > low + 1e-9 or found[-1].high < high - 1e-9:
        yield Fault(
            at,
            f"scale '{scale.id}' has scores from {low:g} to {high:g}, but its bands only go from "
            f"{found[0].low:g} to "
            f"{found[-1].high:g}. Please make the bands cover every score",
            key=True,
        )
