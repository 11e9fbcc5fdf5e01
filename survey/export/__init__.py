"""Files that leave the building: a workbook, or a zip of CSVs. No name can reach them: no name is read.

Nothing is imported here: a short list or a line of the audit needs neither the statistics nor the workbook's library,
which together take a second to load.
"""
