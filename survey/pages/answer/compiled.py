"""A published questionnaire made ready for serving: everything constant is computed once.

A question page is the same for every respondent, so it is rendered once for each version, language and order of
options, compressed, and sent as bytes. Only a page with piping, or one that shows an earlier answer, is made for
the person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import render_template
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from survey.definition.files import is_file
from survey.definition.household import child_of, is_further
from survey.definition.questionnaire import Questionnaire
from survey.definition.recordings import path_of, possible
from survey.definition.wording import facts_in_words, fill, gaps
from survey.drawings import drawing
from survey.forms import PREFIX, SHOWN, ScreenForm, StepFields, Submission
from survey.journey import Journey, Screen, Step
from survey.options import ORDERS
from survey.pages.answer.ready import LOOK_SLOT, Data, Ready
from survey.question import NO_NAMES, Question, is_missing
from survey.wording import direction, html_language, in_query, own_name, say_in

VERSION_LENGTH = 12
"""So many characters of a definition's SHA-256 stand in an address."""


@dataclass(frozen=True)
class FollowUps:
    """The questions of a page that appear by what is answered on it.

    names: their ids. waiting: those that are not shown as the page stands. rules: what static/follow.js goes by, as
    JSON.
    """

    names: frozenset[str]
    waiting: frozenset[str]
    rules: str


@dataclass(frozen=True)
class Whose:
    """Which of a parent's children a page is about. Texts are in the language of the page; empty for none.

    number: which child, from 1. title: Child 2. place: class and school. hint: what to know before the first of them.
    """

    number: int
    title: str = ""
    place: str = ""
    hint: str = ""


@dataclass(frozen=True)
class ForOne:
    """What a page made for one person knows besides their answers.

    standing: keys of an adult's answers that were given on another device and are not shown on this one. whose: the
    child it is about.
    """

    standing: frozenset[str] = frozenset()
    whose: Whose | None = None


class Survey:
    """One published questionnaire in one language."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        sha256: str,
        language: str,
        files: Mapping[str, bytes] | None = None,
        tried_at: Callable[[str, str], str] | None = None,
    ) -> None:
        """Make a questionnaire ready. tried_at: for a try-out, its address from a SHA-256 and a language."""
        self.source = questionnaire
        self.questionnaire = questionnaire.in_language(language)
        self.sha256 = sha256
        self.language = language
        self.files = files or {}
        self._tried_at = tried_at
        self.say = say_in(language)
        self.journey = Journey(self.questionnaire)
        self._forms: dict[tuple[str, int], ScreenForm] = {}
        self._pages: dict[tuple[str, int], Ready] = {}

    @property
    def version(self) -> str:
        """What stands in addresses for this version: the beginning of its definition's SHA-256."""
        return self.sha256[:VERSION_LENGTH]

    @property
    def pupil(self) -> bool:
        """Whether children answer this: one question at a time, no check page."""
        return self.questionnaire.audience == "pupil"

    @property
    def here(self) -> str:
        """The address of this version and language."""
        return self._place("q", self.language)

    @property
    def check(self) -> str:
        """The address of the page where an adult checks all answers."""
        return self._place("check", self.language)

    @property
    def over(self) -> str:
        """The address of the page at the end."""
        return self._place("over", self.language)

    @property
    def children(self) -> str:
        """The address of the page that asks about another child, without the number."""
        return self._place("children", self.language)

    @property
    def school(self) -> str:
        """The address of the page that asks which school the first child goes to."""
        return self._place("school", self.language)

    @property
    def trial(self) -> str:
        """The address at which it is tried out; empty where answers are kept."""
        return self.trial_in(self.language)

    def trial_in(self, language: str) -> str:
        """Return the address at which it is tried out in one of its languages; empty where answers are kept."""
        return self._tried_at(self.sha256, language) if self._tried_at else ""

    def _place(self, what: str, language: str) -> str:
        if self._tried_at is not None:
            return f"{self._tried_at(self.sha256, language)}/{what}"
        return f"/{what}/{self.version}/{language}"

    def file_address(self, path: str) -> str:
        """Return the address of a picture or a recording of the author's own."""
        if self._tried_at is not None:
            return f"{self.trial}/file/{path}"  # what is not published has no version to be found by
        return f"/file/{self.version}/{path}"

    @cached_property
    def words(self) -> dict[str, Any]:
        """What every template of a respondent's page is given, but for the look."""
        asked = self.questionnaire
        return {
            "say": self.say,
            "code": self.language,
            "language": html_language(self.language),
            "direction": direction(self.language),
            "survey_title": asked.title,
            "audience": asked.audience,
            "young": self.pupil and asked.reader.age < 7,
            "contact": asked.contact,
            "talk_to": asked.free_text.talk_to if asked.free_text else None,
            "no_names": self.say(NO_NAMES) if self.pupil else "",
            "here": self.here,
            "look_at": f"{self.trial}/look",
            "spoken": asked.languages,
            "trying": self._tried_at is not None,
            "rules": f"{self.here}/rules.json?v={self.rules.tag}" if self.pupil and self._tried_at is None else "",
            "front": f"/{in_query(self.language)}",
            "picture": self.picture,
            "recording": self.recording,
            "sound": self.sound,
        }

    def picture(self, name: str, words: str | None = None, css_class: str = "pic") -> Markup:
        """Return one of our drawings, or the author's own picture, to stand in a page; `words` say what it shows."""
        if not is_file(name):
            return drawing(f"pictures/{name}", css_class)
        address = self.file_address(f"pictures/{name}")
        return Markup('<img class="{}" src="{}" alt="{}">').format(css_class, address, words or "")

    def recording(self, words: str, name: str | None = None) -> str | None:
        """Return the address of the recording of a text in this language, None where there is none.

        words: as they stand on the page. name: that of its file, where the author gave one.
        """
        path = f"audio/{self.language}/{name}" if name else self._recorded.get(words, "")
        return self.file_address(path) if path in self.files else None

    def sound(self, words: str, name: str | None = None) -> Markup:
        """Return the attribute that tells Listen where the recording of a text is; nothing where there is none."""
        address = self.recording(words, name)
        return Markup(' data-sound="{}"').format(address) if address else Markup()

    @cached_property
    def _recorded(self) -> Mapping[str, str]:
        """Words on a page -> the path of their recording."""
        if not self.pupil or not any(path.startswith("audio/") for path in self.files):
            return {}
        spoken = possible(self.source, self.language)
        found = ((said, path_of(source, self.language, self.files)) for source, said in spoken)
        return {fill(said, {}, {}): path for said, path in found if path}

    def languages(self, place: str, what: str = "q") -> list[tuple[str, str, str, bool]]:
        """Return a link to `place` (an address below the language) in each language; none where there is one.

        what: the sort of page, with which its address begins.
        """
        codes = self.questionnaire.languages
        if len(codes) == 1:
            return []
        below = f"/{place}" if what == "q" else place
        return [(code, own_name(code), f"{self._place(what, code)}{below}", code == self.language) for code in codes]

    def title_of(self, screen: Screen) -> str:
        """Return what people who look at all screens know one by: its page's title, or the wording it begins with."""
        if screen.rest:
            return self.say("Time for a rest")
        if screen.page.title and not self.pupil:
            return fill(screen.page.title, {}, {})
        step = screen.steps[0]
        wording = step.question.wording(step.part, self.say, {})
        return fill(wording if self.pupil else step.question.stem or wording, {}, {})

    # ── questions ─────────────────────────────────────────────────────────────────────────────────────
    def form(self, screen: Screen, seed: int) -> ScreenForm:
        """Return the form of a screen for respondents with this seed (0 to ORDERS - 1)."""
        key = screen.name, self._order(screen, seed)
        if key not in self._forms:
            self._forms[key] = ScreenForm(screen, self.say, key[1])
        return self._forms[key]

    def read(
        self,
        screen: Screen,
        form: ScreenForm,
        posted: MultiDict[str, str],
        answers: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> Submission:
        """Read what was posted from a screen, by its form, into answers, or into words about what to look at again.

        answers, facts: those before the post. A question that appears by an answer on the same screen is read where it
        was shown and the answers now given still lead to it; where they lead to it and it was not there, it is open.
        Raises Tampered.
        """
        follow_ups = self.journey.follow_ups(screen)
        if not follow_ups:
            return form.submit(self.journey.steps(screen, answers, facts), posted)
        shown = follow_ups_shown(posted)

        def asks(step: Step, new: Mapping[str, Any]) -> bool:
            if step.question.id in follow_ups and step.question.id not in shown:
                return False
            return step in self.journey.steps(screen, {**answers, **new}, facts)

        return form.submit(screen.steps, posted, asks)

    def there(self, screen: Screen, steps: Sequence[Step], posted: MultiDict[str, str]) -> list[Step]:
        """Return the steps that stood on a page that was posted unfinished: of the follow-ups those that it showed.

        steps: those that the answers before it lead to.
        """
        follow_ups, shown = self.journey.follow_ups(screen), follow_ups_shown(posted)
        return [s for s in screen.steps if (s.question.id in shown if s.question.id in follow_ups else s in steps)]

    def _order(self, screen: Screen, seed: int) -> int:
        """Return the seed where it matters to this screen, else 0, so that one page serves all."""
        return seed % ORDERS if self.shuffles(screen) else 0

    def shuffles(self, screen: Screen) -> bool:
        """Tell whether respondents see the options of a screen in different orders."""
        return any(step.question.shuffled for step in screen.steps)

    def constant(self, screen: Screen) -> bool:
        """Tell whether the screen is the same for every respondent who gets there."""
        return screen.name not in self._personal

    @cached_property
    def _personal(self) -> frozenset[str]:
        # A page that is asked for each child says which one it is about.
        screens = self.journey.screens
        return frozenset(screen.name for screen in screens if screen.page.for_each or _personal(screen))

    def ready(self, screen: Screen, seed: int) -> Ready:
        """Return the page of a constant screen, rendered on first use."""
        key = screen.name, self._order(screen, seed)
        if key not in self._pages:
            asked = self.form(screen, seed).show(screen.steps)
            self._pages[key] = Ready(self.render(screen, asked, LOOK_SLOT, {}, {}))
        return self._pages[key]

    # ── what a child's device keeps ─────────────────────────────────────────────────────────────────────
    @cached_property
    def rules(self) -> Data:
        """What leads from page to page, and by which a device reads a form: no word of the questionnaire."""
        table = self.journey.rules()
        for screen, said in zip(self.journey.screens, table["screens"], strict=True):
            if screen.steps:
                said["take"] = self.form(screen, 0).offline()
            if self.shuffles(screen):
                said["orders"] = True
            if not self.constant(screen):
                said["personal"] = True
        return Data(table)

    @cached_property
    def pages(self) -> Data:
        """Every page a device may have to show while there is no network, and the files they need.

        They hold nothing of anyone: a page that says again what someone answered, or a fact about them, stands here in
        the words its author wrote for when that is not known.
        """
        screens: dict[str, str | list[str]] = {}
        for screen in self.journey.screens:
            orders = range(ORDERS if self.shuffles(screen) else 1)
            htmls = [self.render(screen, self.form(screen, seed).show(screen.steps), "", {}, {}) for seed in orders]
            screens[screen.name] = htmls if self.shuffles(screen) else htmls[0]
        personal = [screen.name for screen in self.journey.screens if not self.constant(screen)]
        words = self.words | {"look": "", "links": []}
        others = {name: render_template(f"answer/{name}.html", **words) for name in ("stop", "keep", "sent", "away")}
        pictures = [f"/file/{self.version}/{path}" for path in self.files if path.startswith("pictures/")]
        return Data({"screens": screens, "personal": personal, **others, "files": [self.words["rules"], *pictures]})

    def render(
        self,
        screen: Screen,
        asked: list[StepFields],
        look: str,
        answers: Mapping[str, Any],
        facts: Mapping[str, Any],
        for_one: ForOne | None = None,
    ) -> str:
        """Return the HTML of a screen; its wordings filled from answers and facts. for_one: what else is theirs."""
        standing, whose = (for_one.standing, for_one.whose) if for_one else (frozenset[str](), None)
        asked, follow = self._with_follow_ups(screen, asked, answers, facts, standing)
        if whose is not None and whose.number > 1:
            screen = self._of_further(screen, whose.number)
        # Children find other languages behind “Aa”: a question, its faces and Next have to fit on a small screen.
        links = [] if self.pupil else self.languages(screen.name)
        given = dict(self.words, look=look, screen=screen, links=links, whose=whose)
        if screen.rest:
            return render_template("answer/rest.html", **given)
        labels = self.labels(answers, facts)
        facts = self.facts_in_words(facts)
        wordings = {a.name + a.step.part.name: self._worded(a, answers, labels, facts) for a in asked}
        errors = [a for a in asked if a.error]
        if self.pupil:
            (only,) = asked
            wording, hint, help_ = wordings[only.name + only.step.part.name]
            return render_template(
                "answer/question.html",
                asked=only,
                wording=wording,
                hint=hint,
                help=help_,
                errors=errors,
                **given,
            )
        page = {
            "title": fill(screen.page.title or "", labels, facts),
            "text": fill(screen.page.text or "", labels, facts),
        }
        by_question = {a.step.question.id: wordings[a.name + a.step.part.name] for a in asked}
        groups = _grouped(asked, labels, facts)
        return render_template(
            "answer/page.html",
            page=page,
            asked=asked,
            errors=errors,
            groups=groups,
            wordings=by_question,
            standing=standing,
            follow=follow,
            **given,
        )

    def _with_follow_ups(
        self,
        screen: Screen,
        asked: list[StepFields],
        answers: Mapping[str, Any],
        facts: Mapping[str, Any],
        standing: frozenset[str],
    ) -> tuple[list[StepFields], FollowUps | None]:
        """Return what stands on an adult's page, in order: with the questions that a script may let appear there.

        None besides, where there is no such question, or where no script can tell: then the page is shown again.
        """
        names = self.journey.follow_ups(screen)
        rules = self.journey.rules_within(screen, answers, facts) if names else []
        if not rules or self.pupil or standing:
            # What stands from another device is not told to this one, not even by what appears.
            return asked, None
        form = self.form(screen, 0)
        looked_at = {test for rule in rules for test in _looked_at(rule["when"])}
        takes = {step.question.id: (step.part.key, form.read_by_device(step)) for step in screen.steps}
        if any(takes[name][1] is None for name in looked_at):
            return asked, None
        there = {one.step.question.id: one for one in asked}
        waiting = frozenset(rule["question"] for rule in rules) - there.keys()
        hidden = form.show([step for step in screen.steps if step.question.id in waiting], answers)
        there |= {one.step.question.id: one for one in hidden}
        data = {
            "conditions": rules,
            "takes": [{"key": takes[name][0], "take": takes[name][1]} for name in sorted(looked_at)],
        }
        in_order = [there[step.question.id] for step in screen.steps if step.question.id in there]
        return in_order, FollowUps(names, waiting, json.dumps(data, ensure_ascii=False, separators=(",", ":")))

    def _of_further(self, screen: Screen, child: int) -> Screen:
        """Return a screen as it is named and counted for a further child."""
        pages = self.for_each
        number = 1 + pages.index(screen.name)
        return replace(screen, name=f"{screen.name}.{child}", number=number, of=len(pages))

    @cached_property
    def for_each(self) -> list[str]:
        """The names of the screens that are asked for each child."""
        return [screen.name for screen in self.journey.screens if screen.page.for_each]

    def _worded(
        self, asked: StepFields, answers: Mapping[str, Any], labels: Mapping[str, str], facts: Mapping[str, Any]
    ) -> tuple[str, str, str]:
        question = asked.step.question
        wording = question.wording(asked.step.part, self.say, answers)
        return (
            fill(wording, labels, facts),
            fill(question.hint or (question.stem or "" if self.pupil else ""), labels, facts),
            fill(question.help or "", labels, facts),
        )

    def labels(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
        """Return question id -> its answer as it reads in a wording, for questions that were shown and answered."""
        if not answers:
            return {}
        hidden = self.journey.hidden(answers, facts)
        found = {}
        for question in self.questionnaire.questions:
            value = answers.get(question.id)
            if value is None or is_missing(value) or question.id in hidden:
                continue
            found[question.id] = question.piped(value, answers, self.say)
        return found

    def facts_in_words(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Return the facts of a respondent as wordings in this language say them."""
        return facts_in_words(facts, self.questionnaire.facts, self.say)

    @cached_property
    def opens_with_facts(self) -> bool:
        """Whether what is said before the first question holds a fact of the roster."""
        asked = self.questionnaire
        decided = asked.assent
        said = [asked.introduction, asked.data_use]
        if decided is not None:
            said += [decided.ask, decided.yes, decided.no, *(line.text for line in decided.lines)]
        return any(gaps(text) for text in said if text)

    def filled(self, answers: Mapping[str, Any], facts: Mapping[str, Any]) -> Callable[[str | None], str]:
        """Return what fills a text for a respondent with these answers and facts."""
        labels, said = self.labels(answers, facts), self.facts_in_words(facts)
        return lambda text: fill(text or "", labels, said)

    def check_rows(
        self,
        answers: Mapping[str, Any],
        facts: Mapping[str, Any],
        standing: frozenset[str] = frozenset(),
        *,
        for_each: bool | None = None,
    ) -> list[tuple[str, str | None, str, str]]:
        """Return (title, answer in words or None, address to change it, what is changed) for each question shown.

        standing: keys of answers that were given on another device: that there is one is said, and not what it is.
        for_each: only what is asked for each child (True), or what is asked once (False).
        """
        labels = self.labels({key: value for key, value in answers.items() if key not in standing}, facts)
        elsewhere = self.say("Answered before, on another device")
        hidden = self.journey.hidden(answers, facts)
        said = self.facts_in_words(facts)
        rows = []
        behind = f".{child_of(facts)}" if is_further(facts) else ""
        for screen in self.journey.screens:
            if for_each is not None and bool(screen.page.for_each) is not for_each:
                continue
            for step in screen.steps:
                question = step.question
                if question.id in hidden or not (question.asks and question.stored):
                    continue
                title = fill(question.title, labels, said)
                address = f"{self.here}/{screen.name}{behind}?check=1"
                shown = elsewhere if question.id in standing else question.show(answers, self.say)
                rows.append((title, shown, address, fill(question.ask, labels, said)))
        return rows


def follow_ups_shown(posted: MultiDict[str, str]) -> set[str]:
    """Return the ids of the questions that a posted page had: those it names, and those it has an answer to."""
    named = {name.removeprefix(PREFIX).partition("-")[0] for name in posted if name.startswith(PREFIX)}
    return named | set(posted.getlist(SHOWN))


def _looked_at(rules: Any) -> Iterator[str]:
    """Yield the ids of the questions that conditions look at, as data have them."""
    for rule in rules:
        if "of" in rule:
            yield rule["of"]
        for parts in (rule.get("all", []), rule.get("any", []), [rule["not"]] if "not" in rule else []):
            yield from _looked_at(parts)


def _texts(screen: Screen) -> list[str]:
    texts = [screen.page.title, screen.page.text]
    for step in screen.steps:
        question = step.question
        texts += [question.ask, question.hint, question.help, question.stem]
    return [text for text in texts if text]


def _personal(screen: Screen) -> bool:
    if any(gaps(text) for text in _texts(screen)):
        return True
    # On an adult's page some questions can depend on earlier answers, so that not all respondents see them all.
    return len(screen.steps) > 1 and any(step.question.when is not None for step in screen.steps)


def _grouped(
    asked: list[StepFields], labels: Mapping[str, str], facts: Mapping[str, Any]
) -> list[tuple[str | None, list[StepFields]]]:
    """Put the statements of each grid under their stem; every other question stands alone."""
    groups: list[tuple[str | None, list[StepFields]]] = []
    last: str | None = None
    for one in asked:
        question: Question = one.step.question
        if question.grid and question.grid == last:
            groups[-1][1].append(one)
        else:
            groups.append((fill(question.stem, labels, facts) if question.stem else None, [one]))
        last = question.grid
    return groups
