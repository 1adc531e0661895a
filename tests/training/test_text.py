"""What training says to a reader."""

import pandas as pd

from training.evaluation import Evaluation
from training.text import evaluation_text


def test_measures_stand_beside_their_intervals() -> None:
    metrics = {"pr_auc": 0.5, "pr_auc_low": 0.4, "pr_auc_high": 0.6}
    judged = Evaluation(metrics, pd.DataFrame({"y_true": [1, 0]}), {"no label": 7})
    said = evaluation_text(judged)
    assert "| pr_auc | 0.5000 | 0.4000 to 0.6000 |" in said
    assert said.endswith("2 rows judged; left out: no label: 7")
