"""A data set asked: which rows are learnt from and judged, and what is known of other wallets.

Trees and networks of one case learn from the same rows and are judged on the same rows; what labels
they may read around a wallet is the same too. A test wallet's label is never among them.
"""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

import numpy as np
import pandas as pd

from experiments.common import arms
from experiments.common.arms import Bools, Float64s, Int8s, Int64s
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.views import VIEWS
from training import TrainConfig
from training.fitting import learn
from training.metrics import best_single_feature, single_feature_score
from training.recipe import Recipe
from training.split_rows import SplitRows

BASE_RATE = 0.01
Told = Literal["nothing", "known", "permuted"]
LABEL_FREE = tuple(view for view in VIEWS if view.name not in arms.LABELS)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to score the rows of a case.

    Parameters
    ----------
    kind
        Of model, by its public name.
    columns
        ``"scale_free"``, ``"all"``, or the columns by name.
    told
        Which labels of other wallets may be read: none, those that are known, or those after the
        known wallets have swapped them.
    parameters
        Of the kind.
    shuffled
        Whether every row gets the neighbours of another.
    mixed
        Whether the wallets that are learnt from have swapped labels: the alarm for leaks.
    """

    kind: str
    columns: str | tuple[str, ...] = "scale_free"
    told: Told = "known"
    parameters: Mapping[str, object] | None = None
    shuffled: bool = False
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of the test rows by one arm and seed, and what they cost.

    Parameters
    ----------
    y_true : int8 array, shape (n,)
    scores : float64 array, shape (n,)
    index : pandas.MultiIndex of (wallet, as_of), n entries
    fit_s : float
        Seconds to learn.
    score_ms : float
        Milliseconds a row to read what the model needs beside the table and to score it.
    """

    y_true: Int8s
    scores: Float64s
    index: pd.Index
    fit_s: float
    score_ms: float


@dataclass(frozen=True, slots=True)
class Case:
    """A data set asked.

    Parameters
    ----------
    name
        Begins the name of every measure.
    ledger
        The transfers.
    labels
        The truth, under the label contract.
    known
        What may be read around a wallet, under the same contract.
    table
        (wallet, as_of) rows; columns of the views that read no labels.
    rows
        Which of them are learnt from and judged.
    held
        Tables with the columns that read labels, which arms and seeds share.
    """

    name: str
    ledger: Ledger
    labels: pd.DataFrame
    known: pd.DataFrame
    table: pd.DataFrame
    rows: SplitRows
    held: dict[tuple[Told, int], pd.DataFrame] = field(default_factory=dict)

    def labels_told(self, told: Told, seed: int) -> pd.DataFrame | None:
        """The labels that an arm may read around a wallet."""
        if told == "nothing":
            return None
        return self.known if told == "known" else permuted(self.known, seed)

    def columns(self, told: Told, seed: int) -> pd.DataFrame:
        """The table, with the columns that read labels where an arm is told any."""
        known = self.labels_told(told, seed)
        if known is None:
            return self.table
        key = (told, seed if told == "permuted" else 0)
        if key not in self.held:
            asked = self.table.index.to_frame(index=False)
            read = feature_table(
                self.ledger, asked, labels=known, views=arms.views_named(arms.LABELS)
            )  # fmt: skip
            self.held[key] = pd.concat([self.table, read], axis=1)
        return self.held[key]

    def recipe(self, arm: Arm, seed: int) -> Recipe:
        """What an arm learns, through the interface that every training goes through."""
        columns = arm.columns if isinstance(arm.columns, str) else list(arm.columns)
        config = TrainConfig.model_validate(
            {
                "model": arm.kind, "base_rate": BASE_RATE, "seed": seed, "columns": columns,
                "parameters": dict(arm.parameters or {}),
            }
        )  # fmt: skip
        table = self.columns(arm.told, seed)
        return Recipe.of(
            table, self.labels, config, ledger=self.ledger, views=VIEWS,
            known=self.labels_told(arm.told, seed),
        )  # fmt: skip

    def scored(self, arm: Arm, seed: int) -> Scored:
        """Learn from the rows before the test and score the others."""
        recipe, rows = self.recipe(arm, seed), self.rows
        y_true = swapped(recipe.groups, rows, seed) if arm.mixed else rows.y_true
        edges: AbstractContextManager[None] = nullcontext()
        if arm.shuffled:  # imported here, since trees need no torch
            edges = import_module("shuffled_edges").edges_shuffled()
        with edges:
            begin = time.perf_counter()
            sample = recipe.sample(rows.learnt, y_true, rows.confidence)
            everything = np.arange(len(rows.learnt))
            estimator = learn(recipe.new, sample, everything, recipe.config)
            learnt = time.perf_counter()
            scores = estimator.log_odds(recipe.inputs(rows.test))
            scored = time.perf_counter()
        return Scored(
            rows.y_true[rows.test], scores, self.table.index[rows.test], learnt - begin,
            (scored - learnt) / len(rows.test) * 1000,
        )  # fmt: skip

    def single_feature(self, columns: str | tuple[str, ...]) -> tuple[str, Scored]:
        """The column that ranks what is learnt from best by itself, and its scores."""
        recipe = self.recipe(Arm("lightgbm", columns), 0)
        learnt, test = self.rows.learnt, self.rows.test
        column, sign = best_single_feature(recipe.features(learnt), self.rows.y_true[learnt])
        scores = single_feature_score(recipe.features(test), column, sign)
        found = Scored(self.rows.y_true[test], scores, self.table.index[test], 0.0, 0.0)
        return f"{recipe.names[column]} ({'high' if sign > 0 else 'low'})", found

    def sizes(self) -> list[Measure]:
        """How many rows are learnt from and judged, and the share of illicit ones among them."""
        test = self.rows.y_true[self.rows.test]
        return [
            Measure(f"{self.name} rows learnt from", float(len(self.rows.learnt)), ""),
            Measure(f"{self.name} test rows", float(len(test)), ""),
            Measure(f"{self.name} prevalence", float(test.mean()), ""),
        ]


def permuted(known: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Wallets that swapped labels; each keeps the instant at which it was known."""
    mixed = np.random.default_rng(seed).permutation(len(known))
    swap = [name for name in ("label", "category", "confidence") if name in known]
    return known.assign(**{name: known[name].to_numpy()[mixed] for name in swap})


def swapped(groups: Int64s, rows: SplitRows, seed: int) -> Int8s:
    """Labels of all rows after the wallets that are learnt from have swapped theirs."""
    learnt = rows.learnt
    _, first, member = np.unique(groups[learnt], return_index=True, return_inverse=True)
    mixed = np.random.default_rng(seed).permutation(rows.y_true[learnt][first])
    y_true = rows.y_true.copy()
    y_true[learnt] = mixed[member]
    return y_true


def known_from_first_row(
    labels: pd.DataFrame, table: pd.DataFrame, learnt: Int64s, delay: pd.Timedelta
) -> pd.DataFrame:
    """Labels of the wallets that are learnt from, each known a delay after its first row."""
    index = table.index[learnt]
    since = pd.Series(index.get_level_values("as_of"), index.get_level_values("wallet"))
    first = since.groupby(level=0).min()
    known = labels[labels["wallet"].isin(first.index)]
    at = known["wallet"].map(first) + delay
    return known.assign(known_at=at.astype(known["known_at"].dtype))


def split_by_wallet(y_true: Int8s, test: Bools) -> SplitRows:
    """A split that goes by wallet and not by time: one row a wallet, all as of one instant."""
    n = len(y_true)
    return SplitRows(
        train=np.flatnonzero(~test), calibrate=np.empty(0, np.int64), test=np.flatnonzero(test),
        y_true=y_true, confidence=np.ones(n), unlabelled=np.empty(0, np.int64),
        seen=np.zeros(n, bool), listed=np.zeros(n, bool), dropped={},
    )  # fmt: skip
