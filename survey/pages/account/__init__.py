"""Signing in, for people who do research. Respondents never do: a door is not an account.

Flask-Security keeps who is signed in, hashes passwords and knows roles; its own pages, and everything else it
could do, are left out. `guard(app, settings)` is all an app needs to call.
"""

from survey.pages.account import (  # noqa: F401 - their routes are what an app gets
    invitations,
    links,
    organisation,
    second,
    views,
)
from survey.pages.account.guard import guard, turned_away

__all__ = ["guard", "turned_away"]
