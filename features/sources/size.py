"""How much tables hold, before they are read: rows, and the memory and disk that a ledger takes."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from features.errors import SourceError
from features.sources.room import machine_bytes
from features.sources.tables import ARROW, is_csv, readable

_SAMPLE_BYTES = 1 << 20
_PACKED = 5  # times that a CSV file is longer than its .gz
# measured on 20M and 100M transfers, experiments/0010-ingest: bytes a transfer beside its line
_MEMORY, _MEMORY_A_BYTE = 450, 1.2
_DISK, _DISK_A_BYTE = 220, 1.0
_UNITS = {"B": 0, "KB": 10, "MB": 20, "GB": 30, "TB": 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([KMGT]?B)", re.IGNORECASE)


class Size(NamedTuple):
    """What files hold: rows, and bytes of their text; of CSV files an estimate."""

    rows: int
    text: int

    @property
    def memory(self) -> int:
        """Bytes of memory that a ledger takes while it is built in memory."""
        return int(self.rows * _MEMORY + self.text * _MEMORY_A_BYTE)

    @property
    def disk(self) -> int:
        """Bytes of disk that a ledger takes while it is built there, itself included."""
        return int(self.rows * _DISK + self.text * _DISK_A_BYTE)


def size_of(paths: Sequence[Path]) -> Size:
    """What tables hold in all.

    Raises
    ------
    SourceError
        One is no such file.
    """
    sizes = [_of_file(path) for path in paths]
    return Size(sum(size.rows for size in sizes), sum(size.text for size in sizes))


def parse_size(text: str) -> int:
    """Read a number of bytes such as 4GB.

    Raises
    ------
    SourceError
        It is none.

    Examples
    --------
    >>> parse_size("1.5 GB")
    1610612736
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise SourceError(f"a size is such as 500MB or 4GB, received {text!r}")
    return int(float(match[1]) * (1 << _UNITS[match[2].upper()]))


def default_memory() -> int:
    """Half of the memory that there is."""
    return machine_bytes() // 2


def require_disk(folder: Path, size: Size) -> None:
    """Raise SourceError unless a ledger of so much can be built beside a folder."""
    beside = folder
    while not beside.exists():
        beside = beside.absolute().parent
    free = shutil.disk_usage(beside).free
    if size.disk > free:
        raise SourceError(
            f"{folder}: about {size.rows} transfers take {size.disk / 2**30:.1f} GB of disk while "
            f"their ledger is built, {free / 2**30:.1f} GB are free"
        )


def _of_file(path: Path) -> Size:
    if not path.is_file():
        return Size(0, 0)  # its reader says what is wrong
    held = path.stat().st_size
    if is_csv(path):
        return _of_csv(path, held)
    if path.name.lower().endswith(ARROW):
        with readable(path, "Arrow"), pa.memory_map(str(path)) as mapped:
            whole = pa.ipc.open_file(mapped)
            numbers = range(whole.num_record_batches)
            return Size(sum(whole.get_batch(number).num_rows for number in numbers), held)
    with readable(path, "parquet"), pq.ParquetFile(path) as file:
        facts = file.metadata
        groups = range(facts.num_row_groups)
        text = sum(facts.row_group(group).total_byte_size for group in groups)
        return Size(facts.num_rows, max(text, held))


def _of_csv(path: Path, held: int) -> Size:
    packed = path.name.lower().endswith(".gz")
    with readable(path, "CSV"), pa.input_stream(str(path), compression="detect") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    text = held * _PACKED if packed else held
    if not sample:
        return Size(0, 0)
    return Size(int(text * sample.count(b"\n") / len(sample)), text)
