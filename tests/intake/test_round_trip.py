"""What goes out comes in: an export, taken into a fresh study with the same rosters, is exported alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from survey.audit import COMMAND_LINE, Act, entries
from survey.database import Engine, session
from survey.definition.columns import AS_TYPED
from survey.fieldwork import study_by_code
from survey.fieldwork.roster.tables import SentFile
from survey.intake import Destination, import_answers, look
from survey.intake.identity import CAUTIOUS_BELOW, IDENTITY, taken_names
from survey.journey import Journey
from survey.responses import Record, count, load, stream
from tests.intake.field import (
    NOW,
    STUDY,
    all_exported,
    answered,
    exported,
    prepared,
    reading_of,
    study_folder,
    without_ids,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return study_folder(tmp_path / "study")


@pytest.fixture
def source(tmp_path: Path, folder: Path) -> Iterator[Engine]:
    """Somewhere else, the study was answered in its first wave."""
    engine = prepared(f"sqlite:///{tmp_path}/source.sqlite", folder)
    answered(engine, folder)
    yield engine
    engine.dispose()


@pytest.fixture
def target(database_url: str, folder: Path) -> Iterator[Engine]:
    engine = prepared(database_url, folder)
    yield engine
    engine.dispose()


def test_codes_and_scores_are_the_same_after_the_journey(source: Engine, target: Engine) -> None:
    files = all_exported(source)
    for name in ("pupil-ks2", "parent"):
        file = files[f"{name}-codes"]
        before = look(target, Destination(STUDY, name, "w1"), SentFile(file, "codes.csv"), NOW)
        assert before.problems == ()
        taken = import_answers(
            target, Destination(STUDY, name, "w1"), SentFile(file, "codes.csv"), Act(COMMAND_LINE, NOW)
        )
        assert (taken.added, taken.unchanged, taken.problems) == (before.added, 0, ())
        assert taken.added == len(without_ids(file)) - 1 >= 25
        assert sum(taken.states.values()) == taken.added
        assert {"finished", "stopped"} <= set(taken.states)
    here, there = all_exported(target), all_exported(source)
    for name in ("pupil-ks2", "parent"):
        for what in ("codes", "labels", "scores"):
            assert without_ids(here[f"{name}-{what}"]) == without_ids(there[f"{name}-{what}"])


@pytest.mark.one_engine
def test_what_looks_like_a_missing_code_was_typed_and_stays(source: Engine, target: Engine) -> None:
    """The sample has such texts, so that the test above means something."""
    rows = list(csv.DictReader(io.StringIO(exported(source, "parent").decode(), newline="")))
    said = {row[AS_TYPED] for row in rows}
    assert "00" in said
    typed = {row[name] for row in rows for name in row[AS_TYPED].split() if name in row}
    assert typed & {"-5", "-9", " -8 "}
    file = exported(source, "parent")
    assert (
        import_answers(
            target, Destination(STUDY, "parent", "w1"), SentFile(file, "a.csv"), Act(COMMAND_LINE, NOW)
        ).problems
        == ()
    )
    texts = {
        value for record in _records(target, "parent") for value in record.answers.values() if isinstance(value, str)
    }
    assert typed <= texts


def test_the_same_file_again_changes_nothing(source: Engine, target: Engine) -> None:
    for name in ("pupil-ks2", "parent"):
        file = exported(source, name)
        first = import_answers(
            target, Destination(STUDY, name, "w1"), SentFile(file, "codes.csv"), Act(COMMAND_LINE, NOW)
        )
        records = _records(target, name)
        again = import_answers(
            target, Destination(STUDY, name, "w1"), SentFile(file, "codes.csv"), Act(COMMAND_LINE, NOW)
        )
        assert (again.added, again.unchanged, again.problems) == (0, first.added, ())
        assert _records(target, name) == records


def test_an_export_of_this_very_study_changes_nothing(source: Engine) -> None:
    for name in ("pupil-ks2", "parent"):
        file = exported(source, name)
        again = import_answers(
            source, Destination(STUDY, name, "w1"), SentFile(file, "codes.csv"), Act(COMMAND_LINE, NOW)
        )
        assert (again.added, again.problems) == (0, ())
        assert again.unchanged == len(without_ids(file)) - 1


@pytest.mark.one_engine
def test_looking_changes_nothing_and_taking_is_noted_without_an_answer(source: Engine, target: Engine) -> None:
    file = exported(source, "pupil-ks2")
    looked = look(target, Destination(STUDY, "pupil-ks2", "w1"), SentFile(file, "codes.csv"), NOW)
    assert _count(target, "pupil-ks2") == 0
    assert [entry.what for entry in entries(target) if "answers" in entry.what] == []
    import_answers(target, Destination(STUDY, "pupil-ks2", "w1"), SentFile(file, "codes.csv"), Act(COMMAND_LINE, NOW))
    (entry,) = [entry for entry in entries(target) if entry.what == "imported answers"]
    assert entry.about == "pupil-ks2 w1"
    assert entry.details == {"added": looked.added, "unchanged": 0, "file": looked.digest[:12]}


@pytest.mark.one_engine
def test_saves_are_those_of_the_screens(source: Engine, target: Engine, folder: Path) -> None:
    """Each answer is kept with the screen it belongs to, so that a response can be gone on with."""
    import_answers(
        target,
        Destination(STUDY, "pupil-ks2", "w1"),
        SentFile(exported(source, "pupil-ks2"), "a.csv"),
        Act(COMMAND_LINE, NOW),
    )
    journey = Journey(reading_of(folder).questionnaires["pupil-ks2"])
    for record in _records(target, "pupil-ks2"):
        saved = load(target, record.id)
        assert saved is not None
        assert set(saved.stamps) == set(record.answers)
        assert record.seed in range(24)
        if record.state == "finished":
            unanswered = [
                step.question.id
                for screen in journey.route(record.answers, record.facts)
                for step in screen.steps
                if step.question.asks and step.question.stored and step.part.key not in record.answers
            ]
            assert unanswered == []


@pytest.mark.one_engine
def test_an_excel_file_does_the_same(source: Engine, target: Engine, folder: Path) -> None:
    """As a researcher would send it: the codes in a workbook, numbers as numbers."""
    rows = list(csv.reader(io.StringIO(exported(source, "pupil-ks2").decode(), newline="")))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    # Columns of texts are formatted as text before the answers go in.
    names = ("school", "class", "participant", "response", AS_TYPED, *_of_texts(folder, "pupil-ks2"))
    text = {rows[0].index(name) for name in names}
    for row in rows:
        sheet.append([_number(cell) if at not in text else cell for at, cell in enumerate(row)])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # openpyxl takes what begins with = for a formula
    out = io.BytesIO()
    book.save(out)
    import_answers(
        target, Destination(STUDY, "pupil-ks2", "w1"), SentFile(out.getvalue(), "codes.xlsx"), Act(COMMAND_LINE, NOW)
    )
    assert _count(target, "pupil-ks2") == _count(source, "pupil-ks2")
    assert without_ids(exported(target, "pupil-ks2")) == without_ids(exported(source, "pupil-ks2"))


def _of_texts(folder: Path, name: str) -> list[str]:
    questions = reading_of(folder).questionnaires[name].questions
    return [c.name for question in questions for c in question.columns() if c.key in question.own_words]


def _number(cell: str) -> object:
    return int(cell) if cell.removeprefix("-").isdigit() and str(int(cell)) == cell else cell or None


def test_the_names_of_columns_are_those_of_the_export(source: Engine, folder: Path) -> None:
    header = without_ids(exported(source, "pupil-ks2"))[0]
    reading = reading_of(folder)
    assert reading.study is not None
    for name, questionnaire in reading.questionnaires.items():
        known = taken_names(reading.study, [questionnaire])
        always = {column.name for column in IDENTITY[:18] if column.wanted([questionnaire])}
        assert always <= known
        assert ("child_participant" in known) == questionnaire.for_each_child == ("child_participant" in always)
        assert ("age_caution" in known) == (questionnaire.reader.age < CAUTIOUS_BELOW)
        questions = {column.name for question in questionnaire.questions for column in question.columns()}
        if name == "pupil-ks2":
            assert set(header) - questions <= known


def _records(engine: Engine, name: str) -> list[Record]:
    return sorted(stream(engine, _study_id(engine), name), key=lambda record: record.id)


def _count(engine: Engine, name: str) -> int:
    return count(engine, _study_id(engine), name)


def _study_id(engine: Engine) -> int:
    with session(engine) as db:
        study = study_by_code(db, STUDY)
        assert study is not None
        return study.id
