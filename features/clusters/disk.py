"""Clusters on disk: their evidence, one Arrow file with a row a spend, which any reader opens.

The tree is made of it again when it is opened, so that there is nothing that could disagree.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from features.clusters.spends import Spends
from features.errors import ClustersError

COLUMNS = ("tx_id", "timestamp", "wallets")
_LISTS: Any = pa.LargeListArray  # whose published types know no lists of a dictionary
_KIND, _VERSION = b"walletrisk", b"clusters 1"


def write_spends(path: Path, wallets: pa.LargeStringArray, spends: Spends) -> None:
    """Write spends, and the names of their wallets' codes; the file is replaced at once.

    Raises
    ------
    ClustersError
        It cannot be written.
    """
    names: Any = pa.DictionaryArray.from_arrays(spends.wallet, wallets)
    lists = _LISTS.from_arrays(pa.array(spends.first), names)
    times = pa.array(spends.time).cast(pa.timestamp("us", "UTC"))
    table = pa.table([spends.tx_id, times, lists], names=list(COLUMNS))
    table = table.replace_schema_metadata({_KIND: _VERSION})
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ClustersError(f"clusters {path} were not saved: {error.strerror or error}") from error


def read_spends(path: Path) -> tuple[pa.LargeStringArray, Spends]:
    """Names of wallets, and spends of their codes.

    Raises
    ------
    ClustersError
        The file is missing, damaged or something else.
    """
    try:
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
            table.validate(full=True)
            metadata = table.schema.metadata or {}
            if metadata.get(_KIND) != _VERSION:
                raise ClustersError(f"{path} holds no clusters of this version")
            return _spends(table.combine_chunks())
    except (pa.ArrowException, OSError, KeyError, IndexError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ClustersError(f"{path} cannot be read as clusters: {reason}") from None


def _spends(table: Any) -> tuple[pa.LargeStringArray, Spends]:
    tx_id, times, lists = (_only_chunk(table[name]) for name in COLUMNS)
    names: Any = lists.flatten()
    length = np.asarray(pa.compute.list_value_length(lists), dtype=np.int64)
    return names.dictionary, Spends(
        tx_id,
        np.array(times.cast(pa.int64())),
        np.concatenate([[0], np.cumsum(length)]),
        np.array(names.indices, dtype=np.int32),
    )


def _only_chunk(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks else column.combine_chunks()
