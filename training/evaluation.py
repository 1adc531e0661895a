"""Judge a model on rows it did not learn from.

Two prevalences occur. Labelled rows hold far more illicit wallets than the world; numbers
without suffix are of the rows as they are, with probabilities at the prevalence of the rows that
the calibration was fitted to. Numbers that end in ``_base_rate`` weigh the rows so that the share
of illicit ones is the base rate, with the probabilities that the model gives out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from features.ledger.counted import Counted
from features.past import NO_LABELS, label_events
from features.views import LABEL_COLUMNS
from training.calibration import Calibration, probability_of
from training.metrics import (
    base_rate_weights,
    bootstrap_intervals,
    chance_calibration_error,
    probability_metrics,
    ranking_metrics,
)
from training.models.estimator import Inputs, inputs_of
from training.risk_model import RiskModel
from training.scores import COUNTS
from training.table_columns import model_columns
from training.truth import labels_to_y

if TYPE_CHECKING:
    from features.ledger import Ledger

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Numbers, scored rows and the rows left out by reason; see :func:`evaluate`."""

    metrics: dict[str, float]
    scores: pd.DataFrame
    dropped: dict[str, int]


def evaluate(
    model: RiskModel,
    table: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    ledger: Ledger | None = None,
    seed: int = 0,
    known: pd.DataFrame | None = None,
) -> Evaluation:
    """Judge a model on the labelled rows of a table from the model's ``trained_until`` on.

    Parameters
    ----------
    model
        Any kind.
    table
        Feature table with the model's columns and the coverage counts.
    labels
        Label contract; all labels count.
    ledger
        Transfers, for kinds that read neighbourhoods.
    seed
        Of the bootstrap.
    known
        Labels of the wallets around, for kinds that read them.

    Returns
    -------
    Evaluation
        Metrics as of :func:`evaluate_scores`.

    Raises
    ------
    RiskError
        If no row of either class is left, or the model reads exposure to labelled wallets and the
        table was made without labels.

    Notes
    -----
    The model does not keep the names of the wallets it learnt from; take a table without them
    where wallets occur more than once.
    """
    model.manifest.require_fit(Counted.of_attrs(table.attrs), "the table's ledger")
    check_label_columns(model, table)
    y_true = labels_to_y(labels, table)
    thin = table[list(COUNTS)].to_numpy().sum(axis=1) < model.manifest.min_transfers
    early = table.index.get_level_values("as_of") < model.manifest.trained_until
    kept, dropped = np.ones(len(table), bool), {}
    for reason, rows in {
        "as_of before the model's trained_until": np.asarray(early),
        "fewer transfers than min_transfers": thin,
        "no label": y_true < 0,
    }.items():
        dropped[reason] = int((rows & kept).sum())
        kept &= ~rows
    table, y_true = table[kept], y_true[kept]
    if not 0 < y_true.sum() < len(y_true):
        raise RiskError(
            f"to evaluate, rows of both classes are needed, got {y_true.sum()} illicit of "
            f"{len(y_true)}; left out: {dropped}; the model learnt from all before "
            f"{model.manifest.trained_until:%Y-%m-%d %H:%M} UTC, so only later rows judge it"
        )
    scores = score_frame(
        model.calibration, table.index, rows_log_odds(model, table, ledger, known), y_true
    )
    metrics = evaluate_scores(scores, base_rate=model.base_rate, seed=seed)
    return Evaluation(metrics, scores, dropped)


def check_label_columns(model: RiskModel, table: pd.DataFrame) -> None:
    """Refuse a table made without labels for a model that reads them: it never saw such rows."""
    if not model.reads_labels:
        return
    present = [name for name in table.columns if name in LABEL_COLUMNS]
    if present and table[present].isna().to_numpy().all():
        raise RiskError(
            f"the table was made without labels; the {len(present)} columns that need them are "
            "all nan, and the model learnt from these: make the table with labels"
        )


def rows_log_odds(
    model: RiskModel,
    table: pd.DataFrame,
    ledger: Ledger | None,
    known: pd.DataFrame | None = None,
) -> Float64:
    """Return calibrated log-odds (n,) of the rows of a table, for any kind of model."""
    if ledger is not None:
        model.require_fit(ledger)
    inputs = table_inputs(model, table, ledger, known)
    return model.calibration.log_odds(model.estimator.log_odds(inputs))


def table_inputs(
    model: RiskModel, table: pd.DataFrame, ledger: Ledger | None, known: pd.DataFrame | None
) -> Inputs:
    """Return what a model of any kind reads of the rows of a table.

    Raises
    ------
    RiskError
        If it reads neighbourhoods and the ledger is missing, or labels of the wallets around and
        none are given.
    """
    if known is None and getattr(model.estimator, "reads_labels", False):
        raise RiskError("the model learnt from labelled wallets around; give known=...")
    return inputs_of(
        model.estimator, model_columns(table, model.feature_names), ledger,
        table.index.to_frame(index=False),
        NO_LABELS if ledger is None else label_events(ledger, known),
    )  # fmt: skip


def score_frame(
    calibration: Calibration, index: pd.Index, log_odds: Float64, y_true: NDArray[np.int8]
) -> pd.DataFrame:
    """Return labels and probabilities of scored rows.

    Returns
    -------
    DataFrame
        ``y_true``; ``probability`` at the base rate; ``probability_as_labelled`` at the
        prevalence that the calibration was fitted at.
    """
    return pd.DataFrame(
        {
            "y_true": y_true,
            "probability": probability_of(log_odds),
            "probability_as_labelled": probability_of(log_odds - calibration.shift),
        },
        index=index,
    )


def evaluate_scores(scores: pd.DataFrame, *, base_rate: float, seed: int) -> dict[str, float]:
    """Return all numbers of scored rows, with ``_low`` and ``_high`` ends of 95 % intervals.

    Parameters
    ----------
    scores
        As :func:`score_frame` gives it.
    base_rate
        Share of illicit wallets in the world.
    seed
        Of the block bootstrap.

    Returns
    -------
    dict
        ``prevalence``, ``pr_auc``, ``precision_at_*pct``, ``recall_at_*pct``, ``brier``,
        ``brier_skill``, ``ece``, ``log_loss``, each also with ``_base_rate``; ``ece_chance``,
        what perfect probabilities would score as ``ece`` on so many rows.
    """
    # every draw sorts by probability, which costs little where it is sorted already
    scores = scores.sort_values("probability", ascending=False, kind="stable")
    y_true = scores["y_true"].to_numpy(np.int8)
    as_labelled = scores["probability_as_labelled"].to_numpy()
    probability = scores["probability"].to_numpy()

    def measure(weights: Float64) -> dict[str, float]:
        world = base_rate_weights(y_true, base_rate, weights)
        here = ranking_metrics(y_true, as_labelled, weights)
        here |= probability_metrics(y_true, as_labelled, weights)
        there = ranking_metrics(y_true, probability, world)
        there |= probability_metrics(y_true, probability, world)
        return here | {f"{name}_base_rate": value for name, value in there.items()}

    metrics = measure(np.ones(len(y_true)))
    metrics["ece_chance"] = chance_calibration_error(as_labelled)
    intervals = bootstrap_intervals(measure, y_true, scores.index, seed=seed)
    for name, (low, high) in intervals.items():
        metrics[f"{name}_low"], metrics[f"{name}_high"] = low, high
    return metrics
