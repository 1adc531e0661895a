"""The planted world: who is found at few false flags, with and without the views of flows.

A row is a wallet right after one of its own transfers, drawn by lot. Training rows are of the
first half of the period, test rows of the second: other thefts, other wallets, later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from flow_views import columns_without, flows
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from planted_case import CHOICES, FULL, KNOWN, Amounts, Case, Rows, read_case

from experiments.common import arms
from experiments.common.arms import Bools, Float64s, Int8s
from experiments.common.results import Measure
from training.metrics import best_single_feature, single_feature_score

BUDGETS = {"0.1 %": 0.001, "1 %": 0.01}
LOOK_ALIKE = ("deposit", "mover", "treasury", "shop", "payroll")
GRADES = {
    "parts": ((3, 9), (10, 29), (30, 100)),
    "hops": ((2, 4), (5, 8), (9, 12)),
    "hops from the thief": ((1, 2), (3, 5), (6, 8), (9, 12)),
}


def columns_of() -> dict[str, tuple[str, ...]]:
    """Arms: all but the views of flows, with each of them, with all of them, and each alone."""
    without = columns_without(flows(), scale_free=True)
    every = {name: arms.column_names((name,), scale_free=True) for name in flows()}
    found = {"without flows": without}
    found |= {f"with {name} only": (*without, *columns) for name, columns in every.items()}
    found["with flows"] = columns_without((), scale_free=True)
    return found | {f"{name} alone": columns for name, columns in every.items()}


def flags(scores: Float64s, y_true: Int8s, budget: float) -> Bools:
    """Rows above the loosest threshold that flags at most a share of the licit ones."""
    licit = np.sort(scores[y_true == 0])[::-1]
    return np.asarray(scores > licit[int(budget * licit.size)])


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of the test rows of one arm.

    Parameters
    ----------
    test : DataFrame of shape (n, ...)
    scores : float64 array, shape (n,)
    """

    test: Rows
    scores: Float64s

    def flagged(self, budget: float) -> Bools:
        """See :func:`flags`."""
        return flags(self.scores, self.test["illicit"].to_numpy(np.int8), budget)

    def recall(self, budget: float, some: Bools | None = None) -> float:
        """Share of the illicit rows, or of some of them, that is flagged."""
        illicit = (self.test["illicit"] == 1).to_numpy()
        group = illicit if some is None else illicit & some
        return float(self.flagged(budget)[group].mean()) if group.any() else float("nan")

    def recall_of_thefts(self, budget: float) -> float:
        """Recall within a theft, mean over thefts: large ones count no more than small ones."""
        flagged = pd.Series(self.flagged(budget), index=self.test.index)
        return float(flagged.groupby(self.test["scheme"]).mean().mean())

    def false_flags(self, budget: float) -> float:
        """Share of the ordinary wallets that look alike that is flagged."""
        alike = self.test["role"].isin(LOOK_ALIKE) & (self.test["illicit"] == 0)
        return float(self.flagged(budget)[alike.to_numpy()].mean())


def judge(case: Case, seed: int) -> dict[str, Judged]:
    """Every arm, by its name and whether thieves are known, with the controls."""
    late = case.rows["late"].to_numpy(bool)
    test, y_train = case.rows[late], case.rows["illicit"].to_numpy(np.int8)[~late]
    judged = {}
    for known, word in KNOWN.items():
        whole = case.whole(thieves=known)
        train, later = whole[~late], whole[late]
        for arm, names in columns_of().items():
            if known and not any(name.startswith("exposure") for name in names):
                continue  # reads no label
            scores = arms.fitted_scores(train, y_train, later, names, seed=seed)
            judged[f"{word}, {arm}"] = Judged(test, scores)
        every = columns_of()["with flows"]
        column, sign = best_single_feature(train[list(every)].to_numpy(), y_train)
        print(f"seed {seed}, {word}: best single feature {every[column]} ({sign:+d})", flush=True)
        best = single_feature_score(later[list(every)].to_numpy(), column, sign)
        judged[f"{word}, best single feature"] = Judged(test, best)
    mixed = np.random.default_rng(seed).permutation(y_train)
    scores = arms.fitted_scores(train, mixed, later, every, seed=seed)
    return judged | {"label shuffle": Judged(test, scores)}


def groups(test: Rows) -> Iterator[tuple[str, str, Bools]]:
    """Illicit rows by what their theft was like: what is graded, the grade, the rows."""
    for what, ranges in GRADES.items():
        for low, high in ranges:
            yield what, f"{low} to {high}", test[what].between(low, high).to_numpy()
    for what in CHOICES:
        for grade in sorted(test[what].dropna().unique(), key=_order):
            yield what, str(grade), (test[what] == grade).to_numpy()
    for place in ("passing", "end"):
        yield "place", place, (test["place"] == place).to_numpy()
    yield "own business", "too", test["fresh"].eq(other=False).to_numpy()


def _order(grade: object) -> float:
    """Shares by their size, rests by their length."""
    from experiments.common.laundering import RESTS_S

    return RESTS_S[grade] if isinstance(grade, str) else float(str(grade))


GRADED = (
    "thieves unknown, without flows",
    "thieves unknown, with flows",
    "thieves known, with flows",
)


def measure(seeds: range, amounts: Amounts = FULL) -> list[Measure]:
    """All figures of the stage: means over worlds, least and greatest as the interval."""
    runs, cases = [], []
    for seed in seeds:
        case = read_case(seed, amounts)
        runs.append(judge(case, seed))
        cases.append((case.rows["late"].sum(), case.rows.loc[case.rows["late"], "illicit"].sum(),
                      case.world_share))  # fmt: skip
    found = [
        arms.over_seeds(f"planted: {what}", [float(case[at]) for case in cases])
        for at, what in enumerate(("test rows", "illicit test rows", "illicit share of the world"))
    ]
    for arm in runs[0]:
        some = [run[arm] for run in runs]
        for word, budget in BUDGETS.items():
            recalls = [one.recall(budget) for one in some]
            found.append(arms.over_seeds(f"planted: {arm}, recall at {word} false flags", recalls))
        alike = [one.false_flags(BUDGETS["1 %"]) for one in some]
        found.append(arms.over_seeds(f"planted: {arm}, look-alikes flagged at 1 %", alike))
    return found + precisions(runs, [case[2] for case in cases]) + graded_measures(runs)


def precisions(runs: list[dict[str, Judged]], shares: list[float]) -> list[Measure]:
    """Precision at both budgets where the illicit are as rare as in the world."""
    found = []
    for arm in GRADED:
        for word, budget in BUDGETS.items():
            right = [run[arm].recall(budget) * p for run, p in zip(runs, shares, strict=True)]
            values = [
                a / (a + budget * (1 - p)) if a else 0.0 for a, p in zip(right, shares, strict=True)
            ]
            found.append(
                arms.over_seeds(f"planted: {arm}, precision at {word} false flags", values)
            )
    return found


def graded_measures(runs: list[dict[str, Judged]]) -> list[Measure]:
    """How recall falls with what makes a theft hard."""
    found: list[Measure] = []
    for arm, (word, budget) in product(GRADED, BUDGETS.items()):
        values: dict[str, list[float]] = {}
        for run in runs:
            judged, at = run[arm], f"recall at {word} false flags"
            name = f"planted: {arm}, mean over thefts, {at}"
            values.setdefault(name, []).append(judged.recall_of_thefts(budget))
            for what, grade, rows in groups(judged.test):
                name = f"planted: {arm}, {what} {grade}, {at}"
                values.setdefault(name, []).append(judged.recall(budget, rows))
        for name, some in values.items():
            there = [value for value in some if not np.isnan(value)]
            found += [arms.over_seeds(name, there)] if there else []
    return found


def figure(measures: list[Measure]) -> Figure:
    """Recall against each thing that is graded, at both budgets."""
    whats = (*GRADES, "rest", "mixing", "swapped")
    picture = Figure(figsize=(11, 6.6), layout="constrained")
    for axes, what in zip(picture.subplots(2, 3, sharey=True).flat, whats, strict=True):
        for (place, arm), word in product(enumerate(GRADED), BUDGETS):
            start, end = f"planted: {arm}, {what} ", f", recall at {word} false flags"
            some = {
                one.name.removeprefix(start).removesuffix(end): one
                for one in measures
                if one.name.startswith(start) and one.name.endswith(end)
                and one.name[len(start)].isdigit()
            }  # fmt: skip
            _line(axes, some, f"{arm}, {word}", colour=f"C{place}", solid=word == "0.1 %")
        axes.set_xlabel(what)
        axes.set_ylim(0, 1.02)
        axes.grid(alpha=0.3)
    picture.supylabel("recall at 0.1 % (solid) and 1 % false flags")
    handles = picture.axes[0].get_legend_handles_labels()
    picture.legend(*handles, fontsize=8, ncols=3, loc="outside lower center")
    return picture


def _line(axes: Axes, some: dict[str, Measure], label: str, *, colour: str, solid: bool) -> None:
    """One arm at one budget: values and intervals by grade."""
    bounds = [[one.value - (one.low or 0.0) for one in some.values()],
              [(one.high or 0.0) - one.value for one in some.values()]]  # fmt: skip
    axes.errorbar(
        list(some), [one.value for one in some.values()], yerr=np.maximum(bounds, 0), marker="o",
        capsize=3, label=label, color=colour, linestyle="-" if solid else ":",
    )  # fmt: skip
