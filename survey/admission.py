"""Admitting people: their accounts, the place of each role, and passwords that work once.

The command line and the pages both admit people, and neither imports the other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from survey.audit import COMMAND_LINE, Act, note
from survey.database import Engine, session
from survey.definition.reading import parse_study
from survey.fieldwork import School, Study, study_by_code, text_of
from survey.fieldwork.finding import find_study, one_of
from survey.people import ADMINISTRATOR, COORDINATOR, ROLES, GivenRole, Giver, NotPossible, User
from survey.people.grants import check, give
from survey.people.passwords import HASHER, one_time_password
from survey.people.second import take_off
from survey.problems import Refused

_LONGEST: Final = 254
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
_HERE: Final = Giver(COMMAND_LINE)


def place(engine: Engine, role: str, study: str | None = None, school: str | None = None) -> GivenRole:
    """Return a role with its place, given by the codes of study and school.

    Raises NotPossible, with a sentence, when there is no such role, study or school, or they do not go together.
    """
    if role not in ROLES:
        raise NotPossible(f"There is no role {role!r}. The roles are {', '.join(ROLES)}.")
    if study is None:
        if school is not None:
            raise NotPossible("Please say which study this school is in.")
        wanted = GivenRole(role)
    else:
        wanted = GivenRole(role, *_ids(engine, study, school))
    check(wanted)
    return wanted


def _ids(engine: Engine, study: str, school: str | None) -> tuple[int, int | None]:
    try:
        with session(engine) as opened:
            found = opened.get_one(Study, find_study(opened, study).id)
            return found.id, None if school is None else one_of("school", found.schools, school).id
    except Refused as fault:
        raise NotPossible(str(fault)) from fault


def place_in_words(engine: Engine, grant: GivenRole) -> str:
    """Return where a role counts, as people say it: "all studies", "Small notes", "Small notes, Ash Primary"."""
    if grant.study_id is None:
        return "the installation" if grant.role == ADMINISTRATOR else "all studies"
    with session(engine) as opened:
        study = opened.get(Study, grant.study_id)
        school = opened.get(School, grant.school_id) if grant.school_id is not None else None
    titles = [one.title for one in (study, school) if one is not None]
    return ", ".join(titles)


def deletion_day(engine: Engine, study: str) -> date:
    """Return the day a study's data are deleted, on which its coordinators' links end by themselves; else in a year."""
    with session(engine) as opened:
        found = study_by_code(opened, study)
    text = text_of(engine, found.sha256) if found and found.sha256 else None
    return parse_study(text).retention.delete_on if text else (datetime.now(UTC) + timedelta(days=365)).date()


def add_user(
    engine: Engine,
    email: str,
    roles: Sequence[str],
    *,
    study: str | None = None,
    school: str | None = None,
) -> str:
    """Make an account and return its one-time password, which is kept nowhere.

    The first sign in with it leads to the page for choosing their own; after that it no longer works. The roles are
    for one study, by its code, or for all; a coordinator's for one school. Anyone who ended is let in afresh.
    Raises NotPossible for an address that is not one or has an account, and for roles that cannot be given.
    """
    now = datetime.now(UTC)
    address = checked_address(email)
    if not roles:
        raise NotPossible(f"An account needs a role. The roles are {', '.join(ROLES)}.")
    if school is not None and COORDINATOR not in roles:
        raise NotPossible("Only a coordinator belongs to one school. Leave the school out, or add that role.")
    schools = {COORDINATOR: school}
    wanted = [place(engine, role, study, schools.get(role)) for role in dict.fromkeys(roles)]
    password = one_time_password()
    hashed = HASHER.hash(password)
    with session(engine) as opened:
        user = opened.query(User).filter_by(email=address).first() or User(email=address, active=False)
        if user.active:
            raise NotPossible(f"{address} already has an account. To give it a new password, renew it.")
        user.active = True
        _give(user, hashed)
        opened.add(user)
        opened.flush()
        note(opened, Act(COMMAND_LINE, now), "made an account", about=address)
        for one in wanted:
            give(opened.connection(), user.id, one, _HERE, now)
    return password


def renew_password(engine: Engine, email: str) -> str:
    """Return a new one-time password for an account whose owner forgot theirs; it is signed out everywhere.

    The second factor and the organisation it came by are taken off as well: this is the way back when all is lost.
    Raises NotPossible when no one has that address.
    """
    password = one_time_password()
    hashed = HASHER.hash(password)
    with session(engine) as opened:
        user = opened.query(User).filter_by(email=tidy(email), active=True).first()
        if user is None:
            raise NotPossible(f"There is no account with the address {email!r}. Please check it.")
        _give(user, hashed)
        user.organisation = None
        opened.flush()
        take_off(opened.connection(), user.id)
        note(opened, Act(COMMAND_LINE), "renewed a password", about=user.email)
    return password


def account_id(engine: Engine, email: str) -> int:
    """Return the id of the account with an address; raise NotPossible when there is none."""
    with session(engine) as opened:
        user = opened.query(User).filter_by(email=tidy(email), active=True).first()
    if user is None:
        raise NotPossible(f"There is no account with the address {email!r}. Please check it.")
    return user.id


def checked_address(email: str) -> str:
    """Return an e-mail address as it is kept; raise NotPossible when it is not one."""
    address = tidy(email)
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST:
        raise NotPossible(f"{email!r} is not an e-mail address. Please give one such as name@example.org.")
    return address


def tidy(email: str) -> str:
    """Return an e-mail address as it is kept and looked up: in small letters, without spaces around it.

    Characters that cannot be seen are left out, which databases and pages may not take (NUL).
    """
    return "".join(filter(str.isprintable, email)).strip().casefold()


def _give(user: User, hashed: str) -> None:
    user.password = hashed
    user.confirmed_at = None  # until its owner has chosen their own password
    user.fs_uniquifier = secrets.token_hex(16)
