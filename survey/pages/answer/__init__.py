"""Respondents' pages: enter, agree, answer, go back, stop, check, finish.

No page needs a script. A question page is the same for every respondent; which response an answer belongs to
is in the pass (one cookie), and the number of the save is in the address (``?n=3``), so that the page itself
stays constant and a second tap on Next is the same save again.
"""

# The routes register themselves with the blueprint.
from survey.pages.answer import children, device, ending, entry, files, joining, look, questions, school  # noqa: F401
from survey.pages.answer.blueprint import answer

__all__ = ["answer"]
