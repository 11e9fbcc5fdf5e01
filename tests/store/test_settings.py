"""Every environment variable: what it does, and what is said when it is wrong."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from survey.config import Settings, SettingsError


def read(folder: Path, **variables: str) -> Settings:
    return Settings.from_environment({"CHORUS_INSTANCE": str(folder / "instance")} | variables)


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'instance' / 'chorus.db'}"
    assert settings.base_url == "http://localhost:8000"
    assert not settings.secure
    assert settings.proxies == 0
    assert len(settings.secret_key) == 64


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        secrets = {made.secret_key for made in threads.map(lambda _: read(tmp_path), range(8))}
    assert len(secrets) == 1
    kept = tmp_path / "instance" / "secret"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [file.name for file in kept.parent.iterdir()] == ["secret"]


def test_what_is_set_is_used(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        DATABASE_URL="postgresql://chorus:pw@db/chorus",
        SECRET_KEY="k" * 32,
        CHORUS_URL="https://survey.example.org/",
        CHORUS_PROXIES="1",
    )
    assert settings.database_url == "postgresql://chorus:pw@db/chorus"
    assert (settings.secret_key, settings.base_url) == ("k" * 32, "https://survey.example.org")
    assert (settings.secure, settings.proxies) == (True, 1)
    assert not (tmp_path / "instance" / "secret").exists()


def test_neither_secret_nor_password_is_shown(tmp_path: Path) -> None:
    settings = read(tmp_path, DATABASE_URL="postgresql://chorus:hunter2@db/chorus", SECRET_KEY="k" * 32)
    assert "hunter2" not in repr(settings)
    assert "kkkk" not in repr(settings)


def test_each_purpose_has_its_own_key(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert len(settings.key("codes")) == 32
    assert settings.key("codes") == read(tmp_path).key("codes") != settings.key("cookies")


@pytest.mark.parametrize(
    ("variable", "value", "advice"),
    [
        ("DATABASE_URL", "mysql://host/x", "Write sqlite:////path/to/chorus.db or"),
        ("DATABASE_URL", "chorus.db", "or leave DATABASE_URL out"),
        ("SECRET_KEY", "short", "needs at least 32"),
        ("CHORUS_URL", "survey.example.org", "https://survey.example.org"),
        ("CHORUS_URL", "https://x.org/path", "nothing after it"),
        ("CHORUS_URL", "https://x.org:port", "nothing after it"),
        ("CHORUS_URL", "ftp://x.org", "http:// or https://"),
        ("CHORUS_URL", "https://me:pw@x.org", "nothing after it"),
        ("CHORUS_PROXIES", "two", "the number of reverse proxies"),
        ("CHORUS_PROXIES", "-1", "0 when there is none"),
        ("CHORUS_PROXIES", "²", "0 when there is none"),
        ("CHORUS_INSTANCE", "/dev/null/x", "Please give the path of a folder"),
        ("CHORUS_MAIL", "mail.example.org", "Write smtp://host"),
        ("CHORUS_MAIL", "smtp://host:port", "Write smtp://host"),
        ("CHORUS_TWO_FACTOR", "yes", "Write required or optional"),
        ("CHORUS_OIDC_CLIENT_ID", "chorus", "set all of CHORUS_OIDC_ISSUER"),
        ("CHORUS_PASSWORDS", "no", "Write on or off"),
        ("CHORUS_PASSWORDS", "off", "no one could sign in"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_do(tmp_path: Path, variable: str, value: str, advice: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(tmp_path, **{variable: value})
    assert str(refusal.value).startswith(variable[:11])
    assert advice in str(refusal.value)
    assert "pw" not in str(refusal.value) or variable == "CHORUS_URL"


def test_a_secret_cut_short_is_not_used(tmp_path: Path) -> None:
    read(tmp_path)
    kept = tmp_path / "instance" / "secret"
    kept.write_text("abc\n")
    with pytest.raises(SettingsError, match="too short"):
        read(tmp_path)
    kept.write_bytes(b"\xff" * 40)
    with pytest.raises(SettingsError, match="cannot be read"):
        read(tmp_path)


def test_mail_and_single_sign_on_are_set_as_a_whole(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        CHORUS_MAIL="smtp://me:hunter2@mail.example.org:587",
        CHORUS_MAIL_FROM="chorus@example.org",
        CHORUS_OIDC_ISSUER="https://id.example.org/realms/x",
        CHORUS_OIDC_CLIENT_ID="chorus",
        CHORUS_OIDC_CLIENT_SECRET="sesame",
        CHORUS_PASSWORDS="off",
        CHORUS_TWO_FACTOR="required",
    )
    assert settings.mail is not None
    assert settings.mail.sender == "chorus@example.org"
    assert settings.organisation is not None
    assert (settings.organisation.issuer, settings.passwords) == ("https://id.example.org/realms/x", False)
    assert settings.needs_second_factor
    assert "hunter2" not in repr(settings)
    assert "sesame" not in repr(settings)
    with pytest.raises(SettingsError, match="beginning with https"):
        read(
            tmp_path,
            CHORUS_OIDC_ISSUER="http://id.example.org",
            CHORUS_OIDC_CLIENT_ID="chorus",
            CHORUS_OIDC_CLIENT_SECRET="sesame",
        )
    with pytest.raises(SettingsError, match="goes together with CHORUS_MAIL"):
        read(tmp_path, CHORUS_MAIL="smtp://mail.example.org")
