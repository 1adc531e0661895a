"""Files of feature tables, which ``walletrisk features`` writes and training reads."""

from pathlib import Path

import pandas as pd

from features.errors import SourceError
from features.sources.room import require_room_for_table


def require_parquet(path: Path) -> None:
    """Raise unless the name is that of a parquet file."""
    if path.suffix != ".parquet":
        raise SourceError(f"{path}: a feature table is a .parquet file")


def read_feature_table(path: Path) -> pd.DataFrame:
    """Read a feature table that ``walletrisk features`` wrote.

    Raises
    ------
    SourceError
        It cannot be read, or is none.
    """
    require_parquet(path)
    require_room_for_table(path)
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    if list(table.index.names) != ["wallet", "as_of"]:
        raise SourceError(f"{path} is no feature table: its index is not (wallet, as_of)")
    return table
