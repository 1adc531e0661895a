"""Moving windows: statistics, bits of a batch, caps and ties."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.kernel import DAY
from features.past import HISTORY_CAP, NO_LABELS, past_of
from features.views.windows.windows import WINDOWED
from tests import compare
from tests.busy import HUB, batch_is_alone, busy, ledger_of, rows_of, some_rows
from tests.naive.past import Transfer, past
from tests.naive.windows import moments, windows
from tests.strategies import World, at, spine, transfers, worlds

NAMES = [column.name for column in WINDOWED.columns]
SECONDS = 86_400  # of a day


def row_of(amounts: list[float], as_of_s: float = 9) -> pd.Series:
    """The row of a wallet that received these amounts, one a second."""
    ledger = Ledger.from_transfers(transfers([(i, "a", "b", x) for i, x in enumerate(amounts)]))
    return feature_table(ledger, spine(["b"], at(as_of_s)), views=(WINDOWED,)).iloc[0]


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, WINDOWED)


@pytest.mark.parametrize("seed", range(2))
def test_heavy_tails_match_exact_moments_in_every_row_of_a_training_table(seed: int) -> None:
    rows = busy(1500, seed, mean_gap_s=2000)  # over some forty days
    ledger = ledger_of(rows)
    code = ledger.code(HUB)
    instants = sorted({t.time + 1 for t in rows})
    sample = instants[::7]
    found = rows_of(ledger, WINDOWED, [code] * len(sample), sample)
    expected = pd.DataFrame([windows(past(rows, None, instant), HUB) for instant in sample])
    # relative alone: amounts span 15 orders of magnitude
    np.testing.assert_allclose(
        found, expected[NAMES].to_numpy(), rtol=1e-11, atol=1e-13, equal_nan=True
    )
    batch_is_alone(ledger, WINDOWED, [code] * len(instants), instants)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_rows_in_any_order_have_the_bits_of_rows_alone(seed: int, n: int) -> None:
    rows = busy(n, seed, wallets=4, mean_gap_s=SECONDS)
    ledger = ledger_of(rows)
    codes, instants = some_rows(ledger, rows, seed)
    batch_is_alone(ledger, WINDOWED, codes, instants)
    ordered = sorted(zip(codes, instants, strict=True))
    batch_is_alone(ledger, WINDOWED, [c for c, _ in ordered], [t for _, t in ordered])


def test_a_window_reads_the_latest_transfers_only_and_still_moves() -> None:
    n, step = 2 * HISTORY_CAP + 500, DAY // 2000
    amounts = np.random.default_rng(5).lognormal(sigma=1, size=n).tolist()
    ledger = ledger_of(
        [Transfer(i // 3 * step, f"w{i % 4111}", HUB, a, f"t{i}", 0) for i, a in enumerate(amounts)]
    )  # three at each instant, six thousand a day
    ends = [-2, 0, 3, HISTORY_CAP - 1, HISTORY_CAP + 4, n - HISTORY_CAP]
    code, instants = ledger.code(HUB), [-(-(HISTORY_CAP + end) // 3) * step for end in ends]
    batch_is_alone(ledger, WINDOWED, [code] * len(ends), instants)
    table = pd.DataFrame(rows_of(ledger, WINDOWED, [code] * len(ends), instants), columns=NAMES)
    held = past_of(ledger, np.array([code], np.int32), np.array([instants[-1]]), NO_LABELS).incoming
    amounts = held.amount[held.start[code] :][:n].tolist()  # in the ledger's order of ties
    for row, instant in enumerate(instants):
        end = min(3 * (instant // step), n)
        for window, days in (("1d", 1), ("7d", 7), ("30d", 30)):
            first = max(0, end - HISTORY_CAP, 3 * ((instant - days * DAY) // step))
            mean, variance, skew, kurtosis = moments(amounts[first:end])
            found = {name: table[f"windows_{name}"][row] for name in (
                f"mean_in_{window}_amount", f"cv_in_{window}_ratio",
                f"skew_in_{window}_ratio", f"kurtosis_in_{window}_ratio",
            )}  # fmt: skip
            expected = mean, math.sqrt(variance) / mean, skew, kurtosis
            assert list(found.values()) == pytest.approx(expected, rel=1e-11)


def test_a_window_is_half_open() -> None:
    ledger = Ledger.from_transfers(
        transfers([(0, "a", "b", 1.0), (SECONDS, "a", "b", 2.0), (SECONDS, "c", "b", 6.0)])
    )
    rows = {
        second: feature_table(ledger, spine(["b"], at(second)), views=(WINDOWED,)).iloc[0]
        for second in (0, SECONDS, SECONDS + 1e-6)
    }
    assert np.isnan(rows[0]["windows_mean_in_1d_amount"])
    assert rows[SECONDS]["windows_mean_in_1d_amount"] == 1.0
    assert rows[SECONDS + 1e-6]["windows_mean_in_1d_amount"] == 4.0
    assert rows[SECONDS + 1e-6]["windows_mean_in_7d_amount"] == 3.0


def test_exact_shape_of_known_amounts() -> None:
    row = row_of([1, 1, 1, 5])
    assert row["windows_mean_in_1d_amount"] == 2.0
    assert row["windows_cv_in_1d_ratio"] == math.sqrt(3) / 2
    assert row["windows_skew_in_1d_ratio"] == pytest.approx(6 / 3**1.5, rel=1e-15)
    assert row["windows_kurtosis_in_1d_ratio"] == pytest.approx(21 / 9, rel=1e-15)


@pytest.mark.parametrize("amounts", [[0.1] * 7, [5.0], [0.1 + 0.2, 0.3, 0.3]])
def test_equal_amounts_have_no_shape(amounts: list[float]) -> None:
    row = row_of(amounts, as_of_s=90_000)
    assert row["windows_cv_in_7d_ratio"] == pytest.approx(0, abs=1e-15)
    assert np.isnan(row["windows_skew_in_7d_ratio"])
    assert np.isnan(row["windows_kurtosis_in_7d_ratio"])


def test_largest_and_least_amounts_stay_finite() -> None:
    row = row_of([1e60, 5e58, 1e60, 3e57, 1e60])
    assert np.isfinite(row.filter(like="_in_")).all()
