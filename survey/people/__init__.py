"""People who sign in: accounts, what each may do where, invitations, second factors, and how guessing is slowed."""

from survey.people.accounts import Grant, NotPossible, User
from survey.people.attempts import Attempt
from survey.people.grants import (
    ADMINISTRATOR,
    COORDINATOR,
    LEAD,
    RESEARCHER,
    ROLES,
    GivenRole,
    Giver,
    given,
)
from survey.people.links import CoordinatorLink
from survey.people.outstanding import Invitation
from survey.people.second import RecoveryCode

__all__ = [
    "ADMINISTRATOR",
    "COORDINATOR",
    "LEAD",
    "RESEARCHER",
    "ROLES",
    "Attempt",
    "CoordinatorLink",
    "GivenRole",
    "Giver",
    "Grant",
    "Invitation",
    "NotPossible",
    "RecoveryCode",
    "User",
    "given",
]
