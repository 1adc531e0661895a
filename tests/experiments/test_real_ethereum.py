"""The control of experiment 0001 that deals neighbours to other rows."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.past import NO_LABELS
from features.views import definitions
from tests.strategies import at, spine, transfers

torch = pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "0001-real-ethereum"))

from shuffled_edges import dealt, edges_shuffled  # noqa: E402 - its folder must be importable first

from training.models.estimator import inputs_of  # noqa: E402
from training.models.kinds import estimator_class  # noqa: E402
from training.networks.layers import Edges  # noqa: E402


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_dealing_keeps_how_many_and_changes_whose(near: int, far: int, seed: int) -> None:
    count = near + far
    index = torch.stack([torch.arange(count) + 10, torch.arange(count).sort().values // 3])
    real = Edges(index, torch.arange(count)[:, None].float(), (near, count))
    shuffled, ages = dealt(real, real.state + 0.5, torch.Generator().manual_seed(seed))
    assert torch.equal(real.index[1], shuffled.index[1])
    assert torch.equal(real.index[:, near:], shuffled.index[:, near:])
    assert torch.equal(real.index[0], shuffled.index[0].sort().values)
    assert torch.equal(shuffled.state[:, 0] + 10, shuffled.index[0].float())
    assert torch.equal(ages, shuffled.state + 0.5)


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
