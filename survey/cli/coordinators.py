"""Links for coordinators, instead of accounts: `survey link coordinator` and `survey link coordinator-end`."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import click

from survey.cli.links import link
from survey.cli.main import engine, settings


@link.command("coordinator")
@click.argument("study")
@click.option("--school", required=True, help="The school's code.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it works, such as 2027-07-31.")
def coordinator(study: str, school: str, until: datetime | None) -> None:
    """Make a link for the coordinator of one school. It shows who has taken part, and no one's own answers.

    It works until the day given, or until the study's data are deleted if that is sooner.
    """
    from survey.admission import deletion_day, place
    from survey.audit import COMMAND_LINE
    from survey.database import write
    from survey.people import Giver, NotPossible
    from survey.people.links import LinkPlace, make_link

    here, store = settings(), engine()
    where = place(store, "coordinator", study, school)
    latest = deletion_day(store, study)
    last_day = min(until.date(), latest) if until else latest
    ends_at = datetime.combine(last_day + timedelta(days=1), time(), UTC)
    if where.study_id is None or where.school_id is None:
        raise NotPossible("Please give --study and --school.")
    with write(store) as connection:
        number, token = make_link(
            connection,
            LinkPlace(where.study_id, where.school_id, school),
            ends_at,
            Giver(COMMAND_LINE),
            datetime.now(UTC),
        )
    click.echo(f"Link {number}, works until the end of {last_day:%d %B %Y}:\n{here.base_url}/office/link/{token}")
    click.echo("Chorus does not keep the link, so copy it now.")


@link.command("coordinator-end")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def end(number: int) -> None:
    """End a coordinator's link by its number, and every session that was opened with it."""
    from survey.audit import COMMAND_LINE
    from survey.database import write
    from survey.people import Giver
    from survey.people.links import end_link

    with write(engine()) as connection:
        end_link(connection, number, Giver(COMMAND_LINE), datetime.now(UTC))
    click.echo(f"Link {number} has ended.")
