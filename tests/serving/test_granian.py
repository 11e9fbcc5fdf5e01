"""granian itself in front of the gateway: what it hands over, what it keeps, and how it stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from bench.faults import free_port
from survey.serving.gateway import LARGEST_BODY

PATIENCE = 2


@contextmanager
def served() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    command = [sys.executable, str(Path(__file__).parent / "served.py"), str(port), str(PATIENCE)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port, process
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served() as (port, _):
        yield port


def ask(port: int, method: str, path: str = "/", body: bytes | None = None) -> tuple[int, bytes]:
    line = HTTPConnection("127.0.0.1", port, timeout=30)
    line.request(method, path, body)
    reply = line.getresponse()
    found = reply.status, reply.read()
    line.close()
    return found


def opened(port: int, sent: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), 30)
    line.sendall(sent)
    return line


def heard(line: socket.socket) -> tuple[int, dict[str, str], bytes]:
    reply = HTTPResponse(line)
    reply.begin()
    return reply.status, dict(reply.getheaders()), reply.read()


HALF = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"


def test_requests_with_and_without_a_body_are_answered(port: int) -> None:
    assert ask(port, "GET") == (200, b"GET 0")
    assert ask(port, "POST", body=b"x" * 3_000_000) == (200, b"POST 3000000")
    assert ask(port, "HEAD") == (200, b"")


def test_requests_of_many_at_once_are_all_answered(port: int) -> None:
    with ThreadPoolExecutor(16) as crowd:
        replies = list(crowd.map(lambda n: ask(port, "POST", body=b"x" * n), range(400)))
    assert replies == [(200, b"POST %d" % n) for n in range(400)]


def held(port: int) -> int:
    """Return how much is held of requests when nothing else is asked for a while: the coroutine and the request."""
    return int(ask(port, "GET", "/held?seconds=1")[1])


OWN = 2
"""What is held of the request that asks."""


def test_nothing_is_kept_of_a_request_that_was_answered(port: int) -> None:
    for n in range(100):
        assert ask(port, "POST", body=b"x" * n)[0] == 200
    assert held(port) == OWN


def test_nothing_is_kept_of_a_client_that_hung_up_and_the_server_stops_without_a_word() -> None:
    with served() as (port, process):
        for _ in range(10):
            opened(port, HALF).close()
            opened(port, b"GET /?seconds=0.1 HTTP/1.1\r\nHost: x\r\n\r\n").close()
        time.sleep(1)
        assert held(port) == OWN
        opened(port, b"GET /?seconds=1 HTTP/1.1\r\nHost: x\r\n\r\n").close()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_one_connection_asks_again_and_again(port: int) -> None:
    line = HTTPConnection("127.0.0.1", port, timeout=30)
    for n in range(20):
        line.request("POST", "/", b"x" * n)
        assert line.getresponse().read() == b"POST %d" % n
        line.request("GET", "/")
        assert line.getresponse().read() == b"GET 0"
    line.close()


def test_bodies_that_do_not_come_hold_no_thread_and_are_given_up(port: int) -> None:
    with ExitStack() as stack:
        begun = time.monotonic()
        hanging = [stack.enter_context(opened(port, HALF)) for _ in range(50)]
        assert ask(port, "POST", body=b"whole") == (200, b"POST 5")
        for line in hanging:
            line.settimeout(0)
            with pytest.raises(BlockingIOError):
                line.recv(1)  # all of them were still on their way
            line.settimeout(30)
        for line in hanging:
            status, headers, _ = heard(line)
            assert status == 408
            assert "content-security-policy" in {name.lower() for name in headers}
        assert time.monotonic() - begun > PATIENCE


def test_a_body_that_comes_slowly_but_in_time_is_whole(port: int) -> None:
    with opened(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n") as line:
        for _ in range(3):
            time.sleep(PATIENCE / 5)
            line.sendall(b"x")
        assert heard(line)[::2] == (200, b"POST 3")


def test_a_body_that_breaks_off_is_refused_and_the_next_is_taken(port: int) -> None:
    for _ in range(5):
        with opened(port, HALF) as line:
            line.shutdown(socket.SHUT_WR)
            assert heard(line)[0] == 400
    assert ask(port, "POST", body=b"whole") == (200, b"POST 5")


def test_a_body_that_is_far_too_large_is_refused_and_heard_out(port: int) -> None:
    status, _ = ask(port, "POST", body=b"x" * (LARGEST_BODY + 1))
    assert status == 413
    assert ask(port, "GET") == (200, b"GET 0")


def test_a_request_in_chunks_that_nobody_read_does_not_keep_the_server_from_stopping() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
    with served() as (port, process):
        with opened(port, chunked) as line:
            assert heard(line)[0] == 400
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert time.monotonic() - asked < 10


LOADING = """
import sys, threading
from survey.serving import listening
listening._STOPS_WITHIN = 3600
def load():
    print("loading", flush=True)
    threading.Event().wait()
listening.listen(load, "127.0.0.1", int(sys.argv[1]), 1)
"""


def test_told_to_stop_while_a_process_is_still_loading_the_server_stops_at_once() -> None:
    command = [sys.executable, "-c", LOADING, str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loading\n"
        process.terminate()
        try:
            process.wait(60)  # else it waits an hour for a process that does not hear it
        finally:
            process.kill()


def test_when_the_server_stops_a_request_that_is_being_answered_is_finished() -> None:
    with served() as (port, process):
        assert ask(port, "GET")[0] == 200
        replies: list[tuple[int, bytes]] = []
        asking = threading.Thread(target=lambda: replies.append(ask(port, "POST", "/?seconds=1.5", b"x")))
        asking.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        asking.join(20)
        process.wait(20)
    assert replies == [(200, b"POST 1")]
    assert process.returncode == 0
