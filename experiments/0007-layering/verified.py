"""The verified trail of a real theft: the Atomic Wallet incident of June 2023, in dollars.

Ground truth of MFTracer (WWW 2025): 1,080 flows, no background. No licence is stated, so the file
is read where it lies.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features import Ledger, check_transfers

FOLDER = "ethereum_laundering_atomic"


@dataclass(frozen=True, slots=True)
class Verified:
    """The incident.

    Attributes
    ----------
    transfers : DataFrame
        Under the transfer contract; the amount is the value in dollars.
    thieves, terminals : tuple of str
        Where the money was stolen to, and where the trail ends.
    hops : dict of str to int
        Least number of transfers from a thief along a path in time, of wallets that have one.
    """

    transfers: pd.DataFrame
    thieves: tuple[str, ...]
    terminals: tuple[str, ...]
    hops: dict[str, int]

    def ledger(self) -> Ledger:
        """The incident alone."""
        return Ledger.from_transfers(self.transfers)

    def at_least(self, hops: int) -> list[str]:
        """Terminals that far from the thieves."""
        return [wallet for wallet in self.terminals if self.hops.get(wallet, 0) >= hops]


def read_verified(data: Path) -> Verified:
    """Read the incident from the folder of shared data."""
    flows = pd.read_csv(data / FOLDER / "flows.csv")
    frame = pd.DataFrame(
        {
            "tx_id": flows["Tx_hash"],
            "position": flows.groupby("Tx_hash").cumcount().astype("int32"),
            "timestamp": pd.to_datetime(flows["Timestamp"], utc=True),
            "sender": flows["From"], "recipient": flows["To"], "amount": flows["Value_in_USD"],
            "asset": "USD",
        }
    )  # fmt: skip
    transfers = check_transfers(frame)
    thieves, terminals = (
        tuple((data / FOLDER / f"{name}_addresses.csv").read_text().lower().split())
        for name in ("source", "terminal")
    )
    return Verified(transfers, thieves, terminals, _hops(transfers, set(thieves)))


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
