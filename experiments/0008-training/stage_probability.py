"""What a probability is worth: four ways to calibrate, the interval, and the base rate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from stage_refit import Data, config_of, read

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure
from features import Ledger
from training.base_rate_check import ordinary_probability
from training.calibration import CURVES, Calibration, fit_calibration, log_odds_of, probability_of
from training.evaluation import score_frame
from training.metrics import (
    base_rate_weights,
    bootstrap_intervals,
    chance_calibration_error,
    probability_metrics,
)
from training.plots_calibration import calibration_figure
from training.risk_model import RiskModel
from training.trained import ship
from training.weights import group_weights

Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
CASES = ("5", "30", "all")
BANDS = 4  # equal parts of the test rows by score
ORDINARY = 1_000  # unlabelled wallets
WITHIN = 2.0  # times the base rate, either way
FIGURES: dict[str, Figure] = {}  # of the cases that were measured


@dataclass(frozen=True, slots=True)
class Judged:
    """A recipe at its one origin, and the models shipped: every way to calibrate both."""

    raw: Float64s
    y_true: Int8s
    index: pd.Index
    chosen: Calibration
    by_method: Mapping[str, Calibration]
    shipped: Mapping[str, RiskModel]


def measures(work: Path, quick: bool) -> list[Measure]:
    data, ledger = read(work), Ledger.open(work / "ledger")
    found = []
    for first in CASES[1:2] if quick else CASES:
        case = judged(data, first)
        at = f"probability k={first}"
        found += [
            *choice(at, case), *proper_scores(at, case), *bands(at, case),
            *served(at, case, ledger, data.labels, ORDINARY // 10 if quick else ORDINARY),
        ]  # fmt: skip
        scores = frame(case.chosen, case)
        said = f"Ethereum k={first}, {len(scores)} test rows, {case.chosen.method}"
        FIGURES[f"reliability_{first}.png"] = calibration_figure(
            scores, said, base_rate=protocol.BASE_RATE
        )
    return found


def figures(_: list[Measure]) -> dict[str, Figure]:
    """Said and seen probability of each case that was measured."""
    return FIGURES


def judged(data: Data, first: str) -> Judged:
    """Fit at the origin; calibrate its out-of-fold scores by every method."""
    recipe, split = data.case(first, config_of("scale_free", 0), late=True)
    rows = recipe.rows(split)
    sample = recipe.sample(rows.learnt, rows.y_true, rows.confidence)
    fitted = recipe.fit(rows.learnt, rows.y_true, rows.confidence)
    by_method = {
        method: fit_calibration(
            fitted.raw, sample.y_true, weights=sample.weights, groups=sample.groups,
            base_rate=protocol.BASE_RATE, seed=0, methods=(method,),
        )
        for method in CURVES
    }  # fmt: skip
    raw = fitted.estimator.log_odds(recipe.inputs(rows.test))
    return Judged(
        raw, rows.y_true[rows.test], recipe.table.index[rows.test], fitted.calibration,
        by_method, shipped_models(*ship(recipe)[:2]),
    )  # fmt: skip


def shipped_models(model: RiskModel, out_of_fold: pd.DataFrame) -> dict[str, RiskModel]:
    """The shipped model as it is, ``chosen``, and calibrated by every method."""
    groups = pd.factorize(out_of_fold.index.get_level_values("wallet"))[0].astype(np.int64)
    found = {"chosen": model}
    for method in CURVES:
        calibration = fit_calibration(
            out_of_fold["raw"].to_numpy(), out_of_fold["y_true"].to_numpy(np.int8),
            weights=group_weights(groups), groups=groups, base_rate=protocol.BASE_RATE,
            seed=0, methods=(method,),
        )  # fmt: skip
        found[method] = RiskModel(model.parts._replace(calibration=calibration), model.views)
    return found


def frame(calibration: Calibration, case: Judged) -> pd.DataFrame:
    return score_frame(calibration, case.index, calibration.log_odds(case.raw), case.y_true)


def choice(at: str, case: Judged) -> Iterator[Measure]:
    """Cross-fitted log loss of each method on what was learnt from, and which was chosen."""
    for one in case.chosen.tried:
        yield Measure(f"{at}: {one.method} cross-fitted log loss", one.log_loss, "nats")
        yield Measure(
            f"{at}: {one.method} above the best, in standard errors",
            one.above_best / one.standard_error if one.standard_error else 0.0, "",
        )  # fmt: skip
        chosen = float(one.method == case.chosen.method)
        yield Measure(f"{at}: {one.method} was chosen", chosen, "1 is yes")


def proper_scores(at: str, case: Judged) -> Iterator[Measure]:
    """Log loss, Brier score and calibration error on test rows, as labelled and as served."""
    scores = {method: frame(one, case) for method, one in case.by_method.items()}
    y_true = case.y_true

    def measure(weights: Float64s) -> dict[str, float]:
        world = base_rate_weights(y_true, protocol.BASE_RATE, weights)
        found = {}
        for method, one in scores.items():
            for scale, column, counts in (
                ("as labelled", "probability_as_labelled", weights),
                ("at 1 %", "probability", world),
            ):
                numbers = probability_metrics(y_true, one[column].to_numpy(), counts)
                for name in ("log_loss", "brier", "ece"):
                    found[f"{method} {name.replace('_', ' ')} {scale}"] = numbers[name]
        return found

    intervals = bootstrap_intervals(measure, y_true, case.index, seed=0)
    for name, value in measure(np.ones(len(y_true))).items():
        yield Measure(f"{at}: {name}", value, "", *intervals[name])
    chance = chance_calibration_error(
        scores[case.chosen.method]["probability_as_labelled"].to_numpy()
    )
    yield Measure(f"{at}: ece of perfect probabilities", chance, "")


def bands(at: str, case: Judged) -> Iterator[Measure]:
    """In how many parts of the test rows the interval holds what was seen, and its width."""
    low, high = case.chosen.interval(case.raw)
    ones = np.ones(len(case.y_true))
    world = base_rate_weights(case.y_true, protocol.BASE_RATE)
    for scale, weights, shift in (
        ("as labelled", ones, case.chosen.shift), ("as served", world, 0.0),
    ):  # fmt: skip
        held = by_chance = 0
        for part in np.array_split(np.argsort(case.raw, kind="stable"), BANDS):
            counts = weights[part] / weights[part].sum()
            first, last = (float(counts @ probability_of(end[part] - shift)) for end in (low, high))
            seen = float(counts @ case.y_true[part])
            # at least as if one row in the band were otherwise
            strays = np.sqrt((counts**2).sum() * max(seen * (1 - seen), counts.max()))
            held += first <= seen <= last
            by_chance += first - 1.96 * strays <= seen <= last + 1.96 * strays
        name = f"{at}: bands of {BANDS} whose interval holds the share seen {scale}"
        yield Measure(name, float(held), "bands")
        yield Measure(
            f"{name}, within 95 % of chance", float(by_chance), "bands", target=BANDS, at_least=True
        )
    width = probability_of(high) - probability_of(low)
    yield Measure(f"{at}: median width of the interval as served", float(np.median(width)), "")
    drift = log_odds_of(float(case.y_true.mean())) - log_odds_of(case.chosen.prevalence)
    yield Measure(f"{at}: prior drift from rows learnt to test rows", drift, "log-odds")


def served(
    at: str, case: Judged, ledger: Ledger, labels: pd.DataFrame, size: int
) -> Iterator[Measure]:
    """Mean probability as served: test rows in the world's mix, and wallets without a label."""
    world = base_rate_weights(case.y_true, protocol.BASE_RATE)
    for method, calibration in case.by_method.items():
        said = probability_of(calibration.log_odds(case.raw))
        mean = float(np.average(said, weights=world))
        yield Measure(f"{at}: {method} mean said over test rows in the world's mix", mean, "")
        if method == case.chosen.method:
            yield off(f"{at}: chosen, test rows in the world's mix", mean)
        licit = float(said[case.y_true == 0].mean())
        yield Measure(f"{at}: {method} mean said over licit test rows", licit, "")
    now = ledger.last_timestamp
    assert now is not None
    for name, model in case.shipped.items():
        found = ordinary_probability(
            model, ledger, labels, as_of=now + pd.Timedelta(1, "us"), size=size, seed=0
        )
        yield Measure(
            f"{at}: {name} mean said over unlabelled wallets", found["mean"], "",
            found["low"], found["high"],
        )  # fmt: skip
        if name == "chosen":
            yield off(f"{at}: chosen, unlabelled wallets", found["mean"])


def off(name: str, mean: float) -> Measure:
    factor = mean / protocol.BASE_RATE
    value = max(factor, 1 / factor)
    return Measure(f"{name}: off the base rate by a factor of", value, "", target=WITHIN)
