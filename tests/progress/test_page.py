"""The page and the command say the same, and it is what plain SQL counts; a coordinator sees their own school."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from survey.audit import LogFilter, entries
from survey.cli import main
from survey.database import Engine, open_engine
from survey.progress import TITLES, Outcome
from tests.pages.strict import StrictClient, heading, look_at, words
from tests.progress.conftest import Field
from tests.progress.every_outcome import CODE, PUPILS
from tests.progress.test_counts import by_sql

pytestmark = pytest.mark.one_engine

PAGE = f"/office/studies/{CODE}/progress"
W2 = {"wave": "w2", "questionnaire": "pupil"}
BY_TITLE = {title: outcome for outcome, title in TITLES.items()}


def rows(root: Element, caption: str) -> list[list[str]]:
    """Return header and lines of the table with this caption, as texts."""
    for found in root.iter("table"):
        if found.find("caption") is not None and caption in "".join(found.find("caption").itertext()):  # type: ignore[union-attr]
            return [
                [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]
                for row in found.iter("tr")
            ]
    raise AssertionError(f"no table {caption!r}")


def numbers(table: list[list[str]]) -> dict[str, dict[str, str]]:
    header, *lines = table
    return {line[0]: dict(zip(header[1:], line[1:], strict=True)) for line in lines}


@pytest.fixture
def run(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    env = {"CHORUS_INSTANCE": str(tmp_path), "DATABASE_URL": field.engine.url.render_as_string(hide_password=False)}
    opened: list[Engine] = []

    def kept(url: str) -> Engine:
        opened.append(open_engine(url))
        return opened[-1]

    # A command ends its process, and with it its connections; here they would stay open.
    monkeypatch.setattr("survey.database.open_engine", kept)

    def command(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, arguments, env=env)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    yield command
    for engine in opened:
        engine.dispose()


def printed(output: str) -> dict[str, dict[str, str]]:
    lines = [re.split(r" {2,}", line.strip()) for line in output.splitlines() if line]
    return numbers(lines)


@pytest.mark.one_engine
@pytest.mark.parametrize("by", ["school", "programme", "arm", "questionnaire", "wave"])
def test_the_page_says_what_the_command_says(
    enter: Callable[..., StrictClient], run: Callable[..., str], by: str
) -> None:
    root = look_at(enter("lead").get(PAGE, query_string={**W2, "by": by}))
    shown = numbers(rows(root, "every outcome"))
    assert shown == printed(run("progress", CODE, "--wave", "w2", "--questionnaire", "pupil", "--by", by))


@pytest.mark.both_engines
def test_every_number_of_the_page_is_what_plain_sql_counts(enter: Callable[..., StrictClient], field: Field) -> None:
    root = look_at(enter("researcher").get(PAGE, query_string=W2))
    shown = numbers(rows(root, "every outcome"))
    schools = {"Ash Primary": "s1", "Birch Primary": "s2", "Cedar Primary": "s3", "Downs Secondary": "sec"}
    assert set(shown) == {*schools, "All"}
    for title, school in schools.items():
        for column, figure in shown[title].items():
            if column in BY_TITLE:
                assert int(figure) == by_sql(field, BY_TITLE[column], f"AND school.code = '{school}'"), (title, column)
    assert {BY_TITLE[column] for column in shown["All"] if column in BY_TITLE} == set(Outcome) - {Outcome.NO_PART}
    assert (shown["Ash Primary"]["Asked"], shown["Ash Primary"]["Rate"]) == ("39", "9.1 %")
    assert shown["Downs Secondary"]["Rate"] == "–"


def test_drilling_down_to_the_classes_of_a_school(enter: Callable[..., StrictClient], run: Callable[..., str]) -> None:
    lead = enter("lead")
    root = look_at(lead.get(PAGE, query_string={**W2, "by": "programme"}))
    (north,) = [e.get("href") or "" for e in root.iter("a") if "Northmouth" in "".join(e.itertext())]
    root = look_at(lead.get(north))
    assert set(numbers(rows(root, "every outcome"))) == {"Ash Primary", "Cedar Primary", "All"}
    (ash,) = [e.get("href") or "" for e in root.iter("a") if "Ash" in "".join(e.itertext())]
    root = look_at(lead.get(ash))
    assert heading(root) == "Progress: Ash Primary"
    shown = numbers(rows(root, "every outcome"))
    assert shown == printed(run("progress", CODE, "--wave", "w2", "--questionnaire", "pupil", "--school", "s1"))
    assert {name: line["Asked"] for name, line in shown.items()} == {
        "Class 4a": "26",
        "Class 4b": "13",
        "All": "39",
    }
    (room,) = [e.get("href") or "" for e in root.iter("a") if "Class 4a" in "".join(e.itertext())]
    said = words(look_at(lead.get(room)))
    assert "20 people not answered yet" in said
    assert "6 people have answered" in said


def test_a_rate_has_its_bar_in_the_row_and_an_exception_is_in_words(enter: Callable[..., StrictClient]) -> None:
    root = look_at(enter("lead").get(PAGE, query_string=W2))
    shown = rows(root, "response rates")
    assert shown[0] == ["School", "Rate", "Finished", "Asked", "In progress", "Not started", "Other"]
    assert shown[1:] == [
        ["Ash Primary no one has finished for two weeks", "9.1 %", "3", "39", "3", "3", "30"],
        ["Birch Primary no one has finished for two weeks", "9.1 %", "1", "13", "1", "1", "10"],
        ["Cedar Primary no one has started", "0.0 %", "0", "4", "0", "4", "0"],
    ]
    assert "1 more school has no one to ask here." in words(root)
    bars = [
        rects[1].get("width")
        for drawing in root.iter("{http://www.w3.org/2000/svg}svg")
        if "share" in (drawing.get("class") or "") and (rects := list(drawing))
    ]
    assert bars[:3] == ["9.09", "9.09", "0.0"]
    arms = rows(root, "from wave to wave, by arm")
    assert ["Programme schools", "4", "44", "9.1 %"] in arms


def test_day_by_day_ends_at_the_count_of_the_card(enter: Callable[..., StrictClient]) -> None:
    root = look_at(enter("lead").get(PAGE, query_string=W2))
    assert "Pupils 8.3 % 4 of 48 finished" in words(root)
    days = [row[1:] for row in rows(root, "finished each day")[1:]]
    assert days == [["2", "2"], ["1", "3"], ["1", "4"]]
    (wide, phone) = [e for e in root.iter("{http://www.w3.org/2000/svg}svg") if "picture" in (e.get("class") or "")]
    for drawing in (wide, phone):
        said = ["".join(e.itertext()) for e in drawing.iter("{http://www.w3.org/2000/svg}text")]
        assert "Finished so far: 4" in said
        assert "2 Nov" in said, "the axis begins when the wave opens"


def test_rows_are_sorted_by_a_link_in_the_heading(enter: Callable[..., StrictClient]) -> None:
    lead = enter("lead")
    root = look_at(lead.get(PAGE, query_string=W2))

    def heading_of(root: Element, title: str) -> Element:
        (found,) = [e for e in root.iter("th") if "".join(e.itertext()) == title and e.find("a") is not None]
        return found

    def schools(root: Element) -> list[str]:
        return [row[0].split(" Primary")[0] for row in rows(root, "response rates")[1:]]

    for wanted, order in (("descending", ["Ash", "Birch", "Cedar"]), ("ascending", ["Cedar", "Birch", "Ash"])):
        link = heading_of(root, "Asked").find("a")
        assert link is not None
        root = look_at(lead.get((link.get("href") or "").partition("#")[0]))
        assert heading_of(root, "Asked").get("aria-sort") == wanted
        assert [e.get("aria-sort") for e in root.iter("th") if e.get("aria-sort")] == [wanted]
        assert schools(root) == order
    link = heading_of(root, "School").find("a")
    assert link is not None
    root = look_at(lead.get((link.get("href") or "").partition("#")[0]))
    assert heading_of(root, "School").get("aria-sort") == "ascending", "words from A to Z first"
    for nonsense in ("rates.nothing", "rates", "rates.-", "links.asked", "%00", "rates.--asked"):
        assert schools(look_at(lead.get(f"{PAGE}?wave=w2&questionnaire=pupil&sort={nonsense}"))) == [
            "Ash",
            "Birch",
            "Cedar",
        ]


def test_a_coordinator_sees_own_school_and_no_other(enter: Callable[..., StrictClient], field: Field) -> None:
    coordinator = enter("coordinator", school="s2")
    root = look_at(coordinator.get(PAGE, query_string=W2))
    assert set(numbers(rows(root, "every outcome"))) == {"Birch Primary", "All"}
    said = words(root)
    for title in ("Ash Primary", "Cedar Primary", "Programme schools", "Comparison schools", "Southwick"):
        assert title not in said
    everything = said + words(look_at(coordinator.get(f"{PAGE}/missing", query_string={**W2, "school": "s2"})))
    assert not any(pupil.code in everything for pupil in PUPILS if pupil.school != "s2")
    for address in (
        f"{PAGE}?school=s1",
        f"{PAGE}?by=arm",
        f"{PAGE}?arm=programme",
        f"{PAGE}?programme=north",
        f"{PAGE}/missing?wave=w2&school=s1",
        f"{PAGE}/remind.csv?wave=w2&school=s1",
        f"{PAGE}?wave=w9",
        f"{PAGE}?questionnaire=none",
        f"{PAGE}?by=none",
    ):
        assert coordinator.get(address).status_code == 404, address
    listed = coordinator.get(f"{PAGE}/remind.csv?wave=w2").data.decode("utf-8-sig")
    assert {row["school"] for row in csv.DictReader(io.StringIO(listed))} == {"s2"}


@pytest.mark.both_engines
def test_who_to_remind_as_a_workbook_and_as_csv(
    enter: Callable[..., StrictClient], run: Callable[..., str], tmp_path: Path, field: Field
) -> None:
    lead = enter("lead")
    as_csv = lead.get(f"{PAGE}/remind.csv", query_string={**W2, "school": "s1"})
    assert as_csv.headers["Content-Disposition"] == f"attachment; filename={CODE}-remind-w2-s1-2026-11-20.csv"
    listed = list(csv.reader(io.StringIO(as_csv.data.decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(lead.get(f"{PAGE}/remind.xlsx", query_string={**W2, "school": "s1"}).data))
    sheet = [[cell or "" for cell in row] for row in book.active.iter_rows(values_only=True)]
    out = tmp_path / "remind.csv"
    run("progress", CODE, "--wave", "w2", "--questionnaire", "pupil", "--school", "s1", "--remind", str(out))
    assert listed == sheet == list(csv.reader(io.StringIO(out.read_text("utf-8-sig"))))
    still = {Outcome.NOT_STARTED, Outcome.UNDER_WAY, Outcome.ABSENT}
    assert listed[0] == ["participant", "school", "class", "wave", "questionnaire", "what is missing"]
    assert {row[0] for row in listed[1:]} == {p.code for p in PUPILS if p.school == "s1" and p.outcome in still}
    (last,) = list(entries(field.engine, LogFilter(what="took a list of who to remind"), most=1))
    assert (last.actor.name, last.details["rows"]) == ("lead@example.org", 9)


def token(root: Element) -> str:
    (form,) = [e for e in root.iter("form") if e.get("method") == "post" and "missing" in (e.get("action") or "")]
    return next(e.get("value") or "" for e in form.iter("input") if e.get("name") == "csrf_token")


def test_ticking_two_who_are_absent(enter: Callable[..., StrictClient], field: Field) -> None:
    coordinator = enter("coordinator", school="s1")
    where = {"wave": "w2", "school": "s1"}
    address = f"{PAGE}/missing?wave=w2&school=s1"
    root = look_at(coordinator.get(address))
    free = [p.code for p in PUPILS if p.school == "s1" and p.outcome is Outcome.NOT_STARTED][:2]
    offered = {e.get("value") for e in root.iter("input") if e.get("type") == "checkbox"}
    answered = {p.code for p in PUPILS if p.outcome in (Outcome.FINISHED, Outcome.STOPPED, Outcome.WITHDRAWN)}
    assert set(free) <= offered
    assert not offered & answered
    sent = {"csrf_token": token(root), "participant": free, "reason": "absent"}
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    reply = coordinator.post(address, data=sent, headers=own)
    assert reply.status_code == 303
    assert "Saved for 2 participants." in words(look_at(coordinator.get(reply.location)))
    assert coordinator.post(address, data=sent, headers=own).location.endswith("kept=0"), "twice changes nothing"
    assert by_sql(field, Outcome.ABSENT, "AND school.code = 's1'") == 5
    root = look_at(coordinator.get(PAGE, query_string=where))
    assert numbers(rows(root, "every outcome"))["All"]["Absent"] == "5"
    back = coordinator.post(address, data={**sent, "reason": "none"}, headers=own)
    assert "Saved for 2" in words(look_at(coordinator.get(back.location)))
    assert by_sql(field, Outcome.ABSENT, "AND school.code = 's1'") == 3


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"reason": "absent"}, "Tick at least one study code in the list."),
        ({"participant": "a030", "reason": ""}, "Choose a reason."),
        ({"participant": "a030", "reason": "ill"}, "Choose a reason."),
        ({"participant": "b03", "reason": "absent"}, "is not on the roster of this wave."),
        ({"participant": "a030", "reason": "absent", "csrf_token": "no"}, "This page was open for too long."),
    ],
)
def test_what_cannot_be_kept_is_said(
    enter: Callable[..., StrictClient], field: Field, sent: dict[str, str], says: str
) -> None:
    coordinator = enter("coordinator", school="s1")
    address = f"{PAGE}/missing?wave=w2&school=s1"
    with field.engine.connect() as connection:
        before = connection.scalar(text("SELECT count(*) FROM reason"))
        data = {"csrf_token": token(look_at(coordinator.get(address))), **sent}
        own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
        reply = coordinator.post(address, data=data, headers=own)
        assert reply.status_code == 400
        assert says in words(look_at(reply))
        assert connection.scalar(text("SELECT count(*) FROM reason")) == before


@pytest.mark.one_engine
def test_what_is_said_leads_to_no_list_that_is_gone(enter: Callable[..., StrictClient]) -> None:
    lead = enter("lead")
    sent = {"csrf_token": token(look_at(lead.get(f"{PAGE}/missing?wave=w2&school=s1"))), "reason": "absent"}
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    root = look_at(lead.post(f"{PAGE}/missing?wave=w1&school=s2", data=sent, headers=own))
    assert "Tick at least one study code in the list." in words(root)
    assert not [e for e in root.iter("a") if e.get("href") == "#list"]


def test_reasons_from_a_file_by_the_command(run: Callable[..., str], tmp_path: Path) -> None:
    free = next(pupil.code for pupil in PUPILS if pupil.outcome is Outcome.NOT_STARTED)
    file = tmp_path / "reasons.csv"
    file.write_text(f"participant,reason\n{free},absent\n")
    order = ("progress", "reasons", str(file), "--study", CODE, "--wave", "w2")
    assert run(*order, "--preview") == "1 reasons would be added, 0 would be changed, 0 unchanged.\n"
    assert run(*order) == "1 reasons added, 0 changed, 0 unchanged.\n"
    assert run(*order) == "0 reasons added, 0 changed, 1 unchanged.\n"
    file.write_text("participant,reason\nnobody,absent\n")
    assert "row 2, column A (participant): 'nobody' is not on the roster" in run(*order, fails=True)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("small-note",), "There is no study 'small-note'."),
        ((CODE, "--wave", "w7"), "There is no wave 'w7'."),
        ((CODE, "--school", "s9"), "There is no school 's9'."),
        ((CODE, "--questionnaire", "pupils"), "Did you mean 'pupil'?"),
        ((CODE, "--remind", "list.pdf"), "ends in .csv or .xlsx"),
    ],
)
def test_the_command_says_what_is_there(run: Callable[..., str], arguments: tuple[str, ...], says: str) -> None:
    assert says in run("progress", *arguments, fails=True)
