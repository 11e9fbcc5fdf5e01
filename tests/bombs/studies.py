"""Folders of a study made to stop their reader: file name -> content."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

Folder = dict[str, bytes]

STUDY = """\
study: small-notes
title: Small notes
retention: {delete_on: 2099-12-31}
access: {tables: [researcher], microdata: [researcher]}
arms:
  - {arm: programme, title: Programme}
  - {arm: comparison, title: Comparison}
waves:
  - {wave: w1, title: First, opens: 2025-09-01, closes: 2025-10-01}
fieldwork:
  - {questionnaire: singing, audience: parent, waves: [w1]}
"""
SINGING = """\
questionnaire: singing
version: 1
title: Singing
audience: parent
reader: {age: 30}
languages: [en]
pages:
  - page: one
    questions:
      - {question: sings, kind: yes_no, ask: Does your child sing?}
"""
MANY = 4_000


def folder(study: str = STUDY, singing: str = SINGING, **more: str) -> Folder:
    """Return a small study; more: other files, with two underscores for each dot of their names."""
    files = {
        "study.yaml": study,
        "singing.yaml": singing,
        **{name.replace("__", "."): text for name, text in more.items()},
    }
    return {name: text.encode() for name, text in files.items()}


def unknown_keys_in_the_study() -> Folder:
    return folder(STUDY + "".join(f"retentio{n}: 1\n" for n in range(MANY)))


def unknown_keys_in_a_questionnaire() -> Folder:
    return folder(singing=SINGING.replace("pages:", "".join(f"audienc{n}: 1\n" for n in range(MANY)) + "pages:"))


def unknown_keys_in_a_question() -> Folder:
    keys = ", ".join(f"as{n}: x" for n in range(MANY))
    return folder(singing=SINGING.replace("kind: yes_no,", f"kind: yes_no, {keys},"))


def unknown_texts_in_a_translation() -> Folder:
    texts = "".join(f"  sing{n}: {{ask: x}}\n" for n in range(MANY))
    welsh = f"questionnaire: singing\nlanguage: cy\nreviewed: yes\nquestions:\n{texts}"
    return folder(singing=SINGING.replace("[en]", "[en, cy]"), singing__cy__yaml=welsh)


def nothing_in_a_hundred_thousand_items() -> Folder:
    return folder(STUDY + "programmes:\n" + "  -\n  - x\n" * 50_000)


def aliases_by_the_thousand() -> Folder:
    return folder(STUDY + f"programmes: [{'*a, ' * 100_000}]\n")


def brackets_in_brackets() -> Folder:
    return folder(STUDY + "programmes: " + "[" * 500_000)


def dashes_in_dashes() -> Folder:
    return folder(STUDY + "programmes:\n  " + "- " * 400_000 + "x: y: z\n")


def one_long_line_that_cannot_be_read() -> Folder:
    """To say what is wrong, a search begins again at each of its blanks."""
    return folder(STUDY + "programmes: x\n" + " " * 300_000 + "y: z\n")


def a_text_that_never_ends() -> Folder:
    return folder(STUDY.replace("Small notes", "x " * 400_000))


def a_key_that_never_ends() -> Folder:
    return folder(STUDY + "? " + "x" * 900_000 + "\n: y\n")


def a_number_of_many_digits() -> Folder:
    return folder(singing=SINGING.replace("version: 1", "version: " + "9" * 900_000))


def languages_by_the_thousand() -> Folder:
    return folder(singing=SINGING.replace("[en]", "[en, " + ", ".join(f"x{n}" for n in range(20_000)) + "]"))


def pages_by_the_thousand() -> Folder:
    pages = "".join(
        f"  - page: p{n}\n    questions:\n      - {{question: q{n}, kind: yes_no, ask: 'Do you?', when: {{q1: yes}}}}\n"
        for n in range(1, 2_000)
    )
    return folder(singing=SINGING + pages)


def the_same_question_by_the_thousand() -> Folder:
    question = "      - {question: sings, kind: yes_no, ask: Does your child sing?}\n"
    return folder(singing=SINGING + question * 2_000)


def options_by_the_thousand() -> Folder:
    options = ", ".join(f"{n}: 'word {n}'" for n in range(20_000))
    return folder(singing=SINGING.replace("kind: yes_no,", f"kind: choice, options: {{{options}}},"))


def marks_in_a_title() -> Folder:
    return folder(STUDY.replace("Small notes", "a" + "\u0301\u0327" * 200_000))


def questionnaires_by_the_hundred() -> Folder:
    return folder(**{f"q{n}__yaml": SINGING.replace("singing", f"q{n}") for n in range(390)})


FOLDERS: tuple[Callable[[], Folder], ...] = (
    unknown_keys_in_the_study,
    unknown_keys_in_a_questionnaire,
    unknown_keys_in_a_question,
    unknown_texts_in_a_translation,
    nothing_in_a_hundred_thousand_items,
    aliases_by_the_thousand,
    brackets_in_brackets,
    dashes_in_dashes,
    one_long_line_that_cannot_be_read,
    a_text_that_never_ends,
    a_key_that_never_ends,
    a_number_of_many_digits,
    languages_by_the_thousand,
    pages_by_the_thousand,
    the_same_question_by_the_thousand,
    options_by_the_thousand,
    marks_in_a_title,
    questionnaires_by_the_hundred,
)


def packed(files: Folder) -> bytes:
    """Return a zip of a folder."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def entries_by_the_thousand() -> bytes:
    """So many entries that the list of them alone takes half a gigabyte once it is read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for n in range(30_000):
            archive.writestr(zipfile.ZipInfo(f"{n}"), b"")
    return file.getvalue()


def unpacks_to_more_than_is_kept() -> bytes:
    return packed({**folder(), "pictures/large.png": b" " * 60_000_000})


def unpacks_to_more_in_many_files() -> bytes:
    return packed({**folder(), **{f"pictures/p{n}.png": b" " * 4_900_000 for n in range(12)}})


def a_zip_in_a_zip() -> bytes:
    return packed({"inner.zip": packed(folder())})


def packed_in_another_way() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("study.yaml", STUDY)
    return file.getvalue()


def a_name_that_leads_out() -> bytes:
    return packed({"../../study.yaml": STUDY.encode()})


ZIPS: tuple[Callable[[], bytes], ...] = (
    entries_by_the_thousand,
    unpacks_to_more_than_is_kept,
    unpacks_to_more_in_many_files,
    a_zip_in_a_zip,
    packed_in_another_way,
    a_name_that_leads_out,
)
