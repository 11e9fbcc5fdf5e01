"""Those who sign in, as Flask-Security keeps them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_security import Security, SQLAlchemySessionUserDatastore, hash_password
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import scoped_session, sessionmaker

from survey.database import Engine, session
from survey.people import RESEARCHER, Role, User, keep_roles


def test_roles_are_made_once_and_kept_up_to_date(engine: Engine) -> None:
    for description in ("Sees tables", "Sees tables and rows"):
        with session(engine) as db:
            keep_roles(db, {RESEARCHER: (description, ["tables"])})
    with session(engine) as db:
        roles = keep_roles(db, {"administrator": ("Does all", ["tables", "people"])})
    assert {name: (role.description, role.permissions) for name, role in roles.items()} == {
        RESEARCHER: ("Sees tables and rows", ["tables"]),
        "administrator": ("Does all", ["tables", "people"]),
    }


def test_two_people_cannot_share_an_address(engine: Engine) -> None:
    both = [User(email="ada@example.org", fs_uniquifier=one, password="secret hash") for one in "ab"]
    with pytest.raises(IntegrityError) as refusal, session(engine) as db:
        db.add_all(both)
    assert "secret hash" not in str(refusal.value)
    assert "ada@" not in str(refusal.value), "what is in a row does not get into a log"


def test_flask_security_finds_what_it_needs(engine: Engine) -> None:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32,
        SECURITY_PASSWORD_SALT="s" * 16,
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_TRACKABLE=True,
        WTF_CSRF_ENABLED=False,
    )
    sessions = scoped_session(sessionmaker(engine))
    people = SQLAlchemySessionUserDatastore(sessions, User, Role)
    Security(app, people, register_blueprint=True)

    @app.teardown_appcontext
    def end(_: object) -> None:
        sessions.remove()

    with app.app_context():
        keep_roles(sessions(), {RESEARCHER: ("Sees tables", ["tables"])})
        people.create_user(email="ada@example.org", password=hash_password("correct horse"), roles=[RESEARCHER])
        people.commit()
    client = app.test_client()
    wrong = client.post("/login", json={"email": "ada@example.org", "password": "wrong horse"})
    assert wrong.status_code == 400
    right = client.post("/login", json={"email": "ada@example.org", "password": "correct horse"})
    assert right.status_code == 200
    with session(engine) as db:
        ada = db.query(User).one()
        assert ada.has_role(RESEARCHER)
        assert ada.has_permission("tables")
        assert ada.login_count == 1
