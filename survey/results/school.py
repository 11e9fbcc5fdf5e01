"""A school beside schools like it, as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from survey.definition.study import StudyDefinition
from survey.findings import sentences
from survey.findings.standing import SchoolStanding, alike_by
from survey.findings.study import StudyFindings
from survey.pictures.dots import DotRow, Dots, Spot
from survey.problems import listed
from survey.results.figures import HIDDEN, Figure, FigureTable, count, decimal, ends

_MEASURE: Final = "Difference in standard deviations"
_ABOUT: Final = f"{_MEASURE} with 95 % intervals. The table below the picture has the same numbers."


@dataclass(frozen=True)
class SchoolPage:
    """What the page of a school shows: how it was compared, what was found in sentences, and all of it as a figure."""

    how: str
    told: tuple[str, ...]
    figure: Figure | None


def school_page(findings: StudyFindings, study: StudyDefinition, school: str) -> SchoolPage:
    """Return the page of a school (its code), of the wave in focus."""
    mine = [one for one in findings.standings if one.school == school]
    told = tuple(sentences.of_standing(one) for one in mine)
    return SchoolPage(_how(study), told, _figure(mine) if any(one.own is not None for one in mine) else None)


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
