"""The two figures of a run: precision against recall, said against seen probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from training.metrics import average_precision, calibration_curve

BLUE, GREY = "#1f4e79", "#8a8a8a"


def precision_recall_figure(scores: pd.DataFrame) -> Figure:
    """Draw precision against recall of the test rows, with the prevalence as chance.

    Parameters
    ----------
    scores
        ``y_true`` and ``probability_as_labelled``.
    """
    y_true = scores["y_true"].to_numpy(np.int8)
    probability = scores["probability_as_labelled"].to_numpy()
    precision, recall, _ = precision_recall_curve(y_true, probability)
    figure, axes = _figure()
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
    axes.set(title="Precision and recall, test slice", xlabel="recall", ylabel="precision")
    axes.legend(loc="lower left", frameon=False)
    return figure


def calibration_figure(scores: pd.DataFrame) -> Figure:
    """Draw the share of illicit rows against the probability that was said, in equal masses.

    Parameters
    ----------
    scores
        ``y_true`` and ``probability_as_labelled``.
    """
    curve = calibration_curve(
        scores["y_true"].to_numpy(np.int8), scores["probability_as_labelled"].to_numpy()
    )
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfect")
    axes.plot(curve["said"], curve["seen"], marker="o", color=BLUE, label="model")
    axes.set(
        title="Calibration, test slice, 15 equal masses",
        xlabel="probability said (as labelled)",
        ylabel="share illicit",
    )
    axes.legend(loc="upper left", frameon=False)
    return figure


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.5, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes
