"""What counts for a share of the plan: any item with the codes, or all of them; a missing answer that decides is missing."""

from __future__ import annotations

import numpy as np
import pytest

from survey.export.study import Export
from tests.export.sample import FULL, NOW, Response, source

ANSWERS = [(1, 1), (1, 3), (3, 3), (1, None), (3, None), (None, None)]
PLAN = {
    "outcomes": ["pupil.enjoyment"],
    "comparison": {"programme": "programme"},
}


@pytest.mark.parametrize(
    ("of", "expected"), [("any", [1, 1, 0, 1, np.nan, np.nan]), ("all", [1, 0, 0, np.nan, 0, np.nan])]
)
def test_an_item_that_decides_is_enough(of: str, expected: list[float]) -> None:
    share = {"share": "s", "title": "S", "questionnaire": "pupil", "items": ["sing", "dance"], "codes": ["1"], "of": of}
    rest = {name: value for name, value in FULL.items() if name not in ("sing", "dance")}
    given = [
        Response(f"r{at}", rest | {name: code for name, code in (("sing", a), ("dance", b)) if code is not None})
        for at, (a, b) in enumerate(ANSWERS)
    ]
    made = Export(source(*given, plan=PLAN | {"shares": [share]}), NOW)
    made.analyse()
    found = made.gathering.data.answers["pupil", "w1"].numbers["share.s"]
    assert np.array(found) == pytest.approx(np.array(expected), nan_ok=True)
