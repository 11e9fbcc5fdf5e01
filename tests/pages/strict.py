"""A client that looks at every page it is given: valid HTML, one h1, labels, ids, headers."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy")


def elements(reply: TestResponse) -> Element:
    """Parse a page strictly: any fault a browser would have to mend is an error."""
    return _parsed(reply.text)


@lru_cache(maxsize=16)
def _parsed(page: str) -> Element:
    """Return the elements of a page; of one that is looked at and then asked about only once."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        tree: Element = parser.parse(page)
    return tree


def look_at(reply: TestResponse, kept: tuple[str, ...] = ("no-store",)) -> Element:
    """Assert what is true of every page, and return its root element. kept: what may be said to caches."""
    root = elements(reply)
    faults = list(_faults(root, reply, kept))
    assert not faults, f"{reply.request.path}: {faults}"
    return root


def _faults(root: Element, reply: TestResponse, kept: tuple[str, ...]) -> Any:
    for header in HEADERS:
        if header not in reply.headers:
            yield f"no {header}"
    if reply.headers.get("Cache-Control") not in kept:
        yield "may be kept by caches"
    if not root.get("lang"):
        yield "no language"
    if len(list(root.iter("h1"))) != 1:
        yield "not one h1"
    if not (root.findtext("head/title") or "").strip():
        yield "no title"
    if (root.findtext("head/title") or "").count("Error:") > 1:
        yield "the title says twice that there is an error"
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    yield from (f"id {one} twice" for one in set(ids) if ids.count(one) > 1)
    shown = {e.get("id") for e in root.iter() if e.get("type") != "hidden"}
    within = {(e.get("href") or "")[1:] for e in root.iter("a") if (e.get("href") or "").startswith("#")}
    yield from (f"a link within the page leads nowhere: #{one}" for one in within - shown)
    labelled = {e.get("for") for e in root.iter("label")}
    for field in (*root.iter("input"), *root.iter("select"), *root.iter("textarea")):
        if field.get("type") != "hidden" and field.get("id") not in labelled:
            yield f"field {field.get('name')} has no label"
    for e in root.iter():
        for name in ("aria-labelledby", "aria-describedby"):
            yield from (f"{name} names no id {one}" for one in (e.get(name) or "").split() if one not in ids)
        if e.get("style") is not None or e.tag == "style" or (e.tag == "script" and _inline(e)):
            yield f"inline style or script in {e.tag}"
        for name in ("href", "src", "action"):
            if re.match(r"(?:https?:)?//", e.get(name) or ""):
                yield f"{e.tag} leads elsewhere: {e.get(name)}"
        if e.tag == "form" and e.get("action") is None and "novalidate" not in e.attrib:
            yield "the browser would validate a form in its own words"


def _inline(script: Element) -> bool:
    """Tell whether a script is anything but a file of ours: the policy of every page would keep it from running."""
    return bool((script.text or "").strip()) or not (script.get("src") or "").startswith("/static/")


def words(root: Element) -> str:
    """Return what a page says, in one line."""
    body = root.find("body")
    assert body is not None
    return " ".join("".join(body.itertext()).split())


def heading(root: Element) -> str:
    """Return the page's h1."""
    return " ".join("".join(next(root.iter("h1")).itertext()).split())


_ENTITY = r"&(?:amp|lt|gt|quot|#34|#39);"
_TEXT = re.compile(rf">\s*+[^\s<>&](?:[^<>&]|{_ENTITY})*+<")
_VALUE = re.compile(
    rf'(\s(?!id=|for=|lang=|type=|src=|style=|aria-)[\w:-]+=)"(?!(?:https?:)?//|#)(?:[^"<>&]|{_ENTITY})*+"',
    re.IGNORECASE,
)

_right: set[object] = set()
"""The pages that were found right, each as its skeleton: a sign-in page is met a thousand times."""


def _skeleton(page: str) -> str:
    """Return all of a page that can be wrong: it is the same page with other words, other numbers and other addresses."""
    told = _TEXT.sub(lambda text: f">x{'Error:' * text[0].count('Error:')}<", page)
    return _VALUE.sub(r'\1"x"', told)


def look_once(reply: TestResponse, kept: tuple[str, ...] = ("no-store",)) -> None:
    """Assert what is true of every page, unless one was found right that differs in nothing that can be wrong."""
    page = (_skeleton(reply.text), tuple(reply.headers.get(name) for name in (*HEADERS, "Cache-Control")), kept)
    if page not in _right:
        look_at(reply, kept)
        _right.add(page)


class StrictClient(FlaskClient):
    """A test client that looks at every page, wherever it came from."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request; look at the page it gets."""
        reply = super().open(*args, **{"buffered": True, **kwargs})
        has_page = reply.request.method not in ("HEAD", "OPTIONS")
        if has_page and reply.mimetype == "text/html" and not 300 <= reply.status_code < 400:
            look_once(reply)
        return reply


def strict_client(app: Flask) -> StrictClient:
    """Return a strict client of an app."""
    app.test_client_class = StrictClient
    client = app.test_client()
    assert isinstance(client, StrictClient)
    return client
