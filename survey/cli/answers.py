"""Answers from another system: `survey answers import`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from survey.cli.main import content_of, engine, main, stop


@main.group()
def answers() -> None:
    """Import answers from another system or an earlier wave."""


@answers.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--study", required=True, help="The study's name.")
@click.option("--questionnaire", required=True, help="The name of the questionnaire.")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--ignore", multiple=True, metavar="COLUMN", help="A column to leave out. Can be repeated.")
@click.option("--preview", is_flag=True, help="Show what would be imported, and import nothing.")
def import_(file: Path, study: str, questionnaire: str, wave: str, ignore: Sequence[str], preview: bool) -> None:
    """Import answers as codes, with the same checks as on the pages.

    FILE is a CSV or Excel file with the columns of `survey export --format csv` (the codes): one row for each response,
    one column for each question, missing codes as in the study. Import that CSV without opening it in a spreadsheet
    first: cells that a spreadsheet has changed, such as 007 turned into 7, are refused. Either every row is imported or
    none is. Rows that are already in the study are not changed.
    """
    from survey.audit import COMMAND_LINE, Act
    from survey.fieldwork.roster.tables import SentFile
    from survey.intake import Destination, import_answers, look

    data = content_of(file)
    now, name = datetime.now(UTC), file.name
    if preview:
        taken = look(engine(), Destination(study, questionnaire, wave), SentFile(data, name), now, ignore)
    else:
        taken = import_answers(
            engine(), Destination(study, questionnaire, wave), SentFile(data, name), Act(COMMAND_LINE, now), ignore
        )
    if taken.problems:
        s = "" if len(taken.problems) == 1 else "s"
        why = f"Nothing was imported, because of {len(taken.problems):,} problem{s}. Please correct the file first."
        stop(*taken.told(), why)
    added = "Would be added" if preview else "Added"
    click.echo(f"{added}: {taken.added:,}. Already there and unchanged: {taken.unchanged:,}.")
