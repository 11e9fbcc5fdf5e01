"""The command line: what a script needs of Chorus."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal, NoReturn

import click

from survey.config import Settings, SettingsError
from survey.database import StoreError
from survey.problems import errors


class _Plain(click.Group):
    """Commands that end a known fault with a sentence, not a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (SettingsError, StoreError) as error:
            _stop(str(error))


def _stop(*sentences: str, status: int = 1) -> NoReturn:
    for sentence in sentences:
        click.echo(sentence, err=True)
    sys.exit(status)


@contextmanager
def _writing(out: Path, mode: Literal["w", "wb"]) -> Iterator[IO[Any]]:
    """Write a file whole or not at all; what is no ordinary file (a pipe, a device, a link) is written into."""
    ordinary = not out.exists() or (out.is_file() and not out.is_symlink())
    target = out.with_name(out.name + ".part") if ordinary else out
    text = {"encoding": "utf-8", "newline": ""} if mode == "w" else {}
    try:
        with target.open(mode, **text) as file:  # type: ignore[call-overload]
            yield file
        if ordinary:
            target.replace(out)
    except OSError as error:
        _stop(f"{out}: cannot be written ({error.strerror}). Please choose another place.")
    finally:
        if ordinary:
            target.unlink(missing_ok=True)


def _settings() -> Settings:
    return Settings.from_environment()


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chorus-survey")
def main() -> None:
    """Chorus: surveys for evaluating music education.

    Settings come from the environment: DATABASE_URL, SECRET_KEY, CHORUS_URL, CHORUS_INSTANCE.
    """


# ── definitions ───────────────────────────────────────────────────────────────────────────────────────────
@main.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def check(path: Path) -> None:
    """Say everything that is wrong with a questionnaire, or with a folder of them.

    Exit status: 0 nothing wrong (advice may be given), 1 errors, 2 wrong use of the command.
    """
    from survey.definition.checking import check as problems_of

    problems = problems_of(path)
    for problem in problems:
        click.echo(str(problem))
    sys.exit(1 if errors(problems) else 0)


@main.command()
@click.argument("what", type=click.Choice(["questionnaire", "study", "translation"]), default="questionnaire")
def schema(what: Literal["questionnaire", "study", "translation"]) -> None:
    """Write the JSON Schema of a kind of file, for editors to complete and check while one types."""
    from survey.definition.schema import json_schema

    click.echo(json.dumps(json_schema(what), indent=2, ensure_ascii=False))


@main.command()
@click.argument("questionnaire", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("answers", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The CSV to write.")
def score(questionnaire: Path, answers: Path, out: Path) -> None:
    """Score a table of answers: columns are question ids, values are codes, blank is missing.

    The output has a row per input row: `id` where there is one, then each scale and the number of its items
    that were answered.
    """
    from survey.definition.reading import read_questionnaire
    from survey.export.scored import BadTable, score_table

    if questionnaire.name == "study.yaml" or "." in questionnaire.stem:
        _stop(f"{questionnaire} is no questionnaire. Please give the file NAME.yaml that holds the scales.")
    reading = read_questionnaire(questionnaire)
    if reading.questionnaire is None:
        _stop(*(str(problem) for problem in errors(reading.problems)))
    if out.exists() and out.samefile(answers):
        _stop(f"{out} holds the answers, which the scores would overwrite. Please choose another name for --out.")
    try:
        with _writing(out, "w") as file:
            rows = score_table(reading.questionnaire, answers, file)
    except BadTable as error:
        _stop(*error.faults)
    click.echo(f"{rows} rows scored: {out}")


# ── a study ───────────────────────────────────────────────────────────────────────────────────────────────
@main.command()
def upgrade() -> None:
    """Make the database's tables, or bring them up to date."""
    from survey.database import open_engine
    from survey.database import upgrade as bring_up_to_date

    bring_up_to_date(open_engine(_settings().database_url))
    click.echo("The tables are up to date.")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def publish(folder: Path) -> None:
    """Publish a study's questionnaires. A published version never changes."""
    from survey.database import open_engine
    from survey.fieldwork.publishing import Refused, publish_folder

    try:
        for line in publish_folder(open_engine(_settings().database_url), folder, datetime.now(UTC)):
            click.echo(line)
    except Refused as refused:
        _stop(*refused.reasons)


@main.command()
@click.argument("study")
@click.argument("questionnaire")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--school", help="The school's code: answers by this link are then counted as its.")
def link(study: str, questionnaire: str, wave: str, school: str | None) -> None:
    """Make an open link and code for a questionnaire, such as for parents at a concert."""
    from survey.database import open_engine
    from survey.fieldwork.publishing import Refused, open_link

    settings = _settings()
    try:
        made = open_link(open_engine(settings.database_url), settings, study, questionnaire, wave, school)
    except Refused as refused:
        _stop(*refused.reasons)
    click.echo(f"Open from {made.opens:%d %B %Y} to {made.closes:%d %B %Y}.")
    if not made.opens <= datetime.now(UTC) < made.closes:
        click.echo("Nobody can come in today: the wave is not open.")
    click.echo(f"Link: {made.address}\nCode: {made.code} (typed at {settings.base_url}/)")
    click.echo("They are not kept anywhere else: only what is needed to recognise them is stored.")


@main.command()
@click.argument("study")
@click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
def export(study: str, form: Literal["xlsx", "csv"], out: Path) -> None:
    """Write a study's answers and scale scores: a workbook, or a zip of CSV files."""
    from survey.database import open_engine
    from survey.export import CannotExport
    from survey.export import export as write

    try:
        with _writing(out, "wb") as file:
            write(study, open_engine(_settings().database_url), form, file, datetime.now(UTC))
    except CannotExport as error:
        _stop(str(error))
    click.echo(f"Written: {out}")


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────
@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, default=("researcher",), show_default=True)
def add(email: str, roles: tuple[str, ...]) -> None:
    """Let somebody sign in. Prints a password that works once, to choose an own one with."""
    from survey.database import open_engine
    from survey.pages.account.people import CannotAdd, add_user

    settings = _settings()
    try:
        password = add_user(open_engine(settings.database_url), settings, email, list(roles))
    except CannotAdd as error:
        _stop(str(error))
    click.echo(f"Sign in at {settings.base_url}/sign-in as {email} with this password, which works once:\n{password}")


@user.command("renew")
@click.argument("email")
def renew(email: str) -> None:
    """Give somebody who forgot their password a new one that works once."""
    from survey.database import open_engine
    from survey.pages.account.people import CannotAdd, renew_password

    settings = _settings()
    try:
        password = renew_password(open_engine(settings.database_url), settings, email)
    except CannotAdd as error:
        _stop(str(error))
    click.echo(f"Sign in at {settings.base_url}/sign-in as {email} with this password, which works once:\n{password}")


# ── running ───────────────────────────────────────────────────────────────────────────────────────────────
@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", default=2, show_default=True, help="Processes; about one for each core.")
@click.option("--threads", default=16, show_default=True, help="Threads of each process.")
def serve(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the pages."""
    from survey.database import open_engine, session
    from survey.fieldwork import study_by_code
    from survey.serving import serve as run

    settings = _settings()
    with session(open_engine(settings.database_url)) as db:
        study_by_code(db, "")  # says so now, rather than to the first respondent, when there are no tables
    run(settings, host=host, port=port, workers=workers, threads=threads)


@main.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--questionnaires", type=click.Path(path_type=Path, exists=True), default=Path("questionnaires"))
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--serve/--no-serve", "serving", default=True, help="Whether to start the server at the end.")
def demo(folder: Path, questionnaires: Path, port: int, serving: bool) -> None:
    """Make a pretended study with thousands of answers, write its workbook, and serve it."""
    from survey.demo import run

    run(folder, questionnaires, port=port, serving=serving)


if __name__ == "__main__":
    main()
