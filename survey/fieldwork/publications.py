"""The texts questionnaires were asked in. A text is stored once, under its SHA-256, and never changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from survey.database import Base, Moment, read
from survey.fieldwork.finding import no_such
from survey.fieldwork.studies import Study, study_by_code

STUDY = "study"
"""The name under which the text of study.yaml itself is kept."""


class VersionTaken(ValueError):
    """The version number belongs to another text already. Its text is a sentence for the author."""


class UnknownStudy(LookupError):
    """There is no study with this code."""


class Definition(Base):
    """The text of a questionnaire (all its languages) or of study.yaml.

    A trigger forbids change and removal.
    """

    __tablename__ = "definition"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    text: Mapped[str]


class Publication(Base):
    """A version of a questionnaire, published in a study."""

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("study_id", "questionnaire", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    questionnaire: Mapped[str]
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("definition.sha256"))
    published_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Published:
    """One published version: which, its text's SHA-256, and when."""

    questionnaire: str
    version: int
    sha256: str
    published_at: datetime


def publish(
    session: Session,
    study_code: str,
    questionnaire_id: str,
    version: int,
    text: str,
    now: datetime | None = None,
) -> bool:
    """Publish a text as a version of a questionnaire. Returns True when it is new, False when it was there.

    Raises VersionTaken when the version number was published with a different text, or is lower than a published
    one; UnknownStudy.
    """
    study = _study(session, study_code)
    sha256 = _keep_text(session, questionnaire_id, text)
    published = session.scalars(
        select(Publication).where(
            Publication.study_id == study.id,
            Publication.questionnaire == questionnaire_id,
            Publication.version >= version,
        )
    ).all()
    same = [publication for publication in published if publication.version == version]
    if same and same[0].sha256 == sha256:
        return False
    if published:
        highest = max(publication.version for publication in published)
        taken = "already published with a different text" if same else f"lower than the published version {highest}"
        raise VersionTaken(
            f"{questionnaire_id}: version {version} is {taken}. Answers belong to it, so it "
            f"cannot change. Please set 'version: {highest + 1}' in {questionnaire_id}.yaml and publish again."
        )
    session.add(
        Publication(
            study_id=study.id,
            questionnaire=questionnaire_id,
            version=version,
            sha256=sha256,
            published_at=now or datetime.now(UTC),
        )
    )
    session.flush()
    return True


def publish_study(session: Session, study_code: str, text: str) -> bool:
    """Make a text the study's current study.yaml. Returns True when it differs from what was current.

    Raises UnknownStudy.
    """
    study = _study(session, study_code)
    sha256 = _keep_text(session, STUDY, text)
    if study.sha256 == sha256:
        return False
    study.sha256 = sha256
    session.flush()
    return True


def _study(session: Session, code: str) -> Study:
    study = study_by_code(session, code)
    if study is None:
        raise UnknownStudy(no_such("study", code))
    return study


def _keep_text(session: Session, name: str, text: str) -> str:
    """Keep a text, once; return its SHA-256, by which it is found."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if session.get(Definition, sha256) is None:
        session.add(Definition(sha256=sha256, name=name, text=text))
        session.flush()
    return sha256


def texts_before(session: Session, study_code: str, questionnaire: str, version: int) -> list[str]:
    """Return the texts of all published versions of a questionnaire that are older than this one, the oldest first."""
    query = (
        select(Definition.text)
        .join(Publication, Publication.sha256 == Definition.sha256)
        .join(Study, Study.id == Publication.study_id)
        .where(Study.code == study_code, Publication.questionnaire == questionnaire, Publication.version < version)
        .order_by(Publication.version)
    )
    return list(session.scalars(query))


_TEXT = select(Definition.text)
_PUBLISHED = select(
    Publication.questionnaire, Publication.version, Publication.sha256, Publication.published_at
).order_by(Publication.questionnaire, Publication.version)


def text_of(engine: Engine, sha256: str) -> str | None:
    """Return the text with this SHA-256, or None.

    It never changes, so callers may keep what they made of it.
    """
    with read(engine) as connection:
        return connection.scalar(_TEXT.where(Definition.sha256 == sha256))


def text_beginning(engine: Engine, beginning: str) -> tuple[str, str] | None:
    """Return (SHA-256, text) of the one published questionnaire whose SHA-256 begins so; None unless there is just one.

    The text of a study.yaml is kept in the same table and is no questionnaire: it is not found.
    """
    if not (beginning.isascii() and beginning.isalnum()):
        return None
    begins_so = Definition.sha256.startswith(beginning)
    is_questionnaire = Definition.sha256.in_(select(Publication.sha256))
    with read(engine) as connection:
        found = connection.execute(
            select(Definition.sha256, Definition.text).where(begins_so, is_questionnaire).limit(2)
        ).all()
    return (found[0].sha256, found[0].text) if len(found) == 1 else None


def study_behind(engine: Engine, sha256: str) -> str | None:
    """Return the current study.yaml of the study that published a questionnaire, the last of several; None for none."""
    query = (
        select(Definition.text)
        .join(Study, Study.sha256 == Definition.sha256)
        .join(Publication, Publication.study_id == Study.id)
        .where(Publication.sha256 == sha256)
        .order_by(Publication.id.desc())
        .limit(1)
    )
    with read(engine) as connection:
        return connection.scalar(query)


def published(engine: Engine, study_id: int, questionnaire: str | None = None) -> list[Published]:
    """Return what a study has published, by questionnaire and version."""
    query = _PUBLISHED.where(Publication.study_id == study_id)
    if questionnaire is not None:
        query = query.where(Publication.questionnaire == questionnaire)
    with read(engine) as connection:
        return [Published(*row) for row in connection.execute(query)]


_CURRENT = select(Publication.questionnaire, Publication.sha256).join(
    newest := select(Publication.questionnaire, func.max(Publication.version).label("version"))
    .add_columns(Publication.study_id)
    .group_by(Publication.study_id, Publication.questionnaire)
    .subquery(),
    (newest.c.study_id == Publication.study_id)
    & (newest.c.questionnaire == Publication.questionnaire)
    & (newest.c.version == Publication.version),
)


def current(engine: Engine, study_id: int) -> dict[str, str]:
    """Return the SHA-256 of each questionnaire's newest published version, by questionnaire."""
    with read(engine) as connection:
        rows = connection.execute(_CURRENT.where(Publication.study_id == study_id)).all()
    return {row.questionnaire: row.sha256 for row in rows}
