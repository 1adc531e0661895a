"""The control of experiment 0001 that deals neighbours to other rows."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.ledger import microseconds
from features.past import NO_LABELS, past_of
from features.subgraphs import Subgraphs, subgraphs
from features.views import definitions
from tests.strategies import World, at, spine, transfers, worlds

pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "0001-real-ethereum"))

from shuffled_edges import dealt, edges_shuffled, order_of  # noqa: E402 - its folder must be importable first

from training.models.estimator import inputs_of  # noqa: E402
from training.models.kinds import estimator_class  # noqa: E402


def collect(ledger: Ledger, rows: pd.DataFrame) -> Subgraphs:
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    return subgraphs(asked, fan_out=(3, 2))


@given(worlds(), st.integers(0, 2**32 - 1))
def test_dealing_keeps_how_many_and_changes_whose(world: World, seed: int) -> None:
    real = collect(world.ledger(), world.spine)
    shuffled = dealt(real, order_of(real, seed))
    np.testing.assert_array_equal(real.parent, shuffled.parent)
    np.testing.assert_array_equal(real.side, shuffled.side)
    far = real.parent >= real.n_rows
    np.testing.assert_array_equal(real.child[far], shuffled.child[far])
    assert sorted(real.child) == sorted(shuffled.child)


def test_graph_networks_learn_and_score_on_shuffled_edges_inside_and_real_ones_after() -> None:
    pairs = transfers((i, f"a{i}", f"b{i}", 1.0 + i) for i in range(50))
    ledger, rows = Ledger.from_transfers(pairs), spine([f"a{i}" for i in range(50)], at(100))
    parameters = {"epochs": 1, "hidden": 4, "steps": 0, "batch_rows": 16}
    model = estimator_class("graphsage")(("coverage_in_count",), seed=0, parameters=parameters)
    given = inputs_of(model, np.arange(50.0)[:, None], ledger, rows, NO_LABELS)
    y_true = (np.arange(50) % 2).astype(np.int8)
    with edges_shuffled():
        model.fit(given, y_true, np.ones(50))
        shuffled = model.log_odds(given)
    real = model.log_odds(given)
    assert np.not_equal(shuffled, real).mean() > 0.5
    np.testing.assert_array_equal(model.log_odds(given), real)


def test_its_figures_are_of_the_columns_of_today() -> None:
    told = json.loads((ROOT / "experiments/0001-real-ethereum/result.json").read_text())
    assert told.get("feature_definitions") == definitions(), (
        "the views have changed since: run python experiments/0001-real-ethereum/run.py"
    )
