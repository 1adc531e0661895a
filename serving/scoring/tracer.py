"""The money trail of a wallet, and its money followed through others."""

from typing import Any

import numpy as np

from features.contracts.times import instant_text
from features.trails.flow import (
    Direction,
    Flow,
    Followed,
    Question,
    best_flow,
    follow_value,
    known_codes,
)
from features.trails.following import FlowCaps
from features.trails.records import Traced, read_trails
from features.trails.written import flow_facts
from features.view import View
from features.views.coverage import COVERAGE
from serving.scoring.facts import coverage_facts
from serving.scoring.held import Held

# a flow's search holds the ledger as long as a score may wait: some milliseconds
FLOW_CAPS = FlowCaps(transfers=2_048, payments=16_384, read_transfers=100_000, floor_share=1e-4)


class Tracer:
    """Transfers behind what is said of wallets.

    Parameters
    ----------
    held : Held
    views : tuple of View
        Whose features trails prove, the coverage view among them.
    """

    def __init__(self, held: Held, views: tuple[View, ...]) -> None:
        self._held = held
        self._views = views

    def trace(self, wallet: str, as_of: int) -> dict[str, Any]:
        """List the transfers that prove a wallet's features.

        Returns
        -------
        dict
            :class:`serving.schemas.answers.WalletTrace` without ``request_id`` and ``wallet``.
        """
        held = self._held
        with held.lock.shared():
            code = held.ledger.code(wallet)
            found = read_trails(held.ledger, code, as_of, labels=held.events, views=self._views)
            last_time = held.ledger.last_time
        opening = self._opening(found, as_of, last_time)
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
        with self._held.lock.shared():
            last_time = self._held.ledger.last_time
            own = read_trails(
                self._held.ledger, self._held.ledger.code(wallet), as_of,
                labels=self._held.events, views=(COVERAGE,),
            )  # fmt: skip
            found = self._search(wallet, as_of, direction, to, share)
        flow = best_flow(found)
        opening = self._opening(own, as_of, last_time)
        opening["truncated"] = flow.truncated
        return {**opening, "trails": [], "flow": flow_facts(flow)}

    def flow(self, wallet: str, as_of: int, *, direction: Direction, share: float) -> Flow:
        """Follow a wallet's money as :meth:`follow` does, for a picture of it."""
        with self._held.lock.shared():
            found = self._search(wallet, as_of, direction, None, share)
        return best_flow(found)

    def _search(
        self, wallet: str, as_of: int, direction: Direction, to: list[str] | None, share: float
    ) -> Followed:
        """Search for the flow; the lock is held by the caller."""
        ledger, code = self._held.ledger, self._held.ledger.code(wallet)
        asked = Question(
            np.array([code] if code >= 0 else [], dtype=np.int32),
            as_of,
            direction == "forward",
            None if to is None else known_codes(ledger, to),
            share,
        )
        return follow_value(ledger, asked, labels=self._held.events, caps=FLOW_CAPS)

    def _opening(self, found: Traced, as_of: int, last_time: int | None) -> dict[str, Any]:
        fresh = self._held.freshness(last_time, as_of)
        return {
            "as_of": instant_text(as_of),
            "status": found.status,
            "stale": fresh.stale,
            "labels": self._held.labels is not None,
            "truncated": found.truncated,
            "coverage": coverage_facts(found.values.__getitem__, fresh),
        }
