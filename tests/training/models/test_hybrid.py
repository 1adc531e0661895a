"""The hybrid: what arrives over edges reaches the trees, reasons of both halves add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from features import RiskError
from tests.training.models.one_sender import ILLICIT, LEARNT, NAMES, OF, WALLETS, table_and_where
from training.metrics import average_precision

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from training.models.hybrid import HybridEstimator
    from training.networks.reading.source import GraphInputs

QUICK: dict[str, Any] = {"folds": 2, "directions": 2, "of": OF}


@pytest.fixture(scope="module")
def inputs() -> GraphInputs:
    from training.models.hybrid import HybridEstimator

    return HybridEstimator(NAMES, seed=3, parameters=QUICK).inputs(*table_and_where())


@pytest.fixture(scope="module")
def hybrid(inputs: GraphInputs) -> HybridEstimator:
    from training.models.hybrid import HybridEstimator

    model = HybridEstimator(NAMES, seed=3, parameters=QUICK)
    return model.fit(inputs.take(np.arange(LEARNT)), ILLICIT[:LEARNT], np.ones(LEARNT))


def test_the_trees_see_what_arrives_over_edges(
    hybrid: HybridEstimator, inputs: GraphInputs
) -> None:
    said = hybrid.log_odds(inputs)
    assert average_precision(ILLICIT[LEARNT:], said[LEARNT:]) > 0.95
    alone = [hybrid.log_odds(inputs.take(np.array([row])))[0] for row in range(LEARNT, WALLETS, 9)]
    np.testing.assert_allclose(alone, said[LEARNT::9], rtol=0, atol=1e-9)


def test_reasons_of_both_halves_add_up(hybrid: HybridEstimator, inputs: GraphInputs) -> None:
    some = inputs.take(np.arange(60))
    parts = hybrid.contributions(some)
    assert hybrid.reasons == (*NAMES, "own", "senders", "recipients", "labels")
    np.testing.assert_allclose(parts.sum(axis=1), hybrid.log_odds(some), rtol=0, atol=1e-9)
    told = dict(zip(hybrid.reasons, parts[:, :-1].std(axis=0), strict=True))
    assert told.pop("senders") > 3 * max(told.values())
    assert not parts[:, hybrid.reasons.index("labels")].any()  # none was known
    assert np.ptp(parts[:, -1]) < 1e-12


def test_its_columns_are_of_networks_that_did_not_learn_from_the_wallet(
    inputs: GraphInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.models.graph_kinds import GraphSageEstimator
    from training.models.hybrid import HybridEstimator
    from training.models.trees import TreesEstimator

    wallets = np.arange(LEARNT) // 2  # two rows each
    some = inputs.take(np.arange(LEARNT))
    wallet_at = dict(zip(some.as_of.tolist(), wallets.tolist(), strict=True))
    learnt: list[set[int]] = []

    def fit_groups(self: Any, rows: GraphInputs, *rest: Any) -> Any:
        self.memory = {wallet_at[instant] for instant in rows.as_of.tolist()}
        learnt.append(self.memory)
        return self

    def states(self: Any, rows: GraphInputs) -> Any:
        """Say of each row whether its wallet was learnt from."""
        known = [float(wallet_at[instant] in self.memory) for instant in rows.as_of.tolist()]
        return np.repeat(known, 3).reshape(-1, 3)

    seen: list[Any] = []
    monkeypatch.setattr(GraphSageEstimator, "fit_groups", fit_groups)
    monkeypatch.setattr(GraphSageEstimator, "states", states)
    monkeypatch.setattr(TreesEstimator, "fit", lambda self, table, *_: seen.append(table))
    model = HybridEstimator(NAMES, seed=0, parameters={"folds": 3, "directions": 0})
    model.fit_groups(some, ILLICIT[:LEARNT], np.ones(LEARNT), wallets)
    assert len(learnt) == 1 + 3
    assert len(learnt[0]) == LEARNT // 2
    assert not seen[0].features[:, -1].any()


def test_a_saved_hybrid_gives_the_same_bits(
    hybrid: HybridEstimator, inputs: GraphInputs, tmp_path: Path
) -> None:
    hybrid.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "graphsage.model.json", "graphsage.model.safetensors", "hybrid.json", "lightgbm.model.txt",
    ]  # fmt: skip
    loaded = type(hybrid).load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.log_odds(inputs), hybrid.log_odds(inputs))
    some = inputs.take(np.arange(9))
    np.testing.assert_array_equal(loaded.contributions(some), hybrid.contributions(some))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "lightgbm"}, "must be a graph network, not 'lightgbm'"),
        ({"directions": {"vectors": [[1.0]], "offset": [0.0]}}, "states of 1 numbers, those of"),
        ({"directions": {"vectors": [[1.0]], "offset": []}}, "are no directions"),
        ({"directions": {"vectors": [[None]], "offset": [0.0]}}, "1 weights of vectors"),
        ({"directions": 3}, "hybrid.json does not hold a hybrid"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    change: dict[str, Any], message: str, hybrid: HybridEstimator, tmp_path: Path
) -> None:
    hybrid.save(tmp_path)
    content = json.loads((tmp_path / "hybrid.json").read_text())
    (tmp_path / "hybrid.json").write_text(json.dumps({**content, **change}))
    with pytest.raises(RiskError, match=message):
        type(hybrid).load(tmp_path, NAMES)


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (NAMES, {"network": "lightgbm"}, "must be a graph network, not 'lightgbm'"),
        (NAMES, {"network": "hybrid"}, "must be a graph network, not 'hybrid'"),
        (NAMES, {"of": {"gine": {}}}, "parameters to gine; parts are graphsage and lightgbm"),
        (NAMES, {"of": {"graphsage": {"hidden": 0}}}, "hidden of model 'graphsage' must be 1"),
        (("own",), {}, "columns own bear the name of a part"),
        (NAMES, {"folds": 1}, "folds of model 'hybrid' must be 2 or more"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    names: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    from training.models.hybrid import HybridEstimator

    with pytest.raises(RiskError, match=message):
        HybridEstimator(names, seed=0, parameters=given)


def test_shares_change_by_their_size_alone() -> None:
    from training.networks.explaining.shapley import shared_out

    shares = np.array([[3.0, -1.0, 0.0], [0.0, 0.0, 0.0], [1.0, -1.0, 0.0]])
    found = shared_out(shares, np.array([6.0, 0.5, 0.2]))
    np.testing.assert_allclose(found, [[6.0, 0.0, 0.0], [0.5, 0.0, 0.0], [1.1, -0.9, 0.0]])
