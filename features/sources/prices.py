"""Files of prices, by which transfers get values in a ledger's unit of account."""

from collections.abc import Mapping
from pathlib import Path

from features.contracts import prices
from features.contracts.prices import Prices, check_prices
from features.errors import RiskError
from features.sources.cells import Cells
from features.sources.pieces import Contract, whole
from features.sources.writing import PLAINLY, Writing

PRICES = Contract(prices.REQUIRED)


def read_prices(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    writing: Writing = PLAINLY,
) -> Prices:
    """Read a table of prices: ``asset``, ``timestamp``, ``price``.

    Parameters
    ----------
    path : str or Path
        ``.parquet``, ``.csv`` or ``.csv.gz``.
    columns, writing
        As in :func:`features.sources.files.read_transfers`.

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column, or has a cell that cannot be read.
    TransfersError
        The prices break their contract (:func:`features.contracts.prices.check_prices`).
    """
    frame = whole(Cells(Path(path), writing), PRICES, columns, {}).to_pandas()
    try:
        return check_prices(frame)
    except RiskError as error:
        raise type(error)(f"{path}: {error}") from None
