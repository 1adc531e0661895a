"""The commands of the audit; a server may write to it meanwhile, but not while it is pruned.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.commands import AsJson, say

if TYPE_CHECKING:
    from serving.audit.chain import Head

app = typer.Typer(help="What the endpoint answered to whom: a chain of records.")

BROKEN = 1  # exit code
HASH_DIGITS = 64

Ledger = Annotated[
    Path | None, typer.Option("--ledger", metavar="DIR", help="Whose audit, DIR.audit beside it.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--audit",
        envvar="WALLETRISK_AUDIT_FOLDER",
        metavar="DIR",
        help="Its folder, where it is elsewhere.",
    ),
]


@app.command(epilog="Example: walletrisk audit verify --ledger ledger --head 4711:09ab...")
def verify(
    ledger: Ledger = None,
    audit: Folder = None,
    head: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER:HASH", help="A record that was noted elsewhere; repeat it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every record; exit code 1 and the first that is broken, if one is."""
    from features.progress import counter, progress
    from serving.audit.segments import segments_of
    from serving.audit.verify import verify as verify_chain

    folder, heads = _folder(ledger, audit), [_head(text) for text in head or ()]
    with _readable(), progress() as advance:
        total = len(segments_of(folder))
        done = verify_chain(folder, heads=heads, advance=counter(advance, "segments", total))
    say(f"{folder}: {done.text()}", done.facts(), as_json)
    if done.broken is not None:
        raise typer.Exit(BROKEN)


@app.command(epilog="Example: walletrisk audit export --ledger ledger --to january.csv "
             "--since 2026-01-01T00:00:00Z --until 2026-02-01T00:00:00Z")  # fmt: skip
def export(
    to: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .ndjson, .csv or .parquet.")],
    ledger: Ledger = None,
    audit: Folder = None,
    since: Annotated[str | None, typer.Option(help="Time with an offset.")] = None,
    until: Annotated[str | None, typer.Option(help="Time with an offset; before it.")] = None,
    wallet: Annotated[str | None, typer.Option(help="As the answers spell it.")] = None,
    caller: Annotated[str | None, typer.Option(help="Who asked.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write records to a file."""
    from serving.audit.export import Wanted
    from serving.audit.export import export as export_chain

    wanted = Wanted(_milliseconds(since), _milliseconds(until), wallet, caller)
    with _readable():
        written = export_chain(_folder(ledger, audit), to, wanted)
    say(f"{to}: {written} records", {"to": str(to), "records": written}, as_json)


@app.command(epilog="Example: walletrisk audit prune --ledger ledger --before 2021-01-01T00:00:00Z")
def prune(
    before: Annotated[str, typer.Option(help="Time with an offset.")],
    ledger: Ledger = None,
    audit: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Remove whole segments of older records; the chain notes it, and is verified from there on."""
    from serving.audit.chain import Chain
    from serving.audit.upkeep import note_into
    from serving.audit.upkeep import prune as prune_chain

    folder, before_ms = _folder(ledger, audit), _milliseconds(before) or 0
    with _readable():
        chain = Chain(folder)
        try:
            gone = prune_chain(chain, before_ms, note_into(chain))
        finally:
            chain.close()
    until = 0 if gone is None else gone.number
    text = "nothing is that old" if gone is None else f"records up to {until} are removed"
    say(f"{folder}: {text}", {"audit": str(folder), "removed_until": until}, as_json)


def _folder(ledger: Path | None, audit: Path | None) -> Path:
    from features.errors import RiskError
    from serving.ledger_settings import beside

    folder = audit if audit is not None or ledger is None else beside(ledger, "audit")
    if folder is None:
        raise RiskError("name the ledger (--ledger) or the folder of the audit (--audit)")
    if not folder.is_dir():
        raise RiskError(f"{folder} is no folder of an audit: there is none")
    return folder


def _head(text: str) -> "Head":
    from features.errors import RiskError
    from serving.audit.chain import Head

    number, _, hash_ = text.partition(":")
    if not number.isdecimal() or len(hash_) != HASH_DIGITS:
        raise RiskError(f"head {text!r} is not of the form NUMBER:HASH, of {HASH_DIGITS} digits")
    return Head(int(number), hash_)


def _milliseconds(text: str | None) -> int | None:
    """Of an ISO 8601 time with an offset, since 1970 UTC."""
    from serving.clock import read_instant

    return None if text is None else read_instant(text) // 1000


@contextmanager
def _readable() -> Iterator[None]:
    """An audit that cannot be read is a mistake of the command's user."""
    from features.errors import RiskError
    from serving.audit.errors import AuditError

    try:
        yield
    except AuditError as error:
        raise RiskError(str(error)) from error
