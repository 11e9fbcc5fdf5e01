"""What a reader has to be told: whatever was replaced, cut, hidden or merged on the way into a file."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """One thing that was done, where (sheets, row as numbered in the workbook, column, response), and why."""

    where: str
    row: int | None
    column: str
    response: str
    what: str


@dataclass
class Notes:
    """The notes of one export, in the order of its sheets and rows."""

    notes: list[Note] = field(default_factory=list)

    def of_no_one(self) -> Notes:
        """Return the notes that speak of no single response."""
        return Notes([note for note in self.notes if not note.response and note.row is None])

    def add(self, where: str, what: str, *, row: int | None = None, column: str = "", response: str = "") -> None:
        """Add a note. `what` is a sentence."""
        self.notes.append(Note(where, row, column, response, what))
