"""The whole analysis of a study of 2,500 pupils in three waves, beside reading and scoring the same answers.

The study is the one of `survey demo`. Each measurement is in a process of its own, and the best of some runs is told,
in CPU seconds: this machine has other things to do.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from survey.cli import main
from survey.database import open_engine
from survey.demo import build, shipped_study
from survey.export.formats import FORMATS, TABLES
from survey.export.sink import Frame
from survey.export.store import Stored, analyse, export
from survey.export.study import Export

STUDY = "first-notes"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ONE = "pupil-ks2"
FEW = {"pupils": 60, "parents": 6, "staff": 6}
"""What is asked, and how many people there are, where the bench itself is tried; the plan has one outcome and one
subgroup then."""


def read_and_score(url: str, out: Path) -> None:
    """Read every answer and score it, and analyse nothing."""
    source = Export(Stored(open_engine(url), STUDY), NOW)
    sink = FORMATS[TABLES].sink(Frame(source.study, NOW, source.gaps.words, source.notes))
    out.write_text(str(sum(dataset.written for dataset in source.read(sink, FORMATS[TABLES]))))
    sink.close()


def findings(url: str, out: Path) -> None:
    """Analyse the study."""
    found = analyse(STUDY, open_engine(url), NOW)
    out.write_text(str(len(found.comparisons) if found else 0))


def tables(url: str, out: Path) -> None:
    """Write the workbook of tables, as `survey analyse` does."""
    with out.open("wb") as file:
        export(STUDY, open_engine(url), TABLES, file, NOW)


def _measured(
    what: Callable[[str, Path], None], url: str, out: Path, pipe: multiprocessing.connection.Connection
) -> None:
    before = time.process_time()
    what(url, out)
    pipe.send((time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def best(what: Callable[[str, Path], None], url: str, out: Path, runs: int, start: str) -> tuple[float, float]:
    """Return CPU seconds and the most memory (MB) of the best of some runs. start: how their processes start."""
    context = multiprocessing.get_context(start)
    found = []
    for _ in range(runs):
        mine, theirs = context.Pipe()
        process = context.Process(target=_measured, args=(what, url, out, theirs))
        process.start()
        found.append(mine.recv())
        process.join()
    return min(found)


def demonstration(folder: Path, *, small: bool) -> str:
    """Put the study of the demo into a folder, and return the address of its database. It is made once and copied."""
    shutil.copytree(_made(small), folder, dirs_exist_ok=True)
    return f"sqlite:///{folder / 'demo' / 'chorus.db'}"


_MADE = tempfile.TemporaryDirectory(prefix="chorus-bench-")
"""Where the studies are made; it goes when the bench ends."""


@cache
def _made(small: bool) -> Path:
    folder = Path(_MADE.name) / ("small" if small else "whole")
    study = folder / "questionnaires"
    shutil.copytree(shipped_study(), study)
    if small:
        _make_small(study)
    instance = {"CHORUS_INSTANCE": str(folder / "demo"), "DATABASE_URL": "", "SECRET_KEY": ""}

    def command(*words: object, **_: bool) -> None:
        done = CliRunner().invoke(main, [str(word) for word in words], env=instance, catch_exceptions=False)
        if done.exit_code:
            raise RuntimeError(done.output)

    (folder / "demo").mkdir()
    command("upgrade")
    build(command, study, folder / "demo", datetime.now(UTC))
    return folder


def _make_small(study: Path) -> None:
    """Leave one questionnaire of a study and some dozens of people: only that all of it runs is to be seen."""
    for file in study.glob("*.yaml"):
        if file.name.split(".")[0] not in ("study", ONE):
            file.unlink()
    text = (study / "study.yaml").read_text(encoding="utf-8")
    for what, number in FEW.items():
        text = re.sub(rf"^  {what}: \d+$", f"  {what}: {number}", text, flags=re.MULTILINE)
    # Hiding small counts safely is what costs most where there are few people.
    text = text.replace("threshold: 10", "threshold: 3")
    other = rf"(?!{ONE}\b)[\w-]+"
    for gone in (
        rf"  - {{questionnaire: {other},.*\n",  # fieldwork
        rf"  - questionnaire: {other}\n(    .*\n)+",
        rf"    - (?!{ONE}\.enjoyment\b)[\w-]+\.\w+\n",  # outcomes of the plan
        r"  questions:\n(    .*\n)+",
        r"  exposure:\n(    .*\n)+",
        rf"    (?!{ONE}\b|roster\b)[\w-]+\.\w+:.*\n(      - .*\n)*",  # what is pretended of them
    ):
        text = re.sub(f"^{gone}", "", text, flags=re.MULTILINE)
    text = re.sub(r"(subgroups: \[\w+).*\]", r"\1]", text)
    (study / "study.yaml").write_text(text, encoding="utf-8")


def run(*, small: bool = False) -> Iterator[str]:
    """Yield the figures. small: of a study of some dozens, to see that it runs."""
    # Of a process that is forked nothing has to be loaded again, and its memory is not its own.
    runs, start = (1, "fork") if small else (3, "spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = demonstration(folder, small=small)
        base, memory = best(read_and_score, url, folder / "read", runs, start)
        responses = int((folder / "read").read_text())
        yield f"{responses:,} responses read and scored: {base:.2f} s of CPU, {memory:.0f} MB"
        for title, what in (("analysed", findings), ("analysed, workbook of tables written", tables)):
            seconds, memory = best(what, url, folder / "out", runs, start)
            yield f"{title}: {seconds:.2f} s of CPU, {seconds / base:.2f} × reading and scoring, {memory:.0f} MB"
