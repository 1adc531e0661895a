"""Trails as JSON holds them: short, and as they were when they were read."""

import pandas as pd
import pytest

from features import Ledger, trace
from features.past import NO_LABELS
from features.trails.records import SHOWN, Traced, read_trails
from tests.strategies import at, chain, transfers

LATE = 2**62


def traced(frame: pd.DataFrame, wallet: str, as_of: int = LATE) -> Traced:
    ledger = Ledger.from_transfers(frame)
    return read_trails(ledger, ledger.code(wallet), as_of, labels=NO_LABELS)


@pytest.mark.parametrize("more", [0, 1, 1000])
def test_a_long_trail_is_shown_by_its_ends(more: int) -> None:
    n = SHOWN + more
    frame = transfers([(i, f"s{i}", "hub", 1.0 + i) for i in range(n)])
    burst = next(
        trail
        for trail in traced(frame, "hub").records()
        if "patterns_fan_in_burst_1d_count" in trail["columns"]
    )
    hops = [*range(1, SHOWN // 2 + 1), *range(n - SHOWN // 2 + 1, n + 1)]
    assert burst["left_out"] == more
    assert [row["hop"] for row in burst["transfers"]] == hops
    assert [row["tx_id"] for row in burst["transfers"]] == [f"t{hop - 1}" for hop in hops]
    assert [row["amount"] for row in burst["transfers"]] == hops
    whole = trace(Ledger.from_transfers(frame), "hub", at(1e6))
    assert whole.groupby("trail").size().max() == n


def test_a_series_of_transfers_is_told_once() -> None:
    frame = transfers([(i, f"s{i}", "hub", 1.0) for i in range(5)])
    records = traced(frame, "hub").records()
    series = [tuple(row["tx_id"] for row in trail["transfers"]) for trail in records]
    assert len(set(series)) == len(series)
    assert {name for name, *_ in (trail["columns"] for trail in records)} >= {
        "layering_depth_backward_hops",
        "patterns_fan_in_burst_1d_count",
    }


def test_what_was_read_outlasts_the_ledger() -> None:
    ledger = Ledger.from_transfers(chain(3))
    found = read_trails(ledger, ledger.code("c3"), LATE, labels=NO_LABELS)
    before = found.records()
    later = chain(9).assign(tx_id=[f"u{row}" for row in range(9)])
    ledger.append(later.assign(timestamp=later["timestamp"] + pd.Timedelta("1D")))
    assert before[0]["transfers"]
    assert found.records() == before


@pytest.mark.parametrize(
    ("wallet", "as_of", "status"),
    [("c3", LATE, "traced"), ("c3", 0, "unknown_wallet"), ("nobody", LATE, "unknown_wallet")],
)
def test_status_tells_silence_from_ignorance(wallet: str, as_of: int, status: str) -> None:
    found = traced(chain(3), wallet, as_of)
    assert found.status == status
    assert bool(found.records()) == (status == "traced")


def test_a_limit_that_bites_is_told() -> None:
    assert traced(chain(12), "c12").truncated
    assert not traced(chain(3), "c3").truncated
