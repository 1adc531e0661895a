"""What training says to a reader."""

import pandas as pd

from training.evaluation import Evaluation
from training.promotion import GateLine, Promotion
from training.text import evaluation_text, promotion_text


def test_a_closed_gate_says_which_line_failed() -> None:
    lines = (GateLine("calibrated", False, "error 0.2"), GateLine("better than chance", True, "x"))
    assert promotion_text(Promotion("3", lines)).splitlines() == [
        "FAIL  calibrated: error 0.2",
        "pass  better than chance: x",
        "version 3 is not the champion",
    ]


def test_measures_stand_beside_their_intervals() -> None:
    metrics = {"pr_auc": 0.5, "pr_auc_low": 0.4, "pr_auc_high": 0.6}
    judged = Evaluation(metrics, pd.DataFrame({"y_true": [1, 0]}), {"no label": 7})
    said = evaluation_text(judged)
    assert "| pr_auc | 0.5000 | 0.4000 to 0.6000 |" in said
    assert said.endswith("2 rows judged; left out: no label: 7")
