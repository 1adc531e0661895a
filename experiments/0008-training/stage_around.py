"""What labels in the neighbourhood are worth, and how much of that says how the set was sampled.

The view knows the labels of the wallets that are learnt from and no others. A delay of d days means
that a wallet's label is known d days after its first row; without one it is known from the start.
In the control these wallets have swapped labels in what the view reads, and nowhere else: who is
labelled stays as it was, and only what the labels say is lost.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from stage_refit import Data, config_of, read

from experiments.common import arms
from experiments.common import ethereum_phishing as protocol
from experiments.common.amlsim_bank import NAMES, Bank, read_bank, test_rows
from experiments.common.arms import Float64s
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.past import LabelEvents, label_events
from features.table import compute_rows
from features.view import View
from features.views import VIEWS
from training.metrics import average_precision, bootstrap_intervals
from training.recipe import Recipe
from training.split_rows import SplitRows

CASES = ("5", "all")
DELAYS = (0, 30, 90, 180)  # days
CONTROLLED = (0, 30)
AT_ONCE = "known from the start"
TARGET = {("5", "0 days late"): 0.975}
TARGET_AMLSIM = {"fanin200": 0.867, "fanin200cycle200": 0.858}
SEEDS = range(3)
ROWS, HUBS = 1_000, 200  # timed
MS = 1.0

Scores = dict[str, list[Float64s]]
Pairs = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class World:
    """The pooled rows of one k without labels, and which of them are learnt from and judged."""

    ledger: Ledger
    labels: pd.DataFrame
    table: pd.DataFrame
    rows: SplitRows
    recipe: Callable[[pd.DataFrame, int], Recipe]

    def known(self, delay: int | None) -> pd.DataFrame:
        """Labels of the wallets that are learnt from; ``delay`` in days after their first row."""
        index = self.table.index[self.rows.learnt]
        since = pd.Series(index.get_level_values("as_of"), index.get_level_values("wallet"))
        first = since.groupby(level=0).min()
        known = self.labels[self.labels["wallet"].isin(first.index)]
        if delay is None:
            return known
        at = known["wallet"].map(first) + pd.Timedelta(delay, "D")
        return known.assign(known_at=at.astype(known["known_at"].dtype))

    def scores(self, known: pd.DataFrame | None, seed: int) -> Float64s:
        """Raw scores of the test rows, with the view where labels are known."""
        table = self.table
        if known is not None:
            asked = table.index.to_frame(index=False)
            view = arms.views_named(arms.AROUND)
            around = feature_table(self.ledger, asked, labels=known, views=view)
            table = pd.concat([table, around], axis=1)
        return self.recipe(table, seed).raw_scores(self.rows)


def permuted(known: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Wallets that swapped labels; each keeps the instant at which it was known."""
    mixed = np.random.default_rng(seed).permutation(len(known))
    return known.assign(
        **{name: known[name].to_numpy()[mixed] for name in ("label", "category", "confidence")}
    )


def world_of(data: Data, ledger: Ledger, first: str) -> World:
    """All rows before the test are learnt from, as in the stage on the refit."""
    split = protocol.split(data.tables[first].index.to_frame(index=False))
    table = protocol.pooled(data.tables, first, split.test_from)

    def recipe(some: pd.DataFrame, seed: int) -> Recipe:
        config = config_of("scale_free", seed)
        return Recipe.of(some, data.labels, config, ledger=None, views=VIEWS)

    rows = recipe(table, 0).rows(split)
    return World(ledger, data.labels, table, rows, recipe)


def ethereum(world: World, first: str, seeds: range, delays: Iterable[int]) -> Iterator[Measure]:
    """The curve over delays, the controls, and what they differ by on the same draws."""
    scores: Scores = {"without": [world.scores(None, seed) for seed in seeds]}
    pairs: Pairs = {}
    for delay in (None, *delays):
        arm = AT_ONCE if delay is None else f"{delay} days late"
        known = world.known(delay)
        scores[arm] = [world.scores(known, seed) for seed in seeds]
        pairs[f"{arm} minus without"] = (arm, "without")
        if delay is None or delay in CONTROLLED:
            control = f"{arm}, permuted"
            scores[control] = [world.scores(permuted(known, seed), seed) for seed in seeds]
            pairs[f"{arm}: true minus permuted"] = (arm, control)
    yield from compared(first, world, scores, pairs)


def compared(first: str, world: World, scores: Scores, pairs: Pairs) -> Iterator[Measure]:
    """PR-AUC of all arms and of their differences, with intervals of a paired block bootstrap."""
    at, test = f"around ethereum k={first}", world.rows.test
    y_true = world.rows.y_true[test]

    def measure(weights: Float64s) -> dict[str, float]:
        value = {
            arm: float(np.mean([average_precision(y_true, one, weights) for one in some]))
            for arm, some in scores.items()
        }
        return value | {name: value[one] - value[other] for name, (one, other) in pairs.items()}

    values = measure(np.ones(len(y_true)))
    intervals = bootstrap_intervals(measure, y_true, world.table.index[test], seed=0)
    yield Measure(f"{at}: test rows", float(len(y_true)), "")
    yield Measure(f"{at}: prevalence", float(y_true.mean()), "")
    wanted = {f"{delay} days late: true minus permuted" for delay in CONTROLLED}
    for name, value in values.items():
        target = TARGET.get((first, name))
        yield Measure(f"{at}: {name} PR-AUC", value, "", *intervals[name], target, at_least=True)
        if name in wanted:  # the lower end of the interval is what must be above 0
            low = intervals[name][0]
            yield Measure(f"{at}: {name}, lower end", low, "", target=0.0, at_least=True)


def density(world: World, first: str) -> Iterator[Measure]:
    """How many rows learnt from, and judged, have a labelled wallet around them, by delay."""
    for delay in (None, *DELAYS):
        known, view = world.known(delay), arms.views_named(arms.AROUND)
        for name, rows in (("learnt from", world.rows.learnt), ("judged", world.rows.test)):
            asked = world.table.index[rows].to_frame(index=False)
            around = feature_table(world.ledger, asked, labels=known, views=view)
            counts = [f"around_{label}_{way}_count" for label in ("illicit", "licit")
                      for way in ("in", "out", "in_in", "in_out", "out_in", "out_out")]  # fmt: skip
            met = float((around[counts].sum(axis=1) > 0).mean())
            arm = AT_ONCE if delay is None else f"{delay} days late"
            at = f"around ethereum k={first}: {arm}, rows {name} with a labelled wallet around"
            yield Measure(at, met, "")


def amlsim(folder: Path, seeds: range, names: Iterable[str]) -> Iterator[Measure]:
    """The simulated bank: all columns with exposure, and with labels around; known: training."""
    base = arms.column_names(
        (*arms.PLAIN, *arms.RELATIONAL, *arms.shapes(), *arms.EXPOSURE), scale_free=False
    )
    wide = (*base, *arms.column_names(arms.AROUND, scale_free=False))
    for name in names:
        bank, at = read_bank(folder, name), f"around amlsim {name}:"
        found: dict[str, list[float]] = {"without": [], "with": [], "permuted": []}
        for seed in seeds:
            test = test_rows(bank, seed)
            known = bank.labels[~test]
            exposed = pd.concat([bank.table, bank.exposure(known)], axis=1)
            for arm, columns, told in (
                ("without", base, known), ("with", wide, known),
                ("permuted", wide, permuted(known, seed)),
            ):  # fmt: skip
                table = pd.concat([exposed, _around(bank, told)], axis=1)
                scores = arms.fitted_scores(
                    table[~test], bank.y_true[~test], table[test], columns, seed=seed
                )
                found[arm].append(average_precision(bank.y_true[test], scores))
        yield Measure(f"{at} prevalence", float(bank.y_true.mean()), "")
        for arm, some in found.items():
            target = TARGET_AMLSIM[name] if arm == "with" else None
            yield arms.over_seeds(f"{at} {arm} PR-AUC", some, target=target)
        for other in ("without", "permuted"):
            gained = np.subtract(found["with"], found[other]).tolist()
            yield arms.over_seeds(f"{at} with minus {other} PR-AUC", gained)


def _around(bank: Bank, known: pd.DataFrame) -> pd.DataFrame:
    view = arms.views_named(arms.AROUND)
    return feature_table(bank.ledger, bank.spine, labels=known, views=view)


def cost(world: World, rows: int, hubs: int) -> Iterator[Measure]:
    """CPU time of single rows: those of the protocol, and the busiest wallets at the end."""
    ledger, view = world.ledger, arms.views_named(arms.AROUND)
    events, asked = label_events(ledger, world.labels), world.table.index.to_frame(index=False)
    codes = ledger.codes(asked["wallet"])
    as_of = asked["as_of"].to_numpy("datetime64[us]").astype(np.int64)
    chosen = np.random.default_rng(0).permutation(len(codes))[:rows]
    degree = ledger.incoming.count[: ledger.n_wallets] + ledger.outgoing.count[: ledger.n_wallets]
    busiest = np.argsort(-degree, kind="stable")[:hubs].astype(np.int32)
    end = np.full(len(busiest), arms.end_of(ledger).value // 1000)
    for name, who, when in (("rows", codes[chosen], as_of[chosen]), ("hubs", busiest, end)):
        taken = [_ms(ledger, who[[k]], when[[k]], events, view) for k in range(len(who))]
        for what, percent in (("p50", 50), ("p99", 99), ("the slowest", 100)):
            value = float(np.percentile(taken, percent))
            yield Measure(f"around cost: {name}, {what}", value, "ms", target=MS)


def _ms(
    ledger: Ledger, who: npt.NDArray[np.int32], when: npt.NDArray[np.int64], events: LabelEvents,
    views: tuple[View, ...],
) -> float:  # fmt: skip
    began = time.thread_time()
    compute_rows(ledger, who, when, labels=events, views=views)
    return (time.thread_time() - began) * 1000


def measures(work: Path, quick: bool) -> list[Measure]:
    """All figures of the stage."""
    data = read(work)
    ledger = Ledger.open(work / "ledger")
    found: list[Measure] = []
    for first in CASES[:1] if quick else CASES:
        world = world_of(data, ledger, first)
        found += ethereum(world, first, range(1) if quick else SEEDS, () if quick else DELAYS)
        found += density(world, first)
    found += cost(world, 20 if quick else ROWS, 20 if quick else HUBS)
    folder = protocol.DATA.parent / "amlsim"
    found += amlsim(folder, range(1) if quick else SEEDS, NAMES[:1] if quick else NAMES)
    return found


def figures(found: list[Measure]) -> dict[str, Figure]:
    """PR-AUC over the delay of labels, with the control and without the view."""
    by_name = {one.name: one for one in found}
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, first in zip(figure.subplots(1, len(CASES)), CASES, strict=True):
        at = f"around ethereum k={first}:"
        without = by_name[f"{at} without PR-AUC"].value
        axes.axhline(without, color="grey", linestyle="--", label="without the view")
        for suffix, label, shift in (("", "true labels", -2), (", permuted", "permuted", 2)):
            some = [
                (delay, by_name[name])
                for delay in DELAYS
                if (name := f"{at} {delay} days late{suffix} PR-AUC") in by_name
            ]
            values = np.array([(one.value, one.low, one.high) for _, one in some], dtype=float)
            axes.errorbar(
                [delay + shift for delay, _ in some], values[:, 0], fmt="o-", capsize=3,
                label=label, yerr=np.abs(values[:, 1:] - values[:, :1]).T,
            )  # fmt: skip
        axes.set_title(f"Ethereum phishing, k={first}", fontsize=10)
        axes.set_xlabel("days until a label is known, after the wallet's first row")
        axes.set_xticks(DELAYS)
        axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.axes[0].set_ylabel("PR-AUC on test rows (95 % interval)")
    return {"around.png": figure}
