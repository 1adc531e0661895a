"""The model card: purpose, data, protocol, results with intervals, limits, as Markdown and HTML.

What is said of the recipe and of the shipped model is told apart. Sections and their order follow
Mitchell et al., "Model cards for model reporting" (FAT* 2019), section 4.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from training.gate.lines import WORDS, GateLine
from training.metrics import average_precision
from training.plots import about
from training.trained import Trained

# metric to what a reader is told
MEASURES = {
    "pr_auc": "PR-AUC; chance is the share illicit",
    "prevalence": "share illicit",
    "precision_at_0.1pct": "alerts that are right, 0.1 % reviewed",
    "recall_at_0.1pct": "illicit found, 0.1 % reviewed",
    "precision_at_1.0pct": "alerts that are right, 1 % reviewed",
    "recall_at_1.0pct": "illicit found, 1 % reviewed",
    "brier_skill": "Brier skill over the constant prevalence",
    "ece": "calibration error",
    "log_loss": "log loss",
}
AT_BASE_RATE = "_base_rate"
FEW_ILLICIT = 100  # below this an interval is wide, and a budget of 0.1 % holds hardly a row
STRANGE_ORIGIN = 0.1  # PR-AUC by which an origin must differ to be named
STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:.2em .6em;"
    "text-align:left}img{max-width:100%}"
)


class Section(NamedTuple):
    """A heading, paragraphs, and tables by caption."""

    title: str
    paragraphs: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]


def model_card(
    trained: Trained,
    labels: pd.DataFrame,
    inputs: Mapping[str, Mapping[str, str]],
    metrics: Mapping[str, float],
    importances: pd.DataFrame,
    lines: Sequence[GateLine],
) -> tuple[Section, ...]:
    """Write down what a model validator asks first.

    Parameters
    ----------
    trained
        What :func:`training.train` gave.
    labels
        Labels it learnt from.
    inputs
        Path and sha256 of each input file; empty where they were given in Python.
    metrics
        Of the recipe, and what stands beside them (``pr_auc_label_shuffle``).
    importances
        See :class:`training.importances.Contributions`.
    lines
        Alarms and measurements for the gate.
    """
    return (
        _purpose(trained),
        _data(trained, labels, inputs),
        _protocol(trained),
        _results(trained, metrics),
        _shipped(trained, importances),
        _alarms(lines),
        _limits(trained, metrics),
    )


def _purpose(trained: Trained) -> Section:
    facts = trained.model.manifest.facts
    return Section(
        "Purpose",
        (
            "Says how probable it is that a wallet is illicit, from what it had done before an "
            "instant, so that those who review wallets see the most probable first. It is a "
            "reason to look, not a finding: by itself it is no ground to close an account or to "
            "report a person.",
        ),
        {"The shipped model": _two_columns(facts)},
    )


def _data(
    trained: Trained, labels: pd.DataFrame, inputs: Mapping[str, Mapping[str, str]]
) -> Section:
    learnt = trained.out_of_fold
    said = (
        f"The shipped model learnt from {len(learnt)} rows of "
        f"{learnt.index.get_level_values('wallet').nunique()} wallets, "
        f"{learnt['y_true'].mean():.1%} of them illicit, as of "
        f"{learnt.index.get_level_values('as_of').min():%Y-%m-%d} to "
        f"{learnt.index.get_level_values('as_of').max():%Y-%m-%d}."
    )
    counted = labels["label"].replace("none", "no verdict").value_counts()
    counts = {str(label): str(count) for label, count in counted.items()}
    tables = {"Labels": _two_columns(counts), "Rows left out at the last origin": _two_columns(
        {reason: str(count) for reason, count in trained.dropped.items()} or {"none": "0"}
    )}  # fmt: skip
    if inputs:
        rows = {
            name: {"file": one["path"], "sha256": one["sha256"]} for name, one in inputs.items()
        }
        tables["Files"] = pd.DataFrame(rows).T.rename_axis("input").reset_index()
    return Section("Data", (said,), tables)


def _protocol(trained: Trained) -> Section:
    manifest, last = trained.model.manifest, trained.judged[-1].split
    rows = [
        {
            "origin": str(at),
            "learns before": f"{one.split.calibrate_until:%Y-%m-%d %H:%M}",
            "tests from": f"{one.split.test_from:%Y-%m-%d %H:%M}",
            "tests before": f"{one.split.test_until:%Y-%m-%d %H:%M}",
            "rows learnt": str(len(one.rows.learnt)),
            "rows tested": str(len(one.scores)),
        }
        for at, one in enumerate(trained.judged, 1)
    ]
    said = (
        "At every origin a model learns from the rows before it, with the labels known by then, "
        "and scores the rows after it: that judges the recipe. The shipped model is the same "
        "recipe, fitted to all labelled rows. Both are calibrated by scores of wallets that a "
        f"copy did not learn from ({manifest.folds} folds), and shifted to the base rate.",
        f"Labels enter {last.label_delay} after known_at; wallets of the training are "
        f"{'not tested' if last.wallets == 'apart' else 'tested too, and measured apart'}. "
        f"Wallets with fewer than {manifest.min_transfers} transfers are neither learnt from nor "
        f"scored. Seed {manifest.seed}. Intervals are 95 % of a bootstrap of blocks of wallets.",
    )
    return Section("Protocol", said, {"Origins, UTC": pd.DataFrame(rows)})


def _results(trained: Trained, metrics: Mapping[str, float]) -> Section:
    rows = [
        {
            "measure": words,
            "test rows": measure_text(metrics, name),
            "at the base rate": measure_text(metrics, name + AT_BASE_RATE),
        }
        for name, words in MEASURES.items()
        if name in metrics
    ]
    beside = {
        "best single column": (trained.best_feature, "pr_auc_single_feature"),
        "labels of the training shuffled": ("a leak shows here", "pr_auc_label_shuffle"),
    }
    compared = [
        {"without the model": name, "what": what, "PR-AUC": measure_text(metrics, key)}
        for name, (what, key) in beside.items()
        if key in metrics
    ]
    parts = [f"origin_{at}" for at in range(1, len(trained.judged) + 1)]
    parts += ["seen", "new", "listed", "unlisted"]
    apart = [
        {
            "rows": part.replace("_", " "),
            "PR-AUC": measure_text(metrics, "pr_auc", f"_{part}"),
            "share illicit": measure_text(metrics, "prevalence", f"_{part}"),
        }
        for part in parts
        if f"pr_auc_{part}" in metrics
    ]
    said = (
        f"These are figures of the recipe, on {len(trained.scores)} test rows of "
        f"{len(trained.judged)} origins. The shipped model has none of its own: no labelled row "
        "is left that it did not learn from.",
    )
    tables = {"Measures": rows, "Beside it, on the last origin": compared, "Parts": apart}
    return Section(
        "Results of the recipe", said, {n: pd.DataFrame(t) for n, t in tables.items() if t}
    )


def _shipped(trained: Trained, importances: pd.DataFrame) -> Section:
    top = importances.head(10).map("{:.3f}".format).rename_axis("column").reset_index()
    folds = trained.out_of_fold
    area = average_precision(folds["y_true"].to_numpy(np.int8), folds["log_odds"].to_numpy())
    said = (
        f"It learnt from {len(folds)} rows. Each scored by a copy that did not learn from its "
        f"wallet, but from later rows too, they reach PR-AUC {area:.3f} at "
        f"{folds['y_true'].mean():.1%} "
        "illicit: nearer to what was learnt than any test, so no measure of what is to come.",
        _calibrated(trained),
        "What moves its score, by its own exact contributions in log-odds:",
    )
    return Section("The shipped model", said, {"Largest contributions": top})


def _calibrated(trained: Trained) -> str:
    calibration = trained.model.calibration
    losses = ", ".join(f"{one.method} {one.log_loss:.4f}" for one in calibration.tried)
    compared = (
        f", the simplest within one standard error of the best log loss ({losses})"
        if losses
        else ""
    )
    return f"Raw scores become probabilities by {calibration.method}{compared}, out of fold."


def _alarms(lines: Sequence[GateLine]) -> Section:
    rows = [
        {"line": one.name, "outcome": WORDS[one.passed], "measured": one.detail} for one in lines
    ]
    said = "What the gate reads beside the figures above, as it was measured with the run."
    return Section("Alarms and measurements", (said,), {"Lines": pd.DataFrame(rows)})


def _limits(trained: Trained, metrics: Mapping[str, float]) -> Section:
    illicit = int(trained.scores["y_true"].sum())
    said = [
        f"The base rate {trained.model.base_rate:g} is stated, not measured. Probabilities are "
        "right where it is, and where illicit and licit wallets look like the labelled ones.",
        "Labelled wallets are not drawn at random: whoever listed them decided what the model can "
        "learn. Of kinds of crime that no list holds, it knows nothing.",
        "It sees one chain. A wallet that is empty, new or rarely used is said to be unknown, "
        "never safe.",
    ]
    if illicit < FEW_ILLICIT:
        said.append(f"Only {illicit} test rows are illicit: the intervals are wide for a reason.")
    whole = metrics["pr_auc"]
    for at in range(1, len(trained.judged) + 1):
        one = metrics[f"pr_auc_origin_{at}"]
        if abs(one - whole) > STRANGE_ORIGIN:
            said.append(f"Origin {at} stands apart: PR-AUC {one:.3f}, all origins {whole:.3f}.")
    said += [
        f"Rows of {part} wallets could not be measured: {metrics[f'rows_{part}']:.0f}."
        for part in ("seen", "new", "listed", "unlisted")
        if f"pr_auc_{part}" not in metrics
    ]
    return Section("Limits", tuple(said), {})


def measure_text(metrics: Mapping[str, float], name: str, suffix: str = "") -> str:
    """Return a number with its interval, where it has one."""
    value, low, high = (metrics.get(f"{name}{end}{suffix}") for end in ("", "_low", "_high"))
    if value is None:
        return "not measured"
    interval = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{value:.3f}{interval}"


def card_markdown(title: str, card: tuple[Section, ...]) -> str:
    """Return the card as Markdown."""
    lines = [f"# {title}"]
    for section in card:
        lines += ["", f"## {section.title}", *(f"\n{one}" for one in section.paragraphs)]
        for caption, table in section.tables.items():
            lines += ["", f"**{caption}**", "", *_markdown_table(table)]
    return "\n".join(lines) + "\n"


def card_html(title: str, card: tuple[Section, ...], figures: Mapping[str, bytes]) -> str:
    """Return the card as one HTML file, with PNG figures in it by caption."""
    parts = [f"<h1>{escape(title)}</h1>"]
    for section in card:
        parts.append(f"<h2>{escape(section.title)}</h2>")
        parts += [f"<p>{escape(one)}</p>" for one in section.paragraphs]
        for caption, table in section.tables.items():
            parts.append(f"<h3>{escape(caption)}</h3>{table.to_html(index=False, border=0)}")
    parts.append("<h2>Figures</h2>")
    for caption, png in figures.items():
        data = base64.b64encode(png).decode("ascii")
        parts.append(f'<p><img alt="{escape(caption)}" src="data:image/png;base64,{data}"></p>')
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def write_card(folder: Path, trained: Trained, card: tuple[Section, ...]) -> None:
    """Write ``model_card.md`` and ``model_card.html``, with the PNG figures of the folder."""
    title = f"Model card: {about(trained.model.manifest)}"
    figures = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}
    (folder / "model_card.md").write_text(card_markdown(title, card), encoding="utf-8")
    (folder / "model_card.html").write_text(card_html(title, card, figures), encoding="utf-8")


def _two_columns(facts: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"what": list(facts), "value": list(facts.values())})


def _markdown_table(table: pd.DataFrame) -> list[str]:
    rows = [
        list(table.columns),
        ["---"] * len(table.columns),
        *table.astype(str).to_numpy().tolist(),
    ]
    return ["| " + " | ".join(str(one).replace("|", "\\|") for one in row) + " |" for row in rows]
