"""A model of a synthetic world, and windows of it: unchanged, with another prior, or strange."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.views import VIEWS
from training import RiskModel, TrainConfig
from training.calibration import log_odds_of
from training.recipe import Recipe
from training.trained import ship
from training.watch.reference import Reference

COLUMNS = [  # in the order of the views
    "amounts_repeated_in_share",
    "amounts_out_to_in_ratio",
    "timing_transfers_in_1h_share",
    "layering_forwarded_share",
]
START = pd.Timestamp("2024-01-01", tz="UTC")
BASE_RATE = 0.3
APART = 1.0  # distance of the classes in each of the first three columns


def rows(
    size: int, share: float, *, seed: int, apart: float = APART
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table and labels of wallets of which a share is illicit; one row each."""
    generator = np.random.default_rng(seed)
    illicit = generator.random(size) < share
    values = generator.normal(size=(size, len(COLUMNS)))
    values[:, :3] += apart * illicit[:, np.newaxis]
    values[generator.random(values.shape) < 0.05] = np.nan
    names = [f"s{seed}w{number:05d}" for number in range(size)]
    as_of = (START + pd.to_timedelta(np.sort(generator.random(size)) * 90, unit="D")).as_unit("us")
    index = pd.MultiIndex.from_arrays([names, as_of], names=["wallet", "as_of"])
    table = pd.DataFrame(values, index=index, columns=COLUMNS)
    table["coverage_in_count"] = table["coverage_out_count"] = 5.0
    label = np.where(illicit, "illicit", "licit")
    return table, pd.DataFrame({"wallet": names, "label": label, "known_at": as_of})


@pytest.fixture(scope="session")
def model() -> RiskModel:
    table, labels = rows(1500, BASE_RATE, seed=1)
    config = TrainConfig(model="logistic", base_rate=BASE_RATE, columns=COLUMNS)
    return ship(Recipe.of(table, labels, config, ledger=None, views=VIEWS)).model


def scored(size: int, share: float, *, seed: int, apart: float = 2.0) -> tuple[np.ndarray, ...]:
    """Exactly calibrated log-odds at a prior of one half of two normal classes, and the classes."""
    generator = np.random.default_rng(seed)
    y_true = (generator.random(size) < share).astype(np.int8)
    score = generator.normal(size=size) + apart * (y_true - 0.5)
    return apart * score + log_odds_of(0.5), y_true


def reference_of_scores(apart: float = 2.0) -> Reference:
    log_odds, y_true = scored(3000, 0.5, seed=0, apart=apart)
    return Reference.of(log_odds[:, np.newaxis], log_odds, y_true, ("a",), base_rate=0.5)
