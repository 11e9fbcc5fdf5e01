"""Answers from elsewhere: `survey answers import`."""

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
@click.option("--study", required=True, help="Name of the study.")
@click.option("--questionnaire", required=True, help="Which questionnaire was answered.")
@click.option("--wave", required=True, help="In which wave.")
@click.option(
    "--ignore", multiple=True, metavar="COLUMN", help="A column that is not read; may be given several times."
)
@click.option("--preview", is_flag=True, help="Only show what would be done.")
def import_(file: Path, study: str, questionnaire: str, wave: str, ignore: Sequence[str], preview: bool) -> None:
    """Import coded answers, with the same checks as on the pages.

    FILE is a CSV or Excel file with the columns of `survey export --format csv` (the codes): one row for each response,
    one column for each question, missing codes as the study has them. Import that CSV as it was exported: cells that a
    spreadsheet turned into something else are refused, for instance 7 where 007 was typed. All rows are taken or none;
    rows that are there already are left as they are.
    """
    from survey.audit import COMMAND_LINE
    from survey.intake import import_answers, look

    data = content_of(file)
    now, name = datetime.now(UTC), file.name
    if preview:
        taken = look(engine(), study, questionnaire, wave, data, name, now, ignore)
    else:
        taken = import_answers(engine(), study, questionnaire, wave, data, name, COMMAND_LINE, now, ignore)
    if taken.problems:
        s = "" if len(taken.problems) == 1 else "s"
        why = f"Nothing was imported, because of {len(taken.problems):,} problem{s}. Please correct the file first."
        stop(*taken.told(), why)
    added = "Would be added" if preview else "Added"
    click.echo(f"{added}: {taken.added:,}. Already there and unchanged: {taken.unchanged:,}.")
