"""One wallet's answer: window, views, model, calibration, band and reasons.

This is the only place that touches the ledger and the model. Its lock keeps scores from reading a
ledger that changes.
"""

import threading
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.addresses import canonical_one
from features.contracts.labels import check_labels
from features.contracts.spine import check_spine
from features.contracts.transfers import check_transfers
from features.errors import RiskError
from features.guests import all_views
from features.ledger import Ledger, Transfer
from features.ledger.arrivals import frame_of
from features.past.growing_labels import GrowingLabels
from features.sources.ingest import chain_of
from features.sources.known import read_known
from features.table import compute_rows
from features.trails.flow import Direction, Question, best_flow, follow_value, known_codes
from features.trails.following import FlowCaps
from features.trails.records import Traced, read_trails
from features.trails.written import flow_facts
from features.view import View
from features.views import VIEWS, feature_columns
from features.views.coverage import COVERAGE
from serving.context import Context, context_frame, context_row
from serving.explanation import Explainer
from serving.facts import coverage_facts, feature_facts, model_facts
from serving.schemas.values import finite, instant_text
from serving.settings import Bands, Settings
from training.bands import LOWEST, BandTable
from training.risk_model import RiskModel, Scores

# a request's transfers enter the ledger in parts, so that a score waits for one part at most
APPEND_ROWS = 1_000
RETRACTED_AT_ONCE = 16  # transactions, for the same reason
# room made at the start, so that no score waits while the first appends copy whole arrays
RESERVED_TRANSFERS = 100_000
# a flow's search holds the ledger as long as a score may wait: some milliseconds
FLOW_CAPS = FlowCaps(transfers=2_048, payments=16_384, read_transfers=100_000, floor_share=1e-4)
TOLERANCE = 1e-9
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
    """

    def __init__(
        self,
        ledger: Ledger,
        model: RiskModel,
        *,
        labels: pd.DataFrame | None,
        bands: Bands | BandTable,
        views: tuple[View, ...] = VIEWS,
    ) -> None:
        if model.reads_labels and labels is None:
            raise RiskError(
                "the model learnt from exposure to labelled wallets; give labels to score"
            )
        model.require_fit(ledger)
        ledger.count_in(model.manifest.unit)
        self.ledger = ledger
        self.model = model
        self.tabular = model.estimator.reads == "table"
        self._views = views
        self._labels = None if labels is None else check_labels(labels, chain=ledger.chain)
        self._known = GrowingLabels(ledger, self._labels)
        self._changing = threading.Lock()
        columns = feature_columns(model.views)
        names = [column.name for column in columns]
        self._column = {name: place for place, name in enumerate([*names, *model.context_names])}
        meaning = {column.name: column.meaning for column in columns}
        meaning |= dict.fromkeys(model.context_names, GIVEN)
        self._explainer = Explainer(model, self._column, meaning)
        policy = bands.policy(model.version, model.base_rate)
        self.thresholds = policy.thresholds
        self.bands = policy._asdict()
        self.facts = model_facts(model)
        self.features = feature_facts(views, model)

    @classmethod
    def load(cls, settings: Settings, *, views: tuple[View, ...] | None = None) -> "Scorer":
        """Open the ledger, the model and the labels that the settings name.

        ``views`` are, by default, ours and those of installed packages.

        Raises
        ------
        RiskError
            One of them cannot be read or does not fit this release.
        """
        chain = chain_of(settings.ledger, None)
        labels = read_known(settings.labels, settings.labels_written, chain=chain)
        ledger = Ledger.open(settings.ledger)
        ledger.reserve(RESERVED_TRANSFERS)
        chosen = all_views() if views is None else views
        model = RiskModel.load(settings.model, views=chosen)
        table = settings.band_table
        bands = settings.bands if table is None else BandTable.read(table)
        return cls(ledger, model, labels=labels, bands=bands, views=chosen)

    def address(self, text: str) -> str:
        """Wallet as the ledger's chain spells it; raises AddressError for what is none there."""
        return canonical_one(text, self.ledger.chain)

    def score(
        self,
        wallet: str,
        as_of: int,
        *,
        context: Context = MappingProxyType({}),
        reasons: bool = True,
        groups: bool = True,
    ) -> dict[str, Any]:
        """Score one wallet.

        Parameters
        ----------
        wallet : str
            As :meth:`address` spells it.
        as_of : int
            Microseconds since 1970 UTC; only what was known before counts.
        context : mapping of str to float or None
            The user's own columns, those that the model reads; nan where one is absent.
        reasons, groups : bool
            Whether to explain the score, by columns and by what they mean, which costs more than
            the score itself.

        Returns
        -------
        dict
            :class:`serving.schemas.answers.WalletScore` without ``request_id`` and ``wallet``.

        Raises
        ------
        RiskError
            ``context`` names a column that the model does not read.
        """
        own = context_row(self.model.context_names, context)
        explain = reasons or groups
        values, scores, last_time = self._compute(wallet, as_of, own, reasons=explain)
        probability, status = float(scores.probability[0]), scores.status[0]
        log_odds = float(scores.log_odds[0])
        answer: dict[str, Any] = {
            "as_of": instant_text(as_of),
            "status": status,
            "probability": probability,
            "probability_low": finite(float(scores.low[0])),
            "probability_high": finite(float(scores.high[0])),
            "categories": self._categories(scores),
            "log_odds": log_odds,
            "band": self._band(probability) if status == "scored" else "unknown",
            "base_rate": self.model.base_rate,
            "reasons": None,
            "base_log_odds": None,
            "other_log_odds": None,
            "groups": None,
            "other_groups_log_odds": None,
            "coverage": coverage_facts(lambda name: float(values[self._column[name]]), last_time),
            "model": self.facts,
            "bands": self.bands,
        }
        if scores.contributions is not None:
            parts, row = scores.contributions[0], np.concatenate([values, own])
            answer["base_log_odds"] = float(parts[-1])
            if reasons:
                answer |= self._explainer.columns(parts, row, log_odds)
            if groups:
                answer |= self._explainer.groups(parts, row, log_odds)
        return answer

    def trace(self, wallet: str, as_of: int) -> dict[str, Any]:
        """List the transfers that prove a wallet's features.

        Returns
        -------
        dict
            :class:`serving.schemas.answers.WalletTrace` without ``request_id`` and ``wallet``.
        """
        with self._changing:
            code = self.ledger.code(wallet)
            found = read_trails(
                self.ledger, code, as_of, labels=self._known.events, views=self._views
            )
            last_time = self.ledger.last_time
        opening = self._trace_opening(found, as_of, last_time)
        return {**opening, "trails": found.records(), "flow": None}

    def follow(
        self,
        wallet: str,
        as_of: int,
        *,
        direction: Direction,
        to: list[str] | None,
        share: float,
    ) -> dict[str, Any]:
        """Follow a wallet's money, with bounds that let scores wait for milliseconds at most.

        Returns
        -------
        dict
            :class:`serving.schemas.answers.WalletTrace` without ``request_id`` and ``wallet``.
        """
        with self._changing:
            code, last_time = self.ledger.code(wallet), self.ledger.last_time
            events = self._known.events
            own = read_trails(self.ledger, code, as_of, labels=events, views=(COVERAGE,))
            asked = Question(
                np.array([code] if code >= 0 else [], dtype=np.int32),
                as_of,
                direction == "forward",
                None if to is None else known_codes(self.ledger, to),
                share,
            )
            found = follow_value(self.ledger, asked, labels=events, caps=FLOW_CAPS)
        flow = best_flow(found)
        opening = self._trace_opening(own, as_of, last_time)
        opening["truncated"] = flow.truncated
        return {**opening, "trails": [], "flow": flow_facts(flow)}

    def _trace_opening(self, found: Traced, as_of: int, last_time: int | None) -> dict[str, Any]:
        return {
            "as_of": instant_text(as_of),
            "status": found.status,
            "labels": self._labels is not None,
            "truncated": found.truncated,
            "coverage": coverage_facts(found.values.__getitem__, last_time),
        }

    def insert(self, new: pd.DataFrame | Sequence[Transfer]) -> None:
        """Add to the ledger what its ``check_append`` or ``check_stream`` returned."""
        if not isinstance(new, pd.DataFrame):
            awaited = self._known.awaited(end for one in new for end in (one.sender, one.recipient))
            with self._changing:
                self.ledger.insert_stream(new)
                self._known.join(self.ledger, awaited)
            return
        for start in range(0, len(new), APPEND_ROWS):
            part = new.iloc[start : start + APPEND_ROWS]
            awaited = self._known.awaited([*part["sender"], *part["recipient"]])
            with self._changing:
                self.ledger.insert(part)
                self._known.join(self.ledger, awaited)

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Take transactions back that the ledger holds; returns how many transfers that were."""
        transfers = 0
        for start in range(0, len(tx_ids), RETRACTED_AT_ONCE):
            with self._changing:
                transfers += self.ledger.retract(tx_ids[start : start + RETRACTED_AT_ONCE])
        return transfers

    def replace(self, tx_id: str, transfers: Sequence[Transfer]) -> None:
        """Let a transaction hold these transfers from now on, whether or not it is here."""
        new = check_transfers(frame_of(transfers), chain=self.ledger.chain)
        awaited = self._known.awaited([*new["sender"], *new["recipient"]])
        with self._changing:
            if self.ledger.rows(tx_id):
                self.ledger.retract([tx_id])
            self.ledger.insert(new)
            self._known.join(self.ledger, awaited)

    def check_itself(self) -> None:
        """Score and trace an unknown wallet and some of the ledger, and check what comes out.

        It also loads every kernel, so that no request waits for that.

        Raises
        ------
        RiskError
            Reasons do not add up to the log-odds.
        """
        now = (self.ledger.last_time or 0) + 1
        known = range(0, self.ledger.n_wallets, max(1, self.ledger.n_wallets // 8))
        for wallet in ["?", *(self.ledger.wallet(code) for code in known)]:
            self.trace(wallet, now)
            answer = self.score(wallet, now)
            for named, other in (
                ("reasons", "other_log_odds"),
                ("groups", "other_groups_log_odds"),
            ):
                parts = [part["contribution"] for part in answer[named]]
                total = answer["base_log_odds"] + sum(parts) + answer[other]
                if not abs(total - answer["log_odds"]) <= TOLERANCE:
                    raise RiskError(
                        f"the model failed its self-check on wallet {wallet!r}: its log-odds are "
                        f"{answer['log_odds']}, its {named} add to {total}"
                    )

    def _compute(
        self, wallet: str, as_of: int, own: Float64s, *, reasons: bool
    ) -> tuple[Float64s, Scores, int | None]:
        """One row of the model's views, its scores, and how far the ledger reached."""
        model = self.model
        with self._changing:
            codes = np.array([self.ledger.code(wallet)], dtype=np.int32)
            values = compute_rows(
                self.ledger, codes, np.array([as_of]), labels=self._known.events, views=model.views
            )
            last_time = self.ledger.last_time
            if not self.tabular:
                return values[0], self._score_spine(wallet, as_of, own, reasons), last_time
        scores = model.score_rows(values, context=own.reshape(1, -1), reasons=reasons)
        return values[0], scores, last_time

    def _score_spine(self, wallet: str, as_of: int, own: Float64s, reasons: bool) -> Scores:
        spine = pd.DataFrame(
            {"wallet": [wallet], "as_of": [pd.Timestamp(as_of, unit="us", tz="UTC")]}
        )
        spine = check_spine(spine)
        context = context_frame(self.model.context_names, own, spine)
        return self.model.score_spine(
            self.ledger, spine, labels=self._labels, context=context, reasons=reasons
        )

    def _categories(self, scores: Scores) -> dict[str, float] | None:
        kinds = self.model.categories
        if kinds is None or scores.by_category is None or scores.status[0] != "scored":
            return None
        return dict(zip(kinds.names, scores.by_category[0].tolist(), strict=True))

    def _band(self, probability: float) -> str:
        reached = [band for band, lowest in self.thresholds.items() if probability >= lowest]
        return reached[-1] if reached else LOWEST
