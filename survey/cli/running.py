"""Running the program: `survey serve`, `work`, `demo`."""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Final

import click

from survey.cli.main import engine, main, settings

_SETTINGS: Final = ("DATABASE_URL", "SECRET_KEY", "CHORUS_REGISTER", "CHORUS_LINKAGE_KEY")
"""Settings that would lead the demonstration out of its own folder."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Number of processes, about one for each processor.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=16, show_default=True, help="Number of threads in each process."
)
@click.option(
    "--long-work/--no-long-work",
    "working",
    default=True,
    help="Whether to run `survey work` beside it, for downloads and results.  [default: yes]",
)
def serve(host: str, port: int, workers: int, threads: int, working: bool) -> None:
    """Run the website."""
    from survey.serving.website import serve as run

    here = settings()
    _see_that_there_are_tables()
    run(here, host=host, port=port, workers=workers, threads=threads, working=working)


@main.command()
def work() -> None:
    """Prepare downloads and work out results, as pages ask for them.

    `survey serve` runs this beside the website. It is for a website that is served in another way, and for further
    machines, which also need CHORUS_QUEUE.
    """
    from survey.long_work import do_long_work

    _see_that_there_are_tables()
    do_long_work(settings(), engine())


def _see_that_there_are_tables() -> None:
    """Say so now, rather than to the first person, when there are none."""
    from survey.database import session
    from survey.fieldwork import study_by_code

    with session(engine()) as db:
        study_by_code(db, "")


@main.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option(
    "--questionnaires",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A study's folder. Without it, the study that comes with Chorus.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--serve/--no-serve", "serving", default=True, help="Whether to start the server at the end.")
def demo(folder: Path, questionnaires: Path | None, port: int, serving: bool) -> None:
    """Make a study with thousands of made-up answers, write its workbook, and run the website.

    It uses the same commands as you would, and prints them as they run.
    """
    from survey.demo import clear, run, shipped_study
    from survey.serving.listening import see_that_port_is_free

    if serving:
        see_that_port_is_free(port)
    clear(folder)
    with _installation({"CHORUS_INSTANCE": str(folder), "CHORUS_URL": f"http://localhost:{port}"}) as command:
        run(command, folder, questionnaires or shipped_study(), port=port, serving=serving)


@contextmanager
def _installation(settings: dict[str, str]) -> Iterator[Callable[..., None]]:
    """Give a function that prints a command of `survey`, and runs it here in an installation with these settings."""
    before = dict(os.environ)
    for name in _SETTINGS:
        os.environ.pop(name, None)
    os.environ.update(settings)
    for name, value in settings.items():
        click.echo(f"export {name}={shlex.quote(value)}")

    def command(*words: object, brief: bool = False) -> None:
        said = [str(word) for word in words]
        click.echo(f"$ survey {shlex.join(said)}")
        heard = io.StringIO()
        try:
            with redirect_stdout(heard) if brief else nullcontext():
                main.main(args=said, prog_name="survey", standalone_mode=False)
        except SystemExit as ended:
            if ended.code:
                raise click.ClickException(f"This command did not work: survey {shlex.join(said)}") from ended
        finally:
            # Lists are indented, and long: what remains are the sentences and sums.
            for line in heard.getvalue().splitlines():
                if not line.startswith(" "):
                    click.echo(f"    {line}")

    try:
        yield command
    finally:
        os.environ.clear()
        os.environ.update(before)
