"""People who sign in: `survey user`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from survey.cli.main import engine, main, settings


@main.group()
def user() -> None:
    """Accounts and roles of the people who sign in."""


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a role counts."""
    school = click.option("--school", help="The school's code, for a coordinator.")
    return click.option("--study", help="The study's name. Without it, all studies.")(school(command))


@user.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, default=("researcher",), show_default=True)
@_where
def add(email: str, roles: tuple[str, ...], study: str | None, school: str | None) -> None:
    """Make an account, and print a password that works once, to sign in and choose a new one.

    Roles: researcher, lead (of a study, or of all), coordinator (of one school), administrator (of the installation).
    """
    from survey.admission import add_user

    here = settings()
    password = add_user(engine(), email, list(roles), study=study, school=school)
    click.echo(f"Sign in at {here.base_url}/sign-in as {email} with this password, which works once:\n{password}")


@user.command("invite")
@click.argument("email")
@click.option("--role", default="researcher", show_default=True)
@_where
def invite(email: str, role: str, study: str | None, school: str | None) -> None:
    """Make a link with which a person can choose a password. It works once, for seven days."""
    from survey.admission import checked_address, place
    from survey.audit import COMMAND_LINE
    from survey.database import write
    from survey.people import Giver
    from survey.people.invitations import invite as invitation

    here, store = settings(), engine()
    address, wanted = checked_address(email), place(store, role, study, school)
    with write(store) as connection:
        token = invitation(connection, address, wanted, Giver(COMMAND_LINE), datetime.now(UTC))
    click.echo(f"Give this link to {address} and no one else:\n{here.base_url}/office/welcome/{token}")


@user.command("list")
def everyone() -> None:
    """List the accounts: e-mail address, roles, last sign-in, two-step sign-in or password only."""
    from survey.admission import place_in_words
    from survey.audit import COMMAND_LINE
    from survey.people import Giver
    from survey.people.lists import members

    store = engine()
    for one in members(store, Giver(COMMAND_LINE)):
        roles = "; ".join(f"{held.given.role}: {place_in_words(store, held.given)}" for held in one.held)
        seen = f"{one.signed_in_at:%Y-%m-%d}" if one.signed_in_at else "never"
        click.echo(f"{one.email}\t{roles or 'no role'}\t{seen}\t{'two-step' if one.two_step else 'password only'}")


@user.command("renew")
@click.argument("email")
def renew(email: str) -> None:
    """Make a new password that works once, for a person who has lost their password or phone.

    All their sessions end, and two-step sign-in is off until they set it up again.
    """
    from survey.admission import renew_password

    here = settings()
    password = renew_password(engine(), email)
    click.echo(f"Sign in at {here.base_url}/sign-in as {email} with this password, which works once:\n{password}")


@user.command("end")
@click.argument("email")
def end(email: str) -> None:
    """Close an account. Its sessions, roles and password end at once."""
    from survey.admission import account_id
    from survey.audit import COMMAND_LINE
    from survey.people import Giver
    from survey.people.grants import end as end_account

    store = engine()
    end_account(store, account_id(store, email), Giver(COMMAND_LINE), datetime.now(UTC))
    click.echo(f"The account of {email} is closed.")


@user.group("role")
def role() -> None:
    """Give and remove roles."""


@role.command("add")
@click.argument("email")
@click.argument("name")
@_where
def add_role(email: str, name: str, study: str | None, school: str | None) -> None:
    """Give a person a role: researcher, lead, coordinator or administrator."""
    from survey.admission import account_id, place, place_in_words
    from survey.audit import COMMAND_LINE
    from survey.database import write
    from survey.people import Giver
    from survey.people.grants import give

    store = engine()
    wanted, account = place(store, name, study, school), account_id(store, email)
    with write(store) as connection:
        give(connection, account, wanted, Giver(COMMAND_LINE), datetime.now(UTC))
    click.echo(f"{email} is {name} of {place_in_words(store, wanted)}.")


@role.command("remove")
@click.argument("email")
@click.argument("name")
@_where
def remove_role(email: str, name: str, study: str | None, school: str | None) -> None:
    """Remove a role. It ends at once."""
    from survey.admission import account_id, place, place_in_words
    from survey.audit import COMMAND_LINE
    from survey.database import write
    from survey.people import Giver, NotPossible
    from survey.people.grants import take
    from survey.people.lists import member

    store, giver = engine(), Giver(COMMAND_LINE)
    wanted, account = place(store, name, study, school), account_id(store, email)
    found = member(store, account, giver)
    numbers = [held.id for held in found.held if held.given == wanted] if found else []
    if not numbers:
        raise NotPossible(f"{email} is not {name} of {place_in_words(store, wanted)}.")
    with write(store) as connection:
        take(connection, account, numbers[0], giver, datetime.now(UTC))
    click.echo(f"{email} is no longer {name} of {place_in_words(store, wanted)}.")
