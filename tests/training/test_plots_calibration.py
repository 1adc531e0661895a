from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.calibration import log_odds_of, probability_of
from training.plots_calibration import calibration_figure, reliability

BASE_RATE = 0.01
GENERATOR = np.random.default_rng(5)


def said_and_true(rows: int = 4_000) -> pd.DataFrame:
    """Rows whose labelled probabilities are right, served at the base rate."""
    log_odds = GENERATOR.normal(-1, 2, rows)
    labelled = probability_of(log_odds)
    y_true = (GENERATOR.random(rows) < labelled).astype(np.int8)
    shift = log_odds_of(BASE_RATE) - log_odds_of(float(y_true.mean()))
    return pd.DataFrame(
        {
            "y_true": y_true,
            "probability": probability_of(log_odds + shift),
            "probability_as_labelled": labelled,
        }
    )


def test_right_probabilities_lie_in_the_intervals_of_both_scales() -> None:
    scores = said_and_true()
    bins = reliability(scores, base_rate=BASE_RATE)
    assert bins["rows"].sum() == len(scores)
    assert bins["illicit"].sum() == scores["y_true"].sum()
    for scale in ("", "_served"):
        said, low, high = (bins[f"{name}{scale}"] for name in ("said", "low", "high"))
        assert ((low <= said) & (said <= high)).sum() >= len(bins) - 2
        assert (bins[f"low{scale}"] <= bins[f"seen{scale}"]).all()
    wrong = scores.assign(probability=np.minimum(4 * scores["probability"], 1.0))
    off = reliability(wrong, base_rate=BASE_RATE)
    assert (off["said_served"] > off["high_served"]).sum() >= len(off) - 3


def test_the_served_scale_is_the_weighted_share() -> None:
    scores = said_and_true()
    part = scores.sort_values("probability_as_labelled", kind="stable")[-400:]
    illicit, prevalence = part["y_true"].sum(), scores["y_true"].mean()
    world = illicit * BASE_RATE / prevalence
    licit = (400 - illicit) * (1 - BASE_RATE) / (1 - prevalence)
    bins = reliability(scores, base_rate=BASE_RATE)
    assert bins["seen_served"].iloc[-1] == pytest.approx(world / (world + licit))


def test_the_figure_has_a_log_axis_where_probabilities_are_small_and_counts() -> None:
    scores = said_and_true(300)
    figure = calibration_figure(scores, "some model", base_rate=BASE_RATE)
    left, right = figure.axes
    assert (left.get_xscale(), right.get_xscale(), right.get_yscale()) == ("linear", "log", "log")
    first = reliability(scores, base_rate=BASE_RATE).iloc[0]
    counts = [text.get_text() for text in right.texts]
    assert counts[0] == f"{int(first['illicit'])}/{int(first['rows'])}"
    assert len(counts) == 10
    assert "some model" in figure.get_suptitle()
