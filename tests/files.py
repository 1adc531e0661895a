"""Small files of transfers."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HEADER = "tx_id,timestamp,sender,recipient,amount,asset\n"
ROW = "t{i},2024-01-01T0{i}:00:00Z,0012,0xAb,1.5,ETH\n"
T0 = pd.Timestamp("2024-01-01", tz="UTC")


def csv_file(folder: Path, text: str, name: str = "t.csv") -> Path:
    """Write a text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(n: int) -> str:
    """Give lines of a CSV file below ``HEADER``."""
    return "".join(ROW.format(i=i) for i in range(n))


def parquet_file(folder: Path, name: str = "t.parquet", **columns: Any) -> Path:
    """Write two transfers, some of their columns others."""
    data: dict[str, Any] = {
        "tx_id": ["a", "b"],
        "timestamp": pa.array([T0, T0], type=pa.timestamp("ns", "UTC")),
        "sender": ["s", "s"],
        "recipient": ["r", "r"],
        "amount": [1.0, 2.0],
        "asset": ["ETH", "ETH"],
    }
    path = folder / name
    pq.write_table(pa.table(data | columns), path)
    return path
