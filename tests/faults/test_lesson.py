"""A lesson on bad wifi, in six real browsers: thirty children, thirty responses, every answer exactly once.

It is the bench's, which cuts the line for longer, so that both say the same: here alone, and not with the bench's other parts
in tests/house.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.classroom import run

pytestmark = pytest.mark.slow


def test_thirty_children_on_six_tablets_lose_nothing_and_see_nothing_of_each_other() -> None:
    # A browser of another test keeps an event loop in this thread.
    with ThreadPoolExecutor(1) as thread:
        told, _, *faults = thread.submit(lambda: list(run(small=True))).result()
    assert faults == []
    # Three answers each, and one given on two tablets.
    assert "30 children, 30 responses finished, 91 acknowledged, 0 lost, 0 doubled, 0 refused" in told
    assert "0 wrong, 0 seen by another child" in told
