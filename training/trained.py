"""Judge a recipe out of time, then learn from all that is known: :func:`train`.

Two things are told apart throughout. The *recipe* is judged: at each origin a model learns from
what was known then, and scores what came after. The *shipped* model is the same recipe fitted to
every labelled row; no row is left that could judge it, so its figures are the recipe's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.view import View
from features.views import VIEWS
from training.calibration import log_odds_of
from training.categories import Categories, row_categories
from training.config import TrainConfig
from training.evaluation import evaluate_scores, score_frame
from training.metrics import average_precision, best_single_feature, single_feature_score
from training.model_folder import assemble_parts
from training.reasons.typical import typical_of
from training.recipe import Recipe
from training.risk_model import RiskModel
from training.scores import COUNTS
from training.split_rows import SplitRows
from training.splits import OutOfTime
from training.table_columns import views_holding
from training.watch.reference import Reference

if TYPE_CHECKING:
    from features.ledger import Ledger

Int64 = NDArray[np.int64]
SHUFFLED_ROWS = 20_000
PARTS = {"seen": ("seen", "new"), "listed": ("listed", "unlisted")}


@dataclass(frozen=True, slots=True)
class Judged:
    """A recipe at one origin.

    Parameters
    ----------
    split
        Borders in time.
    rows
        Which rows of the table were in which slice.
    scores
        Test rows; see :attr:`Trained.scores`.
    metrics
        Of these rows; see :func:`training.evaluation.evaluate_scores`.
    """

    split: OutOfTime
    rows: SplitRows
    scores: pd.DataFrame
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True, repr=False)
class Trained:
    """What a training gives.

    Parameters
    ----------
    model
        Shipped model: learnt from every labelled row.
    metrics
        Of the recipe, on the test rows of all origins (see
        :func:`training.evaluation.evaluate_scores`); of each origin by ``_origin_<n>``, with
        ``prior_drift``, the log-odds of its prevalence less those of the rows learnt from; of rows
        whose wallet was learnt from (``_seen``) or not (``_new``), and of those with a label known
        at ``as_of`` (``_listed``) or none (``_unlisted``); ``pr_auc_single_feature`` beside them.
    scores
        Test rows of all origins: ``y_true``, ``probability``, ``probability_as_labelled``,
        ``origin``, ``seen`` and ``listed``.
    judged
        The recipe at each origin.
    out_of_fold
        Rows that the shipped model learnt from (of a large table some of them, see
        :func:`training.fitting.enough_folds`): ``y_true``; ``raw``, the score by a copy that did
        not learn from the row's wallet; ``log_odds``, that calibrated.
    best_feature
        The column that ranked what the last origin learnt from best by itself, and its direction.
    """

    model: RiskModel
    metrics: dict[str, float]
    scores: pd.DataFrame
    judged: tuple[Judged, ...]
    out_of_fold: pd.DataFrame
    best_feature: str

    @property
    def rows(self) -> SplitRows:
        """Which rows of the table were in which slice of the last origin."""
        return self.judged[-1].rows

    @property
    def dropped(self) -> dict[str, int]:
        """Rows left out of all slices of the last origin, by reason."""
        return self.rows.dropped

    def __repr__(self) -> str:
        return (
            f"<Trained {self.model.kind} {self.model.version}: recipe PR-AUC "
            f"{self.metrics['pr_auc']:.3f} "
            f"[{self.metrics['pr_auc_low']:.3f}, {self.metrics['pr_auc_high']:.3f}] on "
            f"{len(self.scores)} test rows of {len(self.judged)} origins, "
            f"{self.metrics['prevalence']:.1%} of them illicit>"
        )


def train(
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime | Sequence[OutOfTime],
    config: TrainConfig,
    *,
    ledger: Ledger | None = None,
    views: tuple[View, ...] = VIEWS,
    groups: pd.Series | None = None,
    known: pd.DataFrame | None = None,
) -> Trained:
    """Judge a recipe at every origin, then fit it to all that is known.

    Parameters
    ----------
    table
        Feature table: index (wallet, as_of), float64 columns of ``views``, and the user's own
        columns that ``config.context`` names (see :func:`features.join_context`).
    labels
        Label contract; an origin knows those with ``known_at + label_delay < test_from``, the
        shipped model all.
    split
        One origin or several, such as :func:`training.rolling_origins` gives.
    config
        Kind, seed, base rate, columns, parameters.
    ledger
        Transfers the table was computed from; only kinds that read neighbourhoods need it.
    views
        Views that the table's columns are of, with those of guests.
    groups
        Wallet to entity, text: wallets of one entity are on one side of every split. None: every
        wallet by itself.
    known
        Labels that the table was made with; kinds that read the wallets around a row read them of
        these wallets, each as of the row's instant.

    Returns
    -------
    Trained
        The same bits for the same arguments.

    Raises
    ------
    RiskError
        If columns are unknown or missing, a slice lacks a class, or the ledger is needed.
    """
    splits = (split,) if isinstance(split, OutOfTime) else tuple(split)
    recipe = Recipe.of(
        table, labels, config, ledger=ledger, views=views, groups=groups, known=known
    )
    judged = tuple(judge(recipe, one, origin=at) for at, one in enumerate(splits, 1))
    shipped = ship(recipe)
    best_feature, baseline = _single_feature(recipe, judged[-1].rows)
    scores = pd.concat([one.scores for one in judged])
    metrics = {
        **_all_metrics(scores, judged, config),
        "pr_auc_single_feature": baseline,
        "calibration_slope": shipped.model.calibration.slope,
        "rows_train": float(len(judged[-1].rows.train)),
        "rows_calibrate": float(len(judged[-1].rows.calibrate)),
        "rows_test": float(len(scores)),
        "rows_dropped": float(sum(judged[-1].rows.dropped.values())),
        "rows_shipped": float(shipped.rows),
    }
    return Trained(shipped.model, metrics, scores, judged, shipped.out_of_fold, best_feature)


def judge(recipe: Recipe, split: OutOfTime, *, origin: int = 1) -> Judged:
    """Fit a recipe to what is known at an origin, and measure it on the test rows."""
    rows = recipe.rows(split)
    fitted = recipe.fit(rows.learnt, rows.y_true, rows.confidence, rows.unlabelled)
    calibration = fitted.calibration
    log_odds = calibration.log_odds(fitted.estimator.log_odds(recipe.inputs(rows.test)))
    scores = score_frame(
        calibration, recipe.table.index[rows.test], log_odds, rows.y_true[rows.test]
    )
    scores = scores.assign(origin=origin, seen=rows.seen[rows.test], listed=rows.listed[rows.test])
    config = recipe.config
    metrics = evaluate_scores(scores, base_rate=config.base_rate, seed=config.seed)
    seen = log_odds_of(metrics["prevalence"])
    metrics["prior_drift"] = seen - log_odds_of(calibration.prevalence)
    return Judged(split, rows, scores, metrics)


class Shipped(NamedTuple):
    """What :func:`ship` gives.

    Attributes
    ----------
    model
        Learnt from every labelled row.
    out_of_fold
        See :attr:`Trained.out_of_fold`.
    rows
        Number of rows that it learnt from.
    """

    model: RiskModel
    out_of_fold: pd.DataFrame
    rows: int


def ship(recipe: Recipe) -> Shipped:
    """Fit a recipe to every labelled row."""
    learnt, unlabelled, truth = recipe.known()
    fitted = recipe.fit(learnt, truth.y_true, truth.confidence, unlabelled)
    read = views_holding((*COUNTS, *recipe.names), recipe.views)
    scored = ~np.isnan(fitted.raw)
    rows, raw = learnt[scored], fitted.raw[scored]
    y_true, log_odds = truth.y_true[rows], fitted.calibration.log_odds(raw)
    reference = Reference.of(
        recipe.features(rows), log_odds, y_true, recipe.names, base_rate=recipe.config.base_rate
    )
    parts = assemble_parts(
        fitted.estimator, fitted.calibration, recipe.config, views=read,
        trained_until=recipe.until, counted=recipe.counted, reference=reference.to_json(),
        categories=_categories(recipe, learnt[truth.y_true[learnt] == 1]),
        typical=typical_of(fitted, lambda some: recipe.inputs(rows[some]), y_true, recipe.config),
    )  # fmt: skip
    out_of_fold = pd.DataFrame(
        {"y_true": y_true, "raw": raw, "log_odds": log_odds}, index=recipe.table.index[rows]
    )
    return Shipped(RiskModel(parts, read), out_of_fold, len(learnt))


def _categories(recipe: Recipe, illicit: Int64) -> Categories | None:
    """Learn which kind of illicit the labels of these rows tell, where they tell enough of it."""
    named = row_categories(recipe.labels, recipe.table.index[illicit])
    if len(set(named)) < 2:
        return None
    return Categories.fit(
        recipe.features(illicit), named, recipe.groups[illicit], seed=recipe.config.seed
    )


def label_shuffle(
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime | Sequence[OutOfTime],
    config: TrainConfig,
    *,
    ledger: Ledger | None = None,
    views: tuple[View, ...] = VIEWS,
    known: pd.DataFrame | None = None,
) -> float:
    """Return the test PR-AUC after the training wallets have swapped labels: the leak alarm.

    Parameters
    ----------
    table, labels, split, config, ledger, views, known
        As for :func:`train`; of several origins the last is taken.

    Returns
    -------
    float
        Near the prevalence of the test slice, unless features or split know the answer.
    """
    last = split if isinstance(split, OutOfTime) else split[-1]
    recipe = Recipe.of(table, labels, config, ledger=ledger, views=views, known=known)
    rows = recipe.rows(last)
    generator = np.random.default_rng(config.seed)
    # a leak shows in part of a large table as well
    learnt = np.sort(generator.permutation(rows.learnt)[:SHUFFLED_ROWS])
    _, first, member = np.unique(recipe.groups[learnt], return_index=True, return_inverse=True)
    mixed = generator.permutation(rows.y_true[learnt][first])
    sample = recipe.sample(learnt, rows.y_true, rows.confidence)
    estimator = recipe.new().fit(recipe.inputs(learnt), mixed[member], sample.weights)
    raw = estimator.log_odds(recipe.inputs(rows.test))
    return average_precision(rows.y_true[rows.test], raw)


def _all_metrics(
    scores: pd.DataFrame, judged: tuple[Judged, ...], config: TrainConfig
) -> dict[str, float]:
    """Numbers of all test rows, then PR-AUC of each origin and of each part of the rows."""
    found = evaluate_scores(scores, base_rate=config.base_rate, seed=config.seed)
    for at, one in enumerate(judged, 1):
        for name in ("pr_auc", "pr_auc_low", "pr_auc_high", "prevalence", "prior_drift"):
            found[f"{name}_origin_{at}"] = one.metrics[name]
    for column, names in PARTS.items():
        for name, wanted in zip(names, (True, False), strict=True):
            part = scores[scores[column] == wanted]
            found[f"rows_{name}"] = float(len(part))
            if 0 < part["y_true"].sum() < len(part):
                found[f"pr_auc_{name}"] = average_precision(
                    part["y_true"].to_numpy(np.int8), part["probability"].to_numpy()
                )
                found[f"prevalence_{name}"] = float(part["y_true"].mean())
    return found


def _single_feature(recipe: Recipe, rows: SplitRows) -> tuple[str, float]:
    """Choose the best single column on the rows learnt from; return it and its test PR-AUC."""
    learnt = rows.learnt
    column, sign = best_single_feature(recipe.features(learnt), rows.y_true[learnt])
    score = single_feature_score(recipe.features(rows.test), column, sign)
    name = f"{recipe.names[column]} ({'high' if sign > 0 else 'low'})"
    return name, average_precision(rows.y_true[rows.test], score)
