"""The incident among 5 million other transfers, its wallets with ordinary business of their own."""

import numpy as np
import pandas as pd
from incident import Incident

from experiments.common import synthetic

BUSINESS_SHARE = 0.5  # of the incident's wallets
PAIRS_MEAN = 2.0  # receipts of each that are passed on, beside a first
REST_DAYS = 2.0


def among_others(incident: Incident, size: int, seed: int) -> pd.DataFrame:
    """The incident's transfers in a background, with ordinary business of its wallets."""
    rng = np.random.default_rng(seed)
    sizes = synthetic.Sizes(transfers=size, wallets=max(size // 10, 1000))
    background = synthetic.generate(seed, sizes).transfers.to_pandas()
    own = incident.transfers
    first, last = own["timestamp"].min(), own["timestamp"].max()
    when = background["timestamp"]
    scale = (last - first) / (when.max() - when.min())
    background["timestamp"] = (first + (when - when.min()) * scale).dt.as_unit("us")
    dollars = np.median(own["amount"]) / np.median(background["amount"])
    background["amount"] *= dollars
    background["asset"] = "USD"
    business = _business(rng, incident, background["sender"].unique())
    return pd.concat([own, background, business], ignore_index=True)


def _business(rng: np.random.Generator, incident: Incident, others: "np.ndarray") -> pd.DataFrame:
    """Receipts from background wallets that are passed on to others after a rest of days."""
    own = incident.transfers
    wallets = np.array(sorted({*own["sender"], *own["recipient"]}))
    chosen = wallets[rng.random(wallets.size) < BUSINESS_SHARE]
    who = np.repeat(chosen, 1 + rng.poisson(PAIRS_MEAN, chosen.size))
    span = (own["timestamp"].max() - own["timestamp"].min()).total_seconds()
    came = rng.random(who.size) * span
    left = came + rng.exponential(REST_DAYS * synthetic.DAY_S, who.size)
    amount = rng.choice(own["amount"].to_numpy(), who.size)
    seconds = np.concatenate([came, left])
    n = who.size
    return pd.DataFrame(
        {
            "tx_id": [f"ordinary{k}" for k in range(2 * n)],
            "position": np.zeros(2 * n, np.int32),
            "timestamp": own["timestamp"].min()
            + pd.to_timedelta(seconds.round(), unit="s").astype("timedelta64[us]"),
            "sender": np.concatenate([rng.choice(others, n), who]),
            "recipient": np.concatenate([who, rng.choice(others, n)]),
            "amount": np.concatenate([amount, amount * rng.uniform(0.9, 1.0, n)]),
            "asset": "USD",
        }
    )
