"""What the evaluation asks, and what was found: each question with its answer, how sure it is, and what it rests on.

The questions come in the order in which an evaluation is read: do the arms differ, the longer the more, subgroups, who
takes part, attendance and attainment, parents and staff, costs. The study's plan words the first ones itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from survey.analysis.costs import CostPerChild
from survey.findings import sentences
from survey.findings.arms import ArmComparison, ArmMean
from survey.findings.exposures import ExposureFinding
from survey.findings.outcomes import ROSTER_AUDIENCE, StudyOutcome
from survey.findings.people import NO, YES
from survey.findings.schools import SchoolFinding
from survey.findings.significance import Certainty, Tested, best_known
from survey.findings.study import StudyFindings
from survey.findings.subgroups import Participating, SubgroupFinding

_HOW_SURE: Final[dict[Certainty, str]] = {
    "clear": "Clear difference",
    "possible": "Possible difference",
    "none": "No clear difference",
    "unknown": "Too few to say",
}


@dataclass(frozen=True)
class Answer:
    """A question of the evaluation and its answer.

    id: its own, for addresses. short: the answer in a sentence, and others that go on. certainty: of the surest finding
    it rests on; how_sure: the same in words. told: what was found, in sentences with numbers. rests: what to know
    beside them. What it was drawn from stands in the fields after these, in the order in which it is shown.
    answers_to: questions (questionnaire.question) whose answers tell it. `short` is then empty, as shares of answers
    are no finding of the analysis.
    """

    id: str
    question: str
    short: tuple[str, ...]
    certainty: Certainty
    how_sure: str
    told: tuple[str, ...]
    rests: tuple[str, ...] = ()
    comparisons: tuple[ArmComparison, ...] = ()
    exposures: tuple[ExposureFinding, ...] = ()
    subgroups: tuple[SubgroupFinding, ...] = ()
    participation: tuple[Participating, ...] = ()
    means: tuple[ArmMean, ...] = ()
    costs: CostPerChild | None = None
    schools: tuple[SchoolFinding, ...] = ()
    answers_to: tuple[str, ...] = ()


def answers(findings: StudyFindings) -> Iterator[Answer]:
    """Yield the evaluation's questions with their answers, of the wave in focus; one that has nothing is left out."""
    asked = list(_of_arms(findings))
    yield from asked[:1]
    yield from _of_exposure(findings)
    yield from _of_subgroups(findings)
    yield from _of_shares(findings)
    yield from _of_roster(findings)
    yield from asked[1:]
    yield from _of_adults(findings)
    yield from _of_schools(findings)
    yield from _of_costs(findings)


# ── do the arms differ ──
def _of_arms(findings: StudyFindings) -> Iterator[Answer]:
    """Yield the plan's own questions, then one of what they do not name."""
    scales = [one for one in _compared(findings) if _is_scale(one.outcome)]
    # Without a plan nothing is planned, and what pupils say comes first all the same.
    planned = [one for one in scales if one.outcome.planned] or [
        one for one in scales if one.outcome.audience == ROSTER_AUDIENCE
    ]
    named = set()
    for at, asked in enumerate(findings.questions):
        mine = [one for one in _compared(findings) if one.outcome.id in asked.outcomes]
        named |= set(asked.outcomes)
        if mine:
            yield _arms_answer(findings, f"question-{at + 1}", asked.ask, mine)
        elif asked.answers_to:
            yield Answer(
                id=f"question-{at + 1}",
                question=asked.ask,
                short=(),
                certainty="none",
                how_sure="Shares of those who answered, in all arms together",
                told=(),
                rests=(_few(findings),),
                answers_to=asked.answers_to,
            )
    if rest := [one for one in planned if one.outcome.id not in named]:
        here, there = _two(findings, rest[0])
        yield _arms_answer(findings, "arms", f"Do {here} differ from {there}?", rest)


def _arms_answer(findings: StudyFindings, id: str, question: str, found: Sequence[ArmComparison]) -> Answer:
    here, there = _two(findings, found[0])
    return Answer(
        id=id,
        question=question,
        short=_verdict(found, (here, there)),
        certainty=best_known(found),
        how_sure=_sure_of(findings, found),
        told=tuple(sentences.of_comparison(findings, one) for one in found),
        rests=_rests_on(findings, found),
        comparisons=tuple(found),
        means=_means_of(findings, found),
    )


def _means_of(findings: StudyFindings, found: Iterable[ArmComparison]) -> tuple[ArmMean, ...]:
    """Return the means of what is compared, by arm, of the wave in focus."""
    outcomes = {one.outcome for one in found}
    return tuple(one for one in findings.means if one.outcome in outcomes and one.wave == findings.wave and one.arm)


def _compared(findings: StudyFindings) -> list[ArmComparison]:
    return [one for one in findings.comparisons if one.wave == findings.wave]


def _is_scale(outcome: StudyOutcome) -> bool:
    return outcome.questionnaire is not None and outcome.unit == "points"


def _two(findings: StudyFindings, one: ArmComparison) -> tuple[str, str]:
    return sentences.arm(findings, findings.programme or ""), sentences.arm(findings, one.reference)


_FEW_NAMES: Final = 2
"""So many outcomes without a clear difference are named; more are counted."""


def _verdict(found: Sequence[Tested], two: tuple[str, str], where: str = "in") -> tuple[str, ...]:
    """Return in a sentence or more which are higher and lower, and which are not clear.

    two: who is compared with whom, each as it stands behind `where`.
    """
    between, among = f"{where} {two[0]} than {where} {two[1]}", f"{two[0]} and {two[1]}"
    clear_up, clear_down = _titles(found, "clear", 1), _titles(found, "clear", -1)
    perhaps_up, perhaps_down = _titles(found, "possible", 1), _titles(found, "possible", -1)
    neither, unknown = _titles(found, "none"), _titles(found, "unknown")
    parts = []
    if clear_up:
        whole = "Yes" if not clear_down and not neither and not perhaps_down else "In part"
        parts.append(f"{whole}: higher {between} in {_listed(clear_up)}.")
    if clear_down:
        parts.append(f"Lower {between} in {_listed(clear_down)}.")
    if perhaps_up:
        parts.append(f"Possibly higher in {_listed(perhaps_up)}.")
    if perhaps_down:
        parts.append(f"Possibly lower in {_listed(perhaps_down)}.")
    if neither:
        beside, which = ("", "the other") if parts else (f" between {among}", "any of the")
        named = _listed(neither, "or") if len(neither) <= _FEW_NAMES else f"{which} {len(neither)} {_kind_of(found)}"
        parts.append(f"No clear difference{beside} in {named}.")
    if unknown:
        parts.append(f"Too few people to say anything of {_listed(unknown, 'or')}.")
    return tuple(parts)


def _kind_of(found: Iterable[Tested]) -> str:
    return "scales" if all(_is_scale(one.outcome) for one in found) else "outcomes"


def _titles(found: Iterable[Tested], certainty: Certainty, sign: int = 0) -> list[str]:
    """Return the titles of what is so certain, and higher (1), lower (-1) or either way (0)."""
    return list(
        dict.fromkeys(
            one.outcome.title
            for one in found
            if one.certainty == certainty and (sign == 0 or (one.best is not None and sign * one.best.difference > 0))
        )
    )


def _listed(words: Sequence[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _sure_of(findings: StudyFindings, found: Sequence[Tested]) -> str:
    """Return how sure the findings are together: how many are clear, of how many."""
    known = [one for one in found if one.certainty != "unknown"]
    clear = sum(one.certainty == "clear" for one in known)
    surest = best_known(found)
    if not any(one.planned for one in found):
        return f"{_HOW_SURE[surest]}; exploratory: the plan does not name it"
    if clear and len(known) > 1:
        return f"Clear in {clear} of {len(known)}{_corrected(findings)}"
    if surest == "possible":
        return f"{_HOW_SURE[surest]}, which is not clear after correction for many tests"
    return f"{_HOW_SURE[surest]}{_corrected(findings) if surest == 'clear' else ''}"


def _corrected(findings: StudyFindings) -> str:
    return "" if findings.correction == "none" else ", after correction for many tests"


def _rests_on(findings: StudyFindings, found: Sequence[ArmComparison]) -> tuple[str, ...]:
    """Return what a reader has to know: who was asked, how they were put into arms, who is missing."""
    told = [one for one in found if one.found is not None]
    if not told:
        return (_few(findings),)
    here, there = _two(findings, told[0])
    figures = [one.found for one in told if one.found is not None]
    who = sentences.people(told[0].outcome)
    sides = [
        f"{_between([one.n[side] for one in figures])} {who} in {arm}"
        for side, arm in ((figures[0].other, here), (figures[0].reference, there))
    ]
    rests = [f"{findings.waves[findings.wave]}: {sides[0]} and {sides[1]}. Lines in the picture are 95 % intervals."]
    if any(one.clusters is not None for one in figures):
        rests.append("People in one school are alike, and the intervals allow for that.")
    if any(one.adjusted is not None and one.adjusted is one.best for one in figures):
        first = next(iter(findings.waves.values()))
        rests.append(f"Where at least half had answered in {first} as well, differences are adjusted for that.")
    lost = [one.attrition for one in figures if one.attrition is not None and one.attrition.boundary == "high"]
    if lost:
        most = max(one.overall for one in lost)
        rests.append(
            f"Up to {100 * most:.0f} % of those who were asked have no answer here, and more in one arm than in the "
            "other. By the boundary of the What Works Clearinghouse that is much: please read with care."
        )
    return (*rests, _formed(findings))


def _formed(findings: StudyFindings) -> str:
    if findings.randomised:
        return "Schools were put into the arms at random."
    matched = f" They were matched on {_listed(findings.matched_on)}." if findings.matched_on else ""
    return f"Schools were not put into the arms at random, so a difference may have other causes.{matched}"


def _between(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _few(findings: StudyFindings) -> str:
    return f"Groups of fewer than {findings.threshold} people are hidden, and so is what would give them away."


# ── the longer, the more ──
def _of_exposure(findings: StudyFindings) -> Iterator[Answer]:
    for fact in dict.fromkeys(one.fact for one in findings.exposures):
        found = [
            one
            for one in findings.exposures
            if one.fact == fact and one.planned and one.wave == findings.wave and _is_scale(one.outcome)
        ]
        known = [one for one in found if one.found is not None]
        if known:
            first = fact == findings.exposures[0].fact
            yield _exposure_answer(findings, "exposure" if first else f"exposure-{fact.replace('_', '-')}", known)


def _exposure_answer(findings: StudyFindings, id: str, found: Sequence[ExposureFinding]) -> Answer:
    slopes = [one.found for one in found if one.found is not None]
    unit = slopes[0].exposure
    up, down = _titles(found, "clear", 1), _titles(found, "clear", -1)
    perhaps, perhaps_down = _titles(found, "possible", 1), _titles(found, "possible", -1)
    parts = [f"Yes: higher with each {unit} in {_listed(up)}."] if up else []
    parts += [f"Lower with each {unit} in {_listed(down)}."] if down else []
    parts += [f"Possibly higher with each {unit} in {_listed(perhaps)}."] if perhaps else []
    parts += [f"Possibly lower with each {unit} in {_listed(perhaps_down)}."] if perhaps_down else []
    if not parts:
        parts = [f"We see no clear trend with each {unit} in any of the {len(found)} {_kind_of(found)}."]
    where = sentences.arm(findings, findings.programme or "")
    counts = _between([one.n for one in slopes])
    hidden = any(band.n is None for slope in slopes for band in slope.bands)
    return Answer(
        id=id,
        question=f"Does it grow with each {unit}?",
        short=tuple(parts),
        certainty=best_known(found),
        how_sure=_sure_of(findings, found).replace("difference", "trend"),
        told=tuple(sentences.of_exposure(findings, one) for one in found),
        rests=(
            f"{findings.waves[findings.wave]}: {counts} {sentences.people(found[0].outcome)} in {where}.",
            "A connection, not a cause: those who have more of it may differ from the others in other ways too.",
            *([_few(findings)] if hidden else []),
        ),
        exposures=tuple(found),
    )


# ── girls and boys, and other subgroups ──
def _of_subgroups(findings: StudyFindings) -> Iterator[Answer]:
    scales = [one for one in findings.subgroups if _is_scale(one.outcome)]
    facts: dict[str, list[SubgroupFinding]] = {}
    for one in scales:
        facts.setdefault(one.subgroup.fact, []).append(one)
    if not facts:
        return
    same = [found[0].subgroup.fact_title for found in facts.values() if best_known(found) in ("none", "unknown")]
    short = [sentence for found in facts.values() for sentence in _subgroup_verdict(found)]
    if same:
        short.append(f"No clear difference by {_listed(same, 'or')}.")
    rests = [f"{findings.waves[findings.wave]}, all arms together. People in one school are compared with each other."]
    rests += [sentence for found in facts.values() for sentence in _between_arms(found)]
    if any(one.overall is None for one in scales):
        rests.append(_few(findings))
    yield Answer(
        id="subgroups",
        question=f"Do groups of {sentences.people(scales[0].outcome)} differ?",
        short=tuple(short),
        certainty=best_known(scales),
        how_sure=_sure_of(findings, scales),
        told=tuple(map(sentences.of_subgroup, scales)),
        rests=tuple(rests),
        subgroups=tuple(scales),
    )


def _subgroup_verdict(found: Sequence[SubgroupFinding]) -> Iterator[str]:
    """Yield who is higher or lower in what, clear differences before possible ones."""
    for certainty, perhaps in (("clear", ""), ("possible", "Possibly ")):
        told: dict[tuple[str, str], list[str]] = {}
        for one in found:
            if one.certainty == certainty and one.best is not None:
                way = "higher" if one.best.difference > 0 else "lower"
                told.setdefault((_group_of(one), way), []).append(one.outcome.title)
        for (group, way), titles in told.items():
            words = f"{perhaps}{way} {group} in {_listed(titles)}."
            yield f"{words[:1].upper()}{words[1:]}"


def _group_of(one: SubgroupFinding) -> str:
    """Return who is compared with whom: “among “Boy” than among “Girl””."""
    sub = one.subgroup
    if (sub.reference, sub.level) == (NO, YES):
        return f"with “{sub.fact_title}” than without"
    return f"among “{sub.level_title}” than among “{sub.reference_title}”"


def _between_arms(found: Sequence[SubgroupFinding]) -> Iterator[str]:
    """Yield whether the difference between the arms differs between the subgroups of a fact."""
    apart = [
        one.by_arm.difference
        for one in found
        if one.by_arm is not None and one.by_arm.difference is not None and one.by_arm.difference.low is not None
    ]
    differing = sum(one.low is not None and one.high is not None and not one.low <= 0 <= one.high for one in apart)
    if differing:
        yield (
            f"{found[0].subgroup.fact_title}: in {differing} of {len(apart)} comparisons the difference between arms "
            "differs between the groups. None of this is corrected for many tests."
        )


# ── who takes part, and whom else the plan counts ──
def _of_shares(findings: StudyFindings) -> Iterator[Answer]:
    for share in (one for one in findings.outcomes if one.id.startswith("share.")):
        compared = [one for one in _compared(findings) if one.outcome == share]
        parts = [one for one in findings.participation if one.share == share and one.arm == findings.programme]
        means = [one for one in findings.means if one.outcome == share and one.wave == findings.wave and one.arm]
        if not compared and not parts:
            continue
        clear = [one.subgroup.level_title for one in parts if one.is_clear]
        differing = (
            *(sentences.of_comparison(findings, one) for one in compared),
            *(
                [f"Within {sentences.arm(findings, findings.programme or '')}, shares differ for {_listed(clear)}."]
                if clear
                else []
            ),
        )
        yield Answer(
            id=share.id.replace(".", "-").replace("_", "-"),
            question=f"{share.title}: how many, and who?",
            short=(_shares_of(findings, means), *differing),
            certainty=best_known(compared),
            how_sure=f"{_sure_of(findings, compared)} between the arms",
            told=(
                *(sentences.of_comparison(findings, one) for one in compared),
                *(sentences.of_participation(findings, one) for one in parts),
            ),
            rests=(
                *_rests_on(findings, compared),
                "Intervals of subgroups treat people as independent, and are not corrected for many tests.",
            ),
            comparisons=tuple(compared),
            participation=tuple(parts),
            means=tuple(means),
        )


def _shares_of(findings: StudyFindings, means: Iterable[ArmMean]) -> str:
    known = [
        f"{sentences.percent(one.found.leading)} in {sentences.arm(findings, one.arm)}"
        for one in means
        if one.found is not None and one.found.leading is not None
    ]
    return f"{_listed(known)}." if known else "Too few people to say."


# ── attendance and attainment ──
def _of_roster(findings: StudyFindings) -> Iterator[Answer]:
    named = {id for asked in findings.questions for id in asked.outcomes}
    found = [one for one in _compared(findings) if one.outcome.id.startswith("roster.") and one.outcome.id not in named]
    if found:
        question = f"{_listed(list(dict.fromkeys(one.outcome.title for one in found)))}: do the arms differ?"
        yield _arms_answer(findings, "roster", question, found)


# ── parents and staff ──
def _of_adults(findings: StudyFindings) -> Iterator[Answer]:
    for audience, counted in dict.fromkeys((one.audience, one.counted) for one in findings.outcomes):
        found = [
            one
            for one in _compared(findings)
            if (one.outcome.audience, one.outcome.counted) == (audience, counted)
            and _is_scale(one.outcome)
            and not one.outcome.planned
        ]
        if audience != ROSTER_AUDIENCE and found:
            who = sentences.people(found[0].outcome)
            question = f"What is said of {counted}?" if counted else f"What do {who} say?"
            yield _arms_answer(findings, f"{audience}-{counted}" if counted else audience, question, found)


# ── the schools of the arms ──
_HOW_ALIKE: Final = (
    "As the list of schools has it. Differences are in standard deviations of schools; above 0.25 they are large by "
    "the standards of the What Works Clearinghouse."
)


def _of_schools(findings: StudyFindings) -> Iterator[Answer]:
    for reference in dict.fromkeys(one.reference for one in findings.schools):
        found = [one for one in findings.schools if one.reference == reference]
        known = [one for one in found if one.difference is not None]
        here, there = sentences.arm(findings, findings.programme or ""), sentences.arm(findings, reference)
        alike = [one.title for one in known if not one.is_large]
        apart = [one.title for one in known if one.is_large]
        parts = [f"Much alike in {_listed(alike)}."] if alike else []
        parts += [f"Apart in {_listed(apart)}, by more than an adjustment can make up for."] if apart else []
        matched = [f"Schools were matched on {_listed(findings.matched_on)}."] if findings.matched_on else []
        yield Answer(
            id="schools" if reference == findings.schools[0].reference else f"schools-{reference.replace('_', '-')}",
            question=f"How alike are {here} and {there}?",
            short=tuple(parts) or ("Too few schools to say.",),
            certainty="none",
            how_sure="A description of the schools, not a test",
            told=tuple(sentences.of_schools(findings, one) for one in found),
            rests=(*matched, _HOW_ALIKE),
            schools=tuple(found),
        )


# ── costs ──
_HOW_COSTED: Final = (
    "Over three years, with start-up costs spread over them, as the Education Endowment Foundation reports costs to "
    "schools."
)


def _of_costs(findings: StudyFindings) -> Iterator[Answer]:
    costs = findings.costs
    if costs is not None:
        yield Answer(
            id="costs",
            question="What does it cost per child?",
            short=(
                f"{sentences.pounds(costs.per_pupil_year)} per pupil and year, which counts as {costs.rating}.",
                *sentences.of_costs(costs)[1:],
            ),
            certainty="none",
            how_sure="Calculated from the amounts in the plan",
            told=tuple(sentences.of_costs(costs)),
            rests=(_HOW_COSTED,),
            costs=costs,
        )
