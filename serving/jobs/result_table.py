"""A job's answers as a table."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import from_json

from serving.scoring.answer_table import SCHEMA, answer_row, problem_row

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
    if answer is not None:
        return answer_row(line["item"], answer)
    return problem_row(line["item"], line["wallet"], problem["detail"] if problem else "")
