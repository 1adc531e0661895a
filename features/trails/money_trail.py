"""The money trail of a wallet: the transfers that prove its columns."""

from collections.abc import Sequence
from datetime import datetime
from typing import overload

import numpy as np
import pandas as pd

from features.contracts.spine import check_spine
from features.errors import SpineError
from features.ledger import Ledger, microseconds
from features.past import LabelEvents, label_events, past_of
from features.trails.flow import Direction, Flow, trace_flow
from features.trails.moved import joined, moved
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
    "asset": "str",
    "value": "float64",
    "traced_amount": "float64",
    "category": "str",
}


@overload
def trace(
    ledger: Ledger,
    wallet: str,
    as_of: str | datetime,
    *,
    labels: pd.DataFrame | None = None,
    views: tuple[View, ...] = VIEWS,
) -> pd.DataFrame: ...


@overload
def trace(
    ledger: Ledger,
    wallet: str | Sequence[str],
    as_of: str | datetime,
    *,
    labels: pd.DataFrame | None = None,
    direction: Direction,
    to: Sequence[str] | None = None,
) -> Flow: ...


def trace(
    ledger: Ledger,
    wallet: str | Sequence[str],
    as_of: str | datetime,
    *,
    labels: pd.DataFrame | None = None,
    views: tuple[View, ...] = VIEWS,
    direction: Direction | None = None,
    to: Sequence[str] | None = None,
) -> pd.DataFrame | Flow:
    """List the transfers that prove a wallet's columns, or follow its money.

    Without ``direction``: trail by trail, what a column was computed from. With it: all its money,
    as one graph, see :func:`features.trails.flow.trace_flow`, which takes ``to`` and more.

    It reads what :func:`features.feature_table` reads: transfers with ``timestamp < as_of`` and
    labels with ``known_at < as_of``. A column has a few trails, the most telling first.

    Parameters
    ----------
    ledger : Ledger
    wallet : str, or for a flow a sequence of them
    as_of : datetime with a time zone, or ISO 8601 text with an offset
    labels : DataFrame, optional
        Known wallets, for the exposure view.
    views : tuple of View
    direction : "backward" or "forward", optional
    to : sequence of str, optional

    Returns
    -------
    Flow
        With ``direction``.
    DataFrame, one row a transfer of a trail
        ``columns`` that the trail proves, joined by ", ", ``trail`` (its number from 0), ``hop``
        (place in the trail from 1, in the order the money moved; for bursts and groups, order of
        time), ``tx_id``, ``position``, ``timestamp``, ``sender``,
        ``recipient``, ``amount``, ``asset``, ``value`` (in the ledger's unit of account),
        ``traced_amount`` (what of the value belongs to the trail) and ``category`` of the
        labelled wallet at the far end. Without rows where nothing is to prove.

    Raises
    ------
    SpineError
        The wallet is no name, or ``as_of`` no instant; there are several, or ``to``, without a
        direction.
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
    if direction is not None:
        return trace_flow(ledger, wallet, as_of, direction=direction, to=to, labels=labels)
    if to is not None or (isinstance(wallet, Sequence) and not isinstance(wallet, str)):
        raise SpineError("several wallets, or wallets to, are traced in a direction: name it")
    code, instant = question(ledger, wallet, as_of)
    events = label_events(ledger, labels)
    return _frame(ledger, find_trails(ledger, code, instant, labels=events, views=views))


def question(ledger: Ledger, wallet: str, as_of: str | datetime) -> tuple[int, int]:
    """Code of a wallet, -1 where it is unknown, and microseconds since 1970 UTC, checked."""
    asked = check_spine(pd.DataFrame({"wallet": [wallet], "as_of": [as_of]}), chain=ledger.chain)
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
        "asset": of.asset,
        "value": of.value,
        "traced_amount": joined([trail.amounts for trail in trails], np.float64),
        "category": np.repeat([trail.category for trail in trails], length).tolist(),
    }
    return pd.DataFrame(
        {name: pd.Series(columns[name], dtype=kind) for name, kind in _TYPES.items()}
    )
