"""Relative: a wallet's amounts beside what its counterparties usually move."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features import Ledger, feature_table
from features.views.relative import RELATIVE
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds

Rows = list[tuple[float, str, str, float]]


def row(rows: Rows, wallet: str = "me", as_of: float = 1e6) -> pd.Series:
    ledger = Ledger.from_transfers(transfers(rows))
    values = feature_table(ledger, spine([wallet], at(as_of)), views=(RELATIVE,)).iloc[0]
    return values.rename(lambda name: str(name).removeprefix("relative_"))


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, RELATIVE)


def test_more_than_a_sender_usually_sends() -> None:
    values = row(
        [(0, "a", "b", 1.0), (1, "a", "c", 4.0), (2, "x", "a", 64.0), (3, "a", "me", 16.0)]
    )
    assert values["to_usual_mean_in_ratio"] == pytest.approx(math.log(8))  # beside sqrt(1 * 4)
    assert values["to_funds_mean_in_ratio"] == pytest.approx(math.log(1 / 4))
    assert values["of_funds_mean_in_ratio"] == 1 / 4
    assert values["to_any_mean_in_ratio"] == pytest.approx(math.log(16 / 256 ** (1 / 3)))
    assert values["rank_mean_in_share"] == 2.5 / 3
    assert values["known_in_share"] == 1
    assert values[[name for name in values.index if "_out_" in name]].isna().all()


def test_more_than_a_recipient_usually_receives() -> None:
    values = row([(0, "a", "r", 1.0), (1, "r", "b", 4.0), (2, "me", "r", 2.0), (3, "me", "s", 1.0)])
    assert values["to_usual_max_out_ratio"] == pytest.approx(math.log(2))
    assert values["to_funds_max_out_ratio"] == pytest.approx(math.log(1 / 2))
    assert values["known_out_share"] == 1 / 2  # s had received nothing


def test_mean_median_and_largest() -> None:
    rows: Rows = [(0, "a", "b", 1.0), (0, "x", "a", 2.0)]
    rows += [(1, "a", "me", amount) for amount in (1.0, 2.0, 32.0)]  # of one instant
    values = row(rows)
    assert values["to_usual_mean_in_ratio"] == pytest.approx(2 * math.log(2))
    assert values["to_usual_median_in_ratio"] == pytest.approx(math.log(2))
    assert values["to_usual_max_in_ratio"] == pytest.approx(5 * math.log(2))
    assert values["of_funds_max_in_ratio"] == 2  # of 16, a ratio that funds cannot explain


def test_ties_count_half_in_a_rank() -> None:
    assert row([(0, "a", "b", 1.0), (1, "a", "me", 1.0)])["rank_mean_in_share"] == 0.5


def test_what_a_counterparty_does_at_the_same_instant_or_later_is_not_read() -> None:
    values = row([(1, "a", "me", 1.0), (1, "a", "b", 1.0), (2, "a", "b", 1.0), (2, "x", "a", 1.0)])
    assert values["known_in_share"] == 0
    assert np.isnan(values["to_any_mean_in_ratio"])


def test_zero_amounts_and_transfers_to_itself_are_not_looked_at() -> None:
    values = row([(0, "me", "me", 1.0), (1, "me", "me", 1.0), (2, "a", "me", 0.0)])
    assert values.isna().all()
    values = row([(0, "a", "b", 0.0), (1, "a", "me", 1.0)])
    assert values["known_in_share"] == 0


def test_32_latest_transfers_are_looked_at() -> None:
    rows: Rows = [(0, "a", "b", 1.0), (1, "a", "me", 1e2)]
    rows += [(2 + i, f"s{i}", "me", 1.0) for i in range(31)]
    assert row(rows)["known_in_share"] == 1 / 32
    assert row([*rows, (50, "s", "me", 1.0)])["known_in_share"] == 0


def test_32_latest_transfers_of_a_counterparty_are_looked_at() -> None:
    rows: Rows = [(0, "a", "b", 1e9), *((1 + i, "a", "b", 1.0) for i in range(32))]
    assert row([*rows, (50, "a", "me", 1.0)])["to_usual_max_in_ratio"] == 0


def test_a_hub_is_known_however_much_it_moves_afterwards() -> None:
    # more than a row reads of its own history
    rows: Rows = [(0, "hub", "b", 1.0), (1, "hub", "me", 2.0)]
    rows += [(2, "hub", "c", 1.0)] * 10_001
    values = row(rows)
    assert values["known_in_share"] == 1
    assert values["to_usual_mean_in_ratio"] == pytest.approx(math.log(2))


def test_extreme_amounts_stay_finite() -> None:
    values = row([(0, "a", "b", 1e57), (0, "x", "a", 1e57), (1, "a", "me", 1e60)])
    received = [name for name in values.index if "_in_" in name]
    assert np.isfinite(values[received]).all()
    assert values["of_funds_mean_in_ratio"] == 2
