"""``when``: conditions about earlier answers and roster facts.

A condition about an answer only holds when there is one: “I don't know”, a blank and a question that was not
asked make every test false but ``answered: no``. ``not`` turns round whatever stands in it, and therefore
holds when there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from survey.definition.model import Fault, Path
from survey.problems import About, did_you_mean, quoted, shortened
from survey.question import Question, is_missing

ROSTER: Final = "roster."
CONNECTIVES: Final = ("all", "any", "not")
COMPARISONS: Final = ("contains", "at_least", "at_most", "answered")


_EITHER: Final = frozenset({True, False})

Known = Callable[["Test"], bool | None]
"""Tells of a single test whether it holds; None where that is not decided yet."""


def _of_parts(parts: Sequence[frozenset[bool]], *, settles: bool) -> frozenset[bool]:
    """Return what parts come to together, where one that comes to `settles` settles it."""
    if frozenset({settles}) in parts:
        return frozenset({settles})
    if all(part == {not settles} for part in parts):
        return frozenset({not settles})
    return _EITHER


def _settled(parts: Sequence[Condition], known: Known, *, by: bool) -> list[Condition] | bool:
    """Return the parts that are left to be decided; a truth value where one part, or all of them, decide it.

    by: what a single part has to come to so that it decides.
    """
    left = []
    for part in parts:
        found = part.settled(known)
        if found is by:
            return by
        if not isinstance(found, bool):
            left.append(found)
    return left or not by


class Condition:
    """Something that holds or does not, for given answers and facts."""

    def holds(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Tell whether it holds. `answers`: key -> stored value; `facts`: fact -> value from the roster."""
        raise NotImplementedError

    def outcomes(self, facts: Mapping[str, Any]) -> frozenset[bool]:
        """Return what it can come to for people of whom these facts are known, whatever else is true of them."""
        return _EITHER

    def settled(self, known: Known) -> Condition | bool:
        """Return whether it holds, as far as `known` tells; else what is left of it to be decided."""
        raise NotImplementedError

    def tests(self) -> Iterator[Test]:
        """Yield every single test in it."""
        raise NotImplementedError

    def table(self) -> dict[str, Any]:
        """Return it as data that JSON can hold, for survey/static/routing.js, which tells the same of it."""
        raise NotImplementedError

    def questions(self) -> set[str]:
        """Return the ids of all questions it looks at."""
        return {test.subject for test in self.tests() if not test.about_roster}

    def facts(self) -> set[str]:
        """Return the names of all roster facts it looks at."""
        return {test.fact for test in self.tests() if test.about_roster}


@dataclass(frozen=True)
class All(Condition):
    """Holds when each of its parts does."""

    parts: tuple[Condition, ...]

    def holds(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Tell whether all parts hold."""
        return all(part.holds(answers, facts) for part in self.parts)

    def outcomes(self, facts: Mapping[str, Any]) -> frozenset[bool]:
        """Return false alone where a part is sure not to hold, true alone where each is sure to."""
        return _of_parts([part.outcomes(facts) for part in self.parts], settles=False)

    def settled(self, known: Known) -> Condition | bool:
        """Return false where a part does not hold, and else the parts that are left."""
        left = _settled(self.parts, known, by=False)
        return left if isinstance(left, bool) else All(tuple(left))

    def tests(self) -> Iterator[Test]:
        """Yield the tests of all parts."""
        for part in self.parts:
            yield from part.tests()

    def table(self) -> dict[str, Any]:
        """Return {"all": parts}."""
        return {"all": [part.table() for part in self.parts]}


@dataclass(frozen=True)
class AnyOf(Condition):
    """Holds when at least one of its parts does."""

    parts: tuple[Condition, ...]

    def holds(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Tell whether a part holds."""
        return any(part.holds(answers, facts) for part in self.parts)

    def outcomes(self, facts: Mapping[str, Any]) -> frozenset[bool]:
        """Return true alone where a part is sure to hold, false alone where each is sure not to."""
        return _of_parts([part.outcomes(facts) for part in self.parts], settles=True)

    def settled(self, known: Known) -> Condition | bool:
        """Return true where a part holds, and else the parts that are left."""
        left = _settled(self.parts, known, by=True)
        return left if isinstance(left, bool) else AnyOf(tuple(left))

    def tests(self) -> Iterator[Test]:
        """Yield the tests of all parts."""
        for part in self.parts:
            yield from part.tests()

    def table(self) -> dict[str, Any]:
        """Return {"any": parts}."""
        return {"any": [part.table() for part in self.parts]}


@dataclass(frozen=True)
class Not(Condition):
    """Holds when its part does not."""

    part: Condition

    def holds(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Tell whether the part does not hold."""
        return not self.part.holds(answers, facts)

    def outcomes(self, facts: Mapping[str, Any]) -> frozenset[bool]:
        """Return the opposite of what its part can come to."""
        return frozenset(not one for one in self.part.outcomes(facts))

    def settled(self, known: Known) -> Condition | bool:
        """Return the opposite of its part."""
        found = self.part.settled(known)
        return not found if isinstance(found, bool) else Not(found)

    def tests(self) -> Iterator[Test]:
        """Yield the tests of the part."""
        yield from self.part.tests()

    def table(self) -> dict[str, Any]:
        """Return {"not": part}."""
        return {"not": self.part.table()}


class Unclear(Condition):
    """What could not be read: no one can tell when it holds. It stands in no questionnaire that is published."""

    def holds(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Tell that it holds."""
        return True

    def settled(self, known: Known) -> Condition | bool:
        """Tell that it holds."""
        return True

    def tests(self) -> Iterator[Test]:
        """Yield nothing."""
        yield from ()

    def table(self) -> dict[str, Any]:
        """Return what always holds."""
        return {"all": []}


@dataclass(frozen=True)
class Test(Condition):
    """One comparison of one answer, or of one roster fact, with the values an author wrote.

    `comparison` is 'is' (one of `values`), 'contains', 'at_least', 'at_most' or 'answered' (values: True or
    False). `at` is where it stands, for messages.
    """

    __test__ = False  # not a test for pytest to collect

    subject: str
    comparison: str
    values: tuple[Any, ...]
    at: Path = ()

    @property
    def about_roster(self) -> bool:
        """Whether it looks at a fact of the roster rather than at an answer."""
        return self.subject.startswith(ROSTER)

    @property
    def fact(self) -> str:
        """The fact's name."""
        return self.subject.removeprefix(ROSTER)

    def holds(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Look the subject up and compare it."""
        if self.about_roster:
            return self._about_fact(facts.get(self.fact))
        return self.about_answer(answers.get(self.subject))

    def outcomes(self, facts: Mapping[str, Any]) -> frozenset[bool]:
        """Return what it comes to where it is about one of these facts."""
        if self.about_roster and self.fact in facts:
            return frozenset({self.holds({}, facts)})
        return _EITHER

    def settled(self, known: Known) -> Condition | bool:
        """Return what is known of it, or itself."""
        found = known(self)
        return self if found is None else found

    def tests(self) -> Iterator[Test]:
        """Yield itself."""
        yield self

    def table(self) -> dict[str, Any]:
        """Return {"of": the question, or "fact": the fact, comparison: values}; facts' values in their one form."""
        if not self.about_roster:
            return {"of": self.subject, self.comparison: list(self.values)}
        values = self.values if self.comparison == "answered" else [fact_value(value) for value in self.values]
        return {"fact": self.fact, self.comparison: list(values)}

    def about_answer(self, value: Any) -> bool:
        """Compare a stored value; None stands for a question that was not asked."""
        given = value is not None and not is_missing(value)
        if self.comparison == "answered":
            return given is self.values[0]
        return given and _compare(value, self.comparison, self.values)

    def _about_fact(self, value: Any) -> bool:
        given = value is not None and value != ""
        if self.comparison == "answered":
            return given is self.values[0]
        if not given:
            return False
        fact, *words = (fact_value(v) for v in (value, *self.values))
        return _compare(fact, self.comparison, words)


def _compare(value: Any, comparison: str, values: Sequence[Any]) -> bool:
    if comparison == "is":
        return value in values
    if comparison == "contains":
        return isinstance(value, list) and any(v in value for v in values)
    # Numbers compare with numbers, dates with dates; an answer of another sort is neither more nor less.
    if isinstance(value, list) or isinstance(value, str) is not isinstance(values[0], str):
        return False
    return bool(value >= values[0]) if comparison == "at_least" else bool(value <= values[0])


def fact_value(value: Any) -> float | str:
    """Bring a fact and an author's word to one form: numbers as numbers, yes and no as words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip()
    digits = text.removeprefix("-").replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() else text


Lookup = Callable[[str], Question | None]


def read_condition(
    data: Any, at: Path, question: Lookup, known: Collection[str], earlier: Callable[[], Iterable[str]]
) -> tuple[Condition, list[Fault]]:
    """Turn what is under ``when`` into a Condition and the faults found on the way.

    `at` is the path of `data`; `question` looks an id up; `known` are all ids, and `earlier` gives those asked before,
    for “did you mean”. Where there is a fault, it is unclear.
    """
    reader = _ConditionReader(question, known, earlier)
    condition = reader.read(data, at)
    return condition, reader.faults


@dataclass
class _ConditionReader:
    question: Lookup
    known: Collection[str]
    earlier: Callable[[], Iterable[str]]

    def __post_init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, data: Any, at: Path) -> Condition:
        if not isinstance(data, dict):
            self._fault(
                at,
                "a condition is a question and its answer in braces. Please write 'when' in this way: {plays: yes}",
            )
            return Unclear()
        if not data:
            self._fault(at, "this condition is empty. Please write, for example, {plays: yes}, or remove it")
        parts = [self._part(str(key), value, (*at, key)) for key, value in data.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _fault(self, at: Path, message: str, *, key: bool = False, about: About | None = None) -> None:
        self.faults.append(Fault(at, message, key=key, about=about))

    def _part(self, key: str, value: Any, at: Path) -> Condition:
        if key == "not":
            return Not(self.read(value, at))
        if key in CONNECTIVES:
            return self._joined(key, value, at)
        return self._tests(key, value, at)

    def _joined(self, key: str, value: Any, at: Path) -> Condition:
        if not isinstance(value, list) or not value:
            self._fault(
                at, f"'{key}' takes a list of conditions. Please write one, such as [{{plays: yes}}, {{sings: yes}}]"
            )
            return Unclear()
        parts = tuple(self.read(part, (*at, i)) for i, part in enumerate(value))
        return All(parts) if key == "all" else AnyOf(parts)

    def _tests(self, subject: str, value: Any, at: Path) -> Condition:
        if not self._known(subject, at):
            return Unclear()
        if not isinstance(value, dict):
            return self._test(subject, "is", value, at)
        if not value:
            self._fault(at, f"there is no condition on '{subject}' here. Please write, for example, {{{subject}: yes}}")
        for key in value:
            if key not in COMPARISONS:
                self._fault(
                    (*at, key),
                    f"'{shortened(str(key))}' is not a comparison. The comparisons are {quoted(COMPARISONS)}."
                    + did_you_mean(str(key), COMPARISONS),
                    key=True,
                )
        tests = [self._test(subject, key, word, (*at, key)) for key, word in value.items() if key in COMPARISONS]
        return tests[0] if len(tests) == 1 else All(tuple(tests))

    def _known(self, subject: str, at: Path) -> bool:
        if subject.startswith(ROSTER):
            return True
        if self.question(subject) is not None:
            return True
        if subject not in self.known:
            self._fault(
                at,
                f"this condition is about '{shortened(subject)}', which no question has as its id."
                + (
                    did_you_mean(subject, [*self.earlier(), *CONNECTIVES])
                    or " Please use the id of an earlier question."
                ),
                key=True,
                about=About("question", subject),
            )
        return False

    def _test(self, subject: str, comparison: str, value: Any, at: Path) -> Condition:
        if comparison == "answered":
            return self._answered(subject, value, at)
        words = value if isinstance(value, list) else [value]
        if comparison in ("at_least", "at_most") and len(words) != 1:
            self._fault(at, f"'{comparison}' takes one number. Please write one")
            return Unclear()
        if not words:
            self._fault(at, f"no answer to '{subject}' is listed here. Please list at least one")
            return Unclear()
        values = [
            self._value(subject, word, (*at, i) if isinstance(value, list) else at) for i, word in enumerate(words)
        ]
        good = tuple(v for v in values if v is not None)
        if len(good) < len(values):
            return Unclear()
        return Test(subject, comparison, good, at) if self._fits(subject, comparison, at) else Unclear()

    def _answered(self, subject: str, value: Any, at: Path) -> Condition:
        if value not in ("yes", "no"):
            self._fault(at, "'answered' takes yes or no. Please write one of them")
            return Unclear()
        return Test(subject, "answered", (value == "yes",), at)

    def _value(self, subject: str, word: Any, at: Path) -> Any:
        if not isinstance(word, str):
            self._fault(at, f"an answer to '{subject}' is expected here. Please write one word or number")
            return None
        if subject.startswith(ROSTER):
            return word
        question = self.question(subject)
        if question is None:
            return None
        try:
            return question.value_of(word)
        except (ValueError, LookupError) as error:
            # A LookupError means that the option list is unknown, which is told where it stands.
            if isinstance(error, ValueError):
                self._fault(at, f"'{shortened(word)}' cannot be an answer to '{subject}': {error}. Please choose one")
            return None

    def _fits(self, subject: str, comparison: str, at: Path) -> bool:
        """Several answers are asked with contains, single ones without."""
        question = self.question(subject)
        if question is None:
            return True
        many = takes_many(question)
        if many == (comparison == "contains"):
            return True
        if many:
            message = f"'{subject}' can have several answers. Please write {{{subject}: {{contains: …}}}}"
        else:
            message = f"'{subject}' has one answer, so it cannot contain one. Please write {{{subject}: …}}"
        self._fault(at, message)
        return False


def takes_many(question: Question) -> bool:
    """Tell whether the answer is a set of codes: each then has a column of 0 and 1."""
    return any(column.type == "flag" for column in question.columns())
