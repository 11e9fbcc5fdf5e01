"""Who is asked: schools, classes and participants from the tables people send."""

from survey.fieldwork.roster.uploads import upload

__all__ = ["upload"]
