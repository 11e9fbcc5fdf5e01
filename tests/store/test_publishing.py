"""A published version stays as it is."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from survey.database import Engine, session
from survey.fieldwork import (
    UnknownStudy,
    VersionTaken,
    current,
    publish,
    publish_study,
    published,
    study_by_code,
    text_of,
)
from survey.fieldwork.publications import text_beginning
from tests.store.field import NOW, SHA, TEXT, Field


def put(engine: Engine, version: int, text: str, questionnaire: str = "pupil") -> bool:
    with session(engine) as db:
        return publish(db, "music", questionnaire, version, text, NOW)


def test_the_same_text_again_is_nothing_new(engine: Engine, field: Field) -> None:
    assert put(engine, 1, TEXT) is False
    assert len(published(engine, field.study.id)) == 1


def test_another_text_under_a_used_number_is_refused_in_a_sentence(engine: Engine, field: Field) -> None:
    with pytest.raises(VersionTaken) as refusal:
        put(engine, 1, "another text")
    assert str(refusal.value) == (
        "pupil: version 1 is already published with a different text. Answers belong to it, so it cannot change. "
        "Please set 'version: 2' in pupil.yaml and publish again."
    )
    assert text_of(engine, sha256(b"another text").hexdigest()) is None, "nothing of it was kept"
    assert text_of(engine, SHA) == TEXT


def test_a_number_lower_than_the_newest_is_refused(engine: Engine, field: Field) -> None:
    put(engine, 5, "five")
    with pytest.raises(VersionTaken, match=r"version 3 is lower than the published version 5.*'version: 6'"):
        put(engine, 3, "three")
    assert put(engine, 1, TEXT) is False, "but an old version that is there is there"


def test_the_current_text_is_that_of_the_highest_version(engine: Engine, field: Field) -> None:
    put(engine, 2, "two")
    put(engine, 10, "ten")
    put(engine, 1, "parents", "parent")
    assert current(engine, field.study.id) == {
        "pupil": sha256(b"ten").hexdigest(),
        "parent": sha256(b"parents").hexdigest(),
    }
    assert [one.version for one in published(engine, field.study.id, "pupil")] == [1, 2, 10]
    assert published(engine, field.study.id, "pupil")[0].published_at - NOW == timedelta()


def test_a_text_is_found_by_the_beginning_of_its_sum(engine: Engine, field: Field) -> None:
    assert text_beginning(engine, SHA[:12]) == (SHA, TEXT)
    assert text_beginning(engine, "%") is None
    put(engine, 2, "two")
    assert text_beginning(engine, "") is None


def test_a_study_nobody_made_has_no_publications(engine: Engine, field: Field) -> None:
    with pytest.raises(UnknownStudy, match="no study 'maths'"), session(engine) as db:
        publish(db, "maths", "pupil", 1, TEXT)


def test_the_text_of_the_study_is_kept_too(engine: Engine, field: Field) -> None:
    for text, new in (("one", True), ("one", False), ("two", True), ("one", True)):
        with session(engine) as db:
            assert publish_study(db, "music", text) is new
    with session(engine) as db:
        study = study_by_code(db, "music")
        assert study is not None
        assert study.sha256 == sha256(b"one").hexdigest()
    assert text_of(engine, sha256(b"two").hexdigest()) == "two"
