"""The methods appendix: what was asked, how it was scored and analysed, who is counted, and what is hidden.

All of it follows from the study's definition and its analysis, so that it cannot say anything else than what was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from survey.definition.questionnaire import Questionnaire
from survey.definition.readable import ReadablePage, readable
from survey.definition.study import Fieldwork, StudyDefinition
from survey.export.contents import SmallSheet
from survey.export.missing import MEANINGS, WORDS, Gaps
from survey.export.scores import EVERYONE, group_of_wave
from survey.export.study import StudyTables
from survey.findings import sentences
from survey.findings.arms import ArmComparison
from survey.findings.study import StudyFindings
from survey.paper.printing import environment, styles_inside
from survey.problems import amount, listed
from survey.progress import ALL_ARMS, ArmFlow
from survey.results.figures import HIDDEN, FigureTable, count, decimal, ends
from survey.results.scoring import ReadableScale, readable_scales

_WHO: Final = {"pupil": "pupils", "parent": "parents", "staff": "staff"}

_CORRECTIONS: Final = {
    "holm": "Holm’s step-down method",
    "hochberg": "Hochberg’s step-up method",
    "benjamini_hochberg": "the false discovery rate of Benjamini and Hochberg",
    "bonferroni": "Bonferroni’s method",
}


@dataclass(frozen=True)
class MethodsPart:
    """A part of the appendix: sentences, then points of a list, then tables with their captions."""

    id: str
    heading: str
    told: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    tables: tuple[tuple[str, FigureTable], ...] = ()


@dataclass(frozen=True)
class AskedQuestionnaire:
    """A questionnaire in full: its pages with every wording and answer, who was asked what, and its scales."""

    id: str
    title: str
    version: int
    asked: str
    pages: tuple[ReadablePage, ...]
    scales: tuple[ReadableScale, ...]


@dataclass(frozen=True)
class MethodsAppendix:
    """The whole appendix. made: by the study's own clock."""

    study: str
    title: str
    made: datetime
    parts: tuple[MethodsPart, ...]
    questionnaires: tuple[AskedQuestionnaire, ...]


def methods(study: StudyDefinition, tables: StudyTables, made: datetime) -> MethodsAppendix:
    """Return the appendix of a study. tables: of everyone, in all waves, as they were at a moment."""
    findings = tables.findings
    parts = [
        _design(study, findings),
        _samples(study, tables),
        _counted(findings),
        _scales(tables),
        _missing(study),
        _models(study, findings),
        _tests(findings),
        _hidden(findings),
        _departures(study, findings),
    ]
    questionnaires = tuple(_asked(study, one) for one in tables.questionnaires.values())
    local = made.astimezone(ZoneInfo(study.time_zone))
    return MethodsAppendix(study.id, study.title, local, tuple(parts), questionnaires)


def page(made: MethodsAppendix) -> str:
    """Return the appendix as a page that needs nothing else, to be kept and printed."""
    return (
        environment()
        .get_template("paper/methods.html")
        .render(
            methods=made,
            day=made.made.strftime("%-d %B %Y"),
            styles=Markup(f"{_ALONE}{styles_inside('methods.css')}"),
        )
    )


_ALONE: Final = "body{margin:2rem;font:16px/1.5 sans-serif}.methods{margin:auto}@media print{body{margin:0}}"
"""What the office's own style sheet does for the page there."""


# ── who was compared ──
def _design(study: StudyDefinition, findings: StudyFindings) -> MethodsPart:
    arms = listed(findings.arms.values())
    told = [f"{amount(len(findings.arms), 'arm')}: {arms}."] if findings.programme else [f"One arm: {arms}."]
    if findings.programme:
        how = "Schools were put into the arms at random."
        if not findings.randomised:
            matched = f", and were matched on {listed(findings.matched_on)}" if findings.matched_on else ""
            how = f"Schools were not put into the arms at random{matched}. A difference may have other causes."
        told.append(how)
    waves = tuple(
        (wave.title, wave.opens.strftime("%-d %B %Y"), wave.closes.strftime("%-d %B %Y")) for wave in study.waves
    )
    works = tuple(
        (work.questionnaire, _WHO[work.audience], _years(work), listed(_titles(study, work.waves)))
        for work in study.fieldwork
    )
    return MethodsPart(
        "design",
        "Design",
        tuple(told),
        tuple(f"Not asked: {one.who}. {one.because}" for one in study.not_asked),
        (
            ("Waves", FigureTable(("Wave", "Opened", "Closed"), waves)),
            ("Who was asked what", FigureTable(("Questionnaire", "For", "Year groups", "Waves"), works)),
        ),
    )


def _years(work: Fieldwork) -> str:
    return listed(work.years) if work.years else "all"


def _titles(study: StudyDefinition, waves: Iterable[str]) -> list[str]:
    return [study.wave(wave).title for wave in waves]


# ── samples ──
_FLOW: Final = (
    "Wave", "Arm", "Schools", "On the list", "Could be asked", "Started", "Finished", "Response rate",
    "Finished the first wave too",
)  # fmt: skip


def _samples(study: StudyDefinition, tables: StudyTables) -> MethodsPart:
    arms = {arm.id: arm.title for arm in study.arms} | {ALL_ARMS: "All", "": "No arm"}
    followed = tuple(
        (
            f"{questionnaire.title} ({name})",
            FigureTable(_FLOW, tuple(_followed(study, arms, one) for one in tables.flows[name])),
        )
        for name, questionnaire in tables.questionnaires.items()
        if name in tables.flows
    )
    points = [
        (
            f"{amount(number, 'response')} to {tables.questionnaires[name].title} came by links for everyone, such as "
            "that of a concert. No one knows how many people had the link, so there is no rate."
        )
        for name, number in tables.by_link.items()
        if name in tables.questionnaires
    ]
    told = (
        "Each table goes from the list of a wave to the last page of the questionnaire. “Could be asked” leaves out "
        "people who had left or moved to another school. The response rate is the share of those who could be asked "
        "that finished."
    )
    return MethodsPart("samples", "Samples, and who was lost on the way", (told,), tuple(points), followed)


def _followed(study: StudyDefinition, arms: Mapping[str, str], one: ArmFlow) -> tuple[str, ...]:
    told = [HIDDEN if number is None else count(number) for number in (one.asked, one.there, one.begun, one.finished)]
    rate = HIDDEN if HIDDEN in (told[1], told[3]) else sentences.percent(one.rate)
    again = "" if one.is_first else HIDDEN if one.again is None else count(one.again)
    return (study.wave(one.wave).title, arms.get(one.arm, one.arm), count(one.schools), *told, rate, again)


def _counted(findings: StudyFindings) -> MethodsPart:
    least = findings.threshold
    points = [
        (
            "Only responses that were finished count. A response that its author, or a parent, has withdrawn is "
            "in no figure."
        ),
        (
            "“Asked” is everyone on a wave’s list who gets the questionnaire. Of people who had left, only those who "
            "answered count. People who came by a link for everyone are on no list, and count once they have started."
        ),
        "A mean of a scale is of people who have a score on it, and “n” is how many these are.",
        (
            "A share of answers to a question is of the people who gave one. People who left it blank, did not know "
            "or did not want to say were asked, and are not in the share."
        ),
        "Facts from the school’s list, such as attendance, are of everyone on the list, whether they answered or not.",
        (
            f"Change is of people who answered in both waves. It is shown if none, or at least {least}, of those who "
            "answered in one of the two waves did not answer in the other."
        ),
    ]
    return MethodsPart("counted", "Who is counted", points=tuple(points))


# ── scales ──
_RELIABILITY: Final = (
    "Scale", "Wave", "n", "Items", "Alpha", "95 % interval", "Omega total", "Mean", "SD", "At the lowest",
    "At the highest",
)  # fmt: skip


def _scales(tables: StudyTables) -> MethodsPart:
    rows = tuple(_reliability(tables.scales, tables.findings.waves)) if tables.scales is not None else ()
    return MethodsPart(
        "scales",
        "Scales and their reliability",
        (
            (
                "The annex says how each scale is scored. Alpha is Cronbach’s, with Feldt’s interval; omega total is "
                "that of one factor. Both are of people who answered every item. Figures are left out below 30 "
                "people."
            ),
        ),
        tables=(("Reliability, for everyone and by wave", FigureTable(_RELIABILITY, rows)),) if rows else (),
    )


def _reliability(scales: SmallSheet, waves: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    groups = {EVERYONE: "All"} | {group_of_wave(wave): title for wave, title in waves.items()}
    for cells in scales.rows:
        row: dict[str, Any] = dict(zip(scales.header, cells, strict=True))
        if row["group"] not in groups or row["scored"] is None:
            continue
        yield (
            f"{row['title']} ({row['questionnaire']})",
            groups[row["group"]],
            count(row["answered all"]),
            count(row["items"]),
            decimal(row["alpha"]),
            ends(row["alpha from"], row["alpha to"]).replace(" ", "\N{NO-BREAK SPACE}"),
            decimal(row["omega total"]),
            decimal(row["mean"]),
            decimal(row["sd"]),
            _percent(row["share at floor"]),
            _percent(row["share at ceiling"]),
        )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


# ── missing answers ──
def _missing(study: StudyDefinition) -> MethodsPart:
    gaps = Gaps(study.missing)
    rows = tuple((WORDS[reason], str(int(gaps[reason])), MEANINGS[reason]) for reason in WORDS if reason in gaps)
    return MethodsPart(
        "missing",
        "Missing answers",
        (
            (
                "No answer is filled in by guessing. A person has a score on a scale if they answered at least as "
                "many of its items as its rule says (annex); the score is then made of the items they answered. "
                "Otherwise they have none, and are not in the analysis of this scale. They still count as asked."
            ),
        ),
        tables=(("Why an answer can be missing", FigureTable(("Reason", "Code in the data", "What it means"), rows)),),
    )


# ── models ──
def _models(study: StudyDefinition, findings: StudyFindings) -> MethodsPart:
    plan = study.plan
    cluster = "school" if plan is None or plan.clusters == "school" else "class"
    points = [
        (
            f"Means and differences come from a linear model with a random intercept for each {cluster}, fitted by "
            f"restricted maximum likelihood, because people in one {cluster} are alike. Intervals are 95 % intervals "
            f"from the t distribution. Where whole {_plural(cluster)} are in one arm, it has as many degrees of "
            f"freedom as there are {_plural(cluster)}, less two; where groups meet within them, Satterthwaite’s."
        ),
        (
            "Differences of a scale are in standard deviations: the difference divided by the root of the variance "
            f"between and within {_plural(cluster)}. Differences of a share are in percentage points, from the same "
            "model for 0 and 1."
        ),
    ]
    if any(one.once for one in findings.outcomes):
        points.append(
            "Parents answer about each of their children at a school of the study. What is asked for each child counts "
            f"once for each, in the child’s {cluster}; what is asked once counts once. Two children of one parent are "
            f"more alike than two others of a {cluster}. The intervals do not allow for that, so where many parents "
            "answer about several children they are somewhat too narrow. Where small groups are hidden, a parent "
            "counts as one person, about however many children."
        )
    if plan is None or plan.adjust == "baseline":
        points.append(
            "In later waves the difference is adjusted for the same person’s figure in "
            f"{next(iter(findings.waves.values()))} if at least half of the people compared have one. Otherwise the "
            "unadjusted difference leads."
        )
    if findings.changes:
        points.append(
            "Change between two waves is compared between arms as a difference in differences, of the same people."
        )
    titles = {fact.id: fact.title for fact in (*study.facts, *study.school_facts)}
    if plan is not None and plan.exposure:
        units = listed([one.unit or titles[one.fact] for one in plan.exposure])
        points.append(
            f"The longer, the more: a slope for each {units}, among people in the programme, with the same random "
            "intercept."
        )
    if plan is not None and plan.subgroups:
        points.append(
            f"Subgroups, by {listed(titles[name] for name in plan.subgroups)}: compared within {_plural(cluster)}, in "
            "the newest wave. A second model says whether the difference between the arms differs between them."
        )
    points.append(
        "Beside each comparison stand, in the workbook of tables: the plain difference with Hedges’ g, the means of "
        f"{_plural(cluster)} compared by t, and least squares with cluster-robust (CR2) standard errors."
    )
    return MethodsPart("models", "Analysis", points=tuple(points))


def _plural(cluster: str) -> str:
    return "classes" if cluster == "class" else "schools"


# ── tests ──
def _tests(findings: StudyFindings) -> MethodsPart:
    planned = [one for one in findings.outcomes if one.planned]
    others = [one for one in findings.outcomes if not one.planned]
    told = []
    if not planned:
        told.append("The study has no plan, so everything is exploratory, and nothing is corrected for many tests.")
    elif findings.correction == "none":
        told.append(
            "The plan names what is compared, and corrects for nothing: of twenty tests where nothing differs, one "
            "will look like a finding."
        )
    else:
        told.append(
            f"Probabilities are corrected by {_CORRECTIONS[findings.correction]}, over what the plan names, within "
            "each table and wave. “Clear” means below 0.05 after this correction. “Possible” means below 0.05 without"
            " it."
        )
    if planned:
        told.append(f"In the plan: {listed(one.title for one in planned)}.")
        told.append(
            f"Exploratory, and neither corrected nor called clear: {listed(one.title for one in others)}."
            if others
            else "Nothing else was compared."
        )
    return MethodsPart("tests", "Many tests", tuple(told))


# ── what is hidden ──
def _hidden(findings: StudyFindings) -> MethodsPart:
    least = findings.threshold
    points = [
        f"A count below {least} is hidden, 0 too, and so is every figure that rests on one.",
        (
            "Rows and columns of a table add up. Other counts are hidden with a small one until, with everything "
            f"known that is shown, it could still be anything from 0 to {least - 1}."
        ),
        (
            "An arm or a group is shown whole or not at all. With a small one the smallest others are hidden, until "
            "all that are hidden are many together. People whose group is not known are a hidden group. Two groups "
            "that differ in a few people are not both shown."
        ),
        "How many people were asked and gave no answer is not hidden: it says nothing of what anyone thinks.",
    ]
    return MethodsPart("hidden", "How small counts are hidden", points=tuple(points))


# ── departures ──
def _departures(study: StudyDefinition, findings: StudyFindings) -> MethodsPart:
    """Return where the analysis could not do what the plan says, or has to be read with care."""
    points = list(_not_as_planned(study, findings))
    rows = tuple(_lost(findings, one) for one in findings.comparisons if one.planned and one.found)
    return MethodsPart(
        "departures",
        "Departures from the plan, and how far to believe it",
        () if points else ("Everything that the plan names was analysed as it says.",),
        tuple(points),
        (("How far to believe the planned comparisons", FigureTable(_LOST, rows)),) if rows else (),
    )


_LOST: Final = (
    "Outcome", "Wave", "Have no figure", "In the programme", "In the other arm", "By the What Works Clearinghouse",
    "Differed before by (SD)", "Of whom it is known",
)  # fmt: skip


def _lost(findings: StudyFindings, one: ArmComparison) -> tuple[str, ...]:
    """Return who is missing from a comparison, and how far apart the arms were before."""
    beside = f", beside {findings.arms[one.reference]}" if len(findings.arms) > 2 else ""
    about = (f"{one.outcome.title}{beside}", findings.waves[one.wave])
    found = one.found
    if found is None or found.attrition is None:
        return (*about, *[""] * 6)
    lost, before = found.attrition, found.baseline
    shares = (lost.overall, lost.by[found.other], lost.by[found.reference])
    told = ("", "") if before is None else (decimal(before.difference), count(before.n))
    return (*about, *map(_percent, shares), lost.boundary, *told)


def _not_as_planned(study: StudyDefinition, findings: StudyFindings) -> Iterator[str]:
    planned = [one for one in findings.comparisons if one.planned]
    if hidden := [one for one in planned if one.found is None]:
        yield f"Hidden, because of few people: {listed(_named(findings, hidden))}."
    unadjusted = [one for one in planned if _leads_unadjusted(study, findings, one)]
    if unadjusted:
        yield (
            "Not adjusted for the first wave, because fewer than half of the people compared have a figure from it: "
            f"{listed(_named(findings, unadjusted))}."
        )
    known = {one.id for one in findings.outcomes}
    if lost := [name for name in (study.plan.outcomes if study.plan else ()) if name not in known]:
        yield f"Named in the plan, and without any data yet: {listed(lost)}."


def _leads_unadjusted(study: StudyDefinition, findings: StudyFindings, one: ArmComparison) -> bool:
    wanted = study.plan is not None and study.plan.adjust == "baseline" and one.wave != next(iter(findings.waves))
    return wanted and one.found is not None and (one.found.adjusted is None or one.best is not one.found.adjusted)


def _named(findings: StudyFindings, some: Iterable[ArmComparison]) -> list[str]:
    """Return the titles of outcomes, each with its waves."""
    waves: dict[str, list[str]] = {}
    for one in some:
        waves.setdefault(one.outcome.title, []).append(findings.waves[one.wave])
    return [f"{title} ({', '.join(dict.fromkeys(when))})" for title, when in waves.items()]


# ── the annex ──
def _asked(study: StudyDefinition, questionnaire: Questionnaire) -> AskedQuestionnaire:
    works = [one for one in study.fieldwork if one.questionnaire == questionnaire.id]
    asked = "; ".join(
        f"{_WHO[one.audience]}, year groups {_years(one)}" if one.years else _WHO[one.audience] for one in works
    )
    pages = tuple(readable(questionnaire, questionnaire.language, study.facts))
    return AskedQuestionnaire(
        questionnaire.id,
        questionnaire.title,
        questionnaire.version,
        asked,
        pages,
        tuple(readable_scales(questionnaire)),
    )
