"""The demonstration: a pretended study with a known truth, made of the same rows the pages make."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from pathlib import Path
from statistics import mean, stdev

import pytest
from click.testing import CliRunner

from survey.app import create_app
from survey.cli import main
from survey.config import Settings
from survey.database import Engine, open_engine, session, upgrade
from survey.definition.reading import read_folder
from survey.demo import MARK, Demo, fill
from survey.demo.truth import Truth
from survey.fieldwork import study_by_code
from survey.journey import Journey
from survey.responses import Record, stream
from tests.pages.walker import Walker

FOLDER = Path(__file__).parents[2] / "questionnaires"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.from_environment({"CHORUS_INSTANCE": str(tmp_path_factory.mktemp("demo"))})


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Engine:
    engine = open_engine(settings.database_url)
    upgrade(engine)
    return engine


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped study with fewer people, so that the test is quick."""
    folder = tmp_path_factory.mktemp("study") / "questionnaires"
    shutil.copytree(FOLDER, folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    for what, number in (("pupils", 300), ("parents", 60), ("staff", 30)):
        text = re.sub(rf"^  {what}: \d+$", f"  {what}: {number}", text, flags=re.MULTILINE)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def demo(engine: Engine, settings: Settings, small: Path) -> Demo:
    return fill(engine, settings, small, show=False)


@pytest.fixture(scope="module")
def records(engine: Engine, demo: Demo) -> list[Record]:
    with session(engine) as db:
        study = study_by_code(db, demo.study)
        assert study is not None
    names = ("pupil-ks1", "pupil-ks2", "parent", "staff")
    return [record for name in names for record in stream(engine, study.id, name)]


def test_as_many_people_in_schools_and_waves_as_the_study_pretends(demo: Demo, records: list[Record]) -> None:
    assert demo.responses == len(records)
    assert len({record.school for record in records}) == 26
    assert {record.wave for record in records} == {"w1", "w2", "w3"}
    by_questionnaire = Counter(record.questionnaire for record in records)
    assert by_questionnaire["parent"] == 60
    assert by_questionnaire["staff"] == 30
    pupils = {record.participant for record in records if record.audience == "pupil"}
    assert 270 <= len(pupils) <= 300
    assert {record.state for record in records} <= {"started", "finished", "stopped"}


def test_pretended_people_answer_only_what_they_are_asked(records: list[Record]) -> None:
    questionnaires = read_folder(FOLDER).questionnaires
    journeys = {name: Journey(questionnaire) for name, questionnaire in questionnaires.items()}
    for record in records:
        journey = journeys[record.questionnaire]
        hidden = journey.hidden(record.answers, record.facts)
        owned = {q.id: set(q.keys) for q in questionnaires[record.questionnaire].questions}
        assert not {key for name in hidden for key in owned[name]} & set(record.answers)
        if record.state == "finished":
            assert journey.resume(record.answers, record.facts) is None, record.answers


def test_a_childs_roster_grows_with_the_waves(records: list[Record]) -> None:
    by_child: dict[str, list[Record]] = {}
    for record in records:
        if record.participant:
            by_child.setdefault(record.participant, []).append(record)
    several = [sorted(rows, key=lambda r: r.wave) for rows in by_child.values() if len(rows) > 1]
    assert len(several) > 50
    for rows in several:
        years = [row.facts["year"] - int(row.wave[1]) for row in rows]
        assert len(set(years)) == 1
        assert len({row.facts["sex"] for row in rows}) == 1
        assert [row.facts["months"] for row in rows] == sorted(row.facts["months"] for row in rows)


def test_the_links_lead_to_questionnaires_nobody_has_answered_yet(demo: Demo, settings: Settings) -> None:
    app = create_app(settings)
    assert [link.title.split()[0] for link in demo.links] == ["pupil-ks1", "pupil-ks2", "parent", "staff"]
    for link in demo.links:
        walker = Walker(app.test_client()).open(link.address.removeprefix(settings.base_url))
        assert walker.place == "welcome", link
        typed = Walker(app.test_client()).open("/").post({"code": link.code})
        assert typed.place == "welcome", link


def test_what_is_pretended_to_be_true_is_true() -> None:
    """The latent values differ between groups by the effects in study.yaml, within three standard errors."""
    reading = read_folder(FOLDER)
    assert reading.study is not None
    pretend = reading.study.pretend
    assert pretend is not None
    quiet = pretend.model_copy(update={"school_sd": 0.0})
    questionnaire = reading.questionnaires["pupil-ks2"]
    effects = pretend.effects["pupil-ks2.enjoyment"]

    def values(count: int, **facts: object) -> list[float]:
        truth = Truth(quiet, random.Random(f"{facts}"))
        return [truth.latents(questionnaire, n, facts)["enjoyment"] for n in range(count)]

    n = 4_000
    girls, boys = values(n, sex="f"), values(n, sex="m")
    error = (2 / n) ** 0.5
    assert abs(mean(boys) - mean(girls) - effects["sex.m"]) < 3 * error
    assert abs(stdev(girls) - 1) < 0.05
    long, short = values(n, arm="programme", months=36), values(n, arm="comparison", months=0)
    assert abs(mean(long) - mean(short) - effects["programme"] - 3 * effects["per_year"]) < 3 * error


def test_a_child_is_like_itself_from_wave_to_wave() -> None:
    reading = read_folder(FOLDER)
    assert reading.study is not None
    pretend = reading.study.pretend
    assert pretend is not None
    truth = Truth(pretend.model_copy(update={"school_sd": 0.0, "effects": {}}), random.Random(4))
    questionnaire = reading.questionnaires["pupil-ks2"]
    pairs = [tuple(truth.latents(questionnaire, child, {})["enjoyment"] for _ in range(2)) for child in range(4_000)]
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    covariance = mean(a * b for a, b in pairs) - mean(first) * mean(second)
    assert abs(covariance / (stdev(first) * stdev(second)) - pretend.retest) < 0.05


def test_only_a_demonstrations_own_folder_is_thrown_away(tmp_path: Path) -> None:
    precious = tmp_path / "instance"
    precious.mkdir()
    (precious / "chorus.db").write_text("a year's answers")
    run = CliRunner().invoke(main, ["demo", "--folder", str(precious), "--no-serve", "--questionnaires", str(FOLDER)])
    assert run.exit_code == 1
    assert "is no demonstration" in run.output
    assert (precious / "chorus.db").read_text() == "a year's answers"


def test_the_command_from_nothing_to_workbook_and_links(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        run = CliRunner().invoke(main, ["demo", "--folder", "demo", "--no-serve", "--questionnaires", str(small)])
        assert run.exit_code == 0, run.output
    assert (tmp_path / "demo" / MARK).exists()
    assert (tmp_path / "demo.xlsx").stat().st_size > 100_000
    assert run.output.count("/j/") == 4
    assert "one-time password:" in run.output
