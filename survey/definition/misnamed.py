"""Names that are wrong where they are given rather than where they are used.

A question whose name is misspelt is unknown wherever it is spoken of: in conditions, wordings, scales and every
translation. All of these are right; the author hears about the name itself, once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from survey.definition.source import ListNode, MapNode, Node, Scalar
from survey.problems import About, Nearest, Problem, shortened

_IN_WORDING: Final = re.compile(r"\{\s*(?:roster\.)?([A-Za-z_][\w.-]*)\s*\|")


@dataclass(frozen=True)
class Given:
    """A name where it is given: of what thing, in which file, on which line and in which column."""

    thing: str
    name: str
    path: str
    line: int
    column: int


def given(node: Node, path: str, keys: dict[str, str], prefix: str = "") -> Iterator[Given]:
    """Yield every name that a tree gives, by its keys: key -> what is called so. `prefix` goes before each name."""
    if isinstance(node, ListNode):
        for item in node.items:
            yield from given(item, path, keys, prefix)
    if not isinstance(node, MapNode):
        return
    for key, thing in keys.items():
        value = node.values.get(key)
        if isinstance(value, Scalar):
            yield Given(thing, prefix + value.text, path, value.line, value.column)
    for child in node.values.values():
        yield from given(child, path, keys, prefix)


def option_lists(root: Node, path: str) -> Iterator[Given]:
    """Yield the names of the option lists of a questionnaire."""
    lists = root.values.get("options") if isinstance(root, MapNode) else None
    for name, key in lists.keys.items() if isinstance(lists, MapNode) else ():
        yield Given("option list", name, path, key.line, key.column)


def mentions(node: Node) -> Iterator[str]:
    """Yield every word of a tree that can be a name: keys, texts of one word, and gaps in wordings."""
    if isinstance(node, Scalar):
        yield node.text
        yield from _IN_WORDING.findall(node.text)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from mentions(item)
    else:
        for key, child in node.values.items():
            if key == "title" and isinstance(child, Scalar):
                yield from _IN_WORDING.findall(child.text)  # a title of one word is no name
                continue
            yield key.removeprefix("roster.").partition(".")[0] if key.startswith("roster.") else key
            if "." in key:
                yield key.partition(".")[0]
            yield from mentions(child)


_ENOUGH: Final = 2
"""So many uses of a name that nothing has, against one name that nothing uses, show which of the two is wrong."""


def told_once(problems: Iterable[Problem], names: Iterable[Given], trees: Iterable[Node]) -> list[Problem]:
    """Return the problems, with one in the place of all that come of a name misspelt where it is given.

    `trees` are those of all files in which the names could be used.
    """
    problems = list(problems)
    unknown: dict[About, list[Problem]] = {}
    for problem in problems:
        if problem.about and not problem.about.there:
            unknown.setdefault(problem.about, []).append(problem)
    unknown = {about: uses for about, uses in unknown.items() if len(uses) >= _ENOUGH}
    if not unknown:
        return problems
    counted = Counter(word for tree in trees for word in mentions(tree))
    unused = {(one.thing, one.name): one for one in names if counted[one.name] <= 1}
    for about, uses in unknown.items():
        meant = Nearest(name for thing, name in unused if thing == about.thing).to(about.name)
        if meant is not None:
            one = unused.pop((about.thing, meant))
            gone = {about, About(about.thing, meant, there=True)}
            problems = [problem for problem in problems if problem.about not in gone]
            problems.append(_misnamed(one, about, uses))
    return problems


def _misnamed(one: Given, about: About, uses: Sequence[Problem]) -> Problem:
    first = min(uses)
    where = f"line {first.line}" if first.path == one.path else f"{first.file}, line {first.line}"
    used = shortened(_own(about.name))
    message = (
        f"no other line mentions {one.thing} '{shortened(_own(one.name))}', but {len(uses)} mention '{used}', "
        f"the first in {where}, and no {one.thing} has that name. Did you mean '{used}' here?"
    )
    return Problem(one.path, one.line, one.column, message)


def _own(name: str) -> str:
    """Return a name without the questionnaire's before it."""
    return name.rpartition(".")[2]
