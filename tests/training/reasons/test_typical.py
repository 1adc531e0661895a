"""The typical wallet scores the base rate."""

import json

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from training import RiskModel, Trained
from training.calibration import log_odds_of
from training.reasons.typical import ROWS, TYPICAL, Typical, sample_rows, tilted


@pytest.mark.parametrize("wanted", [-3.0, -0.2, 0.0, 2.5])
def test_a_tilt_gives_the_wanted_mean(wanted: float) -> None:
    log_odds = np.random.default_rng(0).normal(-1.0, 2.0, 300)
    weights = tilted(log_odds, wanted)
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ log_odds == pytest.approx(wanted, abs=1e-9)


def test_a_tilt_towards_what_no_row_scores_takes_the_nearest() -> None:
    log_odds = np.array([-2.0, -1.0, 0.0])
    assert tilted(log_odds, 5.0) @ log_odds == pytest.approx(0.0, abs=1e-9)
    assert tilted(log_odds, -5.0) @ log_odds == pytest.approx(-2.0, abs=1e-9)
    assert tilted(np.array([1.0, 1.0]), 0.0) == pytest.approx([0.5, 0.5])


def test_the_base_of_every_row_reads_as_the_base_rate(
    trained: Trained, table: pd.DataFrame
) -> None:
    model = trained.model
    explained = model.explain(table)
    np.testing.assert_allclose(explained["base"], log_odds_of(model.base_rate), atol=1e-6)
    groups = model.explain_groups(explained)
    assert len(groups.columns) - 1 == len(model.grouping.meanings)
    np.testing.assert_allclose(groups.sum(axis=1), model.log_odds(table), rtol=0, atol=1e-9)


def test_a_sample_is_of_both_classes_and_bounded() -> None:
    y_true = np.array([1] * 10 + [0] * 2000, np.int8)
    rows = sample_rows(y_true, 0)
    assert (y_true[rows] == 1).sum() == 10
    assert (y_true[rows] == 0).sum() == ROWS
    np.testing.assert_array_equal(rows, sample_rows(y_true, 0))


def test_the_file_reads_back(trained: Trained) -> None:
    typical = trained.model.typical
    again = Typical.from_json(typical.to_json(), trained.model.reasons)
    assert again.contributions == typical.contributions


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"contributions": {"b": 1.0}}, "not of the model's reasons: a, b"),
        ({"contributions": {"a": "x"}}, "contributions.a: Input should be a valid number"),
        ({"quantiles": {}}, "quantiles: Extra inputs are not permitted"),
        ({"format": 2}, "format: Input should be 1"),
    ],
)
def test_a_broken_file_is_refused(change: dict[str, object], said: str) -> None:
    content = {"format": 1, "contributions": {"a": 1.0}} | change
    with pytest.raises(RiskError, match=said):
        Typical.from_json(json.dumps(content).encode(), ("a",))


def test_a_folder_without_it_is_refused(trained: Trained) -> None:
    parts = trained.model.parts
    files = {name: text for name, text in parts.files.items() if name != TYPICAL}
    with pytest.raises(RiskError, match=r"holds no typical.json: train the model again"):
        RiskModel(parts._replace(files=files))
