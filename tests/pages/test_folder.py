"""A study from a folder in the browser: everything wrong with it is said, and nothing leads out of its own folder."""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from survey.admission import add_user
from survey.audit import LogFilter, entries
from survey.config import Settings
from survey.database import Base, Engine, read, session, write
from survey.definition.unpacking import LARGEST_FILE, MOST, CannotUnpack, from_zip, unpack
from survey.fieldwork import study_by_code
from survey.fieldwork.waiting import LIFE, upload
from tests.pages.small_study import PARENT, PUPIL, STUDY
from tests.pages.strict import StrictClient, heading, look_at, strict_client, words
from tests.pages.test_account import OWN, choose, sign_in, token
from tests.pages.walker import Walker

pytestmark = pytest.mark.slow

NEW = STUDY.replace("study: small-notes", "study: new-notes").replace("title: Small notes", "title: New notes")
FILES = {"study.yaml": NEW, "pupil.yaml": PUPIL, "parent.yaml": PARENT}
SHIPPED = Path(__file__).parents[2] / "questionnaires"
PAGE = "/office/new-study"


def packed(files: dict[str, str | bytes], top: str = "") -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{top}{name}", text)
    out.seek(0)
    return out


@pytest.fixture
def enter(app: Flask, engine: Engine, settings: Settings) -> Callable[..., StrictClient]:
    """enter("lead") -> a client that is signed in with this role, for all studies or one."""

    def with_role(role: str, study_code: str | None = None, name: str = "ann") -> StrictClient:
        client = strict_client(app)
        email = f"{name}-{role}@example.org"
        sign_in(client, add_user(engine, email, [role], study=study_code), email)
        choose(client, OWN)
        return client

    return with_role


@pytest.fixture
def lead(enter: Callable[..., StrictClient]) -> StrictClient:
    return enter("lead")


def send(client: StrictClient, **files: object) -> TestResponse:
    data = {"csrf_token": token(client.get(PAGE)), **files}
    return client.post(PAGE, data=data, content_type="multipart/form-data")


def send_zip(client: StrictClient, files: dict[str, str | bytes], top: str = "") -> TestResponse:
    return send(client, zip=(packed(files, top), "study.zip"))


def follow(client: StrictClient, reply: TestResponse) -> TestResponse:
    assert reply.status_code == 303, words(look_at(reply))
    assert reply.location
    return client.get(reply.location)


def publish(client: StrictClient, reply: TestResponse) -> TestResponse:
    page = client.get(reply.location or "")
    return client.post(reply.location or "", data={"csrf_token": token(page), "do": "import"})


# ---- the walk --------------------------------------------------------------------------------------------


def test_a_zip_is_looked_at_and_then_published(lead: StrictClient, engine: Engine) -> None:
    sent = send_zip(lead, {**FILES, "README.md": "read me", "__MACOSX/._study.yaml": "x"}, "new notes/")
    page = follow(lead, sent)
    root = look_at(page)
    said = words(root)
    assert heading(root) == "Check before you publish"
    assert "New notes: a new study, new-notes. Nothing has been published yet." in said
    assert "Wave: Autumn 202522 September to 19 December 2025" in said
    assert "The data will be deleted on31 August 2100" in said
    assert said.count("New ") >= 2
    assert "Left out, because they are not part of a study: new notes/README.md" in said
    with session(engine) as db:
        assert study_by_code(db, "new-notes") is None
    done = publish(lead, sent)
    assert done.location == "/office/studies/new-notes"
    with session(engine) as db:
        study = study_by_code(db, "new-notes")
        assert study is not None
        its_id = study.id
    (line,) = entries(engine, LogFilter(study_id=its_id, what="published the study"))
    assert str(line.actor) == "ann-lead@example.org"
    assert lead.get(sent.location or "").location == f"{PAGE}?gone=1", "it was published, and waits no more"


def test_many_files_do_as_well(lead: StrictClient) -> None:
    files = [(io.BytesIO(text.encode()), f"folder/{name}") for name, text in FILES.items()]
    assert heading(look_at(follow(lead, send(lead, files=files)))) == "Check before you publish"


def test_the_shipped_study_is_published_so(lead: StrictClient) -> None:
    files: dict[str, str | bytes] = {file.name: file.read_bytes() for file in SHIPPED.iterdir()}
    sent = send_zip(lead, files, "questionnaires/")
    assert "Versions" in words(look_at(follow(lead, sent)))
    assert publish(lead, sent).location == "/office/studies/first-notes"


def test_everything_wrong_is_said_with_its_place(lead: StrictClient, engine: Engine, tmp_path: Path) -> None:
    wrong = {
        **FILES,
        "pupil.yaml": PUPIL.replace("ask: How much do you like playing music?, ", "").replace("title:", "titel:", 1),
    }
    sent = send_zip(lead, wrong)
    root = look_at(follow(lead, sent))
    assert heading(root) == "This folder has 2 problems"
    places = [cell.text or "" for cell in root.iter("th") if cell.get("scope") == "row"]
    assert all(re.fullmatch(r"pupil\.yaml:\d+:\d+", place) for place in places)
    assert len(places) == 2
    assert str(tmp_path) not in words(root), "where it lies is no one's business"
    lines = [line.text or "" for line in root.iter("code") if line.get("class") == "line"]
    assert [line.strip()[:20] for line in lines] == ["titel: Music and me", "- {question: play_en"], (
        "the lines themselves"
    )
    assert not [b for b in root.iter("button") if b.text == "Publish study"]
    assert publish(lead, sent).status_code == 400
    with session(engine) as db:
        assert study_by_code(db, "new-notes") is None


def test_without_a_study_file_it_says_so(lead: StrictClient) -> None:
    root = look_at(follow(lead, send_zip(lead, {"pupil.yaml": PUPIL}, "some/")))
    assert "a study needs a file study.yaml" in words(root)


def test_advice_does_not_stand_in_the_way(lead: StrictClient) -> None:
    loud = PUPIL.replace("How much do you like playing music?", "How much do you like playing and composing music?")
    root = look_at(follow(lead, send_zip(lead, {**FILES, "pupil.yaml": loud})))
    said = words(root)
    assert heading(root) == "Check before you publish"
    assert ("Advice" in said) == ("What could be better" in said)
    assert [b for b in root.iter("button") if b.text == "Publish study"]


# ---- seeing the pages first ------------------------------------------------------------------------------


def pages_of(page: TestResponse) -> str:
    """Return the address of the preview that the check before publishing links to."""
    return next(href for a in look_at(page).iter("a") if (href := a.get("href") or "").endswith(".pupil.en/pages"))


def rows(engine: Engine) -> dict[str, int]:
    with read(engine) as connection:
        tables = Base.metadata.sorted_tables
        return {one.name: connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables}


def test_the_pages_of_a_folder_can_be_tried_out_before_it_is_published_and_nothing_is_kept(
    lead: StrictClient, app: Flask, engine: Engine
) -> None:
    picture = (Path(__file__).parents[2] / "survey" / "drawings" / "pictures" / "drum.svg").read_bytes()
    with_picture = PUPIL.replace("music?, options", "music?, picture: drum.svg, picture_text: A drum, options")
    when = "when: {roster.arm: programme}, options: enjoy5}\nscales:"
    asked = with_picture.replace("options: enjoy5}\nscales:", when)
    sent = send_zip(lead, {**FILES, "pupil.yaml": asked, "pictures/drum.svg": picture})
    before = rows(engine)
    pages = pages_of(follow(lead, sent))
    colleague = Walker(strict_client(app)).open(pages)
    until = re.search(r"works until (\d\d:\d\d), or until the folder is published", words(colleague.page))
    assert until
    assert f"Until {until[1]}, colleagues can try the pages out too" in words(look_at(follow(lead, sent)))
    start = pages.removesuffix("/pages")
    assert f"http://localhost{start}" in words(colleague.page), "the address to hand on"
    colleague.post({"arm": "comparison"})
    colleague.open(start).post({"assent": "yes"}).post({"q_sing_enjoy": "4"})
    assert colleague.heading == "Thank you." or "/over" in colleague.address
    colleague.open(pages).post({"arm": "programme"})
    colleague.open(start).post({"assent": "yes"}).post({"q_sing_enjoy": "4"})
    (drum,) = [image.get("src", "") for image in colleague.page.iter("img")]
    assert colleague.client.get(drum).data == picture
    colleague.post({"q_play_enjoy": "5"})
    assert "/over" in colleague.address
    assert rows(engine) == before
    lead.post(sent.location or "", data={"csrf_token": token(lead.get(sent.location or "")), "do": "cancel"})
    assert colleague.client.get(start).status_code == 404, "the folder was cancelled"


def test_what_waits_is_tried_out_for_an_hour_by_those_who_have_its_address(
    lead: StrictClient, app: Flask, engine: Engine
) -> None:
    sent = send_zip(lead, dict(FILES))
    start = pages_of(follow(lead, sent)).removesuffix("/pages")
    stranger = strict_client(app)
    assert stranger.get(start).status_code == 200
    key = start.split("/")[2].split(".")[0]
    for wrong in (f"/try/x{key[1:]}.pupil.en", f"/try/{key}.pupil.cy", f"/try/{key}.study.en", f"/try/{key}"):
        assert stranger.get(wrong).status_code == 404, wrong
    assert stranger.get(sent.location or "").status_code == 302, "to publish it one has to sign in"
    with write(engine) as connection:
        connection.execute(update(upload).values(at=datetime.now(UTC) - LIFE - timedelta(seconds=1)))
    assert stranger.get(start).status_code == 404


# ---- versions --------------------------------------------------------------------------------------------


def test_a_new_version_says_what_changes(lead: StrictClient) -> None:
    publish(lead, send_zip(lead, dict(FILES)))
    raised = {
        **FILES,
        "study.yaml": NEW.replace("2100-08-31", "2101-08-31"),
        "pupil.yaml": PUPIL.replace("version: 1", "version: 2").replace("with your class", "in class"),
    }
    sent = send_zip(lead, raised)
    said = words(look_at(follow(lead, sent)))
    assert "New notes: there is a study new-notes already, and this is a new version of it." in said
    assert "Music and me pupilPreview the pages of pupil in English (opens a new tab) 2 New" in said
    assert "Your child and music parentPreview the pages of parent in English (opens a new tab) 3 Unchanged" in said
    assert "31 August 2101 (until now: 31 August 2100)" in said
    assert publish(lead, sent).status_code == 303
    page = look_at(lead.get("/office/studies/new-notes/retention"))
    assert "from 2100-08-31 to 2101-08-31, by ann-lead@example.org" in words(page)


def test_a_published_version_is_not_published_with_other_words(lead: StrictClient) -> None:
    publish(lead, send_zip(lead, dict(FILES)))
    sent = send_zip(lead, {**FILES, "pupil.yaml": PUPIL.replace("with your class", "in class")})
    root = look_at(follow(lead, sent))
    assert "Please set version: 2 in pupil.yaml" in words(root)
    assert not [b for b in root.iter("button") if b.text == "Publish study"]
    assert publish(lead, sent).status_code == 409


def test_a_version_that_means_something_else_is_refused_before_it_is_published(lead: StrictClient) -> None:
    publish(lead, send_zip(lead, dict(FILES)))
    other = PUPIL.replace("version: 1", "version: 2").replace("label: Not at all", "label: Purple")
    sent = send_zip(lead, {**FILES, "pupil.yaml": other})
    root = look_at(follow(lead, sent))
    said = words(root)
    assert "'sing_enjoy': option 1 was “Not at all” in version 1 and is now “Purple”." in said
    assert "This cannot be published yet. See what has to be corrected" in said
    tables = " ".join(" ".join(table.itertext()) for table in root.iter("table"))
    assert "sing_enjoy" not in tables, "a sentence that long is hidden in a cell of a narrow screen"
    assert not [b for b in root.iter("button") if b.text == "Publish study"]
    refused = publish(lead, sent)
    assert refused.status_code == 409
    assert "the meaning of answers already given would change" in refused.text


def test_a_new_wording_is_told_before_it_is_published(lead: StrictClient) -> None:
    publish(lead, send_zip(lead, dict(FILES)))
    other = PUPIL.replace("version: 1", "version: 2").replace("with your class", "in class")
    sent = send_zip(lead, {**FILES, "pupil.yaml": other})
    said = words(look_at(follow(lead, sent)))
    assert "'sing_enjoy' has new wording. In version 1 it was “How much do you like singing with your class?”." in said
    assert publish(lead, sent).status_code == 303


# ---- who may ---------------------------------------------------------------------------------------------


def test_an_administrator_may_publish_a_new_study_and_not_someone_elses(
    lead: StrictClient, enter: Callable[..., StrictClient]
) -> None:
    administrator = enter("administrator")
    other: dict[str, str | bytes] = {**FILES, "study.yaml": NEW.replace("new-notes", "other")}
    assert publish(administrator, send_zip(administrator, other)).location == "/office/studies/other/retention"
    publish(lead, send_zip(lead, dict(FILES)))
    reply = send_zip(administrator, dict(FILES))
    assert reply.status_code == 400
    assert "only people who lead it can publish it" in words(look_at(reply))


def test_who_leads_one_study_publishes_that_one_only(study: None, enter: Callable[..., StrictClient]) -> None:
    theirs = enter("lead", "small-notes")
    assert publish(theirs, send_zip(theirs, {**FILES, "study.yaml": STUDY})).location == "/office/studies/small-notes"
    reply = send_zip(theirs, dict(FILES))
    assert reply.status_code == 400
    assert "would be a new study" in words(look_at(reply))


def test_what_one_sent_another_does_not_find(lead: StrictClient, enter: Callable[..., StrictClient]) -> None:
    sent = send_zip(lead, dict(FILES))
    other = enter("lead", name="bob")
    assert other.get(sent.location or "").location == f"{PAGE}?gone=1"
    reply = other.post(sent.location or "", data={"csrf_token": token(other.get(PAGE)), "do": "import"})
    assert reply.location == f"{PAGE}?gone=1"
    assert publish(lead, sent).location == "/office/studies/new-notes"


def test_a_researcher_may_not_send_one(enter: Callable[..., StrictClient]) -> None:
    researcher = enter("researcher")
    assert researcher.get(PAGE).status_code == 403
    assert "New study" not in words(look_at(researcher.get("/office/")))


def test_without_the_token_nothing_is_taken_or_published(lead: StrictClient, engine: Engine) -> None:
    reply = lead.post(PAGE, data={"zip": (packed(dict(FILES)), "s.zip")}, content_type="multipart/form-data")
    assert reply.status_code == 400
    sent = send_zip(lead, dict(FILES))
    assert lead.post(sent.location or "", data={"do": "import"}).status_code == 400
    with session(engine) as db:
        assert study_by_code(db, "new-notes") is None


def test_after_an_hour_it_is_no_longer_kept(lead: StrictClient, engine: Engine) -> None:
    sent = send_zip(lead, dict(FILES))
    with write(engine) as connection:
        connection.execute(update(upload).values(at=datetime.now(UTC) - LIFE - timedelta(seconds=1)))
    assert lead.get(sent.location or "").location == f"{PAGE}?gone=1"
    assert "no longer here" in words(look_at(lead.get(f"{PAGE}?gone=1")))


def test_what_waits_is_in_the_database_alone_and_cannot_be_read_there(
    lead: StrictClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "between").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "between"))
    send_zip(lead, {**FILES, "pupil.yaml": PUPIL.replace("with your class", "with your zwiebelfisch")})
    assert list((tmp_path / "between").iterdir()) == []
    held = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"zwiebelfisch" not in held


# ---- what is sent is not trusted -------------------------------------------------------------------------


def link() -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("study.yaml")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    out.seek(0)
    return out


def locked() -> io.BytesIO:
    whole = bytearray(packed({"study.yaml": "x"}).getvalue())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(mark) + at] |= 1
    return io.BytesIO(bytes(whole))


def damaged() -> io.BytesIO:
    whole = bytearray(packed({"study.yaml": os.urandom(2000)}).getvalue())
    whole[200:210] = b"0123456789"
    return io.BytesIO(bytes(whole))


def twice() -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("study.yaml", "a")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("study.yaml", "b")
    out.seek(0)
    return out


EVIL: dict[str, tuple[Callable[[], io.BytesIO], str]] = {
    "up": (lambda: packed({"../study.yaml": "x"}), "outside the folder"),
    "up in between": (lambda: packed({"a/../../study.yaml": "x"}), "outside the folder"),
    "up as Windows says it": (lambda: packed({"..\\study.yaml": "x"}), "outside the folder"),
    "from the root": (lambda: packed({"/etc/study.yaml": "x"}), "outside the folder"),
    "from a drive": (lambda: packed({"C:/study.yaml": "x"}), "outside the folder"),
    "a link": (link, "is a link to another file"),
    "a bomb": (lambda: packed({"study.yaml": b"0" * (LARGEST_FILE + 1)}), "larger than 5 MB"),
    "a large bomb": (
        lambda: packed({f"{n}.yaml": b"0" * LARGEST_FILE for n in range(9)}),
        "makes the folder larger than 40 MB",
    ),
    "too many": (lambda: packed({f"q{n}.yaml": "x" for n in range(MOST + 1)}), f"more than {MOST} files"),
    "far too many": (lambda: packed({f"q{n}.txt": "x" for n in range(10 * MOST + 1)}), "Please zip the folder of one"),
    "locked": (locked, "has a password"),
    "damaged": (damaged, "cannot be read as a zip"),
    "no zip": (lambda: io.BytesIO(b"PK no"), "cannot be read as a zip"),
    "nothing": (lambda: io.BytesIO(b""), "cannot be read as a zip"),
    "nothing of a study": (lambda: packed({"letter.docx": "x"}), "does not contain a study"),
    "one file twice": (twice, "is in it twice"),
    "a name with a bell": (lambda: packed({"stu\x07dy.yaml": "x"}), "cannot be used"),
}


@pytest.mark.parametrize("how", EVIL)
def test_what_is_evil_or_broken_is_said_and_leaves_nothing(how: str, tmp_path: Path) -> None:
    make, says = EVIL[how]
    folder = tmp_path / "in" / "study"
    folder.mkdir(parents=True)
    with pytest.raises(CannotUnpack, match=re.escape(says)):
        unpack(from_zip(make()), folder)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_the_page_says_it_and_keeps_nothing(lead: StrictClient, engine: Engine) -> None:
    reply = send(lead, zip=(EVIL["up"][0](), "study.zip"))
    assert reply.status_code == 400
    assert "outside the folder" in words(look_at(reply))
    with read(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(upload)) == 0
    for files in ({}, {"zip": (io.BytesIO(b""), "")}):
        assert "Choose a folder" in words(look_at(send(lead, **files)))
    both = send(lead, zip=(packed(dict(FILES)), "s.zip"), files=[(io.BytesIO(b"x"), "study.yaml")])
    assert "not both" in words(look_at(both))


def test_too_much_is_not_even_read(lead: StrictClient) -> None:
    form = {"csrf_token": token(lead.get(PAGE)), "zip": FileStorage(io.BytesIO(bytes(41_000_000)), "study.zip")}
    # Encoded here: for a large file the client would leave a temporary file open.
    boundary, body = encode_multipart(form)
    reply = lead.post(PAGE, data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert "more than 40 MB" in words(look_at(follow(lead, reply)))


def test_pictures_and_recordings_come_along(tmp_path: Path) -> None:
    made = unpack(
        from_zip(
            packed({"s/study.yaml": "x", "s/pictures/cat.png": b"png", "s/audio/en/q.mp3": b"mp3", "note.txt": "n"})
        ),
        tmp_path,
    )
    assert made.files == ["audio/en/q.mp3", "pictures/cat.png", "study.yaml"]
    assert made.left_out == ["note.txt"]
    assert (tmp_path / "pictures" / "cat.png").read_bytes() == b"png"


# ---- what comes next -------------------------------------------------------------------------------------


def test_the_study_page_says_what_comes_next(lead: StrictClient, enter: Callable[..., StrictClient]) -> None:
    publish(lead, send_zip(lead, dict(FILES)))
    root = look_at(lead.get("/office/studies/new-notes"))
    (steps,) = [ol for ol in root.iter("ol") if ol.get("class") == "steps"]
    said = [" ".join("".join(li.itertext()).split()) for li in steps]
    assert said[0] == "Questionnaires published ✓ Done 2 questionnaires"
    assert said[1] == "Schools and roster To do 0 schools, 0 participants Import roster"
    assert said[-1].startswith("From 2026 on opens ✓ Done")
    researcher = enter("researcher", "new-notes")
    assert "Before the next wave" not in words(look_at(researcher.get("/office/studies/new-notes")))
