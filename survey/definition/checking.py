"""What ``survey check`` says: every problem of a file or of a folder, in the order of the files."""

from __future__ import annotations

from pathlib import Path

from survey.definition.reading import STUDY_FILE, against_study, read_folder, read_questionnaire
from survey.problems import Problem


def check(path: Path | str) -> list[Problem]:
    """Return what is wrong with, and what could be better about, a study's folder or one of its files.

    A study.yaml and a translation are judged with the files they belong to, but only their own problems are
    returned. Nothing a file holds makes this raise.
    """
    path = Path(path)
    if path.is_dir():
        return read_folder(path).problems
    if not path.exists():
        return [Problem(str(path), 1, 1, "there is no such file or folder. Please check its name")]
    if not path.is_file():
        return [Problem(str(path), 1, 1, "this is not an ordinary file. Please choose one that is")]
    if path.suffix != ".yaml":
        return [Problem(str(path), 1, 1, "the names of questionnaires and studies end in .yaml. Please choose one")]
    if path.name == STUDY_FILE:
        return _only(path, read_folder(path.parent).problems)
    if "." in path.stem:
        return _translation(path)
    return _questionnaire(path)


def _only(path: Path, problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.path == str(path)]


def _questionnaire(path: Path) -> list[Problem]:
    reading = read_questionnaire(path)
    if not (path.parent / STUDY_FILE).is_file():
        return reading.problems
    # The study beside it says which roster facts there are.
    study = read_folder(path.parent).draft
    return reading.problems + (against_study(reading, study) if study else [])


def _translation(path: Path) -> list[Problem]:
    source = path.with_name(f"{path.stem.split('.', 1)[0]}.yaml")
    if not source.is_file():
        message = (
            f"this is a translation of {source.name}, but there is no such file. Please rename this one, "
            "or add that one"
        )
        return [Problem(str(path), 1, 1, message)]
    return _only(path, read_questionnaire(source).problems)
