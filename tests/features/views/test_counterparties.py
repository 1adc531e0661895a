"""Counterparties: fan, concentration, novelty, reciprocity."""

import math

import pytest
from hypothesis import given

from features import Ledger, feature_table
from features.views.counterparties import COUNTERPARTIES
from tests import compare
from tests.strategies import World, at, fan_out, spine, transfers, worlds


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, COUNTERPARTIES)


def test_fan_out_to_many() -> None:
    n = 700  # beyond the first sizes of the hash table
    ledger = Ledger.from_transfers(fan_out(n))
    values = feature_table(ledger, spine(["hub"], at(1e6)), views=(COUNTERPARTIES,)).iloc[0]
    assert values["counterparties_fan_out_count"] == n
    assert values["counterparties_concentration_out_ratio"] == pytest.approx(1 / n)
    assert values["counterparties_entropy_out_ratio"] == pytest.approx(1)
    assert values["counterparties_new_out_share"] == 1
    assert math.isnan(values["counterparties_fan_in_ratio"])


def test_money_that_comes_back() -> None:
    rows = [(0, "a", "b", 8.0), (1, "b", "a", 2.0), (2, "b", "c", 6.0)]
    ledger = Ledger.from_transfers(transfers(rows))
    values = feature_table(ledger, spine(["b"], at(9)), views=(COUNTERPARTIES,)).iloc[0]
    assert values["counterparties_reciprocity_share"] == 0.5
    assert values["counterparties_returned_share"] == 0.25
