"""Every kind of question on a page, for everyone it is for: as it comes, filled in, and with an error.

The pages are made by the same code that serves respondents, and fetched by the strict client, which asks of
each: valid HTML, one h1, labels, no id twice, no inline style or script, nothing from another host.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from babel.messages.pofile import read_po
from flask import Flask, Response
from playwright.sync_api import Page
from werkzeug.datastructures import MultiDict

from survey.app import create_app
from survey.config import Settings
from survey.definition.questionnaire import Questionnaire
from survey.drawings import PICTURES, drawing, face
from survey.kinds import KINDS
from survey.options import FACES
from survey.pages.answer.compiled import Survey
from survey.question import NO_NAMES, Pretence
from tests.kinds.conftest import CASES, SETTINGS, data_of
from tests.pages.strict import StrictClient, elements, look_at, strict_client, words

SURVEY = Path(__file__).parents[2] / "survey"
TEMPLATES = [
    *sorted((SURVEY / "templates" / "answer").glob("*.html")),
    SURVEY / "templates" / "options.html",
    *sorted((SURVEY / "kinds").glob("*.html")),
]
WITHOUT_SUBSTANCE = {"dk", "skip"}


@dataclass
class Rendered:
    """A page of one question, and what stands on it."""

    root: Element
    survey: Survey

    @property
    def controls(self) -> list[Element]:
        """Everything that can be filled in."""
        found = [e for e in self.root.iter() if e.tag in ("input", "select", "textarea")]
        return [e for e in found if e.get("type") != "hidden"]

    def with_id(self, id_: str) -> Element:
        """Return the one element with this id."""
        (found,) = [e for e in self.root.iter() if e.get("id") == id_]
        return found


class Previews:
    """Shows questions on pages of an app that has no respondents."""

    def __init__(self, app: Flask) -> None:
        self._html = ""
        self.app = app
        app.add_url_rule("/preview", view_func=self._view)
        self._client: StrictClient = strict_client(app)

    def _view(self) -> Response:
        return Response(self._html, headers={"Cache-Control": "no-store"})

    def show(
        self,
        questions: list[dict[str, Any]],
        place: str,
        *,
        answers: dict[str, Any] | None = None,
        empty_post: bool = False,
        part: int = 0,
        look: str = "",
    ) -> Rendered:
        """Render a screen: fresh, with answers in it, or as it comes back when nothing was chosen."""
        survey = survey_of(questions, place)
        screen = survey.journey.screens[part]
        form = survey.form(screen, 0)
        asked = form.submit(screen.steps, MultiDict()).asked if empty_post else form.show(screen.steps, answers)
        with self.app.test_request_context("/"):
            self._html = survey.render(screen, asked, look, answers or {}, {})
        return Rendered(elements(self._client.get("/preview")), survey)

    def template(self, name: str, survey: Survey, **more: Any) -> Element:
        """Render one of the other pages."""
        given = {**survey.words, "look": "", "links": [], **more}
        self._html = self.app.jinja_env.get_template(f"answer/{name}.html").render(given)
        return look_at(self._client.get("/preview"))


def survey_of(questions: list[dict[str, Any]], place: str) -> Survey:
    setting = SETTINGS[place]
    data = {
        "questionnaire": "preview",
        "version": "1",
        "title": "Music and me",
        "audience": setting.audience,
        "reader": {"age": str(setting.age)},
        "languages": ["en"],
        "pages": [{"page": "only", "questions": questions}],
    }
    return Survey(Questionnaire.from_data(data), "0" * 64, "en")


@pytest.fixture(scope="module")
def previews(tmp_path_factory: pytest.TempPathFactory) -> Previews:
    folder = tmp_path_factory.mktemp("templates")
    settings = Settings(
        instance=folder,
        database_url=f"sqlite:///{folder / 'unused.sqlite'}",
        secret_key="a secret of the tests, long enough to sign with",
        base_url="http://localhost",
    )
    return Previews(create_app(settings))


@pytest.fixture(params=CASES, ids=[f"{name}-{place}" for name, place in CASES])
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], str]:
    """The example of each kind, and who reads it."""
    name, place = request.param
    return data_of(name), place


def parts_of(data: dict[str, Any], place: str) -> range:
    """The screens of one question: the second step of a child's two-step question is a screen of its own."""
    return range(len(survey_of([data], place).journey.screens))


# ── every kind ────────────────────────────────────────────────────────────────────────────────────────────
def test_a_question_stands_on_a_page_of_its_own(previews: Previews, case: tuple[dict[str, Any], str]) -> None:
    data, place = case
    for part in parts_of(data, place):
        page = previews.show([data], place, part=part)
        question = page.survey.questionnaire.questions[0]
        wording = question.wording(page.survey.journey.screens[part].steps[0].part, page.survey.say, {})
        (h1,) = page.root.iter("h1")
        assert wording in " ".join(h1.itertext())
        title = page.root.findtext("head/title") or ""
        assert wording in title
        assert not title.startswith("Error")
        assert bool(page.controls) == question.asks


def test_what_was_answered_stands_in_the_page_again(previews: Previews, case: tuple[dict[str, Any], str]) -> None:
    data, place = case
    survey = survey_of([data], place)
    question = survey.questionnaire.questions[0]
    if not (question.asks and question.stored):
        assert question.columns() == []
        return
    for person in range(12):
        answers = question.pretend(Pretence(random.Random(person), latent=0.3, texts=['<b>&amp;</b> "x"']))
        read: dict[str, Any] = {}
        for part, screen in enumerate(survey.journey.screens):
            step = screen.steps[0]
            if question.asks_part(step.part, answers):
                page = previews.show([data], place, answers=answers, part=part)
                sent = MultiDict([(control.get("name"), value) for control, value in filled(page)])
                read |= survey.form(screen, 0).submit([step], sent).answers
        assert read == answers


def filled(page: Rendered) -> Iterator[tuple[Element, str]]:
    """Yield what a browser would send for the page as it stands."""
    for control in page.controls:
        if control.get("type") in ("radio", "checkbox"):
            if "checked" in control.attrib:
                yield control, control.get("value", "")
        elif control.tag == "select":
            chosen = [o for o in control.iter("option") if "selected" in o.attrib]
            yield control, (chosen or list(control.iter("option")))[0].get("value", "")
        elif control.tag == "textarea":
            yield control, "".join(control.itertext())
        else:
            yield control, control.get("value", "")


def test_an_error_is_named_first_and_leads_to_the_question(
    previews: Previews, case: tuple[dict[str, Any], str]
) -> None:
    data, place = case
    survey = survey_of([data | {"required": "yes"}], place)
    if not survey.questionnaire.questions[0].asks:
        assert not previews.show([data], place).controls
        return
    page = previews.show([data | {"required": "yes"}], place, empty_post=True)
    assert (page.root.findtext("head/title") or "").startswith("Error: ")
    (box,) = [e for e in page.root.iter() if e.get("role") == "alert"]
    links = list(box.iter("a"))
    assert len(links) == 1
    assert "".join(links[0].itertext()).strip()
    assert page.with_id(links[0].get("href", "").removeprefix("#")) in page.controls


def test_the_page_leaves_judgement_to_the_server_and_nothing_to_the_device(
    previews: Previews, case: tuple[dict[str, Any], str]
) -> None:
    page = previews.show([case[0]], case[1])
    for form in page.root.iter("form"):
        assert "novalidate" in form.attrib
        assert form.get("method") == "post"
        assert form.get("action") is None
    for control in page.controls:
        assert not {"required", "autofocus", "maxlength", "pattern"} & set(control.attrib)
        if control.tag == "textarea" or control.get("type") == "text":
            # On a shared device nothing is remembered, corrected or made a capital (G17).
            assert control.get("autocomplete") == "off"
            assert control.get("autocapitalize") == "none"
            assert control.get("autocorrect") == "off"
            assert control.get("spellcheck") == "false"
            own_words = control.tag == "textarea" or control.get("inputmode") == "text"
            told = [page.with_id(id_).text for id_ in (control.get("aria-describedby") or "").split()]
            assert (NO_NAMES in told) == (own_words and case[1] != "parent"), "children are told at the box itself"


def test_every_control_stands_in_a_group_with_a_legend_and_has_words(
    previews: Previews, case: tuple[dict[str, Any], str]
) -> None:
    page = previews.show([case[0]], case[1])
    labels = {label.get("for"): " ".join("".join(label.itertext()).split()) for label in page.root.iter("label")}
    grouped = {control for group in page.root.iter("fieldset") for control in group.iter()}
    for control in page.controls:
        assert labels[control.get("id")]
        assert control in grouped
    for group in page.root.iter("fieldset"):
        assert group[0].tag == "legend"
        assert "".join(group[0].itertext()).strip()


def test_saying_nothing_comes_last(previews: Previews, case: tuple[dict[str, Any], str]) -> None:
    data, place = case
    page = previews.show([data], place)
    kinds = [control.get("value") in WITHOUT_SUBSTANCE for control in page.controls]
    assert kinds == sorted(kinds)
    question = page.survey.questionnaire.questions[0]
    assert sum(kinds) == question.dont_know + question.rather_not
    buttons = question.fields(question.parts[0], page.survey.say).get("")
    said = [choice.label for choice in getattr(buttons, "kwargs", {}).get("choices", ())]
    printed = [box.words for line in question.paper(page.survey.say).lines[:1] for box in line.boxes]
    assert said in ([], printed), "paper has the order of the screen"
    assert "Yes" not in said or said[:2] == ["No", "Yes"], "no stands at the start, as on every scale (P8)"


@pytest.mark.parametrize("name", [n for n in KINDS if n in {"choice", "several"}])
@pytest.mark.parametrize("place", SETTINGS)
def test_please_say_what_belongs_to_its_option(previews: Previews, name: str, place: str) -> None:
    """The box is always there, right below its option, and says in its label which option it is for."""
    page = previews.show([data_of(name)], place)
    (other,) = [o for o in page.survey.questionnaire.questions[0].choices if o.other]  # type: ignore[attr-defined]
    values = [control.get("value") for control in page.controls]
    box = page.controls[values.index(str(other.code)) + 1]
    assert box.get("type") == "text"
    (label,) = [e for e in page.root.iter("label") if e.get("for") == box.get("id")]
    assert "".join(label.itertext()).split() == f"Please say what ({other.label})".split()


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_adults_questions_share_a_page_each_with_a_heading_of_its_own(previews: Previews) -> None:
    questions = [data_of(name) for name, place in CASES if place == "parent"]
    page = previews.show(questions, "parent")
    asked = page.survey.questionnaire.questions
    assert len({control.get("name") for control in page.controls}) >= len([q for q in asked if q.asks])
    headings = {" ".join("".join(e.itertext()).split()) for e in page.root.iter("h2")}
    assert {question.ask for question in asked} <= headings


def test_all_errors_of_a_page_are_listed_and_said_again_at_their_questions(previews: Previews) -> None:
    questions = [data_of(name) | {"required": "yes"} for name, place in CASES if place == "parent"]
    page = previews.show(questions, "parent", empty_post=True)
    asking = [q for q in page.survey.questionnaire.questions if q.asks]
    (box,) = [e for e in page.root.iter() if e.get("role") == "alert"]
    assert len(list(box.iter("a"))) == len(asking)
    for question in asking:
        error = page.with_id(f"q_{question.id}-err")
        (group,) = [g for g in page.root.iter("fieldset") if error in list(g.iter())]
        assert f"q_{question.id}-err" in (group.get("aria-describedby") or "").split()


GRID = {
    "grid": "agree",
    "kind": "rating",
    "ask": "How far do you agree?",
    "hint": "One answer for each.",
    "options": [{"code": "1", "label": "Not at all"}, {"code": "2", "label": "Fully"}],
    "statements": [{"question": "safe", "ask": "I feel safe."}, {"question": "calm", "ask": "I feel calm."}],
}


def test_statements_stand_as_cards_under_their_stem(previews: Previews) -> None:
    page = previews.show([GRID], "parent")
    cards = [e for e in page.root.iter("fieldset") if "card" in (e.get("class") or "").split()]
    assert [" ".join("".join(card[0].itertext()).split()) for card in cards] == ["I feel safe.", "I feel calm."]
    said = words(page.root)
    assert said.index("How far do you agree?") < said.index("I feel safe.")


def test_a_child_sees_how_far_it_is(previews: Previews) -> None:
    questions = [data_of("faces") | {"question": f"q{n}"} for n in range(35)]
    page = previews.show(questions, "ks2", part=10)
    assert "Part 2 of 5, Question 10 of 35" in words(page.root)
    (way,) = [e for e in page.root.iter("div") if e.get("class") == "way"]
    parts = [(e.get("value"), e.get("max"), e.get("class")) for e in way.iter("progress")]
    assert parts == [("8", "8", None), ("2", "8", "here"), ("0", "8", None), ("0", "8", None), ("0", "8", None)]
    assert way.get("aria-hidden") == "true"


def test_the_look_of_a_device_is_on_every_page(previews: Previews) -> None:
    for place in ("ks2", "parent"):
        page = previews.show([data_of("rating")], place, look="theme-dark text-bigger spaced")
        assert page.root.get("class") == "theme-dark text-bigger spaced"


@pytest.mark.parametrize("place", SETTINGS)
@pytest.mark.parametrize("state", ["finished", "stopped", "thrown", "declined"])
def test_every_way_to_end_is_thanked_for(previews: Previews, place: str, state: str) -> None:
    survey = survey_of([data_of("rating")], place)
    root = previews.template("done", survey, state=state, thanks="Goodbye.", declined="That is fine.")
    assert "Thank you" in words(root) or "Goodbye" in words(root)


# ── what the templates are made of ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_style_script_or_address_of_its_own(path: Path) -> None:
    files = r"<script( type=\"module\")? src=\"\{\{ asset\('[a-z]+\.js'\) \}\}\"( defer)?></script>"
    text = re.sub(files, "", path.read_text(encoding="utf-8"))
    assert not re.search(r"\sstyle\s*=|<style|<script|\son\w+\s*=|https?://|\|\s*safe\b", text)


def test_the_sheets_ask_nothing_of_other_hosts_and_know_no_left_or_right() -> None:
    for name in ("pupil.css", "adult.css"):
        text = (SURVEY / "static" / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|url\(\s*[\"']?//|@import", text), name
        sided = r"(?:margin|padding|border)-(?:left|right)\b|(?<![\w-])(?:left|right)\s*:|(?:text-align|float)\s*:\s*(?:left|right)"
        assert not re.search(sided, text), name


def said_in_templates() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES:
        for found in re.finditer(r"""\bsay\((?:'([^']+)'|"([^"]+)")""", path.read_text(encoding="utf-8")):
            yield path.name, found[1] or found[2]


def said_in_kinds() -> Iterator[tuple[str, str]]:
    """Yield the sentences that kinds say or refuse an answer with, and those that pages say."""
    speaking = {"say", "Wrong", "nothing_said"}
    pages = SURVEY / "pages"
    others = [SURVEY / "options.py", SURVEY / "typed.py", pages / "withdraw" / "__init__.py"]
    others += sorted((pages / "answer").glob("*.py"))
    for path in (*sorted((SURVEY / "kinds").glob("*.py")), *others):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in speaking:
                for part in ast.walk(node.args[0]) if node.args else ():
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) > 1:
                        yield path.name, part.value


@pytest.mark.parametrize("language", ["cy", "pl", "ur"])
def test_everything_said_is_said_in_every_language(language: str) -> None:
    with (SURVEY / "translations" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    known = {message.id for message in catalogue if message.id and message.string}
    said = [*said_in_templates(), *said_in_kinds()]
    assert len(said) > 60
    assert sorted({(where, sentence) for where, sentence in said if sentence not in known}) == []


# ── drawings ──────────────────────────────────────────────────────────────────────────────────────────────
ASKED_FOR = (
    "star fish drum tree moon apple boat key sun house bell hat notes song recorder violin class friends school "
    "home book stage heart hand"
)


def test_the_pictures_authors_may_name_are_there() -> None:
    assert set(ASKED_FOR.split()) <= PICTURES


@pytest.mark.parametrize("name", [*(f"pictures/{name}" for name in sorted(PICTURES)), *map("faces/{}".format, FACES)])
def test_a_drawing_is_sound_and_silent(name: str) -> None:
    root = ElementTree.fromstring(drawing(name, "cue"))
    assert root.tag == "svg"
    assert root.get("class") == "cue"
    assert root.get("aria-hidden") == "true"
    assert root.get("focusable") == "false"
    assert root.get("viewBox")
    for e in root.iter():
        # An id would stand twice in a page with two of the drawings; a title or text would be read out.
        assert not {"id", "style"} & set(e.attrib)
        assert e.tag in {"svg", "g", "path", "circle", "ellipse", "rect"}


def test_all_faces_share_one_head_so_that_none_is_louder() -> None:
    heads = set()
    for name in FACES:
        head = list(ElementTree.fromstring(face(name)))[:4]
        heads.add(b"".join(ElementTree.tostring(part) for part in head))
    assert len(heads) == 1


def test_every_drawing_the_templates_name_exists() -> None:
    named = {
        found for path in TEMPLATES for found in re.findall(r"\bdrawing\('([\w/-]+)'", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 6
    for name in named:
        assert drawing(name).startswith("<svg ")


def test_an_unknown_drawing_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        drawing("pictures/no-such-thing")


# ── in a browser ──────────────────────────────────────────────────────────────────────────────────────────
SCREENS = [(1024, 690), (1366, 640)]
"""What a school's tablet and its laptop leave for a page (P26)."""


def test_a_child_never_scrolls_to_find_next(previews: Previews, serve: Callable[[Any], str], page: Page) -> None:
    address = serve(previews.app)
    for name, place in CASES:
        if SETTINGS[place].audience != "pupil":
            continue
        for part in parts_of(data_of(name), place):
            previews.show([data_of(name)], place, part=part)
            page.goto(f"{address}/preview")
            for width, height in SCREENS:
                page.set_viewport_size({"width": width, "height": height})
                end = page.evaluate("() => document.querySelector('.next').getBoundingClientRect().bottom")
                assert end <= height, (name, place, part, width, height)
