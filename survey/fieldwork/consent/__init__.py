"""Consent as a ledger: the information sheets, to whom they were sent, and what was decided about whom.

Nothing here is ever changed or taken away: a line is added, and what holds now is computed from the lines. The database
itself refuses anything else. In short (docs/consent.md says it at length):

- of two decisions of one person that speak of a wave, the one given later holds; of the same day, the one recorded
  later;
- a no stands until the same person says yes, or a decision says how it was resolved: two parents may disagree, and a
  later yes of one does not undo the other's no;
- a withdrawal stands until the same person says yes on a later day, or a later decision says how it was resolved;
- a yes counts only from whom the study lets decide; a no and a withdrawal count from anyone;
- without any decision, opt-in means no, and opt-out means yes once the information sheet was sent out.
"""

from survey.fieldwork.consent.foreseen import who_would_disagree
from survey.fieldwork.consent.ledger import (
    AssentGiven,
    Decision,
    LedgerEntry,
    add_decision,
    decide,
    ledger_of,
    ledger_of_all,
    record_assent,
)
from survey.fieldwork.consent.lists import COLUMNS, WHY, ConsentState, counts, rows, standings
from survey.fieldwork.consent.sheets import SentSheet, issued, issues_of, keep_sheets, sheets_of
from survey.fieldwork.consent.standing import (
    NotAgreed,
    Standing,
    must_agree,
    state_of,
    still_agreed,
    withdrawn_for_good,
)
from survey.fieldwork.consent.study import (
    InStudy,
    StudyRow,
    children_of,
    parents_by_child,
    parents_of,
    plan_of,
    school_id_of,
    schools_of,
    study_row,
    time_zone_of,
    today,
)
from survey.fieldwork.consent.tables import (
    DECIDERS,
    PARENTS,
    RESOLVED,
    SAYS,
    SCOPES,
    WAYS,
    BadDecision,
    By,
    How,
    Resolved,
    Says,
    Scope,
    decision,
)

__all__ = [
    "COLUMNS",
    "DECIDERS",
    "PARENTS",
    "RESOLVED",
    "SAYS",
    "SCOPES",
    "WAYS",
    "WHY",
    "AssentGiven",
    "BadDecision",
    "By",
    "ConsentState",
    "Decision",
    "How",
    "InStudy",
    "LedgerEntry",
    "NotAgreed",
    "Resolved",
    "Says",
    "Scope",
    "SentSheet",
    "Standing",
    "StudyRow",
    "add_decision",
    "children_of",
    "counts",
    "decide",
    "decision",
    "issued",
    "issues_of",
    "keep_sheets",
    "ledger_of",
    "ledger_of_all",
    "must_agree",
    "parents_by_child",
    "parents_of",
    "plan_of",
    "record_assent",
    "rows",
    "school_id_of",
    "schools_of",
    "sheets_of",
    "standings",
    "state_of",
    "still_agreed",
    "study_row",
    "time_zone_of",
    "today",
    "who_would_disagree",
    "withdrawn_for_good",
]
