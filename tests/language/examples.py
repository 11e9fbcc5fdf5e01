"""Examples of the manual: what is left out of an example is filled in, so that each shows one thing."""

from __future__ import annotations

import pathlib
import re
import tempfile

from survey.definition.bundle import Bundle
from survey.definition.checking import check
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import FolderReading, read_folder, read_questionnaire
from survey.problems import errors

AROUND = {
    "questionnaire": "sample",
    "version": "1",
    "title": "Music and you",
    "audience": "staff",
    "reader": "{age: 18}",
    "languages": "[en]",
    "introduction": "We ask about music at your school.",
    "data_use": "Answers are kept without names.",
    "contact": "Ask the study team.",
    "consent": '{ask: Do you agree?, yes: I agree, no: "No", declined: Thank you.}',
    "free_text": "{read: no}",
    "pages": "[{page: one, questions: [{question: sings, kind: yes_no, ask: Do you sing?}]}]",
}
STUDY_AROUND = {
    "study": "sample-study",
    "title": "Songs at school",
    "arms": "[{arm: programme, title: With}, {arm: comparison, title: Without}]",
    "waves": "[{wave: w1, title: Autumn, opens: 2025-09-15, closes: 2025-10-24}]",
    "fieldwork": "[{questionnaire: sample, audience: staff, waves: [w1]}]",
    "retention": "{delete_on: 2035-08-31}",
    "access": "{tables: [researcher], microdata: [researcher]}",
}


def filled(example: str, around: dict[str, str]) -> str:
    """Return the example with the keys it leaves out."""
    written = set(re.findall(r"^(\w+):", example, re.MULTILINE))
    if "assent" in written:
        written.add("consent")
    missing = [f"{key}: {value}" for key, value in around.items() if key not in written]
    return "\n".join([example, *missing]) + "\n"


_FOLDERS = tempfile.TemporaryDirectory(prefix="chorus-examples-")
"""Where the folders of examples are made; it goes when the tests end."""


def folder_of(**files: str) -> pathlib.Path:
    """Write a folder; `sample` is sample.yaml, `sample_cy` sample.cy.yaml."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=_FOLDERS.name))
    for name, text in files.items():
        (folder / f"{name.replace('_', '.')}.yaml").write_text(text, encoding="utf-8")
    return folder


def bundled(folder: pathlib.Path, name: str) -> Bundle:
    """Return the text to be published of a questionnaire in a folder; it must be without errors."""
    reading = read_questionnaire(folder / f"{name}.yaml")
    assert errors(reading.problems) == [], [str(problem) for problem in reading.problems]
    return Bundle.of(reading.data, reading.translations, reading.files)


def good(example: str, **translations: str) -> Questionnaire:
    """Return the questionnaire of an example that must be without errors."""
    folder = folder_of(sample=filled(example, AROUND), **{f"sample_{key}": text for key, text in translations.items()})
    reading = read_questionnaire(folder / "sample.yaml")
    assert errors(reading.problems) == [], [str(problem) for problem in reading.problems]
    assert reading.questionnaire is not None
    return reading.questionnaire


def told(example: str, **translations: str) -> list[str]:
    """Return what the author of an example hears, without the places."""
    folder = folder_of(sample=filled(example, AROUND), **{f"sample_{key}": text for key, text in translations.items()})
    return [problem.message for problem in check(folder / "sample.yaml")]


def good_study(example: str, questionnaire: str = "") -> FolderReading:
    """Return the folder of a study that must be without errors."""
    reading = read_folder(study_folder(example, questionnaire))
    assert errors(reading.problems) == [], [str(problem) for problem in reading.problems]
    return reading


def told_study(example: str, questionnaire: str = "") -> list[str]:
    """Return what the author of a study hears, without the places."""
    return [problem.message for problem in check(study_folder(example, questionnaire))]


def study_folder(example: str, questionnaire: str) -> pathlib.Path:
    """Write a study and its one questionnaire."""
    return folder_of(study=filled(example, STUDY_AROUND), sample=filled(questionnaire, AROUND))
