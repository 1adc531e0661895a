"""``walletrisk tune``: better parameters, if there are any.

What the command computes with is imported inside it, so that ``--help`` answers at once.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from features.commands import AsJson, say

app = typer.Typer()

INTERRUPTED = 130


@app.command(epilog="Example: walletrisk tune demo-run/demo.toml")
def tune(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="What to tune.")],
    as_json: AsJson = False,
) -> None:
    """Search for better parameters; go on where an interrupted search stopped.

    Trials are kept in CONFIG.tune.db beside the configuration; its section [tune] says how many.
    The search sees nothing from the first test row on, where what it gained is measured. It is
    recorded as an MLflow run, each trial as a run in it.
    """
    from features.guests import all_views
    from features.progress import progress
    from training.config import RunConfig
    from training.run_inputs import read_inputs
    from training.tracking import require_store
    from training.tune.record import record_search
    from training.tune.text import tuned_text
    from training.tune.tuning import tune

    told = RunConfig.read(config)
    require_store(experiment=told.mlflow.experiment, tracking_uri=told.mlflow.tracking_uri)
    storage = config.with_suffix(".tune.db")
    try:
        with progress() as advance:
            views = all_views()
            given = read_inputs(told, views, advance)
            tuned = tune(
                given.table, given.labels, told.split.splits(given.table), told.model,
                how=told.tune, storage=storage, ledger=given.ledger, views=views,
                progress=advance, known=given.known,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo(f"interrupted; the same command goes on from {storage}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    run_id = record_search(tuned, told.model, told.mlflow)
    say(
        f"{tuned_text(tuned)}\nMLflow run {run_id}",
        {**asdict(tuned), "gained": tuned.gained, "run_id": run_id},
        as_json,
    )
