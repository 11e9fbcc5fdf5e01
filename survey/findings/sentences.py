"""What was found, each in one plain sentence with its size, its interval and how many it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from survey.analysis.balance import Spread
from survey.analysis.comparison import GroupComparison, ModelContrast
from survey.analysis.costs import CostPerChild
from survey.analysis.effects import Contrast
from survey.findings.arms import ArmComparison
from survey.findings.changes import ArmChange
from survey.findings.exposures import ExposureFinding
from survey.findings.outcomes import StudyOutcome
from survey.findings.schools import SchoolFinding
from survey.findings.standing import SchoolStanding
from survey.findings.study import StudyFindings
from survey.findings.subgroups import Participating, SubgroupFinding
from survey.problems import listed

MINUS: Final = "\N{MINUS SIGN}"
"""No line is broken behind it, as one is behind a hyphen."""

_PEOPLE: Final[Mapping[str, str]] = {"pupil": "pupils", "parent": "parents", "staff": "members of staff"}


def of_comparison(findings: StudyFindings, one: ArmComparison) -> str:
    """Return the sentence of a comparison of two arms."""
    if one.found is None:
        return f"{one.outcome.title} is {_small(one.hidden)}"
    here, there = arm(findings, one.found.other), arm(findings, one.reference)
    rests = f"{_two_counts(one.found.n, one.found, one.outcome)}{_schools(one.found)}"
    best = one.best
    if best is None or best.low is None or best.high is None:
        gap = "" if one.found.difference is None else f", {_amount(one.outcome, one.found.difference)} apart"
        return f"{one.outcome.title}: {here} and {there} cannot be told apart by these data{gap}; {rests}."
    adjusted = one.found.adjusted
    how = f"; adjusted for {adjusted.baseline}" if adjusted is not None and adjusted is one.found.best else ""
    return f"{_difference(one.outcome, best, here, there)}; {rests}{how}."


def of_change(findings: StudyFindings, one: ArmChange) -> str:
    """Return the sentence of a change between two waves."""
    when = f"{findings.waves[one.first]} to {findings.waves[one.wave]}"
    if one.found is None:
        return f"{one.outcome.title}, {when}, is {_small(one.hidden)}"
    changes = [
        f"{arm(findings, level)} changed by {_signed(one.outcome, group.change.difference)} ({group.matched:,})"
        for level, group in reversed(list(one.found.groups.items()))
        if group.change is not None
    ]
    said = f"{one.outcome.title}, {when}, {people(one.outcome)} who answered both times: {' and '.join(changes)}"
    best = one.best
    if best is None or best.low is None or best.high is None:
        return f"{said}."
    clear = "" if _is_clear(best) else ", which is no clear difference"
    return (
        f"{said}. The changes differ by {_signed(one.outcome, best.difference)}{_interval(one.outcome, best)}{clear}."
    )


def of_exposure(findings: StudyFindings, one: ExposureFinding) -> str:
    """Return the sentence of a slope."""
    if one.found is None:
        return f"{one.outcome.title} is {_small(one.hidden)}"
    slope = one.found.slope
    if slope is None or slope.low is None or slope.high is None:
        return f"{one.outcome.title}: nothing can be said about each {one.found.exposure}; n = {one.found.n:,}."
    way = "goes up by" if slope.difference > 0 else "goes down by"
    said = f"{way} {_amount(one.outcome, abs(slope.difference))} with each {one.found.exposure}"
    if not _is_clear(slope):
        said = f"does not clearly change with each {one.found.exposure} ({_signed(one.outcome, slope.difference)})"
    in_sd = "" if one.found.standardised is None else f", {_decimal(one.found.standardised)} standard deviations"
    rests = f"{one.found.n:,} {people(one.outcome)} in {arm(findings, findings.programme or '')}"
    return f"{one.outcome.title} {said}{in_sd}{_interval(one.outcome, slope)}; {rests}."


def of_subgroup(one: SubgroupFinding) -> str:
    """Return the sentence of two subgroups beside one another."""
    who, other = one.subgroup.level_title, one.subgroup.reference_title
    if one.overall is None:
        return f"{one.outcome.title}, {who} and {other}, is {_small(one.hidden)}"
    best = one.best
    rests = _two_counts(one.overall.n, one.overall, one.outcome)
    if best is None or best.low is None or best.high is None:
        return f"{one.outcome.title}, {who} and {other}: too few to say whether they differ; {rests}."
    return f"{_difference(one.outcome, best, f'“{who}”', f'“{other}”', 'among')}; {rests}."


def of_participation(findings: StudyFindings, one: Participating) -> str:
    """Return the sentence of a subgroup's share."""
    where = arm(findings, one.arm) if findings.programme else "all schools"
    who = one.subgroup.level_title
    if one.found is None:
        return f"{one.share.title}, {who}, {where}, is {_small(one.hidden)}"
    found = one.found
    gap = ""
    if found.difference is not None and found.low is not None and found.high is not None:
        low, high = _plus(100 * found.low, 0), _plus(100 * found.high, 0)
        size = f"{_plus(100 * found.difference, 0)} percentage points, {low} to {high}"
        gap = f" ({size}{'' if one.is_clear else ', no clear difference'})"
    rate, others = percent(found.rate.value), percent(found.rate_others.value)
    doing, roll = percent(found.of_participants.value), percent(found.of_roll.value)
    return (
        f"{one.share.title}, {where}: {rate} of “{who}” and {others} of the others{gap}. "
        f"They are {doing} of all who do, and {roll} of the roll."
    )


def of_schools(findings: StudyFindings, one: SchoolFinding) -> str:
    """Return the sentence of a fact about the schools of two arms."""
    if one.here is None or one.there is None:
        return f"{one.title} is {_small(one.hidden)}"
    sides = [
        f"{_school_mean(one, side)} in {arm(findings, code)} ({side.n:,} schools)"
        for code, side in ((findings.programme or "", one.here), (one.reference, one.there))
    ]
    apart = "" if one.difference is None else f"; {_plus(one.difference, 2)} standard deviations apart"
    return f"{one.title}: {' and '.join(sides)}{apart}."


def of_standing(one: SchoolStanding) -> str:
    """Return the sentence of a school beside schools like it."""
    if one.own is None or one.own.mean is None:
        return f"{one.outcome.title} is {_small(one.hidden)}"
    mine = f"{one.outcome.title}: {one.own.mean:.2f} on average ({one.own.n:,} {people(one.outcome)})"
    if one.like is None or one.like.mean is None:
        return f"{mine}. {one.hidden}"
    theirs = f"{one.like.mean:.2f} in {one.schools} schools like it ({one.like.n:,})"
    gap = one.difference
    if gap is None or gap.low is None or gap.high is None:
        return f"{mine}, {theirs}."
    size = f"{_plus(gap.difference, 2)} standard deviations, {_plus(gap.low, 2)} to {_plus(gap.high, 2)}"
    return f"{mine}, {theirs}; {size}{'' if _is_clear(gap) else ', no clear difference'}."


def _school_mean(one: SchoolFinding, side: Spread) -> str:
    return percent(side.mean) if one.unit == "share" else f"{side.mean:,.1f} on average"


# ── parts of sentences ──
def _small(hidden: str | None) -> str:
    return f"{hidden or 'Nothing that can be compared.'}".replace("Hidden", "hidden").replace("Nothing", "nothing")


def arm(findings: StudyFindings, code: str) -> str:
    """Return an arm's title as it stands inside a sentence: its first letter small unless the word is a name."""
    title = findings.arms.get(code, code)
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def people(outcome: StudyOutcome) -> str:
    """Return who or what is counted: “pupils”, or “classes” where a response is about a class."""
    return outcome.counted or _PEOPLE[outcome.audience]


def _difference(outcome: StudyOutcome, best: Contrast, here: str, there: str, where: str = "in") -> str:
    size = _size(outcome, best)
    if not _is_clear(best):
        return f"{outcome.title}: no clear difference between {here} and {there} ({size})"
    if outcome.unit == "share":
        word = "more" if best.difference > 0 else "fewer"
        return f"{outcome.title}: {word} {where} {here} than {where} {there}, {size}"
    word = "higher" if best.difference > 0 else "lower"
    return f"{outcome.title}: {word} {where} {here} than {where} {there}, {size}"


class ToldDifference(NamedTuple):
    """A difference as it is told: in standard deviations of a scale where these are known, else in points; in
    percentage points of a share. `said` is the number alone, and `interval` its two ends; empty where there is none.
    """

    value: float
    low: float | None
    high: float | None
    unit: Literal["standard deviations", "points", "percentage points"]
    said: str
    interval: str


def size(outcome: StudyOutcome, best: Contrast) -> ToldDifference:
    """Return a difference with its interval."""
    if outcome.unit == "points" and isinstance(best, ModelContrast) and best.g is not None and best.g_low is not None:
        g, low, high = map(_decimal, (best.g, best.g_low, best.g_high))
        return ToldDifference(best.g, best.g_low, best.g_high, "standard deviations", g, f"{low} to {high}")
    return raw_size(outcome, best)


def raw_size(outcome: StudyOutcome, best: Contrast) -> ToldDifference:
    """Return a difference with its interval in the outcome's own unit: points, or percentage points of a share."""
    by, places = (100, 0) if outcome.unit == "share" else (1, 2)
    low, high = (None if end is None else by * end for end in (best.low, best.high))
    interval = "" if low is None or high is None else f"{_plus(low, places)} to {_plus(high, places)}"
    unit: Literal["points", "percentage points"] = "percentage points" if outcome.unit == "share" else "points"
    return ToldDifference(by * best.difference, low, high, unit, _plus(by * best.difference, places), interval)


def _size(outcome: StudyOutcome, best: Contrast) -> str:
    told = size(outcome, best)
    return f"{told.said} {told.unit}{f', 95 % interval {told.interval}' if told.interval else ''}"


def _interval(outcome: StudyOutcome, best: Contrast) -> str:
    interval = raw_size(outcome, best).interval
    return f", 95 % interval {interval}" if interval else ""


def _amount(outcome: StudyOutcome, value: float) -> str:
    return f"{100 * value:.0f} percentage points" if outcome.unit == "share" else f"{value:.2f} points"


def _signed(outcome: StudyOutcome, value: float) -> str:
    return f"{_plus(100 * value, 0)} percentage points" if outcome.unit == "share" else f"{_plus(value, 2)} points"


def _plus(value: float, places: int) -> str:
    """Return a number with its sign; what rounds to nothing has none."""
    said = f"{value:+.{places}f}"
    return said[1:] if float(said) == 0 else said.replace("-", MINUS)


def _decimal(value: float | None) -> str:
    return _plus(value or 0.0, 2).removeprefix("+")


def _is_clear(best: Contrast) -> bool:
    return best.low is not None and best.high is not None and not best.low <= 0 <= best.high


def _two_counts(n: Mapping[str, int], found: GroupComparison, outcome: StudyOutcome) -> str:
    if found.adjusted is not None and found.adjusted is found.best and found.adjusted.n < sum(n.values()):
        return f"{found.adjusted.n:,} {people(outcome)} with both answers"
    return f"{n[found.other]:,} and {n[found.reference]:,} {people(outcome)}"


def _schools(found: GroupComparison) -> str:
    if found.clusters is None:
        return ""
    return f", {found.clusters[found.other]:,} and {found.clusters[found.reference]:,} schools"


def percent(value: float | None) -> str:
    """Return a share (0 to 1) in whole per cent; “none” where there is no one."""
    return "none" if value is None else f"{100 * value:.0f} %"


def of_costs(costs: CostPerChild) -> list[str]:
    """Return the sentences of what a programme costs: per child, how much of it is salaries, and who pays."""
    told = [costs.sentence]
    if costs.salaries:
        each = pounds(costs.for_each(costs.salaries))
        told.append(f"Salaries are {percent(costs.salaries / costs.total)} of it: {each} per pupil and year.")
    if costs.payers:
        paid = [
            f"{payer} {pounds(costs.for_each(amount))} ({percent(amount / costs.total)})"
            for payer, amount in costs.payers.items()
        ]
        told.append(f"Who pays, per pupil and year: {listed(paid)}.")
    return told


def pounds(amount: float) -> str:
    """Return an amount of money."""
    return f"£{amount:,.2f}"
