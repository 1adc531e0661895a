"""All that a run measures for the gate; promoting reads only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.errors import RiskError
from features.view import View
from features.views import VIEWS
from training.config import TrainConfig
from training.gate.adversarial import adversarial, adversarial_line
from training.gate.comparison import CANDIDATE, Comparison, compare
from training.gate.config import GateConfig
from training.gate.duplicates import duplicates, duplicates_line
from training.gate.evasion import evasion_suite
from training.gate.future import check_future, future_line
from training.gate.latency import milliseconds
from training.gate.lines import GateLine, base_rate_line, latency_line
from training.gate.logged import Evidence
from training.gate.replay import Endpoint, Served, replay, replay_line
from training.gate.rival import Champion, champion_table, paired_scores
from training.gate.shares import shares_of
from training.recipe import Recipe

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.trained import Trained


@dataclass(frozen=True, slots=True)
class Material:
    """What a run had at hand.

    Parameters
    ----------
    table, labels, config
        As given to :func:`training.train`.
    gate
        What the gate asks for.
    ledger
        That the table was computed from, or None.
    known
        Labels that its columns were made from, or None.
    views
        That its columns are of.
    """

    table: pd.DataFrame
    labels: pd.DataFrame
    config: TrainConfig
    gate: GateConfig = field(default_factory=GateConfig)
    ledger: Ledger | None = None
    known: pd.DataFrame | None = None
    views: tuple[View, ...] = VIEWS


def gather(
    trained: Trained,
    material: Material,
    champion: Champion | None = None,
    *,
    said_to_ordinary: float | None = None,
    served: Served | None = None,
    endpoint: Endpoint | None = None,
) -> Evidence:
    """Measure all that the gate asks, beside the metrics of the training.

    Parameters
    ----------
    trained
        What is to become a version.
    material
        What it was made from.
    champion
        To compare with; see :func:`training.gate.rival.present_champion`.
    said_to_ordinary
        Mean probability that ordinary wallets are told, None where it was not measured.
    served, endpoint
        What to replay rows through; None: that line says that nothing was replayed.
    """
    rows, comparison, unusable = _compared(trained, material, champion)
    lines = (
        *_table_lines(trained, material),
        future_line(
            None
            if material.ledger is None
            else check_future(
                material.table,
                material.ledger,
                material.known,
                material.views,
                seed=material.config.seed,
            )
        ),
        _replay_line(trained, material, served, endpoint),
        base_rate_line(said_to_ordinary, trained.model.base_rate, material.gate.base_rate_factor),
        *_latency_lines(trained, material),
    )
    return Evidence(
        lines, "" if champion is None else champion.version, unusable,
        "" if champion is None else champion.unusable, comparison, material.gate.margin, rows,
        _evasion(trained, material),
    )  # fmt: skip


def _compared(
    trained: Trained, material: Material, champion: Champion | None
) -> tuple[pd.DataFrame, Comparison | None, str]:
    """Scored rows, the comparison if there is a champion to compare with, and why there is none."""
    alone = trained.scores.copy()
    said = alone["probability"].to_numpy()
    alone[f"{CANDIDATE}1"] = np.log(said) - np.log1p(-said)
    if champion is None or champion.recipe is None:
        return alone, None, ""
    data, config = material, material.config
    try:
        other = Recipe.of(
            champion_table(
                champion, data.table, data.ledger,
                data.labels if data.known is None else data.known, data.views,
            ),
            data.labels, champion.recipe, ledger=data.ledger, views=data.views, known=data.known,
        )  # fmt: skip
        own = Recipe.of(
            data.table, data.labels, config, ledger=data.ledger, views=data.views,
            known=data.known,
        )  # fmt: skip
        paired = paired_scores(own, other, trained.judged, data.gate.repeats)
    except RiskError as error:
        return alone, None, str(error)
    scores = paired.drop(columns="y_true").to_numpy()
    rows = trained.scores.copy()
    rows[[name for name in paired.columns if name != "y_true"]] = scores
    return rows, compare(rows, margin=data.gate.margin, seed=config.seed), ""


def _table_lines(trained: Trained, material: Material) -> tuple[GateLine, ...]:
    """Lines that need the table and the slices of the last origin."""
    names = list(trained.model.feature_names)
    features, rows = material.table[names], trained.rows
    values = features.to_numpy()
    learnt = rows.learnt
    found = adversarial(values[learnt], values[rows.test], tuple(names), material.config.seed)
    copies = duplicates(features, learnt, rows.test)
    example = str(features.index[copies[0]][0]) if len(copies) else ""
    shares = shares_of(trained.model, material.table.iloc[rows.test], seed=material.config.seed)
    return (
        adversarial_line(found, shares),
        duplicates_line(len(copies), len(rows.test), example),
    )


def _evasion(trained: Trained, material: Material) -> pd.DataFrame:
    if material.ledger is None or not material.gate.victims:
        return pd.DataFrame()
    model = trained.model
    labels = material.known if model.reads_labels else None
    return evasion_suite(
        model, material.ledger, trained.scores, labels, victims=material.gate.victims,
        seed=material.config.seed,
    )  # fmt: skip


def _replay_line(
    trained: Trained, material: Material, served: Served | None, endpoint: Endpoint | None
) -> GateLine:
    if endpoint is None or served is None:
        return replay_line(None, "the run was not given an endpoint (walletrisk train gives one)")
    if trained.model.estimator.reads != "table":
        return replay_line(None, f"a {trained.model.kind} model reads more than a row of the table")
    test = material.table.iloc[trained.rows.test]
    found = replay(trained.model, test, served, endpoint, seed=material.config.seed)
    return replay_line(found)


def _latency_lines(trained: Trained, material: Material) -> tuple[GateLine, ...]:
    if material.ledger is None:
        return (GateLine("quick enough", None, "not measured: the run had no ledger"),)
    spine = material.table.index[trained.rows.test].to_frame(index=False)
    labels = material.known if trained.model.reads_labels else None
    took = milliseconds(trained.model, material.ledger, labels, spine, seed=material.config.seed)
    return (latency_line(float(np.median(took)), float(took.max()), material.gate.latency_ms),)
