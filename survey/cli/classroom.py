"""The classroom: `survey classroom cards` and `survey classroom start`."""

from __future__ import annotations

from pathlib import Path

import click

from survey.cli.main import engine, main, settings, stop, writing
from survey.problems import amount


@main.group()
def classroom() -> None:
    """Cards for a class, and class sessions."""


@classroom.command()
@click.argument("study")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", required=True, help="The school's code.")
@click.option("--class", "school_class", required=True, help="The code of the class.")
@click.option("--again", is_flag=True, help="Make new cards for children who have one; the old ones stop working.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write: .html.")
def cards(study: str, wave: str, school: str, school_class: str, again: bool, out: Path) -> None:
    """Make a card for each child of a class, eight to A4. Chorus keeps nothing that could print them again."""
    from survey.audit import COMMAND_LINE, Act
    from survey.classroom.cards import make_cards
    from survey.classroom.members import find_class
    from survey.fieldwork.links import address
    from survey.paper.cards import CardsOf, cards_page

    if out.suffix.lower() not in (".html", ".htm"):
        stop(f"{out}: please give a name that ends in .html.")
    here, place = settings(), find_class(engine(), study, wave, (school, school_class))
    # The file is opened first: cards that cannot be written down would be lost, and the earlier ones stopped.
    with writing(out, "w") as file:
        made = make_cards(engine(), place.where, Act(COMMAND_LINE), again=again)
        of = CardsOf(place.title, place.school, here.base_url.partition("://")[2])
        file.write(cards_page([(new, address(here, new.token)) for new in made], of))
    click.echo(f"{amount(len(made), 'card')} written: {out}")
    click.echo("Open the file in a browser and print it on A4. Children who have a card already keep it.")


@classroom.command()
@click.argument("study")
@click.argument("questionnaire")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", required=True, help="The school's code.")
@click.option("--class", "school_class", required=True, help="The code of the class.")
@click.option("--without-cards", is_flag=True, help="The class code alone lets children in, and no one is known.")
def start(study: str, questionnaire: str, wave: str, school: str, school_class: str, without_cards: bool) -> None:
    """Start a class session, and print its class code and the address of its list."""
    from survey.audit import COMMAND_LINE, Act
    from survey.classroom.members import find_class
    from survey.classroom.sessions import begin_session, session_by_id

    here, place = settings(), find_class(engine(), study, wave, (school, school_class))
    keys = here.key("codes")
    made = begin_session(engine(), place.where, questionnaire, keys, Act(COMMAND_LINE), with_cards=not without_cards)
    it = session_by_id(engine(), made)
    assert it is not None
    click.echo(f"{it.class_title}, {it.school}\n  Class code: {it.code} (to type at {here.base_url}/)")
    click.echo(f"  The teacher's list: {here.base_url}/office/studies/{study}/classroom/{made}")
