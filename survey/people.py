"""Those who sign in, and what each may do where. Respondents are not here; they have no accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, DateTime, ForeignKey, Table, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from survey.database import Base, Json

ADMINISTRATOR = "administrator"
LEAD = "lead"
RESEARCHER = "researcher"
COORDINATOR = "coordinator"

account_role = Table(
    "account_role",
    Base.metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base, RoleMixin):
    """What a person may do. `permissions` are words the pages ask for."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    permissions: Mapped[list[str]] = mapped_column(Json, default=list)


class User(Base, UserMixin):
    """Somebody who signs in.

    The columns are those Flask-Security asks for; its times carry no zone and are UTC.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    username: Mapped[str | None] = mapped_column(unique=True)
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime)

    last_login_at: Mapped[datetime | None] = mapped_column(DateTime)  # type: ignore[assignment]
    current_login_at: Mapped[datetime | None] = mapped_column(DateTime)  # type: ignore[assignment]
    last_login_ip: Mapped[str | None]
    current_login_ip: Mapped[str | None]
    login_count: Mapped[int | None]  # type: ignore[assignment]

    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    tf_phone_number: Mapped[str | None]
    mf_recovery_codes: Mapped[list[str]] = mapped_column(Json, default=list)

    roles: Mapped[list[Role]] = relationship(secondary=account_role, lazy="selectin")  # type: ignore[assignment]
    grants: Mapped[list[Grant]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class Grant(Base):
    """One role of an account, and where: in one study or all, and for a coordinator in one school or all of it."""

    __tablename__ = "access"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id"))
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))


def keep_roles(session: Session, roles: dict[str, tuple[str, list[str]]]) -> dict[str, Role]:
    """Make roles or bring them up to date, given as name -> (description, permissions).

    Returns them by name.
    """
    here: dict[str, Any] = {role.name: role for role in session.scalars(select(Role))}
    for name, (description, permissions) in roles.items():
        role = here.setdefault(name, Role(name=name))
        role.description, role.permissions = description, permissions
        session.add(role)
    session.flush()
    return here
