"""What labels say of a window, once they are in: does the model still rank, and mean what it says.

The labelled rows of a window hold another share of illicit wallets than those of training, and
PR-AUC depends on it. So it is given twice: as the rows are, and with rows weighted to the
prevalence of training, where it can be compared with what training had.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.calibration import log_odds_of, probability_of
from training.metrics import (
    average_precision,
    base_rate_weights,
    bootstrap_intervals,
    chance_calibration_error,
    expected_calibration_error,
    log_loss,
)
from training.watch.reference import Reference

Float64 = NDArray[np.float64]

LEAST_OF_A_CLASS = 10


def judge_window(
    reference: Reference,
    log_odds: Float64,
    y_true: NDArray[np.int8],
    index: pd.Index,
    *,
    seed: int,
) -> dict[str, float]:
    """Return what the labels of a window say of the scores.

    Parameters
    ----------
    reference
        Of the model's training.
    log_odds
        float64 (n,), calibrated, at ``reference.base_rate``.
    y_true
        int8 (n,): 1 illicit, 0 licit, -1 no label.
    index
        (wallet, as_of) of the rows.
    seed
        Of the block bootstrap.

    Returns
    -------
    dict
        Empty with fewer than ``LEAST_OF_A_CLASS`` rows of a class. Else ``rows``, ``illicit``,
        ``pr_auc``, ``pr_auc_at_trained_prevalence``, and of the probabilities at the prevalence of
        training (which is what a model can know without the labels): ``said`` (mean), ``seen``
        (share illicit), ``said_over_seen``; then at the prevalence of the labelled rows: ``ece``,
        ``ece_chance``, ``log_loss``. The first five with ``_low`` and ``_high`` ends of 95 %.
    """
    known = y_true >= 0
    y_true, log_odds, index = y_true[known], log_odds[known], index[known]
    illicit = int(y_true.sum())
    if min(illicit, len(y_true) - illicit) < LEAST_OF_A_CLASS:
        return {}
    served = log_odds_of(reference.base_rate)
    learnt = probability_of(log_odds - served + log_odds_of(reference.prevalence))
    here = probability_of(log_odds - served + log_odds_of(illicit / len(y_true)))

    def measure(weights: Float64) -> dict[str, float]:
        trained = base_rate_weights(y_true, reference.prevalence, weights)
        said, seen = np.average(learnt, weights=weights), np.average(y_true, weights=weights)
        return {
            "pr_auc": average_precision(y_true, learnt, weights),
            "pr_auc_at_trained_prevalence": average_precision(y_true, learnt, trained),
            "said": float(said),
            "seen": float(seen),
            "said_over_seen": float(said / seen),
        }

    measures = measure(np.ones(len(y_true)))
    for name, (low, high) in bootstrap_intervals(measure, y_true, index, seed=seed).items():
        measures[f"{name}_low"], measures[f"{name}_high"] = low, high
    return {
        "rows": float(len(y_true)),
        "illicit": float(illicit),
        **measures,
        "ece": expected_calibration_error(y_true, here),
        "ece_chance": chance_calibration_error(here),
        "log_loss": log_loss(y_true, here),
    }
