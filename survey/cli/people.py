"""People who sign in: `survey user`."""

from __future__ import annotations

import click

from survey.cli.main import engine, main, settings, stop


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, default=("researcher",), show_default=True)
def add(email: str, roles: tuple[str, ...]) -> None:
    """Let somebody sign in. Prints a password that works once, to choose an own one with."""
    from survey.pages.account.people import add_user
    from survey.people import NotPossible

    here = settings()
    try:
        password = add_user(engine(), here, email, list(roles))
    except NotPossible as error:
        stop(str(error))
    click.echo(f"Sign in at {here.base_url}/sign-in as {email} with this password, which works once:\n{password}")


@user.command("renew")
@click.argument("email")
def renew(email: str) -> None:
    """Give somebody who forgot their password a new one that works once."""
    from survey.pages.account.people import renew_password
    from survey.people import NotPossible

    here = settings()
    try:
        password = renew_password(engine(), here, email)
    except NotPossible as error:
        stop(str(error))
    click.echo(f"Sign in at {here.base_url}/sign-in as {email} with this password, which works once:\n{password}")
