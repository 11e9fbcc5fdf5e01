"""The process that unpacks and reads a study's folder: a line of JSON goes out for each thing that was found."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from survey.bounded import done, keep_within_bounds
from survey.definition.apart import QuestionnaireRead, Verdict
from survey.definition.bundle import Bundle
from survey.definition.reading import read_folder
from survey.definition.unpacking import CannotUnpack, from_zip, unpack
from survey.problems import errors


def _verdict(folder: Path, how: str) -> Verdict:
    left_out: list[str] = []
    if how == "unpack":
        left_out = unpack(from_zip(io.BytesIO(sys.stdin.buffer.read())), folder).left_out
    found = read_folder(folder)
    if errors(found.problems) or found.study is None:
        return Verdict(found.problems, left_out)
    versions = []
    for name, one in found.questionnaires.items():
        files = found.readings[name]
        sha256 = Bundle.of(files.data, files.translations, files.files).sha256
        text = Bundle.of(files.data, files.translations).text
        versions.append(
            QuestionnaireRead(name, one.title, one.audience, list(one.languages), one.version, sha256, text)
        )
    return Verdict(found.problems, left_out, found.study_text, versions)


def main() -> None:
    """Read the folder that the arguments name."""
    folder, how = keep_within_bounds()
    try:
        sys.stdout.write(_verdict(Path(folder), how).kept())
    except CannotUnpack as fault:
        sys.stdout.write(json.dumps(["refused", str(fault)]) + "\n")
    done()


if __name__ == "__main__":
    main()
