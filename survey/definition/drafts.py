"""The questionnaires of a folder while their author is writing them: read again whenever a file has changed.

What is wrong now is told with the line it is about. A questionnaire that cannot be read now stays as it was when it
could be; one of which only translations are wrong or missing is there, with the source's words in place of theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from survey.definition.bundle import Bundle
from survey.definition.files import TYPES, collect
from survey.definition.languages import TextPlace, lookup, side_by_side
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import STUDY_FILE, FolderReading, Reading, read_folder
from survey.definition.rules.roster import facts_in_wordings
from survey.definition.study import StudyDefinition
from survey.definition.wording import UnreadableWording, checked_gaps
from survey.problems import Problem, errors

_REMEMBERED: Final = 40
"""Earlier states of each questionnaire that are kept, for people who are in the middle of one."""

_LONGEST_LINE: Final = 400
"""Characters of a line that is shown with its problem."""


@dataclass(frozen=True)
class QuotedProblem:
    """A problem with the line of the file that it is about; the line is empty where the file has none there."""

    problem: Problem
    line: str

    @property
    def place(self) -> str:
        """File, line and column, as `survey check` writes them, without the folder."""
        return f"{self.problem.file}:{self.problem.line}:{self.problem.column}"


@dataclass(frozen=True)
class Draft:
    """One questionnaire of a folder. Its pages are those of `bundle`, in these `languages`.

    problems: of its files. since: when it could be read last, None where that is now. texts: every text in each
    language, as the files are now. earlier: what it was before, by SHA-256.
    """

    name: str
    bundle: Bundle
    languages: Sequence[str]
    texts: Sequence[tuple[TextPlace, Mapping[str, str | None]]]
    problems: Sequence[QuotedProblem] = ()
    since: datetime | None = None
    earlier: Mapping[str, Questionnaire] = field(default_factory=dict)

    @property
    def questionnaire(self) -> Questionnaire:
        """The questionnaire as it can be tried out."""
        return Bundle.parse(self.bundle.text)


@dataclass(frozen=True)
class DraftedFolder:
    """A folder as it is now.

    title: of its study; the folder's name where there is none. study: as far as it can be read. drafts: questionnaires
    that can be tried out, by name. unreadable: names of others. problems: everything that is wrong.
    """

    tag: str
    title: str
    study: StudyDefinition | None
    drafts: Mapping[str, Draft]
    unreadable: Sequence[str]
    problems: Sequence[QuotedProblem]


class Drafts:
    """The questionnaires of a folder, or one of them, as their files are whenever someone asks."""

    def __init__(self, path: Path) -> None:
        """Watch a folder, or a questionnaire NAME.yaml in one."""
        self._folder = path if path.is_dir() else path.parent
        self._only = None if path.is_dir() else path.stem
        self._lock = Lock()
        self._read: DraftedFolder | None = None
        self._at = datetime.now(UTC)

    def tag(self) -> str:
        """Return a text that changes whenever a file of the folder does; no file is read for it."""
        seen = hashlib.sha256()
        for path in sorted(self._files()):
            try:
                state = path.stat()
            except OSError:
                continue  # it has just gone
            seen.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\0".encode("utf-8", "surrogateescape"))
        return seen.hexdigest()[:16]

    def _files(self) -> Iterator[Path]:
        yield from self._folder.glob("*.y*ml")
        for path in self._folder.glob("*/**/*"):
            if path.suffix in TYPES:
                yield path

    def now(self) -> DraftedFolder:
        """Return the folder as it is now; it is read only where something has changed."""
        with self._lock:
            tag = self.tag()
            if self._read is None or self._read.tag != tag:
                self._read = self._again(tag, self._read.drafts if self._read else {})
                self._at = datetime.now(UTC)
            return self._read

    def _again(self, tag: str, before: Mapping[str, Draft]) -> DraftedFolder:
        reading = read_folder(self._folder)
        there = {name: one for name, one in reading.readings.items() if self._only in (None, name)}
        told = list(quoted_problems(problem for problem in reading.problems if self._is_told(problem, there)))
        drafts: dict[str, Draft] = {}
        for name, one in there.items():
            mine = [quoted for quoted in told if _is_of(quoted.problem, name)]
            new = _draft(one, reading)
            if new is not None:
                drafts[name] = replace(new, problems=mine, earlier=_earlier(before.get(name), new))
            elif name in before:
                drafts[name] = replace(before[name], problems=mine, since=before[name].since or self._at)
        left = [name for name in there if name not in drafts]
        return DraftedFolder(tag, self._title(reading), reading.draft, drafts, left, told)

    def _title(self, reading: FolderReading) -> str:
        wrong = any(problem.file == STUDY_FILE for problem in errors(reading.problems))
        return reading.draft.title if reading.draft and not wrong else self._folder.resolve().name

    def _is_told(self, problem: Problem, there: Mapping[str, Reading]) -> bool:
        return self._only is None or any(_is_of(problem, name) for name in there)


def _is_of(problem: Problem, name: str) -> bool:
    """Tell whether a problem is in a questionnaire's file or in one of its translations."""
    return problem.file.split(".", 1)[0] == name


def quoted_problems(problems: Iterable[Problem]) -> Iterator[QuotedProblem]:
    """Yield problems with the lines they are about, read from their files."""
    lines: dict[str, list[str]] = {}
    for problem in problems:
        if problem.path not in lines:
            try:
                lines[problem.path] = Path(problem.path).read_text("utf-8-sig", "replace").splitlines()
            except OSError:
                lines[problem.path] = []  # a folder, or a file that is missing: its name says it all
        there = lines[problem.path]
        line = there[problem.line - 1] if problem.line <= len(there) else ""
        yield QuotedProblem(problem, line[:_LONGEST_LINE])


def _earlier(before: Draft | None, new: Draft) -> dict[str, Questionnaire]:
    if before is None:
        return {}
    known = {**before.earlier, before.bundle.sha256: before.questionnaire}
    known.pop(new.bundle.sha256, None)
    return dict(list(known.items())[-_REMEMBERED:])


# ---- what can be tried out ------------------------------------------------------------------------------


def _draft(reading: Reading, folder: FolderReading) -> Draft | None:
    """Return what can be tried out of a questionnaire as its files are; None where its own file has errors."""
    if not reading.source_right or reading.draft is None:
        return None
    data = _with_facts(reading, reading.draft, folder.draft)
    source = Questionnaire.from_data(data)
    written = source.language
    spoken = [language for language in source.languages if language == written or language in reading.translations]
    translations = {language: _usable(source, reading.translations[language]) for language in spoken[1:]}
    data = {**data, "languages": spoken}
    files = collect(Questionnaire.from_data(data, translations), reading.path.parent)
    texts = side_by_side(source.texts(), written, source.languages, reading.translations)
    return Draft(reading.path.stem, Bundle.of(data, translations, files), spoken, texts)


def _with_facts(reading: Reading, draft: Questionnaire, study: StudyDefinition | None) -> dict[str, Any]:
    """Return a questionnaire's data with the words that its study has for facts, as they are published."""
    said = facts_in_wordings(draft, study) if study is not None else {}
    return {**reading.data, "facts": {**reading.data.get("facts", {}), **said}} if said else reading.data


def _usable(source: Questionnaire, translation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a translation without what is wrong in it: the source's words stand there instead."""
    usable: dict[str, Any] = {}
    for place in source.texts():
        text = lookup(translation, place.key)
        if text is None or not _is_wording(text):
            continue
        here = usable
        for step in place.key[:-1]:
            here = here.setdefault(step, {})
        here[place.key[-1]] = text
    return usable


def _is_wording(text: str) -> bool:
    try:
        checked_gaps(text)
    except UnreadableWording:
        return False
    return True
