from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from training import Trained
from training.plots import (
    about,
    alerts_figure,
    precision_recall_figure,
    score_histogram_figure,
)


def test_figures_are_labelled_and_can_be_saved(trained: Trained, tmp_path: Path) -> None:
    said = about(trained.model.manifest)
    scores = trained.scores
    for figure in (
        precision_recall_figure(scores, said),
        score_histogram_figure(scores, said),
        alerts_figure(scores, 0.01, said),
    ):
        assert isinstance(figure, Figure)
        (axes,) = figure.axes
        assert axes.get_xlabel()
        assert axes.get_ylabel()
        assert f"{trained.model.version}, trained until 2024" in axes.get_title()
        assert "base rate 0.01" in axes.get_title()
        assert axes.get_legend() is not None
        figure.savefig(tmp_path / "figure.png")
        assert (tmp_path / "figure.png").read_bytes()[1:4] == b"PNG"


def test_precision_recall_ends_at_the_prevalence() -> None:
    scores = pd.DataFrame(
        {"y_true": np.array([1, 0, 1, 0], np.int8), "probability_as_labelled": [0.9, 0.8, 0.7, 0.1]}
    )
    (axes,) = precision_recall_figure(scores, "").axes
    curve = axes.get_lines()[0]
    assert np.asarray(curve.get_xdata()).tolist() == [0.5, 0.5, 1.0, 1.0]
    assert np.asarray(curve.get_ydata()).tolist() == pytest.approx([1.0, 0.5, 2 / 3, 0.5])


def test_alerts_are_counted_at_the_base_rate() -> None:
    scores = pd.DataFrame(
        {"y_true": np.array([1, 0, 1, 0], np.int8), "probability": [0.9, 0.8, 0.7, 0.7]}
    )
    (axes,) = alerts_figure(scores, 0.1, "").axes
    found, right, _ = axes.get_lines()
    # an illicit row stands for 0.05 of the world, a licit one for 0.45; the last two are one step
    assert np.asarray(found.get_xdata()).tolist() == pytest.approx([0.05, 0.5, 1.0])
    assert np.asarray(found.get_ydata()).tolist() == pytest.approx([0.5, 0.5, 1.0])
    assert np.asarray(right.get_ydata()).tolist() == pytest.approx([1.0, 0.1, 0.1])
