"""Who did what: `survey audit`."""

from __future__ import annotations

from pathlib import Path

import click

from survey.cli.main import engine, main, stop, writing


@main.command()
@click.argument("study", required=False)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write: .csv or .xlsx.")
def audit(study: str | None, out: Path | None) -> None:
    """Show the activity log, newest first: of one study, or of the whole installation."""
    from survey.audit import LogFilter, entries, who
    from survey.database import session
    from survey.fieldwork.finding import find_study
    from survey.fieldwork.studies import Study

    opened = engine()
    with session(opened) as db:
        studies = {one.id: one.code for one in db.query(Study)}
        study_id = find_study(db, study).id if study is not None else None
    lines = entries(opened, LogFilter(study_id=study_id))
    if out is None:
        for line in lines:
            more = f" ({line.particulars})" if line.particulars else ""
            where = f" [{studies[line.study_id]}]" if line.study_id and study is None else ""
            click.echo(f"{line.at:%Y-%m-%d %H:%M} UTC{where} {who(line.actor)} {line.deed}{more}")
        return
    from survey.export.audit import write_audit
    from survey.export.lists import form_of

    form = form_of(out.name)
    if form is None:
        stop(f"{out}: please give a name that ends in .csv or .xlsx.")
    with writing(out, "wb") as file:
        write_audit(lines, studies, form, file)
    click.echo(f"Written: {out}")
