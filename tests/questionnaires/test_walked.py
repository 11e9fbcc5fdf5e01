"""Every shipped questionnaire, in every language, walked to its end with pretended answers and exported."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from survey.export.store import export
from survey.journey import Journey
from survey.problems import errors
from survey.responses import stream
from survey.scales import matrix, rules_for, score
from tests.pages.walker import Walker, pretended, walk
from tests.published import SHIPPED, Published, publish

CASES = [(name, language) for name, q in SHIPPED.questionnaires.items() for language in q.languages]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    made = publish(tmp_path_factory.mktemp("shipped"))
    yield made
    made.engine.dispose()


def test_the_shipped_study_is_right_and_no_advice_is_left_that_could_be_followed() -> None:
    assert not errors(SHIPPED.problems)
    advice = [str(problem) for problem in SHIPPED.problems]
    assert all("reviewed" in line for line in advice), advice


@pytest.mark.parametrize(("name", "language"), CASES)
def test_walked_to_its_end(shipped: Published, name: str, language: str) -> None:
    questionnaire = SHIPPED.questionnaires[name]
    journey = Journey(questionnaire.in_language(language))
    rng = random.Random(f"{name} {language}")
    for person in range(2):
        answers = pretended(questionnaire, rng)
        walker = Walker(shipped.app.test_client())
        walker.open(shipped.link(name))
        if language != questionnaire.languages[0]:
            walker.open(f"/welcome?language={language}")
        walker.post({"assent": "yes", "language": language})
        assert walker.page.get("lang", "").startswith(language)
        seen = walk(walker, journey, answers)
        expected = [screen.name for screen in journey.route(answers, {})]
        assert seen == expected
        if questionnaire.audience != "pupil":
            assert walker.place == "check"
            walker.post({})
        assert walker.place == "over", walker.address
        stored = [r for r in stream(shipped.engine, shipped.study_id, name) if r.state == "finished"]
        newest = max(stored, key=lambda record: record.started_at)
        hidden = journey.hidden(answers, {})
        owned = {key for q in questionnaire.questions if q.id not in hidden for key in q.keys}
        assert newest.answers == {key: value for key, value in answers.items() if key in owned}
        assert newest.language == language, person


def test_what_was_answered_is_in_the_export(shipped: Published) -> None:
    """The last column check of the line: the answers given on the pages, as codes, with their scale scores."""
    questionnaire = SHIPPED.questionnaires["pupil-ks2"]
    journey = Journey(questionnaire)
    answers = pretended(questionnaire, random.Random(77))
    walker = Walker(shipped.app.test_client()).come_in(shipped.link("pupil-ks2"))
    walk(walker, journey, answers)
    newest = max(stream(shipped.engine, shipped.study_id, "pupil-ks2"), key=lambda record: record.started_at)
    file = io.BytesIO()
    export("first-notes", shipped.engine, "csv", file, datetime.now(UTC))
    row = _row_of(file, newest.id)
    hidden = journey.hidden(answers, {})
    for question in questionnaire.questions:
        for column in question.columns():
            value = answers.get(column.key)
            if value is None or isinstance(value, dict) or question.id in hidden:
                continue
            assert row[column.name] == str(column.encode(value)), column.name
    for question in questionnaire.questions:
        if question.id in hidden and question.stored:
            assert row[question.columns()[0].name] == "-6"
    scores = _row_of(file, newest.id, "scores")
    for id, rule in rules_for(questionnaire).items():
        seen = {key: value for key, value in answers.items() if key not in hidden}
        items = matrix([questionnaire.question(item) for item in rule.questions], [seen])
        expected = score(items, rule)
        assert scores[f"{id}_n"] == str(expected.answered[0])
        if scores[id]:
            assert float(scores[id]) == expected.score[0], id


def _row_of(file: io.BytesIO, response: str, sheet: str = "codes") -> dict[str, str]:
    with zipfile.ZipFile(file) as zipped:
        (name,) = [n for n in zipped.namelist() if n == f"csv/pupil-ks2-{sheet}.csv"]
        rows = csv.DictReader(io.StringIO(zipped.read(name).decode("utf-8-sig"), newline=""))
        (row,) = [row for row in rows if row["response"] == response]
    return row
