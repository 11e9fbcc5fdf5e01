"""A figure: a picture, the same numbers as a table, and what to know of it. One function for each kind of finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from survey.analysis.balance import LARGE
from survey.analysis.change import GroupChange
from survey.analysis.exposure import ExposureBand
from survey.findings import sentences
from survey.findings.arms import ArmComparison, ArmMean
from survey.findings.changes import ArmChange
from survey.findings.exposures import ExposureFinding
from survey.findings.people import NO, YES
from survey.findings.schools import SchoolFinding
from survey.findings.sentences import MINUS, ToldDifference
from survey.findings.study import StudyFindings
from survey.findings.subgroups import Participating, SubgroupFinding
from survey.pictures.dots import DotRow, Dots, Spot
from survey.pictures.drawing import Picture
from survey.pictures.lines import BandSpot, NamedSpot, OverWaves, WaveLine, WithBand

HIDDEN: Final = "hidden"

_TABLE_BELOW: Final = "The table below the picture has the same numbers."

_MOST_ROWS: Final = 14
"""A picture of more rows shows those that are clear or possible only; its table has all."""


@dataclass(frozen=True)
class FigureTable:
    """The numbers of a figure: headings, and rows of as many cells; the first cell names its row."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def are_figures(self) -> tuple[bool, ...]:
        """Tell of each column whether it holds figures, which are set at the right, one below the other."""
        columns = [[cell for cell in column if cell and cell != HIDDEN] for column in zip(*self.rows, strict=True)]
        return tuple(bool(told) and all(map(_FIGURE.fullmatch, told)) for told in columns)


_FIGURE: Final = re.compile(rf"[{MINUS}+]?[\d,]*\.?\d+( %)?( to [{MINUS}+]?[\d,]*\.?\d+( %)?)?")
"""A number, a share or an interval, as tables have them."""


@dataclass(frozen=True)
class Figure:
    """A picture and its table. id: its own in its section. picture: None where there is nothing to draw.

    note: what to know of it, in a sentence; empty where there is nothing more to say. folded: it shows no difference,
    so that a page may fold it away.
    """

    id: str
    title: str
    picture: Picture | None
    table: FigureTable
    note: str = ""
    folded: bool = False


# ── numbers as they are said ──
def decimal(value: float | None, places: int = 2) -> str:
    """Return a number with so many decimals; empty where there is none."""
    if value is None:
        return ""
    said = f"{value:,.{places}f}"
    return said.replace("-", MINUS) if float(said.replace(",", "")) else said.lstrip("-")


def count(value: int | None) -> str:
    """Return a count; empty where it is hidden."""
    return "" if value is None else f"{value:,}"


def probability(value: float | None) -> str:
    """Return a probability in three decimals, and never as 0."""
    if value is None:
        return ""
    return "<0.001" if value < 0.0005 else f"{value:.3f}"


def ends(low: float | None, high: float | None, places: int = 2) -> str:
    """Return an interval; empty where there is none."""
    return "" if low is None or high is None else f"{decimal(low, places)} to {decimal(high, places)}"


# ── the arms compared ──
def differences(
    findings: StudyFindings, found: Sequence[ArmComparison], id: str, *, by_wave: bool = False
) -> list[Figure]:
    """Return the differences between arms, a figure for each unit and each other arm.

    by_wave: they are of one outcome in several waves, and rows are waves; else of several outcomes in one wave.
    """
    figures = []
    for reference in dict.fromkeys(one.reference for one in found):
        here, there = sentences.arm(findings, findings.programme or ""), sentences.arm(findings, reference)
        mine = [one for one in found if one.reference == reference]
        for unit in dict.fromkeys(one.outcome.unit for one in mine):
            part = [one for one in mine if one.outcome.unit == unit]
            name = f"{id}-{unit}" if reference == found[0].reference else f"{id}-{unit}-{reference.replace('_', '-')}"
            when = "" if by_wave else f", {findings.waves[part[0].wave]}"
            few = "" if len(part) > _NAMED or by_wave else f"{' and '.join(one.outcome.title for one in part)}: "
            title = f"{few}{here if few else _upper(here)} beside {there}{when}"
            words = ("fewer", "more") if unit == "share" else ("lower", "higher")
            sides = (f"{words[0]} in {here}", f"{words[1]} in {here}")
            names = [findings.waves[one.wave] if by_wave else one.outcome.title for one in part]
            rows = [(row, _size(one), one.certainty == "clear") for row, one in zip(names, part, strict=True)]
            table = _comparison_table(findings, part, names, "Wave" if by_wave else "Outcome")
            figures.append(Figure(name, title, _forest(title, rows, sides), table, _HOLLOW))
    return figures


_NAMED: Final = 2
"""So many outcomes stand in the title of their picture."""

_HOLLOW: Final = "A filled dot is a clear difference; a hollow one is not clear, or not corrected for many tests."


def _size(one: ArmComparison) -> ToldDifference | None:
    return None if one.best is None else sentences.size(one.outcome, one.best)


Forest = Sequence[tuple[str, ToldDifference | None, bool]]
"""Rows of differences: the name, the difference (None where it is hidden), and whether it is clear."""


def _forest(title: str, rows: Forest, sides: tuple[str, str]) -> Picture | None:
    """Return the picture of differences beside the line of none; None where there is none to draw."""
    known = [size for _, size, _ in rows if size is not None]
    if not known:
        return None
    units = list(dict.fromkeys(size.unit for size in known))
    drawn = [
        DotRow(name, (Spot(size.value, size.low, size.high, clear),), size.said, size.interval)
        if size is not None
        else DotRow(name, (None,), more=HIDDEN)
        for name, size, clear in rows
        if size is None or size.unit == units[0]
    ]
    measure = f"Difference in {units[0]}"
    return Dots(
        title, f"{measure} with 95 % intervals. {_TABLE_BELOW}", (measure,), tuple(drawn), measure, sides, _SAID
    )


_SAID: Final = "Difference, 95 % interval"


def _comparison_table(
    findings: StudyFindings, found: Sequence[ArmComparison], names: Sequence[str], heading: str
) -> FigureTable:
    here, there = findings.arms[findings.programme or ""], findings.arms[found[0].reference]
    headings = (
        heading, f"{here}: mean", "n", f"{there}: mean", "n", "Schools", "Difference", "95 % interval", "In",
        "p", "p corrected", "Analysis",
    )  # fmt: skip
    return FigureTable(headings, tuple(_comparison_cells(*row) for row in zip(names, found, strict=True)))


def _comparison_cells(name: str, one: ArmComparison) -> tuple[str, ...]:
    found, size = one.found, _size(one)
    if found is None:
        return (name, HIDDEN, *[""] * 10)
    mean = {side: _mean(found.mean[side], one.outcome.unit) for side in (found.other, found.reference)}
    schools = "" if found.clusters is None else " and ".join(f"{found.clusters[side]:,}" for side in mean)
    told = ("", "", "") if size is None else (size.said, size.interval, size.unit)
    return (
        name, mean[found.other], count(found.n[found.other]), mean[found.reference],
        count(found.n[found.reference]), schools, *told, probability(one.p), probability(one.p_corrected) or "–",
        _analysis(one),
    )  # fmt: skip


def _analysis(one: ArmComparison) -> str:
    found, best = one.found, one.best
    if found is None or best is None:
        return ""
    if best is found.adjusted:
        return f"adjusted, {found.adjusted.n:,} compared"
    return "multilevel" if best is found.multilevel else "means of schools"


def _mean(value: float | None, unit: str) -> str:
    return sentences.percent(value) if unit == "share" and value is not None else decimal(value)


# ── means of arms ──
def arms_over_waves(findings: StudyFindings, means: Sequence[ArmMean], id: str) -> Figure:
    """Return the means of one outcome by arm, over the waves: lines where there are several."""
    outcome = means[0].outcome
    by, unit = (100, " %") if outcome.unit == "share" else (1, "")
    measure = "Share, with 95 % intervals" if outcome.unit == "share" else "Mean, with 95 % intervals"
    arms = [arm for arm in findings.arms if any(one.arm == arm for one in means)]
    spots = {(one.arm, one.wave): _mean_spot(one, by) for one in means}
    title = f"{outcome.title}: {' and '.join(sentences.arm(findings, arm) for arm in arms)}"
    series = [WaveLine(findings.arms[arm], tuple(spots.get((arm, wave)) for wave in findings.waves)) for arm in arms]
    picture: Picture | None = None
    if any(spot is not None for spot in spots.values()):
        about = f"{measure}. {_TABLE_BELOW}"
        if len(findings.waves) > 1:
            picture = OverWaves(title, about, tuple(findings.waves.values()), tuple(series), measure, unit)
        else:
            rows = [DotRow(one.name, one.spots, _spot_said(one.spots[0], outcome.unit)) for one in series]
            picture = Dots(title, about, (measure,), tuple(rows), measure, unit=unit)
    return Figure(id, title, picture, _means_table(findings, means, arms))


def _mean_spot(one: ArmMean, by: int) -> Spot | None:
    """Return the mean of the model with its interval, or the plain mean where there is no model."""
    if one.found is None or one.found.mean is None:
        return None
    model = one.found.model
    if model is None:
        return Spot(by * one.found.mean)
    low, high = (None if end is None else by * end for end in (model.low, model.high))
    return Spot(by * model.difference, low, high)


def _spot_said(spot: Spot | None, unit: str) -> str:
    if spot is None:
        return ""
    return f"{decimal(spot.value, 0)} %" if unit == "share" else decimal(spot.value)


def _means_table(findings: StudyFindings, means: Sequence[ArmMean], arms: Sequence[str]) -> FigureTable:
    headings = ("Arm", "Wave", "Asked", "n", "Schools", "Mean", "SD", "Mean of the model", "95 % interval")
    order = {arm: at for at, arm in enumerate(arms)}
    rows = []
    for one in sorted((one for one in means if one.arm in order), key=lambda one: order[one.arm]):
        about = (findings.arms[one.arm], findings.waves[one.wave])
        found = one.found
        if found is None:
            rows.append((*about, HIDDEN, *[""] * 6))
            continue
        model = found.model
        of_model = ("", "") if model is None else (decimal(model.difference), ends(model.low, model.high))
        figures = (count(found.asked), count(found.n), count(found.clusters), decimal(found.mean), decimal(found.sd))
        rows.append((*about, *figures, *of_model))
    return FigureTable(headings, tuple(rows))


def shares_of_arms(findings: StudyFindings, means: Sequence[ArmMean], id: str) -> Figure:
    """Return a share in each arm in one wave."""
    arms = [arm for arm in findings.arms if any(one.arm == arm for one in means)]
    title = f"{means[0].outcome.title}, {findings.waves[means[0].wave]}"
    spots = {one.arm: _mean_spot(one, 100) for one in means}
    rows = tuple(
        DotRow(
            findings.arms[arm],
            tuple(spots[arm] if one == arm else None for one in arms),
            _spot_said(spots[arm], "share"),
            "" if spots[arm] else HIDDEN,
        )
        for arm in arms
    )
    picture = None
    if any(spots.values()):
        measure = "Share, with 95 % intervals"
        picture = Dots(title, f"{measure}. {_TABLE_BELOW}", (measure,), rows, measure, unit=" %")
    return Figure(id, title, picture, _means_table(findings, means, arms))


# ── change ──
def changes(findings: StudyFindings, found: Sequence[ArmChange], id: str) -> Figure | None:
    """Return how outcomes changed in each arm between two waves; None where nothing did."""
    if not found:
        return None
    first = found[0]
    title = f"Change of those who answered both times, {findings.waves[first.first]} to {findings.waves[first.wave]}"
    rows = [
        (
            one.outcome.title,
            None if one.best is None else sentences.raw_size(one.outcome, one.best),
            one.certainty == "clear",
        )
        for one in found
    ]
    here, there = sentences.arm(findings, findings.programme or ""), sentences.arm(findings, first.reference)
    picture = _forest(title, rows, (f"more in {there}", f"more in {here}"))
    if isinstance(picture, Dots):
        measure = f"How much more {here} changed, in {_unit_of(rows)}"
        picture = replace(picture, measure=measure, series=(measure,), about=f"{measure}. {_TABLE_BELOW}")
    headings = (
        "Outcome", "Arm", "n first", "n second", "In both", "Mean before", "Mean after", "Change", "95 % interval", "p",
        "p corrected",
    )  # fmt: skip
    return Figure(id, title, picture, FigureTable(headings, tuple(_change_rows(findings, found))), _HOLLOW)


def _change_rows(findings: StudyFindings, found: Iterable[ArmChange]) -> Iterable[tuple[str, ...]]:
    for one in found:
        if one.found is None:
            yield (one.outcome.title, HIDDEN, *[""] * 9)
            continue
        for level, group in reversed(list(one.found.groups.items())):
            yield (one.outcome.title, findings.arms.get(level, level), *_change_cells(group), "", "")
        best = one.best
        told = ("", "") if best is None else (decimal(best.difference), ends(best.low, best.high))
        p = (probability(one.p), probability(one.p_corrected) or "–")
        yield (one.outcome.title, "Difference of the changes", *[""] * 5, *told, *p)


def _change_cells(group: GroupChange) -> tuple[str, ...]:
    change = group.change
    told = ("", "") if change is None else (decimal(change.difference), ends(change.low, change.high))
    counts = (count(group.first), count(group.second), count(group.matched))
    return (*counts, decimal(group.before), decimal(group.after), *told)


# ── exposure ──
def slopes(findings: StudyFindings, found: Sequence[ExposureFinding], id: str) -> Figure:
    """Return how outcomes go up with each unit of exposure."""
    unit = next((one.found.exposure for one in found if one.found is not None), "")
    title = f"What each {unit} adds, {findings.waves[found[0].wave]}"
    rows = [
        (
            one.outcome.title,
            None if one.best is None else sentences.raw_size(one.outcome, one.best),
            one.certainty == "clear",
        )
        for one in found
    ]
    picture = _forest(title, rows, (f"lower with each {unit}", f"higher with each {unit}"))
    if isinstance(picture, Dots):
        measure = f"{_upper(_unit_of(rows))} for each {unit}"
        picture = replace(picture, measure=measure, series=(measure,), about=f"{measure}. {_TABLE_BELOW}")
    headings = (
        "Outcome", "n", "Schools", f"For each {unit}", "95 % interval", "In standard deviations", "p", "p corrected"
    )  # fmt: skip
    return Figure(id, title, picture, FigureTable(headings, tuple(map(_slope_cells, found))), _HOLLOW)


def _unit_of(rows: Forest) -> str:
    return next((size.unit for _, size, _ in rows if size is not None), "points")


def _slope_cells(one: ExposureFinding) -> tuple[str, ...]:
    found, slope = one.found, one.best
    if found is None:
        return (one.outcome.title, HIDDEN, *[""] * 6)
    size = None if slope is None else sentences.raw_size(one.outcome, slope)
    told = ("", "") if size is None else (size.said, size.interval)
    tested = (probability(one.p), probability(one.p_corrected) or "–")
    return (one.outcome.title, count(found.n), count(found.clusters), *told, decimal(found.standardised), *tested)


def band(findings: StudyFindings, one: ExposureFinding, id: str) -> Figure | None:
    """Return the line of one outcome over exposure with its band, and means by band; None where there is no line."""
    found = one.found
    if found is None:
        return None
    by, unit = (100, " %") if one.outcome.unit == "share" else (1, "")
    spots = tuple(
        BandSpot(at.at, by * at.value, by * at.low, by * at.high)
        for at in found.line
        if at.low is not None and at.high is not None
    )
    who = sentences.people(one.outcome)
    points = tuple(
        NamedSpot(_middle(part, found.bands), by * part.mean, f"{part.n:,} {who}", part.n)
        for part in found.bands
        if part.n and part.mean is not None
    )
    title = f"{one.outcome.title} by {found.exposure}, {findings.waves[one.wave]}"
    table = FigureTable(
        (_upper(f"{found.exposure}: from"), "to", "n", "Mean", "SD"),
        tuple(
            (
                f"{part.low:g}",
                "and more" if part.high is None else f"under {part.high:g}",
                count(part.n) or HIDDEN,
                decimal(part.mean),
                decimal(part.sd),
            )
            for part in found.bands
        ),
    )
    if not spots or found.slope is None:
        return None
    size = sentences.raw_size(one.outcome, found.slope)
    measure = "Share in per cent" if one.outcome.unit == "share" else "Mean"
    said = (
        f"{'+' if size.value > 0 else ''}{size.said} {size.unit} with each {found.exposure}".replace("++", "+"),
        size.interval,
    )
    about = f"A line with its 95 % interval; points are means of {who}. {_TABLE_BELOW}"
    amount = _upper(_several(found.exposure))
    return Figure(id, title, WithBand(title, about, amount, measure, spots, points, said, unit), table)


def _several(unit: str) -> str:
    """Return a unit of which there are several: “years in the programme”; “ten hours” are several already."""
    first, _, rest = unit.partition(" ")
    if rest.partition(" ")[0].endswith("s"):
        return unit
    return f"{first}{'' if first.endswith('s') else 's'} {rest}".strip()


def _middle(part: ExposureBand, bands: Sequence[ExposureBand]) -> float:
    """Return where the point of a band stands; one without an end is taken to be as long as the one before."""
    usual = bands[-1].low - bands[-2].low if len(bands) > 1 else 1.0
    return (part.low + (part.low + usual if part.high is None else part.high)) / 2


# ── subgroups ──
def subgroups(findings: StudyFindings, found: Sequence[SubgroupFinding], id: str) -> Figure:
    """Return how subgroups differ from the first one."""
    first = found[0].subgroup
    several = len({one.subgroup.level for one in found}) > 1
    rows = [
        (
            f"{one.outcome.title}, {one.subgroup.level_title}" if several else one.outcome.title,
            None if one.best is None else sentences.size(one.outcome, one.best),
            one.certainty == "clear",
        )
        for one in found
    ]
    title = f"{first.fact_title}, {findings.waves[found[0].wave]}"
    note = _HOLLOW
    shown = rows
    if len(rows) > _MOST_ROWS:
        telling = {at for at, one in enumerate(found) if one.certainty in ("clear", "possible")}
        shown = [row for at, row in enumerate(rows) if at in telling]
        note = f"The picture has the {len(shown)} of {len(rows)} rows that may differ. {_HOLLOW}"
    who = f"than “{first.reference_title}”" if several else f"among “{first.level_title}”"
    if (first.reference, first.level) == (NO, YES):
        who = "than without"
    picture = _forest(title, shown, (f"lower {who}", f"higher {who}"))
    headings = (
        "Outcome", "Group", "Mean", "n", "Compared with", "Mean", "n", "Difference", "95 % interval", "In", "p",
        "p corrected",
    )  # fmt: skip
    folded = all(one.certainty in ("none", "unknown") for one in found)
    return Figure(id, title, picture, FigureTable(headings, tuple(map(_subgroup_cells, found))), note, folded)


def _subgroup_cells(one: SubgroupFinding) -> tuple[str, ...]:
    sub, found = one.subgroup, one.overall
    if found is None:
        return (one.outcome.title, sub.level_title, HIDDEN, "", sub.reference_title, *[""] * 7)
    size = None if one.best is None else sentences.size(one.outcome, one.best)
    told = ("", "", "") if size is None else (size.said, size.interval, size.unit)
    mean = {side: _mean(found.mean[side], one.outcome.unit) for side in (found.other, found.reference)}
    return (
        one.outcome.title, sub.level_title, mean[found.other], count(found.n[found.other]), sub.reference_title,
        mean[found.reference], count(found.n[found.reference]), *told, probability(one.p),
        probability(one.p_corrected) or "–",
    )  # fmt: skip


def subgroups_of(findings: StudyFindings, found: Sequence[SubgroupFinding], id: str) -> Figure:
    """Return how the subgroups of every fact differ on one outcome."""
    title = f"{found[0].outcome.title}: groups beside each other, {findings.waves[found[0].wave]}"
    rows = [
        (
            f"{one.subgroup.level_title}, beside {one.subgroup.reference_title}",
            None if one.best is None else sentences.size(one.outcome, one.best),
            one.certainty == "clear",
        )
        for one in found
    ]
    picture = _forest(title, rows, ("lower in the first group", "higher in the first group"))
    table = subgroups(findings, found, id).table
    return Figure(id, title, picture, table, _HOLLOW)


# ── who takes part ──
def participation(findings: StudyFindings, found: Sequence[Participating], id: str) -> Figure:
    """Return how subgroups take part beside all others, in one arm."""
    where = sentences.arm(findings, found[0].arm) if findings.programme else "all schools"
    title = f"{found[0].share.title}: groups in {where}, {findings.waves[found[0].wave]}"
    rows = []
    for one in found:
        if one.found is None:
            rows.append(DotRow(one.subgroup.level_title, (None, None), more=HIDDEN))
            continue
        rate, others = one.found.rate, one.found.rate_others
        spots = tuple(
            None if side.value is None else Spot(100 * side.value, *(_hundred(side.low), _hundred(side.high)), clear)
            for side, clear in ((rate, one.is_clear), (others, True))
        )
        said = f"{sentences.percent(rate.value)} and {sentences.percent(others.value)}"
        rows.append(DotRow(one.subgroup.level_title, spots, said))
    picture = None
    if any(one.found is not None for one in found):
        measure = "Share, with 95 % intervals"
        series = ("This group", "All others")
        note = f"{measure}. {_TABLE_BELOW}"
        picture = Dots(title, note, series, tuple(rows), measure, said="Group and others", unit=" %")
    headings = (
        "Group", "Do", "Of", "Share", "95 % interval", "Others who do", "Of", "Share", "Difference, points",
        "95 % interval", "Of all who do", "Of the roll",
    )  # fmt: skip
    note = "A filled disc: the interval of the difference leaves out 0." if picture else ""
    return Figure(id, title, picture, FigureTable(headings, tuple(map(_participation_cells, found))), note)


def _hundred(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _participation_cells(one: Participating) -> tuple[str, ...]:
    found = one.found
    if found is None:
        return (one.subgroup.level_title, HIDDEN, *[""] * 10)
    rate, others = found.rate, found.rate_others
    gap = (decimal(_hundred(found.difference), 0), ends(_hundred(found.low), _hundred(found.high), 0))
    return (
        one.subgroup.level_title, count(rate.count), count(rate.of), sentences.percent(rate.value),
        ends(_hundred(rate.low), _hundred(rate.high), 0), count(others.count), count(others.of),
        sentences.percent(others.value), *gap, sentences.percent(found.of_participants.value),
        sentences.percent(found.of_roll.value),
    )  # fmt: skip


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


# ── the schools of the arms ──
def balance_of_schools(findings: StudyFindings, found: Sequence[SchoolFinding], id: str) -> Figure:
    """Return how alike the schools of two arms are."""
    here, there = sentences.arm(findings, findings.programme or ""), sentences.arm(findings, found[0].reference)
    title = f"{_upper(here)} beside {there}"
    rows = [DotRow(one.title, *_apart(one)) for one in found]
    picture: Picture | None = None
    if any(row.spots[0] is not None for row in rows):
        measure = "Difference in standard deviations of schools"
        sides = (f"lower in {here}", f"higher in {here}")
        about = f"{measure}. {_TABLE_BELOW}"
        picture = Dots(title, about, (measure,), tuple(rows), measure, sides, "Difference", reach=(-LARGE, LARGE))
    names = findings.arms[findings.programme or ""], findings.arms[found[0].reference]
    columns = (f"{name}: {what}" for name in names for what in ("schools", "mean", "SD"))
    headings = ("Fact", "Matched on", *columns, "Standardised difference")
    return Figure(id, title, picture, FigureTable(headings, tuple(map(_school_cells, found))), _LARGE)


_LARGE: Final = f"A filled dot is a difference of more than {LARGE}, which is large."


def _apart(one: SchoolFinding) -> tuple[tuple[Spot | None, ...], str, str]:
    """Return the spot of a difference, the difference as it is said, and what is said where there is none."""
    if one.difference is None:
        return (None,), "", HIDDEN if one.hidden else ""
    return (Spot(one.difference, clear=one.is_large),), decimal(one.difference), ""


def _school_cells(one: SchoolFinding) -> tuple[str, ...]:
    matched = "yes" if one.matched else "no"
    if one.here is None or one.there is None:
        return (one.title, matched, HIDDEN, *[""] * 6)
    sides = (
        cell for side in (one.here, one.there) for cell in (count(side.n), _mean(side.mean, one.unit), decimal(side.sd))
    )
    return (one.title, matched, *sides, decimal(one.difference))
