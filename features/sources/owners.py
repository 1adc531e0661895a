"""Whose a wallet is known to be: a file of wallets and the names of their owners."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from features.errors import SourceError
from features.sources.tables import batches, column_names

COLUMNS = ("wallet", "owner")


def read_owners(path: Path) -> "pd.Series[str]":
    """Read the owner of each wallet, such as the name of an exchange.

    Parameters
    ----------
    path : Path
        CSV or parquet with the columns ``wallet`` and ``owner``, a wallet once.

    Returns
    -------
    Series of str, indexed by wallet

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column or a cell, or names two owners of a wallet.
    """
    missing = [name for name in COLUMNS if name not in column_names(path)]
    if missing:
        raise SourceError(f"{path}: has no column {' and none '.join(missing)}")
    table = pa.Table.from_batches(list(batches(path, COLUMNS)))
    frame = table.to_pandas().astype("str").drop_duplicates()
    empty = (frame.isna() | (frame == "")).any(axis=1)
    if empty.any():
        raise SourceError(f"{path}: {int(empty.sum())} rows lack a wallet or an owner")
    twice = frame["wallet"][frame["wallet"].duplicated()]
    if len(twice):
        raise SourceError(f"{path}: wallet {twice.iloc[0]!r} has two owners")
    return frame.set_index("wallet")["owner"]
