"""What a stretch of answers says beside a model's training."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.contracts.times import instant_text
from serving.drift.block import Block, shares
from training.bands import BANDS, LOWEST
from training.calibration import log_odds_of
from training.watch.columns import LARGE, PSI_BINS, coarse, column_psi, psi_chance
from training.watch.prior import unexplained
from training.watch.reference import Reference
from training.watch.verdict import FACTOR

LEAST_ROWS = 100  # fewer say nothing of a distribution
SHOWN = 20  # columns
PAUSE_S = 0.002  # between columns, so that no request waits for more than one

Float64s = npt.NDArray[np.float64]


def report(
    block: Block, reference: Reference | None, base_rate: float, thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """Compare a block with a model's training, as :class:`serving.schemas.monitor.ModelDrift`.

    Parameters
    ----------
    block : Block
        Not written to any more, or a moment's state of one.
    reference : Reference, optional
        The training; None: the model keeps none, and only shares and means are told.
    base_rate : float
        What the probabilities are for.
    thresholds : mapping of str to float
        Lowest probability of each band above the lowest.
    """
    names = (LOWEST, *(band for band in BANDS if band in thresholds))
    mean = block.probability_sum / block.seen if block.seen else None
    told: dict[str, Any] = {
        "since": instant_text(block.since_us),
        "answers": block.seen,
        "rows": block.kept,
        "enough": block.kept >= LEAST_ROWS,
        "base_rate": base_rate,
        "mean_probability": mean,
        "base_rate_factor": None if mean is None else mean / base_rate,
        "bands": [
            {"band": name, "share": share, "expected": None}
            for name, share in shares(block.bands, names).items()
        ],
        "score_psi": None,
        "score_psi_chance": None,
        "columns_compared": 0,
        "columns_moved": 0,
        "columns": [],
        "signs": [],
    }
    if reference is not None and told["enough"]:
        told |= _compared(block, reference, base_rate)
        for one, share in zip(
            told["bands"], _expected(reference, base_rate, thresholds, names), strict=True
        ):
            one["expected"] = share
    return told | {"signs": _signs(told)}


def _compared(block: Block, reference: Reference, base_rate: float) -> dict[str, Any]:
    # the scores of the reference are for its base rate, and the model may have been shifted since
    scores = block.log_odds + log_odds_of(reference.base_rate) - log_odds_of(base_rate)
    rows = coarse(block.rows)
    found = []
    for place, name in enumerate(reference.names):
        quantiles, missing = reference.quantiles[place], float(reference.missing[place])
        found.append((column_psi(quantiles, missing, rows[:, place]), name))
        time.sleep(PAUSE_S)
    chance = psi_chance(PSI_BINS + 1, len(rows), reference.rows)
    found.sort(key=lambda one: -one[0])
    return {
        "score_psi": unexplained(reference, scores, reference.base_rate),
        "score_psi_chance": psi_chance(len(reference.illicit), len(rows), reference.rows),
        "columns_compared": len(found),
        "columns_moved": sum(value >= LARGE and value > chance for value, _ in found),
        "columns": [{"column": name, "psi": value} for value, name in found[:SHOWN]],
    }


def _expected(
    reference: Reference, base_rate: float, thresholds: Mapping[str, float], names: tuple[str, ...]
) -> list[float]:
    """Share of wallets in each band, had they been like the training's at the base rate."""
    mixed = base_rate * reference.illicit / reference.illicit.sum()
    mixed = mixed + (1 - base_rate) * reference.licit / reference.licit.sum()
    shift = log_odds_of(base_rate) - log_odds_of(reference.base_rate)
    at_least = []
    for name in names:
        lowest = -math.inf if name == LOWEST else log_odds_of(thresholds[name]) - shift
        at_least.append(_mass_above(mixed, reference.edges, lowest))
    return [above - below for above, below in zip(at_least, [*at_least[1:], 0.0], strict=True)]


def _mass_above(mass: Float64s, edges: Float64s, lowest: float) -> float:
    """Mass of bins above a score; of the bin that holds it, the half."""
    place = int(np.searchsorted(edges, lowest))
    if lowest == -math.inf:
        return float(mass.sum())
    return float(mass[place + 1 :].sum() + mass[place] / 2)


def _signs(told: Mapping[str, Any]) -> list[str]:
    """What is out of the ordinary, in sentences; none of it is a reason to train by itself."""
    if not told["enough"]:
        return []
    signs = []
    factor = told["base_rate_factor"]
    if not 1 / FACTOR <= factor <= FACTOR:
        signs.append(
            f"the mean probability is {factor:.2g} times the base rate: the wallets asked about "
            "are another mixture than was stated, or the scores have moved"
        )
    psi = told["score_psi"]
    if psi is not None and psi >= LARGE and psi > told["score_psi_chance"]:
        signs.append(f"scores are spread otherwise than in training: PSI {psi:.2f}")
    if told["columns_moved"]:
        signs.append(
            f"{told['columns_moved']} of {told['columns_compared']} columns moved by a PSI of "
            f"{LARGE} or more: walletrisk monitor says whether that matters"
        )
    return signs
