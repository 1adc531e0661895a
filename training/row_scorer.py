"""Scores of rows that stand in arrays, in two steps: what is read of the ledger, then the rest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.judge import Judge
from training.models.estimator import Estimator, Inputs, Where, inputs_at
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
