"""The commands of training: a model, a judgement of it, and the gate.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

import training.band_commands
import training.gate.commands
from features.commands import AsJson, MapOption, TimeUnitOption, TimeZoneOption, say

app = typer.Typer()
app.add_typer(training.band_commands.app)
app.add_typer(training.gate.commands.app)

Model = Annotated[
    str,
    typer.Option("--model", metavar="MODEL", help="Model folder, or models:/walletrisk@champion."),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(help="MLflow store; default: $MLFLOW_TRACKING_URI, else sqlite:///mlflow.db."),
]


def model_folder(model: str, tracking_uri: str | None) -> Path:
    """Folder of a model, given by itself or as ``models:/name@alias``."""
    from training.registered import PREFIX

    if not model.startswith(PREFIX):
        return Path(model)
    from training.tracking import resolve

    return resolve(model, tracking_uri=tracking_uri)


@app.command(
    epilog="Example: walletrisk prepare ledger --labels known.parquet --base-rate 0.01 "
    "--to train.toml"
)
def prepare(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="Ledger folder.")],
    labels: Annotated[Path, typer.Option(metavar="FILE", help="Known wallets to learn from.")],
    base_rate: Annotated[
        float, typer.Option(help="Share of illicit wallets among those you will ask about.")
    ],
    to: Annotated[Path, typer.Option(metavar="CONFIG.toml", help="File for walletrisk train.")],
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    as_json: AsJson = False,
) -> None:
    """Write what train needs: a question a labelled wallet, right after one of its transfers."""
    from features.progress import progress
    from features.sources.known import TableOptions
    from training.prepare import prepare

    written = TableOptions(columns, time_unit, timezone)
    with progress():
        done = prepare(ledger, labels, to, base_rate=base_rate, written=written)
    say(done.text(), done.facts(), as_json)


@app.command(epilog="Example: walletrisk train demo-run/demo.toml")
def train(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml", help="What to train.")
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Repeat this run of MLflow instead.")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Print every key of CONFIG.toml, and stop.")
    ] = False,
    tracking_uri: TrackingUri = None,
    as_json: AsJson = False,
) -> None:
    """Train, calibrate and test a model; it becomes a new version in MLflow."""
    from features.errors import RiskError
    from features.progress import counter, progress
    from features.warmup import compile_once, steps
    from training.config import RunConfig
    from training.networks.learning.session import told
    from training.text import repeat_text, run_facts, training_text

    if sum((config is not None, run_id is not None, reference)) != 1:
        raise RiskError("train takes one of: CONFIG.toml, --run ID, --reference")
    if reference:
        from training.config_reference import reference_text

        typer.echo(reference_text())
        return
    if config is not None and tracking_uri is not None:
        raise RiskError("--tracking-uri goes with --run; CONFIG.toml says it in [mlflow]")
    if config is not None:
        RunConfig.read(config)  # a mistake is told before anything is compiled
    with progress() as advance, told(advance):
        compile_once(progress=counter(advance, "kernels", steps()))
        if config is not None:
            from training.run import run

            done = run(config, progress=advance, endpoint=context.obj)
            say(training_text(done), run_facts(done), as_json)
            return
        from training.repeat import repeat

        repeated = repeat(
            str(run_id), tracking_uri=tracking_uri, progress=advance, endpoint=context.obj
        )
    facts = run_facts(repeated.run) | {
        "repeats": run_id,
        "changed": list(repeated.changed),
        "different": {name: list(pair) for name, pair in repeated.different.items()},
    }
    say(repeat_text(str(run_id), repeated), facts, as_json)
    raise typer.Exit(1 if repeated.different else 0)


@app.command(
    epilog="Example: walletrisk evaluate models:/walletrisk@champion --table table.parquet "
    "--labels labels.csv --out report"
)
def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As in serve --model.")],
    table: Annotated[Path, typer.Option(metavar="FILE", help="Feature table, parquet.")],
    labels: Annotated[Path, typer.Option(metavar="FILE", help="Known wallets.")],
    ledger: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Ledger, which graph networks read.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for a report with figures.")
    ] = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    tracking_uri: TrackingUri = None,
    as_json: AsJson = False,
) -> None:
    """Judge a model on the labelled rows of a table that follow its training."""
    from features import Ledger
    from features.guests import all_views
    from features.ledger.counted import Counted
    from features.progress import progress
    from features.sources.feature_tables import read_feature_table
    from features.sources.files import read_labels
    from features.sources.known import TableOptions
    from training import RiskModel
    from training.evaluation import evaluate
    from training.text import evaluation_text, write_report

    written = TableOptions(columns, time_unit, timezone).of("labels")
    with progress():
        judge = RiskModel.load(model_folder(model, tracking_uri), views=all_views())
        opened = None if ledger is None else Ledger.open(ledger)
        rows = read_feature_table(table)
        known = read_labels(labels, **written, chain=Counted.of_attrs(rows.attrs).chain)
        judged = evaluate(judge, rows, known, ledger=opened, known=known)
    facts = {
        "metrics": dict(judged.metrics),
        "rows": len(judged.scores),
        "left_out": dict(judged.dropped),
    }
    say(evaluation_text(judged), facts, as_json)
    if out is not None:
        write_report(judged, out, judge.manifest)
