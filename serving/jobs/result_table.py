"""A job's answers as a table: what fits into columns, a row an item."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import from_json

_TEXTS = ("wallet", "chain", "as_of", "status", "band", "model_version", "problem")
_NUMBERS = ("probability", "probability_low", "probability_high", "log_odds")
_FLAGS = ("sanctioned", "listed", "stale")
_TYPES: dict[str, pa.DataType] = {
    "item": pa.int64(),
    **dict.fromkeys(_TEXTS[:4], pa.string()),
    **dict.fromkeys(_NUMBERS, pa.float64()),
    "band": pa.string(),
    **dict.fromkeys(_FLAGS, pa.bool_()),
    **dict.fromkeys(_TEXTS[5:], pa.string()),
}
SCHEMA = pa.schema(_TYPES)
_ROWS = 200


def write_table(result: Path, table: Path) -> Iterator[int]:
    """Write parquet from NDJSON, some rows at a time; yields how many.

    It appears under its name when it is whole.
    """
    part = table.with_suffix(".part")
    with result.open("rb") as lines, pq.ParquetWriter(part, SCHEMA, compression="zstd") as out:
        while rows := [_row(from_json(line)) for line in islice(lines, _ROWS)]:
            out.write_table(pa.Table.from_pylist(rows, SCHEMA))
            yield len(rows)
    part.replace(table)


def _row(line: dict[str, Any]) -> dict[str, Any]:
    problem, answer = line.get("problem"), line.get("answer")
    if answer is None:
        detail = problem["detail"] if problem else None
        return {"item": line["item"], "wallet": line["wallet"], "problem": detail}
    known = answer["known"]
    plain = {name: answer[name] for name in SCHEMA.names if name in answer}
    return plain | {
        "item": line["item"],
        "wallet": answer["wallet"]["address"],
        "chain": answer["wallet"]["chain"],
        "sanctioned": None if known is None else known["sanctioned"],
        "listed": None if known is None else bool(known["entries"]),
        "model_version": answer["model"]["version"],
    }
