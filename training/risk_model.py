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

from features.contracts.spine import check_spine
from features.ledger.counted import Counted
from features.view import View
from features.views import LABEL_COLUMNS, VIEWS, feature_columns
from training.beside import beside
from training.categories import Categories
from training.judge import Judge
from training.manifest import ModelError
from training.model_folder import ModelParts, read_folder, write_folder
from training.models.estimator import Inputs
from training.reasons.grouping import Grouping
from training.reasons.percentiles import Percentiles
from training.reasons.typical import TYPICAL, Typical
from training.row_scorer import RowScorer
from training.scores import COUNTS, Scores, scores_frame
from training.spine_scorer import Level, SpineScorer, asked_of, clusters_of
from training.table_columns import Places, model_columns, transfers_of

if TYPE_CHECKING:
    from features.clusters import Clusters
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
    rows
        Its way from rows of arrays to scores, of every kind: the endpoint's.
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
        self.categories = Categories.from_files(parts.files, len(self.feature_names))
        self.views = self.manifest.views_among(views)
        self.context_names = self.manifest.context
        columns = [column.name for column in feature_columns(self.views)]
        places = Places.of(columns, self.feature_names, self.context_names)
        self.grouping = Grouping(self.reasons, self.views, self.context_names)
        self.typical = Typical.from_json(parts.files.get(TYPICAL), self.reasons)
        usual = np.array([self.typical.contributions[name] for name in self.reasons])
        self.rows = RowScorer(places, self.estimator, Judge(parts, self.categories, usual))
        self.spines = SpineScorer(self.views, self.rows)
        self._kinds = () if self.categories is None else self.categories.columns

    def __repr__(self) -> str:
        context = f" and {len(self.context_names)} of context" if self.context_names else ""
        own = len(self.context_names)
        return (
            f"<RiskModel {self.kind} {self.version}: {len(self.feature_names) - own} columns of "
            f"{len(self.views)} views{context}, base rate {self.base_rate:g}, "
            f"trained until {self.manifest.trained_until:%Y-%m-%d}>"
        )

    def _repr_html_(self) -> str:
        return str(pd.DataFrame({"RiskModel": self.manifest.facts}).to_html())

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
        around: bool = getattr(self.estimator, "reads_labels", False)
        return around or not LABEL_COLUMNS.isdisjoint(self.feature_names)

    @property
    def base_rate(self) -> float:
        """Share of illicit wallets in the world that the probabilities are for."""
        return self.manifest.base_rate

    @cached_property
    def percentiles(self) -> Percentiles:
        """Where values lie among those of the training rows; raises RiskError without these."""
        from training.watch.reference import Reference

        return Percentiles(Reference.of_model(self))

    def save(self, directory: str | Path, *, overwrite: bool = False) -> None:
        """Write the model folder; ``overwrite`` replaces another model, and nothing else.

        Raises
        ------
        ModelError
            If the folder is not empty and not a model to be overwritten.
        """
        write_folder(self.parts, Path(directory), overwrite=overwrite)

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

    def require_fit(self, ledger: Ledger) -> None:
        """Raise ModelError for a ledger in another unit, or of another chain, than learnt from."""
        self.manifest.require_fit(Counted.said(ledger), "the ledger")

    def predict_proba(self, table: pd.DataFrame) -> Float64:
        """Return P(illicit) of rows of a feature table; tabular kinds only.

        Parameters
        ----------
        table
            (n, any) with at least ``feature_names`` as float64 columns, in any order.

        Returns
        -------
        ndarray
            float64 (n,): that of :meth:`score_table`. In a table without the counts of coverage
            thin histories cannot be told, and all are scored.

        Raises
        ------
        ModelError
            If a column is missing or not float64, or the model reads more than a table. (Columns of
            the context too: :func:`features.join_context` puts nan where nothing is known.)
        """
        return self._judge_table(table).probability

    def log_odds(self, table: pd.DataFrame) -> Float64:
        """Return float64 (n,): log-odds of :meth:`predict_proba`."""
        return self._judge_table(table).log_odds

    def explain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return additive reasons in log-odds, against a typical wallet at the base rate.

        Returns
        -------
        DataFrame
            Index of the table; a column a feature, and ``base``, the log-odds of the base rate.
            Rows sum to :meth:`log_odds`; a row that is not scored has only its base.
        """
        parts = self._judge_table(table, reasons=True).contributions
        return pd.DataFrame(parts, index=table.index, columns=[*self.reasons, "base"])

    def explain_groups(self, explained: pd.DataFrame) -> pd.DataFrame:
        """Sum what :meth:`explain` or :meth:`explain_wallets` returned by what columns mean."""
        return self.grouping.frame(explained, self.reasons)

    def score_table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Score rows of a feature table, with the columns of :meth:`score`; tabular kinds only.

        Parameters
        ----------
        table
            As for :meth:`predict_proba`, with the counts of coverage (``training.scores.COUNTS``).
            A count that is nan is none: of a row of nulls nothing is known.

        Raises
        ------
        ModelError
            As :meth:`predict_proba`, and if a count is missing.
        """
        transfers_of(table)  # which says what is missing
        return scores_frame(self._judge_table(table), table.index, self._kinds)

    def score_rows(
        self, values: Float64, *, context: Float64 | None = None, reasons: bool = False
    ) -> Scores:
        """Score rows given as an array, without a DataFrame; tabular kinds only, else ModelError.

        Parameters
        ----------
        values
            float64 (n, k), the columns ``feature_columns(model.views)`` in this order, as
            ``feature_table(..., views=model.views)`` gives them.
        context
            float64 (n, len(context_names)); None: nothing is given, all nan.
        reasons
            Whether to compute contributions.
        """
        self._require_table()
        inputs = Inputs(self.rows.places.features(values, context))
        return self.rows.scores(inputs, values, reasons=reasons)

    def score(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
        *,
        level: Level = "wallet",
        clusters: Clusters | None = None,
    ) -> pd.DataFrame:
        """Score wallets, or the entities that they belong to, as of instants; every kind of model.

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
        level, clusters
            ``entity``: the wallets of a wallet's cluster as of ``as_of`` are scored as one, see
            ``features/clusters/README.md``. Nothing else may read the ledger meanwhile.

        Returns
        -------
        DataFrame
            Index (wallet, as_of); ``probability``; ``probability_low`` and ``probability_high``,
            the interval that Venn-Abers gives, nan where not scored; ``status``: ``scored``,
            ``unknown_wallet`` (no transfer before ``as_of``) or ``insufficient_data`` (fewer than
            ``min_transfers``). A row that is not scored has the base rate as its probability.
            ``probability_<category>`` where labels told enough of it (:mod:`training.categories`);
            they sum to ``probability``. Never in the score: ``known``, ``ledger_age_s``, ``stale``
            (:mod:`training.beside`), and of entities ``entity_wallets`` and ``entity_whole``.
        """
        spine, chosen = check_spine(spine, chain=ledger.chain), clusters_of(level, clusters)
        scores = self.score_spine(ledger, spine, labels, context, clusters=chosen)
        said = scores_frame(scores, pd.MultiIndex.from_frame(spine), self._kinds)
        return said.assign(**beside(ledger, spine, labels))

    def explain_wallets(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
        *,
        level: Level = "wallet",
        clusters: Clusters | None = None,
    ) -> pd.DataFrame:
        """Explain what :meth:`score` says; every kind of model.

        Returns
        -------
        DataFrame
            Index (wallet, as_of); a column a reason, and ``base``. Rows sum to the log-odds of
            the probability; a row that is not scored has only its base.
        """
        spine, chosen = check_spine(spine, chain=ledger.chain), clusters_of(level, clusters)
        scores = self.score_spine(ledger, spine, labels, context, reasons=True, clusters=chosen)
        index, columns = pd.MultiIndex.from_frame(spine), [*self.reasons, "base"]
        return pd.DataFrame(scores.contributions, index=index, columns=columns)

    def score_spine(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
        *,
        reasons: bool = False,
        clusters: Clusters | None = None,
    ) -> Scores:
        """Return :meth:`score` and, if asked, :meth:`explain_wallets`, as arrays, from one pass."""
        asked = asked_of(self, ledger, spine, labels, context, reasons=reasons)
        if clusters is None:
            return self.spines.wallets(ledger, asked)
        return self.spines.entities(ledger, asked, clusters)

    def _judge_table(self, table: pd.DataFrame, *, reasons: bool = False) -> Scores:
        """Judge rows of a table, as if enough were known of all where it has no counts."""
        self._require_table()
        self.manifest.require_fit(Counted.of_attrs(table.attrs), "the table's ledger")
        inputs = Inputs(model_columns(table, self.feature_names))
        counted = set(COUNTS) <= set(table.columns)
        counts = transfers_of(table) if counted else np.full(len(table), np.inf)
        return self.rows.judge(inputs, counts, reasons=reasons)

    def _require_table(self) -> None:
        if self.estimator.reads != "table":
            more = f"a {self.kind} model reads more than a row of the table"
            raise ModelError(f"{more}: use score(ledger, spine)")
