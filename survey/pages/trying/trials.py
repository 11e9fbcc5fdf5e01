"""What can be tried out, and where it comes from: the running app says so once, by `offer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Flask, abort, current_app, g, redirect

from survey.definition.drafts import QuotedProblem
from survey.definition.invented import facts_to_invent
from survey.definition.languages import TextPlace
from survey.definition.questionnaire import Questionnaire
from survey.definition.study import Fact, StudyDefinition
from survey.pages.answer.compiled import Survey


@dataclass(frozen=True)
class Drafted:
    """What a try-out says of the files it is made of, which their author may be changing.

    home      the address of the page with every questionnaire of the folder
    tag       changes whenever a file does
    problems  what is wrong with these files
    since     when the pages were made that are shown; None where they are as the files are now
    """

    home: str
    tag: str
    problems: Sequence[QuotedProblem] = ()
    since: datetime | None = None


def _no_earlier(_version: str) -> Questionnaire | None:
    return None


@dataclass(frozen=True)
class Trial:
    """A questionnaire in one language, to be tried out.

    survey   ready for serving, with addresses below this try-out's
    study    returns the study it belongs to, which knows the facts of the roster; None where there is none
    texts    the questionnaire whose texts are compared, which can be newer than the pages
    until    until when it can be tried out; None where there is no end
    drafted  what is said of its files; None for what does not change
    earlier  the questionnaire under the version that an answer was given to, where it was another one
    """

    survey: Survey
    study: Callable[[], StudyDefinition | None]
    texts: Callable[[], Sequence[tuple[TextPlace, Mapping[str, str | None]]]]
    until: datetime | None = None
    drafted: Drafted | None = None
    earlier: Callable[[str], Questionnaire | None] = field(default=_no_earlier)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that routes or wordings go by, so that they can be invented."""
        return facts_to_invent(self.survey.source, self.study())

    @property
    def start(self) -> str:
        """The address at which the questionnaire begins."""
        return self.survey.trial

    @property
    def pages(self) -> str:
        """The address of the list of all pages."""
        return f"{self.start}/pages"

    @property
    def ends(self) -> str:
        """Until when it can be tried out, as the study's clocks say it; empty where there is no end."""
        return clock(self.until, self.study()) if self.until else ""

    def fitting(self, version: str, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return those answers, given to an earlier version, that can still be given to the same questions."""
        before = self.earlier(version)
        if before is None:
            return {}
        old = {one.id: one for one in before.questions}
        kept = (one for one in self.survey.source.questions if one.id in old and one.takes_answers_of(old[one.id]))
        return {key: answers[key] for one in kept for key in one.keys if key in answers}


def clock(moment: datetime, study: StudyDefinition | None) -> str:
    """Return a time of today as clocks say it where a study is: 15:05."""
    return f"{moment.astimezone(ZoneInfo(study.time_zone) if study else UTC):%H:%M}"


@dataclass(frozen=True)
class Trials:
    """Where the try-outs of an app come from.

    key   signs what is kept in the browser
    find  returns what a pass lets someone try; None for a text that is no pass
    home  where to go when there is nothing to try any more; empty where that is no page
    """

    key: bytes
    find: Callable[[str], Trial | None]
    home: str = ""


def offer(app: Flask, trials: Trials) -> None:
    """Let the pages of `app` try these out."""
    app.extensions["chorus-trials"] = trials


def trials() -> Trials:
    """Return what the running app offers to try out."""
    return cast(Trials, current_app.extensions["chorus-trials"])


def trial_of(pass_: str) -> Trial:
    """Return what a pass lets someone try; or answer that there is no such page."""
    if "trial" not in g:
        g.trial = trials().find(pass_)
    if g.trial is None:
        abort(redirect(trials().home, 303) if trials().home else 404)
    return cast(Trial, g.trial)


def trial_here() -> Trial | None:
    """Return what is tried out by this request; None before that is known."""
    return cast("Trial | None", g.get("trial"))
