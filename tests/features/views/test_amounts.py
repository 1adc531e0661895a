"""Amounts: size, spread, digits and balance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features import Ledger, feature_table
from features.views.amounts import AMOUNTS
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds


def row(amounts: list[float], step_s: float = 60) -> pd.Series:
    frame = transfers((i * step_s, "a", "b", amount) for i, amount in enumerate(amounts))
    ledger = Ledger.from_transfers(frame)
    return feature_table(ledger, spine(["b"], at(1000)), views=(AMOUNTS,)).iloc[0]


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, AMOUNTS)


@pytest.mark.parametrize("power", range(-18, 10))
def test_nine_tenths_of_every_power_of_ten_is_below_it(power: int) -> None:
    # 0.009 / 1e-4 is 89.99999999999999
    values = row([float(f"9e{power}"), float(f"1e{power}"), float(f"8.9e{power}")])
    assert values["amounts_below_power_in_share"] == pytest.approx(1 / 3)
    assert values["amounts_round_in_share"] == 1.0


def test_binary_fractions_do_not_hide_round_amounts() -> None:
    assert row([0.1 + 0.2, 1.1 * 3, 123.0])["amounts_round_in_share"] == pytest.approx(2 / 3)


def test_a_little_less_than_a_digit_is_not_that_digit() -> None:
    # eight decimals, as of bitcoin: the first digit is 4 and the amount is not round
    alone, exact = row([4.99999999]), row([4.0])
    assert alone["amounts_benford_in_ratio"] == exact["amounts_benford_in_ratio"]
    assert alone["amounts_round_in_share"] == 0


def test_balance_path_counts_receipts_first_at_one_instant() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "b", "c", 4.0), (0, "a", "b", 4.0)]))
    values = feature_table(ledger, spine(["b"], at(1)), views=(AMOUNTS,)).iloc[0]
    assert values["amounts_balance_peak_ratio"] == 1.0
    assert values["amounts_balance_low_ratio"] == 0.0


def test_amounts_of_zero_are_none() -> None:
    values = row([0.0, 0.0])
    assert values["amounts_total_in_amount"] == 0.0
    assert np.isnan(values["amounts_sd_in_amount"])
    assert np.isnan(values["amounts_out_to_in_ratio"])


def test_extreme_amounts_stay_finite() -> None:
    values = row([1e60, 1e-300, 1e60, 0.0])
    one_side = [name for name in values.index if "_in_" in name and "_out_" not in name]
    assert np.isfinite(values[one_side]).all()
