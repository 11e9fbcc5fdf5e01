"""The demonstration: a pretended study with a known truth, built from files with the commands anyone would use."""

from __future__ import annotations

import csv
import html
import json
import random
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from survey.app import create_app
from survey.cli import main
from survey.config import Settings
from survey.database import Engine, open_engine, session
from survey.definition.reading import read_folder
from survey.demo import MARK
from survey.demo.files import Sender
from survey.demo.people import make_field
from survey.demo.truth import Truth
from survey.export import store
from survey.export.study import StudyTables
from survey.fieldwork import study_by_code
from survey.journey import Journey
from survey.pictures.stacked import Stacked
from survey.progress import progress
from survey.responses import Record, stream
from survey.results.figures import HIDDEN
from survey.results.found import found as found_sections
from survey.results.methods import methods
from tests.pages.walker import Walker

FOLDER = Path(__file__).parents[2] / "questionnaires"
QUESTIONNAIRES = ("pupil-ks1", "pupil-ks2", "parent", "staff", "class-music")


class Built:
    """What `survey demo` left: its folder, what it printed, and the database."""

    def __init__(self, folder: Path, output: str) -> None:
        self.folder, self.output = folder, output
        self.settings = Settings.from_environment({"CHORUS_INSTANCE": str(folder / "demo")})
        self.engine: Engine = open_engine(self.settings.database_url)
        with session(self.engine) as db:
            study = study_by_code(db, "first-notes")
            assert study is not None
            self.study = study.id

    def sent(self, name: str) -> list[dict[str, str]]:
        """The rows of the files whose names begin like this."""
        rows = []
        for path in sorted((self.folder / "demo").glob(f"{name}*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                rows += list(csv.DictReader(file))
        return rows

    def count(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(text(query)) or 0)

    def commands(self) -> list[list[str]]:
        return [shlex.split(line)[2:] for line in self.output.splitlines() if line.startswith("$ survey ")]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped study with fewer pupils and parents, so that the test is quick, and more people withdrawn.

    Who has answered by now changes from day to day, so all the staff stay: of thirty, no comparison school may have one.
    """
    folder = tmp_path_factory.mktemp("study") / "questionnaires"
    shutil.copytree(FOLDER, folder)
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    for what, number in (("pupils", 300), ("parents", 180)):
        text = re.sub(rf"^  {what}: \d+$", f"  {what}: {number}", text, flags=re.MULTILINE)
    text = text.replace("withdrawn: 0.004", "withdrawn: 0.03")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run = CliRunner().invoke(main, ["demo", "--folder", "demo", "--no-serve", "--questionnaires", str(small)])
    assert run.exit_code == 0, run.output
    demo = Built(folder, run.output)
    yield demo
    demo.engine.dispose()


@pytest.fixture(scope="module")
def records(built: Built) -> list[Record]:
    return [record for name in QUESTIONNAIRES for record in stream(built.engine, built.study, name)]


def test_it_is_built_with_commands_and_nothing_else(built: Built, small: Path, tmp_path: Path) -> None:
    """The commands that were printed, typed again in an empty installation, make the same study."""
    runner = CliRunner()
    environment = {"CHORUS_INSTANCE": str(tmp_path / "again"), "DATABASE_URL": "", "SECRET_KEY": ""}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(built.folder)
        for words in built.commands():
            if words[0] in ("upgrade", "publish", "roster", "consent", "answers", "progress"):
                run = runner.invoke(main, words, env=environment)
                assert run.exit_code == 0, (words, run.output)
    again = open_engine(f"sqlite:///{tmp_path / 'again' / 'chorus.db'}")
    for table in ("school", "school_class", "participant", "membership", "kinship", "reason"):
        with again.connect() as connection:
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == built.count(
                f"SELECT count(*) FROM {table}"
            )
    for state in ("finished", "stopped", "started", "declined", "withdrawn"):
        query = f"SELECT count(*) FROM response WHERE state = '{state}'"
        with again.connect() as connection:
            assert connection.scalar(text(query)) == built.count(query), state
    again.dispose()


def test_every_answer_that_was_sent_is_there(built: Built, records: list[Record]) -> None:
    assert len(records) == len(built.sent("answers-"))
    assert {record.wave for record in records} == {"w1", "w2", "w3"}
    assert len({record.school for record in records}) == 26
    assert {record.state for record in records} == {"started", "finished", "stopped", "declined", "withdrawn"}
    sent = Counter(row["state"] for row in built.sent("answers-"))
    there = Counter(record.state for record in records)
    assert there["withdrawn"] > 0
    assert sum(sent.values()) == sum(there.values())


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


def test_children_stay_linked_when_they_move_and_go_on_to_secondary_school(built: Built) -> None:
    moved = """
        SELECT count(*) FROM membership a
        JOIN membership b ON b.participant_id = a.participant_id AND b.wave_id = a.wave_id + 1
        JOIN school before ON before.id = a.school_id JOIN school after ON after.id = b.school_id
        WHERE before.id <> after.id AND before.arm IS NOT NULL AND after.arm IS {} NULL
    """
    assert built.count(moved.format("NOT")) > 3
    assert built.count(moved.format("")) > 10
    assert built.count("SELECT count(*) FROM participant WHERE audience = 'pupil'") == len(
        {row["participant"] for row in built.sent("roster-pupil")}
    )


def test_who_was_withdrawn_has_left_nothing_behind(built: Built, records: list[Record]) -> None:
    taken_back = [words[3] for words in built.commands() if words[:2] == ["consent", "withdraw"]]
    assert taken_back
    for record in records:
        if record.participant in taken_back:
            assert record.state == "withdrawn"
            assert record.answers == {}
            assert not {"sex", "sen", "fsm"} & set(record.facts)
    assert built.count("SELECT count(*) FROM certificate") == len(taken_back)
    # Their schools sent lists with them again for the waves after: nothing of it was kept but where they are.
    kept = """
        SELECT count(*) FROM participant p JOIN membership m ON m.participant_id = p.id
        WHERE p.code IN ({}) AND (p.facts <> '{{}}' OR m.facts <> '{{}}')
    """.format(", ".join(f"'{code}'" for code in taken_back))
    assert built.count(kept) == 0


def test_nobody_whose_parents_said_no_has_answered(built: Built, records: list[Record]) -> None:
    refused = {row["participant"] for row in built.sent("consent-")}
    assert refused
    assert not refused & {record.participant for record in records}


def test_the_progress_equals_a_count_over_the_database(built: Built) -> None:
    """For each wave and questionnaire: asked, finished, stopped, declined, withdrawn, by statements of our own."""
    found = progress(built.engine, built.study, datetime.now(UTC))
    years = {"pupil-ks1": (1, 2), "pupil-ks2": (3, 6)}
    asked = """
        SELECT count(*) FROM membership m JOIN participant p ON p.id = m.participant_id JOIN wave w ON w.id = m.wave_id
        WHERE w.code = '{wave}' AND p.audience = '{audience}'
        AND ({limit} OR json_extract(m.facts, '$.year') BETWEEN {low} AND {high})
    """
    answered = """
        SELECT count(*) FROM response r JOIN wave w ON w.id = r.wave_id
        WHERE w.code = '{wave}' AND r.questionnaire = '{questionnaire}' AND r.state = '{state}'
        AND r.participant_id IS {link} NULL AND r.household_id IS NULL
    """
    outcomes = {"finished": "finished", "stopped": "stopped", "declined": "said_no"}
    for wave in ("w1", "w2", "w3"):
        for questionnaire in QUESTIONNAIRES:
            lines = [one for one in found.lines if one.wave == wave and one.questionnaire == questionnaire]
            low, high = years.get(questionnaire, (0, 0))
            pupils = questionnaire in years
            # Who withdrew altogether has no year any more; what they were asked is known by what they began.
            gone = sum(one.outcome == "withdrawn" for one in lines)
            there = built.count(
                asked.format(
                    wave=wave,
                    audience="pupil" if pupils else questionnaire,
                    limit="0" if pupils else "1",
                    low=low,
                    high=high,
                )
            )
            assert there <= len(lines) <= there + gone, (wave, questionnaire)
            count = Counter(one.outcome for one in lines)
            for state, outcome in outcomes.items():
                told = {"wave": wave, "questionnaire": questionnaire, "state": state}
                assert count[outcome] == built.count(answered.format(link="NOT", **told)), told
                by_link = [
                    one
                    for one in found.by_link
                    if (one.wave, one.questionnaire, one.state) == (wave, questionnaire, state)
                ]
                assert len(by_link) == built.count(answered.format(link="", **told)), told


def test_the_links_lead_to_questionnaires_nobody_has_answered_yet(built: Built) -> None:
    app = create_app(built.settings)
    links = re.findall(r"http://localhost:8000(/j/\S+)", built.output)
    assert len(links) == len(QUESTIONNAIRES)
    for link in links:
        assert Walker(app.test_client()).open(link).place == "welcome", link
    for code in re.findall(r"[Cc]ode: ((?:[a-z]{2,4} ?)+)", built.output):
        place = Walker(app.test_client()).open("/").post({"code": code}).place
        assert place == ("join" if f"Class code: {code.strip()}" in built.output else "welcome"), code


def test_the_workbook_the_links_and_the_people_are_printed(built: Built) -> None:
    assert (built.folder / "demo" / MARK).exists()
    assert (built.folder / "demo.xlsx").stat().st_size > 100_000
    assert "lead@example.org" in built.output
    assert "researcher@example.org" in built.output
    assert "/office/link/" in built.output


def test_a_class_is_half_way_on_its_teachers_page_and_its_cards_are_written_to_print(built: Built) -> None:
    (link,) = re.findall(r"opens the list with this link:.*?(/office/link/\S+)", built.output, re.DOTALL)
    (address,) = re.findall(r"The teacher's list: http://localhost:8000(\S+)", built.output)
    app = create_app(built.settings)
    teacher = Walker(app.test_client()).open(link)
    teacher.post(teacher.chosen())
    teacher.open(address)
    page = " ".join("".join(teacher.page.itertext()).split())
    cards = built.folder.joinpath("demo-cards.html").read_text(encoding="utf-8")
    number = cards.count('class="card-print"')
    said = re.findall(r"\d+ cards?: [^.]+", page)[0]
    assert "1 finished" in said, "the first of a class"
    assert "1 not started" in said, "the fourth"
    assert cards.count("<svg") == 5 * number, "a QR code and four pictures each"
    assert "http" not in re.sub(r"http://www\.w3\.org\S+", "", cards), "a file that needs nothing else"


def test_in_the_class_that_is_half_way_some_have_finished_some_are_answering_and_some_have_not_begun(
    tmp_path: Path,
) -> None:
    reading = read_folder(FOLDER)
    assert reading.study is not None
    now = datetime.combine(reading.study.waves[-1].opens, time(10), UTC)
    field = make_field(reading.study, random.Random(20))
    there = Sender(reading, field, random.Random(1), tmp_path, now).class_at_work(reading.study.waves[-1], now)
    assert there is not None
    classmates = [
        person.code
        for person in field.of("pupil")
        if (at := person.at.get("w3")) and (at.place.code, at.class_code) == (there.school, there.school_class)
    ]
    rows = [
        row
        for row in csv.DictReader(there.answers.path.read_text(encoding="utf-8").splitlines())
        if row["state"] != "declined"
    ]
    states = Counter(row["state"] for row in rows)
    assert states["finished"] >= 2
    assert states["started"] >= 4
    assert len(classmates) - len(rows) >= 2, "have not begun"
    idle = [
        row for row in rows if row["state"] == "started" and row["started"] < (now - timedelta(minutes=5)).isoformat()
    ]
    assert len(idle) == 1, "one of them has answered nothing for some minutes"


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
    assert "was not made by `survey demo`" in run.output
    assert (precious / "chorus.db").read_text() == "a year's answers"


def test_it_is_made_from_the_shipped_study_in_whichever_folder_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made_from: list[Path] = []
    monkeypatch.setattr("survey.demo.run", lambda command, folder, study, **rest: made_from.append(study))
    run = CliRunner().invoke(main, ["demo", "--no-serve"])
    assert run.exit_code == 0, run.output
    assert made_from == [FOLDER]


@pytest.fixture(scope="module")
def analysed(built: Built) -> tuple[dict[str, Any], Path]:
    """What `survey analyse` says of the pretended study: its JSON, and its workbook."""
    out = built.folder / "tables.xlsx"
    environment = {"CHORUS_INSTANCE": str(built.folder / "demo"), "DATABASE_URL": "", "SECRET_KEY": ""}
    run = CliRunner().invoke(main, ["analyse", "first-notes", "--json", "--out", str(out)], env=environment)
    assert run.exit_code == 0, run.output
    return json.loads(run.output), out


def test_the_analysis_counts_whom_the_database_counts(
    built: Built, records: list[Record], analysed: tuple[dict[str, Any], Path]
) -> None:
    found, _ = analysed
    assert list(found["waves"]) == ["w1", "w2", "w3"]
    finished = Counter(
        (record.wave, record.arm)
        for record in records
        if record.questionnaire == "pupil-ks2" and record.state == "finished"
    )
    means = [mean for mean in found["means"] if mean["outcome"]["id"] == "pupil-ks2.enjoyment" and mean["arm"]]
    assert len(means) == 6
    for one in means:
        place = (one["wave"], one["arm"])
        # Some finish without items enough for a score, and no one has a score who did not finish.
        assert 0.9 * finished[place] <= one["found"]["n"] <= finished[place]
        on_list = built.count(
            "SELECT count(*) FROM membership m JOIN participant p ON p.id = m.participant_id "
            "JOIN wave w ON w.id = m.wave_id JOIN school s ON s.id = m.school_id "
            f"WHERE w.code = '{one['wave']}' AND s.arm = '{one['arm']}' AND p.audience = 'pupil' "
            "AND CAST(json_extract(m.facts, '$.year') AS INTEGER) BETWEEN 3 AND 6 "
            "AND (m.left_at IS NULL OR EXISTS (SELECT 1 FROM response r WHERE r.participant_id = p.id "
            "AND r.wave_id = w.id AND r.questionnaire = 'pupil-ks2' AND r.state NOT IN ('declined', 'withdrawn')))"
        )
        assert one["found"]["asked"] == on_list


def test_the_command_prints_the_plan_in_a_table_that_fits(built: Built, tmp_path: Path) -> None:
    environment = {"CHORUS_INSTANCE": str(built.folder / "demo"), "DATABASE_URL": "", "SECRET_KEY": ""}
    out = tmp_path / "tables.xlsx"
    said = CliRunner().invoke(main, ["analyse", "first-notes", "--out", str(out)], env=environment).output
    table = said.splitlines()[:-1]
    assert "Enjoyment of music" in said
    assert "Inclusion" not in said, "a scale that the plan does not name"
    assert len(table) > 4
    assert max(map(len, table)) <= 100
    assert said.endswith(f"Written: {out}\n")


def test_the_analysis_speaks_of_the_whole_plan(analysed: tuple[dict[str, Any], Path]) -> None:
    found, _ = analysed
    plan = read_folder(FOLDER).study.plan
    planned = {one["outcome"]["id"] for one in found["comparisons"] if one["outcome"]["planned"]}
    shares = {f"share.{one.id}" for one in plan.shares}
    assert planned == {*plan.outcomes, *(f"roster.{one.fact}" for one in plan.roster_outcomes), *shares}
    assert {one["subgroup"]["fact"] for one in found["subgroups"]} == set(plan.subgroups)
    assert {one["found"]["exposure"] for one in found["exposures"] if one["found"]} == {
        "year in the programme", "ten hours of music in lessons", "ten hours of music after school",
    }  # fmt: skip
    assert {one["fact"] for one in found["schools"]} == {"size", "fsm_share", "earlier_results"}
    assert found["costs"]["salaries"] == 3 * 690_000
    assert sum(found["costs"]["payers"].values()) == pytest.approx(found["costs"]["total"])
    assert found["costs"]["per_pupil_year"] == pytest.approx((355_000 + 3 * 819_000) / 3_775)
    for part in ("comparisons", "changes", "exposures", "subgroups", "participation"):
        assert all(one["sentence"].endswith(".") for one in found[part])


def test_the_workbook_of_tables_holds_what_was_found_and_no_one(
    analysed: tuple[dict[str, Any], Path], records: list[Record]
) -> None:
    found, path = analysed
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:4] == ["Read me", "Findings", "Effects", "Means"]
    assert {"Comparison", "Change", "Exposure", "Subgroups", "Participation", "Costs"} <= set(book.sheetnames)
    texts = {cell.value for sheet in book for row in sheet for cell in row if isinstance(cell.value, str)}
    assert "Comments" not in book.sheetnames
    assert not texts & {record.id for record in records}
    assert not texts & {record.participant for record in records if record.participant}
    header, *rows = book["Comparison"].iter_rows(values_only=True)
    told = {(row[header.index("outcome")], row[header.index("wave")]): row for row in rows}
    for one in found["comparisons"]:
        row = dict(zip(header, told[one["outcome"]["id"], one["wave"]], strict=True))
        assert row["finding"] == one["sentence"]
        if one["found"] is not None:
            assert row["n programme"] == one["found"]["n"]["programme"]
            assert row["mean other"] == pytest.approx(one["found"]["mean"]["comparison"])


@pytest.fixture(scope="module")
def tables(built: Built) -> StudyTables:
    """What the pages of results show of the pretended study."""
    found = store.tables("first-notes", built.engine, datetime.now(UTC))
    assert found is not None
    return found


def test_what_we_found_answers_the_evaluations_questions_and_its_intervals_hold_the_truth(
    built: Built, records: list[Record], tables: StudyTables
) -> None:
    assert "/office/studies/first-notes/results" in built.output
    study = read_folder(FOLDER).study
    sections = {part.answer.id: part for part in found_sections(tables, study, tables.items)}
    assert list(sections) == [
        "question-1", "exposure", "exposure-hours-lessons", "exposure-hours-after", "subgroups", "share-after-school",
        "share-music-club", "share-dislikes", *(f"question-{n}" for n in range(2, 10)), "parent", "staff", "schools",
        "costs",
    ]  # fmt: skip
    assert sections["question-1"].answer.question == study.plan.questions[0].ask
    held = []
    compared = [one for n in (1, 3, 4, 9) for one in sections[f"question-{n}"].answer.comparisons]
    for one in compared:
        answered = [
            record
            for record in records
            if (record.questionnaire, record.wave, record.state) == (one.outcome.questionnaire, "w3", "finished")
        ]
        true = study.pretend.effects[one.outcome.id]
        held.append(one.best.g_low < pretended_difference(built, true, answered) < one.best.g_high)
    assert len(held) == 10
    assert sum(held) >= 9, "of ten intervals of 95 % one may miss"
    assert next(one.certainty for one in compared if one.outcome.name == "sticking") != "clear"


def pretended_difference(built: Built, true: dict[str, float], answered: list[Record]) -> float:
    """What is pretended of an outcome, the arms as they are: each one's mean of what its people have of each effect."""
    schools = {row["school"]: row for row in built.sent("schools")}

    def of(record: Record) -> float:
        facts = {**schools[record.school], **record.facts}
        total = true.get("programme", 0.0) * (record.arm == "programme")
        total += true.get("per_year", 0.0) * float(facts.get("months") or 0) / 12
        total += true.get("hours_lessons", 0.0) * float(facts.get("hours_lessons") or 0)
        return total + true.get("intensity.light", 0.0) * (facts.get("intensity") == "light")

    arms = [[of(record) for record in answered if record.arm == arm] for arm in ("programme", "comparison")]
    return mean(arms[0]) - mean(arms[1])


def test_attainment_and_attendance_are_found_as_they_are_pretended(tables: StudyTables) -> None:
    """Nothing is pretended of the arms' attainment: what free school meals and special needs cost is there in both."""
    study = read_folder(FOLDER).study
    (part,) = [one for one in found_sections(tables, study, tables.items) if one.answer.id == "question-2"]
    assert [one.outcome.id for one in part.answer.comparisons] == [
        f"roster.{x.fact}" for x in study.plan.roster_outcomes
    ]
    for one in part.answer.comparisons:
        assert one.found.adjusted is not None, "the first wave is the baseline"
        if one.outcome.name != "attendance":
            assert one.best.low < 0 < one.best.high


def test_schools_that_were_matched_are_alike(built: Built, tables: StudyTables) -> None:
    schools = [row for row in built.sent("schools") if row["arm"]]
    assert {row["intensity"] for row in schools if row["arm"] == "comparison"} == {""}
    for one in tables.findings.schools:
        numbers = {
            arm: [float(row[one.fact]) for row in schools if row["arm"] == arm] for arm in ("programme", "comparison")
        }
        assert one.here.mean == pytest.approx(mean(numbers["programme"]))
        assert one.there.mean == pytest.approx(mean(numbers["comparison"]))
        assert (one.matched, one.is_large) == (one.fact != "earlier_results", False) or one.fact == "earlier_results"


def test_what_people_said_is_told_of_the_last_wave_in_which_they_were_asked(
    records: list[Record], tables: StudyTables
) -> None:
    study = read_folder(FOLDER).study
    sections = {part.answer.question: part for part in found_sections(tables, study, tables.items)}
    hopes = sections["What do parents hope that music will give their child?"]
    assert hopes.answer.rests[0] == "Asked last in Autumn 2024."
    finished = [
        record.answers
        for record in records
        if (record.questionnaire, record.state) == ("parent", "finished") and "hopes" in record.answers
    ]
    assert {record.wave for record in records if "hopes" in record.answers} == {"w1"}
    given = [answers["hopes"] for answers in finished if isinstance(answers["hopes"], list)]
    (figure,) = hopes.figures
    labels = read_folder(FOLDER).questionnaires["parent"].question("hopes").labels
    cells = {row[0]: row[1] for row in figure.table.rows}
    for code, label in labels.items():
        assert cells[label] in (HIDDEN, f"{sum(code in codes for codes in given):,}")
    assert any(cell != HIDDEN for cell in (cells[label] for label in labels.values()))


def test_bars_of_questions_are_what_was_answered(records: list[Record], tables: StudyTables) -> None:
    study = read_folder(FOLDER).study
    (part,) = [one for one in found_sections(tables, study, tables.items) if one.answer.id == "share-dislikes"]
    (figure,) = [one for one in part.figures if isinstance(one.picture, Stacked)]
    finished = [
        record.answers
        for record in records
        if (record.questionnaire, record.wave, record.state) == ("pupil-ks2", "w3", "finished")
    ]
    assert len(figure.picture.rows) == len(figure.table.rows) == 2
    for item, row, cells in zip(
        ("enjoy_singing", "enjoy_playing"), figure.picture.rows, figure.table.rows, strict=True
    ):
        given = Counter(answers[item] for answers in finished if isinstance(answers.get(item), int))
        assert cells[2] == f"{given.total():,}"
        if row.shares:
            assert row.shares == pytest.approx([given[code] / given.total() for code in range(1, 6)])
        else:
            assert HIDDEN in cells
        for code, cell in zip(range(1, 6), cells[3:8], strict=True):
            assert cell == HIDDEN or re.search(r"\d[\d,]*(?=\)?$)", cell)[0] == f"{given[code]:,}"


def test_only_waves_up_to_the_one_asked_for_are_analysed(built: Built, tmp_path: Path) -> None:
    environment = {"CHORUS_INSTANCE": str(built.folder / "demo"), "DATABASE_URL": "", "SECRET_KEY": ""}

    def analyse(*words: str) -> Result:
        return CliRunner().invoke(main, ["analyse", *words], env=environment)

    found = json.loads(analyse("first-notes", "--wave", "w2", "--json").output)
    assert (list(found["waves"]), found["wave"]) == (["w1", "w2"], "w2")
    assert {one["wave"] for one in found["comparisons"]} == {"w1", "w2"}
    assert "has no wave 'w4'. There are: w1, w2, w3." in analyse("first-notes", "--wave", "w4", "--json").output
    assert "There is no study 'second-notes'" in analyse("second-notes", "--json").output
    assert "where the workbook is to go" in analyse("first-notes").output


def test_the_methods_say_what_the_study_asked_and_how_many_answered(
    built: Built, tables: StudyTables, tmp_path: Path
) -> None:
    out = tmp_path / "methods.html"
    environment = {"CHORUS_INSTANCE": str(built.folder / "demo"), "DATABASE_URL": "", "SECRET_KEY": ""}
    result = CliRunner().invoke(main, ["methods", "first-notes", "--out", str(out)], env=environment)
    assert result.exit_code == 0, result.output
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", out.read_text(encoding="utf-8"))).split())
    definition = read_folder(FOLDER)
    for questionnaire in definition.questionnaires.values():
        for question in questionnaire.questions:
            if "{" not in question.ask:
                assert " ".join(question.ask.split()) in page
    now = datetime.now(UTC)
    made = methods(definition.study, tables, now)
    parts = {part.id: part for part in made.parts}
    assert "Not asked: Children in Reception." in " ".join(parts["design"].points)
    # Reliability is that of the sheet, which is compared with R elsewhere.
    assert tables.scales is not None
    sheet = [dict(zip(tables.scales.header, row, strict=True)) for row in tables.scales.rows]
    ((_, reliable),) = parts["scales"].tables
    told = [row for row in reliable.rows if row[1] == "All"]
    rows = [row for row in sheet if row["group"] == "all" and row["scored"] is not None]
    assert len(told) == len(rows) > 10
    for row, cells in zip(rows, told, strict=True):
        assert cells[0].startswith(row["title"])
        alpha = "" if row["alpha"] is None else f"{row['alpha']:.2f}"
        assert (cells[2], cells[4], cells[7]) == (
            f"{row['answered all'] or 0:,}" if row["answered all"] is not None else "",
            alpha,
            f"{row['mean']:.2f}",
        )
    # The counts of the lists, in plain SQL.
    tables_of = {caption.rpartition("(")[2].rstrip(")"): table for caption, table in parts["samples"].tables}
    assert set(tables_of) == {work.questionnaire for work in definition.study.fieldwork if not work.open_link_only}
    for name, table in tables_of.items():
        for title, code in (("Autumn 2024", "w1"), ("Autumn 2025", "w2")):
            place = next(at for at, row in enumerate(table.rows) if row[0] == title)
            everyone = next(row for row in table.rows[place:] if row[1] == "All")
            finished = built.count(
                "SELECT count(*) FROM response JOIN wave ON wave.id = wave_id JOIN membership USING (participant_id, wave_id)"
                f" WHERE questionnaire = '{name}' AND wave.code = '{code}' AND state = 'finished'"
            )
            assert everyone[6] == (f"{finished:,}" if finished >= 10 else HIDDEN)


@pytest.mark.parametrize("written", ["json", "xlsx"])
def test_one_group_is_analysed_as_on_the_pages(built: Built, tmp_path: Path, written: str) -> None:
    environment = {"CHORUS_INSTANCE": str(built.folder / "demo"), "DATABASE_URL": "", "SECRET_KEY": ""}
    out = tmp_path / "girls.xlsx"
    words = ["analyse", "first-notes", "--group", "sex=f", *(["--json"] if written == "json" else ["--out", str(out)])]
    result = CliRunner().invoke(main, words, env=environment)
    assert result.exit_code == 0
    if written == "json":
        found = json.loads(result.output)
        assert found["group"] == {"by": "sex", "code": "f", "by_title": "Sex", "title": "Girl"}
        assert found["subgroups"] == found["changes"] == []
        assert not any(one["planned"] for one in found["comparisons"])
    else:
        assert "Enjoyment of music" in result.output
        assert {"Means", "Items"} <= set(openpyxl.load_workbook(out, read_only=True).sheetnames)
    result = CliRunner().invoke(main, ["analyse", "first-notes", "--group", "sex=x", "--json"], env=environment)
    assert (result.exit_code, result.stderr) == (1, "'x' is not a group by sex. There are: sex=f, sex=m.\n")
