"""A verified trail of real laundering: the Atomic Wallet theft of June 2023, in dollars.

Ground truth of MFTracer (WWW 2025): 1,080 flows between 389 wallets, no background. No licence is
stated, so the files are read where they lie.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.common.results import SkippedError
from features import check_transfers

FOLDER = "ethereum_laundering_atomic"


@dataclass(frozen=True, slots=True)
class Incident:
    """The incident.

    Attributes
    ----------
    transfers : DataFrame
        Under the transfer contract; the amount is the value in dollars.
    thieves, terminals : list of str
        Where the money was stolen to, and where the trail ends.
    on_path : Series of bool
        Which transfers lie on a path in time from a thief to a terminal.
    hops : dict of str to int
        Least number of transfers from a thief along a path in time, of wallets that have one.
    """

    transfers: pd.DataFrame
    thieves: list[str]
    terminals: list[str]
    on_path: pd.Series
    hops: dict[str, int]

    @property
    def keys(self) -> pd.Index:
        """Ids of the verified transfers."""
        return key(self.transfers)

    def at_least(self, hops: int) -> list[str]:
        """Terminals that far from the thieves."""
        return [wallet for wallet in self.terminals if self.hops.get(wallet, 0) >= hops]


def key(transfers: pd.DataFrame) -> pd.Index:
    """What identifies a transfer."""
    return pd.MultiIndex.from_frame(transfers[["tx_id", "position"]])


def read_incident(data: Path) -> Incident:
    """Read the incident from the folder of shared data."""
    folder = data / FOLDER
    if not (folder / "flows.csv").exists():
        raise SkippedError(f"no {folder}: the data have no licence and are not in the repository")
    flows = pd.read_csv(folder / "flows.csv")
    transfers = check_transfers(
        pd.DataFrame(
            {
                "tx_id": flows["Tx_hash"],
                "position": flows.groupby("Tx_hash").cumcount().astype("int32"),
                "timestamp": pd.to_datetime(flows["Timestamp"], utc=True),
                "sender": flows["From"], "recipient": flows["To"],
                "amount": flows["Value_in_USD"], "asset": "USD",
            }
        )
    )  # fmt: skip
    thieves, terminals = (  # some are in mixed case
        (folder / f"{name}_addresses.csv").read_text().lower().split()
        for name in ("source", "terminal")
    )
    on_path = _on_path(transfers, thieves, terminals)
    return Incident(transfers, thieves, terminals, on_path, _hops(transfers, set(thieves)))


def labels_of(wallets: Sequence[str], category: str, label: str) -> pd.DataFrame:
    """Labels that were known from the start."""
    return pd.DataFrame(
        {
            "wallet": list(wallets),
            "label": label,
            "category": category,
            "known_at": pd.Timestamp("2020-01-01", tz="UTC"),
            "source": "incident",
            "confidence": 1.0,
        }
    )


def _hops(transfers: pd.DataFrame, thieves: set[str]) -> dict[str, int]:
    """Least hops of each wallet, by relaxing all transfers until nothing changes."""
    ordered = transfers.sort_values("timestamp", kind="stable")
    times: list[pd.Timestamp] = ordered["timestamp"].tolist()
    senders: list[str] = ordered["sender"].tolist()
    recipients: list[str] = ordered["recipient"].tolist()
    least: list[int | None] = [1 if sender in thieves else None for sender in senders]
    changed = True
    while changed:
        changed = False
        arrived: dict[str, list[tuple[pd.Timestamp, int]]] = defaultdict(list)
        for recipient, time, known in zip(recipients, times, least, strict=True):
            if known is not None:
                arrived[recipient].append((time, known))
        for place, (sender, time) in enumerate(zip(senders, times, strict=True)):
            ways = [hops + 1 for came, hops in arrived[sender] if came <= time]
            known = least[place]
            if ways and (known is None or min(ways) < known):
                least[place], changed = min(ways), True
    of_wallet: dict[str, int] = {}
    for recipient, hops_to in zip(recipients, least, strict=True):
        if hops_to is not None:
            of_wallet[recipient] = min(hops_to, of_wallet.get(recipient, hops_to))
    return of_wallet


def _on_path(transfers: pd.DataFrame, thieves: list[str], terminals: list[str]) -> pd.Series:
    """Which transfers lie on a path in time from a thief to a terminal."""
    reached = _reached(transfers, thieves, "sender", "recipient", 1)
    back = _reached(transfers, terminals, "recipient", "sender", -1)
    return reached & back


def _reached(
    transfers: pd.DataFrame, starts: list[str], near: str, far: str, sign: int
) -> pd.Series:
    when = sign * transfers["timestamp"].astype("int64")
    best = dict.fromkeys(starts, np.iinfo(np.int64).min)
    order = np.argsort(when, kind="stable")
    rows = list(zip(transfers[near], transfers[far], when, strict=True))
    changed = True
    while changed:  # more than once for transfers of one instant
        changed = False
        for place in order:
            here, there, at = rows[place]
            if best.get(here, at + 1) <= at < best.get(there, at + 1):
                best[there] = at
                changed = True
    return pd.Series([best.get(here, at + 1) <= at for here, _, at in rows])
