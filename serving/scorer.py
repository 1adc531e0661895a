"""One wallet's answer: window, views, model, calibration, band and reasons.

This is the only place that touches the ledger and the model. Its lock keeps scores from reading a
ledger that changes.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import Ledger, RiskError, Transfer, check_labels, check_spine
from features.cli import read_known
from features.past.known_labels import label_events
from features.table import compute_rows
from features.trails.records import read_trails
from features.views import DEFINITIONS, VIEWS, feature_columns
from serving.schemas import finite, instant_text
from serving.settings import Bands, Settings
from training.risk_model import RiskModel, Scores

TOP_REASONS = 5
# a request's transfers enter the ledger in parts, so that a score waits for one part at most
APPEND_ROWS = 1_000
# room made at the start, so that no score waits while the first appends copy whole arrays
RESERVED_TRANSFERS = 100_000
TOLERANCE = 1e-9
NEIGHBOURHOOD = {
    "own": "the wallet's own history",
    "senders": "the wallets it received from",
    "recipients": "the wallets it sent to",
}

Float64s = npt.NDArray[np.float64]


class Scorer:
    """A ledger, a model and labels, answering for one wallet at a time.

    Parameters
    ----------
    ledger : Ledger
        Owned by this object from now on.
    model : RiskModel
    labels : DataFrame, optional
        For exposure features.
    bands : Bands
        Policy of the bands.
    """

    def __init__(
        self, ledger: Ledger, model: RiskModel, *, labels: pd.DataFrame | None, bands: Bands
    ) -> None:
        if model.reads_labels and labels is None:
            raise RiskError(
                "the model learnt from exposure to labelled wallets; give labels to score"
            )
        self.ledger = ledger
        self.model = model
        self.tabular = model.estimator.reads == "table"
        self._labels = None if labels is None else check_labels(labels)
        self._changing = threading.Lock()
        self._arrange_labels()
        columns = feature_columns(model.views)
        self._column = {column.name: place for place, column in enumerate(columns)}
        self._meaning = {column.name: column.meaning for column in columns}
        self.thresholds = bands.thresholds(model.base_rate)
        self.bands = {"version": bands.version, "thresholds": self.thresholds}
        self.facts = {
            "version": model.version,
            "kind": model.kind,
            "trained_until": model.manifest.trained_until.isoformat(),
            "feature_definitions": model.manifest.feature_definitions,
        }
        self.features = _features(frozenset(model.feature_names))

    @classmethod
    def load(cls, settings: Settings) -> "Scorer":
        """Open the ledger, the model and the labels that the settings name.

        Raises
        ------
        RiskError
            One of them cannot be read or does not fit this release.
        """
        labels = read_known(settings.labels)
        ledger = Ledger.open(settings.ledger)
        ledger.reserve(RESERVED_TRANSFERS)
        return cls(
            ledger,
            RiskModel.load(settings.model),
            labels=labels,
            bands=settings.bands,
        )

    def score(self, wallet: str, as_of: int, *, reasons: bool = True) -> dict[str, Any]:
        """Score one wallet.

        Parameters
        ----------
        wallet : str
        as_of : int
            Microseconds since 1970 UTC; only what was known before counts.
        reasons : bool
            Whether to explain the score, which costs more than the score itself.

        Returns
        -------
        dict
            :class:`serving.schemas.WalletScore` without ``request_id`` and ``wallet``.
        """
        values, scores, last_time = self._compute(wallet, as_of, reasons=reasons)
        probability, status = float(scores.probability[0]), scores.status[0]
        log_odds = float(scores.log_odds[0])
        answer: dict[str, Any] = {
            "as_of": instant_text(as_of),
            "status": status,
            "probability": probability,
            "log_odds": log_odds,
            "band": self._band(probability) if status == "scored" else "unknown",
            "base_rate": self.model.base_rate,
            "reasons": None,
            "base_log_odds": None,
            "other_log_odds": None,
            "coverage": _coverage(lambda name: float(values[self._column[name]]), last_time),
            "model": self.facts,
            "bands": self.bands,
        }
        if scores.contributions is not None:
            answer |= self._explain(scores.contributions[0], values, log_odds)
        return answer

    def trace(self, wallet: str, as_of: int) -> dict[str, Any]:
        """List the transfers that prove a wallet's features.

        Returns
        -------
        dict
            :class:`serving.schemas.WalletTrace` without ``request_id`` and ``wallet``.
        """
        with self._changing:
            code = self.ledger.code(wallet)
            found = read_trails(self.ledger, code, as_of, labels=self._events)
            last_time = self.ledger.last_time
        return {
            "as_of": instant_text(as_of),
            "status": found.status,
            "labels": self._labels is not None,
            "truncated": found.truncated,
            "coverage": _coverage(found.values.__getitem__, last_time),
            "trails": found.records(),
        }

    def insert(self, new: pd.DataFrame | Sequence[Transfer]) -> None:
        """Add to the ledger what its ``check_append`` or ``check_stream`` returned."""
        if not isinstance(new, pd.DataFrame):
            with self._changing:
                self.ledger.insert_stream(new)
                self._note_wallets(wallet for one in new for wallet in (one.sender, one.recipient))
            return
        for start in range(0, len(new), APPEND_ROWS):
            part = new.iloc[start : start + APPEND_ROWS]
            with self._changing:
                self.ledger.insert(part)
                self._note_wallets(chain(part["sender"], part["recipient"]))

    def _note_wallets(self, wallets: Iterable[str]) -> None:
        """Arrange the labels anew if a labelled wallet is in the ledger for the first time."""
        if not self._unseen.isdisjoint(wallets):
            self._arrange_labels()

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
            parts = [reason["contribution"] for reason in answer["reasons"]]
            total = answer["base_log_odds"] + sum(parts) + answer["other_log_odds"]
            if not abs(total - answer["log_odds"]) <= TOLERANCE:
                raise RiskError(
                    f"the model failed its self-check on wallet {wallet!r}: its log-odds are "
                    f"{answer['log_odds']}, its reasons add to {total}"
                )

    def _compute(
        self, wallet: str, as_of: int, *, reasons: bool
    ) -> tuple[Float64s, Scores, int | None]:
        """One row of the model's views, its scores, and how far the ledger reached."""
        with self._changing:
            codes = np.array([self.ledger.code(wallet)], dtype=np.int32)
            values = compute_rows(
                self.ledger, codes, np.array([as_of]), labels=self._events, views=self.model.views
            )
            last_time = self.ledger.last_time
            if not self.tabular:
                return values[0], self._score_neighbourhood(wallet, as_of, reasons), last_time
        return values[0], self.model.score_rows(values, reasons=reasons), last_time

    def _score_neighbourhood(self, wallet: str, as_of: int, reasons: bool) -> Scores:
        spine = pd.DataFrame(
            {"wallet": [wallet], "as_of": [pd.Timestamp(as_of, unit="us", tz="UTC")]}
        )
        spine = check_spine(spine)
        return self.model.score_spine(self.ledger, spine, labels=self._labels, reasons=reasons)

    def _explain(self, parts: Float64s, values: Float64s, log_odds: float) -> dict[str, Any]:
        """Name the largest parts and put all others into one number, so that they add up."""
        base, own = float(parts[-1]), parts[:-1]
        largest = np.argsort(-np.abs(own), kind="stable")[:TOP_REASONS].tolist()
        reasons = [
            self._reason(self.model.reasons[place], float(own[place]), values)
            for place in largest
            if own[place] != 0
        ]
        named = sum(reason["contribution"] for reason in reasons)
        return {
            "reasons": reasons,
            "base_log_odds": base,
            "other_log_odds": log_odds - (base + named),
        }

    def _reason(self, name: str, contribution: float, values: Float64s) -> dict[str, Any]:
        place = self._column.get(name)
        return {
            "feature": name,
            "meaning": self._meaning.get(name, NEIGHBOURHOOD.get(name, name)),
            "value": None if place is None else finite(float(values[place])),
            "contribution": contribution,
        }

    def _band(self, probability: float) -> str:
        reached = [band for band, lowest in self.thresholds.items() if probability >= lowest]
        return reached[-1] if reached else "low"

    def _arrange_labels(self) -> None:
        """Bring labels into the ledger's numbering, and note the wallets it does not hold yet."""
        self._events = label_events(self.ledger, self._labels)
        self._unseen: frozenset[str] = frozenset()
        if self._labels is not None:
            wallets = self._labels["wallet"]
            self._unseen = frozenset(wallets[self.ledger.codes(wallets) < 0])


def _coverage(value: Callable[[str], float], last_time: int | None) -> dict[str, Any]:
    return {
        "transfers_in": int(value("coverage_in_count")),
        "transfers_out": int(value("coverage_out_count")),
        "age_s": finite(value("coverage_age_s")),
        "truncated_share": value("coverage_truncated_share"),
        "ledger_last_timestamp": None if last_time is None else instant_text(last_time),
    }


def _features(read: frozenset[str]) -> dict[str, Any]:
    """Describe all columns, and which of them a model reads, as ``FeaturesAnswer``."""
    columns = [
        {
            **asdict(column),
            "view": view.name,
            "unit": column.name.rpartition("_")[2],
            "used": column.name in read,
        }
        for view in VIEWS
        for column in view.columns
    ]
    return {"version": DEFINITIONS, "columns": columns}
