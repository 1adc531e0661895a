"""A recipe bound to its data: which rows and columns, and how an estimator is made and fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import check_labels
from features.errors import RiskError
from features.ledger.counted import Counted
from features.past import NO_LABELS, LabelEvents, label_events
from features.view import View
from training.chosen import chosen_columns, chosen_rows, enough_transfers
from training.config import TrainConfig
from training.fitting import Fitted, Sample, fit_recipe
from training.manifest import Manifest
from training.models.estimator import Estimator, Inputs, inputs_of
from training.models.kinds import estimator_class
from training.split_rows import SplitRows, wallet_codes
from training.splits import OutOfTime, as_of_times
from training.truth import Truth, truth_of
from training.weights import fit_weights

if TYPE_CHECKING:
    from features.ledger import Ledger

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
TICK = pd.Timedelta(1, "us")
NO_ROWS = np.empty(0, np.int64)


class Known(NamedTuple):
    """What there is to learn from once nothing is kept back; only histories that are long enough.

    Attributes
    ----------
    rows
        int64 (m,), numbers of the rows with a label.
    unlabelled
        int64 (k,), numbers of those of whose wallet no label speaks, ended ones included.
    truth
        Labels of all rows.
    """

    rows: Int64
    unlabelled: Int64
    truth: Truth


@dataclass(frozen=True, slots=True)
class Recipe:
    """What :func:`training.train` judges and ships.

    Parameters
    ----------
    table, labels, config, ledger, views
        As given to it, checked.
    names
        Columns to learn from.
    groups
        int64 (n,), the wallet, or the entity, of each row.
    told
        Labels that a kind may read of the wallets around a row.
    """

    table: pd.DataFrame
    labels: pd.DataFrame
    config: TrainConfig
    ledger: Ledger | None
    views: tuple[View, ...]
    names: tuple[str, ...]
    groups: Int64
    told: LabelEvents

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        labels: pd.DataFrame,
        config: TrainConfig,
        *,
        ledger: Ledger | None,
        views: tuple[View, ...],
        groups: pd.Series | None = None,
        known: pd.DataFrame | None = None,
    ) -> Self:
        """Check what was given, and choose the columns."""
        if ledger is not None:
            said = Counted.said(ledger).contradiction(Counted.of_attrs(table.attrs))
            if said:
                raise RiskError(f"the ledger {said.format('the ledger of the table')}")
        names = chosen_columns(table, config, views)
        return cls(
            table, check_labels(labels), config, ledger, views, names,
            _group_codes(table.index, groups),
            NO_LABELS if ledger is None else label_events(ledger, known),
        )  # fmt: skip

    @property
    def counted(self) -> Counted:
        """What the rows are counted in, as far as ledger or table say."""
        if self.ledger is not None:
            return Counted.of(self.ledger)
        return Counted.of_attrs(self.table.attrs)

    def new(self) -> Estimator:
        """Return an estimator that is not fitted."""
        config = self.config
        kind = estimator_class(config.model)
        return kind(self.names, seed=config.seed, parameters=config.parameters)

    def rows(self, split: OutOfTime) -> SplitRows:
        """Return the slices of the table at an origin."""
        return chosen_rows(self.table, self.labels, split, self.config, self.groups)

    def known(self) -> Known:
        """Return all that is known today, whenever it came to be known."""
        truth = truth_of(self.labels, self.table.index)
        enough = enough_transfers(self.table, self.config)
        labelled = enough & (truth.confidence > 0) & (truth.y_true >= 0)
        return Known(np.flatnonzero(labelled), np.flatnonzero(enough & ~truth.listed), truth)

    @property
    def until(self) -> pd.Timestamp:
        """First instant after every row and every label."""
        last = as_of_times(self.table).max()
        newest = pd.Timestamp(self.labels["known_at"].max())
        return max(last, newest).as_unit("us") + TICK

    def features(self, rows: Int64) -> Float64:
        """Return the columns to learn from of numbered rows, (m, k): one copy, column by column."""
        copied = np.empty((len(self.names), len(rows)))
        for place, name in enumerate(self.names):
            # a column is a view; the whole would be a copy where the table is in pieces
            np.take(self.table[name].to_numpy(), rows, out=copied[place])
        return copied.T

    def inputs(self, rows: Int64) -> Inputs:
        """Return what the estimator reads of numbered rows."""
        spine = self.table.index[rows].to_frame(index=False)
        return inputs_of(self.new(), self.features(rows), self.ledger, spine, self.told)

    def sample(
        self,
        rows: Int64,
        y_true: NDArray[np.int8],
        confidence: Float64,
        unlabelled: Int64 = NO_ROWS,
    ) -> Sample:
        """Return numbered rows to learn from; labels and confidence are of all rows."""
        sure = confidence[rows] if self.config.confidence else np.ones(len(rows))
        groups = np.unique(self.groups[rows], return_inverse=True)[1].astype(np.int64)
        as_of = pd.DatetimeIndex(self.table.index[rows].get_level_values("as_of"))
        weights = fit_weights(groups, sure, as_of, self.config.half_life_timedelta)
        everything = np.concatenate([rows, unlabelled])
        return Sample(
            lambda part: self.inputs(everything[part]), y_true[rows], weights, groups,
            len(unlabelled),
        )  # fmt: skip

    def fit(
        self,
        rows: Int64,
        y_true: NDArray[np.int8],
        confidence: Float64,
        unlabelled: Int64 = NO_ROWS,
    ) -> Fitted:
        """Fit and calibrate on numbered rows; see :func:`training.fitting.fit_recipe`."""
        return fit_recipe(self.new, self.sample(rows, y_true, confidence, unlabelled), self.config)

    def raw_scores(self, rows: SplitRows) -> Float64:
        """Return raw log-odds of the test rows, by one fit to all that is learnt from.

        A ranking needs no calibration, and so no folds.
        """
        sample = self.sample(rows.learnt, rows.y_true, rows.confidence)
        estimator = self.new().fit(self.inputs(rows.learnt), sample.y_true, sample.weights)
        return estimator.log_odds(self.inputs(rows.test))


def recipe_of(manifest: Manifest) -> TrainConfig:
    """Return the configuration that a saved model was trained by."""
    told = {name: getattr(manifest, name) for name in TrainConfig.model_fields if name != "model"}
    told |= {
        name: list(told[name])
        for name in ("columns", "context", "leave_out")
        if isinstance(told[name], tuple)
    }
    return TrainConfig(model=manifest.kind, **told)


def _group_codes(index: pd.Index, groups: pd.Series | None) -> Int64:
    """Number of each row's entity; a wallet that no entity is told of is one by itself."""
    if groups is None:
        return wallet_codes(index)
    if not groups.index.is_unique:
        twice = groups.index[groups.index.duplicated()][0]
        raise RiskError(f"groups name an entity a wallet, got two for {twice!r}")
    wallets = pd.Series(index.get_level_values("wallet"))
    entity = wallets.map(groups)
    alone = entity.isna().to_numpy()
    # the prefixes keep a wallet apart from an entity of the same name
    named = np.where(alone, "wallet " + wallets, "entity " + entity.astype("str"))
    return pd.factorize(named)[0].astype(np.int64)
