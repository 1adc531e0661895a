"""Do five reasons tell the score? Columns beside meanings, on the demo and on Ethereum."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from experiments.common import ethereum_phishing as protocol
from experiments.common.ethereum_arms import Case, read_case, tables
from experiments.common.results import Measure, summary
from features import Ledger, feature_table
from features.sources.known import read_known
from features.views import VIEWS
from serving.ledger_settings import Bands
from serving.schemas.values import microseconds
from serving.scoring.scorer import Scorer
from serving.scoring.self_check import check_itself
from training import TrainConfig
from training.band_choice import Choice, ScoredRows, of_budget, of_precision
from training.calibration import log_odds_of
from training.chosen import chosen_columns
from training.config import RunConfig
from training.demo import Workspace, prepare
from training.fitting import Fitted, Sample, fit_recipe
from training.models.estimator import Inputs
from training.models.kinds import estimator_class
from training.reasons import SHOWN, Grouping, typical_of
from training.recipe import Recipe
from training.trained import judge, ship

Float64s = npt.NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[2]
CASES = ("5", "30", "all")
COLUMNS = ("scale_free", "all")
SEEDS = range(3)
CARRIED, WRONG, SLOWER = 0.85, 0.03, 1.05
NEAR = 0.25  # of the score: named and whole differ by less
BUDGET, FLOOR = 0.05, 0.5
ASKED = 300  # wallets in the measure of latency


@dataclass(frozen=True, slots=True)
class Explained:
    """Test rows of one model: contributions against a typical wallet, and of the model's own base.

    Parameters
    ----------
    own
        float64 (n, k + 1), as the model gives them, calibrated; the base last.
    typical
        float64 (k,), contributions of the typical wallet.
    grouping
        Of the k columns.
    base_rate
        Of the calibration.
    """

    own: Float64s
    typical: Float64s
    grouping: Grouping
    base_rate: float

    @property
    def groups(self) -> Float64s:
        """Sums by meaning (n, meanings), against the typical wallet."""
        return self.grouping.sums(self.own[:, :-1] - self.typical)

    @property
    def off_base(self) -> float:
        """How far the typical wallet scores from the base rate, log-odds."""
        whole = self.own[0, -1] + self.typical.sum()
        return float(abs(whole - log_odds_of(self.base_rate)))


def measures(work: Path, quick: bool) -> list[Measure]:
    ledger, labels = protocol.ingest(work), protocol.read_labels()
    found = tables(ledger, labels)
    if quick:
        case = read_case(ledger, labels, found, "30")
        return [*told("k=30 scale_free", [ethereum(case, "scale_free", 0)])]
    every: list[Measure] = []
    for first in CASES:
        case = read_case(ledger, labels, found, first)
        for columns in COLUMNS:
            runs = [ethereum(case, columns, seed) for seed in SEEDS]
            every += told(f"ethereum k={first} {columns}", runs)
    every += latency(ledger, labels, found["all"])
    return [*every, *demo(work)]


def ethereum(case: Case, columns: str, seed: int) -> Explained:
    """Explain the test rows of the Ethereum protocol, the columns of exposure among them."""
    config = config_of(columns, seed)
    names = chosen_columns(case.train, config)
    fitted = fit_case(case, names, config)
    train, test = (Inputs(one[list(names)].to_numpy()) for one in (case.train, case.test))
    return explained(fitted, train, test, case.y_train, config)


def config_of(columns: str, seed: int) -> TrainConfig:
    given = {"model": "lightgbm", "base_rate": protocol.BASE_RATE, "seed": seed, "columns": columns}
    return TrainConfig.model_validate(given)


def fit_case(case: Case, names: tuple[str, ...], config: TrainConfig) -> Fitted:
    """Fit and calibrate on the training rows of a case."""
    features = case.train[list(names)].to_numpy()
    wallets = pd.factorize(case.train.index.get_level_values("wallet"))[0].astype(np.int64)
    sample = Sample(lambda rows: Inputs(features[rows]), case.y_train, case.weights, wallets)
    kind = estimator_class(config.model)
    return fit_recipe(
        lambda: kind(names, seed=config.seed, parameters=config.parameters), sample, config
    )


def explained(
    fitted: Fitted, train: Inputs, test: Inputs, y_true: npt.NDArray[np.int8], config: TrainConfig
) -> Explained:
    own = fitted.calibration.contributions(fitted.estimator.contributions(test))
    reasons = fitted.estimator.reasons
    found = typical_of(fitted, lambda some: Inputs(train.features[some]), y_true, config)
    typical = found.contributions
    against = np.array([typical[name] for name in reasons])
    return Explained(own, against, Grouping(reasons, VIEWS, ()), config.base_rate)


def carried(parts: Float64s) -> tuple[float, float, float]:
    """Say how well the five largest of each row's signed parts stand for their sum.

    Returns the median share that they carry, how often they point the other way, and how often they
    come within a quarter.

    Examples
    --------
    >>> carried(np.array([[4.0, -1.0, 0.5, 0.5, 0.25, 0.05]]))
    (0.98..., 0.0, 1.0)
    """
    largest = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :SHOWN]
    named = np.take_along_axis(parts, largest, axis=1).sum(axis=1)
    whole = parts.sum(axis=1)
    wrong = np.sign(named) != np.sign(whole)
    near = np.abs(named - whole) < NEAR * np.abs(whole)
    return float(np.median(named / whole)), float(wrong.mean()), float(near.mean())


def told(at: str, runs: list[Explained]) -> Iterator[Measure]:
    """Measure columns as the model gives them, then meanings; intervals are extremes of seeds."""
    at = f"reasons {at}"
    columns = [carried(one.own[:, :-1]) for one in runs]
    groups = [carried(one.groups) for one in runs]
    absolute = [np.abs(one.own[:, :-1]) for one in runs]
    share = [float(np.median(largest_share(one))) for one in absolute]
    yield Measure(f"{at}: test rows", float(len(runs[0].own)), "")
    yield summary(f"{at}: five columns, share of all absolute contributions", share, "")
    yield summary(f"{at}: five columns, share of the signed score", [c[0] for c in columns], "")
    yield summary(f"{at}: five columns, wrong sign", [c[1] for c in columns], "")
    used = [float((np.abs(one.groups).max(axis=0) > 0).sum()) for one in runs]
    yield summary(f"{at}: meanings in use", used, "")
    yield summary(
        f"{at}: five meanings, share of the signed score", [g[0] for g in groups], "",
        target=CARRIED, at_least=True,
    )  # fmt: skip
    yield summary(f"{at}: five meanings, wrong sign", [g[1] for g in groups], "", target=WRONG)
    yield summary(f"{at}: five meanings, within a quarter of the score", [g[2] for g in groups], "")
    yield summary(f"{at}: typical wallet off the base rate", [one.off_base for one in runs], "")


def largest_share(absolute: Float64s) -> Float64s:
    """Share (n,) of the five largest in the sum of each row."""
    largest = np.sort(absolute, axis=1)[:, -SHOWN:]
    return np.asarray(largest.sum(axis=1) / absolute.sum(axis=1), np.float64)


def latency(ledger: Ledger, labels: pd.DataFrame, table: pd.DataFrame) -> Iterator[Measure]:
    """Time one score in the endpoint's process, wallets in turn: what the groups add."""
    recipe = Recipe.of(table, labels, config_of("all", 0), ledger=None, views=VIEWS)
    scorer = Scorer(ledger, ship(recipe).model, labels=None, bands=Bands())
    check_itself(scorer)
    now = microseconds(table.index.get_level_values("as_of").max())
    wallets = table.index.get_level_values("wallet").unique()[:ASKED].tolist()
    asked: dict[str, Callable[[str], object]] = {
        "columns": lambda wallet: scorer.score(wallet, now, groups=False),
        "meanings": lambda wallet: scorer.score(wallet, now, reasons=False),
        "columns and meanings": lambda wallet: scorer.score(wallet, now),
    }
    took: dict[str, list[float]] = {name: [] for name in asked}
    for wallet in wallets:
        for name, ask in asked.items():
            begin = time.perf_counter()
            ask(wallet)
            took[name].append((time.perf_counter() - begin) * 1e3)
    half = {name: statistics.median(times) for name, times in took.items()}
    for name, median in half.items():
        yield Measure(f"reasons latency: p50 of a score with {name}", median, "ms")
        if name != "columns":
            yield Measure(
                f"reasons latency: p50 with {name} over p50 with columns",
                median / half["columns"], "", target=SLOWER,
            )  # fmt: skip


def demo(work: Path) -> Iterator[Measure]:
    """Explain the demo's test rows, and choose bands on one half of them for the other."""
    files = Workspace(work / "demo")
    ledger = prepare(ROOT / "demo", files)
    config = RunConfig.read(files.config)
    spine, labels = pd.read_parquet(files.spine), pd.read_parquet(files.labels)
    table = feature_table(ledger, spine, labels=read_known(config.data.exposure))
    split = config.split.splits(spine)[-1]
    recipe = Recipe.of(table, labels, config.model, ledger=None, views=VIEWS)
    rows = recipe.rows(split)
    fitted = recipe.fit(rows.learnt, rows.y_true, rows.confidence, rows.unlabelled)
    learnt = recipe.inputs(rows.learnt)
    run = explained(
        fitted, learnt, recipe.inputs(rows.test), rows.y_true[rows.learnt], config.model
    )
    yield from told("demo", [run])
    yield from bands_kept(judge(recipe, split).scores, config.model.base_rate)


def bands_kept(scores: pd.DataFrame, base_rate: float) -> Iterator[Measure]:
    """What thresholds that were chosen on one half of the wallets do to the other half."""
    first = np.random.default_rng(0).random(len(scores)) < 0.5
    chosen, kept = (ScoredRows.of(scores[part], base_rate) for part in (first, ~first))
    rules: dict[str, Choice] = {
        "budget": of_budget(BUDGET * 1000, 1000, "day"),
        "precision": of_precision(FLOOR),
    }
    for rule, choice in rules.items():
        threshold = choice.threshold(chosen)
        for half, rows in {"chosen on": chosen, "other half": kept}.items():
            seen = rows.seen(threshold)
            value = seen.share if rule == "budget" else seen.precision or 0.0
            name = f"share reviewed at a budget of {BUDGET:g}" if rule == "budget" else (
                f"precision at a floor of {FLOOR:g}"
            )  # fmt: skip
            yield Measure(f"bands demo: {name}, {half}", value, "")


def figures(found: list[Measure]) -> dict[str, Figure]:
    """What five columns and five meanings carry, and how often they point the wrong way."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    panels = (("share of the signed score", CARRIED), ("wrong sign", WRONG))
    cases = list(dict.fromkeys(one.name.split(":")[0] for one in found if "five" in one.name))
    for axes, (what, target) in zip(figure.subplots(1, 2, sharey=True), panels, strict=True):
        for place, (who, colour) in enumerate(
            {"columns": "tab:grey", "meanings": "tab:blue"}.items()
        ):
            values = {one.name: one.value for one in found}
            heights = [values[f"{case}: five {who}, {what}"] for case in cases]
            at = np.arange(len(cases)) + (place - 0.5) * 0.38
            axes.barh(at, heights, 0.36, color=colour, label=f"five {who}")
        axes.axvline(target, color="tab:red", linewidth=1, linestyle="--", label="target")
        axes.set_yticks(range(len(cases)), [case.removeprefix("reasons ") for case in cases])
        axes.set_xlabel(f"{what} ({'median of' if target > 0.5 else 'share of'} test rows)")
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return {"reasons.png": figure}
