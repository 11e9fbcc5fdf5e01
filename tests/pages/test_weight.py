"""What a page weighs on its way: thirty children load it at once over one bad line (forms.md, G15)."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from survey.journey import Journey
from survey.pages.statics import FOLDER
from tests.published import SHIPPED, publish

SMALL = {"Accept-Encoding": "gzip"}
KILOBYTE = 1024


def test_the_first_page_weighs_30_kb_the_next_5_kb_and_a_whole_survey_300_kb(tmp_path: Path) -> None:
    published = publish(tmp_path)
    client = published.app.test_client()

    def weight(address: str) -> int:
        reply = client.get(address, headers=SMALL)
        # A page with something of the person in it is made anew each time, and compressed by the server in front.
        return len(reply.data if "Content-Encoding" in reply.headers else gzip.compress(reply.data))

    client.get(published.link("pupil-ks2"))
    questionnaire = SHIPPED.questionnaires["pupil-ks2"]
    answer = client.post(
        "/welcome", data={"assent": "yes", "language": "en"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    begun = client.get(answer.location).location
    here = begun.rpartition("/")[0]
    names = [screen.name for screen in Journey(questionnaire).screens]
    pages = {name: weight(f"{here}/{name}?n=1") for name in names}
    first = client.get(begun).text
    needs = {place: weight(place) for place in re.findall(r'(?:src|href)="(/static/[^"]+)"', first)}
    assert {"pupil.css", "listen.js"} <= {place.split("/")[2].split("?")[0] for place in needs}
    whole = sum(needs.values())
    fonts = sum((FOLDER / "fonts" / f"andika-latin-{bold}-normal.woff2").stat().st_size for bold in (400, 700))
    assert whole + pages[names[0]] <= 30 * KILOBYTE
    assert whole + pages[names[0]] + fonts <= 80 * KILOBYTE
    assert {name: size for name, size in pages.items() if size > 5 * KILOBYTE} == {}
    assert whole + fonts + sum(pages.values()) <= 300 * KILOBYTE
