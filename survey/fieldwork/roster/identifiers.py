"""What must not be stored: columns and values that say who someone is. And the one way to use them, a keyed hash.

The key is in a file of its own, outside the database and the instance folder, so that neither a copy of the database
nor a backup can be matched with a list of pupils.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from survey import private
from survey.config import Settings
from survey.fieldwork.roster.tables import DATE, Cell, Misread, ReadRow, ReadSheet, and_more, plain
from survey.problems import Refused

# ---- England's unique pupil number -----------------------------------------------------------------------

_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN: Final = re.compile(rf"[{_LETTERS}][0-9]{{11}}[0-9{_LETTERS}]")
_UPN_WITHIN: Final = re.compile(rf"(?<![A-Za-z0-9])[{_LETTERS}][0-9]{{11}}[0-9{_LETTERS}](?![A-Za-z0-9])")


def is_upn(text: str) -> bool:
    """True for a unique pupil number whose check letter is right.

    A letter and 12 digits; a temporary number ends in a letter. Characters 2 to 13, each times its position, are added;
    the rest of the sum divided by 23 is the check letter among the 23 that are not I, O or S, A being 0. A last letter
    counts as its number in the same list. Source: UK Government Data Standards Catalogue, Unique Pupil Number, version
    2.0, agreed 18 November 2004 (Department for Education).
    """
    if not _UPN.fullmatch(text):
        return False
    worth = [_LETTERS.index(sign) if sign.isalpha() else int(sign) for sign in text[1:]]
    return sum(at * value for at, value in enumerate(worth, start=2)) % 23 == _LETTERS.index(text[0])


# ---- the keyed hash --------------------------------------------------------------------------------------

_KEY_BYTES: Final = 32


def make_key(path: Path, settings: Settings) -> None:
    """Write a new linkage key to a file that only its owner can read.

    Raises Refused when the file is there already, cannot be written, or lies in the instance folder.
    """
    _apart(path, settings)
    try:
        private.write_new(path, secrets.token_hex(_KEY_BYTES) + "\n")
    except FileExistsError as error:
        raise Refused(
            [f"{path} already exists. A key that has been used must not be lost. Please give another name."]
        ) from error
    except OSError as error:
        raise Refused([f"{path} cannot be written ({error.strerror}). Please choose another place."]) from error


def read_key(settings: Settings) -> bytes:
    """Return the linkage key. Raises Refused, with what to do, when there is none or it is no key."""
    path = settings.linkage_key
    if path is None:
        raise Refused(
            [
                (
                    "This study links to data from outside, and there is no linkage key yet. Please make one with "
                    "`survey roster key FILE` and name the file in the environment variable CHORUS_LINKAGE_KEY."
                )
            ]
        )
    _apart(path, settings)
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise Refused(
            [
                (
                    "The linkage key that CHORUS_LINKAGE_KEY names cannot be read. Please check the path, that Chorus "
                    "may read it, and that the file is the one `survey roster key` made."
                )
            ]
        ) from error
    if len(key) != _KEY_BYTES:
        raise Refused(["The file that CHORUS_LINKAGE_KEY names is not a linkage key made by `survey roster key`."])
    return key


def _apart(path: Path, settings: Settings) -> None:
    if path.expanduser().resolve().is_relative_to(settings.instance.resolve()):
        raise Refused(
            [
                (
                    "The linkage key must not be in the instance folder, or it would be in the backups together "
                    "with what it protects. Please keep it in another place."
                )
            ]
        )


def hashed(identifier: str, study_code: str, key: bytes) -> str:
    """Return the linkage hash: HMAC-SHA256 of "STUDY:IDENTIFIER" under the key, as 64 hexadecimal digits.

    The study's code is in it, so that the hashes of two studies cannot be matched without the key.
    """
    return hmac.digest(key, f"{study_code}:{identifier}".encode(), hashlib.sha256).hex()


def normal(identifier: str) -> str:
    """Return an identifier as it is hashed: capitals, no spaces."""
    return re.sub(r"\s+", "", identifier).upper()


# ---- columns that are refused ----------------------------------------------------------------------------

_NAMES: Final = (
    *("name", "names", "surname", "forename", "forenames", "firstname", "lastname", "fullname", "middlename"),
    *("familyname", "givenname", "nickname", "initials", "enw", "cyfenw", "nazwisko", "vorname", "nachname"),
    *("prenom", "nombre", "apellido", "apellidos"),
)
_OTHERS: Final = {
    "e-mail addresses": ("email", "emails", "mail", "ebost"),
    "telephone numbers": ("phone", "telephone", "tel", "mobile", "phonenumber", "ffon"),
    "addresses": ("address", "addresses", "street", "postcode", "postalcode", "zip", "zipcode", "cyfeiriad"),
    "dates of birth": ("dob", "birthdate", "dateofbirth", "birthday", "born"),
    "NHS numbers": ("nhs", "nhsnumber", "nhsno"),
    "unique pupil numbers": ("upn", "upns", "uniquepupilnumber", "formerupn", "ulnumber", "uln", "uniquelearnernumber"),
    "National Insurance numbers": ("nino", "nationalinsurance", "nationalinsurancenumber"),
}
_OF_PLACES: Final = {"school", "class", "programme", "area", "wave", "file"}


class _Refusal(NamedTuple):
    what: str
    declarable: bool
    """True when a study may ask for it all the same, by declaring a fact with this header."""


def _refusal(header: str) -> _Refusal | None:
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header).casefold())
    pairs = ["".join(words[at : at + size]) for size in (1, 2, 3) for at in range(len(words) - size + 1)]
    if set(pairs) & set(_NAMES) and not set(words) & _OF_PLACES:
        return _Refusal("names", False)
    for what, known in _OTHERS.items():
        if set(pairs) & set(known):
            return _Refusal(what, what in ("dates of birth", "addresses"))
    return None


def is_refused(header: str) -> bool:
    """True for a heading of what must not be sent, such as names."""
    return _refusal(header) is not None


def refused_columns(sheet: ReadSheet, declared: Sequence[str]) -> dict[int, Misread]:
    """Return the columns that must not be sent, by index, with the sentence for each.

    declared: headers the study declares itself (titles of facts, the identifier it hashes).
    """
    said = {plain(header) for header in declared}
    found: dict[int, Misread] = {}
    for index, cell in enumerate(sheet.header):
        refusal = _refusal(cell.text)
        if refusal is None or (refusal.declarable and plain(cell.text) in said):
            continue
        if refusal.what == "unique pupil numbers" and plain(cell.text) in said:
            continue
        found[index] = sheet.misread(
            cell,
            f"This column looks like {refusal.what}, which stay in school. Please delete the column: the study "
            "code is enough, and the school keeps the list that says who is who.",
        )
    return found


# ---- values that are refused -----------------------------------------------------------------------------

_BEHIND_AT: Final = re.compile(r"[^\s@]+\.[^\s@]+")


def _has_address(text: str) -> bool:
    """True for a text with an e-mail address in it. Begins at the @: from each letter it would take time by the square
    of them.
    """
    at = text.find("@")
    while at >= 0:
        before = text[at - 1] if at else " "
        if not before.isspace() and before != "@" and _BEHIND_AT.match(text, at + 1):
            return True
        at = text.find("@", at + 1)
    return False


def refused_values(sheet: ReadSheet, besides: Sequence[int]) -> Iterator[Misread]:
    """Yield a problem for each column in which values are e-mail addresses or unique pupil numbers.

    besides: columns, by index, that are refused already, or where an identifier belongs. No value is quoted.
    """
    seen: dict[tuple[int, str], list[Cell]] = {}
    left_out = set(besides)
    for row in sheet.rows:
        for index, cell in enumerate(row.cells):
            what = kind_of_identifier(cell.text) if len(cell.text) > 5 and index not in left_out else ""
            if what:
                seen.setdefault((index, what), []).append(cell)
    for (_, what), cells in seen.items():
        yield sheet.misread(
            cells[0],
            f"This cell has what looks like {what} in it. Please delete it: such things stay in school."
            + and_more([cell.row for cell in cells]),
        )


def kind_of_identifier(text: str) -> str:
    """Return what a text holds that says who someone is, such as "an e-mail address"; "" when there is none."""
    if "@" in text and _has_address(text):
        return "an e-mail address"
    if len(text) >= 13 and any(is_upn(found) for found in _UPN_WITHIN.findall(text.upper())):
        return "a unique pupil number"
    return ""


def is_person(text: str) -> bool:
    """True for the name of a place that names a person: 'Miss Honey', '4b (Mr. Brown)'."""
    return (
        re.search(r"(?<![^\W_])(?:mr|mrs|miss|ms|mx|dr|prof|herr|frau|pan|pani)\b\.? *[^\W\d_]{2,}", text, re.I)
        is not None
    )


_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_TOTALS: Final = {"total", "totals", "sum", "count", "average", "mean", "grandtotal", "summe", "cyfanswm"}
_DAY: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")


OF_TOTALS: Final = "This looks like a row of totals. Please delete it: every row is one participant."


def is_of_totals(cell: Cell) -> bool:
    """True for a word that begins a row of totals, where a study code should stand."""
    return plain(cell.text) in _TOTALS


def fault_of_code(cell: Cell) -> str | None:
    """Return what stands against a participant's study code, or None. What looks like a name is not quoted."""
    code = cell.text
    if is_of_totals(cell):
        return OF_TOTALS
    if cell.kind == DATE or _DAY.fullmatch(code):
        return (
            "This is a date, and a study code cannot be a date. If the spreadsheet turned a code into a date, "
            "format the column as text and type the code again."
        )
    if not any(sign.isdigit() for sign in code):
        return (
            "This looks like a name or a word. A study code has at least one digit, like p0012. Names stay in school."
        )
    if not _CODE.fullmatch(code):
        if code[0] in "“”‘’„«'\"" or code[-1] in "“”‘’„»'\"":
            return "There are quotation marks around the study code. Please delete them."
        return (
            "A study code has up to 32 letters from a to z, digits, dots, dashes and underscores, and begins with a "
            "letter or digit."
        )
    if re.fullmatch(r"07\d{9}", code):
        return "This looks like a telephone number, which cannot be a study code."
    return None


def fault_of_codes(sheet: ReadSheet, rows: Sequence[ReadRow], index: int) -> Misread | None:
    """Return a problem when most study codes of a sheet are dates of birth written without dots, or NHS numbers."""
    codes = [row.cells[index] for row in rows if row.cells[index].text]
    for looks_like, what in ((_is_birthday, "dates of birth"), (_is_nhs_number, "NHS numbers")):
        like = [cell for cell in codes if looks_like(cell.text)]
        if like and len(like) * 2 > len(codes):
            return sheet.misread(
                like[0],
                f"The study codes look like {what}. Please use codes that say nothing about a person, like p0012.",
            )
    return None


def names_for_places(sheet: ReadSheet, rows: Sequence[ReadRow], index: int) -> Misread | None:
    """Return a problem when a column of classes holds people: nearly every row another, of two words and no digit."""
    cells = [row.cells[index] for row in rows if row.cells[index].text]
    like = [cell for cell in cells if _TWO_WORDS.fullmatch(cell.text)]
    if len(like) < 5 or len(like) * 5 < len(cells) * 4 or len({cell.text for cell in like}) * 5 < len(like) * 4:
        return None
    return sheet.misread(
        like[0], "This column looks like people's names, another one in nearly every row. Names stay in school."
    )


# Between two words there is always a blank: were it left open, a long word could be parted in any number of ways, and
# all of them would be tried.
_TWO_WORDS: Final = re.compile(r"[^\W\d_]{2,},? [^\W\d_]+(?: [^\W\d_]+)* ?")


def _is_birthday(code: str) -> bool:
    if not re.fullmatch(r"\d{8}", code):
        return False
    for year, month, day in ((code[:4], code[4:6], code[6:]), (code[4:], code[2:4], code[:2])):
        try:
            if 1930 <= date(int(year), int(month), int(day)).year <= 2030:
                return True
        except ValueError:
            continue
    return False


def _is_nhs_number(code: str) -> bool:
    """True for ten digits whose last is the check digit of an NHS number (weights 10 to 2, modulo 11)."""
    if not re.fullmatch(r"\d{10}", code):
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(code, range(10, 1, -1), strict=False)) % 11
    return (11 - rest) % 11 == int(code[9])
