"""Compare a new window of rows with what a model learnt from, with labels or without.

What can be said without a label is said of all rows; with labels, of those that have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration import log_odds_of, probability_of
from training.evaluation import check_label_columns, rows_log_odds
from training.scores import COUNTS
from training.table_columns import model_columns
from training.truth import labels_to_y
from training.watch.columns import column_drift, psi, psi_chance
from training.watch.judged import judge_window
from training.watch.prior import Priors, estimate_prior, score_counts, unexplained
from training.watch.reference import Reference
from training.watch.rows import RowsOutside, rows_outside
from training.watch.verdict import Signs, Verdict, verdict_of

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]

LEAST_ROWS = 30  # fewer say nothing of a distribution
EXPLAINED_ROWS = 300  # rows whose reasons are computed, for what each column weighs


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A window beside a model's training.

    Parameters
    ----------
    rows
        Index (wallet, as_of) of the rows compared; ``probability`` at the base rate, and
        ``y_true``: 1 illicit, 0 licit, -1 no label.
    left_out
        Rows not compared, by reason.
    columns
        See :func:`training.watch.columns.column_drift`; and ``weight``, the column's share of all
        reasons of the window's scores (nan where the model does not read a table).
    outside
        Rows beyond what was learnt.
    score_psi
        Of the window's scores against those of training, as they are.
    unexplained_psi
        Of the same once the prior is that estimated.
    unexplained_chance
        What 95 of 100 windows of so many rows stay below where nothing changed.
    priors
        Estimates of the share of illicit wallets.
    judged
        What labels say, by name; empty without labels.
    reference
        Of the training.
    verdict
        What is wrong, in words, and what to do.
    """

    rows: pd.DataFrame
    left_out: dict[str, int]
    columns: pd.DataFrame
    outside: RowsOutside
    score_psi: float
    unexplained_psi: float
    unexplained_chance: float
    priors: Priors
    judged: dict[str, float]
    reference: Reference
    verdict: Verdict

    @property
    def mean_probability(self) -> float:
        """Mean probability said of the window's rows."""
        return float(self.rows["probability"].mean())


def monitor(
    model: RiskModel,
    table: pd.DataFrame,
    *,
    reference: Reference | None = None,
    labels: pd.DataFrame | None = None,
    ledger: Ledger | None = None,
    seed: int = 0,
) -> Watched:
    """Compare the rows of a table with those that a model learnt from.

    Parameters
    ----------
    model
        Any kind.
    table
        Feature table of the window: the wallets that were asked about, or a sample of them.
    reference
        What to compare with; None: the training, as the model's folder keeps it.
    labels
        Label contract, once late labels are in; None: no row has one.
    ledger
        Transfers, for kinds that read neighbourhoods.
    seed
        Of bootstraps and of the classifier.

    Returns
    -------
    Watched
        The same for the same arguments.

    Raises
    ------
    RiskError
        If columns are missing, too few rows can be scored, there is no reference, or the table of
        a model that reads exposure was made without labels.
    """
    reference = Reference.of_model(model) if reference is None else reference
    if reference.names != model.feature_names:
        raise RiskError(
            f"the reference is of {len(reference.names)} columns that are not the "
            f"{len(model.feature_names)} of model {model.version}, in their order"
        )
    check_label_columns(model, table)
    table, left_out = _scored(table, model.manifest.min_transfers)
    log_odds = rows_log_odds(model, table, ledger, labels)
    y_true = np.full(len(table), -1, np.int8) if labels is None else labels_to_y(labels, table)
    features = model_columns(table, model.feature_names)
    wallets = pd.factorize(table.index.get_level_values("wallet"))[0]
    # the scores of the reference are for its base rate, and the model may have been shifted since
    compared = log_odds + log_odds_of(reference.base_rate) - log_odds_of(model.base_rate)
    priors = estimate_prior(reference, compared, wallets, seed=seed)
    share = priors.em.share
    columns = column_drift(
        reference.quantiles, reference.missing, reference.rows, features, reference.names
    )
    outside = rows_outside(reference, features, wallets, prior=share, seed=seed)
    left = unexplained(reference, compared, share)
    judged = judge_window(reference, compared, y_true, table.index, seed=seed)
    chance = psi_chance(len(reference.illicit), len(table), reference.rows)
    signs = Signs(model.base_rate, priors, outside, left, chance, judged, reference.pr_auc)
    return Watched(
        rows=pd.DataFrame(
            {"probability": probability_of(log_odds), "y_true": y_true}, index=table.index
        ),
        left_out=left_out,
        columns=columns.assign(weight=_weights(model, table).reindex(columns.index)),
        outside=outside,
        score_psi=_score_psi(reference, compared),
        unexplained_psi=left,
        unexplained_chance=chance,
        priors=priors,
        judged=judged,
        reference=reference,
        verdict=verdict_of(signs),
    )


def reference_of_table(
    model: RiskModel, table: pd.DataFrame, labels: pd.DataFrame, ledger: Ledger | None = None
) -> Reference:
    """Make a reference of labelled rows, for a model that keeps none or to compare two windows.

    Parameters
    ----------
    model
        Any kind.
    table
        Feature table. Of rows that the model learnt from it says too much good of the scores: take
        rows that it did not.
    labels
        Label contract.
    ledger
        Transfers, for kinds that read neighbourhoods.

    Raises
    ------
    RiskError
        If a class is missing.
    """
    table, _ = _scored(table, model.manifest.min_transfers)
    y_true = labels_to_y(labels, table)
    table, y_true = table[y_true >= 0], y_true[y_true >= 0]
    if not 0 < int(y_true.sum()) < len(y_true):
        raise RiskError(
            f"a reference needs labelled rows of both classes, got {int(y_true.sum())} illicit of "
            f"{len(y_true)}"
        )
    features = model_columns(table, model.feature_names)
    log_odds = rows_log_odds(model, table, ledger, labels)
    return Reference.of(features, log_odds, y_true, model.feature_names, base_rate=model.base_rate)


def _scored(table: pd.DataFrame, min_transfers: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows with enough transfers, and the count of the others."""
    missing = [name for name in COUNTS if name not in table.columns]
    if missing:
        raise RiskError(f"the table lacks {', '.join(missing)}: make it with walletrisk features")
    thin = table[list(COUNTS)].to_numpy().sum(axis=1) < min_transfers
    enough = int((~thin).sum())
    if enough < LEAST_ROWS:
        raise RiskError(
            f"to compare a window, {LEAST_ROWS} rows that can be scored are needed, got {enough}; "
            f"{len(table) - enough} more have fewer than {min_transfers} transfers"
        )
    return table[~thin], {"fewer transfers than min_transfers": int(thin.sum())}


def _weights(model: RiskModel, table: pd.DataFrame) -> pd.Series:
    """Each column's share of the absolute reasons of some rows; all nan for other kinds."""
    if model.estimator.reads != "table":
        return pd.Series(np.nan, index=list(model.feature_names))
    some = table.iloc[np.linspace(0, len(table) - 1, min(len(table), EXPLAINED_ROWS)).astype(int)]
    parts = model.explain(some).drop(columns="base").abs().mean()
    return parts / parts.sum()


def _score_psi(reference: Reference, log_odds: Float64) -> float:
    trained = reference.illicit + reference.licit
    counts = score_counts(reference, log_odds)
    return psi(trained / trained.sum(), counts)
