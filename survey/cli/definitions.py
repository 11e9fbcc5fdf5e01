"""Writing questionnaires: `survey check`, `schema`, `score`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from survey.cli.main import main, stop, writing
from survey.problems import errors

if TYPE_CHECKING:
    from survey.definition.questionnaire import Questionnaire


@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def check(path: Path) -> None:
    """Check a questionnaire or a study folder, and show every problem.

    Exit status: 0 no errors (there may be advice), 1 errors, 2 the command was mistyped.
    """
    from survey.definition.checking import check as problems_of

    problems = problems_of(path)
    for problem in problems:
        click.echo(str(problem))
    sys.exit(1 if errors(problems) else 0)


@main.command()
@click.argument("what", type=click.Choice(["questionnaire", "study", "translation"]), default="questionnaire")
def schema(what: Literal["questionnaire", "study", "translation"]) -> None:
    """Print the JSON Schema of a kind of file, so that your editor can complete and check it as you type."""
    from survey.definition.schema import json_schema

    click.echo(json.dumps(json_schema(what), indent=2, ensure_ascii=False))


def questionnaire_of(path: Path) -> Questionnaire:
    """Return the questionnaire in a file; end the command, with sentences, when it is not one or has errors."""
    from survey.definition.reading import read_questionnaire

    if path.name == "study.yaml" or "." in path.stem:
        stop(f"{path} is not a questionnaire. Please give the file of the questionnaire, NAME.yaml.")
    reading = read_questionnaire(path)
    if reading.questionnaire is None:
        stop(*(str(problem) for problem in errors(reading.problems)))
    return reading.questionnaire


@main.command()
@click.argument("questionnaire", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("answers", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The CSV file to write.")
def score(questionnaire: Path, answers: Path, out: Path) -> None:
    """Score a table of answers: headings are names of questions, values are codes, and an empty cell is missing.

    The output has one row for each row of answers: `id` if there is one, then for each scale its score, the number of
    its items that were answered (NAME_n) and, if it has bands, the band (NAME_band). Scales with norms need a column
    for each roster fact that the norms are given by, such as sex.
    """
    from survey.export.scored import score_table

    found = questionnaire_of(questionnaire)
    if out.exists() and out.samefile(answers):
        stop(
            f"{out} is the file with the answers, and the scores would overwrite it. Please choose another "
            "name for --out."
        )
    with writing(out, "w") as file:
        scored = score_table(found, answers, file)
    click.echo(f"{scored.rows} rows scored: {out}")
    for note in scored.notes:
        click.echo(note, err=True)
