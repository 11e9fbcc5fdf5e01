"""Someone tries to get a name, a pupil number, an answer or another school's data out: by every page, file and log."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from survey.admission import add_user
from survey.app import create_app
from survey.cli import main
from survey.config import Settings
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in, token

NAME = "Quillfeather"
ANSWER = "my kazoo is purple"
OTHERS = ("Birchwood", "birch", "bq01", "bq02", "Kestrels")
"""What belongs to the other school: its title, code, pupils and class."""

STUDY = """
study: leaks
title: Who plays
arms:
  - {arm: programme, title: With}
  - {arm: comparison, title: Without}
waves:
  - {wave: w1, title: Now, opens: 2020-09-01, closes: 2099-12-31}
facts:
  - {fact: year, title: Year group, kind: number, min: 0, max: 6, changes: yes}
fieldwork:
  - {questionnaire: pupil, audience: pupil, waves: [w1]}
linkage: {identifier: upn}
retention: {delete_on: 2100-08-31}
access: {tables: [researcher], microdata: [researcher]}
"""

PUPIL = """
questionnaire: pupil
version: 1
title: Music and me
audience: pupil
reader: {age: 8}
languages: en
thanks: Thank you.
assent: {ask: Do you want to?, lines: [{text: There are no wrong answers.}], yes: Yes, no: No, declined: Fine.}
free_text: {read: no, talk_to: Tell a grown-up you trust.}
pages:
  - page: music
    questions:
      - {question: played, kind: yes_no, ask: Do you play?}
      - {question: what, kind: short_text, ask: What do you play?}
"""

SCHOOLS = "school,title,arm\nash,Ashgrove Primary,programme\nbirch,Birchwood Primary,comparison\n"
ANSWERS = f"participant,state,played,what\naq01,finished,1,{ANSWER}\nbq01,finished,1,{ANSWER} too\n"


def upn(middle: str) -> str:
    """A unique pupil number with its right check letter (weights 2 to 13, modulo 23)."""
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return letters[sum(at * int(digit) for at, digit in enumerate(middle, start=2)) % 23] + middle


NUMBERS = [upn(f"80120000{n:04d}") for n in range(1, 5)]


class Installation:
    """A study of two schools, made with the commands; someone in each role; everything that was logged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "instance"
        self.environment = {
            "CHORUS_INSTANCE": str(self.folder),
            "CHORUS_LINKAGE_KEY": str(folder / "linkage.key"),
            "CHORUS_URL": "http://localhost",
            "DATABASE_URL": "",
            "SECRET_KEY": "",
        }
        self.files = folder / "files"
        self.visits = count()
        study = self.files / "study"
        study.mkdir(parents=True)
        (study / "study.yaml").write_text(STUDY)
        (study / "pupil.yaml").write_text(PUPIL)
        self.survey("upgrade")
        self.survey("publish", study)
        self.survey("roster", "key", folder / "linkage.key")
        of = ("--study", "leaks", "--wave", "w1")
        self.survey("roster", "import", self.file("schools.csv", SCHOOLS), *of)
        self.survey("roster", "import", self.file("roster.csv", self.roster()), *of)
        self.survey("answers", "import", self.file("answers.csv", ANSWERS), "--questionnaire", "pupil", *of)
        self.settings = Settings.from_environment(self.environment)
        self.app: Flask = create_app(self.settings)
        self.engine = self.app.extensions["chorus"].engine

    def roster(self) -> str:
        lines = ["participant,school,class,class_title,year,upn"]
        for n, number in enumerate(NUMBERS):
            school, title = ("ash", "Owls") if n < 2 else ("birch", "Kestrels")
            lines.append(f"{school[0]}q0{n % 2 + 1},{school},c{n // 2},{title},4,{number}")
        return "\n".join(lines) + "\n"

    def file(self, name: str, text: str) -> Path:
        path = self.files / name
        path.write_text(text, encoding="utf-8")
        return path

    def survey(self, *words: object, code: int = 0) -> str:
        run = CliRunner().invoke(main, [str(word) for word in words], env=self.environment)
        assert run.exit_code == code, run.output
        return run.output

    def someone(self, role: str, school: str | None = None) -> StrictClient:
        client = strict_client(self.app)
        email = f"{role}-{next(self.visits)}@example.org"
        study = None if role == "administrator" else "leaks"
        sign_in(client, add_user(self.engine, email, [role], study=study, school=school), email)
        assert choose(client, OWN).status_code == 302
        return client

    def bytes_kept(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("leaks"))


# ---- walking ---------------------------------------------------------------------------------------------


def contents(reply: TestResponse) -> str:
    """What a reply holds, whatever it is: a page, a CSV, or the files within a workbook or a zip."""
    if not reply.data.startswith(b"PK"):
        return reply.get_data(as_text=True)
    return "\n".join(unpacked(reply.data))


def unpacked(data: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        for name in files.namelist():
            inside = files.read(name)
            yield from unpacked(inside) if inside.startswith(b"PK") else [name, inside.decode("utf-8", "replace")]


def walk(client: StrictClient) -> dict[str, str]:
    """Everything someone reaches by following links from the office's first page: address -> contents.

    A page that can be sorted is looked at as it comes and in one other order: the rest show the same rows.
    """
    seen: dict[str, str] = {}
    met: set[str] = set()
    waiting = ["/office/"]
    while waiting:
        address = waiting.pop()
        but_for_order = re.sub(r"(?<=[?&]sort=)[^&]*", "", address)
        if but_for_order in met or len(seen) > 400:
            continue
        met.add(but_for_order)
        reply = client.get(address)
        assert reply.status_code < 500, address
        seen[address] = contents(reply)
        if reply.location:
            waiting.append(urldefrag(reply.location).url)
        if reply.mimetype == "text/html":
            found = re.findall(r'(?:href|src)="(/office/[^"#]*)', seen[address])
            waiting += [unquote(link.replace("&amp;", "&")) for link in found if "sign-" not in link]
    return seen


@pytest.fixture(scope="module")
def walks(here: Installation) -> dict[str, dict[str, str]]:
    """The walks of a lead, a researcher, an administrator, and one school's coordinator by account and by link."""
    people = {
        "lead": here.someone("lead"),
        "researcher": here.someone("researcher"),
        "administrator": here.someone("administrator"),
        "coordinator": here.someone("coordinator", "ash"),
        "link": by_link(here),
    }
    return {who: walk(client) for who, client in people.items()}


def by_link(here: Installation) -> StrictClient:
    said = here.survey("link", "coordinator", "leaks", "--school", "ash")
    found = re.search(r"http://localhost(/office/link/\S+)", said)
    assert found, said
    client = strict_client(here.app)
    assert client.post(found[1], data={"csrf_token": token(client.get(found[1]))}).status_code == 302
    return client


# ---- names and numbers -----------------------------------------------------------------------------------

HIDING_PLACES = {
    "a column of names": f"participant,name,school,class,year\naq03,Zoe {NAME},ash,c0,4\n",
    "a column called something else": f"participant,Pupil's forename,school,class,year\naq03,{NAME},ash,c0,4\n",
    "a name as the study code": f"participant,school,class,year\nZoe {NAME},ash,c0,4\n",
    "an address as the study code": f"participant,school,class,year\n{NAME.lower()}@example.org,ash,c0,4\n",
    "a number as the study code": f"participant,school,class,year\n{NUMBERS[0]},ash,c0,4\n",
    "a number as the class": f"participant,school,class,year\naq03,ash,{NUMBERS[0]},4\n",
    "a number as the class's title": f"participant,school,class,class_title,year\naq03,ash,c0,{NUMBERS[0]},4\n",
    "a date of birth": f"participant,date of birth,school,class,year\naq03,2017-03-04 {NAME},ash,c0,4\n",
}


@pytest.mark.parametrize("table", HIDING_PLACES.values(), ids=HIDING_PLACES)
def test_a_name_or_number_gets_in_by_no_roster(here: Installation, table: str) -> None:
    path = here.file("hiding.csv", table)
    said = here.survey("roster", "import", path, "--study", "leaks", "--wave", "w1", code=1)
    assert "Nothing was imported." in said
    kept = here.bytes_kept()
    assert NAME.encode() not in kept
    assert not any(number.encode() in kept for number in NUMBERS)


def test_an_uploaded_file_with_names_is_not_even_kept_for_the_preview(here: Installation) -> None:
    client = here.someone("lead")
    address = "/office/studies/leaks/roster"
    table = HIDING_PLACES["a column of names"].encode()
    form = {"csrf_token": token(client.get(address)), "wave": "w1", "file": (io.BytesIO(table), "roster.csv")}
    reply = client.post(address, data=form, content_type="multipart/form-data")
    while reply.status_code in (302, 303):
        reply = client.get(reply.location)
    assert NAME not in reply.get_data(as_text=True)
    assert NAME.encode() not in here.bytes_kept()


@pytest.mark.slow
def test_pupil_numbers_are_hashed_and_come_out_nowhere(here: Installation, walks: dict[str, dict[str, str]]) -> None:
    kept = here.bytes_kept()
    for number in NUMBERS:
        assert number.encode() not in kept
        assert not [a for pages in walks.values() for a, text in pages.items() if number in text]
    for name, *words in (
        ("list.csv", "roster", "list", "leaks", "--wave", "w1"),
        ("linkage.csv", "roster", "linkage", "leaks"),
        ("export.zip", "export", "leaks", "--format", "csv"),
        ("export.xlsx", "export", "leaks", "--format", "xlsx"),
        ("audit.csv", "audit", "leaks"),
        ("audit.xlsx", "audit", "leaks"),
        ("consent.csv", "consent", "list", "leaks", "--wave", "w1"),
        ("links.csv", "link", "personal", "leaks", "--wave", "w1"),
        ("remind.xlsx", "progress", "leaks", "--wave", "w1"),
        ("paper.html", "paper", "leaks", "pupil", "--wave", "w1"),
    ):
        option = "--remind" if words[0] == "progress" else "--out"
        said = here.survey(*words, option, here.files / name)
        data = (here.files / name).read_bytes()
        held = said + ("\n".join(unpacked(data)) if data.startswith(b"PK") else data.decode())
        assert len(held) > 40
        assert not any(number in held for number in NUMBERS), words


# ---- another school --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["coordinator", "link"])
def test_a_coordinator_finds_nothing_of_another_school_by_any_link(walks: dict[str, dict[str, str]], who: str) -> None:
    pages = walks[who]
    assert any("aq01" in text for text in pages.values()), "their own school is there"
    assert {address: word for address, text in pages.items() for word in OTHERS if word in text} == {}


@pytest.mark.parametrize("who", ["coordinator", "link"])
def test_nor_by_any_address_the_lead_has_seen(here: Installation, walks: dict[str, dict[str, str]], who: str) -> None:
    client = by_link(here) if who == "link" else here.someone("coordinator", "ash")
    found = {}
    for address in walks["lead"]:
        reply = client.get(address)
        assert reply.status_code < 500, address
        text = contents(reply)
        # What was asked for may stand in the address of a link on the page; nothing else may.
        text = text.replace(address, "").replace(address.replace("&", "&amp;"), "")
        for word in (*OTHERS, ANSWER):
            if word in text:
                found[address] = word
    assert found == {}


# ---- answers ---------------------------------------------------------------------------------------------


def test_answers_are_in_the_researchers_files_and_on_no_page_of_anyone_else(walks: dict[str, dict[str, str]]) -> None:
    with_answers = {who: sorted(a for a, text in pages.items() if ANSWER in text) for who, pages in walks.items()}
    assert any("data.csv" in address for address in with_answers["researcher"])
    assert any("data.xlsx" in address for address in with_answers["lead"])
    assert with_answers["administrator"] == with_answers["coordinator"] == with_answers["link"] == []
    for who in ("lead", "researcher"):
        assert all("/data." in address for address in with_answers[who])
        assert not any("data.tables" in address for address in with_answers[who])


def test_a_device_that_is_handed_on_shows_nothing_of_the_person_before(here: Installation) -> None:
    """By no page that was open on it, and by none that asks whose turn it is: no answer, and not even a study code."""
    table = here.files / "handed-on.csv"
    here.survey("link", "personal", "leaks", "--wave", "w1", "--out", table, "--yes")
    links = dict(re.findall(r"([ab]q02),.*?http://localhost(/j/[^,\s]+)", table.read_text(encoding="utf-8-sig")))
    client = FlaskClient(here.app)
    client.get(links["bq02"])
    first = client.post("/welcome", data={"assent": "yes", "language": "en"}, follow_redirects=True).request.path
    typed = first.replace("/played", "/what")
    assert client.post(f"{typed}?n=1", data={"q_what": ANSWER}).status_code == 303
    assert ANSWER in client.get(f"{typed}?n=1&again=1").get_data(as_text=True), "they see it themselves"
    opened = ["/", "/go", "/welcome", "/turn", f"{first}?n=2", f"{first}/back"]
    opened += [f"{typed}{rest}" for rest in ("", "?n=1", "?n=1&again=1", "?n=1&check=1", "/back", "/look", "/stop")]
    seen = [client.get("/", follow_redirects=True).get_data(as_text=True)]
    client.post("/turn", data={"turn": "mine"})
    seen += [client.get(address, follow_redirects=True).get_data(as_text=True) for address in opened]
    client.get(links["aq02"])
    client.post("/welcome", data={"assent": "yes", "language": "en"})
    seen += [client.get(address, follow_redirects=True).get_data(as_text=True) for address in opened]
    assert "Is this you?" in seen[0]
    for hidden in (ANSWER, "bq02", "Birchwood"):
        assert [page for page in seen if hidden in page] == []


def test_the_audit_has_neither_answers_nor_numbers_nor_names(here: Installation) -> None:
    said = here.survey("audit", "leaks")
    assert "roster" in said
    for secret in (ANSWER, NAME, *NUMBERS):
        assert secret not in said


def test_nothing_of_it_is_logged(
    here: Installation, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answering by hand, wrong posts, refused uploads, and a page that breaks: the log names places only."""
    with caplog.at_level(logging.DEBUG):
        links = here.files / "links.csv"
        here.survey("link", "personal", "leaks", "--wave", "w1", "--out", links, "--yes")
        found = re.search(r"aq02,.*?http://localhost(/j/[^,\s]+)", links.read_text(encoding="utf-8-sig"))
        assert found
        client = FlaskClient(here.app)
        client.get(found[1])
        reply = client.post("/welcome", data={"assent": "yes", "language": "en"}, follow_redirects=True)
        assert reply.status_code == 200
        client.post(reply.request.path, data={"q_what": f"{NAME}'s {ANSWER}", "unknown": ANSWER})
        for table in HIDING_PLACES.values():
            path = here.file("logged.csv", table)
            here.survey("roster", "import", path, "--study", "leaks", "--wave", "w1", code=1)

        def breaks() -> str:
            raise RuntimeError(f"{NAME} {ANSWER} {NUMBERS[0]}")

        monkeypatch.setitem(here.app.view_functions, "answer.front", breaks)
        assert client.get("/").status_code == 500
    assert "RuntimeError" in caplog.text
    for secret in (ANSWER, NAME, *NUMBERS):
        assert secret not in caplog.text
