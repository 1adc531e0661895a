"""The commands on lists of known wallets: read them, put them together, look through them."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from features.commands import AsJson, AsOf, TimeUnitOption, TimeZoneOption, say

app = typer.Typer(help="Lists of known wallets.")
History = Annotated[
    Path | None,
    typer.Option(metavar="REPO", help="Clone of the list's repository: read every version."),
]
KnownAt = Annotated[
    str | None, typer.Option(help="Since when this state was known, with an offset.")
]
ListMap = Annotated[
    str | None,
    typer.Option("--map", help="NAME=COLUMN,... where a table names them otherwise."),
]
_TO = typer.Option("--to", metavar="FILE", help="Labels, parquet or csv; brought up to date.")


@app.command(
    "import",
    epilog="Examples: walletrisk labels import --format ofac --history ofac-lists --source ofac "
    "--to labels.parquet; walletrisk labels import packs/*.yaml --format tagpack --source "
    "graphsense --known-at 2026-05-01Z --to labels.parquet",
)
def import_(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Files; with --history, patterns of files in it."),
    ] = None,
    *,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="tagpack, ofac (txt, json, csv), ofac-sdn (sdn_advanced.xml), misp, stix, "
            "etherscan-labels, scamsniffer, darklist, ransomwhere, ftm (FollowTheMoney, as of "
            "OpenSanctions), or table (parquet, csv).",
        ),
    ],
    source: Annotated[str, typer.Option(help="What the list is called; an update goes by it.")],
    to: Annotated[Path, _TO],
    history: History = None,
    known_at: KnownAt = None,
    chain: Annotated[
        str | None, typer.Option(help="Keep only what may be a wallet of this chain.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Under which the list is published.")] = None,
    label: Annotated[
        Literal["illicit", "licit", "none"] | None, typer.Option(help="Of every row of a table.")
    ] = None,
    columns: ListMap = None,
    time_unit: TimeUnitOption = None,
    timezone: TimeZoneOption = None,
    as_json: AsJson = False,
) -> None:
    """Read a list into labels; where FILE of --to is there, bring it up to this state.

    What is new is known from --known-at on, or from the commit with --history; what is no longer
    on the list ends then. What was known stays known since it was.
    """
    from features.contracts.times import parse_instant
    from features.progress import progress
    from features.sources.files import LABEL_COLUMNS, parse_column_map
    from features.sources.labels.files import import_into
    from features.sources.labels.importing import Importing
    from features.sources.labels.table import ListTable
    from features.sources.writing import Writing

    named = None if columns is None else parse_column_map(columns, LABEL_COLUMNS)
    instant = None if known_at is None else parse_instant(known_at, "--known-at")
    options = ListTable(named, label, Writing(time_unit, timezone))
    how = Importing(format_, source, licence, chain, instant, options)
    with progress() as advance:
        done = import_into(to, files or [], history, how, advance)
    say(done.text(), done.facts(), as_json)


@app.command(epilog="Example: walletrisk labels merge ofac.parquet graphsense.parquet --to all.csv")
def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of labels.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="All of them, parquet or csv.")],
    as_json: AsJson = False,
) -> None:
    """Put files of labels into one; what two of them tell of one time becomes one label."""
    from features.sources.labels.files import merge_files

    done = merge_files(files, to)
    say(done.text(), done.facts(), as_json)


@app.command(epilog="Example: walletrisk labels check labels.parquet --as-of 2024-06-01Z")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of labels.")],
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say what labels hold: by category and source, known when, and where they contradict."""
    import pandas as pd

    from features.contracts.times import parse_instant
    from features.sources.labels.files import read_all
    from features.sources.labels.report import report

    instant = pd.Timestamp.now("UTC") if as_of is None else parse_instant(as_of, "--as-of")
    found = report(read_all(files), instant)
    say(found.text(), found.facts, as_json)
