"""Looking at questionnaires before they are published: `survey preview`."""

from __future__ import annotations

from pathlib import Path

import click

from survey.cli.main import main, stop


@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def preview(path: Path, host: str, port: int) -> None:
    """Show the pages of a study's folder, or of one questionnaire, while you write it.

    Every page in every language, with what `survey check` says. Pages reload when you save a file. Nothing is
    published, and nothing you try out is saved; there is no database.
    """
    from survey.serving.website import serve_preview

    if path.is_file() and (path.suffix != ".yaml" or path.name == "study.yaml" or "." in path.stem):
        stop(f"{path} is not a questionnaire. Please give the folder of the study, or a questionnaire NAME.yaml.")
    serve_preview(path, host=host, port=port, ready=lambda address: click.echo(f"Open {address}  (stop with Ctrl-C)"))
