"""A swap of assets is a conversion: taint, depth and trails go through it, in value terms."""

from collections.abc import Callable

import pandas as pd
import pytest

from features import Ledger, feature_table, fifo, haircut, poison, trace
from features.trails.flow import Flow
from features.views.depth.depth import DEPTH
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


def test_poison_is_any_contact_and_knows_the_pool_too() -> None:
    assert set(tainted(poison, swapped())) == {"theft", "gambling"}


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
