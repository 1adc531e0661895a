"""AMLSim files in the contracts."""

from pathlib import Path

import pandas as pd
import pytest

from features import SourceError
from features.sources.formats import Source, read_files


def write(folder: Path) -> list[Path]:
    transactions, nodes = folder / "a_transactions.parquet", folder / "a_nodes.parquet"
    pd.DataFrame(
        {"sourceNodeId": [7, 8], "targetNodeId": [8, 9], "value": [1.5, 2.5], "time": [31, 4]}
    ).to_parquet(transactions)
    pd.DataFrame(
        {"nodeid": [7, 8, 9], "isFraud": [1, 1, 0], "init_balance": 1.0, "fraudStep": [4, -1, -1]}
    ).to_parquet(nodes)
    return [transactions, nodes]


def read(*paths: Path) -> Source:
    return read_files("amlsim", paths)


def test_days_become_times_and_rows_become_transactions(tmp_path: Path) -> None:
    transfers = read(*write(tmp_path)).transfers
    assert transfers["tx_id"].tolist() == ["1", "0"]
    assert transfers["timestamp"].dt.date.astype("str").tolist() == ["2017-01-05", "2017-02-01"]
    assert transfers[["sender", "recipient", "amount"]].to_numpy().tolist() == [
        ["8", "9", 2.5],
        ["7", "8", 1.5],
    ]


def test_a_label_is_known_the_day_after(tmp_path: Path) -> None:
    labels = read(*write(tmp_path)).labels
    assert labels is not None
    said = zip(
        labels["wallet"], labels["label"], labels["known_at"].dt.date.astype("str"), strict=True
    )
    assert list(said) == [
        ("7", "illicit", "2017-01-06"),
        ("8", "illicit", "2017-02-02"),
        ("9", "licit", "2017-02-02"),
    ]


def test_another_file_is_refused(tmp_path: Path) -> None:
    transactions, nodes = write(tmp_path)
    with pytest.raises(SourceError, match=r"a_nodes.parquet: cannot be read as an AMLSim file"):
        read(nodes, nodes)
    with pytest.raises(SourceError, match=r"none.parquet: cannot be read"):
        read(transactions, tmp_path / "none.parquet")


def test_a_pair_is_needed(tmp_path: Path) -> None:
    transactions, _ = write(tmp_path)
    with pytest.raises(SourceError, match=r"needs two files, .*_nodes.parquet; received 1"):
        read(transactions)
