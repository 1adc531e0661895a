"""Whether the gate is a test: equal recipes pass, planted leaks do not, and what evasion costs."""

from collections.abc import Iterator
from pathlib import Path

import gate_leaks
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from stage_refit import Data, config_of, read

from experiments.common.results import Measure
from features import Ledger
from training import TrainConfig, rolling_origins
from training.evaluation import score_frame
from training.gate.comparison import CANDIDATE, CHAMPION, Comparison, compare
from training.gate.config import GateConfig
from training.gate.evasion import HIDE, evasion_figure, evasion_suite
from training.gate.rival import fit_scores
from training.trained import ship

GATE = GateConfig()
CASES = ("5", "all")
ORIGINS, PAIRS, POOL = 3, 20, 20
PLAIN = ("coverage_in_count", "coverage_out_count", "coverage_age_s")  # of a recipe that is worse
VICTIMS = 20
_KEPT: dict[str, pd.DataFrame] = {}  # what the figure draws, of this process


def measures(work: Path, quick: bool) -> list[Measure]:
    data = read(work)
    ledger = Ledger.open(work / "ledger")
    cases = CASES[:1] if quick else CASES
    found = [one for first in cases for one in pairs(data, first, quick=quick)]
    found += gate_leaks.measures(data, ledger, work / "ledger")
    for first in cases:
        found += evasion(data, ledger, first, victims=2 if quick else VICTIMS)
    return found


def figures(_: list[Measure]) -> dict[str, Figure]:
    return {f"evasion_k_{first}.png": evasion_figure(found) for first, found in _KEPT.items()}


def small(first: str, *, quick: bool) -> TrainConfig:
    more = {"parameters": {"trees": 20}} if quick else {}
    return config_of("scale_free", 0, **more)


def pooled_fits(data: Data, first: str, config: TrainConfig, fits: int) -> pd.DataFrame:
    """Test rows of all origins: ``y_true``, and the scores by each of the fits."""
    recipe, split = data.case(first, config, late=True)
    parts = []
    for one in rolling_origins(recipe.table, split, ORIGINS):
        rows = recipe.rows(one)
        scores = fit_scores(recipe, one, rows.test, fits)
        parts.append(scores.assign(y_true=rows.y_true[rows.test]))
    return pd.concat(parts)


def pair(
    scores: pd.DataFrame, candidate: list[str], champion: pd.DataFrame, fits: list[str]
) -> Comparison:
    """The gate's comparison of some fits with others."""
    one = scores[candidate].set_axis([f"{CANDIDATE}{at}" for at in range(len(candidate))], axis=1)
    other = champion[fits].set_axis([f"{CHAMPION}{at}" for at in range(len(fits))], axis=1)
    return compare(pd.concat([scores[["y_true"]], one, other], axis=1), margin=GATE.margin)


def pairs(data: Data, first: str, *, quick: bool) -> Iterator[Measure]:
    """Twenty pairs of seeds of one recipe, and a recipe that is worse by design."""
    at, fits = f"gate k={first}:", 2 if quick else GATE.repeats
    pool, many = (4, 2) if quick else (POOL, PAIRS)
    scores = pooled_fits(data, first, small(first, quick=quick), pool)
    names, random = [str(one + 1) for one in range(pool)], np.random.default_rng(0)
    drawn = [random.permutation(names).tolist() for _ in range(many)]
    equal = [pair(scores, one[:fits], scores, one[fits : 2 * fits]) for one in drawn]
    lucky = [pair(scores, one[:1], scores, one[1:2]) for one in drawn]
    weak = pooled_fits(
        data, first, TrainConfig(model="lightgbm", base_rate=0.01, columns=list(PLAIN)), fits
    )
    worse = pair(weak, names[:fits], scores, names[:fits])
    better = pair(scores, names[:fits], weak, names[:fits])
    yield Measure(f"{at} test rows", float(len(scores)), "")
    yield Measure(f"{at} prevalence", float(scores["y_true"].mean()), "")
    yield Measure(f"{at} pairs of seeds", float(many), "")
    yield _share(f"{at} equal recipes refused", equal, "refused", 0.05)
    yield _share(f"{at} equal recipes called better", equal, "better", 0.0)
    luck = float(np.mean([one.low > 0 for one in lucky]))
    yield Measure(f"{at} one fit each, whole interval above 0", luck, "")
    half = np.array([(one.high - one.low) / 2 for one in equal])
    yield Measure(f"{at} half width of the interval", float(np.median(half)), "", *_ends(half))
    yield Measure(f"{at} margin", GATE.margin, "")
    yield Measure(f"{at} coverage alone, difference", worse.difference, "", worse.low, worse.high)
    for what, met in {
        "coverage alone is refused": worse.verdict == "refused",
        "all against coverage is better": better.verdict == "better",
    }.items():
        yield Measure(f"{at} {what}", float(met), "", target=1.0, at_least=True)


def _ends(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _share(name: str, found: list[Comparison], verdict: str, target: float) -> Measure:
    return Measure(
        name, float(np.mean([one.verdict == verdict for one in found])), "", target=target
    )


def evasion(data: Data, ledger: Ledger, first: str, *, victims: int) -> Iterator[Measure]:
    """The suite on test wallets of one k; the strongest size of every attack."""
    recipe, split = data.case(first, small(first, quick=victims < VICTIMS), late=True)
    rows = recipe.rows(split)
    fitted = recipe.fit(rows.learnt, rows.y_true, rows.confidence, rows.unlabelled)
    log_odds = fitted.calibration.log_odds(fitted.estimator.log_odds(recipe.inputs(rows.test)))
    scores = score_frame(
        fitted.calibration, recipe.table.index[rows.test], log_odds, rows.y_true[rows.test]
    )
    model = ship(recipe).model
    found = evasion_suite(model, ledger, scores, None, victims=victims, seed=0)
    if found.empty:
        return
    _KEPT[first] = found
    for (aim, curve), sizes in found.groupby(["aim", "curve"], sort=False):
        shift = sizes["shift_median"]
        one = sizes.iloc[int(shift.argmin() if aim == HIDE else shift.argmax())]
        share = "down" if aim == HIDE else "up"
        at = f"gate k={first}: {aim}: {curve}, {one['size']}"
        yield Measure(f"{at}: median shift in log-odds", float(one["shift_median"]), "",
                      float(one["shift_least"]), float(one["shift_most"]))  # fmt: skip
        yield Measure(f"{at}: share whose band goes {share}", float(one[share]), "",
                      float(one[f"{share}_low"]), float(one[f"{share}_high"]))  # fmt: skip
        yield Measure(f"{at}: transactions", float(one["transactions"]), "")
