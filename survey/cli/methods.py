"""The methods appendix: `survey methods STUDY` writes it as a file to print."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from survey.cli.main import engine, main, stop, writing


@main.command()
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write: .html.")
def methods(study: str, out: Path) -> None:
    """Write the methods appendix of a study: wordings, scoring, samples, analysis, and what is hidden.

    It is one HTML file for A4, made from the study's definition and its analysis, of all waves and everyone.
    """
    from survey.export.store import Stored, tables
    from survey.results.methods import methods as appendix
    from survey.results.methods import page

    if out.suffix.lower() not in (".html", ".htm"):
        stop(f"{out}: please give a name that ends in .html.")
    store, now = engine(), datetime.now(UTC)
    found = tables(study, store, now)
    if found is None:
        stop(f"No one has finished a questionnaire of {study} yet, so there is nothing to report.")
    made = appendix(Stored(store, study).study, found, now)
    with writing(out, "w") as file:
        file.write(page(made))
    click.echo(f"Written: {out}")
    click.echo("Open the file in a browser to read it, and print it on A4 or save it as PDF from there.")
