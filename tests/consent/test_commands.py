"""Consent on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from survey.cli import main
from survey.database import open_engine, read, upgrade
from tests.consent.study import SENTINEL, Tuned, consent, everything, lay_out


@pytest.fixture
def tuned(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tuned]:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CHORUS_INSTANCE", str(tmp_path))
    engine = open_engine(sqlite_url)
    upgrade(engine)
    yield lay_out(engine, tmp_path / "study", consent("opt_out"))
    engine.dispose()


def survey(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["consent", *words], input=typed)


def test_a_sheet_is_recorded_as_sent(tuned: Tuned) -> None:
    words = ("issued", "--study", "tuned-in", "--audience", "pupil", "--date", "2025-09-01")
    assert survey(*words).exit_code == 2
    assert survey(*words, "--all", "--school", "s1").exit_code == 2
    assert survey(*words, "--school", "s1").output == "Recorded.\n"
    assert survey(*words, "--school", "s1").output == "It had already been recorded.\n"
    assert survey(*words, "--school", "s9").output == "There is no school 's9'. There are 's1' and 's2'.\n"
    assert survey("issued", "--study", "x", "--audience", "pupil", "--date", "2025-09-01", "--all").exit_code == 1


def test_a_table_is_taken_in(tuned: Tuned, tmp_path: Path) -> None:
    file = tmp_path / "consent.csv"
    file.write_text("participant,decision,date,by\nP1,no,2025-09-10,parent\n", encoding="utf-8")
    assert "Preview only" in survey("import", str(file), "--study", "tuned-in", "--preview").output
    assert (
        survey("import", str(file), "--study", "tuned-in").output
        == "0 yes, 1 no, 0 withdrawn, 0 already recorded\nImported.\n"
    )
    assert "Nothing to do" in survey("import", str(file), "--study", "tuned-in").output
    file.write_text("participant,decision,date,by\nP77,no,2025-09-10,parent\n", encoding="utf-8")
    bad = survey("import", str(file), "--study", "tuned-in")
    assert bad.exit_code == 1
    assert "row 2, column A (participant): There is no participant 'P77'" in bad.output


def test_withdrawing_asks_first_and_prints_the_certificate(tuned: Tuned) -> None:
    tuned.issued()
    tuned.answer("P1")
    words = ("withdraw", "tuned-in", "P1", "--scope", "all")
    assert survey(*words, typed="n\n").exit_code == 1
    assert SENTINEL in everything(tuned.engine)
    done = survey(*words, "--yes")
    assert done.exit_code == 0, done.output
    assert SENTINEL not in everything(tuned.engine)
    number = done.output.split()[1]
    assert "Responses whose answers were deleted: 1" in done.output
    assert survey("certificate", number).output == done.output
    assert survey("certificate", "W-NONE").exit_code == 1
    assert survey("withdraw", "tuned-in", "P99", "--scope", "all", "--yes").exit_code == 1
    assert survey("withdraw", "tuned-in", "P1", "--scope", "wave", "--yes").exit_code == 2
    assert survey("withdraw", "tuned-in", "P1", "--scope", "wave", "--wave", "w9", "--yes").exit_code == 1


def test_the_list_says_what_holds(tuned: Tuned, tmp_path: Path) -> None:
    tuned.issued("s1")
    out = tmp_path / "list.csv"
    assert survey("list", "tuned-in", "--out", str(out)).exit_code == 0
    lines = out.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "participant,audience,school,class,state,why,decided by,on,sheet"
    assert lines[1].startswith("P1,pupil,s1,4a,yes,")
    assert any(line.startswith("P4,pupil,s2,4a,missing,the information sheet has not been sent") for line in lines)
    assert survey("list", "tuned-in", "--wave", "w9", "--out", str(out)).exit_code == 1
    assert survey("list", "tuned-in", "--out", str(tmp_path / "list.txt")).exit_code == 1
    with read(tuned.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM decision")) == 0


def test_the_command_says_who_disagrees_and_records_how_it_was_resolved(tuned: Tuned, tmp_path: Path) -> None:
    tuned.issued()
    file = tmp_path / "consent.csv"
    rows = "P1,no,2025-09-10,parent,first", "P1,yes,2025-09-10,parent,second"
    file.write_text("\n".join(["participant,decision,date,by,parent", *rows]), encoding="utf-8")
    done = survey("import", str(file), "--study", "tuned-in")
    assert (
        "Conflicting decisions for 1: P1. A yes does not count until you record how the conflict was resolved"
        in done.output
    )
    out = tmp_path / "list.csv"
    survey("list", "tuned-in", "--out", str(out))
    first = out.read_text(encoding="utf-8-sig").splitlines()[1]
    assert first.startswith(
        "P1,pupil,s1,4a,no,conflicting decisions: a yes does not count until you record how they were resolved"
    )
    words = ("resolve", "tuned-in", "P1", "--says", "yes", "--how", "agreed", "--date", "2025-09-20")
    assert survey(*words).output == "Recorded.\n"
    assert survey(*words).output == "It had already been recorded.\n"
    survey("list", "tuned-in", "--out", str(out))
    assert out.read_text(encoding="utf-8-sig").splitlines()[1].startswith("P1,pupil,s1,4a,yes,decided")
    assert survey(*words[:2], "P99", *words[3:]).exit_code == 1
    assert survey(*words[:-1], "2999-01-01").exit_code == 1
