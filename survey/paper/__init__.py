"""Questionnaires on paper: how they are printed, and how what was ticked is keyed in twice."""
