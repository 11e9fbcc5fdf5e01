"""Those who sign in, as Flask-Security and the pages ask for them."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from survey.database import Engine, session
from survey.pages.account.datastore import FlaskUser
from survey.people import RESEARCHER, Grant, User


def test_two_people_cannot_share_an_address(engine: Engine) -> None:
    both = [User(email="ada@example.org", fs_uniquifier=one, password="secret hash") for one in "ab"]
    with pytest.raises(IntegrityError) as refusal, session(engine) as db:
        db.add_all(both)
    assert "secret hash" not in str(refusal.value)
    assert "ada@" not in str(refusal.value), "what is in a row does not get into a log"


def test_roles_are_what_was_granted(engine: Engine) -> None:
    with session(engine) as db:
        db.add(User(email="ada@example.org", fs_uniquifier="a", active=True, grants=[Grant(role=RESEARCHER)]))
    with session(engine) as db:
        ada = db.query(FlaskUser).one()
    assert ada.has_role(RESEARCHER)
    assert not ada.has_role("lead")
    assert ada.is_active


def test_with_an_account_go_its_grants(engine: Engine) -> None:
    with session(engine) as db:
        db.add(User(email="ada@example.org", fs_uniquifier="a", grants=[Grant(role=RESEARCHER)]))
    with session(engine) as db:
        db.delete(db.query(User).one())
    with session(engine) as db:
        assert db.query(Grant).count() == 0
