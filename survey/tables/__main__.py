"""The process that reads a table: the file comes in, and a line of JSON goes out for each thing that was read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from survey.bounded import done, keep_within_bounds
from survey.tables.cells import FaultRead, Read, SheetRead
from survey.tables.limits import Refusal
from survey.tables.reading import read


def _said(name: str, verbatim: str, most_columns: str) -> Iterator[list[Any]]:
    try:
        data = sys.stdin.buffer.read()
        for one in read(data, name, verbatim=verbatim == "verbatim", most_columns=int(most_columns)):
            yield _in_a_list(one)
    except Refusal as refusal:
        yield ["refused", str(refusal)]


def _in_a_list(one: Read) -> list[Any]:
    if isinstance(one, SheetRead):
        return ["sheet", *one]
    return ["fault" if isinstance(one, FaultRead) else "row", *one]


def main() -> None:
    """Read the table on the standard input."""
    name, verbatim, most_columns = keep_within_bounds()
    encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
    for line in _said(name, verbatim, most_columns):
        sys.stdout.write(encode(line) + "\n")
    done()


if __name__ == "__main__":
    main()
