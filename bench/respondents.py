"""Pretended respondents with a browser's habits: a connection kept open, cookies, pages read for their form."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlencode, urlsplit

_INPUT = re.compile(rb"<input\b[^>]*>")
_ATTRIBUTE = re.compile(rb'([a-z-]+)="([^"]*)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=]+)=([^;\r]*)", re.IGNORECASE)


@dataclass
class Reply:
    """What came back."""

    status: int
    location: str | None
    body: bytes


@dataclass
class Measured:
    """How long each post took (seconds), and what was not as it should be."""

    posts: list[float] = field(default_factory=list)
    faults: int = 0


class Browser:
    """One respondent's connection and cookies. pause: seconds they think over a page, on average."""

    def __init__(self, host: str, port: int, pause: float = 0.0) -> None:
        self._host, self._port, self.pause = host, port, pause
        self.cookies: dict[bytes, bytes] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, address: str) -> Reply:
        """Open an address."""
        return await self._ask(b"GET", address, b"")

    async def post(self, address: str, form: dict[str, str]) -> Reply:
        """Send a form."""
        return await self._ask(b"POST", address, urlencode(form).encode())

    async def follow(self, reply: Reply) -> tuple[str, Reply]:
        """Go where a reply leads; return the address and the page there."""
        address = ""
        while reply.location is not None:
            split = urlsplit(reply.location)
            address = split.path + (f"?{split.query}" if split.query else "")
            reply = await self.get(address)
        return address, reply

    async def _ask(self, method: bytes, address: str, body: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        cookies = b"; ".join(name + b"=" + value for name, value in self.cookies.items())
        writer.write(
            method + b" " + address.encode() + b" HTTP/1.1\r\nHost: " + f"{self._host}:{self._port}".encode()
            + b"\r\nAccept-Encoding: identity\r\nSec-Fetch-Site: same-origin\r\nCookie: " + cookies
            + (b"\r\nContent-Type: application/x-www-form-urlencoded" if body else b"")
            + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        )  # fmt: skip
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        content = await reader.readexactly(int(length[1])) if length and int(length[1]) else b""
        for name, value in _COOKIE.findall(head):
            self.cookies[name] = value
        if b"connection: close" in head.lower():
            writer.close()
            self._streams = None
        location = _LOCATION.search(head)
        return Reply(int(head[9:12]), location[1].decode() if location else None, content)

    def close(self) -> None:
        """Hang up."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


def filled(page: bytes, rng: random.Random) -> dict[str, str]:
    """Fill the form of a page: hidden fields as they are, one of each group, a 3 where one types."""
    form: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for tag in _INPUT.findall(page):
        found = {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(tag)}
        if found.get("type") == "hidden":
            form[found["name"]] = found.get("value", "")
        elif found.get("type") == "text":
            form[found["name"]] = "" if found["name"].endswith("-other") else "3"
        elif found.get("type") == "checkbox" and not found["name"].endswith("-instead"):
            form.setdefault(found["name"], found.get("value", ""))
        elif found.get("type") == "radio":
            groups.setdefault(found["name"], []).append(found.get("value", ""))
    for name, values in groups.items():
        real = [value for value in values if value not in ("dk", "skip", "no")]
        form[name] = rng.choice(real or values)
    return form


def at_the_end(address: str) -> bool:
    """Tell whether an address is that of a last page."""
    return address.startswith("/over/")


async def respond(
    browser: Browser, start: str, until: float, measured: Measured, rng: random.Random, counts: str
) -> None:
    """Answer page after page until the time is over; begin again at the end of a questionnaire.

    Only posts to addresses that begin with `counts` are measured.
    """
    address, page = await browser.follow(Reply(303, start, b""))
    while perf_counter() < until:
        form = filled(page.body, rng)
        if browser.pause:
            await asyncio.sleep(rng.uniform(0, 2 * browser.pause))
        if at_the_end(address):
            browser.cookies.clear()
            address, page = await browser.follow(Reply(303, start, b""))
            continue
        begun = perf_counter()
        reply = await browser.post(address, form)
        took = perf_counter() - begun
        if reply.status != 303:
            measured.faults += 1
        elif address.startswith(counts) and form:
            measured.posts.append(took)
        address, page = await browser.follow(reply) if reply.location else (address, reply)


async def crowd(port: int, people: int, seconds: float, start: str, counts: str, pause: float = 0.0) -> Measured:
    """Let so many people answer at once for so long; return every post's time. pause: as a `Browser` has it."""
    measured = Measured()
    until = perf_counter() + seconds
    browsers = [Browser("127.0.0.1", port, pause) for _ in range(people)]
    tasks = [respond(browser, start, until, measured, random.Random(n), counts) for n, browser in enumerate(browsers)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for browser in browsers:
            browser.close()
    return measured
