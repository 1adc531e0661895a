"""Exposure to labelled wallets."""

import numpy as np
import pandas as pd
from hypothesis import given

from features import Ledger, feature_table
from features.exposure import EXPOSURE
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds


def labels(*rows: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["wallet", "label", "known_at"])
    return frame.assign(known_at=[at(second) for second in frame["known_at"]])


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, EXPOSURE)


def test_without_labels_nothing_is_known() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    assert feature_table(ledger, spine(["b"], at(1)), views=(EXPOSURE,)).isna().all(axis=None)


def test_shares_of_what_was_received() -> None:
    rows = [
        (0, "bad", "me", 1.0),
        (1, "good", "me", 2.0),
        (2, "me", "me", 1.0),
        (3, "x", "me", 4.0),
    ]
    ledger = Ledger.from_transfers(transfers(rows))
    known = labels(("bad", "illicit", 0), ("good", "licit", 0), ("me", "illicit", 0))
    values = feature_table(ledger, spine(["me"], at(9)), labels=known, views=(EXPOSURE,)).iloc[0]
    # the wallet's own label plays no part, the transfer to itself adds to the sum
    assert values.filter(like="_in_").tolist() == [0.125, 0.25, 1, 1]


def test_a_label_counts_after_it_was_known() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "bad", "me", 1.0)]))
    known = labels(("bad", "illicit", 50))
    instants = pd.concat([spine(["me"], at(50)), spine(["me"], at(50.000001))])
    values = feature_table(ledger, instants, labels=known, views=(EXPOSURE,))
    np.testing.assert_array_equal(values["exposure_illicit_direct_in_share"], [0, 1])
