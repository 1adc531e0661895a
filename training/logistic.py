"""Logistic regression on signed logarithms: the linear baseline, saved as plain JSON.

Each feature x becomes z = clip((sign(x) log(1 + |x|) - mean) / sd, -6, 6), the median where x is
nan, and a second column says whether it was nan. Both count into the feature's own contribution.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from training.estimator import Inputs, resolve_parameters, table_inputs

if TYPE_CHECKING:
    from features.ledger import Ledger

Float64 = NDArray[np.float64]

WEIGHTS = "logistic.json"
CLIP = 6.0


@dataclass(frozen=True, slots=True)
class Weights:
    """All that the linear model learnt; every array is float64 (k,).

    Parameters
    ----------
    median, mean, sd
        Of the signed logarithm of each feature in training.
    slope, missing_slope
        Log-odds per standard deviation, and for a missing value.
    intercept
        Log-odds of a row at the means with nothing missing.
    """

    median: Float64
    mean: Float64
    sd: Float64
    slope: Float64
    missing_slope: Float64
    intercept: float


class LogisticEstimator:
    """L2-regularised logistic regression; see :class:`training.estimator.Estimator`."""

    kind: ClassVar[str] = "logistic"
    reads: ClassVar[Literal["table", "ledger"]] = "table"
    # inverse strength of the L2 penalty, and the bound on Newton steps
    defaults: ClassVar[Mapping[str, Any]] = {"inverse_penalty": 0.1, "steps": 500}

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        self.feature_names = feature_names
        self.seed = seed
        self.parameters = resolve_parameters(self.kind, self.defaults, parameters)
        self.weights_: Weights | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """The features themselves."""
        return self.feature_names

    def inputs(self, ledger: Ledger, spine: pd.DataFrame, labels: pd.DataFrame | None) -> Inputs:
        """Compute the model's columns of the feature table."""
        return table_inputs(ledger, spine, labels, feature_names=self.feature_names)

    def fit(self, inputs: Inputs, y_true: NDArray[np.int8]) -> Self:
        """Learn from n rows; the optimum is unique, the seed changes nothing."""
        from sklearn.linear_model import LogisticRegression

        logs = _signed_log(inputs.features)
        missing = np.isnan(logs)
        filled = np.where(missing.all(axis=0), 0.0, logs)
        median = np.nanmedian(filled, axis=0)
        filled = np.where(missing, median, logs)
        mean, sd = filled.mean(axis=0), filled.std(axis=0)
        # rounding leaves a constant column with a tiny sd, and division would make noise of it
        sd = np.where(sd > 1e-9 * np.maximum(1.0, np.abs(mean)), sd, np.inf)
        design = np.hstack([_standardise(filled, mean, sd), missing])
        model = LogisticRegression(
            C=self.parameters["inverse_penalty"],
            solver="newton-cholesky",
            max_iter=self.parameters["steps"],
        ).fit(design, y_true)
        slopes = model.coef_[0]
        count = len(self.feature_names)
        self.weights_ = Weights(
            median, mean, sd, slopes[:count], slopes[count:], float(model.intercept_[0])
        )
        return self

    def log_odds(self, inputs: Inputs) -> Float64:
        """Return raw log-odds (n,), as the sum of the contributions."""
        parts: Float64 = self.contributions(inputs).sum(axis=1)
        return parts

    def contributions(self, inputs: Inputs) -> Float64:
        """Return (n, k + 1): slope times standardised distance from the mean; the base is last."""
        learnt = self._weights()
        logs = _signed_log(inputs.features)
        missing = np.isnan(logs)
        filled = np.where(missing, learnt.median, logs)
        parts = np.empty((len(logs), logs.shape[1] + 1))
        parts[:, :-1] = _standardise(filled, learnt.mean, learnt.sd) * learnt.slope
        parts[:, :-1] += missing * learnt.missing_slope
        parts[:, -1] = learnt.intercept
        return parts

    def save(self, directory: Path) -> None:
        """Write ``logistic.json``; floats are written so that they read back bit for bit."""
        content = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in asdict(self._weights()).items()
        }
        (directory / WEIGHTS).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read ``logistic.json``.

        Raises
        ------
        RiskError
            If it does not hold one number per feature in every array.
        """
        content = json.loads((directory / WEIGHTS).read_text(encoding="utf-8"))
        model = cls(feature_names, seed=0, parameters={})
        try:
            arrays = {name: np.array(content[name], np.float64) for name in Weights.__slots__[:-1]}
            model.weights_ = Weights(**arrays, intercept=float(content["intercept"]))
        except (KeyError, TypeError, ValueError) as error:
            raise RiskError(f"{WEIGHTS} does not hold logistic weights: {error!r}") from error
        for name, values in arrays.items():
            if values.shape != (len(feature_names),):
                raise RiskError(
                    f"{WEIGHTS}: {name} has shape {values.shape}, wanted ({len(feature_names)},)"
                )
        return model

    def _weights(self) -> Weights:
        if self.weights_ is None:
            raise RiskError("this logistic model has not been fitted")
        return self.weights_


def _signed_log(values: Float64) -> Float64:
    logs: Float64 = np.copysign(np.log1p(np.abs(values)), values)
    return logs


def _standardise(filled: Float64, mean: Float64, sd: Float64) -> Float64:
    return np.clip((filled - mean) / sd, -CLIP, CLIP)
