"""The whole analysis of a study, driven by its plan: arms compared, change, exposure, subgroups, shares and costs.

Every figure that leaves this room may be shown: where a count is below the study's threshold, or would give a small one
away, the finding has no figures, and `hidden` is a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from survey.analysis.costs import CostPerChild, Outlay, cost_per_child
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Plan
from survey.findings.arms import ArmComparison, ArmMean, arm_comparisons, arm_means
from survey.findings.basis import Basis, Tell, tell_no_one
from survey.findings.changes import ArmChange, arm_changes
from survey.findings.exposures import ExposureFinding, exposures
from survey.findings.groups import Group, GroupedBy, groups_of
from survey.findings.outcomes import StudyOutcome
from survey.findings.people import StudyData
from survey.findings.schools import SchoolFinding, school_findings
from survey.findings.significance import corrected_in
from survey.findings.standing import SchoolStanding, school_standings
from survey.findings.subgroups import Participating, SubgroupFinding, participations, subgroup_findings


@dataclass(frozen=True)
class PlannedQuestion:
    """A question of the evaluation in its own words, and the outcomes (their ids) that answer it.

    answers_to: questions (questionnaire.question) whose answers are shown instead.
    """

    ask: str
    outcomes: tuple[str, ...]
    answers_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyFindings:
    """Everything that was found.

    `waves` are those that count, code to title and in order; `wave` is the one in focus, the last. `arms` are codes to
    titles; `programme` is the arm that has the programme, None where there is no other. `notes` are sentences about the
    whole. `questions` are what the evaluation asks of its outcomes, in its own words. `schools` say how alike the
    schools of the arms were. `group` is the group that all of it is about, None for everyone, and `groups` are those
    that can be chosen. `standings` set each school beside schools like it.
    """

    study: str
    title: str
    waves: Mapping[str, str]
    wave: str
    arms: Mapping[str, str]
    programme: str | None
    threshold: int
    correction: str
    outcomes: tuple[StudyOutcome, ...]
    means: tuple[ArmMean, ...]
    comparisons: tuple[ArmComparison, ...]
    changes: tuple[ArmChange, ...]
    exposures: tuple[ExposureFinding, ...]
    subgroups: tuple[SubgroupFinding, ...]
    participation: tuple[Participating, ...]
    costs: CostPerChild | None
    notes: tuple[str, ...]
    questions: tuple[PlannedQuestion, ...] = ()
    randomised: bool = False
    matched_on: tuple[str, ...] = ()
    schools: tuple[SchoolFinding, ...] = ()
    group: Group | None = None
    groups: tuple[GroupedBy, ...] = ()
    standings: tuple[SchoolStanding, ...] = ()


def analyse(
    data: StudyData,
    questionnaires: Mapping[str, Questionnaire],
    waves: Sequence[str],
    group: Group | None = None,
    tell: Tell = tell_no_one,
) -> StudyFindings:
    """Analyse a study as its plan says; without a plan every scale is compared, and all of it is exploratory.

    questionnaires: the newest version of each, by id. waves: those that count, in order, at least one. group: whom
    figures are of, None for everyone. Of a group only means, comparisons of arms and slopes are told, and nothing of it
    is planned: change and subgroups would be parts of parts.
    """
    basis = Basis(data, questionnaires, waves, group, tell)
    whole = group is None
    study, plan = basis.study, basis.plan
    correction = plan.correction if plan else "none"
    return StudyFindings(
        study=study.id,
        title=study.title,
        waves={wave: basis.title(wave) for wave in basis.waves},
        wave=basis.wave,
        arms={arm.id: arm.title for arm in study.arms},
        programme=basis.programme if basis.others else None,
        threshold=basis.threshold,
        correction=correction,
        outcomes=tuple(filter(basis.tells_of, basis.outcomes)),
        means=tuple(arm_means(basis)),
        comparisons=corrected_in(arm_comparisons(basis), lambda one: (one.wave, one.reference), correction),
        changes=corrected_in(
            arm_changes(basis) if whole else (), lambda one: (one.first, one.wave, one.reference), correction
        ),
        exposures=corrected_in(exposures(basis), lambda one: (one.fact, one.wave), correction),
        subgroups=corrected_in(subgroup_findings(basis) if whole else (), lambda one: one.wave, correction),
        participation=tuple(participations(basis) if whole else ()),
        costs=_costs(plan) if whole else None,
        notes=tuple(_notes(basis)),
        questions=tuple(
            PlannedQuestion(one.ask, tuple(one.outcomes), tuple(one.answers_to))
            for one in (plan.questions if plan else ())
        ),
        randomised=bool(plan and plan.comparison.randomised),
        matched_on=basis.matched_on,
        schools=tuple(school_findings(basis) if whole else ()),
        group=group,
        groups=groups_of(data),
        standings=tuple(school_standings(basis)),
    )


def _notes(basis: Basis) -> Iterable[str]:
    if basis.group is not None:
        yield (
            f"All figures are of one group: {basis.group.title}. The plan compares everyone, so everything here is "
            "exploratory and not corrected for many tests."
        )
    elif basis.plan is None:
        yield "The study has no plan, so every finding is exploratory."
    elif basis.plan.correction == "none":
        yield "The plan corrects for nothing: of twenty tests where nothing differs, one will look like a finding."
    else:
        how = basis.plan.correction.replace("_", "-").title()
        yield (
            f"Probabilities are corrected ({how}) over what the plan names, within each table and wave. What the plan "
            "does not name is exploratory, and is not corrected."
        )
    if not basis.others:
        yield "The study has one arm, so nothing is compared with another."
    yield from (f"Not asked: {one.who}. {one.because}" for one in basis.study.not_asked)
    yield (
        f"Groups of fewer than {basis.threshold} people are hidden, and so is what would give them away. Only people "
        "who finished count."
    )


def _costs(plan: Plan | None) -> CostPerChild | None:
    if plan is None or plan.costs is None:
        return None
    amounts = [*((one, False) for one in plan.costs.start_up), *((one, True) for one in plan.costs.each_year)]
    outlays = [Outlay(one.title, one.amount, running, one.salaries, one.paid_by or "") for one, running in amounts]
    return cost_per_child(outlays, plan.costs.pupils)
