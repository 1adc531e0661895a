"""Scaling by rank: each column along its curve, as ``numpy.interp`` has it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from features import RiskError
from training.networks.reading.ranks import RankScaler

ROWS, COLUMNS = 400, 6


@pytest.fixture(scope="module")
def values() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rng = np.random.default_rng(0)
    made = rng.lognormal(size=(ROWS, COLUMNS))
    made[:, 1] = rng.integers(0, 3, ROWS)
    made[:, 2] = 7.0  # says one thing
    made[rng.random(ROWS) < 0.3, 3] = np.nan
    made[:, 4] = 2 * made[:, 0]  # a copy
    return made


def test_columns_go_along_their_curves_to_the_last_bit(
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    scaler = RankScaler.fit(values)
    assert scaler.kept.tolist() == [0, 1, 3, 5]
    assert scaler.flagged.tolist() == [3]
    asked = values * np.random.default_rng(1).choice([-1.0, 0.9, 1.0, 40.0], values.shape)
    asked[:3, 0] = np.inf, -np.inf, np.nan
    scaled = scaler.scale(np.asfortranarray(asked))
    curves = json.loads(json.dumps(scaler.to_json()))["knots"]
    for at, (place, curve) in enumerate(zip(scaler.kept, curves, strict=True)):
        column = asked[:, place]
        wanted = np.where(np.isfinite(column), np.interp(column, *curve), 0.0)
        np.testing.assert_array_equal(scaled[:, at], wanted)
    gaps = np.isnan(asked[:, 3]) - np.isnan(values[:, 3]).mean()
    np.testing.assert_array_equal(scaled[:, 4], gaps)
    again = RankScaler.from_json(scaler.to_json(), COLUMNS)
    np.testing.assert_array_equal(again.scale(asked), scaled)


def test_nothing_that_tells_is_no_column() -> None:
    scaler = RankScaler.fit(np.full((9, 2), 3.0))
    assert scaler.width == 0
    again = RankScaler.from_json(scaler.to_json(), 2)
    assert again.scale(np.ones((4, 2))).shape == (4, 0)


def test_what_does_not_fit_is_refused(
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    scaler = RankScaler.fit(values)
    with pytest.raises(RiskError, match="3 columns given, wanted 6"):
        scaler.scale(np.ones((1, 3)))
    content = scaler.to_json()
    with pytest.raises(RiskError, match="its places are not of 6 columns"):
        RankScaler.from_json({**content, "kept": [0, 1, 3, 9]}, COLUMNS)
    with pytest.raises(RiskError, match="a column has two curves"):
        RankScaler.from_json({**content, "kept": [0, 1, 3, 3]}, COLUMNS)
    first, *others = content["knots"]
    backwards = [[first[0][::-1], first[1]], *others]
    with pytest.raises(RiskError, match="the knots of column 0 do not rise"):
        RankScaler.from_json({**content, "knots": backwards}, COLUMNS)
