"""The money trail of a wallet: the transfers that prove its columns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.spine import check_spine
from features.kernel import Float64s, Int32s, Int64s, before, inner_kernel
from features.ledger import Ledger, microseconds
from features.ledger.side import Side
from features.past import LabelEvents, label_events, past_of
from features.view import Trail, View, distinct
from features.views import VIEWS

_TYPES = {
    "columns": "str",
    "trail": "int64",
    "hop": "int64",
    "tx_id": "str",
    "position": "int32",
    "timestamp": "datetime64[us, UTC]",
    "sender": "str",
    "recipient": "str",
    "amount": "float64",
    "traced_amount": "float64",
    "category": "str",
}


class Moved(NamedTuple):
    """What the ledger holds of some transfers, an entry each; times in microseconds since 1970."""

    tx_id: list[str]
    position: Int32s
    time: Int64s
    sender: list[str]
    recipient: list[str]
    amount: Float64s


def trace(
    ledger: Ledger,
    wallet: str,
    as_of: str | datetime,
    *,
    labels: pd.DataFrame | None = None,
    views: tuple[View, ...] = VIEWS,
) -> pd.DataFrame:
    """List the transfers that prove a wallet's columns, trail by trail.

    It reads what :func:`features.feature_table` reads: transfers with ``timestamp < as_of`` and
    labels with ``known_at < as_of``. A column has a few trails, the most telling first.

    Parameters
    ----------
    ledger : Ledger
    wallet : str
    as_of : datetime with a time zone, or ISO 8601 text with an offset
    labels : DataFrame, optional
        Known wallets, for the exposure view.
    views : tuple of View

    Returns
    -------
    DataFrame, one row a transfer of a trail
        ``columns`` that the trail proves, joined by ", ", ``trail`` (its number from 0), ``hop``
        (place in the trail from 1, in the order the money moved; for bursts and groups, order of
        time), ``tx_id``, ``position``, ``timestamp``, ``sender``,
        ``recipient``, ``amount``, ``traced_amount`` (what of it belongs to the trail) and
        ``category`` of the labelled wallet at the far end. Without rows where nothing is to prove.

    Raises
    ------
    SpineError
        The wallet is no name, or ``as_of`` no instant.
    LabelsError
        The labels break their contract.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "tx_id": ["t1", "t2"], "sender": ["a", "b"], "recipient": ["b", "c"],
    ...     "timestamp": ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"],
    ...     "amount": [2.0, 1.9], "asset": "ETH"})
    >>> trail = trace(Ledger.from_transfers(frame), "c", "2026-02-01T00:00:00Z")
    >>> trail.loc[trail["columns"] == "layering_depth_backward_hops", "tx_id"].tolist()
    ['t1', 't2']
    """
    code, instant = question(ledger, wallet, as_of)
    events = label_events(ledger, labels)
    return _frame(ledger, find_trails(ledger, code, instant, labels=events, views=views))


def question(ledger: Ledger, wallet: str, as_of: str | datetime) -> tuple[int, int]:
    """Code of a wallet, -1 where it is unknown, and microseconds since 1970 UTC, checked."""
    asked = check_spine(pd.DataFrame({"wallet": [wallet], "as_of": [as_of]}))
    return ledger.code(asked["wallet"].iloc[0]), int(microseconds(asked["as_of"])[0])


def find_trails(
    ledger: Ledger,
    code: int,
    as_of: int,
    *,
    labels: LabelEvents,
    views: tuple[View, ...] = VIEWS,
) -> list[Trail]:
    """Trails behind a wallet's columns, every distinct series of transfers once.

    Parameters
    ----------
    ledger : Ledger
    code : int
        Of the wallet, -1 if it is unknown.
    as_of : int, microseconds since 1970 UTC
    labels : LabelEvents
    views : tuple of View
    """
    asked = past_of(ledger, np.array([code], dtype=np.int32), np.array([as_of]), labels)
    return distinct(
        trail
        for view in views
        if view.trails is not None and code >= 0
        for trail in view.trails(view.given(ledger, asked))
    )


def moved(ledger: Ledger, rows: Int64s) -> Moved:
    """Read transfers by their rows in the ledger's log, in this order and as often as named."""
    sender = ledger.sender[rows]
    places = _places(ledger.outgoing.side, sender, rows)
    return Moved(
        tx_id=ledger.transactions.texts(rows),
        position=ledger.position[rows],
        time=ledger.outgoing.time[places],
        sender=ledger.wallets.texts(sender),
        recipient=ledger.wallets.texts(ledger.outgoing.counterparty[places]),
        amount=ledger.outgoing.amount[places],
    )


def _frame(ledger: Ledger, trails: list[Trail]) -> pd.DataFrame:
    """One row a transfer, in the types of :func:`trace`."""
    length = [trail.transfers.size for trail in trails]
    of = moved(ledger, joined([trail.transfers for trail in trails], np.int64))
    columns = {
        "columns": np.repeat([", ".join(trail.columns) for trail in trails], length).tolist(),
        "trail": np.repeat(np.arange(len(trails)), length),
        "hop": joined([np.arange(1, n + 1) for n in length], np.int64),
        "tx_id": of.tx_id,
        "position": of.position,
        "timestamp": pd.DatetimeIndex(of.time.astype("datetime64[us]"), tz="UTC"),
        "sender": of.sender,
        "recipient": of.recipient,
        "amount": of.amount,
        "traced_amount": joined([trail.amounts for trail in trails], np.float64),
        "category": np.repeat([trail.category for trail in trails], length).tolist(),
    }
    return pd.DataFrame(
        {name: pd.Series(columns[name], dtype=kind) for name, kind in _TYPES.items()}
    )


def joined(parts: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    """Arrays one after the other; an empty one of this type where there are none."""
    return np.concatenate([np.empty(0, kind), *parts])


def _places(outgoing: Side, sender: Int32s, rows: Int64s) -> Int64s:
    """Where the senders' slices hold these transfers."""
    distinct, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    by_sender = np.argsort(sender[first], kind="stable")
    places = np.empty(distinct.size, dtype=np.int64)
    found = np.empty(distinct.size, dtype=np.int64)
    _find(outgoing, sender[first][by_sender], distinct[by_sender], found)
    places[by_sender] = found
    return places[inverse]


@inner_kernel
def _find(outgoing: Side, sender: Int32s, rows: Int64s, places: Int64s) -> None:
    """Read each sender's slice once, the latest first; its ``rows`` are one ascending run."""
    first = 0
    while first < rows.size:
        end = first + 1
        while end < rows.size and sender[end] == sender[first]:
            end += 1
        start, missing = outgoing.start[sender[first]], end - first
        for place in range(start + outgoing.count[sender[first]] - 1, start - 1, -1):
            at = before(rows, first, end, outgoing.transfer[place])
            if at < end and rows[at] == outgoing.transfer[place]:
                places[at] = place
                missing -= 1
                if missing == 0:
                    break
        first = end
