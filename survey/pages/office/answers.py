"""Data from another system in the browser: checked as a form checks answers, previewed, then imported."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Final

from flask import url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from survey.audit import Act
from survey.fieldwork import current
from survey.fieldwork.roster.tables import SentFile
from survey.fieldwork.waiting import Waiting
from survey.intake import Destination, import_answers, look
from survey.pages.office.access import Seen, View, actor, allowed, refused, sees_microdata
from survey.pages.office.faults import FormFault
from survey.pages.office.sections import section
from survey.pages.office.uploads import CHANGED, Proposal, Upload, WaveForm, add, counted
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER
from survey.problems import Refused
from survey.tables.limits import LARGEST_FILE

section("answers", "Data from another system", "office.answers", order=75, group="Data", roles=(LEAD, RESEARCHER))


class AnswersForm(WaveForm):
    """A file of answers, what was answered, and when."""

    questionnaire = StringField("Questionnaire")
    ignore = StringField("Columns to leave out")

    def faults(self, study: Seen) -> list[FormFault]:
        """Return what is missing in the form."""
        known = self.questionnaire.data in _published(study)
        return [*([] if known else [("questionnaire", "Choose the questionnaire.")]), *super().faults(study)]

    def drawn(self, study: Seen) -> dict[str, Any]:
        """Return what was chosen before."""
        chosen = {"wave": self.wave.data or "", "questionnaire": self.questionnaire.data or ""}
        return {**super().drawn(study), **chosen, "ignore": self.ignore.data or ""}


def _who_may(view: View) -> View:
    """Open a view to people who may see what each participant answered."""

    @wraps(view)
    def guarded(study: Seen, **more: Any) -> ResponseReturnValue:
        if not sees_microdata(study):
            return refused("You may not import answers into this study. Ask a lead of the study.")
        return view(study, **more)

    guard: Callable[[View], View] = allowed(LEAD, RESEARCHER)
    return guard(guarded)


def _page(study: Seen, _form: AnswersForm) -> dict[str, Any]:
    return {"questionnaires": [(one, one) for one in _published(study)], "done": counted(_DONE)}


_DONE: Final = {
    "added": ("response added", "responses added"),
    "unchanged": ("was already there", "were already there"),
}


def _look(study: Seen, form: AnswersForm) -> Waiting:
    data, name = form.sent
    questionnaire, wave, ignore = form.questionnaire.data or "", form.wave.data or "", _names(form.ignore.data or "")
    taken = look(store().engine, Destination(study.code, questionnaire, wave), SentFile(data, name), _now(), ignore)
    problems = [(problem.place, problem.message) for problem in taken.problems]
    chosen = {"questionnaire": questionnaire, "wave": wave, "ignore": ignore, "name": name}
    counts = {"added": taken.added, "unchanged": taken.unchanged, "states": dict(taken.states)}
    return Waiting({**chosen, **counts}, b"" if problems else zlib.compress(data), problems)


def _show(study: Seen, waiting: Waiting) -> Proposal:
    titles = {one.id: one.title for one in study.plan.waves}
    return Proposal({**waiting.chosen, "wave": titles.get(waiting.chosen["wave"], "")}, waiting.chosen["added"] > 0)


def _apply(study: Seen, waiting: Waiting, _agreed: Collection[str]) -> str:
    """Import the file that was checked; it is checked once more, and all of it is kept or nothing."""
    chosen = waiting.chosen
    taken = import_answers(
        store().engine,
        Destination(study.code, chosen["questionnaire"], chosen["wave"]),
        SentFile(zlib.decompress(waiting.content), chosen["name"]),
        Act(actor(), _now()),
        chosen["ignore"],
    )
    if taken.problems:
        raise Refused([CHANGED])
    return url_for("office.answers", code=study.code, added=taken.added, unchanged=taken.unchanged)


add(
    Upload(
        kind="answers",
        address="/studies/<code>/answers",
        guard=_who_may,
        form=AnswersForm,
        page=_page,
        look=_look,
        show=_show,
        apply=_apply,
        template="answers",
        here="answers",
        button="Import answers",
        largest=2 * LARGEST_FILE,
    )
)


def _names(typed: str) -> list[str]:
    return [name.strip() for name in typed.split(",") if name.strip()]


def _published(study: Seen) -> list[str]:
    return sorted(current(store().engine, study.id))


def _now() -> datetime:
    return datetime.now(UTC)
