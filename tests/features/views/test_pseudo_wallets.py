"""No path leads through a transaction that stands between its payers and payees.

Each case is asked of the same moves with a wallet of an ordinary name in the middle, too: there
the path does lead through.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features import Ledger, feature_table, fifo, haircut, poison
from features.past import NO_LABELS, past_of
from features.subgraphs import subgraphs
from features.trails.flow import trace_flow
from features.views import VIEWS
from tests.strategies import at, spine, transfers

MIX, ROUTER = "tx:mix", "router"
MIDDLE = pytest.mark.parametrize("middle", [MIX, ROUTER])
LATE = at(1e6)


def world(middle: str) -> pd.DataFrame:
    """A thief's money and a clean wallet's go in, in one transaction, and come out to c and d."""
    moves = transfers(
        [
            (0.0, "thief", "a", 8.0), (1.0, "x", "b", 8.0),
            (9.0, "a", middle, 8.0), (9.0, "b", middle, 8.0),
            (9.0, middle, "c", 8.0), (9.0, middle, "d", 8.0),
            (20.0, "c", "e", 8.0), (21.0, "d", "e", 8.0),
        ]
    )  # fmt: skip
    moves["tx_id"] = ["t0", "t1", "mix", "mix", "mix", "mix", "t2", "t3"]
    return moves.assign(position=[0, 0, 0, 1, 2, 3, 0, 0])


def known(wallet: str, category: str, label: str = "illicit") -> pd.DataFrame:
    return pd.DataFrame(
        {"wallet": [wallet], "label": [label], "category": [category], "known_at": [at(-1)]}
    )


def row_of(middle: str, wallet: str, labels: pd.DataFrame) -> "pd.Series[float]":
    ledger = Ledger.from_transfers(world(middle))
    return feature_table(ledger, spine([wallet], LATE), labels=labels, views=VIEWS).iloc[0]


@MIDDLE
def test_exposure_ends_there_and_says_so(middle: str) -> None:
    row = row_of(middle, "c", known("thief", "theft"))
    hidden = middle == MIX
    assert row["exposure_hidden_in_share"] == hidden
    assert row["exposure_theft_indirect_in_share"] == (0.0 if hidden else 0.5)
    assert np.isnan(row["exposure_theft_in_hops"]) == hidden
    assert row["exposure_searched_in_share"] == 1.0
    ahead = row_of(middle, "a", known("e", "theft"))
    assert ahead["exposure_hidden_out_share"] == hidden
    assert np.isnan(ahead["exposure_theft_out_hops"]) == hidden


def test_a_label_of_the_transaction_is_an_end_like_others() -> None:
    row = row_of(MIX, "e", known(MIX, "mixer", "none"))
    assert row["exposure_mixer_indirect_in_share"] == 1.0
    assert row["exposure_mixer_in_hops"] == 2
    assert row["exposure_hidden_in_share"] == 0.0


@MIDDLE
@pytest.mark.parametrize("policy", [haircut, fifo, poison])
def test_no_policy_goes_through(policy: Callable[..., pd.DataFrame], middle: str) -> None:
    ledger = Ledger.from_transfers(world(middle))
    asked = spine(["a", "e"], LATE)
    for labels in (known("thief", "theft"), known("e", "theft")):
        found = policy(ledger, asked, labels=labels)
        reached = found[(found["category"] == "theft") & (found["hops"] > 1)]
        assert len(reached) == (0 if middle == MIX else 1)


@MIDDLE
def test_depth_ends_there(middle: str) -> None:
    row = row_of(middle, "e", known("thief", "theft"))
    assert row["depth_greatest_30d_in_hops"] == (2 if middle == MIX else 4)
    assert row["depth_services_in_share"] == (middle == MIX)
    assert row["depth_searched_in_share"] == 1.0


@MIDDLE
def test_nobody_is_looked_for_behind_it(middle: str) -> None:
    row = row_of(middle, "c", known("a", "theft"))
    assert row["around_illicit_in_in_count"] == (middle == ROUTER)
    assert row["around_hub_in_in_share"] == (middle == MIX)
    ledger = Ledger.from_transfers(world(middle))
    past = past_of(ledger, ledger.codes(["c"]), np.array([2**62]), NO_LABELS)
    found = {ledger.wallet(code) for code in subgraphs(past, ledger.assets, fan_out=(4, 4)).code}
    assert middle in found
    assert ("a" in found) == (middle == ROUTER)


@MIDDLE
def test_it_is_no_counterparty_to_look_at(middle: str) -> None:
    row = row_of(middle, "c", known("thief", "theft"))
    assert np.isnan(row["one_hop_senders_pass_through_ratio"]) == (middle == MIX)
    assert row["one_hop_recipients_received_share"] == 1.0


@MIDDLE
def test_its_payees_share_no_source(middle: str) -> None:
    """C and d, paid by one CoinJoin, later pay e."""
    row = row_of(middle, "e", known("thief", "theft"))
    width = 0 if middle == MIX else 2
    assert row["patterns_scatter_gather_target_count"] == width
    between = row_of(middle, "c", known("thief", "theft"))
    assert between["patterns_scatter_gather_intermediary_count"] == width


@MIDDLE
def test_a_flow_ends_there(middle: str) -> None:
    ledger = Ledger.from_transfers(world(middle))
    back = trace_flow(ledger, "e", LATE, direction="backward", share=1.0)
    onward = trace_flow(ledger, "thief", LATE, direction="forward", share=1.0)
    if middle == MIX:
        assert back.reached == {"hidden": 16.0}
        assert onward.reached == {"hidden": 8.0}
    else:
        assert "thief" in set(back.transfers["sender"])
        assert "e" in set(onward.transfers["recipient"])


@MIDDLE
def test_it_may_be_asked_about_itself(middle: str) -> None:
    row = row_of(middle, middle, known("thief", "theft"))
    assert row["exposure_theft_indirect_in_share"] == 0.5
    assert row["exposure_hidden_in_share"] == 0.0
