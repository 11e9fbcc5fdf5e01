"""A small study made by hand: two versions of one questionnaire, and responses written out one by one."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import openpyxl

from survey.definition.questionnaire import Questionnaire
from survey.definition.study import StudyDefinition
from survey.export.columns import AnsweredVersion
from survey.export.study import Export
from survey.fieldwork.listed import Listed, ListedSchool
from survey.progress import Progress

NOW = datetime(2026, 7, 1, 11, 30, tzinfo=UTC)
FIRST, SECOND = "1" * 64, "2" * 64

AGREE = [{"code": "1", "label": "No"}, {"code": "2", "label": "A bit"}, {"code": "3", "label": "A lot"}]

ONE: dict[str, Any] = {
    "questionnaire": "pupil",
    "version": "1",
    "title": "Music and me",
    "audience": "pupil",
    "reader": {"age": "8"},
    "languages": ["en"],
    "options": {"agree3": AGREE},
    "pages": [
        {
            "page": "first",
            "questions": [
                {"question": "sing", "kind": "rating", "ask": "Do you like singing?", "options": "agree3"},
                {"question": "dance", "kind": "rating", "ask": "Do you like dancing?", "options": "agree3"},
                {"question": "plays", "kind": "yes_no", "ask": "Do you play?"},
                {
                    "question": "instrument",
                    "kind": "choice",
                    "ask": "Which instrument?",
                    "when": {"plays": "yes"},
                    "options": [
                        {"code": "1", "label": "Drums"},
                        {"code": "2", "label": "Violin"},
                        {"code": "8", "label": "Something else", "other": "yes"},
                    ],
                },
            ],
        },
        {
            "page": "second",
            "questions": [
                {
                    "question": "places",
                    "kind": "several",
                    "ask": "Where do you make music?",
                    "short": "Where",
                    "options": [{"code": "1", "label": "In class"}, {"code": "2", "label": "At home"}],
                },
                {"question": "hours", "kind": "number", "ask": "How many hours?", "min": "0", "max": "40"},
                {"question": "since", "kind": "date", "ask": "Since when?"},
                {"question": "best", "kind": "short_text", "ask": "What is best?"},
            ],
        },
    ],
    "scales": [
        {
            "scale": "joy",
            "title": "Joy of music",
            "items": ["sing", {"item": "dance", "reverse": "yes"}],
            "score": "mean",
            "needs": "1 of 2",
            "bands": {"self": [{"from": "1", "to": "2", "label": "little"}, {"from": "2", "to": "3", "label": "much"}]},
            "direction": "High is much joy",
        }
    ],
}


def later(**changes: Any) -> dict[str, Any]:
    """Return version 2: without dancing, with a question about drums, and other words for the third point."""
    first, second = ONE["pages"]
    questions = [question for question in first["questions"] if question["question"] != "dance"]
    drums = {"question": "drums", "kind": "rating", "ask": "Do you like drums?", "options": "agree3"}
    options = [*AGREE[:2], {"code": "3", "label": "Very much", "was": "A lot"}]
    return {
        **ONE,
        "version": "2",
        "options": {"agree3": options},
        "pages": [{**first, "questions": [*questions, drums]}, second],
        "scales": [{**ONE["scales"][0], "items": ["sing", "drums"], "needs": "2 of 2"}],
        **changes,
    }


def versions(*data: Mapping[str, Any]) -> list[AnsweredVersion]:
    """Return versions of a questionnaire from their data, under the sums FIRST, SECOND."""
    sums = (FIRST, SECOND)
    return [AnsweredVersion(sums[n], Questionnaire.from_data(dict(one))) for n, one in enumerate(data)]


def study(**changes: Any) -> StudyDefinition:
    """Return the study, with keys of its file changed."""
    return StudyDefinition.model_validate(
        {
            "study": "sample",
            "title": "A sample",
            "time_zone": "Europe/London",
            "arms": [
                {"arm": "programme", "title": "Programme schools"},
                {"arm": "comparison", "title": "Comparison schools"},
            ],
            "programmes": [{"programme": "north", "title": "The north"}],
            "waves": [
                {"wave": "w1", "title": "Autumn", "opens": "2025-09-15", "closes": "2025-10-24"},
                {"wave": "w2", "title": "Spring", "opens": "2026-02-01", "closes": "2026-03-24"},
            ],
            "facts": [
                {"fact": "year", "title": "Year group", "kind": "number"},
                {"fact": "sex", "title": "Sex", "kind": "code", "codes": {"f": "Girl", "m": "Boy"}},
                {"fact": "fsm", "title": "Free school meals", "kind": "yes_no"},
                {"fact": "joined", "title": "Joined", "kind": "date"},
            ],
            "fieldwork": [{"questionnaire": "pupil", "audience": "pupil", "waves": ["w1", "w2"]}],
            "retention": {"delete_on": "2035-08-31"},
            "access": {"tables": ["researcher"], "microdata": ["researcher"]},
            **changes,
        }
    )


@dataclass(frozen=True)
class Response:
    """A response as the store gives it; the roster's facts hold what must never come out as well."""

    id: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    state: str = "finished"
    wave: str = "w1"
    sha256: str = FIRST
    participant: str | None = "P001"
    arm: str | None = "programme"
    programme: str | None = "north"
    school: str | None = "0123"
    school_title: str | None = "Hill School"
    school_class: str | None = "4B"
    language: str = "en"
    mode: str = "own device"
    layout: str | None = "row"
    epoch: int = 1
    started_at: datetime = datetime(2025, 9, 20, 9, 0, 0, tzinfo=UTC)
    seen_at: datetime = datetime(2025, 9, 20, 9, 4, 0, tzinfo=UTC)
    finished_at: datetime | None = datetime(2025, 9, 20, 9, 5, 30, tzinfo=UTC)
    facts: Mapping[str, Any] = field(default_factory=lambda: dict(FACTS))
    screens: Mapping[str, int] = field(default_factory=dict)
    listened: Mapping[str, int] = field(default_factory=dict)
    household: str | None = None
    child: int = 1
    child_code: str | None = None
    child_by: str | None = None


FACTS = {
    "year": 4,
    "sex": "f",
    "fsm": True,
    "joined": "2024-09-02",
    "name": "Alice Underhill",
    "upn": "A123456789012",
    "school": "St Cecilia's",
}

FULL: dict[str, Any] = {
    "sing": 3,
    "dance": 1,
    "plays": 1,
    "instrument": 8,
    "instrument.other": "a harp",
    "places": [1],
    "hours": 2.5,
    "since": "2024-02-29",
    "best": "everything",
}


@dataclass
class Source:
    """What an export reads, in place of a database."""

    responses: Mapping[str, Sequence[Response]]
    published: Mapping[str, Sequence[AnsweredVersion]]
    study: StudyDefinition = field(default_factory=study)
    fieldwork: Progress = field(default_factory=lambda: Progress((), (), (), (), ()))
    lost: int = 0
    """So many more responses does it count than it gives."""

    def questionnaires(self) -> Mapping[str, Sequence[AnsweredVersion]]:
        return self.published

    def rows(self, questionnaire: str) -> Iterator[Any]:
        return iter(self.responses.get(questionnaire, ()))

    def progress(self, now: datetime) -> Progress:
        return self.fieldwork

    def leaves_out(self, questionnaire: str) -> bool:
        return False

    def count(self, questionnaire: str) -> int:
        return len(self.responses.get(questionnaire, ())) + self.lost

    def listed(self) -> Iterator[Listed]:
        return iter(())

    def schools(self) -> list[ListedSchool]:
        return []


def source(*responses: Response, of: Sequence[Mapping[str, Any]] = (ONE,), **changes: Any) -> Source:
    """Return a source with responses to the sample questionnaire."""
    return Source({"pupil": responses}, {"pupil": versions(*of)}, study(**changes))


def workbook_bytes(given: Source, **options: Any) -> bytes:
    """Return the workbook of a source."""
    out = io.BytesIO()
    Export(given, NOW, **options).write("xlsx", out)
    return out.getvalue()


def workbook(given: Source, **options: Any) -> openpyxl.Workbook:
    """Return the workbook of a source, read again."""
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(given, **options)))


def rows(book: openpyxl.Workbook, title: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet, each as column -> cell."""
    header, *body = book[title].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in body]


def told(notes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the notes without those that sum up a sheet: in a sample all counts are small, and so they say so."""
    return [note for note in notes if note["where"] not in ("Items", "Structure", "Flags")]


def csv_zip(given: Source, **options: Any) -> zipfile.ZipFile:
    """Return the zip of CSVs of a source."""
    out = io.BytesIO()
    Export(given, NOW, **options).write("csv", out)
    return zipfile.ZipFile(out)


def csv_rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV, each as column -> text."""
    text = archive.read(name).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
