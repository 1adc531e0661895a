"""What training says to a reader."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from training import Trained
from training.evaluation import Evaluation
from training.plots import about
from training.repeat import Repeated
from training.run import Run
from training.text import evaluation_text, repeat_text, training_text, write_report

METRICS = {"pr_auc": 0.5, "pr_auc_low": 0.4, "pr_auc_high": 0.6, "prevalence": 0.25}


def judged(**changed: float) -> Evaluation:
    return Evaluation(METRICS | changed, pd.DataFrame({"y_true": [1, 0]}), {"no label": 7})


def test_an_evaluation_begins_with_a_sentence() -> None:
    said = evaluation_text(judged()).splitlines()
    assert said[:2] == [
        "On 2 rows, 25.0% of them illicit, the model does better than chance: PR-AUC 0.500 "
        "[0.400, 0.600], where chance is 0.250.",
        "",
    ]
    assert "cannot be told from chance" in evaluation_text(judged(pr_auc_low=0.2))


def test_measures_stand_beside_their_intervals() -> None:
    said = evaluation_text(judged())
    assert "| pr_auc | 0.5000 | 0.4000 to 0.6000 |" in said
    assert said.endswith("2 rows judged; left out: no label: 7")


def test_a_report_names_its_model(trained: Trained, tmp_path: Path) -> None:
    manifest = trained.model.manifest
    write_report(Evaluation(trained.metrics, trained.scores, {}), tmp_path, manifest)
    written = (tmp_path / "report.md").read_text()
    assert written.startswith(f"# Evaluation of {about(manifest)}\n\nOn ")
    assert all((tmp_path / name).is_file() for name in re.findall(r"\((\w+\.png)\)", written))


def test_a_repeated_run_says_what_differs(trained: Trained) -> None:
    run = Run(trained, "walletrisk", "4", "id", dict(trained.metrics))
    assert training_text(run).startswith(f"version 4 (model {trained.model.version}): recipe")
    other = Repeated(run, ("labels is not what it was: x",), {"pr_auc": (0.5, 0.25)}, 9)
    first, *_, last = repeat_text("abc", other).splitlines()
    assert first == "labels is not what it was: x"
    assert last == "run abc: 1 of 9 metrics differ: pr_auc 0.5 -> 0.25"
    same = repeat_text("abc", Repeated(run, (), {}, 9))
    assert same.endswith("run abc: all 9 metrics are equal")
