"""Answers from elsewhere: complete answers, coded, checked as a form checks them."""

from survey.intake.checking import Checker
from survey.intake.passed import response_of, saves_of
from survey.intake.taking import Taken, look, take_in

__all__ = ["Checker", "Taken", "look", "response_of", "saves_of", "take_in"]
