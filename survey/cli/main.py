"""The command `survey` itself, and what its commands share. Each subject's commands are a module beside this one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, NoReturn

import click

from survey.config import Settings, SettingsError
from survey.database import Engine, StoreError, open_engine


class _Plain(click.Group):
    """Commands that end a known fault with a sentence, not a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (SettingsError, StoreError) as error:
            stop(str(error))


def stop(*sentences: str, status: int = 1) -> NoReturn:
    """End the command with sentences on the error stream."""
    for sentence in sentences:
        click.echo(sentence, err=True)
    sys.exit(status)


@contextmanager
def writing(out: Path, mode: Literal["w", "wb"]) -> Iterator[IO[Any]]:
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
        stop(f"{out}: cannot be written ({error.strerror}). Please choose another place.")
    finally:
        if ordinary:
            target.unlink(missing_ok=True)


def content_of(path: Path) -> bytes:
    """Return what is in a file that is to be imported; of one that is too large, enough to tell that it is."""
    from survey.tables.limits import LARGEST_FILE

    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        stop(f"{path}: cannot be read ({error.strerror}).")


def settings() -> Settings:
    """Return the settings of this installation, from the environment."""
    return Settings.from_environment()


def engine() -> Engine:
    """Return the database of this installation."""
    from survey.retention import Register, watch

    here = settings()
    opened = open_engine(here.database_url)
    watch(opened, Register(here.register))  # what a command throws away is written down at once
    return opened


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chorus-survey")
def main() -> None:
    """Chorus: surveys for evaluating music education.

    Settings come from the environment: DATABASE_URL, SECRET_KEY, CHORUS_URL, CHORUS_INSTANCE.
    """
