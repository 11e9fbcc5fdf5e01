"""Reads what a make.R wrote, here or in another folder: no R is needed to run the tests."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "golden"


def table(name: str, folder: Path = FOLDER) -> tuple[list[str], np.ndarray]:
    """Return the columns' names and the numbers of NAME.csv; an empty cell or NA is NaN."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, np.array([[np.nan if cell in ("", "NA") else float(cell) for cell in row] for row in rows])


def results(name: str, folder: Path = FOLDER) -> dict[tuple[str, str], float]:
    """Return what R said about one set: (what, item) -> value."""
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return {(row["what"], row["item"]): float(row["value"]) for row in csv.DictReader(file) if row["set"] == name}
