"""Tables in files from outside: CSV and Excel workbooks, read cell by cell in a process of their own (survey.bounded).

Nothing here needs more than the standard library, so that the process starts quickly. `apart` asks for a reading,
`__main__` is the process that reads.
"""
