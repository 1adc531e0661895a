"""Scores of rows that stand in arrays, in two steps: what is read of the ledger, then the rest."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from training.judge import Judge
from training.models.estimator import Estimator, Inputs, LedgerEstimator, Where, inputs_at
from training.scores import Scores
from training.table_columns import Places

Float64 = NDArray[np.float64]


class RowScorer(NamedTuple):
    """A model's way from rows of its views to scores: what of them it reads, and its judgement."""

    places: Places
    estimator: Estimator
    judge: Judge

    def inputs(self, values: Float64, context: Float64 | None, where: Where) -> Inputs:
        """Return what the model reads; labels must be given to one that ``reads_labels``.

        Parameters
        ----------
        values
            float64 (n, k), columns of the model's views, computed at ``where``.
        context
            float64 (n, c), the user's own columns; None: nothing is given, all nan.
        where
            Of whom the rows are.
        """
        return inputs_at(self.estimator, self.places.features(values, context), where)

    def scores(self, inputs: Inputs, values: Float64, *, reasons: bool) -> Scores:
        """Score what :meth:`inputs` returned of these values.

        Nothing is read of the ledger any more where the inputs were drawn.
        """
        return self.judge(inputs, self.places.transfers(values), reasons=reasons)

    def transfer_changes(self, inputs: Inputs, scores: Scores) -> Float64:
        """Return float64 (t,): what log-odds lose without each of ``inputs.told``.

        Of rows that are not scored 0, and nothing of a kind that reads no single transfers.
        """
        told = inputs.told
        if told is None:
            return np.empty(0)
        estimator = cast("LedgerEstimator", self.estimator)
        without = self.judge.parts.calibration.log_odds(estimator.log_odds_without(inputs))
        scored = np.array([one == "scored" for one in scores.status])[told.row]
        return np.where(scored, scores.log_odds[told.row] - without, 0.0)
