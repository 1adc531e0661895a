"""What training and evaluation say to a reader, and the report they write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.evaluation import Evaluation
from training.manifest import Manifest
from training.plots import about, precision_recall_figure
from training.plots_calibration import calibration_figure

if TYPE_CHECKING:
    from training.repeat import Repeated
    from training.run import Run

SHOWN = 5
_ENDS = ("_low", "_high")


def training_text(run: Run) -> str:
    """Say how the recipe of a new version did, beside what needs no model."""
    metrics = run.trained.metrics
    return (
        f"version {run.version} (model {run.trained.model.version}): recipe PR-AUC "
        f"{metrics['pr_auc']:.3f} [{metrics['pr_auc_low']:.3f}, {metrics['pr_auc_high']:.3f}] "
        f"on {metrics['rows_test']:.0f} test rows, {metrics['prevalence']:.1%} of them illicit; "
        f"best single feature {metrics['pr_auc_single_feature']:.3f}; the model that is shipped "
        f"learnt from all {metrics['rows_shipped']:.0f} labelled rows"
    )


def run_facts(run: Run) -> dict[str, Any]:
    """Return what a script is told of a run."""
    return {
        "name": run.name,
        "version": run.version,
        "model_version": run.trained.model.version,
        "run_id": run.run_id,
        "metrics": dict(run.trained.metrics),
        "left_out": dict(run.trained.dropped),
    }


def repeat_text(run_id: str, repeated: Repeated) -> str:
    """Say what changed since a run, and whether the same came out."""
    lines = [*repeated.changed, training_text(repeated.run)]
    if not repeated.different:
        return "\n".join([*lines, f"run {run_id}: all {repeated.compared} metrics are equal"])
    shown = [
        f"{name} {then:.6g} -> {now:.6g}"
        for name, (then, now) in list(repeated.different.items())[:SHOWN]
    ]
    return "\n".join(
        [
            *lines,
            f"run {run_id}: {len(repeated.different)} of {repeated.compared} metrics differ: "
            + "; ".join(shown),
        ]
    )


def evaluation_text(evaluation: Evaluation) -> str:
    """Say in a sentence how well rows are told apart, then all measures as a Markdown table."""
    metrics = evaluation.metrics
    rows = [_verdict(evaluation), "", "| measure | value | 95 % interval |", "|---|---|---|"]
    for name, value in metrics.items():
        if not name.endswith(_ENDS):
            ends = [f"{metrics[name + end]:.4f}" for end in _ENDS if name + end in metrics]
            rows.append(f"| {name} | {value:.4f} | {' to '.join(ends)} |")
    left_out = "; ".join(f"{reason}: {count}" for reason, count in evaluation.dropped.items())
    return "\n".join([*rows, "", f"{len(evaluation.scores)} rows judged; left out: {left_out}"])


def _verdict(evaluation: Evaluation) -> str:
    """Say what the first measure means: better than chance, beyond doubt or not."""
    metrics, rows = evaluation.metrics, evaluation.scores
    area, low, chance = metrics["pr_auc"], metrics["pr_auc_low"], metrics["prevalence"]
    told = "does better than chance" if low > chance else "cannot be told from chance"
    return (
        f"On {len(rows)} rows, {chance:.1%} of them illicit, the model {told}: PR-AUC {area:.3f} "
        f"[{low:.3f}, {metrics['pr_auc_high']:.3f}], where chance is {chance:.3f}."
    )


def write_report(evaluation: Evaluation, directory: Path, manifest: Manifest) -> None:
    """Write ``report.md``, ``metrics.json``, ``scores.parquet`` and two figures of a model."""
    directory.mkdir(parents=True, exist_ok=True)
    said, scores = about(manifest), evaluation.scores
    report = f"# Evaluation of {said}\n\n{evaluation_text(evaluation)}\n\n"
    report += "![](precision_recall.png) ![](calibration.png)\n"
    (directory / "report.md").write_text(report, encoding="utf-8")
    metrics = json.dumps(evaluation.metrics, indent=1) + "\n"
    (directory / "metrics.json").write_text(metrics, encoding="utf-8")
    scores.to_parquet(directory / "scores.parquet")
    precision_recall_figure(scores, said).savefig(directory / "precision_recall.png")
    calibration = calibration_figure(scores, said, base_rate=manifest.base_rate)
    calibration.savefig(directory / "calibration.png")
