"""What was deleted is in no byte of the database's files, nor is what an answer was before it was changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from survey.audit import COMMAND_LINE
from survey.database import Engine, open_engine, scrub, upgrade
from survey.responses import SavedPage, assent, save, stop
from survey.responses.withdrawing import Withdrawal, withdraw
from tests.consent.study import NOW, SENTINEL, Tuned, lay_out

LONG = SENTINEL * 400


@pytest.fixture
def tuned(sqlite_url: str, tmp_path: Path) -> Iterator[Tuned]:
    engine = open_engine(sqlite_url)
    upgrade(engine)
    yield lay_out(engine, tmp_path / "study")
    engine.dispose()


def bytes_of(engine: Engine) -> bytes:
    file = Path(str(engine.url.database))
    return b"".join(part.read_bytes() for part in sorted(file.parent.glob(f"{file.name}*")))


def fill(tuned: Tuned, code: str, words: str) -> str:
    """Answer, change the answer often, so that earlier words lie about in the file."""
    its_id = tuned.begin(code)
    for number in range(1, 30):
        save(tuned.engine, its_id, SavedPage(1, number, "music", {"why": f"{number} {words}"}, now=NOW, ms=100))
    return its_id


ENDS: dict[str, Callable[[Tuned, str, str], object]] = {
    "withdrawn from all": lambda tuned, code, _: withdraw(
        tuned.engine,
        Withdrawal(scope="all", by="parent", participant_id=tuned.person(code)),
        actor=COMMAND_LINE,
        now=NOW,
    ),
    "withdrawn from the wave": lambda tuned, code, _: withdraw(
        tuned.engine,
        Withdrawal(scope="wave", by="self", participant_id=tuned.person(code), wave="w1"),
        actor=COMMAND_LINE,
        now=NOW,
    ),
    "deleted": lambda tuned, _, its_id: stop(tuned.engine, its_id, False, NOW),
    "declined": lambda tuned, _, its_id: assent(tuned.engine, its_id, False, NOW),
}


@pytest.mark.parametrize("words", [SENTINEL, LONG], ids=["short", "long"])
@pytest.mark.parametrize("end", list(ENDS))
def test_no_byte_is_left(tuned: Tuned, end: str, words: str) -> None:
    its_id = fill(tuned, "P1", words)
    kept = fill(tuned, "P2", "what someone else said")
    assert SENTINEL.encode() in bytes_of(tuned.engine)
    ENDS[end](tuned, "P1", its_id)
    found = bytes_of(tuned.engine)
    assert SENTINEL.encode() not in found
    assert b"what someone else said" in found
    assert kept


def test_someone_reading_delays_it_and_stops_nobody(tuned: Tuned) -> None:
    its_id = fill(tuned, "P1", SENTINEL)
    with tuned.engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT count(*) FROM response").scalar()
        stop(tuned.engine, its_id, False, NOW)
        assert not scrub(tuned.engine)
        reader.exec_driver_sql("COMMIT")
    assert scrub(tuned.engine)
    assert SENTINEL.encode() not in bytes_of(tuned.engine)
