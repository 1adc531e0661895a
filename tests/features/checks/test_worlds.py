"""Random worlds meet the contracts and hold what makes views stumble."""

import numpy as np
import pandas as pd

from features import check_labels, check_spine, check_transfers
from features.checks.worlds import STRANGER, WALLETS, World, random_world

WORLDS = [random_world(np.random.default_rng(seed)) for seed in range(40)]


def test_worlds_meet_the_contracts() -> None:
    for world in WORLDS:
        assert len(check_transfers(world.transfers)) == len(world.transfers)
        assert len(check_labels(world.labels)) == len(world.labels)
        assert len(check_spine(world.spine)) == len(world.spine)


def test_worlds_are_full_of_trouble() -> None:
    transfers = pd.concat([world.transfers for world in WORLDS], keys=range(len(WORLDS)))
    assert (transfers["sender"] == transfers["recipient"]).any()
    assert (transfers["amount"] == 0).any()
    assert (transfers["position"] > 0).any()
    assert (
        transfers.groupby(level=0)["timestamp"].apply(lambda times: times.duplicated().any()).any()
    )
    asked = pd.concat([world.spine for world in WORLDS], keys=range(len(WORLDS)))
    assert STRANGER in set(asked["wallet"])
    both = asked["as_of"].reset_index(level=0), transfers["timestamp"].reset_index(level=0)
    exact = both[0].merge(both[1], left_on=["level_0", "as_of"], right_on=["level_0", "timestamp"])
    assert len(exact)


def test_one_seed_draws_one_world() -> None:
    first, again, other = (random_world(np.random.default_rng(seed)) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first.transfers, again.transfers)
    pd.testing.assert_frame_equal(first.labels, again.labels)
    pd.testing.assert_frame_equal(first.spine, again.spine)
    assert not first.transfers.equals(other.transfers)


def test_largest_amounts_are_of_either_side() -> None:
    world: World = WORLDS[0]
    largest = world.largest_amounts()
    for wallet, amount in zip(world.spine["wallet"], largest, strict=True):
        of = world.transfers
        moved = of["amount"][(of["sender"] == wallet) | (of["recipient"] == wallet)]
        assert amount == (moved.max() if len(moved) else 0.0)


def test_a_renamed_world_has_other_codes() -> None:
    world = WORLDS[0]
    names = {wallet: wallet[::-1] for wallet in [*WALLETS, STRANGER]}
    assert set(world.renamed(names).spine["wallet"]) <= set(names.values())
