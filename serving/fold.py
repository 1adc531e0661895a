"""Fold a journal's entries into the ledger's folder, in a process of its own.

The server scores meanwhile: it would wait for Python's lock if a thread of its own did this. The
process reads the entries as an Arrow stream from its standard input and answers with one line of
JSON; it never opens the journal.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import IOBase
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from features.errors import LedgerError, RiskError
from features.ledger import Ledger, Transfer
from features.ledger.arrivals import Conflict
from features.ledger.lock import writing
from serving.journal import Entries
from serving.journal.facts import Facts
from serving.journal.tables import TRANSFER_SCHEMA
from serving.replay import replay

_NICE = 10  # what is asked of the server goes first
_EARLY = "the journal's entries ended early; nothing was written"


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of a fold; nothing was saved where ``saved`` is false.

    Parameters
    ----------
    saved : bool
    added, taken_back : int
        Transfers, compared with the ledger before.
    taken : int, optional
        The ledger took in the journal's entries up to this one before.
    retracted : list of str
        Transactions that were retracted on the folder, of which the journal does not know.
    retractions : int
        How many were ever.
    transactions : list of Transfer
        What the folder holds of these transactions.
    conflicts : list of Conflict
        Transfers that the ledger holds with other content.
    """

    saved: bool = False
    added: int = 0
    taken_back: int = 0
    taken: int | None = None
    retracted: list[str] = field(default_factory=list)
    retractions: int = 0
    transactions: list[Transfer] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def fold(directory: Path, entries: Entries) -> Folded:
    """Apply entries to a ledger's folder and save it, unless something must be settled first.

    Raises
    ------
    LedgerError
        The folder holds another ledger than the journal's, is older than the journal, cannot be
        written, or another writer does not end in time.
    RiskError
        The transfers do not fit the ledger.
    """
    with writing(directory):
        ledger = Ledger.open(directory)
        provenance, journal = ledger.provenance, entries.journal
        if provenance.identity != journal.ledger:
            raise LedgerError(
                f"{directory} holds ledger {provenance.identity} by now, the journal is that of "
                f"{journal.ledger}; nothing was written"
            )
        taken = provenance.folded.get(journal.identity, 0)
        if taken < journal.folded:
            raise LedgerError(
                f"{directory} is older than the journal, which handed over its entries up to "
                f"{journal.folded}: it took in those up to {taken}; nothing was written"
            )
        if taken > journal.folded:
            return Folded(taken=taken)
        retracted = provenance.retracted_since(journal.known_retractions)
        if retracted:
            here = [one for tx_id in retracted for one in ledger.transaction(tx_id)]
            return Folded(
                retracted=retracted, retractions=provenance.retractions, transactions=here
            )
        done = replay(entries, ledger, ledger)
        if done.conflicts:
            return Folded(conflicts=done.conflicts)
        provenance.fold(journal.identity, entries.until)
        ledger.save(directory)
        return Folded(saved=True, added=done.added, taken_back=done.taken_back)


def send(directory: Path, entries: Entries, to: IOBase) -> None:
    """Write what :func:`main` reads."""
    about = {
        "directory": str(directory),
        "journal": asdict(entries.journal),
        "until": entries.until,
        "retracted": entries.retracted,
    }
    schema = TRANSFER_SCHEMA.with_metadata({"entries": json.dumps(about)})
    with pa.ipc.new_stream(to, schema) as writer:
        for transfers in entries.transfers:
            writer.write_batch(transfers.replace_schema_metadata(schema.metadata))
        writer.write_batch(pa.RecordBatch.from_pylist([], schema))  # nothing is missing


def answer_text(done: Folded) -> str:
    """What became of a fold as one line, which :func:`answer_of` reads."""
    return json.dumps(asdict(done), default=datetime.isoformat)


def answer_of(line: str) -> Folded:
    """Read the line that :func:`main` wrote.

    Raises
    ------
    RiskError
        It says what kept the fold from being done.
    """
    facts: dict[str, Any] = json.loads(line)
    if "error" in facts:
        raise RiskError(facts["error"])
    facts["transactions"] = [_transfer(one) for one in facts["transactions"]]
    facts["conflicts"] = [Conflict(*map(_transfer, pair)) for pair in facts["conflicts"]]
    return Folded(**facts)


def main() -> None:
    """Fold what standard input holds, and print what became of it."""
    os.nice(_NICE)
    try:
        answer = answer_text(_fold_stream(sys.stdin.buffer))
    except (RiskError, OSError) as error:
        answer = json.dumps({"error": str(error)})
    with suppress(BrokenPipeError):  # a server that was killed asks no more
        print(answer, flush=True)  # noqa: T201 - its parent reads it


def _fold_stream(stream: IO[bytes]) -> Folded:
    try:
        reader = pa.ipc.open_stream(cast("IOBase", stream))
    except pa.ArrowInvalid:
        raise LedgerError(_EARLY) from None
    with reader:
        about = json.loads(reader.schema.metadata[b"entries"])
        journal = Facts(**about["journal"])
        entries = Entries(journal, about["until"], about["retracted"], _batches(reader))
        return fold(Path(about["directory"]), entries)


def _batches(reader: pa.RecordBatchStreamReader) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        if not batch.num_rows:
            return
        yield batch
    raise LedgerError(_EARLY)


def _transfer(values: list[Any]) -> Transfer:
    one = Transfer._make(values)
    return one._replace(timestamp=datetime.fromisoformat(values[1]))


if __name__ == "__main__":
    main()
