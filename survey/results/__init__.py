"""What was found, as it is shown: pictures with their tables, of findings as they leave survey/findings. Nothing is
computed here: numbers are formatted, and pictures are made of the same numbers.
"""
