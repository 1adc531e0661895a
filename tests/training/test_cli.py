"""What the training commands read and say."""

from pathlib import Path

import pandas as pd
import pytest

from features import SourceError
from training.cli import evaluation_text, model_folder, promotion_text, read_feature_table
from training.evaluation import Evaluation
from training.promotion import GateLine, Promotion


def test_a_folder_is_taken_as_it_is() -> None:
    assert model_folder("models/one", None) == Path("models/one")


def test_a_table_without_its_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with pytest.raises(SourceError, match="cannot be read"):
        read_feature_table(path)
    pd.DataFrame({"wallet": ["w"]}).to_parquet(path)
    with pytest.raises(SourceError, match="is no feature table"):
        read_feature_table(path)


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
