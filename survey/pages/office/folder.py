"""A new study, or a new version of one, from a folder in the browser: sent, looked at, published."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from survey import private
from survey.database import session
from survey.definition.apart import Verdict, read_apart, verdict_of
from survey.definition.bundle import Bundle
from survey.definition.reading import parse_study
from survey.definition.study import Study as Plan
from survey.definition.unpacking import MOST, CannotUnpack, unpack
from survey.fieldwork import Study, published, study_by_code, text_of
from survey.fieldwork.publishing import Refused, compared_with_published, publish_folder
from survey.pages.account import turned_away
from survey.pages.account.forms import Form
from survey.pages.office.access import actor, grants, may, refused
from survey.pages.office.blueprint import office
from survey.pages.store import store
from survey.people import ADMINISTRATOR, LEAD
from survey.problems import Problem, errors

KEPT: Final = 60 * 60.0
"""Seconds for which what was sent is kept for publishing."""

LARGEST_UPLOAD: Final = 40_000_000

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_TOO_LARGE: Final = "This is more than 40 MB, or too many files. Please choose the folder of one study only."
_STALE: Final = "This page had been open for too long, so nothing was done. Please try again."


# ---- sending -------------------------------------------------------------------------------------------


@office.get("/new-study")
def new_study() -> ResponseReturnValue:
    """Ask for the folder of a study."""
    return _away() or _form(_TOO_LARGE if "large" in request.args else None)


@office.post("/new-study")
def send_study() -> ResponseReturnValue:
    """Take a folder in, look at all of it, and go to the page that says what is in it."""
    away = _away()
    if away is not None:
        return away
    # For this page alone: everywhere else a form is small.
    request.max_content_length = LARGEST_UPLOAD
    request.max_form_parts = MOST * 2
    try:
        if not Form().validate():
            return _form(_STALE, status=400)
        packed, loose = ([file for file in request.files.getlist(name) if file.filename] for name in ("zip", "files"))
    except RequestEntityTooLarge:
        # This post is not to be read any further, not even for its token.
        return redirect(url_for("office.new_study", large=1))
    _throw_old_away()
    token = secrets.token_urlsafe(16)
    place = _place(token)
    private.folder(place)
    private.folder(place / "study")
    try:
        verdict = _read(packed, loose, place / "study")
    except CannotUnpack as fault:
        shutil.rmtree(place)
        return _form(str(fault), 400)
    private.write(place / "verdict.jsonl", verdict.kept())
    private.write(place / "sent.json", json.dumps({"account": current_user.email}))
    return redirect(url_for("office.sent_study", token=token))


def _read(packed: list[FileStorage], loose: list[FileStorage], folder: Path) -> Verdict:
    """Put what was sent into a folder, and have it read. Raises CannotUnpack."""
    if not packed and not loose:
        raise CannotUnpack("Please choose a folder, or a zip of it.")
    if packed and loose:
        raise CannotUnpack("Please send either the folder or a zip of it, not both.")
    if len(packed) > 1:
        raise CannotUnpack("Please send one zip, with everything in it.")
    if packed:
        return read_apart(folder, packed[0].stream.read())
    # Loose files are put where they belong; none of them is read here.
    left_out = unpack(((file.filename or "", file.stream) for file in loose), folder).left_out
    return replace(read_apart(folder), left_out=left_out)


# ---- looking at it -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    """One questionnaire of what was sent. state: 'new', perhaps with what is `told` of it, 'unchanged', or 'refused'.

    why: why it is refused, a sentence each.
    """

    id: str
    title: str
    audience: str
    languages: str
    version: int
    state: str
    why: Sequence[str] = ()
    told: Sequence[str] = ()


@dataclass(frozen=True)
class Looked:
    """What was sent, as its page shows it."""

    plan: Plan | None
    faults: list[Problem]
    advice: list[Problem]
    versions: list[Version]
    left_out: list[str]
    exists: bool
    day_before: date | None

    @property
    def may_be_published(self) -> bool:
        """True when nothing stands against it."""
        return self.plan is not None and not self.faults and all(one.state != "refused" for one in self.versions)


@office.get("/new-study/<token>")
def sent_study(token: str) -> ResponseReturnValue:
    """Show what was sent: everything that is wrong with it, or what publishing it would do."""
    away = _away()
    if away is not None:
        return away
    return _looked(_mine(token))


@office.post("/new-study/<token>")
def publish_sent_study(token: str) -> ResponseReturnValue:
    """Publish what was sent, and go to the study."""
    away = _away()
    if away is not None:
        return away
    place = _mine(token)
    if not Form().validate():
        return _looked(place, [_STALE], 400)
    plan = _plan(_verdict(place))
    if plan is None:
        return _looked(place, [], 409)
    if not _may_publish(plan.id):
        return _not_yours(plan.id)
    try:
        publish_folder(store().engine, place / "study", datetime.now(UTC), actor())
    except Refused as fault:
        return _looked(place, fault.reasons, 409)
    shutil.rmtree(place, ignore_errors=True)
    here = "office.study" if may(_study(plan.id), (LEAD,)) else "office.retention"
    return redirect(url_for(here, code=plan.id))


def _verdict(place: Path) -> Verdict:
    with (place / "verdict.jsonl").open("rb") as lines:
        return verdict_of(lines)


def _plan(verdict: Verdict) -> Plan | None:
    """Return the study of a folder in which nothing is wrong; None for any other."""
    return parse_study(verdict.study) if verdict.study is not None and not errors(verdict.problems) else None


def _looked(place: Path, faults: list[str] | None = None, status: int = 200) -> ResponseReturnValue:
    verdict = _verdict(place)
    plan = _plan(verdict)
    if plan is not None and not _may_publish(plan.id):
        return _not_yours(plan.id)
    looked = _look(verdict, plan, (place / "study").resolve())
    page = render_template(
        "office/sent-study.html",
        looked=looked,
        form=Form(),
        faults=[("main", fault) for fault in faults or []],
    )
    return page, status


def _look(verdict: Verdict, plan: Plan | None, folder: Path) -> Looked:
    inside = [_inside(problem, folder) for problem in verdict.problems]
    study = _study(plan.id) if plan else None
    return Looked(
        plan=plan,
        faults=errors(inside),
        advice=[problem for problem in inside if problem.advice],
        versions=list(_versions(verdict, study)) if plan else [],
        left_out=verdict.left_out,
        exists=study is not None,
        day_before=_day_before(study),
    )


def _inside(problem: Problem, folder: Path) -> Problem:
    """Name a file as its author does: where it lies on the server is nobody's business."""
    path = Path(problem.path)
    name = str(path.relative_to(folder)) if path.is_relative_to(folder) and path != folder else "study.yaml"
    message = problem.message.replace(f"{folder}/", "")
    return Problem(name, problem.line, problem.column, message, problem.advice)


def _versions(verdict: Verdict, study: Study | None) -> Iterator[Version]:
    there = published(store().engine, study.id) if study else []
    for sent in verdict.versions:
        name, number = sent.id, sent.number
        mine = {one.version: one.sha256 for one in there if one.questionnaire == name}
        state, why, told = "new", [], []
        if mine.get(number) == sent.sha256:
            state = "unchanged"
        elif number in mine or number < max(mine, default=0):
            fault = "was published with another text" if number in mine else "is lower than the published one"
            why = [f"Version {number} {fault}. Please set version: {max(mine) + 1} in {name}.yaml, and send it again."]
        elif study is not None:
            with session(store().engine) as db:
                compared = compared_with_published(db, study.code, Bundle.parse(sent.text))
            why, told = list(compared.faults.values()), list(compared.told)
        yield Version(
            name,
            sent.title,
            sent.audience,
            ", ".join(sent.languages),
            number,
            "refused" if why else state,
            why,
            told,
        )


def _day_before(study: Study | None) -> date | None:
    text = text_of(store().engine, study.sha256) if study is not None and study.sha256 else None
    return parse_study(text).retention.delete_on if text else None


# ---- who may -------------------------------------------------------------------------------------------


def _away() -> ResponseReturnValue | None:
    away = turned_away()
    if away is not None:
        return away
    if _may_send():
        return None
    return refused("New studies are for those who lead research. Ask the person who made your account.")


def _may_send() -> bool:
    return any(grant.role in (LEAD, ADMINISTRATOR) for grant in grants())


@office.context_processor
def _for_every_page() -> dict[str, Any]:
    return {"may_send": _may_send}


def _study(code: str) -> Study | None:
    with session(store().engine) as db:
        return study_by_code(db, code)


def _may_publish(code: str) -> bool:
    """Tell whether the person here may publish this study: a new one as lead of all studies or administrator."""
    study = _study(code)
    return may(study, (LEAD,)) if study is not None else may(None, (LEAD, ADMINISTRATOR))


def _not_yours(code: str) -> ResponseReturnValue:
    if _study(code) is None:
        return refused(
            f"'{code}' would be a new study, and your account leads other ones. Ask an administrator to publish it."
        )
    return refused(f"There is a study '{code}' already, and only who leads it may publish it. Give yours another name.")


# ---- what was sent, for an hour ------------------------------------------------------------------------


def _uploads() -> Path:
    folder = store().settings.instance / "uploads"
    return private.folder(folder)


def _place(token: str) -> Path:
    return _uploads() / token


def _mine(token: str) -> Path:
    """Return where a folder was put, if the person here sent it, and not too long ago."""
    _throw_old_away()
    place = _place(token)
    if not _TOKEN.fullmatch(token) or not all((place / name).is_file() for name in ("sent.json", "verdict.jsonl")):
        abort(404)
    if json.loads((place / "sent.json").read_text(encoding="utf-8"))["account"] != current_user.email:
        abort(404)
    return place


def _throw_old_away() -> None:
    for place in _uploads().iterdir():
        if time.time() - place.stat().st_mtime > KEPT:
            shutil.rmtree(place, ignore_errors=True)


def _form(fault: str | None = None, status: int = 200) -> ResponseReturnValue:
    faults = [("files", fault)] if fault else []
    return render_template("office/new-study.html", form=Form(), faults=faults), status
