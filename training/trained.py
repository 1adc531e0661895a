"""Train a model on a feature table: split, fit, calibrate, and measure what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.context import check_context_names
from features.errors import RiskError
from features.view import View
from features.views import VIEWS, feature_columns
from features.views.exposure import EXPOSURES
from training.calibration import PlattCalibration
from training.config import ConfigError, TrainConfig
from training.evaluation import evaluate_scores, score_frame
from training.metrics import average_precision, best_single_feature, single_feature_score
from training.model_folder import assemble_parts
from training.models.estimator import Estimator, Inputs, inputs_of
from training.models.kinds import estimator_class
from training.risk_model import RiskModel
from training.scores import COUNTS
from training.splits import OutOfTime, SplitRows, assign_rows
from training.table_columns import views_holding

if TYPE_CHECKING:
    from features.ledger import Ledger

InputsOf = Callable[[NDArray[np.int64]], Inputs]


@dataclass(frozen=True, slots=True, repr=False)
class Trained:
    """What a training gives.

    Parameters
    ----------
    model
        Calibrated model.
    metrics
        Numbers of the test slice (see :func:`training.evaluation.evaluate_scores`), with
        ``pr_auc_single_feature`` beside them.
    scores
        Test rows; see :func:`training.evaluation.score_frame`.
    rows
        Which rows of the table were in which slice.
    best_feature
        The column that ranked the training slice best by itself, and its direction.
    """

    model: RiskModel
    metrics: dict[str, float]
    scores: pd.DataFrame
    rows: SplitRows
    best_feature: str

    @property
    def dropped(self) -> dict[str, int]:
        """Rows left out of all slices, by reason."""
        return self.rows.dropped

    def __repr__(self) -> str:
        return (
            f"<Trained {self.model.kind} {self.model.version}: "
            f"PR-AUC {self.metrics['pr_auc']:.3f} "
            f"[{self.metrics['pr_auc_low']:.3f}, {self.metrics['pr_auc_high']:.3f}] on "
            f"{len(self.rows.test)} test rows, {self.metrics['prevalence']:.1%} of them illicit>"
        )


def train(
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime,
    config: TrainConfig,
    *,
    ledger: Ledger | None = None,
    views: tuple[View, ...] = VIEWS,
) -> Trained:
    """Train, calibrate and test one model.

    Parameters
    ----------
    table
        Feature table: index (wallet, as_of), float64 columns of ``views``, and the user's own
        columns that ``config.context`` names (see :func:`features.join_context`).
    labels
        Label contract; training and calibration know those with ``known_at < test_from``.
    split
        Borders in time.
    config
        Kind, seed, base rate, columns, parameters.
    ledger
        Transfers the table was computed from; only kinds that read neighbourhoods need it.
    views
        Views that the table's columns are of, with those of guests.

    Returns
    -------
    Trained
        The same bits for the same arguments.

    Raises
    ------
    RiskError
        If columns are unknown or missing, a slice lacks a class, or the ledger is needed.
    """
    names = chosen_columns(table, config, views)
    rows = chosen_rows(table, labels, split, config)
    estimator, inputs = _estimator(table, names, config, ledger)
    estimator.fit(inputs(rows.train), rows.y_true[rows.train], wallet_weights(table, rows.train))
    calibration = PlattCalibration.fit(
        estimator.log_odds(inputs(rows.calibrate)),
        rows.y_true[rows.calibrate],
        base_rate=config.base_rate,
    )
    read = views_holding((*COUNTS, *names), views)
    parts = assemble_parts(
        estimator, calibration, config, views=read, trained_until=split.test_from
    )
    model = RiskModel(parts, read)
    log_odds = calibration.log_odds(estimator.log_odds(inputs(rows.test)))
    scores = score_frame(model, table.index[rows.test], log_odds, rows.y_true[rows.test])
    best_feature, baseline = _single_feature(table[list(names)], rows)
    metrics = {
        **evaluate_scores(scores, base_rate=config.base_rate, seed=config.seed),
        "pr_auc_single_feature": baseline,
        "calibration_slope": calibration.slope,
        "rows_train": float(len(rows.train)),
        "rows_calibrate": float(len(rows.calibrate)),
        "rows_test": float(len(rows.test)),
        "rows_dropped": float(sum(rows.dropped.values())),
    }
    return Trained(model, metrics, scores, rows, best_feature)


def label_shuffle(
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime,
    config: TrainConfig,
    *,
    ledger: Ledger | None = None,
    views: tuple[View, ...] = VIEWS,
) -> float:
    """Return the test PR-AUC after the training wallets have swapped labels: the leak alarm.

    Parameters
    ----------
    table, labels, split, config, ledger, views
        As for :func:`train`.

    Returns
    -------
    float
        Near the prevalence of the test slice, unless features or split know the answer.
    """
    names = chosen_columns(table, config, views)
    rows = chosen_rows(table, labels, split, config)
    estimator, inputs = _estimator(table, names, config, ledger)
    wallets = table.index[rows.train].get_level_values("wallet")
    of_wallet, first = np.unique(wallets, return_index=True)
    mixed = np.random.default_rng(config.seed).permutation(rows.y_true[rows.train][first])
    swapped = mixed[np.searchsorted(of_wallet, wallets)]
    estimator.fit(inputs(rows.train), swapped, wallet_weights(table, rows.train))
    return average_precision(rows.y_true[rows.test], estimator.log_odds(inputs(rows.test)))


def chosen_columns(
    table: pd.DataFrame, config: TrainConfig, views: tuple[View, ...] = VIEWS
) -> tuple[str, ...]:
    """Return the columns a configuration means, in the order of the views, then its context's.

    Raises
    ------
    RiskError
        If the table breaks its contract or lacks a column.
    """
    if list(table.index.names) != ["wallet", "as_of"]:
        raise RiskError(
            f"a feature table is indexed by (wallet, as_of), got {list(table.index.names)}"
        )
    known = {column.name: column for column in feature_columns(views)}
    context = tuple(config.context)
    check_context_names(context, views=views)
    strange = [str(name) for name in table.columns if name not in known and name not in context]
    if strange or not table.columns.is_unique:
        raise RiskError(
            f"columns that are no feature, or twice: {strange or list(table.columns)}; "
            "views= takes more views, and the configuration's context names columns of your own"
        )
    other = {str(name): str(kind) for name, kind in table.dtypes.items() if kind != np.float64}
    if other:
        raise RiskError(f"feature columns must be float64, got {other}")
    present = set(table.columns)
    wanted = set(config.columns) if isinstance(config.columns, list) else present - set(context)
    missing = sorted((wanted | set(COUNTS) | set(context)) - present)
    if missing:
        raise ConfigError(f"columns that the feature table does not hold: {', '.join(missing)}")
    if not isinstance(config.columns, list):  # without labels there is no exposure to learn from
        wanted -= {name for name in EXPOSURES & present if table[name].isna().all()}
        # and what anyone can move is nothing to judge a wallet by
        wanted -= {name for name, column in known.items() if column.unasked}
    if config.columns == "scale_free":
        wanted = {name for name in wanted if known[name].scale_free and not known[name].calendar}
    return (*(name for name in known if name in wanted), *context)


def chosen_rows(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime, config: TrainConfig
) -> SplitRows:
    """Return the slices of a table; thin histories are in none."""
    counts = table[list(COUNTS)].to_numpy().sum(axis=1)
    return assign_rows(table.index, labels, split, enough=counts >= config.min_transfers)


def wallet_weights(table: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each of the numbered rows counts in a fit: every wallet the same in all.

    Parameters
    ----------
    table
        Feature table, indexed by (wallet, as_of).
    rows
        int64 (m,) row numbers, the training slice.

    Returns
    -------
    ndarray
        float64 (m,), 1 / (rows of that wallet among them), rescaled to mean 1; all exactly 1
        where every wallet has as many rows.

    Notes
    -----
    A pooled table holds several instants of one wallet. They are nearly copies of one another,
    and unweighted the wallets with most rows, the busy ones, would decide what is learnt.
    """
    codes = pd.factorize(table.index[rows].get_level_values("wallet"))[0]
    counts = np.bincount(codes)
    # the weights sum to the number of wallets: this quotient has mean 1
    return len(rows) / (len(counts) * counts[codes].astype(np.float64))


def _estimator(
    table: pd.DataFrame,
    names: tuple[str, ...],
    config: TrainConfig,
    ledger: Ledger | None,
) -> tuple[Estimator, InputsOf]:
    """Return an estimator to fit, and what gives it the inputs of numbered rows."""
    kind = estimator_class(config.model)
    estimator = kind(names, seed=config.seed, parameters=config.parameters)
    features, spine = table[list(names)].to_numpy(), table.index.to_frame(index=False)
    return estimator, lambda rows: inputs_of(estimator, features[rows], ledger, spine.iloc[rows])


def _single_feature(features: pd.DataFrame, rows: SplitRows) -> tuple[str, float]:
    """Choose the best single column on the training slice; return it and its test PR-AUC."""
    values = features.to_numpy()
    column, sign = best_single_feature(values[rows.train], rows.y_true[rows.train])
    score = single_feature_score(values[rows.test], column, sign)
    name = f"{features.columns[column]} ({'high' if sign > 0 else 'low'})"
    return name, average_precision(rows.y_true[rows.test], score)
