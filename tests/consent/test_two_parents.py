"""A no or a withdrawal stands until the parent who gave it says yes, or a decision says how the two resolved it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert

from survey.audit import entries
from survey.database import read, write
from survey.fieldwork import Decision, kinship
from survey.fieldwork.consent import BadDecision, ledger_of, withdrawn_for_good
from survey.progress import Outcome, progress
from tests.consent.conftest import Lay
from tests.consent.study import NOW, consent
from tests.consent.test_consent_file import csv, look, states, take
from tests.consent.test_ledger import lets_in, state

EARLY, LATE = date(2025, 9, 10), date(2025, 10, 1)


def parent(says: str, which: str | None = None, on: date = EARLY, resolved: str | None = None, **more: str) -> Decision:
    """Return what a parent said: which one, if that is known."""
    return Decision(says, "parent", on, parent=which, resolved=resolved, **more)  # type: ignore[arg-type]


# what was recorded, in this order -> what holds in the first wave, and why
SAID: dict[str, tuple[list[Decision], tuple[str, str]]] = {
    "a no and a yes on one day": ([parent("no"), parent("yes")], ("no", "disagree")),
    "a yes and a no on one day": ([parent("yes"), parent("no")], ("no", "disagree")),
    "of two known parents on one day": ([parent("no", "first"), parent("yes", "second")], ("no", "disagree")),
    "a later yes of the other parent": ([parent("no", "first"), parent("yes", "second", LATE)], ("no", "disagree")),
    "a later yes of who knows which": ([parent("no"), parent("yes", None, LATE)], ("no", "disagree")),
    "a later no of the other parent": ([parent("yes", "first"), parent("no", "second", LATE)], ("no", "disagree")),
    "a later no of who knows which": ([parent("yes"), parent("no", None, LATE)], ("no", "decided")),
    "the same parent thinks otherwise": ([parent("no", "first"), parent("yes", "first", LATE)], ("yes", "decided")),
    "of the same parent on one day, the one recorded later": (
        [parent("no", "first"), parent("yes", "first")],
        ("yes", "decided"),
    ),
    "the same parent says no in the end": (
        [parent("yes", "first"), parent("no", "second"), parent("no", "first", LATE)],
        ("no", "decided"),
    ),
    "a yes of the other parent after a withdrawal": (
        [parent("withdrawn", "first"), parent("yes", "second", LATE)],
        ("withdrawn", "disagree"),
    ),
    "who withdrew says yes again": (
        [parent("withdrawn", "first"), parent("yes", "second", LATE), parent("yes", "first", LATE)],
        ("yes", "decided"),
    ),
    "the parents agree on a yes after a withdrawal": (
        [parent("withdrawn", "first"), parent("yes", "second", LATE), parent("yes", None, LATE, "agreed")],
        ("yes", "decided"),
    ),
    "a no and a yes of the other parent after a withdrawal": (
        [parent("withdrawn", "first"), parent("no", "second", LATE), parent("yes", "second", LATE)],
        ("withdrawn", "disagree"),
    ),
    "a yes of who knows which after a withdrawal": (
        [parent("withdrawn"), parent("yes", None, LATE)],
        ("withdrawn", "disagree"),
    ),
    "a yes of who knows which after a known parent withdrew": (
        [parent("withdrawn", "first"), parent("yes", None, LATE)],
        ("withdrawn", "disagree"),
    ),
    "a parent's yes after the child took everything back": (
        [Decision("withdrawn", "self", EARLY), parent("yes", "first", LATE)],
        ("withdrawn", "disagree"),
    ),
    "who withdrew says yes on the same day": (
        [parent("withdrawn", "first"), parent("yes", "first")],
        ("withdrawn", "decided"),
    ),
    "who withdrew has changed their mind": (
        [parent("withdrawn"), parent("yes", None, LATE, "changed mind")],
        ("yes", "decided"),
    ),
    "changed their mind on the day of the withdrawal": (
        [parent("withdrawn"), parent("yes", None, EARLY, "changed mind")],
        ("withdrawn", "decided"),
    ),
    "a withdrawal that is recorded after it was resolved": (
        [parent("no"), parent("yes", None, LATE, "agreed"), parent("withdrawn", "second")],
        ("withdrawn", "disagree"),
    ),
    "the parents agree on a no after a withdrawal": (
        [parent("withdrawn", "first"), parent("no", None, LATE, "agreed")],
        ("no", "decided"),
    ),
    "who said no has changed their mind": (
        [parent("no"), parent("yes", None, LATE, "changed mind")],
        ("yes", "decided"),
    ),
    "the parents agree on a yes": (
        [parent("no", "first"), parent("yes", "second"), parent("yes", None, LATE, "agreed")],
        ("yes", "decided"),
    ),
    "the parents agree on a no": (
        [parent("no", "first"), parent("yes", "second"), parent("no", None, LATE, "agreed")],
        ("no", "decided"),
    ),
    "a yes after they agreed on a no": (
        [parent("no", None, EARLY, "agreed"), parent("yes", "second", LATE)],
        ("no", "disagree"),
    ),
    "a no after it was resolved": ([parent("yes", None, EARLY, "agreed"), parent("no", None, LATE)], ("no", "decided")),
    "a no that is recorded after it was resolved": (
        [parent("no", "first"), parent("yes", None, LATE, "agreed"), parent("no", "second")],
        ("no", "disagree"),
    ),
    "a child's no and a parent's later yes": (
        [Decision("no", "self", EARLY), parent("yes", "first", LATE)],
        ("no", "disagree"),
    ),
    "a withdrawal after it was resolved": (
        [parent("no"), parent("yes", None, EARLY, "agreed"), parent("withdrawn", None, LATE)],
        ("withdrawn", "decided"),
    ),
    "a yes after a withdrawal, where a no stands": (
        [parent("no", "first"), parent("withdrawn", "first"), parent("yes", "second", LATE)],
        ("no", "disagree"),
    ),
    "a disagreement about another wave": (
        [parent("yes"), parent("no", None, EARLY, scope="wave", wave="w2")],
        ("yes", "decided"),
    ),
}


@pytest.mark.one_engine
@pytest.mark.parametrize("what", SAID)
def test_what_two_parents_said_and_whether_the_child_is_asked(lay: Lay, what: str) -> None:
    decisions, holds = SAID[what]
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", decisions)
    assert state(tuned) == holds
    assert lets_in(tuned) == (holds[0] == "yes")


def test_a_yes_of_the_other_parent_lets_no_fact_of_who_withdrew_be_kept_again(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    for code, which in (("P1", "first"), ("P2", "second"), ("P3", None)):
        tuned.decide(code, [parent("withdrawn", "first"), parent("yes", which, LATE)])
    tuned.decide("P4", [parent("withdrawn"), Decision("yes", "school", LATE)])
    with read(tuned.engine) as connection:
        assert withdrawn_for_good(connection, tuned.study.id) == {tuned.person(code) for code in ("P2", "P3", "P4")}


def test_who_decides_for_themselves_takes_back_the_no_another_said_for_them(lay: Lay) -> None:
    tuned = lay(consent("opt_in", "self"))
    tuned.decide("P1", [Decision("no", "school", EARLY), Decision("yes", "self", LATE)])
    assert state(tuned) == ("yes", "decided")


def test_a_school_that_decides_takes_back_its_own_no_and_not_a_parent_s(lay: Lay) -> None:
    tuned = lay(consent("opt_in", "school"))
    tuned.decide("P1", [Decision("no", "school", EARLY), Decision("yes", "school", LATE)])
    tuned.decide("P2", [parent("no"), Decision("yes", "school", LATE)])
    assert (state(tuned)[0], state(tuned, "P2")) == ("yes", ("no", "disagree"))


def test_a_child_whose_parents_disagree_counts_in_progress_as_one_who_said_no(lay: Lay) -> None:
    tuned = lay(consent("opt_in"))
    tuned.decide("P1", [parent("no", "first"), parent("yes", "second", LATE)])
    tuned.decide("P2", [parent("yes")])
    found = {
        line.participant: line.outcome for line in progress(tuned.engine, tuned.study.id, NOW).only(wave="w1").lines
    }
    assert found["P1"] is Outcome.REFUSED
    assert found["P2"] is not Outcome.REFUSED


def test_which_parent_it_was_is_theirs_by_the_roster(lay: Lay) -> None:
    tuned = lay(consent())
    with write(tuned.engine) as connection:
        pair = {"parent_id": tuned.person("R1"), "pupil_id": tuned.person("P1")}
        connection.execute(insert(kinship).values(**pair))
    tuned.decide("P1", [parent("no", "R1"), parent("yes", "R1", LATE)])
    assert state(tuned) == ("yes", "decided")
    with pytest.raises(BadDecision, match="'R2' is not a parent of this child on the roster"):
        tuned.decide("P1", [parent("no", "R2")])
    with pytest.raises(BadDecision, match="Only a parent's decision"):
        tuned.decide("P1", [Decision("no", "school", EARLY, parent="first")])
    with pytest.raises(BadDecision, match="cannot resolve"):
        tuned.decide("P1", [parent("withdrawn", None, EARLY, "agreed")])


def test_how_it_was_resolved_is_kept_with_who_recorded_it_and_when(lay: Lay) -> None:
    tuned = lay(consent())
    tuned.decide("P1", [parent("no"), parent("yes", "first", LATE, "changed mind")])
    with read(tuned.engine) as connection:
        line = ledger_of(connection, tuned.person("P1"))[-1]
    assert (line.parent, line.resolved, line.given_on) == ("first", "changed mind", LATE)
    assert (line.recorded_by, line.recorded_at) == ("command line", NOW)
    assert next(iter(entries(tuned.engine))).details["resolved"] == "changed mind"


# ---- a file -----------------------------------------------------------------------------------------------

BOTH = csv(
    "P1,no,2025-09-10,parent,first,", "P1,yes,2025-09-10,parent,second,", "P2,yes,2025-09-10,parent,,",
    header="participant,decision,date,by,parent,resolved",
)  # fmt: skip


def test_a_no_and_a_yes_in_one_file_are_said_before_it_is_imported_and_the_no_stands(lay: Lay) -> None:
    tuned = lay(consent())
    assert look(tuned, BOTH).disagree == ["P1"]
    take(tuned, BOTH)
    assert states(tuned) == "no yes missing missing"
    again = look(tuned, BOTH)
    assert (again.unchanged, again.new, again.disagree) == (3, [], [])


def test_which_parent_withdrew_is_kept_so_that_their_own_later_yes_counts(lay: Lay) -> None:
    tuned = lay(consent())
    header = "participant,decision,date,by,parent"
    take(tuned, csv("P1,withdrawn,2025-09-10,parent,first", "P2,withdrawn,2025-09-10,parent,first", header=header))
    again = look(tuned, csv("P1,withdrawn,2025-09-10,parent,first", header=header))
    assert (again.unchanged, again.new) == (1, [])
    later = csv("P1,yes,2025-09-20,parent,first", "P2,yes,2025-09-20,parent,", header=header)
    assert look(tuned, later).disagree == ["P2"]
    take(tuned, later)
    assert states(tuned) == "yes withdrawn missing missing"


def test_a_later_file_says_how_it_was_resolved(lay: Lay) -> None:
    tuned = lay(consent())
    take(tuned, BOTH)
    later = csv("P1,yes,2025-09-20,parent,agreed", header="participant,decision,date,by,resolved")
    unsaid = csv("P1,yes,2025-09-20,parent")
    assert look(tuned, unsaid).disagree == ["P1"]
    assert look(tuned, later).disagree == []
    take(tuned, later)
    assert states(tuned) == "yes yes missing missing"


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("P1,no,2025-09-10,parent,R1,", "row 2, column E (parent): 'R1' is not a parent of this child on the roster."),
        (
            "P1,no,2025-09-10,school,first,",
            "row 2, column E (parent): Only a parent's decision can say which parent it was.",
        ),
        ("P1,no,2025-09-10,parent,,perhaps", "row 2, column F (resolved): 'perhaps' is not one of"),
        (
            "P1,withdrawn,2025-09-10,parent,,agreed",
            "row 2, column F (resolved): A withdrawal cannot resolve conflicting decisions.",
        ),
    ],
)
def test_what_cannot_be_said_of_two_parents_is_refused_with_its_place(lay: Lay, row: str, message: str) -> None:
    tuned = lay(consent())
    seen = look(tuned, csv(row, header="participant,decision,date,by,parent,resolved"))
    assert message in str(seen.problems[0])
