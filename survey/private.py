"""Files that only the user Chorus runs as can read, whatever the umask: databases, links, answers, codes, secrets.

Everything Chorus writes goes through here. What was too open before is closed.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Literal

_FILE: Final = 0o600
_FOLDER: Final = 0o700
_OTHERS: Final = 0o077


def close_to_others(*paths: Path) -> None:
    """Take away from everyone else what they may do with files and folders of ours; pass over what is not there.

    Nothing is opened: closing a file of SQLite's would give up the locks this process has on it.
    """
    for path in paths:
        with suppress(OSError):
            now = path.stat()
            if now.st_mode & _OTHERS and now.st_uid == os.geteuid() and _is_ordinary(now.st_mode):
                path.chmod(stat.S_IMODE(now.st_mode) & ~_OTHERS)


def folder(path: Path) -> Path:
    """Make a folder that only its owner opens, unless it is there; return it. Raises OSError."""
    try:
        path.mkdir(mode=_FOLDER, parents=True)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(_FOLDER)  # a strict umask may have left out the owner
    return path


def reserve(path: Path) -> None:
    """Put an empty file where another program (SQLite, pg_dump) is about to write, so that it need not choose its mode.

    What is there already stays as it is. Where this cannot be done, that program will say so.
    """
    with suppress(OSError):
        os.mknod(path, _FILE | stat.S_IFREG)  # which opens nothing


def descriptor(path: Path, flags: int) -> int:
    """Open a file for this process alone and return its descriptor; a new one is closed to others, an old one made so.

    flags: those of os.open. Raises OSError.
    """
    opened = os.open(path, flags | os.O_CLOEXEC, _FILE)
    now = os.fstat(opened)
    if now.st_mode & _OTHERS and now.st_uid == os.geteuid() and stat.S_ISREG(now.st_mode):
        os.fchmod(opened, stat.S_IMODE(now.st_mode) & ~_OTHERS)
    return opened


def append(path: Path) -> IO[str]:
    """Open a text to write at its end. Raises OSError."""
    return os.fdopen(descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a", encoding="utf-8")


def write(path: Path, content: bytes | str) -> None:
    """Write a file. Raises OSError."""
    with os.fdopen(descriptor(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_new(path: Path, text: str) -> None:
    """Write a text to a file that must not be there yet, and see that it is on the disk.

    Raises FileExistsError, and OSError for whatever else keeps it from being written.
    """
    with os.fdopen(descriptor(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def writing(path: Path, mode: Literal["w", "wb"]) -> Iterator[IO[Any]]:
    """Write a file whole or not at all; what is no ordinary file (a pipe, a device, a link) is written into.

    Raises OSError.
    """
    text: dict[str, Any] = {"encoding": "utf-8", "newline": ""} if mode == "w" else {}
    if path.is_symlink() or (path.exists() and not path.is_file()):
        with path.open(mode, **text) as file:
            yield file
        return
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(descriptor(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), mode, **text) as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _is_ordinary(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
