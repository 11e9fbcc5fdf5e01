"""An export of a study in the database, and what it reads there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import IO, Final

from survey.database import Engine, read
from survey.definition.bundle import Bundle
from survey.definition.reading import parse_study
from survey.definition.study import StudyDefinition
from survey.export.columns import AnsweredVersion
from survey.export.formats import TABLES
from survey.export.sink import CannotExport
from survey.export.study import EVERYTHING, Export, ExportChoice, StudyTables, Tell, tell_no_one
from survey.fieldwork import publications
from survey.fieldwork.finding import find_published
from survey.fieldwork.listed import Listed, ListedSchool, listed, listed_schools
from survey.findings.study import StudyFindings
from survey.problems import Refused, did_you_mean, shortened
from survey.progress import Progress, progress
from survey.responses import Record, reading


def export(
    study: str,
    engine: Engine,
    form: str,
    out: IO[bytes],
    now: datetime,
    chosen: ExportChoice = EVERYTHING,
) -> None:
    """Write a study's answers and scores: “xlsx” is one workbook, “csv” a zip of CSVs.

    form: the name of one of FORMATS. now: aware; stands on the read me and in the document's properties. The same data
    and the same `now` give the same bytes.
    Raises CannotExport with a sentence; then what is in `out` is of no use.
    """
    stored = Stored(engine, study, None if chosen.waves is None else tuple(chosen.waves))
    Export(stored, now, chosen.waves, chosen.per_screen, chosen.unfinished).write(form, out)


@dataclass(frozen=True)
class Chosen:
    """What an analysis is of: waves up to `until` (a code; None: all), and a group such as sex=f (None: everyone)."""

    until: str | None = None
    group: str | None = None


ALL_OF_IT: Final = Chosen()


def analyse(
    study: str, engine: Engine, now: datetime, chosen: Chosen = ALL_OF_IT, out: IO[bytes] | None = None
) -> StudyFindings | None:
    """Return what is found in a study's answers.

    None where no one has finished anything. out: where the workbook of tables goes; None writes none. Raises
    CannotExport, or NoSuchGroup, with a sentence.
    """
    made = _export(study, engine, now, chosen)
    return made.analyse() if out is None else made.write(TABLES, out)


def tables(
    study: str, engine: Engine, now: datetime, chosen: Chosen = ALL_OF_IT, tell: Tell = tell_no_one
) -> StudyTables | None:
    """Return what pages show of a study; None where no one has finished anything.

    tell: told how far it has come. Raises CannotExport, or NoSuchGroup, with a sentence.
    """
    return _export(study, engine, now, chosen, tell).tables()


def _export(study: str, engine: Engine, now: datetime, chosen: Chosen, tell: Tell = tell_no_one) -> Export:
    waves = _waves_until(study, engine, chosen.until)
    return Export(Stored(engine, study, waves), now, waves, chosen=chosen.group, tell=tell)


def _waves_until(study: str, engine: Engine, wave: str | None) -> tuple[str, ...] | None:
    """Return the codes of a study's waves up to one; None for all. Raises CannotExport for one that is not there."""
    if wave is None:
        return None
    there = [one.id for one in Stored(engine, study).study.waves]
    if wave not in there:
        hint = did_you_mean(wave, there) or f" There are: {', '.join(there)}."
        raise CannotExport(f"{study} has no wave '{shortened(wave)}'.{hint}")
    return tuple(there[: there.index(wave) + 1])


class Stored:
    """A study in the database, as an export reads it. Raises CannotExport where there is none to export.

    waves: codes of the waves to be read; None for all.
    """

    def __init__(self, engine: Engine, code: str, waves: tuple[str, ...] | None = None) -> None:
        try:
            with read(engine) as connection:
                found = find_published(connection, code)
        except Refused as fault:
            raise CannotExport(str(fault)) from fault
        self._id, self._sha256 = found.id, found.sha256 or ""
        self._engine, self._waves = engine, waves

    @cached_property
    def study(self) -> StudyDefinition:
        """The study as its study.yaml is now."""
        return parse_study(self._text(self._sha256))

    def questionnaires(self) -> Mapping[str, Sequence[AnsweredVersion]]:
        """Every published version of every questionnaire, in the order of the study's fieldwork."""
        return self._questionnaires

    @cached_property
    def _questionnaires(self) -> dict[str, list[AnsweredVersion]]:
        versions: dict[str, list[AnsweredVersion]] = {entry.questionnaire: [] for entry in self.study.fieldwork}
        for published in publications.published(self._engine, self._id):
            questionnaire = Bundle.parse(self._text(published.sha256))
            versions.setdefault(published.questionnaire, []).append(AnsweredVersion(published.sha256, questionnaire))
        return {name: found for name, found in versions.items() if found}

    def _text(self, sha256: str) -> str:
        text = publications.text_of(self._engine, sha256)
        if text is None:
            raise CannotExport(f"The text {sha256} is missing in the database. Please restore a backup.")
        return text

    def rows(self, questionnaire: str) -> Iterator[Record]:
        """Yield the responses, by wave, school, class and participant."""
        return reading.stream(self._engine, self._id, questionnaire, self._waves)

    def progress(self, now: datetime) -> Progress:
        """Return who was asked, and what they did."""
        return progress(self._engine, self._id, now)

    def count(self, questionnaire: str) -> int:
        """Return how many responses there are now."""
        return reading.count(self._engine, self._id, questionnaire, self._waves)

    def leaves_out(self, questionnaire: str) -> bool:
        """Tell whether responses were set aside."""
        return reading.any_set_aside(self._engine, self._id, questionnaire, self._waves)

    def listed(self) -> Iterator[Listed]:
        """Yield everyone on the lists of the study's waves."""
        with read(self._engine) as connection:
            yield from listed(connection, self.study, self._id)

    def schools(self) -> list[ListedSchool]:
        """Return the study's schools."""
        with read(self._engine) as connection:
            return listed_schools(connection, self._id)
