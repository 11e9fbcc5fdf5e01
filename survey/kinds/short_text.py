"""A line of text."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from wtforms import Field as FormField
from wtforms import StringField

from survey.authored import WholeNumber
from survey.typed import Written


class ShortText(Written):
    """A few words in a single line."""

    kind: Literal["short_text"] = "short_text"
    longest: WholeNumber = Field(100, ge=1, le=1000, description="The most characters accepted")
    example: ClassVar[str] = """\
question: favourite_song
kind: short_text
ask: Which song do you like best?
longest: 80
"""

    def box(self) -> FormField:
        """Return a single line."""
        return StringField()
