"""The commands of the journal, for one that no server has open; a server has routes for it.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from features.commands import AsJson, LedgerFolder, say

if TYPE_CHECKING:
    from features import Ledger
    from serving.journal import Journal

app = typer.Typer(help="What a server acknowledged and the ledger's folder does not hold yet.")

JournalUrl = Annotated[
    str | None,
    typer.Option(
        "--journal",
        envvar="WALLETRISK_JOURNAL",
        metavar="URL",
        help="Its database; default: DIR.journal.sqlite beside the ledger.",
    ),
]


@app.command(epilog="Example: walletrisk journal checkpoint --ledger ledger")
def checkpoint(ledger: LedgerFolder, journal: JournalUrl = None, as_json: AsJson = False) -> None:
    """Fold the journal into the ledger's folder, where other commands see it."""
    from serving.checkpoints import settle
    from serving.corrections import JournalAlone
    from serving.fold import fold

    with _opened(ledger, journal) as (found, opened):
        found.bind(opened.provenance)
        done = settle(found, JournalAlone(found), ledger, fold)
    facts = {"ledger": str(ledger), "added": done.added, "taken_back": done.taken_back}
    text = f"{ledger}: {done.added} transfers added, {done.taken_back} taken back"
    say(text, facts, as_json)


@app.command(epilog="Example: walletrisk journal contradictions --ledger ledger")
def contradictions(
    ledger: LedgerFolder,
    journal: JournalUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each.")] = False,
) -> None:
    """List acknowledged transfers that the ledger's folder holds with other content."""
    from serving.corrections import bring_up, listed

    with _opened(ledger, journal) as (found, opened):
        bring_up(found, opened, opened)
        answer = listed(found)
    for one in answer["contradictions"]:
        text = (
            f"{one['id']}: transfer ({one['tx_id']!r}, {one['position']}) "
            f"acknowledged: {one['journal_version']}; in the ledger: {one['ledger_version']}"
        )
        typer.echo(json.dumps(one) if as_json else text)
    if not as_json:
        typer.echo(f"{answer['open']} open")


@app.command(epilog="Example: walletrisk journal resolve 1 --keep ledger --ledger ledger")
def resolve(
    number: Annotated[int, typer.Argument(metavar="NUMBER")],
    keep: Annotated[
        Literal["ledger", "journal"],
        typer.Option(help="Whose version counts; journal: what was acknowledged comes back."),
    ],
    ledger: LedgerFolder,
    journal: JournalUrl = None,
    as_json: AsJson = False,
) -> None:
    """Decide whose version of a transfer counts from now on."""
    from dataclasses import asdict

    from serving.corrections import bring_up
    from serving.corrections import resolve as decide

    with _opened(ledger, journal) as (found, opened):
        bring_up(found, opened, opened)
        done, _ = decide(found, opened, number, keep)
    say(f"{number}: the {keep}'s version counts", asdict(done), as_json)


@app.command(epilog="Example: walletrisk journal adopt --ledger ledger")
def adopt(ledger: LedgerFolder, journal: JournalUrl = None, as_json: AsJson = False) -> None:
    """Give the journal's entries to a ledger that was built anew, or brought back from a copy."""
    with _opened(ledger, journal) as (found, opened):
        found.adopt(opened.provenance)
    text = f"{found.place}: {found.held} entries belong to {ledger} from now on"
    say(text, {"journal": found.place, "entries": found.held, "ledger": str(ledger)}, as_json)


@contextmanager
def _opened(ledger: Path, journal: str | None) -> Iterator[tuple["Journal", "Ledger"]]:
    """The journal, and the ledger of its folder."""
    from features.ledger import Ledger
    from serving.journal import Journal
    from serving.ledger_settings import journal_beside

    opened = Ledger.open(ledger)
    found = Journal(journal_beside(ledger) if journal is None else journal)
    try:
        yield found, opened
    finally:
        found.close()
