"""Coverage: how much history stands behind a row."""

import numpy as np
from hypothesis import given

from features import Ledger, feature_table
from features.views.coverage import COVERAGE
from tests import compare
from tests.strategies import World, asset_worlds, at, spine, transfers, worlds


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, COVERAGE)


@given(asset_worlds())
def test_matches_its_slow_twin_where_values_are_unknown(world: World) -> None:
    compare.with_naive(world, COVERAGE)


def test_days_are_counted_back_from_as_of() -> None:
    day = 86_400
    ledger = Ledger.from_transfers(
        transfers([(0, "a", "b", 1.0), (day, "b", "c", 1.0), (2 * day - 1, "a", "b", 1.0)])
    )
    row = feature_table(ledger, spine(["b"], at(2 * day)), views=(COVERAGE,)).iloc[0]
    assert row.tolist() == [2.0, 1.0, 2.0 * day, 2.0, 0.0, 0.0, 0.0]


def test_a_cap_is_never_silent() -> None:
    n = 12_000
    ledger = Ledger.from_transfers(transfers((i, f"s{i}", "hub", 1.0) for i in range(n)))
    row = feature_table(ledger, spine(["hub"], at(n)), views=(COVERAGE,)).iloc[0]
    assert row["coverage_in_count"] == n
    assert row["coverage_age_s"] == n
    np.testing.assert_allclose(row["coverage_truncated_share"], 1 / 6, rtol=1e-15)
