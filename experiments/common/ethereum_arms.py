"""The protocol of experiment 0001 for arms: its rows with the columns of all views, and PR-AUC.

Scale-free columns, out-of-time test, pooled training rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.common import arms
from experiments.common import ethereum_phishing as protocol
from experiments.common.arms import Float64s, Int8s
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.views import VIEWS
from training import TrainConfig
from training.chosen import chosen_rows
from training.metrics import average_precision, bootstrap_intervals
from training.weights import wallet_weights

CONFIG = TrainConfig(model="lightgbm", base_rate=protocol.BASE_RATE, columns="scale_free")
Arms = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Case:
    """A k: its training rows (pooled) and its test rows."""

    first: str
    train: pd.DataFrame
    y_train: Int8s
    weights: Float64s
    test: pd.DataFrame
    y_test: Int8s


def tables(ledger: Ledger, labels: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The columns that need no labels, of every cut of the protocol."""
    views = tuple(view for view in VIEWS if view.name not in arms.LABELS)
    spines = {first: protocol.spine(ledger, labels, first) for first in protocol.POOL}
    return {first: feature_table(ledger, rows, views=views) for first, rows in spines.items()}


def read_case(
    ledger: Ledger, labels: pd.DataFrame, found: dict[str, pd.DataFrame], first: str
) -> Case:
    """Split as experiment 0001 does; the exposure columns know the training wallets only."""
    borders = protocol.split(found[first].index.to_frame(index=False))
    table = protocol.pooled(found, first, borders.train_until)
    rows = chosen_rows(table, labels, borders, CONFIG)
    learnt_from = table.index[rows.train].get_level_values("wallet").unique()
    used = table.iloc[np.concatenate([rows.train, rows.test])]
    known = labels[labels["wallet"].isin(learnt_from)]
    exposed = feature_table(
        ledger, used.index.to_frame(index=False), labels=known,
        views=arms.views_named(arms.EXPOSURE),
    )  # fmt: skip
    whole = pd.concat([used, exposed], axis=1)
    n_train = len(rows.train)
    return Case(
        first, whole[:n_train], rows.y_true[rows.train], wallet_weights(table, rows.train),
        whole[n_train:], rows.y_true[rows.test],
    )  # fmt: skip


def measure_arms(case: Case, chosen: Arms, whole: str, seeds: range) -> Iterator[Measure]:
    """PR-AUC of all arms of one k, and of those that begin with "with" what they differ by.

    Differences are from the arm ``whole``, of the same bootstrap draws.
    """
    at = f"ethereum k={case.first}:"
    scores = {
        arm: [
            arms.fitted_scores(
                case.train, case.y_train, case.test, names, seed=seed, weights=case.weights
            )
            for seed in seeds
        ]
        for arm, names in chosen.items()
        if names
    }

    def pr_auc(weights: Float64s) -> dict[str, float]:
        value = {
            arm: float(np.mean([average_precision(case.y_test, one, weights) for one in some]))
            for arm, some in scores.items()
        }
        gains = {
            f"{arm}, against {whole}": value[arm] - value[whole]
            for arm in value
            if arm.startswith("with")
        }
        return value | gains

    values = pr_auc(np.ones(len(case.y_test)))
    intervals = bootstrap_intervals(pr_auc, case.y_test, case.test.index, seed=0)
    yield Measure(f"{at} test rows", float(len(case.y_test)), "")
    yield Measure(f"{at} prevalence", float(case.y_test.mean()), "")
    for name, value in values.items():
        yield Measure(f"{at} {name} PR-AUC", value, "", *intervals[name])
