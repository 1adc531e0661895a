"""A wallet's own latest transfers of both sides in their order, for an encoder of sequences."""

import numpy as np
import numpy.typing as npt

from features.kernel import SECOND, Rows
from features.past import Past, ask, inner_kernel, kernel
from features.view import places

_OWN = (
    ("value_amount", "value in the ledger's unit of account"),
    ("value_to_mean_ratio", "over the mean of the transfers told"),
    ("sent_ratio", "1 where it was sent, 0 where it was received"),
    ("new_ratio", "1 where no transfer told before it is with the same counterparty, else 0"),
    ("age_s", "to as_of"),
    ("gap_s", "from the transfer told before it"),
)
_AT = places(*_OWN)
SEQUENCE_COLUMNS: tuple[str, ...] = tuple(f"own_{name}" for name, _ in _OWN)


def recent_transfers(past: Past, length: int) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """Tell the latest transfers of each wallet asked about, the earliest of them first.

    Parameters
    ----------
    past : Past
    length : int
        Most that are told, of both sides together. Of two at one time the received comes first.

    Returns
    -------
    float64 array, shape (n, length, columns)
        ``SEQUENCE_COLUMNS``; nan where one is not defined, and behind the last transfer.
    bool array, shape (n, length)
        Where there is a transfer; those of a row stand at its front.
    """
    told = np.full((past.size, length, len(SEQUENCE_COLUMNS)), np.nan)
    present = np.zeros((past.size, length), dtype=np.bool_)
    _tell(past, told, present)
    return told, present


@kernel
def _tell(past: Past, told: Rows, present: npt.NDArray[np.bool_]) -> None:
    length = present.shape[1]
    others, times = np.empty(length, np.int32), np.empty(length, np.int64)
    for row in range(present.shape[0]):
        asked = ask(past, row)
        received, sent = asked.received, asked.sent
        i, j, n = received.end, sent.end, 0
        while n < length and (i > received.first or j > sent.first):
            if _is_sent_next(past, (i, received.first), (j, sent.first)):
                j -= 1
            else:
                i -= 1
            n += 1
        total = 0.0
        for at in range(n):
            sent_now = i == received.end or (
                j < sent.end and past.outgoing.time[j] < past.incoming.time[i]
            )
            side, place = (past.outgoing, j) if sent_now else (past.incoming, i)
            j, i = (j + 1, i) if sent_now else (j, i + 1)
            others[at], times[at] = side.counterparty[place], side.time[place]
            out = told[row, at]
            total += side.amount[place]
            out[_AT.value_amount] = side.amount[place]
            out[_AT.sent_ratio] = 1.0 if sent_now else 0.0
            out[_AT.new_ratio] = 1.0 if _is_new(others, at) else 0.0
            out[_AT.age_s] = (asked.as_of - times[at]) / SECOND
            if at > 0:
                out[_AT.gap_s] = (times[at] - times[at - 1]) / SECOND
            present[row, at] = True
        for at in range(n):
            if total > 0.0:
                told[row, at, _AT.value_to_mean_ratio] = told[row, at, _AT.value_amount] * n / total


@inner_kernel
def _is_sent_next(past: Past, received: tuple[int, int], sent: tuple[int, int]) -> bool:
    """Whether the latest transfer left is a sent one; (end, first) are the places of each side."""
    i, j = received[0] - 1, sent[0] - 1
    if j < sent[1]:
        return False
    return i < received[1] or past.outgoing.time[j] >= past.incoming.time[i]


@inner_kernel
def _is_new(others: npt.NDArray[np.int32], at: int) -> bool:
    before = 0
    while others[before] != others[at]:
        before += 1
    return before == at
