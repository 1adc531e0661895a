"""Other transfers in place of those of some wallets, for as long as a question takes.

What is asked of such a ledger are rows of features: of a wallet that stands for several (see
:mod:`features.clusters.contraction`), or of one with transfers that are not in the ledger. New
slices are written behind the last one of each side, where an arena has room or gets it, and the
wallets' slices are these until the end; then all is as it was, to the bit. Nothing else may read
or change the ledger meanwhile, as while it takes in transfers.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Int32s
from features.ledger.materiality import settle
from features.ledger.side import Log
from features.ledger.slices import Slices
from features.ledger.state import State


class Held(NamedTuple):
    """All transfers of some wallets, an entry each; in any order.

    Attributes
    ----------
    received, sent : Log
        With a value. Whether a receipt is dust is judged anew.
    unpriced_received, unpriced_sent : Log
        Without one; empty where the ledger has none.
    """

    received: Log
    sent: Log
    unpriced_received: Log
    unpriced_sent: Log


@contextmanager
def replaced(state: State, owners: Int32s, held: Held) -> Iterator[ExitStack]:
    """Let wallets have these transfers, and no others, until the end.

    The other ends of the transfers are left as they are: see :func:`for_now`.

    Parameters
    ----------
    state : State
    owners : int32 array, shape (n,)
        Codes of wallets, ascending without repetition.
    held : Held
        Of the owners; rows must be in the log.

    Yields
    ------
    ExitStack
        What is to be undone; more can be given to it.
    """
    received, sent, *unpriced = (_in_order(state, log) for log in held)
    scales = state.scales
    with ExitStack() as undo:
        _put(undo, state.outgoing, owners, sent)
        _put(undo, state.incoming, owners, received)
        _put(undo, state.dust, owners, received.take(np.zeros(0, dtype=np.int64)))
        for slices, log in zip(state.unpriced, unpriced, strict=True):
            if slices.start.size:
                _put(undo, slices, owners, log)
        for array in (scales.scale, scales.begun):
            for_now(undo, array, owners, array[owners])
        undo.callback(setattr, scales, "used", scales.used)
        dust = settle(state.sides, state.order, owners, scales).incoming
        if dust.size:
            small = np.zeros(received.row.size, dtype=np.bool_)
            small[dust["place"] - state.incoming.used] = True
            _put(undo, state.dust, owners, received.take(small))
            _put(undo, state.incoming, owners, received.take(~small))
        yield undo


def for_now(
    undo: ExitStack, array: npt.NDArray[Any], at: npt.NDArray[np.integer], values: Any
) -> None:
    """Set entries of an array, and let it be undone."""
    undo.callback(array.__setitem__, at, array[at])
    array[at] = values


def _in_order(state: State, log: Log) -> Log:
    """Transfers by owner, then as slices have them."""
    order = state.order
    keys = order.position[log.row], order.tx_hash[log.row], log.time, log.owner
    return log.take(np.lexsort(keys))


def _put(undo: ExitStack, slices: Slices, owners: Int32s, log: Log) -> None:
    """Write slices into free room, and let owners have them."""
    first, end = slices.used, slices.used + log.row.size
    if end > slices.time.size:
        slices.reserve(max(end, slices.time.size * 5 // 4))
    slices.time[first:end], slices.counterparty[first:end] = log.time, log.counterparty
    slices.transfer[first:end], slices.amount[first:end] = log.row, log.amount
    begin, stop = (np.searchsorted(log.owner, owners, side) for side in ("left", "right"))
    for_now(undo, slices.start, owners, first + begin)
    for_now(undo, slices.count, owners, stop - begin)
