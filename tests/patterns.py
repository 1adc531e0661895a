"""Rows and trails of the patterns view for hand-made transfers."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features import Ledger, feature_table
from features.past import NO_LABELS, Past, past_of, traced_past
from features.views.patterns.patterns import PATTERNS
from tests import compare
from tests.naive.past import micros, past, transfer_list
from tests.naive.patterns.patterns import shapes
from tests.strategies import at, spine

DAY_S = 86_400.0
Transfers = list[tuple[float, str, str, float]]


class Shown(NamedTuple):
    """One trail, its transfers by their rows in the frame that the ledger was made of."""

    rows: list[int]
    amounts: list[float]


def row(frame: pd.DataFrame, wallet: str, as_of: float = 1e7) -> pd.Series:
    """Patterns of a wallet, equal to the slow twin's but for cycles, without the view's prefix."""
    asked = spine([wallet], at(as_of))
    fast = feature_table(Ledger.from_transfers(frame), asked, views=(PATTERNS,))
    everything = transfer_list(frame.assign(position=0))
    slow = shapes(past(everything, None, micros(at(as_of))), wallet)
    expected = pd.DataFrame([slow], index=fast.index, dtype="float64")
    compare.close(fast[list(slow)], expected, rtol=1e-9)
    return fast.iloc[0].rename(lambda name: str(name).removeprefix("patterns_"))


def asked(ledger: Ledger, wallet: str, as_of: float = 1e7) -> Past:
    """A past of one question."""
    code, instant = ledger.code(wallet), micros(at(as_of))
    codes, instants = np.array([code], dtype=np.int32), np.array([instant], dtype=np.int64)
    return past_of(ledger, codes, instants, NO_LABELS)


def trails(frame: pd.DataFrame, wallet: str, column: str, as_of: float = 1e7) -> list[Shown]:
    """Trails of one column of a wallet."""
    ledger = Ledger.from_transfers(frame)
    assert PATTERNS.trails is not None
    place = {tx_id: number for number, tx_id in enumerate(frame["tx_id"])}
    found = []
    for trail in PATTERNS.trails(traced_past(ledger, asked(ledger, wallet, as_of))):
        if f"patterns_{column}" in trail.columns:
            rows = [place[ledger.tx_id(int(transfer))] for transfer in trail.transfers]
            np.testing.assert_array_equal(trail.amounts, frame["amount"].to_numpy()[rows])
            assert frame["timestamp"].iloc[rows].is_monotonic_increasing
            found.append(Shown(rows, trail.amounts.tolist()))
    return found
