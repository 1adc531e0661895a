"""Files of feature tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import SourceError
from features.sources import room
from features.sources.feature_tables import read_feature_table, require_parquet


def test_only_parquet_is_a_feature_table() -> None:
    with pytest.raises(SourceError, match=r"t.csv: a feature table is a .parquet file"):
        require_parquet(Path("t.csv"))


def test_a_table_without_its_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(SourceError, match="cannot be read"):
        read_feature_table(path)
    pd.DataFrame({"wallet": ["w"]}).to_parquet(path)
    with pytest.raises(SourceError, match="is no feature table"):
        read_feature_table(path)


def test_a_table_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": np.zeros(100_000)}).to_parquet(path)
    monkeypatch.setattr(room, "room_bytes", lambda: 100_000)
    with pytest.raises(SourceError, match="unpacks to more than"):
        read_feature_table(path)
