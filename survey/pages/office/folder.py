"""A new study, or a new version of one, from a folder in the browser: sent, looked at, published."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from survey.database import session
from survey.definition.bundle import Bundle
from survey.definition.reading import FolderReading, parse_study, read_folder
from survey.definition.study import Study as Plan
from survey.fieldwork import Study, published, study_by_code, text_of
from survey.fieldwork.publishing import Refused, compared_with_published, publish_folder
from survey.pages.account import turned_away
from survey.pages.account.forms import Form
from survey.pages.office.access import actor, grants, may, refused
from survey.pages.office.blueprint import office
from survey.pages.office.unpacking import MOST, CannotUnpack, Sent, from_zip, unpack
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
        sent = _sent()
    except RequestEntityTooLarge:
        # This post is not to be read any further, not even for its token.
        return redirect(url_for("office.new_study", large=1))
    _throw_old_away()
    token = secrets.token_urlsafe(16)
    place = _place(token)
    (place / "study").mkdir(mode=0o700, parents=True)
    try:
        unpacked = unpack(sent, place / "study")
    except CannotUnpack as fault:
        shutil.rmtree(place)
        return _form(str(fault), 400)
    note = {"account": current_user.email, "left_out": unpacked.left_out}
    (place / "sent.json").write_text(json.dumps(note), encoding="utf-8")
    return redirect(url_for("office.sent_study", token=token))


def _sent() -> Iterator[Sent]:
    packed = [file for file in request.files.getlist("zip") if file.filename]
    loose = [file for file in request.files.getlist("files") if file.filename]
    return _files(packed, loose)


def _files(packed: list[Any], loose: list[Any]) -> Iterator[Sent]:
    if not packed and not loose:
        raise CannotUnpack("Please choose a folder, or a zip of it.")
    if packed and loose:
        raise CannotUnpack("Please send either the folder or a zip of it, not both.")
    for file in packed:
        yield from from_zip(file.stream)
    for file in loose:
        yield file.filename, file.stream


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
    reading = read_folder(place / "study")
    if reading.study is None:
        return _looked(place, [], 409)
    if not _may_publish(reading.study.id):
        return _not_yours(reading.study.id)
    try:
        publish_folder(store().engine, place / "study", datetime.now(UTC), actor())
    except Refused as fault:
        return _looked(place, fault.reasons, 409)
    shutil.rmtree(place, ignore_errors=True)
    here = "office.study" if may(_study(reading.study.id), (LEAD,)) else "office.retention"
    return redirect(url_for(here, code=reading.study.id))


def _looked(place: Path, faults: list[str] | None = None, status: int = 200) -> ResponseReturnValue:
    reading = read_folder(place / "study")
    if reading.study is not None and not _may_publish(reading.study.id):
        return _not_yours(reading.study.id)
    note = json.loads((place / "sent.json").read_text(encoding="utf-8"))
    looked = _look(reading, note["left_out"])
    page = render_template(
        "office/sent-study.html",
        looked=looked,
        form=Form(),
        faults=[("main", fault) for fault in faults or []],
    )
    return page, status


def _look(reading: FolderReading, left_out: list[str]) -> Looked:
    wrong = errors(reading.problems)
    inside = [_inside(problem, reading.path) for problem in reading.problems]
    study = _study(reading.study.id) if reading.study else None
    return Looked(
        plan=None if wrong else reading.study,
        faults=errors(inside),
        advice=[problem for problem in inside if problem.advice],
        versions=[] if wrong else list(_versions(reading, study)),
        left_out=left_out,
        exists=study is not None,
        day_before=_day_before(study),
    )


def _inside(problem: Problem, folder: Path) -> Problem:
    """Name a file as its author does: where it lies on the server is nobody's business."""
    path = Path(problem.path)
    name = str(path.relative_to(folder)) if path.is_relative_to(folder) and path != folder else "study.yaml"
    message = problem.message.replace(f"{folder}/", "")
    return Problem(name, problem.line, problem.column, message, problem.advice)


def _versions(reading: FolderReading, study: Study | None) -> Iterator[Version]:
    there = published(store().engine, study.id) if study else []
    for name, questionnaire in reading.questionnaires.items():
        files = reading.readings[name]
        sha256 = Bundle.of(files.data, files.translations, files.files).sha256
        mine = {one.version: one.sha256 for one in there if one.questionnaire == name}
        number = questionnaire.version
        state, why, told = "new", [], []
        if mine.get(number) == sha256:
            state = "unchanged"
        elif number in mine or number < max(mine, default=0):
            fault = "was published with another text" if number in mine else "is lower than the published one"
            why = [f"Version {number} {fault}. Please set version: {max(mine) + 1} in {name}.yaml, and send it again."]
        elif study is not None:
            with session(store().engine) as db:
                compared = compared_with_published(db, study.code, questionnaire)
            why, told = list(compared.faults.values()), list(compared.told)
        yield Version(
            name,
            questionnaire.title,
            questionnaire.audience,
            ", ".join(questionnaire.languages),
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
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _place(token: str) -> Path:
    return _uploads() / token


def _mine(token: str) -> Path:
    """Return where a folder was put, if the person here sent it, and not too long ago."""
    _throw_old_away()
    place = _place(token)
    if not _TOKEN.fullmatch(token) or not (place / "sent.json").is_file():
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
