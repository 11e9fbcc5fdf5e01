"""The bench that measures how often intervals hold the truth can still be run; with few studies, nothing is far off."""

from __future__ import annotations

import pytest

from bench import calibration


def test_the_tables_of_docs_calibration_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "STUDIES", 6)
    monkeypatch.setattr(calibration, "LAYOUTS", 2)
    monkeypatch.setattr(calibration, "CONDITIONS", calibration.CONDITIONS[5:7])
    told = "\n".join(calibration.run())
    assert told.count("| 26 schools, five-point answers |") == 3
    assert "nan" not in told


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    # 400 studies: 95 % ± 4 standard errors. An interval from the normal, or one that forgets schools, is far outside.
    monkeypatch.setattr(calibration, "STUDIES", 400)
    monkeypatch.setattr(calibration, "LAYOUTS", 20)
    few = calibration.Condition("10 schools", schools=10, programme=5)
    found = calibration.tallied(few, 0.25, calibration.np.random.default_rng(5))
    for kind in ("multilevel", "g", "adjusted", "adjusted g", "cluster means"):
        assert 90.6 < found[kind].coverage < 99.4, kind
        assert abs(found[kind].bias) < 0.05, kind
    assert found["pupils alone"].coverage < 85
