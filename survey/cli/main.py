"""The command `survey` itself, and what its commands share. Each subject's commands are a module beside this one."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, NoReturn

import click

from survey import private
from survey.config import Settings, SettingsError
from survey.problems import Explained

if TYPE_CHECKING:
    from survey.database import Engine


_OBJECTS_BETWEEN_LOOKS: Final = 10_000
"""New objects after which Python looks for some that no one needs (700 of its own accord).

What a command makes at its start are modules, which stay: a fifth of the time of loading them went into looking.
"""


class _Plain(click.Group):
    """Commands that end a fault which explains itself with its sentences, not a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
        try:
            return super().invoke(ctx)
        except Explained as fault:
            stop(*fault.reasons)
        except SettingsError as fault:
            stop(str(fault))


def stop(*sentences: str, status: int = 1) -> NoReturn:
    """End the command with sentences on the error stream."""
    for sentence in sentences:
        click.echo(sentence, err=True)
    sys.exit(status)


@contextmanager
def writing(out: Path, mode: Literal["w", "wb"]) -> Iterator[IO[Any]]:
    """Write a file whole or not at all, for its owner's eyes only; end the command when it cannot be written."""
    try:
        with private.writing(out, mode) as file:
            yield file
    except OSError as error:
        stop(f"{out} cannot be written ({error.strerror}). Please choose another place.")


def content_of(path: Path) -> bytes:
    """Return what is in a file that is to be imported; of one that is too large, enough to tell that it is."""
    from survey.tables.limits import LARGEST_FILE

    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        stop(f"{path} cannot be read ({error.strerror}). Please check the name and who may read it.")


def settings() -> Settings:
    """Return the settings of this installation, from the environment."""
    return Settings.from_environment()


def engine() -> Engine:
    """Return the database of this installation."""
    from survey.database import open_engine
    from survey.retention import Register, watch

    here = settings()
    opened = open_engine(here.database_url)
    watch(opened, Register(here.register))  # what a command deletes is written down at once
    return opened


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chorus-survey")
def main() -> None:
    """Chorus: surveys for evaluating music education.

    Settings come from the environment: DATABASE_URL, SECRET_KEY, CHORUS_URL, CHORUS_INSTANCE.
    """
