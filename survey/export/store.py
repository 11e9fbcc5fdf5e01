"""What an export reads from the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from survey.database import Engine, session
from survey.definition.bundle import Bundle
from survey.definition.reading import parse_study
from survey.definition.study import Study
from survey.export.columns import Version
from survey.export.sink import CannotExport
from survey.fieldwork import publications
from survey.fieldwork.studies import study_by_code
from survey.responses import Record, reading


class Stored:
    """A study in the database, as an export reads it. Raises CannotExport where there is none to export.

    waves: codes of the waves to be read; None for all.
    """

    def __init__(self, engine: Engine, code: str, waves: tuple[str, ...] | None = None) -> None:
        with session(engine) as db:
            found = study_by_code(db, code)
            if found is None:
                raise CannotExport(f"There is no study '{code}'. Please look its name up in study.yaml.")
            self._id, sha256 = found.id, found.sha256
        if sha256 is None:
            raise CannotExport(f"The study '{code}' was not published yet. Please run: survey publish FOLDER")
        self._engine, self._waves, self._sha256 = engine, waves, sha256

    @cached_property
    def study(self) -> Study:
        """The study as its study.yaml is now."""
        return parse_study(self._text(self._sha256))

    def questionnaires(self) -> Mapping[str, Sequence[Version]]:
        """Every published version of every questionnaire, in the order of the study's fieldwork."""
        return self._questionnaires

    @cached_property
    def _questionnaires(self) -> dict[str, list[Version]]:
        versions: dict[str, list[Version]] = {entry.questionnaire: [] for entry in self.study.fieldwork}
        for published in publications.published(self._engine, self._id):
            questionnaire = Bundle.parse(self._text(published.sha256))
            versions.setdefault(published.questionnaire, []).append(Version(published.sha256, questionnaire))
        return {name: found for name, found in versions.items() if found}

    def _text(self, sha256: str) -> str:
        text = publications.text_of(self._engine, sha256)
        if text is None:
            raise CannotExport(f"The text {sha256} is missing in the database. Please restore a backup.")
        return text

    def rows(self, questionnaire: str) -> Iterator[Record]:
        """Yield the responses, by wave, school, class and participant."""
        return reading.stream(self._engine, self._id, questionnaire, self._waves)

    def count(self, questionnaire: str) -> int:
        """Return how many responses there are now."""
        return reading.count(self._engine, self._id, questionnaire, self._waves)
