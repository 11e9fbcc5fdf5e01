"""Linking to data from outside: pupil numbers are checked and hashed under a key kept apart, and never stored."""

from __future__ import annotations

import hashlib
import hmac
import io
from pathlib import Path

import pytest

from survey.audit import COMMAND_LINE, LogFilter, entries
from survey.database import Engine
from survey.fieldwork.roster import make_key, write_linkage
from survey.fieldwork.roster.identifiers import is_person, is_upn, kind_of_identifier
from survey.problems import Refused
from tests.rosters.small_field import NOW, SCHOOLS, Desk, publish, settings_in

LINKED = "linkage: {identifier: upn}\n"
WITH_UPNS = "participant,school,upn\np1,s1,P207000016049\np2,s1,b8012 0000 5001\np3,s2,\n"


@pytest.fixture
def linked(engine: Engine, tmp_path: Path) -> Desk:
    """A desk of a study that links, with its key in a folder of its own."""
    (tmp_path / "apart").mkdir()
    publish(engine, tmp_path / "study", LINKED)
    key = tmp_path / "apart" / "linkage.key"
    make_key(key, settings_in(tmp_path))
    desk = Desk(engine, settings_in(tmp_path, key))
    desk.take(SCHOOLS, None)
    return desk


def hashes(desk: Desk) -> dict[str, str]:
    out = io.StringIO()
    write_linkage(desk.engine, "small-notes", out, COMMAND_LINE, NOW)
    return dict(line.split(",") for line in out.getvalue().splitlines()[1:])  # type: ignore[misc]


def expected(desk: Desk, upn: str) -> str:
    """The hash, worked out as the linking office would."""
    assert desk.settings.linkage_key is not None
    key = bytes.fromhex(desk.settings.linkage_key.read_text().strip())
    return hmac.new(key, f"small-notes:{upn}".encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "upn",
    [
        "B801200005001",  # 8×2 + 1×4 + 2×5 + 5×10 + 1×13 = 93, which is 4×23 + 1: the second letter
        "P207000016049",  # 2×2 + 7×4 + 1×9 + 6×10 + 4×12 + 9×13 = 266, which is 11×23 + 13
        "A00000000000A",  # a temporary number: its last letter counts, A as 0
        "P00000000000B",  # 1×13
    ],
)
def test_a_right_check_letter(upn: str) -> None:
    assert is_upn(upn)
    others = [letter for letter in "ABCDEFGHJKLMNPQRTUVWXYZ" if letter != upn[0]]
    assert not any(is_upn(letter + upn[1:]) for letter in others)


@pytest.mark.parametrize(
    "no_upn", ["", "I801200005001", "B80120000500", "B8012000050011", "B80120000500O", "b801200005001"]
)
def test_what_is_no_pupil_number(no_upn: str) -> None:
    assert not is_upn(no_upn)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("zoe@example.org", "an e-mail address"),
        ("@ zoe@example.org", "an e-mail address"),
        ("4a @ noon, ask zoe@example.org", "an e-mail address"),
        ("a@@b.org c@d.org", "an e-mail address"),
        ("4a @ noon", ""),
        ("zoe@example", ""),
        ("@example.org", ""),
        ("zoe @example.org", ""),
        ("@", ""),
        ("Robins (P207000016049)", "a unique pupil number"),
        ("robins p207000016049", "a unique pupil number"),
        ("P207000016048", ""),
        ("XP207000016049", ""),
        ("P2070000160491", ""),
        ("", ""),
    ],
)
def test_what_says_who_someone_is_is_found_within_a_text(text: str, what: str) -> None:
    assert kind_of_identifier(text) == what


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Miss Honey", True),
        ("4b (Mr. Brown)", True),
        ("class of Dr Who", True),
        ("MRS Oak", True),
        ("Frau Ei", True),
        ("Mr X", False),
        ("Missouri", False),
        ("4 Mr", False),
        ("Robins", False),
    ],
)
def test_a_title_that_names_a_person_is_known(text: str, person: bool) -> None:
    assert is_person(text) is person


def test_only_the_keyed_hash_is_stored(linked: Desk) -> None:
    linked.take(WITH_UPNS)
    assert hashes(linked) == {"p1": expected(linked, "P207000016049"), "p2": expected(linked, "B801200005001")}
    if linked.engine.dialect.name == "sqlite":
        held = Path(str(linked.engine.url.database)).read_bytes()
        assert b"P207000016049" not in held
        assert b"B801200005001" not in held
    assert linked.take(WITH_UPNS).changes == 0
    line = next(entries(linked.engine, LogFilter(what="exported linkage hashes")))
    assert line.details == {"participants": 2}


def test_a_wrong_check_letter_is_said_and_not_quoted(linked: Desk) -> None:
    (said,) = linked.problems("participant,school,upn\np1,s1,Q207000016049\n")
    assert said.startswith("row 2, column C (upn): This is not a unique pupil number")
    assert "2070" not in said


def test_one_child_with_two_codes_is_found_in_the_list_and_in_the_study(linked: Desk) -> None:
    twice = "participant,school,upn\np1,s1,P207000016049\np9,s1,P207000016049\n"
    message = "p1 and p9 have the same identifier. Either one child has two codes, or the identifier is in the wrong row: please correct it."
    assert linked.problems(twice) == [f"row 3, column C (upn): {message}"]
    linked.take(WITH_UPNS)
    assert linked.problems("participant,school,upn\np9,s2,P207000016049\n") == [f"row 2, column C (upn): {message}"]


def test_another_number_for_the_same_child_is_left_aside_unless_corrected(linked: Desk) -> None:
    linked.take(WITH_UPNS)
    other = "participant,school,upn\np1,s1,P00000000000B\np2,s1,\n"
    preview = linked.take(other)
    assert "p1 had a different identifier on an earlier roster, and that one is kept." in str(preview.notes[0])
    assert hashes(linked)["p1"] == expected(linked, "P207000016049")
    assert linked.take(other, correct=True).corrected == 1
    assert hashes(linked) == {"p1": expected(linked, "P00000000000B"), "p2": expected(linked, "B801200005001")}


def test_an_identifier_in_another_column_is_refused_in_a_study_that_links_too(linked: Desk) -> None:
    (said,) = linked.problems("participant,school,upn,class\np1,s1,,P207000016049\n")
    assert said.startswith("row 2, column D (class): This cell has what looks like a unique pupil number in it.")


def test_without_a_key_nothing_is_hashed(linked: Desk, tmp_path: Path) -> None:
    desk = Desk(linked.engine, settings_in(tmp_path))
    with pytest.raises(Refused, match=r"Please make one with\s`survey roster key FILE`"):
        desk.look(WITH_UPNS)
    assert desk.problems("participant,school\np1,s1\n") == []


def test_the_key_is_kept_apart_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.instance.mkdir()
    with pytest.raises(Refused, match="must not be in the instance folder"):
        make_key(settings.instance / "key", settings)
    file = tmp_path / "key"
    make_key(file, settings)
    assert file.stat().st_mode & 0o077 == 0
    before = file.read_text()
    with pytest.raises(Refused, match="already exists"):
        make_key(file, settings)
    assert file.read_text() == before


@pytest.mark.parametrize("content", ["", "not hexadecimal", "ab" * 16])
def test_a_key_that_is_none_is_refused(linked: Desk, content: str) -> None:
    assert linked.settings.linkage_key is not None
    linked.settings.linkage_key.write_text(content)
    with pytest.raises(Refused, match="key"):
        linked.look(WITH_UPNS)


def test_a_study_that_does_not_link_gives_no_hashes(desk: Desk) -> None:
    with pytest.raises(Refused, match="links to no data from outside"):
        hashes(desk)
