"""Four times the responses must not need four times the memory: the server that writes this has pages to serve."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any, Literal

import pytest

from survey.export.study import Export
from tests.export.sample import FULL, NOW, ONE, Response, Source, versions

pytestmark = pytest.mark.slow


class Many(Source):
    """Responses made as they are asked for, so that only what the export keeps is counted."""

    def __init__(self, number: int) -> None:
        super().__init__({}, {"pupil": versions(ONE)})
        self.number = number

    def rows(self, questionnaire: str) -> Iterator[Any]:
        for n in range(self.number):
            yield Response(f"response-{n}", FULL | {"sing": 1 + n % 3, "best": f"the {n}th thing I like"})

    def count(self, questionnaire: str) -> int:
        return self.number


def peak(number: int, form: Literal["xlsx", "csv"]) -> int:
    """Return the most bytes of Python's memory an export of so many responses needs at once."""
    export = Export(Many(number), NOW)
    with TemporaryFile() as out:
        tracemalloc.start()
        try:
            export.write(form, out)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_memory_stays_flat(form: Literal["xlsx", "csv"]) -> None:
    peak(500, form)  # what is loaded once is loaded before
    # What the analysis needs of each response stays until the end: its scores, its answers to the items, whose it is.
    assert peak(4_000, form) - peak(1_000, form) < 3_000 * 500
