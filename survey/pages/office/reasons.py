"""Why some people did not answer, from a file that a school sends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from typing import Any, Final

from flask import url_for

from survey.audit import Act
from survey.fieldwork.waiting import Waiting
from survey.pages.office.access import Seen, actor, allowed, my_schools
from survey.pages.office.uploads import CHANGED, SHOWN, Proposal, Upload, WaveForm, add, counted
from survey.pages.store import store
from survey.people import COORDINATOR, LEAD, RESEARCHER
from survey.problems import Refused
from survey.progress.outcomes import REASONS
from survey.progress.reasons import GivenReason, Recorded, foreseen, give, look

_DONE: Final = {
    "added": ("reason added", "reasons added"),
    "changed": ("reason changed", "reasons changed"),
    "unchanged": ("reason was unchanged", "reasons were unchanged"),
}


def _page(_study: Seen, _form: WaveForm) -> dict[str, Any]:
    return {"reasons": REASONS, "done": counted(_DONE)}


def _look(study: Seen, form: WaveForm) -> Waiting:
    wave = form.wave.data or ""
    seen = look(store().engine, study.code, wave, form.sent, my_schools(study))
    problems = [(problem.place, problem.message) for problem in seen.problems]
    content = b"" if problems else json.dumps([astuple(one) for one in seen.given]).encode()
    return Waiting({"wave": wave, "recorded": asdict(seen.recorded)}, content, problems)


def _show(study: Seen, waiting: Waiting) -> Proposal:
    given = _given(waiting)
    recorded = _as_checked(study, waiting)
    values = {
        "wave": next((one.title for one in study.plan.waves if one.id == waiting.chosen["wave"]), ""),
        "recorded": recorded,
        "by_reason": Counter(one.reason for one in given),
        "given": given[:SHOWN],
        "count": len(given),
    }
    return Proposal(values, recorded.does_something)


def _apply(study: Seen, waiting: Waiting, _agreed: Collection[str]) -> str:
    wave, now = waiting.chosen["wave"], datetime.now(UTC)
    _as_checked(study, waiting)
    try:
        done = give(store().engine, study.id, wave, _given(waiting), Act(actor(), now), my_schools(study))
    except Refused as fault:
        raise Refused([CHANGED]) from fault
    counts: dict[str, Any] = {name: getattr(done, name) for name in _DONE}
    return url_for("office.reasons", code=study.code, **counts)


def _as_checked(study: Seen, waiting: Waiting) -> Recorded:
    """Return what would change. Raises Refused when it is no longer what it was when the file was checked."""
    wave, schools = waiting.chosen["wave"], my_schools(study)
    try:
        recorded = foreseen(store().engine, study.id, wave, _given(waiting), schools)
    except Refused as fault:
        raise Refused([CHANGED]) from fault
    if asdict(recorded) != waiting.chosen["recorded"]:
        raise Refused([CHANGED])
    return recorded


def _given(waiting: Waiting) -> list[GivenReason]:
    return [GivenReason(*one) for one in json.loads(waiting.content)]


add(
    Upload(
        kind="reasons",
        address="/studies/<code>/progress/reasons",
        guard=allowed(LEAD, RESEARCHER, COORDINATOR),
        form=WaveForm,
        page=_page,
        look=_look,
        show=_show,
        apply=_apply,
        template="reasons",
        here="progress",
        button="Import reasons",
        too_large="The file is larger than 10 MB. Please send the columns participant and reason only.",
    )
)
