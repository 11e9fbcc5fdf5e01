"""What stands between the server and the pages: requests are whole, or are turned away with a calm page."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import io
import pkgutil
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Timer
from typing import Any

import pytest
from flask import Flask, request

from survey import pages
from survey.pages.shield import POLICY, Shield, refuse_what_is_not_whole
from survey.serving import gateway
from survey.serving.gateway import Gateway, environment


class Headers:
    """Headers as granian gives them: names in small letters, some more than once."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def items(self) -> tuple[tuple[str, str], ...]:
        return self._pairs

    def get(self, name: str) -> str | None:
        return next((value for known, value in self._pairs if known == name), None)


@dataclass
class Scope:
    headers: Headers = field(default_factory=Headers)
    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    server: str = "127.0.0.1:8000"
    client: str = "127.0.0.1:50000"
    scheme: str = "http"
    http_version: str = "1.1"


class Line:
    """The other end: what it sends, and what it was answered. `sends` None: nothing comes any more."""

    def __init__(self, sends: bytes | Exception | None = b"") -> None:
        self._sends = sends
        self.answer: tuple[int, list[tuple[str, str]], bytes] | None = None
        self.asked = False
        self.heard_out = False

    def __call__(self) -> asyncio.Future[bytes]:
        self.asked = True
        return asyncio.ensure_future(self._body())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = await self._body()
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]
        self.heard_out = True

    async def _body(self) -> bytes:
        if isinstance(self._sends, Exception):
            raise self._sends
        if self._sends is None:
            await asyncio.sleep(3600)
        assert self._sends is not None
        return self._sends

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if not all(isinstance(text, str) for header in headers for text in header):
            raise TypeError("granian sends text only")
        self.answer = self.answer or (status, headers, body)


def make_app() -> Flask:
    app = Flask("gateway")
    refuse_what_is_not_whole(app)
    app.wsgi_app = Shield(app.wsgi_app, lambda error, _: type(error).__name__.encode())  # type: ignore[method-assign]

    @app.route("/", methods=["GET", "POST"])
    def echo() -> str:
        return f"{request.method} {request.get_data().decode()}"

    return app


def while_serving(work: Callable[[Gateway], Coroutine[Any, Any, None]], app: Any = None, threads: int = 2) -> None:
    """Do it in the loop of a gateway, begun and ended as by granian. In a thread: a browser has a loop in this one."""

    def begin_and_end() -> None:
        loop = asyncio.new_event_loop()
        served = Gateway(app or make_app(), threads)
        served.__rsgi_init__(loop)
        try:
            loop.run_until_complete(work(served))
        finally:
            served.__rsgi_del__(loop)
            left = asyncio.all_tasks(loop)
            loop.close()
        assert left == set(), "each request is brought to its end"

    with ThreadPoolExecutor(1) as thread:
        thread.submit(begin_and_end).result()


def ask(served: Gateway, scope: Scope, line: Line) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(served.__rsgi__(scope, line))


async def until(come: Callable[[], object], within: float = 20) -> None:
    """Let the loop turn until something has come, by the clock of the machine: that of the loop may stand still."""
    late = time.monotonic() + within
    while not come():
        assert time.monotonic() < late, "it did not come"
        time.sleep(0.001)
        await asyncio.sleep(0)


async def answered(*lines: Line) -> None:
    """Wait until each has its answer."""
    await until(lambda: all(line.answer for line in lines))


def send(scope: Scope, *lines: Line, app: Any = None) -> None:
    async def everyone(served: Gateway) -> None:
        asked = [ask(served, scope, line) for line in lines]
        await answered(*lines)
        await asyncio.gather(*asked)

    while_serving(everyone, app)


def post(length: int | str) -> Scope:
    return Scope(Headers(("content-length", str(length)), ("content-type", "text/plain")), "POST")


def test_a_request_goes_to_the_app_and_its_answer_comes_back() -> None:
    line = Line(b"hello")
    send(post(5), line)
    assert line.answer is not None
    status, headers, body = line.answer
    assert (status, body) == (200, b"POST hello")
    assert ("Content-Security-Policy", POLICY) in headers


def test_a_body_that_does_not_come_is_given_up_with_a_page_that_has_its_headers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "_PATIENCE", 0.01)
    line = Line(None)
    send(post(5), line)
    assert line.answer is not None
    assert line.answer[0] == 408
    assert ("Content-Security-Policy", POLICY) in line.answer[1]


@pytest.mark.parametrize(("size", "seconds"), [(1, 15), (64 * 1024, 15 + 4), (10 * 1024 * 1024, 15 + 640)])
def test_a_body_has_fifteen_seconds_and_one_more_for_every_sixteen_kilobytes(
    monkeypatch: pytest.MonkeyPatch, size: int, seconds: int
) -> None:
    now = 1000.0
    line = Line(None)

    async def everyone(served: Gateway) -> None:
        nonlocal now
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
        ask(served, post(size), line)
        await until(lambda: line.asked)
        now += seconds - 0.1
        for _ in range(100):
            await asyncio.sleep(0)
        assert line.answer is None, "it is still waited for"
        now += 0.2
        await answered(line)

    while_serving(everyone)
    assert line.answer is not None
    assert line.answer[0] == 408


def test_lines_that_hang_keep_nobody_waiting() -> None:
    slow, quick = [Line(None) for _ in range(50)], Line(b"quick")

    async def everyone(served: Gateway) -> None:
        asked = [ask(served, post(5), line) for line in (*slow, quick)]
        await answered(quick)
        for one in asked:
            one.cancel()

    while_serving(everyone, threads=1)
    assert all(line.asked for line in slow), "all of them had begun"
    assert quick.answer is not None
    assert quick.answer[2] == b"POST quick"


@pytest.mark.parametrize("length", [gateway.LARGEST_BODY + 1, "1" * 5000, "-1", "+5", "٣", "5, 5", "x"])
def test_a_body_larger_than_any_page_takes_is_refused_before_it_is_read(length: int | str) -> None:
    line = Line(b"")
    send(post(length), line)
    assert line.answer is not None
    assert line.answer[0] == 413
    assert not line.asked


@pytest.mark.parametrize(
    ("on_their_way", "size", "status"), [(0, 100_000, 503), (10**9, gateway.LARGEST_BODY + 1, 413)]
)
def test_a_body_that_is_refused_is_heard_out_or_the_browser_would_say_that_the_line_was_cut(
    monkeypatch: pytest.MonkeyPatch, on_their_way: int, size: int, status: int
) -> None:
    monkeypatch.setattr(gateway, "_ON_THEIR_WAY", on_their_way)
    line = Line(b"x" * 100_000)
    send(post(size), line)
    assert line.answer is not None
    assert (line.answer[0], line.heard_out) == (status, True)


@pytest.mark.parametrize("more", [(), (("expect", "100-continue"),)])
def test_a_body_that_is_refused_is_not_waited_for_when_it_is_far_too_large_or_has_not_begun(
    more: tuple[tuple[str, str], ...],
) -> None:
    length = str(gateway.LARGEST_BODY * 5 if not more else gateway.LARGEST_BODY + 1)
    line = Line(None)
    send(Scope(Headers(("content-length", length), *more), "POST"), line)
    assert line.answer is not None
    assert (line.answer[0], line.heard_out) == (413, False)


def test_a_refused_body_that_does_not_come_is_not_waited_for_longer_than_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "_time_for", lambda _: 0.01)
    line = Line(None)
    send(post(gateway.LARGEST_BODY + 1), line)
    assert line.answer is not None
    assert line.answer[0] == 413


def limits_of_pages() -> dict[str, int]:
    """Return how large a form each page that takes files lets in, by where it says so."""
    found = {}
    for module in pkgutil.walk_packages(pages.__path__, f"{pages.__name__}."):
        here = importlib.import_module(module.name)
        for node in ast.walk(ast.parse(inspect.getsource(here))):
            if limit := limit_said_by(node):
                found[f"{module.name}:{node.lineno}"] = int(eval(limit, vars(here)))
    return found


def limit_said_by(node: ast.AST) -> str | None:
    """Return the expression that a page sets its limit to, or an upload is described with."""
    if isinstance(node, ast.Assign) and "request.max_content_length" in map(ast.unparse, node.targets):
        limit = ast.unparse(node.value)
        return None if limit == "self._upload.largest" else limit
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Upload":
        return next((ast.unparse(word.value) for word in node.keywords if word.arg == "largest"), "Upload.largest")
    return None


def test_every_file_that_a_page_takes_comes_as_far_as_that_page() -> None:
    limits = limits_of_pages()
    assert len(limits) >= 5
    assert {where: most for where, most in limits.items() if most + 1024 * 1024 > gateway.LARGEST_BODY} == {}


def test_so_many_large_bodies_at_once_that_they_would_fill_the_memory_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "_ON_THEIR_WAY", 250_000)
    monkeypatch.setattr(gateway, "_time_for", lambda _: 0.1)
    lines, after = [Line(None) for _ in range(3)], [Line(b"x" * 100_000) for _ in range(2)]

    async def everyone(served: Gateway) -> None:
        for group in (lines, after):
            asked = [ask(served, post(100_000), line) for line in group]
            await answered(*group)
        await asyncio.gather(*asked)

    while_serving(everyone)
    assert [line.answer[0] for line in lines if line.answer] == [408, 408, 503]
    assert [line.answer[0] for line in after if line.answer] == [200, 200], "what was given up is counted no more"


def test_a_page_of_answers_is_let_in_however_many_large_bodies_are_on_their_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "_ON_THEIR_WAY", 0)
    line = Line(b"small")
    send(post(5), line)
    assert line.answer is not None
    assert line.answer[0] == 200


def test_a_body_that_breaks_off_is_refused_with_a_page_for_whoever_still_listens() -> None:
    line = Line(RuntimeError("the line is cut"))
    send(post(5), line)
    assert line.answer is not None
    assert line.answer[0] == 400
    assert ("Content-Security-Policy", POLICY) in line.answer[1]


ANSWER = "I hate singing"


def breaks_at_once(_environ: object, _start: object) -> Iterator[bytes]:
    raise ValueError(ANSWER)


def breaks_off(_environ: object, start: Any) -> Iterator[bytes]:
    start("200 OK", [("Content-Type", "text/csv"), ("Content-Disposition", "attachment")])
    yield b"code,answer"
    raise ValueError(ANSWER)


def says_nothing(_environ: object, _start: object) -> Iterator[bytes]:
    return iter([b"no status, no headers"])


def proxied(environ: dict[str, Any], _start: object) -> Iterator[bytes]:
    environ["wsgi.url_scheme"] = "https"
    raise ValueError(ANSWER)


@pytest.mark.parametrize("app", [breaks_at_once, breaks_off, says_nothing, proxied])
def test_a_fault_outside_every_page_gets_a_calm_page_with_the_headers_of_any_other(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line()
    send(Scope(), line, app=app)
    assert line.answer is not None
    status, headers, body = line.answer
    known = dict(headers)
    assert status == 500
    assert b"<h1>Something went wrong</h1><p>Your answers so far are safe." in body
    assert (known["Content-Type"], known["Content-Length"]) == ("text/html; charset=utf-8", str(len(body)))
    assert {
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
        "Permissions-Policy",
        "Cache-Control",
    } <= set(known)
    assert ("Strict-Transport-Security" in known) == (app is proxied)
    assert "Content-Disposition" not in known, "a page is no download"
    assert "outside every page" in caplog.text
    assert ANSWER not in caplog.text


def test_the_page_for_a_fault_speaks_the_language_asked_for() -> None:
    line = Line()
    send(Scope(query_string="language=cy"), line, app=breaks_at_once)
    assert line.answer is not None
    assert b'<html lang="cy"' in line.answer[2]


def test_a_fault_in_the_page_for_a_fault_is_met_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_error: Exception, _environ: object) -> bytes:
        raise KeyError("wording")

    monkeypatch.setattr(gateway, "last_page", broken)
    line = Line()
    send(Scope(), line, app=breaks_at_once)
    assert line.answer is not None
    assert (line.answer[0], b"Something went wrong" in line.answer[2]) == (500, True)
    assert ("Content-Security-Policy", POLICY) in line.answer[1]


def test_a_fault_answers_a_head_request_without_a_page() -> None:
    line = Line()
    send(Scope(method="HEAD"), line, app=breaks_at_once)
    assert line.answer is not None
    assert (line.answer[0], line.answer[2]) == (500, b"")


def test_a_request_that_cannot_even_be_sorted_is_answered() -> None:
    class Broken(Headers):
        def get(self, name: str) -> str | None:
            raise RuntimeError(name)

    line = Line()
    send(Scope(Broken()), line)
    assert line.answer is not None
    assert line.answer[0] == 500
    assert ("Content-Security-Policy", POLICY) in line.answer[1]


def leaves(_environ: object, _start: object) -> Iterator[bytes]:
    raise SystemExit


def says_what_no_server_can_send(_environ: object, start: Any) -> list[bytes]:
    start("200 OK", [("X-Number", 1)])
    return [b"not text"]


@pytest.mark.parametrize("app", [leaves, says_what_no_server_can_send])
def test_whatever_an_app_does_to_a_thread_the_next_request_is_answered(app: Any) -> None:
    lines = [Line() for _ in range(10)]
    send(Scope(), *lines, app=app)
    assert [line.answer and line.answer[0] for line in lines] == [500] * 10


def test_when_the_server_stops_what_is_being_answered_is_finished() -> None:
    begun, may_end = Event(), Event()

    def slow(_environ: object, start: Any) -> list[bytes]:
        begun.set()
        may_end.wait(20)
        start("200 OK", [])
        return [b"finished"]

    line = Line()

    async def everyone(served: Gateway) -> None:
        ask(served, Scope(), line)
        await until(begun.is_set)
        Timer(0.1, may_end.set).start()

    while_serving(everyone, slow)
    assert line.answer == (200, [], b"finished")


def test_a_request_ends_after_its_reply_and_soon() -> None:
    may_end = Event()

    def slow(_environ: object, start: Any) -> list[bytes]:
        may_end.wait(20)
        start("200 OK", [])
        return [b"finished"]

    line = Line()

    async def everyone(served: Gateway) -> None:
        asked = ask(served, Scope(), line)
        await asyncio.sleep(2 * gateway._ENDS)
        assert not asked.done(), "granian would reply for us"
        may_end.set()
        await answered(line)
        await until(asked.done, within=5)

    while_serving(everyone, slow)


def test_requests_that_were_answered_end_with_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_ENDS", 3600)
    lines, last = [Line() for _ in range(20)], Line()

    async def everyone(served: Gateway) -> None:
        asked = [ask(served, Scope(), line) for line in lines]
        await answered(*lines)
        ask(served, Scope(), last)
        await until(lambda: all(one.done() for one in asked))

    while_serving(everyone)
    assert last.answer is not None


def test_what_the_app_opened_is_closed() -> None:
    class Parts(list[bytes]):
        closed = False

        def close(self) -> None:
            self.closed = True

    parts = Parts([b"one ", b"two"])

    def app(_environ: object, start: Any) -> Parts:
        start("201 Created", [("X", "y")])
        return parts

    line = Line()
    send(Scope(), line, app=app)
    assert line.answer == (201, [("X", "y")], b"one two")
    assert parts.closed


def test_the_environment_is_that_of_pep_3333() -> None:
    scope = Scope(
        Headers(
            ("host", "survey.example.org"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("accept-language", "cy"),
            ("accept-language", "en"),
            ("x_forwarded_for", "10.0.0.1"),
            ("content-type", "text/plain"),
        ),
        path="/q/é",
        query_string="n=1",
        server="[::1]:8000",
        client="[2001:db8::7]:4711",
    )
    environ = environment(scope, scope.headers, b"x")
    assert environ["PATH_INFO"] == "/q/é".encode().decode("latin-1")
    assert environ["QUERY_STRING"] == "n=1"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_ACCEPT_LANGUAGE"] == "cy,en"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("::1", "8000")
    assert environ["REMOTE_ADDR"] == "2001:db8::7"
    assert isinstance(environ["wsgi.input"], io.BytesIO)


def test_a_header_that_only_looks_like_a_proxys_is_left_out() -> None:
    environ = environment(Scope(), Headers(("x_forwarded_for", "10.0.0.1")), b"")
    assert "HTTP_X_FORWARDED_FOR" not in environ
