"""From a questionnaire to sheets of A4: which questions stand on which sheet.

The sheets are cut here and not by the browser, because every sheet has to say which of how many it is: loose sheets get
mixed up. A question is never parted. Heights are reckoned, always a little too high; where that fails the browser still
breaks between questions, and the foot with the code is printed on each piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil
from typing import Any, Final

from survey.definition.parts import Page
from survey.definition.questionnaire import Questionnaire
from survey.definition.wording import fill
from survey.paper.routing import Routing
from survey.question import Box, Paper, PaperLine, Question
from survey.wording import Say, direction, say_in

_WIDTH: Final = 178.0
_POINT: Final = 0.3528  # millimetres


@dataclass(frozen=True)
class Print:
    """How large a questionnaire is printed. name: the class of its sheets; points: of its text.

    No text of a large print is smaller than 18 points, the codes beside the boxes and the foot included.
    """

    name: str
    points: float
    leading: float
    wide: float = 0.49
    face: float = 15.0
    box: float = 5.0
    sheet: float = 250.0
    """Millimetres of a sheet for what is asked: A4 without its margins, its foot, and a little air."""

    @property
    def line(self) -> float:
        """Millimetres from one line of text to the next."""
        return self.points * _POINT * self.leading

    def lines(self, text: str, width: float = _WIDTH, larger: float = 1.0) -> int:
        """Return how many lines a text takes, rather one too many."""
        if not text:
            return 0
        fit = max(1, int(width / (self.points * larger * _POINT * self.wide)))
        return sum(max(1, ceil(len(part) / fit)) for part in text.splitlines() or [text])

    def paragraphs(self, text: str) -> float:
        """Return how high a text of several paragraphs is. Single line ends in it are no ends on paper."""
        parts = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
        return sum(self.height(part) + 1.5 for part in parts)

    def height(self, text: str, width: float = _WIDTH, larger: float = 1.0) -> float:
        """Return how high a text is, in millimetres."""
        return self.lines(text, width, larger) * self.line * larger


PRINTS: Final = {
    "adult": Print("adult", 11, 1.4),
    "pupil": Print("pupil", 14, 1.5, wide=0.55, box=6.0),
    "young": Print("young", 16, 1.5, wide=0.55, face=19.0, box=6.0),
    "large": Print("large", 18, 1.5, wide=0.55, face=24.0, box=8.0, sheet=238.0),
}


def print_for(questionnaire: Questionnaire, large: bool) -> Print:
    """Return how large a questionnaire is printed for its readers."""
    if large:
        return PRINTS["large"]
    if questionnaire.audience != "pupil":
        return PRINTS["adult"]
    return PRINTS["young" if questionnaire.setting.young else "pupil"]


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
        for _, run in groupby(questions, key=lambda one: one.question.grid or one.question.id):
            yield from _run(list(run), look, tall, made.talk_to)
    talk_to = look.height(made.talk_to)
    yield Block("end", tall * (look.paragraphs(asked.thanks or "") + talk_to + look.line + 6.0))


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
    return PrintedQuestion(
        question,
        routing.numbers.get(question.id),
        fill(question.ask, {}, {}),
        fill(question.hint or "", {}, {}),
        fill(question.help or "", {}, {}),
        fill(question.stem or "", {}, {}),
        routing.above(question),
        routing.below(question),
        question.paper(say),
    )


_ROWS: Final = 8
"""Statements of a grid that stand in one table."""


def _run(run: Sequence[PrintedQuestion], look: Print, tall: float, talk_to: str) -> Iterator[Block]:
    """Yield the statements of a grid as tables where they fit side by side, else each question by itself."""
    if not (len(run) > 1 and _is_table(run, look)):
        for one in run:
            told = look.height(talk_to) if writes(one.paper) else 0.0
            yield Block("question", tall * (_height(one, look) + told), (one,))
        return
    for start in range(0, len(run), _ROWS):
        part = tuple(run[start : start + _ROWS])
        words = look.height(part[0].stem) + look.height(part[0].hint)
        head = max(look.lines(box.words, _COLUMN) for box in part[0].paper.lines[0].boxes) * look.line
        rows = sum(max(look.height(one.wording, _STATEMENT), 2 * look.line) + 3.0 for one in part)
        yield Block("table", tall * (words + head + rows + 12.0), part)


_COLUMN: Final = 17.0
_STATEMENT: Final = 60.0


def _is_table(run: Sequence[PrintedQuestion], look: Print) -> bool:
    boxes = run[0].paper.lines[0].boxes
    alike = all(one.paper == run[0].paper and not (one.above or one.below) for one in run)
    return alike and look.name == "adult" and len(boxes) <= 6


def _front(asked: Questionnaire, look: Print, tall: float, say: Say) -> Iterator[Block]:
    """Yield the strip to be torn off with the heading, what it is about, whether someone wants to take part, and how
    to fill it in.
    """
    yield Block("front", tall * (7 * look.line) + 24.0)
    about = (
        ("", asked.introduction),
        (say("What happens to your answers"), asked.data_use),
        ("", asked.contact),
    )
    for title, text in about:
        if text:
            height = look.paragraphs(text) + (look.line * 1.3 + 3.0 if title else 0.0)
            yield Block("about", tall * height, title=title, text=fill(text, {}, {}))
    if asked.assent:
        lines = sum(max(look.height(line.text, 150), 11.0 if line.picture else 0) + 1 for line in asked.assent.lines)
        art = look.face if asked.audience == "pupil" else 0.0
        yield Block("assent", tall * (look.height(asked.assent.ask, 160, 1.1) + 5 * look.line + lines) + art + 14.0)
    yield Block("how", tall * (1 if look.name == "adult" else 2) * max(look.line, look.box) + 5.0)


def _height(one: PrintedQuestion, look: Print) -> float:
    words = look.height(one.wording, 165, 1.1) + look.height(one.hint) + look.height(one.help) + look.height(one.stem)
    words += sum(look.height(text) for text in (one.above or "", one.below or "", one.paper.text))
    picture = 16.0 if one.question.picture else 0.0
    return max(words, picture) + sum(_line(line, look) for line in one.paper.lines) + 8.0


def _line(line: PaperLine, look: Print) -> float:
    height = look.height(line.words)
    if line.boxes:
        height += _boxes(line.boxes, look)
    if line.cells:
        height += 11.0 + (look.line if line.cells[0].words else 0.0)
    return height + line.lines * (11.0 if look.points > 12 else 9.0)


def in_a_row(boxes: Sequence[Box]) -> bool:
    """Tell whether boxes stand side by side: up to five faces or short words; else one below the other."""
    own = [box for box in boxes if box.code.isdigit()]
    short = all(len(box.words) <= 14 or (box.art or "").startswith("faces/") for box in own)
    return len(own) <= 5 and short and not any(box.write or box.picture for box in own)


def _boxes(boxes: Sequence[Box], look: Print) -> float:
    own = [box for box in boxes if box.code.isdigit()]
    apart = max(look.line, look.box) + 2.5 if len(own) < len(boxes) else 0.0
    if in_a_row(boxes):
        width = _WIDTH / max(1, len(own)) - 4
        art = look.face + 3.5 if any(box.art for box in own) and look.name != "adult" else 0.0
        return art + max((look.height(box.words, width) for box in own), default=0.0) + look.box + apart + 1.5
    single = [max(look.height(box.words, 150), look.line * 1.35) + (8.0 if box.write else 0.0) for box in own]
    pictures = sum(8.0 for box in own if box.picture)
    return sum(single) + pictures + apart
