"""A swap of assets is a conversion: taint, depth and trails go through it, in value terms."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features import Ledger, feature_table, fifo, haircut, poison, trace
from features.trails.flow import Flow
from features.views.depth.depth import DEPTH
from features.views.exposure import EXPOSURE
from features.views.patterns.patterns import PATTERNS
from tests.strategies import at, spine, transfers

KNOWN = pd.DataFrame(
    {
        "wallet": ["thief", "lender"],
        "label": ["illicit", "licit"],
        "category": ["theft", "gambling"],
        "known_at": [at(-1), at(-1)],
    }
)
MOVES = [  # time, sender, recipient, amount, asset, value
    (0, "lender", "pool", 60_000.0, "USDC", 60_000.0),
    (100, "thief", "w", 10.0, "ETH", 20_000.0),
    (200, "w", "pool", 10.0, "ETH", 20_000.0),
    (200, "pool", "w", 19_900.0, "USDC", 19_900.0),
    (300, "w", "z", 19_900.0, "USDC", 19_900.0),
]


def swapped(*, together: bool = True, router: bool = False) -> Ledger:
    """W gets stolen ether, swaps it with a pool, and pays z in dollars."""
    frame = transfers([move[:4] for move in MOVES]).assign(
        asset=[move[4] for move in MOVES], value=[move[5] for move in MOVES]
    )
    if router:
        frame.loc[2, "recipient"] = "router"
    if together:
        frame = frame.assign(tx_id=["t0", "t1", "t2", "t2", "t4"], position=[0, 0, 0, 1, 0])
    return Ledger.from_transfers(frame, unit="USD")


def tainted(policy: Callable[..., pd.DataFrame], ledger: Ledger) -> dict[str, float]:
    table = policy(ledger, spine(["z"], at(1e6)), labels=KNOWN)
    received = table[(table["direction"] == "received") & (table["category"] != "unknown")]
    return dict(zip(received["category"], received["amount"], strict=True))


@pytest.mark.parametrize("router", [False, True])
@pytest.mark.parametrize("policy", [haircut, fifo])
def test_stolen_money_stays_stolen_through_a_swap_and_the_pool_gives_none(
    policy: Callable[..., pd.DataFrame], router: bool
) -> None:
    assert tainted(policy, swapped(router=router)) == {"theft": pytest.approx(19_900.0)}


@pytest.mark.parametrize("router", [False, True])
def test_poison_is_any_contact_but_for_what_was_swapped(router: bool) -> None:
    assert set(tainted(poison, swapped(router=router))) == {"theft"}
    assert set(tainted(poison, swapped(together=False, router=router))) == {"theft", "gambling"}


@pytest.mark.parametrize("router", [False, True])
@pytest.mark.parametrize(("wallet", "of_pool"), [("z", 4), ("w", 2)])
def test_hops_by_any_path_do_not_lead_through_a_pool(
    router: bool, wallet: str, of_pool: int
) -> None:
    asked = spine([wallet], at(1e6))
    for together in (True, False):
        ledger = swapped(together=together, router=router)
        row = feature_table(ledger, asked, labels=KNOWN, views=(EXPOSURE,)).iloc[0]
        assert row["exposure_theft_in_hops"] == (2.0 if wallet == "z" else 1.0)
        if together and not (router and wallet == "w"):
            assert np.isnan(row["exposure_gambling_in_hops"])
        elif not together:
            assert row["exposure_gambling_in_hops"] == of_pool - (wallet == "z")


def test_who_swaps_there_and_back_is_in_no_cycle() -> None:
    """Two swaps with one pool look like a payment and its return."""
    moves = [
        (0, "w", "pool", 10.0), (0, "pool", "w", 9.9), (900, "w", "pool", 9.9),
        (900, "pool", "w", 9.8),
    ]  # fmt: skip
    frame = transfers(moves)
    for together in (True, False):
        ids = ["t0", "t0", "t1", "t1"] if together else ["t0", "t1", "t2", "t3"]
        positions = [0, 1, 0, 1] if together else [0, 0, 0, 0]
        ledger = Ledger.from_transfers(frame.assign(tx_id=ids, position=positions))
        rows = feature_table(ledger, spine(["w", "pool"], at(1e6)), views=(PATTERNS,))
        assert rows["patterns_cycles_2_count"].tolist() == [0.0 if together else 2.0] * 2


def test_a_sale_and_a_purchase_apart_are_none() -> None:
    assert tainted(haircut, swapped(together=False))["gambling"] > 0.0


def test_depth_goes_through_the_swap_to_where_the_value_came_from() -> None:
    rows = feature_table(swapped(), spine(["z"], at(400)), views=(DEPTH,))
    assert rows["depth_greatest_30d_in_hops"].item() == 2.0  # thief, w


def test_a_trail_shows_asset_and_amount_beside_value() -> None:
    flow = trace(swapped(), "z", at(400), direction="backward")
    assert isinstance(flow, Flow)
    shown = flow.transfers[["sender", "amount", "asset", "value", "traced_amount"]]
    assert shown.to_numpy().tolist() == [
        ["w", 19_900.0, "USDC", 19_900.0, 19_900.0], ["thief", 10.0, "ETH", 20_000.0, 19_900.0],
    ]  # fmt: skip
    assert flow.unit == "USD"
    table = trace(swapped(), "z", at(400), views=(DEPTH,))
    assert table[["asset", "amount", "value"]].to_numpy().tolist()[0] == ["ETH", 10.0, 20_000.0]
