"""A translation file: the same texts as its source, no fewer, no more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from survey.definition.binding import locate
from survey.definition.languages import TranslationPath, texts
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.source import MapNode, Node, Scalar
from survey.definition.wording import UnreadableWording, checked_gaps
from survey.problems import MOST_PROBLEMS, Nearest, Problem, quoted, shortened

_HEAD = ("questionnaire", "language", "reviewed")


def check_translation(source: Questionnaire, root: Node, path: str, language: str) -> list[Problem]:
    """Compare the tree of the file `path` with the texts of its source; return every gap and every extra."""
    if not isinstance(root, MapNode):
        message = "this file is not made of keys and values. Please begin with a line such as 'questionnaire: name'"
        return [Problem(path, root.line, root.column, message)]
    # One more than are told shows that there are more.
    faults = [*_head(source, root, language), *islice(_texts(source, root, language), MOST_PROBLEMS + 1)]
    return [locate(fault, root, path) for fault in faults]


def _head(source: Questionnaire, root: MapNode, language: str) -> Iterator[Fault]:
    expected = {"questionnaire": source.id, "language": language}
    for key, word in expected.items():
        value = root.values.get(key)
        if value is None:
            yield Fault((), f"this translation has no '{key}'. Please add: {key}: {word}")
        elif not isinstance(value, Scalar) or value.text != word:
            shown = f"'{shortened(value.text)}'" if isinstance(value, Scalar) else "no text"
            yield Fault(
                (key,),
                f"'{key}' is {shown}, but this file is named for '{word}'. Please write: {key}: {word}",
            )
    reviewed = root.values.get("reviewed")
    said = reviewed.text if isinstance(reviewed, Scalar) else ""
    if reviewed is not None and said not in ("yes", "no"):
        yield Fault(("reviewed",), "'reviewed' takes yes or no. Please write one of them")
    elif said != "yes":
        yield Fault(
            ("reviewed",) if reviewed else (),
            "no person has reviewed this translation. Please have it read by someone who speaks "
            "the language, "
            "then write: reviewed: yes",
            advice=True,
        )


def _texts(source: Questionnaire, root: MapNode, language: str) -> Iterator[Fault]:
    expected = {place.key: place.text for place in texts(source)}
    found = dict(_leaves(root, (), expected))
    # Where a part of the source could not be read, its texts are not known here and are no extras.
    unsure = source.written.questions - {question.id for question in source.questions}
    for key, text in expected.items():
        node = found.get(key)
        if not isinstance(node, Scalar) or not node.text.strip():
            yield _gap(key, text, root, language)
        else:
            yield from _same_gaps(key, text, node.text)
    nearest = Nearest(".".join(key) for key in expected)
    for key in found:
        if key not in expected and not (key[0] in ("questions", "grids") and unsure):
            yield _extra(key, nearest)


def _leaves(
    node: MapNode, at: TranslationPath, expected: dict[TranslationPath, str]
) -> Iterator[tuple[TranslationPath, Node]]:
    """Yield every text with its path, and every other thing that stands where a text is expected."""
    for name, child in node.values.items():
        key = (*at, name)
        if not at and name in _HEAD:
            continue
        if isinstance(child, MapNode) and key not in expected:
            yield from _leaves(child, key, expected)
        else:
            yield key, child


def _said(key: TranslationPath) -> str:
    if len(key) == 1:
        return f"'{key[0]}'"
    if len(key) == 4 and key[2] == "options":
        return f"code {shortened(key[3])} of the options of {key[0][:-1]} '{shortened(key[1])}'"
    if key[0] in ("questions", "grids", "pages") and len(key) > 2:
        rest = " ".join(key[2:])
        return f"'{shortened(rest)}' of {key[0][:-1]} '{shortened(key[1])}'"
    if key[0] == "options" and len(key) == 3:
        return f"code {shortened(key[2])} of option list '{shortened(key[1])}'"
    return f"'{shortened(' '.join(key))}'"


def _gap(key: TranslationPath, text: str, root: MapNode, language: str) -> Fault:
    # The place is the nearest thing that is there: that is where the line has to go.
    at: TranslationPath = ()
    node: Node = root
    for step in key:
        if not isinstance(node, MapNode) or step not in node.values:
            break
        node, at = node.values[step], (*at, step)
    return Fault(
        at,
        f"{_said(key)} is not translated into '{language}'. Every text of the source needs a translation. "
        f"Please translate: {shortened(text, 60)}",
        key=bool(at),
    )


def _extra(key: TranslationPath, nearest: Nearest) -> Fault:
    near = nearest.hint(".".join(key))
    return Fault(key, f"{_said(key)} is not a text of the source.{near or ' Please remove it.'}", key=True)


def _same_gaps(key: TranslationPath, text: str, translation: str) -> Iterator[Fault]:
    try:
        there = {gap.name for gap in checked_gaps(translation)}
    except UnreadableWording as fault:
        yield Fault(key, f"{shortened(translation, 30)!r}: {fault}")
        return
    try:
        wanted = {gap.name for gap in checked_gaps(text)}
    except UnreadableWording:
        return  # told at the source
    for name in sorted(wanted - there):
        yield Fault(key, f"{_said(key)} leaves out '{{{name}|…}}', which the source has. Please put it in")
    for name in sorted(there - wanted):
        yield Fault(
            key,
            f"{_said(key)} has '{{{name}|…}}', which the source does not have. "
            + (f"The source has {quoted(sorted(wanted))}. " if wanted else "")
            + "Please take it out",
        )
