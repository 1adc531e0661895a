"""Scatter-gather: the source, the target, an intermediary."""

import numpy as np
import pandas as pd
import pytest

from tests.patterns import DAY_S, Transfers, row, trails
from tests.strategies import transfers


def scatter_gather(k: int, *, pause_s: float = 3600, source: str = "s") -> Transfers:
    """A source pays k intermediaries 4 each, and they pay the target 3 each, in the same order."""
    paid = [(60.0 * i, source, f"m{i}", 4.0) for i in range(k)]
    return paid + [(pause_s + 60.0 * i, f"m{i}", "g", 3.0) for i in range(k)]


def test_every_role() -> None:
    frame = transfers(scatter_gather(5))
    source, target, middle = (row(frame, wallet) for wallet in ("s", "g", "m2"))
    assert source["scatter_gather_source_count"] == 5
    assert source["scatter_gather_source_targets_count"] == 1
    assert source["scatter_gather_source_amount"] == 15
    assert source["scatter_gather_source_share"] == 0.75
    assert target["scatter_gather_target_count"] == 5
    assert target["scatter_gather_target_sources_count"] == 1
    assert target["scatter_gather_target_amount"] == 15
    assert target["scatter_gather_target_share"] == 1
    assert middle["scatter_gather_intermediary_count"] == 5
    assert middle["scatter_gather_intermediary_amount"] == 15
    assert middle["scatter_gather_intermediary_share"] == 0.75
    assert source["scatter_gather_target_count"] == target["scatter_gather_source_count"] == 0
    assert source["truncated_ratio"] == 0


@pytest.mark.parametrize(
    ("wallet", "role"), [("s", "source"), ("g", "target"), ("m0", "intermediary")]
)
def test_trails_are_the_instance_in_order_of_time(wallet: str, role: str) -> None:
    frame = transfers(scatter_gather(3))
    for unit in ("count", "amount", "share"):
        (trail,) = trails(frame, wallet, f"scatter_gather_{role}_{unit}")
        assert trail.rows == list(range(6))


def test_one_intermediary_is_none() -> None:
    frame = transfers(scatter_gather(1))
    for wallet in ("s", "g", "m0"):
        assert row(frame, wallet).filter(like="scatter_gather_").filter(like="_count").sum() <= 1
        assert trails(frame, wallet, "scatter_gather_source_count") == []
    assert row(frame, "s")["scatter_gather_source_amount"] == 0
    assert np.isnan(row(frame, "g")["scatter_gather_source_amount"])


def test_the_widest_of_two_targets() -> None:
    more = [(9000.0 + i, f"m{i}", "other", 4.0) for i in range(2)]
    frame = transfers(scatter_gather(3) + more)
    values = row(frame, "s")
    assert values["scatter_gather_source_count"] == 3
    assert values["scatter_gather_source_targets_count"] == 2
    assert values["scatter_gather_source_amount"] == 9
    found = trails(frame, "s", "scatter_gather_source_targets_count")
    assert [trail.rows for trail in found] == [list(range(6)), [0, 1, 6, 7]]


def test_an_intermediary_pays_strictly_later() -> None:
    for pause, expected in ((0.0, 0), (1e-6, 2)):
        frame = transfers(scatter_gather(2, pause_s=pause))
        assert row(frame, "s")["scatter_gather_source_count"] == expected
        assert row(frame, "g")["scatter_gather_target_count"] == expected
        assert row(frame, "m1")["scatter_gather_intermediary_count"] == expected


def test_all_of_it_lies_within_four_days() -> None:
    for pause, expected in ((4 * DAY_S - 60, 2), (4 * DAY_S - 60 + 1e-6, 0)):
        frame = transfers(scatter_gather(2, pause_s=pause))
        assert row(frame, "s")["scatter_gather_source_count"] == expected
        assert row(frame, "g")["scatter_gather_target_count"] == expected
        assert row(frame, "m0")["scatter_gather_intermediary_count"] == expected


def test_parallel_transfers_make_one_intermediary() -> None:
    twice = [(10.0, "s", "m0", 4.0), (5000.0, "m0", "g", 3.0)]
    values = row(transfers(scatter_gather(2) + twice), "s")
    assert values["scatter_gather_source_count"] == 2
    assert values["scatter_gather_source_amount"] == 6


@pytest.mark.parametrize("zero", range(4))
def test_a_zero_amount_passes_nothing_on(zero: int) -> None:
    rows = scatter_gather(2)
    time, sender, recipient, _ = rows[zero]
    rows[zero] = (time, sender, recipient, 0.0)
    frame = transfers(rows)
    for wallet in ("s", "g", "m0", "m1"):
        values = row(frame, wallet)
        assert values.filter(regex="scatter_gather_[a-z]+_(count|amount)").fillna(0).sum() == 0


def test_what_returns_to_the_source_is_no_target() -> None:
    there_and_back = [(t, a, "s" if b == "g" else b, x) for t, a, b, x in scatter_gather(3)]
    assert row(transfers(there_and_back), "s")["scatter_gather_source_count"] == 0
    assert row(transfers(there_and_back), "m0")["scatter_gather_intermediary_count"] == 0


def padded(n: int, wallet: str, start: float) -> pd.DataFrame:
    """Transfers of a wallet that belong to nothing."""
    return transfers(
        ((start + i, wallet, f"{wallet}shop{i}", 1.0) for i in range(n)), prefix=f"p{wallet}"
    )


def test_only_the_latest_transfers_are_anchors() -> None:
    pattern = transfers(scatter_gather(2))
    for n, expected in ((30, 2), (31, 0)):
        values = row(pd.concat([pattern, padded(n, "s", 100)], ignore_index=True), "s")
        assert values["scatter_gather_source_count"] == expected
        assert values["truncated_ratio"] == (expected == 0)


def test_only_the_nearest_transfers_of_a_counterparty_are_read() -> None:
    pattern = transfers(scatter_gather(2))
    for n, expected in ((31, 2), (32, 0)):
        values = row(pd.concat([pattern, padded(n, "m0", 100)], ignore_index=True), "s")
        assert values["scatter_gather_source_count"] == expected
        assert values["truncated_ratio"] == 1 - expected / 2


def test_of_an_intermediarys_counterparty_sixteen_transfers_each_way_are_read() -> None:
    pattern = transfers(scatter_gather(2))  # s pays m0 at 0 s and m1 at 60 s
    for n, expected in ((15, 2), (16, 0)):
        others = transfers(((30.0 + k / 100, "s", f"c{k}", 1.0) for k in range(n)), prefix="other")
        values = row(pd.concat([pattern, others], ignore_index=True), "m0")
        assert values["scatter_gather_intermediary_count"] == expected
        assert values["truncated_ratio"] == (expected == 0)
