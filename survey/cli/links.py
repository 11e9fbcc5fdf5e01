"""Links people come in by: `survey link open` and `survey link personal`."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import click

from survey.cli.groups import usually
from survey.cli.main import engine, main, settings, stop, writing
from survey.problems import amount


@main.group(cls=usually("open"))
def link() -> None:
    """Links and codes: open, personal, or for a coordinator. Without a subcommand, an open link is made."""


@link.command("open")
@click.argument("study")
@click.argument("questionnaire")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code. Answers by this link are then counted for that school.")
@click.option("--performance", help="The name of a performance, to ask its audience about it.")
def open_(study: str, questionnaire: str, wave: str, school: str | None, performance: str | None) -> None:
    """Make one link and code that many people share, such as all parents at a concert."""
    from survey.audit import COMMAND_LINE, Act
    from survey.fieldwork.links import OpenLinkOrder, open_link
    from survey.fieldwork.waves import last_day

    here, now = settings(), datetime.now(UTC)
    made = open_link(
        engine(), here, OpenLinkOrder(study, questionnaire, wave, school, performance), Act(COMMAND_LINE, now)
    )
    last = last_day(made.closes)
    if last is not None and made.opens.year > 1 and last.year < 9999:
        click.echo(f"It works from {_day(made.opens.date())} to {_day(last)}.")
    if not made.opens <= now < made.closes:
        click.echo("It does not work today: the wave is not open.")
    click.echo(f"Link: {made.address}\nCode: {made.code} (to type at {here.base_url}/)")
    click.echo("Chorus does not keep links and codes, so keep them safe.")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@link.command("personal")
@click.argument("study")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code. Without it, everyone in the wave.")
@click.option("--class", "school_class", help="The code of a class in that school.")
@click.option("--participant", help="The study code of one person.")
@click.option(
    "--out",
    "outs",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    multiple=True,
    help="The file to write: .csv or .xlsx. Can be repeated, to write the same links to both.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation if earlier links will stop working.")
def personal(
    study: str,
    wave: str,
    outs: tuple[Path, ...],
    yes: bool,
    **whom: str | None,
) -> None:
    """Make a link and a code for each person who is asked. Links made for them earlier stop working."""
    from survey.audit import COMMAND_LINE, Act
    from survey.export.lists import form_of, write_list
    from survey.fieldwork.links import COLUMNS, LinkGroup, personal_links, who_gets_links

    forms = {out: form_of(out.name) for out in outs}
    for out, form in forms.items():
        if form is None:
            stop(f"{out}: please give a name that ends in .csv or .xlsx.")
    group = LinkGroup(study, wave, **whom)
    who = who_gets_links(engine(), group)
    if who.ended and not yes:
        click.confirm(
            f"{amount(who.ended, 'link')} already given to the same people will stop working. Continue?", abort=True
        )
    # The files are opened first: links that cannot be written down would be lost, and the earlier ones ended.
    with ExitStack() as opened:
        files = {out: opened.enter_context(writing(out, "wb")) for out in outs}
        made = personal_links(engine(), settings(), group, Act(COMMAND_LINE))
        rows = [one.row for one in made.links]
        for out, form in forms.items():
            assert form is not None
            write_list(COLUMNS, rows, f"Links {wave}", form, files[out])
    click.echo(f"{amount(len(made.links), 'link')} written: {', '.join(map(str, outs))}")
    if made.ended:
        no_longer = f"no longer work{'s' if made.ended == 1 else ''}"
        click.echo(f"{amount(made.ended, 'link')} made earlier for the same people {no_longer}.")
    if made.without:
        click.echo(
            f"{made.without} {'person has' if made.without == 1 else 'people have'} no link, because the consent "
            "the study asks for is missing or is a no."
        )
    click.echo("Chorus does not keep links and codes, so keep them safe.")
