"""How one group answered: the counts are those of the group, and all groups together give no small one away."""

from __future__ import annotations

import io
import itertools
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import openpyxl
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from survey.analysis import grouping
from survey.export.study import Export, StudyTables
from survey.findings.groups import NoSuchGroup
from tests.export.sample import FULL, NOW, Response, rows, source

PLAN = {
    "outcomes": ["pupil.joy"],
    "comparison": {"between": "arm", "programme": "programme"},
    "subgroups": ["sex", "fsm", "year"],
}
GROUPS = ("arm=programme", "arm=comparison", "sex=f", "sex=m", "fsm=no", "fsm=yes")


def tables(given: Sequence[Response], group: str | None, threshold: int = 3) -> StudyTables:
    made = Export(source(*given, plan=PLAN, disclosure={"threshold": str(threshold)}), NOW, chosen=group).tables()
    assert made is not None
    return made


def sheet(given: Sequence[Response], group: str | None, threshold: int = 3) -> list[dict[str, Any]]:
    items = tables(given, group, threshold).items
    assert items is not None
    return [dict(zip(items.header, row, strict=True)) for row in items.rows]


def people(seed: int, number: int, often: Sequence[int] = ()) -> list[Response]:
    """Children of two waves, who are few in one way or another. often: how often each answer is given."""
    rng = random.Random(seed)
    often = often or [rng.choice((1, 3, 9)) for _ in range(3)]
    return [
        Response(
            f"{seed}-{n}",
            FULL | {"sing": rng.choices((1, 2, 3), often)[0]},
            wave=rng.choice(("w1", "w1", "w2")),
            participant=f"P{n}",
            arm=rng.choice(("programme", "comparison")),
            facts={"year": rng.choice((4, 5)), "sex": rng.choice("ffm"), "fsm": rng.random() < 0.3},
        )
        for n in range(number)
    ]


def is_in(one: Response, group: str | None) -> bool:
    if group is None:
        return True
    by, code = group.split("=")
    return str({True: "yes", False: "no"}.get(one.facts.get(by), one.facts.get(by)) if by != "arm" else one.arm) == code


def test_the_answers_of_a_group_are_counted() -> None:
    given = people(1, 400, (1, 1, 1))
    for group in GROUPS:
        found = [row for row in sheet(given, group) if row["variable"] == "sing"]
        for wave in ("w1", "w2"):
            mine = Counter(one.answers["sing"] for one in given if is_in(one, group) and one.wave == wave)
            told = {row["code"]: row["count"] for row in found if row["row"] == "answer" and row["wave"] == wave}
            assert told == {str(code): mine[code] for code in (1, 2, 3)}
            (question,) = [row for row in found if row["row"] == "question" and row["wave"] == wave]
            assert question["answered"] == question["asked"] == mine.total()
            assert question["mean"] == pytest.approx(sum(code * n for code, n in mine.items()) / mine.total())
        assert {row["wave"] for row in found} == {"w1", "w2"}, "sums over waves would be parts of one another"


def test_a_question_of_which_everyones_counts_are_hidden_is_hidden_for_all_groups() -> None:
    given = [Response(f"a{n}", FULL | {"sing": 1 if n < 2 else 2 + n % 2}, participant=f"P{n}") for n in range(90)]
    given += [Response(f"b{n}", FULL | {"sing": 2 + n % 2}, participant=f"Q{n}", arm="comparison") for n in range(90)]
    found = [row for row in sheet(given, "arm=comparison") if row["variable"] == "sing"]
    assert [row["count"] for row in found if row["row"] == "answer"] == [None, None, None]
    assert [row["remark"] for row in found] == ["hidden"] * 4


def test_a_question_that_routing_passed_by_for_a_few_of_a_group_tells_nothing_of_them() -> None:
    """Whoever does not play is not asked for the instrument: all girls less those asked would be the few who do not."""
    given = [
        Response(
            f"{sex}{n}",
            FULL | {"sing": 1 + n % 3, "plays": 0 if n < few else 1, "instrument": 1 + n % 2},
            participant=f"{sex}{n}",
            facts={"sex": sex},
        )
        for sex, few in (("f", 1), ("m", 30))
        for n in range(60)
    ]
    girls = {row["variable"]: row for row in sheet(given, "sex=f") if row["row"] == "question"}
    assert (girls["sing"]["asked"], girls["plays"]["asked"], girls["instrument"]["asked"]) == (60, None, None)


def test_who_is_few_is_in_no_figure_of_a_group() -> None:
    given = [Response(f"{n}", FULL | {"sing": 1 + n % 3}, facts={"sex": "fm"[n > 4]}) for n in range(80)]
    for group in ("sex=f", "sex=m"):
        made = tables(given, group, threshold=10)
        assert all(one.found is None for one in made.findings.means)
        assert made.items is not None
        counts = [row[made.items.header.index("count")] for row in made.items.rows]
        assert set(counts) == {None}


def test_the_workbook_of_a_group_is_about_nobody_else() -> None:
    given = people(1, 400)
    out = io.BytesIO()
    Export(source(*given, plan=PLAN, disclosure={"threshold": "3"}), NOW, chosen="sex=f").write("tables", out)
    book = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    assert {"Means", "Items", "Notes"} <= set(book.sheetnames)
    assert not {"Scales", "Scale items", "Counts", "Fieldwork", "Subgroups", "Change"} & set(book.sheetnames)
    told = [row["count"] for row in rows(book, "Items") if row["variable"] == "sing" and row["row"] == "answer"]
    assert told == [
        row["count"] for row in sheet(given, "sex=f") if row["variable"] == "sing" and row["row"] == "answer"
    ]
    readme = {str(row[0].value): row[1].value for row in book.worksheets[0].iter_rows(min_row=1, max_col=2)}
    assert readme["Filters"] == "only Girl (sex=f)"


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("sex=x", "'x' is not a group by sex. There are: sex=f, sex=m."),
        ("sxe=f", "The people of sample cannot be grouped by 'sxe'. Did you mean 'sex'?"),
        ("fsm=", "There are: fsm=no, fsm=yes."),
        ("year=9", "No one in sample is in the group year=9. There are: year=4, year=5."),
    ],
)
def test_a_group_that_the_study_cannot_have_is_refused_with_those_it_has(group: str, said: str) -> None:
    with pytest.raises(NoSuchGroup) as refused:
        tables(people(1, 30), group)
    assert said in str(refused.value)


# ── an attacker, who reads everyone and every group ──
def worked_out(given: Sequence[Response], threshold: int) -> list[str]:
    """Return every small count of a group that is narrowed down by all sheets together, in all waves."""
    places = list(itertools.product(("w1", "w2"), *(GROUPS[at : at + 2] for at in (0, 2, 4)), (1, 2, 3)))
    truth = Counter(
        (
            one.wave,
            *(next(name for name in GROUPS[at : at + 2] if is_in(one, name)) for at in (0, 2, 4)),
            one.answers["sing"],
        )
        for one in given
    )

    def who(wave: str | None, group: str | None, code: int | None) -> np.ndarray:
        return np.array(
            [
                float(wave in (None, place[0]) and (group is None or group in place) and code in (None, place[4]))
                for place in places
            ]
        )

    sums, numbers = [], []
    for group in (None, *GROUPS):
        for row in sheet(given, group, threshold):
            if row["variable"] == "sing" and row["row"] in ("question", "answer"):
                number = row["count"] if row["row"] == "answer" else row["answered"]
                if number is not None:
                    wave = None if row["wave"] == "all" else row["wave"]
                    sums.append(who(wave, group, int(row["code"]) if row["row"] == "answer" else None))
                    numbers.append(number)
    if not sums:
        return []
    found = []
    for wave, group, code in itertools.product(("w1", "w2"), (None, *GROUPS), (1, 2, 3)):
        wanted = who(wave, group, code)
        small = sum(truth[place] for place, counts in zip(places, wanted.tolist(), strict=True) if counts)
        if small >= threshold:
            continue
        known = LinearConstraint(np.array(sums), numbers, numbers)
        ends = [
            milp(sign * wanted, constraints=known, bounds=Bounds(0, 5000), integrality=np.ones(len(places))).x @ wanted
            for sign in (1, -1)
        ]
        if round(ends[0]) > 0 or round(ends[1]) < threshold - 1:
            found.append(f"{wave}, {group}, {code}: {round(ends[0])} to {round(ends[1])}")
    return found


@pytest.mark.slow
def test_everyone_and_all_groups_together_give_no_small_count_away() -> None:
    hidden = 0
    for seed in range(4):
        given = people(seed, 60 + 30 * seed)
        assert worked_out(given, 5) == [], seed
        hidden += sum(row["remark"] == "hidden" for row in sheet(given, "sex=f", 5))
    assert hidden > 50, "these studies are small enough for something to be hidden"


@pytest.mark.slow
def test_the_attacker_finds_a_group_that_is_hidden_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the test above."""
    given = [
        Response(
            f"{n}",
            FULL | {"sing": 1 + n % 3},
            arm="comparison" if n < 12 else "programme",
            facts={"sex": "fm"[n % 2], "fsm": n % 3 == 0},
        )
        for n in range(90)
    ]
    assert worked_out(given, 5) == []
    monkeypatch.setattr(grouping._Way, "hide_enough", lambda way: None)
    monkeypatch.setattr(grouping, "_hide_between", lambda *ways: False)
    monkeypatch.setattr(
        grouping._Way,
        "shown",
        property(
            lambda way: frozenset(
                name for name, hidden in zip(way._names, way.hidden.tolist(), strict=True) if name and not hidden
            )
        ),
    )
    assert any("arm=comparison" in one for one in worked_out(given, 5))
