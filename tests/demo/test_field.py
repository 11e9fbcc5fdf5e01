"""The pretended field, before anything of it is in a database: people grow, move, go on, say no and leave."""

from __future__ import annotations

import csv
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from survey.definition.reading import FolderReading, read_folder
from survey.demo import _open_today
from survey.demo.files import Sender
from survey.demo.people import PretendedField, PretendedPerson, make_field

FOLDER = Path(__file__).parents[2] / "questionnaires"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def reading() -> FolderReading:
    return read_folder(FOLDER)


@pytest.fixture(scope="module")
def field(reading: FolderReading) -> PretendedField:
    assert reading.study is not None
    return make_field(reading.study, random.Random(20))


def rows(path: Path | None) -> list[dict[str, str]]:
    assert path is not None
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_as_many_schools_and_pupils_as_the_study_pretends(field: PretendedField) -> None:
    assert Counter(place.arm for place in field.schools) == {"programme": 13, "comparison": 13}
    assert len(list(field.of("pupil"))) == 2_500
    assert len({person.code for person in field.people}) == len(field.people)


def test_children_are_a_year_older_in_each_wave_and_their_lasting_facts_stay(field: PretendedField) -> None:
    for person in field.of("pupil"):
        waves = sorted(person.at)
        years = [known.year - int(wave[1]) for wave, known in sorted(person.at.items()) if known.year is not None]
        assert len(set(years)) <= 1
        assert len({person.at[wave].facts["sex"] for wave in waves}) <= 1
        assert len({person.at[wave].facts["fsm"] for wave in waves}) <= 1


def test_months_in_the_programme_are_those_spent_in_its_schools(field: PretendedField) -> None:
    moved = Counter[str]()
    for person in field.of("pupil"):
        known = [person.at[wave] for wave in sorted(person.at)]
        for before, after in pairwise(known):
            gained = 12 if before.place.arm == "programme" else 0
            assert after.facts["months"] == before.facts["months"] + gained
            if before.place is not after.place:
                moved["on to secondary school" if after.place.secondary else "to another school"] += 1
        if known and known[0].place.arm != "programme":
            assert known[0].facts["months"] == 0
    assert moved["to another school"] > 50
    assert moved["on to secondary school"] > 100


def test_hours_in_lessons_are_fewer_where_the_programme_is_less_intensive_and_fewest_without_it(
    field: PretendedField,
) -> None:
    hours: dict[str, list[float]] = {"full": [], "light": [], "": []}
    for person in field.of("pupil"):
        for known in person.at.values():
            if not known.place.secondary:
                hours[known.place.facts.get("intensity", "")].append(known.facts["hours_lessons"])
                assert (known.facts["hours_after"] > 0) <= (known.facts["after_school"] == "yes")
    means = {name: sum(numbers) / len(numbers) for name, numbers in hours.items()}
    assert means["full"] > 1.4 * means["light"] > 1.4 * means[""] > 0


def test_what_a_child_reaches_goes_with_what_is_pretended_and_with_what_it_reached_before(
    field: PretendedField,
) -> None:
    first, meals = Counter[tuple[bool, bool]](), Counter[tuple[str, bool]]()
    for person in field.of("pupil"):
        reached = [person.at[wave].facts["maths"] != "below" for wave in sorted(person.at)]
        first.update([(reached[0], reached[-1])] if len(reached) == 3 else [])
        meals.update((person.at[wave].facts["fsm"], one) for wave, one in zip(sorted(person.at), reached, strict=True))
    again = first[True, True] / (first[True, True] + first[True, False])
    later = first[False, True] / (first[False, True] + first[False, False])
    assert again > later + 0.2
    shares = {fsm: meals[fsm, True] / (meals[fsm, True] + meals[fsm, False]) for fsm in ("yes", "no")}
    assert shares["no"] - shares["yes"] > 0.06


def test_some_refuse_some_are_withdrawn_and_some_are_on_no_roster_any_more(field: PretendedField) -> None:
    pupils = list(field.of("pupil"))
    assert 20 < sum(person.refused for person in pupils) < 90
    assert 3 < sum(person.withdrawn is not None for person in pupils) < 25
    left = [p for p in pupils if "w1" in p.at and "w3" not in p.at]
    assert len(left) > 100
    assert not any(person.refused and person.withdrawn for person in pupils)


def test_parents_are_those_of_pupils_and_where_their_child_is(field: PretendedField) -> None:
    children = {person.code: person for person in field.of("pupil")}
    parents = list(field.of("parent"))
    assert len(parents) > 60
    seconds: list[PretendedPerson] = []
    elsewhere: list[PretendedPerson] = []
    for parent in parents:
        child, *others = (children[code] for code in parent.parent_of.split())
        seconds += others
        elsewhere += [
            one for one in others if next(iter(one.at.values())).place is not next(iter(child.at.values())).place
        ]
        assert all(known.place is child.at[wave].place for wave, known in parent.at.items())
    # Some have two children in the study, some of them at two schools.
    assert len(parents) > 2 * len(seconds) > 3 * len(elsewhere) > 0


def test_nobody_answers_who_is_not_asked_or_whose_parents_said_no(reading: FolderReading, tmp_path: Path) -> None:
    assert reading.study is not None
    assert reading.study.pretend is not None
    # A quarter of the pupils, of whom more may not: their answers are dear.
    pretend = reading.study.pretend
    missing = pretend.missing.model_copy(update={"refused": 0.1})
    pretend = pretend.model_copy(update={"pupils": 600, "missing": missing})
    study = reading.study.model_copy(update={"pretend": pretend})
    fewer = replace(reading, study=study)
    field = make_field(study, random.Random(20))
    sender = Sender(fewer, field, random.Random(7), tmp_path, NOW)
    people = {person.code: person for person in field.people}
    assert sum(person.refused for person in field.people) > 20
    for wave in reading.study.waves:
        for sent in sender.answers(wave):
            years = next(work.years for work in reading.study.fieldwork if work.questionnaire == sent.questionnaire)
            for row in rows(sent.path):
                if row["participant"] and years:
                    person = people[row["participant"]]
                    assert not person.refused
                    assert person.at[wave.id].year in years
                if child := row.get("child_participant"):
                    assert not people[child].refused
                    assert wave.id in people[child].at
                if row.get("child", "1") == "1":
                    assert bool(row["participant"]) != bool(row["school"])
                else:
                    assert row["school"], "a further child's own"
                assert datetime.fromisoformat(row["started"]) <= NOW
    assert set(sender.spared) == {"pupil-ks1", "pupil-ks2"}


def test_the_last_wave_is_open_on_any_day(tmp_path: Path) -> None:
    for n, today in enumerate((date(2026, 11, 22), date(2027, 3, 1), date(2031, 8, 9), date(2024, 1, 1))):
        _open_today(FOLDER, tmp_path / str(n), today)
        moved = read_folder(tmp_path / str(n)).study
        assert moved is not None
        assert moved.waves[-1].opens <= today <= moved.waves[-1].closes
    untouched = (tmp_path / "0" / "study.yaml").read_text(encoding="utf-8")
    assert untouched == (FOLDER / "study.yaml").read_text(encoding="utf-8")
