"""Hidden counts against a reader who knows every number that is shown, and beside published tables."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from survey.analysis import disclosure
from survey.analysis.disclosure import (
    Crossing,
    SafeTable,
    crossing,
    suppress,
    suppress_options,
)


def table(cells: list[list[int]]) -> Crossing:
    counts = np.array(cells)
    return Crossing(
        tuple(f"r{at}" for at in range(counts.shape[0])), tuple(f"c{at}" for at in range(counts.shape[1])), counts
    )


class Attacker:
    """Knows all numbers that are shown, that counts are whole and not below 0, and how tables add up; nothing is used of
    how they were hidden. The unknowns are the inner counts of each part.
    """

    def __init__(self, parts: int, rows: int, columns: int) -> None:
        self._shape = (parts, rows, columns)
        self._known: list[tuple[np.ndarray, int]] = []

    def read(self, part: int | None, safe: SafeTable) -> None:
        """Write down what a table shows: of one part, or of all together (None)."""
        for row, column in itertools.product((*range(len(safe.rows)), None), (*range(len(safe.columns)), None)):
            if row is None:
                shown = safe.total if column is None else safe.column_totals[column]
            else:
                shown = safe.row_totals[row] if column is None else safe.cells[row][column]
            if shown is not None:
                self._known.append((self.sum_of(part, row, column), shown))

    def sum_of(self, part: int | None, row: int | None, column: int | None) -> np.ndarray:
        """Return which inner counts make a sum, as zeros and ones."""
        chosen = np.zeros(self._shape)
        at = tuple(slice(None) if one is None else one for one in (part, row, column))
        chosen[at] = 1
        return chosen.ravel()

    def range_of(self, what: np.ndarray) -> tuple[int, float]:
        """Return the lowest and the highest whole number that a sum can be."""
        if not self._known:
            return 0, float("inf")
        shown = [value for _, value in self._known]
        known = LinearConstraint(np.array([sums for sums, _ in self._known]), shown, shown)
        ends = []
        for sign in (1, -1):
            answer = milp(
                sign * what,
                constraints=known,
                bounds=Bounds(0, 10_000),
                integrality=np.ones(len(what)),
            )
            assert answer.x is not None, "what is shown contradicts itself"
            ends.append(round(float(what @ answer.x)))
        return ends[0], ends[1]


def narrowed(tables: list[Crossing], read: list[tuple[int | None, SafeTable]], threshold: int) -> list[str]:
    """Return every small count that the attacker can narrow down to fewer than `threshold` values."""
    counts = np.stack([one.cells for one in tables])
    attacker = Attacker(*counts.shape)
    for part, safe in read:
        attacker.read(part, safe)
    found = []
    for part, row, column in itertools.product(*((*range(size), None) for size in counts.shape)):
        what = attacker.sum_of(part, row, column)
        if what @ counts.ravel() >= threshold:
            continue
        low, high = attacker.range_of(what)
        if high - low + 1 < threshold:
            found.append(f"{(part, row, column)}: {low} to {high}")
    return found


CELLS = st.one_of(st.integers(0, 12), st.integers(0, 60))


@st.composite
def any_cells(draw: st.DrawFn, most: int = 5) -> list[list[int]]:
    rows, columns = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=rows, max_size=rows))


@settings(max_examples=40, deadline=None)
@given(cells=any_cells(), threshold=st.sampled_from([3, 5, 10]))
@pytest.mark.slow
def test_no_small_count_can_be_worked_out(cells: list[list[int]], threshold: int) -> None:
    given_table = table(cells)
    safe = suppress(given_table, threshold)
    assert narrowed([given_table], [(None, safe)], threshold) == []


def test_the_attacker_finds_what_is_hidden_badly() -> None:
    # One small count alone in its row and column is 140 less the others.
    cells = table([[20, 30, 2], [40, 22, 35], [30, 50, 60]])
    bad = SafeTable(
        cells.rows,
        cells.columns,
        ((20, 30, None), (40, 22, 35), (30, 50, 60)),
        (52, 97, 140),
        (90, 102, 97),
        289,
        5,
        (),
    )
    assert narrowed([cells], [(None, bad)], 5) == ["(0, 0, 2): 2 to 2", "(None, 0, 2): 2 to 2"]


def test_every_value_below_the_threshold_stays_possible() -> None:
    safe = suppress(table([[20, 30, 2], [40, 22, 35], [30, 50, 60]]), 10)
    attacker = Attacker(1, 3, 3)
    attacker.read(None, safe)
    low, high = attacker.range_of(attacker.sum_of(0, 0, 2))
    assert low == 0
    assert high >= 9


def test_as_little_as_possible_is_hidden() -> None:
    safe = suppress(table([[20, 30, 2], [40, 22, 35], [30, 50, 60]]), 10)
    assert safe.cells == ((20, None, None), (40, None, None), (30, 50, 60))
    assert safe.row_totals == (52, 97, 140)
    assert safe.notes == (
        "1 count below 10 hidden.",
        "3 larger counts hidden, from which those could be worked out.",
    )


def test_the_quick_way_hides_what_the_optimiser_alone_would_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    tables = [
        table(random.poisson(random.gamma(1, 12, size)).tolist()) for size in [(4, 3), (4, 3), (3, 2), (3, 2), (5, 2)]
    ]
    quick = [suppress(one, 7) for one in tables]
    monkeypatch.setattr(disclosure._System, "_cheapest", disclosure._System._change)
    assert quick == [suppress(one, 7) for one in tables]
    assert len({one.notes for one in quick}) > 2, "the tables are too much alike to show anything"


def test_a_zero_is_a_small_count() -> None:
    safe = suppress(table([[0, 40], [30, 50]]), 10)
    assert safe.cells[0][0] is None


def test_without_small_counts_nothing_is_hidden() -> None:
    safe = suppress(table([[10, 40], [30, 50]]), 10)
    assert safe.cells == ((10, 40), (30, 50))
    assert (safe.row_totals, safe.column_totals, safe.total) == ((50, 80), (40, 90), 130)
    assert safe.notes == ("No count is hidden: none is below 10.",)


def test_where_all_are_few_everything_is_hidden() -> None:
    safe = suppress(table([[1, 2], [3, 1]]), 10)
    assert safe.total is None
    assert {cell for row in safe.cells for cell in row} == {None}


def test_a_column_alone_is_protected_with_its_total() -> None:
    cells = table([[4], [30], [25]])
    safe = suppress(cells, 10)
    assert narrowed([cells], [(None, safe)], 10) == []
    assert safe.total == 59
    assert safe.cells == ((None,), (30,), (None,)) or safe.cells == ((None,), (None,), (25,))


# ── published ─────────────────────────────────────────────────────────────────────────────────────────────
Z1 = [
    [11, 11, 55, 36],
    [7, 1, 29, 18],
    [5, 8, 35, 25],
    [13, 2, 17, 13],
    [9, 14, 63, 52],
    [12, 9, 24, 22],
    [6, 4, 22, 8],
    [9, 3, 38, 15],
]


def test_published_table_of_regions() -> None:
    # GaussSuppression (Langsrud and Lupp, Statistics Norway), help of GaussSuppressionFromData, data z1 with maxN = 3:
    # hidden are arbeid (1, 2, 3) and beside them annet in the regions B, D and H; all totals are shown.
    safe = suppress(table(Z1), 4)
    published = {(1, 0), (1, 1), (3, 0), (3, 1), (7, 0), (7, 1)}
    hidden = {(r, c) for r, row in enumerate(safe.cells) for c, cell in enumerate(row) if cell is None}
    assert {(1, 1), (3, 1), (7, 1)} <= hidden
    assert len(hidden) <= len(published)
    assert (safe.row_totals, safe.column_totals, safe.total) == (
        (113, 55, 73, 45, 138, 67, 40, 65),
        (72, 52, 283, 189),
        596,
    )
    assert narrowed([table(Z1)], [(None, safe)], 4) == []


def test_published_table_of_regions_and_sex() -> None:
    # sdcTable (Meindl, Statistics Austria), help of getInfo: its test problem with maxN = 3, where women in region A are 2
    # and both sexes of A and C are hidden.
    cells = table([[18, 2], [14, 19], [12, 10], [11, 14]])
    safe = suppress(cells, 4)
    assert safe.cells == ((None, None), (14, 19), (None, None), (11, 14))
    assert (safe.row_totals, safe.column_totals, safe.total) == ((20, 33, 22, 25), (55, 45), 100)
    assert narrowed([cells], [(None, safe)], 4) == []


@pytest.mark.slow
def test_published_table_with_small_totals() -> None:
    # The same package, help of SuppressSmallCounts, data mun_accidents with maxN = 3: two totals of columns and one of a
    # row are small and hidden; zeros are.
    cells = [[0, 0, 4, 0], [0, 1, 5, 0], [2, 1, 3, 0], [1, 4, 4, 0], [0, 0, 1, 0], [0, 0, 6, 0]]
    safe = suppress(table(cells), 4)
    assert safe.column_totals[0] is None
    assert safe.column_totals[3] is None
    assert safe.row_totals[4] is None
    assert safe.total == 32
    assert all(safe.cells[r][c] is None for r in range(6) for c in range(4) if cells[r][c] < 4)
    assert narrowed([table(cells)], [(None, safe)], 4) == []


def test_the_published_pattern_of_a_vignette_can_be_narrowed_and_ours_cannot() -> None:
    # GaussSuppression, vignette "Small count frequency table suppression", data set a: young in Portugal 0 and Iceland 2,
    # old 4 and 3 are hidden (their rule is that a count be not exactly known). Young in Portugal and Iceland are 2 together.
    cells = table([[2, 0, 5], [3, 4, 6]])
    theirs = SafeTable(cells.rows, cells.columns, ((None, None, 5), (None, None, 6)), (7, 13), (5, 4, 11), 20, 4, ())
    assert narrowed([cells], [(None, theirs)], 4) == [
        "(0, 0, 0): 0 to 2",
        "(0, 0, 1): 0 to 2",
        "(0, 1, 0): 3 to 5",
        "(None, 0, 0): 0 to 2",
        "(None, 0, 1): 0 to 2",
        "(None, 1, 0): 3 to 5",
    ]
    assert narrowed([cells], [(None, suppress(cells, 4))], 4) == []


# ── the rest ──────────────────────────────────────────────────────────────────────────────────────────────
def test_ticked_options_hide_those_who_did_and_those_who_did_not() -> None:
    assert suppress_options([40, 4, 95, 10, 90], 100) == [40, None, None, 10, 90]


@pytest.mark.parametrize("threshold", [2, 0, -1])
def test_a_threshold_below_three_is_refused(threshold: int) -> None:
    with pytest.raises(ValueError, match="below 3"):
        suppress(table([[5]]), threshold)
    with pytest.raises(ValueError, match="below 3"):
        suppress_options([5], 10, threshold)


def test_labels_are_counted_in_order() -> None:
    counted, left_out = crossing(["10", "9", "x", "9", None], ["b", "a", "a", None, "a"])
    assert counted.rows == ("9", "10", "x")
    assert counted.columns == ("a", "b")
    assert counted.cells.tolist() == [[1, 0], [0, 1], [1, 0]]
    assert left_out == 2
