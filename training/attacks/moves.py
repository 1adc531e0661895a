"""Words of an attack: its target, the transfers that it makes, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
By = Literal["anyone", "owner"]

FRESH = "walletrisk-attack/"  # wallets that no ledger holds


class Move(NamedTuple):
    """One transfer of an attack, ``after_s`` seconds after the attack begins."""

    after_s: float
    sender: str
    recipient: str
    amount: float


class Step(NamedTuple):
    """One transfer of a wallet that is copied; ``times`` what that wallet usually moves."""

    after_s: float
    received: bool
    partner: int
    times: float


@dataclass(frozen=True, slots=True)
class Target:
    """A wallet that is attacked, as the attacker sees it: all of it is public.

    Parameters
    ----------
    wallet
        Its name.
    as_of
        When the attack begins, in microseconds since 1970 UTC.
    received, sent
        Amounts (n,) and (m,) of its transfers before the attack, in whole units of the asset.
    bad
        A wallet that is known to be illicit; empty where none is known.
    pattern
        What a wallet of low score did.
    hub
        The busiest other wallet of the ledger, such as an exchange; a fresh one where there is
        none.
    slot
        Number that keeps fresh wallets of targets apart.
    """

    wallet: str
    as_of: int
    received: Float64
    sent: Float64
    bad: str = ""
    pattern: tuple[Step, ...] = ()
    hub: str = f"{FRESH}hub"
    slot: int = 0

    @property
    def usual(self) -> float:
        """Mean of the positive amounts that it sent and received, beside which dust is small."""
        moved = np.concatenate([self.sent, self.received])
        moved = moved[moved > 0]
        return float(moved.mean()) if moved.size else 1.0

    def fresh(self, number: int) -> str:
        """Name of a wallet that nobody has seen."""
        return f"{FRESH}{self.slot}.{number}"


Moves = Callable[[Target], list[Move]]


def nothing(_: Target) -> list[Move]:
    """Make no transfer."""
    return []


@dataclass(frozen=True, slots=True)
class Attack:
    """A way to move the score of a wallet.

    Parameters
    ----------
    name
        What is done.
    size
        How much of it.
    by
        Whether anyone can do it to the wallet, or only its owner.
    transfers
        Transfers that it makes at most.
    moves
        What is done, from the target.
    plain
        What would be done without the trick: the score is compared with that after it.
    reads
        What of the target must be known: ``bad``, ``pattern`` or nothing.
    """

    name: str
    size: str
    by: By
    transfers: int
    moves: Moves
    plain: Moves = nothing
    reads: Literal["", "bad", "pattern"] = ""


class Cost(NamedTuple):
    """What an attack asks of the attacker.

    Attributes
    ----------
    transactions : number of transfers, each of which pays a fee
    given : money that goes to others and does not come back, in whole units of the asset
    kept : money that must be at hand besides, and stays the attacker's
    wallets : fresh wallets
    """

    transactions: float
    given: float
    kept: float
    wallets: float


def cost_of(moves: Sequence[Move], target: Target, by: By) -> Cost:
    """Count what transfers cost their maker.

    The maker owns all fresh wallets and, if ``by`` is the owner, the target; else whoever sends
    something. (A token lets anyone move nothing out of any wallet.)
    """
    fresh = {name for move in moves for name in move[1:3] if name.startswith(FRESH)}
    payers = {move.sender for move in moves if move.amount > 0}
    own = fresh | ({target.wallet} if by == "owner" else payers)
    balance, least, given = dict.fromkeys(own, 0.0), dict.fromkeys(own, 0.0), 0.0
    for _, sender, recipient, amount in sorted(moves, key=lambda move: move.after_s):
        if sender in own:
            balance[sender] -= amount
            least[sender] = min(least[sender], balance[sender])
        if recipient in own:
            balance[recipient] += amount
        given += amount * ((sender in own) - (recipient in own))
    needed = -sum(least.values())
    return Cost(len(moves), max(given, 0.0), max(needed - max(given, 0.0), 0.0), len(fresh))


def extra_cost(moves: Sequence[Move], plain: Sequence[Move], target: Target, by: By) -> Cost:
    """Return what an attack costs more than doing the same without the trick."""
    whole, spared = cost_of(moves, target, by), cost_of(plain, target, by)
    return Cost(*(a - b for a, b in zip(whole, spared, strict=True)))


def transfers_of(moves: Iterable[tuple[Move, int]], asset: str, serial: str) -> pd.DataFrame:
    """Return moves as a frame under the contract of transfers.

    Parameters
    ----------
    moves
        Each with the instant at which its attack begins, in microseconds since 1970 UTC.
    asset
        Of the ledger.
    serial
        What makes the ids of these transactions unique.
    """
    rows = list(moves)
    begin = np.array([instant for _, instant in rows], np.int64)
    after_us = np.array([round(move.after_s * 1e6) for move, _ in rows], np.int64)
    return pd.DataFrame(
        {
            "tx_id": [f"{FRESH}{serial}.{number}" for number in range(len(rows))],
            "timestamp": pd.to_datetime(begin + after_us, unit="us", utc=True),
            "sender": [move.sender for move, _ in rows],
            "recipient": [move.recipient for move, _ in rows],
            "amount": [move.amount for move, _ in rows],
            "asset": asset,
        }
    )
