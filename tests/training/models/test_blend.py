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

from training.models import ensemble  # noqa: E402 - torch must be there
from training.models.ensemble import seeds_of  # noqa: E402

if TYPE_CHECKING:
    from training.models.blend import BlendEstimator
    from training.networks.reading.source import GraphInputs

QUICK: dict[str, Any] = {"network": "graphsage", "networks": 2, "of": OF}
WEIGHTS = np.random.default_rng(0).uniform(0.5, 1.5, LEARNT)


def fitted(kind: str, parameters: dict[str, Any], inputs: Inputs, seed: int = 3) -> Any:
    model: Any = estimator_class(kind)(NAMES, seed=seed, parameters=parameters)
    return model.fit(inputs, ILLICIT[:LEARNT], WEIGHTS)


@pytest.fixture(scope="module")
def inputs() -> GraphInputs:
    model: Any = estimator_class("blend")(NAMES, seed=3, parameters=QUICK)
    return cast("GraphInputs", model.inputs(*table_and_where()))


@pytest.fixture(scope="module")
def blend(inputs: GraphInputs) -> BlendEstimator:
    return cast("BlendEstimator", fitted("blend", QUICK, inputs.take(np.arange(LEARNT))))


def test_it_says_the_mean_of_trees_and_networks(blend: BlendEstimator, inputs: GraphInputs) -> None:
    learnt = inputs.take(np.arange(LEARNT))
    seeds = seeds_of(3, 2)
    assert seeds[0] == 3 != seeds[1]
    networks = [fitted("graphsage", OF["graphsage"], learnt, seed) for seed in seeds]
    trees = fitted("lightgbm", OF["lightgbm"], Inputs(learnt.features))
    rows = Inputs(inputs.features)
    by_network = np.mean([network.log_odds(inputs) for network in networks], axis=0)
    assert not np.array_equal(*(network.log_odds(inputs) for network in networks))
    each, two = [network.explained(inputs) for network in networks], trees.contributions(rows)
    one = np.mean([told.contributions for told in each], axis=0)
    said = (trees.log_odds(rows) + by_network) / 2
    np.testing.assert_allclose(blend.log_odds(inputs), said, rtol=0, atol=1e-12)
    assert average_precision(ILLICIT[LEARNT:], said[LEARNT:]) > 0.95
    found = blend.explained(inputs)
    assert blend.reasons == (*NAMES, "own", "senders", "recipients", "labels")
    np.testing.assert_array_equal(found.contributions, blend.contributions(inputs))
    np.testing.assert_array_equal(found.contributions[:, : len(NAMES)], two[:, :-1] / 2)
    np.testing.assert_allclose(
        found.contributions[:, len(NAMES) : -1], one[:, :-1] / 2, rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(found.contributions.sum(axis=1), said, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.row, each[0].row)
    lost, without = (
        said[found.row] - found.without,
        np.mean([told.without for told in each], axis=0),
    )
    np.testing.assert_allclose(lost, (by_network[found.row] - without) / 2, rtol=0, atol=1e-9)
    assert np.abs(lost).max() > 0.1


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_however_many_rows_are_drawn_at_once_it_says_the_same(
    rows: int, blend: BlendEstimator, inputs: GraphInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = inputs.take(np.arange(20))
    whole = blend.explained(some)
    monkeypatch.setattr(ensemble, "EXPLAINED", rows)
    monkeypatch.setattr(ensemble, "CHUNK", rows)
    parts = blend.explained(some)
    np.testing.assert_array_equal(parts.row, whole.row)
    np.testing.assert_allclose(parts.without, whole.without, rtol=0, atol=1e-9)
    np.testing.assert_allclose(parts.contributions, whole.contributions, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        blend.log_odds(some), whole.contributions.sum(axis=1), rtol=0, atol=1e-9
    )
    none = blend.explained(inputs.take(np.arange(0)))
    assert none.contributions.shape == (0, len(blend.reasons) + 1)


def test_a_saved_blend_gives_the_same_bits(
    blend: BlendEstimator, inputs: GraphInputs, tmp_path: Path
) -> None:
    blend.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "blend.json", "graphsage-0.model.json", "graphsage-0.model.safetensors",
        "graphsage-1.model.json", "graphsage-1.model.safetensors", "lightgbm.model.txt",
    ]  # fmt: skip
    loaded = type(blend).load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.log_odds(inputs), blend.log_odds(inputs))
    some = inputs.take(np.arange(9))
    np.testing.assert_array_equal(loaded.contributions(some), blend.contributions(some))
    assert not loaded.reads_labels


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"network": "lightgbm", "networks": 2},
            "network of a blend must be a graph network, not 'lightgbm'",
        ),
        ({"network": "pna", "networks": 2}, "model.json"),
        ({"network": "graphsage", "networks": 3}, "model.json"),
        ({"network": "graphsage", "networks": 0}, "networks of model 'blend' must be"),
        ({"network": "graphsage", "networks": "2"}, "networks of model 'blend' must be"),
        ({"network": "graphsage"}, "blend.json does not hold a blend"),
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


def test_networks_that_read_otherwise_than_the_first_are_refused(
    blend: BlendEstimator, tmp_path: Path
) -> None:
    blend.save(tmp_path)
    file = tmp_path / "graphsage-1.model.json"
    content = json.loads(file.read_text())
    content["parameters"]["first_fan"] = 3
    file.write_text(json.dumps(content))
    with pytest.raises(RiskError, match="its networks differ in their parameters"):
        type(blend).load(tmp_path, NAMES)


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (NAMES, {"network": "hybrid"}, "must be a graph network, not 'hybrid'"),
        (NAMES, {"of": {"gine": {}}}, "parameters to gine; parts are pna and lightgbm"),
        (NAMES, {"of": {"lightgbm": {"trees": 0}}}, "trees of model 'lightgbm' must be 1"),
        (("senders",), {}, "columns senders bear the name of a part"),
        (NAMES, {"networks": 0}, "networks of model 'blend' must be 1 or more, at most 20"),
        (NAMES, {"folds": 3}, "has no parameter folds"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    names: tuple[str, ...], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(RiskError, match=message):
        estimator_class("blend")(names, seed=0, parameters=given)
