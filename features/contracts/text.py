"""Columns of text as Arrow holds them."""

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from features.kernel import Int64s
from features.kernel.checksums import UInt8s

Chunks: TypeAlias = "pa.ChunkedArray[pa.LargeStringScalar]"
Texts: TypeAlias = "Sequence[str] | pd.Series[str] | pa.Array[Any] | pa.ChunkedArray[Any]"


def as_text(names: Texts) -> pa.LargeStringArray:
    """One contiguous large_string array of ``names``, not copied if it is one already."""
    chunks = as_chunks(names).chunks
    return cast("pa.LargeStringArray", chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks))


def as_chunks(names: Texts) -> Chunks:
    """Large_string arrays of ``names``, one at least, not copied if they are it already."""
    text: Any = names if isinstance(names, pa.Array | pa.ChunkedArray) else pa.array(names)
    if not isinstance(text, pa.ChunkedArray) or not text.num_chunks:
        text = pa.chunked_array([text] if len(text) else [pa.array([], pa.large_string())])
    return cast("Chunks", text.cast(pa.large_string()))


def bytes_of(text: pa.LargeStringArray) -> tuple[Int64s, UInt8s]:
    """Ends (n + 1,) of texts in the bytes of all, for kernels."""
    _, offsets, data = cast("list[Any]", text.buffers())
    ends = np.frombuffer(offsets, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(b"" if data is None else data, dtype=np.uint8)
    for array in (ends, raw):  # as in features.kernel.text_hash: one kernel for all memory
        array.flags.writeable = False
    return ends, raw


def strings(text: pa.LargeStringArray) -> list[str]:
    """Python strings of an array without nulls."""
    return cast("list[str]", text.to_pylist())
