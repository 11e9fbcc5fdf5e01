"""Links people come in by: `survey link`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from survey.cli.main import engine, main, settings, stop


@main.command()
@click.argument("study")
@click.argument("questionnaire")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code: answers by this link are then counted as its.")
def link(study: str, questionnaire: str, wave: str, school: str | None) -> None:
    """Make an open link and code for a questionnaire, such as for parents at a concert."""
    from survey.fieldwork.publishing import Refused, open_link

    here = settings()
    try:
        made = open_link(engine(), here, study, questionnaire, wave, school)
    except Refused as refused:
        stop(*refused.reasons)
    click.echo(f"Open from {made.opens:%d %B %Y} to {made.closes:%d %B %Y}.")
    if not made.opens <= datetime.now(UTC) < made.closes:
        click.echo("Nobody can come in today: the wave is not open.")
    click.echo(f"Link: {made.address}\nCode: {made.code} (typed at {here.base_url}/)")
    click.echo("They are not kept anywhere else: only what is needed to recognise them is stored.")
