"""What is told of a transfer that joins two wallets of a subgraph."""

from typing import NamedTuple

import numpy as np

from features.contracts.assets import NATIVE, STABLECOIN
from features.kernel import SECOND, Float64s, Int64s, Rows, inner_kernel, kernel, prefetch
from features.ledger.assets import Assets
from features.past import History, Past, PastSide, place_across_each
from features.view import places

SIDE_READ = 64  # latest transfers of the parent's side that shares are of
SENT_READ = 16  # of the sender's sendings, up to the transfer itself
AHEAD = 8  # so many steps before something is read, it is asked for

_EDGE = (
    ("value_amount", "value in the ledger's unit of account"),
    ("value_to_mean_ratio", "over the mean of what is read of the parent's side"),
    ("side_share", "of the sum of what is read of the parent's side"),
    (
        "sender_share",
        "of the sum of the sender's last 16 sendings up to this one; nan of what others received",
    ),
    ("age_s", "to as_of"),
    ("gap_before_s", "from the parent's transfer before it on this side"),
    ("gap_after_s", "to the parent's transfer after it on this side, before as_of"),
    ("native_ratio", "1 where it is of the chain's own coin, else 0"),
    ("stablecoin_ratio", "1 where it is of a stablecoin, else 0"),
)
AT = places(*_EDGE)
EDGE_COLUMNS: tuple[str, ...] = tuple(f"edge_{name}" for name, _ in _EDGE)
SIZED_COLUMNS: tuple[str, ...] = ("edge_value_amount", "own_value_amount")  # not scale-free


class Received(NamedTuple):
    """Edges whose parent received them, int64 arrays: which, by what places, as of when."""

    edge: Int64s
    place: Int64s
    instant: Int64s


@inner_kernel
def sum_read(side: PastSide, history: History) -> tuple[float, int]:
    """Sum and number of the latest ``SIDE_READ`` transfers of one side."""
    first, total = max(history.first, history.end - SIDE_READ), 0.0
    for place in range(first, history.end):
        total += side.amount[place]
    return total, history.end - first


@inner_kernel
def describe(
    past: Past, sent: bool, history: History, place: int, read: tuple[float, int], out: Float64s
) -> None:
    """Fill ``EDGE_COLUMNS`` of the transfer at a place of the parent's side.

    The share of the sender of what was received is left to :func:`tell_senders`, assets to
    :func:`tell_assets`.

    ``sent`` says which side that is, ``history`` is the parent's there, and ``read`` its
    :func:`sum_read`.
    """
    side = past.outgoing if sent else past.incoming
    amount, time = side.amount[place], side.time[place]
    total, n = read
    out[AT.value_amount] = amount
    out[AT.value_to_mean_ratio] = amount * n / total if total > 0.0 else np.nan
    out[AT.side_share] = min(amount / total, 1.0) if total > 0.0 else np.nan
    out[AT.sender_share] = np.nan
    if sent:
        out[AT.sender_share] = share_of_sent(side, history.end - history.total, place)
    out[AT.age_s] = (side.as_of[0] - time) / SECOND
    gaps = np.nan, np.nan
    if place > history.end - history.total:
        gaps = (time - side.time[place - 1]) / SECOND, gaps[1]
    if place + 1 < history.end:
        gaps = gaps[0], (side.time[place + 1] - time) / SECOND
    out[AT.gap_before_s], out[AT.gap_after_s] = gaps


@inner_kernel
def share_of_sent(outgoing: PastSide, first: int, place: int) -> float:
    """Share of a transfer in the latest sendings of its sender up to it.

    ``place`` is its own on the outgoing side, ``first`` that of the sender's first.
    """
    amount, total = outgoing.amount, 0.0
    for other in range(max(first, place - SENT_READ + 1), place + 1):
        total += amount[other]
    return amount[place] / total if total > 0.0 else np.nan


@kernel
def tell_senders(past: Past, received: Received, n: int, values: Rows) -> None:
    """Fill ``sender_share`` of what was received, whose places at its senders are sought here.

    That costs as much as all else that is told of it. So it is done of many at once, and only of
    what the wallets asked about received: told of what those further away received, several times
    as many, it was of no use (0012, planted paths).
    """
    incoming, outgoing = past.incoming, past.outgoing
    places, across = received.place[:n], np.empty(n, np.int64)
    place_across_each(incoming, places, received.instant[:n], outgoing, across)
    for i in range(n):
        if i + AHEAD < n and across[i + AHEAD] >= 0:
            prefetch(outgoing.amount, across[i + AHEAD])
            prefetch(outgoing.amount, max(across[i + AHEAD] - SENT_READ + 1, 0))
        first, out = outgoing.start[incoming.counterparty[places[i]]], values[received.edge[i]]
        if across[i] >= 0:
            out[AT.sender_share] = share_of_sent(outgoing, first, across[i])


def tell_assets(assets: Assets, transfer: Int64s, values: Rows) -> None:
    """Fill what kind of asset each transfer, by its row in the log, is of."""
    kinds = assets.kinds()
    kind = np.repeat(kinds, transfer.size) if assets.plain else kinds[assets.code[transfer]]
    values[:, AT.native_ratio], values[:, AT.stablecoin_ratio] = kind == NATIVE, kind == STABLECOIN
