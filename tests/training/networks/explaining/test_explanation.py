"""What is said without a transfer is what is said where it was never drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from features import Ledger
from features.past import NO_LABELS
from tests.serving.conftest import LATER, random_transfers
from training.models.estimator import Where

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from training.models.graph_network import GraphEstimator
    from training.networks.reading.source import Around, GraphInputs

WALLETS = 12
OWN = ("one", "two")


@pytest.fixture(params=["graphsage", "gatv2", "gine", "pna"])
def made(request: pytest.FixtureRequest) -> tuple[GraphEstimator, GraphInputs]:
    """A network of each kind as it was drawn, and rows of wallets of which some lack a side."""
    from training.models.kinds import estimator_class
    from training.networks.network import GraphNetwork
    from training.networks.reading.prepared import Prepared, Source

    parameters = {"hidden": 8, "steps": 4, "first_fan": 6, "second_fan": 4}
    model: Any = estimator_class(request.param)(OWN, seed=0, parameters=parameters)
    kept = random_transfers(wallets=30, transfers=90)
    spine = pd.DataFrame({"wallet": [f"w{n}" for n in range(WALLETS)], "as_of": [LATER] * WALLETS})
    own = np.random.default_rng(0).normal(size=(WALLETS, len(OWN)))
    where = Where.of_spine(Ledger.from_transfers(kept), spine, NO_LABELS)
    inputs = model.inputs(own, where).drawn()
    model.prepared_ = Prepared.fit(Source(inputs), np.arange(WALLETS), model._columns(), None)
    torch.manual_seed(0)
    model.network_ = GraphNetwork(model._shape(model.prepared_)).double().eval()
    return model, inputs


def without(around: Around, row: int, transfer: int) -> Around:
    """What lies around the rows had one transfer of a wallet not been made."""
    drawn = around.subgraphs
    gone = (drawn.parent == row) & (drawn.transfer == transfer)
    assert gone.sum() == 1
    kept = np.flatnonzero(~gone)
    return around._replace(
        subgraphs=drawn._replace(
            child=drawn.child[kept], parent=drawn.parent[kept], side=drawn.side[kept],
            transfer=drawn.transfer[kept], values=drawn.values[kept],
        )
    )  # fmt: skip


def test_a_transfer_is_taken_out_as_if_it_had_not_been_made(
    made: tuple[GraphEstimator, GraphInputs],
) -> None:
    from dataclasses import replace

    model, inputs = made
    told, around = inputs.told, inputs.around()
    (apart,) = model.taken_apart(inputs, transfers=True)
    found = apart.without
    np.testing.assert_array_equal(apart.row, told.row)
    np.testing.assert_array_equal(found[:, 0], model.explained(inputs).without)
    assert len(found) == len(told.row) > WALLETS
    for place in range(0, len(told.row), 5):
        row = int(told.row[place])
        less = replace(inputs, held=without(around, row, int(told.transfer[place])))
        wanted = model.states(less)[row]
        np.testing.assert_allclose(found[place], wanted, rtol=0, atol=1e-12)
