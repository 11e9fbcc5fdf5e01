"""YAML's own syntax errors, said for authors of questionnaires.

YAML reports what its grammar missed and where it noticed. Authors need what they typed and what to do, so the
explanation looks at the line itself: most faults are a colon, a quote or an indentation.
"""

from __future__ import annotations

import re

import yaml

from survey.definition.quotes import open_quote
from survey.problems import Problem, shortened

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_KEY = re.compile(r"(?P<before>\s*(?:- +)*)(?P<key>[^\s:'\"\[{#&*!|>%@`-][^:]*?)\s*:(?:\s+(?P<value>.*))?$")

_STARTS = {
    "@": "'@' cannot begin a text in YAML",
    "`": "'`' cannot begin a text in YAML",
    "%": "'%' cannot begin a text in YAML",
    "*": "'*' cannot begin a text in YAML",
    "&": "'&' cannot begin a text in YAML",
    "!": "'!' cannot begin a text in YAML",
    "|": "'|' at the start of a text means that the text follows on the next lines",
    ">": "'>' at the start of a text means that the text follows on the next lines",
    ",": "',' cannot begin a text in YAML",
    "]": "']' closes a list that was not opened",
    "}": "'}' closes a group that was not opened",
}


def explain(path: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    """Return YAML's error as a problem that says what was typed, what the rule is and what to do."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = BREAK.split(text)
    opening = error.context_mark if error.context_mark else mark
    fault = _Fault(lines, line, column, str(error.problem or ""), str(error.context or ""))
    if opening is not None:
        fault.open_line, fault.open_column = opening.line, opening.column
    where, message = _message(fault)
    return Problem(path, where[0] + 1, where[1] + 1, message)


_LONGEST_LINE = 1_000
"""Characters of a line in which what is wrong is looked for. The searches begin again at each blank, so a line of
hundreds of thousands of them would take hours.
"""


class _Fault:
    """Where YAML stopped (lines and columns from 0), what it said, and the lines around."""

    def __init__(self, lines: list[str], line: int, column: int, problem: str, context: str) -> None:
        self.lines = lines
        self.line = line
        self.column = column
        self.problem = problem
        self.context = context
        self.open_line = line
        self.open_column = column
        self.swallower = open_quote(lines, line)

    def text(self, line: int) -> str:
        """Return a line's text, empty outside the file."""
        return self.lines[line][:_LONGEST_LINE] if 0 <= line < len(self.lines) else ""

    @property
    def here(self) -> str:
        """The line on which YAML stopped."""
        return self.text(self.line)

    @property
    def char(self) -> str:
        """The character at which YAML stopped."""
        return self.here[self.column : self.column + 1]


_Place = tuple[int, int]


def _message(fault: _Fault) -> tuple[_Place, str]:
    for explanation in (
        _swallowed,
        _tab,
        _unclosed_quote,
        _start,
        _escape,
        _block_text,
        _flow,
        _after_quote,
        _dash,
        _colon,
        _indent,
    ):
        found = explanation(fault)
        if found:
            return found
    return (fault.line, fault.column), (
        f"this line cannot be read: {shortened(fault.here.strip(), 60)!r}. Please check its spaces, quotes and colons"
    )


def _tab(fault: _Fault) -> tuple[_Place, str] | None:
    indent = re.match(r"[ ]*\t", fault.here)
    if indent:
        at = indent.end() - 1
        return (
            fault.line,
            at,
        ), "this line begins with a tab. YAML is indented with spaces. Please replace the tab"
    if fault.char == "\t":
        return (
            fault.line,
            fault.column,
        ), "there is a tab here. YAML uses spaces. Please replace the tab with a space"
    return None


def _swallowed(fault: _Fault) -> tuple[_Place, str] | None:
    """A quote left open swallows lines up to the next quote: it is told where it is opened."""
    if fault.swallower is None:
        return None
    return (fault.swallower.line, fault.swallower.column), still_open(fault.swallower.quote)


def still_open(quote: str) -> str:
    """Return what is said of a quote that the next key, or the end of the file, finds open."""
    return f"a quote is opened here with {quote} and not closed. Please add the closing {quote} at the end of the text"


def _unclosed_quote(fault: _Fault) -> tuple[_Place, str] | None:
    if "quoted scalar" not in fault.context or "escape" in fault.problem:
        return None
    if "end of stream" not in fault.problem and "document indicator" not in fault.problem:
        return None
    quote = fault.text(fault.open_line)[fault.open_column : fault.open_column + 1]
    return (fault.open_line, fault.open_column), still_open(quote)


def _start(fault: _Fault) -> tuple[_Place, str] | None:
    line, column = fault.line, fault.column
    if "alias" in fault.context or "anchor" in fault.context or "tag" in fault.context:
        line, column = fault.open_line, fault.open_column
    elif not (
        "cannot start any token" in fault.problem or "node content" in fault.problem or "directive" in fault.context
    ):
        return None
    if "directive" in fault.context:
        line, column = fault.open_line, fault.open_column
    char = fault.text(line)[column : column + 1]
    if char not in _STARTS:
        return None
    return (line, column), f'{_STARTS[char]}. Please put the text in quotes: "{char}…"'


def _escape(fault: _Fault) -> tuple[_Place, str] | None:
    if "escape" not in fault.problem and "hexdecimal" not in fault.problem:
        return None
    return (fault.line, fault.column), (
        "a backslash in a text with double quotes begins a special character, and this one is unknown. "
        "Please use single quotes around the text, or write the backslash twice"
    )


def _block_text(fault: _Fault) -> tuple[_Place, str] | None:
    if "block scalar" not in fault.context:
        return None
    return (fault.line, fault.column), (
        "there is text after '|' or '>' on the same line. The text belongs on the next lines, indented. Please move "
        "it there, or put the text in quotes if it begins with that character"
    )


def _flow(fault: _Fault) -> tuple[_Place, str] | None:
    if "flow" not in fault.context:
        return None
    opener = fault.text(fault.open_line)[fault.open_column : fault.open_column + 1]
    name, closer = ("brace", "}") if opener == "{" else ("bracket", "]")
    place = (fault.open_line, fault.open_column)
    if fault.char in ("]", "}") and fault.char != closer:
        return (fault.line, fault.column), (
            f"'{fault.char}' closes what '{opener}' opened on line {fault.open_line + 1}. "
            f"Please write '{closer}' instead"
        )
    if fault.char == "?":
        # libyaml takes it for a letter; PyYAML without libyaml does not.
        return (fault.line, fault.column), (
            "there is a question mark in a text inside braces or brackets. Please put the text in quotes"
        )
    if fault.line == fault.open_line and fault.char == ":":
        return (fault.line, fault.column), (
            "there is a colon and a space inside a sentence here. YAML reads the words before them as a key. "
            "Please put the sentence in quotes"
        )
    if fault.line == fault.open_line and fault.char not in ("", "#"):
        return place, (
            f"what follows this '{opener}' cannot be read. Please put commas between the parts and "
            f"'{closer}' at the "
            f"end; if it is a sentence that begins with a {name}, please put it in quotes"
        )
    return place, (
        f"a {name} '{opener}' is opened here and never closed. Please add '{closer}'; "
        f"if it is a sentence that begins with a {name}, please put it in quotes"
    )


def _after_quote(fault: _Fault) -> tuple[_Place, str] | None:
    if "mapping" not in fault.context and "collection" not in fault.context:
        return None
    before = fault.here[: fault.column].rstrip()
    value = re.match(r"\s*(?:- +)*(?:[^:'\"]+:\s+)?(?P<value>['\"{\[].*)", before)
    if not value or not before or before == fault.here.rstrip():
        return None
    opener = value["value"][0]
    at = value.start("value")
    if opener in "{[":
        word = "brace" if opener == "{" else "bracket"
        return (fault.line, at), (
            f"this sentence begins with a {word}, which means something else in YAML. "
            "Please put the whole sentence in quotes"
        )
    other = "double" if opener == "'" else "single"
    return (fault.line, fault.column), (
        f"the quote opened with {opener} ends before this word. The quotes have to go round the "
        f"whole text. Please use {other} quotes around the text, or no quotes inside it"
    )


def _dash(fault: _Fault) -> tuple[_Place, str] | None:
    if "sequence entries" not in fault.problem:
        return None
    return (fault.line, fault.column), (
        "a list begins here after a key. Please start it on the next line, each item with a dash; "
        "if it is a text that begins with a dash, please put it in quotes"
    )


def _colon(fault: _Fault) -> tuple[_Place, str] | None:
    if "mapping values are not allowed" in fault.problem:
        return _colon_too_many(fault)
    if "could not find expected ':'" in fault.problem:
        line = fault.open_line
        if re.match(r"\s*(?:- +)*[\w-]+:\S", fault.text(line)):
            return _no_space(fault, line)
        return (line, fault.open_column), (
            f"{shortened(fault.text(line).strip(), 40)!r} has no colon. A line is 'key: value'. "
            "Please add the key and "
            "a colon. If the line continues the text above, please indent it further than the key above"
        )
    return None


def _colon_too_many(fault: _Fault) -> tuple[_Place, str]:
    before = fault.here[: fault.column]
    if re.match(r"\s*(?:- +)*[^:]*:\s+\S", before):
        key = re.match(r"\s*(?:- +)*([^:]*):", before)
        name = key[1].strip() if key else "ask"
        return (fault.line, fault.column), (
            "there is a colon and a space inside a sentence here. YAML reads the words before them as a key. "
            f'Please put the sentence in quotes: {shortened(name)}: "…"'
        )
    if re.match(r"\s*(?:- +)*[\w-]+:\S", fault.text(fault.line - 1)):
        return _no_space(fault, fault.line - 1)
    indent = len(fault.here) - len(fault.here.lstrip())
    return (fault.line, indent), (
        "this line is indented further than the lines it belongs to, or the line above already has a text. "
        "Please line up the keys of one thing exactly below each other"
    )


def _no_space(fault: _Fault, line: int) -> tuple[_Place, str]:
    key = re.match(r"\s*(?:- +)*(?P<key>[\w-]+)", fault.text(line))
    assert key is not None
    return (line, key.end()), (
        f"there is no space after the colon of '{shortened(key['key'])}:'. YAML needs one. Please add a space"
    )


def _indent(fault: _Fault) -> tuple[_Place, str] | None:
    if "block mapping" not in fault.context and "block collection" not in fault.context:
        return None
    if fault.char in ("]", "}"):
        return (
            fault.line,
            fault.column,
        ), f"{_STARTS[fault.char]}. Please remove it, or put the text in quotes"
    if fault.char == "-" and "mapping" in fault.context:
        dashless = _item_without_dash(fault)
        if dashless is not None:
            return dashless
        return (fault.line, fault.column), (
            "a list begins here where a key is expected. Please indent the list below the key it belongs to, "
            "and leave nothing after the colon of that key"
        )
    return (fault.line, fault.column), (
        "this line is not in line with the lines it belongs to (they begin in column "
        f"{fault.open_column + 1}). "
        "Please line up the keys of one thing, and the dashes of one list, exactly below each other"
    )


def _item_without_dash(fault: _Fault) -> tuple[_Place, str] | None:
    """The dash goes on with a list whose first item, just below the key, has none."""
    first = None
    for line in range(fault.line - 1, -1, -1):
        text = fault.text(line)
        indent = len(text) - len(text.lstrip(" "))
        if text.strip() and indent <= fault.column:
            break
        first = line if text.strip() else first
    if first is None or fault.text(first).lstrip().startswith("-"):
        return None
    column = len(fault.text(first)) - len(fault.text(first).lstrip(" "))
    return (first, column), (
        f"an item begins here without a dash, and line {fault.line + 1} goes on with one. Please put '- ' before it"
    )
