"""The money trail as JSON holds it: copied from the ledger first, written out after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from features.kernel import Int64s
from features.ledger import Ledger
from features.past import LabelEvents
from features.table import compute_rows
from features.trails.money_trail import find_trails
from features.trails.moved import Moved, joined, moved
from features.view import Trail, View
from features.views import VIEWS, feature_columns

SHOWN = 100  # transfers of one trail; a burst at a hub has thousands
_HALF = SHOWN // 2


@dataclass(frozen=True, slots=True)
class Traced:
    """A wallet's row and trails, which stay as they are when the ledger changes.

    Attributes
    ----------
    values : mapping of str to float
        The row, by column.
    trails : list of Trail
    transfers : Moved
        Of each trail the first and last, ``SHOWN`` at most, one trail after the other.
    """

    values: Mapping[str, float]
    trails: list[Trail]
    transfers: Moved

    @property
    def status(self) -> Literal["traced", "unknown_wallet"]:
        """Whether the wallet has a transfer before ``as_of``."""
        known = self.values["coverage_in_count"] + self.values["coverage_out_count"]
        return "traced" if known else "unknown_wallet"

    @property
    def truncated(self) -> bool:
        """Whether a cap cut a history or a search short, so that there may be more."""
        return any(value > 0 for name, value in self.values.items() if "_truncated_" in name)

    def records(self) -> list[dict[str, Any]]:
        """An object a trail; times are ISO 8601 texts in UTC."""
        transfers = self._transfers()
        return [
            {
                "columns": list(trail.columns),
                "category": trail.category,
                "left_out": trail.transfers.size - places.size,
                "transfers": [
                    {"hop": hop, **next(transfers), "traced_amount": traced}
                    for hop, traced in zip(
                        (places + 1).tolist(), trail.amounts[places].tolist(), strict=True
                    )
                ],
            }
            for trail in self.trails
            for places in (shown(trail.transfers.size),)
        ]

    def _transfers(self) -> Iterator[dict[str, Any]]:
        of = self.transfers
        times = np.datetime_as_string(of.time.astype("datetime64[us]"), timezone="UTC").tolist()
        rows = zip(
            of.tx_id, of.position.tolist(), times, of.sender, of.recipient, of.amount.tolist(),
            of.asset, of.value.tolist(), strict=True,
        )  # fmt: skip
        names = (
            "tx_id", "position", "timestamp", "sender", "recipient", "amount", "asset", "value",
        )  # fmt: skip
        return (dict(zip(names, row, strict=True)) for row in rows)


def shown(size: int) -> Int64s:
    """Places of the transfers that are shown of a trail of so many.

    Examples
    --------
    >>> shown(101)[[0, 49, 50, 99]].tolist()
    [0, 49, 51, 100]
    """
    if size <= SHOWN:
        return np.arange(size)
    return np.concatenate([np.arange(_HALF), np.arange(size - _HALF, size)])


def read_trails(
    ledger: Ledger,
    code: int,
    as_of: int,
    *,
    labels: LabelEvents,
    views: tuple[View, ...] = VIEWS,
) -> Traced:
    """Compute a wallet's row, and copy the trails behind it from the ledger.

    Parameters
    ----------
    ledger : Ledger
    code : int
        Of the wallet, -1 if it is unknown.
    as_of : int, microseconds since 1970 UTC
    labels : LabelEvents
    views : tuple of View
        With the coverage view among them.
    """
    codes, instants = np.array([code], dtype=np.int32), np.array([as_of])
    row = compute_rows(ledger, codes, instants, labels=labels, views=views)[0]
    names = [column.name for column in feature_columns(views)]
    trails = find_trails(ledger, code, as_of, labels=labels, views=views)
    rows = [trail.transfers[shown(trail.transfers.size)] for trail in trails]
    return Traced(
        dict(zip(names, row.tolist(), strict=True)), trails, moved(ledger, joined(rows, np.int64))
    )
