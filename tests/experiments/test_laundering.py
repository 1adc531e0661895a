"""The planted world holds what its truth says, and money in it is conserved."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from experiments.common.flows import MOST_KEPT, SWAP_FEE, Plan
from experiments.common.laundering import PlantedWorld, Sizes, chain_of_parts, labels, plant
from features import check_labels, check_transfers

SMALL = Sizes(wallets=2_000, transfers=6_000, schemes=8)


@pytest.fixture(scope="module")
def world() -> PlantedWorld:
    return plant(1, SMALL)


def test_equal_seeds_give_equal_worlds(world: PlantedWorld) -> None:
    again = plant(1, SMALL)
    pd.testing.assert_frame_equal(again.transfers, world.transfers)
    pd.testing.assert_frame_equal(again.illicit, world.illicit)
    assert not plant(2, SMALL).transfers.equals(world.transfers)


def test_the_world_meets_the_contracts(world: PlantedWorld) -> None:
    assert len(check_transfers(world.transfers)) == len(world.transfers)
    assert len(check_labels(labels(world, thieves=False))) == 6
    assert len(check_labels(labels(world, thieves=True))) == 6 + SMALL.schemes


def test_wallets_of_one_use_receive_before_they_send_and_no_less(world: PlantedWorld) -> None:
    rows = world.transfers
    for wallet in world.illicit.loc[world.illicit["fresh"], "wallet"].sample(60, random_state=0):
        mine = rows[(rows["sender"] == wallet) | (rows["recipient"] == wallet)]
        signed = np.where(mine["recipient"] == wallet, mine["amount"], -mine["amount"])
        assert signed.cumsum().min() >= -1e-3
        received, sent = signed[signed > 0].sum(), -signed[signed < 0].sum()
        assert received * (1 - MOST_KEPT - 0.3 * SWAP_FEE) - 1e-3 <= sent <= received + 1e-3


def test_hops_count_the_transfers_from_the_thief(world: PlantedWorld) -> None:
    told = world.schemes
    reached = world.illicit.groupby("scheme")["hop"].max()
    assert reached.tolist() == told["hops"].tolist()
    for scheme in told.index.tolist():
        of = world.illicit[world.illicit["scheme"] == scheme]
        hop = of.drop_duplicates("wallet").set_index("wallet")["hop"]
        inside = world.transfers[
            world.transfers["sender"].isin(hop.index) & world.transfers["recipient"].isin(hop.index)
        ]
        steps = hop.loc[inside["recipient"]].to_numpy() - hop.loc[inside["sender"]].to_numpy()
        assert (steps == 1).mean() > 0.95, scheme  # a reused wallet may have met another before
        assert of.loc[of["role"] == "end", "value"].sum() > 0.7 * told["value"].tolist()[scheme]


def test_thefts_stay_in_their_half(world: PlantedWorld) -> None:
    late = world.schemes.index % 2 == 1
    assert (world.schemes.loc[late, "begin"] >= world.middle).all()
    assert (world.schemes.loc[~late, "end"] < world.middle).all()


def test_both_legs_of_a_swap_are_one_transaction(world: PlantedWorld) -> None:
    rows = world.transfers
    both = rows[rows.duplicated("tx_id", keep=False)].sort_values(["tx_id", "position"])
    first, second = both.iloc[::2], both.iloc[1::2]
    assert len(first) > 100
    assert (first["recipient"].to_numpy() == second["sender"].to_numpy()).all()
    np.testing.assert_allclose(
        second["amount"].to_numpy(), first["amount"].to_numpy() * (1 - SWAP_FEE)
    )
    assert (first["timestamp"].to_numpy() == second["timestamp"].to_numpy()).all()


@pytest.mark.parametrize(("hops", "parts", "width"), [(1, 1, 1), (6, 2, 2), (6, 50, 7), (3, 5, 5)])
def test_a_chain_of_parts_conserves_value_and_keeps_order(
    hops: int, parts: int, width: int
) -> None:
    rows = chain_of_parts(hops, parts, width=width)
    assert len(rows) == hops * parts
    assert all(earlier[0] <= later[0] for earlier, later in pairwise(rows))
    balance: dict[str, float] = {"c0": 64.0}
    for _, sender, recipient, amount in rows:
        balance[sender] -= amount
        assert balance[sender] > -1e-9
        balance[recipient] = balance.get(recipient, 0.0) + amount
    assert balance.pop(f"c{hops}") == pytest.approx(64.0)
    assert max(map(abs, balance.values())) < 1e-9
    assert len(balance) == 1 + (hops - 1) * width


def test_what_is_no_chain_or_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="1 <= width <= parts"):
        chain_of_parts(3, 2, width=3)
    with pytest.raises(ValueError, match="shares must be in"):
        Plan(3, 2, 60.0, mixing=1.0)
