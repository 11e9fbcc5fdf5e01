"""Performances whose audiences are asked: `survey performance add`, `list`."""

from __future__ import annotations

from datetime import datetime

import click

from survey.cli.main import engine, main


@main.group()
def performance() -> None:
    """Concerts and sharings whose audiences are asked."""


@performance.command("add")
@click.argument("study")
@click.argument("name")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--title", required=True, help="The title people know it by.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The day of the performance, such as 2026-12-10.",
)
@click.option(
    "--school",
    "schools",
    multiple=True,
    help="The code of the school that performs. Give it once for each school if several perform together.",
)
def add(study: str, name: str, wave: str, title: str, day: datetime, schools: tuple[str, ...]) -> None:
    """Add a performance. For its link: survey link open STUDY QUESTIONNAIRE --wave W --performance NAME."""
    from survey.audit import COMMAND_LINE, Act
    from survey.fieldwork.performances import NewPerformance, add_performance

    new = NewPerformance(name, title, day.date(), wave, schools)
    add_performance(engine(), study, new, Act(COMMAND_LINE))
    click.echo("Recorded.")


@performance.command("list")
@click.argument("study")
def list_(study: str) -> None:
    """List the performances of a study, by date."""
    from survey.database import read
    from survey.fieldwork.finding import find_study
    from survey.fieldwork.performances import performances

    store = engine()
    with read(store) as connection:
        found = find_study(connection, study)
    for one in performances(store, found.id):
        school = one.school.code if one.school else ", ".join(s.code for s in one.together) or "several schools"
        click.echo(f"{one.held_on}  {one.code}  {one.title}  ({one.wave.code}, {school})")
