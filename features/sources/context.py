"""A file of the user's own columns, beside ``wallet`` and ``as_of``."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from features.context import KEYS
from features.contracts.spine import check_spine
from features.errors import SourceError
from features.sources.tables import batches, column_names


def read_context(path: str | Path, *, chain: str | None = None) -> pd.DataFrame:
    """Read a parquet or CSV file of own columns.

    Parameters
    ----------
    path : str or Path
        ``wallet``, ``as_of`` and columns of numbers; an empty cell is nan.
    chain : str, optional
        Whose addresses the wallets are, as in :func:`features.check_transfers`.

    Returns
    -------
    DataFrame
        float64 columns, indexed by (wallet, as_of), for :func:`features.join_context`.

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column or holds a text that is no number.
    SpineError
        Its wallets and times break the contract of a spine.
    """
    path = Path(path)
    names = column_names(path)
    missing = [name for name in KEYS if name not in names]
    if missing or len(set(names)) != len(names):
        raise SourceError(f"{path}: needs wallet, as_of and own columns, each once; it has {names}")
    received = pa.Table.from_batches(batches(path, names)).to_pandas(ignore_metadata=True)
    index = pd.MultiIndex.from_frame(check_spine(received[list(KEYS)], chain=chain))
    numbers = {name: _numbers(path, name, received[name]) for name in names if name not in KEYS}
    return pd.DataFrame(numbers, index=index)


def _numbers(path: Path, name: str, cells: pd.Series) -> np.ndarray:
    """One column as float64 (n,)."""
    try:
        if cells.dtype.kind in "OU" or isinstance(cells.dtype, pd.StringDtype):
            texts = cells.astype("str").str.strip()
            cells = texts.mask(texts == "")
        return pd.to_numeric(cells).to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise SourceError(f"{path}: column {name!r} must hold numbers: {error}") from error
