"""Scores of wallets of a ledger, or of the entities that they belong to, as of instants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.clusters.contraction import contracted
from features.clusters.entity import Entity, entity_of
from features.context import context_values
from features.contracts.spine import check_spine
from features.contracts.times import microseconds
from features.past import label_events
from features.table import compute_rows
from training.manifest import ModelError
from training.models.estimator import Inputs, Where
from training.row_scorer import RowScorer
from training.scores import Scores

if TYPE_CHECKING:
    from features.clusters import Clusters
    from features.ledger import Ledger
    from features.past import LabelEvents
    from features.view import View
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]
Level = Literal["wallet", "entity"]


def clusters_of(level: Level, clusters: Clusters | None) -> Clusters | None:
    """Return the clusters that a level needs, None for the level of wallets.

    Raises
    ------
    ModelError
        If the level is another one, or the clusters are missing.
    """
    if level not in ("wallet", "entity"):
        raise ModelError(f"level must be 'wallet' or 'entity', received {level!r}")
    if level == "wallet":
        return None
    if clusters is None:
        raise ModelError("level 'entity' needs clusters (clusters=..., --clusters FILE)")
    return clusters


class Asked(NamedTuple):
    """What is asked of a ledger.

    Parameters
    ----------
    spine
        (n, 2) columns ``wallet``, ``as_of``, checked.
    context
        float64 (n, k), the user's own columns.
    labels
        Of the ledger's wallets.
    reasons
        Whether contributions are wanted.
    """

    spine: pd.DataFrame
    context: Float64
    labels: LabelEvents
    reasons: bool


def asked_of(
    model: RiskModel,
    ledger: Ledger,
    spine: pd.DataFrame,
    labels: pd.DataFrame | None,
    context: pd.DataFrame | None,
    *,
    reasons: bool,
) -> Asked:
    """Check a question to a model; raises as :meth:`training.RiskModel.score` does."""
    if model.reads_labels and labels is None:
        raise ModelError("the model learnt from labelled wallets around; give labels to score")
    model.require_fit(ledger)
    spine = check_spine(spine, chain=ledger.chain)
    given = context_values(context, spine, model.context_names, chain=ledger.chain)
    return Asked(spine, given, label_events(ledger, labels), reasons)


class SpineScorer(NamedTuple):
    """A model's way from a ledger to scores: by rows of its views."""

    views: tuple[View, ...]
    rows: RowScorer

    def read(self, ledger: Ledger, asked: Asked) -> tuple[Float64, Inputs]:
        """Return rows of the model's views, and what the model reads, of each wallet."""
        spine = asked.spine
        codes, instants = ledger.codes(spine["wallet"]), microseconds(spine["as_of"])
        where = Where(ledger, codes, instants, asked.labels)
        values = compute_rows(ledger, codes, instants, labels=asked.labels, views=self.views)
        return values, self.rows.inputs(values, asked.context, where)

    def wallets(self, ledger: Ledger, asked: Asked) -> Scores:
        """Score each wallet by its own transfers."""
        values, inputs = self.read(ledger, asked)
        return self.rows.scores(inputs, values, reasons=asked.reasons)

    def entities(self, ledger: Ledger, asked: Asked, clusters: Clusters) -> Scores:
        """Score the entity of each wallet; the ledger is changed meanwhile, and is as it was."""
        if not len(asked.spine):
            return self.wallets(ledger, asked)._replace(entities=[])
        parts, entities = zip(*self._each(ledger, asked, clusters), strict=True)
        return Scores.joined(parts)._replace(entities=list(entities))

    def _each(
        self, ledger: Ledger, asked: Asked, clusters: Clusters
    ) -> Iterator[tuple[Scores, Entity]]:
        wallets, instants = asked.spine["wallet"], microseconds(asked.spine["as_of"])
        for row, instant in enumerate(instants.tolist()):
            entity = entity_of(clusters, ledger, wallets[row], instant)
            one = asked.spine.iloc[row : row + 1]
            if entity.code >= 0:
                one = one.assign(wallet=ledger.wallet(entity.code))
            question = asked._replace(spine=one, context=asked.context[row : row + 1])
            with contracted(ledger, entity.codes, instant):
                yield self.wallets(ledger, question), entity
