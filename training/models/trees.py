"""Gradient-boosted trees (LightGBM) as native text, with exact TreeSHAP contributions.

The default trees are small on purpose: reasons are computed for every request, and their cost
grows with trees x leaves x depth, their tables with two to the power of the depth. Many small,
strongly randomised ones rank at least as well as fewer large ones on real wallets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import lightgbm as lgb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import RiskError
from training.models.estimator import Configured, Inputs
from training.models.finite import lightgbm_numbers, require_finite
from training.models.ranges import SHARE, Range
from training.models.tree_shap import TreeShap

Float64 = NDArray[np.float64]

WEIGHTS = "model.txt"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
BINNED_ROWS = 20_000  # rows from which the borders of bins are taken


class TreesEstimator(Configured):
    """LightGBM, binary log loss; see :class:`training.models.estimator.Estimator`."""

    kind: ClassVar[str] = "lightgbm"
    reads: ClassVar[Literal["table", "ledger"]] = "table"
    defaults: ClassVar[Mapping[str, Any]] = {
        "trees": 500,
        "leaves": 8,
        "learning_rate": 0.06,
        "min_leaf_rows": 20,
        "l2": 5.0,
        "column_share": 0.2,
        "row_share": 0.8,
        "rows_per_tree": 10_000,
        "random_thresholds": True,
        "positive_weight": 1.0,
        "n_jobs": 1,
    }
    ranges: ClassVar[Mapping[str, Range]] = {
        "trees": Range(1, 100_000),
        "leaves": Range(2, 131_072),
        "learning_rate": Range(0, open_low=True),
        "min_leaf_rows": Range(1),
        "l2": Range(0),
        "column_share": SHARE,
        "row_share": SHARE,
        "rows_per_tree": Range(1),
        "positive_weight": Range(0, open_low=True),
        "n_jobs": Range(1, 1024),
    }
    libraries: ClassVar[tuple[str, ...]] = ("lightgbm",)

    booster_: lgb.Booster | None = None
    _shap: tuple[lgb.Booster, TreeShap | None] | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """The features themselves."""
        return self.feature_names

    def fit(self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Grow the trees; one seed gives one model, for any number of threads.

        ``min_leaf_rows`` counts rows, whatever they weigh. A tree reads a share of the rows drawn
        for it, ``row_share``, and of large tables ``rows_per_tree`` at most.
        """
        self.fit_folds(inputs, y_true, weights, ())
        return self

    def fit_folds(
        self,
        inputs: Inputs,
        y_true: NDArray[np.int8],
        weights: Float64,
        folds: Sequence[NDArray[np.int64]],
    ) -> list[Self]:
        """Grow the trees, and for each fold a copy that learns from its rows alone.

        Notes
        -----
        Sorting values into bins costs as much as the trees of large tables; all copies share the
        bins of the whole, whose borders no label enters. Copies grow side by side, each in one
        thread: threads inside a tree wait for one another more than they work.
        """
        columns = [pa.array(column) for column in np.asfortranarray(inputs.features).T]
        table = pa.table(columns, names=[f"c{number}" for number in range(len(columns))])
        whole = lgb.Dataset(
            table,
            label=y_true,
            weight=weights,
            feature_name=list(self.feature_names),
            params=self._settings(len(y_true)) | {"num_threads": CORES},  # which changes no bit
        ).construct()
        del columns, table
        chosen = [None, *folds]
        kind, parameters = type(self), self.parameters
        copies = [kind(self.feature_names, seed=self.seed, parameters=parameters) for _ in folds]
        with ThreadPoolExecutor(CORES) as pool:
            grown = pool.map(lambda rows: self._grow(whole, weights, rows), chosen)
            for model, booster in zip([self, *copies], grown, strict=True):
                model.booster_ = booster
        return copies

    def _grow(
        self, whole: lgb.Dataset, weights: Float64, rows: NDArray[np.int64] | None
    ) -> lgb.Booster:
        settings = self._settings(whole.num_data() if rows is None else len(rows))
        part = whole
        if rows is not None:
            part = whole.subset(rows.tolist(), params=settings).construct()
            part.set_weight(weights[rows] / weights[rows].mean())
        grown = lgb.train(settings, part, num_boost_round=self.parameters["trees"])
        # score with what will be loaded, not with the trainer's own memory
        return lgb.Booster(model_str=grown.model_to_string())

    def _settings(self, rows: int) -> dict[str, Any]:
        """What LightGBM is told to grow trees of so many rows."""
        given = self.parameters
        return {
            "objective": "binary",
            "num_leaves": given["leaves"],
            "learning_rate": given["learning_rate"],
            "min_data_in_leaf": given["min_leaf_rows"],
            "lambda_l2": given["l2"],
            "feature_fraction": given["column_share"],
            "bagging_fraction": min(given["row_share"], given["rows_per_tree"] / rows),
            "bagging_freq": 1,
            "extra_trees": given["random_thresholds"],
            "scale_pos_weight": given["positive_weight"],
            "num_threads": given["n_jobs"],
            "seed": self.seed,
            "deterministic": True,
            "force_col_wise": True,
            # sparse columns are stored together, and copied anew for the columns of every tree
            "is_enable_sparse": False,
            # columns in one bundle that both say something of a row overwrite each other, in the
            # order in which threads come to them
            "enable_bundle": False,
            "bin_construct_sample_cnt": BINNED_ROWS,
            "verbosity": -1,
        }

    def log_odds(self, inputs: Inputs) -> Float64:
        """Return raw log-odds (n,): the sum of the leaves."""
        return self._predict(inputs, raw_score=True)

    def contributions(self, inputs: Inputs) -> Float64:
        """Return TreeSHAP values (n, k + 1), path-dependent; the expectation is the base."""
        booster = self._booster()
        if self._shap is None or self._shap[0] is not booster:  # a tenth of a second, where wanted
            self._shap = booster, TreeShap.of(booster.model_to_string())
        shap = self._shap[1]
        return self._predict(inputs, pred_contrib=True) if shap is None else shap(inputs.features)

    def save(self, directory: Path) -> None:
        """Write ``model.txt``."""
        text = self._booster().model_to_string()
        (directory / WEIGHTS).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read ``model.txt``.

        Raises
        ------
        RiskError
            If it is no LightGBM text, its features are others, or a number in it is none.
        """
        text = (directory / WEIGHTS).read_text(encoding="utf-8", errors="replace")
        require_finite(WEIGHTS, lightgbm_numbers(text.splitlines()))
        try:
            booster = lgb.Booster(model_str=text)
        except lgb.basic.LightGBMError as error:
            raise RiskError(f"{WEIGHTS} is not a LightGBM model: {error}") from error
        if booster.feature_name() != list(feature_names):
            raise RiskError(f"{WEIGHTS} was grown on other features than the manifest names")
        model = cls(feature_names, seed=0, parameters={})
        model.booster_ = booster
        return model

    def _predict(self, inputs: Inputs, **what: bool) -> Float64:
        booster = self._booster()
        if not len(inputs):
            width = len(self.feature_names) + 1
            return np.empty((0, width) if "pred_contrib" in what else 0)
        # more threads make a single row ten times slower and change no bit
        return np.asarray(booster.predict(inputs.features, num_threads=1, **what), np.float64)

    def _booster(self) -> lgb.Booster:
        if self.booster_ is None:
            raise RiskError("this tree model has not been fitted")
        return self.booster_
