"""The planted world: who is found at few false flags, with and without the views of flows.

A row is a wallet right after one of its own transfers, drawn by lot. Training rows are of the
first half of the period, test rows of the second: other thefts, other wallets, later.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from flow_views import columns_without, flows
from matplotlib.figure import Figure

from experiments.common import arms
from experiments.common.arms import Bools, Float64s, Int8s
from experiments.common.laundering import PlantedWorld, Sizes, labels, plant
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.views import VIEWS
from training.metrics import best_single_feature, single_feature_score

BUDGETS = {"0.1 %": 0.001, "1 %": 0.01}
LOOK_ALIKE = ("deposit", "mover", "treasury", "shop", "payroll")
GRADES = {
    "parts": ((3, 9), (10, 29), (30, 100)),
    "hops": ((2, 4), (5, 8), (9, 12)),
    "hops from the thief": ((1, 2), (3, 5), (6, 8), (9, 12)),
}
CHOICES = ("rest", "mixing", "swapped", "reused")
KNOWN = {False: "thieves unknown", True: "thieves known"}
Rows = pd.DataFrame


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much to measure.

    Parameters
    ----------
    sizes : Sizes
        Of the world.
    train, test : int
        Ordinary wallets that are asked about, in either half.
    illicit : int
        Illicit wallets of the first half that are learnt from, at most.
    """

    sizes: Sizes
    train: int
    test: int
    illicit: int


FULL = Amounts(Sizes(), train=15_000, test=25_000, illicit=5_000)
QUICK = Amounts(Sizes(wallets=4_000, transfers=16_000, schemes=12), 800, 1_200, 500)


@dataclass(frozen=True, slots=True)
class Case:
    """One world, asked.

    Parameters
    ----------
    rows : DataFrame of shape (n, ...)
        wallet, as_of, late (of the second half), illicit, role, and what is graded of its theft.
    table : DataFrame of shape (n, columns)
        Of the views that read no labels.
    exposed : dict of DataFrame
        Of the view that does, by whether the thieves are known.
    world_share : float
        Illicit wallets over all, in the second half of the world.
    """

    rows: Rows
    table: pd.DataFrame
    exposed: dict[bool, pd.DataFrame]
    world_share: float

    def whole(self, *, thieves: bool) -> pd.DataFrame:
        """All columns, with labels of the exchanges and perhaps of the thieves."""
        return pd.concat([self.table, self.exposed[thieves]], axis=1)


def read_case(seed: int, amounts: Amounts) -> Case:
    """Generate a world, ask about some of its wallets, and compute all columns."""
    world = plant(seed, amounts.sizes)
    ledger = Ledger.from_transfers(world.transfers)
    rows, world_share = asked(world, amounts, np.random.default_rng(seed))
    spine = rows[["wallet", "as_of"]]
    plain = tuple(view for view in VIEWS if view.name not in arms.LABELS)
    exposure = arms.views_named(arms.LABELS)
    exposed = {
        known: feature_table(
            ledger, spine, labels=labels(world, thieves=known), views=exposure, threads=2
        )
        for known in KNOWN
    }
    table = feature_table(ledger, spine, views=plain, threads=2)
    return Case(rows, table, exposed, world_share)


def asked(world: PlantedWorld, amounts: Amounts, random: np.random.Generator) -> tuple[Rows, float]:
    """Rows of both halves, and the share of illicit wallets in the second.

    Thieves, exchanges and routers are no rows: who knows them need not ask.
    """
    moments = own_transfers(world)
    late = (moments["timestamp"] >= world.middle).to_numpy()
    no_row = {*world.schemes["thief"]}
    no_row |= {*world.ordinary.loc[world.ordinary["role"].isin(["exchange", "router"]), "wallet"]}
    bad = world.illicit[world.illicit["role"] != "thief"].drop_duplicates("wallet")
    parts, shares = [], []
    for half, n_ordinary in ((False, amounts.train), (True, amounts.test)):
        of_half = moments[late == half]
        once = of_half.iloc[random.permutation(len(of_half))].drop_duplicates("wallet")
        ordinary = once[~once["wallet"].isin({*bad["wallet"], *no_row})]
        mine = bad[bad["scheme"] % 2 == half]
        illicit = after_the_money(of_half, mine, random)
        shares.append(len(illicit) / (len(illicit) + len(ordinary)))
        illicit = illicit.head(len(illicit) if half else amounts.illicit)
        parts.append(pd.concat([illicit, ordinary.head(n_ordinary)]).assign(late=half))
    rows = pd.concat(parts, ignore_index=True).rename(columns={"timestamp": "as_of"})
    rows["as_of"] = rows["as_of"] + pd.Timedelta(1, "us")
    return graded(rows, bad, world), shares[1]


def own_transfers(world: PlantedWorld) -> pd.DataFrame:
    """Every wallet with the instant of every transfer of its own: wallet, timestamp."""
    ends = [
        world.transfers[[end, "timestamp"]].rename(columns={end: "wallet"})
        for end in ("sender", "recipient")
    ]
    return pd.concat(ends, ignore_index=True)


def after_the_money(moments: Rows, bad: Rows, random: np.random.Generator) -> Rows:
    """One moment of each illicit wallet; of one with business of its own, after the money came."""
    of = moments[moments["wallet"].isin({*bad["wallet"]})].merge(bad, on="wallet")
    of = of[of["fresh"] | (of["timestamp"] >= of["reached"])]
    chosen = of.iloc[random.permutation(len(of))].drop_duplicates("wallet")
    return chosen[["wallet", "timestamp"]]


def graded(rows: Rows, bad: Rows, world: PlantedWorld) -> Rows:
    """Rows with their truth: illicit, role, hop and what their theft was like."""
    told = bad.merge(world.schemes, left_on="scheme", right_index=True, suffixes=("", "_scheme"))
    truth = told.set_index("wallet")[["hop", "fresh", "hops", "parts", *CHOICES]]
    roles = world.ordinary.drop_duplicates("wallet").set_index("wallet")["role"]
    whole = rows.join(truth, on="wallet").join(roles, on="wallet")
    return whole.rename(columns={"hop": "hops from the thief"}).assign(
        illicit=whole["hop"].notna().astype(np.int8), role=whole["role"].fillna("other")
    )


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
    yield "role", "own business too", (test["fresh"] == False).to_numpy()  # noqa: E712


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
    """How recall at 1 % falls with what makes a theft hard."""
    found: list[Measure] = []
    for arm in GRADED:
        values: dict[str, list[float]] = {}
        for run in runs:
            for what, grade, rows in groups(run[arm].test):
                name = f"planted: {arm}, {what} {grade}, recall at 1 %"
                values.setdefault(name, []).append(run[arm].recall(BUDGETS["1 %"], rows))
        found += [
            arms.over_seeds(name, there)
            for name, some in values.items()
            if (there := [value for value in some if not np.isnan(value)])
        ]
    return found


def figure(measures: list[Measure]) -> Figure:
    """Recall at 1 % false flags against each thing that is graded."""
    whats = (*GRADES, "rest", "mixing", "swapped")
    picture = Figure(figsize=(11, 6.4), layout="constrained")
    for axes, what in zip(picture.subplots(2, 3, sharey=True).flat, whats, strict=True):
        for arm in GRADED:
            start, end = f"planted: {arm}, {what} ", ", recall at 1 %"
            some = [
                (one.name.removeprefix(start).removesuffix(end), one)
                for one in measures
                if one.name.startswith(start) and one.name[len(start)].isdigit()
            ]
            values = [one.value for _, one in some]
            bounds = [[one.value - (one.low or 0.0) for _, one in some],
                      [(one.high or 0.0) - one.value for _, one in some]]  # fmt: skip
            axes.errorbar(
                [grade for grade, _ in some], values, yerr=np.maximum(bounds, 0), marker="o",
                capsize=3, label=arm,
            )  # fmt: skip
        axes.set_xlabel(what)
        axes.set_ylim(0, 1.02)
        axes.grid(alpha=0.3)
    picture.supylabel("recall at 1 % false flags")
    handles = picture.axes[0].get_legend_handles_labels()
    picture.legend(*handles, fontsize=9, ncols=3, loc="outside lower center")
    return picture
