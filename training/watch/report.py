"""The report of a watched window: words for a reader, JSON for a script, HTML with figures."""

from __future__ import annotations

import base64
import json
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from features.json_file import without_nan
from training.calibration import log_odds_of
from training.risk_model import RiskModel
from training.table_columns import model_columns
from training.watch.columns import LARGE, TELLS, moved_much
from training.watch.monitor import Watched
from training.watch.plots import (
    CURVES,
    columns_figure,
    curves_figure,
    scores_figure,
    seen_figure,
)

HTML, JSON = "monitor.html", "monitor.json"
SHOWN = 20  # columns in the page's table; the JSON has all
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#222}table{border-collapse:collapse;font-size:14px}td,th{padding:.2rem .8rem;"
    "text-align:right;border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
    "img{max-width:100%}.said{font-size:1.25rem;padding:1rem;border-left:6px solid #1f4e79;"
    "background:#f3f6fa}.retrain{border-color:#b00020}.shift{border-color:#c55a11}"
)
MEANINGS = {
    "em": "EM of Saerens, on calibrated probabilities",
    "mixture": "EM on score histograms of both classes",
    "confusion": "confusion matrix (BBSE)",
}


def monitor_text(watched: Watched) -> str:
    """Say the sentence, then every finding, then the figures behind them."""
    share, low, high = watched.priors.em
    moved = int(moved_much(watched.columns).sum())
    telling = int((watched.columns["auc"] >= TELLS).sum())
    lines = [
        watched.verdict.sentence,
        "",
        *(f"- {finding}" for finding in watched.verdict.findings),
        f"- {len(watched.rows)} rows compared with {watched.reference.rows} of training; left out: "
        + "; ".join(f"{reason}: {count}" for reason, count in watched.left_out.items()),
        f"- mean probability said {watched.mean_probability:.4f}; share illicit by the scores "
        f"{share:.4f} [{low:.4f}, {high:.4f}]"
        + ("" if watched.verdict.prior_trusted else ", not to be trusted here"),
        f"- {moved} of {len(watched.columns)} columns moved much (PSI >= {LARGE:g}), {telling} "
        f"alone tell window from training (AUC >= {TELLS:g}): {_named(watched)}",
    ]
    if watched.judged:
        judged = watched.judged
        lines.append(
            f"- {judged['rows']:.0f} rows have labels: PR-AUC {judged['pr_auc']:.3f} "
            f"[{judged['pr_auc_low']:.3f}, {judged['pr_auc_high']:.3f}] as they are, "
            f"{judged['pr_auc_at_trained_prevalence']:.3f} at the prevalence of training "
            f"({watched.reference.pr_auc:.3f} then); at that prevalence {judged['said']:.3f} is "
            f"said and {judged['seen']:.3f} seen"
        )
    return "\n".join(lines)


def monitor_facts(watched: Watched) -> dict[str, Any]:
    """Return all that was found, for JSON; what could not be measured is None."""
    times = watched.rows.index.get_level_values("as_of")
    telling = watched.outside.telling["gain"]
    facts = {
        "verdict": {
            "action": watched.verdict.action,
            "sentence": watched.verdict.sentence,
            "findings": list(watched.verdict.findings),
        },
        "window": {
            "rows": len(watched.rows),
            "from": times.min().isoformat(),
            "to": times.max().isoformat(),
            "left_out": watched.left_out,
        },
        "training": {
            "rows": watched.reference.rows,
            "prevalence": watched.reference.prevalence,
            "pr_auc_out_of_fold": watched.reference.pr_auc,
        },
        "scores": {
            "mean_probability": watched.mean_probability,
            "base_rate": watched.reference.base_rate,
            "psi": watched.score_psi,
            "psi_that_the_prior_does_not_explain": watched.unexplained_psi,
            "psi_of_chance": watched.unexplained_chance,
        },
        "prior": {
            "trusted": watched.verdict.prior_trusted,
            "disagreement": watched.priors.disagreement,
            **{name: prior._asdict() for name, prior in watched.priors.methods.items()},
        },
        "rows_outside": {
            "share": watched.outside.share,
            "chance": watched.outside.chance,
            "adversarial_auc": watched.outside.adversarial_auc,
            "adversarial_auc_at_the_prior": watched.outside.at_prior_auc,
            "telling_columns": {str(name): gain for name, gain in telling.items()},
        },
        "labels": watched.judged or None,
        "columns": watched.columns.reset_index().to_dict("records"),
    }
    return dict(without_nan(facts))


def write_monitor(watched: Watched, model: RiskModel, table: pd.DataFrame, folder: Path) -> None:
    """Write ``monitor.html``, which needs nothing beside it, and ``monitor.json``.

    Parameters
    ----------
    watched
        Of ``table`` by ``model``.
    model, table
        As for :func:`training.watch.monitor.monitor`.
    folder
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(monitor_facts(watched), indent=1, allow_nan=False) + "\n"
    (folder / JSON).write_text(content, encoding="utf-8")
    figures = _figures(watched, model, table.loc[watched.rows.index])
    (folder / HTML).write_text(_page(watched, model, figures), encoding="utf-8")


def _figures(watched: Watched, model: RiskModel, table: pd.DataFrame) -> list[Figure]:
    probability = watched.rows["probability"].to_numpy()
    log_odds = np.log(probability) - np.log1p(-probability)
    log_odds += log_odds_of(watched.reference.base_rate) - log_odds_of(model.base_rate)
    moved = tuple(str(name) for name in watched.columns.index[:CURVES])
    values = dict(zip(moved, model_columns(table, moved).T, strict=True))
    figures = [
        scores_figure(watched, log_odds),
        columns_figure(watched),
        curves_figure(watched, values),
    ]
    return [*figures, seen_figure(watched, log_odds)] if watched.judged else figures


def _page(watched: Watched, model: RiskModel, figures: list[Figure]) -> str:
    times = watched.rows.index.get_level_values("as_of")
    title = (
        f"Model {model.version} ({model.kind}), window {times.min():%Y-%m-%d} to "
        f"{times.max():%Y-%m-%d}, base rate {model.base_rate:.2%}"
    )
    said = "".join(
        f"<li>{escape(line.removeprefix('- '))}</li>"
        for line in monitor_text(watched).splitlines()[2:]
    )
    priors = pd.DataFrame(
        {MEANINGS[name]: prior._asdict() for name, prior in watched.priors.methods.items()}
    ).T
    pictures = "".join(f'<p><img alt="" src="{_embedded(figure)}"></p>' for figure in figures)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><h1>Is the model still right?</h1><p>{escape(title)}</p>"
        f'<p class="said {watched.verdict.action}">{escape(watched.verdict.sentence)}</p>'
        f"<ul>{said}</ul>{pictures}"
        f"<h2>Share of illicit wallets, by the scores</h2>{_table(priors)}"
        f"<h2>Columns that tell these rows from the training rows together</h2>"
        f"{_table(watched.outside.telling)}"
        f"<h2>Columns that moved most</h2>{_table(watched.columns.head(SHOWN))}</html>\n"
    )


def _embedded(figure: Figure) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _table(frame: pd.DataFrame) -> str:
    return str(frame.to_html(float_format=lambda value: f"{value:.3f}", border=0, na_rep="none"))


def _named(watched: Watched) -> str:
    """Name the columns that tell the two apart alone, best first."""
    auc = watched.columns["auc"]
    names = [str(name) for name in auc[auc >= TELLS].sort_values(ascending=False).index[:5]]
    return ", ".join(names) or "none"
