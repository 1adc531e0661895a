"""What is told of a transfer that joins two wallets of a subgraph."""

import numpy as np

from features.kernel import SECOND, Float64s, inner_kernel
from features.past import History, Past, PastSide, place_across
from features.view import places

SIDE_READ = 64  # latest transfers of the parent's side that shares are of
SENT_READ = 16  # of the sender's sendings, up to the transfer itself

_EDGE = (
    ("value_amount", "value in the ledger's unit of account"),
    ("value_to_mean_ratio", "over the mean of what is read of the parent's side"),
    ("side_share", "of the sum of what is read of the parent's side"),
    ("sender_share", "of the sum of the sender's last 16 sendings up to this one"),
    ("age_s", "to as_of"),
    ("gap_before_s", "from the parent's transfer before it on this side"),
    ("gap_after_s", "to the parent's transfer after it on this side, before as_of"),
)
AT = places(*_EDGE)
EDGE_COLUMNS: tuple[str, ...] = tuple(f"edge_{name}" for name, _ in _EDGE)
SIZED_COLUMNS: tuple[str, ...] = ("edge_value_amount", "own_value_amount")  # not scale-free


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

    ``sent`` says which side that is, ``history`` is the parent's there, and ``read`` its
    :func:`sum_read`.
    """
    side = past.outgoing if sent else past.incoming
    amount, time = side.amount[place], side.time[place]
    total, n = read
    out[AT.value_amount] = amount
    out[AT.value_to_mean_ratio] = amount * n / total if total > 0.0 else np.nan
    out[AT.side_share] = min(amount / total, 1.0) if total > 0.0 else np.nan
    out[AT.sender_share] = _share_of_sender(past, sent, history, place)
    out[AT.age_s] = (side.as_of[0] - time) / SECOND
    gaps = np.nan, np.nan
    if place > history.end - history.total:
        gaps = (time - side.time[place - 1]) / SECOND, gaps[1]
    if place + 1 < history.end:
        gaps = gaps[0], (side.time[place + 1] - time) / SECOND
    out[AT.gap_before_s], out[AT.gap_after_s] = gaps


@inner_kernel
def _share_of_sender(past: Past, sent: bool, history: History, place: int) -> float:
    outgoing, at, first = past.outgoing, place, history.end - history.total
    if not sent:
        sender = past.incoming.counterparty[place]
        at, first = place_across(past.incoming, place, outgoing), outgoing.start[sender]
        if at < 0:
            return np.nan
    total = 0.0
    for other in range(max(first, at - SENT_READ + 1), at + 1):
        total += outgoing.amount[other]
    return outgoing.amount[at] / total if total > 0.0 else np.nan
