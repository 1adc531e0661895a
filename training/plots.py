"""Figures of a run's test rows; each names model, date and base rate in its title."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from training.calibration import log_odds_of
from training.manifest import Manifest
from training.metrics import average_precision, base_rate_weights

BLUE, ORANGE, GREY = "#1f4e79", "#c8641e", "#8a8a8a"
BINS = 40
# marked on an axis of log-odds
PROBABILITIES = (1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)

Float64 = NDArray[np.float64]


def about(manifest: Manifest) -> str:
    """Return the line that every figure of a model bears."""
    return (
        f"{manifest.kind} {manifest.version}, trained until {manifest.trained_until:%Y-%m-%d}, "
        f"base rate {manifest.base_rate:g}"
    )


def precision_recall_figure(scores: pd.DataFrame, said: str) -> Figure:
    """Draw precision against recall of the test rows, with the prevalence as chance.

    Parameters
    ----------
    scores
        ``y_true`` and ``probability_as_labelled``.
    said
        See :func:`about`.
    """
    y_true = scores["y_true"].to_numpy(np.int8)
    probability = scores["probability_as_labelled"].to_numpy()
    precision, recall, _ = precision_recall_curve(y_true, probability)
    figure, axes = new_figure("Precision and recall, test rows", said)
    area = average_precision(y_true, probability)
    # without the point (0, 1) that no threshold gives
    axes.step(
        recall[-2::-1],
        precision[-2::-1],
        where="pre",
        color=BLUE,
        label=f"model, area {area:.3f}",
    )
    axes.axhline(y_true.mean(), color=GREY, linestyle="--", label=f"prevalence {y_true.mean():.3f}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.legend(loc="lower left", frameon=False)
    return figure


def score_histogram_figure(scores: pd.DataFrame, said: str) -> Figure:
    """Draw how the probabilities of licit and of illicit rows are spread, on a scale of log-odds.

    Parameters
    ----------
    scores
        ``y_true`` and ``probability``.
    said
        See :func:`about`.
    """
    probability = np.clip(scores["probability"].to_numpy(), 1e-12, 1 - 1e-12)
    log_odds = np.log(probability) - np.log1p(-probability)
    edges = np.histogram_bin_edges(log_odds, BINS).tolist()
    figure, axes = new_figure("Scores by class, test rows", said)
    for name, value, colour in (("licit", 0, BLUE), ("illicit", 1, ORANGE)):
        rows = log_odds[scores["y_true"].to_numpy() == value]
        axes.hist(
            rows, edges, weights=np.full(len(rows), 1 / max(len(rows), 1)), color=colour,
            alpha=0.6, label=f"{name}, {len(rows)} rows",
        )  # fmt: skip
    _probability_axis(axes)
    axes.set(xlabel="probability said, at the base rate", ylabel="share of the class")
    axes.legend(frameon=False)
    return figure


def alerts_figure(scores: pd.DataFrame, base_rate: float, said: str) -> Figure:
    """Draw what is found, and how much of it is right, when so many wallets are reviewed.

    Parameters
    ----------
    scores
        ``y_true`` and ``probability``.
    base_rate
        The rows are weighed so that the share of illicit ones is this.
    said
        See :func:`about`.
    """
    scores = scores.sort_values("probability", ascending=False, kind="stable")
    y_true = scores["y_true"].to_numpy(np.int8)
    weights = base_rate_weights(y_true, base_rate)
    reviewed = np.cumsum(weights)
    found = np.cumsum(weights * y_true)
    last = np.append(np.diff(scores["probability"].to_numpy()) != 0, True)  # of equal scores
    share, found = reviewed[last] / reviewed[-1], found[last]
    figure, axes = new_figure("Alerts against the budget, test rows at the base rate", said)
    axes.plot(share, found / found[-1], color=BLUE, label="illicit wallets that are found")
    axes.plot(share, found / reviewed[last], color=ORANGE, label="alerts that are right")
    axes.plot(share, share, color=GREY, linestyle="--", label="found by chance")
    axes.set(
        xscale="log", xlabel="wallets reviewed, highest scores first", ylabel="share",
        xlim=(max(share[0], 1e-5) * 0.9, 1.05), ylim=(-0.02, 1.02),
    )  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{100 * at:g} %"))
    axes.legend(loc="best", framealpha=0.8, edgecolor="none")
    return figure


def new_figure(
    title: str, said: str, size: tuple[float, float] = (5.5, 4.5)
) -> tuple[Figure, Axes]:
    """Return an empty figure with its title, and its axes."""
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(f"{title}\n{said}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _probability_axis(axes: Axes) -> None:
    """Mark probabilities on an axis of log-odds."""
    low, high = axes.get_xlim()
    marks = {log_odds_of(one): f"{one:g}" for one in PROBABILITIES}
    inside = [at for at in marks if low <= at <= high]
    axes.xaxis.set_major_locator(FixedLocator(inside))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: marks.get(at, "")))
