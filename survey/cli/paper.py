"""Paper: `survey paper STUDY QUESTIONNAIRE` makes a file to be printed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from survey.cli.main import engine, main, settings, stop, writing


@main.command()
@click.argument("study")
@click.argument("questionnaire")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code. Without it, everyone in the wave who is asked.")
@click.option("--class", "school_class", help="The code of a class in that school.")
@click.option("--participant", "participants", multiple=True, help="A study code. Can be repeated.")
@click.option("--copies", type=click.IntRange(1), help="A number of copies, for people who are not on the roster.")
@click.option("--language", help="One of the questionnaire's languages. Without it, the original one.")
@click.option("--large", is_flag=True, help="Large print: 18 points and more.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write: .html.")
def paper(
    study: str,
    questionnaire: str,
    wave: str,
    school: str | None,
    school_class: str | None,
    participants: tuple[str, ...],
    copies: int | None,
    language: str | None,
    large: bool,
    out: Path,
) -> None:
    """Make forms to print, for a class, a school or a wave, or as copies: one HTML file for A4.

    Each form has its own code, which Chorus does not keep.
    """
    from survey.audit import COMMAND_LINE
    from survey.paper.printing import Order, page, print_papers

    if out.suffix.lower() not in (".html", ".htm"):
        stop(f"{out}: please give a name that ends in .html.")
    if copies and (participants or school_class):
        stop(
            "Copies are for people who are not on the roster. Please leave out --participant and --class, or --copies."
        )
    order = Order(study, wave, questionnaire, language, school, school_class, participants, copies or 0, large)
    # The file is opened first: papers that cannot be written down would be printed by no one.
    with writing(out, "w") as file:
        made = print_papers(engine(), settings(), order, COMMAND_LINE, datetime.now(UTC))
        file.write(page(made))
    for sentence in made.left_out:
        click.echo(sentence)
    count = len(made.papers)
    click.echo(f"{count} {'form' if count == 1 else 'forms'} written: {out}")
    click.echo(
        "Open the file in a browser and print it on A4. Chorus does not keep the codes, so keep the file "
        "until the forms are printed."
    )
