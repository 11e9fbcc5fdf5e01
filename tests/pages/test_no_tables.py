"""Only the pages of results show what people answered, counted, and they hide small counts (test_results_pages).

Another page with a table of answers makes this fail. Let it hide counts below `disclosure.threshold` first.
"""

from __future__ import annotations

import pytest

from survey.database import session
from survey.fieldwork import current, study_by_code, text_of
from tests.pages.strict import look_at, words
from tests.pages.test_routes import GUARDED, ROUTES, request
from tests.pages.visitors import LEAD, RESEARCHER, Visitors

pytestmark = pytest.mark.slow

PAGES = sorted(
    name
    for name in GUARDED
    if name.startswith("GET ")
    and ROUTES[name] & {LEAD, RESEARCHER}
    and "/results" not in name
    # The script for reading aloud is the questionnaire itself, and so is a version to read.
    and "/classroom/aloud/" not in name
    and not name.endswith("/questionnaires/<questionnaire>/<int:version>")
)

OF_ANSWERS = (
    "Not at all",
    "A little",
    "Quite a bit",
    "A great deal",
    "How much do you like",
    "Enjoyment of music",
)
"""Questions, options and scales of the small study, in which seventeen people answered."""


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    return Visitors(tmp_path_factory.mktemp("tables"))


def test_no_page_shows_a_table_of_answers(visitors: Visitors) -> None:
    seen, shown = 0, []
    for name in PAGES:
        method, address = request(name)
        for who in (LEAD, RESEARCHER):
            reply = visitors.browser(who).open(address, method=method)
            if reply.status_code != 200 or reply.mimetype != "text/html":
                continue
            seen += 1
            shown += [f"{name}: {sign}" for sign in OF_ANSWERS if sign in words(look_at(reply))]
    assert shown == []
    assert seen > 30, "most of the office's pages were looked at"


def test_what_is_looked_for_is_what_such_a_table_would_say(visitors: Visitors) -> None:
    with session(visitors.engine) as db:
        study = study_by_code(db, "small-notes")
        assert study is not None
        text = text_of(visitors.engine, current(visitors.engine, study.id)["pupil"])
    assert text is not None
    assert [sign for sign in OF_ANSWERS if sign not in text] == []
