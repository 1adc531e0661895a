"""How long one row takes, features and model together, asked one at a time as the endpoint does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.times import microseconds
from features.past import label_events
from features.table import compute_rows
from training.models.estimator import Where

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

ASKED = 50  # rows
WARM = 3  # of them first, which pay for what is only loaded once


def milliseconds(
    model: RiskModel, ledger: Ledger, labels: pd.DataFrame | None, spine: pd.DataFrame, *, seed: int
) -> NDArray[np.float64]:
    """Return the time (k,) of each of at most ``ASKED`` rows of a spine.

    Notes
    -----
    Labels are arranged once beforehand, as the endpoint holds them.
    """
    places = np.random.default_rng(seed).permutation(len(spine))[:ASKED]
    events = label_events(ledger, labels)
    took = []
    for place in [*places[:WARM], *places]:
        one = spine.iloc[[place]]
        begin = time.perf_counter()
        codes, as_of = ledger.codes(one["wallet"]), microseconds(one["as_of"])
        rows = compute_rows(ledger, codes, as_of, labels=events, views=model.views)
        inputs = model.rows.inputs(rows, None, Where(ledger, codes, as_of, events))
        model.rows.scores(inputs, rows, reasons=False)
        took.append(1_000 * (time.perf_counter() - begin))
    return np.array(took[min(WARM, len(places)) :])
