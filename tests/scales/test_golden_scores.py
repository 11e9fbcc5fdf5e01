"""Scores of 240 respondents, some answers missing, beside the same rules in base R (golden/make.R)."""

from __future__ import annotations

import numpy as np
import pytest

from survey.scales import ConversionTable, Linear, Rule, score
from tests.scales.golden_files import table


def _conversion() -> ConversionTable:
    _, rows = table("table")
    return ConversionTable(dict(rows.tolist()))


SAID = {
    "mean_6_of_8": {"score": "mean", "needs": 6},
    "mean_rounded": {"score": "mean", "needs": 6, "round": 2},
    "sum_prorated": {"score": "sum", "prorate": True, "needs": 5},
    "sum_whole": {"score": "sum", "needs": 5},
    "hundred": {"score": "mean", "needs": 7, "transform": Linear(1, 5, 0, 100)},
    "table_whole": {"score": "sum", "needs": 8, "transform": _conversion()},
    "table_prorated": {"score": "sum", "prorate": True, "needs": 5, "round": 0, "transform": _conversion()},
}


@pytest.mark.parametrize("name", SAID)
def test_scores_are_those_of_base_r(name: str) -> None:
    items, answers = table("gaps")
    header, golden = table("scores")
    expected = golden[:, header.index(name)]
    by = Rule(
        **{
            "items": tuple(items),
            "reverse": tuple(item in ("item_3", "item_7") for item in items),
            "low": (1.0,) * 8,
            "high": (5.0,) * 8,
            "prorate": False,
            **SAID[name],
        }
    )
    found = score(answers, by)
    np.testing.assert_allclose(found.score, expected, atol=1e-9)
    np.testing.assert_array_equal(found.answered, golden[:, header.index("answered")])
    missing = int(np.isnan(expected).sum())
    assert 0 < missing < len(expected), "the golden file must have scores and gaps, or it shows nothing"
