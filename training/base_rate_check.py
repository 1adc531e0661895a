"""What ordinary wallets are told on average: if the base rate is true, about the base rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from features.table import feature_table
from features.views.coverage import COVERAGE
from training.scores import COUNTS

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]
AT_ONCE = 4_096  # wallets whose transfers are counted at a time, in search of those with enough
NORMAL_95 = 1.959964


def ordinary_probability(
    model: RiskModel,
    ledger: Ledger,
    labels: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    size: int,
    seed: int,
) -> dict[str, float]:
    """Score wallets without a label, drawn by chance from those that the model scores.

    Parameters
    ----------
    model
        Any kind.
    ledger
        Transfers; those before ``as_of`` are read.
    labels
        Label contract. Whoever has a label, known by then or not, is left out.
    as_of
        Instant asked about.
    size
        Wallets wanted.
    seed
        Of the draw.

    Returns
    -------
    dict
        ``wallets`` scored; ``mean`` probability with ``low`` and ``high``, 95 % interval of the
        draw; ``factor``, mean over base rate; ``looked_at`` wallets, those with too few transfers
        included; all but the first and last nan where no wallet was scored.

    Raises
    ------
    RiskError
        If ``size`` is below 1.

    Notes
    -----
    Wallets of a ledger that was gathered around labelled ones are no sample of the world, and their
    histories may be cut short: read the factor with that in mind.
    """
    if size < 1:
        raise RiskError(f"size must be at least 1, got {size}")
    wallets, looked_at = _drawn(model, ledger, labels, as_of=as_of, size=size, seed=seed)
    said = np.empty(0)
    if wallets:
        spine = pd.DataFrame({"wallet": wallets, "as_of": as_of})
        scores = model.score(ledger, spine, labels=labels)
        said = scores["probability"][scores["status"] == "scored"].to_numpy()
    return _summary(said, model.base_rate) | {"looked_at": float(looked_at)}


def _drawn(
    model: RiskModel,
    ledger: Ledger,
    labels: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    size: int,
    seed: int,
) -> tuple[list[str], int]:
    """Draw up to ``size`` wallets with transfers enough; also return how many were looked at."""
    listed = set(labels["wallet"])
    order = np.random.default_rng(seed).permutation(ledger.n_wallets)
    chosen: list[str] = []
    looked_at = 0
    for start in range(0, len(order), AT_ONCE):
        names = [ledger.wallet(code) for code in order[start : start + AT_ONCE].tolist()]
        names = [name for name in names if name not in listed]
        if not names:
            continue
        spine = pd.DataFrame({"wallet": names, "as_of": as_of})
        counts = feature_table(ledger, spine, views=(COVERAGE,))[list(COUNTS)].to_numpy()
        enough = counts.sum(axis=1) >= model.manifest.min_transfers
        chosen += [name for name, kept in zip(names, enough.tolist(), strict=True) if kept]
        looked_at += len(names)
        if len(chosen) >= size:
            break
    return chosen[:size], looked_at


def _summary(said: Float64, base_rate: float) -> dict[str, float]:
    """Mean, its interval, and how many times the base rate it is."""
    if not len(said):
        return {"wallets": 0.0} | dict.fromkeys(("mean", "low", "high", "factor"), float("nan"))
    mean = float(said.mean())
    half = NORMAL_95 * float(said.std(ddof=1)) / len(said) ** 0.5 if len(said) > 1 else np.inf
    return {
        "wallets": float(len(said)),
        "mean": mean,
        "low": max(0.0, mean - half),
        "high": min(1.0, mean + half),
        "factor": mean / base_rate,
    }
