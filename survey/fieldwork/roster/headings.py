"""The headings of a roster, in our words or in a school's: which columns they name, what to change."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from survey.definition.study import Fact
from survey.fieldwork.roster.meanings import ReadAs, is_needs, is_sex, is_year
from survey.fieldwork.roster.tables import Misread, ReadSheet, plain
from survey.problems import did_you_mean, listed, quoted, shortened
from survey.tables.cells import letters_of

# ---- what schools call them -------------------------------------------------------------------------------

_CLASS: Final = ("reg", "reggroup", "reggrp", "registrationgroup", "form", "formgroup", "tutorgroup")
_YEAR: Final = ("year", "yr", "yeargroup", "yrgroup", "ncyear", "ncyeargroup", "nationalcurriculumyear", "ncy")
_SEX: Final = ("sex", "gender", "legalsex")
_NEEDS: Final = ("sen", "send", "senstatus", "senprovision", "sencode", "specialeducationalneeds")
_MEALS: Final = ("fsm", "fsmeligible", "fsmeligibility", "eligibleforfsm", "freeschoolmeals", "freemeals")
_MEALS_EVER: Final = ("fsmever6", "ever6fsm", "ever6", "fsm6")
_LANGUAGE: Final = ("eal", "ealstatus", "englishasanadditionallanguage")

_CODES: Final = {
    *("pupilno", "pupilnumber", "pupilid", "pupilcode", "pupil", "studentno", "studentid", "studentcode", "code", "id"),
    *("number", "no", "studyid", "studyno", "studynumber", "participantid", "participantno"),
}
"""Headings of what may be the study codes, or may be a number of the school's own: no one but the school knows."""

_NOT_OURS: Final = {
    *(
        "house",
        "pp",
        "ppi",
        "pupilpremium",
        "pupilpremiumindicator",
        "lac",
        "inlac",
        "ethnicity",
        "ethnicgroup",
        "religion",
    ),
    *(
        "nationality",
        "language",
        "firstlanguage",
        "boarder",
        "doa",
        "dateofadmission",
        "enrolmentstatus",
        "tutor",
        "teacher",
    ),
}
"""Other columns of school information systems: never a slip of the pen for one of ours."""


def school_words(facts: Sequence[Fact]) -> dict[str, Sequence[str]]:
    """Return, for each column, what schools call it where that means this column alone, as `letters` returns it."""
    return {"class": _CLASS, **{f"fact {fact.id}": words for fact in facts if (words := _words_for(fact))}}


def _words_for(fact: Fact) -> Sequence[str]:
    title = letters(fact.title)
    if is_year(fact):
        return _YEAR
    if is_sex(fact):
        return _SEX
    if is_needs(fact):
        return _NEEDS
    if fact.id == "fsm" or "freeschoolmeal" in title:
        # Who was eligible in the last six years is more than who is eligible today.
        return _MEALS_EVER if "six" in title or "6" in title or "ever" in title else _MEALS
    if fact.id == "eal" or "additionallanguage" in title:
        return _LANGUAGE
    return ()


def letters(heading: str) -> str:
    """Return a heading's letters and digits alone, in small letters."""
    return re.sub(r"[\W_]+", "", heading.casefold())


# ---- which columns they name ------------------------------------------------------------------------------


@dataclass
class Headings:
    """What the headings of a sheet say.

    found     where each column is: key → index
    likely    columns that are probably meant and must be called so first; read for what is wrong in them, not imported
    readings  headings in a school's words, and what they are read as
    problems  what is to be changed, all of it
    """

    found: dict[str, int] = field(default_factory=dict)
    likely: dict[str, int] = field(default_factory=dict)
    readings: list[ReadAs] = field(default_factory=list)
    problems: list[Misread] = field(default_factory=list)


def read_headings(
    sheet: ReadSheet,
    accepted: Mapping[str, Sequence[str]],
    words: Mapping[str, Sequence[str]],
    required: Sequence[str],
    refused: Collection[int],
) -> Headings:
    """Return which columns the headings of a sheet name, and all that has to be changed about them.

    accepted: for each column its own headings, the first of which messages name. words: what schools call it. required:
    columns that must be there. refused: columns, by index, that must not be sent, of which something was said already.
    """
    return _Headings(sheet, accepted, words, set(refused)).read(required)


class _Headings:
    def __init__(
        self,
        sheet: ReadSheet,
        accepted: Mapping[str, Sequence[str]],
        words: Mapping[str, Sequence[str]],
        refused: set[int],
    ) -> None:
        self._sheet, self._accepted, self._words = sheet, accepted, words
        self._open = [index for index in range(len(sheet.header)) if index not in refused]
        self._refused = refused
        self._done = Headings()

    def read(self, required: Sequence[str]) -> Headings:
        """Return all that the headings say; nothing of a hidden sheet, which has none."""
        if not self._sheet.header:
            return self._done
        self._by_own_words()
        self._by_school_words()
        unknown = [index for index in self._open if self._text(index)]
        for index in (index for index in self._open if not self._text(index)):
            self._done.problems += self._headless(index)
        missing = [key for key in required if key not in self._done.found]
        self._done.problems[:0] = self._faults(unknown, missing)
        return self._done

    def _text(self, index: int) -> str:
        return self._sheet.header[index].text

    def _by_own_words(self) -> None:
        own = {plain(heading): key for key, headings in self._accepted.items() for heading in headings}
        for index in list(self._open):
            key = own.get(plain(self._text(index))) if self._text(index) else None
            if key is None:
                continue
            self._open.remove(index)
            if key in self._done.found:
                first = letters_of(self._done.found[key] + 1)
                said = f"This column means the same as column {first}. Please keep only one of them."
                self._done.problems.append(self._sheet.misread(self._sheet.header[index], said))
            else:
                self._done.found[key] = index

    def _by_school_words(self) -> None:
        """Find columns by a school's words, where one heading can mean one column and no other heading does."""
        for key, words in self._words.items():
            if key in self._done.found or key not in self._accepted:
                continue
            like = [index for index in self._open if letters(self._text(index)) in words]
            others = [other for other, theirs in self._words.items() if other != key and set(theirs) & set(words)]
            if len(like) != 1 or others:
                continue
            self._open.remove(like[0])
            self._done.found[key] = like[0]
            # A fact's second heading is its title.
            meant = self._accepted[key][1 if key.startswith("fact ") else 0]
            self._done.readings.append(ReadAs("heading", "", (self._text(like[0]),), meant))

    def _headless(self, index: int) -> Iterator[Misread]:
        filled = next((row.cells[index] for row in self._sheet.rows if row.cells[index].text), None)
        if filled is not None:
            said = (
                "This column has no heading, but there is something in it. Please add a heading, or clear the column."
            )
            yield self._sheet.misread(filled, said)

    # ---- what is to be changed ----

    def _faults(self, unknown: Sequence[int], missing: Sequence[str]) -> list[Misread]:
        if not unknown and not missing:
            return []
        if len(unknown) == 1 and not missing:
            cell = self._sheet.header[unknown[0]]
            hint = self._nearest(cell.text) or f" The headings that can be used are {quoted(self._names())}."
            if letters(cell.text) in _NOT_OURS:
                hint = " Please delete the column, which the study does not use."
            return [self._sheet.misread(cell, f"The heading '{shortened(cell.text)}' is not one Chorus knows.{hint}")]
        if not self._done.found and not self._refused and not self._likely(unknown, missing):
            # Where no heading is known at all, that is all there is to say.
            names = quoted(self._accepted[key][0] for key in missing)
            said = f"The columns {names} are missing." if len(missing) > 1 else f"The column {names} is missing."
            return [self._whole(f"{said} The first row should have the headings.")]
        return [self._whole(" ".join(self._to_do(list(unknown), list(missing))))]

    def _whole(self, said: str) -> Misread:
        return Misread(self._sheet.name, self._sheet.header[0].row, 0, said, file=self._sheet.file)

    def _likely(self, unknown: Sequence[int], missing: Sequence[str]) -> list[int]:
        if "participant" not in missing:
            return []
        return [index for index in unknown if letters(self._text(index)) in _CODES]

    def _to_do(self, unknown: list[int], missing: list[str]) -> Iterator[str]:
        """Yield what to do, in sentences: what to call columns, what to add, what to delete."""
        yield "Some headings have to be changed."
        likely = self._likely(unknown, missing)
        if len(likely) == 1:
            self._done.likely["participant"] = likely[0]
            missing.remove("participant")
            unknown.remove(likely[0])
            yield f"Rename {self._named(likely)} to 'participant' if it has the study codes."
        others = [index for index in unknown if letters(self._text(index)) in _NOT_OURS]
        unknown = [index for index in unknown if index not in others]
        for index in list(unknown):
            if (hint := self._nearest(self._text(index))) != "":
                unknown.remove(index)
                yield f"{self._named([index])} is not one Chorus knows.{hint}"
        for key in missing:
            yield f"Add a column '{self._accepted[key][0]}' with {_HOLDS.get(key, 'a value')} in every row."
        if others:
            yield f"Delete {self._named(others)}, which the study does not use."
        if unknown:
            yield f"Delete {self._named(unknown)}, which the study does not use.{self._unless(unknown)}"

    def _unless(self, unknown: Sequence[int]) -> str:
        """Return which columns of the study are not there, since a heading that is not known may be one of them."""
        names = {key: headings[0] for key, headings in self._accepted.items() if key.startswith("fact ")}
        free = [name for key, name in names.items() if key not in self._done.found]
        if not free:
            return ""
        one = "it" if len(unknown) == 1 else "one of them"
        return f" If {one} is {quoted(free, 'or')}, rename it instead."

    def _named(self, indexes: Sequence[int]) -> str:
        return listed(f"'{shortened(self._text(one))}' (column {letters_of(one + 1)})" for one in indexes)

    def _nearest(self, text: str) -> str:
        free = [
            heading for key, headings in self._accepted.items() if key not in self._done.found for heading in headings
        ]
        return did_you_mean(text, free)

    def _names(self) -> list[str]:
        return [headings[0] for headings in self._accepted.values()]


_HOLDS: Final = {"participant": "the study code", "school": "the school's code", "title": "the school's name"}
