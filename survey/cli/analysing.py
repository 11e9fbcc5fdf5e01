"""The whole analysis of a study: `survey analyse`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from survey.cli.main import engine, main, stop, writing
from survey.cli.measuring import as_json, print_comparisons, print_json

if TYPE_CHECKING:
    from survey.findings.study import StudyFindings


@main.command()
@click.argument("study")
@click.option("--wave", metavar="W", help="The wave to report, with those before it; without it, the newest.")
@click.option(
    "--group",
    metavar="FACT=CODE",
    help="A group to report by itself, such as sex=f, year=4 or arm=programme; without it, everyone.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The workbook of tables to write.")
@as_json
def analyse(study: str, wave: str | None, group: str | None, out: Path | None, in_json: bool) -> None:
    """Analyse a whole study as its plan says.

    Writes a workbook of tables and charts: arms compared, change between waves, exposure, subgroups, who takes part,
    costs. Its first sheet says in sentences what was found. It holds no single answer, and small counts are hidden.

    Of a group it has the means, the arms compared, exposure, and the answers to questions with options. A group is
    hidden where it is small, or where it would give a small one away beside other groups and everyone.
    """
    from survey.export.store import Chosen
    from survey.export.store import analyse as analysis

    store, now = engine(), datetime.now(UTC)
    if out is None and not in_json:
        stop("Please say where the workbook is to go (--out FILE.xlsx), or ask for JSON (--json).")
    if out is None:
        found = analysis(study, store, now, Chosen(wave, group))
    else:
        with writing(out, "wb") as file:
            found = analysis(study, store, now, Chosen(wave, group), file)
    if not in_json:
        _print_planned(found)
        click.echo(f"Written: {out}")
    elif found is None:
        stop(f"No one has finished a questionnaire of {study} yet, so there is nothing to analyse.")
    else:
        print_json(_as_json(found))


def _print_planned(found: StudyFindings | None) -> None:
    """Print the plan's outcomes in the newest wave (of a group all outcomes), the programme's arm beside each other."""
    told = [one for one in found.comparisons if one.wave == found.wave] if found else []
    planned = [one.found for one in told if (one.planned or (found and found.group)) and one.found]
    if planned:
        print_comparisons(planned)


def _as_json(found: StudyFindings) -> dict[str, Any]:
    """Return everything that was found, each finding with its sentence."""
    from dataclasses import asdict

    from survey.findings import sentences

    told = asdict(found)
    said = {
        "comparisons": [sentences.of_comparison(found, one) for one in found.comparisons],
        "changes": [sentences.of_change(found, one) for one in found.changes],
        "exposures": [sentences.of_exposure(found, one) for one in found.exposures],
        "subgroups": [sentences.of_subgroup(one) for one in found.subgroups],
        "participation": [sentences.of_participation(found, one) for one in found.participation],
    }
    for part, lines in said.items():
        for one, sentence in zip(told[part], lines, strict=True):
            one["sentence"] = sentence
    return told
