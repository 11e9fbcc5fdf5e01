"""What an installation may be told from outside: by environment variables, and by nothing else."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from survey import private

_SHORTEST_SECRET: Final = 32
_DATABASES: Final = ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")


class SettingsError(ValueError):
    """An environment variable holds something Chorus cannot use. Its text is a sentence for the installer."""


@dataclass(frozen=True)
class Mail:
    """The server that takes our mail, as smtp://user:password@host:port or smtps://…, and the address it comes from."""

    server: str = field(repr=False)  # may hold a password
    sender: str


@dataclass(frozen=True)
class Organisation:
    """The OpenID Connect provider of the organisation whose people sign in, and what it knows this installation by."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """The settings of one installation.

    instance      the folder for what belongs to this installation: database, secret, logs
    database_url  SQLAlchemy's address of the database; SQLite in the instance folder when nothing is said
    secret_key    signs cookies and tokens; at least 32 characters
    base_url      how people reach the server, without a slash at its end; goes into links and QR codes
    proxies       how many reverse proxies of ours stand in front of the server
    erasures      the file that says, outside the database, what was deleted; None: in the instance folder
    mail          where mail is handed over; None: links are shown to people who make them, to be handed over
    two_factor    whether who may see answers needs a second factor; None: when people come by https
    organisation  who else may say who someone is (OpenID Connect); None: no one
    passwords     whether people sign in with passwords; can be turned off where an organisation signs everyone in
    queue         the address of a Redis that keeps long work, where there are several machines; None: a file in the
                  instance folder
    linkage_key   the file with the key for linking to data from outside, kept apart from the instance; None: no linking
    """

    instance: Path
    database_url: str = field(repr=False)  # may hold a password
    secret_key: str = field(repr=False)
    base_url: str
    proxies: int = 0
    erasures: Path | None = None
    linkage_key: Path | None = None
    queue: str | None = field(default=None, repr=False)  # may hold a password
    mail: Mail | None = None
    two_factor: bool | None = None
    organisation: Organisation | None = None
    passwords: bool = True

    @property
    def needs_second_factor(self) -> bool:
        """True when who may see answers must have a second factor: by default wherever others can reach the server.

        A server without https is someone's own computer, or a demonstration.
        """
        return self.secure if self.two_factor is None else self.two_factor

    @property
    def register(self) -> Path:
        """The file of the register of erasures."""
        return self.erasures or self.instance / "register.jsonl"

    @property
    def secure(self) -> bool:
        """True when people come by https, so that cookies may insist on it."""
        return self.base_url.startswith("https://")

    def key(self, purpose: str) -> bytes:
        """Return 32 bytes made from the secret key for one purpose, so that no two uses share a key."""
        return _key(self.secret_key, purpose)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment: CHORUS_INSTANCE, DATABASE_URL, SECRET_KEY, CHORUS_URL, CHORUS_PROXIES,
        CHORUS_REGISTER, CHORUS_LINKAGE_KEY and CHORUS_QUEUE, and for people who sign in CHORUS_MAIL, CHORUS_MAIL_FROM,
        CHORUS_TWO_FACTOR, CHORUS_OIDC_ISSUER, CHORUS_OIDC_CLIENT_ID, CHORUS_OIDC_CLIENT_SECRET and CHORUS_PASSWORDS.

        Makes the instance folder, and a secret in it (read by its owner only), when they are not there yet.
        Raises SettingsError with a sentence that names the variable and says what to do.
        """
        said = os.environ if environment is None else environment
        instance = _folder(said.get("CHORUS_INSTANCE", "").strip() or "instance")
        return cls(
            instance=instance,
            database_url=_database(said.get("DATABASE_URL", "").strip(), instance),
            secret_key=_secret(said.get("SECRET_KEY", "").strip(), instance),
            base_url=_address(said.get("CHORUS_URL", "").strip()),
            proxies=_proxies(said.get("CHORUS_PROXIES", "").strip()),
            erasures=_file(said.get("CHORUS_REGISTER", "").strip()),
            linkage_key=_file(said.get("CHORUS_LINKAGE_KEY", "").strip()),
            queue=_queue(said.get("CHORUS_QUEUE", "").strip()),
            mail=_mail(said.get("CHORUS_MAIL", "").strip(), said.get("CHORUS_MAIL_FROM", "").strip()),
            two_factor=_two_factor(said.get("CHORUS_TWO_FACTOR", "").strip()),
            organisation=(organisation := _organisation(said)),
            passwords=_passwords(said.get("CHORUS_PASSWORDS", "").strip(), organisation),
        )


@lru_cache(maxsize=64)
def _key(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"chorus:{purpose}".encode(), hashlib.sha256)


def _file(name: str) -> Path | None:
    return Path(name).expanduser().absolute() if name else None


def _folder(name: str) -> Path:
    folder = Path(name).expanduser().absolute()
    try:
        private.folder(folder)
    except OSError as error:
        raise SettingsError(
            f"CHORUS_INSTANCE is {name!r}, and that folder cannot be made ({error.strerror}). "
            "Please give the path of a folder that Chorus can write to."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            f"CHORUS_INSTANCE is {name!r}, and Chorus may not write there. "
            "Please give another folder, or let Chorus write to this one."
        )
    _close_to_others(folder)
    return folder


_OURS: Final = ("secret", "chorus.db", "register.jsonl", "backups.txt", "daily.lock", "uploads", "jobs.db")
"""What Chorus keeps in the instance folder, by the beginning of its name."""


def _close_to_others(folder: Path) -> None:
    """Close what is ours in the instance folder to everyone else, and the folder when it holds nothing else.

    Someone who names a folder they use for other things, too, keeps it as it is.
    """
    inside = list(folder.iterdir())
    ours = [path for path in inside if path.name.startswith(_OURS)]
    private.close_to_others(*ours, *([folder] if len(ours) == len(inside) else []))


def _database(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'chorus.db'}"
    if not url.startswith(_DATABASES):
        raise SettingsError(
            "DATABASE_URL does not name a database Chorus knows. Write sqlite:////path/to/chorus.db or "
            "postgresql://user:password@host/database, or leave DATABASE_URL out to use a file in the "
            "instance folder."
        )
    return url


def _secret(given: str, instance: Path) -> str:
    if given:
        if len(given) < _SHORTEST_SECRET:
            raise SettingsError(
                f"SECRET_KEY has {len(given)} characters and needs at least {_SHORTEST_SECRET}. Make one: "
                'python3 -c "import secrets; print(secrets.token_hex(32))", or leave SECRET_KEY out and '
                "Chorus makes one in the instance folder."
            )
        return given
    path = instance / "secret"
    kept = _kept_secret(path) or _make_secret(path)
    if len(kept) < _SHORTEST_SECRET:
        raise SettingsError(
            f"The file {path} should contain the secret of this installation, but is too short. Please "
            "restore the file, or delete it and Chorus will make a new one (everyone has to sign in again, and "
            "class codes already given out no longer work)."
        )
    return kept


def _kept_secret(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The file {path} contains the secret of this installation, but cannot be read. Please make it "
            "readable for the user Chorus runs as, or set SECRET_KEY."
        ) from error


def _make_secret(path: Path) -> str:
    """Return a new secret, written whole or not at all: two processes starting at once end with one."""
    mine = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        private.write_new(mine, secrets.token_hex(32) + "\n")
        try:
            os.link(mine, path)  # fails when another process was first
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    except OSError as error:
        raise SettingsError(
            f"The secret of this installation cannot be written to {path} ({error.strerror}). Let Chorus "
            "write to that folder, or set SECRET_KEY."
        ) from error
    return path.read_text("utf-8").strip()


def _address(url: str) -> str:
    if not url:
        return "http://localhost:8000"
    wrong = SettingsError(
        f"CHORUS_URL is {url!r} but should be the address at which people reach Chorus: http:// or "
        "https://, then a name, with nothing after it. For example https://survey.example.org"
    )
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise wrong
    if parts.username or parts.path.strip("/"):
        raise wrong
    return url.rstrip("/")


def _proxies(number: str) -> int:
    if not number:
        return 0
    if not number.isascii() or not number.isdigit() or int(number[:3]) > 5 or len(number) > 3:
        raise SettingsError(
            f"CHORUS_PROXIES is {number!r} but should be the number of reverse proxies in front of Chorus: "
            "0 when there is none, 1 behind one nginx or Caddy."
        )
    return int(number)


def _queue(address: str) -> str | None:
    if address and not address.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(
            "CHORUS_QUEUE should be the address of a Redis: redis://host:6379/0, rediss://… or unix://…. Leave it out "
            "to use a file in the instance folder, which is enough for one machine."
        )
    return address or None


def _mail(server: str, sender: str) -> Mail | None:
    if not server and not sender:
        return None
    wrong = SettingsError(
        "CHORUS_MAIL names no mail server. Write smtp://host, smtp://user:password@host:587 or smtps://host:465, or "
        "leave CHORUS_MAIL and CHORUS_MAIL_FROM out: links are then shown to the people who make them."
    )
    try:
        parts = urlsplit(server)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise wrong
    if sender.count("@") != 1 or not sender.isprintable():
        raise SettingsError(
            "CHORUS_MAIL_FROM should be the address that mail from Chorus comes from, such as chorus@example.org. "
            "It goes together with CHORUS_MAIL."
        )
    return Mail(server, sender)


def _two_factor(said: str) -> bool | None:
    known = {"": None, "required": True, "optional": False}
    if said not in known:
        raise SettingsError(
            f"CHORUS_TWO_FACTOR is {said!r}. Write required or optional, or leave it out: it is then required where "
            "CHORUS_URL begins with https://."
        )
    return known[said]


def _organisation(said: Mapping[str, str]) -> Organisation | None:
    names = ("CHORUS_OIDC_ISSUER", "CHORUS_OIDC_CLIENT_ID", "CHORUS_OIDC_CLIENT_SECRET")
    issuer, client_id, secret = (said.get(name, "").strip() for name in names)
    if not issuer and not client_id and not secret:
        return None
    for name, value in zip(names, (issuer, client_id, secret), strict=True):
        if not value:
            raise SettingsError(f"{name} is missing. To sign in with an organisation, set all of {', '.join(names)}.")
    parts = urlsplit(issuer)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise SettingsError(
            "CHORUS_OIDC_ISSUER should be the provider's address as it writes it, beginning with https://"
        )
    return Organisation(issuer, client_id, secret)


def _passwords(said: str, organisation: Organisation | None) -> bool:
    if said not in ("", "on", "off"):
        raise SettingsError(f"CHORUS_PASSWORDS is {said!r}. Write on or off.")
    if said == "off" and organisation is None:
        raise SettingsError(
            "CHORUS_PASSWORDS is off, so no one could sign in. Set CHORUS_OIDC_ISSUER, CHORUS_OIDC_CLIENT_ID "
            "and CHORUS_OIDC_CLIENT_SECRET first."
        )
    return said != "off"
