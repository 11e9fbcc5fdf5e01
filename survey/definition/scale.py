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
_RANGE = re.compile(r"(?P<low>-?\d{1,9}(?:\.\d{1,6})?) to (?P<high>-?\d{1,9}(?:\.\d{1,6})?)")

Recoding = dict[str, RealNumber]
"""Each answer, as the author writes it, and what it counts."""


class ScaleItem(Strict):
    """One item of a scale: a question or another scale, and how its numbers count."""

    item: str = Field(description="The id of a question, or of another scale")
    reverse: bool = Field(False, description="Whether a high answer means little of what the scale measures")
    recode: Recoding | None = Field(None, description="What each answer counts: {0: 0, 1: 0, 2: 1, 3: 2}")
    weight: RealNumber = Field(1.0, gt=0, description="How much the item counts compared with the others")


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


class NormGroup(Strict):
    """Norms for one group of people."""

    whom: dict[str, str] = Field(
        alias="for", min_length=1, description="Who is in the group, by facts from the roster: {sex: f, age: 5 to 10}"
    )
    mean: RealNumber | None = Field(None, description="The mean score of this group")
    sd: RealNumber | None = Field(None, gt=0, description="The standard deviation of this group's scores")
    table: dict[RealNumber, RealNumber] | None = Field(
        None, description="Each score and its value in this group: {0: 12, 1: 25}"
    )
    bands: list[Band] = Field(default_factory=list, description="Named ranges of scores in this group")


class Norms(Strict):
    """How a score compares with those of similar people: it can be high for a girl of 8, but not for a boy of 12."""

    mean: RealNumber | None = Field(None, description="The mean of converted scores: 50 for T scores, 0 for z scores")
    sd: RealNumber | None = Field(
        None, gt=0, description="The standard deviation of converted scores: 10 for T scores, 1 for z scores"
    )
    groups: list[NormGroup] = Field(
        min_length=1, max_length=200, description="The groups; each person can be in one only"
    )

    @property
    def facts(self) -> list[str]:
        """The roster facts that say which group someone is in."""
        return list(dict.fromkeys(fact for group in self.groups for fact in group.whom))

    @property
    def transforms(self) -> bool:
        """Whether they make another score, rather than name bands only."""
        return self.mean is not None or any(group.table for group in self.groups)


class Scale(Strict):
    """Several items that measure one thing, and the rule that makes a score of them."""

    id: str = Field(alias="scale", description="Name of the scale and of its column, such as enjoyment")
    title: str = Field(description="What the scale is called in tables")
    items: list[Item] = Field(
        min_length=1, description="The questions, or other scales, each its id or {item: id, reverse: yes}"
    )
    score: Literal["mean", "sum", "count"] = Field(description="How the items are put together")
    counts: list[str] | None = Field(None, min_length=1, description="For score: count, the answers that count: [3, 4]")
    recode: Recoding | None = Field(
        None, description="What each answer counts, for every question without its own 'recode'"
    )
    not_shown: RealNumber | None = Field(
        None, description="What an item counts if routing skipped it; without this, the item is missing"
    )
    prorate: bool = Field(False, description="Whether a sum with gaps is scaled up to all items")
    needs: str | None = Field(None, description="How many items must be answered: '2 of 3' or '60%'; else all")
    round: WholeNumber | None = Field(
        None, ge=0, le=6, description="How many decimals the score keeps, halves going up"
    )
    transform: Transform | None = Field(None, description="How the raw score becomes the reported one")
    bands: dict[str, list[Band]] = Field(
        default_factory=dict, description="Named ranges of scores, by who answered: {self: [...]}"
    )
    norms: Norms | None = Field(
        None, description="How a score compares with those of similar people, by facts from the roster"
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

    def recoding(self, entry: ScaleItem) -> Recoding | None:
        """Return what the answers to a question count: by the item's own table, or by that of the scale."""
        return entry.recode if entry.recode is not None else self.recode

    @property
    def weighs(self) -> bool:
        """Whether an item has a weight."""
        return any(entry.weight != 1 for entry in self.items)

    @property
    def reversed_items(self) -> set[str]:
        """The ids of the items that are turned round."""
        return {entry.item for entry in self.items if entry.reverse}


def number_range(text: str) -> tuple[float, float] | None:
    """Return the two ends of “5 to 10”, both included; None for any other text."""
    match = _RANGE.fullmatch(text.strip())
    return (float(match["low"]), float(match["high"])) if match else None
