"""Measuring on any table: `survey reliability`, `survey compare-groups`, `survey tabulate`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from survey.cli.definitions import questionnaire_of
from survey.cli.main import content_of, main, stop

if TYPE_CHECKING:
    from survey.analysis.columns import Columns
    from survey.analysis.comparison import GroupComparison
    from survey.analysis.disclosure import SafeTable
    from survey.analysis.effects import Contrast
    from survey.analysis.reliability import ScaleReliability, Treatment
    from survey.scales import Rule

WIDTH: Final = 100
"""Columns of the widest line that is printed."""

_LABEL: Final = 28
"""Characters of a label in a table; of a longer one the beginning is shown."""

_LEAST_LABEL: Final = 12
"""Characters of a label that are shown in any case."""

_FEW: Final = 3
"""So many outcomes are printed with everything about each; more of them in one table."""

TABLE = click.Path(path_type=Path, exists=True, dir_okay=False)
as_json = click.option("--json", "in_json", is_flag=True, help="Print JSON, with numbers that are not rounded.")


# ── reliability ───────────────────────────────────────────────────────────────────────────────────────────
@main.command()
@click.argument("questionnaire", type=TABLE)
@click.argument("answers", type=TABLE)
@click.option("--by", metavar="COLUMN", help="Report each group of this column separately, such as year.")
@click.option("--pairwise", is_flag=True, help="Use, for each two items, all who answered both.")
@as_json
def reliability(questionnaire: Path, answers: Path, by: str | None, pairwise: bool, in_json: bool) -> None:
    """Report how reliable each scale of a questionnaire is.

    ANSWERS is a CSV or Excel file of codes: a column for each item, blank where there is no answer. Other columns are
    not read. Figures are those of people who answered every item of a scale, unless --pairwise is given. Fewer than 30
    people get no figures.
    """
    from survey.analysis.reliability import Grouping, describe_scales
    from survey.export.scored import BadTable, item_answers
    from survey.scales import Beside, rules_for

    found = questionnaire_of(questionnaire)
    if not found.scales:
        stop(f"{questionnaire} has no scales, so there is nothing to report.")
    table = _columns(answers)
    rules = rules_for(found)
    there = {name: rule for name, rule in rules.items() if any(item in table.texts for item in rule.questions)}
    if not there:
        stop(f"{answers} has no column for any item. Columns are named after questions, such as {_some(rules)}.")
    items = dict.fromkeys(item for rule in there.values() for item in rule.questions)
    groups = Grouping(by, _labels(table, by)) if by else None
    for item in items:
        _labels(table, item)
    try:
        given = item_answers(found, str(answers), {item: table.texts[item] for item in items}, table.rows)
    except BadTable as error:
        stop(*str(error).splitlines())
    beside = Beside(given.not_shown, _facts_of(there.values(), table, items))
    treatment: Treatment = "pairwise" if pairwise else "listwise"
    told = describe_scales(given.numbers, there, groups, treatment=treatment, beside=beside)
    if in_json:
        print_json([_scale_as_json(one) for one in told])
    else:
        for one in told:
            _print_scale(one)
    absent = [name for name in rules if name not in there]
    if absent:
        click.echo(f"Scales left out, because {answers} has none of their items: {', '.join(absent)}.", err=True)


def _some(rules: dict[str, Any]) -> str:
    return ", ".join(next(iter(rules.values())).questions[:5])


def _facts_of(rules: Iterable[Rule], table: Columns, questions: Container[str]) -> dict[str, list[str | None]]:
    """Return the roster facts by which scales within scales are normed, as far as the table has them."""
    from survey.export.scored import fact_columns, known_facts

    facts = {fact for rule in rules for fact in rule.facts}
    found = {fact: [name for name in fact_columns(fact, questions) if name in table.texts] for fact in facts}
    return {fact: known_facts(table.texts[names[0]]) for fact, names in found.items() if names}


def _scale_as_json(one: ScaleReliability) -> dict[str, Any]:
    known = one.reliability
    low, high = known.alpha_interval or (None, None)
    return {
        "scale": one.scale,
        "by": one.by,
        "group": one.group,
        "treatment": known.treatment,
        "respondents": known.respondents,
        "scored": known.scored,
        "n": known.n,
        "alpha": known.alpha,
        "alpha_low": low,
        "alpha_high": high,
        "alpha_standardised": known.standardised_alpha,
        "alpha_stratified": known.stratified_alpha,
        "omega_total": known.omega_total,
        "spearman_brown": known.spearman_brown,
        "mean_r": known.mean_inter_item,
        "sem": known.sem,
        "floor": known.floor,
        "ceiling": known.ceiling,
        "items": [
            {
                "item": item.item,
                "n": item.n,
                "mean": item.mean,
                "sd": item.sd,
                "item_rest": known.item_rest.get(item.item),
                "alpha_if_dropped": known.alpha_if_dropped.get(item.item),
                "reversed": item.reversed,
            }
            for item in one.items
        ],
        "notes": list(one.notes),
    }


def _print_scale(one: ScaleReliability) -> None:
    known = one.reliability
    whose = f", {one.by} {one.group}" if one.by else ""
    click.echo(f"\n{one.scale}{whose}: n = {known.n:,}, {known.treatment}")
    if known.alpha is not None and known.alpha_interval is not None:
        low, high = known.alpha_interval
        figures = [
            ("alpha", f"{_two(known.alpha)} ({_two(low)} to {_two(high)})"),
            ("standardised", _two(known.standardised_alpha)),
            ("stratified", _two(known.stratified_alpha)),
            ("omega total", _two(known.omega_total)),
            ("Spearman-Brown", _two(known.spearman_brown)),
            ("mean correlation", _two(known.mean_inter_item)),
            ("SEM", _two(known.sem)),
            ("lowest score", _percent(known.floor)),
            ("highest score", _percent(known.ceiling)),
        ]
        _wrapped("; ".join(f"{name} {figure}" for name, figure in figures if figure != "–"))
    rows = [
        [
            _cut(item.item) + (" (reversed)" if item.reversed else ""),
            f"{item.n:,}",
            _two(item.mean),
            _two(item.sd),
            _two(known.item_rest.get(item.item)),
            _two(known.alpha_if_dropped.get(item.item)),
        ]
        for item in one.items
    ]
    _print_table(["item", "n", "mean", "SD", "item-rest", "alpha if dropped"], rows)
    _print_notes(one.notes)


# ── comparison ────────────────────────────────────────────────────────────────────────────────────────────
@main.command("compare-groups")
@click.argument("table", type=TABLE)
@click.option(
    "--outcome", "outcomes", multiple=True, required=True, metavar="X", help="A column of numbers; repeatable."
)
@click.option("--group", required=True, metavar="G", help="The column that says who is in which group.")
@click.option("--reference", metavar="LEVEL", help="The group that the others are compared with.")
@click.option("--cluster", metavar="C", help="The column of schools or classes.")
@click.option("--baseline", metavar="B", help="The column to adjust for, such as an earlier score.")
@click.option("--missing", multiple=True, type=float, metavar="CODE", help="A number for a missing answer; repeatable.")
@click.option("--randomised", is_flag=True, help="The groups were formed at random.")
@as_json
def compare_groups(
    table: Path,
    outcomes: Sequence[str],
    group: str,
    reference: str | None,
    cluster: str | None,
    baseline: str | None,
    missing: Sequence[float],
    randomised: bool,
    in_json: bool,
) -> None:
    """Compare groups of people on one outcome or more.

    TABLE is a CSV or Excel file with a row for each person. Each outcome is compared plainly (Hedges' g); with
    --cluster also in a multilevel model and by the means of clusters; with --baseline also adjusted for it. Rows
    without the outcome, the group or the cluster are left out, and counted in the notes.
    """
    from survey.analysis.columns import UnusableTable
    from survey.analysis.comparison import NothingToCompare, Sides, compare

    read = _columns(table)
    try:
        groups = read.labels(group)
        first, others = _levels(groups, group, reference)
        matrix = {outcome: read.numbers(outcome, missing) for outcome in dict.fromkeys(outcomes)}
        clusters = read.labels(cluster) if cluster else None
        began = read.numbers(baseline, missing) if baseline else None
    except UnusableTable as error:
        stop(*error.sentences)
    found: list[GroupComparison] = []
    for other in others:
        sides = Sides(
            groups=groups,
            reference=first,
            other=other,
            clusters=clusters,
            baseline=began,
            group_name=group,
            cluster_name=cluster or "cluster",
            baseline_name=baseline or "baseline",
            randomised=randomised,
        )
        try:
            found += compare(matrix, sides)
        except NothingToCompare as error:
            stop(str(error))
    if in_json:
        from dataclasses import asdict

        print_json([asdict(one) for one in found])
    elif len(found) <= _FEW:
        for one in found:
            _print_comparison(one)
    else:
        _print_comparisons(found)


_REFERENCES: Final = ("comparison", "control", "reference", "baseline")


def _levels(groups: Sequence[str | None], column: str, reference: str | None) -> tuple[str, list[str]]:
    """Return the reference group and the others, in order."""
    from survey.analysis.columns import UnusableTable, in_order
    from survey.problems import did_you_mean

    levels = sorted({level for level in groups if level is not None}, key=in_order)
    if len(levels) < 2:
        there = f"only '{levels[0]}'" if levels else "no values"
        raise UnusableTable(f"The column '{column}' has {there}, and a comparison needs two groups.")
    if len(levels) > 20:
        raise UnusableTable(
            f"The column '{column}' has {len(levels):,} different values: it does not look like groups."
        )
    if reference is None:
        first = next((level for level in levels if level.casefold() in _REFERENCES), levels[0])
    else:
        same = [level for level in levels if level == reference or _alike(level, reference)]
        if not same:
            hint = did_you_mean(reference, levels) or f" There are: {', '.join(levels)}."
            raise UnusableTable(f"The column '{column}' has no group '{reference}'.{hint}")
        first = same[0]
    return first, [level for level in levels if level != first]


def _alike(level: str, said: str) -> bool:
    """Tell whether two texts are one number, as 0 and 0.0 are."""
    try:
        return float(level) == float(said)
    except ValueError:
        return False


def _print_comparison(one: GroupComparison) -> None:
    click.echo()
    _wrapped(one.sentence)
    rows = []
    for level in (one.reference, one.other):
        clusters = f"{one.clusters[level]:,}" if one.clusters is not None else "–"
        rows.append([_cut(level), f"{one.n[level]:,}", clusters, _plain(one.mean[level]), _plain(one.sd[level])])
    _print_table([one.group, "n", "clusters", "mean", "SD"], rows)
    lines = []
    if one.g is not None:
        lines.append(
            ["plain", _plain(one.difference), "", "", f"{one.g.value:.2f}", f"{one.g.low:.2f} to {one.g.high:.2f}"]
        )
    for name, model in (("multilevel", one.multilevel), ("adjusted", one.adjusted)):
        if model is not None:
            by = "" if model.g is None else f"{model.g:.2f}"
            between = "" if model.g_low is None or model.g_high is None else f"{model.g_low:.2f} to {model.g_high:.2f}"
            lines.append([*_with_interval(name, model), by, between])
            if model.cluster_robust is not None:
                lines.append([*_with_interval(f"  {name}, cluster-robust", model.cluster_robust), "", ""])
    if one.cluster_means is not None:
        lines.append([*_with_interval("cluster means", one.cluster_means), "", ""])
    if lines:
        _print_table(
            [f"{one.other} - {one.reference}"[:_LABEL], "difference", "95 % interval", "df", "in SD", "95 %"], lines
        )
    model = one.multilevel
    if model is not None and model.variance_between is not None and model.icc is not None:
        click.echo(
            f"  Variance between clusters {_plain(model.variance_between)}, within {_plain(model.variance_within)}; "
            f"intraclass correlation {model.icc:.2f}"
        )
    _print_notes(one.notes)


def _with_interval(name: str, one: Contrast) -> list[str]:
    interval = "none" if one.low is None else f"{_plain(one.low)} to {_plain(one.high)}"
    return [name, _plain(one.difference), interval, "" if one.df is None else f"{one.df:.1f}"]


def _print_comparisons(found: Sequence[GroupComparison]) -> None:
    print_comparisons(found)
    shared = [note for note in found[0].notes if all(note in one.notes for one in found)]
    _print_notes([*shared, "For the notes on each outcome use --json, or compare up to three at a time."])


def print_comparisons(found: Sequence[GroupComparison]) -> None:
    """Print a line for each comparison, by what it leads with, in a table that fits the width."""
    rows = []
    for one in found:
        best = one.best
        difference = one.difference
        if best is not None and best.low is not None:
            interval = f"{_plain(best.low)} to {_plain(best.high)}"
            g = "–" if best.g is None else f"{best.g:.2f}"
            between = "–" if best.g_low is None or best.g_high is None else f"{best.g_low:.2f} to {best.g_high:.2f}"
            how = "adjusted" if one.adjusted is best else "multilevel"
            difference = best.difference
        else:
            interval, how = "–", "plain"
            g, between = ("–", "–") if one.g is None else (f"{one.g.value:.2f}", f"{one.g.low:.2f} to {one.g.high:.2f}")
        n = f"{sum(one.n.values()):,}"
        rows.append([_cut(one.outcome), _cut(one.other, 14), n, how, _plain(difference), interval, g, between])
    _print_table(["outcome", "group", "n", "how", "difference", "95 % interval", "in SD", "95 %"], rows)


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────
@main.command()
@click.argument("table", type=TABLE)
@click.option("--rows", "down", required=True, metavar="A", help="The column whose values become rows.")
@click.option("--columns", "across", required=True, metavar="B", help="The column whose values become columns.")
@click.option(
    "--threshold", type=int, default=10, show_default=True, help="The smallest count that is shown: 3 or more."
)
@as_json
def tabulate(table: Path, down: str, across: str, threshold: int, in_json: bool) -> None:
    """Count people by two columns, and hide small counts.

    Counts below the threshold are hidden, and with them others from which they could be worked out. In JSON a hidden
    count is null.
    """
    from survey.analysis.disclosure import LOWEST, crossing, suppress
    from survey.problems import amount

    if threshold < LOWEST:
        stop(f"Counts below {LOWEST} are never shown. Please give --threshold {LOWEST} or more.")
    read = _columns(table)
    rows, columns = _labels(read, down), _labels(read, across)
    counted, left_out = crossing(rows, columns)
    if not counted.rows:
        stop(f"No row of {table} has both '{down}' and '{across}', so there is nothing to count.")
    if len(counted.rows) * len(counted.columns) > 2_500:
        stop(
            f"'{down}' and '{across}' have {len(counted.rows):,} and {len(counted.columns):,} different values, too "
            "many for a table. Please choose columns with fewer."
        )
    safe = suppress(counted, threshold)
    notes = [*safe.notes]
    if left_out:
        notes.append(f"{amount(left_out, 'row')} left out: no '{down}' or no '{across}'.")
    if in_json:
        print_json(
            {
                "row": down,
                "column": across,
                "rows": safe.rows,
                "columns": safe.columns,
                "cells": safe.cells,
                "row_totals": safe.row_totals,
                "column_totals": safe.column_totals,
                "total": safe.total,
                "threshold": threshold,
                "notes": notes,
            }
        )
        return
    _print_counts(safe, f"{down} / {across}")
    _print_notes(notes)


def _print_counts(safe: SafeTable, corner: str) -> None:
    """Print counts, in as many blocks of columns as fit the width, the totals in the last."""
    widths = [max(6, len(_cut(column, 16)) + 2) for column in safe.columns]
    room = WIDTH - 2 - min(_LABEL, max(len(corner), *map(len, safe.rows), 5)) - 9
    at = 0
    while at < len(safe.columns):
        to, used = at, 0
        while to < len(safe.columns) and used + widths[to] <= room:
            used += widths[to]
            to += 1
        to = max(to, at + 1)
        last = to == len(safe.columns)
        head = [_cut(corner), *(_cut(column, 16) for column in safe.columns[at:to]), *(["total"] if last else [])]
        body = [
            [_cut(label), *map(_count, cells[at:to]), *([_count(total)] if last else [])]
            for label, cells, total in zip(safe.rows, safe.cells, safe.row_totals, strict=True)
        ]
        foot = ["total", *map(_count, safe.column_totals[at:to]), *([_count(safe.total)] if last else [])]
        _print_table(head, [*body, foot])
        at = to
    if any(None in (*cells, total) for cells, total in zip(safe.cells, safe.row_totals, strict=True)):
        click.echo("  [c] hidden")


def _count(count: int | None) -> str:
    return "[c]" if count is None else f"{count:,}"


# ── shared ────────────────────────────────────────────────────────────────────────────────────────────────
def _columns(path: Path) -> Columns:
    from survey.analysis.columns import UnusableTable, read_columns

    try:
        return read_columns(content_of(path), path.name)
    except UnusableTable as error:
        stop(*error.sentences)


def _labels(table: Columns, column: str) -> list[str | None]:
    from survey.analysis.columns import UnusableTable

    try:
        return table.labels(column)
    except UnusableTable as error:
        stop(*error.sentences)


def print_json(what: object) -> None:
    """Print something as JSON, with numbers that are not rounded."""
    click.echo(json.dumps(what, ensure_ascii=False, indent=2, allow_nan=False))


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    # Where figures take much room, the names of the rows give way.
    over = max(0, 2 * len(head) + sum(widths) - WIDTH)
    widths[0] = min(widths[0], max(_LEAST_LABEL, widths[0] - over))
    for line in lines:
        cells = [
            _cut(line[0], widths[0]).ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        click.echo(f"  {'  '.join(cells)}".rstrip())


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(textwrap.fill(note, WIDTH, initial_indent="  - ", subsequent_indent="    "))


def _wrapped(text: str) -> None:
    click.echo(textwrap.fill(text, WIDTH, subsequent_indent="  ", initial_indent=""))


def _cut(label: str, most: int = _LABEL) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _plain(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"
