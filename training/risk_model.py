"""The risk model: rows of the feature table, or wallets of a ledger, to probability and reasons.

The probability is computed from one sum of log-odds, whether reasons are asked for or not; reasons
add up to that sum.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.context import context_values
from features.contracts.spine import check_spine
from features.table import feature_table
from features.view import View
from features.views import VIEWS, feature_columns
from features.views.exposure import EXPOSURES
from training.calibration import log_odds_of, probability_of
from training.manifest import ModelError
from training.model_folder import ModelParts, read_folder, write_folder
from training.models.estimator import Inputs, inputs_of
from training.reasons.grouping import Grouping
from training.reasons.percentiles import Percentiles
from training.reasons.typical import TYPICAL, Typical
from training.scores import COUNTS, Scores, statuses
from training.table_columns import model_columns

if TYPE_CHECKING:
    from features.ledger import Ledger

__all__ = ["ModelError", "RiskModel", "Scores"]

Float64 = NDArray[np.float64]


class RiskModel:
    """A trained, calibrated model of any kind; get one from :func:`training.train` or a folder.

    Parameters
    ----------
    parts
        Estimator, calibration, manifest and files.
    views
        Views to choose from; those that the model reads become :attr:`views`, in this order.

    Attributes
    ----------
    views
        Coverage and the views that the model's columns are of.
    context_names
        The user's own columns that it reads, after those of the views.
    grouping, typical
        What its reasons mean, and the wallet that they are told against.
    classes_
        0 licit, 1 illicit; :meth:`predict_proba` gives the second's probability alone, (n,).

    Raises
    ------
    ModelError
        If a view that the model reads is missing or is not as it was at training.
    """

    classes_: ClassVar[NDArray[np.int64]] = np.array([0, 1])

    def __init__(self, parts: ModelParts, views: tuple[View, ...] = VIEWS) -> None:
        self.parts = parts
        self.estimator, self.calibration, self.manifest, _ = parts
        self.version = self.manifest.version
        self.views = self.manifest.views_among(views)
        self.context_names = self.manifest.context
        self._prior = log_odds_of(self.manifest.base_rate)
        columns = [column.name for column in feature_columns(self.views)]
        place = {name: at for at, name in enumerate([*columns, *self.context_names])}
        lost = [name for name in self.feature_names if name not in place]
        if lost:
            raise ModelError(f"the manifest names columns of no view that it names: {lost[:8]}")
        self._counts = [place[name] for name in COUNTS]
        self._reads = np.array([place[name] for name in self.feature_names], np.int64)
        self.grouping = Grouping(self.reasons, self.views, self.context_names)
        self.typical = Typical.from_json(parts.files.get(TYPICAL), self.reasons)
        self._usual = np.array([self.typical.contributions[name] for name in self.reasons])

    def __repr__(self) -> str:
        context = f" and {len(self.context_names)} of context" if self.context_names else ""
        own = len(self.context_names)
        return (
            f"<RiskModel {self.kind} {self.version}: {len(self.feature_names) - own} columns of "
            f"{len(self.views)} views{context}, base rate {self.base_rate:g}, "
            f"trained until {self.manifest.trained_until:%Y-%m-%d}>"
        )

    def _repr_html_(self) -> str:
        facts = {
            "kind": self.kind,
            "version": self.version,
            "trained until": self.manifest.trained_until.isoformat(),
            "base rate": f"{self.base_rate:g}",
            "columns": len(self.feature_names),
            "views": ", ".join(view.name for view in self.views),
            "context": ", ".join(self.context_names) or "none",
        }
        return str(pd.DataFrame({"RiskModel": facts}).to_html())

    @property
    def kind(self) -> str:
        """Kind of model, such as ``lightgbm``."""
        return self.manifest.kind

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Columns that the model reads: of the feature table, then of the context."""
        return self.manifest.feature_names

    @property
    def reasons(self) -> tuple[str, ...]:
        """What its contributions are of: features, or parts of the neighbourhood."""
        return self.estimator.reasons

    @property
    def reads_labels(self) -> bool:
        """Whether scores depend on labelled wallets, so that labels must be given."""
        return not EXPOSURES.isdisjoint(self.feature_names)

    @property
    def base_rate(self) -> float:
        """Share of illicit wallets in the world that the probabilities are for."""
        return self.manifest.base_rate

    @cached_property
    def percentiles(self) -> Percentiles:
        """Where values lie among those of the training rows; RiskError if nothing is kept."""
        from training.watch.reference import Reference

        return Percentiles(Reference.of_model(self))

    def save(self, directory: str | Path) -> None:
        """Write the model folder; raises ModelError if there is one that is not empty."""
        write_folder(self.parts, Path(directory))

    @classmethod
    def load(cls, directory: str | Path, views: tuple[View, ...] = VIEWS) -> Self:
        """Read a model folder of any kind.

        Parameters
        ----------
        directory
            The folder.
        views
            Views to choose from, with those of guests that the model reads.

        Raises
        ------
        RiskError
            If the folder is incomplete, was changed, holds other files, has another format or an
            unknown kind, or a view that it reads is missing or otherwise (the difference is shown).
        """
        return cls(read_folder(Path(directory)), views)

    def predict_proba(self, table: pd.DataFrame) -> Float64:
        """Return P(illicit) of rows of a feature table; tabular kinds only.

        Parameters
        ----------
        table
            (n, any) with at least ``feature_names`` as float64 columns, in any order.

        Returns
        -------
        ndarray
            float64 (n,). Thin histories are not told apart here; :meth:`score` does.

        Raises
        ------
        ModelError
            If a column is missing or not float64, or the model reads more than a table. (Columns of
            the context too: :func:`features.join_context` puts nan where nothing is known.)
        """
        return probability_of(self.log_odds(table))

    def log_odds(self, table: pd.DataFrame) -> Float64:
        """Return float64 (n,): log-odds of :meth:`predict_proba`."""
        return self.calibration.log_odds(self.estimator.log_odds(self._inputs_of(table)))

    def explain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return additive reasons in log-odds, against a typical wallet at the base rate.

        A column a feature, and ``base``, of the base rate; rows sum to :meth:`log_odds`.
        """
        inputs = self._inputs_of(table)
        parts = self._contributions(
            inputs, self.calibration.log_odds(self.estimator.log_odds(inputs))
        )
        return pd.DataFrame(parts, index=table.index, columns=[*self.reasons, "base"])

    def explain_groups(self, explained: pd.DataFrame) -> pd.DataFrame:
        """Sum what :meth:`explain` or :meth:`explain_wallets` returned by what columns mean."""
        return self.grouping.frame(explained, self.reasons)

    def score_rows(
        self, values: Float64, *, context: Float64 | None = None, reasons: bool = False
    ) -> Scores:
        """Score rows given as an array: the endpoint's way, without a DataFrame.

        Parameters
        ----------
        values
            float64 (n, k), the columns ``feature_columns(model.views)`` in this order, as
            ``feature_table(..., views=model.views)`` gives them.
        context
            float64 (n, len(context_names)); None: nothing is given, all nan.
        reasons
            Whether to compute contributions.

        Raises
        ------
        ModelError
            If the model reads more than a table.
        """
        if self.estimator.reads != "table":
            raise self._needs_ledger()
        inputs = Inputs(self._features(values, context))
        return self._judge(inputs, self._transfers(values), reasons=reasons)

    def score(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Score wallets as of instants; every kind of model.

        Parameters
        ----------
        ledger
            Transfers; only those before ``as_of`` are read.
        spine
            (n, 2) columns ``wallet``, ``as_of``.
        labels
            Known labels, for exposure features; only those with ``known_at < as_of`` are read.
        context
            The user's own columns that the model reads, float64, indexed by (wallet, as_of) or by
            wallet; nan where one is not given.

        Returns
        -------
        DataFrame
            Index (wallet, as_of); ``probability`` and ``status``: ``scored``,
            ``unknown_wallet`` (no transfer before ``as_of``) or ``insufficient_data`` (fewer than
            ``min_transfers``). A row that is not scored has the base rate as its probability.
        """
        spine = check_spine(spine)
        scores = self.score_spine(ledger, spine, labels, context)
        return pd.DataFrame(
            {"probability": scores.probability, "status": scores.status},
            index=pd.MultiIndex.from_frame(spine),
        )

    def explain_wallets(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
    ) -> pd.DataFrame:
        """Explain what :meth:`score` says; every kind of model.

        Returns
        -------
        DataFrame
            Index (wallet, as_of); a column a reason, and ``base``. Rows sum to the log-odds of
            the probability; a row that is not scored has only its base.
        """
        spine = check_spine(spine)
        scores = self.score_spine(ledger, spine, labels, context, reasons=True)
        return pd.DataFrame(
            scores.contributions,
            index=pd.MultiIndex.from_frame(spine),
            columns=[*self.reasons, "base"],
        )

    def score_spine(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
        *,
        reasons: bool = False,
    ) -> Scores:
        """Return :meth:`score` and, if asked, :meth:`explain_wallets`, as arrays, from one pass."""
        if self.reads_labels and labels is None:
            raise ModelError(
                "the model learnt from exposure to labelled wallets; give labels to score"
            )
        spine = check_spine(spine)
        given = context_values(context, spine, self.context_names)
        values = feature_table(ledger, spine, labels=labels, views=self.views).to_numpy()
        inputs = inputs_of(self.estimator, self._features(values, given), ledger, spine)
        return self._judge(inputs, self._transfers(values), reasons=reasons)

    def _features(self, values: Float64, context: Float64 | None) -> Float64:
        """Columns that the model reads, (n, len(feature_names))."""
        if self.context_names:
            shape = (len(values), len(self.context_names))
            given = np.full(shape, np.nan) if context is None else context
            if given.shape != shape:
                raise ModelError(f"context has shape {given.shape}, wanted {shape}")
            values = np.hstack([values, given])
        return values.take(self._reads, axis=1)

    def _transfers(self, values: Float64) -> Float64:
        return values[:, self._counts[0]] + values[:, self._counts[1]]  # received and sent

    def _judge(self, inputs: Inputs, counts: Float64, *, reasons: bool) -> Scores:
        """Score all rows, then say of thin histories only the base rate."""
        log_odds = self.calibration.log_odds(self.estimator.log_odds(inputs))
        if not np.isfinite(log_odds).all():
            raise ModelError("the model gives log-odds that are not finite; train it again")
        thin = counts < self.manifest.min_transfers
        parts = self._contributions(inputs, log_odds) if reasons else None
        probability = probability_of(log_odds)
        if thin.any():
            log_odds[thin], probability[thin] = self._prior, self.base_rate
            if parts is not None:
                parts[thin] = 0.0
                parts[thin, -1] = self._prior
        status = statuses(counts, self.manifest.min_transfers)
        return Scores(probability, log_odds, status, parts)

    def _contributions(self, inputs: Inputs, log_odds: Float64) -> Float64:
        parts = self.calibration.contributions(self.estimator.contributions(inputs))
        parts[:, :-1] -= self._usual  # the base, and what rounds differently, is the rest
        parts[:, -1] = log_odds - parts[:, :-1].sum(axis=1)
        return parts

    def _inputs_of(self, table: pd.DataFrame) -> Inputs:
        if self.estimator.reads != "table":
            raise self._needs_ledger()
        return Inputs(model_columns(table, self.feature_names))

    def _needs_ledger(self) -> ModelError:
        return ModelError(
            f"a {self.kind} model reads more than a row of the table: use score(ledger, spine)"
        )
