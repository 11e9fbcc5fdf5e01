"""Pictures and recordings. A picture is one of our own drawings, by its name, or a file in ``pictures/``; a recording
is a file in ``audio/LANGUAGE/`` that is named after its text (recordings.py), or as the author says. Files travel with
the text they belong to, so that a published version keeps them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from survey.definition.model import Fault
from survey.definition.model import Path as Place
from survey.definition.parts import Grid
from survey.definition.questionnaire import Questionnaire
from survey.definition.recordings import SOUND_TYPES, name_of, path_of, possible, wanted
from survey.drawings import PICTURES
from survey.problems import did_you_mean, quoted, shortened

PICTURE_TYPES: Final = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
TYPES: Final = PICTURE_TYPES | SOUND_TYPES

LARGEST_PICTURE: Final = 200_000
LARGEST_SOUND: Final = 150_000
"""Bytes. A whole class loads them at once over one bad line."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.[a-z0-9]+")


def is_file(picture: str) -> bool:
    """Tell whether a picture is a file rather than one of our drawings."""
    return "." in picture


def faults(questionnaire: Questionnaire, folder: Path) -> Iterator[Fault]:
    """Yield what is wrong with the pictures and recordings a questionnaire names; `folder` is where it lies."""
    for at, name in _pictures(questionnaire):
        if not is_file(name):
            if name not in PICTURES:
                hint = did_you_mean(name, PICTURES) or f" Drawings are {quoted(sorted(PICTURES))}."
                yield Fault(
                    at,
                    f"there is no drawing '{shortened(name)}'.{hint} "
                    "To use a picture of your own, put its file in pictures/ and write, for example: "
                    "picture: concert.jpg",
                )
            continue
        yield from _file_faults(at, folder / "pictures" / name, name, PICTURE_TYPES, LARGEST_PICTURE)
    for at, name in _sounds(questionnaire):
        source = questionnaire.languages[0]
        yield from _file_faults(at, folder / "audio" / source / name, name, SOUND_TYPES, LARGEST_SOUND)
        for language in questionnaire.languages[1:]:
            if _NAME.fullmatch(name) and not (folder / "audio" / language / name).is_file():
                yield Fault(
                    at,
                    f"recording '{name}' is missing in '{language}'. Please add audio/{language}/{name}",
                    advice=True,
                )
    if questionnaire.audience == "pupil":
        yield from _unrecorded(questionnaire, folder)
    for language in questionnaire.languages:
        for path in _recorded(questionnaire, folder, language):
            if (folder / path).stat().st_size > LARGEST_SOUND:
                yield Fault(("languages",), _too_large(path, folder / path, LARGEST_SOUND))


def _unrecorded(questionnaire: Questionnaire, folder: Path) -> Iterator[Fault]:
    """Yield each text that has no recording in a language in which the study asks for them."""
    # A language that the questionnaire does not have is told where it stands.
    for language in filter(questionnaire.languages.__contains__, questionnaire.recordings):
        there = _there(folder, language)
        for one in wanted(questionnaire, questionnaire.language):
            if path_of(one.source, language, there) is None:
                yield Fault(
                    one.at,
                    f"'{shortened(one.source)}' has no recording in '{language}'. "
                    f"Please add audio/{language}/{name_of(one.source)}.mp3",
                    advice=True,
                )


def _there(folder: Path, language: str) -> frozenset[str]:
    """Return the recordings in a language that lie beside a questionnaire, as paths below its folder."""
    return frozenset(f"audio/{language}/{path.name}" for path in (folder / "audio" / language).glob("*.*"))


def _recorded(questionnaire: Questionnaire, folder: Path, language: str) -> list[str]:
    """Return the recordings in a language that have the name of a text, and are there."""
    there = _there(folder, language)
    if not there or questionnaire.audience != "pupil":
        return []
    sources = (source for source, _ in possible(questionnaire, questionnaire.language))
    return sorted({path for source in sources if (path := path_of(source, language, there))})


def _too_large(where: str, path: Path, largest: int) -> str:
    return (
        f"the file {where} is {path.stat().st_size // 1000} kB, and thirty children may load it at once. "
        f"Please make it smaller than {largest // 1000} kB"
    )


def _file_faults(at: Place, path: Path, name: str, types: dict[str, str], largest: int) -> Iterator[Fault]:
    where = "/".join(path.parts[-3:] if types is SOUND_TYPES else path.parts[-2:])
    if not _NAME.fullmatch(name) or Path(name).suffix not in types:
        yield Fault(
            at,
            f"'{shortened(name)}' cannot be the name of a file. Names are letters, digits, - and _, and end in "
            f"{', '.join(types)}. Please rename it",
        )
    elif not path.is_file():
        yield Fault(at, f"there is no file {where}. Please add it, or correct its name")
    elif path.stat().st_size > largest:
        yield Fault(at, _too_large(where, path, largest))


def collect(questionnaire: Questionnaire, folder: Path) -> dict[str, str]:
    """Return every file a questionnaire shows or plays: its path below `folder` -> its bytes in base 64."""
    paths = [f"pictures/{name}" for _, name in _pictures(questionnaire) if is_file(name)]
    for _, name in _sounds(questionnaire):
        paths += [f"audio/{language}/{name}" for language in questionnaire.languages]
    for language in questionnaire.languages:
        paths += _recorded(questionnaire, folder, language)
    return {
        path: base64.b64encode((folder / path).read_bytes()).decode()
        for path in sorted(set(paths))
        if (folder / path).is_file()
    }


def _pictures(questionnaire: Questionnaire) -> Iterator[tuple[Place, str]]:
    for at, thing in _things(questionnaire):
        if name := getattr(thing, "picture", None):
            yield (*at, "picture"), name


def _sounds(questionnaire: Questionnaire) -> Iterator[tuple[Place, str]]:
    for at, thing in _things(questionnaire):
        if name := getattr(thing, "audio", None):
            yield (*at, "audio"), name


def _things(questionnaire: Questionnaire) -> Iterator[tuple[Place, Any]]:
    """Yield everything that can have a picture or a recording, with its path in the file."""
    for key in ("assent", "consent"):
        asked = getattr(questionnaire, key)
        # A consent is found under both names once the parts are arranged; it stands in the file under one.
        if asked is None or (key == "assent" and asked is questionnaire.consent):
            continue
        yield (key,), asked
        yield from (((key, "lines", i), line) for i, line in enumerate(asked.lines))
    for name, named in questionnaire.options.items():
        yield from ((("options", name, i), option) for i, option in enumerate(named))
    for p, page in enumerate(questionnaire.pages):
        for e, entry in enumerate(page.entries):
            at: Place = ("pages", p, "questions", e)
            yield at, entry
            if isinstance(entry, Grid):
                yield from (((*at, "statements", i), one) for i, one in enumerate(entry.statements))
            options = getattr(entry, "options", None)
            if isinstance(options, list) and getattr(entry, "option_list", None) is None:
                yield from (((*at, "options", i), option) for i, option in enumerate(options))
