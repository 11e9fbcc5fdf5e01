"""Files → Questionnaire and Study, with everything that is wrong said at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

from survey.definition import files
from survey.definition.advice import ADVICE
from survey.definition.binding import Bound, bind, locate
from survey.definition.misnamed import Given, given, option_lists, told_once
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire, WrittenFile
from survey.definition.rules import RULES
from survey.definition.rules.missing import numbers_apart
from survey.definition.rules.roster import facts_in_wordings, facts_used
from survey.definition.rules.study import STUDY_RULES, Surroundings
from survey.definition.rules.together import once_a_page
from survey.definition.source import ListNode, MapNode, Node, Scalar, parse_source, plain, read_source
from survey.definition.study import StudyDefinition
from survey.definition.translations import check_translation, facts_not_said
from survey.problems import MOST_PROBLEMS, Problem, did_you_mean, errors, shortened
from survey.wording import is_language

STUDY_FILE: Final = "study.yaml"

_QUESTIONNAIRE_STAND_INS: Final[dict[str, Any]] = {
    "questionnaire": "questionnaire",
    "version": 1,
    "title": "…",
    "audience": "pupil",
    "reader": {"age": 10},
    "languages": ["en"],
}
_STUDY_STAND_INS: Final[dict[str, Any]] = {
    "study": "study",
    "title": "…",
    "retention": {"delete_on": "9999-12-31"},
    "access": {"tables": ["researcher"], "microdata": ["researcher"]},
}


@dataclass
class Reading:
    """What came of one questionnaire and its translations.

    `questionnaire` is there when no problem refuses publication; `data` and `translations` are the plain contents of
    the files, and `files` are the pictures and recordings (path -> base 64). `draft` is what could be read although
    something is wrong, for looking up names only. `source_right` tells that whatever is wrong is in translations.
    """

    path: Path
    problems: list[Problem] = field(default_factory=list)
    questionnaire: Questionnaire | None = None
    data: dict[str, Any] = field(default_factory=dict)
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    draft: Questionnaire | None = None
    root: Node | None = None
    translated: dict[str, Node] = field(default_factory=dict)
    source_right: bool = False

    @property
    def trees(self) -> list[Node]:
        """The trees of the questionnaire and of its translations, as far as they could be read."""
        return [*([self.root] if self.root else []), *self.translated.values()]


@dataclass
class FolderReading:
    """What came of a whole study: `study` and `questionnaires` are there when no problem refuses publication.

    `draft` is the study as far as it could be read, for looking up names only; `study_text` is its file.
    """

    path: Path
    problems: list[Problem] = field(default_factory=list)
    study: StudyDefinition | None = None
    questionnaires: dict[str, Questionnaire] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    draft: StudyDefinition | None = None
    study_text: str = ""
    root: Node | None = None

    @property
    def trees(self) -> list[Node]:
        """The trees of the study and of its questionnaires, as far as they could be read."""
        roots = [self.root, *(reading.root for reading in self.readings.values())]
        return [root for root in roots if root is not None]


def read_questionnaire(path: Path | str) -> Reading:
    """Read NAME.yaml and each NAME.LANG.yaml beside it. Never raises for what a file holds."""
    path = Path(path)
    source = read_source(path)
    reading = Reading(path, list(source.problems))
    if source.root is None:
        return reading
    data = plain(source.root)
    reading.data = data if isinstance(data, dict) else {}
    written = _written(source.root)
    bound = bind(source.root, Questionnaire, str(path), _QUESTIONNAIRE_STAND_INS)
    reading.problems += bound.problems
    reading.root = bound.root
    if bound.model is not None:
        reading.draft = bound.model
        reading.problems += _look_at(bound, written, path)
        reading.source_right = not errors(reading.problems)
        reading.problems += _read_translations(reading, bound)
    reading.problems = _in_order(told_once(reading.problems, _given(reading), reading.trees))
    if not errors(reading.problems):
        reading.questionnaire = Questionnaire.from_data(reading.data, reading.translations)
        reading.files = files.collect(reading.questionnaire, path.parent)
    return reading


def _look_at(bound: Bound[Questionnaire], written: WrittenFile, path: Path) -> Iterator[Problem]:
    questionnaire = bound.model
    assert questionnaire is not None
    told = bool(bound.problems)
    written = replace(written, whole=not told, guessed=frozenset(bound.guessed), hurt=frozenset(bound.hurt))
    found = questionnaire.arrange(written)
    for rule in RULES:
        found += islice(rule(questionnaire), MOST_PROBLEMS + 1)
    if not bound.guessed & {"audience", "reader"}:
        found += [fault for advise in ADVICE for fault in once_a_page(advise(questionnaire))]
    if "questionnaire" not in bound.guessed and questionnaire.id != path.stem:
        message = (
            f"the questionnaire is called '{shortened(questionnaire.id)}', but its file "
            f"is called '{shortened(path.name)}'. They need the same name. Please rename one of them"
        )
        found.append(Fault(("questionnaire",), message))
    found += files.faults(questionnaire, path.parent)
    for fault in found:
        yield locate(fault, bound.root, str(path))


_NAMES: Final = {"question": "question", "grid": "grid", "page": "page", "scale": "scale"}


def _given(reading: Reading) -> Iterator[Given]:
    if reading.root is not None:
        path = str(reading.path)
        yield from given(reading.root, path, _NAMES)
        yield from option_lists(reading.root, path)


def _given_in(folder: FolderReading) -> Iterator[Given]:
    """Yield the names that one file of a study gives and another uses."""
    if folder.root is not None:
        for thing, node in _lists_of(folder.root):
            yield from given(node, str(folder.path / STUDY_FILE), {thing: thing})
    for name, reading in folder.readings.items():
        if reading.root is not None:
            yield from given(reading.root, str(reading.path), {"scale": "scale"}, prefix=f"{name}.")


def _written(root: Node) -> WrittenFile:
    """Collect names from a tree before anything is taken out of it."""
    questions, lists = frozenset(_names(root, "question")), frozenset(_keys_of(root, "options"))
    return WrittenFile(
        questions=questions,
        lists=lists,
        scales=frozenset(_names(root, "scale")),
        names=frozenset(
            {("option list", name) for name in lists} | {(k, name) for k in _NAMES for name in _names(root, k)}
        ),
    )


def _names(node: Node, key: str) -> Iterator[str]:
    if isinstance(node, MapNode):
        value = node.values.get(key)
        if isinstance(value, Scalar):
            yield value.text
        for child in (*node.values.values(), *(child for _, child in node.again)):
            yield from _names(child, key)
        yield from (child.text for name, child in node.again if name.text == key and isinstance(child, Scalar))
    elif isinstance(node, ListNode):
        for child in node.items:
            yield from _names(child, key)


_LISTS: Final = {"arms": "arm", "waves": "wave", "facts": "fact", "school_facts": "fact"}
"""What a study gives names to, and where: the same key elsewhere uses a name (`exposure: {fact: months}`)."""


def _lists_of(root: Node) -> Iterator[tuple[str, Node]]:
    """Yield each list of a study in which names are given, with what they are the names of."""
    for key, thing in _LISTS.items():
        node = root.values.get(key) if isinstance(root, MapNode) else None
        if node is not None:
            yield thing, node


def _keys_of(root: Node, key: str) -> list[str]:
    node = root.values.get(key) if isinstance(root, MapNode) else None
    return list(node.keys) if isinstance(node, MapNode) else []


def _read_translations(reading: Reading, bound: Bound[Questionnaire]) -> list[Problem]:
    questionnaire = bound.model
    assert questionnaire is not None
    problems: list[Problem] = []
    name = reading.path.stem
    files = {_language(path): path for path in translation_files(reading.path)}
    for i, language in enumerate(questionnaire.languages[1:], start=1):
        if language not in files and is_language(language) and "languages" not in bound.guessed:
            message = (
                f"language '{shortened(language)}' has no file. Each language except the first needs "
                f"one. Please add {name}.{shortened(language)}.yaml, or remove the language"
            )
            problems.append(locate(Fault(("languages", i), message), bound.root, str(reading.path)))
    for language, path in files.items():
        source = read_source(path)
        problems += source.problems
        if language not in questionnaire.languages[1:]:
            hint = did_you_mean(language, questionnaire.languages[1:])
            fix = hint or " Please add it there."
            message = f"'{shortened(language)}' is not among the other languages of {name}.yaml.{fix}"
            problems.append(Problem(str(path), 1, 1, message))
        elif source.root is not None:
            reading.translated[language] = source.root
            problems += check_translation(questionnaire, source.root, str(path), language)
            data = plain(source.root)
            reading.translations[language] = data if isinstance(data, dict) else {}
    return problems


def translation_files(path: Path) -> list[Path]:
    """Return the translation files that lie beside a questionnaire, in order of their names."""
    if not path.parent.is_dir():
        return []
    return sorted(other for other in path.parent.glob("*.yaml") if _is_translation_of(other, path))


def _is_translation_of(other: Path, path: Path) -> bool:
    return "." in other.stem and other.stem.split(".", 1)[0] == path.stem and other.is_file()


def _language(path: Path) -> str:
    return path.stem.split(".", 1)[1]


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Return problems by file and line, each once, and of a file no more than are told."""
    told: list[Problem] = []
    for _, of_file in groupby(sorted(set(problems), key=_place), key=lambda problem: problem.path):
        told += _few(list(of_file))
    return told


def _place(problem: Problem) -> tuple[str, int, int, bool, str]:
    return problem.path, problem.line, problem.column, problem.advice, problem.message


_MORE: Final = (
    f"only the first {MOST_PROBLEMS} problems in this file are listed. Please correct these, then check it again"
)


def _few(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= MOST_PROBLEMS or any(problem.message == _MORE for problem in problems):
        return problems
    # What refuses publication goes before advice.
    first = sorted((errors(problems) or problems)[:MOST_PROBLEMS], key=_place)
    last = first[-1]
    return [*first, Problem(last.path, last.line, last.column, _MORE, last.advice)]


def read_folder(path: Path | str) -> FolderReading:
    """Read study.yaml, the questionnaires and translations of a folder. Never raises for what they hold."""
    path = Path(path)
    folder = FolderReading(path)
    if not path.is_dir():
        folder.problems.append(Problem(str(path), 1, 1, "there is no such folder. Please check its name"))
        return folder
    folder.problems += _odd_files(path)
    for file in questionnaire_files(path):
        reading = read_questionnaire(file)
        folder.readings[file.stem] = reading
        folder.problems += reading.problems
    folder.problems += _read_study(path / STUDY_FILE, folder)
    folder.problems = _in_order(told_once(folder.problems, _given_in(folder), folder.trees))
    if folder.study and not errors(folder.problems):
        for reading in folder.readings.values():
            _say_facts(reading, folder.study)
    folder.questionnaires = {
        name: reading.questionnaire for name, reading in folder.readings.items() if reading.questionnaire
    }
    if errors(folder.problems):
        folder.study = None
        folder.questionnaires = {}
    return folder


def questionnaire_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are questionnaires by their names, in order."""
    return sorted(
        file for file in folder.glob("*.yaml") if file.name != STUDY_FILE and "." not in file.stem and file.is_file()
    )


def _odd_files(folder: Path) -> Iterator[Problem]:
    names = {file.stem for file in questionnaire_files(folder)}
    for file in sorted(folder.glob("*.yml")):
        yield Problem(
            str(file), 1, 1, f"file names must end in .yaml here. Please rename it to {shortened(file.stem)}.yaml"
        )
    for file in sorted(folder.glob("*.*.yaml")):
        name = file.stem.split(".", 1)[0]
        if name not in names and file.is_file():
            hint = did_you_mean(name, names) or " Please rename it, or add that questionnaire."
            yield Problem(
                str(file),
                1,
                1,
                f"this is a translation of {shortened(name)}.yaml, but there is no such file.{hint}",
            )


def _read_study(path: Path, folder: FolderReading) -> list[Problem]:
    if not path.exists():
        return [Problem(str(path), 1, 1, "a study needs a file study.yaml, and this folder has none. Please add it")]
    source = read_source(path)
    if source.root is None:
        return source.problems
    written: dict[str, frozenset[str]] = {}
    for thing, node in _lists_of(source.root):
        written[thing] = written.get(thing, frozenset()) | frozenset(_names(node, thing))
    bound = bind(source.root, StudyDefinition, source.path, _STUDY_STAND_INS)
    folder.study = folder.draft = bound.model
    folder.root = bound.root
    folder.study_text = path.read_text(encoding="utf-8-sig")
    return source.problems + bound.problems + _look_at_study(bound, source.path, folder, written)


def _look_at_study(
    bound: Bound[StudyDefinition], path: str, folder: FolderReading, written: dict[str, frozenset[str]]
) -> list[Problem]:
    if bound.model is None:
        return []
    around = Surroundings(
        {name: reading.draft for name, reading in folder.readings.items() if reading.draft},
        frozenset(folder.readings),
        {name: reading.draft.written.scales for name, reading in folder.readings.items() if reading.draft},
        written,
    )
    problems = [locate(fault, bound.root, path) for rule in STUDY_RULES for fault in rule(bound.model, around)]
    for reading in folder.readings.values():
        problems += against_study(reading, bound.model)
    return problems


def against_study(reading: Reading, study: StudyDefinition) -> list[Problem]:
    """Return what a questionnaire says about its study that is not so."""
    if reading.draft is None or reading.root is None:
        return []
    faults = [*facts_used(reading.draft, study), *numbers_apart(reading.draft, study)]
    problems = [locate(fault, reading.root, str(reading.path)) for fault in faults]
    said = facts_in_wordings(reading.draft, study)
    for language, root in reading.translated.items():
        path = reading.path.with_name(f"{reading.path.stem}.{language}.yaml")
        problems += facts_not_said(reading.draft, said, root, str(path), language)
    return problems


def _say_facts(reading: Reading, study: StudyDefinition) -> None:
    """Let a questionnaire say facts as its study does, where it has no words of its own: what is published is whole."""
    if reading.questionnaire is None:
        return
    said = facts_in_wordings(reading.questionnaire, study)
    if said:
        reading.data = {**reading.data, "facts": {**reading.data.get("facts", {}), **said}}
        reading.questionnaire = Questionnaire.from_data(reading.data, reading.translations)


def parse_study(text: str) -> StudyDefinition:
    """Return the study of a text that was checked before. Raises ValueError for any other."""
    source = parse_source(text.encode(), STUDY_FILE)
    if source.root is None or source.problems:
        raise ValueError("\n".join(str(problem) for problem in source.problems))
    data: Any = plain(source.root)
    return StudyDefinition.model_validate(data)
