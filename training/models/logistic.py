"""Logistic regression on signed logarithms: the linear baseline, saved as plain JSON.

What it reads is scaled by :class:`training.models.scaling.Scaler`; a feature's value and whether
it is missing both count into the feature's own contribution.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from features.json_file import read_json
from training.models.estimator import Configured, Inputs
from training.models.finite import require_finite
from training.models.ranges import Range
from training.models.scaling import Scaler

Float64 = NDArray[np.float64]

WEIGHTS = "logistic.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """All that the linear model learnt of k features.

    Parameters
    ----------
    scaler
        Of the features.
    slope, missing_slope
        float64 (k,), log-odds per standard deviation, and for a missing value.
    intercept
        Log-odds of a row at the means with nothing missing.
    """

    scaler: Scaler
    slope: Float64
    missing_slope: Float64
    intercept: float


class LogisticEstimator(Configured):
    """L2-regularised logistic regression; see :class:`training.models.estimator.Estimator`."""

    kind: ClassVar[str] = "logistic"
    reads: ClassVar[Literal["table", "ledger"]] = "table"
    # inverse strength of the L2 penalty, and the bound on Newton steps
    defaults: ClassVar[Mapping[str, Any]] = {"inverse_penalty": 0.1, "steps": 500}
    ranges: ClassVar[Mapping[str, Range]] = {
        "inverse_penalty": Range(0, open_low=True),
        "steps": Range(1),
    }
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    weights_: Weights | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """The features themselves."""
        return self.feature_names

    def fit(self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Learn from n rows; the optimum is unique, the seed changes nothing."""
        from sklearn.linear_model import LogisticRegression

        scaler = Scaler.fit(inputs.features)
        model = LogisticRegression(
            C=self.parameters["inverse_penalty"],
            solver="newton-cholesky",
            max_iter=self.parameters["steps"],
        ).fit(scaler.scale(inputs.features), y_true, sample_weight=weights)
        slope, missing_slope = np.split(model.coef_[0], 2)
        self.weights_ = Weights(scaler, slope, missing_slope, float(model.intercept_[0]))
        return self

    def log_odds(self, inputs: Inputs) -> Float64:
        """Return raw log-odds (n,), as the sum of the contributions."""
        # sums round by the layout of the array, which must not decide
        parts: Float64 = np.ascontiguousarray(self.contributions(inputs)).sum(axis=1)
        return parts

    def contributions(self, inputs: Inputs) -> Float64:
        """Return (n, k + 1): slope times standardised distance from the mean; the base is last."""
        learnt = self._weights()
        values, missing = np.split(learnt.scaler.scale(inputs.features), 2, axis=1)
        own = values * learnt.slope + missing * learnt.missing_slope
        return np.hstack([own, np.full((len(own), 1), learnt.intercept)])

    def save(self, directory: Path) -> None:
        """Write ``logistic.json``; floats are written so that they read back bit for bit."""
        learnt = self._weights()
        content = {
            "scaler": learnt.scaler.to_json(),
            "slope": learnt.slope.tolist(),
            "missing_slope": learnt.missing_slope.tolist(),
            "intercept": learnt.intercept,
        }
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (directory / WEIGHTS).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read ``logistic.json``.

        Raises
        ------
        RiskError
            If it does not hold one finite number per feature in every array.
        """
        content = read_json(directory / WEIGHTS)
        model = cls(feature_names, seed=0, parameters={})
        count = len(feature_names)
        try:
            scaler = Scaler.from_json(content["scaler"], count)
            slopes = np.array([content["slope"], content["missing_slope"]], np.float64)
            model.weights_ = Weights(scaler, slopes[0], slopes[1], float(content["intercept"]))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, RiskError):
                raise
            raise RiskError(f"{WEIGHTS} does not hold logistic weights: {error!r}") from error
        if slopes.shape != (2, count):
            raise RiskError(f"{WEIGHTS}: slopes have shape {slopes.shape}, wanted (2, {count})")
        require_finite(WEIGHTS, {"slope": slopes, "intercept": model.weights_.intercept})
        return model

    def _weights(self) -> Weights:
        if self.weights_ is None:
            raise RiskError("this logistic model has not been fitted")
        return self.weights_
