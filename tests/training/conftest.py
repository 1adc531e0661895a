"""A synthetic feature table with known signal, and a small real ledger."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from features import Ledger
from features.views import LABEL_COLUMNS, feature_columns
from training import OutOfTime, TrainConfig, Trained, out_of_time, train

START = pd.Timestamp("2024-01-01", tz="UTC")
NAMES = [column.name for column in feature_columns()]
UNEXPOSED = {
    name for name in LABEL_COLUMNS if "illicit" not in name
}  # no wallet of those categories
ASKED = [column.name for column in feature_columns() if not column.unasked]
SIGNAL = [name for name in ASKED if name.endswith(("_ratio", "_share"))][1:4]


def make_table(*, wallets: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a wallet over 300 days; three columns carry the label, every tenth value is nan."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(wallets, len(NAMES)))
    values[generator.random(values.shape) < 0.1] = np.nan
    values[:, [name in UNEXPOSED for name in NAMES]] = np.nan
    as_of = START + pd.to_timedelta(np.sort(generator.random(wallets)) * 300, unit="D")
    names = [f"w{number:05d}" for number in range(wallets)]
    index = pd.MultiIndex.from_arrays([names, as_of.as_unit("us")], names=["wallet", "as_of"])
    table = pd.DataFrame(values, index=index, columns=NAMES)
    table["coverage_in_count"] = generator.integers(1, 9, wallets).astype(float)
    table["coverage_out_count"] = generator.integers(0, 9, wallets).astype(float)
    score = 2.0 * table[SIGNAL].fillna(0.0).sum(axis=1).to_numpy() - 1.5
    illicit = generator.random(wallets) < 1 / (1 + np.exp(-score))
    labels = pd.DataFrame(
        {
            "wallet": names,
            "label": np.where(illicit, "illicit", "licit"),
            "known_at": as_of.as_unit("us"),
        }
    )
    return table, labels


def make_ledger(*, wallets: int = 60, transfers: int = 800, seed: int = 0) -> Ledger:
    """Random transfers over 300 days."""
    generator = np.random.default_rng(seed)
    ends = generator.integers(0, wallets, (transfers, 2))
    ends[:, 1] = np.where(ends[:, 0] == ends[:, 1], (ends[:, 1] + 1) % wallets, ends[:, 1])
    return Ledger.from_transfers(
        pd.DataFrame(
            {
                "tx_id": [f"t{number}" for number in range(transfers)],
                "position": np.zeros(transfers, np.int32),
                "timestamp": START
                + pd.to_timedelta(generator.integers(0, 300 * 86_400, transfers), unit="s"),
                "sender": [f"w{number:05d}" for number in ends[:, 0]],
                "recipient": [f"w{number:05d}" for number in ends[:, 1]],
                "amount": generator.lognormal(size=transfers),
                "asset": "ETH",
            }
        )
    )


@cache
def made_table() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_table()


@pytest.fixture(scope="session")
def data() -> tuple[pd.DataFrame, pd.DataFrame]:
    return made_table()


@pytest.fixture(scope="session")
def table(data: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return data[0]


@pytest.fixture(scope="session")
def labels(data: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return data[1]


@pytest.fixture(scope="session")
def split(table: pd.DataFrame) -> OutOfTime:
    return made_split(table)


def made_split(table: pd.DataFrame) -> OutOfTime:
    return out_of_time(
        table,
        train_until=START + pd.Timedelta(150, "D"),
        calibrate_until=START + pd.Timedelta(210, "D"),
        gap=pd.Timedelta(5, "D"),
    )


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return make_ledger()


@pytest.fixture(scope="session", params=["logistic", "lightgbm"])
def trained(request: pytest.FixtureRequest) -> Trained:
    return trained_of(request.param)


@cache  # pytest would make a parametrized fixture anew for every file
def trained_of(kind: str) -> Trained:
    table, labels = made_table()
    config = TrainConfig(
        model=kind, base_rate=0.01, seed=3, min_transfers=3, folds=2, parameters=quick(kind)
    )
    return train(table, labels, made_split(table), config)


def quick(kind: str) -> dict[str, int]:
    return {"trees": 40} if kind == "lightgbm" else {}
