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
from training.scores import Scores

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
    changes : float64 array
        What the log-odds lose without each of these.
    """

    read: Read
    rows: slice
    changes: Float64s

    def facts(self, total: float) -> dict[str, Any]:
        """Tell the largest and the neighbours; in one number what is left of their sides' total."""
        largest = np.argsort(-np.abs(self.changes), kind="stable")[:TOP].tolist()
        return {
            "transfers": [self._fact(place) for place in largest if self.changes[place] != 0],
            "neighbours": self._neighbours(),
            "other_log_odds": total - float(self.changes[largest].sum()),
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
            "contribution": float(self.changes[place]),
        }

    def _neighbours(self) -> list[dict[str, Any]]:
        of, side = self.read.moved, self.read.told.side
        found: dict[str, list[float]] = defaultdict(list)
        for place, change in enumerate(self.changes.tolist()):
            at = self.rows.start + place
            found[of.recipient[at] if side[at] else of.sender[at]].append(change)
        largest = sorted(found.items(), key=lambda one: -abs(sum(one[1])))[:TOP]
        return [
            {"wallet": wallet, "transfers": len(parts), "contribution": sum(parts)}
            for wallet, parts in largest
        ]


def of_rows(read: Read | None, scores: Sequence[Scores]) -> list[Arrived | None]:
    """What arrived at each row of what was read, scores of one row each; None where none asked."""
    if read is None:
        return [None] * len(scores)
    ends = np.searchsorted(read.told.row, np.arange(len(scores) + 1)).tolist()
    return [
        None if one.changes is None else Arrived(read, slice(first, end), one.changes[0])
        for one, first, end in zip(scores, ends[:-1], ends[1:], strict=True)
    ]
