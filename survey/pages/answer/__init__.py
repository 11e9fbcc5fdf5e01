"""Respondents' pages: enter, agree, answer, go back, stop, check, finish.

No page needs a script. A question page is the same for every respondent; which response an answer belongs to
is in the pass (one cookie), and the number of the save is in the address (``?n=3``), so that the page itself
stays constant and a second tap on Next is the same save again.
"""

from __future__ import annotations

from flask import Blueprint

from survey.pages.shield import refuse_foreign_posts

answer = Blueprint("answer", __name__)
answer.before_request(refuse_foreign_posts)

# The routes register themselves with the blueprint above.
from survey.pages.answer import ending, entry, files, look, questions  # noqa: E402, F401
