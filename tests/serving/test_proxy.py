"""The configuration of nginx in docs/serving.md, run as it stands but for its ports, names and certificates."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, request

from bench.faults import free_port
from survey.app import create_app
from survey.config import Settings
from survey.database import upgrade
from survey.pages.shield import POLICY

ROOT = Path(__file__).parents[2]
NGINX = os.environ.get("NGINX") or shutil.which("nginx") or ROOT / ".make" / "nginx" / "usr" / "sbin" / "nginx"
DOCUMENT = ROOT / "docs" / "serving.md"


def certificate(folder: Path) -> None:
    """Write key.pem and cert.pem, good for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "survey.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("survey.example.org")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


def configuration(folder: Path, chorus: int, plain: int, tls: int) -> str:
    """Return the documented configuration for these ports, inside what nginx's own main file has around it."""
    found = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert found
    text = found[1]
    for documented, here in (
        ("127.0.0.1:8000", f"127.0.0.1:{chorus}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{tls} "),
        ("/etc/ssl/survey.example.org.pem", str(folder / "cert.pem")),
        ("/etc/ssl/private/survey.example.org.key", str(folder / "key.pem")),
        ("/var/log/nginx/chorus.log", str(folder / "chorus.log")),
        ("client_header_timeout 20s", "client_header_timeout 1s"),
        ("client_body_timeout 20s", "client_body_timeout 1s"),
    ):
        assert documented in text, f"the document says {documented} no more"
        text = text.replace(documented, here)
    folders = "".join(
        f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # nginx gives up root's rights, and could then not write to a test's folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"daemon off;\n{user}pid {folder / 'nginx.pid'};\nerror_log {folder / 'nginx.log'};\n"
        f"events {{}}\nhttp {{\n{folders}{text}\n}}\n"
    )


class Proxy:
    """nginx in front of a served app. `said`: the names of the last reply's headers, one of each time it came."""

    def __init__(self, folder: Path, tls: int) -> None:
        self.folder, self.tls = folder, tls
        self.said: list[str] = []

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        line = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=30, context=context)
        plain = socket.create_connection(("127.0.0.1", self.tls), 30)
        line.sock = context.wrap_socket(plain, server_hostname="survey.example.org")
        line.request(method, path, body, {"Host": "survey.example.org", **headers})
        reply = line.getresponse()
        self.said = [name.lower() for name, _ in reply.getheaders()]
        found = reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        line.close()
        return found


def raw(proxy: Proxy, request: str) -> tuple[int, dict[str, str], bytes]:
    """Send what no client library would; return what `Proxy.ask` does."""
    context = ssl.create_default_context(cafile=str(proxy.folder / "cert.pem"))
    plain = socket.create_connection(("127.0.0.1", proxy.tls), 30)
    with context.wrap_socket(plain, server_hostname="survey.example.org") as line:
        line.sendall(request.encode())
        reply = http.client.HTTPResponse(line)
        reply.begin()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        instance=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'chorus.sqlite'}",
        secret_key="a secret of the tests, long enough to sign with",
        base_url="https://survey.example.org",
        proxies=1,
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    upgrade(app.extensions["chorus"].engine)

    @app.route("/told", methods=["GET", "POST"])
    def told() -> str:
        request.max_content_length = 42_000_000
        return f"{request.remote_addr} {request.scheme} {request.host} {len(request.get_data())}"

    yield app
    app.extensions["chorus"].engine.dispose()


@contextmanager
def nginx(folder: Path, chorus: int) -> Iterator[tuple[Proxy, int]]:
    """Run nginx in front of a port; give it, and its port without https."""
    plain, tls = free_port(), free_port()
    certificate(folder)
    main = folder / "nginx.conf"
    main.write_text(configuration(folder, chorus, plain, tls), encoding="utf-8")
    checked = subprocess.run([NGINX, "-t", "-c", main], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen([NGINX, "-c", main], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", tls), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield Proxy(folder, tls), plain
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def proxy(app: Flask, serve: Callable[[Flask], str], tmp_path: Path) -> Iterator[Proxy]:
    with nginx(tmp_path, int(serve(app).rpartition(":")[2])) as (running, _):
        yield running


def test_chorus_behind_it_is_told_who_comes_and_by_which_address(proxy: Proxy) -> None:
    forged = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "http"}
    status, headers, body = proxy.ask("GET", "/told", **forged)
    assert (status, body) == (200, b"127.0.0.1 https survey.example.org 0")
    assert "strict-transport-security" in headers


def test_files_come_through_and_larger_ones_are_refused_with_a_page(proxy: Proxy) -> None:
    status, _, body = proxy.ask("POST", "/told", b"x" * 40_000_000)
    assert (status, body) == (200, b"127.0.0.1 https survey.example.org 40000000")
    status, headers, body = proxy.ask("POST", "/told", b"x" * 45_000_000)
    assert status == 413
    assert b"This file is too large" in body
    assert "content-security-policy" in headers


def test_a_request_that_does_not_come_whole_never_reaches_chorus(proxy: Proxy, app: Flask) -> None:
    arrived = []
    app.before_request(lambda: arrived.append(request.path))
    context = ssl.create_default_context(cafile=str(proxy.folder / "cert.pem"))
    for begun in (
        b"POST /half HTTP/1.1\r\nHost: survey.example.org\r\nContent-Length: 100\r\n\r\ncode=",
        b"GET /half HTTP/1.1\r\nHost: survey.example.org\r\nX-Slow: ",
    ):
        plain = socket.create_connection(("127.0.0.1", proxy.tls), 30)
        with context.wrap_socket(plain, server_hostname="survey.example.org") as line:
            line.sendall(begun)
            line.recv(4096)  # until nginx has closed it
    assert proxy.ask("GET", "/")[0] == 200
    assert arrived == ["/"]


def test_while_chorus_is_away_people_read_a_calm_page_and_no_address_is_logged(tmp_path: Path) -> None:
    with nginx(tmp_path, free_port()) as (proxy, plain):
        status, headers, body = proxy.ask("GET", "/j/a-secret-of-someone")
        line = http.client.HTTPConnection("127.0.0.1", plain, timeout=30)
        line.request("GET", "/j/a-secret-of-someone", headers={"Host": "survey.example.org"})
        moved = line.getresponse()
        line.close()
    assert status == 503
    assert b"Your answers so far are safe" in body
    assert headers["retry-after"] == "60"
    assert "content-security-policy" in headers
    assert moved.status == 301
    logs = list(tmp_path.glob("*.log"))
    assert logs
    assert [file.name for file in logs if b"a-secret-of-someone" in file.read_bytes()] == []


SAFETY = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cache-control",
    "strict-transport-security",
}


def test_a_page_of_chorus_keeps_its_own_headers_and_gets_none_twice(proxy: Proxy) -> None:
    for path, status in (("/", 200), ("/nowhere", 404)):
        got, headers, _ = proxy.ask("GET", path)
        assert got == status
        assert set(headers) >= SAFETY
        assert headers["content-security-policy"] == POLICY
        assert headers["cache-control"] == "no-store"
        assert "retry-after" not in headers
        assert [name for name in SAFETY if proxy.said.count(name) != 1] == []


# The long path is longer than nginx's buffer of 8 kB, and goes out in one TLS record: nginx refuses a longer one, and
# closes the line, while it is still being sent.
@pytest.mark.parametrize("path", ["/" + "a" * 12_000, "/?half=%zz&\r"])
def test_what_nginx_refuses_itself_has_the_headers(proxy: Proxy, path: str) -> None:
    status, headers, _ = raw(proxy, f"GET {path} HTTP/1.1\r\nHost: survey.example.org\r\n\r\n")
    assert status in (400, 414)
    assert set(headers) >= SAFETY


def test_a_bare_reply_from_before_chorus_gets_the_headers(tmp_path: Path) -> None:
    """As granian gives them for what it cannot read; nginx would let few of these through."""
    with socket.create_server(("127.0.0.1", 0)) as bare, nginx(tmp_path, bare.getsockname()[1]) as (proxy, _):

        def refuse() -> None:
            line, _ = bare.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n")

        answering = threading.Thread(target=refuse)
        answering.start()
        status, headers, _ = proxy.ask("GET", "/")
        answering.join()
    assert status == 431
    assert set(headers) >= SAFETY
    assert "retry-after" not in headers
