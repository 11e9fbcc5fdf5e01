"""Links people come in by: `survey link open` and `survey link personal`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from survey.cli.groups import usually
from survey.cli.main import engine, main, settings, stop, writing


@main.group(cls=usually("open"))
def link() -> None:
    """Links and typed codes that lead to a questionnaire: open ones (the default), or personal ones."""


@link.command("open")
@click.argument("study")
@click.argument("questionnaire")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code: answers by this link are then counted as its.")
@click.option("--performance", help="The name of a performance: its audience is asked about it.")
def open_(study: str, questionnaire: str, wave: str, school: str | None, performance: str | None) -> None:
    """Make an open link and code for a questionnaire, such as for parents at a concert."""
    from survey.audit import COMMAND_LINE
    from survey.fieldwork.links import open_link
    from survey.fieldwork.waves import last_day

    here, now = settings(), datetime.now(UTC)
    made = open_link(engine(), here, study, questionnaire, wave, school, COMMAND_LINE, now, performance)
    last = last_day(made.closes)
    if last is not None and made.opens.year > 1 and last.year < 9999:
        click.echo(f"It works from {_day(made.opens.date())} to {_day(last)}.")
    if not made.opens <= now < made.closes:
        click.echo("It does not work today: the wave is not open.")
    click.echo(f"Link: {made.address}\nCode: {made.code} (typed at {here.base_url}/)")
    click.echo("Chorus does not keep them: only what is needed to recognise them is stored.")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@link.command("personal")
@click.argument("study")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code; without it, everyone in the wave.")
@click.option("--class", "school_class", help="The code of a class of that school.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A .csv or .xlsx to write.")
def personal(study: str, wave: str, school: str | None, school_class: str | None, out: Path) -> None:
    """Make a link and a code for each person who is asked. Links made for them earlier stop working."""
    from survey.audit import COMMAND_LINE
    from survey.export.lists import form_of, write_list
    from survey.fieldwork.links import COLUMNS, personal_links

    form = form_of(out.name)
    if form is None:
        stop(f"{out}: please give a file that ends in .csv or .xlsx.")
    now = datetime.now(UTC)
    # The file is opened first: links that cannot be written down would be lost, and the earlier ones ended.
    with writing(out, "wb") as file:
        made = personal_links(engine(), settings(), study, wave, school, school_class, COMMAND_LINE, now)
        write_list(COLUMNS, [one.row for one in made.links], f"Links {wave}", form, file)
    click.echo(f"{len(made.links)} links written: {out}")
    if made.ended:
        click.echo(f"{made.ended} links made for the same people earlier no longer work.")
    click.echo("Chorus does not keep them: only what is needed to recognise them is stored.")
