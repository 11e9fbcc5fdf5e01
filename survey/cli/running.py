"""Running the program: `survey serve`, `demo`."""

from __future__ import annotations

from pathlib import Path

import click

from survey.cli.main import engine, main, settings


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes; about one for each core.")
@click.option("--threads", default=16, show_default=True, help="Threads of each process.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the pages."""
    from survey.database import session
    from survey.fieldwork import study_by_code
    from survey.serving import serve as run

    here = settings()
    with session(engine()) as db:
        study_by_code(db, "")  # says so now, rather than to the first respondent, when there are no tables
    run(here, host=host, port=port, workers=workers, threads=threads)


@main.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--questionnaires", type=click.Path(path_type=Path, exists=True), default=Path("questionnaires"))
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--serve/--no-serve", "serving", default=True, help="Whether to start the server at the end.")
def demo(folder: Path, questionnaires: Path, port: int, serving: bool) -> None:
    """Make a pretended study with thousands of answers, write its workbook, and serve it."""
    from survey.demo import run

    run(folder, questionnaires, port=port, serving=serving)
