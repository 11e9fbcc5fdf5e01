"""What becomes of texts that people type: who reads them soon, or whom the page tells them to talk to."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from survey.authored import WholeNumber
from survey.definition.model import Strict
from survey.flagged import Flags, shipped
from survey.question import Text


class TextReader(Strict):
    """The person who reads flagged texts."""

    name: str = Field(min_length=1, description="The reader's name")
    email: str = Field(description="The e-mail address of that person's account")
    within: WholeNumber = Field(2, ge=1, le=20, description="Within how many working days (Monday to Friday)")


class FreeText(Strict):
    """Whether anyone reads soon what people type, and who; if no one does, who to talk to."""

    read: bool = Field(description="Whether a person reads flagged texts soon")
    reader: TextReader | None = Field(None, description="For read: yes, the person who reads")
    words: dict[str, list[str]] = Field(
        default_factory=dict, description="Your own words and phrases to flag, by language"
    )
    shipped_words: bool = Field(True, description="Whether the list of words that comes with Chorus is used as well")
    talk_to: Text | None = Field(
        None, description="Shown below each text box, to pupils at the end as well: who to talk to"
    )

    def flags(self, languages: Iterable[str]) -> Flags:
        """Return what is looked for in texts: the words of all these languages, for people mix them."""
        own = [word for language in languages for word in self.words.get(language, ())]
        return Flags([*own, *(word for language in languages if self.shipped_words for word in shipped(language))])
