"""One hop: what the counterparties look like."""

import pytest
from hypothesis import given

from features import Ledger, feature_table
from features.views.one_hop import ONE_HOP
from tests import compare
from tests.strategies import World, at, fan_out, spine, transfers, worlds


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, ONE_HOP)


def test_fresh_recipients() -> None:
    ledger = Ledger.from_transfers(fan_out(4, step_s=1))
    values = feature_table(ledger, spine(["hub"], at(4)), views=(ONE_HOP,)).iloc[0]
    assert values["one_hop_recipients_fresh_share"] == 1
    assert values["one_hop_recipients_never_sent_share"] == 1
    assert values["one_hop_recipients_received_count"] == pytest.approx(1)
    assert values["one_hop_recipients_age_s"] == 2.5


def test_32_latest_counterparties_are_looked_at() -> None:
    rows = [(leaf, "hub", f"leaf{leaf}", 1.0) for leaf in range(40)]
    rows += [(50, f"leaf{leaf}", "x", 1.0) for leaf in range(8)]  # the eight that are left out
    ledger = Ledger.from_transfers(transfers(rows))
    values = feature_table(ledger, spine(["hub"], at(99)), views=(ONE_HOP,)).iloc[0]
    assert values["one_hop_recipients_never_sent_share"] == 1


def test_counterparties_before_the_last_256_transfers_are_not_looked_at() -> None:
    rows = [(0, "hub", "old", 1.0), (1, "old", "x", 1.0)]
    rows += [(2 + i, "hub", "new", 1.0) for i in range(256)]
    ledger = Ledger.from_transfers(transfers(rows))
    values = feature_table(ledger, spine(["hub"], at(999)), views=(ONE_HOP,)).iloc[0]
    assert values["one_hop_recipients_never_sent_share"] == 1


def test_hubs_are_counted_beyond_what_is_read_of_them() -> None:
    rows = [(i, "x", "hub", 1.0) for i in range(1001)] + [(2000, "hub", "me", 1.0)]
    ledger = Ledger.from_transfers(transfers(rows))
    values = feature_table(ledger, spine(["me"], at(3000)), views=(ONE_HOP,)).iloc[0]
    assert values["one_hop_senders_hub_share"] == 1
    assert values["one_hop_senders_pass_through_ratio"] == 1 / 64
