"""What training and evaluation say to a reader, and the report they write."""

import json
from collections.abc import Mapping
from pathlib import Path

from training.evaluation import Evaluation
from training.plots import calibration_figure, precision_recall_figure

_ENDS = ("_low", "_high")


def training_text(metrics: Mapping[str, float], version: str) -> str:
    """Say how a new version did, beside what needs no model."""
    return (
        f"version {version}: PR-AUC {metrics['pr_auc']:.3f} "
        f"[{metrics['pr_auc_low']:.3f}, {metrics['pr_auc_high']:.3f}] "
        f"on {metrics['rows_test']:.0f} test rows, {metrics['prevalence']:.1%} of them illicit; "
        f"best single feature {metrics['pr_auc_single_feature']:.3f}"
    )


def evaluation_text(evaluation: Evaluation) -> str:
    """Give all measures as a Markdown table, and what was left out."""
    metrics = evaluation.metrics
    rows = ["| measure | value | 95 % interval |", "|---|---|---|"]
    for name, value in metrics.items():
        if not name.endswith(_ENDS):
            ends = [f"{metrics[name + end]:.4f}" for end in _ENDS if name + end in metrics]
            rows.append(f"| {name} | {value:.4f} | {' to '.join(ends)} |")
    left_out = "; ".join(f"{reason}: {count}" for reason, count in evaluation.dropped.items())
    return "\n".join([*rows, "", f"{len(evaluation.scores)} rows judged; left out: {left_out}"])


def write_report(evaluation: Evaluation, directory: Path) -> None:
    """Write ``report.md``, ``metrics.json``, ``scores.parquet`` and the two figures."""
    directory.mkdir(parents=True, exist_ok=True)
    figures = "![](precision_recall.png) ![](calibration.png)"
    report = f"# Evaluation\n\n{evaluation_text(evaluation)}\n\n{figures}\n"
    (directory / "report.md").write_text(report, encoding="utf-8")
    metrics = json.dumps(evaluation.metrics, indent=1) + "\n"
    (directory / "metrics.json").write_text(metrics, encoding="utf-8")
    evaluation.scores.to_parquet(directory / "scores.parquet")
    precision_recall_figure(evaluation.scores).savefig(directory / "precision_recall.png")
    calibration_figure(evaluation.scores).savefig(directory / "calibration.png")
