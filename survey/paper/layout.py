"""From a questionnaire to sheets of A4: which questions stand on which sheet.

The sheets are cut here and not by the browser, because every sheet has to say which of how many it is: loose sheets get
mixed up. A question is never parted. Heights are reckoned, always a little too high; where that fails the browser still
breaks between questions, and the foot with the code is printed on each piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from survey.definition.parts import Page
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.paper.boxes import SIGN, PlacedBoxes, abreast
from survey.paper.prints import WIDTH, Print, print_for
from survey.paper.routing import Routing
from survey.question import NO_NAMES, Paper, PaperLine, Question
from survey.wording import Say, direction, say_in


@dataclass(frozen=True)
class PrintedQuestion:
    """A question as it stands on paper: its wordings with the words for “nothing is known” in their gaps."""

    question: Question
    number: int | None
    wording: str
    hint: str
    help: str
    stem: str
    above: str | None
    below: str | None
    paper: Paper


@dataclass(frozen=True)
class Block:
    """What is not parted.

    form   front, about, assent, how, words, question, table or end
    asked  one question, or those of a table
    """

    form: str
    height: float
    asked: tuple[PrintedQuestion, ...] = ()
    title: str = ""
    text: str = ""

    @property
    def head(self) -> PrintedQuestion:
        """The question, or the first one of the table."""
        return self.asked[0]


@dataclass
class Sheets:
    """One questionnaire in one language, cut into sheets."""

    questionnaire: Questionnaire
    look: Print
    say: Say
    sheets: list[list[Block]] = field(default_factory=list)

    @property
    def talk_to(self) -> str:
        """Whom to talk to, said below each line to write on and at the end: no one reads papers soon."""
        return (self.questionnaire.free_text.talk_to if self.questionnaire.free_text else None) or ""

    @property
    def told(self) -> str:
        """What is said below each line to write on: to children, not to write names; and whom to talk to."""
        no_names = self.say(NO_NAMES) if self.questionnaire.audience == "pupil" else ""
        return " ".join(filter(None, (no_names, self.talk_to)))


def sheets_of(questionnaire: Questionnaire, language: str, facts: Mapping[str, Any], large: bool = False) -> Sheets:
    """Cut a questionnaire into sheets, in one of its languages, for respondents with these facts.

    Raises KeyError for a language it does not have.
    """
    asked = questionnaire.in_language(language)
    made = Sheets(asked, print_for(asked, large), say_in(language))
    made.sheets = _cut(list(_blocks(asked, facts, made)), made.look.sheet)
    return made


def _cut(blocks: Sequence[Block], sheet: float) -> list[list[Block]]:
    sheets: list[list[Block]] = [[]]
    used = 0.0
    for at, block in enumerate(blocks):
        # A heading stays with what it is the heading of.
        needed = block.height + (blocks[at + 1].height if block.form == "words" and at + 1 < len(blocks) else 0.0)
        if sheets[-1] and used + needed > sheet:
            sheets.append([])
            used = 0.0
        sheets[-1].append(block)
        used += block.height
    return sheets


def _blocks(asked: Questionnaire, facts: Mapping[str, Any], made: Sheets) -> Iterator[Block]:
    look, say = made.look, made.say
    tall = 1.2 if direction(asked.language) == "rtl" else 1.0
    routing = Routing(asked, facts, say)
    yield from _front(asked, look, tall, say)
    for page in asked.pages:
        questions = [_asked(q, routing, say) for q in page.questions if routing.printed(q)]
        if not questions:
            continue
        if title := _words(page, look, tall):
            yield title
        for _, run in groupby(_hinted_once(questions), key=lambda one: one.question.grid or one.question.id):
            yield from _run(list(run), look, tall, made.told)
    talk_to = look.height(made.talk_to)
    yield Block("end", tall * (look.paragraphs(asked.thanks or "") + talk_to + look.line + 6.0))


def _hinted_once(questions: Sequence[PrintedQuestion]) -> Iterator[PrintedQuestion]:
    """Yield the questions of a page; those in a row that are answered in the same way have their hint once."""
    for at, one in enumerate(questions):
        alike = at and _answered(questions[at - 1]) == _answered(one)
        yield replace(one, hint="") if alike and not one.question.grid else one


def _answered(one: PrintedQuestion) -> tuple[Any, ...]:
    """Return how a question is answered: what stands at each line for others to be answered in the same way."""
    return one.hint, [(line.suffix, line.boxes, line.cells, line.lines) for line in one.paper.lines]


def _words(page: Page, look: Print, tall: float) -> Block | None:
    title, text = fill(page.title or "", {}, {}), fill(page.text or "", {}, {})
    if not title and not text:
        return None
    height = look.height(title, larger=1.2) + look.paragraphs(text) + 4.0
    return Block("words", tall * height, title=title, text=text)


def writes(paper: Paper) -> bool:
    """Tell whether there are lines to write on."""
    return any(line.lines or any(box.write for box in line.boxes) for line in paper.lines)


def _asked(question: Question, routing: Routing, say: Say) -> PrintedQuestion:
    number, paper = routing.numbers.get(question.id), question.paper(say)
    hints = (
        say("This one is to try it out.") if question.asks and number is None else "",
        fill(question.hint or "", {}, {}),
        say("You can tick more than one box.") if any(line.many for line in paper.lines) else "",
    )
    return PrintedQuestion(
        question,
        number,
        fill(question.ask, {}, {}),
        " ".join(filter(None, hints)),
        fill(question.help or "", {}, {}),
        fill(question.stem or "", {}, {}),
        routing.above(question),
        routing.below(question),
        paper,
    )


_ROWS: Final = 8
"""Statements of a grid that stand in one table."""


def _run(run: Sequence[PrintedQuestion], look: Print, tall: float, told: str) -> Iterator[Block]:
    """Yield the statements of a grid as tables where they fit side by side, else each question by itself."""
    if not (len(run) > 1 and _is_table(run, look)):
        for one in run:
            below = look.height(told) if writes(one.paper) else 0.0
            yield Block("question", tall * (_height(one, look) + below), (one,))
        return
    for start in range(0, len(run), _ROWS):
        part = tuple(run[start : start + _ROWS])
        words = look.height(part[0].stem) + look.height(part[0].hint)
        head = max(look.lines(box.words, _COLUMN) for box in part[0].paper.lines[0].boxes) * look.line
        rows = sum(max(look.height(one.wording, _STATEMENT), 2 * look.line) + 1.5 for one in part)
        yield Block("table", tall * (words + head + rows + 6.0), part)


_COLUMN: Final = 17.0
_STATEMENT: Final = 60.0


def _is_table(run: Sequence[PrintedQuestion], look: Print) -> bool:
    boxes = run[0].paper.lines[0].boxes
    alike = all(one.paper == run[0].paper and not (one.above or one.below) for one in run)
    return alike and look.name == "adult" and len(boxes) <= 6


_ONE_CHILD: Final = (
    "Please answer about one child. To tell us about another child as well, use the link you were given."
)


def _front(asked: Questionnaire, look: Print, tall: float, say: Say) -> Iterator[Block]:
    """Yield the strip to be torn off with the heading, what it is about, whether someone wants to take part, and how
    to fill it in.
    """
    yield Block("front", tall * (5 * look.line) + 14.0)
    about = (
        ("", asked.introduction),
        (say("What happens to your answers"), asked.data_use),
        ("", asked.contact),
        # Two forms of one parent could not be told to belong together.
        ("", say(_ONE_CHILD) if asked.for_each_child else None),
    )
    for title, text in about:
        if text:
            height = look.paragraphs(text) + (look.line * 1.3 + 3.0 if title else 0.0)
            yield Block("about", tall * height, title=title, text=fill(text, {}, {}))
    if asked.assent:
        two = look.name in ("pupil", "young")
        wide = 66.0 if two else 150.0
        lines = [max(look.height(line.text, wide), 10.0 if line.picture else 0) + 1 for line in asked.assent.lines]
        listed = sum(max(lines[at : at + 2]) for at in range(0, len(lines), 2)) if two else sum(lines)
        art = SIGN if asked.audience == "pupil" else 0.0
        yield Block(
            "assent",
            tall * (look.height(asked.assent.ask, 160, 1.1) + (2 if two else 4) * look.line + listed) + art + 16.0,
        )
    yield Block("how", tall * (1 if look.name == "adult" else 2) * max(look.line, look.box) + 5.0)


_PICTURE: Final = 14.0
"""Millimetres that a picture takes from the width of the wording; it is 4 less high."""

_NUMBER: Final = 8.0


def _height(one: PrintedQuestion, look: Print) -> float:
    words = look.height(one.wording, WIDTH - _PICTURE - _NUMBER, 1.18) + look.height(one.help) + look.height(one.stem)
    words += look.height(one.hint, WIDTH - _PICTURE)
    picture = _PICTURE - 4.0 if one.question.picture else 0.0
    more = look.height(one.paper.text) + sum(_way(text, look) for text in (one.above, one.below) if text)
    pieces = sum(max(_line(line, look, len(lines)) for line in lines) + 1.5 for lines in abreast(one.paper.lines))
    return max(words, picture) + more + pieces + 2.2


def _way(text: str, look: Print) -> float:
    """Return how high a line is that leads past questions: an arrow and bold letters, which are wider."""
    return look.lines(text, WIDTH - 8.0, 1.08) * look.line + 2.0


def _line(line: PaperLine, look: Print, among: int) -> float:
    words = look.height(line.words, WIDTH / among - 4.0)
    written = line.lines * (11.0 if look.points > 12 else 9.0)
    cells = 9.5 + (look.line if line.cells[0].words else 0.0) if line.cells else 0.0
    boxes = PlacedBoxes(line.boxes, look, among, cells)
    return words + written + boxes.height
