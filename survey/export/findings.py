"""The sheets of what was found: each finding in one row and one sentence, and in charts where they say it sooner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from survey.analysis.comparison import GroupComparison, ModelContrast
from survey.analysis.effects import Contrast
from survey.export.charts import ChartSeries, SheetChart
from survey.export.contents import ONE_DECIMAL, PERCENT, THREE_DECIMALS, TWO_DECIMALS, WRAPPED, Look, SmallSheet
from survey.findings import sentences
from survey.findings.answers import answers
from survey.findings.arms import EVERYONE, ArmComparison, ArmMean
from survey.findings.exposures import ExposureFinding
from survey.findings.outcomes import StudyOutcome
from survey.findings.significance import LEVEL
from survey.findings.study import StudyFindings
from survey.findings.subgroups import SubgroupFinding

Cells = dict[str, Any]
"""A row: heading -> cell. What is left out is empty."""

_PLAIN: Final = Look()
_POUNDS: Final = Look("#,##0.00", wraps=True)


def findings_sheets(findings: StudyFindings) -> list[SmallSheet]:
    """Return the sheets of an analysis; one that would have no rows is left out."""
    sheets = [
        _summary(findings), _effects(findings), _means(findings), _comparison(findings), _robustness(findings),
        _change(findings), _exposure(findings), _exposure_bands(findings), _subgroups(findings),
        _participation(findings), _schools(findings), _costs(findings), _cautions(findings),
    ]  # fmt: skip
    return [sheet for sheet in sheets if sheet.rows]


@dataclass(frozen=True)
class _Table:
    """A sheet before it has rows: its title, what is on it, and its headings with how each column is shown."""

    title: str
    about: str
    looks: Mapping[str, Look]
    widths: tuple[float, ...] = ()

    def sheet(self, rows: Iterable[Cells], charts: Sequence[SheetChart] = ()) -> SmallSheet:
        """Return the sheet. Raises KeyError for a cell under a heading that it does not have."""
        header = tuple(self.looks)
        filled = []
        for row in rows:
            unknown = set(row) - set(header)
            if unknown:
                raise KeyError(*unknown)
            filled.append(tuple(row.get(name) for name in header))
        looks = {name: look for name, look in self.looks.items() if look is not _PLAIN}
        return SmallSheet(self.title, self.about, header, filled, self.widths, looks, tuple(charts))


def _of(outcome: StudyOutcome, **more: Any) -> Cells:
    """Return the cells that say what a row is about."""
    status = "planned" if outcome.planned else "exploratory"
    return {"outcome": outcome.id, "title": outcome.title, "status": status, **more}


_ABOUT: Final = {"outcome": _PLAIN, "title": _PLAIN, "status": _PLAIN, "wave": _PLAIN}
_TESTED: Final = {"p": THREE_DECIMALS, "p corrected": THREE_DECIMALS}
_IN_SD: Final = {"in SD": TWO_DECIMALS, "SD from": TWO_DECIMALS, "SD to": TWO_DECIMALS}
_SAID: Final = {"finding": WRAPPED}


def _newest_first(findings: StudyFindings, found: Iterable[Any]) -> list[Any]:
    """Return findings by wave, the newest first; within a wave they stay in the order of the plan."""
    order = list(findings.waves)
    return sorted(found, key=lambda one: -order.index(one.wave))


def _run(places: Iterable[int]) -> range:
    """Return the longest run of places that follow each other."""
    longest, begun, last = range(0), -1, -2
    for at in places:
        begun = begun if at == last + 1 else at
        last = at
        if last + 1 - begun > len(longest):
            longest = range(begun, last + 1)
    return longest


# ── everything in sentences ──
_SUMMARY: Final = _Table(
    "Findings",
    "What the plan asks and what was found, in sentences; the figures are on the sheets that follow",
    {"question": WRAPPED, "wave": _PLAIN, "what was found": WRAPPED},
    (44, 14, 110),
)


def _summary(findings: StudyFindings) -> SmallSheet:
    wave = findings.waves[findings.wave]
    told = [(one.question, wave, f"{' '.join(one.short)} {one.how_sure}.") for one in answers(findings) if one.short]
    told += [(question, wave, said) for question, said in _answers(findings)]
    if findings.costs is not None:
        told.append(("What does it cost?", "", " ".join(sentences.of_costs(findings.costs))))
    told += [("How to read this", "", note) for note in findings.notes]
    return _SUMMARY.sheet(dict(zip(_SUMMARY.looks, one, strict=True)) for one in told)


def _answers(findings: StudyFindings) -> Iterator[tuple[str, str]]:
    """Yield the plan's questions and their answers in the wave in focus."""
    first, last = next(iter(findings.waves)), findings.wave
    for one in findings.comparisons:
        if one.planned and one.wave == last:
            yield f"{one.outcome.title}: do the arms differ?", sentences.of_comparison(findings, one)
    for change in findings.changes:
        if change.planned and (change.first, change.wave) == (first, last):
            yield f"{change.outcome.title}: did the arms change differently?", sentences.of_change(findings, change)
    for slope in findings.exposures:
        if slope.planned and slope.wave == last:
            unit = slope.found.exposure if slope.found else slope.fact
            yield f"{slope.outcome.title}: more with each {unit}?", sentences.of_exposure(findings, slope)
    yield from _clear_subgroups(findings)
    yield from _clear_participation(findings)


def _clear_subgroups(findings: StudyFindings) -> Iterator[tuple[str, str]]:
    """Yield the subgroups that differ after correction, and how many do not: a list of all is a sheet of its own."""
    clear = [one for one in findings.subgroups if one.p_corrected is not None and one.p_corrected < LEVEL]
    for one in clear:
        yield f"{one.outcome.title}: does it differ by {one.subgroup.fact_title}?", sentences.of_subgroup(one)
    if findings.subgroups:
        others = len(findings.subgroups) - len(clear)
        told = (
            f"{others} other comparisons of subgroups show no difference that stands after correction, or are hidden."
        )
        yield "Do other subgroups differ?", f"{told} See the sheet Subgroups."


def _clear_participation(findings: StudyFindings) -> Iterator[tuple[str, str]]:
    clear = [one for one in findings.participation if one.is_clear]
    for one in clear:
        said = sentences.of_participation(findings, one)
        yield f"{one.share.title}: does it differ by {one.subgroup.fact_title}?", said
    if findings.participation:
        others = len(findings.participation) - len(clear)
        told = f"{others} other subgroups take part in no clearly different share, or are hidden."
        yield "Do other subgroups take part less, or more?", f"{told} See the sheet Participation."


# ── effects ──
_EFFECTS: Final = _Table(
    "Effects",
    "The plan’s outcomes in the newest wave: the programme’s arm beside the others, in standard deviations",
    {"title": _PLAIN, "compared with": _PLAIN, "in SD": TWO_DECIMALS, "SD from": TWO_DECIMALS, "SD to": TWO_DECIMALS}
    | _TESTED,
)


def _effects(findings: StudyFindings) -> SmallSheet:
    rows: list[Cells] = []
    charts = []
    for reference in dict.fromkeys(one.reference for one in findings.comparisons):
        start = len(rows)
        for one in findings.comparisons:
            best = one.best
            if (
                (one.reference, one.wave) == (reference, findings.wave)
                and isinstance(best, ModelContrast)
                and one.planned
            ):
                row = {name: cell for name, cell in _figures(best).items() if name in _EFFECTS.looks}
                row |= {"title": one.outcome.title, "compared with": reference, "p corrected": one.p_corrected}
                rows.append(row)
        run = _run(at for at in range(start, len(rows)) if rows[at]["SD from"] is not None)
        if run:
            arms = f"{findings.arms[findings.programme or '']} beside {findings.arms[reference]}"
            series = ChartSeries("in SD", run, arms, "SD from", "SD to")
            title = f"{arms}, {findings.waves[findings.wave]}"
            charts.append(SheetChart("points", title, "title", (series,), ("", "Standard deviations"), start))
    return _EFFECTS.sheet(rows, charts)


# ── means ──
_MEANS: Final = _Table(
    "Means",
    "Means of every outcome by arm and wave, with 95 % intervals from a model of people in schools",
    {
        "outcome": _PLAIN,
        "title": _PLAIN,
        "arm": _PLAIN,
        "wave": _PLAIN,
        "asked": _PLAIN,
        "n": _PLAIN,
        "clusters": _PLAIN,
    }
    | dict.fromkeys(("mean", "sd", "mean of model", "from", "to"), TWO_DECIMALS)
    | {"hidden": WRAPPED},
)


def _means(findings: StudyFindings) -> SmallSheet:
    rows: list[Cells] = []
    charts: list[SheetChart] = []
    arms = {EVERYONE: "everyone"} | dict(findings.arms)
    for outcome in findings.outcomes:
        start, series = len(rows), []
        for arm, title in arms.items():
            first = len(rows)
            rows += [_mean(findings, one, title) for one in findings.means if (one.outcome, one.arm) == (outcome, arm)]
            # An arm that is not there in every wave would make the line of another one longer than it is.
            told = [row for row in rows[first:] if row.get("mean of model") is not None]
            if arm != EVERYONE and len(told) == len(findings.waves) > 1:
                series.append(ChartSeries("mean of model", range(first, len(rows)), title, "from", "to"))
        if outcome.planned and series:
            axes = ("", "Share" if outcome.unit == "share" else "Mean")
            charts.append(SheetChart("line", outcome.title, "wave", tuple(series), axes, start))
    return _MEANS.sheet(rows, charts)


def _mean(findings: StudyFindings, one: ArmMean, arm: str) -> Cells:
    outcome = one.outcome
    row: Cells = {"outcome": outcome.id, "title": outcome.title, "arm": arm, "wave": findings.waves[one.wave]}
    if one.found is None:
        return row | {"hidden": one.hidden}
    found, model = one.found, one.found.model
    row |= {"asked": found.asked, "n": found.n, "clusters": found.clusters, "mean": found.mean, "sd": found.sd}
    return row if model is None else row | {"mean of model": model.difference, "from": model.low, "to": model.high}


# ── comparison ──
_COMPARED: Final = (
    _ABOUT
    | {"compared with": _PLAIN, "analysis": _PLAIN, "n programme": _PLAIN, "n other": _PLAIN}
    | {"clusters programme": _PLAIN, "clusters other": _PLAIN}
    | dict.fromkeys(("mean programme", "mean other", "sd programme", "sd other"), TWO_DECIMALS)
)
_MODELLED: Final = (
    {"difference": TWO_DECIMALS, "from": TWO_DECIMALS, "to": TWO_DECIMALS, "df": ONE_DECIMAL}
    | _TESTED
    | _IN_SD
    | dict.fromkeys(("divided by", "variance between", "variance within", "ICC"), THREE_DECIMALS)
)
_COMPARISON: Final = _Table(
    "Comparison",
    "The programme’s arm beside the others, by the analysis to lead with: difference, interval, standard deviations",
    {name: look for name, look in _COMPARED.items() if name != "title"}
    | _SAID
    | _MODELLED
    | {"attrition": PERCENT, "attrition differs by": PERCENT, "baseline differs by": TWO_DECIMALS},
)
_ROBUSTNESS: Final = _Table(
    "Robustness",
    "The same comparisons in other ways: plain, by the means of schools, by least squares with robust standard errors",
    {name: look for name, look in (_COMPARED | _MODELLED).items() if name not in ("title", "p corrected")},
)


def _comparison(findings: StudyFindings) -> SmallSheet:
    return _COMPARISON.sheet(_leading(findings, one) for one in _newest_first(findings, findings.comparisons))


def _leading(findings: StudyFindings, one: ArmComparison) -> Cells:
    row = _compared(one) | {"finding": sentences.of_comparison(findings, one)}
    found = one.found
    if found is None:
        return row | {"analysis": "hidden"}
    row |= {"analysis": _name_of(found, one.best), "difference": found.difference}
    if one.best is not None:
        row |= _figures(one.best)
    if found.attrition is not None:
        row |= {"attrition": found.attrition.overall, "attrition differs by": found.attrition.differential}
    if found.baseline is not None:
        row["baseline differs by"] = found.baseline.difference
    return row | {"p corrected": one.p_corrected}


def _robustness(findings: StudyFindings) -> SmallSheet:
    return _ROBUSTNESS.sheet(row for one in _newest_first(findings, findings.comparisons) for row in _other_ways(one))


def _other_ways(one: ArmComparison) -> Iterator[Cells]:
    """Yield a comparison in the ways that do not lead."""
    found = one.found
    if found is None:
        return
    if found.g is not None:
        g = {"in SD": found.g.value, "SD from": found.g.low, "SD to": found.g.high}
        yield _compared(one) | g | {"analysis": "plain, people independent", "difference": found.difference}
    ways: list[tuple[str, Contrast | None]] = [
        ("adjusted", found.adjusted),
        ("multilevel", found.multilevel),
        ("cluster means", found.cluster_means),
        ("least squares, CR2", found.multilevel.cluster_robust if found.multilevel else None),
        ("adjusted least squares, CR2", found.adjusted.cluster_robust if found.adjusted else None),
    ]
    for name, contrast in ways:
        if contrast is not None and contrast is not one.best:
            yield _compared(one) | _figures(contrast) | {"analysis": name}


def _compared(one: ArmComparison) -> Cells:
    row = _of(one.outcome, wave=one.wave) | {"compared with": one.reference}
    del row["title"]
    found = one.found
    if found is None:
        return row
    for side, level in (("programme", found.other), ("other", found.reference)):
        row |= {f"n {side}": found.n[level], f"mean {side}": found.mean[level], f"sd {side}": found.sd[level]}
        if found.clusters is not None:
            row[f"clusters {side}"] = found.clusters[level]
    return row


def _name_of(found: GroupComparison, best: Contrast | None) -> str:
    if best is None:
        return "plain"
    if best is found.adjusted:
        return "adjusted"
    return "multilevel" if best is found.multilevel else "cluster means"


def _figures(best: Contrast) -> Cells:
    """Return a difference with its interval, and what a model says besides."""
    row = {"difference": best.difference, "from": best.low, "to": best.high, "df": best.df, "p": best.p}
    if isinstance(best, ModelContrast):
        row |= {"in SD": best.g, "SD from": best.g_low, "SD to": best.g_high, "divided by": best.denominator}
        row |= {"variance between": best.variance_between, "variance within": best.variance_within, "ICC": best.icc}
    return row


# ── change ──
_CHANGE: Final = _Table(
    "Change",
    "Change between two waves of people who answered in both, by arm, and the difference in differences",
    {"outcome": _PLAIN, "title": _PLAIN, "status": _PLAIN, "first wave": _PLAIN, "wave": _PLAIN}
    | {"compared with": _PLAIN, "arm": _PLAIN, "n first": _PLAIN, "n second": _PLAIN, "matched": _PLAIN, "lost": _PLAIN}
    | dict.fromkeys(("mean before", "mean after", "change", "from", "to"), TWO_DECIMALS)
    | _TESTED
    | {"in SD": TWO_DECIMALS}
    | _SAID,
)


def _change(findings: StudyFindings) -> SmallSheet:
    rows: list[Cells] = []
    for one in _newest_first(findings, findings.changes):
        about = _of(one.outcome, wave=one.wave) | {"first wave": one.first, "compared with": one.reference}
        said = {"finding": sentences.of_change(findings, one)}
        if one.found is None:
            rows.append(about | said | {"arm": "hidden"})
            continue
        for level, group in reversed(list(one.found.groups.items())):
            row = about | {"arm": level, "n first": group.first, "n second": group.second, "matched": group.matched}
            row |= {"lost": group.lost, "mean before": group.before, "mean after": group.after}
            rows.append(row | _interval(group.change))
        last = {"arm": "difference of changes", "p": one.p, "p corrected": one.p_corrected}
        last["in SD"] = one.found.standardised
        rows.append(about | said | last | _interval(one.best))
    return _CHANGE.sheet(rows)


def _interval(change: Contrast | None) -> Cells:
    return {} if change is None else {"change": change.difference, "from": change.low, "to": change.high}


# ── exposure ──
_EXPOSURE: Final = _Table(
    "Exposure",
    "How outcomes go with exposure, among people in the programme: a slope for each unit of it",
    _ABOUT
    | {"for each": _PLAIN, "n": _PLAIN, "clusters": _PLAIN}
    | {"slope": THREE_DECIMALS, "from": THREE_DECIMALS, "to": THREE_DECIMALS, "df": ONE_DECIMAL}
    | _TESTED
    | {"in SD": THREE_DECIMALS}
    | _SAID,
)


def _exposure(findings: StudyFindings) -> SmallSheet:
    return _EXPOSURE.sheet(_slope(findings, one) for one in _newest_first(findings, findings.exposures))


def _slope(findings: StudyFindings, one: ExposureFinding) -> Cells:
    row = _of(one.outcome, wave=one.wave) | {"finding": sentences.of_exposure(findings, one)}
    found = one.found
    if found is None:
        return row
    row |= {"for each": found.exposure, "n": found.n, "clusters": found.clusters, "in SD": found.standardised}
    slope = found.slope
    if slope is not None:
        row |= {"slope": slope.difference, "from": slope.low, "to": slope.high, "df": slope.df}
    return row | {"p": one.p, "p corrected": one.p_corrected}


_BANDS: Final = _Table(
    "Exposure bands",
    "Means of outcomes by bands of exposure, among people in the programme; bands of few people are hidden",
    _ABOUT | {"exposure": WRAPPED, "band": _PLAIN, "n": _PLAIN, "mean": TWO_DECIMALS, "sd": TWO_DECIMALS},
)


def _exposure_bands(findings: StudyFindings) -> SmallSheet:
    rows: list[Cells] = []
    charts: list[SheetChart] = []
    for one in _newest_first(findings, findings.exposures):
        if one.found is None:
            continue
        start = len(rows)
        for band in one.found.bands:
            name = f"{band.low:g} and more" if band.high is None else f"{band.low:g} to under {band.high:g}"
            row = _of(one.outcome, wave=one.wave, exposure=one.found.exposure, band=name)
            rows.append(row | {"n": band.n, "mean": band.mean, "sd": band.sd})
        run = _run(at for at in range(start, len(rows)) if rows[at]["mean"] is not None)
        if one.planned and one.wave == findings.wave and one.outcome.unit == "points" and len(run) > 1:
            series = (ChartSeries("mean", run, one.outcome.title),)
            charts.append(SheetChart("line", one.outcome.title, "band", series, (one.found.exposure, "Mean"), start))
    return _BANDS.sheet(rows, charts)


# ── subgroups ──
_SUBGROUPS: Final = _Table(
    "Subgroups",
    "The plan’s subgroups: how they differ, and whether the difference between the arms differs between them",
    _ABOUT
    | {"fact": WRAPPED, "group": WRAPPED, "compared with": WRAPPED, "n group": _PLAIN, "n compared": _PLAIN}
    | dict.fromkeys(("mean group", "mean compared", "difference", "from", "to"), TWO_DECIMALS)
    | _SAID
    | {"df": ONE_DECIMAL}
    | _TESTED
    | _IN_SD
    | dict.fromkeys(("divided by", "variance between", "variance within", "ICC"), THREE_DECIMALS)
    | dict.fromkeys(("arms differ in group by", "arms differ in compared by"), TWO_DECIMALS)
    | dict.fromkeys(("that differs by", "differs from", "differs to"), TWO_DECIMALS),
)


def _subgroups(findings: StudyFindings) -> SmallSheet:
    return _SUBGROUPS.sheet(_in_subgroup(one) for one in findings.subgroups)


def _in_subgroup(one: SubgroupFinding) -> Cells:
    sub, found = one.subgroup, one.overall
    row = _of(one.outcome, wave=one.wave, fact=sub.fact_title, group=sub.level_title)
    row |= {"compared with": sub.reference_title, "finding": sentences.of_subgroup(one)}
    if found is None:
        return row
    for name, level in (("group", found.other), ("compared", found.reference)):
        row |= {f"n {name}": found.n[level], f"mean {name}": found.mean[level]}
    if one.best is not None:
        row |= _figures(one.best)
    return row | _between_arms(one) | {"p corrected": one.p_corrected}


def _between_arms(one: SubgroupFinding) -> Cells:
    """Return the difference between arms in both subgroups, and by how much these differ, with its interval."""
    if one.by_arm is None:
        return {}
    row: Cells = {}
    for name, level in (("group", one.subgroup.level), ("compared", one.subgroup.reference)):
        within = one.by_arm.within[level]
        best = within.multilevel or within.cluster_means
        row[f"arms differ in {name} by"] = within.difference if best is None else best.difference
    differ = one.by_arm.difference
    if differ is not None:
        row |= {"that differs by": differ.difference, "differs from": differ.low, "differs to": differ.high}
    return row


# ── who takes part ──
_PARTICIPATION: Final = _Table(
    "Participation",
    "Who takes part: the share of each subgroup beside the others, and of those who do beside the roll",
    _ABOUT
    | {"arm": _PLAIN, "fact": WRAPPED, "group": WRAPPED, "of group": _PLAIN, "group size": _PLAIN}
    | {"share of group": PERCENT, "group from": PERCENT, "group to": PERCENT, "of others": _PLAIN}
    | {"others": _PLAIN, "share of others": PERCENT, "difference": PERCENT, "from": PERCENT, "to": PERCENT}
    | {"share of all who do": PERCENT, "share of the roll": PERCENT}
    | _SAID,
)


def _participation(findings: StudyFindings) -> SmallSheet:
    rows = []
    for one in findings.participation:
        row = _of(one.share, wave=one.wave, arm=one.arm, fact=one.subgroup.fact_title, group=one.subgroup.level_title)
        row["finding"] = sentences.of_participation(findings, one)
        if one.found is not None:
            rate, others = one.found.rate, one.found.rate_others
            row |= {"of group": rate.count, "group size": rate.of, "share of group": rate.value}
            row |= {"group from": rate.low, "group to": rate.high}
            row |= {"of others": others.count, "others": others.of, "share of others": others.value}
            row |= {"difference": one.found.difference, "from": one.found.low, "to": one.found.high}
            row["share of all who do"] = one.found.of_participants.value
            row["share of the roll"] = one.found.of_roll.value
        rows.append(row)
    return _PARTICIPATION.sheet(rows)


# ── the schools of the arms ──
_SCHOOLS: Final = _Table(
    "Schools",
    "How alike the schools of the arms are in what the list of schools says of them; differences are standardised",
    {"fact": WRAPPED, "compared with": WRAPPED, "matched on": _PLAIN, "schools programme": _PLAIN}
    | {"mean programme": TWO_DECIMALS, "sd programme": TWO_DECIMALS, "schools other": _PLAIN}
    | {"mean other": TWO_DECIMALS, "sd other": TWO_DECIMALS, "in SD": TWO_DECIMALS}
    | _SAID,
)


def _schools(findings: StudyFindings) -> SmallSheet:
    rows: list[Cells] = []
    for one in findings.schools:
        row: Cells = {"fact": one.title, "compared with": findings.arms[one.reference]}
        row |= {"matched on": "yes" if one.matched else "no", "finding": sentences.of_schools(findings, one)}
        if one.here is not None and one.there is not None:
            row |= {"schools programme": one.here.n, "mean programme": one.here.mean, "sd programme": one.here.sd}
            row |= {"schools other": one.there.n, "mean other": one.there.mean, "sd other": one.there.sd}
        rows.append(row | {"in SD": one.difference})
    return _SCHOOLS.sheet(rows)


# ── costs ──
_COSTS: Final = _Table(
    "Costs", "What the programme costs per pupil and year, over three years", {"what": _PLAIN, "pounds": _POUNDS}
)


def _costs(findings: StudyFindings) -> SmallSheet:
    found = findings.costs
    if found is None:
        return _COSTS.sheet([])
    told: list[tuple[str, Any]] = [
        ("Pupils, year by year", ", ".join(f"{count:,}" for count in found.pupils)),
        ("To start, once", found.start_up),
        ("Each year", found.running),
        ("Three years in all", found.total),
        ("Per pupil and year", found.per_pupil_year),
        *([("Of that, salaries", found.for_each(found.salaries))] if found.salaries else []),
        *((f"Of that, paid by: {payer}", found.for_each(amount)) for payer, amount in found.payers.items()),
        ("Rating", found.rating),
        ("Finding", " ".join(sentences.of_costs(found))),
    ]
    return _COSTS.sheet({"what": what, "pounds": pounds} for what, pounds in told)


# ── notes ──
_CAUTIONS: Final = _Table(
    "Notes on findings",
    "What to know beside the figures: who was left out, how sure they are, how far to believe them",
    {"sheet": _PLAIN, "outcome": _PLAIN, "wave": _PLAIN, "of": WRAPPED, "note": WRAPPED},
    (16, 26, 8, 34, 110),
)


def _cautions(findings: StudyFindings) -> SmallSheet:
    told: list[tuple[str, Any, str, Any]] = [
        *(("Comparison", one, one.reference, one.found) for one in findings.comparisons),
        *(("Change", one, f"{one.first} to {one.wave}, {one.reference}", one.found) for one in findings.changes),
        *(("Exposure", one, "", one.found) for one in findings.exposures),
        *(("Subgroups", one, one.subgroup.level_title, one.overall) for one in findings.subgroups),
        *(("Subgroups", one, f"{one.subgroup.level_title}, between arms", one.by_arm) for one in findings.subgroups),
    ]
    rows: list[Cells] = [
        {"sheet": sheet, "outcome": one.outcome.id, "wave": one.wave, "of": of, "note": note}
        for sheet, one, of, found in told
        if found is not None
        for note in found.notes
    ]
    for part in findings.participation:
        of = f"{part.subgroup.level_title}, {part.arm}"
        for note in part.found.notes if part.found is not None else ():
            about = {"sheet": "Participation", "outcome": part.share.id, "wave": part.wave}
            rows.append(about | {"of": of, "note": note})
    return _CAUTIONS.sheet(rows)
