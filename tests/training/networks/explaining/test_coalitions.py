"""A score with only some of its players is that of the rows without the others."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from features import Ledger
from features.past import NO_LABELS
from tests.serving.conftest import LATER, random_transfers
from training.models.estimator import Where

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from training.networks.network import Architecture
    from training.networks.reading.batch import Batch

WALLETS = 12
OWN = ("one", "two")


@pytest.fixture(scope="module")
def made() -> tuple[Batch, Architecture]:
    """Rows among which some lack senders, recipients, both, or anybody who is known."""
    from training.models.graph_kinds import GraphSageEstimator
    from training.networks.reading.prepared import Prepared, Source

    kept = random_transfers(wallets=30, transfers=60)
    model = GraphSageEstimator(OWN, seed=0, parameters={"hidden": 8, "steps": 4, "third_fan": 2})
    spine = pd.DataFrame({"wallet": [f"w{n}" for n in range(WALLETS)], "as_of": [LATER] * WALLETS})
    own = np.random.default_rng(0).normal(size=(WALLETS, len(OWN)))
    where = Where.of_spine(Ledger.from_transfers(kept), spine, NO_LABELS)
    inputs = model.inputs(own, where)
    prepared = Prepared.fit(Source(inputs), np.arange(WALLETS), model._columns(), None)
    batch = prepared.batch(inputs, inputs.around(), torch.float64)
    known = batch.known.clone()
    known[batch.n_rows + 1 :: 9] = 1.0
    return batch._replace(known=known), model._shape(prepared)


def without(batch: Batch, player: str) -> Batch:
    """The rows as if a player told nothing, as a batch of its own."""
    if player == "own":
        nodes = batch.nodes.clone()
        nodes[: batch.n_rows] = 0.0
        return batch._replace(own=torch.zeros_like(batch.own), nodes=nodes)
    if player == "labels":
        return batch._replace(known=torch.zeros_like(batch.known))
    if player == "sequence":
        return batch._replace(present=torch.zeros_like(batch.present))
    side = ("senders", "recipients").index(player)
    edges, ages = list(batch.sides), list(batch.ages)
    near = edges[side].ends[0]
    ends = tuple(end - near for end in edges[side].ends)
    edges[side] = type(edges[side])(edges[side].index[:, near:], edges[side].state[near:], ends)
    ages[side] = ages[side][near:]
    return batch._replace(sides=(edges[0], edges[1]), ages=(ages[0], ages[1]))


@pytest.mark.parametrize("kind", ["graphsage", "gatv2", "gine", "pna"])
def test_a_coalition_is_the_network_without_the_others(
    made: tuple[Batch, Architecture], kind: str
) -> None:
    from training.networks.explaining.explanation import taken_apart
    from training.networks.network import GraphNetwork
    from training.networks.reading.batch import PLAYERS

    batch = made[0]
    torch.manual_seed(3)
    network = GraphNetwork(replace(made[1], kind=kind)).double().eval()
    with torch.inference_mode():
        for players in (PLAYERS, ("senders", "labels")):
            found = taken_apart(network, batch, players).coalitions
            for members in range(1 << len(players)):
                left = batch
                for at, player in enumerate(players):
                    left = left if members >> at & 1 else without(left, player)
                wanted = network.states(left).numpy()
                np.testing.assert_allclose(found[:, members], wanted, rtol=0, atol=1e-12)
        whole = taken_apart(network, batch, ()).coalitions[:, 0]
    np.testing.assert_allclose(whole, found[:, -1], rtol=0, atol=1e-12)


def test_who_tells_nothing_of_a_row_has_no_share_at_all(made: tuple[Batch, Architecture]) -> None:
    from training.networks.explaining.explanation import taken_apart
    from training.networks.explaining.shapley import shapley_values
    from training.networks.network import GraphNetwork
    from training.networks.reading.batch import PLAYERS

    batch, shape = made
    told = np.stack([batch.told_by(player) for player in PLAYERS], axis=1)
    assert (told.any(axis=0) & ~told.all(axis=0)).sum() >= 3  # of each some rows, not all
    with torch.inference_mode():
        apart = taken_apart(GraphNetwork(shape).double().eval(), batch, PLAYERS)
    np.testing.assert_array_equal(shapley_values(apart.coalitions[:, :, 0])[:, :-1] != 0, told)


def test_shapley_is_the_mean_over_orders() -> None:
    from training.networks.explaining.shapley import shapley_values

    values = np.random.default_rng(0).normal(size=(4, 8))
    found = shapley_values(values)
    np.testing.assert_array_equal(found[:, -1], values[:, 0])
    for player in range(3):
        gains = []
        for order in permutations(range(3)):
            before = sum(1 << other for other in order[: order.index(player)])
            gains.append(values[:, before | 1 << player] - values[:, before])
        np.testing.assert_allclose(found[:, player], np.mean(gains, axis=0), rtol=1e-12)
