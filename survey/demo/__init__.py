"""The demonstration: a whole pretended study, made with nothing but the files and commands anyone else would use."""

from __future__ import annotations

import csv
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

import click

from survey import private
from survey.definition.reading import FolderReading, read_folder
from survey.definition.study import Fieldwork
from survey.definition.study import StudyDefinition as Plan
from survey.demo.files import ClassAtWork, Sender
from survey.demo.people import make_field

MARK = "this-is-a-demonstration"
"""The name of the file by which a folder is known to be one that may be deleted."""

Command = Callable[..., None]
"""Runs `survey` with some words: command("roster", "import", …); brief=True prints its sums and no lists.

Raises ClickException when it fails.
"""

_DATE: Final = re.compile(r"\b(opens|closes): (\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Built:
    """The study as it was built: its code, its last wave, and a pupil to try each of the pupils' questionnaires as.

    concert: the day of a performance in that wave. at_work: a class that is in the middle of it, if there is one.
    """

    study: str
    wave: str
    concert: date
    pupils: dict[str, str]
    rows: int
    at_work: ClassAtWork | None = None


def build(command: Command, questionnaires: Path, folder: Path, now: datetime) -> Built:
    """Build the study in `questionnaires` with the commands of Chorus, from files that are written to `folder`.

    The database has its tables and nothing else. Raises ClickException for a study that pretends nothing.
    """
    begun, study_folder = monotonic(), folder / "study"
    _open_today(questionnaires, study_folder, now.date())
    reading = read_folder(study_folder)
    plan = _pretending(reading, questionnaires)
    assert plan.pretend is not None
    rng = random.Random(plan.pretend.seed)
    send = partial(command, brief=True)
    sender = Sender(reading, make_field(plan, rng), rng, folder, now)
    send("publish", study_folder)
    rows = 0
    for n, wave in enumerate(plan.waves):
        of = ("--study", plan.id, "--wave", wave.id)
        if n == 0:
            send("roster", "import", sender.schools(), *of)
        for audience in ("pupil", "parent", "staff"):
            if roster := sender.roster(wave, audience):
                send("roster", "import", roster, *of)
        for rule in plan.consent:
            day = (wave.opens - timedelta(days=14)).isoformat()
            send("consent", "issued", "--study", plan.id, "--audience", rule.audience, "--all", "--date", day)
        if refusals := sender.refusals(wave):
            send("consent", "import", refusals, "--study", plan.id)
        for answers in sender.answers(wave):
            send("answers", "import", answers.path, "--questionnaire", answers.questionnaire, *of)
            rows += answers.rows
        if reasons := sender.reasons(wave):
            send("progress", "reasons", reasons, *of)
        for person in sender.withdrawn(wave):
            send("consent", "withdraw", plan.id, person.code, "--scope", "all", "--yes")
    # Its children are answering when the list can be opened, not when all this began.
    at_work = sender.class_at_work(plan.waves[-1], now + timedelta(seconds=monotonic() - begun))
    if at_work is not None:
        of = ("--study", plan.id, "--wave", plan.waves[-1].id)
        send("answers", "import", at_work.answers.path, "--questionnaire", at_work.answers.questionnaire, *of)
        rows += at_work.answers.rows
    tries = {name: person.code for name, person in sender.spared.items()}
    return Built(plan.id, plan.waves[-1].id, plan.waves[-1].closes, tries, rows, at_work)


def shipped_study() -> Path:
    """Return the folder of the study that comes with Chorus: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parents[1]
    for folder in (package / "questionnaires", package.parent / "questionnaires"):
        if (folder / "study.yaml").is_file():
            return folder
    raise click.ClickException("The study that comes with Chorus is missing. Please install Chorus again.")


def _pretending(reading: FolderReading, folder: Path) -> Plan:
    if reading.study is None:
        raise click.ClickException(
            f"{folder} has errors. Please correct them first. To see them: survey check {folder}"
        )
    if reading.study.pretend is None:
        raise click.ClickException(
            f"{folder}/study.yaml has no section 'pretend', which says what answers to make up. Please add "
            "one; see docs/questionnaires.md."
        )
    return reading.study


def _open_today(questionnaires: Path, into: Path, today: date) -> None:
    """Copy the study; where its last wave is not open today, all waves are moved by whole weeks until it is.

    The demonstration can be tried on any day, and without the program knowing of a demonstration.
    """
    shutil.copytree(questionnaires, into)
    plan = read_folder(into).study
    if plan is None or plan.waves[-1].opens <= today <= plan.waves[-1].closes:
        return
    last = plan.waves[-1]
    middle = last.opens + (last.closes - last.opens) / 2
    shift = timedelta(weeks=round((today - middle).days / 7))

    def moved(found: re.Match[str]) -> str:
        return f"{found[1]}: {date.fromisoformat(found[2]) + shift}"

    file = into / "study.yaml"
    private.write(file, _DATE.sub(moved, file.read_text(encoding="utf-8")))


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────
def run(command: Command, folder: Path, questionnaires: Path, *, port: int, serving: bool) -> None:
    """Make the demonstration in `folder` anew: the study, demo.xlsx and cards beside the folder, links, accounts.

    Then serve.
    """
    now = datetime.now(UTC)
    command("upgrade")
    built = build(command, questionnaires, folder, now)
    click.echo(f"\n{built.rows} made-up responses have been imported.\n")
    command("export", built.study, "--format", "xlsx", "--out", "demo.xlsx")
    command("progress", built.study, "--wave", built.wave)
    links = folder / "links.csv"
    command("link", "personal", built.study, "--wave", built.wave, "--out", links)
    click.echo("\nTry it. Pupils use the link on their card, or type its code on the front page:")
    for questionnaire, address, code in _of(links, built.pupils):
        click.echo(f"  {questionnaire}\n    {address}    code: {code}")
    click.echo("\nParents and staff use an open link:")
    event = (
        "winter-concert",
        "--wave",
        built.wave,
        "--title",
        "Winter concert",
        "--date",
        built.concert,
        "--school",
        "s01",
    )
    command("performance", "add", built.study, *event)
    for work in _open_to_all(questionnaires):
        at = ("--performance", "winter-concert") if work.audience == "parent" else ()
        at = ("--school", "s01") if work.open_link_only else at
        command("link", built.study, work.questionnaire, "--wave", built.wave, *at)
    if built.at_work is not None:
        _class_session(command, built, built.at_work)
    click.echo("\nPeople who sign in:")
    command("user", "add", "lead@example.org", "--role", "lead")
    command("user", "add", "researcher@example.org", "--role", "researcher", "--study", built.study)
    command("link", "coordinator", built.study, "--school", "s01")
    if built.at_work is not None:
        click.echo("\nThe teacher of that class opens the list with this link:")
        command("link", "coordinator", built.study, "--school", built.at_work.school)
    click.echo(f"\nWhat we found, for the lead and the researcher:\n  {_results_of(built.study, port)}")
    if serving:
        click.echo("\nThe website is running. Stop it with Ctrl+C.")
        command("serve", "--port", str(port))


def _class_session(command: Command, built: Built, there: ClassAtWork) -> None:
    """Print cards for a class whose children are half way, and start its class session."""
    click.echo("\nA class is answering just now. Its cards, to print:")
    place = ("--wave", built.wave, "--school", there.school, "--class", there.school_class)
    command("classroom", "cards", built.study, *place, "--out", "demo-cards.html")
    command("classroom", "start", built.study, there.answers.questionnaire, *place)


def _results_of(study: str, port: int) -> str:
    return f"http://localhost:{port}/office/studies/{study}/results"


def _of(links: Path, pupils: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    with links.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if pupils.get(row["questionnaire"]) == row["participant"]:
                yield row["questionnaire"], row["link"], row["code"]


def _open_to_all(questionnaires: Path) -> list[Fieldwork]:
    """Return what adults are asked."""
    study = read_folder(questionnaires).study
    return [work for work in (study.fieldwork if study else []) if work.audience != "pupil"]


def clear(folder: Path) -> None:
    """Make an empty folder for the demonstration; only one that an earlier demonstration made is deleted.

    Raises ClickException for a folder that holds anything else.
    """
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise click.ClickException(
            f"The folder {folder} already exists and was not made by `survey demo`. Please choose another "
            "with --folder."
        )
    shutil.rmtree(folder, ignore_errors=True)
    private.folder(folder)
    private.write(mark, "`survey demo` empties this folder each time. Keep nothing here.\n")
