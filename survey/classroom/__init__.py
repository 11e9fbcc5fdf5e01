"""The classroom: cards, class sessions, joining one, and what a teacher sees and does during it. Never an answer."""

from survey.classroom.tables import card, class_session, help_given, let_in, sitting

__all__ = ["card", "class_session", "help_given", "let_in", "sitting"]
