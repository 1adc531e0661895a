"""The command line: one front door to features, training and serving.

Heavy libraries are imported by the command that needs them, so that ``--help`` answers at once.
"""

import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.exceptions import TyperException

MISTAKE = 2
INTERRUPTED = 130

app = typer.Typer(
    help="Calibrated probability that a cryptocurrency wallet is illicit, with reasons.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Ledger = Annotated[Path, typer.Option("--ledger", metavar="DIR", help="Ledger folder.")]
Labels = Annotated[Path | None, typer.Option("--labels", metavar="FILE", help="Known wallets.")]
Model = Annotated[
    str,
    typer.Option("--model", metavar="MODEL", help="Model folder, or models:/walletrisk@champion."),
]
AsOf = Annotated[str | None, typer.Option(help="Time with an offset; default: now.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(help="MLflow store; default: $MLFLOW_TRACKING_URI, else sqlite:///mlflow.db."),
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a user's mistake ends it with one line and exit code 2."""
    # MLflow would report every run to its makers, and every step to the terminal
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    warnings.filterwarnings("ignore", module="mlflow")
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    try:
        code = app(arguments or ["--help"], prog_name="walletrisk", standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (ValueError, OSError) as error:
        if not _is_mistake(error):
            raise
        message = str(error)
    else:
        return code if isinstance(code, int) else 0
    print(f"walletrisk: error: {' '.join(message.split())}", file=sys.stderr)
    return MISTAKE


def _is_mistake(error: Exception) -> bool:
    """Whether the user can mend it: bad input, or a path that is not there or not allowed."""
    from features.errors import RiskError

    places = (FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError)
    return isinstance(error, (RiskError, IsADirectoryError, *places))


@app.command(epilog="Example: walletrisk demo --exit")
def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="Stop after the score.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where everything is written.")
    ] = Path("demo-run"),
) -> None:
    """Go from a bundled simulated bank to a score over HTTP, and serve until Ctrl-C."""
    from features.cli import progress
    from serving.cli import curl_line, score_text, settings
    from serving.demo import SCORE, serve_and_ask
    from training import demo as choices
    from training.cli import model_folder, promotion_text, training_text
    from training.promotion import promote
    from training.run import run

    work = choices.Workspace(folder)
    with progress() as advance:
        advance("ledger", 0, 1)
        ledger = choices.prepare(Path(__file__).parent / "demo", work)
        advance("ledger", 1, 1)
        done = run(work.config, progress=advance)
    print(f"{work.ledger}: {ledger.n_transfers} transfers of {ledger.n_wallets} accounts")
    print(training_text(done.trained.metrics, done.version))
    print(promotion_text(promote(done.version, name=done.name, tracking_uri=work.tracking_uri)))
    print(f"\n{choices.CHOICE}")
    wallet, as_of = choices.example_wallet(done.trained.scores)
    question = {"wallet": wallet, "as_of": as_of.isoformat()}

    def show(url: str, answer: dict[str, Any]) -> None:
        print(f"\n$ {curl_line(url + SCORE, question)}\n{score_text(answer)}\n")
        print(
            "stopped" if exit_ else f"serving on {url}, API at {url}/docs; Ctrl-C stops", flush=True
        )

    model = model_folder(f"models:/{done.name}@champion", work.tracking_uri)
    chosen = settings(work.ledger, model, None)
    serve_and_ask(chosen, question, port=port, once=exit_, show=show)


@app.command(
    epilog="Example: walletrisk ingest eth.csv --to ledger --asset ETH --time-unit s "
    "--map tx_id=hash,sender=from,recipient=to,amount=value"
)
def ingest(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="parquet, csv, csv.gz.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Ledger; appended to if it exists.")],
    columns: Annotated[
        str | None, typer.Option("--map", help="NAME=COLUMN,... where a file names them otherwise.")
    ] = None,
    asset: Annotated[str | None, typer.Option(help="Asset, where no column names it.")] = None,
    time_unit: Annotated[
        Literal["s", "ms", "us"] | None, typer.Option(help="Unit of integer times.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of times that name none.")] = None,
    on_error: Annotated[
        Literal["raise", "quarantine"],
        typer.Option(help="Bad rows: stop, or write them to DIR.quarantine.csv and go on."),
    ] = "raise",
) -> None:
    """Read transfers into a ledger."""
    from features import Ledger
    from features.cli import counter, progress
    from features.sources.files import load_transfers, parse_column_map

    reading: dict[str, Any] = {
        "columns": None if columns is None else parse_column_map(columns),
        "asset": asset,
        "time_unit": time_unit,
        "timezone": timezone,
    }
    bad = None
    with progress() as advance:
        reading["on_batch"] = counter(advance, "rows read")
        if on_error == "quarantine":
            transfers, bad = load_transfers(files, **reading, on_error="quarantine")
        else:
            transfers = load_transfers(files, **reading)
    if to.exists():
        ledger = Ledger.open(to)
        added = ledger.append(transfers)
    else:
        ledger = Ledger.from_transfers(transfers)
        added = ledger.n_transfers
    ledger.save(to)
    print(f"{to}: {added} transfers added, {ledger.n_transfers} in all, {ledger.n_wallets} wallets")
    if bad is not None and len(bad):
        beside = to.with_name(f"{to.name}.quarantine.csv")
        bad.to_csv(beside)
        print(f"{beside}: {len(bad)} bad rows left out, each with its reason")


def _describe(wanted: bool) -> None:
    if wanted:
        from features.cli import column_line
        from features.views import feature_columns

        print("\n".join(column_line(column) for column in feature_columns()))
        raise typer.Exit


@app.command(
    epilog="Example: walletrisk features ledger --spine spine.csv --labels labels.csv "
    "--out table.parquet"
)
def features(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="Ledger folder.")],
    spine: Annotated[Path, typer.Option(metavar="FILE", help="For which wallet, as of when.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Feature table, parquet.")],
    labels: Labels = None,
    threads: Annotated[int, typer.Option(min=1, help="The result is the same for any.")] = 1,
    _: Annotated[
        bool,
        typer.Option(
            "--describe", callback=_describe, is_eager=True, help="Print all columns, and stop."
        ),
    ] = False,
) -> None:
    """Compute the feature table of a spine."""
    from features import Ledger, feature_table
    from features.cli import counter, progress, read_known, require_parquet
    from features.sources.files import read_spine

    require_parquet(out)
    rows = read_spine(spine)
    known = read_known(labels)
    opened = Ledger.open(ledger)
    with progress() as advance:
        step = counter(advance, "features", len(rows))
        table = feature_table(opened, rows, labels=known, threads=threads, progress=step)
    table.to_parquet(out)
    print(f"{out}: {table.shape[0]} rows, {table.shape[1]} columns")


@app.command(epilog="Example: walletrisk trace w7085 --ledger ledger --as-of 2026-01-31T09:30:00Z")
def trace(
    wallet: Annotated[str, typer.Argument(metavar="WALLET")],
    ledger: Ledger,
    labels: Labels = None,
    as_of: AsOf = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON on all, then one a trail.")
    ] = False,
) -> None:
    """Show the transfers that prove a wallet's features, trail by trail."""
    from features.trails.text import read_trace, trace_text

    heading, traced = read_trace(ledger, wallet, as_of, labels)
    if as_json:
        print("\n".join(map(json.dumps, [heading, *traced.records()])))
    else:
        print(trace_text(heading, traced))


@app.command(epilog="Example: walletrisk warmup")
def warmup() -> None:
    """Compile all kernels, into $NUMBA_CACHE_DIR if it is set, so that no later process need."""
    from features.cli import counter, progress
    from features.warmup import STEPS, warm_up

    with progress() as advance:
        done = warm_up(counter(advance, "kernels", STEPS))
    print(f"{done.seconds:.1f} s; machine code in {done.folder}")


@app.command(epilog="Example: walletrisk train demo-run/demo.toml")
def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="What to train.")],
) -> None:
    """Train, calibrate and test a model; it becomes a new version in MLflow."""
    from features.cli import progress
    from training.cli import training_text
    from training.run import run

    with progress() as advance:
        done = run(config, progress=advance)
    print(training_text(done.trained.metrics, done.version))


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
    tracking_uri: TrackingUri = None,
) -> None:
    """Judge a model on the labelled rows of a table that follow its training."""
    from features import Ledger
    from features.sources.files import read_labels
    from training import RiskModel
    from training.cli import evaluation_text, model_folder, read_feature_table, write_report
    from training.evaluation import evaluate

    judged = evaluate(
        RiskModel.load(model_folder(model, tracking_uri)),
        read_feature_table(table),
        read_labels(labels),
        ledger=None if ledger is None else Ledger.open(ledger),
    )
    print(evaluation_text(judged))
    if out is not None:
        write_report(judged, out)


@app.command(epilog="Example: walletrisk promote 3")
def promote(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its number.")],
    name: Annotated[str, typer.Option(help="Registered name.")] = "walletrisk",
    tracking_uri: TrackingUri = None,
) -> None:
    """Make a version the champion if it passes the gate; if not, exit with code 1."""
    from training.cli import promotion_text
    from training.promotion import promote

    promotion = promote(version, name=name, tracking_uri=tracking_uri)
    print(promotion_text(promotion))
    raise typer.Exit(0 if promotion.promoted else 1)


@app.command(epilog="Example: walletrisk serve --ledger ledger --model models:/walletrisk@champion")
def serve(
    ledger: Ledger,
    model: Model,
    labels: Labels = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8000,
    tracking_uri: TrackingUri = None,
) -> None:
    """Answer over HTTP until Ctrl-C; variables WALLETRISK_... set what has no option."""
    from serving.cli import settings
    from serving.server import run
    from training.cli import model_folder

    chosen = settings(ledger, model_folder(model, tracking_uri), labels)
    run(chosen, host=host, port=port, announce=lambda url: print(f"serving on {url}", flush=True))


@app.command(
    epilog="Example: walletrisk score 0x8589427373d6d84e98730d7795d8f6f8731fda16 "
    "--ledger ledger --model model --as-of 2026-01-31T09:30:00Z"
)
def score(
    wallets: Annotated[list[str], typer.Argument(metavar="WALLET")],
    ledger: Ledger,
    model: Model,
    labels: Labels = None,
    as_of: AsOf = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a wallet.")] = False,
    tracking_uri: TrackingUri = None,
) -> None:
    """Score wallets, with reasons."""
    from serving.cli import instant, score_text, settings
    from serving.scorer import Scorer
    from training.cli import model_folder

    when = instant(as_of)
    scorer = Scorer.load(settings(ledger, model_folder(model, tracking_uri), labels))
    for wallet in wallets:
        answer = {"wallet": {"address": wallet}, **scorer.score(wallet, when)}
        print(json.dumps(answer) if as_json else score_text(answer))


if __name__ == "__main__":
    main()
