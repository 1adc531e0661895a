"""The views of experiment 0003: windows with fans, and the 44 aggregates."""

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.kernel import HOUR
from features.past import HISTORY_CAP, NO_LABELS, past_of
from features.views.amounts import AMOUNTS
from features.views.counterparties import COUNTERPARTIES
from features.views.timing import TIMING
from tests import compare
from tests.busy import HUB, batch_is_alone, busy, ledger_of, rows_of, some_rows
from tests.naive.past import Past, Row, Transfer, past, ratio, transfer_list
from tests.naive.windows import moments, recent
from tests.strategies import World, at, spine, transfers, worlds

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "0003-feature-speed"))

from aggregates_view import AGGREGATES  # noqa: E402 - its folder must be importable first
from vertex_view import vertex_view  # noqa: E402

WIDTHS = {"90s": 90_000_000, "1h": HOUR, "5h": 5 * HOUR}
EVERY = vertex_view("every", WIDTHS)
NAMES = [column.name for column in EVERY.columns]


def every(past_of: Past, wallet: str) -> Row:
    """Twin of ``EVERY``."""
    row: Row = {}
    for d, whole in zip(("in", "out"), past_of.read(wallet), strict=True):
        for window, width in WIDTHS.items():
            inside = recent(whole, past_of.as_of - width)
            n = len(inside)
            fan = len({t.sender if d == "in" else t.recipient for t in inside})
            mean, variance, skew, kurtosis = moments([t.amount for t in inside])
            row |= {
                f"every_fan_{d}_{window}_count": fan,
                f"every_fan_{d}_{window}_share": ratio(fan, n),
                f"every_transfers_{d}_{window}_count": n,
                f"every_total_{d}_{window}_amount": math.fsum(t.amount for t in inside),
                f"every_mean_{d}_{window}_amount": mean,
                f"every_variance_{d}_{window}_squared_amount": variance,
                f"every_skew_{d}_{window}_ratio": skew,
                f"every_kurtosis_{d}_{window}_ratio": kurtosis,
            }
    return row


@given(worlds())
def test_every_statistic_matches_its_slow_twin(world: World) -> None:
    ledger = world.ledger()
    fast = feature_table(ledger, world.spine, views=(EVERY,))
    everything = transfer_list(world.transfers)
    instants = world.spine["as_of"].to_numpy("datetime64[us]").astype(np.int64).tolist()
    rows = [
        every(past(everything, None, instant), wallet)
        for wallet, instant in zip(world.spine["wallet"], instants, strict=True)
    ]
    slow = pd.DataFrame(rows, index=fast.index, dtype="float64")[list(fast.columns)]
    scale = world.largest_amounts()
    squared = [name for name in fast.columns if name.endswith("_squared_amount")]
    compare.close(fast[squared], slow[squared], rtol=1e-9, scale=scale**2)
    fast, slow = fast.drop(columns=squared), slow.drop(columns=squared)
    compare.close(fast, slow, rtol=1e-9, scale=scale)


def test_a_training_table_matches_the_twin_and_rows_alone() -> None:
    rows = busy(1500, seed=0)
    ledger = ledger_of(rows)
    code, instants = ledger.code(HUB), sorted({t.time + 1 for t in rows})
    sample = instants[::7]
    found = rows_of(ledger, EVERY, [code] * len(sample), sample)
    expected = pd.DataFrame([every(past(rows, None, instant), HUB) for instant in sample])
    np.testing.assert_allclose(
        found, expected[NAMES].to_numpy(), rtol=1e-11, atol=1e-13, equal_nan=True
    )
    batch_is_alone(ledger, EVERY, [code] * len(instants), instants)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_rows_in_any_order_have_the_bits_of_rows_alone(seed: int, n: int) -> None:
    rows = busy(n, seed, wallets=4)
    ledger = ledger_of(rows)
    codes, instants = some_rows(ledger, rows, seed)
    batch_is_alone(ledger, EVERY, codes, instants)
    ordered = sorted(zip(codes, instants, strict=True))
    batch_is_alone(ledger, EVERY, [c for c, _ in ordered], [t for _, t in ordered])


def test_a_window_counts_the_latest_transfers_only_and_still_moves() -> None:
    n = 2 * HISTORY_CAP + 500
    ledger = ledger_of([Transfer(i // 3, f"w{i % 4111}", HUB, 1.0, f"t{i}", 0) for i in range(n)])
    instants = [
        -(-(HISTORY_CAP + end) // 3) for end in (-2, 0, 3, HISTORY_CAP - 1, n - HISTORY_CAP)
    ]
    view = vertex_view("capped", {"10d": 240 * HOUR, "2ms": 2000})
    codes = [ledger.code(HUB)] * len(instants)
    batch_is_alone(ledger, view, codes, instants)
    names = [column.name for column in view.columns]
    table = pd.DataFrame(rows_of(ledger, view, codes, instants), columns=names)
    held = past_of(ledger, np.array(codes, np.int32), np.array(instants), NO_LABELS).incoming
    senders = held.counterparty[held.start[codes[0]] :][:n]  # in the ledger's order of ties
    for row, instant in enumerate(instants):
        end = min(3 * instant, n)
        for window, width in (("10d", 240 * HOUR), ("2ms", 2000)):
            first = max(0, end - HISTORY_CAP, 3 * (instant - width))
            fan = np.unique(senders[first:end]).size
            assert table[f"capped_transfers_in_{window}_count"][row] == end - first
            assert table[f"capped_fan_in_{window}_count"][row] == fan


def test_a_window_is_half_open() -> None:
    ledger = Ledger.from_transfers(
        transfers([(0, "a", "b", 1.0), (3600, "a", "b", 2.0), (3600, "c", "b", 6.0)])
    )
    rows = {
        second: feature_table(ledger, spine(["b"], at(second)), views=(EVERY,)).iloc[0]
        for second in (0, 3600, 3600.000001)
    }
    assert rows[0]["every_transfers_in_1h_count"] == 0
    assert rows[3600]["every_mean_in_1h_amount"] == 1.0
    assert rows[3600.000001]["every_fan_in_1h_count"] == 2


SAME = {
    "total_amount": "amounts_total_{d}_amount",
    "sd_amount": "amounts_sd_{d}_amount",
    "q95_amount": "amounts_q95_{d}_amount",
    "largest_share": "amounts_max_{d}_share",
    "distinct_count": "counterparties_fan_{d}_count",
    "gap_median_s": "timing_gap_median_{d}_s",
    "burstiness_ratio": "timing_burstiness_{d}_ratio",
    "span_s": "timing_span_{d}_s",
}


@pytest.mark.parametrize("d", ["in", "out"])
def test_aggregates_are_those_of_the_standard_views(d: str) -> None:
    ledger = ledger_of(busy(300, seed=3))
    wallets = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    rows = spine(wallets, pd.Timestamp(ledger.last_time or 0, unit="us", tz="UTC").as_unit("us"))
    found = feature_table(ledger, rows, views=(AGGREGATES,))
    table = feature_table(ledger, rows, views=(AMOUNTS, TIMING, COUNTERPARTIES))
    read = table[f"counterparties_fan_{d}_count"] > 0
    for ours, theirs in SAME.items():
        np.testing.assert_allclose(
            found.loc[read, f"aggregates_{d}_{ours}"], table.loc[read, theirs.format(d=d)],
            rtol=1e-12, equal_nan=True,
        )  # fmt: skip
