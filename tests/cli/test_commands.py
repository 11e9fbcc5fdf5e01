"""The command line: exit codes, sentences instead of tracebacks, files whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from survey.cli import main

FOLDER = Path(__file__).parents[2] / "questionnaires"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SECRET_KEY", "CHORUS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path / "instance"))


def survey(*words: object) -> Result:
    """Run a command; whatever happens, it is no traceback."""
    run = CliRunner().invoke(main, [str(word) for word in words])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    return run


def test_check_ends_with_0_1_or_2(tmp_path: Path) -> None:
    assert survey("check", FOLDER).exit_code == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("questionnaire: [", encoding="utf-8")
    run = survey("check", wrong)
    assert run.exit_code == 1
    assert run.output.startswith(f"{wrong}:")
    assert survey("check", tmp_path / "none.yaml").exit_code == 2
    assert survey("check").exit_code == 2


def test_check_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    run = survey("check", pipe)
    assert run.exit_code == 1
    assert "this is not an ordinary file" in run.output


@pytest.mark.parametrize("what", ["questionnaire", "study", "translation"])
def test_schema_is_json(what: str) -> None:
    assert json.loads(survey("schema", what).output)["$schema"]


COMMANDS = {
    "publish": ("publish", FOLDER),
    "link": ("link", "first-notes", "parent", "--wave", "w3"),
    "export": ("export", "first-notes", "--out", "x.xlsx"),
    "user": ("user", "add", "a@example.org"),
    "serve": ("serve",),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_without_tables_every_command_says_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = survey(*COMMANDS[name])
    assert run.exit_code == 1
    assert "Please run: survey upgrade" in run.output
    assert not (tmp_path / "x.xlsx").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@127.0.0.1:1/none", "sqlite:////nowhere/at/all/x.db", "sqlite:///{text}"]
)
def test_a_database_that_is_none_is_said_without_its_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text.db"
    text.write_text("this is no database, however long one looks at it " * 100)
    monkeypatch.setenv("DATABASE_URL", url.format(text=text))
    run = survey("upgrade")
    assert run.exit_code == 1
    assert "The database cannot be reached. Please check" in run.output
    assert "secret" not in run.output


def test_from_an_empty_folder_to_a_file(tmp_path: Path) -> None:
    assert survey("upgrade").exit_code == 0
    assert survey("upgrade").exit_code == 0
    assert "published" in survey("publish", FOLDER).output
    assert "unchanged" in survey("publish", FOLDER).output
    assert "/j/" in survey("link", "first-notes", "parent", "--wave", "w3").output
    assert (
        "It does not work today: the wave is not open."
        in survey("link", "first-notes", "parent", "--wave", "w1").output
    )
    assert "Did you mean 'parent'?" in survey("link", "first-notes", "parnet", "--wave", "w3").output
    for form in ("xlsx", "csv"):
        out = tmp_path / f"out.{form}"
        assert survey("export", "first-notes", "--format", form, "--out", out).exit_code == 0
        assert out.stat().st_size > 1000
    out = tmp_path / "all.xlsx"
    assert survey("export", "first-notes", "--unfinished", "--out", out).exit_code == 0
    book = openpyxl.load_workbook(out, read_only=True)
    assert "also unfinished ones" in str(list(book["Read me"].iter_rows(values_only=True)))
    book.close()
    run = survey("export", "no-such-study", "--out", tmp_path / "none.xlsx")
    assert run.exit_code == 1
    assert not (tmp_path / "none.xlsx").exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_changed_text_needs_a_new_version(tmp_path: Path) -> None:
    folder = tmp_path / "questionnaires"
    shutil.copytree(FOLDER, folder)
    survey("upgrade")
    survey("publish", folder)
    staff = folder / "staff.yaml"
    text = staff.read_text(encoding="utf-8")
    assert "title: Music in your school" in text
    staff.write_text(text.replace("title: Music in your school", "title: Music at your school"), encoding="utf-8")
    run = survey("publish", folder)
    assert run.exit_code == 1
    assert "version: 2" in run.output


def test_a_file_goes_where_a_link_or_a_device_leads(tmp_path: Path) -> None:
    survey("upgrade")
    survey("publish", FOLDER)
    target = tmp_path / "target.csv"
    target.touch()
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    assert survey("export", "first-notes", "--format", "csv", "--out", link).exit_code == 0
    assert link.is_symlink()
    assert target.stat().st_size > 1000
    pipe = tmp_path / "a-device"
    pipe.symlink_to("/dev/null")
    assert survey("export", "first-notes", "--format", "csv", "--out", pipe).exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_scores_never_overwrite_the_answers(tmp_path: Path) -> None:
    answers = tmp_path / "answers.csv"
    answers.write_text("id\n1\n", encoding="utf-8")
    run = survey("score", FOLDER / "pupil-ks2.yaml", answers, "--out", answers)
    assert run.exit_code == 1
    assert "would overwrite" in run.output
    assert answers.read_text(encoding="utf-8") == "id\n1\n"
    for other in ("study.yaml", "parent.cy.yaml"):
        run = survey("score", FOLDER / other, answers, "--out", tmp_path / "out.csv")
        assert "is not a questionnaire" in run.output


def test_someone_who_forgot_a_password_gets_a_new_one_that_works_once() -> None:
    survey("upgrade")
    first = survey("user", "add", "a@example.org").output
    again = survey("user", "renew", "a@example.org").output
    assert "works once" in first
    assert "works once" in again
    assert first.splitlines()[-1] != again.splitlines()[-1]
    assert survey("user", "renew", "b@example.org").exit_code == 1


@pytest.mark.parametrize("option", ["--workers", "--threads"])
@pytest.mark.parametrize("number", [0, -1])
def test_a_server_has_at_least_one_process_and_one_thread(
    option: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr("survey.serving.website.serve", lambda *_, **__: started.append(True))
    assert survey("upgrade").exit_code == 0
    run = survey("serve", option, number)
    assert (run.exit_code, started) == (2, [])
    assert f"{number} is not in the range x>=1" in run.output
