"""Scales: which items, in which direction, and how answers become a score."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from survey.authored import RealNumber, WholeNumber
from survey.definition.model import Strict

_COUNT = re.compile(r"(?P<least>\d{1,4}) of (?P<items>\d{1,4})")
_SHARE = re.compile(r"(?P<share>\d{1,3})\s?%")


class ScaleItem(Strict):
    """One item of a scale: a question's id, and whether its numbers are turned round."""

    item: str = Field(description="The id of a question")
    reverse: bool = Field(False, description="Whether a high answer means little of what the scale measures")


def _item(value: Any) -> Any:
    return {"item": value} if isinstance(value, str) else value


Item = Annotated[ScaleItem, BeforeValidator(_item, json_schema_input_type=str | ScaleItem)]


class Transform(Strict):
    """How a raw score becomes the reported one: by a straight line, or by a table. One of the two."""

    linear: Annotated[list[RealNumber], Field(min_length=4, max_length=4)] | None = Field(
        None, description="Raw from, raw to, new from, new to: [1, 5, 0, 100]"
    )
    table: dict[RealNumber, RealNumber] | None = Field(
        None, description="Each raw score and its new one: {7: 7, 8: 9.51}"
    )


class Band(Strict):
    """A named range of scores, both ends included."""

    low: RealNumber = Field(alias="from", description="The lowest score of the band")
    high: RealNumber = Field(alias="to", description="The highest score of the band")
    label: str = Field(min_length=1, description="What the band is called")


class Scale(Strict):
    """Several items that measure one thing, and the rule that makes a score of them."""

    id: str = Field(alias="scale", description="Name of the scale and of its column, such as enjoyment")
    title: str = Field(description="What the scale is called in tables")
    items: list[Item] = Field(min_length=1, description="The questions, each its id or {item: id, reverse: yes}")
    score: Literal["mean", "sum"] = Field(description="How the items are put together")
    prorate: bool = Field(False, description="Whether a sum with gaps is scaled up to all items")
    needs: str | None = Field(None, description="How many items must be answered: '2 of 3' or '60%'; else all")
    round: WholeNumber | None = Field(
        None, ge=0, le=6, description="How many decimals the score keeps, halves going up"
    )
    transform: Transform | None = Field(None, description="How the raw score becomes the reported one")
    bands: dict[str, list[Band]] = Field(
        default_factory=dict, description="Named ranges of scores, by who answered: {self: [...]}"
    )
    direction: str = Field(description="What a high score means")
    source: str | None = Field(None, description="Who made the scale, and where it is published")
    note: str | None = Field(None, description="A note for researchers")

    @field_validator("needs")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is None or _COUNT.fullmatch(value.strip()) or _SHARE.fullmatch(value.strip()):
            return value
        raise ValueError("cannot be read. Please write how many of the items must be answered: '2 of 3' or '60%'")

    @property
    def stated(self) -> tuple[int, int] | None:
        """The two numbers of “K of N”, as written; None for a share or where nothing is said."""
        match = _COUNT.fullmatch((self.needs or "").strip())
        return (int(match["least"]), int(match["items"])) if match else None

    @property
    def share(self) -> int | None:
        """The share in percent, as written; None where a count or nothing is said."""
        match = _SHARE.fullmatch((self.needs or "").strip())
        return int(match["share"]) if match else None

    @property
    def needed(self) -> int:
        """How many items must be answered for a score: 1 to the number of items; a share is rounded up."""
        if self.stated:
            return self.stated[0]
        if self.share is None:
            return len(self.items)
        return max(1, math.ceil(self.share * len(self.items) / 100))

    @property
    def reversed_items(self) -> set[str]:
        """The ids of the items that are turned round."""
        return {entry.item for entry in self.items if entry.reverse}
