"""Timing: gaps, bursts, hours, recency."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features import Ledger, feature_table
from features.views.timing import TIMING
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds


def row(seconds: list[float], as_of: float = 1e6) -> pd.Series:
    ledger = Ledger.from_transfers(transfers((s, "a", "b", 1.0) for s in seconds))
    return feature_table(ledger, spine(["b"], at(as_of)), views=(TIMING,)).iloc[0]


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, TIMING)


@pytest.mark.parametrize("step", [0.1, 0.3, 1e-6, 1.1, 3599.999999])
@pytest.mark.parametrize("n", [5, 8, 11])
def test_equal_gaps_do_not_vary(step: float, n: int) -> None:
    values = row([i * step for i in range(n)])
    assert values["timing_gap_sd_in_s"] == 0.0
    assert values["timing_gap_cv_in_ratio"] == 0.0
    assert values["timing_burstiness_in_ratio"] == -1.0
    assert np.isnan(values["timing_memory_in_ratio"])  # a constant has no correlation


def test_alternating_gaps_have_negative_memory() -> None:
    assert row([0, 1, 11, 12, 22, 23])["timing_memory_in_ratio"] == pytest.approx(-1)


def test_transfers_at_one_instant_have_gaps_but_no_ratio_to_their_mean() -> None:
    values = row([5, 5, 5])
    assert values["timing_gap_max_in_s"] == 0.0
    assert np.isnan(values["timing_burstiness_in_ratio"])


def test_windows_are_half_open() -> None:
    values = row([0, 3600], as_of=7200)
    assert values["timing_transfers_in_1h_count"] == 1
    assert values["timing_transfers_in_1d_count"] == 2


def test_a_transfer_to_itself_is_one_received_and_one_sent() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "a", 1.0)]))
    values = feature_table(ledger, spine(["a"], at(9)), views=(TIMING,)).iloc[0]
    assert values["timing_alternation_share"] == 1.0
    assert values["timing_gap_mean_any_s"] == 0.0
    assert values["timing_first_in_to_first_out_s"] == 0.0


def test_hours_before_1970_are_hours_of_their_day() -> None:
    frame = transfers([(0, "a", "b", 1.0)])
    frame["timestamp"] = pd.Timestamp("1969-12-30T03:00", tz="UTC")
    ledger = Ledger.from_transfers(frame)
    as_of = pd.Timestamp("1970-01-02", tz="UTC")
    values = feature_table(ledger, spine(["b"], as_of), views=(TIMING,)).iloc[0]
    assert values["timing_night_in_share"] == 1.0
