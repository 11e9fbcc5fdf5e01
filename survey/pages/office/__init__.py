"""The researchers' pages: which studies there are, how many answered, and the data to take away."""

from __future__ import annotations

from survey.pages.office.views import office

__all__ = ["office"]
