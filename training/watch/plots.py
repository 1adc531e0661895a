"""Figures of a watched window: scores, columns, and said against seen once labels are in."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binomtest

from training.calibration import log_odds_of, probability_of
from training.plots import BLUE, GREY
from training.watch.columns import LARGE, MODERATE
from training.watch.monitor import Watched
from training.watch.prior import score_counts

Float64 = NDArray[np.float64]

ORANGE = "#c55a11"
COLUMNS, CURVES, SEEN_BINS = 15, 6, 10
LONG_TAIL = 50.0  # ratio of the outer to the middle quantiles from which an axis is logarithmic


def scores_figure(watched: Watched, log_odds: Float64) -> Figure:
    """Draw how scores are spread: at training, at training with the estimated prior, in the window.

    Parameters
    ----------
    watched
        The window.
    log_odds
        float64 (n,), of its rows at the base rate of the reference.
    """
    reference = watched.reference
    counts = score_counts(reference, log_odds)
    share = watched.priors.em.share
    illicit = reference.illicit / reference.illicit.sum()
    licit = reference.licit / reference.licit.sum()
    trained = reference.prevalence * illicit + (1 - reference.prevalence) * licit
    figure, axes = _figure(8.0, 3.6)
    shifted = share * illicit + (1 - share) * licit
    lines = (
        (trained, GREY, "-", f"training, {reference.prevalence:.0%} illicit"),
        (shifted, ORANGE, "--", f"training, if {share:.1%} were illicit"),
        (counts / counts.sum(), BLUE, "-", f"window, {len(log_odds):,} rows"),
    )  # fmt: skip
    for shares, color, style, label in lines:
        axes.stairs(shares, np.arange(len(shares) + 1), color=color, ls=style, lw=2, label=label)
    cuts = probability_of(reference.edges)
    at = np.unique(np.linspace(0, len(cuts) - 1, 8).astype(int)) if len(cuts) else np.array([], int)
    axes.set_xticks(at + 1, [f"{100 * cuts[place]:.2g} %" for place in at])
    axes.set(
        title=f"Scores: unexplained PSI {watched.unexplained_psi:.2f}",
        xlabel=f"probability said, at a base rate of {reference.base_rate:.2%}",
        ylabel="share of rows",
    )
    axes.legend(frameon=False)
    return figure


def columns_figure(watched: Watched) -> Figure:
    """Draw the columns that moved most, and what each weighs in the scores."""
    top = watched.columns.head(COLUMNS).iloc[::-1]
    figure = Figure(figsize=(9.0, 0.6 + 0.3 * len(top)), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    left.barh(list(map(str, top.index)), top["psi"], color=BLUE)
    for limit, word in ((MODERATE, "moderate"), (LARGE, "large")):
        left.axvline(limit, color=ORANGE, ls=":", label=f"{word}, {limit:g}")
    left.set(title="Columns that moved most", xlabel="PSI against the training rows")
    left.legend(frameon=False, loc="lower right")
    right.barh(list(map(str, top.index)), 100 * top["weight"].fillna(0.0), color=GREY)
    right.set(title="What they weigh", xlabel="% of all reasons of the window's scores")
    for axes in (left, right):
        _plain(axes)
    return figure


def curves_figure(watched: Watched, features: dict[str, Float64]) -> Figure:
    """Draw the distribution of the columns that moved most, of training and of the window.

    Parameters
    ----------
    watched
        The window.
    features
        Values (n,) of columns of the window, by name, in the order to draw.
    """
    place = {name: at for at, name in enumerate(watched.reference.names)}
    figure = Figure(figsize=(9.0, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("Share of rows at or below a value")
    for axes, (name, values) in zip(figure.subplots(2, 3).ravel(), features.items(), strict=False):
        known = np.sort(values[np.isfinite(values)])
        parts = watched.reference.quantiles[place[name]]
        for ordered, color, label in ((parts, GREY, "training"), (known, BLUE, "window")):
            if ordered.size:
                axes.step(ordered, (np.arange(ordered.size) + 0.5) / ordered.size, color=color,
                          where="post", label=label)  # fmt: skip
        axes.set_title(name, fontsize=9)
        _scale(axes, parts)
        _plain(axes)
    figure.axes[0].legend(frameon=False, fontsize=8)
    for axes in figure.axes[len(features) :]:
        axes.remove()
    return figure


def seen_figure(watched: Watched, log_odds: Float64) -> Figure:
    """Draw the share of illicit rows against the probability said, of rows that have a label.

    At the prevalence of training, which is what the model knows of; bars are 95 % intervals.
    """
    known = watched.rows["y_true"].to_numpy() >= 0
    reference = watched.reference
    shift = log_odds_of(reference.prevalence) - log_odds_of(reference.base_rate)
    said = probability_of(log_odds[known] + shift)
    y_true = watched.rows["y_true"].to_numpy()[known]
    figure, axes = _figure(5.0, 4.4)
    axes.plot([0, 1], [0, 1], color=GREY, ls="--", label="said as seen")
    for part in np.array_split(np.argsort(said, kind="stable"), SEEN_BINS):
        found = binomtest(int(y_true[part].sum()), len(part))
        ends = found.proportion_ci(method="wilson")
        x, y = float(said[part].mean()), float(y_true[part].mean())
        axes.plot([x, x], [ends.low, ends.high], color=BLUE, lw=1)
        axes.plot(x, y, "o", color=BLUE)
    axes.set(
        title=f"Said and seen, {len(said):,} labelled rows in tenths",
        xlabel="probability said, at the prevalence of training",
        ylabel="share illicit",
    )
    axes.legend(frameon=False, loc="upper left")
    return figure


def _scale(axes: Axes, parts: Float64) -> None:
    """A logarithmic axis where a column has a long tail."""
    if np.isnan(parts[0]):
        return
    middle = np.abs(parts[len(parts) // 4 : -len(parts) // 4]).max()
    if np.abs(parts).max() > LONG_TAIL * max(middle, 1e-12):
        axes.set_xscale("symlog", linthresh=max(middle, 1e-9))


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=8)
