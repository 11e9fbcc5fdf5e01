"""How long data are kept: `survey retention`, `backup`, `restore`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from survey.cli.main import engine, main, settings, stop


@main.group(invoke_without_command=True)
@click.pass_context
def retention(context: click.Context) -> None:
    """Show when each study's data will be deleted, and what is due.

    Exit status: 0 nothing is due, 1 a deletion is due or a backup has been kept too long.
    """
    if context.invoked_subcommand is not None:
        return
    from survey.retention import days, kept_too_long

    now, store = datetime.now(UTC), engine()
    found = days(store, now)
    if not found:
        click.echo("No study has been published yet.")
    for day in found:
        if day.deleted_at is not None:
            click.echo(f"{day.code}: deleted on {day.deleted_at:%d %B %Y}, certificate {day.number}")
            continue
        click.echo(f"{day.code}: to be deleted on {day.delete_on:%d %B %Y}, {_away(day.days_left)}")
    old = kept_too_long(store, settings(), now)
    for file in old:
        click.echo(
            f"{file}: this backup has been kept longer than the studies allow. Please delete it, or run survey "
            "backup, which does."
        )
    due = [day.code for day in found if day.is_due]
    if due:
        click.echo(f"Due: {', '.join(due)}. Please run: survey retention apply --today")
    sys.exit(1 if due or old else 0)


def _away(days: int) -> str:
    if days == 0:
        return "which is today"
    if days < 0:
        return f"which was {-days} day{'' if days == -1 else 's'} ago"
    return f"in {days} day{'' if days == 1 else 's'}"


@retention.command()
@click.option("--today", is_flag=True, help="Delete now. Without this, only show what would be deleted.")
def apply(today: bool) -> None:
    """Delete the data of studies whose day has come, and anything deleted earlier that an older backup brought back."""
    from survey.audit import COMMAND_LINE
    from survey.retention import counted, days, keep_promises

    now, store = datetime.now(UTC), engine()
    due = [day for day in days(store, now) if day.is_due]
    if not today:
        for day in due:
            numbers = [f"{name} {number}" for name, number in sorted(counted(store, day.study_id).items()) if number]
            click.echo(f"{day.code}: would be deleted ({', '.join(numbers) or 'it is empty'})")
        click.echo("Nothing was deleted. To delete this now, add --today." if due else "Nothing is due.")
        return
    said = keep_promises(store, settings(), now, COMMAND_LINE)
    for line in said or ["Nothing is due."]:
        click.echo(line)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup(folder: Path) -> None:
    """Copy the database into a folder, and delete backups older than the studies allow. The server can keep running."""
    from survey.audit import COMMAND_LINE
    from survey.retention import back_up

    made = back_up(engine(), settings(), folder, COMMAND_LINE, datetime.now(UTC))
    for old in made.removed:
        click.echo(f"Deleted, older than {made.longest} days: {old}")
    click.echo(f"Written: {made.file}\nSHA-256: {made.sha256}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--over", is_flag=True, help="Replace the existing database. Everything in it is lost.")
def restore(file: Path, over: bool) -> None:
    """Restore a backup. Everything withdrawn or deleted since then is deleted from it again.

    Stop the server before.
    """
    from survey.audit import COMMAND_LINE
    from survey.retention import restore as put_back

    if not file.exists():
        stop(f"There is no file {file}. Please give the file of a backup.")
    applied = put_back(settings(), file, COMMAND_LINE, datetime.now(UTC), over=over)
    for line in applied.done:
        click.echo(f"{line.study}: a {line.kind} was deleted again, as on {line.at:%d %B %Y}.")
    for made in applied.certificates:
        click.echo(f"Certificate {made.number}.")
    click.echo(f"Restored: {file}")
