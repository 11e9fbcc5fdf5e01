"""A study's folder that is made to stop its reader gets sentences: how many there are of them is bounded too."""

from __future__ import annotations

import io
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from survey.bounded import Exceeded
from survey.definition.apart import read_apart, verdict_of
from survey.definition.bundle import Bundle
from survey.definition.reading import read_folder
from survey.definition.unpacking import CannotUnpack
from survey.problems import MOST_PROBLEMS, errors
from tests.bombs import studies as bombs

HANGS = 30.0
"""Seconds for what takes one or two: where time went by the square, it took minutes."""


def laid(folder: bombs.Folder, place: Path) -> Path:
    place.mkdir(exist_ok=True)
    for name, content in folder.items():
        (place / name).write_bytes(content)
    return place


@pytest.mark.parametrize("bomb", bombs.FOLDERS[:10], ids=lambda bomb: bomb.__name__)
def test_a_folder_made_to_stop_its_reader_gets_sentences(bomb: Callable[[], bombs.Folder], tmp_path: Path) -> None:
    """Read as the command line reads it, in its own process."""
    began = time.process_time()
    problems = read_folder(laid(bomb(), tmp_path)).problems
    assert time.process_time() - began < HANGS
    by_file = [[one for one in problems if one.path == path] for path in {one.path for one in problems}]
    assert problems
    assert all(len(of_file) <= MOST_PROBLEMS + 10 for of_file in by_file)
    assert all(len(one.message) < 1_000 for one in problems)


def test_of_many_problems_the_first_are_told_and_that_there_are_more(tmp_path: Path) -> None:
    problems = errors(read_folder(laid(bombs.unknown_keys_in_the_study(), tmp_path)).problems)
    assert len(problems) == MOST_PROBLEMS + 1
    assert "'retentio0'" in problems[0].message
    assert "'retentio199'" in problems[-2].message
    assert problems[-1].message == (
        "only the first 200 problems in this file are listed. Please correct these, then check it again"
    )


def test_a_folder_is_read_apart_as_it_is_read_here(tmp_path: Path) -> None:
    here = laid(bombs.folder(), tmp_path / "study")
    verdict = read_apart(here)
    assert verdict.problems == read_folder(here.resolve()).problems
    assert verdict.study == bombs.STUDY
    assert [(one.id, one.title, one.number) for one in verdict.versions] == [("singing", "Singing", 1)]
    assert Bundle.parse(verdict.versions[0].text) == read_folder(here).questionnaires["singing"]
    assert verdict_of(io.BytesIO(verdict.kept().encode())) == verdict


@pytest.mark.parametrize(
    ("bomb", "said"),
    [
        (bombs.entries_by_the_thousand, "This zip has 30,000 files in it."),
        (bombs.unpacks_to_more_than_is_kept, "pictures/large.png is larger than 5 MB."),
        (bombs.unpacks_to_more_in_many_files, "makes the folder larger than 40 MB."),
        (bombs.a_zip_in_a_zip, "It does not contain a study."),
        (bombs.packed_in_another_way, "This file cannot be read as a zip."),
        (bombs.a_name_that_leads_out, "A file in it would be outside the folder."),
    ],
)
def test_a_zip_made_to_stop_its_reader_gets_a_sentence(bomb: Callable[[], bytes], said: str, tmp_path: Path) -> None:
    with pytest.raises(CannotUnpack, match=said):
        read_apart(tmp_path, bomb())
    assert list(tmp_path.iterdir()) == []


def test_a_long_list_of_entries_is_not_held_in_memory(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CannotUnpack):
        read_apart(tmp_path, bombs.entries_by_the_thousand())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024, "kilobytes"


def test_who_sent_a_folder_hears_that_it_took_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A second is not enough to start and to read all this.
    bounds = type(read_apart.__globals__["BOUNDS"])(cpu=1, seconds=0.05, memory=10**9, answer=10**6)
    monkeypatch.setattr("survey.definition.apart.BOUNDS", bounds)
    with pytest.raises(CannotUnpack, match="Reading this folder takes too long"):
        read_apart(laid(bombs.folder(), tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        ["problem", "study.yaml", "1", 1, "x", False],
        ["problem", "study.yaml", 1, 1, "x"],
        ["left_out", "study.yaml"],
        ["left_out", [1]],
        ["study", 1],
        ["version", "a", "b", "c", "en", 1, "x"],
        {"study": "x"},
        7,
    ],
)
def test_an_answer_that_is_none_is_not_believed(line: Any) -> None:
    with pytest.raises(Exceeded):
        verdict_of(iter([json.dumps(line).encode()]))
