"""Answers from another system: complete answers, coded, checked as a form checks them."""

from survey.intake.checking import Checker
from survey.intake.passed import saves_of, with_saves
from survey.intake.taking import Destination, Taken, import_answers, look

__all__ = ["Checker", "Destination", "Taken", "import_answers", "look", "saves_of", "with_saves"]
