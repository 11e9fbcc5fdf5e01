"""A format is an entry of one table: its name is known to the export and the command, and it gets every table."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import IO, Any

import pytest
from click.testing import CliRunner

from survey.cli.main import main
from survey.export.answers import QuestionnaireCounts
from survey.export.contents import SmallSheet
from survey.export.formats import FORMATS, ExportFormat
from survey.export.scores import ScoreTables
from survey.export.sink import Dataset, Frame, Sink
from survey.export.study import Export
from survey.export.table import Cells, DataTable
from tests.export.sample import FULL, NOW, Response, source


class Lines(Sink):
    """A line of JSON for each response."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.lines: list[dict[str, Any]] = []
        self.sheets: list[str] = []
        self.let_go = False

    def begin(self, dataset: Dataset) -> None:
        self.names = [variable.name for variable in dataset.columns.variables]

    def add(self, dataset: Dataset, table: DataTable, scores: list[Cells]) -> None:
        self.lines += [dict(zip(self.names, row, strict=True)) for row in zip(*table.cells, strict=True)]

    def finish(self, readme: Sequence[tuple[str, Any]], sheets: Sequence[SmallSheet], out: IO[bytes]) -> None:
        self.sheets = [sheet.title for sheet in sheets]
        out.write("".join(json.dumps(line, default=str) + "\n" for line in self.lines).encode())

    def close(self) -> None:
        self.let_go = True


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Lines]:
    """A format “lines” among the formats; the files of it that were begun."""
    made: list[Lines] = []

    def begin(frame: Frame) -> Sink:
        made.append(Lines(frame))
        return made[-1]

    lines = ExportFormat("lines", ".jsonl", "application/jsonl", "lines", "A line each.", begin)  # type: ignore[arg-type]
    monkeypatch.setitem(FORMATS, "lines", lines)
    return made


def test_a_new_format_is_one_entry(begun: list[Lines]) -> None:
    out = io.BytesIO()
    Export(source(*[Response(f"r{n}", FULL) for n in range(2_345)]), NOW).write("lines", out)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["response"] for line in found] == [f"r{n}" for n in range(2_345)]
    assert (found[0]["sing"], found[0]["instrument_other"], found[0]["version"]) == (3, "a harp", 1)
    assert begun[0].let_go


def test_nothing_is_scored_or_counted_or_looked_up_for_a_format_without_explanations(
    begun: list[Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    for explained in (True, False):
        monkeypatch.setitem(FORMATS, "lines", replace(FORMATS["lines"], explained=explained))  # type: ignore[arg-type]
        out, given = io.BytesIO(), source(*[Response(f"r{n}", FULL) for n in range(300)])
        if not explained:
            monkeypatch.setattr(given, "listed", _not_asked)
            monkeypatch.setattr(given, "progress", _not_asked)
            monkeypatch.setattr(ScoreTables, "add", _not_asked)
            monkeypatch.setattr(QuestionnaireCounts, "add", _not_asked)
        Export(given, NOW).write("lines", out)
        files.append(out.getvalue())
    assert files[0] == files[1]
    assert len(begun[0].sheets) > 5
    assert begun[1].sheets == []


def _not_asked(*_: object) -> None:
    raise AssertionError("this is for sheets that the file does not have")


def test_the_command_knows_every_format(begun: list[Lines]) -> None:
    assert "[xlsx|csv|tables|lines]" in CliRunner().invoke(main, ["export", "--help"]).output
    refused = CliRunner().invoke(main, ["export", "sample", "--format", "odt", "--out", "x"])
    assert refused.exit_code == 2
    assert "'odt' is not one of 'xlsx', 'csv', 'tables', 'lines'" in refused.output


def test_what_a_file_kept_is_let_go_when_the_export_fails(begun: list[Lines]) -> None:
    given = source(Response("r1", FULL, sha256="unknown"))
    with pytest.raises(KeyError):
        Export(given, NOW).write("lines", io.BytesIO())
    assert begun[0].let_go
