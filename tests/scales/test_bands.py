"""Bands: what a score is called, by who answered."""

from __future__ import annotations

import numpy as np

from survey.scales import Linear, Rule, ScoreBand, band, score

CLOSE, RAISED, HIGH = ScoreBand(0, 5, "Close to average"), ScoreBand(6, 6, "Slightly raised"), ScoreBand(7, 10, "High")


def test_both_ends_belong_to_a_band() -> None:
    assert band([0, 5, 6, 7, 10], (CLOSE, RAISED, HIGH)).tolist() == [
        "Close to average",
        "Close to average",
        "Slightly raised",
        "High",
        "High",
    ]


def test_a_missing_score_and_one_in_no_band_have_no_label() -> None:
    assert band([np.nan, 5.5, 11, -1], (CLOSE, RAISED, HIGH)).tolist() == [None, None, None, None]


def test_a_shared_end_belongs_to_the_band_that_begins_there() -> None:
    assert band([2.49, 2.5, 2.51], (ScoreBand(1, 2.5, "Low"), ScoreBand(2.5, 5, "High"))).tolist() == [
        "Low",
        "High",
        "High",
    ]


def test_a_score_on_the_end_is_inside_though_its_binary_fraction_is_not() -> None:
    assert 0.1 + 0.2 > 0.3
    assert band([0.1 + 0.2], (ScoreBand(0, 0.3, "Low"),)).tolist() == ["Low"]
    assert 0.7 - 0.4 < 0.3
    assert band([0.7 - 0.4], (ScoreBand(0.3, 1, "High"),)).tolist() == ["High"]


def test_bands_differ_by_who_answered() -> None:
    bands = {"self": (ScoreBand(0, 50, "Low"), ScoreBand(50, 100, "High")), "parent": (ScoreBand(0, 100, "Any"),)}
    by = Rule(("a",), (False,), (1.0,), (5.0,), "mean", False, 1, None, Linear(1, 5, 0, 100), bands)
    found = score([[1], [3], [5]], by).score
    assert band(found, by.bands["self"]).tolist() == ["Low", "High", "High"]
    assert band(found, by.bands["parent"]).tolist() == ["Any", "Any", "Any"]


def test_without_bands_nothing_has_a_label() -> None:
    assert band([1, 2], ()).tolist() == [None, None]
