"""What following value keeps: a transfer once, the payments from it, and why value ends."""

from typing import NamedTuple

import numpy as np

from features.kernel import Int8s, Int32s, Int64s, Records, empty_table, table_mask
from features.taint.service import SERVICE, Met, nobody_met

ENDS = (
    "", "asked", "target", "labelled", "service", "unread", "dust", "circular", "rest",
    "not followed", "hidden",
)  # fmt: skip
ASKED, TARGET, LABELLED, SERVICE_LIKE, UNREAD, DUST_END, CIRCULAR, REST, LEFT, HIDDEN = range(1, 11)


class FlowCaps(NamedTuple):
    """Bounds of a flow.

    Attributes
    ----------
    transfers : int
        That are followed.
    payments : int
        Between them.
    read_transfers : int
        Of the wallets on the way, in all.
    floor_share : float
        Less than this share of the value that was asked about is not followed.
    """

    transfers: int
    payments: int
    read_transfers: int
    floor_share: float


ENTRY = np.dtype(
    [
        ("asked", np.float64),  # value that starts here
        ("sent_on", np.float64),
        ("waiting", np.float64),
        ("rest", np.float64),  # share that no payment takes
        ("time", np.int64),
        ("first", np.int64),  # of its payments; -1: not looked for
        ("end", np.int64),
        ("event", np.int64),  # label of the far wallet
        ("row", np.int32),
        ("far", np.int32),
        ("hop", np.int32),
        ("why", np.int32),  # place in ENDS: why nothing goes on from here
        ("why_rest", np.int32),
        ("queued", np.bool_),
    ],
    align=True,
)
LINK = np.dtype([("source", np.int32), ("target", np.int32), ("share", np.float64)], align=True)
_SUMS = np.dtype(
    [("entries", np.int64), ("links", np.int64), ("total", np.float64), ("full", np.bool_)],
    align=True,
)


class Following(NamedTuple):
    """Entries (a transfer each), links (a payment each) and the working memory of one trace."""

    caps: FlowCaps
    entries: Records
    places: Int64s
    table: Int32s
    links: Records
    roles: Int8s
    met: Met
    sums: Records


def empty_following(caps: FlowCaps, roles: Int8s) -> Following:
    """Room for one trace; ``roles``, shape (wallets,): 0, ``ASKED`` or ``TARGET``."""
    slots = table_mask(2 * caps.transfers) + 1
    table = empty_table(slots)
    table[:slots] = 0
    return Following(
        caps,
        np.zeros(caps.transfers, dtype=ENTRY),
        np.empty(caps.transfers, dtype=np.int64),
        table,
        np.empty(caps.payments, dtype=LINK),
        roles,
        nobody_met(SERVICE),
        np.zeros(1, dtype=_SUMS),
    )
