"""Change, exposure, subgroups: models beside R (golden/make.R), and what is said of people who were in one wave only."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.analysis.change import change
from survey.analysis.comparison import NothingToCompare, Sides
from survey.analysis.exposure import exposure_slope
from survey.analysis.subgroups import subgroup_difference
from tests.scales.golden_files import results, table

GOLDEN = Path(__file__).parent / "golden"


def schools() -> tuple[dict[str, np.ndarray], Sides]:
    header, rows = table("schools", GOLDEN)
    data = dict(zip(header, rows.T, strict=True))
    sides = Sides(
        ["programme" if one else "comparison" for one in data["programme"]],
        "comparison",
        "programme",
        [f"{one:.0f}" for one in data["school"]],
        group_name="arm",
        cluster_name="school",
    )
    return data, sides


# ── change ────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_difference_in_differences_is_that_of_lme4() -> None:
    data, sides = schools()
    before = 3 + 0.15 * (data["baseline"] - 10)
    found = change("enjoyment", before, data["enjoyment"], sides)
    golden = results("gain", GOLDEN)
    model = found.between.multilevel
    assert model is not None
    assert model.difference == pytest.approx(golden["coefficient", "1"], rel=1e-4)
    assert model.se == pytest.approx(golden["se", "1"], rel=1e-4)
    assert model.n == golden["rows", ""]
    both = ~np.isnan(before) & ~np.isnan(data["enjoyment"])
    sides_of = np.array(sides.groups)
    parts = [before[both & (sides_of == level)] for level in ("comparison", "programme")]
    pooled = math.sqrt(sum((len(p) - 1) * p.var(ddof=1) for p in parts) / (both.sum() - 2))
    assert found.standardised == pytest.approx(golden["coefficient", "1"] / pooled, rel=1e-4)


def test_change_is_that_of_those_in_both_waves() -> None:
    nan = math.nan
    sides = Sides(["p"] * 6 + ["c"] * 5, "c", "p")
    before = [1, 2, 3, nan, 5, 6, 1, 2, 3, 4, nan]
    after = [2, 4, 6, 9, nan, nan, 1, 2, 4, 5, 9]
    found = change("y", before, after, sides)
    one = found.groups["p"]
    assert (one.first, one.second, one.matched, one.lost) == (5, 4, 3, 2)
    assert (one.before, one.after) == (2, 4)
    # t.test(c(1, 2, 3)): 2, from -0.484 to 4.484.
    assert one.change is not None
    assert (one.change.difference, one.change.low, one.change.high) == pytest.approx(
        (2, -0.4841377, 4.4841377), abs=1e-6
    )
    assert found.groups["c"].lost == 0
    assert "2 of 5 in 'p'" in found.notes[-1]
    assert not any(note.startswith("Attrition:") for note in found.notes)
    assert "'p' from 2.00 to 4.00, a change of +2.00" in found.sentence


def test_the_mean_change_of_schools_is_that_of_the_model() -> None:
    # Rails as schools: Pinheiro and Bates (2000), page 8: mean 66.5, standard error 10.17104, 5 degrees of freedom here.
    _, rows = table("rail", GOLDEN)
    sides = Sides(["p"] * 18 + ["c"] * 2, "c", "p", [*map(str, rows[:, 0]), "x", "y"])
    after = [*rows[:, 1], 1.0, 2.0]
    one = change("y", np.zeros(20), after, sides).groups["p"]
    assert one.change is not None
    assert (one.change.difference, one.change.se, one.change.df) == pytest.approx((66.5, 10.17104, 5), rel=1e-6)


def test_nobody_answered_twice() -> None:
    nan = math.nan
    found = change("y", [1, nan, 1, nan], [nan, 1, nan, 2], Sides(["p", "p", "c", "c"], "c", "p"))
    assert found.standardised is None
    assert found.groups["p"].change is None
    assert "no one in 'p' answered twice" in found.sentence


# ── exposure ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("outcome", ["enjoyment", "confidence", "noise"])
def test_the_slope_is_that_of_lme4(outcome: str) -> None:
    data, sides = schools()
    years = np.where(data["programme"] == 1, data["years"], np.nan)
    found = exposure_slope((outcome, data[outcome]), ("years", years), sides.clusters)
    golden = results(f"{outcome}_years", GOLDEN)
    assert found.slope is not None
    assert found.slope.difference == pytest.approx(golden["coefficient", "1"], rel=1e-4)
    assert found.slope.se == pytest.approx(golden["se", "1"], rel=1e-4)
    if ("df", "1") in golden:
        assert found.slope.df == pytest.approx(golden["df", "1"], rel=1e-4)
    else:
        assert any(note.startswith("Singular fit") for note in found.notes)
        assert found.slope.df == found.n - (found.clusters or 0) - 1
    assert found.n == golden["rows", ""]
    assert sum(band.n for band in found.bands) == found.n


def test_published_slope_of_lost_sleep() -> None:
    # lme4's help of `sleepstudy`: 10.4673 milliseconds a day, standard error 0.8042.
    _, rows = table("sleep_study", GOLDEN)
    found = exposure_slope(("reaction", rows[:, 1]), ("days", rows[:, 2]), [str(one) for one in rows[:, 0]], (0, 3, 6))
    assert found.slope is not None
    assert (found.slope.difference, found.slope.se) == pytest.approx((10.4673, 0.8042), abs=5e-5)
    assert found.slope.df == pytest.approx(161)
    assert [(band.low, band.high, band.n) for band in found.bands] == [(0, 3, 54), (3, 6, 54), (6, None, 72)]
    assert found.bands[0].mean == pytest.approx(rows[rows[:, 2] < 3, 1].mean())
    # The same help: the constant 251.4051, standard error 9.7467; of 18 people, so t with 17 degrees of freedom: 2.1098.
    assert [one.at for one in found.line] == [0, 3, 6, 9]
    first = found.line[0]
    assert (first.value, (first.high - first.low) / 2) == pytest.approx((251.4051, 2.1098 * 9.7467), abs=2e-3)
    assert found.line[3].value == pytest.approx(251.4051 + 9 * 10.4673, abs=1e-3)


def test_exposure_that_does_not_vary_has_no_slope() -> None:
    found = exposure_slope(("y", [1, 2, 3, math.nan]), ("years", [2, 2, 2, 2]))
    assert found.slope is None
    assert found.notes[0] == "1 left out: no 'y' or no 'years'."
    assert "no slope" in found.notes[1]


# ── subgroups ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("outcome", ["enjoyment", "confidence", "noise"])
def test_the_difference_of_differences_is_that_of_lme4(outcome: str) -> None:
    data, sides = schools()
    sex = ["girl" if one else "boy" for one in data["girl"]]
    found = subgroup_difference((outcome, data[outcome]), sides, ("sex", sex), "boy", "girl")
    golden = results(f"{outcome}_girls", GOLDEN)
    assert found.difference is not None
    assert found.difference.difference == pytest.approx(golden["coefficient", "3"], rel=1e-4)
    assert found.difference.se == pytest.approx(golden["se", "3"], rel=1e-4)
    if ("df", "3") in golden:
        assert found.difference.df == pytest.approx(golden["df", "3"], rel=1e-4)
    assert set(found.within) == {"boy", "girl"}
    girls = found.within["girl"]
    there = ~np.isnan(data[outcome]) & (data["girl"] == 1)
    assert sum(girls.n.values()) == there.sum()
    # Boys are not lost girls.
    assert girls.attrition is not None
    assert sum(girls.attrition.rows.values()) == (data["girl"] == 1).sum()


def test_a_subgroup_on_one_side_only_is_refused() -> None:
    sides = Sides(["p", "p", "c", "c"], "c", "p")
    with pytest.raises(NothingToCompare, match="In 'sen' yes: No row has 'c'"):
        subgroup_difference(("y", [1, 2, 3, 4]), sides, ("sen", ["yes", "no", "no", "no"]), "no", "yes")


def test_people_of_no_subgroup_are_counted() -> None:
    data, sides = schools()
    sex = ["girl" if one else "boy" for one in data["girl"]]
    some = [None if at < 5 else one for at, one in enumerate(sex)]
    found = subgroup_difference(("noise", data["noise"]), sides, ("sex", some), "boy", "girl")
    assert found.notes[0] == "5 left out: 'sex' is neither 'boy' nor 'girl'."
    plain = subgroup_difference(
        ("noise", data["noise"]), dataclasses.replace(sides, clusters=None), ("sex", sex), "boy", "girl"
    )
    assert plain.difference is not None
    assert plain.difference.df == len(sex) - 4


# ── any table ─────────────────────────────────────────────────────────────────────────────────────────────
VALUE = st.sampled_from([0.0, 1.0, 1.0, 2.0, 1e8, -3.5, math.nan, math.inf])


def finite(told: Any) -> bool:
    if isinstance(told, dict):
        return all(map(finite, told.values()))
    if isinstance(told, list | tuple):
        return all(map(finite, told))
    return not isinstance(told, float) or math.isfinite(told)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["p", "c", "c", "x", None]),
            st.sampled_from(["1", "2", "3", None]),
            st.sampled_from(["girl", "boy", None]),
            VALUE,
            VALUE,
        ),
        max_size=14,
    ),
    clustered=st.booleans(),
)
@pytest.mark.slow
def test_any_table_gets_finite_numbers_or_none(rows: list[tuple[Any, ...]], clustered: bool) -> None:
    columns: Any = list(zip(*rows, strict=True)) or [()] * 5
    sides = Sides(columns[0], "c", "p", columns[1] if clustered else None)
    slope = exposure_slope(("y", columns[3]), ("years", columns[4]), sides.clusters)
    assert finite(dataclasses.asdict(slope))
    assert slope.sentence
    with contextlib.suppress(NothingToCompare):
        assert finite(dataclasses.asdict(change("y", columns[3], columns[4], sides)))
    with contextlib.suppress(NothingToCompare):
        found = subgroup_difference(("y", columns[3]), sides, ("sex", columns[2]), "boy", "girl")
        assert finite(dataclasses.asdict(found))
