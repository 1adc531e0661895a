"""Simulated bank: which accounts of AMLSim each group of views finds, and which none can."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from label_neighbourhood import label_neighbourhood
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from experiments.common import arms
from experiments.common.amlsim_bank import NAMES, SMALL, Bank, read_bank, test_rows
from experiments.common.arms import Bools, Float64s, Int8s
from experiments.common.results import Measure
from training.metrics import average_precision

TARGET = 0.95
SHUFFLES = 4
FLIPPED = 50  # accounts whose own label is turned round to see that their row stays


def columns(*, scale_free: bool) -> dict[str, tuple[str, ...]]:
    """Arms a to d, each with the columns of those before it."""
    plain = arms.column_names(arms.PLAIN, scale_free=scale_free)
    relational = (*plain, *arms.column_names(arms.RELATIONAL, scale_free=scale_free))
    shaped = (*relational, *arms.column_names(arms.shapes(), scale_free=scale_free))
    return {
        "a plain": plain,
        "b + one hop": relational,
        "c + shapes": shaped,
        "d + exposure": (*shaped, *arms.column_names(arms.EXPOSURE, scale_free=scale_free)),
    }


def views_alone() -> dict[str, tuple[str, ...]]:
    """What each view that looks for shapes, and exposure, knows by itself."""
    names = (*arms.shapes(), *arms.EXPOSURE)
    return {f"{name} alone": arms.column_names((name,), scale_free=False) for name in names}


def group_pr_auc(bank: Bank, test: Bools, scores: Float64s) -> dict[str, float]:
    """PR-AUC of everything, and of each group of illicit accounts against the licit ones."""
    y_true, acted, centre = bank.y_true[test], bank.acted[test], bank.centre[test]
    licit = y_true == 0
    found = {"": average_precision(y_true, scores)}
    silent = ~licit & ~acted
    for name, group in (("acted", acted), ("centres", centre), ("never acted", silent)):
        rows = licit | group
        found[name] = average_precision(y_true[rows], scores[rows])
    return found


def seed_figures(bank: Bank, seed: int) -> dict[str, dict[str, float]]:
    """All arms of one split."""
    test = test_rows(bank, seed)
    known = bank.labels[~test]
    table = pd.concat([bank.table, bank.exposure(known)], axis=1)
    train, later = table[~test], table[test]
    y_train, y_test = bank.y_true[~test], bank.y_true[test]
    found: dict[str, dict[str, float]] = {}
    whole = columns(scale_free=False)
    widest = whole["d + exposure"]
    sets = {f"{arm}, all columns": names for arm, names in whole.items()}
    sets |= {f"{arm}, scale-free": some for arm, some in columns(scale_free=True).items()}
    for arm, names in (sets | views_alone()).items():
        scores = arms.fitted_scores(train, y_train, later, names, seed=seed)
        found[arm] = group_pr_auc(bank, test, scores)
    found["label shuffle"] = shuffled(train, y_train, later, y_test, widest, seed=seed)
    name, value = arms.single_feature(train, y_train, later, y_test, widest)
    found["best single feature"] = {"": value}
    print(f"{bank.name}, seed {seed}: best single feature {name}", flush=True)
    return found | labels_two_steps_away(bank, seed, test)


def shuffled(
    train: pd.DataFrame,
    y_train: Int8s,
    test: pd.DataFrame,
    y_test: Int8s,
    names: tuple[str, ...],
    *,
    seed: int,
) -> dict[str, float]:
    """Means over permutations of the training labels.

    Illicit accounts are alike, so that one permutation moves all their scores up or down together:
    a single one says little.
    """
    generator = np.random.default_rng(seed)
    results = []
    for _ in range(SHUFFLES):
        mixed = generator.permutation(y_train)
        scores = arms.fitted_scores(train, mixed, test, names, seed=seed)
        results.append((average_precision(y_test, scores), roc_auc_score(y_test, scores)))
    pr_auc, roc_auc = np.mean(results, axis=0)
    return {"": float(pr_auc), "ROC-AUC": float(roc_auc)}


def labels_two_steps_away(bank: Bank, seed: int, test: Bools) -> dict[str, dict[str, float]]:
    """What more there is to labels than exposure, and what it is worth if all were known."""
    found = {}
    for known, name in ((~test, "training"), (np.ones(len(test), bool), "all other")):
        table = pd.concat([bank.table, bank.exposure(bank.labels[known])], axis=1)
        names = columns(scale_free=False)["d + exposure"]
        around = label_neighbourhood(
            bank.transfers, bank.labels["wallet"], known & (bank.y_true == 1)
        )
        wider = pd.concat([table, around.set_index(table.index)], axis=1)
        for arm, over, chosen in (
            (f"d, {name} labels known", table, names),
            (f"d, {name} labels known, two steps away", wider, (*names, *around.columns)),
        ):
            scores = arms.fitted_scores(
                over[~test], bank.y_true[~test], over[test], chosen, seed=seed
            )
            found[arm] = group_pr_auc(bank, test, scores)
    del found["d, training labels known"]  # arm d
    return found


def rows_moved_by_their_own_label(bank: Bank) -> int:
    """Exposure rows that change when the wallet's own label is turned round; must be none."""
    known = bank.labels
    chosen = np.random.default_rng(0).choice(len(known), FLIPPED, replace=False)
    before = bank.exposure(known, bank.spine.iloc[chosen]).to_numpy()
    moved = 0
    for place, row in zip(range(FLIPPED), chosen, strict=True):
        turned = known.copy()
        was = turned.loc[turned.index[row], "label"]
        turned.loc[turned.index[row], "label"] = "licit" if was == "illicit" else "illicit"
        after = bank.exposure(turned, bank.spine.iloc[[row]]).to_numpy()
        moved += not np.array_equal(before[[place]], after, equal_nan=True)
    return moved


def facts(bank: Bank) -> Iterator[Measure]:
    """What the simulation itself gives away, and what nothing can tell."""
    at = f"amlsim {bank.name}:"
    transfers, y_true = bank.transfers, bank.y_true
    illicit = transfers["amount"] < SMALL
    yield Measure(f"{at} accounts", float(len(y_true)), "")
    yield Measure(f"{at} prevalence", float(y_true.mean()), "")
    silent = (y_true == 1) & ~bank.acted
    yield Measure(
        f"{at} illicit accounts without an illicit transfer", silent.sum() / y_true.sum(), ""
    )
    pairs = transfers[~illicit].groupby(["sender", "recipient"]).size()
    yield Measure(f"{at} licit transfers whose pair transacts again", float((pairs > 1).sum()), "")
    usual = transfers[~illicit].groupby("sender")["amount"].nunique()
    yield Measure(
        f"{at} accounts whose licit sendings differ in amount", float((usual > 1).sum()), ""
    )
    smallest = pd.concat(
        [transfers.groupby(end)["amount"].min() for end in ("sender", "recipient")]
    )
    lowest = smallest.groupby(level=0).min().reindex(bank.labels["wallet"]).fillna(np.inf)
    score = (lowest < SMALL).to_numpy(float)
    yield Measure(f"{at} 'smallest amount < 20' alone PR-AUC", average_precision(y_true, score), "")
    for name, group in (("licit", y_true == 0), ("acted", bank.acted), ("never acted", silent)):
        share = illicit_counterparties(bank, transfers[~illicit], group)
        yield Measure(f"{at} illicit share of the counterparties of {name} accounts", share, "")


def illicit_counterparties(bank: Bank, transfers: pd.DataFrame, group: Bools) -> float:
    """Mean share of illicit accounts among the counterparties in licit transfers."""
    bad = pd.Series(bank.y_true, index=bank.labels["wallet"])
    ends = [
        pd.DataFrame({"me": transfers[me], "bad": transfers[other].map(bad)})
        for me, other in (("sender", "recipient"), ("recipient", "sender"))
    ]
    shares = pd.concat(ends).groupby("me")["bad"].mean()
    return float(shares.reindex(bank.labels["wallet"][group]).mean())


def measure(folder: Path, seeds: range, names: tuple[str, ...] = NAMES) -> list[Measure]:
    """All figures of the stage."""
    found: list[Measure] = []
    for name in names:
        bank = read_bank(folder, name)
        found += facts(bank)
        moved = float(rows_moved_by_their_own_label(bank))
        at = f"amlsim {name}:"
        found.append(Measure(f"{at} rows moved by their own label", moved, "", target=0))
        runs = [seed_figures(bank, seed) for seed in seeds]
        for arm in runs[0]:
            for group in runs[0][arm]:
                what = "PR-AUC" if group != "ROC-AUC" else group
                against = f", {group} against licit" if group not in ("", "ROC-AUC") else ""
                target = TARGET if arm.startswith("d + exposure, all") and not group else None
                values = [run[arm][group] for run in runs]
                measure = arms.over_seeds(f"{at} {arm}{against} {what}", values, target=target)
                found.append(measure)
    return found


def figure(measures: list[Measure], names: tuple[str, ...]) -> Figure:
    """PR-AUC of each arm: of all illicit accounts, and of the two groups of them."""
    by_name = {measure.name: measure for measure in measures}
    listed = [f"{arm}, all columns" for arm in columns(scale_free=False)]
    listed += ["patterns alone", "exposure alone"]
    picture = Figure(figsize=(4.6 * len(names), 4.2), layout="constrained")
    drawn = picture.subplots(1, len(names), sharey=True, squeeze=False)[0]
    groups = {"": "all illicit", ", acted against licit": "took part in an illicit transfer",
              ", never acted against licit": "never did"}  # fmt: skip
    for axes, name in zip(drawn, names, strict=True):
        for place, (suffix, label) in enumerate(groups.items()):
            some = [by_name[f"amlsim {name}: {arm}{suffix} PR-AUC"] for arm in listed]
            values = [measure.value for measure in some]
            bounds = [
                [m.value - (m.value if m.low is None else m.low) for m in some],
                [(m.value if m.high is None else m.high) - m.value for m in some],
            ]
            at = np.arange(len(listed)) + (place - 1) * 0.26
            axes.bar(at, values, 0.26, yerr=np.maximum(bounds, 0), capsize=2, label=label)
        axes.axhline(by_name[f"amlsim {name}: prevalence"].value, color="grey", linestyle=":")
        axes.axhline(TARGET, color="black", linestyle="--", linewidth=1)
        ticks = [arm.removesuffix(", all columns").replace(" ", "\n", 1) for arm in listed]
        axes.set_xticks(range(len(listed)), ticks, fontsize=8)
        axes.set_title(f"{name} (dashed: target, dotted: prevalence)", fontsize=10)
        axes.set_ylim(0, 1.02)
        axes.grid(axis="y", alpha=0.3)
    drawn[0].set_ylabel("PR-AUC on test accounts")
    handles = drawn[0].get_legend_handles_labels()
    picture.legend(*handles, fontsize=8, ncols=3, loc="outside lower center")
    return picture
