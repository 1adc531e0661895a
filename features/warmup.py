"""Compile every kernel ahead of time, so that no later process waits for it.

Numba compiles a function at its first call and keeps the machine code, see
:mod:`features.kernel.compiler`.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd

from features.kernel import before
from features.kernel.compiler import CACHE
from features.ledger import Ledger
from features.neighbourhood import neighbourhoods
from features.past import NO_LABELS, past_of
from features.table import feature_table
from features.taint.policies import fifo, haircut, poison
from features.trails import trace
from features.view import View
from features.views import VIEWS

_START = pd.Timestamp("2026-01-01", tz="UTC")
# minute, sender, recipient, amount: a peel chain, a cycle, and money spread out and collected
_TRANSFERS = (
    (0, "a", "b", 64.0), (1, "b", "c", 60.0), (2, "b", "x", 4.0), (3, "c", "d", 55.0),
    (4, "c", "y", 4.0), (5, "d", "a", 52.0), (6, "a", "b", 50.0), (7, "b", "a", 48.0),
    *((10 + i, "a", f"m{i}", 8.0) for i in range(4)),
    *((20 + i, f"m{i}", "d", 8.0) for i in range(4)),
    *((30 + i, f"m{i}", "y", 1.0) for i in range(4)),
)  # fmt: skip


class WarmUp(NamedTuple):
    """How long it took, and where the machine code is kept."""

    seconds: float
    folder: str


def steps(views: tuple[View, ...] = VIEWS) -> int:
    """How many steps :func:`warm_up` takes: the ledger, each view, and what is not in the table."""
    return len(views) + 2


def warm_up(
    progress: Callable[[int], None] | None = None, *, views: tuple[View, ...] = VIEWS
) -> WarmUp:
    """Run a small ledger through every kernel.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of steps done since its last call, of :func:`steps` in all.
    views : tuple of View

    Returns
    -------
    WarmUp
    """
    started = time.perf_counter()
    step = progress or (lambda _: None)
    transfers = _transfers()
    ledger = Ledger.from_transfers(transfers.iloc[::2])
    ledger.append(transfers.iloc[1::2])  # into full slices, between what is there
    with tempfile.TemporaryDirectory() as folder:
        ledger.save(folder)
        ledger = Ledger.open(folder)
    step(1)
    spine = _spine(ledger)
    labels = pd.DataFrame({"wallet": ["a", "y"], "label": ["illicit", "licit"]})
    labels["known_at"] = _START
    for view in views:
        feature_table(ledger, spine, labels=labels, views=(view,))
        for wallet, as_of in zip(spine["wallet"], spine["as_of"], strict=True):
            trace(ledger, wallet, as_of, labels=labels, views=(view,))
        step(1)
    for policy in (haircut, fifo, poison):
        policy(ledger, spine, labels=labels)
    codes = ledger.codes(spine["wallet"])
    instants = np.full(codes.size, (ledger.last_time or 0) + 1)
    neighbourhoods(past_of(ledger, codes, instants, NO_LABELS), first_fan=4, second_fan=4)
    step(1)
    kept = Path(cast("Any", before).stats.cache_path)
    code = CACHE if kept.is_relative_to(CACHE) else kept  # elsewhere where CACHE is not writeable
    return WarmUp(time.perf_counter() - started, str(code))


def _transfers() -> pd.DataFrame:
    frame = pd.DataFrame(list(_TRANSFERS), columns=["minute", "sender", "recipient", "amount"])
    frame["timestamp"] = _START + pd.to_timedelta(frame.pop("minute"), unit="min")
    return frame.assign(tx_id=[f"t{row}" for row in range(len(frame))], asset="none")


def _spine(ledger: Ledger) -> pd.DataFrame:
    names = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    return pd.DataFrame({"wallet": names, "as_of": _START + pd.Timedelta(1, "D")})
