"""Files that people send to the office: chosen, checked, previewed, confirmed. There is one way for all of them.

Each kind of file is one `Upload`, and `add` gives it its pages:

    GET, POST  ADDRESS                             the form; posting it checks the file and changes nothing
    GET, POST  ADDRESS/check/<upload>              the problems, or the preview; posting it confirms exactly that
    GET        ADDRESS/check/<upload>/problems.csv every problem, where there are more than a page shows
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import StringField

from survey.fieldwork import waiting as waiting_place
from survey.fieldwork.roster import Doubt, unanswered
from survey.fieldwork.roster.tables import SentFile
from survey.fieldwork.waiting import Owner, Waiting
from survey.fieldwork.waves import wave_at
from survey.pages.account.forms import Form
from survey.pages.office.access import Seen, View, actor
from survey.pages.office.blueprint import office
from survey.pages.office.faults import FormFault
from survey.pages.sending import csv_of, send
from survey.pages.store import store
from survey.pages.turns import Turn
from survey.problems import Refused
from survey.tables.apart import BUSY
from survey.tables.limits import LARGEST_FILE

SHOWN: Final = 200
"""Problems, and rows of each table, that a page shows; the first are enough to act on."""

_MOST_SUMMED: Final = 20
_STALE: Final = "This page was open for too long. Please choose the file again."
_STALE_PREVIEW: Final = "This page was open for too long, so nothing has changed yet. Please press the button again."
_GONE: Final = (
    "This file is no longer here: it was confirmed or cancelled, another file has replaced it, or an hour has passed. "
    "Please choose it again."
)
_BUSY_CONFIRMING: Final = (
    "Another file is being imported, so this one has not been imported yet. Please try again in a minute."
)
CHANGED: Final = (
    "The study has changed since you checked this file, so nothing was imported. Please choose the file again and "
    "check what it would change now."
)


class FileForm(Form):
    """A file."""

    file = FileField("CSV or Excel file (.xlsx)")

    @property
    def sent(self) -> SentFile:
        """The file's content, as much of it as is ever read and a byte more, and its name."""
        return SentFile(self.file.data.stream.read(LARGEST_FILE + 1), self.file.data.filename)

    def faults(self, study: Any) -> list[FormFault]:
        """Return what is missing in the form."""
        there = isinstance(self.file.data, FileStorage) and self.file.data.filename
        return [] if there else [("file", "Choose a file.")]

    def drawn(self, study: Any) -> dict[str, Any]:
        """Return what the form's macros need."""
        return {}


class WaveForm(FileForm):
    """A file, and the wave it is for."""

    wave = StringField("Wave")

    def faults(self, study: Seen) -> list[FormFault]:
        """Return what is missing in the form."""
        known = self.wave.data in [one.id for one in study.plan.waves]
        return [*super().faults(study), *([] if known else [("wave", "Choose the wave.")])]

    def drawn(self, study: Seen) -> dict[str, Any]:
        """Return the waves, and which of them is chosen: at first the open one or the next, then what was chosen."""
        chosen = wave_at(study.plan, datetime.now(UTC)) if self.wave.data is None else self.wave.data
        return {"waves": [(one.id, one.title) for one in study.plan.waves], "wave": chosen}


class Identifying(Exception):
    """A file that says who people are: its problems are shown once, and nothing of it is kept, not even these."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.problems = list(problems)


@dataclass(frozen=True)
class Proposal:
    """What confirming would do now.

    values: what the preview's template needs. does_something: False where there is nothing to confirm. doubts: what
    has to be ticked first.
    """

    values: Mapping[str, Any]
    does_something: bool = True
    doubts: Sequence[Doubt] = ()


def _nothing(_study: Any, _form: Any) -> dict[str, Any]:
    return {}


def _one_at_a_time() -> Turn:
    """A large file takes some seconds: one of each kind at a time, so that respondents do not wait."""
    return Turn(patience=120.0, waiting=1, otherwise=lambda: Refused([BUSY]))


@dataclass(frozen=True)
class Upload:
    """One kind of file.

    kind      its name where it waits, and of its form's endpoint
    address   of the form, below /office
    guard     lets a view be opened by people who may: the view gets the study, or None where there is none yet
    look      (study, form) -> what waits to be confirmed; raises Refused, or Identifying; changes nothing. Where a
              file has problems, `chosen` can hold the "lines" they are about, by their places
    show      (study, waiting) -> what confirming would do now; raises Refused where that is not what was checked
    apply     (study, waiting, agreed) -> the address to go to when it is done; raises Refused, with nothing done
    template  office/TEMPLATE.html is the form, office/TEMPLATE-preview.html the preview
    here      the section of the office it belongs to
    button    what the button says that confirms it
    done      what the button leads to, in a word: imported
    what      what is chosen, in a word: file
    field     the id of the form's field for it
    correct   how problems are put right
    page      (study, form) -> what the form's template needs besides
    """

    kind: str
    address: str
    guard: Callable[[View], View]
    look: Callable[[Any, Any], Waiting]
    show: Callable[[Any, Waiting], Proposal]
    apply: Callable[[Any, Waiting, Collection[str]], str]
    template: str
    here: str
    button: str
    done: str = "imported"
    what: str = "file"
    field: str = "file"
    correct: str = "Correct the file in your spreadsheet program, save it, and choose it again."
    page: Callable[[Any, Any], dict[str, Any]] = _nothing
    form: type[FileForm] = FileForm
    largest: int = LARGEST_FILE + 64 * 1024
    most_parts: int = 1_000
    too_large: str = "The file is larger than 10 MB. Please split it, for instance by school."
    turn: Turn = dataclass_field(default_factory=_one_at_a_time)

    @property
    def endpoint(self) -> str:
        """The form's."""
        return f"office.{self.kind}"


def add(upload: Upload) -> None:
    """Give an upload its pages."""
    pages = _Pages(upload)
    kind, preview = upload.kind, f"{upload.address}/check/<upload>"

    @upload.guard
    def form(study: Any) -> ResponseReturnValue:
        return pages.check(study) if request.method == "POST" else pages.form(study)

    @upload.guard
    def check(study: Any, upload: str) -> ResponseReturnValue:
        return pages.confirm(study, upload) if request.method == "POST" else pages.preview(study, upload)

    @upload.guard
    def problems(study: Any, upload: str) -> ResponseReturnValue:
        return pages.all_problems(study, upload)

    office.add_url_rule(upload.address, kind, form, methods=["GET", "POST"])
    office.add_url_rule(preview, f"{kind}_check", check, methods=["GET", "POST"])
    office.add_url_rule(f"{preview}/problems.csv", f"{kind}_problems", problems, methods=["GET"])


class _Pages:
    """The pages of one upload."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    # ---- choosing and checking ----

    def form(self, study: Any) -> ResponseReturnValue:
        """Show the form; what went wrong before is in its address."""
        said = {"gone": ("main", _GONE), "large": (self._upload.field, self._upload.too_large)}
        return self._form(study, [fault for word, fault in said.items() if word in request.args])

    def check(self, study: Any) -> ResponseReturnValue:
        """Check a file: say what is missing, or lead to its problems or its preview."""
        request.max_content_length = self._upload.largest
        request.max_form_parts = self._upload.most_parts
        try:
            form = self._upload.form()
            form.validate()
            return self._checked(study, form)
        except RequestEntityTooLarge:
            # What was sent is not read to its end, so no page can be drawn in reply to it.
            return redirect(url_for(self._upload.endpoint, **_place(study), large=1), 303)
        finally:
            request.close()  # large files lie in a nameless temporary file until then

    def _checked(self, study: Any, form: FileForm) -> ResponseReturnValue:
        if form.stale:
            return self._form(study, [("main", _STALE)], form, 400)
        faults = form.faults(study)
        if faults:
            return self._form(study, faults, form, 400)
        try:
            with self._upload.turn.taken():
                found = self._upload.look(study, form)
        except Identifying as fault:
            return self._problems(study, fault.problems, None)
        except Refused as fault:
            where = self._upload.field if len(fault.reasons) == 1 else "main"
            return self._form(study, [(where, sentence) for sentence in fault.reasons], form, 400)
        token = waiting_place.keep(store().engine, self._owner(study), found, _now())
        return redirect(self._address(study, token), 303)

    # ---- previewing and confirming ----

    def preview(self, study: Any, token: str) -> ResponseReturnValue:
        """Show a file's problems, or what confirming it would do now."""
        found = self._kept(study, token)
        if found is None:
            return self._gone(study)
        if found.problems:
            return self._problems(study, found.problems, token, found.chosen.get("lines", {}))
        return self._preview(study, token, found)

    def _preview(
        self, study: Any, token: str, found: Waiting, faults: Sequence[FormFault] = (), agreed: Collection[str] = ()
    ) -> ResponseReturnValue:
        try:
            proposal = self._upload.show(study, found)
        except Refused as fault:
            return self._refused(study, token, fault)
        page = render_template(
            f"office/{self._upload.template}-preview.html",
            **self._common(study),
            **proposal.values,
            proposal=proposal,
            address=self._address(study, token),
            agreed=agreed,
            shown=SHOWN,
            form=Form(formdata=None),
            faults=list(faults),
        )
        return page, 400 if faults else 200

    def confirm(self, study: Any, token: str) -> ResponseReturnValue:
        """Do what the preview said, or delete what was waiting."""
        form = Form()
        form.validate()
        found = self._kept(study, token)
        if found is None:
            return self._gone(study)
        if form.stale:
            return self._preview(study, token, found, [("main", _STALE_PREVIEW)])
        if request.form.get("do") != "import":
            self._drop(study, token)
            return redirect(url_for(self._upload.endpoint, **_place(study)), 303)
        if found.problems:
            abort(400)
        return self._confirmed(study, token, found)

    def _confirmed(self, study: Any, token: str, found: Waiting) -> ResponseReturnValue:
        agreed = request.form.getlist("yes")
        try:
            proposal = self._upload.show(study, found)
        except Refused as fault:
            return self._refused(study, token, fault)
        open_ = unanswered(proposal.doubts, agreed)
        if open_:
            return self._preview(study, token, found, [(f"yes-{one.name}", one.unticked) for one in open_], agreed)
        try:
            with self._upload.turn.taken():
                return self._applied(study, token, found, agreed)
        except Refused:  # by the turn: what is refused by the upload itself was answered
            return self._preview(study, token, found, [("main", _BUSY_CONFIRMING)], agreed)

    def _applied(self, study: Any, token: str, found: Waiting, agreed: Collection[str]) -> ResponseReturnValue:
        try:
            there = self._upload.apply(study, found, agreed)
        except Refused as fault:
            return self._refused(study, token, fault)
        self._drop(study, token)
        return redirect(there, 303)

    def _refused(self, study: Any, token: str, fault: Refused) -> ResponseReturnValue:
        self._drop(study, token)
        return self._form(study, [("main", sentence) for sentence in fault.reasons], None, 409)

    # ---- problems ----

    def _problems(
        self,
        study: Any,
        problems: Sequence[tuple[str, str]],
        token: str | None,
        lines: Mapping[str, str] = MappingProxyType({}),
    ) -> ResponseReturnValue:
        """Show the first problems. token: None where nothing is kept, so that the others cannot be downloaded.

        lines: what stands at a place, where that helps to find it.
        """
        return render_template(
            "office/upload-problems.html",
            **self._common(study),
            problems=problems[:SHOWN],
            lines=lines,
            count=len(problems),
            further=list(_summed(problems[SHOWN:])),
            more=None if token is None else url_for(f"{self._upload.endpoint}_problems", **_place(study), upload=token),
        )

    def all_problems(self, study: Any, token: str) -> ResponseReturnValue:
        """Send every problem of a file."""
        found = self._kept(study, token)
        if found is None:
            return self._gone(study)
        name = f"{study.code}-problems.csv" if study is not None else "problems.csv"
        return send(csv_of(["where", "problem"], found.problems), name)

    # ---- what they share ----

    def _form(
        self, study: Any, faults: Sequence[FormFault] = (), form: FileForm | None = None, status: int = 200
    ) -> ResponseReturnValue:
        shown = form or self._upload.form(formdata=None)
        page = render_template(
            f"office/{self._upload.template}.html",
            **self._common(study),
            **shown.drawn(study),
            **self._upload.page(study, shown),
            form=shown,
            faults=list(faults),
        )
        return page, status

    def _common(self, study: Any) -> dict[str, Any]:
        return {"study": study, "here": self._upload.here, "upload": self._upload, "place": _place(study)}

    def _gone(self, study: Any) -> ResponseReturnValue:
        return redirect(url_for(self._upload.endpoint, **_place(study), gone=1), 303)

    def _address(self, study: Any, token: str) -> str:
        return url_for(f"{self._upload.endpoint}_check", **_place(study), upload=token)

    def _owner(self, study: Any) -> Owner:
        return Owner(self._upload.kind, actor().name, study.id if study is not None else None)

    def _kept(self, study: Any, token: str) -> Waiting | None:
        return waiting_place.kept(store().engine, self._owner(study), token, _now())

    def _drop(self, study: Any, token: str) -> None:
        waiting_place.drop(store().engine, self._owner(study), token, _now())


def counted(words: Mapping[str, tuple[str, str]]) -> list[str] | None:
    """Return what was done, as the address counts it; None where it counts nothing.

    words: what is counted under a name, for one and for many.
    """
    counts = {name: request.args.get(name, type=int) for name in words}
    if all(number is None for number in counts.values()):
        return None
    return [f"{number:,} {words[name][number != 1]}" for name, number in counts.items() if number]


def _summed(problems: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield how many more problems there are of each sort."""
    for message, number in Counter(message for _, message in problems).most_common(_MOST_SUMMED):
        if number > 1:
            yield f"{number:,} more rows: {message}"


def _place(study: Any) -> dict[str, Any]:
    return {} if study is None else {"code": study.code}


def _now() -> datetime:
    return datetime.now(UTC)
