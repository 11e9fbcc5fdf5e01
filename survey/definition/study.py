"""The study: who is asked what and when, what will be compared, and what is pretended for practice."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BeforeValidator, Field

from survey.authored import Day, RealNumber, WholeNumber
from survey.definition.model import Strict
from survey.question import Audience


class Arm(Strict):
    """One side of the comparison. The arm called programme is the one the study is about."""

    id: str = Field(alias="arm", description="The name of the arm: programme, comparison")
    title: str = Field(description="What the arm is called in tables")


class ProgrammeDefinition(Strict):
    """An area in which the programme runs."""

    id: str = Field(alias="programme", description="The name of the area")
    title: str = Field(description="What it is called in tables")


class WaveDefinition(Strict):
    """A round of asking."""

    id: str = Field(alias="wave", description="The name of the wave: w1")
    title: str = Field(description="What it is called in tables: Autumn 2025")
    opens: Day = Field(description="The first day of the wave")
    closes: Day = Field(description="The last day of the wave")


class Fact(Strict):
    """Something the roster says about a participant."""

    id: str = Field(alias="fact", description="The name of the fact and of its column: year, sex, fsm")
    title: str = Field(description="What it is called in tables")
    kind: Literal["code", "number", "yes_no", "date"] = Field(description="What its values are")
    codes: dict[str, str] = Field(default_factory=dict, description="For kind: code, each code and its label")
    min: RealNumber | None = Field(None, description="For kind: number, the smallest value")
    max: RealNumber | None = Field(None, description="For kind: number, the largest value")
    changes: bool = Field(False, description="Whether it can change from wave to wave")
    note: str | None = Field(None, description="A note for researchers")


class Fieldwork(Strict):
    """Which questionnaire goes to whom, in which waves."""

    questionnaire: str = Field(description="The name of the questionnaire")
    audience: Audience = Field(description="Who answers it")
    years: list[WholeNumber] | None = Field(None, description="Which year groups get it; if left out, all")
    waves: list[str] = Field(min_length=1, description="The waves in which it is asked")
    aim: Annotated[RealNumber, Field(gt=0, le=1)] | None = Field(
        None, description="The share of the people asked who are to finish it: 0.8 for 80 %"
    )
    show_class: list[str] = Field(
        default_factory=list,
        description="Questions whose answers a class may see together, in words, after its class session",
    )
    open_link_only: bool = Field(
        False,
        description=(
            "Whether only people with an open link answer it, once for each thing that it is about, and no one on the "
            "roster is asked"
        ),
    )


class NotAsked(Strict):
    """People the study does not ask anything, said so that no one wonders whether they were forgotten."""

    who: str = Field(min_length=1, description="Who they are: children in Reception")
    years: list[WholeNumber] = Field(
        default_factory=list, description="Their year groups, if pupils of these years can be on the roster"
    )
    because: str = Field(min_length=1, description="Why, in a sentence")


class Late(Strict):
    """What happens to answers after a wave's last day."""

    begin: WholeNumber = Field(0, ge=0, le=366, description="Days after the last day on which people can still start")
    finish: WholeNumber = Field(
        14, ge=0, le=366, description="Days after the last day on which people who have started can still finish"
    )


class InformationSheet(Strict):
    """An information sheet: what people read before they decide."""

    version: WholeNumber = Field(
        ge=1, description="Raised with every change of the text, because a decision belongs to what was read"
    )
    title: str = Field(description="Its heading")
    text: str = Field(
        description="Who asks, why, what is kept and for how long, how to say no; empty lines separate paragraphs"
    )


class Consent(Strict):
    """Who decides whether an audience takes part, and what counts when they have said nothing."""

    audience: Audience = Field(description="Who it is about")
    decided_by: Literal["parent", "self", "school"] = Field(
        description=("Who decides, in addition to the respondent's own yes")
    )
    basis: Literal["opt_in", "opt_out"] = Field(
        description="opt_in: only people with a yes take part. opt_out: everyone who was told and did not say no"
    )
    sheet: InformationSheet = Field(description="The information sheet")


class Linkage(Strict):
    """Linking answers to data from outside, by a keyed hash of an identifier that is never stored."""

    identifier: Literal["upn", "other"] = Field(
        description="upn: England's unique pupil number, checked; other: as given"
    )


class Disclosure(Strict):
    """What tables of answers hide: small counts, and others from which they could be worked out."""

    threshold: WholeNumber = Field(
        10, ge=3, description="The smallest count a table of answers may show: at least 3, usually 5 or 10"
    )


class Retention(Strict):
    """How long data are kept."""

    delete_on: Day = Field(description="The day on which answers are deleted")
    backups: WholeNumber = Field(35, ge=1, le=3660, description="Days after which a backup is deleted")


ROLES: Final = ("researcher", "lead", "coordinator", "administrator")
"""The roles that accounts can have. What each may do is said where people are; here a study names them."""


class Access(Strict):
    """Which roles see what."""

    tables: list[str] = Field(min_length=1, description="Roles that see tables")
    microdata: list[str] = Field(min_length=1, description="Roles that see individual answers")


Missing = Annotated[WholeNumber, Field(lt=0, ge=-99)]


class MissingCodes(Strict):
    """The negative numbers for missing values in every file; each reason has its own."""

    blank: Missing = Field(-9, description="Left blank")
    dont_know: Missing = Field(-8, description="I don't know")
    rather_not: Missing = Field(-7, description="I don't want to say")
    not_shown: Missing = Field(-6, description="Not shown, by routing")
    not_reached: Missing = Field(-5, description="Not reached: stopped earlier")
    not_in_version: Missing = Field(-4, description="Not in this version or wave")
    multiple: Missing = Field(-3, description="More than one answer on paper")
    withdrawn: Missing = Field(-2, description="Withdrawn")
    household: Missing = Field(-1, description="Asked once for the household: see its first row")


class Comparison(Strict):
    """What the plan compares."""

    between: Literal["arm"] = Field("arm", description="What the two sides are")
    programme: str = Field(description="The arm that has the programme")
    randomised: bool = Field(False, description="Whether schools were put into the arms at random")
    matched_on: list[str] = Field(
        default_factory=list, description="What the arms were matched on: names of school facts, or words"
    )


class Exposure(Strict):
    """The fact that says how much of the programme someone has had, and how it is counted in tables."""

    fact: str = Field(description="A fact of kind: number, such as months")
    per: RealNumber = Field(1, gt=0, description="How many of it are one unit: 12 where months are told as years")
    unit: str | None = Field(None, description="What one unit is called: year in the programme")
    bands: list[RealNumber] = Field(
        default_factory=list, description="Where bands begin, in units, from low to high: [0, 1, 2, 3]"
    )


def _exposures(value: Any) -> Any:
    """Take one exposure for a list of one, and the name of a fact for an exposure."""
    several = value if isinstance(value, list) else [value]
    return [{"fact": one} if isinstance(one, str) else one for one in several]


class RosterOutcome(Strict):
    """A fact of the roster that is compared like a scale: attendance, or who reached the expected standard."""

    fact: str = Field(description="A fact; it should be one that changes from wave to wave")
    title: str | None = Field(None, description="What it is called in tables; else the title of the fact")
    reached: list[str] = Field(
        default_factory=list, description="For kind: code, the codes that count as reached; the share is compared"
    )


class CountedAnswer(Strict):
    """A question with yes or no as its answer, put to the data: who takes part, who does not like singing.

    It comes from a fact of the roster, or from items of a questionnaire and the codes that count.
    """

    id: str = Field(alias="share", description="Name of the share: after_school")
    title: str = Field(description="What it is called in tables: Took part in an after-school group")
    fact: str | None = Field(None, description="A fact of kind: yes_no")
    questionnaire: str | None = Field(None, description="The questionnaire of the items")
    items: list[str] = Field(default_factory=list, description="Ids of questions with codes")
    codes: list[WholeNumber] = Field(default_factory=list, description="The codes that count")
    of: Literal["any", "all"] = Field("any", description="Whether one of the items is enough, or all have to count")


class Amount(Strict):
    """Something the programme pays for."""

    title: str = Field(description="What it is")
    amount: RealNumber = Field(ge=0, description="In pounds, once or each year, for the whole programme")
    salaries: bool = Field(False, description="Whether it is paid as salaries or fees of people")
    paid_by: str | None = Field(None, min_length=1, description="Who pays for it: the schools, the music hub, parents")


class Costs(Strict):
    """What the programme costs, told per pupil and year over three years."""

    start_up: list[Amount] = Field(default_factory=list, description="What is paid once")
    each_year: list[Amount] = Field(default_factory=list, description="What is paid every year")
    pupils: Annotated[list[Annotated[WholeNumber, Field(ge=1)]], Field(min_length=3, max_length=3)] = Field(
        description="How many pupils take part in each of the three years"
    )


class EvaluationQuestion(Strict):
    """A question of the evaluation in its own words, answered by comparing the arms or by what people said."""

    ask: str = Field(min_length=1, description="Are children in the programme more positive about music?")
    outcomes: list[str] = Field(
        default_factory=list, description="The plan's outcomes that answer it; facts of the roster as roster.fact"
    )
    answers_to: list[str] = Field(
        default_factory=list,
        description="Questions (questionnaire.question) whose answers are shown, instead of outcomes that are compared",
    )


class Plan(Strict):
    """The analysis, fixed before the data."""

    outcomes: list[str] = Field(min_length=1, description="Scales, each questionnaire.scale")
    roster_outcomes: list[RosterOutcome] = Field(
        default_factory=list, description="Facts that are compared too, such as attendance"
    )
    questions: list[EvaluationQuestion] = Field(
        default_factory=list, description="The evaluation's questions, for the page “What we found”"
    )
    comparison: Comparison = Field(description="What is compared")
    clusters: Literal["school", "school_class"] = Field("school", description="The groups participants are in")
    adjust: Literal["baseline", "none"] = Field("baseline", description="What the outcomes are adjusted for")
    exposure: Annotated[
        list[Exposure], BeforeValidator(_exposures, json_schema_input_type=str | Exposure | list[str | Exposure])
    ] = Field(
        default_factory=list,
        description="The fact that says how much of the programme a participant has had, or a list of several",
    )
    subgroups: list[str] = Field(default_factory=list, description="Facts by which results are shown")
    shares: list[CountedAnswer] = Field(
        default_factory=list, description="Who takes part in what, and whom else to count, by arm and by subgroup"
    )
    costs: Costs | None = Field(None, description="What the programme costs")
    correction: Literal["holm", "hochberg", "benjamini_hochberg", "bonferroni", "none"] = Field(
        "holm", description="The correction for many tests"
    )


Share = Annotated[RealNumber, Field(ge=0, le=1)]


class PretendMissing(Strict):
    """How often made-up people leave something out: shares from 0 to 1."""

    blank: Share = Field(0.0, description="Share of answers left blank")
    dont_know: Share = Field(0.0, description="Share of answers 'I don't know'")
    rather_not: Share = Field(0.0, description="Share of answers 'I don't want to say'")
    stopped: Share = Field(0.0, description="Share of respondents who stop early")
    absent: Share = Field(0.0, description="Share of participants absent in a wave")
    refused: Share = Field(0.0, description="Share of pupils whose parents say no")
    withdrawn: Share = Field(0.0, description="Share of pupils who are withdrawn after they answered")
    moved: Share = Field(0.0, description="Share of pupils who go to another school between two waves")


class Pretend(Strict):
    """The known truth of simulated data."""

    schools: dict[str, Annotated[WholeNumber, Field(ge=0, le=10_000)]] = Field(
        description="How many schools each arm has"
    )
    pupils: WholeNumber = Field(ge=0, le=1_000_000, description="How many pupils")
    parents: WholeNumber = Field(0, ge=0, le=1_000_000, description="How many parents answer")
    staff: WholeNumber = Field(0, ge=0, le=1_000_000, description="How many members of staff answer")
    seed: WholeNumber = Field(description="The same seed gives the same data")
    school_sd: RealNumber = Field(0.0, ge=0, le=10, description="Standard deviation between schools")
    retest: RealNumber = Field(0.6, ge=0, lt=1, description="Correlation of a pupil's true value between two waves")
    effects: dict[str, dict[str, RealNumber]] = Field(
        default_factory=dict,
        description=(
            "For each questionnaire.scale or roster.fact, effects in standard deviations: programme, per_year, "
            "fact.code, or a fact that is a number, for each unit of it"
        ),
    )
    missing: PretendMissing = Field(
        default_factory=lambda: PretendMissing.model_validate({}),
        description="How often something is missing",
    )
    texts: dict[str, list[str]] = Field(
        default_factory=dict,
        description="For questions answered by typing (questionnaire.question), what people type",
    )


_Named = TypeVar("_Named", Arm, WaveDefinition, Fact)


class StudyDefinition(Strict):
    """A study: one folder, one study.yaml."""

    id: str = Field(alias="study", description="The name of the study: small letters, digits and dashes")
    title: str = Field(description="What the study is called")
    language: str = Field("en", description="The language researchers work in")
    time_zone: str = Field("Europe/London", description="The time zone in which the days of waves begin and end")
    arms: list[Arm] = Field(min_length=1, description="The sides of the comparison")
    programmes: list[ProgrammeDefinition] = Field(default_factory=list, description="The areas")
    waves: list[WaveDefinition] = Field(min_length=1, description="The rounds of asking, in order")
    facts: list[Fact] = Field(default_factory=list, description="What the roster says about participants")
    school_facts: list[Fact] = Field(
        default_factory=list, description="What the list of schools says about schools: size, earlier results"
    )
    fieldwork: list[Fieldwork] = Field(min_length=1, description="Who gets what")
    not_asked: list[NotAsked] = Field(default_factory=list, description="Who is not asked anything, and why")
    late: Late = Field(
        default_factory=lambda: Late.model_validate({}), description="What happens to answers after a wave's last day"
    )
    consent: list[Consent] = Field(
        default_factory=list,
        description="Who decides who takes part; if left out, only the first page of each questionnaire asks",
    )
    linkage: Linkage | None = Field(
        None, description=("Linking to data from outside; if left out, no identifier is accepted")
    )
    disclosure: Disclosure = Field(
        default_factory=lambda: Disclosure.model_validate({}), description="What tables hide"
    )
    retention: Retention = Field(description="How long data are kept")
    access: Access = Field(description="Who sees what")
    missing: MissingCodes = Field(
        default_factory=lambda: MissingCodes.model_validate({}), description="Numbers for missing values"
    )
    plan: Plan | None = Field(None, description="The analysis, fixed before the data")
    pretend: Pretend | None = Field(None, description="The known truth of made-up data")
    note: str | None = Field(None, description="A note for researchers")

    def arm(self, id: str) -> Arm:
        """Return the arm with this id. Raises KeyError."""
        return _with_id(self.arms, id)

    def wave(self, id: str) -> WaveDefinition:
        """Return the wave with this id. Raises KeyError."""
        return _with_id(self.waves, id)

    def consent_for(self, audience: str) -> Consent | None:
        """Return who decides for an audience; None when only the questionnaire's own first page asks."""
        return next((one for one in self.consent if one.audience == audience), None)

    def why_not_asked(self, year: object) -> str:
        """Return why pupils of a year group are not asked anything; empty where the study does not say."""
        wanted = str(year).removesuffix(".0")
        return next((one.because for one in self.not_asked if wanted in map(str, one.years)), "")

    def fact(self, id: str) -> Fact:
        """Return the fact with this id. Raises KeyError."""
        return _with_id(self.facts, id)


def _with_id(things: list[_Named], id: str) -> _Named:
    for thing in things:
        if thing.id == id:
            return thing
    raise KeyError(id)
