"""A reference is the same before and after its file, names no wallet, and is checked when read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from features import RiskError
from tests.training.watch.conftest import COLUMNS
from training import RiskModel
from training.model_folder import REFERENCE
from training.watch.reference import PARTS, SAMPLE_VALUES, Reference


def made(rows: int = 400, width: int = 3) -> Reference:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(rows, width))
    features[:, -1] = np.nan
    y_true = (np.arange(rows) % 4 == 0).astype(np.int8)
    log_odds = generator.normal(size=rows) + y_true
    names = tuple(f"c{number}" for number in range(width))
    return Reference.of(features, log_odds, y_true, names, base_rate=0.1)


def content(**changed: Any) -> bytes:
    told = json.loads(made().to_json())
    told |= changed
    return json.dumps({name: value for name, value in told.items() if value != "gone"}).encode()


def test_it_is_the_same_after_its_file() -> None:
    before = made()
    after = Reference.from_json(before.to_json())
    for name in Reference.__slots__:
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name), err_msg=name)
    assert after.to_json() == before.to_json()


def test_it_says_what_the_rows_were() -> None:
    reference = made(4000)
    assert reference.prevalence == 0.25
    assert reference.quantiles[0, PARTS // 2] == pytest.approx(0.0, abs=0.1)
    assert np.isnan(reference.quantiles[-1]).all()
    assert reference.missing.tolist() == [0.0, 0.0, 1.0]
    assert reference.illicit.sum() + reference.licit.sum() == 4000
    assert repr(reference).startswith("<Reference 4000 rows of 3 columns, 25.0% of them illicit")


def test_a_wide_table_keeps_few_rows() -> None:
    reference = made(400, 1000)
    assert reference.sample.shape == (SAMPLE_VALUES // 1000, 1000)
    assert len(reference.sample_illicit) == SAMPLE_VALUES // 1000


def test_a_model_folder_keeps_one(model: RiskModel) -> None:
    reference = Reference.of_model(model)
    assert reference.names == model.feature_names == tuple(COLUMNS)
    assert reference.rows == 1500
    assert reference.base_rate == model.base_rate
    assert b"s1w0" not in model.parts.files[REFERENCE]  # no wallet is named


def test_a_model_that_keeps_none_says_so(model: RiskModel) -> None:
    files = {name: kept for name, kept in model.parts.files.items() if name != REFERENCE}
    bare = RiskModel(model.parts._replace(files=files), model.views)
    with pytest.raises(RiskError, match=r"keeps no reference.json.*train it again"):
        Reference.of_model(bare)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rows": "gone"}, "rows: Field required"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
        ({"format": 2}, "format: Input should be 1"),
        ({"rows": "4"}, "rows: Input should be a valid integer"),
        ({"base_rate": 1.0}, "base_rate: Input should be less than 1"),
        ({"names": ["a", "a", "b"]}, "a column is named twice"),
        ({"missing": [0.0]}, "need 100 quantiles and one share of nan each"),
        ({"sample": [[1.0]], "sample_illicit": [1]}, "a row of the sample has not 3 values"),
        ({"sample": []}, "every row of the sample needs its class"),
        ({"edges": [1.0]}, "counts of a class must be one more than the edges"),
        ({"edges": [1.0, 0.0], "illicit": [1.0] * 3, "licit": [1.0] * 3}, "edges must rise"),
        ({"edges": [], "illicit": [0.0], "licit": [9.0]}, "a class has no rows"),
        ({"quantiles": [[1.0, 0.0] * 50] * 3}, "quantiles must rise"),
        ({"pr_auc": float("nan")}, "pr_auc: Input should be"),
    ],
)
def test_a_changed_file_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(RiskError, match=said):
        Reference.from_json(content(**changed))


def test_text_is_no_reference() -> None:
    with pytest.raises(RiskError, match=r"reference.json is no JSON"):
        Reference.from_json(b"no")


@pytest.mark.parametrize(
    ("rows", "scores", "labels", "said"),
    [
        ((4, 2), 4, [1, 0, 1, 0], "needs features of shape"),
        ((4, 1), 3, [1, 0, 1, 0], "and as many scores"),
        ((4, 1), 4, [1, 1, 1, 1], "rows of both classes"),
    ],
)
def test_rows_that_are_none_are_refused(
    rows: tuple[int, int], scores: int, labels: list[int], said: str
) -> None:
    with pytest.raises(RiskError, match=said):
        Reference.of(
            np.zeros(rows), np.zeros(scores), np.array(labels, np.int8), ("a",), base_rate=0.1
        )
