"""What is said of each table that is made to stop its reader."""

from __future__ import annotations

from collections.abc import Callable

from tests.bombs import tables as bombs

DAMAGED = "The workbook is damaged. Please open it in your spreadsheet program and save it as an Excel workbook"
MANY_CHARACTERS = 'The sheet "Roster" has more than 30,000,000 characters in it. Please split it'
DECLARED = "The workbook contains declarations that no spreadsheet program writes, so it was not read. Please save it again in your spreadsheet program."

SAID: dict[Callable[[], bytes], str] = {
    bombs.merged_without_end: DAMAGED,
    bombs.merged_by_the_thousand: "The cells A1:B1 are merged.",
    bombs.a_row_with_a_number_in_thousands_of_millions: (
        'The sheet "Roster" has a row with the number 2,000,000,000, and a sheet has at most 1,048,576 rows.'
    ),
    bombs.cells_in_the_last_column: 'The sheet "Roster" has more than',
    bombs.one_long_text_in_every_cell: MANY_CHARACTERS,
    bombs.shared_texts_by_the_hundred_thousand: "",
    bombs.a_format_of_brackets: "",
    bombs.styles_by_the_hundred_thousand: "",
    bombs.names_by_the_hundred_thousand: "",
    bombs.a_dimension_of_everything: "",
    bombs.entities: DECLARED,
    bombs.entities_in_utf_16: DECLARED,
    bombs.deeply_nested: "The workbook contains far more than its cells need, or is nested too deeply, so it was not read.",
    bombs.other_names_for_elements: DAMAGED,
    bombs.a_number_of_many_digits: "This cell has an error in it (#NUM!).",
    bombs.a_text_of_a_million_letters: "This cell has more than 50,000 characters in it. Please shorten it.",
    bombs.marks_in_a_workbook: "A letter in this cell has more than 30 accents or marks on it.",
    bombs.one_sheet_under_many_names: DAMAGED,
    bombs.sheets_by_the_thousand: "The workbook has more than 200 sheets.",
    bombs.errors_of_every_sort: "This cell has an error in it (#E2!).",
    bombs.parts_by_the_thousand: "The workbook unpacks to more than 100 MB",
    bombs.unpacks_to_more_than_is_read: "The workbook unpacks to more than 100 MB",
    bombs.packed_in_another_way: DAMAGED,
    bombs.columns_by_the_million: "columns. Please delete those that are not needed.",
    bombs.marks: "A letter in this cell has more than 30 accents or marks on it.",
    bombs.marks_in_headers: "A letter in this cell has more than 30 accents or marks on it.",
    bombs.one_cell_that_never_ends: "Row 2 cannot be read: a cell is too long",
    bombs.quotes_without_end: "In row 1 something follows a closing quotation mark",
    bombs.nothing_but_nul: "There is a NUL character in line 2",
}
"""What is said of each; nothing where only what is beside the cells is odd, and the cells are read."""
