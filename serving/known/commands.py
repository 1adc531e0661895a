"""The commands that export what callers said of wallets; they work beside a running server.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from features.commands import AsJson, LedgerFolder, say
from serving.access.commands import RecordsUrl, records_of

labels = typer.Typer()
feedback = typer.Typer(help="What analysts found of wallets, by POST /v1/feedback.")

To = Annotated[Path, typer.Option("--to", metavar="FILE", help="Labels, parquet or csv.")]
OfChain = Annotated[
    str | None, typer.Option("--chain", help="Of which chain, where the records hold several.")
]


@labels.command("export", epilog="Example: walletrisk labels export --ledger eth --to posted.csv")
def export_labels(
    ledger: LedgerFolder,
    to: To,
    chain: OfChain = None,
    records: RecordsUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write the labels that were posted to an endpoint into a file of labels."""
    from features.sources.tables import write_table
    from serving.known.posted import PostedLabels

    with records_of(ledger, records) as opened:
        found = PostedLabels(opened).frame(chain)
    write_table(found, to)
    say(f"{to}: {len(found)} labels", {"to": str(to), "labels": len(found)}, as_json)


@feedback.command(
    "export", epilog="Example: walletrisk feedback export --ledger eth --to found.csv"
)
def export_feedback(
    ledger: LedgerFolder,
    to: To,
    chain: OfChain = None,
    records: RecordsUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write findings into a file of labels to train with, each known since it was available.

    A later finding of a wallet by the same author ends the one before.
    """
    from features.sources.tables import write_table
    from serving.known.feedback import Feedback

    with records_of(ledger, records) as opened:
        found, silent = Feedback(opened).labels(chain)
    write_table(found, to)
    text = f"{to}: {len(found)} labels; {silent} findings are unclear, or taken back at once"
    say(text, {"to": str(to), "labels": len(found), "no_label": silent}, as_json)
