"""A world where every wallet has one sender, and only what that one received tells them apart."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from features import Ledger, feature_table
from features.past import NO_LABELS
from tests.strategies import at, transfers
from training.models.estimator import Where

NAMES = ("coverage_in_count", "coverage_age_s", "amounts_out_to_in_ratio")
WALLETS, LEARNT = 200, 140
ILLICIT = (np.random.default_rng(1).random(WALLETS) < 0.4).astype(np.int8)
OF: dict[str, Any] = {
    "graphsage": {
        "hidden": 8, "epochs": 12, "patience": 12, "steps": 0, "second_fan": 4,
        "batch_rows": 32, "learning_rate": 0.02, "dropout": 0.1,
    },
    "lightgbm": {"trees": 40, "min_leaf_rows": 5, "column_share": 0.8},
}  # fmt: skip


def rows_of(number: int) -> list[tuple[float, str, str, float]]:
    """Transfers around one wallet; an illicit one's sender is paid by four before, else by one."""
    start, me = 1000.0 * number, f"w{number:03d}"
    payers = [
        (start + payer, f"payer{number}_{payer}", f"sender{number}", 1.0 + payer)
        for payer in range(4 if ILLICIT[number] else 1)
    ]
    return [*payers, (start + 50, f"sender{number}", me, 5.0), (start + 60, me, "shop", 2.0)]


@cache
def table_and_where() -> tuple[np.ndarray[Any, np.dtype[np.float64]], Where]:
    """Rows of the table, and where the wallets are."""
    rows = sorted(row for number in range(WALLETS) for row in rows_of(number))
    ledger = Ledger.from_transfers(transfers(rows))
    as_of = pd.DatetimeIndex([at(1000 * number + 100) for number in range(WALLETS)])
    wallets = [f"w{number:03d}" for number in range(WALLETS)]
    spine = pd.DataFrame({"wallet": wallets, "as_of": as_of.as_unit("us")})
    values = feature_table(ledger, spine)[list(NAMES)].to_numpy()
    return values, Where.of_spine(ledger, spine, NO_LABELS)
