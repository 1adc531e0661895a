"""Real phishing wallets: what each view adds to the others, and what it knows by itself.

The protocol of experiment 0001: scale-free columns, out-of-time test, pooled training rows.
"""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from experiments.common import arms
from experiments.common import ethereum_phishing as protocol
from experiments.common.ethereum_arms import Arms, Case, measure_arms, read_case, tables
from experiments.common.results import Measure
from features import Ledger
from features.views import VIEWS
from training.metrics import average_precision


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
    labels = arms.column_names(arms.EXPOSURE, scale_free=True)
    found["with exposure to training wallets"] = (*whole, *labels)
    found["exposure alone"] = labels
    return found


def measure_case(case: Case, seeds: range) -> Iterator[Measure]:
    """All arms of one k, and the controls."""
    yield from measure_arms(case, arms_of(), "all views", seeds)
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
