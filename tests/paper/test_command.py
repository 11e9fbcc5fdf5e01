"""survey paper: the same papers as from the office, as a file that needs nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey.cli.main import main
from survey.config import Settings
from survey.database import open_engine
from tests.paper.study import CODE, OnPaper, codes_of, lay_out


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnPaper:
    """The study in the installation that the command line finds."""
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings = Settings.from_environment()
    (tmp_path / "study").mkdir()
    return lay_out(open_engine(settings.database_url), settings, tmp_path / "study")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["paper", CODE, *words])


def test_a_class_as_one_file_that_asks_nothing_of_any_other(here: OnPaper, tmp_path: Path) -> None:
    out = tmp_path / "robins.html"
    done = run("pupil", "--wave", "w1", "--school", "s1", "--class", "4r", "--large", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"3 forms written: {out}")
    page = out.read_text(encoding="utf-8")
    assert len(codes_of(page)) == 3
    assert '<body class="large pupil">' in page
    wanted = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", page)
    assert wanted
    assert all(address.startswith("data:font/woff2;base64,") for address in wanted)
    assert here.sheet(codes_of(page).pop()).paper.questionnaire == "pupil"


def test_what_cannot_be_made_is_a_sentence_and_leaves_no_file(here: OnPaper, tmp_path: Path) -> None:
    out = tmp_path / "x.html"
    for words, sentence in (
        (("pupil", "--wave", "w7"), "There is no wave 'w7'."),
        (
            ("pupil", "--wave", "w1", "--copies", "2", "--class", "4r"),
            "Copies are for people who are not on the roster.",
        ),
        (("pupil", "--wave", "w1", "--school", "s2"), "There is no school 's2'."),
    ):
        done = run(*words, "--out", str(out))
        assert done.exit_code == 1
        assert sentence in done.output
        assert not out.exists()
    assert "ends in .html" in run("pupil", "--wave", "w1", "--out", str(tmp_path / "x.pdf")).output
