"""The strict client finds what is wrong with a page, also with one that differs only in that from a page that was right."""

from __future__ import annotations

import pytest
from flask import Flask
from html5lib.html5parser import ParseError

from tests.pages.strict import HEADERS, strict_client

RIGHT = """<!doctype html>
<html lang="en"><head><title>Progress</title></head><body><h1>Progress</h1>
<p id="why">Twelve of thirty &amp; more</p><a href="/office/studies?wave=w1&amp;school=s1">Ash</a>
<form action="/office"><label for="school">School</label><input id="school" name="school" value="s1" aria-describedby="why"></form>
</body></html>"""


def client_of(*pages: str) -> list[str]:
    """Ask for each of these pages in turn; return the faults the client finds with the last, and with none before."""
    app = Flask("strict")
    app.add_url_rule("/<int:number>", "page", lambda number: pages[number])

    @app.after_request
    def headers(reply):  # type: ignore[no-untyped-def]
        reply.headers.update(dict.fromkeys(HEADERS, "x") | {"Cache-Control": "no-store"})
        return reply

    client = strict_client(app)
    for number in range(len(pages) - 1):
        client.get(f"/{number}")
    try:
        client.get(f"/{len(pages) - 1}")
    except (AssertionError, ParseError) as fault:
        return [str(fault)]
    return []


@pytest.mark.parametrize(
    ("before", "after"),
    [("Ash", "Birch &amp Son"), ("Ash", "Birch <b>"), ("Ash", "Birch</b>"), (">Progress</h1>", "> </h1><h1>Two</h1>"),
     ("<title>Progress", "<title>"), ("<title>Progress", "<title>Error: Error: "), ('id="why"', 'id="school"'),
     ('for="school"', 'for="class"'), ('href="/office', 'href="//elsewhere'), ('href="/office', 'href="https://elsewhere'),
     ('href="/office/studies?wave=w1&amp;school=s1', 'href="#nowhere'),
     ('<p id="why"', '<p style="x" id="why"'), ('describedby="why"', 'describedby="how"'), ('lang="en"', 'lang=""'),
     ("&amp;school", "&school"), ("</p>", "</p><script>x</script>"), ("</p>", '</p><p class="a" class="b">b</p>')],
)  # fmt: skip
def test_a_fault_is_found_in_the_twin_of_a_page_that_was_right(before: str, after: str) -> None:
    assert before in RIGHT
    assert client_of(RIGHT, RIGHT.replace(before, after, 1))


def test_other_words_and_other_addresses_are_right_too() -> None:
    other = RIGHT.replace("Ash", "Birch").replace("school=s1", "school=s2").replace('value="s1"', 'value="s&amp;2"')
    assert client_of(RIGHT, other) == []
