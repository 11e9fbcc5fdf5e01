"""Several lines of text."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from wtforms import Field as FormField

from survey.authored import WholeNumber
from survey.typed import PlainTextArea, Written


class LongText(Written):
    """As many words as people like, up to a limit."""

    kind: Literal["long_text"] = "long_text"
    rows: ClassVar[int] = 6
    longest: WholeNumber = Field(40_000, ge=1, le=40_000, description="The most characters accepted")
    example: ClassVar[str] = """\
question: comments
kind: long_text
ask: Is there anything else you would like to tell us?
"""

    def box(self) -> FormField:
        """Return a box of several lines."""
        return PlainTextArea()
