"""Records for other programs: as they are (NDJSON), or a row each (CSV, parquet)."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import RiskError
from serving.audit import lines
from serving.audit.errors import BrokenChainError
from serving.audit.segments import Segment, segments_of
from serving.schemas.values import microseconds

ENDINGS = (".ndjson", ".csv", ".parquet")
_ROWS = 1_000  # of a group of a parquet file
_LATE_MS = 60_000  # by which records of one time may be out of order
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out

_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("number", pa.int64()),
    ("at", pa.string()),
    ("kind", pa.string()),
    ("id", pa.string()),
    ("request_id", pa.string()),
    ("caller", pa.string()),
    ("route", pa.string()),
    ("wallet", pa.string()),
    ("chain", pa.string()),
    ("as_of", pa.string()),
    ("level", pa.string()),
    ("status", pa.string()),
    ("probability", pa.float64()),
    ("band", pa.string()),
    ("override", pa.string()),
    ("model_version", pa.string()),
    ("bands_version", pa.string()),
    ("ledger", pa.string()),
    ("journal_seq", pa.int64()),
    ("features_sha256", pa.string()),
    ("question", pa.string()),
    ("answer", pa.string()),
    ("facts", pa.string()),
    ("hash", pa.string()),
]
SCHEMA = pa.schema(_COLUMNS)


class Wanted(NamedTuple):
    """Which records.

    Attributes
    ----------
    since_ms, until_ms : int or None
        Half-open; milliseconds since 1970 UTC. Times are those that records say.
    wallet, caller : str or None
    """

    since_ms: int | None = None
    until_ms: int | None = None
    wallet: str | None = None
    caller: str | None = None


def export(folder: Path, to: Path, wanted: Wanted) -> int:
    """Write records of a chain to a file; returns how many.

    Raises
    ------
    RiskError
        The file's name has another ending, or a record is not what was written.
    AuditError
        The chain cannot be read.
    """
    if to.suffix not in ENDINGS:
        raise RiskError(f"{to} ends in {to.suffix!r}; allowed are {', '.join(ENDINGS)}")
    write = {".ndjson": _as_lines, ".csv": _as_csv, ".parquet": _as_parquet}[to.suffix]
    part = to.with_name(f"{to.name}.part")
    try:
        written = write(part, chosen(folder, wanted))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return written


def chosen(folder: Path, wanted: Wanted) -> Iterator[lines.Line]:
    """Records that are wanted, in order. Raises as :func:`export` does."""
    segments = segments_of(folder)
    for number, segment in enumerate(segments):
        # ids, and so names of segments, never go back, and no record is later than its id
        ends_ms = segments[number + 1].at_ms + _LATE_MS if number + 1 < len(segments) else None
        if wanted.since_ms is not None and ends_ms is not None and ends_ms < wanted.since_ms:
            continue
        if wanted.until_ms is not None and _begins_ms(segment) > wanted.until_ms + _LATE_MS:
            continue
        yield from _of_segment(segment, segment is segments[-1], wanted)


def _begins_ms(segment: Segment) -> int:
    """Time that the first record says; 0 where it is none."""
    line = lines.read(next(iter(segment.raw_lines()), b""))
    return 0 if line is None else _at_ms(line.content())


def _at_ms(content: Mapping[str, Any]) -> int:
    return microseconds(datetime.fromisoformat(content["at"])) // 1000


def _of_segment(segment: Segment, is_last: bool, wanted: Wanted) -> Iterator[lines.Line]:
    for raw in segment.raw_lines():
        line = lines.read(raw)
        if line is None:
            if is_last:  # it is being written
                return
            raise BrokenChainError(
                f"{segment.name} of {segment.folder} holds a record that is not what was written; "
                "walletrisk audit verify says which"
            )
        if _is_wanted(line, wanted):
            yield line


def _is_wanted(line: lines.Line, wanted: Wanted) -> bool:
    content = line.content()
    at_ms = _at_ms(content)
    return (
        (wanted.since_ms is None or at_ms >= wanted.since_ms)
        and (wanted.until_ms is None or at_ms < wanted.until_ms)
        and wanted.caller in (None, content["caller"])
        and wanted.wallet in (None, _wallet(content)["address"])
    )


def _wallet(content: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = content.get("facts", {})
    named = {"address": facts.get("wallet"), "chain": facts.get("chain")}
    return content.get("wallet") or named


def row(line: lines.Line) -> dict[str, Any]:
    """One record as a row of :data:`SCHEMA`."""
    content = line.content()
    answer, ledger, wallet = content.get("answer", {}), content.get("ledger", {}), _wallet(content)
    facts, question = content.get("facts"), content.get("question")
    named = {
        "wallet": wallet["address"],
        "chain": wallet["chain"],
        "override": (answer.get("override") or {}).get("decision"),
        "model_version": answer.get("model", {}).get("version"),
        "bands_version": answer.get("bands", {}).get("version"),
        "ledger": ledger.get("identity"),
        "journal_seq": ledger.get("journal_seq"),
        "features_sha256": content.get("features", {}).get("sha256"),
        "question": None if question is None else json.dumps(question),
        "answer": line.answer().decode() if answer else None,
        "facts": None if facts is None else json.dumps(facts),
        "hash": line.hash,
    }
    return {name: named.get(name, content.get(name, answer.get(name))) for name in SCHEMA.names}


def _as_lines(to: Path, found: Iterator[lines.Line]) -> int:
    written = 0
    with to.open("wb") as file:
        for line in found:
            file.write(b'{"hash":"%s","record":%s}\n' % (line.hash.encode(), line.record))
            written += 1
    return written


def _as_csv(to: Path, found: Iterator[lines.Line]) -> int:
    written = 0
    with to.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, SCHEMA.names)
        table.writeheader()
        for line in found:
            table.writerow({name: _cell(value) for name, value in row(line).items()})
            written += 1
    return written


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Examples
    --------
    >>> _cell("=1+1"), _cell(-1.5)
    ("'=1+1", -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _as_parquet(to: Path, found: Iterator[lines.Line]) -> int:
    written = 0
    with ExitStack() as stack:
        table = stack.enter_context(pq.ParquetWriter(to, SCHEMA, compression="zstd"))
        held: list[dict[str, Any]] = []
        for line in found:
            held.append(row(line))
            written += 1
            if len(held) == _ROWS:
                table.write_batch(pa.RecordBatch.from_pylist(held, SCHEMA))
                held = []
        table.write_batch(pa.RecordBatch.from_pylist(held, SCHEMA))
    return written
