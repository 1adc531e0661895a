"""``walletrisk monitor``: what a new window looks like to a model.

What the command computes with is imported inside it, so that ``--help`` answers at once.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from features.commands import (
    AsJson,
    LabelsFile,
    MapOption,
    TimeUnitOption,
    TimeZoneOption,
    say,
)
from training.commands import TrackingUri, model_folder

app = typer.Typer()

FOUND = 1  # exit code of --fail-on


@app.command(
    epilog="Example: walletrisk monitor models:/walletrisk@champion --table november.parquet "
    "--out watch"
)
def monitor(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As in serve --model.")],
    table: Annotated[
        Path, typer.Option(metavar="FILE", help="Feature table of the new window, parquet.")
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table of an earlier window to compare with, whose wallets are in --labels; "
            "default: the model's training, as its folder keeps it.",
        ),
    ] = None,
    labels: LabelsFile = None,
    ledger: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Ledger, which graph networks read.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for monitor.html and monitor.json.")
    ] = None,
    fail_on: Annotated[
        Literal["shift", "retrain"] | None,
        typer.Option(help="Exit with code 1 if that, or more, is called for."),
    ] = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    tracking_uri: TrackingUri = None,
    as_json: AsJson = False,
) -> None:
    """Compare a window with what a model learnt from, and say whether to train again."""
    from features import Ledger
    from features.guests import all_views
    from features.progress import progress
    from features.sources.feature_tables import read_feature_table
    from features.sources.known import TableOptions, read_known
    from training import RiskModel
    from training.watch.monitor import monitor as watch
    from training.watch.monitor import reference_of_table
    from training.watch.report import monitor_facts, monitor_text, write_monitor

    if reference is not None and labels is None:
        raise typer.BadParameter("--reference needs --labels, which hold the wallets of its rows")
    with progress():
        judge = RiskModel.load(model_folder(model, tracking_uri), views=all_views())
        opened = None if ledger is None else Ledger.open(ledger)
        chain = None if opened is None else opened.chain
        known = read_known(labels, TableOptions(columns, time_unit, timezone), chain=chain)
        window, compared = read_feature_table(table), None
        if reference is not None and known is not None:
            compared = reference_of_table(judge, read_feature_table(reference), known, opened)
        found = watch(judge, window, reference=compared, labels=known, ledger=opened)
        if out is not None:
            write_monitor(found, judge, window, out)
    say(monitor_text(found), monitor_facts(found), as_json)
    steps = ("nothing", "shift", "retrain")
    if fail_on is not None and steps.index(found.verdict.action) >= steps.index(fail_on):
        raise typer.Exit(FOUND)
