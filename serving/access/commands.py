"""The commands of keys; they work beside a running server, which sees it a second later.

What a command computes with is imported inside it, so that ``--help`` answers at once.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.commands import AsJson, LedgerFolder, say

if TYPE_CHECKING:
    from serving.access.caller import Scope
    from serving.access.keys import Key
    from serving.records import Records

app = typer.Typer(help="Who may ask the endpoint, and what.")

RecordsUrl = Annotated[
    str | None,
    typer.Option(
        "--records",
        envvar="WALLETRISK_RECORDS",
        metavar="URL",
        help="Database of records; default: DIR.records.sqlite beside the ledger.",
    ),
]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write the key there, not to the terminal."),
]
KeyName = Annotated[str, typer.Argument(metavar="NAME", help="Who uses it, such as deposits.")]


@app.command(epilog="Example: walletrisk keys create deposits --scope score --ledger ledger")
def create(
    name: KeyName,
    ledger: LedgerFolder,
    scope: Annotated[
        list[str],
        typer.Option(
            metavar="SCOPE", help="score, write, review, admin or monitor; repeat it for more."
        ),
    ],
    expires: Annotated[
        str | None, typer.Option(metavar="TIME", help="For how long, such as 90d; default: ever.")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(metavar="N", help="Wallets a second that it may ask about.", min=0.001),
    ] = None,
    out: OutFile = None,
    records: RecordsUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and show it this once: only its hash is kept."""
    from serving.access import keys
    from serving.clock import now_us

    until = None if expires is None else now_us() + _microseconds(expires)
    with records_of(ledger, records) as found, _place(out) as write:
        text, key = keys.create(
            found, _name(name), _scopes(scope), expires_at_us=until, rate_per_s=rate
        )
        write(text)
    _say_new(text, key, out, as_json)


@app.command(epilog="Example: walletrisk keys rotate deposits --keep 7d --ledger ledger")
def rotate(
    name: KeyName,
    ledger: LedgerFolder,
    keep: Annotated[
        str, typer.Option(metavar="TIME", help="How long the former key still works.")
    ] = "7d",
    out: OutFile = None,
    records: RecordsUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key in place of one, which ends a while later; until then both work."""
    from serving.access import keys

    kept_us = _microseconds(keep)
    with records_of(ledger, records) as found, _place(out) as write:
        text, key = keys.rotate(found, name, keep_us=kept_us)
        write(text)
    _say_new(text, key, out, as_json)


@app.command(epilog="Example: walletrisk keys revoke deposits --ledger ledger")
def revoke(
    which: Annotated[str, typer.Argument(metavar="NAME|ID")],
    ledger: LedgerFolder,
    records: RecordsUrl = None,
    as_json: AsJson = False,
) -> None:
    """End the keys of a name, or the one with an id; a running server refuses them in a second."""
    from serving.access import keys

    with records_of(ledger, records) as found:
        ended = keys.revoke(found, which)
    ids = [key.id for key in ended]
    say(f"revoked: {', '.join(ids)}", {"revoked": ids}, as_json)


@app.command("list", epilog="Example: walletrisk keys list --ledger ledger")
def list_(
    ledger: LedgerFolder,
    records: RecordsUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each.")] = False,
) -> None:
    """List all keys, without their secrets."""
    from serving.access import keys

    with records_of(ledger, records) as found:
        listed = keys.all_keys(found)
    for key in listed:
        facts = _facts(key)
        used = facts["last_used_at"] or "never"
        rate = "" if key.rate_per_s is None else f", {key.rate_per_s:g} wallets a second"
        text = (
            f"{key.id}  {key.name}: {', '.join(facts['scopes'])}{rate}; {facts['state']}, "
            f"until {facts['expires_at'] or 'ever'}, last used {used}"
        )
        typer.echo(json.dumps(facts) if as_json else text)
    if not listed and not as_json:
        typer.echo("no keys")


def _say_new(text: str, key: "Key", out: Path | None, as_json: bool) -> None:
    shown = {"key": text} if out is None else {"file": str(out)}
    what = f"key {key.id} of {key.name}: {', '.join(sorted(key.scopes))}"
    told = f"{text}\n{what}; it is not shown again" if out is None else f"{out}: {what}"
    say(told, _facts(key) | shown, as_json)


def _facts(key: "Key") -> dict[str, Any]:
    from serving.clock import now_us, text_of

    return key.facts(now_us()) | {
        "created_at": text_of(key.created_at_us),
        "expires_at": text_of(key.expires_at_us),
        "revoked_at": text_of(key.revoked_at_us),
        "last_used_at": text_of(key.last_used_at_us),
    }


@contextmanager
def records_of(ledger: Path, url: str | None) -> Iterator["Records"]:
    """Records of a ledger."""
    import serving.access.keys  # noqa: F401 - its table is one of the records'
    from features.errors import RiskError
    from serving.ledger_settings import database_beside
    from serving.records import Records, RecordsError

    if url is None and not ledger.parent.is_dir():
        raise RiskError(f"{ledger.parent} is no folder")
    found = Records(database_beside(ledger, "records") if url is None else url)
    try:
        yield found
    except RecordsError as error:
        raise RiskError(str(error)) from error
    finally:
        found.close()


@contextmanager
def _place(out: Path | None) -> Iterator[Callable[[str], None]]:
    """A new file that only its owner reads, taken before there is a key to write into it."""
    if out is None:
        yield lambda text: None
        return
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            yield lambda text: print(text, file=file, flush=True)
    except BaseException:
        out.unlink()
        raise


def _scopes(given: Sequence[str]) -> "frozenset[Scope]":
    from features.errors import RiskError
    from serving.access.caller import Scope

    named = [one.strip() for text in given for one in text.split(",")]
    for one in named:
        if one not in set(Scope):
            raise RiskError(f"{one!r} is no scope: {', '.join(Scope)}")
    return frozenset(map(Scope, named))


def _name(text: str) -> str:
    from features.errors import RiskError

    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        raise RiskError(f"a name has 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'; got {text!r}")
    return text


def _microseconds(text: str) -> int:
    from features.errors import RiskError

    parsed = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text)
    if parsed is None:
        raise RiskError(f"{text!r} is no length of time, such as 90d, 12h or 30m")
    return int(parsed[1]) * {"d": 86_400, "h": 3_600, "m": 60}[parsed[2]] * 1_000_000
