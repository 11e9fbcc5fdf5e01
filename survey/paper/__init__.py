"""Questionnaires on paper: how they are printed, and how two people key in what was written on them."""
