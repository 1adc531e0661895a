"""The options of ``walletrisk ingest``: how files are read, and what becomes of what they hold."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="table: parquet, arrow, csv, tsv; ethereum: exports of ethereum-etl, BigQuery, cryo, "
        "Etherscan, Blockscout; of Bitcoin: bitcoin-blocks, bitcoin-etl, blockchair, esplora, "
        "graphsense; amlsim: a pair of transactions and nodes; or one that an installed package "
        "adds.",
    ),
]
FileMap = Annotated[
    str | None,
    typer.Option(
        "--map",
        help="NAME=COLUMN,... where a file names them otherwise; prices.NAME=... for --prices.",
    ),
]
AmountUnit = Annotated[
    str | None,
    typer.Option(help="Amounts and fees count: wei, gwei, satoshi, or decimals=N of a token."),
]
DecimalSign = Annotated[
    Literal["point", "comma"] | None,
    typer.Option(help="Decimal sign of numbers such as 1.234,50; the other parts thousands."),
]
Chain = Annotated[
    str | None,
    typer.Option(help="Whose addresses: ethereum, bitcoin, tron, bank ...; the ledger's own."),
]
UnitOfAccount = Annotated[
    str | None,
    typer.Option(
        metavar="UNIT",
        help="What values are in, such as USD, where there are several assets; a column value or "
        "amount_usd says them, or --prices.",
    ),
]
PricesFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Prices in that unit: asset, timestamp (when it was known), price. A transfer gets "
        "the latest one before it.",
    ),
]
PriceMaxAge = Annotated[
    str | None, typer.Option(metavar="AGE", help="Of a price that still counts; default: 7d.")
]
LabelsOut = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where labels of the format, or a Bitcoin node's CoinJoins, go; parquet or csv.",
    ),
]
OnBadRows = Annotated[
    Literal["raise", "quarantine"],
    typer.Option(help="Bad rows: stop, or write them to DIR.quarantine.csv and go on."),
]
MostBad = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Share of rows that may be bad; default: 0.1."),
]
Memory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Most memory, such as 4GB; what takes more is built on disk, and goes on where it was "
        "after a crash. Default: half of what there is.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what ten rows mean, in words; keep nothing.")
]
NodeUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="JSON-RPC of a node, instead of files.")
]
FromBlock = Annotated[int | None, typer.Option(min=0, help="Of a node, the first time.")]
ToBlock = Annotated[int | None, typer.Option(min=0, help="Of a node; default: the latest.")]
Follow = Annotated[bool, typer.Option("--follow", help="Stay, and keep up with the node.")]
StatePath = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="How far a node was read; default: DIR.follow.json."),
]
NodeClusters = Annotated[
    Path | None,
    typer.Option(
        "--clusters",
        metavar="FILE",
        help="Of a Bitcoin node: joins addresses that pay together; files: clusters add.",
    ),
]
