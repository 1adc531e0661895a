"""How much of a file fits: a small file may unpack to more than any machine holds.

A ledger takes about three times the memory of the columns it is built from, so they may take a
third of what this process may have. What is read is counted as it comes, whatever the file claims.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import SourceError

Column: TypeAlias = "pa.Array[Any]"  # subscripts exist for type checkers only

BATCH_ROWS = 131_072
_BATCH_BYTES = 256 << 20
_REPEATED_BYTES = 16  # a value, below which a chunk of text must be one of few values
_SHARE = 3
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_LEAST_BYTES = 8  # of a cell of a table without text


def room_bytes() -> int:
    """Bytes that the columns of files may take in all."""
    return machine_bytes() // _SHARE


def machine_bytes() -> int:
    """Bytes of memory that this process may have."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        machine = 16 << 30
    try:
        return min(machine, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        return machine


def require_room(path: Path, held: int) -> None:
    """Raise SourceError if ``held`` bytes, of columns read so far, are more than there is room."""
    if held > room_bytes():
        raise SourceError(
            f"{path}: unpacks to more than {room_bytes() >> 20} MiB, a third of the memory there "
            "is; read it in parts"
        )


def require_room_for_table(path: Path) -> None:
    """Raise SourceError if a parquet file, read whole, takes more than there is room.

    Raises
    ------
    SourceError
        It does, or is no parquet file.
    """
    try:
        if not path.is_file():
            raise OSError("no such file, or no regular one")
        with pq.ParquetFile(path) as file:
            facts = file.metadata
            unpacked = sum(facts.row_group(n).total_byte_size for n in range(facts.num_row_groups))
            held = max(unpacked, facts.num_rows * facts.num_columns * _LEAST_BYTES)
    except (OSError, pa.ArrowException) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SourceError(f"{path}: cannot be read as parquet: {reason}") from None
    require_room(path, held)


def decoded(path: Path, cells: Column) -> Column:
    """Cells of a dictionary written out, if there is room: each entry may occur a million times."""
    if not isinstance(cells, pa.DictionaryArray):
        return cells
    entries: Any = cells.dictionary
    if pa.types.is_string(entries.type) or pa.types.is_large_string(entries.type):
        lengths: Any = pc.binary_length(entries.cast(pa.large_string()))
        require_room(path, int(pc.sum(lengths.take(cells.indices)).as_py() or 0))
        return cells.cast(pa.large_string())
    return cells.dictionary_decode()


def parquet_plan(path: Path, columns: Sequence[str]) -> tuple[list[str], int]:
    """Say how to read a parquet file in little memory.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Those that are read.

    Returns
    -------
    repeated : list of str
        Text columns whose values repeat so much that they must be read as dictionaries.
    rows : int
        Of a batch.
    """
    repeated: dict[str, None] = {}
    widest = 1.0
    with pq.ParquetFile(path) as file:
        facts = file.metadata
        for group in map(facts.row_group, range(facts.num_row_groups)):
            wide = 0.0
            for chunk in map(group.column, range(group.num_columns)):
                name = chunk.path_in_schema.partition(".")[0]
                if name in columns and chunk.num_values:
                    width = chunk.total_uncompressed_size / chunk.num_values
                    wide += width
                    if chunk.physical_type == "BYTE_ARRAY" and width < _REPEATED_BYTES:
                        repeated[name] = None
            widest = max(widest, wide)
    return list(repeated), int(max(1, min(BATCH_ROWS, _BATCH_BYTES / widest)))
