"""Requests no one would make by hand: every route, every method, everyone, and values from the far side of what is sane.

They go to the app as a server hands them over (WSGI), so that nothing a client library would mend is mended. The same
seed makes the same requests. After some of them the database is put back, so that who was signed out, ended or withdrawn by
one request is there again for the next.
"""

from __future__ import annotations

import io
import logging
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from flask import Flask
from sqlalchemy import text

from tests.pages.strict import HEADERS, StrictClient
from tests.pages.test_routes import EXAMPLES
from tests.pages.visitors import EVERYBODY, LINK, RESPONDENT, Visitors

ANSWERING = "respondent in the middle"
METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "BREW",
    "get",
)
PUT_BACK_AFTER = 60
"""Requests after which the database is as it was."""

VALUES = (
    "", "0", "1", "2", "-1", "+1", "01", " 1", "1.0", "1e9", "NaN", "0x1", "1_0", "٣", "²", "true", "null", "None", "[]",
    "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 40, "9" * 5000,
    "a", "A", "s1", "s2", "o1", "w1", "w2", "p0001", "small-notes", "other-notes", "pupil", "parent", "en", "cy", "zz", "en-GB",
    "x" * 300, "x" * 5000, "/" * 200, "../../etc/passwd", "..", ".", "~", "*", "%", "%25", "%s%n", "{{7*7}}", "{0}", "$x", "\\",
    "'", '"', "';--", "<script>", "&amp;", ";", "=", "&", "?", "#", ":", "@", ",", "," * 100, "|", "(", "[::1", "://", "//x.example/",
    "\0", "a\0b", "\x01\x02", "\x7f", "\x85", "\r\nSet-Cookie: a=b", "\t", "\ufeff", "\u202e", "\u2028", "\ud800", "\ufffe",
    "🎵", "é", "e\u0301", "İ", "ﬃ", "ß" * 300, "\u0301" * 300, "ก" * 3000, "1\u20e3",
    "2025-09-01", "2025-02-30", "0000-00-00", "9999-12-31", "99999-01-01", "2025-9-1", "01/09/2025", "10:99",
    "W-AAAA-BBBB-CCCC", "W-AAAA-BBBB-CCCC," * 30, "AAAAAAAAAAAAAAAAAAAAAA", "0123456789abcdefghijkl", "ravo kimu",
    "a@b", "@", "a@b.c\nbcc: d@e.f", "on", "y", "yes", "no", "dk", "withdrawn", "wave", "future", "all", "__proto__", "constructor",
)  # fmt: skip

RAW = (
    "%",
    "%0",
    "%zz",
    "%00",
    "%ff",
    "%c3%28",
    "%ed%a0%80",
    "%f8%88%80%80%80",
    "%C0%AF",
    "%2e%2e%2f",
    "%2F",
    "%5c",
    "%u0041",
    "\x80",
    "ÿ",
)
"""What stands in an address as it is."""

HEADER_VALUES: dict[str, tuple[str, ...]] = {
    "Origin": ("http://localhost", "http://[::1", "null", "http://a\u00a0b", "http://localhost:99999", "file://", "[", "http://"),
    "Referer": ("http://[::1", "%", "http://localhost/office/", "x" * 4000),
    "Sec-Fetch-Site": ("same-origin", "cross-site", "none", "", "same-origin, cross-site", "\xff"),
    "Host": ("", "localhost:", "localhost:99999", "[::1", "[::1]", "a b", "\xff", "a" * 300, ".", "-", "x_y", "localhost:http", "@", "a@b:1", "xn--zzzzzzz"),
    "X-Forwarded-For": ("", "1.2.3.4, 5", "[::1", "\xff", "x" * 3000),
    "X-Forwarded-Host": ("[::1", "a b", "\xff"),
    "X-Forwarded-Proto": ("https", "javascript", ""),
    "Range": ("bytes=0-1", "bytes=-1", "bytes=5-1", "bytes=0-" + "9" * 30, "bytes=", "bytes=a-b", "lines=1-2", "bytes=0-0,2-3", "bytes=9999999-", "bytes=--1", ","),
    "If-Range": ("x", "Sun, 06 Nov 99999999999 08:49:37 GMT", '"x"', "Thu, 99 Foo 2025", "\xff"),
    "If-None-Match": ("*", '"x"', 'W/"', '"' * 50, ",", "\xff"),
    "If-Match": ("*", '"x"', "\xff"),
    "If-Unmodified-Since": ("Sun, 06 Nov 99999999999 08:49:37 GMT", "x"),
    "If-Modified-Since": ("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Foo 99999", "0", "\xff", "Sun, 06 Nov 99999999999 08:49:37 GMT"),
    "Accept": ("*/*;q=x", "text/html;q=99999999999", ",,,", "application/json", "\xff"),
    "Accept-Language": ("cy", "zz;q=2", "en;q=-1", ";;", "*" * 500, "\xff", "en-" + "x" * 900),
    "Accept-Encoding": ("gzip", "gzip;q=0", "br", "*;q=x", "\xff"),
    "Accept-Charset": ("utf-16;q=1", ""),
    "Cache-Control": ("no-cache", "max-age=x", "\xff"),
    "Authorization": ("Basic", "Basic ====", "Basic \xff", "Bearer x", "Digest username=x", "x" * 3000),
    "Content-Encoding": ("gzip", "x"),
    "Transfer-Encoding": ("chunked", "identity", "gzip, chunked", "\xff"),
    "Expect": ("100-continue", "x"),
    "Upgrade": ("websocket",),
    "X-HTTP-Method-Override": ("DELETE",),
    "User-Agent": ("", "\xff", "x" * 3000),
    "X-Requested-With": ("XMLHttpRequest",),
    "Cookie2": ("$Version=1",),
    "Date": ("x",),
}  # fmt: skip

CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-7", "application/x-www-form-urlencoded; charset=\xff",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", 'multipart/form-data; boundary="', "multipart/mixed; boundary=x",
    "multipart/form-data; boundary=" + "x" * 300, "application/json", "text/plain", "", "/", ";;;", "\xff", "application/x-www-form-urlencoded;a=b;a=c",
)  # fmt: skip
LENGTHS = ("0", "1", "-1", "x", "", "99999999999999999999999", "10000000", "1.5", "+3", " 3", "３", "\xb2")


@dataclass(frozen=True)
class Sent:
    """A request as it was sent: enough to send it again."""

    method: str
    address: str
    rule: str
    who: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __str__(self) -> str:
        body = self.body if len(self.body) < 600 else self.body[:600] + b"..."
        return f"{self.method} {self.address[:300]!r} ({self.rule}) as {self.who}\n  {self.headers!r}\n  {body!r}"


@dataclass
class Tally:
    """What came back: how often which status, and what was wrong with a reply."""

    statuses: Counter[int] = field(default_factory=Counter)
    routes: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")


class _Faults(logging.Handler):
    """Keeps what the app writes down about a fault, for the test that fails."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(logging.Formatter().format(record))


class Sender:
    """Makes requests and looks at what comes back."""

    def __init__(self, visitors: Visitors, seed: int) -> None:
        self._app: Flask = visitors.app
        self._chance = random.Random(seed)
        self._database = str(visitors.engine.url.database)
        self._visitors = visitors
        self._browsers = {who: visitors.browser(who) for who in EVERYBODY}
        self._browsers[ANSWERING] = _answering(visitors)
        self._who = (*EVERYBODY, ANSWERING, ANSWERING)
        self._rules = sorted(self._app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))
        self._tokens: dict[str, str] = {}
        self._fields: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._values = (*VALUES, *_sums(visitors))
        self._examples = {**EXAMPLES, "<token>": visitors.link}
        self._before = sqlite3.connect(":memory:")
        self._copy(to=self._before)

    def send(self, count: int) -> Tally:
        """Send so many requests, to all routes in turn."""
        tally, log = Tally(), _Faults()
        logging.getLogger().addHandler(log)
        try:
            for number in range(count):
                rule = self._rules[number % len(self._rules)]
                sent = self._make(rule.rule, sorted(rule.methods or ()))
                self._look(sent, tally, log)
                if number % PUT_BACK_AFTER == PUT_BACK_AFTER - 1:
                    self._put_back()
        finally:
            logging.getLogger().removeHandler(log)
        return tally

    # ---- the database as it was --------------------------------------------------------------------------

    def _copy(self, to: sqlite3.Connection) -> None:
        with sqlite3.connect(self._database) as here:
            here.backup(to)
        here.close()

    def _put_back(self) -> None:
        self._visitors.engine.dispose()
        with sqlite3.connect(self._database, timeout=30) as here:
            self._before.backup(here)
        here.close()

    # ---- a request ---------------------------------------------------------------------------------------

    def _make(self, rule: str, its_methods: list[str]) -> Sent:
        chance = self._chance
        method = chance.choice(its_methods) if chance.random() < 0.7 else chance.choice(METHODS)
        who = chance.choice(self._who)
        tame = chance.random() < 0.5
        path = re.sub(r"<[^>]*>", lambda gap: self._gap(gap.group(), tame), rule)
        address = path + self._query()
        headers, body = self._headers(who), b""
        if method in ("POST", "PUT", "PATCH") or chance.random() < 0.03:
            type_, body = self._body(rule, path, who)
            headers += self._about_the_body(type_, body)
        return Sent(method, address, rule, who, tuple(headers), body)

    def _gap(self, gap: str, tame: bool) -> str:
        chance = self._chance
        if gap in self._examples and (tame or chance.random() < 0.4):
            return self._examples[gap]
        if gap in ("<version>", "<language>", "<name>", "<path:path>") and (tame or chance.random() < 0.5):
            known = {
                "<version>": self._values[len(VALUES) :],
                "<language>": ("en",),
                "<name>": ("sing_enjoy", "play_enjoy", "music", "concert"),
                "<path:path>": ("adult.css", "icon.svg", "fonts/x.woff2", "", "./icon.svg"),
            }
            return str(chance.choice(known[gap]))
        if chance.random() < 0.2:
            return chance.choice(RAW)
        return _quoted(chance.choice(self._values))

    def _query(self) -> str:
        chance = self._chance
        if chance.random() < 0.5:
            return ""
        names = (
            "n",
            "again",
            "check",
            "language",
            "as",
            "next",
            "v",
            "wave",
            "done",
            "page",
            "school",
            "csrf_token",
            "a",
            "\0",
            "[]",
        )
        pairs = [
            f"{_quoted(chance.choice(names))}={_quoted(chance.choice(self._values))}"
            for _ in range(chance.randint(1, 3))
        ]
        odd = chance.choice(("", "", "&&", "=", "%", "%ff", "&n=1&n=2", "&" * 2000, "&a" * 600, "\xff"))
        return "?" + "&".join(pairs) + odd

    def _headers(self, who: str) -> list[tuple[str, str]]:
        chance = self._chance
        headers = [("Host", "localhost")] if chance.random() < 0.95 else []
        if chance.random() < 0.8:
            headers.append(("Sec-Fetch-Site", "same-origin"))
        for name in chance.sample(sorted(HEADER_VALUES), chance.choice((0, 0, 0, 1, 1, 2, 5))):
            headers = [one for one in headers if one[0] != name]
            headers.append((name, chance.choice(HEADER_VALUES[name])))
        return [*headers, *self._cookies(who)]

    def _cookies(self, who: str) -> list[tuple[str, str]]:
        chance = self._chance
        pairs = [f"{one.key}={one.value}" for one in (self._browsers[who]._cookies or {}).values()]
        odd = chance.random()
        if odd < 0.05:
            pairs = [pair[: chance.randrange(len(pair))] for pair in pairs]
        elif odd < 0.12:
            junk = (
                "me=~", "me=~wwww", "me=r.x.1.y.z~b", "me=d.1.x.y", "me=....", "me=r.a.b", "me=\xff~\xff", "me=" + "x" * 4000, "office=", "office=.",
                "office=eyJhIjoxfQ.x.y", "office=\xff", "device=.", "device=x.y", "me", "=", ";;;", "a=b=c", '"', "me=~1; me=~2", "$Version=1; me=~b",
            )  # fmt: skip
            pairs.append(chance.choice(junk))
        return [("Cookie", "; ".join(pairs))] if pairs else []

    # ---- its body ----------------------------------------------------------------------------------------

    def _body(self, rule: str, path: str, who: str) -> tuple[str, bytes]:
        chance = self._chance
        fields = [(name, value) for name, value in self._fields_of(rule, path, who) if name != "csrf_token"]
        for at, (name, value) in enumerate(fields):
            odd = chance.random()
            if odd < 0.35:
                fields[at] = (name, chance.choice(self._values))
            elif odd < 0.4:
                fields.append((name, value))
        if fields and chance.random() < 0.1:
            fields.pop(chance.randrange(len(fields)))
        if chance.random() < 0.1:
            fields.append((chance.choice(self._values), chance.choice(self._values)))
        if chance.random() < 0.85:
            fields.append(("csrf_token", self._token(who)))
        elif chance.random() < 0.5:
            fields.append(("csrf_token", chance.choice(self._values)))
        if chance.random() < 0.05:
            return "application/json", chance.choice(
                (b"[1]", b"{}", b'{"code": 1}', b"null", b"NaN", b'"x"', b"[[[" * 900, b"{")
            )
        if chance.random() < 0.05:
            return "application/x-www-form-urlencoded", bytes(
                chance.randrange(256) for _ in range(chance.randrange(2000))
            )
        if chance.random() < 0.3:
            return _multipart(fields, chance)
        return "application/x-www-form-urlencoded", "&".join(f"{_quoted(n)}={_quoted(v)}" for n, v in fields).encode(
            "latin-1"
        )

    def _about_the_body(self, type_: str, body: bytes) -> list[tuple[str, str]]:
        chance = self._chance
        length = str(len(body)) if chance.random() < 0.92 else chance.choice(LENGTHS)
        type_ = type_ if chance.random() < 0.92 else chance.choice(CONTENT_TYPES)
        return [("Content-Type", type_), ("Content-Length", length)]

    def _token(self, who: str) -> str:
        """The token of someone's forms, as the first page with a form has it."""
        if who not in self._tokens:
            page = "/office/sign-in" if who in (RESPONDENT, ANSWERING) else "/office/password"
            page = f"/office/link/{self._visitors.link}" if who == LINK else page
            reply = self._browsers[who].get(page, follow_redirects=True)
            found = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', reply.text)
            self._tokens[who] = found[0] if found else ""
        return self._tokens[who]

    def _fields_of(self, rule: str, path: str, who: str) -> list[tuple[str, str]]:
        """The fields of the forms on this page, or on the one above it: what a browser would send."""
        if (rule, who) not in self._fields:
            found: list[tuple[str, str]] = []
            example = re.sub(r"<[^>]*>", lambda gap: self._gap(gap.group(), tame=True), rule)
            for page in (example, example.rpartition("/")[0] or "/"):
                with self._browsers[who] as browser:
                    reply = browser.get(page)
                found = (
                    [(name, value) for name, value in _NAMED.findall(reply.text)]
                    if reply.mimetype == "text/html"
                    else []
                )
                if found:
                    break
            self._fields[rule, who] = found or [("code", "ravo kimu"), ("receipt", "ravo kimu tezo bani"), ("file", "")]
        return list(self._fields[rule, who])

    # ---- its reply ---------------------------------------------------------------------------------------

    def _look(self, sent: Sent, tally: Tally, log: _Faults) -> None:
        log.said.clear()
        began = time.process_time()
        try:
            status, headers, body = answer(self._app, sent)
        except Exception as error:  # what the server would have to answer for
            tally.faults.append(f"{type(error).__name__}: {error}\n{sent}")
            return
        seconds = time.process_time() - began
        if seconds > tally.slowest[0]:
            tally.slowest = (seconds, str(sent))
        tally.statuses[status] += 1
        tally.routes.add(sent.rule)
        if status == 200:
            tally.opened.add(sent.rule)
        said = [*faults(sent.method, status, headers, body), *([] if status < 500 else log.said)]
        if said:
            tally.faults.append("\n".join([f"{status}", *said, str(sent)]))


_NAMED = re.compile(r'<(?:input|select|textarea|button)[^>]*?\bname="([^"]+)"(?:[^>]*?\bvalue="([^"]*)")?')


def _quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def _sums(visitors: Visitors) -> tuple[str, ...]:
    """Versions as addresses have them, and sums of texts that are none, whole and cut short."""
    with visitors.engine.connect() as connection:
        sums = [str(one) for one in connection.scalars(text("SELECT sha256 FROM definition"))]
    return tuple(one[:length] for one in sums for length in (12, 12, 12, 64, 1, 11, 13))


def _answering(visitors: Visitors) -> StrictClient:
    client = visitors.browser(RESPONDENT)
    client.post("/welcome", data={"start": "1"})
    assert client.get("/go").status_code == 303
    return client


def _multipart(fields: list[tuple[str, str]], chance: random.Random) -> tuple[str, bytes]:
    body = b""
    for name, value in fields:
        file = chance.choice(
            (
                "",
                "",
                '; filename="x.csv"',
                '; filename=""',
                '; filename="\\"',
                "; filename*=utf-9''%ff",
                '; filename="../x.xlsx"',
            )
        )
        head = f'Content-Disposition: form-data; name="{name}"{file}'.encode("utf-8", "surrogatepass")
        more = chance.choice(
            (
                b"",
                b"",
                b"\r\nContent-Type: text/csv",
                b"\r\nContent-Type: \xff",
                b"\r\nContent-Transfer-Encoding: base64",
                b"\r\n:x",
            )
        )
        content = value.encode("utf-8", "surrogatepass")
        if file and chance.random() < 0.5:
            content = chance.choice(
                (b"PK\x03\x04", b"participant,school\n1,2\n", b"\xff\xfe\0", b"a;b;c\n" * 50, b"", b'"', b"%PDF")
            )
        body += b"--edge\r\n" + head + more + b"\r\n\r\n" + content + b"\r\n"
    end = chance.choice(
        (b"--edge--\r\n", b"--edge--\r\n", b"--edge--\r\n", b"", b"--edge", b"--edg--\r\n", b"\r\n--edge--")
    )
    return "multipart/form-data; boundary=edge", body + end


def answer(app: Flask, sent: Sent) -> tuple[int, list[tuple[str, str]], bytes]:
    """Hand a request to the app as a server would, and read the whole reply."""
    path, _, query = sent.address.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": sent.method, "SCRIPT_NAME": "", "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": sent.address, "REQUEST_URI": sent.address, "QUERY_STRING": query.encode("utf-8", "surrogatepass").decode("latin-1"),
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(sent.body), "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in sent.headers:
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        began.append((status, headers))
        return lambda _: None

    reply = app(environ, start_response)
    try:
        body = b"".join(reply)
    finally:
        getattr(reply, "close", lambda: None)()
    status, headers = began[-1]
    return int(status.split(" ")[0]), headers, body


def faults(method: str, status: int, headers: list[tuple[str, str]], body: bytes) -> Iterator[str]:
    """Yield what is wrong with a reply, as sentences."""
    if status >= 500:
        yield "a fault of the server"
    names = Counter(name.lower() for name, _ in headers)
    for wanted in (*HEADERS, "Cross-Origin-Opener-Policy", "Cache-Control"):
        if names[wanted.lower()] != 1 and not (status == 304 and wanted == "Cache-Control"):
            yield f"{wanted} stands {names[wanted.lower()]} times"
    for name, value in headers:
        if not value.isprintable() or not all(ord(character) < 256 for character in value):
            yield f"no server could send {name}: {value!r}"
    if method == "HEAD":
        if body:
            yield "a body after HEAD"
        return
    type_ = next((value for name, value in headers if name.lower() == "content-type"), "")
    # 412 answers a program that asked for one version of a file; no browser shows it.
    if status >= 400 and status != 412 and not type_.startswith("text/html"):
        yield f"an error is told by {type_!r}, not by a page"
    if type_.startswith("text/html") and not 300 <= status < 400 and method != "OPTIONS":
        page = _plain(headers, body)
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
        if heading is None or not re.sub(r"<[^>]*>|\s", "", heading[1]):
            yield "a page without a heading"
        elif not re.search(r"<(p|li|label|legend|table|form)\b", page):
            yield "a page without a sentence"


def _plain(headers: list[tuple[str, str]], body: bytes) -> str:
    import gzip

    packed = any(name.lower() == "content-encoding" and value == "gzip" for name, value in headers)
    return (gzip.decompress(body) if packed else body).decode()
