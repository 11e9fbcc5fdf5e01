"""The day of deletion is set by publishing, and changed by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from survey.audit import COMMAND_LINE, PROGRAM, LogFilter, entries
from survey.database import Engine
from survey.definition.checking import check
from survey.fieldwork import current
from survey.fieldwork.publishing import PublishedFolder, VersionInFolder, publish_folder
from survey.problems import Refused
from survey.retention import day_of, delete_study
from tests.pages.small_study import PUPIL, STUDY
from tests.retention.field import THE_DAY, Field

NOW = datetime(2026, 1, 20, 9, tzinfo=UTC)


def rewrite(folder: Path, old: str, new: str) -> None:
    (folder / "study.yaml").write_text(STUDY.replace(old, new), encoding="utf-8")


def test_a_study_has_a_day(field: Field, tmp_path: Path) -> None:
    rewrite(tmp_path / "study", "retention: {delete_on: 2100-08-31}\n", "")
    said = [str(problem) for problem in check(tmp_path / "study")]
    assert any("retention" in line for line in said)


def test_the_day_comes_after_the_last_wave(field: Field, tmp_path: Path) -> None:
    rewrite(tmp_path / "study", "2100-08-31", "2099-12-01")
    said = [str(problem) for problem in check(tmp_path / "study")]
    assert any("before the last wave closes" in line for line in said)


def test_the_day_comes_after_the_last_late_answer(field: Field, tmp_path: Path) -> None:
    rewrite(tmp_path / "study", "2100-08-31", "2100-01-14")
    said = [str(problem) for problem in check(tmp_path / "study")]
    assert any(
        "when late answers are still accepted: 14 days after the last wave closes on 2099-12-31" in line
        for line in said
    )
    rewrite(tmp_path / "study", "2100-08-31", "2100-01-15")
    assert not any("delete" in str(problem) for problem in check(tmp_path / "study"))


def test_a_day_that_is_past_is_refused(engine: Engine, field: Field, tmp_path: Path) -> None:
    late = datetime(2100, 9, 1, 9, tzinfo=UTC)
    with pytest.raises(Refused, match="2100-08-31, which is in the past"):
        publish_folder(engine, tmp_path / "study", late)


def test_another_day_is_published_and_stands_in_the_audit(engine: Engine, field: Field, tmp_path: Path) -> None:
    rewrite(tmp_path / "study", "2100-08-31", "2101-08-31")
    publish_folder(engine, tmp_path / "study", NOW, PROGRAM)
    day = day_of(engine, "small-notes", NOW)
    assert day is not None
    assert day.delete_on.isoformat() == "2101-08-31"
    (line,) = entries(engine, LogFilter(study_id=field.study_id, what="changed the day of deletion"))
    assert line.details == {"from": "2100-08-31", "to": "2101-08-31"}
    assert line.actor == PROGRAM
    published = list(entries(engine, LogFilter(study_id=field.study_id, what="published the study")))
    assert [line.actor for line in published] == [PROGRAM, COMMAND_LINE]


def test_a_study_that_is_over_is_not_published_again(engine: Engine, field: Field, tmp_path: Path) -> None:
    delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    rewrite(tmp_path / "study", "2100-08-31", "2101-08-31")
    with pytest.raises(Refused, match="have been deleted: the study is over"):
        publish_folder(engine, tmp_path / "study", THE_DAY)


@pytest.mark.one_engine
def test_what_publishing_did_is_told_and_counted(engine: Engine, field: Field, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    pupil, parent = (current(engine, field.study_id)[name] for name in ("pupil", "parent"))
    same = publish_folder(engine, folder, NOW)
    assert same == PublishedFolder(
        "small-notes",
        False,
        (),
        (VersionInFolder("parent", 3, parent, False), VersionInFolder("pupil", 1, pupil, False)),
    )
    rewrite(folder, "title: Small notes", "title: Smaller notes")
    (folder / "pupil.yaml").write_text(PUPIL.replace("version: 1", "version: 2"), encoding="utf-8")
    done = publish_folder(engine, folder, NOW)
    assert (done.changed, done.sheets) == (True, ())
    assert [(one.questionnaire, one.version, one.new) for one in done.versions] == [
        ("parent", 3, False),
        ("pupil", 2, True),
    ]
    assert current(engine, field.study_id)["pupil"] == done.versions[1].sha256 != pupil
    lines = [
        (line.about, line.details)
        for line in entries(engine, LogFilter(study_id=field.study_id, what="published the study"))
    ]
    assert lines == [("small-notes", {"new": 2}), ("small-notes", {"new": 0}), ("small-notes", {"new": 3})]
    assert list(entries(engine, LogFilter(study_id=field.study_id, what="changed the day of deletion"))) == []


@pytest.mark.one_engine
def test_why_nothing_was_published_is_said_word_for_word(engine: Engine, field: Field, tmp_path: Path) -> None:
    folder = tmp_path / "study"

    def said(now: datetime = NOW) -> list[str]:
        with pytest.raises(Refused) as refused:
            publish_folder(engine, folder, now)
        return refused.value.reasons

    assert said(datetime(2100, 8, 31, 23, tzinfo=UTC)) == [
        "The answers of small-notes would be deleted on 2100-08-31, which is in the past.",
        "Nothing was published. Please set delete_on in study.yaml to the day in your data plan.",
    ]
    publish_folder(engine, folder, datetime(2100, 8, 31, 22, 59, tzinfo=UTC))
    (folder / "pupil.yaml").write_text(PUPIL.replace("Music and me", "Music"), encoding="utf-8")
    assert said() == [
        (
            "pupil: version 1 is already published with a different text. Answers belong to it, so it cannot change. Please "
            "set 'version: 2' in pupil.yaml and publish again."
        )
    ]
    (folder / "pupil.yaml").write_text(PUPIL.replace("title: Music and me\n", ""), encoding="utf-8")
    assert said()[-1] == "Nothing was published. Please correct this first."
    (folder / "pupil.yaml").write_text(PUPIL, encoding="utf-8")
    delete_study(engine, "small-notes", THE_DAY, PROGRAM)
    rewrite(folder, "2100-08-31", "2101-08-31")
    assert said() == [
        "The data of small-notes have been deleted: the study is over.",
        "Please give a new study a different name.",
    ]
