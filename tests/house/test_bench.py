"""The figures can still be taken: no one runs the bench for weeks, and it must not rot in between."""

from __future__ import annotations

import pytest

from bench import inside


def test_the_cpu_inside_the_app_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "PAGES", 30)
    monkeypatch.setattr(inside, "ROUNDS", 1)
    told = "\n".join(inside.run())
    assert "ours / ceiling = " in told
    assert all(stage in told for stage in inside.STAGES)
    assert "× INSERT INTO save" in told
