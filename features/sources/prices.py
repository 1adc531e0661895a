"""Files of prices, by which transfers get values in a ledger's unit of account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.contracts import prices
from features.contracts.prices import Prices, check_prices
from features.errors import RiskError
from features.sources.cells import UNIX_TEXT, Cells
from features.sources.pieces import Contract, whole
from features.sources.tables import batches, column_names
from features.sources.writing import PLAINLY, Writing

PRICES = Contract(prices.REQUIRED)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A file of prices beside one of transfers, and how both are written.

    Parameters
    ----------
    path : Path, optional
        None: there are no prices.
    max_age : str, optional
        Of a price that still counts, such as 12h or 7d.
    columns : mapping of str to str, optional
        Contract name to the file's name.
    writing : Writing
        Of both files; a unit of times is left where the times of prices are no integers.
    """

    path: Path | None = None
    max_age: str | None = None
    columns: Mapping[str, str] | None = None
    writing: Writing = PLAINLY

    def read(self, path: Path) -> Prices:
        """Read the prices; raises as :func:`read_prices`."""
        writing = replace(self.writing, unit=None)
        if not _unix_times(path, (self.columns or {}).get("timestamp", "timestamp")):
            writing = replace(writing, time_unit=None)
        return read_prices(path, columns=self.columns, writing=writing)


NO_PRICES = PriceTable()


def _unix_times(path: Path, column: str) -> bool:
    """Whether a column of a file begins with an integer."""
    if column not in column_names(path):
        return False  # which the reader tells better
    for batch in batches(path, [column]):
        for value in batch.column(0).drop_null()[:1]:
            texts = pc.utf8_trim_whitespace(pa.array([str(value.as_py())]))
            return bool(pc.match_substring_regex(texts, UNIX_TEXT)[0].as_py())
    return False


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
