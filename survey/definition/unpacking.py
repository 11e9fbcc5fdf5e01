"""A study's folder out of a browser: from a zip or from many files into a folder of ours, and nowhere else.

What is sent is not trusted: no name leads out of the folder, nothing is unpacked that is too large or too much, however
small it is packed, and only what a study is made of is kept.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final

from survey import private
from survey.definition.files import TYPES

LARGEST: Final = 40_000_000
"""Bytes of all files together, unpacked."""

LARGEST_FILE: Final = 5_000_000

MOST: Final = 400
"""Files of a folder."""

_KEPT: Final = frozenset({".yaml", ".yml", *TYPES})
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ ()-]{0,99}")
_CHUNK: Final = 64 * 1024
_SILENT: Final = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What systems leave in folders without being asked: not worth a word."""


_BROKEN: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError)
_UNREADABLE: Final = "This file cannot be read as a zip. Please zip the folder again, and send that."


class CannotUnpack(ValueError):
    """What was sent is no folder of a study. Its text is a sentence for the person who sent it."""


@dataclass(frozen=True)
class Unpacked:
    """What was unpacked: the names of the files, and of those that were left out because no study has such files."""

    files: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


Sent = tuple[str, IO[bytes]]
"""A file's path as the browser says it, and its content."""


def unpack(sent: Iterable[Sent], folder: Path) -> Unpacked:
    """Put files into a folder of our own, which is there and empty.

    The folder they were in, if all were in one, is left out: study.yaml comes to lie at the top. Raises CannotUnpack.
    """
    found: dict[str, bytes] = {}
    left_out: list[str] = []
    room = LARGEST
    for name, content in sent:
        path = _path(name)
        if path is None:
            continue
        if path.suffix.lower() not in _KEPT:
            left_out.append(str(path))
            continue
        data = _read(content, str(path), min(room, LARGEST_FILE))
        room -= len(data)
        if str(path) in found:
            raise CannotUnpack(f"{path} is in it twice. Please send each file once.")
        found[str(path)] = data
        if len(found) > MOST:
            raise CannotUnpack(f"There are more than {MOST} files. Please choose the folder of one study only.")
    if not found:
        raise CannotUnpack("It does not contain a study. Please choose a folder with study.yaml and questionnaires.")
    top = _top(found)
    files = []
    for name, data in found.items():
        if not PurePosixPath(name).is_relative_to(top):
            left_out.append(name)
            continue
        inside = PurePosixPath(name).relative_to(top)
        target = folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        private.write(target, data)
        files.append(str(inside))
    return Unpacked(sorted(files), sorted(left_out))


def from_zip(file: IO[bytes]) -> Iterator[Sent]:
    """Yield the files of a zip. Raises CannotUnpack for what is not one, is locked, or holds links."""
    try:
        _refuse_long_lists(file)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            for member in members:
                if member.is_dir():
                    continue
                if member.flag_bits & 1:
                    raise CannotUnpack("This zip has a password. Please zip the folder without one.")
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise CannotUnpack(_UNREADABLE)  # what others need of memory, the file itself decides
                if stat.S_ISLNK(member.external_attr >> 16):
                    raise CannotUnpack(
                        f"{member.filename} is a link to another file. Please put the file itself in the zip."
                    )
                with archive.open(member) as opened:
                    yield member.filename, opened
    except _BROKEN as error:
        raise CannotUnpack(_UNREADABLE) from error


def _refuse_long_lists(file: IO[bytes]) -> None:
    """Count the entries before their list is read: one of a million takes half a gigabyte."""
    file.seek(0)
    entries = file.read().count(_ENTRY)
    file.seek(0)
    if entries > 10 * MOST:
        raise CannotUnpack(f"This zip has {entries:,} files in it. Please zip the folder of one study only.")


_ENTRY: Final = b"PK\x01\x02"


def _path(name: str) -> PurePosixPath | None:
    """Return a sent name as a path that stays inside; None for what systems leave lying about."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or any(part in _SILENT or part.startswith("._") for part in parts):
        return None
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise CannotUnpack("A file in it would be outside the folder. Please zip the folder again, and send that.")
    if len(parts) > 6 or not all(_PART.fullmatch(part) for part in parts[:-1]):
        return _odd(parts)
    return PurePosixPath(*parts) if _PART.fullmatch(parts[-1]) else _odd(parts)


def _odd(parts: list[str]) -> PurePosixPath | None:
    """Leave out what a study has no use for, and say of the rest that its name will not do."""
    ending = PurePosixPath(parts[-1]).suffix.lower()
    if parts[-1].startswith(".") or any(part.startswith(".") for part in parts) or ending not in _KEPT:
        return None
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in "/".join(parts))[-80:]
    raise CannotUnpack(
        f"The name {shown} cannot be used. Names have letters a to z, digits, dots and dashes. Please rename the file."
    )


def _read(content: IO[bytes], name: str, most: int) -> bytes:
    """Read a file, and stop as soon as it is too large: a packed one can claim any size."""
    data = bytearray()
    while chunk := _chunk(content):
        data += chunk
        if len(data) > most:
            what = "is larger than 5 MB" if most == LARGEST_FILE else "makes the folder larger than 40 MB"
            raise CannotUnpack(f"{name} {what}. Please make it smaller, or leave it out.")
    return bytes(data)


def _chunk(content: IO[bytes]) -> bytes:
    try:
        return content.read(_CHUNK)
    except _BROKEN as error:  # a zip says only now that it is damaged
        raise CannotUnpack(_UNREADABLE) from error


def _top(found: Iterable[str]) -> PurePosixPath:
    """Return the folder in which the study lies: where study.yaml is, else the one that holds everything."""
    paths = [PurePosixPath(name) for name in found]
    studies = sorted(
        (path.parent for path in paths if path.name == "study.yaml"), key=lambda one: (len(one.parts), one)
    )
    if studies:
        return studies[0]
    first = paths[0].parts[0]
    return PurePosixPath(first) if all(len(p.parts) > 1 and p.parts[0] == first for p in paths) else PurePosixPath()
