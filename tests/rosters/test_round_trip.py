"""Whatever a list says, written back and imported again it changes nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.database import open_engine, upgrade
from survey.fieldwork.roster import write_roster
from tests.rosters.small_field import SCHOOLS, Desk, publish, settings_in

HEADER = [
    "participant",
    "audience",
    "school",
    "class",
    "class_title",
    "year",
    "attendance",
    "clubs",
    "sex",
    "fsm",
    "began",
]

schools = st.sampled_from(["s1", "s2", "07"])
classes = st.sampled_from(["", "4a", "4b", "Ünit 3", "1,2", "-"])
facts = st.fixed_dictionaries(
    {
        "year": st.one_of(st.just(""), st.integers(0, 6).map(str)),
        "attendance": st.one_of(st.just(""), st.decimals(0, 100, places=2).map(str)),
        "clubs": st.sampled_from(["", "yes", "no", "Y", "0"]),
        "sex": st.sampled_from(["", "f", "m", "Girl"]),
        "fsm": st.sampled_from(["", "yes", "no"]),
        "began": st.one_of(st.just(""), st.dates().map(lambda day: day.isoformat())),
    }
)
people = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from(["pupil", "staff"]), schools, classes, facts),
    max_size=12,
    unique_by=lambda person: person[0],
)


def table(rows: list[tuple[int, str, str, str, dict[str, str]]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER)
    writer.writeheader()
    for number, audience, school, its_class, known in rows:
        # A code belongs to one audience for good.
        code = f"{'p' if audience == 'pupil' else 't'}{number}"
        title = f"Class {its_class}" if its_class else ""
        place: dict[str, Any] = {"school": school, "class": its_class, "class_title": title}
        writer.writerow({"participant": code, "audience": audience, **place, **known})
    return out.getvalue()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One desk for all examples: each list meets what the ones before it left."""
    folder: Path = tmp_path_factory.mktemp("round-trip")
    engine = open_engine(f"sqlite:///{folder / 'chorus.sqlite'}")
    upgrade(engine)
    publish(engine, folder / "study")
    desk = Desk(engine, settings_in(folder))
    desk.take(SCHOOLS, None)
    return desk


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=people, wave=st.sampled_from(["w1", "w2"]))
@pytest.mark.slow
def test_a_list_written_back_changes_nothing(shared: Desk, rows: list[Any], wave: str) -> None:
    said = table(rows)
    assert shared.problems(said, wave) == []
    shared.take(said, wave, yes=["left"])
    listed = {code for code, (_, _, left) in shared.where(wave).items() if not left}
    assert {row.split(",")[0] for row in said.splitlines()[1:]} <= listed
    out = io.StringIO()
    assert write_roster(shared.engine, "small-notes", wave, out) == len(listed)
    again = shared.look(out.getvalue(), wave)
    assert (again.problems, again.notes, again.changes) == ([], [], 0)
