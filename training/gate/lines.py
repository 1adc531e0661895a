"""The lines of the gate that need numbers only: what each asks, whether it holds, and the numbers.

A line that was not measured says why; it stands in nobody's way, and it is not passed in silence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# measured anchor of published tree models on Elliptic: 0.0175
MAX_CALIBRATION_ERROR = 0.05
# labels swapped among wallets leave nothing to learn; what they keep of the model's gain is a leak
# or chance, and chance kept 1 % of it at most on real wallets (Ethereum, 10 shuffles)
MOST_KEPT_BY_SHUFFLE = 0.5
ORIGIN = "_origin_"  # in names of metrics, then its number
WORDS = {True: "pass", False: "FAIL", None: "----"}


@dataclass(frozen=True, slots=True)
class GateLine:
    """One condition: what it asks, whether it holds (None: not measured), and the numbers."""

    name: str
    passed: bool | None
    detail: str


def own_lines(metrics: Mapping[str, float]) -> tuple[GateLine, ...]:
    """Return the lines of the candidate's own numbers.

    Parameters
    ----------
    metrics
        As :func:`training.train` gives them, with ``pr_auc_label_shuffle``; a number that is
        missing or nan fails its line.
    """

    def number(name: str) -> float:
        return metrics.get(name, float("nan"))

    area, low, chance = number("pr_auc"), number("pr_auc_low"), number("prevalence")
    single, error = number("pr_auc_single_feature"), number("ece") - number("ece_chance")
    return (
        GateLine(
            "better than chance",
            low > chance,
            f"lower end of PR-AUC {low:.4f}, prevalence {chance:.4f}",
        ),
        GateLine(
            "better than the best single feature",
            area > single,
            f"PR-AUC {area:.4f}, single feature {single:.4f}",
        ),
        GateLine(
            "calibrated",
            error <= MAX_CALIBRATION_ERROR,
            f"calibration error beyond chance {error:.4f}, at most {MAX_CALIBRATION_ERROR}",
        ),
        _last_origin_shuffle(metrics),
    )


def _last_origin_shuffle(metrics: Mapping[str, float]) -> GateLine:
    """The shuffle is of the last origin: it is compared with that one's numbers."""
    origins = [name for name in metrics if name.startswith(f"prevalence{ORIGIN}")]
    last = max((int(name.rpartition("_")[2]) for name in origins), default=0)
    suffix = f"{ORIGIN}{last}" if last else ""
    area, shuffled, chance = (
        metrics.get(name, math.nan)
        for name in (f"pr_auc{suffix}", "pr_auc_label_shuffle", f"prevalence{suffix}")
    )
    return shuffle_line(area, shuffled, chance)


def shuffle_line(area: float, shuffled: float, chance: float) -> GateLine:
    """Return whether swapped training labels leave the recipe near chance."""
    kept = (shuffled - chance) / (area - chance) if area > chance else math.nan
    return GateLine(
        "swapped labels teach nothing",
        kept < MOST_KEPT_BY_SHUFFLE,
        f"PR-AUC {shuffled:.4f} after the wallets learnt from swapped labels, prevalence "
        f"{chance:.4f}: {kept:.0%} of the model's gain, less than {MOST_KEPT_BY_SHUFFLE:.0%} "
        "is chance",
    )


def base_rate_line(said: float | None, base_rate: float, factor: float) -> GateLine:
    """Return whether ordinary wallets are told about the base rate on average.

    Parameters
    ----------
    said
        Mean served probability over a random sample of wallets without a label; None where it was
        not measured.
    base_rate
        The probabilities are for.
    factor
        How many times more or less is still about it.
    """
    asks = "ordinary wallets get the base rate"
    if said is None:
        return GateLine(
            asks, None, "not measured: no ledger, or too few wallets in it without a label"
        )
    least, most = base_rate / factor, base_rate * factor
    return GateLine(
        asks,
        least <= said <= most,
        f"mean probability {said:.5f} over ordinary wallets, wanted {least:.5f} to {most:.5f}",
    )


def latency_line(median_ms: float, slowest_ms: float, limit_ms: float) -> GateLine:
    """Return whether a row is answered in time, features and model together."""
    return GateLine(
        "quick enough",
        median_ms <= limit_ms,
        f"median {median_ms:.2f} ms a row, slowest {slowest_ms:.2f} ms; at most {limit_ms:g} ms",
    )
