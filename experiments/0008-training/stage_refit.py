"""What it is worth to learn from all that is known, and to believe sure labels more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from experiments.common import ethereum_phishing as protocol
from experiments.common.ethereum_arms import tables
from experiments.common.results import Measure
from features.views import VIEWS
from training import (
    OutOfTime,
    TrainConfig,
    label_shuffle,
    out_of_time_shares,
    rolling_origins,
    train,
)
from training.calibration import fit_calibration
from training.evaluation import score_frame
from training.metrics import average_precision, base_rate_weights, bootstrap_intervals, log_loss
from training.recipe import Recipe
from training.trained import judge

Float64s = npt.NDArray[np.float64]
CASES = ("5", "30", "all")
COLUMNS = ("scale_free", "all")
TARGET = {"5": 0.965, "30": 0.96, "all": 0.87}  # scale-free
SEEDS = range(3)
FADING: dict[str, dict[str, object]] = {"no decay": {}, "half-life 90 d": {"half_life": "90d"}}
HIDDEN = 0.7  # of the training wallets' labels
SUPPOSED = (0.05, 0.2, 0.4, 0.6)  # shares of illicit ones among the unlabelled
FLIPPED, DOUBT = 0.3, 0.05
TARGET_DOUBT = 0.93


@dataclass(frozen=True, slots=True)
class Data:
    """Labels, and the table of every cut of the protocol."""

    labels: pd.DataFrame
    tables: dict[str, pd.DataFrame]

    def case(self, first: str, config: TrainConfig, *, late: bool) -> tuple[Recipe, OutOfTime]:
        """A recipe over one k; its pooled rows end at the test, or before the slice ahead of it."""
        split = protocol.split(self.tables[first].index.to_frame(index=False))
        until = split.test_from if late else split.train_until
        table = protocol.pooled(self.tables, first, until)
        return Recipe.of(table, self.labels, config, ledger=None, views=VIEWS), split


def read(work: Path) -> Data:
    ledger, labels = protocol.ingest(work), protocol.read_labels()
    return Data(labels, tables(ledger, labels))


def measures(work: Path, quick: bool) -> list[Measure]:
    data = read(work)
    if quick:
        return list(refit(data, "30", "scale_free", range(1)))
    found = [
        one for first in CASES for columns in COLUMNS for one in refit(data, first, columns, SEEDS)
    ]
    return [
        *found, *by_origin(data), *doubt(data), *decay(data), *hidden(data), *alarms(data)
    ]  # fmt: skip


def config_of(columns: str, seed: int, **more: object) -> TrainConfig:
    return TrainConfig.model_validate(
        {
            "model": "lightgbm", "base_rate": protocol.BASE_RATE, "seed": seed,
            "columns": columns, **more,
        }
    )  # fmt: skip


def former_scores(data: Data, first: str, config: TrainConfig) -> pd.DataFrame:
    """Test rows by a model that learns from the training slice and calibrates on the next."""
    recipe, split = data.case(first, config, late=False)
    rows = recipe.rows(split)
    sample = recipe.sample(rows.train, rows.y_true, rows.confidence)
    estimator = recipe.new().fit(recipe.inputs(rows.train), rows.y_true[rows.train], sample.weights)
    calibration = fit_calibration(
        estimator.log_odds(recipe.inputs(rows.calibrate)), rows.y_true[rows.calibrate],
        groups=recipe.groups[rows.calibrate], base_rate=config.base_rate, seed=config.seed,
        methods=("platt",),
    )  # fmt: skip
    log_odds = calibration.log_odds(estimator.log_odds(recipe.inputs(rows.test)))
    index = recipe.table.index[rows.test]
    return score_frame(calibration, index, log_odds, rows.y_true[rows.test])


def refit_scores(data: Data, first: str, config: TrainConfig) -> pd.DataFrame:
    """Test rows by the recipe: all before the test is learnt from, calibrated out of fold."""
    recipe, split = data.case(first, config, late=True)
    return judge(recipe, split).scores


def paired(
    at: str, arms: dict[str, list[pd.DataFrame]], targets: dict[str, float]
) -> Iterator[Measure]:
    """PR-AUC and log loss at the base rate of two arms on the same rows, and the difference."""
    index = next(iter(arms.values()))[0].index
    runs = {arm: [one.loc[index] for one in some] for arm, some in arms.items()}
    y_true = runs[next(iter(runs))][0]["y_true"].to_numpy(np.int8)

    def measure(weights: Float64s) -> dict[str, float]:
        world = base_rate_weights(y_true, protocol.BASE_RATE, weights)
        found = {}
        for arm, some in runs.items():
            said = [one["probability"].to_numpy() for one in some]
            found[f"{arm} PR-AUC"] = np.mean([average_precision(y_true, p, weights) for p in said])
            found[f"{arm} log loss at 1 %"] = np.mean([log_loss(y_true, p, world) for p in said])
        first, second = runs
        found[f"{second} minus {first} PR-AUC"] = (
            found[f"{second} PR-AUC"] - found[f"{first} PR-AUC"]
        )
        found[f"{second} over {first} log loss at 1 %"] = (
            found[f"{second} log loss at 1 %"] / found[f"{first} log loss at 1 %"]
        )
        return {name: float(value) for name, value in found.items()}

    values = measure(np.ones(len(y_true)))
    intervals = bootstrap_intervals(measure, y_true, index, seed=0)
    yield Measure(f"{at}: test rows", float(len(y_true)), "")
    yield Measure(f"{at}: prevalence", float(y_true.mean()), "")
    for name, value in values.items():
        target = targets.get(name)
        yield Measure(f"{at}: {name}", value, "", *intervals[name], target, at_least=True)


def refit(data: Data, first: str, columns: str, seeds: range) -> Iterator[Measure]:
    """The former way of training beside the recipe."""
    configs = [config_of(columns, seed) for seed in seeds]
    arms = {
        "calibration slice apart": [former_scores(data, first, one) for one in configs],
        "recipe": [refit_scores(data, first, one) for one in configs],
    }
    targets = {"recipe minus calibration slice apart PR-AUC": 0.0}
    if columns == "scale_free":
        targets["recipe PR-AUC"] = TARGET[first]
    yield from paired(f"refit k={first} {columns}", arms, targets)


def by_origin(data: Data) -> Iterator[Measure]:
    """The recipe at three rolling origins, each wallet's own row only."""
    for first in CASES:
        table = data.tables[first]
        whole = out_of_time_shares(table, test_share=0.4, calibrate_share=0.15)
        found = train(
            table, data.labels, rolling_origins(table, whole, 3), config_of("scale_free", 0)
        ).metrics  # fmt: skip
        for name in ("origin_1", "origin_2", "origin_3"):
            low, high = found[f"pr_auc_low_{name}"], found[f"pr_auc_high_{name}"]
            at = f"origins k={first}: {name.replace('_', ' ')}"
            yield Measure(f"{at} prevalence", found[f"prevalence_{name}"], "")
            yield Measure(f"{at} PR-AUC", found[f"pr_auc_{name}"], "", low, high)
        yield Measure(
            f"origins k={first}: all PR-AUC", found["pr_auc"], "", found["pr_auc_low"],
            found["pr_auc_high"],
        )  # fmt: skip


def learnt_wallets(data: Data, first: str) -> pd.Index:
    """Wallets with a row of this k before the test."""
    index = data.tables[first].index
    split = protocol.split(index.to_frame(index=False))
    early = index[index.get_level_values("as_of") < split.test_from]
    return early.get_level_values("wallet").unique()


def doubted(data: Data, first: str, seed: int) -> Data:
    """Flip the labels of a share of the wallets before the test, and doubt these."""
    learnt = np.sort(learnt_wallets(data, first).to_numpy(dtype=object))
    generator = np.random.default_rng(seed)
    chosen = generator.choice(learnt, int(FLIPPED * len(learnt)), replace=False)
    lies = data.labels["wallet"].isin(chosen)
    other = data.labels["label"].map({"illicit": "licit", "licit": "illicit"})
    labels = data.labels.assign(
        label=data.labels["label"].where(~lies, other), confidence=np.where(lies, DOUBT, 1.0)
    )
    return Data(labels, data.tables)


def doubt(data: Data) -> Iterator[Measure]:
    """Labels of which 30 % are wrong and doubted: believed alike, weighed, left out."""
    first = "30"
    arms: dict[str, list[pd.DataFrame]] = {"all believed alike": [], "doubt weighed": []}
    left: list[float] = []
    for seed in SEEDS:
        wrong = doubted(data, first, seed)
        for arm, believe in zip(arms, (False, True), strict=True):
            config = config_of("scale_free", seed, confidence=believe)
            arms[arm].append(refit_scores(wrong, first, config))
        kept = Data(wrong.labels[wrong.labels["confidence"] == 1], data.tables)
        scores = refit_scores(kept, first, config_of("scale_free", seed))
        y_true = scores["y_true"].to_numpy(np.int8)
        left.append(average_precision(y_true, scores["probability"].to_numpy()))
    yield from paired(f"doubt k={first}", arms, {"doubt weighed PR-AUC": TARGET_DOUBT})
    yield Measure(
        f"doubt k={first}: doubted rows left out PR-AUC", float(np.mean(left)), "", min(left),
        max(left),
    )  # fmt: skip


def decay(data: Data) -> Iterator[Measure]:
    """Old rows that fade."""
    for first in CASES:
        arms = {
            name: [refit_scores(data, first, config_of("scale_free", s, **more)) for s in SEEDS]
            for name, more in FADING.items()
        }
        yield from paired(f"decay k={first}", arms, {})


def hidden(data: Data) -> Iterator[Measure]:
    """Most labels hidden: these wallets left out, or learnt from at several supposed shares."""
    first = "30"
    wallets = data.labels["wallet"]
    learnt = wallets.isin(learnt_wallets(data, first))
    for share in (None, *SUPPOSED):
        areas = []
        for seed in SEEDS:
            out = np.random.default_rng(seed).random(len(wallets)) < HIDDEN
            some = Data(data.labels[~(learnt & out)], data.tables)
            scores = refit_scores(some, first, config_of("scale_free", seed, unlabelled=share))
            y_true = scores["y_true"].to_numpy(np.int8)
            areas.append(average_precision(y_true, scores["probability"].to_numpy()))
        said = "left out" if share is None else f"learnt at a share of {share:g}"
        yield Measure(
            f"unlabelled k={first}: {said} PR-AUC", float(np.mean(areas)), "", min(areas),
            max(areas),
        )  # fmt: skip


def alarms(data: Data) -> Iterator[Measure]:
    """The best single feature and the label shuffle, beside the recipe."""
    for first in CASES:
        recipe, split = data.case(first, config_of("scale_free", 0), late=True)
        values = [
            label_shuffle(recipe.table, data.labels, split, config_of("scale_free", seed))
            for seed in SEEDS
        ]
        yield Measure(
            f"alarms k={first}: label shuffle PR-AUC", float(np.mean(values)), "", min(values),
            max(values),
        )  # fmt: skip


def figures(found: list[Measure]) -> dict[str, Figure]:
    """Differences in PR-AUC of the recipe, with intervals."""
    wanted = [
        one for one in found if one.name.endswith("recipe minus calibration slice apart PR-AUC")
    ]
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for place, one in enumerate(wanted):
        axes.errorbar(
            one.value, place, fmt="o", color="tab:blue", capsize=3,
            xerr=[[one.value - (one.low or 0)], [(one.high or 0) - one.value]],
        )  # fmt: skip
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_yticks(range(len(wanted)), [one.name.split(":")[0][6:] for one in wanted])
    axes.invert_yaxis()
    axes.set_xlabel("PR-AUC gained by learning from the calibration slice too (95 % interval)")
    axes.grid(axis="x", alpha=0.3)
    return {"refit.png": figure}
