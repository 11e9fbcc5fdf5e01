"""Trying a questionnaire out: its pages as a respondent sees them, with nothing kept.

What is tried out is a published version, a folder that waits in the office to be published, or the files of a folder as
they are just now (`survey preview`). Beside the walk through the questionnaire, its author sees all of it at once:
every page in a list, every state of a page on a sheet, all languages side by side, and the printed form.
"""

# The routes register themselves with the blueprint.
from survey.pages.trying import contents, languages, printed, states, walk  # noqa: F401
from survey.pages.trying.blueprint import trying

__all__ = ["trying"]
