"""Who is asked: `survey roster import`, `list`, `key`, `linkage`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from survey.cli.main import content_of, engine, main, settings, stop, writing

if TYPE_CHECKING:
    from survey.fieldwork.roster import RosterPreview

_MOST: Final = 20
"""Lines of each sort the preview prints, unless all are asked for."""


@main.group()
def roster() -> None:
    """Rosters: the schools, classes and participants of a study."""


@roster.command("import")
@click.argument("files", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1, required=True)
@click.option("--study", required=True, help="The study's name.")
@click.option("--wave", help="The wave of the roster. Not needed for a list of schools alone.")
@click.option("--preview", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--correct", is_flag=True, help="Correct facts that should not change, such as sex or a school's arm.")
@click.option(
    "--they-have-left", "left", is_flag=True, help="The file is the complete roster: anyone not in it has left."
)
@click.option("--codes-as-they-are", "codes", is_flag=True, help="Codes such as 1 are right: no zeros have been lost.")
@click.option("--all", "everything", is_flag=True, help=f"Print every change, not only the first {_MOST} of each kind.")
def import_(
    files: Sequence[Path],
    study: str,
    wave: str | None,
    preview: bool,
    correct: bool,
    left: bool,
    codes: bool,
    everything: bool,
) -> None:
    """Import rosters and lists of schools from CSV or Excel files: all of them, or none.

    Exit status: 0 done, or nothing to do; 1 problems, and nothing was imported; 2 the command was mistyped.
    """
    from survey.audit import COMMAND_LINE, Act
    from survey.fieldwork.roster import import_lists, looked_at, unanswered
    from survey.fieldwork.roster.importing import ImportChoices
    from survey.fieldwork.roster.tables import SentFile

    here, store = settings(), engine()
    agreed = {name for name, said in (("left", left), ("codes", codes)) if said}
    read = [SentFile(content_of(path), path.name) for path in files]
    seen, lists = looked_at(store, here, study, wave, read, correct=correct)
    _say(seen, None if everything else _MOST)
    if seen.problems:
        stop("Nothing was imported. Please correct the file and try again.")
    doubts = unanswered(seen.doubts, agreed)
    for doubt in doubts:
        click.echo(
            "\n".join([*doubt.said, f"If this is right, add {doubt.option}: {doubt.yes}", doubt.otherwise]),
            err=True,
        )
    if preview:
        click.echo("Preview only: nothing was imported.")
        return
    if doubts:
        stop("Nothing has been imported.")
    now = datetime.now(UTC)
    import_lists(
        store,
        study,
        wave,
        lists,
        Act(COMMAND_LINE, now),
        ImportChoices(correct=correct, agreed=agreed, digest=seen.digest),
    )
    click.echo("Imported." if seen.changes else "Nothing to do: all of this has already been imported.")


_HEADINGS: Final = {
    "schools": "Schools added or changed",
    "classes": "Classes added or changed",
    "added": "New in this wave",
    "moved": "Moved",
    "changed": "Changed",
    "left": "Left",
    "not_here": "In these schools in an earlier wave, but not on this roster",
    "unasked": "On this roster, but not asked anything in this wave",
}


def _say(preview: RosterPreview, most: int | None) -> None:
    """Print what would change; problems and notes go to the error stream."""
    for name, heading in _HEADINGS.items():
        changes = getattr(preview, name)
        if not changes:
            continue
        click.echo(f"{heading}: {len(changes):,}")
        for change in changes[:most]:
            click.echo(f"  {change.code}  {'; '.join(change.what)}")
        if most is not None and len(changes) > most:
            click.echo(f"  … and {len(changes) - most:,} more (--all prints every one)")
    click.echo(f"Unchanged: {len(preview.unchanged):,}")
    for problem in (*(one.said for one in preview.readings), *preview.unasked_said, *preview.notes, *preview.problems):
        click.echo(str(problem), err=True)


@roster.command("list")
@click.argument("study")
@click.option("--wave", required=True, help="The wave, as named in study.yaml.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The CSV file to write.")
def list_(study: str, wave: str, out: Path) -> None:
    """Write a wave's roster as CSV, ready for `survey roster import`, without people who have left."""
    from survey.fieldwork.roster import write_roster

    store = engine()
    with writing(out, "w") as file:
        count = write_roster(store, study, wave, file)
    click.echo(f"{count:,} participants: {out}")


@roster.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def key(file: Path) -> None:
    """Make a linkage key, for studies that link to data from outside. Keep it away from the database and backups."""
    from survey.fieldwork.roster import make_key

    make_key(file, settings())
    click.echo(
        f"The linkage key is in {file}. Set CHORUS_LINKAGE_KEY to this path, give the key to the office that does the "
        "linking, and keep a copy in a safe place: without it, the hashes cannot be made again."
    )


@roster.command("linkage")
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The CSV file to write.")
def linkage(study: str, out: Path) -> None:
    """Write study codes with their linkage hashes, for the office that does the linking."""
    from survey.audit import COMMAND_LINE
    from survey.fieldwork.roster import write_linkage

    store = engine()
    with writing(out, "w") as file:
        count = write_linkage(store, study, file, COMMAND_LINE, datetime.now(UTC))
    click.echo(f"{count:,} participants: {out}")
