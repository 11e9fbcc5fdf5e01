"""What all models of the language share: unknown keys are faults, and texts know that they are read."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from survey.problems import About

Path = tuple[str | int, ...]
"""Where something stands in a file: keys and positions from the top."""


class Strict(BaseModel):
    """A mapping of the language: only its own keys, and no numbers that are not numbers."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Fault:
    """Something wrong at a path of a file, before the path is turned into line and column.

    With `key`, the fault lies in that key itself rather than in its value. Where the message holds FIRST, it names the
    place of `first`: what stands there came before. Where it holds ALSO, it names the lines of `also`.
    `about` is the name it is about, where it is about one.
    """

    at: Path
    message: str
    advice: bool = False
    key: bool = False
    first: Path | None = None
    also: tuple[Path, ...] = ()
    about: About | None = None
