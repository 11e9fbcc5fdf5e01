"""A school beside schools like it, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from survey.definition.study import StudyDefinition
from survey.findings import sentences
from survey.findings.standing import FEWEST, SchoolStanding, alike_by
from survey.findings.study import StudyFindings
from survey.pictures.dots import DotRow, Dots, Spot
from survey.problems import amount, listed
from survey.results.figures import HIDDEN, Figure, FigureTable, count, decimal, ends

_MEASURE: Final = "Difference in standard deviations"
_ABOUT: Final = f"{_MEASURE} with 95 % intervals. The table below the picture has the same numbers."


@dataclass(frozen=True)
class SchoolPage:
    """What the page of a school shows: how it was compared, the answer in short, every scale in sentences and a figure.

    short: the answer first, what qualifies it after.
    """

    how: str
    short: tuple[str, ...]
    told: tuple[str, ...]
    figure: Figure | None


def school_page(findings: StudyFindings, study: StudyDefinition, school: str) -> SchoolPage:
    """Return the page of a school (its code), of the wave in focus."""
    mine = [one for one in findings.standings if one.school == school]
    told = tuple(sentences.of_standing(one) for one in mine)
    figure = _figure(mine) if any(one.own is not None for one in mine) else None
    return SchoolPage(_how(study), tuple(_short(mine, findings.threshold)), told, figure)


def _short(mine: Sequence[SchoolStanding], threshold: int) -> Iterator[str]:
    """Yield where the school lies above and below schools like it, in how much it does not, and how much is hidden."""
    known = [(one.outcome.title, gap.low, gap.high) for one in mine if (gap := one.difference) is not None]
    ends = [(title, low, high) for title, low, high in known if low is not None and high is not None]
    higher = [title for title, low, _ in ends if low > 0]
    lower = [title for title, _, high in ends if high < 0]
    if higher:
        yield f"Possibly higher than in schools like it: {listed(higher)}."
    if lower:
        yield f"Possibly lower than in schools like it: {listed(lower)}."
    same = len(ends) - len(higher) - len(lower)
    if same:
        yield f"No clear difference in {_others(same) if higher or lower else amount(same, 'scale')}."
    if not ends and any(one.own is not None for one in mine):
        yield f"Fewer than {FEWEST} schools like it can be shown beside it."
    hidden = sum(one.own is None for one in mine)
    if hidden:
        are = "is" if hidden == 1 else "are"
        why = f"fewer than {threshold} people, or a figure that would give so few away"
        yield f"{amount(hidden, 'scale')} {are} hidden: {why}."


def _others(number: int) -> str:
    return "the other scale" if number == 1 else f"the other {amount(number, 'scale')}"


def _how(study: StudyDefinition) -> str:
    titles = {fact.id: fact.title for fact in study.school_facts}
    names = [titles[name] for name in alike_by(study)]
    if not names:
        return "The list of schools says nothing of them, so the school stands beside all other schools of the study."
    lower = [name[:1].lower() + name[1:] if name[1:2].islower() else name for name in names]
    return f"Schools like it are those nearest to it in {listed(lower)}, whether or not they have the programme."


def _figure(found: Sequence[SchoolStanding]) -> Figure:
    rows = [_row(one) for one in found]
    title = "This school beside schools like it"
    sides = ("lower than there", "higher than there")
    drawn = Dots(
        title, _ABOUT, (_MEASURE,), tuple(rows), _MEASURE, sides, "Difference, 95 % interval", reach=(-0.5, 0.5)
    )
    headings = (
        "Outcome",
        "n",
        "Mean",
        "95 % interval",
        "Schools like it",
        "n there",
        "Mean there",
        "95 % interval there",
    )
    table = FigureTable(headings, tuple(map(_cells, found)))
    is_any = any(spot is not None for row in rows for spot in row.spots)
    note = "A filled dot is a difference whose interval leaves out 0. With several outcomes one can do so by chance."
    return Figure("beside", title, drawn if is_any else None, table, note)


def _row(one: SchoolStanding) -> DotRow:
    gap = one.difference
    if gap is None:
        return DotRow(one.outcome.title, (None,), more=HIDDEN if one.own is None else "")
    clear = gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high
    spot = Spot(gap.difference, gap.low, gap.high, clear)
    return DotRow(one.outcome.title, (spot,), decimal(gap.difference), ends(gap.low, gap.high))


def _cells(one: SchoolStanding) -> tuple[str, ...]:
    if one.own is None:
        return (one.outcome.title, HIDDEN, *[""] * 6)
    own, like = one.own, one.like
    mine = (count(own.n), decimal(own.mean), ends(own.model.low, own.model.high) if own.model else "")
    if like is None:
        return (one.outcome.title, *mine, *[""] * 4)
    its = ends(like.model.low, like.model.high) if like.model else ""
    return (one.outcome.title, *mine, count(one.schools), count(like.n), decimal(like.mean), its)
