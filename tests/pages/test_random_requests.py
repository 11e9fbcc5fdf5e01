"""Thousands of requests at random, the same ones each time: no fault of the server, every header, a page where one belongs.

    CHORUS_REQUESTS=21000 .venv/bin/pytest -q -s tests/pages/test_random_requests.py

sends as many and prints what came back; CHORUS_SEED makes others than the usual ones.
"""

from __future__ import annotations

import os

import pytest

from tests.pages.random_requests import Sender
from tests.pages.visitors import Visitors

pytestmark = pytest.mark.slow

REQUESTS = int(os.environ.get("CHORUS_REQUESTS", "1200"))
SEED = int(os.environ.get("CHORUS_SEED", "7"))


# Werkzeug leaves the file of a broken upload to be closed by whoever forgets it last.
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
def test_no_request_ends_in_a_fault_of_the_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sender = Sender(Visitors(tmp_path_factory.mktemp("random")), SEED)
    tally = sender.send(REQUESTS)
    print(f"\n{sum(tally.statuses.values())} requests:", dict(sorted(tally.statuses.items())))
    print(
        f"{len(tally.routes)} addresses, {len(tally.opened)} opened at least once; slowest {tally.slowest[0]:.2f} s of CPU"
    )
    assert not tally.faults, "\n\n".join([f"{len(tally.faults)} faults", *tally.faults[:20]])
    assert tally.statuses[200] > REQUESTS / 10
    assert len(tally.opened) > 40, "not only doors that stay shut"
