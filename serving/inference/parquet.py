"""Wallets in parquet, read so that a small file cannot fill the memory.

A text that is stored once may stand in every row: texts are read as dictionaries, and those that no
wallet, instant or chain can be are refused before they are written out.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import RiskError
from serving.inference.table import AS_OF, CHAIN, WALLET, require_columns

TEXTS = (WALLET, AS_OF, CHAIN)
MAX_UNPACKED = 64 * 1024 * 1024  # bytes of one row group's columns
_INDEX = "__index_level_"
MAX_TEXT_BYTES = 1_024  # 256 characters of four bytes


class ParquetError(Exception):
    """The bytes are no parquet."""


class WalletParquet:
    """A parquet file of wallets.

    Parameters
    ----------
    source : bytes or Path
    context : sequence of str
        Columns of the user's own that the model reads.

    Attributes
    ----------
    names : list of str
        Columns, all of which are read.
    rows : int

    Raises
    ------
    ParquetError
    RiskError
        It has other columns, or columns of other types, or a row group is too large.
    """

    def __init__(self, source: bytes | Path, context: Sequence[str]) -> None:
        try:
            plain = pq.ParquetFile(_opened(source))
            schema, facts = plain.schema_arrow, plain.metadata
            # a frame's index is no column of the user's
            self.names = [name for name in schema.names if not name.startswith(_INDEX)]
            require_columns(self.names, context)
            kinds = {name: schema.field(name).type for name in self.names}
            for name, kind in kinds.items():
                _require_type(name, kind)
            texts = [name for name in TEXTS if name in kinds and _is_text(kinds[name])]
            self._file = pq.ParquetFile(_opened(source), read_dictionary=texts)
        except (pa.ArrowException, OSError) as error:
            raise ParquetError(str(error)[:200]) from error
        groups = [facts.row_group(at).total_byte_size for at in range(facts.num_row_groups)]
        if max(groups, default=0) > MAX_UNPACKED:
            raise RiskError(f"a row group of the file unpacks to more than {MAX_UNPACKED} bytes")
        self.rows: int = facts.num_rows

    def pieces(self, rows: int) -> Iterator[Mapping[str, list[Any]]]:
        """Columns by name, so many rows at a time.

        Raises
        ------
        ParquetError
        RiskError
            A text is too long.
        """
        try:
            for batch in self._file.iter_batches(batch_size=rows, columns=self.names):
                yield {name: _cells(name, batch.column(name)) for name in self.names}
        except (pa.ArrowException, OSError) as error:
            raise ParquetError(str(error)[:200]) from error


def _opened(source: bytes | Path) -> Any:
    return pa.BufferReader(source) if isinstance(source, bytes) else source


def _is_text(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_dictionary, pa.types.is_string, pa.types.is_large_string)
    return any(is_kind(kind) for is_kind in kinds)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _require_type(name: str, kind: pa.DataType) -> None:
    if name in TEXTS:
        fits = _is_text(kind) or (name == AS_OF and pa.types.is_timestamp(kind))
    else:
        fits = _is_number(kind)
    if not fits and not pa.types.is_null(kind):
        raise RiskError(f"column {name!r} is of type {kind}, which it cannot be")


def _cells(name: str, column: Any) -> list[Any]:
    if pa.types.is_dictionary(column.type):
        longest: int | None = pc.max(pc.call_function("binary_length", [column.dictionary])).as_py()
        if longest is not None and longest > MAX_TEXT_BYTES:
            raise RiskError(f"column {name!r} holds a text of {longest} bytes")
    cells: list[Any] = column.to_pylist()
    return cells
