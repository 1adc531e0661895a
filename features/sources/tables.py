"""Chosen columns of a table in a file, batch by batch, in memory that does not grow with it.

A CSV cell is always read as text: an inferred type would turn wallet ``0012`` into 12. Its first
line names the columns, parted by commas, semicolons or tabs; its encoding is UTF-8, and ``.gz`` is
unpacked on the way.
"""

import codecs
import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from features.errors import SourceError
from features.sources.room import decoded, parquet_plan

BLOCK_BYTES = 2 << 20  # of CSV text; Arrow reads some 30 blocks ahead, the longest line has to fit
HEADER_BYTES = 1 << 20
MAX_COLUMNS = 10_000
PARQUET = (".parquet", ".pq")
ARROW = (".arrow", ".feather")
CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
ENDINGS = (*PARQUET, *ARROW, *CSV)
_DELIMITERS = (",", ";", "\t")


def column_names(path: Path) -> list[str]:
    """Names of the columns of a file, in its order.

    Raises
    ------
    SourceError
        No such file, not what its suffix claims, or too many columns.
    """
    if not path.exists():
        raise SourceError(f"{path}: no such file")
    if not path.is_file():
        raise SourceError(f"{path}: is not a file; name the files themselves")
    if is_csv(path):
        names = _csv_header(path)
    elif path.name.lower().endswith(ARROW):
        with readable(path, "Arrow"), pa.memory_map(str(path)) as mapped:
            names = list(pa.ipc.open_file(mapped).schema.names)
    else:
        with readable(path, "parquet"), pq.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
    if len(names) > MAX_COLUMNS:
        raise SourceError(f"{path}: has {len(names)} columns; at most {MAX_COLUMNS} are allowed")
    return names


def batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Record batches of the chosen columns.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Names out of :func:`column_names`, each once.

    Raises
    ------
    SourceError
        The file is damaged or not what its suffix claims.
    """
    if is_csv(path):
        with readable(path, "CSV"), _open_csv(path, columns) as reader:
            yield from reader
    elif path.name.lower().endswith(ARROW):
        with readable(path, "Arrow"), pa.memory_map(str(path)) as mapped:
            whole = pa.ipc.open_file(mapped)
            for number in range(whole.num_record_batches):
                yield whole.get_batch(number).select(list(columns))
    else:
        with readable(path, "parquet"):
            repeated, rows = parquet_plan(path, columns)
            # without pre-buffering only the pages at hand are in memory, not the whole row group
            with pq.ParquetFile(path, pre_buffer=False, read_dictionary=repeated) as file:
                for batch in file.iter_batches(rows, columns=list(columns)):
                    cells = {name: decoded(path, batch.column(name)) for name in batch.schema.names}
                    yield pa.RecordBatch.from_pydict(cells)


def is_csv(path: Path) -> bool:
    """Whether the suffix says CSV; one that is not among ``ENDINGS`` raises."""
    name = path.name.lower()
    if not name.endswith(ENDINGS):
        raise SourceError(f"{path}: unknown kind of file; allowed: {', '.join(ENDINGS)}")
    return name.endswith(CSV)


def write_table(frame: pd.DataFrame, to: Path) -> None:
    """Write a frame to CSV or parquet; a file that is there stays until all of the new one is."""
    beside = to.with_name(f".{os.getpid()}.{to.name}")
    try:
        if is_csv(to):
            frame.to_csv(beside, index=False)
        else:
            frame.to_parquet(beside, index=False)
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Raise SourceError where a file turns out not to be of its kind."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SourceError(f"{path}: cannot be read as {kind}: {reason}") from None


def _open_csv(path: Path, columns: Sequence[str]) -> pa.csv.CSVStreamingReader:
    return pa.csv.open_csv(
        path,
        # one thread, or messages could not name the row
        read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True, delimiter=delimiter(path)),
        convert_options=pa.csv.ConvertOptions(
            include_columns=list(columns),
            column_types={column: pa.large_string() for column in columns},
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def delimiter(path: Path) -> str:
    """What parts the cells of a CSV file: of comma, semicolon and tab the one that makes most."""
    head = _head(path)
    return max(_DELIMITERS, key=lambda mark: len(_first_line(head, mark)))


def _first_line(head: str, mark: str) -> list[str]:
    return next(csv.reader(io.StringIO(head, newline=""), delimiter=mark), [])


def _head(path: Path) -> str:
    with readable(path, "CSV"), pa.input_stream(str(path), compression="detect") as stream:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(stream.read(HEADER_BYTES))
        if "\0" in text:
            raise SourceError(f"{path}: cannot be read as CSV: it holds binary data")
        return text


def _csv_header(path: Path) -> list[str]:
    with readable(path, "CSV"):
        header = _first_line(_head(path), delimiter(path))
    if not header:
        raise SourceError(f"{path}: is empty; a CSV file begins with the names of its columns")
    return header
