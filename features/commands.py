"""The commands of features: from files to a ledger, from a ledger to a feature table.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from features.ingest_options import (
    AmountUnit,
    Chain,
    DecimalSign,
    DryRun,
    FileMap,
    Follow,
    Format,
    FromBlock,
    LabelsOut,
    Memory,
    MostBad,
    NodeClusters,
    NodeUrl,
    OnBadRows,
    PriceMaxAge,
    PricesFile,
    StatePath,
    ToBlock,
    UnitOfAccount,
)
from features.json_file import without_nan

if TYPE_CHECKING:
    from features.contracts.labels import Labels
    from features.sources.known import TableOptions
    from features.view import Column

app = typer.Typer()

LedgerFolder = Annotated[Path, typer.Option("--ledger", metavar="DIR", help="Ledger folder.")]
LabelsFile = Annotated[Path | None, typer.Option("--labels", metavar="FILE", help="Known wallets.")]
MapOption = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="NAME=COLUMN,...",
        help="Where labels or spine name columns otherwise; labels.wallet=... for one of them.",
    ),
]
AsOf = Annotated[str | None, typer.Option(help="Time with an offset; default: now.")]
TimeUnitOption = Annotated[
    Literal["s", "ms", "us"] | None, typer.Option("--time-unit", help="Unit of integer times.")
]
TimeZoneOption = Annotated[
    str | None, typer.Option("--timezone", help="Zone of times that name none.")
]
AsJson = Annotated[bool, typer.Option("--json", help="A line of JSON instead of text.")]


def say(text: str, facts: Mapping[str, Any], as_json: bool) -> None:
    """Print what a command found out: for a reader, or all of it for a script."""
    typer.echo(json.dumps(without_nan(facts), allow_nan=False) if as_json else text)


@app.command(
    epilog="Example: walletrisk ingest eth.csv --to ledger --asset ETH --time-unit s "
    "--map tx_id=hash,sender=from,recipient=to,amount=value"
)
def ingest(
    to: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Ledger; appended to if it exists. With --node also http://... of an endpoint.",
        ),
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Files of the format.")
    ] = None,
    source: Format = "table",
    columns: FileMap = None,
    asset: Annotated[str | None, typer.Option(help="Asset, where no column names it.")] = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    unit: AmountUnit = None,
    decimal: DecimalSign = None,
    chain: Chain = None,
    unit_of_account: UnitOfAccount = None,
    prices: PricesFile = None,
    price_max_age: PriceMaxAge = None,
    labels_out: LabelsOut = None,
    on_error: OnBadRows = "raise",
    most_bad: MostBad = None,
    memory: Memory = None,
    dry_run: DryRun = False,
    node: NodeUrl = None,
    from_block: FromBlock = None,
    to_block: ToBlock = None,
    follow: Follow = False,
    state: StatePath = None,
    clusters: NodeClusters = None,
    as_json: AsJson = False,
) -> None:
    """Read transfers into a ledger: files, folders, patterns, - for stdin; or a node's blocks."""
    from features.sources.file_commands import FileOptions, ingest_files
    from features.sources.node_commands import NodeOptions, ingest_node, require_files

    of_node = NodeOptions(node, from_block, to_block, follow, state, clusters)
    chosen = FileOptions(
        source, columns, asset, time_unit, timezone, unit, decimal, chain, unit_of_account, prices,
        price_max_age, labels_out, on_error, most_bad, memory, dry_run,
    )  # fmt: skip
    if node is not None:
        ingest_node(to, of_node, chosen, as_json, files=files)
    else:
        ingest_files(require_files(files, of_node), Path(to), chosen, as_json)


@app.command(epilog="Example: walletrisk retract 0x5c504ed4 --ledger ledger")
def retract(
    tx_ids: Annotated[list[str], typer.Argument(metavar="TX_ID")],
    ledger: LedgerFolder,
    as_json: AsJson = False,
) -> None:
    """Take transactions back, as a chain reorganisation does; a server sees it at its next start.

    Send them to a running server's /v1/retractions instead.
    """
    from features.ledger import Ledger
    from features.ledger.lock import writing

    with writing(ledger):
        opened = Ledger.open(ledger)
        taken_back = opened.retract(tx_ids)
        opened.save(ledger)
    facts = {"ledger": str(ledger), "taken_back": taken_back, "transfers": opened.n_transfers}
    say(f"{ledger}: {taken_back} transfers taken back, {opened.n_transfers} left", facts, as_json)


def _describe(wanted: bool) -> None:
    if wanted:
        from features.guests import all_views
        from features.views import feature_columns

        typer.echo("\n".join(column_line(column) for column in feature_columns(all_views())))
        raise typer.Exit


def column_line(column: "Column") -> str:
    """Name, unit and meaning of a column, and where its definition comes from.

    Examples
    --------
    >>> from features.view import Column
    >>> column_line(Column("coverage_age_s", "time since the first transfer"))
    'coverage_age_s  [s]  time since the first transfer'
    >>> column_line(Column("f_memory_ratio", "each gap with the next", source="Goh 2008, eq. 2"))
    'f_memory_ratio  [ratio]  each gap with the next  (Goh 2008, eq. 2)'
    """
    unit = column.name.rpartition("_")[2]
    source = f"  ({column.source})" if column.source else ""
    return f"{column.name}  [{unit}]  {column.meaning}{source}"


@app.command(
    epilog="Example: walletrisk features ledger --spine spine.csv --labels labels.csv "
    "--out table.parquet"
)
def features(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="Ledger folder.")],
    spine: Annotated[Path, typer.Option(metavar="FILE", help="For which wallet, as of when.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Feature table, parquet.")],
    labels: LabelsFile = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    threads: Annotated[int, typer.Option(min=1, help="The result is the same for any.")] = 1,
    as_json: AsJson = False,
    _: Annotated[
        bool,
        typer.Option(
            "--describe", callback=_describe, is_eager=True, help="Print all columns, and stop."
        ),
    ] = False,
) -> None:
    """Compute the feature table of a spine, with the views of installed packages."""
    from features import Ledger, feature_table
    from features.guests import all_views
    from features.progress import counter, progress
    from features.sources.feature_tables import require_parquet
    from features.sources.ingest import chain_of
    from features.sources.known import TableOptions, read_known, read_spine
    from features.warmup import compile_once, steps

    require_parquet(out)
    written, chain = TableOptions(columns, time_unit, timezone), chain_of(ledger, None)
    rows = read_spine(spine, written, chain=chain)
    known = read_known(labels, written, chain=chain)
    opened, views = Ledger.open(ledger), all_views()
    with progress() as advance:
        compile_once(views, counter(advance, "kernels", steps(views)))
        step = counter(advance, "features", len(rows))
        table = feature_table(
            opened, rows, labels=known, views=views, threads=threads, progress=step
        )
    table.to_parquet(out)
    n_rows, n_columns = table.shape
    facts = {"table": str(out), "rows": n_rows, "columns": n_columns}
    say(f"{out}: {n_rows} rows, {n_columns} columns", facts, as_json)


@app.command(
    epilog="Example: walletrisk trace w7085 --ledger ledger --direction backward --out trail.html"
)
def trace(
    wallets: Annotated[
        list[str], typer.Argument(metavar="WALLET", help="Several with --direction only.")
    ],
    ledger: LedgerFolder,
    labels: LabelsFile = None,
    as_of: AsOf = None,
    direction: Annotated[
        Literal["backward", "forward"] | None,
        typer.Option(help="Follow all its money: whence it came, or whither it went."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="WALLET", help="Only what comes from or reaches these; repeat it."),
    ] = None,
    share: Annotated[
        float | None, typer.Option(help="Of the value that the trail shows; default: 0.95.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture (.svg, .png), page (.html) or table (.csv)."),
    ] = None,
    columns: MapOption = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON on all, then one a trail.")
    ] = False,
) -> None:
    """Show the transfers that prove a wallet's features, or follow its money in a direction."""
    from features.errors import SpineError
    from features.guests import all_views
    from features.progress import progress
    from features.sources.known import TableOptions
    from features.trails.text import read_trace, trace_text

    known = LabelsTable(labels, TableOptions(columns, time_unit, timezone))
    if direction is not None:
        chosen = FlowOptions(direction, to or None, share, out, as_json)
        _follow(ledger, wallets, as_of, known, chosen)
        return
    if len(wallets) > 1 or to or share is not None or out is not None:
        raise SpineError("several wallets, --to, --share and --out need a --direction")
    (wallet,) = wallets
    views = all_views()
    with progress():
        heading, traced = read_trace(ledger, wallet, as_of, known.read(ledger), views=views)
    if as_json:
        typer.echo("\n".join(map(json.dumps, [heading, *traced.records()])))
    else:
        typer.echo(trace_text(heading, traced, views=views))


class LabelsTable(NamedTuple):
    """A file of labels, and how it is written."""

    path: Path | None
    written: "TableOptions"

    def read(self, ledger: Path) -> "Labels | None":
        """Read it for a ledger's chain."""
        from features.sources.ingest import chain_of
        from features.sources.known import read_known

        return read_known(self.path, self.written, chain=chain_of(ledger, None))


class FlowOptions(NamedTuple):
    """How money is followed, and where the answer goes."""

    direction: Literal["backward", "forward"]
    to: list[str] | None
    share: float | None
    out: Path | None
    as_json: bool


def _follow(
    ledger: Path, wallets: list[str], as_of: str | None, labels: LabelsTable, options: FlowOptions
) -> None:
    from features.progress import progress
    from features.trails.flow import SHARE
    from features.trails.text import flow_text, read_flow
    from features.trails.written import flow_facts, require_ending, summary, write_flow

    out = options.out
    if out is not None:
        require_ending(out)
    with progress():
        flow = read_flow(
            ledger, wallets, as_of, labels.read(ledger),
            direction=options.direction, to=options.to,
            share=SHARE if options.share is None else options.share,
        )  # fmt: skip
    if out is not None:
        write_flow(out, flow)
        text = f"{out}: {summary(flow)}"
    else:
        text = flow_text(flow)
    say(text, {"out": None if out is None else str(out), **flow_facts(flow)}, options.as_json)


@app.command(epilog="Example: walletrisk warmup")
def warmup(as_json: AsJson = False) -> None:
    """Compile all kernels, into $NUMBA_CACHE_DIR if it is set, so that no later process need."""
    from features.guests import all_views
    from features.progress import counter, progress
    from features.warmup import steps, warm_up

    views = all_views()
    with progress() as advance:
        done = warm_up(counter(advance, "kernels", steps(views)), views=views)
    text = f"{done.seconds:.1f} s; machine code in {done.folder}"
    say(text, {"seconds": done.seconds, "folder": done.folder}, as_json)
