"""Real phishing wallets: what each view adds to the others, and what it knows by itself.

The protocol of experiment 0001: scale-free columns, out-of-time test, pooled training rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import arms
import numpy as np
import pandas as pd
from arms import Float64s, Int8s
from matplotlib.figure import Figure

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.views import VIEWS
from training import TrainConfig
from training.metrics import average_precision, bootstrap_intervals
from training.trained import chosen_rows, wallet_weights

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
        views=arms.views_named(arms.LABELS),
    )  # fmt: skip
    whole = pd.concat([used, exposed], axis=1)
    n_train = len(rows.train)
    return Case(
        first, whole[:n_train], rows.y_true[rows.train], wallet_weights(table, rows.train),
        whole[n_train:], rows.y_true[rows.test],
    )  # fmt: skip


def arms_of() -> Arms:
    """All views that need no labels; each left out; each alone; all with exposure."""
    names = [view.name for view in VIEWS if view.name not in arms.LABELS]
    every = {name: arms.column_names((name,), scale_free=True) for name in names}
    whole = tuple(column for name in names for column in every[name])
    found: Arms = {"all views": whole}
    for name in names:
        found[f"without {name}"] = tuple(one for one in whole if one not in set(every[name]))
    for name in names:
        found[f"{name} alone"] = every[name]
    labels = arms.column_names(arms.LABELS, scale_free=True)
    found["with exposure to training wallets"] = (*whole, *labels)
    found["exposure alone"] = labels
    return found


def measure_case(case: Case, seeds: range) -> Iterator[Measure]:
    """All arms of one k; differences from all views are of the same bootstrap draws."""
    at = f"ethereum k={case.first}:"
    scores = {
        arm: [
            arms.fitted_scores(
                case.train, case.y_train, case.test, names, seed=seed, weights=case.weights
            )
            for seed in seeds
        ]
        for arm, names in arms_of().items()
        if names
    }

    def pr_auc(weights: Float64s) -> dict[str, float]:
        value = {
            arm: float(np.mean([average_precision(case.y_test, one, weights) for one in some]))
            for arm, some in scores.items()
        }
        gains = {
            f"{arm}, against all views": value[arm] - value["all views"]
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
    yield from controls(case, seeds)


def controls(case: Case, seeds: range) -> Iterator[Measure]:
    """One feature, and training wallets that swapped labels."""
    at, names = f"ethereum k={case.first}:", arms_of()["with exposure to training wallets"]
    best, value = arms.single_feature(case.train, case.y_train, case.test, case.y_test, names)
    print(f"{at} best single feature {best}", flush=True)
    yield Measure(f"{at} best single feature PR-AUC", value, "")
    values = []
    wallets = case.train.index.get_level_values("wallet")
    of_wallet, place = np.unique(wallets, return_index=True)
    for seed in seeds:
        mixed = np.random.default_rng(seed).permutation(case.y_train[place])
        swapped = mixed[np.searchsorted(of_wallet, wallets)]
        scores = arms.fitted_scores(
            case.train, swapped, case.test, names, seed=seed, weights=case.weights
        )
        values.append(average_precision(case.y_test, scores))
    yield arms.over_seeds(f"{at} label shuffle PR-AUC", values)


def measure(ledger: Ledger, seeds: range, firsts: tuple[str, ...]) -> list[Measure]:
    """All figures of the stage."""
    labels = protocol.read_labels()
    found = tables(ledger, labels)
    return [
        measure
        for first in firsts
        for measure in measure_case(read_case(ledger, labels, found, first), seeds)
    ]


def figure(measures: list[Measure], firsts: tuple[str, ...]) -> Figure:
    """What is lost without a view, and what it is worth alone, for every k."""
    by_name = {measure.name: measure for measure in measures}
    names = [view.name for view in VIEWS if view.name not in arms.LABELS]
    picture = Figure(figsize=(9, 5), layout="constrained")
    left, right = picture.subplots(1, 2, sharey=True)
    for place, first in enumerate(firsts):
        y = np.arange(len(names)) + (place - (len(firsts) - 1) / 2) * 0.18
        at = f"ethereum k={first}:"
        lost = [by_name[f"{at} without {name}, against all views PR-AUC"] for name in names]
        alone = [by_name[f"{at} {name} alone PR-AUC"] for name in names]
        for axes, some in ((left, lost), (right, alone)):
            bounds = [
                [m.value - (m.low or 0.0) for m in some],
                [(m.high or 0.0) - m.value for m in some],
            ]
            axes.errorbar(
                [m.value for m in some], y, xerr=np.maximum(bounds, 0), fmt="o", capsize=2,
                markersize=4, label=f"k={first}",
            )  # fmt: skip
        prevalence = by_name[f"{at} prevalence"].value
        right.axvline(prevalence, color=f"C{place}", linestyle=":", linewidth=1)
    left.axvline(0, color="grey", linewidth=1)
    left.set_yticks(range(len(names)), names)
    left.invert_yaxis()
    left.set_xlabel("PR-AUC without the view, minus with it")
    right.set_xlabel("PR-AUC of the view alone (dotted: prevalence)")
    right.legend(fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return picture
