"""Chorus: questionnaire studies, from a YAML file to a form, an answer, a score and a spreadsheet."""

import os

# The matrices here are small: threads of the linear algebra only wait for each other (3.1 s instead of 0.4 s for the
# reliability of the demonstration's scales). It has to be said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
