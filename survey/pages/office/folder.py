"""A new study, or a new version of one, from a folder in the browser: checked, previewed, published."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from survey.database import session
from survey.definition.apart import Verdict, read_apart
from survey.definition.bundle import Bundle
from survey.definition.drafts import quoted_problems
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition as Plan
from survey.definition.unpacking import MOST, CannotUnpack, from_zip, unpack
from survey.fieldwork import Study, published, study_by_code, text_of
from survey.fieldwork.publishing import compared_with_published, publish_folder
from survey.fieldwork.waiting import Waiting
from survey.pages.account import turned_away
from survey.pages.office.access import View, actor, grants, may, refused
from survey.pages.office.blueprint import office
from survey.pages.office.faults import FormFault
from survey.pages.office.uploads import FileForm, Proposal, Upload, add
from survey.pages.store import store
from survey.pages.trying.trials import clock
from survey.pages.trying.uploaded import KIND, address_in_upload, verdict_in
from survey.people import ADMINISTRATOR, LEAD
from survey.problems import Problem, Refused, errors
from survey.wording import own_name

LARGEST_UPLOAD: Final = 40_000_000
"""Bytes of the largest folder that is read."""


class FolderForm(FileForm):
    """A folder, or a zip of it."""

    file = None

    @property
    def packed(self) -> list[FileStorage]:
        """The zips."""
        return [file for file in request.files.getlist("zip") if file.filename]

    @property
    def loose(self) -> list[FileStorage]:
        """The files of the folder, each with its path as its name."""
        return [file for file in request.files.getlist("files") if file.filename]

    def faults(self, study: Any) -> list[FormFault]:
        """Return what is missing in the form."""
        if not self.packed and not self.loose:
            return [("files", "Choose a folder, or a zip of it.")]
        if self.packed and self.loose:
            return [("files", "Choose either the folder or a zip of it, not both.")]
        return [("zip", "Choose one zip, with everything in it.")] if len(self.packed) > 1 else []


def _senders(view: View) -> View:
    """Open a view to people who may publish studies; there is no study yet that it could be given."""

    @wraps(view)
    def guarded(**more: Any) -> ResponseReturnValue:
        away = turned_away()
        if away is not None:
            return away
        if not _may_send():
            return refused("Only leads and administrators can publish studies. Ask the person who made your account.")
        return view(None, **more)

    return guarded


# ---- checking ------------------------------------------------------------------------------------------


def _look(_study: None, form: FolderForm) -> Waiting:
    with tempfile.TemporaryDirectory(prefix="chorus-study-") as place:
        folder = Path(place).resolve()
        try:
            verdict = _read(form, folder)
        except CannotUnpack as fault:
            raise Refused([str(fault)]) from fault
        quoted = quoted_problems(errors(verdict.problems))
        lines = {_where(_inside(one.problem, folder)): one.line for one in quoted}
        inside = [_inside(problem, folder) for problem in verdict.problems]
        faults = [(_where(problem), problem.message) for problem in errors(inside)]
        if faults:
            return Waiting({"lines": lines}, problems=faults)
        _see_that_it_is_theirs(_plan(verdict).id)
        return Waiting({"verdict": replace(verdict, problems=inside).kept()}, _zipped(folder))


def _read(form: FolderForm, folder: Path) -> Verdict:
    """Put what was sent into a folder, and have it read in a process of its own. Raises CannotUnpack."""
    if form.packed:
        return read_apart(folder, form.packed[0].stream.read())
    # Loose files are put where they belong; none of them is read here.
    left_out = unpack(((file.filename or "", file.stream) for file in form.loose), folder).left_out
    return replace(read_apart(folder), left_out=left_out)


def _inside(problem: Problem, folder: Path) -> Problem:
    """Name a file as its author does: where it lay on the server is no one's business."""
    path = Path(problem.path)
    name = str(path.relative_to(folder)) if path.is_relative_to(folder) and path != folder else "study.yaml"
    message = problem.message.replace(f"{folder}/", "")
    return Problem(name, problem.line, problem.column, message, problem.advice)


def _where(problem: Problem) -> str:
    return f"{problem.path}:{problem.line}:{problem.column}"


def _zipped(folder: Path) -> bytes:
    """Return the files of a folder as a zip: what was checked, and nothing that was left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return out.getvalue()


# ---- previewing ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SentVersion:
    """One questionnaire of what was sent. state: 'new', perhaps with what is `told` of it, 'unchanged', or 'refused'.

    why: why it is refused, a sentence each. languages: the code and the name of each, and where it can be tried out.
    """

    id: str
    title: str
    audience: str
    languages: Sequence[tuple[str, str, str]]
    version: int
    state: str
    why: Sequence[str] = ()
    told: Sequence[str] = ()


def _show(_none: None, waiting: Waiting) -> Proposal:
    verdict = verdict_in(waiting)
    plan = _plan(verdict)
    _see_that_it_is_theirs(plan.id)
    there = _study(plan.id)
    versions = list(_versions(verdict, there, waiting.token))
    values = {
        "plan": plan,
        "advice": [(_where(problem), problem.message) for problem in verdict.problems],
        "versions": versions,
        "left_out": verdict.left_out,
        "exists": there is not None,
        "day_before": _day_before(there),
        "until": clock(waiting.until, plan) if waiting.until else "",
    }
    return Proposal(values, all(one.state != "refused" for one in versions))


def _plan(verdict: Verdict) -> Plan:
    """Return the study of a folder in which nothing is wrong."""
    assert verdict.study is not None
    return parse_study(verdict.study)


def _versions(verdict: Verdict, study: Study | None, token: str) -> Iterator[SentVersion]:
    there = published(store().engine, study.id) if study else []
    for sent in verdict.versions:
        name, number = sent.id, sent.number
        mine = {one.version: one.sha256 for one in there if one.questionnaire == name}
        state, why, told = "new", [], []
        if mine.get(number) == sent.sha256:
            state = "unchanged"
        elif number in mine or number < max(mine, default=0):
            fault = (
                ("was already published with a different text")
                if number in mine
                else "is lower than the published version"
            )
            why = [f"Version {number} {fault}. Please set version: {max(mine) + 1} in {name}.yaml, and send it again."]
        elif study is not None:
            with session(store().engine) as db:
                compared = compared_with_published(db, study.code, Bundle.parse(sent.text))
            why, told = list(compared.faults.values()), list(compared.told)
        yield SentVersion(
            name,
            sent.title,
            sent.audience,
            [(code, own_name(code), address_in_upload(token, name, code)) for code in sent.languages],
            number,
            "refused" if why else state,
            why,
            told,
        )


def _day_before(study: Study | None) -> date | None:
    text = text_of(store().engine, study.sha256) if study is not None and study.sha256 else None
    return parse_study(text).retention.delete_on if text else None


# ---- publishing ----------------------------------------------------------------------------------------


def _apply(_none: None, waiting: Waiting, _agreed: Collection[str]) -> str:
    plan = _plan(verdict_in(waiting))
    _see_that_it_is_theirs(plan.id)
    with tempfile.TemporaryDirectory(prefix="chorus-study-") as place:
        unpack(from_zip(io.BytesIO(waiting.content)), Path(place))
        publish_folder(store().engine, Path(place), datetime.now(UTC), actor())
    here = "office.study" if may(_study(plan.id), (LEAD,)) else "office.retention"
    return url_for(here, code=plan.id)


add(
    Upload(
        kind=KIND,
        address="/new-study",
        guard=_senders,
        form=FolderForm,
        look=_look,
        show=_show,
        apply=_apply,
        template="new-study",
        here="",
        button="Publish study",
        done="published",
        what="folder",
        field="files",
        correct="Correct the files, and choose the folder again. Each place is a file, its line and its column.",
        too_large="These files are more than 40 MB, or too many. Choose the folder of one study only.",
        largest=LARGEST_UPLOAD,
        most_parts=MOST * 2,
    )
)


# ---- who may -------------------------------------------------------------------------------------------


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


def _see_that_it_is_theirs(code: str) -> None:
    """Raise Refused unless the person here may publish this study."""
    if _may_publish(code):
        return
    if _study(code) is None:
        raise Refused(
            [f"'{code}' would be a new study, and you can only publish the studies you lead. Ask an administrator."]
        )
    raise Refused(
        [f"There is a study '{code}' already, and only people who lead it can publish it. Give yours another name."]
    )
