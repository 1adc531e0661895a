"""Which of a wallet's transfers moved its score, of models that read them one by one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.contracts.times import instant_text
from features.ledger import Ledger
from features.trails.moved import Moved, moved
from training.models.estimator import Inputs, Told

TOP = 5
SIDES = ("sender", "recipient")

Float64s = npt.NDArray[np.float64]


class Read(NamedTuple):
    """Transfers that scores of several wallets read, as the ledger told them then."""

    told: Told
    moved: Moved

    @classmethod
    def of(cls, ledger: Ledger, inputs: Inputs) -> "Read | None":
        """Copy them from the ledger, whose lock is held; None: the model reads none."""
        told = inputs.told
        return None if told is None else cls(told, moved(ledger, told.transfer))


class Arrived(NamedTuple):
    """Those of one wallet and what each contributes.

    Attributes
    ----------
    read : Read
    rows : slice
        Which of them are the wallet's.
    shares : float64 array
        Of these, in log-odds.
    """

    read: Read
    rows: slice
    shares: Float64s

    def facts(self) -> dict[str, Any]:
        """Tell the largest, the neighbours that they add up to, and all others in one number."""
        largest = np.argsort(-np.abs(self.shares), kind="stable")[:TOP].tolist()
        return {
            "transfers": [self._fact(place) for place in largest if self.shares[place] != 0],
            "neighbours": self._neighbours(),
            "other_log_odds": float(
                self.shares.sum() - sum(self.shares[place] for place in largest)
            ),
        }

    def _fact(self, place: int) -> dict[str, Any]:
        at, of = self.rows.start + place, self.read.moved
        return {
            "tx_id": of.tx_id[at],
            "position": int(of.position[at]),
            "timestamp": instant_text(int(of.time[at])),
            "sender": of.sender[at],
            "recipient": of.recipient[at],
            "amount": float(of.amount[at]),
            "asset": of.asset[at],
            "value": float(of.value[at]),
            "neighbour": SIDES[self.read.told.side[at]],
            "contribution": float(self.shares[place]),
        }

    def _neighbours(self) -> list[dict[str, Any]]:
        of, side = self.read.moved, self.read.told.side
        shares: dict[str, list[float]] = defaultdict(list)
        for place, share in enumerate(self.shares.tolist()):
            at = self.rows.start + place
            shares[of.recipient[at] if side[at] else of.sender[at]].append(share)
        largest = sorted(shares.items(), key=lambda one: -abs(sum(one[1])))[:TOP]
        return [
            {"wallet": wallet, "transfers": len(parts), "contribution": sum(parts)}
            for wallet, parts in largest
        ]


def by_row(told: Told, shares: Float64s, rows: int) -> list[Float64s]:
    """Part shares of transfers by their rows; none where no reasons were asked for."""
    if not shares.size:
        return [shares] * rows
    return np.split(shares, np.searchsorted(told.row, np.arange(1, rows)))


def of_rows(read: Read | None, shares: Sequence[Float64s | None]) -> list[Arrived | None]:
    """What arrived at each row of what was read, by the shares of its transfers."""
    if read is None:
        return [None] * len(shares)
    ends = np.searchsorted(read.told.row, np.arange(len(shares) + 1)).tolist()
    return [
        None if one is None or one.size != end - first else Arrived(read, slice(first, end), one)
        for one, first, end in zip(shares, ends[:-1], ends[1:], strict=True)
    ]
