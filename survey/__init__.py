"""Chorus: questionnaire studies, from a YAML file to a form, an answer, a score and a spreadsheet."""
