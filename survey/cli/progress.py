"""How far the fieldwork is: `survey progress`, and the reasons a school gives: `survey progress reasons`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from survey.cli.groups import usually
from survey.cli.main import content_of, engine, main, stop, writing

if TYPE_CHECKING:
    from survey.progress import Progress, Tally


@main.group(cls=usually("show"))
def progress() -> None:
    """Response rates, and reasons for not answering."""


@progress.command("show")
@click.argument("study")
@click.option("--wave", help="The wave, as named in study.yaml. Without it, all waves.")
@click.option("--questionnaire", help="Only this questionnaire.")
@click.option("--school", help="The school's code, to show one row for each of its classes.")
@click.option(
    "--by",
    type=click.Choice(["school", "programme", "arm", "audience", "questionnaire", "wave"]),
    default="school",
    show_default=True,
)
@click.option(
    "--remind",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a reminder list of study codes to this .csv or .xlsx file.",
)
def show(
    study: str, wave: str | None, questionnaire: str | None, school: str | None, by: str, remind: Path | None
) -> None:
    """Show the response rates, with the same numbers as on the page “Progress”: a table for each audience."""
    from survey.database import read as reading
    from survey.export.lists import form_of, write_list
    from survey.fieldwork.finding import What, find_published, not_there
    from survey.progress import progress as read
    from survey.progress import tallies, to_remind, total
    from survey.progress.reminders import COLUMNS

    form = form_of(remind.name) if remind else None
    if remind is not None and form is None:
        stop(f"{remind}: please give a name that ends in .csv or .xlsx.")
    here = engine()
    with reading(here) as connection:
        found = find_published(connection, study)
    everything = read(here, found.id, datetime.now(UTC))
    asked_for: list[tuple[What, str | None, set[str]]] = [
        ("wave", wave, {one.code for one in everything.waves}),
        ("school", school, {place.code for place in everything.places}),
        ("questionnaire", questionnaire, {line.questionnaire for line in everything.lines}),
    ]
    for what, name, known in asked_for:
        if name is not None and name not in known:
            stop(not_there(what, name, known))
    schools = None if school is None else {place.id for place in everything.places if place.code == school}
    narrowed = everything.only(wave=wave, questionnaire=questionnaire, schools=schools)
    for title, theirs in _by_audience(narrowed, by):
        lines = tallies(theirs, "class" if school else by)  # type: ignore[arg-type]  # click has checked it
        if title:
            click.echo(title)
        for row in _table("class" if school else by, lines, total(theirs.lines)):
            click.echo(row)
    for sentence in narrowed.unasked_said:
        click.echo(sentence)
    if remind is not None and form is not None:
        rows = to_remind(narrowed)
        with writing(remind, "wb") as file:
            write_list(COLUMNS, rows, "Who to remind", form, file)
        click.echo(f"{len(rows)} to remind: {remind}")


def _by_audience(found: Progress, by: str) -> list[tuple[str, Progress]]:
    """Return what is asked of each audience, with its title where there are several: their rates are never in one."""
    from survey.progress import AUDIENCES

    there = {line.audience for line in found.lines}
    if len(there) < 2 or by == "audience":
        return [("", found)]
    return [(title, found.only(audience=one)) for one, title in AUDIENCES.items() if one in there]


def _table(by: str, lines: Sequence[Tally], sum_: Tally) -> list[str]:
    """Return the lines of a table in columns: those every table has, and those with a number in them."""
    from survey.progress import TITLES, Outcome

    always = (Outcome.FINISHED, Outcome.UNDER_WAY, Outcome.NOT_STARTED)
    shown = [outcome for outcome in TITLES if outcome in always or sum_.count(outcome)]
    table = [[by.capitalize(), "Asked", "Rate", *(TITLES[outcome] for outcome in shown)]]
    # A sum over audiences would say nothing about any.
    for one in lines if by == "audience" and len(lines) > 1 else [*lines, sum_]:
        rate = "–" if one.rate is None else f"{100 * one.rate:.1f} %"
        table.append([one.title, str(one.asked), rate, *(str(one.count(outcome)) for outcome in shown)])
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    ]


@progress.command("reasons")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--study", required=True, help="The study's name.")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--preview", "looking", is_flag=True, help="Show what would change, and change nothing.")
def reasons(file: Path, study: str, wave: str, looking: bool) -> None:
    """Import reasons for not answering, from a CSV or Excel file: participant, questionnaire (optional), reason.

    Reasons are absent, refused, excused, left and other. If the file has a problem, nothing is imported.
    """
    from survey.audit import COMMAND_LINE, Act
    from survey.fieldwork.roster.tables import SentFile
    from survey.progress.reasons import import_reasons, look

    data = content_of(file)
    if looking:
        preview = look(engine(), study, wave, SentFile(data, file.name))
    else:
        preview = import_reasons(engine(), study, wave, SentFile(data, file.name), Act(COMMAND_LINE, datetime.now(UTC)))
    if preview.problems:
        stop(*map(str, preview.problems), "Nothing was imported. Please correct the file and try again.")
    done, would = preview.recorded, "would be " if looking else ""
    click.echo(f"{done.added} reasons {would}added, {done.changed} {would}changed, {done.unchanged} unchanged.")
