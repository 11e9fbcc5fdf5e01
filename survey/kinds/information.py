"""Something to read, without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from survey.question import Paper, Question, Setting, Text
from survey.wording import Say, paragraphs


class Information(Question):
    """A page or a paragraph to read; `ask` is its heading."""

    kind: Literal["information"] = "information"
    text: Text | None = Field(None, description="The text below the heading")
    asks: ClassVar[bool] = False
    stored: ClassVar[bool] = False
    example: ClassVar[str] = """\
question: about_concert
kind: information
ask: Now think of the concert.
text: The next questions are about the concert you have just heard.
"""

    def settle(self, setting: Setting) -> None:
        """Nothing is asked, so there is nothing to leave."""
        self.required = self.dont_know = self.rather_not = False

    def read_aloud(self, say: Say) -> Iterator[str]:
        """Yield the heading and what stands below it."""
        yield from super().read_aloud(say)
        yield from paragraphs(self.text or "")

    def paper(self, say: Say) -> Paper:
        """The text to read."""
        return Paper(text=self.text or "")

    @property
    def keys(self) -> tuple[str, ...]:
        """No answer, no key."""
        return ()
