"""Running a study: `survey upgrade`, `publish`, `export`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survey.cli.main import engine, main, settings, writing

if TYPE_CHECKING:
    from survey.fieldwork.publishing import PublishedFolder


@main.command()
def upgrade() -> None:
    """Create the database, or bring it up to date."""
    from survey.database import upgrade as bring_up_to_date
    from survey.retention import Register, apply_register

    store = engine()
    bring_up_to_date(store)
    click.echo("The database is up to date.")
    # The database may be an older one that was put back: what was withdrawn since is withdrawn again.
    for line in apply_register(store, Register(settings().register), datetime.now(UTC)).done:
        click.echo(f"{line.study}: a {line.kind} was deleted again, as on {line.at:%d %B %Y}.")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def publish(folder: Path) -> None:
    """Publish a study: study.yaml, questionnaires, translations. A published version never changes."""
    from survey.fieldwork.publishing import publish_folder

    for line in _in_words(publish_folder(engine(), folder, datetime.now(UTC))):
        click.echo(line)


class _FormatName(click.ParamType):  # type: ignore[type-arg]
    """The name of a format of an export; which ones there are is looked up only when someone exports, or asks."""

    name = "format"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name. Raises UsageError, with the names there are, for any other."""
        return self._choice().convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Return the names, as the help shows them."""
        return self._choice().get_metavar(param, ctx)

    def _choice(self) -> click.Choice[str]:
        from survey.export.formats import FORMATS

        return click.Choice(list(FORMATS))


def _in_words(done: PublishedFolder) -> Iterator[str]:
    """Yield a sentence for each thing that was published, and then for each that reads differently now."""
    yield f"{done.study}: study.yaml is {'published' if done.changed else 'unchanged'}."
    for audience, version in done.sheets:
        yield f"{done.study}: version {version} of the information sheet for {audience} is published."
    for one in done.versions:
        state = "published" if one.new else "published before, and unchanged"
        yield f"{one.questionnaire}: version {one.version} is {state} ({one.sha256[:12]})."
    for one in done.versions:
        yield from (f"{one.questionnaire}: {line}" for line in one.told)


@main.command()
@click.argument("study")
@click.option("--format", "form", type=_FormatName(), default="xlsx", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.option("--unfinished", is_flag=True, help="Count unfinished responses too: scales, items and comments.")
@click.option("--per-screen", is_flag=True, help="Add columns: seconds on each screen, and how often Listen was used.")
def export(study: str, form: str, out: Path, unfinished: bool, per_screen: bool) -> None:
    """Write a study's answers and scale scores to a workbook, or to a zip of CSV files.

    All responses are in the data. The sheets about scales, items and comments count finished ones.
    """
    from survey.export.store import export as write
    from survey.export.study import ExportChoice

    with writing(out, "wb") as file:
        write(
            study, engine(), form, file, datetime.now(UTC), ExportChoice(unfinished=unfinished, per_screen=per_screen)
        )
    click.echo(f"Written: {out}")
