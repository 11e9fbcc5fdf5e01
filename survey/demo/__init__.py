"""The demonstration: a whole pretended study in a database of its own, its links, its workbook, its server."""

from __future__ import annotations

import random
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from survey.config import Settings
from survey.database import Engine, open_engine, session, upgrade
from survey.definition.questionnaire import Questionnaire
from survey.definition.reading import FolderReading, read_folder
from survey.definition.study import Fieldwork, Pretend
from survey.demo.answers import Answerer
from survey.demo.people import Person, Place, adults, make_places, make_pupils
from survey.demo.truth import Truth
from survey.fieldwork import Study, Wave, current, new_door, study_by_code
from survey.fieldwork.publishing import publish_folder
from survey.responses import PastResponse, add_responses

MARK = "this-is-a-demonstration"
"""The name of the file by which a folder is known to be one that may be thrown away."""


@dataclass(frozen=True)
class Link:
    """A way into the pretended study, to be tried."""

    title: str
    address: str
    code: str


@dataclass
class Demo:
    """The pretended study as it was made."""

    study: str
    links: list[Link]
    responses: int


def fill(engine: Engine, settings: Settings, folder: Path, *, show: bool = True) -> Demo:
    """Publish the study in `folder` into an empty database and fill it as its `pretend` section says."""
    reading = read_folder(folder)
    now = datetime.now(UTC)
    publish_folder(engine, folder, now)
    plan = reading.study
    assert plan is not None
    if plan.pretend is None:
        raise click.ClickException(f"{folder}/study.yaml has no section 'pretend', which says what to pretend.")
    rng = random.Random(plan.pretend.seed)
    with session(engine) as db:
        study = study_by_code(db, plan.id)
        assert study is not None
        waves = list(study.waves)
        years = range(1 + max((year for work in plan.fieldwork for year in work.years or []), default=6))
        places = make_places(db, plan, study, years)
        pupils = make_pupils(db, plan, study, places, waves, rng)
    rows = _Rows(reading, study, waves, places, pupils, current(engine, study.id), rng, now)
    tries = rows.left_for_trying()
    total = rows.expected()
    with click.progressbar(length=total, label="Pretending answers", hidden=not show) as bar:
        added = add_responses(engine, rows.all(), bar.update)
        bar.update(max(0, total - added))
    return Demo(plan.id, list(_links(engine, settings, reading, waves[-1], tries)), added)


class _Rows:
    """Every pretended response of every wave."""

    def __init__(
        self,
        reading: FolderReading,
        study: Study,
        waves: list[Wave],
        places: list[Place],
        pupils: list[Person],
        versions: dict[str, str],
        rng: random.Random,
        now: datetime,
    ) -> None:
        assert reading.study is not None
        assert reading.study.pretend is not None
        self._reading, self._study, self._waves = reading, study, waves
        self._places, self._pupils, self._versions = places, pupils, versions
        self._pretend: Pretend = reading.study.pretend
        self._work: list[Fieldwork] = reading.study.fieldwork
        self._rng, self._now = rng, now
        self._truth = Truth(self._pretend, rng)
        self._answerers = {
            name: Answerer(questionnaire, self._pretend, rng) for name, questionnaire in reading.questionnaires.items()
        }
        self._spared: set[int] = set()

    def left_for_trying(self) -> dict[str, Person]:
        """Choose, for each pupils' questionnaire of the last wave, one pupil who has not answered it yet."""
        chosen = {}
        last = self._waves[-1].code
        for work in self._work:
            if work.audience != "pupil" or last not in work.waves:
                continue
            person = next(p for p in self._pupils if _asked(p.year(last), work))
            chosen[work.questionnaire] = person
            self._spared.add(id(person))
        return chosen

    def expected(self) -> int:
        """Return about how many responses there will be, for the progress bar."""
        pupils = sum(len(person.facts) for person in self._pupils)
        grown = {"parent": self._pretend.parents, "staff": self._pretend.staff}
        return pupils + sum(grown.get(work.audience, 0) for work in self._work)

    def all(self) -> Iterator[PastResponse]:
        """Yield every response, wave after wave."""
        for wave in self._waves:
            for work in self._work:
                if wave.code not in work.waves:
                    continue
                questionnaire = self._reading.questionnaires[work.questionnaire]
                if work.audience == "pupil":
                    yield from self._of_pupils(wave, work, questionnaire)
                else:
                    yield from self._of_adults(wave, work, questionnaire)

    def _of_pupils(self, wave: Wave, work: Fieldwork, questionnaire: Questionnaire) -> Iterator[PastResponse]:
        for person in self._pupils:
            year = person.year(wave.code)
            if year is None or not _asked(year, work):
                continue
            trying = wave is self._waves[-1] and id(person) in self._spared
            if trying or self._rng.random() < self._pretend.missing.absent:
                continue
            facts = person.at_start(wave.code)
            yield self._response(
                wave,
                questionnaire,
                person.participant.id,
                facts,
                participant_id=person.participant.id,
                school_id=person.place.school.id,
                school_class_id=person.place.classes[year].id,
                mode=self._rng.choices(["own device", "read aloud", "helped by an adult"], [80, 15, 5])[0],
            )

    def _of_adults(self, wave: Wave, work: Fieldwork, questionnaire: Questionnaire) -> Iterator[PastResponse]:
        """Adults answer by an open link: each wave's are others, as many as the waves share of the plan's number."""
        whole = self._pretend.parents if work.audience == "parent" else self._pretend.staff
        order = [code for code in (w.code for w in self._waves) if code in work.waves]
        share = whole // len(order) + (order.index(wave.code) < whole % len(order))
        for n, place in enumerate(adults(self._places, share, self._rng)):
            yield self._response(
                wave,
                questionnaire,
                (wave.code, work.audience, n),
                {name: value for name, value in place.codes(None).items() if value},
                school_id=place.school.id,
                language=self._rng.choices(questionnaire.languages, _weights(questionnaire))[0],
            )

    def _response(
        self, wave: Wave, questionnaire: Questionnaire, who: object, facts: dict[str, Any], **more: Any
    ) -> PastResponse:
        start = self._moment(wave)
        latents = self._truth.latents(questionnaire, who, facts)
        sitting = self._answerers[questionnaire.id].answer(latents, facts, start)
        return PastResponse(
            study_id=self._study.id,
            wave_id=wave.id,
            questionnaire=questionnaire.id,
            sha256=self._versions[questionnaire.id],
            started_at=start,
            saves=sitting.saves,
            state=sitting.state,
            ended_at=sitting.ended_at,
            facts=facts,
            **more,
        )

    def _moment(self, wave: Wave) -> datetime:
        """Draw a moment of a school day in the wave, and not after now."""
        assert wave.opens is not None
        assert wave.closes is not None
        first = datetime.combine(wave.opens, time(9), UTC)
        last = min(datetime.combine(wave.closes, time(15), UTC), self._now - timedelta(hours=2))
        days = max(1, (last - first).days)
        return first + timedelta(days=self._rng.randrange(days), minutes=self._rng.randrange(360))


def _asked(year: int | None, work: Fieldwork) -> bool:
    """Tell whether a questionnaire goes to a year group; None is nobody at school."""
    return year is not None and (not work.years or year in work.years)


def _weights(questionnaire: Questionnaire) -> list[int]:
    """Return how many of a hundred adults answer in each language: most in the first."""
    others = len(questionnaire.languages) - 1
    return [100 - 4 * others] + [4] * others


def _links(
    engine: Engine, settings: Settings, reading: FolderReading, wave: Wave, tries: dict[str, Person]
) -> Iterator[Link]:
    """Make the links to try: always open, so that the demonstration works on any day."""
    assert reading.study is not None
    with session(engine) as db:
        for work in reading.study.fieldwork:
            person = tries.get(work.questionnaire)
            door = new_door(
                db,
                wave=wave,
                questionnaire=work.questionnaire,
                key=settings.key("codes"),
                participant=person.participant if person else None,
            )
            title = reading.questionnaires[work.questionnaire].title
            yield Link(f"{work.questionnaire} ({title})", f"{settings.base_url}/j/{door.token}", door.code)


def run(folder: Path, questionnaires: Path, *, port: int, serving: bool) -> None:
    """Make the demonstration in `folder` anew, write demo.xlsx beside it, print the links, and serve."""
    from survey.export import export
    from survey.pages.account.people import add_user
    from survey.serving import serve

    if serving:
        _see_that_port_is_free(port)
    _clear(folder)
    settings = Settings.from_environment({"CHORUS_INSTANCE": str(folder), "CHORUS_URL": f"http://localhost:{port}"})
    engine = open_engine(settings.database_url)
    upgrade(engine)
    demo = fill(engine, settings, questionnaires)
    email = "researcher@example.org"
    password = add_user(engine, settings, email, ["researcher"])
    workbook = Path("demo.xlsx")
    click.echo(f"Writing {workbook} …")
    with workbook.open("wb") as file:
        export(demo.study, engine, "xlsx", file, datetime.now(UTC))
    engine.dispose()
    _say(demo, settings, email, password, workbook)
    if serving:
        click.echo("Stop the server with Ctrl+C.")
        serve(settings, host="127.0.0.1", port=port, workers=2, threads=16)


def _clear(folder: Path) -> None:
    """Make an empty folder for the demonstration; only one that an earlier demonstration made is thrown away."""
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise click.ClickException(
            f"The folder {folder} is there already and is no demonstration. Please choose another with --folder."
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.write_text("This folder is made anew by `survey demo`. Nothing in it is kept.\n", encoding="utf-8")


def _see_that_port_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} is taken, perhaps by a demonstration that still runs. "
                "Please stop that, or choose another: survey demo --port 8001"
            ) from error


def _say(demo: Demo, settings: Settings, email: str, password: str, workbook: Path) -> None:
    click.echo(f"\n{demo.responses} pretended responses; workbook: {workbook.absolute()}\n")
    click.echo("Try each questionnaire (the code does the same as the link, typed at the front page):")
    for link in demo.links:
        click.echo(f"  {link.title}\n    {link.address}    code: {link.code}")
    click.echo(f"\nResearcher: {settings.base_url}/sign-in\n  {email}\n  one-time password: {password}\n")
