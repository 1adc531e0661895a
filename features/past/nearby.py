"""Nearby: which transfers of many wallets lie around instants, up to the past's own instant.

A pattern is looked for around a wallet's transfers, in the slices of those with whom it dealt. All
of these are looked up together: one pass an array, so that loads from memory that do not wait for
each other overlap. Nobody is looked for behind a pseudo-wallet.
"""

from typing import NamedTuple

import numpy as np

from features.contracts.wallet_kinds import PSEUDO
from features.kernel import Int8s, Records, before, inner_kernel
from features.past.cut import PastSide, held

PART = np.dtype([("first", np.int64), ("middle", np.int64), ("end", np.int64)])


class Reach(NamedTuple):
    """How much is read around an instant, and how far from it.

    Attributes
    ----------
    earlier : int
        Transfers up to the instant, the latest; with 0 only later ones are read.
    later : int
        Transfers after it, the earliest; with 0 only those strictly before it are read.
    span : int
        Microseconds, that far on either side included.
    """

    earlier: int
    later: int
    span: int


@inner_kernel
def nearby(side: PastSide, kind: Int8s, events: Records, reach: Reach, parts: Records) -> bool:
    """Find what may be read of each event's counterparty around its time.

    Parameters
    ----------
    side : PastSide
    kind : int8 array, that of :class:`features.past.Past`
    events : records, shape (n,)
        ``counterparty``, the code of a wallet, and ``time``, an instant before that of the past, in
        microseconds since 1970 UTC.
    reach : Reach
    parts : records of type ``PART``, shape (n,) or longer
        Gets the places [first, end) of the transfers, and that of the instant, ``middle``.

    Returns
    -------
    bool
        Whether there was more within the span than is read.
    """
    time, as_of = side.time, side.as_of[0]
    _place(side, kind, events, reach, parts)
    more = False
    for k in range(events.size):
        instant, middle = events[k].time, parts[k].middle
        since = instant - reach.span if reach.earlier else instant + 1
        until = min(as_of, instant + reach.span + 1) if reach.later else instant
        first = before(time, parts[k].first, middle, since)
        end = before(time, middle, parts[k].end, until)
        more |= middle - first > reach.earlier or end - middle > reach.later
        parts[k].first = max(first, middle - reach.earlier)
        parts[k].end = min(end, middle + reach.later)
    return more


@inner_kernel
def _place(side: PastSide, kind: Int8s, events: Records, reach: Reach, parts: Records) -> None:
    """Where each event's instant is in its counterparty's slice, and the most to look at there.

    One transfer more than is read, on either side, tells whether there was more.
    """
    time, as_of = side.time, side.as_of[0]
    for k in range(events.size):
        other = events[k].counterparty
        parts[k].first, parts[k].end = held(side, other, as_of)
        if kind[other] == PSEUDO:
            parts[k].end = parts[k].first
    for k in range(events.size):
        first, end = parts[k].first, parts[k].end
        instant = events[k].time + 1 if reach.later else events[k].time
        middle = before(time, first, end, instant)
        parts[k].first, parts[k].middle = max(first, middle - reach.earlier - 1), middle
        parts[k].end = min(end, middle + reach.later + 1)
