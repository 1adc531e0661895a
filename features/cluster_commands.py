"""The commands on clusters: from transactions to clusters, and what a wallet's cluster was."""

from pathlib import Path
from typing import Annotated

import typer

from features.commands import AsJson, AsOf, LedgerFolder, say

app = typer.Typer(help="Which wallets are one owner's, as of when.")

ClustersFile = Annotated[Path, typer.Option("--clusters", metavar="FILE", help="Saved clusters.")]


@app.command(
    epilog="Example: walletrisk clusters add transactions.json --format bitcoin-etl "
    "--to clusters.arrow"
)
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of the format.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Clusters; added to if there are some.")],
    source: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="bitcoin-blocks, bitcoin-etl, blockchair, esplora, graphsense",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Join the addresses that pay for one transaction, CoinJoins apart."""
    from features.clusters import Clusters
    from features.sources.bitcoin.common_inputs import spent_together
    from features.sources.bitcoin.formats import read_transactions

    clusters = Clusters.open(to) if to.exists() else Clusters()
    added = clusters.append(*spent_together(read_transactions(source, files).records))
    clusters.save(to)
    facts = {"clusters": str(to), "added": added, "wallets": clusters.n_wallets}
    say(f"{to}: {added} spends added, {clusters.n_wallets} wallets in all", facts, as_json)


@app.command(
    epilog="Example: walletrisk clusters show 12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S "
    "--clusters clusters.arrow --as-of 2009-02-01T00:00:00Z"
)
def show(
    wallet: Annotated[str, typer.Argument(metavar="WALLET")],
    clusters: ClustersFile,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """List the wallets of a wallet's cluster, by what was to be seen before an instant."""
    import pandas as pd

    from features.clusters import Clusters
    from features.contracts.spine import check_spine
    from features.contracts.times import microseconds

    instant = pd.Timestamp.now("UTC") if as_of is None else as_of
    asked = check_spine(pd.DataFrame({"wallet": [wallet], "as_of": [instant]}))
    members = Clusters.open(clusters).members(asked["wallet"][0], microseconds(asked["as_of"])[0])
    facts = {"wallet": wallet, "as_of": asked["as_of"][0].isoformat(), "members": members}
    say("\n".join(members), facts, as_json)


@app.command(
    epilog="Example: walletrisk clusters spread labels.parquet --clusters clusters.arrow "
    "--to spread.parquet"
)
def spread(
    labels: Annotated[Path, typer.Argument(metavar="LABELS", help="Known wallets.")],
    clusters: ClustersFile,
    to: Annotated[Path, typer.Option(metavar="FILE", help="Labels of the others, parquet or csv.")],
    most: Annotated[
        int,
        typer.Option(
            "--most-wallets", min=2, help="Of a cluster that labels still spread in.", metavar="N"
        ),
    ] = 1_000,
    as_json: AsJson = False,
) -> None:
    """Give labels of a wallet to the others of its cluster, from the merge on; see labels merge."""
    from features.clusters import Clusters
    from features.clusters.spread import spread as spread_labels
    from features.sources.files import read_labels
    from features.sources.tables import is_csv, write_table

    is_csv(to)  # an ending that is none is told before the work
    found, too_large = spread_labels(Clusters.open(clusters), read_labels(labels), most=most)
    write_table(found, to)
    facts = {"labels": len(found), "wallets": found["wallet"].nunique(), "too_large": too_large}
    say(
        f"{to}: {len(found)} labels of {facts['wallets']} wallets came by clusters; of "
        f"{too_large} labels the cluster had more than {most} wallets, and they went no further",
        facts,
        as_json,
    )


@app.command(
    epilog="Example: walletrisk clusters deposits --ledger ledger --labels labels.parquet "
    "--to deposits.arrow --labels-to deposits.parquet"
)
def deposits(
    ledger: LedgerFolder,
    labels: Annotated[Path, typer.Option(metavar="FILE", help="Known exchanges, and others.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Clusters of customers; made anew.")],
    labels_to: Annotated[
        Path, typer.Option(metavar="FILE", help="Labels of deposit addresses, parquet or csv.")
    ],
    as_json: AsJson = False,
) -> None:
    """Find deposit addresses of exchanges, and whose they are, from the first forwarding on."""
    from features.clusters.deposits import deposits as find_deposits
    from features.clusters.deposits import save_merges
    from features.ledger import Ledger
    from features.sources.files import read_labels
    from features.sources.tables import is_csv, write_table

    is_csv(labels_to)
    opened = Ledger.open(ledger)
    found = find_deposits(opened, read_labels(labels, chain=opened.chain))
    clusters = save_merges(found, to)
    write_table(found.labels, labels_to)
    facts = {
        "addresses": int(found.labels["wallet"].nunique()),
        "merges": int(found.spends.time.size),
        "wallets": clusters.n_wallets,
    }
    say(
        f"{labels_to}: {facts['addresses']} deposit addresses; {to}: {facts['merges']} merges of "
        f"{facts['wallets']} wallets of customers",
        facts,
        as_json,
    )


@app.command(
    epilog="Example: walletrisk clusters alarms --clusters clusters.arrow --owners owners.csv"
)
def alarms(
    clusters: ClustersFile,
    owners: Annotated[
        Path, typer.Option(metavar="FILE", help="Whose wallets are: columns wallet, owner.")
    ],
    as_json: AsJson = False,
) -> None:
    """Tell of merges of clusters that are known to be of two: a mix that no rule knows."""
    from features.clusters import Clusters
    from features.sources.owners import read_owners

    merges = Clusters.open(clusters).impossible_merges(read_owners(owners))
    lines = [
        f"{merge.time.isoformat()}  {merge.tx_id}  {merge.owners[0]} ({merge.sizes[0]} wallets) "
        f"and {merge.owners[1]} ({merge.sizes[1]})"
        for merge in merges
    ]
    facts = {"merges": [{**merge._asdict(), "time": merge.time.isoformat()} for merge in merges]}
    say("\n".join(lines) or "no merge of two known owners", facts, as_json)
