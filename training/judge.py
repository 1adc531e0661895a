"""From what an estimator reads of rows to what is said of them."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from training.calibration import log_odds_of, probability_of
from training.categories import Categories
from training.manifest import ModelError
from training.model_folder import ModelParts
from training.models.estimator import Explained, Inputs, LedgerEstimator
from training.scores import Scores, statuses

Float64 = NDArray[np.float64]


class Judge(NamedTuple):
    """A loaded model's way from inputs to scores.

    Attributes
    ----------
    parts
        Estimator, calibration and manifest.
    categories
        Which kind of illicit, where the model tells it.
    usual
        float64 (c,), contributions of the wallet that reasons are told against.
    """

    parts: ModelParts
    categories: Categories | None
    usual: Float64

    def __call__(self, inputs: Inputs, counts: Float64, *, reasons: bool) -> Scores:
        """Score all rows, then say of thin histories only the base rate."""
        estimator, calibration, manifest = self.parts[:3]
        apart = None
        if reasons and estimator.reads == "ledger":
            apart = cast("LedgerEstimator", estimator).explained(inputs)
            raw_parts: Float64 | None = apart.contributions
            raw = apart.contributions.sum(axis=1)  # a score costs as much as its reasons
        else:
            raw_parts = estimator.contributions(inputs) if reasons else None
            raw = estimator.log_odds(inputs)
        log_odds = calibration.log_odds(raw)
        if not np.isfinite(log_odds).all():
            raise ModelError("the model gives log-odds that are not finite; train it again")
        thin = counts < manifest.min_transfers
        parts = None if raw_parts is None else self._contributions(raw_parts, log_odds)
        changes = None if apart is None else self._changes(apart, log_odds, thin)
        probability = probability_of(log_odds)
        low, high = map(probability_of, calibration.interval(raw))
        if thin.any():
            prior = log_odds_of(manifest.base_rate)
            low[thin] = high[thin] = np.nan
            log_odds[thin], probability[thin] = prior, manifest.base_rate
            if parts is not None:
                parts[thin] = 0.0
                parts[thin, -1] = prior
        status = statuses(counts, manifest.min_transfers)
        by_category = None
        if self.categories is not None:
            by_category = self.categories.probabilities(inputs.features, probability, thin)
        return Scores(probability, log_odds, status, low, high, parts, by_category, changes=changes)

    def _changes(
        self, apart: Explained, log_odds: Float64, thin: NDArray[np.bool_]
    ) -> list[Float64]:
        lost = log_odds[apart.row] - self.parts.calibration.log_odds(apart.without)
        lost[thin[apart.row]] = 0.0
        ends = np.searchsorted(apart.row, np.arange(len(log_odds)), side="right")
        return np.split(lost, ends)[: len(log_odds)]

    def _contributions(self, raw_parts: Float64, log_odds: Float64) -> Float64:
        parts = self.parts.calibration.contributions(raw_parts)
        parts[:, :-1] -= self.usual
        # the base is what the typical wallet scores; it also takes what rounds differently
        parts[:, -1] = log_odds - parts[:, :-1].sum(axis=1)
        return parts
