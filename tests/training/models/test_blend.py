"""The blend: the mean of two models that were fitted by themselves, in score and reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from features import RiskError
from tests.training.models.one_sender import ILLICIT, LEARNT, NAMES, OF, table_and_where
from training.metrics import average_precision
from training.models.estimator import Inputs
from training.models.kinds import estimator_class

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from training.models.blend import BlendEstimator
    from training.networks.reading.source import GraphInputs

QUICK: dict[str, Any] = {"network": "graphsage", "of": OF}
WEIGHTS = np.random.default_rng(0).uniform(0.5, 1.5, LEARNT)


def fitted(kind: str, parameters: dict[str, Any], inputs: Inputs) -> Any:
    model: Any = estimator_class(kind)(NAMES, seed=3, parameters=parameters)
    return model.fit(inputs, ILLICIT[:LEARNT], WEIGHTS)


@pytest.fixture(scope="module")
def inputs() -> GraphInputs:
    model: Any = estimator_class("blend")(NAMES, seed=3, parameters=QUICK)
    return cast("GraphInputs", model.inputs(*table_and_where()))


@pytest.fixture(scope="module")
def blend(inputs: GraphInputs) -> BlendEstimator:
    return cast("BlendEstimator", fitted("blend", QUICK, inputs.take(np.arange(LEARNT))))


def test_it_says_the_mean_of_both_parts(blend: BlendEstimator, inputs: GraphInputs) -> None:
    learnt = inputs.take(np.arange(LEARNT))
    network = fitted("graphsage", OF["graphsage"], learnt)
    trees = fitted("lightgbm", OF["lightgbm"], Inputs(learnt.features))
    rows = Inputs(inputs.features)
    one, two = network.explained(inputs), trees.contributions(rows)
    said = (network.log_odds(inputs) + trees.log_odds(rows)) / 2
    np.testing.assert_array_equal(blend.log_odds(inputs), said)
    assert average_precision(ILLICIT[LEARNT:], said[LEARNT:]) > 0.95
    found = blend.explained(inputs)
    assert blend.reasons == (*NAMES, "own", "senders", "recipients", "labels")
    np.testing.assert_array_equal(found.contributions, blend.contributions(inputs))
    np.testing.assert_array_equal(found.contributions[:, : len(NAMES)], two[:, :-1] / 2)
    np.testing.assert_array_equal(
        found.contributions[:, len(NAMES) : -1], one.contributions[:, :-1] / 2
    )
    np.testing.assert_allclose(found.contributions.sum(axis=1), said, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.row, one.row)
    lost, by_network = said[found.row] - found.without, network.log_odds(inputs)[one.row]
    np.testing.assert_allclose(lost, (by_network - one.without) / 2, rtol=0, atol=1e-9)
    assert np.abs(lost).max() > 0.1


def test_a_saved_blend_gives_the_same_bits(
    blend: BlendEstimator, inputs: GraphInputs, tmp_path: Path
) -> None:
    blend.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "blend.json", "graphsage.model.json", "graphsage.model.safetensors", "lightgbm.model.txt",
    ]  # fmt: skip
    loaded = type(blend).load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.log_odds(inputs), blend.log_odds(inputs))
    some = inputs.take(np.arange(9))
    np.testing.assert_array_equal(loaded.contributions(some), blend.contributions(some))
    assert not loaded.reads_labels


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"network": "lightgbm"}, "network of a blend must be a graph network, not 'lightgbm'"),
        ({"network": "pna"}, "model.json"),
        ({}, "blend.json does not hold a blend"),
        ([], "blend.json does not hold a blend"),
    ],
)
def test_parts_that_are_not_there_are_refused(
    content: Any, message: str, blend: BlendEstimator, tmp_path: Path
) -> None:
    blend.save(tmp_path)
    (tmp_path / "blend.json").write_text(json.dumps(content))
    with pytest.raises(RiskError, match=message):
        type(blend).load(tmp_path, NAMES)


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (NAMES, {"network": "hybrid"}, "must be a graph network, not 'hybrid'"),
        (NAMES, {"of": {"gine": {}}}, "parameters to gine; parts are pna and lightgbm"),
        (NAMES, {"of": {"lightgbm": {"trees": 0}}}, "trees of model 'lightgbm' must be 1"),
        (("senders",), {}, "columns senders bear the name of a part"),
        (NAMES, {"folds": 3}, "has no parameter folds"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    names: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(RiskError, match=message):
        estimator_class("blend")(names, seed=0, parameters=given)
