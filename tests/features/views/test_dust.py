"""The dust view: what no other view sees."""

import numpy as np
from hypothesis import given

from features import Ledger, feature_table
from features.views.dust import DUST
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds


@given(worlds())
def test_equal_to_the_slow_twin(world: World) -> None:
    compare.with_naive(world, DUST)


def test_number_senders_value_and_the_latest() -> None:
    moves = [
        (0.0, "a", "w", 1e-9), (1.0, "b", "w", 4.0), (2.0, "a", "w", 1e-3), (3.0, "c", "w", 0.0),
        (4.0, "a", "w", 1.0),
    ]  # fmt: skip
    ledger = Ledger.from_transfers(transfers(moves))
    row = feature_table(ledger, spine(["w"], at(10)), views=(DUST,)).iloc[0]
    assert row["dust_in_count"] == 3  # one of them came before the first money
    assert row["dust_senders_count"] == 2
    assert row["dust_in_share"] == (1e-3 + 1e-9) / (1e-3 + 1e-9 + 5.0)
    assert row["dust_recency_s"] == 7.0


def test_without_dust_there_is_no_latest() -> None:
    ledger = Ledger.from_transfers(transfers([(1.0, "b", "w", 4.0)]))
    row = feature_table(ledger, spine(["w"], at(10)), views=(DUST,)).iloc[0]
    assert row[["dust_in_count", "dust_senders_count", "dust_in_share"]].tolist() == [0, 0, 0]
    assert np.isnan(row["dust_recency_s"])
