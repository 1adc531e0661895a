"""Fan bursts and gather-scatter."""

import numpy as np

from tests.patterns import DAY_S, Transfers, row, trails
from tests.strategies import fan_out, transfers


def test_most_recipients_in_a_window_not_in_all() -> None:
    week_apart = [(leaf * 3 * DAY_S, "hub", f"leaf{leaf}", 2.0) for leaf in range(6)]
    values = row(transfers(week_apart), "hub")
    assert values["fan_out_burst_1d_count"] == 1
    assert values["fan_out_burst_7d_count"] == 3  # at 0, 3 and 6 days
    assert values["fan_out_burst_7d_amount"] == 6
    assert values["fan_out_burst_7d_share"] == 0.5
    assert values["fan_in_burst_7d_count"] == 0
    assert np.isnan(values["fan_in_burst_7d_amount"])


def test_a_window_is_shorter_than_its_length() -> None:
    for step, expected in ((DAY_S, 1), (DAY_S - 1e-6, 2)):
        values = row(fan_out(2, step_s=step), "hub")
        assert values["fan_out_burst_1d_count"] == expected


def test_the_latest_of_equal_bursts_gives_the_value() -> None:
    rows: Transfers = [
        (0, "a", "w", 1.0), (0, "b", "w", 1.0), (30 * DAY_S, "a", "w", 4.0),
        (30 * DAY_S, "c", "w", 4.0), (60 * DAY_S, "a", "w", 9.0),
    ]  # fmt: skip
    frame = transfers(rows)
    values = row(frame, "w")
    assert values["fan_in_burst_1d_count"] == 2
    assert values["fan_in_burst_7d_amount"] == 8
    assert values["fan_in_burst_7d_share"] == 8 / 19
    assert [trail.rows for trail in trails(frame, "w", "fan_in_burst_7d_count")] == [[2, 3]]


def test_a_counterparty_counts_once_and_leaves_with_its_last_transfer() -> None:
    days_and_senders = [(0, "a"), (1, "b"), (5, "a"), (7.5, "c"), (8.5, "d")]
    rows = [(day * DAY_S, sender, "w", 1.0) for day, sender in days_and_senders]
    values = row(transfers(rows), "w")
    assert values["fan_in_burst_7d_count"] == 3  # a, b, c: a by its second transfer
    assert values["fan_in_burst_7d_amount"] == 3  # a, c, d are as many, and later


def test_nothing_comes_of_zero_amounts_and_transfers_to_itself() -> None:
    values = row(transfers([(0, "a", "w", 0.0), (1, "w", "w", 5.0)]), "w")
    assert values["fan_in_burst_7d_count"] == 0
    assert values["fan_in_burst_7d_amount"] == 0
    assert values["fan_in_burst_7d_share"] == 0
    assert values["gather_scatter_count"] == 0


def gathering(senders: int, recipients: int, pause_s: float = DAY_S) -> Transfers:
    rows = [(60.0 * k, f"s{k}", "w", 2.0) for k in range(senders)]
    start = 60.0 * (senders - 1) + pause_s
    return rows + [(start + 60 * k, "w", f"r{k}", 1.0) for k in range(recipients)]


def test_gather_scatter_is_as_wide_as_its_narrower_side() -> None:
    frame = transfers(gathering(4, 3))
    values = row(frame, "w")
    assert values["gather_scatter_count"] == 3
    assert values["gather_scatter_amount"] == 3
    assert values["gather_scatter_share"] == 3 / 8
    (trail,) = trails(frame, "w", "gather_scatter_share")
    assert trail.rows == list(range(7))
    assert trail.amounts == [2.0] * 4 + [1.0] * 3


def test_scattering_comes_after_gathering_within_a_week() -> None:
    assert row(transfers(gathering(3, 3, 7 * DAY_S)), "w")["gather_scatter_count"] == 1
    assert row(transfers(gathering(3, 3, 7 * DAY_S - 120)), "w")["gather_scatter_count"] == 3
    assert row(transfers(gathering(1, 1, 0)), "w")["gather_scatter_count"] == 0  # one instant
    before = [(60.0 * k, "w", f"r{k}", 1.0) for k in range(3)]
    after = [(1000 + 60.0 * k, f"s{k}", "w", 1.0) for k in range(3)]
    assert row(transfers(before + after), "w")["gather_scatter_count"] == 0
