"""Everyone who may come to the door, each with the cookies of their browser: for tables of who may open what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from survey.admission import add_user
from survey.app import create_app
from survey.audit import COMMAND_LINE, Act
from survey.classroom.cards import make_cards
from survey.classroom.members import WaveAndClass
from survey.classroom.sessions import begin_session
from survey.config import Settings
from survey.database import Engine, session, upgrade, write
from survey.fieldwork import Membership, Participant, keep_study, new_door, study_by_code
from survey.people import Giver
from survey.people.links import LinkPlace, make_link
from survey.responses.withdrawing import certificate
from tests.filled import keep_class, keep_school
from tests.pages.small_study import make_study
from tests.pages.strict import StrictClient, strict_client
from tests.pages.test_account import OWN, choose, sign_in, token

STRANGER = "stranger"
RESPONDENT = "respondent"
ADMINISTRATOR = "administrator"
LEAD = "lead"
RESEARCHER = "researcher"
COORDINATOR = "coordinator"
LINK = "coordinator's link"
OTHER_COORDINATOR = "coordinator of another school"
OTHER_RESEARCHER = "researcher of another study"
OTHER_LEAD = "lead of another study"

ACCOUNTS = {
    ADMINISTRATOR: ("administrator", None, None),
    LEAD: ("lead", "small-notes", None),
    RESEARCHER: ("researcher", "small-notes", None),
    COORDINATOR: ("coordinator", "small-notes", "s1"),
    OTHER_COORDINATOR: ("coordinator", "small-notes", "s2"),
    OTHER_RESEARCHER: ("researcher", "other-notes", None),
    OTHER_LEAD: ("lead", "other-notes", None),
}
"""kind of visitor -> role, study, school"""

EVERYBODY = (STRANGER, RESPONDENT, *ACCOUNTS, LINK)


class Visitors:
    """An app with two studies, and everyone's browser as it is after they came in."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(folder, f"sqlite:///{folder / 'chorus.sqlite'}", "s" * 40, "http://localhost")
        self.settings = settings
        self.app: Flask = create_app(settings)
        self.engine: Engine = self.app.extensions["chorus"].engine
        upgrade(self.engine)
        (folder / "study").mkdir()
        make_study(self.engine, folder / "study")
        with session(self.engine) as db:
            keep_school(db, keep_study(db, "other-notes", title="Other notes"), "o1", title="Oak Primary", arm=None)
        self._someone_asked()
        self._browsers: dict[str, StrictClient] = {STRANGER: strict_client(self.app)}
        for who, (role, study, school) in ACCOUNTS.items():
            self._browsers[who] = self._account(f"{role}-{study}-{school}@example.org", role, study, school)
        self.link = self._link()
        self._browsers[LINK] = self._by_link()
        self._browsers[RESPONDENT] = self._respondent()

    def browser(self, who: str) -> StrictClient:
        """Return a new browser with someone's cookies: what a page does to it, others do not see."""
        fresh = strict_client(self.app)
        for cookie in (self._browsers[who]._cookies or {}).values():
            fresh.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)
        return fresh

    def _someone_asked(self) -> None:
        """Put someone on the list of school s1, with a card and a class session; and a certificate of a withdrawal."""
        now = datetime.now(UTC)
        with session(self.engine) as db:
            study = study_by_code(db, "small-notes")
            assert study is not None
            db.add(person := Participant(study_id=study.id, code="p0001", audience="pupil", facts={}))
            db.flush()
            school = next(school for school in study.schools if school.code == "s1")
            robins = keep_class(db, school, "4r", title="Robins")
            for wave in study.waves:
                place = {"school_id": school.id, "school_class_id": robins.id}
                db.add(Membership(participant_id=person.id, wave_id=wave.id, facts={}, **place))
            there = WaveAndClass(study.id, study.waves[1].id, robins.id)
            row = {"number": "W-AAAA-BBBB-CCCC", "at": now, "study_id": study.id, "scope": "future", "responses": 0}
            db.execute(certificate.insert().values(**row, decided_by="parent", backups_gone_on=now.date()))

        make_cards(self.engine, there, Act(COMMAND_LINE, now))
        begin_session(self.engine, there, "pupil", self.settings.key("codes"), Act(COMMAND_LINE, now))

    def _account(self, email: str, role: str, study: str | None, school: str | None) -> StrictClient:
        client = strict_client(self.app)
        sign_in(client, add_user(self.engine, email, [role], study=study, school=school), email)
        assert choose(client, OWN).status_code == 302
        return client

    def _link(self) -> str:
        now = datetime.now(UTC)
        with session(self.engine) as db:
            study = study_by_code(db, "small-notes")
            assert study is not None
            places = study.id, {school.code: school.id for school in study.schools}["s1"]
        with write(self.engine) as connection:
            return make_link(connection, LinkPlace(*places, "s1"), now + timedelta(days=30), Giver(COMMAND_LINE), now)[
                1
            ]

    def _by_link(self) -> StrictClient:
        client = strict_client(self.app)
        address = f"/office/link/{self.link}"
        assert client.post(address, data={"csrf_token": token(client.get(address))}).status_code == 302
        return client

    def _respondent(self) -> StrictClient:
        client = strict_client(self.app)
        with session(self.engine) as db:
            study = study_by_code(db, "small-notes")
            assert study is not None
            door = new_door(db, wave=study.waves[1], questionnaire="parent", key=self.settings.key("codes"))
        assert client.get(f"/j/{door.token}").status_code in (302, 303)
        assert client.get_cookie("me") is not None
        return client
