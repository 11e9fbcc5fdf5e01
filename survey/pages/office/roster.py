"""Who is asked: how many are on each wave's roster, and importing one."""

from __future__ import annotations

import io
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from survey.audit import Act, note
from survey.database import session
from survey.fieldwork.roster import (
    Lists,
    RosterPreview,
    import_lists,
    looked_at,
    preview_of,
    wave_counts,
    write_roster,
)
from survey.fieldwork.roster.importing import ImportChoices
from survey.fieldwork.waiting import Waiting
from survey.pages.office.access import Seen, actor, allowed, refused, sees_microdata
from survey.pages.office.blueprint import office
from survey.pages.office.sections import section
from survey.pages.office.sorting import SortColumn, sorted_table
from survey.pages.office.uploads import CHANGED, SHOWN, Identifying, Proposal, Upload, WaveForm, add, counted
from survey.pages.sending import send
from survey.pages.store import store
from survey.people import LEAD, RESEARCHER
from survey.problems import Refused

section("roster", "Roster", "office.roster", order=20, group="Set up", roles=(LEAD, RESEARCHER))


class RosterForm(WaveForm):
    """A roster, its wave, and whether facts that should not change may be corrected."""

    correct = BooleanField("Correct facts that should not change")

    def drawn(self, study: Seen) -> dict[str, Any]:
        """Return what was chosen before."""
        return {**super().drawn(study), "correct": bool(self.correct.data)}


_COLUMNS: Final = (
    SortColumn("wave", "Wave"),
    SortColumn("schools", "Schools", lambda one: one.schools, number=True),
    SortColumn("pupils", "Pupils", lambda one: one.people.get("pupil", 0), number=True),
    SortColumn("parents", "Parents", lambda one: one.people.get("parent", 0), number=True, minor=True),
    SortColumn("staff", "Staff", lambda one: one.people.get("staff", 0), number=True, minor=True),
    SortColumn("left", "Left", lambda one: one.left, number=True, minor=True),
    SortColumn("roster", "Roster"),
)


def _page(study: Seen, _form: RosterForm) -> dict[str, Any]:
    return {
        "counts": sorted_table("lists", _COLUMNS, wave_counts(store().engine, study.id), "office.roster"),
        "linkage": study.plan.linkage,
        "facts": study.plan.facts,
        "may_download": sees_microdata(study),
        "done": counted(_DONE),
    }


def _look(study: Seen, form: RosterForm) -> Waiting:
    wave, correct = form.wave.data or "", bool(form.correct.data)
    preview, lists = looked_at(store().engine, store().settings, study.code, wave, [form.sent], correct=correct)
    problems = [(problem.place, problem.message) for problem in preview.problems]
    if lists.identifying:
        raise Identifying(problems)
    chosen = {"wave": wave, "correct": correct, "digest": preview.digest}
    return Waiting(chosen, b"" if problems else lists.packed(), problems)


def _show(study: Seen, waiting: Waiting) -> Proposal:
    wave, correct = waiting.chosen["wave"], waiting.chosen["correct"]
    preview = preview_of(store().engine, study.code, wave, Lists.unpacked(waiting.content), correct=correct)
    if preview.problems or preview.digest != waiting.chosen["digest"]:
        raise Refused([CHANGED])
    values = {
        "preview": preview,
        "wave": next((one.title for one in study.plan.waves if one.id == wave), ""),
        "correct": correct,
        "parts": _parts(preview),
        "notes": [(problem.place, problem.message) for problem in preview.notes[:SHOWN]],
    }
    return Proposal(values, bool(preview.changes), preview.doubts if preview.changes else ())


def _apply(study: Seen, waiting: Waiting, agreed: Collection[str]) -> str:
    chosen = waiting.chosen
    try:
        done = import_lists(
            store().engine,
            study.code,
            chosen["wave"],
            Lists.unpacked(waiting.content),
            Act(actor(), datetime.now(UTC)),
            ImportChoices(correct=chosen["correct"], agreed=agreed, digest=chosen["digest"]),
        )
    except Refused as fault:
        raise Refused([CHANGED]) from fault
    counts: dict[str, Any] = {name: done.counts[name] for name in _DONE}
    return url_for("office.roster", code=study.code, **counts)


add(
    Upload(
        kind="roster",
        address="/studies/<code>/roster",
        guard=allowed(LEAD, RESEARCHER),
        form=RosterForm,
        page=_page,
        look=_look,
        show=_show,
        apply=_apply,
        template="roster",
        here="roster",
        button="Import roster",
    )
)


@office.get("/studies/<code>/roster/<wave>.csv")
@allowed(LEAD, RESEARCHER)
def roster_list(study: Seen, wave: str) -> ResponseReturnValue:
    """Send a wave's roster in the form in which rosters are imported."""
    if not sees_microdata(study):
        return refused("You may not download the study codes of this study’s participants. Ask a lead of the study.")
    if wave not in [one.id for one in study.plan.waves]:
        abort(404)
    text = io.StringIO(newline="")
    count = write_roster(store().engine, study.code, wave, text)
    with session(store().engine) as db:
        details: dict[str, int | str | bool | None] = {"participants": count}
        note(db, Act(actor(), datetime.now(UTC)), "downloaded a roster", study_id=study.id, about=wave, details=details)
    # The mark at its beginning tells spreadsheets that it is UTF-8.
    return send(text.getvalue().encode("utf-8-sig"), f"{study.code}-roster-{wave}.csv")


_DONE: Final = {
    "added": ("new in this wave",) * 2,
    "moved": ("moved",) * 2,
    "changed": ("changed",) * 2,
    "left": ("left",) * 2,
    "unchanged": ("unchanged",) * 2,
    "schools": ("school added or changed", "schools added or changed"),
    "classes": ("class added or changed", "classes added or changed"),
    "unasked": (
        "person on this roster will not be asked anything in this wave",
        "people on this roster will not be asked anything in this wave",
    ),
}
"""What is counted after an import: in words for one, and for many."""

_PARTS: Final = (
    ("schools", "Schools added or changed", "School"),
    ("classes", "Classes added or changed", "Class"),
    ("added", "New in this wave", "Participant"),
    ("moved", "Moved to another school or class", "Participant"),
    ("changed", "Changed", "Participant"),
    ("left", "Left: on the wave’s roster before, and not in this file", "Participant"),
    ("not_here", "Not on this wave’s roster: in these schools in an earlier wave", "Participant"),
    ("unasked", "Not asked anything in this wave", "Participant"),
)


def _parts(preview: RosterPreview) -> list[dict[str, object]]:
    """Return each sort of change that there is, with its first rows."""
    return [
        {
            "id": name.replace("_", "-"),
            "title": title,
            "what": what,
            "count": len(getattr(preview, name)),
            "lines": getattr(preview, name)[:SHOWN],
        }
        for name, title, what in _PARTS
        if getattr(preview, name)
    ]
