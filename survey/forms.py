"""A screen ↔ a WTForms form ↔ answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import Field as FormField
from wtforms import Form, RadioField, SelectMultipleField, StringField

from survey.journey import Screen, Step
from survey.question import OTHER, Tampered, Wrong
from survey.wording import Say

PREFIX = "q_"
"""Stands before each field's name: a question called `data` or `validate` would break a WTForms form."""

SHOWN = "shown"
"""The field with which a page says of each question that appears by an answer that it was there to be answered."""

LISTENED = "listened"
"""The field in which static/listen.js counts how often Listen was pressed on a page."""

_FAR_TOO_LONG: Final = 1_500
"""Twice as many characters are more than most texts take, and still fit on a page."""


Asks = Callable[[Step, Mapping[str, Any]], bool]


class _PageForm(Form):
    class Meta:
        # Pages are the same for every respondent, so there is no token in them; the pages check where a post
        # comes from instead (docs/decisions).
        csrf = False


@dataclass
class StepFields:
    """One step with its fields, as a template shows it. `error` is in the respondent's words, or None."""

    step: Step
    name: str
    fields: dict[str, FormField]
    error: str | None = None

    @property
    def main(self) -> FormField:
        """The field with the answer itself."""
        return self.fields[""] if "" in self.fields else next(iter(self.fields.values()))

    @property
    def says_nothing(self) -> bool:
        """Whether nothing was chosen or typed in any of its fields."""
        return not any("".join(field.raw_data or ()).strip() for field in self.fields.values())

    @property
    def first(self) -> str:
        """The id of the element an error links to."""
        return self.step.question.first_field(self.step.part, self.name)


@dataclass
class Submission:
    """What a respondent sent: answers when all is well, else the same steps with what to look at again.

    listened: how often Listen was pressed; None where no script counted.
    """

    answers: dict[str, Any]
    asked: list[StepFields] = field(default_factory=list)
    listened: int | None = None

    @property
    def errors(self) -> list[StepFields]:
        """The steps that need another look."""
        return [asked for asked in self.asked if asked.error]

    def leave(self, standing: frozenset[str]) -> None:
        """Leave answers as they stand where the respondent said nothing new. standing: their keys."""
        for asked in self.asked:
            if asked.step.part.key in standing and asked.says_nothing:
                asked.error = None
                for key in asked.step.question.keys:
                    self.answers.pop(key, None)


class ScreenForm:
    """The form of one screen in one language and one order of options: made once, used for every respondent."""

    def __init__(self, screen: Screen, say: Say, seed: int = 0) -> None:
        self.screen = screen
        self._say = say
        self._seed = seed
        self._names: dict[tuple[str, str], dict[str, str]] = {}
        unbound: dict[str, FormField] = {}
        for step in screen.steps:
            names = {}
            for suffix, made in step.question.fields(step.part, say, seed).items():
                name = field_name(step) + (f"-{suffix}" if suffix else "")
                unbound[name] = made
                names[suffix] = name
            self._names[_key(step)] = names
        self._form = type("ScreenForm", (_PageForm,), unbound)
        self._many = {n for n, f in unbound.items() if _takes_many(f)}
        self._known = frozenset(unbound)

    def show(self, steps: Iterable[Step], answers: Mapping[str, Any] | None = None) -> list[StepFields]:
        """Return the steps with their fields, filled from earlier answers where there are any."""
        steps = list(steps)
        data = {}
        for step in steps:
            filled = step.question.fill(step.part, answers) if answers else {}
            for suffix, name in self._names[_key(step)].items():
                if suffix in filled:
                    data[name] = filled[suffix]
        form = self._form(data=data)
        return [self._asked(step, form) for step in steps]

    def as_posted(self, steps: Iterable[Step], posted: MultiDict[str, str]) -> list[StepFields]:
        """Return the steps with their fields, filled with what was posted and is no answer yet. Raises Tampered."""
        self._check(posted)
        form = self._form(posted)
        return [self._asked(step, form) for step in steps]

    def _check(self, posted: MultiDict[str, str]) -> None:
        """Raise Tampered for a field that this page does not have, or that is there twice."""
        for name, values in posted.lists():
            if name in (LISTENED, SHOWN):
                continue
            if name not in self._known or (len(values) > 1 and name not in self._many):
                raise Tampered("fields")

    def submit(
        self, steps: Iterable[Step], posted: MultiDict[str, str], asks: Asks = lambda step, answers: True
    ) -> Submission:
        """Read a post into answers, or into words about what to look at again.

        asks: tells of each step, when the answers to those before it are read, whether it was asked.

        Raises Tampered for a post that no page of ours could have sent: unknown fields, a field twice, codes that
        were not offered.
        """
        self._check(posted)
        form = self._form(posted)
        submission = Submission({}, listened=_counted(posted.get(LISTENED, "")))
        for step in steps:
            if not asks(step, submission.answers):
                continue
            asked = self._asked(step, form)
            submission.asked.append(asked)
            data = {suffix: field.data for suffix, field in asked.fields.items()}
            try:
                submission.answers.update(step.question.read(step.part, data, self._seed))
            except Wrong as wrong:
                asked.error = self._say(wrong.message, **_said(wrong.gaps, self._say))
        return submission

    def spoilt(self, steps: Iterable[Step]) -> list[StepFields]:
        """Return the steps as they come back with an error, each after the first thing sent that it does not take.

        A step that takes whatever a page of ours can send comes back without one.
        """
        steps = list(steps)
        together: MultiDict[str, str] = MultiDict()
        for step in steps:
            fitting = (sent for sent in self._spoiling(step) if self.submit([step], sent).errors)
            together.update(next(fitting, MultiDict()))
        return self.submit(steps, together).asked

    def _spoiling(self, step: Step) -> Iterator[MultiDict[str, str]]:
        """Yield what people send by mistake: nothing, signs that mean nothing, all there is, more than fits."""
        form = self._form()
        fields = [form[name] for name in self._names[_key(step)].values()]
        signs = [(field.name, "?") for field in fields if isinstance(field, StringField)]
        boxes = [(field.name, box.data) for field in fields if isinstance(field, SelectMultipleField) for box in field]
        yield MultiDict()
        yield MultiDict(signs)
        yield MultiDict([*signs, *boxes])
        yield MultiDict([(name, "? " * _FAR_TOO_LONG) for name, _ in signs])

    def offline(self) -> dict[str, Any] | None:
        """Return by what a device can tell, without the server, what this screen's form says; None: it cannot.

        "one": field and what each of its buttons answers ("" where nothing has to be chosen), tried out with `submit`;
        "rule": field and what the question says of itself; "instead": field and what each box for saying nothing
        answers; "longest": fields and the most characters they take. For screens of one step, which children see.
        """
        (step,) = self.screen.steps
        return self.read_by_device(step)

    def read_by_device(self, step: Step) -> dict[str, Any] | None:
        """Return by what a device can tell what this form says of one step: as `offline` has it."""
        names, form = self._names[_key(step)], self._form()
        found: dict[str, Any] = {}
        if not names:
            return {"one": ["", {"": {}}]}
        if (box := names.get(OTHER)) is not None:
            found["longest"] = {box: step.question.longest_beside}
        main = names.get("")
        if main is not None and isinstance(form[main], RadioField):
            sent = ["", *(choice.value for choice in form[main].iter_choices())]
            return found | {"one": [main, self._tried(step, main, sent)]}
        rule = step.question.offline()
        if main is None or rule is None:
            return None
        if (boxes := names.get("instead")) is not None:
            sent = [choice.value for choice in form[boxes].iter_choices()]
            found["instead"] = [boxes, self._tried(step, boxes, sent)]
        return found | {"rule": [main, rule]}

    def _tried(self, step: Step, name: str, sent: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what each value of a field answers; without those that the form would not take."""
        tried = {value: self.submit([step], MultiDict([(name, value)] if value else [])) for value in sent}
        return {value: one.answers for value, one in tried.items() if not one.errors}

    def _asked(self, step: Step, form: Form) -> StepFields:
        names = self._names[_key(step)]
        return StepFields(step, field_name(step), {suffix: form[name] for suffix, name in names.items()})


def field_name(step: Step) -> str:
    """Return the name of the main field of a step."""
    return PREFIX + step.question.id


def _counted(text: str) -> int | None:
    """Return a count from a post; None for what no finger can have counted."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else None


def _key(step: Step) -> tuple[str, str]:
    return step.question.id, step.part.name


def _said(gaps: Mapping[str, object], say: Say) -> dict[str, object]:
    return {gap: say(words) if isinstance(words, str) else words for gap, words in gaps.items()}


def _takes_many(unbound: Any) -> bool:
    return issubclass(unbound.field_class, SelectMultipleField)
