"""Consent: `survey consent import`, `issued`, `withdraw`, `list`, `certificate`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from survey.cli.main import content_of, engine, main, stop, writing

if TYPE_CHECKING:
    from survey.database import Connection
    from survey.fieldwork.consent import By, Resolved, Says, Scope
    from survey.fieldwork.finding import StudyFound
    from survey.responses.withdrawing import WithdrawalCertificate


@main.group()
def consent() -> None:
    """Information sheets, decisions, withdrawals and certificates."""


@consent.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--study", required=True, help="The study's name.")
@click.option("--preview", is_flag=True, help="Show what would be recorded, and record nothing.")
def import_(file: Path, study: str, preview: bool) -> None:
    """Import decisions from a CSV or Excel file: all of them, or none.

    Columns: participant, decision (yes, no, withdrawn), date, by (parent, self, school); if you need them, parent
    (first, second or a study code), how, sheet, scope, wave, resolved (changed mind, agreed, one decides). The answers
    of people who withdraw are deleted at once. Exit status: 0 done, 1 problems in the file, 2 the command was mistyped.
    """
    from survey.audit import COMMAND_LINE, Act
    from survey.fieldwork.roster.tables import SentFile
    from survey.responses.consent_file import import_decisions, look_at_decisions

    here, now = engine(), datetime.now(UTC)
    data = content_of(file)
    seen = look_at_decisions(here, study, SentFile(data, file.name), now)
    for problem in seen.problems:
        click.echo(str(problem), err=True)
    if seen.problems:
        stop("Nothing was imported. Please correct the file and try again.")
    counts = seen.counts()
    click.echo(
        ", ".join(f"{number} {says}" for says, number in counts.items()) + f", {seen.unchanged} already recorded"
    )
    if seen.answered:
        click.echo(
            f"{len(seen.answered)} of the participants who say no have already answered. Their answers are "
            "kept unless they withdraw: "
            f"{', '.join(seen.answered[:20])}"
        )
    if seen.disagree:
        click.echo(
            f"Conflicting decisions for {len(seen.disagree)}: {', '.join(seen.disagree[:20])}. "
            "A yes does not count until you record how the conflict was resolved: survey consent resolve"
        )
    if preview:
        click.echo("Preview only: nothing was imported.")
        return
    import_decisions(here, study, SentFile(data, file.name), Act(COMMAND_LINE, now), seen.digest)
    click.echo("Imported." if seen.new else "Nothing to do: all of this has already been imported.")


@consent.command()
@click.option("--study", required=True, help="The study's name.")
@click.option(
    "--audience", required=True, type=click.Choice(["pupil", "parent", "staff"]), help="Who the sheet is about."
)
@click.option("--school", "schools", multiple=True, help="The code of a school it was sent to. Can be repeated.")
@click.option("--all", "everywhere", is_flag=True, help="It was sent to every school.")
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day it was sent, such as 2025-09-01."
)
@click.option("--version", type=int, help="The version of the sheet. Without it, the newest.")
def issued(
    study: str, audience: str, schools: tuple[str, ...], everywhere: bool, on: datetime, version: int | None
) -> None:
    """Record that an information sheet was sent. With opt-out, silence counts as yes from then on."""
    from survey.audit import COMMAND_LINE, Act
    from survey.database import write
    from survey.fieldwork.consent import SentSheet
    from survey.fieldwork.consent import issued as record

    if everywhere == bool(schools):
        stop("Please add either --all, or --school with the code of a school.", status=2)
    now = datetime.now(UTC)
    with write(engine()) as connection:
        its = _study(connection, study)
        new = record(
            connection,
            its,
            SentSheet(audience, None if everywhere else schools, on.date(), version),
            Act(COMMAND_LINE, now),
        )
    click.echo("Recorded." if new else "It had already been recorded.")


@consent.command()
@click.argument("study")
@click.argument("participant")
@click.option("--scope", type=click.Choice(["wave", "future", "all"]), required=True, help="What it covers.")
@click.option("--wave", help="The wave, for --scope wave.")
@click.option("--by", type=click.Choice(["parent", "self", "school"]), default="parent", help="Who decided.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def withdraw(study: str, participant: str, scope: Scope, wave: str | None, by: By, yes: bool) -> None:
    """Withdraw a participant and print the certificate.

    Scope wave: the answers of that wave are deleted. Scope future: the participant is not asked again, and the
    answers given so far are kept. Scope all: every answer and fact is deleted, and the participant is not asked again.
    """
    from survey.audit import COMMAND_LINE
    from survey.database import read
    from survey.fieldwork.finding import find_participant
    from survey.responses.withdrawing import Withdrawal
    from survey.responses.withdrawing import withdraw as do

    if scope == "wave" and wave is None:
        stop("Please add --wave with the name of the wave.", status=2)
    here = engine()
    with read(here) as connection:
        person = find_participant(connection, _study(connection, study).id, participant)
    if not yes:
        click.confirm(f"{participant}, {scope} {wave or ''}: deleted answers cannot be restored. Continue?", abort=True)
    done = do(here, Withdrawal(scope, by, person, wave=wave), COMMAND_LINE, datetime.now(UTC))
    _print(done)


@consent.command()
@click.argument("study")
@click.argument("participant")
@click.option("--says", type=click.Choice(["yes", "no"]), required=True, help="The decision from now on.")
@click.option(
    "--how",
    "resolved",
    type=click.Choice(["changed mind", "agreed", "one decides"]),
    required=True,
    help="The person who said no has changed their mind; the parents have agreed; only one of them may decide.",
)
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day on which this decision was given."
)
@click.option("--by", type=click.Choice(["parent", "self", "school"]), default="parent", help="Who decided.")
@click.option("--parent", help="Which parent, if you know: first, second or their study code.")
@click.option("--scope", type=click.Choice(["wave", "future", "all"]), default="all", help="What it covers.")
@click.option("--wave", help="The wave, for --scope wave; the first one, for --scope future.")
def resolve(
    study: str,
    participant: str,
    says: Says,
    resolved: Resolved,
    on: datetime,
    by: By,
    parent: str | None,
    scope: Scope,
    wave: str | None,
) -> None:
    """Record how conflicting decisions were resolved. Until then, a yes does not count."""
    from survey.audit import COMMAND_LINE
    from survey.database import write
    from survey.fieldwork.consent import Decision, decide
    from survey.fieldwork.finding import find_participant

    said = Decision(says, by, on.date(), scope, wave, parent=parent, resolved=resolved)
    with write(engine()) as connection:
        its = _study(connection, study)
        person = find_participant(connection, its.id, participant)
        new = decide(connection, its, person, said, COMMAND_LINE, datetime.now(UTC))
    click.echo("Recorded." if new else "It had already been recorded.")


@consent.command()
@click.argument("number")
def certificate(number: str) -> None:
    """Print the certificate of a withdrawal."""
    from survey.responses.withdrawing import certificate_by_number

    found = certificate_by_number(engine(), number)
    if found is None:
        stop(f"There is no certificate '{number}'. Please check the number.")
    _print(found)


@consent.command("list")
@click.argument("study")
@click.option("--wave", help="The wave, as named in study.yaml. Without it, the first.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write: .csv or .xlsx."
)
def list_(study: str, wave: str | None, out: Path) -> None:
    """Write the consent of everyone on a wave's roster to a file."""
    from survey.database import read
    from survey.export.lists import form_of, write_list
    from survey.fieldwork.consent import COLUMNS, plan_of, rows, standings

    form = form_of(out.name)
    if form is None:
        stop(f"{out}: please give a name that ends in .csv or .xlsx.")
    with read(engine()) as connection:
        its = _study(connection, study)
        plan = plan_of(connection, its.id)
        if plan is None:
            stop(f"The study '{study}' has not been published yet. Please run: survey publish FOLDER")
        found = rows(standings(connection, plan, its.id, wave or plan.waves[0].id))
    with writing(out, "wb") as file:
        write_list(COLUMNS, found, "Consent", form, file)
    click.echo(f"{len(found)} participants: {out}")


def _study(connection: Connection, code: str) -> StudyFound:
    from survey.fieldwork.finding import find_study

    return find_study(connection, code)


def _print(done: WithdrawalCertificate) -> None:
    click.echo(f"Certificate {done.number}")
    click.echo(f"Study: {done.study_title} ({done.study})")
    click.echo(f"Participant: {done.participant or 'not known: answered by an open link'}")
    click.echo(f"Scope: {done.scope} {done.wave}".rstrip())
    click.echo(f"Decided by: {done.by}, on {done.at:%d %B %Y}")
    click.echo(f"Responses whose answers were deleted: {done.responses}")
    if done.scope != "future":
        click.echo(f"No backup holds them from {done.backups_gone_on:%d %B %Y} on.")
