"""One wallet's answer: window, views, model, calibration, band and reasons."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from copy import copy
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.clusters import Clusters
from features.contracts.times import instant_text
from features.errors import RiskError
from features.guests import all_views
from features.ledger import Ledger, Transfer
from features.ledger.age import STALE_AFTER_S
from features.table import compute_rows
from features.trails.exposed import exposure as traced_exposure
from features.view import View
from features.views import VIEWS, feature_columns
from serving.ledger_settings import Bands, LedgerSettings
from serving.schemas.values import finite
from serving.scoring.arrived import Read, of_rows
from serving.scoring.context import Context, context_row
from serving.scoring.entities import Asked, as_asked, entity_facts
from serving.scoring.evidence import Computed, Evidence, Question, Wished, seconds_of
from serving.scoring.explanation import Explainer
from serving.scoring.facts import coverage_facts, feature_facts, model_facts
from serving.scoring.held import Held
from serving.scoring.many import Plain, Rows
from serving.scoring.opened import Opened
from serving.scoring.tracer import Tracer
from training.bands import LOWEST, BandTable
from training.models.estimator import SIDES, Where
from training.risk_model import RiskModel, Scores
from training.spine_scorer import Level, clusters_of

GIVEN = "given with the request"

Float64s = npt.NDArray[np.float64]


class Scorer:
    """A ledger, a model and labels, answering for one wallet at a time.

    Parameters
    ----------
    ledger : Ledger
        Owned by this object from now on.
    model : RiskModel
    labels : DataFrame, optional
        Known wallets, for exposure features.
    bands : Bands or BandTable
        Policy of the bands; a table is of one model.
    views : tuple of View
        What traces and the list of features show; the model computes its own.
    stale_after_s : float
        Age at which the ledger is stale.
    clusters : Clusters, optional
        For the level of entities.
    """

    def __init__(
        self,
        ledger: Ledger,
        model: RiskModel,
        *,
        labels: pd.DataFrame | None,
        bands: Bands | BandTable,
        views: tuple[View, ...] = VIEWS,
        stale_after_s: float = STALE_AFTER_S,
        clusters: Clusters | None = None,
    ) -> None:
        self.held = Held(ledger, labels, stale_after_s=stale_after_s)
        self.tracer = Tracer(self.held, views)
        self.clusters = clusters
        self._views = views
        self._answer_with(model, bands)
        ledger.count_in(model.manifest.unit)

    def with_model(self, model: RiskModel, bands: Bands | BandTable) -> "Scorer":
        """Another that answers over the same ledger, with another model.

        Raises
        ------
        RiskError
            The model does not fit the ledger, its labels or the bands: the difference is said.
        """
        other = copy(self)
        other._answer_with(model, bands)
        return other

    def _answer_with(self, model: RiskModel, bands: Bands | BandTable) -> None:
        held = self.held
        if model.reads_labels and held.labels is None:
            raise RiskError(
                "the model learnt from exposure to labelled wallets; give labels to score"
            )
        model.require_fit(held.ledger)
        self.model = model
        self.tabular = model.estimator.reads == "table"
        columns = feature_columns(model.views)
        names = [column.name for column in columns]
        self.columns = (*names, *model.context_names)
        self._column = {name: place for place, name in enumerate(self.columns)}
        meaning = {column.name: column.meaning for column in columns}
        meaning |= dict.fromkeys(model.context_names, GIVEN)
        self._explainer = Explainer(model, self._column, meaning)
        self._sides = [place for place, name in enumerate(model.reasons) if name in SIDES]
        policy = bands.policy(model.version, model.base_rate)
        self.thresholds = policy.thresholds
        self.bands = policy._asdict()
        self.facts = model_facts(model)
        self.features = feature_facts(self._views, model)

    @classmethod
    def load(cls, settings: LedgerSettings, *, views: tuple[View, ...] | None = None) -> "Scorer":
        """Open the ledger, the model, the labels and the clusters that the settings name.

        ``views`` are, by default, ours and those of installed packages.

        Raises
        ------
        RiskError
            One of them cannot be read or does not fit this release.
        """
        chosen = all_views() if views is None else views
        opened = Opened.read(settings)  # first: a mistake in it is told before one in the model
        model = RiskModel.load(settings.model, views=chosen)
        return cls.over(opened, settings, chosen, model)

    @classmethod
    def over(
        cls,
        opened: Opened,
        settings: LedgerSettings,
        views: tuple[View, ...],
        model: RiskModel,
    ) -> "Scorer":
        """Answer over what was opened with a model; RiskError where they do not fit each other."""
        return cls(
            opened.ledger, model, labels=opened.labels, bands=settings.bands_of(model),
            views=views, clusters=opened.clusters, stale_after_s=settings.stale_after_s,
        )  # fmt: skip

    def score(
        self,
        wallet: str,
        as_of: int,
        *,
        context: Context = MappingProxyType({}),
        reasons: bool = True,
        groups: bool = True,
        exposure: bool = False,
        level: Level = "wallet",
        transfers: Sequence[Transfer] = (),
    ) -> dict[str, Any]:
        """Score one wallet, as :meth:`told` does, without what the answer was computed from."""
        answer, _ = self.told(
            wallet, as_of, context=context, reasons=reasons, groups=groups, exposure=exposure,
            level=level, transfers=transfers,
        )  # fmt: skip
        return answer

    def told(
        self,
        wallet: str,
        as_of: int,
        *,
        context: Context = MappingProxyType({}),
        reasons: bool = True,
        groups: bool = True,
        exposure: bool = False,
        level: Level = "wallet",
        transfers: Sequence[Transfer] = (),
    ) -> tuple[dict[str, Any], Evidence]:
        """Score one wallet.

        Parameters
        ----------
        wallet : str
            As :meth:`Held.address` spells it.
        as_of : int
            Microseconds since 1970 UTC; only what was known before counts.
        context : mapping of str to float or None
            The user's own columns, those that the model reads; nan where one is absent.
        reasons, groups : bool
            Whether to explain the score, by columns and by what they mean, which costs more than
            the score itself.
        exposure : bool
            Whether to trace what the wallet received and sent to labelled wallets.
        level : {"wallet", "entity"}
            Whose score: of the wallet, or of the wallets of its cluster, as one.
        transfers : sequence of Transfer
            Supposed to have been made, see :func:`features.ledger.supposed.supposed`; at the level
            of wallets.

        Returns
        -------
        dict
            :class:`serving.schemas.answers.WalletScore` without ``id``, ``request_id`` and
            ``wallet``; ``override`` is left to who knows of decisions.
        Evidence

        Raises
        ------
        RiskError
            ``context`` names a column that the model does not read; exposure is asked for, and
            there are no labels; the level is that of entities, and there are no clusters; transfers
            cannot be supposed.
        """
        own = context_row(self.model.context_names, context)
        asked = Question(wallet, as_of, level, transfers)
        computed = self._compute(asked, own, reasons or groups)
        traced = self._exposure(asked) if exposure else None
        return self._tell(asked, computed, own, Wished(reasons, groups, traced))

    def plain(
        self, wallet: str, as_of: int, context: Context, *, reasons: bool, groups: bool
    ) -> Plain:
        """A question for :func:`serving.scoring.many.told_many`; raises as :meth:`told` does."""
        own = context_row(self.model.context_names, context)
        return Plain(wallet, as_of, own, reasons, groups)

    def tell_row(self, asked: Plain, rows: Rows, at: int) -> tuple[dict[str, Any], Evidence]:
        """Tell of one of several that were computed at once."""
        computed = Computed(
            rows.values[at], rows.scores[at], rows.arrived[at], rows.last_time, None,
            rows.transfers, rows.retractions, rows.seconds,
        )  # fmt: skip
        question = Question(asked.wallet, asked.as_of, "wallet", ())
        return self._tell(question, computed, asked.own, Wished(asked.reasons, asked.groups, None))

    def _tell(
        self, asked: Question, computed: Computed, own: Float64s, wished: Wished
    ) -> tuple[dict[str, Any], Evidence]:
        wallet, as_of, level, transfers = asked
        values, scores, entity = computed.values, computed.scores, computed.entity
        row = np.concatenate([values, own])
        fresh = self.held.freshness(computed.last_time, as_of)
        probability, status = float(scores.probability[0]), scores.status[0]
        log_odds = float(scores.log_odds[0])
        answer: dict[str, Any] = {
            "as_of": instant_text(as_of),
            "level": level,
            "supposed_transfers": len(transfers),
            "entity": None if entity is None else entity_facts(self.held, entity, as_of),
            "status": status,
            "probability": probability,
            "probability_low": finite(float(scores.low[0])),
            "probability_high": finite(float(scores.high[0])),
            "categories": self._categories(scores),
            "log_odds": log_odds,
            "band": self.band(probability) if status == "scored" else "unknown",
            "base_rate": self.model.base_rate,
            "known": self.held.known(wallet, as_of),
            "override": None,
            "stale": fresh.stale,
            "exposure": wished.exposure,
            "reasons": None,
            "base_log_odds": None,
            "other_log_odds": None,
            "groups": None,
            "other_groups_log_odds": None,
            "transfer_reasons": None,
            "coverage": coverage_facts(lambda name: float(values[self._column[name]]), fresh),
            "model": self.facts,
            "bands": self.bands,
        }
        explained = time.perf_counter()
        if scores.contributions is not None and (wished.reasons or wished.groups):
            parts = scores.contributions[0]
            answer["base_log_odds"] = float(parts[-1])
            if wished.reasons:
                answer |= self._explainer.columns(parts, row, log_odds)
            if wished.groups:
                answer |= self._explainer.groups(parts, row, log_odds)
            if computed.arrived is not None and status == "scored":
                total = float(parts[self._sides].sum())
                answer["transfer_reasons"] = computed.arrived.facts(total)
        seconds = computed.seconds | {"explain": time.perf_counter() - explained}
        return answer, Evidence(row, computed.transfers, computed.retractions, seconds)

    def _asked(self, asked: Question) -> AbstractContextManager[Asked]:
        clusters = clusters_of(asked.level, self.clusters)
        return as_asked(self.held, asked.wallet, asked.as_of, clusters, asked.transfers)

    def _exposure(self, asked: Question) -> dict[str, Any]:
        held = self.held
        if held.labels is None:
            raise RiskError("exposure is to labelled wallets, and no labels are loaded (--labels)")
        with self._asked(asked) as (_, code, events, _):
            return traced_exposure(held.ledger, code, asked.as_of, labels=events)

    def _compute(self, asked: Question, own: Float64s, reasons: bool) -> Computed:
        model, held = self.model, self.held
        started = time.perf_counter()
        if asked.transfers and asked.level != "wallet":
            raise RiskError("transfers can be supposed at level wallet only")
        with self._asked(asked) as (_, code, events, entity):
            ledger = held.ledger
            codes, instants = np.array([code], np.int32), np.array([asked.as_of], np.int64)
            values = compute_rows(ledger, codes, instants, labels=events, views=model.views)
            stood = (ledger.last_time, entity, ledger.n_transfers, ledger.provenance.retractions)
            where = Where(ledger, codes, instants, events)
            inputs = model.rows.inputs(values, own.reshape(1, -1), where).drawn()
            named = reasons and asked.level == "wallet" and not asked.transfers
            read = Read.of(ledger, inputs) if named else None
        viewed = time.perf_counter()
        scores = model.rows.scores(inputs, values, reasons=reasons)
        (near,) = of_rows(read, [scores])
        return Computed(values[0], scores, near, *stood, seconds_of(started, viewed))

    def _categories(self, scores: Scores) -> dict[str, float] | None:
        kinds = self.model.categories
        if kinds is None or scores.by_category is None or scores.status[0] != "scored":
            return None
        return dict(zip(kinds.names, scores.by_category[0].tolist(), strict=True))

    def band(self, probability: float) -> str:
        """Band of a probability that was scored."""
        reached = [band for band, lowest in self.thresholds.items() if probability >= lowest]
        return reached[-1] if reached else LOWEST
