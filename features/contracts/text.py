"""Columns of text as Arrow holds them."""

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import pandas as pd
import pyarrow as pa

Texts: TypeAlias = "Sequence[str] | pd.Series[str] | pa.Array[Any]"


def as_text(names: Texts) -> pa.LargeStringArray:
    """One contiguous large_string array of ``names``."""
    text: Any = names if isinstance(names, pa.Array | pa.ChunkedArray) else pa.array(names)
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    return cast("pa.LargeStringArray", text.cast(pa.large_string()))


def strings(text: pa.LargeStringArray) -> list[str]:
    """Python strings of an array without nulls."""
    return cast("list[str]", text.to_pylist())
