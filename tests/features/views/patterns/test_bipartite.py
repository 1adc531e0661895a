"""Bipartite groups and stacks."""

import numpy as np
import pandas as pd

from tests.patterns import DAY_S, Transfers, row, trails
from tests.strategies import transfers


def complete(
    payers: int, recipients: int, *, start: float = 0.0, up: str = "p", down: str = "r"
) -> Transfers:
    """Every payer pays every recipient 2, a minute apart."""
    pairs = [(f"{up}{i}", f"{down}{j}") for i in range(payers) for j in range(recipients)]
    return [(start + 60.0 * k, a, b, 2.0) for k, (a, b) in enumerate(pairs)]


def test_both_layers_of_a_group() -> None:
    frame = transfers([*complete(3, 4), (900.0, "p0", "x", 2.0)])
    payer, recipient = row(frame, "p0"), row(frame, "r0")
    assert payer["bipartite_out_count"] == 2
    assert payer["bipartite_out_shared_count"] == 4
    assert payer["bipartite_out_amount"] == 8
    assert payer["bipartite_out_share"] == 0.8
    assert payer["bipartite_in_count"] == 0
    assert np.isnan(payer["bipartite_in_amount"])
    assert recipient["bipartite_in_count"] == 3
    assert recipient["bipartite_in_shared_count"] == 3
    assert recipient["bipartite_in_amount"] == 6
    assert recipient["bipartite_in_share"] == 1
    assert payer["stack_count"] == recipient["stack_count"] == 0
    assert payer["truncated_ratio"] == 0


def test_trails_are_the_transfers_with_what_is_in_common() -> None:
    rows = [*complete(2, 3), (500.0, "p2", "r0", 1.0), (560.0, "p2", "r1", 1.0)]
    found = trails(transfers(rows), "p0", "bipartite_out_count")
    assert [trail.rows for trail in found] == [[0, 1, 2, 3, 4, 5], [0, 1, 6, 7]]
    assert trails(transfers(rows), "p0", "bipartite_in_count") == []


def test_one_recipient_in_common_is_no_group() -> None:
    twice = [(t, a, "r0", x) for t, a, _, x in complete(2, 3)]
    values = row(transfers(twice), "p0")
    assert values["bipartite_out_count"] == 0
    assert values["bipartite_out_amount"] == 0


def test_a_recipient_is_in_common_within_four_days() -> None:
    mine: Transfers = [(0.0, "w", "a", 1.0), (60.0, "w", "b", 1.0)]
    for gap, expected in ((4 * DAY_S, 1), (4 * DAY_S + 1e-6, 0)):
        theirs: Transfers = [(gap, "o", "a", 1.0), (60 + gap, "o", "b", 1.0)]
        assert row(transfers(mine + theirs), "w")["bipartite_out_count"] == expected
        assert row(transfers(mine + theirs), "o")["bipartite_out_count"] == expected


def test_a_zero_amount_has_nothing_in_common() -> None:
    rows = complete(2, 2)
    for k, (time, sender, recipient, _) in enumerate(rows):
        changed = [*rows[:k], (time, sender, recipient, 0.0), *rows[k + 1 :]]
        for wallet in ("p0", "p1", "r0", "r1"):
            values = row(transfers(changed), wallet)
            assert values["bipartite_in_count"] + values["bipartite_out_count"] == 0


def test_a_stack_is_two_groups_in_a_row() -> None:
    frame = transfers(complete(2, 3, down="m") + complete(3, 2, start=5000, up="m", down="e"))
    values = row(frame, "m1")
    assert values["stack_count"] == 2
    assert values["stack_amount"] == 4
    assert values["stack_share"] == 1
    assert values["bipartite_in_count"] == values["bipartite_out_count"] == 2
    for trail in trails(frame, "m1", "stack_amount"):
        assert len(trail.rows) == 8
    assert len(trails(frame, "m1", "stack_count")) == 2
    assert row(frame, "p0")["stack_count"] == row(frame, "e0")["stack_count"] == 0


def test_a_stack_receives_before_it_pays() -> None:
    late = complete(2, 3, start=5000, down="m") + complete(3, 2, up="m", down="e")
    values = row(transfers(late), "m1")
    assert values["stack_count"] == 0
    assert values["bipartite_in_count"] == values["bipartite_out_count"] == 2


def test_only_the_nearest_transfers_of_a_service_are_read() -> None:
    pattern = transfers(complete(2, 2))  # p1 pays r0 at 120 s, p0 at 0 s
    for n, expected in ((15, 1), (16, 0)):
        others = transfers(((60.0 + k / 100, f"c{k}", "r0", 1.0) for k in range(n)), prefix="other")
        values = row(pd.concat([pattern, others], ignore_index=True), "p0")
        assert values["bipartite_out_count"] == expected
        assert values["truncated_ratio"] == 1 - expected
