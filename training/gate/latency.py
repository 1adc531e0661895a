"""How long one row takes, features and model together, asked one at a time as the endpoint does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

ASKED = 50  # rows
WARM = 3  # of them first, which pay for what is only loaded once


def milliseconds(
    model: RiskModel, ledger: Ledger, labels: pd.DataFrame | None, spine: pd.DataFrame, *, seed: int
) -> NDArray[np.float64]:
    """Return the time (k,) of each of at most ``ASKED`` rows of a spine."""
    places = np.random.default_rng(seed).permutation(len(spine))[:ASKED]
    took = []
    for place in [*places[:WARM], *places]:
        one = spine.iloc[[place]]
        begin = time.perf_counter()
        model.score_spine(ledger, one, labels)
        took.append(1_000 * (time.perf_counter() - begin))
    return np.array(took[min(WARM, len(places)) :])
