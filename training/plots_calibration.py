"""Said against seen probability, on the scale of the labelled rows and on the one served."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.calibration import log_odds_of, probability_of
from training.metrics import base_rate_weights
from training.plots import BLUE, GREY

Float64 = NDArray[np.float64]
BINS = 10
NORMAL_95 = 1.959964


def reliability(scores: pd.DataFrame, *, base_rate: float, bins: int = BINS) -> pd.DataFrame:
    """Return what was said and seen in bins of equally many rows, on both scales.

    Parameters
    ----------
    scores
        ``y_true``, ``probability`` and ``probability_as_labelled``.
    base_rate
        Share of illicit wallets in the world.
    bins
        Their number; fewer rows than that give a bin each.

    Returns
    -------
    DataFrame
        A row a bin, by rising probability: ``rows``, ``illicit``; ``said``, ``seen``, ``low`` and
        ``high`` (95 %) of the labelled rows; the same with ``_served`` of the world.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference" (1927), for the
    interval. What is seen in the world, and its interval, follow by Bayes' rule: each row counts
    so that the share of illicit ones in all is the base rate.
    """
    y_true = scores["y_true"].to_numpy(np.int8)
    labelled = scores["probability_as_labelled"].to_numpy()
    served = scores["probability"].to_numpy()
    prevalence = float(y_true.mean())
    shift = log_odds_of(base_rate) - log_odds_of(prevalence)
    world = base_rate_weights(y_true, base_rate)
    found = []
    for part in np.array_split(np.argsort(labelled, kind="stable"), min(bins, len(scores))):
        seen = np.array([y_true[part].mean(), *_wilson(float(y_true[part].sum()), len(part))])
        with np.errstate(divide="ignore"):
            moved = probability_of(np.log(seen) - np.log1p(-seen) + shift)
        said = np.average(served[part], weights=world[part])
        found.append(
            [len(part), y_true[part].sum(), labelled[part].mean(), *seen, float(said), *moved]
        )
    names = ["said", "seen", "low", "high"]
    columns = ["rows", "illicit", *names, *(f"{name}_served" for name in names)]
    return pd.DataFrame(found, columns=columns).astype({"rows": int, "illicit": int})


def calibration_figure(scores: pd.DataFrame, said: str, *, base_rate: float) -> Figure:
    """Draw :func:`reliability`: the labelled scale beside the served one, with counts.

    Parameters
    ----------
    scores
        As for :func:`reliability`.
    said
        Which model and rows, in words, below the heading.
    base_rate
        Share of illicit wallets in the world.
    """
    bins = reliability(scores, base_rate=base_rate)
    figure = Figure(figsize=(10.5, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("\n".join(["Said and seen probability, with 95 % intervals", said]).strip())
    left, right = figure.subplots(1, 2)
    _draw(left, bins, "")
    left.set(
        title=f"labelled rows, {scores['y_true'].mean():.1%} of them illicit",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
    )
    _draw(right, bins, "_served")
    positive = bins[["said_served", "seen_served", "high_served"]].to_numpy()
    least = max(positive[positive > 0].min() / 2, 1e-7)
    right.set(
        title=f"as served, {base_rate:.2%} illicit",
        xscale="log",
        yscale="log",
        xlim=(least, 1.5),
        ylim=(least, 1.5),
    )
    for axes in (left, right):
        axes.set(xlabel="probability said", ylabel="share illicit")
    return figure


def _draw(axes: Axes, bins: pd.DataFrame, scale: str) -> None:
    said, seen, low, high = (
        bins[f"{name}{scale}"].to_numpy() for name in ("said", "seen", "low", "high")
    )
    axes.plot([1e-9, 1], [1e-9, 1], color=GREY, linestyle="--", label="perfect")
    # where nobody illicit was seen, only the upper end can be drawn on a log axis
    axes.vlines(said, np.maximum(low, 1e-9), high, color=BLUE, alpha=0.5)
    axes.plot(said, seen, "o", color=BLUE, label="bins of equally many rows: illicit / rows")
    for at, top, illicit, rows in zip(said, high, bins["illicit"], bins["rows"], strict=True):
        axes.annotate(
            f"{illicit}/{rows}", (at, top), (0, 3), textcoords="offset points",
            fontsize=7, ha="center", color=GREY, rotation=90, va="bottom",
        )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def _wilson(illicit: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    square = NORMAL_95**2
    centre = (illicit + square / 2) / (rows + square)
    half = NORMAL_95 / (rows + square) * (illicit * (1 - illicit / rows) + square / 4) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)
