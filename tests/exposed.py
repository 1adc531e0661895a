"""Small worlds with a known thief, and what the exposure view says of a wallet in them."""

import pandas as pd

from features import Ledger, feature_table
from features.kernel import DAY
from features.past import label_events, traced_past
from features.views.exposure import EXPOSURE
from tests.strategies import asked_late, at, spine, transfers

Moves = list[tuple[float, str, str, float]]


def labels(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["wallet", "label", "category", "known_at"])
    return frame.assign(known_at=[at(second) for second in frame["known_at"]])


THIEF = labels(("thief", "illicit", "theft", -DAY / 1e6))


def row(moves: Moves, wallet: str, known: pd.DataFrame = THIEF, as_of: float = 1e6) -> pd.Series:
    ledger = Ledger.from_transfers(transfers(moves))
    values = feature_table(ledger, spine([wallet], at(as_of)), labels=known, views=(EXPOSURE,))
    return values.iloc[0].rename(lambda name: str(name).removeprefix("exposure_"))


def paths(
    moves: Moves, wallet: str, known: pd.DataFrame = THIEF
) -> list[tuple[tuple[str, ...], list[str]]]:
    """Columns and transfers of each trail."""
    ledger = Ledger.from_transfers(transfers(moves))
    assert EXPOSURE.trails is not None
    found = EXPOSURE.trails(
        traced_past(ledger, asked_late(ledger, wallet, label_events(ledger, known)))
    )
    return [(t.columns, [ledger.tx_id(row) for row in t.transfers.tolist()]) for t in found]
