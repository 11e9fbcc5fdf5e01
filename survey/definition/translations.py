"""A translation file: the same texts as its source, no fewer, no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from survey.definition.advice.wording import longest_texts, words
from survey.definition.binding import locate
from survey.definition.languages import TranslationPath
from survey.definition.model import Fault
from survey.definition.questionnaire import Questionnaire
from survey.definition.source import MapNode, Node, Scalar
from survey.definition.wording import UnreadableWording, checked_gaps
from survey.problems import MOST_PROBLEMS, About, Nearest, Problem, quoted, shortened

_HEAD: Final = ("questionnaire", "language", "reviewed")

_THINGS: Final = {"questions": "question", "grids": "grid", "pages": "page", "options": "option list", "facts": "fact"}
"""Parts of a translation whose keys are names in the source -> what is called by such a name."""


def check_translation(source: Questionnaire, root: Node, path: str, language: str) -> list[Problem]:
    """Compare the tree of the file `path` with the texts of its source; return every gap and every extra."""
    if not isinstance(root, MapNode):
        message = "this file does not have keys and values. Please start with a line such as 'questionnaire: name'"
        return [Problem(path, root.line, root.column, message)]
    comparison = _Comparison(source, language)
    misspelt = comparison.misspelt_heads(root)
    # One more than are told shows that there are more.
    found = [
        *_head(source, root, language, misspelt),
        *islice(comparison.faults(root, comparison.wanted, ()), MOST_PROBLEMS + 1),
    ]
    return [locate(fault, root, path) for fault in found]


def _head(source: Questionnaire, root: MapNode, language: str, misspelt: Collection[str]) -> Iterator[Fault]:
    expected = {"questionnaire": source.id, "language": language}
    for key, word in expected.items():
        value = root.values.get(key)
        if key in misspelt:
            continue
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
    elif said != "yes" and "reviewed" not in misspelt:
        yield Fault(
            ("reviewed",) if reviewed else (),
            "no one has reviewed this translation. Please have it read by a person who speaks "
            "the language, "
            "then write: reviewed: yes",
            advice=True,
        )


class _Comparison:
    """Compares a translation with its source from the top down.

    What differs is told where it begins to differ: a question under another name is one fault, not one for each text.
    """

    def __init__(self, source: Questionnaire, language: str) -> None:
        self.language = language
        self.age = source.reader.age
        self.written = source.written
        self.wanted: dict[str, Any] = {}
        for place in source.texts():
            here = self.wanted
            for step in place.key[:-1]:
                here = here.setdefault(step, {})
            here[place.key[-1]] = place.text
        self.read = {(what, name) for part, what in _THINGS.items() for name in self.wanted.get(part, ())}
        self.read |= {("question", question.id) for question in source.questions}

    def misspelt_heads(self, root: MapNode) -> set[str]:
        """Return the keys at the top that are there under another name."""
        missing = [key for key in _HEAD if key not in root.values]
        nearest = Nearest(missing)
        return {meant for name in self._extras(root, self.wanted, ()) if (meant := nearest.to(name))}

    def faults(self, node: MapNode, wanted: Mapping[str, Any], at: TranslationPath) -> Iterator[Fault]:
        """Yield every gap and every extra at and below a place: what stands there, and what the source has there."""
        gaps = [name for name in wanted if not _is_there(node.values.get(name))]
        nearest = Nearest([*gaps, *(key for key in _HEAD if not at and key not in node.values)])
        for name in self._extras(node, wanted, at):
            meant = nearest.to(name)
            if meant in gaps:
                # Under another name it is no gap: it has to be renamed.
                gaps.remove(meant)
            yield _extra((*at, name), meant)
        for name in gaps:
            yield from self._gap((*at, name), wanted[name], (*at, name) if name in node.values else at)
        for name in wanted:
            if name in node.values and _is_there(node.values[name]):
                yield from self._below(node.values[name], wanted[name], (*at, name))

    def _extras(self, node: MapNode, wanted: Mapping[str, Any], at: TranslationPath) -> list[str]:
        known = {*wanted, *(() if at else _HEAD)}
        return [name for name in node.values if name not in known and not self._unsure((*at, name))]

    def _below(self, node: Node, wanted: Any, at: TranslationPath) -> Iterator[Fault]:
        if isinstance(wanted, Mapping):
            if isinstance(node, MapNode):
                yield from self.faults(node, wanted, at)
            else:
                message = f"{_said(at)} has more than one text. Please write below it, indented, {quoted(wanted)}"
                yield Fault(at, message, key=True)
        elif isinstance(node, Scalar):
            yield from _same_gaps(at, wanted, node.text)
            if at[-1] == "hint":
                yield from self._hint(at, wanted, node.text)
        else:
            yield Fault(at, f"{_said(at)} is one text. Please write it after the colon", key=True)

    def _hint(self, at: TranslationPath, wanted: str, text: str) -> Iterator[Fault]:
        """Yield advice where a hint has grown too long in translation. One that is too long already is told there."""
        _, longest = longest_texts(self.age)
        count = len(words(text))
        if count > longest >= len(words(wanted)):
            yield Fault(
                at,
                f"{_said(at)} has {count} words. Readers of {self.age} do best with {longest} at most. "
                "Please shorten it",
                advice=True,
            )

    def _gap(self, key: TranslationPath, wanted: Any, at: TranslationPath) -> Iterator[Fault]:
        """Yield what is said of something without a translation; `at` is the nearest place that is there."""
        if len(key) == 1 and key[0] in _THINGS:
            for name in wanted:
                yield from self._gap((*key, name), wanted[name], at)
        elif not self._unsure(key):
            fix = f"Please add it with {quoted(wanted)}"
            if isinstance(wanted, str):
                fix = f"Please translate: {shortened(wanted, 60)}"
            yield Fault(
                at,
                f"{_said(key)} is not translated into '{self.language}'. Every text of the source needs a translation. "
                f"{fix}",
                key=bool(at),
                about=_about(key, there=True),
            )

    def _unsure(self, key: TranslationPath) -> bool:
        """Tell whether the source could not be read where this text would stand, which is told there.

        Which facts have to be said can only be told where the study is known.
        """
        if key[0] == "facts" and (len(key) == 1 or key[1] not in self.wanted.get("facts", {})):
            return True
        if key[0] not in _THINGS:
            return key[0] in self.written.hurt
        name = (_THINGS[key[0]], key[1]) if len(key) > 1 else None
        return name is not None and (name[1] in self.written.hurt or name in self.written.names - self.read)


def facts_not_said(
    source: Questionnaire, study_facts: Mapping[str, Mapping[str, str]], root: Node, path: str, language: str
) -> list[Problem]:
    """Return the facts of a study, with words for each code, that the translation in the file `path` does not say.

    `study_facts` are those that the source says as study.yaml does.
    """
    if not study_facts or not isinstance(root, MapNode):
        return []
    comparison = _Comparison(source, language)
    comparison.wanted = {"facts": {fact: dict(words) for fact, words in study_facts.items()}}
    there = MapNode({key: root.keys[key] for key in root.keys if key == "facts"}, line=root.line, column=root.column)
    there.values = {key: root.values[key] for key in there.keys}
    return [locate(fault, there, path) for fault in comparison.faults(there, comparison.wanted, ())]


def _is_there(node: Node | None) -> bool:
    return node is not None and not (isinstance(node, Scalar) and not node.text.strip())


def _about(key: TranslationPath, *, there: bool) -> About | None:
    return About(_THINGS[key[0]], key[1], there) if len(key) == 2 and key[0] in _THINGS else None


def _extra(key: TranslationPath, meant: str | None) -> Fault:
    about = _about(key, there=False)
    what = f"no {about.thing} of the source is called '{shortened(about.name)}'" if about else ""
    hint = f"Did you mean '{shortened(meant)}'?" if meant else "Please remove it, or correct its name"
    return Fault(key, f"{what or f'{_said(key)} is not a text of the source'}. {hint}", key=True, about=about)


def _said(key: TranslationPath) -> str:
    if len(key) == 1:
        return f"'{shortened(key[0])}'"
    if len(key) == 2 and key[0] in _THINGS:
        return f"{_THINGS[key[0]]} '{shortened(key[1])}'"
    if len(key) == 4 and key[2] == "options":
        return f"code {shortened(key[3])} of the options of {key[0][:-1]} '{shortened(key[1])}'"
    if key[0] in ("questions", "grids", "pages") and len(key) > 2:
        rest = " ".join(key[2:])
        return f"'{shortened(rest)}' of {key[0][:-1]} '{shortened(key[1])}'"
    if key[0] == "options" and len(key) == 3:
        return f"code {shortened(key[2])} of option list '{shortened(key[1])}'"
    return f"'{shortened(' '.join(key))}'"


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
            + "Please remove it",
        )
