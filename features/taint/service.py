"""Wallets that behave like a service: behind one, money of very many others is mixed.

An unlabelled wallet with ``service`` and more distinct counterparties, on the side that a search
reads, among its latest ``HISTORY_CAP`` transfers before the one that is followed, ends a path as a
labelled one does, but inside one transaction (:mod:`features.taint.netting`).
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Int32s, empty_table, inner_kernel, slot_of, table_mask
from features.past import HISTORY_CAP, History, PastSide, earlier

SERVICE = 1_000  # counterparties


class Met(NamedTuple):
    """Working memory: a hash table of places in ``code``, the counterparties that were met."""

    table: Int32s
    code: Int32s


def nobody_met(service: int) -> Met:
    """Working memory to count so many counterparties."""
    return Met(empty_table(table_mask(2 * service) + 1), np.empty(service, dtype=np.int32))


@inner_kernel
def is_service(side: PastSide, wallet: int, instant: int, met: Met) -> bool:
    """Whether a wallet had as many counterparties on a side before an instant as make a service."""
    own = earlier(side, wallet, instant)
    return own.total >= met.code.size and _counts(side.counterparty, own, met)


@inner_kernel
def _counts(counterparty: Int32s, own: History, met: Met) -> bool:
    """Whether so many are among the latest transfers."""
    table, code = met.table, met.code
    mask, n = table_mask(2 * code.size), 0
    for slot in range(mask + 1):
        table[slot] = 0
    for place in range(own.end - 1, max(own.first, own.end - HISTORY_CAP) - 1, -1):
        slot = slot_of(table, code, mask, counterparty[place])
        if table[slot] == 0:
            code[n] = counterparty[place]
            n += 1
            table[slot] = n
            if n == code.size:
                return True
    return False
