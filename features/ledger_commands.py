"""The commands on a ledger's folder itself."""

from pathlib import Path
from typing import Annotated

import typer

from features.commands import AsJson, say

app = typer.Typer(help="What is in a ledger's folder.")


@app.callback()
def _ledger() -> None:
    pass


@app.command(epilog="Example: walletrisk ledger verify ledger")
def verify(
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="Ledger folder.")],
    as_json: AsJson = False,
) -> None:
    """Check everything in a ledger: checksums, order, ids, and that both sides agree."""
    from features.ledger.verify import steps, verify
    from features.progress import counter, progress

    with progress() as advance:
        found = verify(ledger, counter(advance, "checks", steps(ledger)))
    say(found.text(), found.facts(), as_json)
